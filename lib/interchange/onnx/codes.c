/* Transforms of categories as ONNX nodes. Every value of a feature has a place in one table:
 * feature j with the categories v_1 … v_n of the fit has the places first_j + 0 of a value that is
 * none of them, first_j + i of v_i, and first_j + n + 1 of a missing value. The file has the table
 * of the codes and that of what is refused, and looks both up by the place, so that it grows with
 * the number of categories and of columns, not with their product.
 *
 * Operators have no search. All categories are compared at once, each equal one marked by its i,
 * and the marks summed cumulatively, s_0 = 0, s_1, …; with e_j the categories of the features up to
 * j, i is s at e_j minus s at e_(j - 1), since a value equals one category of its feature at most.
 * These sums are whole numbers, exact in f32 below 2^24. */
#include "interchange/onnx/codes.h"

#include <math.h>

#include "transform/categories/grouping.h"

enum { MAX_PLACES = 1 << 24 };

typedef struct coding {
  const clf_transform *stage;
  int64_t number;
  clf__grouping *groupings; /* [features] */
  int64_t features, levels; /* categories of all features */
  int64_t places, width;    /* columns of a code */
  /* Of the categories, behind one that no sum counts, so that there is one. */
  int64_t *feature; /* [1 + levels] */
  double *value;    /* [1 + levels] */
  double *mark;     /* [1 + levels] 1 to n; the one before has 0 */
  /* Of the features. */
  int64_t *begin, *end; /* [features] places of the sums before and behind its categories */
  double *missing;      /* [features] n + 1 */
  double *first;        /* [features] */
  /* Of the places. */
  double *code;    /* [places, width] */
  double *refused; /* [places] 1, or 0 */
  bool refuses;
} coding;

/* Returns the name of a constant of the stage. */
static clf__value_name named(const coding *c, const char *what) {
  return clf__graph_stage_name(what, c->number);
}

static clf_status allocate(coding *c, clf__arena *arena) {
  c->groupings = clf__arena_array(arena, c->features, sizeof *c->groupings);
  CLF__CHECK(clf__arena_status(arena));
  clf__grouping_list(c->groupings, c->stage);
  for (int64_t j = 0; j < c->features; j++) {
    c->levels += c->groupings[j].count;
  }
  c->places = c->levels + 2 * c->features;
  c->feature = clf__arena_zeroed(arena, 1 + c->levels, sizeof *c->feature);
  c->value = clf__arena_zeroed(arena, 1 + c->levels, sizeof *c->value);
  c->mark = clf__arena_zeroed(arena, 1 + c->levels, sizeof *c->mark);
  c->begin = clf__arena_array(arena, c->features, sizeof *c->begin);
  c->end = clf__arena_array(arena, c->features, sizeof *c->end);
  c->missing = clf__arena_array(arena, c->features, sizeof *c->missing);
  c->first = clf__arena_array(arena, c->features, sizeof *c->first);
  c->code = clf__arena_matrix(arena, c->places, c->width, sizeof *c->code);
  c->refused = clf__arena_array(arena, c->places, sizeof *c->refused);
  return clf__arena_status(arena);
}

static void write_place(coding *c, int64_t place, int64_t feature, double value) {
  const bool known = c->stage->kind->code(c->stage, feature, value, c->code + place * c->width);
  for (int64_t k = 0; k < c->width && !known; k++) {
    c->code[place * c->width + k] = 0;
  }
  c->refused[place] = !known;
  c->refuses |= !known;
}

static void write_places(coding *c) {
  for (int64_t j = 0, at = 0; j < c->features; j++) {
    const clf__grouping *g = &c->groupings[j];
    const int64_t first = at + 2 * j;
    c->begin[j] = at;
    c->first[j] = (double)first;
    write_place(c, first, j, INFINITY);
    for (int64_t i = 0; i < g->count; i++) {
      at++;
      c->feature[at] = j;
      c->value[at] = g->value[i];
      c->mark[at] = (double)(i + 1);
      write_place(c, first + i + 1, j, g->value[i]);
    }
    c->end[j] = at;
    c->missing[j] = (double)(g->count + 1);
    write_place(c, first + g->count + 1, j, NAN);
  }
}

static clf_status check_levels(const clf__graph *graph, const coding *c) {
  const char *name = c->stage->kind->base.name;
  if (c->places > MAX_PLACES) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "onnx: %s has %lld categories; its indices are exact up to %d", name,
                     (long long)c->levels, MAX_PLACES);
  }
  for (int64_t i = 1; i <= c->levels && !graph->wide; i++) {
    if ((double)(float)c->value[i] != c->value[i]) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "onnx: %s takes %s as a category, which f32 rows do not hold", name,
                       clf__number_text(c->value[i]));
    }
  }
  return CLF_OK;
}

/* Adds the cumulative sums of the marks [N, 1 + levels] of the rows. */
static void add_sums(clf__graph *graph, const coding *c) {
  const clf__shape levels = {1, {1 + c->levels}};
  clf__graph_gather(graph, named(c, "features").text, c->feature, 1 + c->levels);
  clf__graph_elementwise(graph, "Equal", named(c, "categories").text, c->value, &levels);
  clf__graph_cast(graph);
  clf__graph_elementwise(graph, "Mul", named(c, "marks").text, c->mark, &levels);
  clf__node_begin(graph, "CumSum");
  clf__node_i64(graph, named(c, "axis").text, (int64_t[]){1}, 1);
  clf__node_end(graph, NULL);
}

/* Adds the places [N, features] of the values. */
static void add_places(clf__graph *graph, const coding *c) {
  const clf__shape features = {1, {c->features}};
  const clf__value_name rows = graph->value;
  clf__node_begin(graph, "IsNaN");
  clf__node_end(graph, NULL);
  clf__graph_cast(graph);
  clf__graph_elementwise(graph, "Mul", named(c, "missing").text, c->missing, &features);
  clf__graph_elementwise(graph, "Add", named(c, "first").text, c->first, &features);
  const clf__value_name missing = graph->value;
  graph->value = rows;
  add_sums(graph, c);
  const clf__value_name sums = graph->value;
  clf__graph_gather(graph, named(c, "begin").text, c->begin, c->features);
  const clf__value_name begin = graph->value;
  graph->value = sums;
  clf__graph_gather(graph, named(c, "end").text, c->end, c->features);
  clf__graph_combine(graph, "Sub", &begin);
  clf__graph_combine(graph, "Add", &missing);
  clf__graph_index(graph);
}

/* Adds what a table [places, width] has at the places; a width of 1 makes no axis. */
static void look_up(clf__graph *graph, const coding *c, const clf__value_name *places,
                    const char *name, const double *table, int64_t width) {
  clf__node_open(graph, "Gather");
  clf__node_f64(graph, name, table, &(clf__shape){width > 1 ? 2 : 1, {c->places, width}});
  clf__node_input(graph, places->text);
  clf__node_integer(graph, "axis", 0);
  clf__node_end(graph, NULL);
}

static clf_status add_coding(clf__graph *graph, clf__arena *arena, coding *c) {
  c->features = c->stage->features;
  CLF__CHECK(allocate(c, arena));
  write_places(c);
  CLF__CHECK(check_levels(graph, c));
  add_places(graph, c);
  const clf__value_name places = graph->value;
  if (c->refuses) {
    look_up(graph, c, &places, named(c, "refused").text, c->refused, 1);
    CLF__CHECK(clf__graph_refuse(graph, named(c, "refusals").text, c->features));
  }
  look_up(graph, c, &places, named(c, "codes").text, c->code, c->width);
  if (c->width > 1) {
    clf__node_begin(graph, "Flatten");
    clf__node_integer(graph, "axis", 1);
    clf__node_end(graph, NULL);
  }
  graph->shape = (clf__shape){1, {c->features * c->width}};
  return CLF_OK;
}

clf_status clf__graph_codes(clf__graph *graph, const clf_transform *stage, int64_t number) {
  clf__arena arena = {.context = graph->context};
  const int64_t columns =
      stage->kind->columns != NULL ? stage->kind->columns(stage) : stage->features;
  coding c = {.stage = stage, .number = number, .width = columns / stage->features};
  const clf_status status = add_coding(graph, &arena, &c);
  clf__arena_free(&arena);
  return status;
}

/* Compares the code of each feature with the number of each of its columns. */
static clf_status add_marks(clf__graph *graph, clf__arena *arena, const coding *c) {
  const int64_t columns = c->stage->kind->columns(c->stage);
  int64_t *widths = clf__arena_array(arena, c->features, sizeof *widths);
  int64_t *feature = clf__arena_array(arena, columns, sizeof *feature);
  double *code = clf__arena_array(arena, columns, sizeof *code);
  CLF__CHECK(clf__arena_status(arena));
  c->stage->kind->widths(c->stage, widths);
  for (int64_t j = 0, at = 0; j < c->features; j++) {
    for (int64_t k = 0; k < widths[j]; k++) {
      feature[at] = j;
      code[at++] = (double)k;
    }
  }
  clf__graph_gather(graph, named(c, "columns").text, feature, columns);
  clf__graph_elementwise(graph, "Equal", named(c, "ones").text, code, &(clf__shape){1, {columns}});
  clf__graph_cast(graph);
  return CLF_OK;
}

clf_status clf__graph_marks(clf__graph *graph, const clf_transform *stage, int64_t number) {
  clf__arena arena = {.context = graph->context};
  coding c = {.stage = stage, .number = number, .width = 1};
  clf_status status = add_coding(graph, &arena, &c);
  if (status == CLF_OK) {
    status = add_marks(graph, &arena, &c);
  }
  clf__arena_free(&arena);
  return status;
}
