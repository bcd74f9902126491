#include "explain.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

enum { MAX_WORDS = 400, SHOWN_WORDS = 6, SHOWN_CLASSES = 5, BAR = 30, MAX_LENGTH = 1 << 16 };

static const float min_change = 0.005F; /* what two digits show */

typedef struct influence {
  int64_t word;
  float change; /* of the predicted class's probability, by the word */
} influence;

/* The probabilities of the classes, or the scores where the model has none. [rows, classes] */
static clf_status ask(const reader *with, const clf_dataset *rows, float *out) {
  const int64_t values = clf_dataset_rows(rows) * clf_model_classes(with->model);
  const clf_status status = clf_model_predict_proba(with->model, rows, out, values);
  return status == CLF_ERROR_UNSUPPORTED
             ? clf_model_decision_function(with->model, rows, out, values)
             : status;
}

/* Columns for the names of the classes. */
static int name_width(const clf_model *model) {
  enum { MIN_WIDTH = 10, MAX_WIDTH = 30 };
  int width = MIN_WIDTH;
  for (int64_t k = 0; k < clf_model_classes(model); k++) {
    const int length = (int)strlen(clf_model_class_name(model, k));
    width = length > width ? length : width;
  }
  return width < MAX_WIDTH ? width : MAX_WIDTH;
}

static void print_class(FILE *out, const char *name, int width, float share) {
  fprintf(out, "  %-*s %5.1f %%  ", width, name, 100 * (double)share);
  for (int i = 0; i < (int)(share * BAR + 0.5F); i++) {
    fputs("█", out);
  }
  fputc('\n', out);
}

/* The class that follows `before` (-1 for none) by decreasing value, and of equal ones by index. */
static int64_t next_class(const float *values, int64_t classes, int64_t before) {
  int64_t best = -1;
  for (int64_t k = 0; k < classes; k++) {
    const bool later =
        before < 0 || values[k] < values[before] || (values[k] == values[before] && k > before);
    best = later && (best < 0 || values[k] > values[best]) ? k : best;
  }
  return best;
}

/* The surest classes; returns the first. */
static int64_t print_classes(FILE *out, const clf_model *model, const float *values) {
  const int64_t classes = clf_model_classes(model), first = next_class(values, classes, -1);
  int64_t k = first;
  for (int i = 0; i < SHOWN_CLASSES && k >= 0; i++) {
    print_class(out, clf_model_class_name(model, k), name_width(model), values[k]);
    k = next_class(values, classes, k);
  }
  return first;
}

/* Words of a text by where they begin and end; the last ones of a text that has more. */
typedef struct word_list {
  size_t begin[MAX_WORDS], end[MAX_WORDS];
  int64_t count;
} word_list;

static clf_status find_words(word_list *out, const reader *with, const char *text, size_t length) {
  int64_t all = 0;
  clf_status status =
      clf_vocabulary_tokenize(with->vocabulary, text, length, NULL, NULL, NULL, 0, &all);
  size_t *begin = malloc((size_t)(all + 1) * sizeof *begin);
  size_t *end = malloc((size_t)(all + 1) * sizeof *end);
  int32_t *ids = malloc((size_t)(all + 1) * sizeof *ids);
  if (begin == NULL || end == NULL || ids == NULL) {
    status = CLF_ERROR_MEMORY;
  }
  if (status == CLF_OK) {
    status = clf_vocabulary_tokenize(with->vocabulary, text, length, ids, begin, end, all, NULL);
  }
  if (status == CLF_OK) {
    out->count = all < MAX_WORDS ? all : MAX_WORDS;
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
                               size_t length, const word_list *words) {
  const size_t size = length + 1, copies_count = (size_t)words->count + 1;
  char *copies = malloc(size * copies_count);
  const char **pointers = malloc(copies_count * sizeof *pointers);
  clf_status status = CLF_ERROR_MEMORY;
  if (copies != NULL && pointers != NULL) {
    for (size_t i = 0; i < copies_count; i++) {
      char *copy = copies + i * size;
      memcpy(copy, text, length);
      copy[length] = '\0';
      if (i > 0) {
        memset(copy + words->begin[i - 1], ' ', words->end[i - 1] - words->begin[i - 1]);
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

static void print_words(FILE *out, const char *text, const word_list *words, influence *found,
                        const char *class_name) {
  int64_t moving = 0;
  qsort(found, (size_t)words->count, sizeof *found, by_size);
  while (moving < words->count && moving < SHOWN_WORDS &&
         fabsf(found[moving].change) >= min_change) {
    moving++;
  }
  if (moving == 0) {
    fputs("  no single word changes the result\n", out);
    return;
  }
  fprintf(out, "  words that change the probability of %s:", class_name);
  for (int64_t i = 0; i < moving; i++) {
    const int64_t w = found[i].word;
    fprintf(out, " %.*s (%+.2f)", (int)(words->end[w] - words->begin[w]), text + words->begin[w],
            (double)found[i].change);
  }
  fputc('\n', out);
}

/* The classes' values for a text, and for it without each of the words: [words + 1, classes]. */
static clf_status judge(const reader *with, const char *text, size_t length, const word_list *words,
                        float *values) {
  clf_documents *documents = NULL;
  clf_dataset *rows = NULL;
  clf_status status = without_each(&documents, with, text, length, words);
  if (status == CLF_OK) {
    status = clf_vocabulary_encode(&rows, with->vocabulary, documents);
  }
  if (status == CLF_OK) {
    status = ask(with, rows, values);
  }
  clf_dataset_free(rows);
  clf_documents_free(documents);
  return status;
}

static void print_result(FILE *out, const reader *with, const char *text, const word_list *words,
                         const float *values) {
  const int64_t classes = clf_model_classes(with->model);
  const int64_t best = print_classes(out, with->model, values);
  influence found[MAX_WORDS];
  for (int64_t i = 0; i < words->count; i++) {
    found[i] = (influence){i, values[best] - values[(i + 1) * classes + best]};
  }
  if (words->count > 0) {
    print_words(out, text, words, found, clf_model_class_name(with->model, best));
  } else {
    fputs("  too long to be read again without each of its words\n", out);
  }
}

clf_status explain_text(FILE *out, const reader *with, const char *text, size_t length) {
  word_list words = {.count = 0};
  clf_status status = find_words(&words, with, text, length);
  if (status == CLF_OK && words.count == 0) {
    fputs("  no words in it\n", out);
    return CLF_OK;
  }
  words.count = length <= MAX_LENGTH ? words.count : 0;
  const size_t values_count = (size_t)((words.count + 1) * clf_model_classes(with->model));
  float *values = malloc(values_count * sizeof *values);
  status = status == CLF_OK && values == NULL ? CLF_ERROR_MEMORY : status;
  status = status == CLF_OK ? judge(with, text, length, &words, values) : status;
  if (status == CLF_OK) {
    print_result(out, with, text, &words, values);
  }
  free(values);
  return status;
}

clf_status explain_lines(const reader *with) {
  char *line = NULL;
  size_t capacity = 0;
  clf_status status = CLF_OK;
  const bool asks = isatty(STDIN_FILENO) != 0;
  while (status == CLF_OK) {
    if (asks) {
      printf("\nA text, or an empty line to end: ");
    }
    fflush(stdout);
    const ssize_t length = getline(&line, &capacity, stdin);
    if (length < 0 || (asks && length <= 1)) {
      break;
    }
    status = length > 1 ? explain_text(stdout, with, line, (size_t)length) : CLF_OK;
  }
  free(line);
  return progress_interrupted() ? CLF_ERROR_CANCELLED : status;
}
