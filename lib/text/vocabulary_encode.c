/* Documents as sequences of numbers: each word is followed by the n-grams that end with it. Runs of
 * documents are read in parallel, each into its own list. When the length of the longest document
 * is known, the rows are filled from the lists. */
#include <string.h>

#include "base/border.h"
#include "base/math.h"
#include "data/build.h"
#include "text/vocabulary.h"

typedef struct encoding {
  const clf_vocabulary *vocabulary;
  bool has_length[CLF__MAX_NGRAM + 1]; /* n-grams of so many words exist */
  clf__text_runs runs;
  clf__ints *ids;   /* [runs] the numbers of the documents, one after another */
  int64_t *lengths; /* [documents] */
  int64_t steps;
  float *x; /* [documents, steps] */
} encoding;

enum { WORDS_A_STEP = 1 << 14 };

/* The last words, by their numbers in the lexicon, since the last unknown word. */
typedef struct recent {
  int32_t words[CLF__MAX_NGRAM + CLF__WORD_SLACK / sizeof(int32_t)];
  int32_t count;
} recent;

static void remember(recent *last, int32_t word) {
  if (last->count == CLF__MAX_NGRAM) {
    last->count--;
    memmove(last->words, last->words + 1, (size_t)last->count * sizeof *last->words);
  }
  last->words[last->count] = word;
  last->count = word >= 0 ? last->count + 1 : 0;
}

static void push_ngrams(const encoding *own, clf__ints *ids, const recent *last) {
  const clf__lexicon *lexicon = own->vocabulary->lexicon;
  for (int32_t n = 2; n <= last->count; n++) {
    if (own->has_length[n]) {
      const int32_t *words = last->words + last->count - n;
      uint64_t hash = clf__hash_bytes(lexicon->ngrams.key, (const unsigned char *)words,
                                      (size_t)n * sizeof *words);
      int32_t entry = clf__lexicon_entry(lexicon, hash, words, n);
      if (entry >= 0) {
        clf__ints_push(ids, CLF__ID_RESERVED + entry);
      }
    }
  }
}

/* Appends the numbers of a document; if rows have a fixed length, only those that are kept. */
static void read_document(encoding *own, clf__ints *ids, int64_t document) {
  const clf__vocabulary_params *params = own->vocabulary->params;
  const clf__lexicon *lexicon = own->vocabulary->lexicon;
  const clf_documents *documents = own->runs.documents;
  const int64_t before = ids->count;
  const int64_t max = params->steps > 0 ? params->steps : INT64_MAX;
  const bool from_end = params->truncation == CLF__AT_BEGIN;
  clf__words words;
  recent last = {.count = 0};
  if (params->start) {
    clf__ints_push(ids, CLF__ID_START);
  }
  clf__words_begin(&words, &own->vocabulary->rules, documents->texts[document],
                   documents->sizes[document]);
  for (int64_t read = 1; (from_end || ids->count - before < max) && clf__words_next(&words);
       read++) {
    int32_t word = clf__lexicon_word(lexicon, &words);
    int32_t entry = word >= 0 ? lexicon->entry_of_word[word] : -1;
    if (own->has_length[1]) {
      clf__ints_push(ids, entry >= 0 ? CLF__ID_RESERVED + entry : CLF__ID_UNKNOWN);
    }
    remember(&last, word);
    push_ngrams(own, ids, &last);
    if (read % WORDS_A_STEP == 0 && (ids->failed || clf__text_runs_step(&own->runs) < 0)) {
      break;
    }
  }
  int64_t excess = ids->count - before - max;
  if (excess > 0 && !ids->failed) {
    int64_t skipped = from_end ? excess : 0;
    memmove(ids->data + before, ids->data + before + skipped, (size_t)max * sizeof *ids->data);
    ids->count = before + max;
  }
  own->lengths[document] = ids->count - before;
}

static clf_status read_run(void *argument, clf__range range) {
  encoding *own = argument;
  clf__text_runs *runs = &own->runs;
  clf__ints *ids = &own->ids[range.index];
  for (int64_t i = runs->first[range.first]; i < runs->first[range.end]; i++) {
    read_document(own, ids, i);
    CLF__CHECK(ids->failed ? CLF_ERROR_MEMORY : CLF_OK);
    atomic_fetch_add(&runs->done, 1);
  }
  return clf__text_runs_step(runs);
}

static clf_status fill_run(void *argument, clf__range range) {
  encoding *own = argument;
  const bool pad_before = own->vocabulary->params->padding == CLF__AT_BEGIN;
  int64_t at = 0;
  for (int64_t i = own->runs.first[range.first]; i < own->runs.first[range.end]; i++) {
    float *row = own->x + i * own->steps;
    int64_t length = own->lengths[i];
    int64_t first = pad_before ? own->steps - length : 0;
    for (int64_t j = 0; j < own->steps; j++) {
      bool inside = j >= first && j < first + length;
      row[j] = inside ? (float)own->ids[range.index].data[at + j - first] : (float)CLF__ID_PADDING;
    }
    at += length;
  }
  return CLF_OK;
}

/* Returns the length of the rows: at least 1, for documents without words. */
static int64_t longest_row(const encoding *own) {
  int64_t longest = own->vocabulary->params->steps;
  for (int64_t i = 0; own->vocabulary->params->steps == 0 && i < own->runs.documents->count; i++) {
    longest = clf__max_i64(own->lengths[i], longest);
  }
  return longest > 0 ? longest : 1;
}

static clf_status encode_sequences(clf_dataset **out, const clf_vocabulary *vocabulary,
                                   const clf_documents *documents) {
  clf_context *context = vocabulary->context;
  encoding own = {.vocabulary = vocabulary};
  clf_tensor *x = NULL;
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  for (int32_t n = 1; n <= CLF__MAX_NGRAM; n++) {
    own.has_length[n] = clf__vocabulary_has_length(vocabulary->params, n);
  }
  CLF__TRY(clf__text_runs_of(&own.runs, context, documents, "encode"));
  own.ids = clf__arena_zeroed(&arena, own.runs.count, sizeof *own.ids);
  own.lengths = clf__arena_zeroed(&arena, documents->count, sizeof *own.lengths);
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t i = 0; i < own.runs.count; i++) {
    own.ids[i].context = context;
  }
  CLF__TRY(clf__text_runs_do(&own.runs, own.runs.count, read_run, &own));
  own.steps = longest_row(&own);
  CLF__TRY(clf__tensor_create_uninitialized(&x, context, CLF_F32, 2,
                                            (int64_t[]){documents->count, own.steps}));
  own.x = x->data;
  CLF__TRY(clf__text_runs_do(&own.runs, own.runs.count, fill_run, &own));
  CLF__TRY(clf__dataset_with_x(out, documents->label_set, x));
  x = NULL;
done:
  for (int64_t i = 0; own.ids != NULL && i < own.runs.count; i++) {
    clf__free(own.ids[i].data);
  }
  clf__arena_free(&arena);
  clf__free(own.runs.first);
  clf_tensor_free(x);
  return status;
}

clf_status clf_vocabulary_encode(clf_dataset **out, const clf_vocabulary *vocabulary,
                                 const clf_documents *documents) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(vocabulary);
  CLF__REQUIRE(documents);
  CLF__ENTER("vocabulary");
  CLF__CHECK(clf__vocabulary_require(vocabulary));
  return vocabulary->params->encoding == CLF__ENCODE_SEQUENCE
             ? encode_sequences(out, vocabulary, documents)
             : clf__vocabulary_bag(out, vocabulary, documents);
}
