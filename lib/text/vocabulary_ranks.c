/* Counts of several ranks: all receive the items of each, and add them up. So every rank has the
 * words of all documents, and numbers them alike, before n-grams are counted by these numbers. */
#include <math.h>
#include <string.h>

#include "comm/comm.h"
#include "text/vocabulary_build.h"

enum { BEYOND = 8 /* bytes that a hash reads behind a string */ };

/* What a rank says of an item, whose bytes follow those of the items before it. */
typedef struct sent_item {
  int64_t count;
  int32_t documents;
  int32_t length;
} sent_item;

typedef struct sizes {
  int64_t items, bytes;
} sizes;

typedef struct gathering {
  clf_context *context;
  clf__arena arena;
  int32_t ranks, rank;
  int64_t *items, *bytes; /* [ranks + 1] where those of each rank begin */
  sent_item *item;        /* [items of all] */
  unsigned char *text;    /* [bytes of all] */
} gathering;

static sizes sizes_of(const clf__intern *tables, int32_t count) {
  sizes out = {0, 0};
  for (int32_t t = 0; t < count; t++) {
    out.items += tables[t].count;
    for (int64_t i = 0; i < tables[t].count; i++) {
      out.bytes += (int64_t)clf__intern_item(&tables[t], i)->length;
    }
  }
  return out;
}

static clf_status gather_sizes(gathering *g, sizes own) {
  g->items = clf__arena_zeroed(&g->arena, g->ranks + 1, sizeof *g->items);
  g->bytes = clf__arena_zeroed(&g->arena, g->ranks + 1, sizeof *g->bytes);
  CLF__CHECK(clf__arena_status(&g->arena));
  CLF__CHECK(
      clf__comm_gather_starts(g->context, "numbers of words", own.items, INT64_MAX / 32, g->items));
  CLF__CHECK(clf__comm_gather_starts(g->context, "sizes of words", own.bytes,
                                     INT64_MAX / 2 - BEYOND, g->bytes));
  g->item = clf__arena_array(&g->arena, g->items[g->ranks], sizeof *g->item);
  g->text = clf__arena_zeroed(&g->arena, g->bytes[g->ranks] + BEYOND, 1);
  return clf__arena_status(&g->arena);
}

/* Copies this rank's items, and sets their counts to 0: they come back with the others'. */
static void pack(const gathering *g, const clf__intern *tables, int32_t count) {
  sent_item *to = g->item + g->items[g->rank];
  unsigned char *text = g->text + g->bytes[g->rank];
  for (int32_t t = 0; t < count; t++) {
    for (int64_t i = 0; i < tables[t].count; i++) {
      clf__interned *item = clf__intern_item(&tables[t], i);
      *to++ = (sent_item){item->count, item->documents, (int32_t)item->length};
      memcpy(text, clf__intern_bytes(&tables[t], i), item->length);
      text += item->length;
      item->count = 0;
      item->documents = 0;
    }
  }
}

/* Adds the items of a rank, each to the table that its hash belongs to. */
static clf_status unpack(const gathering *g, int32_t rank, clf__hash_key key, clf__intern *tables,
                         int32_t count) {
  int64_t at = g->bytes[rank];
  for (int64_t i = g->items[rank]; i < g->items[rank + 1]; i++) {
    const sent_item *from = &g->item[i];
    if (from->length < 0 || from->length > UINT8_MAX || from->length > g->bytes[rank + 1] - at ||
        from->count < 0 || from->documents < 0) {
      return clf__comm_garbled("all_gather");
    }
    const uint64_t hash = clf__hash_bytes(key, g->text + at, (size_t)from->length);
    clf__intern *table = &tables[(int64_t)(uint32_t)hash % count];
    const int32_t id = clf__intern_add(table, hash, g->text + at, (size_t)from->length);
    if (id < 0) {
      return CLF_ERROR_MEMORY;
    }
    clf__interned *item = clf__intern_item(table, id);
    if (from->count > INT64_MAX - item->count || from->documents > INT32_MAX - item->documents) {
      return clf__comm_garbled("all_gather");
    }
    item->count += from->count;
    item->documents += from->documents;
    at += from->length;
  }
  return CLF_OK;
}

clf_status clf__build_merge(clf__build *build, clf__intern *tables, int32_t count) {
  gathering g = {.context = build->context,
                 .arena = {.context = build->context},
                 .ranks = clf__comm_ranks(build->context),
                 .rank = clf__comm_rank(build->context)};
  clf_status status = CLF_OK;
  if (g.ranks == 1) {
    return CLF_OK;
  }
  CLF__TRY(gather_sizes(&g, sizes_of(tables, count)));
  pack(&g, tables, count);
  CLF__TRY(clf__comm_spread(g.context, "counts of words", g.item, g.items, sizeof *g.item));
  CLF__TRY(clf__comm_spread(g.context, "words", g.text, g.bytes, 1));
  for (int32_t rank = 0; rank < g.ranks; rank++) {
    CLF__TRY(unpack(&g, rank, build->key, tables, count));
  }
done:
  clf__arena_free(&g.arena);
  return status;
}

clf_status clf__build_documents(int64_t *all, clf_context *context, int64_t documents) {
  double sum = (double)documents;
  CLF__CHECK(clf__comm_ranks(context) > 1
                 ? clf__comm_sum_integers(context, "numbers of documents", &sum, 1)
                 : CLF_OK);
  if (!(sum >= (double)documents)) {
    return clf__comm_garbled("all_sum or all_gather");
  }
  *all = (int64_t)fmin(sum, (double)INT32_MAX);
  return sum <= (double)INT32_MAX
             ? CLF_OK
             : clf__fail(CLF_ERROR_DATA,
                         "vocabulary: all ranks together have more than %d documents",
                         (int)INT32_MAX);
}
