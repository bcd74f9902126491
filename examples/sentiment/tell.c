#include "tell.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/history.h"

enum { MOST_WORDS = 400, SHOWN_WORDS = 6, BAR = 30, MOST_LENGTH = 1 << 16 };

static const float least_change = 0.005F; /* what two digits show */

typedef struct influence {
  int64_t word;
  float change; /* of the score for the second class, by the word */
} influence;

/* How sure the model is of the second of two classes: its probability, or the score where it has
 * none. [rows] */
static clf_status positive(const reader *with, const clf_dataset *rows, float *out) {
  const int64_t count = clf_dataset_rows(rows);
  float *values = malloc((size_t)count * 2 * sizeof *values);
  if (values == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = clf_model_predict_proba(with->model, rows, values, 2 * count);
  if (status == CLF_ERROR_UNSUPPORTED) {
    status = clf_model_decision_function(with->model, rows, values, 2 * count);
  }
  for (int64_t i = 0; status == CLF_OK && i < count; i++) {
    out[i] = values[2 * i + 1];
  }
  free(values);
  return status;
}

static void tell_class(FILE *out, const char *name, float share) {
  char bar[3 * BAR + 1] = "";
  for (int i = 0; i < (int)(share * BAR + 0.5F); i++) {
    strcat(bar, "█");
  }
  fprintf(out, "  %-10s %5.1f %%  %s\n", name, 100 * (double)share, bar);
}

/* Words of a text by where they begin and end; the last ones of a text that has more. */
typedef struct word_list {
  int64_t begin[MOST_WORDS], end[MOST_WORDS], count;
} word_list;

static clf_status find_words(word_list *out, const reader *with, const char *text, int64_t length) {
  int64_t all = 0;
  clf_status status =
      clf_vocabulary_tokenize(with->vocabulary, text, length, NULL, NULL, NULL, 0, &all);
  int64_t *begin = malloc((size_t)(all + 1) * sizeof *begin);
  int64_t *end = malloc((size_t)(all + 1) * sizeof *end);
  int32_t *ids = malloc((size_t)(all + 1) * sizeof *ids);
  if (begin == NULL || end == NULL || ids == NULL) {
    status = CLF_ERROR_MEMORY;
  }
  if (status == CLF_OK) {
    status = clf_vocabulary_tokenize(with->vocabulary, text, length, ids, begin, end, all, NULL);
  }
  if (status == CLF_OK) {
    out->count = all < MOST_WORDS ? all : MOST_WORDS;
    memcpy(out->begin, begin + all - out->count, (size_t)out->count * sizeof *begin);
    memcpy(out->end, end + all - out->count, (size_t)out->count * sizeof *end);
  }
  free(ids);
  free(end);
  free(begin);
  return status;
}

/* The text, and the text without each of some words. */
static clf_status without_each(clf_documents **out, const reader *with, const char *text,
                               int64_t length, const word_list *words) {
  const size_t size = (size_t)length + 1, copies_count = (size_t)words->count + 1;
  char *copies = malloc(size * copies_count);
  const char **pointers = malloc(copies_count * sizeof *pointers);
  clf_status status = CLF_ERROR_MEMORY;
  if (copies != NULL && pointers != NULL) {
    for (size_t i = 0; i < copies_count; i++) {
      char *copy = copies + i * size;
      memcpy(copy, text, (size_t)length);
      copy[length] = '\0';
      if (i > 0) {
        memset(copy + words->begin[i - 1], ' ', (size_t)(words->end[i - 1] - words->begin[i - 1]));
      }
      pointers[i] = copy;
    }
    status = clf_documents_create(out, with->context, pointers, NULL, words->count + 1);
  }
  free(pointers);
  free(copies);
  return status;
}

static int by_size(const void *a, const void *b) {
  const influence *first = a, *second = b;
  const float x = fabsf(first->change), y = fabsf(second->change);
  return x != y ? (x < y ? 1 : -1) : (first->word > second->word) - (first->word < second->word);
}

static void tell_words(FILE *out, const char *text, const word_list *words, influence *found) {
  int64_t moving = 0;
  qsort(found, (size_t)words->count, sizeof *found, by_size);
  while (moving < words->count && moving < SHOWN_WORDS &&
         fabsf(found[moving].change) >= least_change) {
    moving++;
  }
  fputs(moving > 0 ? "  moved by  " : "  moved by none of its words alone", out);
  for (int64_t i = 0; i < moving; i++) {
    const int64_t w = found[i].word;
    fprintf(out, " %.*s (%+.2f)", (int)(words->end[w] - words->begin[w]), text + words->begin[w],
            (double)found[i].change);
  }
  fputc('\n', out);
}

/* How sure the model is of a text, and of it without each of the words. */
static clf_status judge(const reader *with, const char *text, int64_t length,
                        const word_list *words, float *sure) {
  clf_documents *documents = NULL;
  clf_dataset *rows = NULL;
  clf_status status = without_each(&documents, with, text, length, words);
  if (status == CLF_OK) {
    status = clf_vocabulary_encode(&rows, with->vocabulary, documents);
  }
  if (status == CLF_OK) {
    status = positive(with, rows, sure);
  }
  clf_dataset_free(rows);
  clf_documents_free(documents);
  return status;
}

clf_status tell_text(FILE *out, const reader *with, const char *text, int64_t length) {
  word_list words;
  influence found[MOST_WORDS];
  float sure[MOST_WORDS + 1];
  clf_status status = find_words(&words, with, text, length);
  const bool any = words.count > 0, looks = length <= MOST_LENGTH;
  if (status == CLF_OK && !any) {
    fputs("  no words in it\n", out);
    return CLF_OK;
  }
  words.count = looks ? words.count : 0;
  if (status == CLF_OK) {
    status = judge(with, text, length, &words, sure);
  }
  if (status == CLF_OK) {
    for (int64_t i = 0; i < words.count; i++) {
      found[i] = (influence){i, sure[0] - sure[i + 1]};
    }
    tell_class(out, clf_model_class_name(with->model, 1), sure[0]);
    tell_class(out, clf_model_class_name(with->model, 0), 1 - sure[0]);
    if (looks) {
      tell_words(out, text, &words, found);
    } else {
      fputs("  too long to be read again without each of its words\n", out);
    }
  }
  return status;
}

static void tell_number(FILE *out, const double *series, int64_t epoch, double factor,
                        const char *format) {
  if (series != NULL) {
    fprintf(out, format, factor * series[epoch]);
  } else {
    fprintf(out, "%12s", "");
  }
}

void tell_history(FILE *out, const clf_model *model) {
  history h;
  if (history_read(&h, model) < 0 || h.epochs == 0) {
    return;
  }
  fprintf(out, "%8s %12s %12s %12s %12s\n", "epoch", "loss", "held out", "accuracy", "held out");
  for (int64_t i = 0; i < h.epochs; i++) {
    fprintf(out, "%8d ", (int)i + 1);
    tell_number(out, h.series[HISTORY_LOSS], i, 1, "%12.4f ");
    tell_number(out, h.series[HISTORY_VALIDATION_LOSS], i, 1, "%12.4f ");
    tell_number(out, h.series[HISTORY_ACCURACY], i, 100, "%10.2f %% ");
    tell_number(out, h.series[HISTORY_VALIDATION_ACCURACY], i, 100, "%10.2f %%\n");
  }
  history_free(&h);
}
