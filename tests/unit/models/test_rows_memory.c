/* Fits to a mapped file of rows hold no more for each row than docs/scale.md says: what a fit of
 * many rows holds, less what one of few rows does. */
#include "files.h"
#include "support.h"

SUITE("rows_memory")

enum { FEW = 160000, MANY = 2000000, COLUMNS = 8, PIECE = 8000, CLASSES = 3 };

static clf_dataset *made_rows(int64_t first) {
  static float x[PIECE * COLUMNS];
  static int32_t y[PIECE];
  for (int64_t i = 0; i < PIECE; i++) {
    uint64_t state = (uint64_t)(first + i) * 2654435761u + 1;
    y[i] = (int32_t)((first + i) % CLASSES);
    for (int64_t j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)(random_normal(&state) + (j == y[i] ? 4 : 0));
    }
  }
  return dataset_of(NULL, x, CLF_F32, PIECE, COLUMNS, y);
}

static void write_rows(const char *path, int64_t rows) {
  clf_dataset_writer *writer = NULL;
  ck_clf_ok(clf_dataset_writer_create(&writer, NULL, path, NULL));
  for (int64_t first = 0; first < rows; first += PIECE) {
    clf_dataset *piece = made_rows(first);
    ck_clf_ok(clf_dataset_writer_append(writer, piece));
    clf_dataset_free(piece);
  }
  ck_clf_ok(clf_dataset_writer_finish(writer));
  clf_dataset_writer_free(writer);
}

/* The bytes a row are those of the table. */
typedef struct kept {
  const char *kind, *params;
  double bytes;
} kept;

static const kept models[] = {
    {"ridge", NULL, 7},
    {"fisher", NULL, 7},
    {"perceptron", "epochs=1", 12},
    {"logistic", "max_iterations=5", 27},
    {"network", "epochs=1 batch_size=256 layers='dense units=8; dense units=3'", 20},
};
static const kept transforms[] = {
    {"min_max", NULL, 4},
    {"standardize", NULL, 4},
    {"pca", "components=2", 4},
};

/* Returns the most that a context held in which rows were loaded and something was fitted. */
static double held(const kept *k, bool is_model, const char *path, const char *limit) {
  clf_context *context = NULL;
  clf_dataset *rows = NULL;
  clf_model *model = NULL;
  clf_transform *transform = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, limit));
  ck_clf_ok(clf_dataset_load(&rows, context, "rows", path, NULL));
  if (is_model) {
    ck_clf_ok(clf_model_create(&model, context, k->kind, k->params));
    ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  } else {
    ck_clf_ok(clf_transform_create(&transform, context, k->kind, k->params));
    ck_clf_ok(clf_transform_fit(transform, rows));
  }
  const double peak = (double)clf_context_memory_peak(context);
  clf_model_free(model);
  clf_transform_free(transform);
  clf_dataset_free(rows);
  clf_context_free(context);
  return peak;
}

static char few[128], many[128];

static void setup(void) {
  make_folder();
  snprintf(few, sizeof few, "%s", path_of("few.rows"));
  snprintf(many, sizeof many, "%s", path_of("many.rows"));
  write_rows(few, FEW);
  write_rows(many, MANY);
}

TEST(fits__hold_as_many_bytes_a_row_as_stated) {
  enum {
    MODELS = sizeof models / sizeof *models,
    ALL = MODELS + sizeof transforms / sizeof *transforms
  };
  setup();
  for (int i = 0; i < ALL; i++) {
    const bool is_model = i < MODELS;
    const kept *k = is_model ? &models[i] : &transforms[i - MODELS];
    const double more = held(k, is_model, many, "threads=2") - held(k, is_model, few, "threads=2");
    ck_assert_msg(more <= (k->bytes + 0.5) * (MANY - FEW), "%s: %.1f bytes a row, more than %.0f",
                  k->kind, more / (MANY - FEW), k->bytes);
  }
  remove_folder();
}

/* A linear svm takes more where it may, and goes on with what it needs where it may not. With
 * several threads, the shortcuts of one machine may hold what another needs that begins then. */
TEST(svm__fits_with_as_many_bytes_a_row_as_stated) {
  static const kept machines = {"svm", "kernel=linear max_iterations=5", 122};
  enum { ANY = 2000000 };
  char limit[64];
  setup();
  snprintf(limit, sizeof limit, "threads=1 memory_limit=%lld",
           (long long)machines.bytes * FEW + ANY);
  ck_assert_double_le(held(&machines, true, few, limit), machines.bytes * FEW + ANY);
  remove_folder();
}
