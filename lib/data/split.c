/* Random splits and folds, stratified by class: rows are grouped by class and shuffled within their
 * group. Without labels all rows form one group.
 *
 * Split: the first part gets its share of each group, rounded down, and the missing rows come from
 * the groups with the largest remainders. Fold: the rows of one group after another are assigned to
 * the folds in turn, so that sizes differ by at most one, overall and in each class. */
#include <stdlib.h>

#include "base/border.h"
#include "base/math.h"
#include "base/random.h"
#include "base/text.h"
#include "data/build.h"
#include "data/split.h"

/* Group g has the rows order[start[g]] … order[start[g + 1] - 1]. */
typedef struct groups {
  int64_t count;
  int64_t *start; /* [count + 2], the last one is used while grouping */
  int64_t *order; /* [rows] */
} groups;

/* A counting sort by label, or one group of all rows. While rows are placed, start[g + 1] is where
 * the next row of group g goes. */
static clf_status group_rows(groups *out, clf__arena *arena, const clf__split *split) {
  const int32_t *labels = split->labels;
  const int64_t count = labels != NULL ? split->classes : 1;
  groups all = {count, clf__arena_zeroed(arena, count + 2, sizeof(int64_t)),
                clf__arena_array(arena, split->rows, sizeof(int64_t))};
  CLF__CHECK(clf__arena_status(arena));
  for (int64_t i = 0; i < split->rows; i++) {
    all.start[(labels != NULL ? labels[i] : 0) + 2]++;
  }
  for (int64_t g = 0; g < count; g++) {
    all.start[g + 1] += all.start[g];
  }
  for (int64_t i = 0; i < split->rows; i++) {
    all.order[all.start[(labels != NULL ? labels[i] : 0) + 1]++] = i;
  }
  *out = all;
  return CLF_OK;
}

static int64_t group_size(const groups *all, int64_t group) {
  return all->start[group + 1] - all->start[group];
}

static clf_status shuffle_groups(groups *out, clf__arena *arena, const clf__split *split,
                                 uint64_t seed) {
  clf_status status = group_rows(out, arena, split);
  clf__random random = clf__random_seed(seed, 0);
  for (int64_t g = 0; status == CLF_OK && g < out->count; g++) {
    clf__random_shuffle(&random, out->order + out->start[g], group_size(out, g));
  }
  return status;
}

typedef struct share {
  double remainder;
  int64_t group;
} share;

/* Largest remainder first; equal ones in the order of the groups. */
static int compare_shares(const void *a, const void *b) {
  const share *first = a;
  const share *second = b;
  if (first->remainder != second->remainder) {
    return first->remainder < second->remainder ? 1 : -1;
  }
  return (first->group > second->group) - (first->group < second->group);
}

/* Computes the rows of each group for the first part. The only row of a class goes to the first
 * part. A class of two or more rows leaves at least one to the second part. */
static clf_status share_out(int64_t *selected, const groups *all, double fraction,
                            clf__arena *arena) {
  share *shares = clf__arena_array(arena, all->count, sizeof *shares);
  CLF__CHECK(clf__arena_status(arena));
  int64_t rows = all->start[all->count];
  int64_t wanted = (int64_t)(fraction * (double)rows + 0.5);
  int64_t left = clf__clamp_i64(wanted, 1, rows - 1);
  for (int64_t g = 0; g < all->count; g++) {
    int64_t size = group_size(all, g);
    double quota = fraction * (double)size;
    int64_t whole = (int64_t)quota;
    selected[g] = size <= 1 ? size : whole < size - 1 ? whole : size - 1;
    shares[g] = (share){size <= 1 ? -1 : quota - (double)selected[g], g};
    left -= selected[g];
  }
  qsort(shares, (size_t)all->count, sizeof *shares, compare_shares);
  for (int64_t i = 0; i < left && i < all->count && shares[i].remainder >= 0; i++) {
    selected[shares[i].group]++;
  }
  return CLF_OK;
}

/* Makes two datasets, of the marked rows and of the others. */
static clf_status part(clf_dataset **marked, clf_dataset **rest, const clf_dataset *dataset,
                       const bool *mark) {
  clf_dataset *parts[2] = {NULL, NULL};
  clf_status status = CLF_OK;
  int64_t *rows = clf__alloc_array(dataset->context, dataset->rows, sizeof *rows);
  if (rows == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int p = 0; p < 2; p++) {
    int64_t count = 0;
    for (int64_t i = 0; i < dataset->rows; i++) {
      if (mark[i] == (p == 0)) {
        rows[count++] = i;
      }
    }
    CLF__TRY(clf_dataset_subset(&parts[p], dataset, rows, count));
  }
  *marked = parts[0];
  *rest = parts[1];
  parts[0] = NULL;
  parts[1] = NULL;
done:
  clf_dataset_free(parts[0]);
  clf_dataset_free(parts[1]);
  clf__free(rows);
  return status;
}

clf_status clf__split_mark(clf_context *context, const clf__split *split, double fraction,
                           uint64_t seed, bool *mark) {
  groups all = {0};
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  CLF__TRY(shuffle_groups(&all, &arena, split, seed));
  int64_t *selected = clf__arena_array(&arena, all.count, sizeof *selected);
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(share_out(selected, &all, fraction, &arena));
  for (int64_t g = 0; g < all.count; g++) {
    for (int64_t i = 0; i < group_size(&all, g); i++) {
      mark[all.order[all.start[g] + i]] = i < selected[g];
    }
  }
done:
  clf__arena_free(&arena);
  return status;
}

clf_status clf__split_folds(clf_context *context, const clf__split *split, int64_t folds,
                            uint64_t seed, int64_t *fold) {
  groups all = {0};
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  CLF__TRY(shuffle_groups(&all, &arena, split, seed));
  for (int64_t i = 0; i < split->rows; i++) {
    fold[all.order[i]] = i % folds;
  }
done:
  clf__arena_free(&arena);
  return status;
}

static clf__split split_of(const clf_dataset *dataset) {
  const int32_t *labels = clf__dataset_labels(dataset);
  return (clf__split){labels, labels != NULL ? clf__classes_count(dataset->classes) : 1,
                      dataset->rows};
}

static bool all_marked(const bool *mark, int64_t rows) {
  while (rows > 0 && mark[rows - 1]) {
    rows--;
  }
  return rows == 0;
}

clf_status clf_dataset_split(clf_dataset **first, clf_dataset **second, const clf_dataset *dataset,
                             double fraction, uint64_t seed) {
  CLF__REQUIRE(first);
  CLF__REQUIRE(second);
  CLF__REQUIRE(dataset);
  CLF__ENTER("dataset");
  if (!(fraction > 0 && fraction < 1)) {
    return clf__fail(CLF_ERROR_ARGUMENT, "split: fraction is %s; it must be between 0 and 1",
                     clf__number_text(fraction));
  }
  if (dataset->rows < 2) {
    return clf__fail(CLF_ERROR_SHAPE, "split: one row cannot be split in two");
  }
  clf_context *context = dataset->context;
  clf__split split = split_of(dataset);
  bool *mark = clf__alloc_zeroed(context, dataset->rows, sizeof *mark);
  clf_status status = mark != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  CLF__TRY(clf__split_mark(context, &split, fraction, seed, mark));
  if (all_marked(mark, dataset->rows)) { /* no class has two rows, so stratifying is impossible */
    split.labels = NULL;
    CLF__TRY(clf__split_mark(context, &split, fraction, seed, mark));
  }
  CLF__TRY(part(first, second, dataset, mark));
done:
  clf__free(mark);
  return status;
}

clf_status clf_dataset_fold(clf_dataset **train, clf_dataset **test, const clf_dataset *dataset,
                            int64_t folds, int64_t fold, uint64_t seed) {
  CLF__REQUIRE(train);
  CLF__REQUIRE(test);
  CLF__REQUIRE(dataset);
  CLF__ENTER("dataset");
  if (folds < 2 || folds > dataset->rows || fold < 0 || fold >= folds) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "fold %lld of %lld, of %lld rows: there must be 2 folds or more, no more than "
                     "rows, counted from 0",
                     (long long)fold, (long long)folds, (long long)dataset->rows);
  }
  const clf__split split = split_of(dataset);
  clf_status status = CLF_OK;
  clf__arena arena = {.context = dataset->context};
  int64_t *of_row = clf__arena_array(&arena, dataset->rows, sizeof *of_row);
  bool *mark = clf__arena_array(&arena, dataset->rows, sizeof *mark);
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__split_folds(dataset->context, &split, folds, seed, of_row));
  for (int64_t i = 0; i < dataset->rows; i++) {
    mark[i] = of_row[i] == fold;
  }
  CLF__TRY(part(test, train, dataset, mark));
done:
  clf__arena_free(&arena);
  return status;
}
