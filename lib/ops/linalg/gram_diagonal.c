/* The diagonal of the scatter within the classes: the sum of squares of each column about the means
 * of the classes, in f64, for tables whose whole scatter would be too large. */
#include <math.h>

#include "base/context.h"
#include "base/math.h"
#include "base/progress.h"
#include "ops/linalg/gram_parts.h"

enum { BLOCK_ROWS = 64, TASK_COLUMNS = 512 };

typedef struct diagonal {
  const clf__gram_input *input;
  double *squares;     /* [columns] */
  const double *block; /* [count, columns] */
  int64_t first, count;
} diagonal;

static void add_columns(void *argument, clf__range range) {
  const diagonal *d = argument;
  const int64_t columns = d->input->x->columns;
  for (int64_t i = 0; i < d->count; i++) {
    const double weight = clf__gram_weight(d->input, d->first + i);
    const double *row = d->block + i * columns;
    for (int64_t j = range.first; j < range.end; j++) {
      d->squares[j] += weight * row[j] * row[j];
    }
  }
}

static void set_means(double *means, const clf__gram *gram, int64_t columns, int64_t classes) {
  for (int64_t k = 0; k < classes; k++) {
    const double weight = gram->class_weight[k];
    for (int64_t j = 0; j < columns; j++) {
      const double offset = weight > 0 ? gram->cross[k * columns + j] / weight : 0;
      means[k * columns + j] = gram->mean[j] + offset;
    }
  }
}

clf_status clf__gram_fill_diagonal(clf__gram *gram, clf_context *context,
                                   const clf__gram_input *input, double rounding) {
  const int64_t columns = input->x->columns, rows = input->x->rows;
  const clf__progress progress = clf__progress_begin(context, "gram", rows);
  clf__arena arena = {.context = context};
  double *means = clf__arena_matrix(&arena, input->outputs, columns, sizeof *means);
  double *block = clf__arena_matrix(&arena, BLOCK_ROWS, columns, sizeof *block);
  clf_status status = clf__arena_status(&arena);
  CLF__TRY(status);
  set_means(means, gram, columns, input->outputs);
  const clf__centered centered = {.x = input->x, .class_means = means, .labels = input->labels};
  for (int64_t first = 0; first < rows; first += BLOCK_ROWS) {
    CLF__TRY(clf__progress_step(&progress, first, (double)NAN, (double)NAN));
    diagonal d = {input, gram->scatter, block, first, clf__min_i64(rows - first, BLOCK_ROWS)};
    clf__centered_read(&centered, context, first, d.count, block, columns);
    clf__parallel_ranges(context, columns, TASK_COLUMNS,
                         (double)(d.count * columns) * CLF__COST_COPY, add_columns, &d);
  }
  for (int64_t j = 0; j < columns; j++) {
    gram->noise[j] = sqrt(rounding * gram->scatter[j]);
  }
done:
  clf__arena_free(&arena);
  return status;
}
