/* Histograms of oriented gradients: of ramps, whose gradients are known, and of what must not
 * matter to them. */
#include <math.h>
#include <string.h>

#include "contexts.h"
#include "transform/transform.h"

static clf_dataset *images(const float *pixels, int64_t rows, int64_t height, int64_t width) {
  clf_tensor *x = NULL;
  clf_dataset *out = NULL;
  ck_clf_ok(
      clf_tensor_wrap(&x, context, pixels, CLF_F32, 3, (int64_t[]){rows, height, width}, NULL));
  ck_clf_ok(clf_dataset_create(&out, context, x, NULL));
  clf_tensor_free(x);
  return out;
}

/* The rows' descriptions, to be freed; the rows are freed. */
static clf_dataset *described(const char *params, clf_dataset *rows) {
  clf_transform *transform = NULL;
  clf_dataset *out = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, "hog", params));
  ck_clf_ok(clf_transform_fit(transform, rows));
  ck_clf_ok(clf_transform_apply(&out, transform, rows));
  ck_assert_int_eq(clf_dataset_features(out), clf__transform_columns(transform));
  clf_transform_free(transform);
  clf_dataset_free(rows);
  return out;
}

static const float *values_of(const clf_dataset *rows) {
  return clf__dataset_rows(rows).data;
}

enum { SIDE = 12, PIXELS = SIDE * SIDE };

/* Brightness that rises by `dx` a column and `dy` a row. */
static void fill_ramp(float *pixels, float dx, float dy) {
  for (int i = 0; i < PIXELS; i++) {
    pixels[i] = 0.5F + dy * (float)(i / SIDE) + dx * (float)(i % SIDE);
  }
}

/* The inner cell of a ramp has all of its gradient in the two directions nearest to the ramp's, in
 * proportion. */
TEST(ramp__points_where_it_rises) {
  static const struct {
    float dx, dy;
    const char *params;
    int first;
    float share; /* of the direction after it */
  } cases[] = {
      {0.02F, 0, "cell=4 block=1 gamma=1 clip=1 bins=4", 0, 0},
      {-0.02F, 0, "cell=4 block=1 gamma=1 clip=1 bins=4", 0, 0},
      {0.02F, 0.02F, "cell=4 block=1 gamma=1 clip=1 bins=4", 1, 0},
      {-0.02F, 0.02F, "cell=4 block=1 gamma=1 clip=1 bins=4", 3, 0},
      {0, 0.02F, "cell=4 block=1 gamma=1 clip=1 bins=3", 1, 0.5F},
      {0, -0.02F, "cell=4 block=1 gamma=1 clip=1 bins=4 signs=true", 3, 0},
      {0, -0.02F, "cell=4 block=1 gamma=1 clip=1 bins=6 signs=true", 4, 0.5F},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    float pixels[PIXELS];
    fill_ramp(pixels, cases[c].dx, cases[c].dy);
    clf_dataset *out = described(cases[c].params, images(pixels, 1, SIDE, SIDE));
    const int bins = (int)clf_dataset_features(out) / 9;
    const float *inner = values_of(out) + 4 * bins; /* of 3 x 3 cells */
    const float next = cases[c].share, length = sqrtf(next * next + (1 - next) * (1 - next));
    for (int b = 0; b < bins; b++) {
      const float expected = b == cases[c].first                ? (1 - next) / length
                             : b == (cases[c].first + 1) % bins ? next / length
                                                                : 0;
      ck_assert_msg(fabsf(inner[b] - expected) < 2e-3F, "case %d, direction %d: %g, not %g", (int)c,
                    b, (double)inner[b], (double)expected);
    }
    clf_dataset_free(out);
  }
}

static void fill_noise(float *pixels, uint64_t state, float low, float high) {
  for (int i = 0; i < PIXELS; i++) {
    pixels[i] = low + (high - low) * (float)random_unit(&state);
  }
}

static void assert_near(const clf_dataset *a, const clf_dataset *b, float tolerance) {
  const int64_t count = clf_dataset_rows(a) * clf_dataset_features(a);
  ck_assert_int_eq(clf_dataset_features(a), clf_dataset_features(b));
  for (int64_t i = 0; i < count; i++) {
    ck_assert_float_eq_tol(values_of(a)[i], values_of(b)[i], tolerance);
  }
}

TEST(light__does_not_matter) {
  float plain[PIXELS], lit[PIXELS];
  fill_noise(plain, 5, 0.2F, 0.6F);
  for (int i = 0; i < PIXELS; i++) {
    lit[i] = 0.1F + 1.4F * plain[i]; /* brighter, of more contrast */
  }
  clf_dataset *a = described("cell=3 gamma=1", images(plain, 1, SIDE, SIDE));
  clf_dataset *b = described("cell=3 gamma=1", images(lit, 1, SIDE, SIDE));
  assert_near(a, b, 1e-5F);
  clf_dataset_free(a);
  clf_dataset_free(b);
}

/* Blocks have length 1 after their largest values are cut. */
TEST(blocks__have_length_1) {
  enum { BLOCK = 2 * 2 * 9, BLOCKS = 3 * 3 };
  float pixels[PIXELS];
  fill_noise(pixels, 7, 0, 1);
  clf_dataset *out = described("cell=3", images(pixels, 1, SIDE, SIDE));
  ck_assert_int_eq(clf_dataset_features(out), BLOCKS * BLOCK);
  for (int b = 0; b < BLOCKS; b++) {
    double sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += pow((double)values_of(out)[b * BLOCK + i], 2);
    }
    ck_assert_double_eq_tol(sum, 1, 1e-4);
  }
  clf_dataset_free(out);
}

/* Neighbouring blocks share cells, so that what is mirrored comes out mirrored: with an even number
 * of directions, direction k becomes -k. */
TEST(mirror_image__has_mirrored_cells) {
  enum { BINS = 8, CELLS = 4 };
  float plain[PIXELS], mirrored[PIXELS];
  fill_noise(plain, 9, 0, 1);
  for (int i = 0; i < PIXELS; i++) {
    mirrored[i] = plain[i / SIDE * SIDE + SIDE - 1 - i % SIDE];
  }
  clf_dataset *a = described("cell=3 block=1 bins=8", images(plain, 1, SIDE, SIDE));
  clf_dataset *b = described("cell=3 block=1 bins=8", images(mirrored, 1, SIDE, SIDE));
  for (int cell = 0; cell < CELLS * CELLS; cell++) {
    const int other = cell / CELLS * CELLS + CELLS - 1 - cell % CELLS;
    for (int k = 0; k < BINS; k++) {
      ck_assert_float_eq_tol(values_of(a)[cell * BINS + k],
                             values_of(b)[other * BINS + (BINS - k) % BINS], 1e-5F);
    }
  }
  clf_dataset_free(a);
  clf_dataset_free(b);
}

TEST(flat_images__are_0) {
  float pixels[PIXELS];
  fill_ramp(pixels, 0, 0);
  clf_dataset *out = described("cell=4", images(pixels, 1, SIDE, SIDE));
  for (int64_t i = 0; i < clf_dataset_features(out); i++) {
    ck_assert_float_eq(values_of(out)[i], 0);
  }
  clf_dataset_free(out);
}

TEST(storage__does_not_matter) {
  uint8_t bytes[3 * PIXELS];
  float pixels[3 * PIXELS];
  uint64_t state = 2;
  for (int i = 0; i < 3 * PIXELS; i++) {
    bytes[i] = (uint8_t)(256 * random_unit(&state));
    pixels[i] = (float)bytes[i] / 255;
  }
  const char *params = "input=12,12 cell=4 bins=5";
  clf_dataset *a = described(params, dataset_of(context, bytes, CLF_U8, 3, PIXELS, NULL));
  clf_dataset *b = described(params, dataset_of(context, pixels, CLF_F32, 3, PIXELS, NULL));
  assert_near(a, b, 1e-6F);
  clf_dataset_free(a);
  clf_dataset_free(b);
}

TEST(shapes__are_checked) {
  static const float pixels[2 * PIXELS];
  static const struct {
    const char *params;
    clf_status expected;
    const char *says;
  } cases[] = {
      {"input=12,12 cell=6", CLF_OK, ""},
      {"cell=6", CLF_ERROR_SHAPE, "hog: the rows are not gray images"},
      {"input=12", CLF_ERROR_ARGUMENT, "height and width"},
      {"input=12,13 cell=2", CLF_ERROR_SHAPE, "12x13 has 156 pixels; the rows have 144"},
      {"input=12,12 cell=7", CLF_ERROR_SHAPE, "12x12 are smaller than a block of 2 cells of 7"},
  };
  clf_dataset *rows = dataset_of(context, pixels, CLF_F32, 2, PIXELS, NULL);
  clf_dataset *sparse = sparse_of(context, pixels, 2, PIXELS, NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    clf_transform *transform = NULL;
    ck_clf_ok(clf_transform_create(&transform, context, "hog", cases[i].params));
    ck_clf_fails(clf_transform_fit(transform, rows), cases[i].expected);
    if (cases[i].expected < 0) {
      ck_clf_says(cases[i].says);
    }
    ck_clf_fails(clf_transform_fit(transform, sparse), CLF_ERROR_UNSUPPORTED);
    clf_transform_free(transform);
  }
  clf_dataset_free(rows);
  clf_dataset_free(sparse);
}

static clf_status load(const char *params, const char *features, int32_t dtype, int64_t height,
                       int64_t width) {
  clf__store *store = NULL;
  clf_tensor *size = NULL;
  clf_transform *transform = NULL;
  ck_clf_ok(clf__store_create(&store, context));
  ck_clf_ok(clf__store_add_text(store, "kind", "hog"));
  ck_clf_ok(clf__store_add_text(store, "params", params));
  ck_clf_ok(clf__store_add_text(store, "features", features));
  ck_clf_ok(clf__tensor_vector(&size, context, dtype, 2));
  if (dtype == CLF_I64) {
    ((int64_t *)size->data)[0] = height;
    ((int64_t *)size->data)[1] = width;
  }
  ck_clf_ok(clf__store_add_tensor(store, "size", size));
  clf_tensor_free(size);
  const clf_status status = clf__transform_load(&transform, context, store, "");
  clf_transform_free(transform);
  clf__store_free(store);
  return status;
}

TEST(load__rejects_what_no_save_writes) {
  ck_clf_ok(load("cell=4", "144", CLF_I64, 12, 12));
  ck_clf_fails(load("cell=4", "144", CLF_F64, 12, 12), CLF_ERROR_CORRUPT);
  ck_clf_fails(load("cell=4", "145", CLF_I64, 12, 12), CLF_ERROR_CORRUPT);
  ck_clf_fails(load("cell=7", "144", CLF_I64, 12, 12), CLF_ERROR_CORRUPT);
  ck_clf_fails(load("cell=4", "144", CLF_I64, -12, -12), CLF_ERROR_CORRUPT);
  ck_clf_fails(load("cell=1 block=1 bins=360", "1000000000000", CLF_I64, 1000000, 1000000),
               CLF_ERROR_CORRUPT);
}

/* Gradients beyond f32 and pixels that are NaN: features are NaN, for fits to refuse, and no other
 * memory than theirs is written. */
TEST(pixels_beyond_the_range__give_nan) {
  static const float values[] = {NAN, INFINITY, 1e30F, 3e38F};
  static const char *const params = "input=2,2 cell=1 block=1 bins=359 gamma=2";
  clf_transform *transform = NULL;
  clf_dataset *rows = images((const float[4]){0}, 1, 2, 2), *out = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, "hog", params));
  ck_clf_ok(clf_transform_fit(transform, rows));
  clf_dataset_free(rows);
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    const float pixels[] = {values[i], -values[i], 0, values[i]};
    bool found = false;
    rows = images(pixels, 1, 2, 2);
    ck_clf_ok(clf_transform_apply(&out, transform, rows));
    for (int64_t j = 0; j < clf_dataset_features(out); j++) {
      found = found || isnan(values_of(out)[j]);
    }
    ck_assert_msg(found, "pixels of %g", (double)values[i]);
    clf_dataset_free(out);
    clf_dataset_free(rows);
  }
  clf_transform_free(transform);
}

SUITE("hog", .setup = open_two_threads, .teardown = close_context)
