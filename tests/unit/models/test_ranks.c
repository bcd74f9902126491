/* Fits whose rows are those of several ranks: the saved bytes are the same for any number of ranks
 * and threads. */
#include <math.h>

#include "rank_rows.h"

SUITE("ranks")

typedef struct saved {
  size_t size;
  char *bytes;
} saved;

typedef struct fitting {
  const fit_case *what;
  int storage;
  bool weighted;
  int shards; /* 0: auto */
  saved saved[MAX_RANKS];
} fitting;

static void save_transform(saved *out, const clf_transform *transform) {
  ck_clf_ok(clf_transform_save_memory(transform, NULL, 0, &out->size));
  out->bytes = malloc(out->size);
  ck_clf_ok(clf_transform_save_memory(transform, out->bytes, out->size, &out->size));
}

static void save_model(saved *out, const clf_model *model) {
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &out->size));
  out->bytes = malloc(out->size);
  ck_clf_ok(clf_model_save_memory(model, out->bytes, out->size, &out->size));
}

static void fit_rank(struct rank *rank) {
  fitting *f = rank->user;
  const fit_case *what = f->what;
  clf_transform *transform = NULL;
  clf_model *model = NULL;
  int64_t first, count;
  ck_clf_ok(clf_shard_range(rank->context, ROWS, rank->index, rank->all->count, &first, &count));
  clf_dataset *held_out = NULL, *data = NULL;
  if (count > 0) {
    data = rows_of(rank->context, what, f->storage, f->weighted, first, count);
  }
  ck_clf_ok(
      clf_shard_range(rank->context, ROWS / 2, rank->index, rank->all->count, &first, &count));
  if (what->validated && count > 0) { /* in the process's own context */
    held_out = rows_of(NULL, what, f->storage, f->weighted, first, count);
  }
  if (what->transform != NULL) {
    ck_clf_ok(
        clf_transform_create(&transform, rank->context, what->transform, what->transform_params));
  }
  if (what->model == NULL) {
    ck_clf_ok(clf_transform_fit(transform, data));
    save_transform(&f->saved[rank->index], transform);
  } else {
    ck_clf_ok(clf_model_create(&model, rank->context, what->model, what->params));
    if (transform != NULL) {
      ck_clf_ok(clf_model_add_transform(model, what->transform, what->transform_params));
    }
    const clf_status status = clf_model_fit(model, data, NULL, held_out);
    ck_assert_msg(status >= CLF_OK, "%s: %s", what->model, clf_last_error());
    save_model(&f->saved[rank->index], model);
  }
  clf_transform_free(transform);
  clf_model_free(model);
  clf_dataset_free(held_out);
  clf_dataset_free(data);
}

static const fit_case kinds[] = {
    {.transform = "standardize", .storages = 1 << F32 | 1 << U8},
    {.transform = "standardize", .transform_params = "mean=false", .storages = 1 << SPARSE},
    {.transform = "min_max", .storages = 1 << F32 | 1 << U8},
    {.model = "ridge", .storages = 1 << F32 | 1 << U8 | 1 << SPARSE},
    {.model = "ridge", .params = "class_weight=balanced alpha=0", .storages = 1 << F32},
    {.model = "ridge", .regression = true, .storages = 1 << F32 | 1 << U8 | 1 << SPARSE},
    {.model = "ridge",
     .transform = "standardize",
     .params = "fit_intercept=false",
     .storages = 1 << F32 | 1 << U8},
    {.model = "fisher", .storages = 1 << F32 | 1 << U8 | 1 << SPARSE},
    {.model = "fisher", .params = "shrinkage=auto", .storages = 1 << F32},
    {.model = "logistic", .params = "C=100", .storages = 1 << F32 | 1 << U8 | 1 << SPARSE},
    {.model = "logistic",
     .params = "multiclass=one_vs_rest precision=f64",
     .storages = 1 << F32 | 1 << SPARSE},
    {.transform = "pca", .storages = 1 << F32 | 1 << U8 | 1 << SPARSE},
    {.transform = "log_count_ratio", .exact = true, .storages = 1 << U8 | 1 << SPARSE},
    {.transform = "impute", .storages = 1 << LACKING | 1 << SPARSE},
    {.transform = "impute",
     .transform_params = "strategy=median indicator=true",
     .exact = true,
     .storages = 1 << LACKING},
    {.transform = "impute",
     .transform_params = "strategy=most_frequent",
     .exact = true,
     .storages = 1 << LACKING | 1 << U8},
    {.transform = "robust",
     .transform_params = "center=false",
     .exact = true,
     .storages = 1 << F32 | 1 << U8 | 1 << SPARSE},
    {.transform = "quantile",
     .transform_params = "quantiles=50",
     .exact = true,
     .storages = 1 << F32 | 1 << U8},
    {.transform = "one_hot",
     .transform_params = "columns=1,3 min_frequency=5 unknown=own",
     .exact = true,
     .storages = 1 << LACKING | 1 << SPARSE},
    {.transform = "target_mean",
     .transform_params = "columns=1,3",
     .storages = 1 << LACKING | 1 << SPARSE},
    {.transform = "target_mean",
     .transform_params = "columns=1,3 smoothing=2",
     .model = "ridge",
     .params = "alpha=1",
     .regression = true,
     .storages = 1 << U8},
    {.transform = "target_mean",
     .transform_params = "columns=2",
     .model = "fisher",
     .storages = 1 << U8},
    {.transform = "ordinal", .transform_params = "columns=2", .exact = true, .storages = 1 << U8},
    {.model = "svm", .storages = 1 << F32 | 1 << U8 | 1 << SPARSE},
    {.model = "svm",
     .params = "kernel=linear multiclass=one_vs_rest class_weight=balanced",
     .storages = 1 << F32 | 1 << SPARSE},
    {.model = "svm", .params = "divide=rows", .storages = 1 << F32 | 1 << U8 | 1 << SPARSE},
    {.model = "svm",
     .params =
         "divide=rows kernel=polynomial degree=2 multiclass=one_vs_rest class_weight=balanced",
     .storages = 1 << F32 | 1 << SPARSE},
    {.model = "svm",
     .transform = "standardize",
     .params = "type=nu_svc nu=0.05 probability=true calibration_folds=3",
     .storages = 1 << F32},
    {.model = "svm",
     .params = "type=epsilon_svr kernel=linear max_iterations=50",
     .regression = true,
     .storages = 1 << F32},
    {.model = "ridge", .validated = true, .storages = 1 << SPARSE},
    {.model = "svm",
     .transform = "standardize",
     .params = "kernel=linear",
     .validated = true,
     .storages = 1 << F32},
    {.model = "perceptron", .params = "mixed=true", .storages = 1 << F32 | 1 << SPARSE},
    {.model = "perceptron",
     .transform = "standardize",
     .params = "mixed=true averaged=false multiclass=one_vs_rest class_weight=balanced",
     .storages = 1 << U8},
    {.model = "ridge", .params = "solver=cg", .storages = 1 << F32 | 1 << SPARSE},
    {.model = "ridge",
     .params = "solver=cg tolerance=1e-9 class_weight=balanced",
     .storages = 1 << U8 | 1 << SPARSE},
    {.model = "ridge",
     .transform = "standardize",
     .params = "solver=cg",
     .regression = true,
     .storages = 1 << F32},
    {.model = "fisher", .params = "kernel=rbf landmarks=20", .storages = 1 << F32 | 1 << SPARSE},
    {.model = "fisher",
     .transform = "standardize",
     .params = "kernel=polynomial landmarks=200 solver=cg",
     .storages = 1 << U8},
    /* From here on each rank makes the whole fit. */
    {.model = "ridge",
     .transform = "standardize",
     .params = "calibration=sigmoid calibration_folds=3 reject=0.1",
     .validated = true,
     .storages = 1 << F32},
    {.model = "ridge", .params = "alphas=0.1,10 choose=each", .storages = 1 << U8},
    {.model = "ridge", .params = "alphas=0.1,10", .regression = true, .storages = 1 << F32},
    {.model = "logistic", .params = "penalty=l1 max_iterations=20", .storages = 1 << F32},
    {.model = "svm",
     .params = "kernel=linear loss=squared_hinge multiclass=one_vs_rest",
     .storages = 1 << SPARSE},
    {.model = "fisher", .params = "kernel=rbf gamma=0.1", .storages = 1 << F32},
    {.model = "perceptron", .storages = 1 << F32 | 1 << SPARSE},
    {.model = "perceptron", .params = "kernel=rbf gamma=0.1", .storages = 1 << U8},
    {.model = "network",
     .transform = "standardize",
     .params = "precision=bf16 epochs=1 layers='dense units=4; dense units=3'",
     .storages = 1 << F32},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void fit_ranks(fitting *f, int32_t count, int threads, bool few) {
  char params[40];
  struct ranks all;
  snprintf(params, sizeof params, "threads=%d shards=%d", threads, f->shards > 0 ? f->shards : 64);
  open_ranks(&all, count, params, few);
  run_ranks(&all, fit_rank, f);
  close_ranks(&all);
}

/* In a context of its own, whose rows have no shards. */
static void fit_plain(fitting *f) {
  struct ranks all = {.count = 1, .rank = {{.all = &all, .user = f}}};
  ck_clf_ok(clf_context_create(&all.rank[0].context, NULL, "threads=1"));
  fit_rank(&all.rank[0]);
  clf_context_free(all.rank[0].context);
}

static void compare(fitting *f, const saved *one, int32_t count) {
  for (int32_t rank = 0; rank < count; rank++) {
    ck_assert_uint_eq(f->saved[rank].size, one->size);
    ck_assert_msg(memcmp(f->saved[rank].bytes, one->bytes, one->size) == 0,
                  "%s %s, storage %d, weighted %d: rank %d of %d",
                  f->what->model != NULL ? f->what->model : "",
                  f->what->transform != NULL ? f->what->transform : "", f->storage,
                  (int)f->weighted, (int)rank, (int)count);
    free(f->saved[rank].bytes);
  }
}

TEST_LOOP(fits__have_the_same_bytes_on_any_number_of_ranks_and_threads, 0, KINDS) {
  fill_rows();
  for (int which = 0; which < 2 * STORAGES; which++) {
    fitting one = {.what = &kinds[_i], .storage = which / 2, .weighted = which % 2 == 1}, f = one;
    if ((kinds[_i].storages & 1 << one.storage) == 0) {
      continue;
    }
    fit_ranks(&one, 1, 1, false);
    for (int n = 1; n < RANK_COUNTS; n++) {
      fit_ranks(&f, rank_counts[n], 1 + n % 2, n == 2);
      compare(&f, &one.saved[0], rank_counts[n]);
    }
    fit_ranks(&f, 1, 2, false);
    compare(&f, &one.saved[0], 1);
    if (one.what->exact && !one.weighted) {
      fit_plain(&f);
      compare(&f, &one.saved[0], 1);
    }
    free(one.saved[0].bytes);
  }
}

/* Of 3 shards and 7 ranks, four have none: the first one, too. */
TEST_LOOP(fits__have_the_same_bytes_if_ranks_have_no_rows, 0, KINDS) {
  fill_rows();
  for (int storage = 0; storage < STORAGES; storage++) {
    fitting one = {.what = &kinds[_i], .storage = storage, .weighted = true, .shards = 3}, f = one;
    if ((kinds[_i].storages & 1 << storage) != 0) {
      fit_ranks(&one, 1, 1, false);
      fit_ranks(&f, 7, 1, storage == U8);
      compare(&f, &one.saved[0], 7);
      free(one.saved[0].bytes);
    }
  }
}

/* The objectives of machines whose rows are divided, by one process, are those of the usual solver. */
static void compare_objectives(clf_context *context, const fit_case *what, int storage) {
  char divided[100];
  clf_tensor *objective[2] = {NULL, NULL}, *support = NULL;
  for (int i = 0; i < 2; i++) {
    clf_model *model = NULL;
    clf_dataset *data = rows_of(context, what, storage, true, 0, ROWS);
    snprintf(divided, sizeof divided, "%s%s", what->params, i == 1 ? " divide=rows" : "");
    ck_clf_ok(clf_model_create(&model, context, "svm", divided));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_clf_ok(clf_model_tensor(&objective[i], model, "objective"));
    if (i == 1) { /* numbers of rows that have weights */
      ck_clf_ok(clf_model_tensor(&support, model, "support"));
      for (int64_t k = 0; k < clf_tensor_count(support); k++) {
        const int64_t row = ((const int64_t *)clf_tensor_data(support))[k];
        ck_assert(row >= 0 && row < ROWS && rows.weights[row] > 0);
      }
    }
    clf_model_free(model);
    clf_dataset_free(data);
  }
  const double *usual = clf_tensor_data(objective[0]), *by_rows = clf_tensor_data(objective[1]);
  for (int64_t k = 0; k < clf_tensor_count(objective[0]); k++) {
    ck_assert_double_eq_tol(by_rows[k], usual[k], 1e-5 * fabs(usual[k]));
  }
  clf_tensor_free(support);
  clf_tensor_free(objective[0]);
  clf_tensor_free(objective[1]);
}

TEST(machines_by_rows__have_the_objectives_of_the_others) {
  static const fit_case cases[] = {
      {.params = "C=0.3"},
      {.params = "C=1000 gamma=2"},
      {.params = "gamma=auto multiclass=one_vs_rest class_weight=balanced"},
      {.params = "kernel=linear C=0.01"},
      {.params = "kernel=sigmoid gamma=0.01 C=0.5"},
  };
  clf_context *context = NULL;
  fill_rows();
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    compare_objectives(context, &cases[i], F32);
    compare_objectives(context, &cases[i], i % 2 == 0 ? U8 : SPARSE);
  }
  clf_context_free(context);
}

/* 780 machines, of which each row is in 39. */
TEST(machines_by_rows__of_many_classes_take_little_memory) {
  enum { MANY = 40 };
  static const char *const params[] = {"C=10", "C=10 divide=rows"};
  static const fit_case plain = {.regression = false};
  int32_t predicted[2][ROWS];
  int64_t peak[2], same = 0;
  fill_rows();
  for (int64_t i = 0; i < ROWS; i++) {
    rows.labels[i] = (int32_t)(i % MANY);
  }
  for (int i = 0; i < 2; i++) {
    clf_context *context = NULL;
    clf_model *model = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
    clf_dataset *data = rows_of(context, &plain, F32, false, 0, ROWS);
    ck_clf_ok(clf_model_create(&model, context, "svm", params[i]));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    peak[i] = (int64_t)clf_context_memory_peak(context);
    ck_clf_ok(clf_model_predict(model, data, predicted[i], ROWS));
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
  for (int64_t i = 0; i < ROWS; i++) {
    same += predicted[0][i] == predicted[1][i];
  }
  ck_assert_int_ge(same, ROWS - 2); /* within the tolerance */
  ck_assert_int_lt(peak[1], peak[0] + 3000000);
}

TEST(rows_of_other_machines__are_not_divided) {
  static const char *const refused[] = {"type=nu_svc",
                                        "type=epsilon_svr",
                                        "loss=squared_hinge kernel=linear",
                                        "kernel=linear precision=f64",
                                        "kernel=precomputed",
                                        "warm_start=true",
                                        "calibration=sigmoid"};
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    char params[100];
    clf_model *model = NULL;
    snprintf(params, sizeof params, "%s divide=rows", refused[i]);
    ck_clf_fails(clf_model_create(&model, NULL, "svm", params), CLF_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(clf_last_error(), "divide=rows does not go with "));
  }
}

static void fit_nothing(struct rank *rank) {
  clf_model *model = NULL;
  clf_transform *transform = NULL;
  ck_clf_ok(clf_model_create(&model, rank->context, "ridge", NULL));
  ck_clf_ok(clf_transform_create(&transform, rank->context, "standardize", NULL));
  ck_assert_int_lt(clf_model_fit(model, NULL, NULL, NULL), 0);
  ck_assert_ptr_nonnull(
      strstr(clf_last_error(), rank->all->count > 1 ? "no rank has rows" : "NULL"));
  ck_assert_int_lt(clf_transform_fit(transform, NULL), 0);
  clf_transform_free(transform);
  clf_model_free(model);
}

TEST(fit__without_any_rows_is_refused) {
  for (int n = 0; n < 2; n++) {
    struct ranks all;
    open_ranks(&all, rank_counts[n], "threads=1", false);
    run_ranks(&all, fit_nothing, NULL);
    close_ranks(&all);
  }
}

/* A column of numbers, and one of categories, of which each rank knows those of its own rows. */
static clf_dataset *categories_of(clf_context *context, int64_t first, int64_t count) {
  static const char *const names[] = {"delta", "alpha", "x", "beta", "gamma", "y", "z"};
  const char *own[7];
  float x[ROWS * 2];
  int known[7] = {-1, -1, -1, -1, -1, -1, -1}, number = 0;
  clf_dataset *data = NULL;
  for (int64_t i = 0; i < count; i++) {
    const int64_t row = first + i, which = (row * row + row / 40) % 7;
    if (known[which] < 0) {
      own[number] = names[which];
      known[which] = number++;
    }
    x[2 * i] = (float)(row % 5);
    x[2 * i + 1] = row % 11 == 3 ? NAN : (float)known[which];
  }
  clf_tensor *wrapped = part(context, x, CLF_F32, count, 2);
  clf_tensor *y = part(context, rows.labels + first, CLF_I32, count, 0);
  ck_clf_ok(clf_dataset_create(&data, context, wrapped, y));
  clf_tensor *copy = NULL; /* x goes out of scope */
  ck_clf_ok(clf_tensor_copy(&copy, wrapped, CLF_F32));
  clf_dataset_free(data);
  ck_clf_ok(clf_dataset_create(&data, context, copy, y));
  ck_clf_ok(clf_dataset_set_categories(data, 1, own, number));
  clf_tensor_free(wrapped);
  clf_tensor_free(copy);
  clf_tensor_free(y);
  return data;
}

static void fit_categories(struct rank *rank) {
  fitting *f = rank->user;
  clf_model *model = NULL;
  int64_t first, count;
  ck_clf_ok(clf_shard_range(rank->context, ROWS, rank->index, rank->all->count, &first, &count));
  clf_dataset *data = count > 0 ? categories_of(rank->context, first, count) : NULL;
  ck_clf_ok(clf_model_create(&model, rank->context, "ridge", NULL));
  ck_clf_ok(clf_model_add_transform(model, "impute", NULL));
  ck_clf_ok(clf_model_add_transform(model, f->what->transform, NULL));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  save_model(&f->saved[rank->index], model);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(categories_of_ranks__are_those_of_one_process) {
  static const fit_case cases[] = {
      {.transform = "one_hot"}, {.transform = "target_mean"}, {.transform = "hash"}};
  fill_rows();
  for (int which = 0; which < 3; which++) {
    fitting one = {.what = &cases[which]}, f = one;
    for (int n = 0; n < RANK_COUNTS; n++) {
      struct ranks all;
      open_ranks(&all, rank_counts[n], "threads=1 shards=6", n == 2); /* one of 7 ranks has none */
      run_ranks(&all, fit_categories, n == 0 ? &one : &f);
      close_ranks(&all);
      if (n > 0) {
        compare(&f, &one.saved[0], rank_counts[n]);
      }
    }
    free(one.saved[0].bytes);
  }
}

/* Labels of another type on each rank. */
typedef struct labelling {
  int32_t dtypes[2];
  const void *labels[2]; /* [3] */
  clf_status status;     /* of rank 0 */
  const char *classes;   /* of all ranks, each followed by a blank; or a part of the message */
} labelling;

static void label_rank(struct rank *rank) {
  const labelling *l = rank->user;
  const fit_case plain = {.regression = false};
  char classes[200] = "";
  clf_model *model = NULL;
  clf_dataset *data = rows_of(rank->context, &plain, F32, false, 3 * rank->index, 3);
  clf_tensor *y = part(rank->context, l->labels[rank->index], l->dtypes[rank->index], 3, 0);
  ck_clf_ok(clf_dataset_set_labels(data, y));
  ck_clf_ok(clf_model_create(&model, rank->context, "ridge", NULL));
  const clf_status status = clf_model_fit(model, data, NULL, NULL);
  if (rank->index == 0) {
    ck_assert_int_eq(status, l->status);
  }
  for (int64_t k = 0; status == CLF_OK && k < clf_model_classes(model); k++) {
    const size_t length = strlen(classes);
    snprintf(classes + length, sizeof classes - length, "%s ", clf_model_class_name(model, k));
  }
  ck_assert_ptr_nonnull(strstr(status == CLF_OK ? classes : clf_last_error(), l->classes));
  clf_model_free(model);
  clf_tensor_free(y);
  clf_dataset_free(data);
}

TEST(label_types_of_ranks__lose_no_class) {
  static const float singles[] = {0.5F, 1.5F, 0.1F};
  static const double doubles[] = {0.1, 0.5, 3};
  static const int64_t few[] = {3, 4, 1}, many[] = {16777217, 16777216, 3},
                       most[] = {9007199254740993, 9007199254740992, 3};
  const labelling cases[] = {
      {{CLF_F32, CLF_I64}, {singles, few}, CLF_OK, "0.1 0.5 1 1.5 3 4 "},
      {{CLF_F32, CLF_I64}, {singles, many}, CLF_OK, "0.1 0.5 1.5 3 16777216 16777217 "},
      {{CLF_F32, CLF_F64}, {singles, doubles}, CLF_OK, "0.1 0.5 1.5 3 "},
      {{CLF_F64, CLF_I64}, {doubles, most}, CLF_ERROR_PEER, "9007199254740993 would be rounded"},
  };
  fill_rows();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    labelling now = cases[i];
    struct ranks all;
    open_ranks(&all, 2, "threads=1", false);
    run_ranks(&all, label_rank, &now);
    close_ranks(&all);
  }
}
