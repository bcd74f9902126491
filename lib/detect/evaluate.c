/* Evaluates the network on the levels of an image, in tiles that threads share.
 *
 * A tile is as large as possible while the network's widest layer stays in the cache of a core.
 * Neighboring tiles overlap by the margin of the window, which is computed twice: with tiles of t x
 * t positions, a step s and a window of w, the work of the first layer grows by the factor ((w - s
 * + t s) / (t s))^2. */
#include <math.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "base/progress.h"
#include "detect/detector.h"
#include "tensor/rows.h"

/* A tile: its shift (0 … shifts - 1) and its first position along each axis. */
typedef struct tile {
  clf__level *level;
  int64_t shift_row, shift_column;
  int64_t row, column; /* positions, one step apart */
} tile;

static tile tile_of(const clf__levels *levels, int64_t task) {
  int64_t i = levels->count - 1;
  while (levels->all[i].first_task > task) {
    i--;
  }
  clf__level *level = &levels->all[i];
  int64_t rest = task - level->first_task;
  tile t = {.level = level};
  t.column = rest % level->across * level->tile_columns;
  rest /= level->across;
  t.row = rest % level->down * level->tile_rows;
  rest /= level->down;
  t.shift_column = rest % levels->shifts;
  t.shift_row = rest / levels->shifts;
  return t;
}

/* Copies the pixels of the tile. Pixels beyond the level, which no wanted position sees, are 0. */
static void copy_pixels(const clf_detector *detector, const tile *t, int64_t height, int64_t width,
                        uint8_t *out) {
  const clf__level *level = t->level;
  const int64_t step = detector->scanner->step, channels = detector->scanner->channels;
  const int64_t top = t->row * step + t->shift_row * detector->stride;
  const int64_t left = t->column * step + t->shift_column * detector->stride;
  const int64_t rows = clf__min_i64(height, level->height - top);
  const int64_t columns = clf__min_i64(width, level->width - left);
  memset(out, 0, (size_t)(height * width * channels));
  for (int64_t i = 0; i < rows && columns > 0; i++) {
    memcpy(out + i * width * channels, level->pixels + ((top + i) * level->width + left) * channels,
           (size_t)(columns * channels));
  }
}

/* Returns the class, other than the background, with the highest score, and its log-odds if they
 * may reach the threshold. */
static float best_class(const clf_detector *detector, const float *scores, int32_t *label) {
  const int64_t classes = detector->model->outputs;
  int64_t best = -1;
  double others = 0;
  float highest = -INFINITY; /* of the other classes */
  for (int64_t k = 0; k < classes; k++) {
    if (k != detector->background && (best < 0 || scores[k] > scores[best])) {
      best = k;
    }
  }
  for (int64_t k = 0; k < classes; k++) {
    highest = k != best && scores[k] > highest ? scores[k] : highest;
  }
  *label = (int32_t)best;
  if (!(scores[best] - highest >= detector->min_score)) { /* true for NaN, too */
    return -INFINITY;
  }
  for (int64_t k = 0; k < classes; k++) {
    others += k != best ? exp((double)(scores[k] - highest)) : 0;
  }
  const float score = (float)((double)(scores[best] - highest) - log(others));
  return score >= detector->min_score ? score : -INFINITY;
}

/* Converts position `at` on an axis of a tile, in steps, to a position in strides; -1 for none. */
static int64_t place_of(const clf_detector *detector, int64_t at, int64_t shift, int64_t places) {
  const int64_t pixel = at * detector->scanner->step + shift * detector->stride;
  const int64_t place = pixel / detector->stride;
  return pixel % detector->stride == 0 && place < places ? place : -1;
}

static void keep_scores(const clf_detector *detector, const tile *t, const float *scores,
                        int64_t scan_width) {
  clf__level *level = t->level;
  const int64_t classes = detector->model->outputs;
  for (int64_t i = 0; i < level->tile_rows; i++) {
    const int64_t row = place_of(detector, t->row + i, t->shift_row, level->rows);
    for (int64_t j = 0; row >= 0 && j < level->tile_columns; j++) {
      const int64_t column = place_of(detector, t->column + j, t->shift_column, level->columns);
      if (column >= 0) {
        const int64_t at = row * level->columns + column;
        level->score[at] =
            best_class(detector, scores + (i * scan_width + j) * classes, &level->label[at]);
      }
    }
  }
}

static clf_status evaluate_tile(void *argument, clf__range task) {
  const clf__levels *levels = argument;
  const clf_detector *detector = levels->detector;
  const clf__scanner *scanner = detector->scanner;
  const tile t = tile_of(levels, task.index);
  const clf__inference *inference = t.level->inference;
  const int64_t height = scanner->height + (t.level->tile_rows - 1) * scanner->step;
  const int64_t width = scanner->width + (t.level->tile_columns - 1) * scanner->step;
  const int64_t pixels = clf__count(clf__count(height, width), scanner->channels);
  const int64_t places = clf__network_infer_outputs(inference) / scanner->outputs;
  const int64_t classes = detector->model->outputs;
  clf__arena arena = {.context = detector->context};
  uint8_t *own = clf__arena_array(&arena, pixels, 1);
  float *scores = clf__arena_matrix(&arena, places, classes, sizeof *scores);
  clf_status status = clf__arena_status(&arena);
  if (status == CLF_OK) {
    copy_pixels(detector, &t, height, width, own);
    status = clf__network_infer(inference,
                                &(clf__rows){.rows = 1,
                                             .columns = pixels,
                                             .dtype = CLF_U8,
                                             .scale = (float)detector->params->pixel_scale,
                                             .data = own,
                                             .stride = pixels},
                                scores);
  }
  if (status == CLF_OK) {
    clf__network_scores(detector->model, scores, scanner->outputs, scores, places);
    keep_scores(detector, &t, scores, clf__scan_width(inference));
  }
  clf__arena_free(&arena);
  return status;
}

clf_status clf__levels_evaluate(clf__levels *levels) {
  const clf__progress progress =
      clf__progress_begin(levels->detector->context, "detect", levels->tasks);
  return clf__jobs_run(&progress, NULL, levels->tasks, 1, CLF__WORK_LONG, evaluate_tile, levels);
}
