/* Counting n-grams of words that have numbers. Each thread reads all words in order and counts the
 * n-grams whose hash belongs to it, so that no two threads count the same n-gram. */
#include "text/vocabulary_build.h"

enum { STRETCH = 32 };

/* Up to STRETCH n-grams of a thread's share, which are searched together. Each search waits for
 * memory, so what they access is prefetched. */
typedef struct stretch {
  int32_t count;
  uint64_t hash[STRETCH];
  const unsigned char *key[STRETCH];
} stretch;

static bool count_stretch(clf__intern *own, const stretch *some, size_t size, int64_t document) {
  for (int32_t i = 0; i < some->count; i++) {
    clf__intern_expect_item(own, some->hash[i]);
  }
  for (int32_t i = 0; i < some->count; i++) {
    int32_t id = clf__intern_add(own, some->hash[i], some->key[i], size);
    if (id < 0) {
      return false;
    }
    clf__build_count(clf__intern_item(own, id), document);
  }
  return true;
}

/* Counts the n-grams of n words in a document, whose words are `words` [count]. */
static bool count_ngrams(clf__build *build, int64_t share, int32_t n, const int32_t *words,
                         int64_t count, int64_t document) {
  clf__intern *own = &build->ngrams[share];
  const size_t size = (size_t)n * sizeof *words;
  stretch some = {.count = 0};
  for (int64_t i = 0; i + n <= count; i++) {
    const unsigned char *key = (const unsigned char *)(words + i);
    uint64_t hash = clf__hash_bytes(build->key, key, size);
    if ((int64_t)(uint32_t)hash % build->threads != share) { /* the upper bits are positions */
      continue;
    }
    clf__intern_expect(own, hash);
    some.hash[some.count] = hash;
    some.key[some.count++] = key;
    if (some.count == STRETCH) {
      if (!count_stretch(own, &some, size, document)) {
        return false;
      }
      some.count = 0;
    }
  }
  return count_stretch(own, &some, size, document);
}

static bool count_document(clf__build *build, int64_t share, const int32_t *words, int64_t count,
                           int64_t document) {
  for (int32_t n = 2; n <= CLF__MAX_NGRAM; n++) {
    if (clf__vocabulary_has_length(build->vocabulary->params, n) &&
        !count_ngrams(build, share, n, words, count, document)) {
      return false;
    }
  }
  return true;
}

static clf_status count_share(void *argument, clf__range range) {
  clf__build *build = argument;
  clf__text_runs *runs = &build->runs;
  for (int64_t run = 0; run < runs->count; run++) {
    const int32_t *words = build->ids[run].data;
    CLF__CHECK(clf__text_runs_step(runs));
    for (int64_t i = runs->first[run]; i < runs->first[run + 1]; i++) {
      if (build->words[i] == 0) {
        continue;
      }
      if (!count_document(build, range.index, words, build->words[i], i)) {
        return CLF_ERROR_MEMORY;
      }
      words += build->words[i];
    }
    if (range.index == 0) {
      atomic_store(&runs->done, runs->first[run + 1]);
    }
  }
  return CLF_OK;
}

clf_status clf__build_ngrams(clf__build *build) {
  build->ngrams = clf__arena_zeroed(&build->arena, build->threads, sizeof *build->ngrams);
  CLF__CHECK(clf__arena_status(&build->arena));
  for (int32_t t = 0; t < build->threads; t++) {
    build->ngrams[t] = clf__intern_of(build->context, build->key);
  }
  CLF__CHECK(clf__text_runs_do(&build->runs, build->threads, count_share, build));
  return clf__build_merge(build, build->ngrams, build->threads);
}
