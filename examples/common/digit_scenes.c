/* Digit scenes: digits of MNIST at sizes of 28 to 70 pixels, bright on dark or dark on bright,
 * rotated a little, on grounds of smooth noise and stripes, with scribbles between them that are no
 * digits: pieces of digits laid across each other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/session.h"
#include "report/text.h"
#include "scenes.h"

enum { HEIGHT = 200, WIDTH = 240, DIGIT = 28, MAX_SIDE = 70 };

typedef struct digit_rows {
  clf_dataset *data;
  clf_tensor *x, *labels;
} digit_rows;

static void close_rows(digit_rows *rows) {
  clf_tensor_free(rows->x);
  clf_tensor_free(rows->labels);
  clf_dataset_free(rows->data);
}

static clf_status open_rows(digit_rows *rows, clf_context *context, const char *data,
                            const char *part) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", data, part);
  clf_status status = clf_dataset_load(&rows->data, context, "idx", path, NULL);
  if (status == CLF_OK) {
    status = clf_dataset_tensor(&rows->x, rows->data, "x");
  }
  return status == CLF_OK ? clf_dataset_tensor(&rows->labels, rows->data, "labels") : status;
}

/* Whether the images are bytes of the size that the scenes are made for. */
static bool are_digits(const digit_rows *rows) {
  return clf_tensor_dtype(rows->x) == CLF_U8 && clf_tensor_ndim(rows->x) >= 3 &&
         clf_tensor_extent(rows->x, 1) == DIGIT && clf_tensor_extent(rows->x, 2) == DIGIT &&
         clf_dataset_classes(rows->data) == 10;
}

/* Noise on lattices of several widths, smooth between their nodes, and stripes. */
static void fill_ground(double *ground, uint64_t *state) {
  enum { NODES = 64 };
  double lattice[NODES][NODES];
  const double level = 60 + 120 * random_share(state);
  const double wave = 0.1 + 0.5 * random_share(state), angle = 3.14 * random_share(state);
  const double stripes = random_share(state) < 0.5 ? 25 * random_share(state) : 0;
  for (int i = 0; i < HEIGHT * WIDTH; i++) {
    ground[i] =
        level +
        stripes * sin(wave * ((double)(i / WIDTH) * sin(angle) + (double)(i % WIDTH) * cos(angle)));
  }
  for (int spacing = 4; spacing <= 64; spacing *= 2) {
    const double strength = 8 + 12 * random_share(state);
    for (int i = 0; i < NODES * NODES; i++) {
      lattice[i / NODES][i % NODES] = strength * (2 * random_share(state) - 1);
    }
    for (int i = 0; i < HEIGHT * WIDTH; i++) {
      const double y = (double)(i / WIDTH) / spacing, x = (double)(i % WIDTH) / spacing;
      const int row = (int)y, column = (int)x;
      const double dy = y - row, dx = x - column;
      ground[i] += (1 - dy) * ((1 - dx) * lattice[row][column] + dx * lattice[row][column + 1]) +
                   dy * ((1 - dx) * lattice[row + 1][column] + dx * lattice[row + 1][column + 1]);
    }
  }
}

/* The strength of a digit's ink at a place of its window, 0 to 1; smooth between pixels. */
static double ink_at(const uint8_t *digit, double y, double x) {
  const double row = floor(y - 0.5), column = floor(x - 0.5);
  const double dy = y - 0.5 - row, dx = x - 0.5 - column;
  double sum = 0;
  for (int corner = 0; corner < 4; corner++) {
    const int i = (int)row + corner / 2, j = (int)column + corner % 2;
    if (i >= 0 && j >= 0 && i < DIGIT && j < DIGIT) {
      sum += (corner / 2 == 1 ? dy : 1 - dy) * (corner % 2 == 1 ? dx : 1 - dx) *
             digit[i * DIGIT + j] / 255;
    }
  }
  return sum;
}

/* Draws a digit in a gray level into a box of the background, rotated by an angle. If `half`, it
 * draws the upper half only. */
static void lay_digit(double *ground, const uint8_t *digit, const clf_box *box, double level,
                      double angle, bool half) {
  const int top = (int)box->top, left = (int)box->left, side = (int)box->height;
  const double scale = (double)DIGIT / side, middle = DIGIT / 2.0;
  for (int i = 0; i < side; i++) {
    for (int j = 0; j < side; j++) {
      const double y = (i + 0.5) * scale - middle, x = (j + 0.5) * scale - middle;
      const double v = middle + y * cos(angle) - x * sin(angle);
      const double u = middle + y * sin(angle) + x * cos(angle);
      const double ink = half && v > middle ? 0 : ink_at(digit, v, u);
      double *pixel = &ground[(top + i) * WIDTH + left + j];
      *pixel += ink * (level - *pixel);
    }
  }
}

/* A box that touches none of the scene's; false where no place is found. */
static bool find_place(clf_box *out, const clf_box *taken, int64_t count, uint64_t *state) {
  for (int attempt = 0; attempt < 50; attempt++) {
    const int side = (int)(DIGIT * pow((double)MAX_SIDE / DIGIT, random_share(state)));
    const clf_box box = {(float)random_below(state, HEIGHT - side + 1),
                         (float)random_below(state, WIDTH - side + 1),
                         (float)side,
                         (float)side,
                         0,
                         0};
    bool touches = false;
    for (int64_t i = 0; i < count; i++) {
      touches = touches || clf_box_overlap(&box, &taken[i]) > 0;
    }
    if (!touches) {
      *out = box;
      return true;
    }
  }
  return false;
}

static double mean_of(const double *ground, const clf_box *box) {
  double sum = 0;
  const int side = (int)box->height;
  for (int i = 0; i < side * side; i++) {
    sum += ground[((int)box->top + i / side) * WIDTH + (int)box->left + i % side];
  }
  return sum / side / side;
}

static clf_status fill_scene(scene *to, double *ground, const digit_rows *rows, uint64_t *state) {
  enum { MAX_THINGS = 10 };
  const uint8_t *pixels = clf_tensor_data(rows->x);
  const int32_t *labels = clf_tensor_data(rows->labels);
  const int64_t count = clf_dataset_rows(rows->data), digits = 3 + random_below(state, 4);
  clf_box things[MAX_THINGS];
  clf_status status = CLF_OK;
  for (int64_t i = 0; status == CLF_OK && i < digits + 4; i++) {
    const int64_t row = random_below(state, count), other = random_below(state, count);
    if (!find_place(&things[i], things, i, state)) {
      break;
    }
    const double mean = mean_of(ground, &things[i]), angle = 0.5 * (random_share(state) - 0.5);
    const double level = mean + (mean < 128 ? 1 : -1) * (80 + 40 * random_share(state));
    if (i >= digits) { /* a scribble */
      lay_digit(ground, pixels + row * DIGIT * DIGIT, &things[i], level, angle, true);
      lay_digit(ground, pixels + other * DIGIT * DIGIT, &things[i], level, angle + 2, true);
    } else {
      lay_digit(ground, pixels + row * DIGIT * DIGIT, &things[i], level, angle, false);
      things[i].label = labels[row] + 1;
      status = scene_add_object(to, &things[i]);
    }
  }
  return status;
}

static clf_status add_scene(scene_list *list, clf_context *context, const digit_rows *rows,
                            uint64_t *state) {
  static double ground[HEIGHT * WIDTH];
  static uint8_t pixels[HEIGHT * WIDTH];
  scene made = {0};
  char name[32];
  fill_ground(ground, state);
  clf_status status = fill_scene(&made, ground, rows, state);
  for (int i = 0; i < HEIGHT * WIDTH; i++) {
    pixels[i] = (uint8_t)lround(fmin(255, fmax(0, ground[i] + 6 * (random_share(state) - 0.5))));
  }
  snprintf(name, sizeof name, "scene-%lld", (long long)list->count);
  status = status == CLF_OK ? clf_image_create(&made.image, context, HEIGHT, WIDTH, 1, pixels, 0)
                            : status;
  status = status == CLF_OK ? scenes_add(list, made.image, name) : status;
  if (status == CLF_OK) {
    list->all[list->count - 1].objects = made.objects;
    list->all[list->count - 1].count = made.count;
  } else {
    free(made.objects);
  }
  return status;
}

int digits_scenes(scene_list *list, clf_context *context, const char *folder, const char *part,
                  int64_t count, uint64_t *state) {
  digit_rows rows = {0};
  clf_status status = open_rows(&rows, context, folder, part);
  if (status == CLF_OK && !are_digits(&rows)) {
    complain("the images in '%s' are not MNIST's: %d x %d bytes of 10 classes", folder, DIGIT,
             DIGIT);
    close_rows(&rows);
    return EXIT_FAILURE;
  }
  for (int64_t i = 0; status == CLF_OK && i < count; i++) {
    status = progress_interrupted() ? CLF_ERROR_CANCELLED : add_scene(list, context, &rows, state);
  }
  close_rows(&rows);
  return status == CLF_OK ? -1 : report_failure(status);
}
