/* Counting the words of documents. Each thread has its own table, so that none waits; the tables
 * are then merged. The result does not depend on which thread read what: counts are sums, and words
 * are ordered by their bytes. */
#include <stdlib.h>
#include <string.h>

#include "text/vocabulary_build.h"

enum { WORDS_A_STEP = 1 << 14 };

static clf_status read_document(clf__build *build, int64_t run, clf__intern *met,
                                int64_t document) {
  const clf_documents *documents = build->runs.documents;
  clf__words words;
  int64_t count = 0;
  clf__words_begin(&words, &build->vocabulary->rules, documents->texts[document],
                   documents->sizes[document]);
  while (clf__words_next(&words)) {
    uint64_t hash = clf__hash_bytes(build->key, words.word, words.length);
    int32_t id = clf__intern_add(met, hash, words.word, words.length);
    if (id < 0) {
      return CLF_ERROR_MEMORY;
    }
    clf__build_count(clf__intern_item(met, id), document);
    if (build->keep) {
      clf__ints_push(&build->ids[run], id);
    }
    if (++count % WORDS_A_STEP == 0) {
      CLF__CHECK(clf__text_runs_step(&build->runs));
    }
  }
  build->words[document] = count;
  return build->keep && build->ids[run].failed ? CLF_ERROR_MEMORY : CLF_OK;
}

static clf_status read_run(void *argument, clf__range range) {
  clf__build *build = argument;
  clf__text_runs *runs = &build->runs;
  build->reader[range.index] = range.worker;
  for (int64_t i = runs->first[range.first]; i < runs->first[range.end]; i++) {
    CLF__CHECK(read_document(build, range.index, &build->met[range.worker], i));
    atomic_fetch_add(&runs->done, 1);
  }
  return clf__text_runs_step(runs); /* called even if all documents of the thread are short */
}

/* Adds a thread's words to all of them; map [met->count] receives their numbers there. */
static clf_status join(clf__build *build, const clf__intern *met, int32_t *map) {
  for (int64_t i = 0; i < met->count; i++) {
    const clf__interned *from = clf__intern_item(met, i);
    const unsigned char *bytes = clf__intern_bytes(met, i);
    map[i] = clf__intern_add(&build->all, clf__hash_bytes(build->key, bytes, from->length), bytes,
                             from->length);
    if (map[i] < 0) {
      return CLF_ERROR_MEMORY;
    }
    clf__interned *to = clf__intern_item(&build->all, map[i]);
    to->count += from->count;
    to->documents += from->documents;
  }
  return CLF_OK;
}

/* Returns the first bytes of a word as a number with the same order. */
typedef struct sorted_word {
  uint64_t head;
  const unsigned char *bytes;
  uint32_t length;
  int32_t id;
} sorted_word;

static int compare_words(const void *a, const void *b) {
  const sorted_word *left = a, *right = b;
  if (left->head != right->head) {
    return left->head < right->head ? -1 : 1;
  }
  uint32_t shorter = left->length < right->length ? left->length : right->length;
  int order = memcmp(left->bytes, right->bytes, shorter);
  return order != 0 ? order : left->length < right->length ? -1 : left->length > right->length;
}

static uint64_t head_of(const unsigned char *bytes, uint32_t length) {
  uint64_t head = 0;
  for (uint32_t i = 0; i < sizeof head; i++) {
    head = head << 8 | (i < length ? bytes[i] : 0);
  }
  return head;
}

static clf_status sort_numbers(clf__build *build) {
  const clf__intern *all = &build->all;
  build->place = clf__arena_array(&build->arena, all->count, sizeof *build->place);
  build->in_order = clf__arena_array(&build->arena, all->count, sizeof *build->in_order);
  CLF__CHECK(clf__arena_status(&build->arena));
  sorted_word *sorted = clf__alloc_array(build->context, all->count, sizeof *sorted);
  if (sorted == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < all->count; i++) {
    const unsigned char *bytes = clf__intern_bytes(all, i);
    uint32_t length = (uint32_t)clf__intern_item(all, i)->length;
    sorted[i] = (sorted_word){head_of(bytes, length), bytes, length, (int32_t)i};
  }
  qsort(sorted, (size_t)all->count, sizeof *sorted, compare_words);
  for (int64_t i = 0; i < all->count; i++) {
    build->in_order[i] = sorted[i].id;
    build->place[sorted[i].id] = (int32_t)i;
  }
  clf__free(sorted);
  return CLF_OK;
}

typedef struct renaming {
  clf__build *build;
  int32_t **map; /* [threads] */
} renaming;

static void rename_run(void *argument, int64_t run, int32_t worker) {
  (void)worker;
  const renaming *own = argument;
  clf__ints *ids = &own->build->ids[run];
  const int32_t *map = own->map[own->build->reader[run]];
  for (int64_t i = 0; i < ids->count; i++) {
    ids->data[i] = own->build->place[map[ids->data[i]]];
  }
}

clf_status clf__build_words(clf__build *build) {
  clf__arena arena = {.context = build->context};
  renaming names = {build, clf__arena_zeroed(&arena, build->threads, sizeof *names.map)};
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__text_runs_do(&build->runs, build->runs.count, read_run, build));
  for (int32_t t = 0; t < build->threads; t++) {
    names.map[t] = clf__arena_array(&arena, build->met[t].count, sizeof *names.map[t]);
    CLF__TRY(clf__arena_status(&arena));
    CLF__TRY(join(build, &build->met[t], names.map[t]));
    clf__intern_free(&build->met[t]);
  }
  CLF__TRY(clf__build_merge(build, &build->all, 1));
  CLF__TRY(sort_numbers(build));
  if (build->keep) {
    int64_t words = 0;
    for (int64_t run = 0; run < build->runs.count; run++) {
      words += build->ids[run].count;
    }
    clf__parallel(build->context, build->runs.count, (double)words * CLF__COST_ELEMENT, rename_run,
                  &names);
  }
done:
  clf__arena_free(&arena);
  return status;
}
