/* A build, divided into words of documents and n-grams of words. */
#ifndef CLF_TEXT_VOCABULARY_BUILD_H
#define CLF_TEXT_VOCABULARY_BUILD_H

#include "text/vocabulary.h"

typedef struct clf__build {
  clf_context *context;
  clf__arena arena; /* holds the arrays */
  const clf_vocabulary *vocabulary;
  clf__hash_key key;
  clf__text_runs runs;
  bool keep; /* the words in order, for n-grams */
  /* While words are read: what each thread has found, and the words of each run by the thread's
   * numbers. */
  clf__intern *met; /* [threads] */
  int32_t threads;
  int32_t *reader; /* [runs] the thread that read it */
  clf__ints *ids;  /* [runs] */
  int64_t *words;  /* [documents] their numbers of words */
  /* After that: all words, their positions in byte order, and n-grams by these. */
  clf__intern all;
  int32_t *place;      /* [all.count] */
  int32_t *in_order;   /* [all.count] words by position */
  clf__intern *ngrams; /* [threads] n-grams whose hash belongs to the thread */
} clf__build;

/* Counts words: fills `all`, `place`, `in_order` and, if `keep` is set, the runs' words as
 * positions. */
clf_status clf__build_words(clf__build *build);
/* Counts n-grams of two or more words. */
clf_status clf__build_ngrams(clf__build *build);

/* Adds what the other ranks have counted to tables [count], of which each has the items whose hash
 * belongs to it. */
clf_status clf__build_merge(clf__build *build, clf__intern *tables, int32_t count);
/* *all becomes the number of documents of all ranks. */
clf_status clf__build_documents(int64_t *all, clf_context *context, int64_t documents);

/* Counts an occurrence in a document. */
static inline void clf__build_count(clf__interned *item, int64_t document) {
  item->count++;
  item->documents += item->last != (int32_t)document;
  item->last = (int32_t)document;
}

#endif
