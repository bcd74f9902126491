/* The members of vocabularies. The result of a build is a lexicon, which is immutable and
 * reference-counted, so that a model and its vocabulary can share it. */
#ifndef CLF_TEXT_VOCABULARY_H
#define CLF_TEXT_VOCABULARY_H

#include <stdatomic.h>

#include <classify/text.h>

#include "base/jobs.h"
#include "base/kinds.h"
#include "base/progress.h"
#include "store/store.h"
#include "text/documents.h"
#include "text/intern.h"
#include "text/words.h"

enum { CLF__ENCODE_SEQUENCE, CLF__ENCODE_COUNT, CLF__ENCODE_BINARY, CLF__ENCODE_TF_IDF };
enum { CLF__ID_PADDING, CLF__ID_START, CLF__ID_UNKNOWN, CLF__ID_RESERVED };
enum { CLF__AT_BEGIN, CLF__AT_END };                   /* before|after */
enum { CLF__NORM_AUTO, CLF__NORM_NONE, CLF__NORM_L2 }; /* auto|none|l2 */
enum { CLF__UNSPACED_CHARACTERS, CLF__UNSPACED_RUNS }; /* characters|runs */
enum { CLF__MAX_NGRAM = 5 };
enum { CLF__MAX_IDS = 1 << 24 }; /* an f32 represents every integer up to this one */

typedef struct clf__vocabulary_params {
  int32_t encoding;
  bool lowercase, strip_tags, entities, emoji;
  int32_t unspaced;
  clf__list ngrams;
  int64_t max_words, min_count;
  int64_t steps;
  int32_t padding, truncation;
  bool start;
  bool sublinear, smooth_idf;
  int32_t norm;
} clf__vocabulary_params;

extern const clf__kind clf__vocabulary_kind;

/* Entries are words and n-grams, the most frequent first. */
typedef struct clf__lexicon {
  clf_context *context;
  clf__arena arena; /* holds the arrays */
  atomic_int_least64_t references;
  int64_t size;      /* entries */
  int64_t documents; /* documents that it was built from */
  /* The members that are saved. */
  clf_tensor *text;            /* u8: the entries, each followed by a NUL */
  clf_tensor *counts;          /* [size] i64 */
  clf_tensor *document_counts; /* [size] i64: documents that contain it */
  /* The members derived from them. */
  const char **entries;    /* [size] into the text */
  clf__intern words;       /* the words of all entries */
  int32_t *entry_of_word;  /* [words] -1 for a word that occurs in n-grams only */
  clf__intern ngrams;      /* by the numbers of their words */
  int32_t *entry_of_ngram; /* [ngrams] */
  float *idf;              /* [size] for tf_idf; otherwise NULL */
} clf__lexicon;

struct clf_vocabulary {
  clf_context *context;
  clf__vocabulary_params *params;
  clf__word_rules rules;
  clf__lexicon *lexicon; /* NULL until built */
};

/* Takes ownership of the tensors, even if it fails. Returns CLF_ERROR_CORRUPT if they do not form a
 * lexicon, or CLF_ERROR_MEMORY. */
clf_status clf__lexicon_create(clf__lexicon **out, const clf_vocabulary *vocabulary,
                               int64_t documents, clf_tensor *text, clf_tensor *counts,
                               clf_tensor *document_counts);
clf__lexicon *clf__lexicon_retain(clf__lexicon *lexicon); /* NULL is fine */
void clf__lexicon_release(clf__lexicon *lexicon);         /* NULL is fine */

/* Returns the entry of n words, given by their numbers in lexicon->words; -1 if there is none. */
int32_t clf__lexicon_word(const clf__lexicon *lexicon, const clf__words *word);
int32_t clf__lexicon_entry(const clf__lexicon *lexicon, uint64_t hash, const int32_t *words,
                           int32_t n);

/* Does what clf_vocabulary_create() does, with a version of the word rules. */
clf_status clf__vocabulary_of(clf_vocabulary **out, clf_context *context, const char *params,
                              int32_t version);
/* Entries "vocabulary.…". */
clf_status clf__vocabulary_write(const clf_vocabulary *vocabulary, clf__store *store);
/* *out stays NULL if the store has none. */
clf_status clf__vocabulary_read(clf_vocabulary **out, clf_context *context,
                                const clf__store *store);
/* Makes another handle on the same words. */
clf_status clf__vocabulary_share(clf_vocabulary **out, const clf_vocabulary *vocabulary);
clf_status clf__vocabulary_require(const clf_vocabulary *vocabulary);

/* Reserved ids before the first entry. */
static inline int32_t clf__vocabulary_base(const clf_vocabulary *vocabulary) {
  return vocabulary->params->encoding == CLF__ENCODE_SEQUENCE ? CLF__ID_RESERVED : 0;
}

/* Returns whether `n` is one of the parameter ngrams. */
bool clf__vocabulary_has_length(const clf__vocabulary_params *params, int32_t n);
int32_t clf__vocabulary_max_ngram(const clf__vocabulary_params *params);

/* A list of numbers, followed by 8 readable bytes; `failed` is set if memory runs out. */
typedef struct clf__ints {
  clf_context *context;
  int32_t *data;
  int64_t count, capacity;
  bool failed;
} clf__ints;
void clf__ints_grow(clf__ints *ints);
static inline void clf__ints_push(clf__ints *ints, int32_t value) {
  if (ints->count == ints->capacity) {
    clf__ints_grow(ints);
  }
  if (!ints->failed) {
    ints->data[ints->count++] = value;
  }
}

/* Documents in runs of about 256 KiB of text, one for each task. */
typedef struct clf__text_runs {
  const clf_documents *documents;
  int64_t *first; /* [count + 1]; owned */
  int64_t count;
  clf__progress progress; /* in documents */
  atomic_int_least64_t done;
} clf__text_runs;
clf_status clf__text_runs_of(clf__text_runs *out, clf_context *context,
                             const clf_documents *documents, const char *stage);
/* Runs `count` jobs in parallel, one for each index; the message of a memory failure names the
 * runs. */
clf_status clf__text_runs_do(clf__text_runs *runs, int64_t count, clf__job job, void *argument);
/* Called by a job at any time. Returns CLF_OK or CLF_ERROR_CANCELLED. */
clf_status clf__text_runs_step(clf__text_runs *runs);

/* Makes the sparse rows of documents, for clf_vocabulary_encode(). */
clf_status clf__vocabulary_bag(clf_dataset **out, const clf_vocabulary *vocabulary,
                               const clf_documents *documents);

#endif
