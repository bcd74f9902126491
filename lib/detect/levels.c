/* The levels of an image: at the first size the smallest objects fill the window, at the last size
 * the largest do. Each level is smaller than the one before by the same factor, and is made from
 * the original. */
#include <math.h>

#include "base/math.h"
#include "base/progress.h"
#include "detect/detector.h"
#include "image/image.h"
#include "ops/image/resize.h"

static double size_of(const clf__number *size, double otherwise) {
  return size->word >= 0 ? otherwise : size->value;
}

/* Computes the sides of the image at the size where objects `object` pixels high fill the window;
 * returns false if the sides are smaller than the window. */
static bool set_sides(clf__level *level, const clf__scanner *scanner, const clf_image *image,
                      double object) {
  const double factor = (double)scanner->height / object;
  level->height = llround((double)image->height * factor);
  level->width = llround((double)image->width * factor);
  level->row = (double)image->height / (double)level->height;
  level->column = (double)image->width / (double)level->width;
  return level->height >= scanner->height && level->width >= scanner->width;
}

/* The first level is the largest. */
static clf_status check_sides(const clf_detector *detector, const clf_image *image) {
  const double window = (double)detector->scanner->height;
  const double factor = window / size_of(&detector->params->min_size, window);
  return (double)image->height * factor <= (double)CLF__MAX_AXIS &&
                 (double)image->width * factor <= (double)CLF__MAX_AXIS
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT,
                         "detector: for objects of min_size=%s the image of %lldx%lld would be "
                         "enlarged to more than %lld pixels on a side",
                         clf__number_text(detector->params->min_size.value),
                         (long long)image->height, (long long)image->width,
                         (long long)CLF__MAX_AXIS);
}

/* Appends the sides of the levels to `all` if it is not NULL; returns how many there are. Each is
 * scale_step times smaller than the one before; as scale_step is at least 1.01, there is a last
 * one. */
static int64_t set_levels(clf__level *all, const clf_detector *detector, const clf_image *image) {
  const clf__detector_params *p = detector->params;
  const double min = size_of(&p->min_size, (double)detector->scanner->height);
  const double max = size_of(&p->max_size, INFINITY);
  int64_t count = 0;
  clf__level level = {0};
  for (double object = min; object <= max && set_sides(&level, detector->scanner, image, object);
       object *= p->scale_step) {
    if (all != NULL) {
      all[count] = level;
    }
    count++;
  }
  return count;
}

/* Computes the positions of the window on an axis, and divides them into tiles of nearly equal
 * size. */
static void cut(const clf_detector *detector, int64_t size, int64_t window, int64_t *places,
                int64_t *tiles, int64_t *tile) {
  const int64_t steps = (size - window) / detector->scanner->step + 1;
  *places = (size - window) / detector->stride + 1;
  *tiles = clf__ceil_div(steps, detector->max_places);
  *tile = clf__ceil_div(steps, *tiles);
}

static clf_status fill_level(clf__level *level, clf__levels *levels, const clf_image *image) {
  const clf_detector *detector = levels->detector;
  const clf__scanner *scanner = detector->scanner;
  const int64_t channels = image->channels, line = clf__count(level->width, channels);
  const clf__picture picture = {CLF_U8,   image->height,           image->width,
                                channels, image->width * channels, image->pixels};
  cut(detector, level->height, scanner->height, &level->rows, &level->down, &level->tile_rows);
  cut(detector, level->width, scanner->width, &level->columns, &level->across,
      &level->tile_columns);
  const int64_t places = clf__count(level->rows, level->columns);
  level->pixels = clf__arena_matrix(&levels->arena, level->height, line, 1);
  level->score = clf__arena_array(&levels->arena, places, sizeof *level->score);
  level->label = clf__arena_array(&levels->arena, places, sizeof *level->label);
  CLF__CHECK(clf__arena_status(&levels->arena));
  for (int64_t i = 0; i < places; i++) {
    level->score[i] = -INFINITY;
  }
  /* The product does not overflow: the factors for an axis are about its number of positions, and
   * memory was allocated for all positions. */
  level->first_task = levels->tasks;
  levels->tasks += level->down * levels->shifts * level->across * levels->shifts;
  clf_status status = clf__resize(detector->context, &picture, level->height, level->width, CLF_U8,
                                  level->pixels, line);
  return status == CLF_OK ? clf__scanner_prepare(&level->inference, scanner, level->tile_rows,
                                                 level->tile_columns)
                          : status;
}

clf_status clf__levels_create(clf__levels *levels, const clf_detector *detector,
                              const clf_image *image) {
  const int64_t step = detector->scanner->step;
  clf_status status = CLF_OK;
  *levels = (clf__levels){.arena = {.context = detector->context}, .detector = detector};
  levels->shifts = step > detector->stride ? step / detector->stride : 1;
  status = check_sides(detector, image);
  if (status < 0) {
    return status;
  }
  const int64_t count = set_levels(NULL, detector, image);
  levels->all = clf__arena_zeroed(&levels->arena, count, sizeof *levels->all);
  CLF__CHECK(clf__arena_status(&levels->arena));
  levels->count = set_levels(levels->all, detector, image);
  const clf__progress progress = clf__progress_begin(detector->context, "detect: sizes", count);
  for (int64_t i = 0; status == CLF_OK && i < count; i++) {
    status = clf__progress_step(&progress, i, NAN, NAN);
    status = status == CLF_OK ? fill_level(&levels->all[i], levels, image) : status;
  }
  return status;
}

void clf__levels_free(clf__levels *levels) {
  for (int64_t i = 0; i < levels->count; i++) {
    clf__inference_free(levels->all[i].inference);
  }
  clf__arena_free(&levels->arena);
}
