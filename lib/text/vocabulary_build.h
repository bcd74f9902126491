/* The parts of a build: words of documents, and n-grams of words. */
#ifndef CLF_TEXT_VOCABULARY_BUILD_H
#define CLF_TEXT_VOCABULARY_BUILD_H

#include "text/vocabulary.h"

typedef struct clf__build {
  clf_context *context;
  const clf_vocabulary *vocabulary;
  clf__hash_key key;
  clf__text_runs runs;
  bool keep; /* the words in order, for n-grams */
  /* While words are read: what each thread has met, and the words of each run by its numbers. */
  clf__intern *met; /* [threads] */
  int32_t threads;
  int32_t *reader; /* [runs] the thread that read it */
  clf__ints *ids;  /* [runs] */
  int64_t *words;  /* [documents] how many it has */
  /* Then: all words, their places in byte order, and n-grams by these. */
  clf__intern all;
  int32_t *place;      /* [all.count] */
  int32_t *in_order;   /* [all.count] words by place */
  clf__intern *ngrams; /* [threads] those whose hash falls to it */
} clf__build;

/* Counts words: `all`, `place`, `in_order`, and with `keep` the runs' words as places. */
clf_status clf__build_words(clf__build *build);
/* Counts n-grams of two words and more. */
clf_status clf__build_ngrams(clf__build *build);

/* Counts an occurrence in a document. */
static inline void clf__build_count(clf__interned *item, int64_t document) {
  item->count++;
  item->documents += item->last != (int32_t)document;
  item->last = (int32_t)document;
}

#endif
