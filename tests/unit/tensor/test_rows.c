#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "contexts.h"
#include "tensor/rows.h"

/* Two rows of u8 in memory of stride 4, and three sparse rows over entries that start at 1. */
static const uint8_t pixels[] = {1, 2, 3, 99, 4, 5, 6, 99};
static const int64_t row_start[] = {1, 3, 3, 4};
static const int32_t column[] = {7, 0, 2, 1};
static const float value[] = {NAN, 10, 20, 30};

static clf__rows sparse_rows(void) {
  return (clf__rows){.rows = 3,
                     .columns = 3,
                     .dtype = CLF_F32,
                     .scale = 1,
                     .row_start = row_start,
                     .column = column,
                     .value = value};
}

TEST(range__shares_memory_of_u8_rows) {
  clf__rows x = {.rows = 2, .columns = 3, .dtype = CLF_U8, .scale = 1, .data = pixels, .stride = 4};
  clf__rows last = clf__rows_range(&x, 1, 1);
  ck_assert_int_eq(last.rows, 1);
  ck_assert_ptr_eq(last.data, pixels + 4);
  ck_assert_int_eq(clf__rows_entries(&x), 6);
}

TEST(columns__share_memory_of_dense_rows) {
  static const double doubles[] = {1, 2, 3, 4, 5, 6}, center[] = {0, 1, 2};
  clf__rows bytes = {.rows = 2, .columns = 3, .dtype = CLF_U8, .data = pixels, .stride = 4};
  clf__rows f64 = {.rows = 2,
                   .columns = 3,
                   .dtype = CLF_F64,
                   .scale = 1,
                   .data = doubles,
                   .stride = 3,
                   .center = center};
  clf__rows stripe = clf__rows_columns(&f64, 1, 2);
  double out[2];
  clf__rows_read_f64(&stripe, 1, out);
  ck_assert_int_eq(stripe.columns, 2);
  ck_assert_mem_eq(out, ((double[]){4, 4}), sizeof out);
  ck_assert_ptr_eq(clf__rows_columns(&bytes, 2, 1).data, pixels + 2);
}

TEST(range__shares_memory_of_sparse_rows) {
  clf__rows x = sparse_rows();
  clf__rows tail = clf__rows_range(&x, 1, 2);
  ck_assert(clf__rows_sparse(&tail));
  ck_assert_int_eq(clf__rows_entries(&x), 3);
  ck_assert_int_eq(clf__rows_entries(&tail), 1);
  ck_assert_float_eq(tail.value[tail.row_start[1]], 30);
}

TEST(values__are_the_memory_itself_or_scaled_bytes) {
  float buffer[3] = {0};
  const float numbers[] = {1, 2, 3, 4};
  clf__rows floats = clf__rows_of_f32(numbers, 2, 2, 2);
  clf__rows bytes = {
      .rows = 2, .columns = 3, .dtype = CLF_U8, .scale = 0.5f, .data = pixels, .stride = 4};
  ck_assert_ptr_eq(clf__rows_values(&floats, 1, buffer), numbers + 2);
  ck_assert_ptr_eq(clf__rows_values(&bytes, 1, buffer), buffer);
  ck_assert_mem_eq(buffer, ((float[]){2, 2.5f, 3}), sizeof buffer);
}

static void check_row(const clf__rows *x, int64_t row, const double *expected) {
  double out[3] = {NAN, NAN, NAN};
  clf__rows_read_f64(x, row, out);
  ck_assert_mem_eq(out, expected, sizeof out);
}

TEST(read__gives_f64_of_any_storage) {
  const float floats[] = {0, 0, 0, 0, 0.1F, -3.4e38F, 1e-45F};
  const double doubles[] = {0, 0, 0, 0, 0.1, 1e300, 4 * atan(1)};
  clf__rows f32 = clf__rows_of_f32(floats, 2, 3, 4);
  clf__rows f64 = {
      .rows = 2, .columns = 3, .dtype = CLF_F64, .scale = 1, .data = doubles, .stride = 4};
  clf__rows bytes = {
      .rows = 2, .columns = 3, .dtype = CLF_U8, .scale = 1.0F / 255, .data = pixels, .stride = 4};
  clf__rows sparse = sparse_rows();
  clf__rows last = clf__rows_range(&f64, 1, 1);
  const double scale = (double)(1.0F / 255);
  check_row(&f32, 1, (double[]){(double)0.1F, (double)-3.4e38F, (double)1e-45F});
  check_row(&f64, 1, doubles + 4);
  check_row(&last, 0, doubles + 4);
  check_row(&bytes, 1, (double[]){4 * scale, 5 * scale, 6 * scale});
  check_row(&sparse, 0, (double[]){10, 0, 20});
  check_row(&sparse, 1, (double[]){0, 0, 0});
}

TEST(finite__u8_and_entries_outside_the_rows_are_not_looked_at) {
  clf__rows x = {.rows = 2, .columns = 3, .dtype = CLF_U8, .scale = 1, .data = pixels, .stride = 4};
  clf__rows sparse = sparse_rows();
  ck_clf_ok(clf__rows_check_finite(context, &x));
  ck_clf_ok(clf__rows_check_finite(context, &sparse));
}

TEST(finite__extremes_pass) {
  const float numbers[] = {3.4e38f, -3.4e38f, 0, -0.0f, 1e-45f, 1};
  clf__rows x = clf__rows_of_f32(numbers, 3, 2, 2);
  ck_clf_ok(clf__rows_check_finite(context, &x));
}

/* Puts a bad number at every place of a matrix with and without gaps between its rows. */
TEST(finite__names_row_and_column) {
  enum { ROWS = 5, COLUMNS = 7, STRIDE = 9 };
  float numbers[ROWS * STRIDE];
  const float bad[] = {NAN, INFINITY, -INFINITY};
  char place[64];
  for (int stride = COLUMNS; stride <= STRIDE; stride += STRIDE - COLUMNS) {
    for (int at = 0; at < ROWS * COLUMNS; at++) {
      memset(numbers, 0, sizeof numbers);
      numbers[at / COLUMNS * stride + at % COLUMNS] = bad[at % 3];
      clf__rows x = clf__rows_of_f32(numbers, ROWS, COLUMNS, stride);
      ck_clf_fails(clf__rows_check_finite(context, &x), CLF_ERROR_DATA);
      snprintf(place, sizeof place, "row %d, column %d is %s", at / COLUMNS, at % COLUMNS,
               at % 3 == 0 ? "NaN" : "infinite");
      ck_clf_says(place);
    }
  }
}

TEST(finite__gaps_between_rows_are_not_looked_at) {
  const float numbers[] = {1, 2, NAN, 3, 4, NAN};
  clf__rows x = clf__rows_of_f32(numbers, 2, 2, 3);
  ck_clf_ok(clf__rows_check_finite(context, &x));
}

TEST(finite__the_first_of_many_is_named_whatever_the_threads) {
  enum { ROWS = 3000, COLUMNS = 100 };
  static float numbers[ROWS * COLUMNS];
  numbers[2999 * COLUMNS + 1] = NAN;
  numbers[1700 * COLUMNS + 42] = INFINITY;
  numbers[1700 * COLUMNS + 43] = NAN;
  for (int columns = 1; columns <= COLUMNS; columns *= 10) {
    clf__rows x = clf__rows_of_f32(numbers, ROWS * COLUMNS / columns, columns, columns);
    ck_clf_fails(clf__rows_check_finite(context, &x), CLF_ERROR_DATA);
    char place[64];
    int at = 1700 * COLUMNS + 42;
    snprintf(place, sizeof place, "row %d, column %d is infinite", at / columns, at % columns);
    ck_clf_says(place);
  }
}

TEST(finite__names_row_and_column_of_a_sparse_entry) {
  const float bad[] = {1, 2, 3, INFINITY};
  clf__rows x = sparse_rows();
  x.value = bad;
  ck_clf_fails(clf__rows_check_finite(context, &x), CLF_ERROR_DATA);
  ck_clf_says("row 2, column 1");
}

/* Seconds of one minute: f32 has a number every 128 there. */
static const double seconds[] = {1.7e9 + 1, 5, NAN, 1.7e9 + 2, 6, NAN};
static const double middle[] = {1.7e9, 5};

static clf__rows f64_rows(const double *center) {
  return (clf__rows){.rows = 2,
                     .columns = 2,
                     .dtype = CLF_F64,
                     .scale = 1,
                     .data = seconds,
                     .stride = 3,
                     .center = center};
}

TEST(center__is_subtracted_before_rounding) {
  clf__rows x = f64_rows(middle), plain = f64_rows(NULL);
  float buffer[2];
  double wide[2];
  ck_assert_mem_eq(clf__rows_values(&x, 1, buffer), ((float[]){2, 1}), sizeof buffer);
  ck_assert_mem_eq(clf__rows_values(&plain, 1, buffer), ((float[]){1.7e9F, 6}), sizeof buffer);
  clf__rows_read_f64(&x, 0, wide);
  ck_assert_mem_eq(wide, ((double[]){1, 0}), sizeof wide);
}

TEST(round__subtracts_the_center_of_rows_of_any_dtype) {
  const float singles[] = {8388609, 1, 8388610, 2};
  const double center[] = {8388608.25, 2};
  const clf__rows f64 = f64_rows(NULL), f32 = clf__rows_of_f32(singles, 2, 2, 2);
  const clf__rows u8 = {
      .rows = 2, .columns = 2, .dtype = CLF_U8, .scale = 0.5f, .data = pixels, .stride = 4};
  float out[4];
  ck_clf_ok(clf__rows_round(context, &f64, middle, out));
  ck_assert_mem_eq(out, ((float[]){1, 0, 2, 1}), sizeof out);
  ck_clf_ok(clf__rows_round(context, &f32, center, out));
  ck_assert_mem_eq(out, ((float[]){0.75f, -1, 1.75f, 0}), sizeof out);
  ck_clf_ok(clf__rows_round(context, &f32, NULL, out));
  ck_assert_mem_eq(out, singles, sizeof out);
  ck_clf_ok(clf__rows_round(context, &u8, (double[]){0.5, 1}, out));
  ck_assert_mem_eq(out, ((float[]){0, 0, 1.5f, 1.5f}), sizeof out);
}

TEST(round__names_the_first_value_too_large_for_f32) {
  enum { ROWS = 3000, COLUMNS = 100 };
  static double numbers[ROWS * COLUMNS];
  static float out[ROWS * COLUMNS];
  clf__rows x = {.rows = ROWS, .columns = COLUMNS, .dtype = CLF_F64, .scale = 1};
  x.data = numbers;
  x.stride = COLUMNS;
  numbers[5] = 0x1.fffffep127;
  numbers[6] = INFINITY; /* said by whoever searches for values that are not finite */
  numbers[1700 * COLUMNS + 42] = -1e39;
  numbers[2900 * COLUMNS + 1] = 1e39;
  ck_clf_fails(clf__rows_round(context, &x, NULL, out), CLF_ERROR_DATA);
  ck_clf_says("row 1700, column 42 is -1e+39, too large for f32");
}

TEST(finite__f64_rows_are_searched_too) {
  enum { ROWS = 5, COLUMNS = 7, STRIDE = 9 };
  double numbers[ROWS * STRIDE];
  char place[64];
  for (int stride = COLUMNS; stride <= STRIDE; stride += STRIDE - COLUMNS) {
    clf__rows x = {.rows = ROWS, .columns = COLUMNS, .dtype = CLF_F64, .scale = 1};
    x.data = numbers;
    x.stride = stride;
    for (int at = 0; at < ROWS * COLUMNS; at++) {
      for (int i = 0; i < ROWS * STRIDE; i++) {
        numbers[i] = i % stride < COLUMNS ? 1e300 : NAN;
      }
      ck_clf_ok(clf__rows_check_finite(context, &x));
      numbers[at / COLUMNS * stride + at % COLUMNS] = at % 2 == 0 ? NAN : INFINITY;
      ck_clf_fails(clf__rows_check_finite(context, &x), CLF_ERROR_DATA);
      snprintf(place, sizeof place, "row %d, column %d is %s", at / COLUMNS, at % COLUMNS,
               at % 2 == 0 ? "NaN" : "infinite");
      ck_clf_says(place);
    }
  }
}

TEST(finite__no_entries_at_all) {
  const int64_t none[] = {0, 0};
  clf__rows x = sparse_rows();
  x.rows = 1;
  x.row_start = none;
  ck_clf_ok(clf__rows_check_finite(context, &x));
}

SUITE("rows", .setup = open_two_threads, .teardown = close_context)
