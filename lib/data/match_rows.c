/* Moves rows to the columns of a fit, by what match.c has found. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "data/build.h"
#include "data/match.h"
#include "data/row_order.h"

typedef struct moving {
  const clf__match *match;
  clf__rows x;
  void *to; /* [rows, features], of x.dtype */
} moving;

#define MOVE(type)                                                                                 \
  for (int64_t j = 0; j < features; j++) {                                                         \
    ((type *)job->to)[row * features + j] =                                                        \
        ((const type *)job->x.data)[row * job->x.stride + clf__match_source(job->match, j)];       \
  }

static double translated(const clf__match *match, int64_t column, double code) {
  return code >= 0 && code < (double)match->code_count[column]
             ? (double)match->codes[column][(int64_t)code]
             : (double)NAN;
}

static void translate(const moving *job, int64_t row) {
  const int64_t features = job->match->fitted->features;
  for (int64_t j = 0; job->match->codes != NULL && j < features; j++) {
    if (job->match->codes[j] != NULL && job->x.dtype == CLF_F64) {
      double *code = (double *)job->to + row * features + j;
      *code = translated(job->match, j, *code);
    } else if (job->match->codes[j] != NULL) {
      float *code = (float *)job->to + row * features + j;
      *code = (float)translated(job->match, j, (double)*code);
    }
  }
}

static void move_rows(void *argument, clf__range range) {
  const moving *job = argument;
  const int64_t features = job->match->fitted->features;
  for (int64_t row = range.first; row < range.end; row++) {
    if (job->x.dtype == CLF_U8) {
      MOVE(uint8_t)
    } else if (job->x.dtype == CLF_F32) {
      MOVE(float)
    } else {
      MOVE(double)
    }
    translate(job, row);
  }
}

static bool translates(const clf__match *match) {
  for (int64_t j = 0; match->codes != NULL && j < match->fitted->features; j++) {
    if (match->codes[j] != NULL) {
      return true;
    }
  }
  return false;
}

/* Makes dense rows; they keep their shape if they keep their order. */
static clf_status move_dense(clf_tensor **out, const clf__match *match, const clf_dataset *rows) {
  enum { TASK_NUMBERS = 1 << 16 };
  const int64_t features = match->fitted->features;
  const clf_tensor *x = rows->x;
  const int64_t shape[] = {rows->rows, features};
  const bool flat = match->from != NULL;
  clf_tensor *made = NULL;
  if (!flat && !translates(match)) {
    return clf__tensor_share(out, x);
  }
  CLF__CHECK(clf__tensor_create_uninitialized(&made, rows->context, x->dtype, flat ? 2 : x->ndim,
                                              flat ? shape : x->shape));
  made->scale = x->scale;
  moving job = {match, clf__dataset_rows(rows), made->data};
  const clf_status status = clf__progress_rows(
      rows->context, rows->first_row, rows->rows, clf__max_i64(TASK_NUMBERS / features, 1),
      (double)rows->rows * (double)features * CLF__COST_ELEMENT, move_rows, &job);
  if (status < 0) {
    clf_tensor_free(made);
    return status;
  }
  *out = made;
  return CLF_OK;
}

/* Fills the entries of sparse rows whose columns are in `to` [columns of the rows], -1 for those
 * that are left out. */
static clf_status move_entries(clf_dataset *made, const clf_dataset *rows, const int32_t *to) {
  enum { ROWS = 1024 };
  const clf__rows x = clf__dataset_rows(rows);
  int64_t *start = made->row_start->data;
  int32_t *column = made->column->data;
  float *value = made->value->data;
  int64_t count = 0;
  for (int64_t i = 0; i < x.rows; i++) {
    CLF__CHECK(i % ROWS == 0 ? clf__progress_check() : CLF_OK);
    start[i] = count;
    for (int64_t e = x.row_start[i]; e < x.row_start[i + 1]; e++) {
      if (to[x.column[e]] >= 0) {
        column[count] = to[x.column[e]];
        value[count++] = x.value[e];
      }
    }
    clf__row_sort(column + start[i], value + start[i], sizeof *value, count - start[i]);
  }
  start[x.rows] = count;
  return CLF_OK;
}

static clf_status move_sparse(clf_dataset *made, const clf__match *match, const clf_dataset *rows) {
  const clf__rows x = clf__dataset_rows(rows);
  const int64_t entries = x.row_start[x.rows] - x.row_start[0];
  int32_t *to = clf__alloc_array(rows->context, rows->features, sizeof *to);
  clf_status status = CLF_OK;
  if (to == NULL) {
    return CLF_ERROR_MEMORY;
  }
  memset(to, 0xFF, (size_t)rows->features * sizeof *to);
  for (int64_t j = 0; j < match->fitted->features; j++) {
    to[clf__match_source(match, j)] = (int32_t)j;
  }
  CLF__TRY(clf__tensor_vector(&made->row_start, rows->context, CLF_I64, x.rows + 1));
  CLF__TRY(clf__tensor_vector(&made->column, rows->context, CLF_I32, entries));
  CLF__TRY(clf__tensor_vector(&made->value, rows->context, CLF_F32, entries));
  CLF__TRY(move_entries(made, rows, to));
done:
  clf__free(to);
  return status;
}

clf_status clf__match_rows(const clf_dataset **out, clf_dataset **made, const clf__match *match,
                           const clf_dataset *rows) {
  *made = NULL;
  *out = rows;
  if (match->same) {
    return CLF_OK;
  }
  clf_dataset *moved = NULL;
  clf_status status;
  CLF__TRY(clf__dataset_blank(&moved, rows->context));
  CLF__TRY(clf__dataset_share_rest(moved, rows));
  moved->features = match->fitted->features;
  moved->names = clf__names_retain(match->fitted->names);
  moved->categories = clf__categories_retain(match->categories);
  CLF__TRY(rows->x != NULL ? move_dense(&moved->x, match, rows) : move_sparse(moved, match, rows));
  *out = *made = moved;
  moved = NULL;
done:
  clf_dataset_free(moved);
  return status;
}
