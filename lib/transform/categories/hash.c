/* hash: any number of categories in a fixed number of columns: the texts of a row each add 1, or
 * with signs -1, to a column that follows from the column's name and the text alone (Weinberger et
 * al., "Feature hashing for large scale multitask learning", ICML 2009). Nothing is learned, so
 * texts that the fit lacked count, too. Texts that share a column are added up; signs let such sums
 * cancel, so that products of rows stay right on average. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "transform/categories/entries.h"
#include "transform/categories/grouping.h"
#include "transform/transform.h"

typedef struct hash_params {
  clf__transform_params common;
  int64_t size;
  bool words;
  bool signs;
  int64_t seed;
  int32_t sparse;
} hash_params;

#define CLF__VALUES hash_params
static const clf__param params[] = {
    CLF__INT(size, "1024", 1, 1 << 24, "number of columns that are made"),
    CLF__BOOL(words, "false", "hash each word of a text, between blanks, by itself"),
    CLF__BOOL(signs, "true", "half of the texts subtract 1, instead of adding it"),
    CLF__INT(seed, "0", 0, INFINITY, "another seed assigns other columns"),
    CLF__SPARSE_PARAM,
    CLF__TRANSFORM_PARAMS,
};

/* FNV-1a, whose bits are mixed at the end as splitmix64 does. */
static uint64_t add_bytes(uint64_t hash, const char *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001B3);
  }
  return hash;
}

static uint64_t mix(uint64_t hash) {
  hash = (hash ^ hash >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  hash = (hash ^ hash >> 27) * UINT64_C(0x94D049BB133111EB);
  return hash ^ hash >> 31;
}

typedef struct hashing {
  const hash_params *params;
  const clf_dataset *dataset;
  const uint64_t *begin; /* [features] hash of "name=" */
} hashing;

static clf__entry entry_of(const hashing *h, int64_t feature, const char *text, size_t length) {
  const uint64_t hash = mix(add_bytes(h->begin[feature], text, length));
  const bool minus = h->params->signs && hash >> 63;
  return (clf__entry){(int32_t)((hash & INT64_MAX) % (uint64_t)h->params->size), minus ? -1 : 1};
}

static bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Returns the next word at *at, of `length` bytes; NULL if there is none. */
static const char *next_word(const char **at, size_t *length) {
  while (is_blank(**at)) {
    (*at)++;
  }
  const char *word = *at;
  while (**at != '\0' && !is_blank(**at)) {
    (*at)++;
  }
  *length = (size_t)(*at - word);
  return *length > 0 ? word : NULL;
}

static clf_status hash_row(const void *argument, const double *values, clf__entry *out,
                           int64_t *count) {
  const hashing *h = argument;
  for (int64_t j = 0; j < h->dataset->features; j++) {
    if (isnan(values[j])) {
      continue;
    }
    const clf__names *names = clf__categories_of(h->dataset->categories, j);
    const char *name = clf__code_name(names, values[j]);
    const clf__number_text_result number = clf__number_format(values[j] + 0.0);
    const char *text = names == NULL ? number.text : name != NULL ? name : "";
    size_t length = strlen(text);
    if (!h->params->words) {
      out[(*count)++] = entry_of(h, j, text, length);
      continue;
    }
    for (const char *word = next_word(&text, &length); word != NULL;
         word = next_word(&text, &length)) {
      out[(*count)++] = entry_of(h, j, word, length);
    }
  }
  return CLF_OK;
}

/* Returns the maximum number of texts in a row. */
static int64_t max_texts(const hash_params *values, const clf_dataset *dataset) {
  int64_t total = 0;
  for (int64_t j = 0; j < dataset->features; j++) {
    const clf__names *names = clf__categories_of(dataset->categories, j);
    int64_t most = 1;
    for (int64_t k = 0; values->words && k < clf__names_count(names); k++) {
      const char *text = clf__names_at(names, k);
      size_t length;
      int64_t words = 0;
      while (next_word(&text, &length) != NULL) {
        words++;
      }
      most = clf__max_i64(most, words);
    }
    total += most;
  }
  return total;
}

static clf_status begin_hashes(uint64_t *out, const clf_transform *transform) {
  const hash_params *values = transform->params;
  clf__text text = {.context = transform->context};
  for (int64_t j = 0; j < transform->features; j++) {
    text.length = 0;
    clf__transform_feature_name(transform, j, &text);
    clf__text_append(&text, "=");
    const uint64_t seeded = UINT64_C(0xCBF29CE484222325) ^ mix((uint64_t)values->seed);
    out[j] = text.failed ? 0 : add_bytes(seeded, text.bytes, text.length);
  }
  const clf_status status = text.failed ? CLF_ERROR_MEMORY : CLF_OK;
  clf__text_free(&text);
  return status;
}

static int64_t columns(const clf_transform *transform) {
  return ((const hash_params *)transform->params)->size;
}

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  (void)transform;
  (void)dataset;
  (void)state;
  return CLF_OK;
}

static clf_status apply(clf_dataset **out, const clf_transform *transform,
                        const clf_dataset *dataset) {
  const hash_params *values = transform->params;
  uint64_t *begin = clf__alloc_array(dataset->context, dataset->features, sizeof *begin);
  if (begin == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const hashing h = {values, dataset, begin};
  clf_status status = begin_hashes(begin, transform);
  if (status == CLF_OK) {
    status = clf__entries_make(out, dataset, values->size,
                               clf__entries_sparse(values->sparse, dataset->features, values->size),
                               max_texts(values, dataset), hash_row, &h);
  }
  clf__free(begin);
  return status;
}

static clf_status check(const clf_transform *transform) {
  (void)transform;
  return CLF_OK;
}

const clf__transform_kind clf__hash_kind = {
    .base =
        CLF__KIND("hash", "texts of any number in a fixed number of columns", params, hash_params),
    .can = CLF__TAKES_MISSING | CLF__TAKES_CATEGORIES | CLF__WANTS_CATEGORIES | CLF__CONSTANT,
    .fit = fit,
    .apply = apply,
    .columns = columns,
    .check = check,
};
