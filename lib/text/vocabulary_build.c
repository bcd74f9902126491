/* Building a vocabulary: count, rank, and keep the first entries. Words are numbered in byte order
 * before n-grams are counted. A blank is smaller than any byte of a word, so n-grams sorted by the
 * numbers of their words are in byte order too, and no texts are concatenated to compare them. */
#include "text/vocabulary_build.h"

#include <stdlib.h>
#include <string.h>

#include "base/border.h"
#include "base/math.h"
#include "comm/comm.h"

/* A word or n-gram that occurs often enough. */
typedef struct candidate {
  int64_t count;
  uint64_t head;        /* the first two words, so that the others are seldom accessed */
  const int32_t *words; /* [n] by position */
  int32_t n;
  int32_t documents;
} candidate;

typedef struct candidates {
  candidate *all;
  int64_t count;
  int32_t *single; /* [words] the positions, for single words */
  clf__arena arena;
} candidates;

static int compare_candidates(const void *a, const void *b) {
  const candidate *left = a, *right = b;
  if (left->count != right->count) {
    return left->count > right->count ? -1 : 1;
  }
  if (left->head != right->head) {
    return left->head < right->head ? -1 : 1;
  }
  for (int32_t i = 2; i < left->n && i < right->n; i++) {
    if (left->words[i] != right->words[i]) {
      return left->words[i] < right->words[i] ? -1 : 1;
    }
  }
  return left->n < right->n ? -1 : left->n > right->n;
}

/* Returns the first two words as one number with the same order. */
static uint64_t head_of(const int32_t *words, int32_t n) {
  return (uint64_t)words[0] << 32 | (n > 1 ? (uint64_t)words[1] + 1 : 0);
}

/* Adds the items that occur at least `min_count` times; if `to` is NULL, only counts them. */
static int64_t collect_items(const clf__build *build, const clf__intern *from,
                             const int32_t *single, int64_t min_count, candidate *to) {
  int64_t count = 0;
  for (int64_t i = 0; i < from->count; i++) {
    const clf__interned *item = clf__intern_item(from, i);
    if (item->count < min_count) {
      continue;
    }
    if (to != NULL) {
      to[count] = (candidate){.count = item->count, .n = 1, .documents = item->documents};
      if (single != NULL) {
        to[count].words = &single[build->place[i]];
      } else {
        to[count].words = (const int32_t *)(const void *)clf__intern_bytes(from, i);
        to[count].n = (int32_t)(item->length / sizeof(int32_t));
      }
      to[count].head = head_of(to[count].words, to[count].n);
    }
    count++;
  }
  return count;
}

static int64_t collect_all(const clf__build *build, const int32_t *single, int64_t min_count,
                           candidate *to) {
  int64_t count = 0;
  if (clf__vocabulary_has_length(build->vocabulary->params, 1)) {
    count = collect_items(build, &build->all, single, min_count, to);
  }
  for (int32_t t = 0; build->ngrams != NULL && t < build->threads; t++) {
    count +=
        collect_items(build, &build->ngrams[t], NULL, min_count, to != NULL ? to + count : NULL);
  }
  return count;
}

static clf_status fail_empty(const clf__build *build) {
  const clf__vocabulary_params *own = build->vocabulary->params;
  if (build->all.count == 0) {
    return clf__fail(CLF_ERROR_DATA, "vocabulary: the %lld documents have no words",
                     (long long)build->runs.documents->count);
  }
  return clf__fail(CLF_ERROR_DATA,
                   "vocabulary: nothing occurs %lld times, which min_count asks for",
                   (long long)own->min_count);
}

/* Returns the entries that are kept, in their order. */
static clf_status rank(candidates *out, const clf__build *build) {
  const int64_t base = clf__vocabulary_base(build->vocabulary);
  int64_t max = build->vocabulary->params->max_words;
  max = (max > 0 ? max : base > 0 ? CLF__MAX_IDS : INT32_MAX) - base;
  int64_t min_count = build->vocabulary->params->min_count;
  out->count = collect_all(build, NULL, min_count, NULL);
  if (out->count == 0) {
    return fail_empty(build);
  }
  /* Items that are too rare to be kept are left out of the ranking. */
  for (int64_t left; (left = collect_all(build, NULL, 2 * min_count, NULL)) >= max;) {
    min_count *= 2;
    out->count = left;
  }
  out->arena.context = build->context;
  out->all = clf__arena_array(&out->arena, out->count, sizeof *out->all);
  out->single = clf__arena_array(&out->arena, build->all.count, sizeof *out->single);
  CLF__CHECK(clf__arena_status(&out->arena));
  for (int64_t i = 0; i < build->all.count; i++) {
    out->single[i] = (int32_t)i;
  }
  collect_all(build, out->single, min_count, out->all);
  qsort(out->all, (size_t)out->count, sizeof *out->all, compare_candidates);
  out->count = clf__min_i64(out->count, max);
  return CLF_OK;
}

static const clf__interned *word_at(const clf__build *build, int32_t place) {
  return clf__intern_item(&build->all, build->in_order[place]);
}

/* Writes their texts: words separated by blanks, each entry followed by a NUL. */
static clf_status write_text(clf_tensor **out, const clf__build *build, const candidates *from) {
  int64_t bytes = 0;
  for (int64_t i = 0; i < from->count; i++) {
    for (int32_t k = 0; k < from->all[i].n; k++) {
      bytes += (int64_t)word_at(build, from->all[i].words[k])->length + 1;
    }
  }
  clf_status status = clf__tensor_vector(out, build->context, CLF_U8, bytes);
  char *to = status == CLF_OK ? (*out)->data : NULL;
  for (int64_t i = 0; to != NULL && i < from->count; i++) {
    for (int32_t k = 0; k < from->all[i].n; k++) {
      const clf__interned *word = word_at(build, from->all[i].words[k]);
      memcpy(to, build->all.bytes + word->offset, word->length);
      to += word->length;
      *to++ = k + 1 < from->all[i].n ? ' ' : '\0';
    }
  }
  return status;
}

/* What a lexicon is made from. */
typedef struct counted {
  clf_tensor *text, *counts, *documents;
} counted;

static clf_status write_counted(counted *out, const clf__build *build, const candidates *from) {
  CLF__CHECK(write_text(&out->text, build, from));
  CLF__CHECK(clf__tensor_vector(&out->counts, build->context, CLF_I64, from->count));
  CLF__CHECK(clf__tensor_vector(&out->documents, build->context, CLF_I64, from->count));
  for (int64_t i = 0; i < from->count; i++) {
    ((int64_t *)out->counts->data)[i] = from->all[i].count;
    ((int64_t *)out->documents->data)[i] = from->all[i].documents;
  }
  return CLF_OK;
}

static void free_candidates(candidates *own) {
  clf__arena_free(&own->arena);
  *own = (candidates){0};
}

static void free_build(clf__build *build) {
  for (int32_t t = 0; t < build->threads; t++) {
    if (build->met != NULL) {
      clf__intern_free(&build->met[t]);
    }
    if (build->ngrams != NULL) {
      clf__intern_free(&build->ngrams[t]);
    }
  }
  for (int64_t i = 0; build->ids != NULL && i < build->runs.count; i++) {
    clf__free(build->ids[i].data);
  }
  clf__arena_free(&build->arena);
  clf__free(build->runs.first);
  clf__intern_free(&build->all);
  *build = (clf__build){0};
}

static clf_status begin(clf__build *build, const clf_vocabulary *vocabulary,
                        const clf_documents *documents) {
  clf_context *context = vocabulary->context;
  build->context = build->arena.context = context;
  build->vocabulary = vocabulary;
  build->key = clf__hash_key_new();
  build->keep = clf__vocabulary_max_ngram(vocabulary->params) > 1;
  build->all = clf__intern_of(context, build->key);
  CLF__CHECK(clf__text_runs_of(&build->runs, context, documents, "vocabulary"));
  build->threads = clf__context_threads(context);
  build->met = clf__arena_zeroed(&build->arena, build->threads, sizeof *build->met);
  build->ids = clf__arena_zeroed(&build->arena, build->runs.count, sizeof *build->ids);
  build->reader = clf__arena_zeroed(&build->arena, build->runs.count, sizeof *build->reader);
  build->words = clf__arena_zeroed(&build->arena, documents->count, sizeof *build->words);
  for (int32_t t = 0; build->met != NULL && t < build->threads; t++) {
    build->met[t] = clf__intern_of(context, build->key);
  }
  for (int64_t i = 0; build->ids != NULL && i < build->runs.count; i++) {
    build->ids[i].context = context;
  }
  return clf__arena_status(&build->arena);
}

clf_status clf_vocabulary_build(clf_vocabulary *vocabulary, const clf_documents *documents) {
  CLF__REQUIRE(vocabulary);
  CLF__ENTER("vocabulary");
  clf__comm_call together;
  int64_t count = 0;
  clf__build build = {0};
  candidates ranked = {0};
  counted made = {NULL, NULL, NULL};
  clf__lexicon *lexicon = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__comm_begin(&together, vocabulary->context));
  CLF__TRY(CLF__REQUIRED(documents));
  CLF__TRY(clf__comm_agree(vocabulary->context, &clf__vocabulary_kind, vocabulary->params));
  CLF__TRY(clf__build_documents(&count, vocabulary->context, documents->count));
  CLF__TRY(begin(&build, vocabulary, documents));
  CLF__TRY(clf__build_words(&build));
  if (build.keep) {
    CLF__TRY(clf__build_ngrams(&build));
  }
  CLF__TRY(rank(&ranked, &build));
  CLF__TRY(write_counted(&made, &build, &ranked));
  /* The tables of the lexicon replace those of the count. */
  free_candidates(&ranked);
  free_build(&build);
  status = clf__lexicon_create(&lexicon, vocabulary, count, made.text, made.counts, made.documents);
  made = (counted){NULL, NULL, NULL};
done:
  status = clf__comm_end(&together, status);
  if (status == CLF_OK) {
    clf__lexicon_release(vocabulary->lexicon);
    vocabulary->lexicon = lexicon;
  } else {
    clf__lexicon_release(lexicon);
  }
  clf_tensor_free(made.text);
  clf_tensor_free(made.counts);
  clf_tensor_free(made.documents);
  free_candidates(&ranked);
  free_build(&build);
  return status;
}
