/* NULL where a pointer is required, for every public function: refused, or as documented. */
#include <math.h>
#include <string.h>

#include "support.h"

enum { ROWS = 6, COLUMNS = 2 };

static const float values[ROWS * COLUMNS] = {0, 1, 1, 0, 0, 2, 2, 0, 0, 3, 3, 0};
static const int32_t labels[ROWS] = {0, 1, 0, 1, 0, 1};

static clf_context *context;
static clf_tensor *tensor;
static clf_dataset *data;
static clf_model *model;
static clf_transform *transform;
static char file[] = "/tmp/classify-null-XXXXXX";

static void open_all(void) {
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  ck_clf_ok(
      clf_tensor_wrap(&tensor, context, values, CLF_F32, 2, (int64_t[]){ROWS, COLUMNS}, NULL));
  data = dataset_of(context, values, CLF_F32, ROWS, COLUMNS, labels);
  model = fitted(context, "ridge", NULL, data);
  ck_clf_ok(clf_transform_create(&transform, context, "standardize", NULL));
  ck_clf_ok(clf_transform_fit(transform, data));
}

static void close_all(void) {
  clf_transform_free(transform);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(tensor);
  clf_context_free(context);
}

typedef struct refusal {
  const char *call;
  clf_status status;
  char message[512];
} refusal;

static refusal refused(const char *call, clf_status status) {
  refusal made = {call, status, ""};
  strncpy(made.message, clf_last_error(), sizeof made.message - 1);
  return made;
}

#define REFUSED(call) refused(#call, call)

static void check_all(const refusal *all, size_t count) {
  for (size_t i = 0; i < count; i++) {
    ck_assert_msg(all[i].status == CLF_ERROR_ARGUMENT, "%s: %s: %s", all[i].call,
                  clf_status_name(all[i].status), all[i].message);
    ck_assert_msg(all[i].message[0] != '\0', "%s says nothing", all[i].call);
  }
}

#define CHECK_ALL(all) check_all(all, sizeof(all) / sizeof(all)[0])

TEST(null__context) {
  clf_context *made = NULL;
  clf_allocator none = {sizeof none, NULL, NULL, NULL};
  const refusal all[] = {
      REFUSED(clf_context_create(NULL, NULL, NULL)),
      REFUSED(clf_context_create(&made, &none, NULL)),
      REFUSED(clf_context_set_progress(NULL, NULL, NULL)),
      REFUSED(clf_context_set_log(NULL, NULL, NULL)),
  };
  CHECK_ALL(all);
  ck_assert_ptr_null(made);
  ck_assert_int_eq(clf_context_threads(NULL), 0);
  ck_assert_str_eq(clf_context_cpu(NULL), "");
  ck_assert_uint_eq(clf_context_memory(NULL), 0);
  ck_assert_uint_eq(clf_context_memory_peak(NULL), 0);
  clf_context_free(NULL);
}

TEST(null__tensor) {
  clf_tensor *made = NULL;
  void *managed = NULL;
  const int64_t shape[] = {ROWS, COLUMNS};
  const int32_t axes[] = {1, 0};
  const refusal all[] = {
      REFUSED(clf_tensor_create(NULL, NULL, CLF_F32, 2, shape)),
      REFUSED(clf_tensor_create(&made, NULL, CLF_F32, 2, NULL)),
      REFUSED(clf_tensor_wrap(NULL, NULL, values, CLF_F32, 2, shape, NULL)),
      REFUSED(clf_tensor_wrap(&made, NULL, NULL, CLF_F32, 2, shape, NULL)),
      REFUSED(clf_tensor_wrap(&made, NULL, values, CLF_F32, 2, NULL, NULL)),
      REFUSED(clf_tensor_copy(NULL, tensor, CLF_F32)),
      REFUSED(clf_tensor_copy(&made, NULL, CLF_F32)),
      REFUSED(clf_tensor_slice(NULL, tensor, 0, 0, 1, 1)),
      REFUSED(clf_tensor_slice(&made, NULL, 0, 0, 1, 1)),
      REFUSED(clf_tensor_reshape(NULL, tensor, 2, shape)),
      REFUSED(clf_tensor_reshape(&made, NULL, 2, shape)),
      REFUSED(clf_tensor_reshape(&made, tensor, 2, NULL)),
      REFUSED(clf_tensor_permute(NULL, tensor, axes)),
      REFUSED(clf_tensor_permute(&made, NULL, axes)),
      REFUSED(clf_tensor_permute(&made, tensor, NULL)),
      REFUSED(clf_tensor_set_scale(NULL, 1)),
      REFUSED(clf_tensor_to_dlpack(&managed, NULL)),
      REFUSED(clf_tensor_to_dlpack(NULL, tensor)),
      REFUSED(clf_tensor_from_dlpack(NULL, NULL, file)),
      REFUSED(clf_tensor_from_dlpack(&made, NULL, NULL)),
  };
  CHECK_ALL(all);
  ck_assert_ptr_null(made);
  ck_assert_ptr_null(managed);
  ck_assert_ptr_null(clf_tensor_data(NULL));
  ck_assert_int_eq(clf_tensor_writable(NULL), 0);
  ck_assert_int_eq(clf_tensor_dtype(NULL), 0);
  ck_assert_int_eq(clf_tensor_ndim(NULL), -1);
  ck_assert_int_eq(clf_tensor_extent(NULL, 0), -1);
  ck_assert_int_eq(clf_tensor_stride(NULL, 0), 0);
  ck_assert_int_eq(clf_tensor_count(NULL), -1);
  ck_assert_double_nan(clf_tensor_scale(NULL));
  clf_tensor_free(NULL);
}

TEST(null__dataset) {
  clf_dataset *made = NULL;
  clf_dataset *other = NULL;
  clf_tensor *part = NULL;
  const int64_t rows[] = {0};
  const refusal all[] = {
      REFUSED(clf_dataset_create(NULL, NULL, tensor, NULL)),
      REFUSED(clf_dataset_create(&made, NULL, NULL, NULL)),
      REFUSED(clf_dataset_create_sparse(NULL, NULL, 2, tensor, tensor, tensor, NULL)),
      REFUSED(clf_dataset_create_sparse(&made, NULL, 2, NULL, tensor, tensor, NULL)),
      REFUSED(clf_dataset_create_sparse(&made, NULL, 2, tensor, NULL, tensor, NULL)),
      REFUSED(clf_dataset_create_sparse(&made, NULL, 2, tensor, tensor, NULL, NULL)),
      REFUSED(clf_dataset_load(NULL, NULL, "csv", file, NULL)),
      REFUSED(clf_dataset_load(&made, NULL, NULL, file, NULL)),
      REFUSED(clf_dataset_load(&made, NULL, "csv", NULL, NULL)),
      REFUSED(clf_dataset_load_memory(NULL, NULL, "csv", "1,2", 3, NULL)),
      REFUSED(clf_dataset_load_memory(&made, NULL, NULL, "1,2", 3, NULL)),
      REFUSED(clf_dataset_load_memory(&made, NULL, "csv", NULL, 3, NULL)),
      REFUSED(clf_dataset_set_labels(NULL, tensor)),
      REFUSED(clf_dataset_set_labels(data, NULL)),
      REFUSED(clf_dataset_set_label_names(NULL, (const char *const[]){"a"}, 1)),
      REFUSED(clf_dataset_set_label_names(data, NULL, ROWS)),
      REFUSED(clf_dataset_set_label_names(data, (const char *const[ROWS]){"a"}, ROWS)),
      REFUSED(clf_dataset_set_targets(NULL, tensor)),
      REFUSED(clf_dataset_set_targets(data, NULL)),
      REFUSED(clf_dataset_set_weights(NULL, tensor)),
      REFUSED(clf_dataset_set_column_names(NULL, (const char *const[]){"a", "b"}, COLUMNS)),
      REFUSED(clf_dataset_set_column_names(data, (const char *const[COLUMNS]){"a"}, COLUMNS)),
      REFUSED(clf_dataset_set_categories(NULL, 0, (const char *const[]){"a"}, 1)),
      REFUSED(clf_dataset_set_categories(data, 0, (const char *const[2]){"a"}, 2)),
      REFUSED(clf_dataset_save(NULL, "csv", file, NULL)),
      REFUSED(clf_dataset_save(data, NULL, file, NULL)),
      REFUSED(clf_dataset_save(data, "csv", NULL, NULL)),
      REFUSED(clf_dataset_tensor(&part, NULL, "x")),
      REFUSED(clf_dataset_tensor(&part, data, NULL)),
      REFUSED(clf_dataset_tensor(NULL, data, "x")),
      REFUSED(clf_dataset_subset(NULL, data, rows, 1)),
      REFUSED(clf_dataset_subset(&made, NULL, rows, 1)),
      REFUSED(clf_dataset_subset(&made, data, NULL, 1)),
      REFUSED(clf_dataset_split(NULL, &other, data, 0.5, 0)),
      REFUSED(clf_dataset_split(&made, NULL, data, 0.5, 0)),
      REFUSED(clf_dataset_split(&made, &other, NULL, 0.5, 0)),
      REFUSED(clf_dataset_fold(NULL, &other, data, 2, 0, 0)),
      REFUSED(clf_dataset_fold(&made, NULL, data, 2, 0, 0)),
      REFUSED(clf_dataset_fold(&made, &other, NULL, 2, 0, 0)),
  };
  CHECK_ALL(all);
  ck_assert_ptr_null(made);
  ck_assert_ptr_null(other);
  ck_assert_ptr_null(part);
  ck_assert_int_eq(clf_dataset_classes(data), 2);
  ck_assert_int_eq(clf_dataset_rows(NULL), -1);
  ck_assert_int_eq(clf_dataset_features(NULL), -1);
  ck_assert_int_eq(clf_dataset_classes(NULL), -1);
  ck_assert_int_eq(clf_dataset_outputs(NULL), -1);
  ck_assert_int_eq(clf_dataset_nonzeros(NULL), -1);
  ck_assert_int_eq(clf_dataset_sparse(NULL), 0);
  ck_assert_int_eq(clf_dataset_category_count(NULL, 0), -1);
  ck_assert_ptr_null(clf_dataset_category_name(NULL, 0, 0));
  ck_assert_ptr_null(clf_dataset_column_name(NULL, 0));
  ck_assert_ptr_null(clf_dataset_guesses(NULL));
  ck_assert_ptr_null(clf_dataset_class_name(NULL, 0));
  clf_dataset_free(NULL);
}

TEST(null__boxes) {
  clf_box boxes[] = {{0, 0, 1, 1, 0, 0}};
  const clf_box_set set = {sizeof set, boxes, (const int64_t[]){0}, 1};
  int64_t kept = 7;
  double out = 7;
  const refusal all[] = {
      REFUSED(clf_box_suppress(NULL, 1, 0.5, &kept)),
      REFUSED(clf_box_suppress(boxes, 1, 0.5, NULL)),
      REFUSED(clf_box_average_precision(NULL, &set, 0.5, 0, &out, NULL, NULL, NULL)),
      REFUSED(clf_box_average_precision(&set, NULL, 0.5, 0, &out, NULL, NULL, NULL)),
      REFUSED(clf_box_average_precision(&set, &set, 0.5, 0, NULL, NULL, NULL, NULL)),
      REFUSED(clf_box_mean_average_precision(NULL, &set, 0.5, &out)),
      REFUSED(clf_box_mean_average_precision(&set, NULL, 0.5, &out)),
      REFUSED(clf_box_mean_average_precision(&set, &set, 0.5, NULL)),
  };
  CHECK_ALL(all);
  ck_assert_int_eq(kept, 7);
  ck_assert_double_eq(out, 7);
  ck_assert_double_eq(clf_box_overlap(NULL, NULL), 0);
}

TEST(null__detector) {
  clf_detector *made = NULL;
  clf_image *image = NULL;
  int64_t count = 7;
  size_t size = 7;
  ck_clf_ok(clf_image_create(&image, context, 2, 2, 1, NULL, 0));
  const refusal all[] = {
      REFUSED(clf_detector_create(NULL, model, NULL)),
      REFUSED(clf_detector_create(&made, NULL, NULL)),
      REFUSED(clf_detector_run(NULL, image, NULL, 0, &count)),
      REFUSED(clf_detector_mine_negatives(NULL, image, NULL, 0, NULL, NULL, 0, &count)),
      REFUSED(clf_detector_save(NULL, file)),
      REFUSED(clf_detector_load(NULL, NULL, file, NULL)),
      REFUSED(clf_detector_load(&made, NULL, NULL, NULL)),
      REFUSED(clf_detector_save_memory(NULL, NULL, 0, &size)),
      REFUSED(clf_detector_load_memory(NULL, NULL, "", 0, NULL)),
      REFUSED(clf_detector_load_memory(&made, NULL, NULL, 0, NULL)),
  };
  CHECK_ALL(all);
  ck_assert_ptr_null(made);
  ck_assert_int_eq(count, 7);
  ck_assert_uint_eq(size, 7);
  ck_assert_ptr_null(clf_detector_model(NULL));
  clf_detector_free(NULL);
  clf_image_free(image);
}

TEST(null__batches) {
  clf_batches *made = NULL;
  clf_batches *batches = NULL;
  const clf_dataset *batch = NULL;
  ck_clf_ok(clf_batches_create(&batches, data, 2, 0));
  const refusal all[] = {
      REFUSED(clf_batches_create(NULL, data, 2, 0)),
      REFUSED(clf_batches_create(&made, NULL, 2, 0)),
      REFUSED(clf_batches_next(NULL, &batch)),
      REFUSED(clf_batches_next(batches, NULL)),
  };
  CHECK_ALL(all);
  ck_assert_ptr_null(made);
  ck_assert_ptr_null(batch);
  clf_batches_free(batches);
  clf_batches_free(NULL);
}

TEST(null__transform) {
  clf_transform *made = NULL;
  clf_dataset *rows = NULL;
  clf_tensor *given = NULL;
  size_t size = 7;
  char text[16] = "7";
  const refusal all[] = {
      REFUSED(clf_transform_create(NULL, NULL, "standardize", NULL)),
      REFUSED(clf_transform_create(&made, NULL, NULL, NULL)),
      REFUSED(clf_transform_fit(NULL, data)),
      REFUSED(clf_transform_fit(transform, NULL)),
      REFUSED(clf_transform_partial_fit(NULL, data)),
      REFUSED(clf_transform_partial_fit(transform, NULL)),
      REFUSED(clf_transform_fit_apply(NULL, transform, data)),
      REFUSED(clf_transform_fit_apply(&rows, NULL, data)),
      REFUSED(clf_transform_fit_apply(&rows, transform, NULL)),
      REFUSED(clf_transform_output_name(NULL, 0, text, sizeof text, NULL)),
      REFUSED(clf_transform_output_name(transform, 0, NULL, 1, NULL)),
      REFUSED(clf_transform_params(NULL, text, sizeof text, NULL)),
      REFUSED(clf_transform_params(transform, NULL, 1, NULL)),
      REFUSED(clf_transform_apply(NULL, transform, data)),
      REFUSED(clf_transform_apply(&rows, NULL, data)),
      REFUSED(clf_transform_apply(&rows, transform, NULL)),
      REFUSED(clf_transform_tensor(&given, NULL, "mean")),
      REFUSED(clf_transform_tensor(&given, transform, NULL)),
      REFUSED(clf_transform_tensor(NULL, transform, "mean")),
      REFUSED(clf_transform_save(NULL, file)),
      REFUSED(clf_transform_save(transform, NULL)),
      REFUSED(clf_transform_load(NULL, NULL, file)),
      REFUSED(clf_transform_load(&made, NULL, NULL)),
      REFUSED(clf_transform_save_memory(NULL, NULL, 0, &size)),
      REFUSED(clf_transform_save_memory(transform, NULL, 0, NULL)),
      REFUSED(clf_transform_load_memory(NULL, NULL, "", 0)),
      REFUSED(clf_transform_load_memory(&made, NULL, NULL, 0)),
  };
  CHECK_ALL(all);
  ck_assert_ptr_null(made);
  ck_assert_ptr_null(rows);
  ck_assert_ptr_null(given);
  ck_assert_uint_eq(size, 7);
  ck_assert_str_eq(text, "7");
  ck_assert_ptr_null(clf_transform_kind(NULL));
  ck_assert_int_eq(clf_transform_outputs(NULL), -1);
  clf_transform_free(NULL);
}

TEST(null__model_making_and_parameters) {
  clf_model *made = NULL;
  int64_t integer = 7;
  double number = 7;
  char text[64] = "7";
  const refusal all[] = {
      REFUSED(clf_model_create(NULL, NULL, "ridge", NULL)),
      REFUSED(clf_model_create(&made, NULL, NULL, NULL)),
      REFUSED(clf_model_clone(NULL, model)),
      REFUSED(clf_model_clone(&made, NULL)),
      REFUSED(clf_model_add_transform(NULL, "standardize", NULL)),
      REFUSED(clf_model_add_transform(model, NULL, NULL)),
      REFUSED(clf_model_set_i64(NULL, "alpha", 1)),
      REFUSED(clf_model_set_i64(model, NULL, 1)),
      REFUSED(clf_model_set_f64(NULL, "alpha", 1)),
      REFUSED(clf_model_set_f64(model, NULL, 1)),
      REFUSED(clf_model_set_text(NULL, "alpha", "1")),
      REFUSED(clf_model_set_text(model, NULL, "1")),
      REFUSED(clf_model_set_text(model, "alpha", NULL)),
      REFUSED(clf_model_get_i64(NULL, "max_iterations", &integer)),
      REFUSED(clf_model_get_i64(model, NULL, &integer)),
      REFUSED(clf_model_get_i64(model, "max_iterations", NULL)),
      REFUSED(clf_model_get_f64(NULL, "alpha", &number)),
      REFUSED(clf_model_get_f64(model, NULL, &number)),
      REFUSED(clf_model_get_f64(model, "alpha", NULL)),
      REFUSED(clf_model_get_text(NULL, "alpha", text, sizeof text, NULL)),
      REFUSED(clf_model_get_text(model, NULL, text, sizeof text, NULL)),
      REFUSED(clf_model_get_text(model, "alpha", NULL, 1, NULL)),
  };
  CHECK_ALL(all);
  ck_assert_ptr_null(made);
  ck_assert_int_eq(integer, 7);
  ck_assert_double_eq(number, 7);
  ck_assert_str_eq(text, "7");
  ck_assert_int_eq(clf_model_features(model), COLUMNS); /* still fitted */
  ck_assert_ptr_null(clf_model_kind(NULL));
  clf_model_free(NULL);
}

TEST(null__model_fitting_and_asking) {
  int32_t found[ROWS] = {7};
  float numbers[ROWS * 2] = {7};
  double precise[ROWS * 2] = {7};
  double score = 7;
  clf_tensor *part = NULL;
  uint8_t sets[2 * ROWS];
  char text[16] = "7";
  const refusal all[] = {
      REFUSED(clf_model_fit(NULL, data, NULL, NULL)),
      REFUSED(clf_model_fit(model, NULL, NULL, NULL)),
      REFUSED(clf_model_partial_fit(NULL, data)),
      REFUSED(clf_model_partial_fit(model, NULL)),
      REFUSED(clf_model_outcome(NULL)),
      REFUSED(clf_model_reserve(NULL, data, 1)),
      REFUSED(clf_model_reserve(model, NULL, 1)),
      REFUSED(clf_model_predict(NULL, data, found, ROWS)),
      REFUSED(clf_model_predict(model, NULL, found, ROWS)),
      REFUSED(clf_model_predict(model, data, NULL, ROWS)),
      REFUSED(clf_model_decision_function(NULL, data, numbers, 2 * ROWS)),
      REFUSED(clf_model_decision_function(model, NULL, numbers, 2 * ROWS)),
      REFUSED(clf_model_decision_function(model, data, NULL, 2 * ROWS)),
      REFUSED(clf_model_predict_proba(NULL, data, numbers, 2 * ROWS)),
      REFUSED(clf_model_predict_proba(model, NULL, numbers, 2 * ROWS)),
      REFUSED(clf_model_project(NULL, data, numbers, 2 * ROWS, NULL)),
      REFUSED(clf_model_project(model, NULL, numbers, 2 * ROWS, NULL)),
      REFUSED(clf_model_decision_function_f64(NULL, data, precise, 2 * ROWS)),
      REFUSED(clf_model_decision_function_f64(model, NULL, precise, 2 * ROWS)),
      REFUSED(clf_model_decision_function_f64(model, data, NULL, 2 * ROWS)),
      REFUSED(clf_model_predict_proba_f64(NULL, data, precise, 2 * ROWS)),
      REFUSED(clf_model_predict_proba_f64(model, NULL, precise, 2 * ROWS)),
      REFUSED(clf_model_project_f64(NULL, data, precise, 2 * ROWS, NULL)),
      REFUSED(clf_model_project_f64(model, NULL, precise, 2 * ROWS, NULL)),
      REFUSED(clf_model_calibrate(NULL, data, NULL)),
      REFUSED(clf_model_calibrate(model, NULL, NULL)),
      REFUSED(clf_model_set_costs(NULL, precise)),
      REFUSED(clf_model_set_priors(NULL, precise, NULL)),
      REFUSED(clf_model_estimate_priors(NULL, data, precise, 2)),
      REFUSED(clf_model_estimate_priors(model, NULL, precise, 2)),
      REFUSED(clf_model_estimate_priors(model, data, NULL, 2)),
      REFUSED(clf_model_tune_threshold(NULL, data, NULL)),
      REFUSED(clf_model_tune_threshold(model, NULL, NULL)),
      REFUSED(clf_model_conform(NULL, data, NULL)),
      REFUSED(clf_model_conform(model, NULL, NULL)),
      REFUSED(clf_model_set_reject(NULL, data, NULL)),
      REFUSED(clf_model_set_reject(model, NULL, NULL)),
      REFUSED(clf_model_novelty(NULL, data, numbers, ROWS)),
      REFUSED(clf_model_novelty(model, NULL, numbers, ROWS)),
      REFUSED(clf_model_forget(NULL, data)),
      REFUSED(clf_model_forget(model, NULL)),
      REFUSED(clf_model_merge(NULL, model)),
      REFUSED(clf_model_merge(model, NULL)),
      REFUSED(clf_network_freeze(NULL, "all")),
      REFUSED(clf_network_remove_layer(NULL)),
      REFUSED(clf_model_predict_set(NULL, data, 0.9, sets, 2 * ROWS)),
      REFUSED(clf_model_predict_set(model, NULL, 0.9, sets, 2 * ROWS)),
      REFUSED(clf_model_predict_interval(NULL, data, 0.9, numbers, 2 * ROWS)),
      REFUSED(clf_model_predict_interval(model, NULL, 0.9, numbers, 2 * ROWS)),
      REFUSED(clf_model_score(NULL, data, &score)),
      REFUSED(clf_model_score(model, NULL, &score)),
      REFUSED(clf_model_score(model, data, NULL)),
      REFUSED(clf_model_column_name(NULL, 0, text, sizeof text, NULL)),
      REFUSED(clf_model_column_name(model, 0, NULL, 1, NULL)),
      REFUSED(clf_model_tensor(&part, NULL, "weights")),
      REFUSED(clf_model_tensor(&part, model, NULL)),
      REFUSED(clf_model_tensor(NULL, model, "weights")),
  };
  CHECK_ALL(all);
  ck_assert_int_eq(found[0], 7);
  ck_assert_float_eq(numbers[0], 7);
  ck_assert_double_eq(precise[0], 7);
  ck_assert_double_eq(score, 7);
  ck_assert_ptr_null(part);
  ck_assert_int_eq(clf_model_features(NULL), -1);
  ck_assert_int_eq(clf_model_classes(NULL), -1);
  ck_assert_str_eq(text, "7");
  ck_assert_int_eq(clf_model_outputs(NULL), -1);
  ck_assert_int_eq(clf_model_columns(NULL), -1);
  ck_assert_int_eq(clf_model_category_count(NULL, 0), -1);
  ck_assert_ptr_null(clf_model_category_name(NULL, 0, 0));
  ck_assert_ptr_null(clf_model_class_name(NULL, 0));
  ck_assert_ptr_null(clf_model_tensor_name(NULL, 0));
}

TEST(null__model_saving_and_telling) {
  char text[8] = "7";
  size_t size = 7;
  clf_model *made = NULL;
  const refusal all[] = {
      REFUSED(clf_model_describe(NULL, text, sizeof text, &size)),
      REFUSED(clf_model_describe(model, NULL, 1, &size)),
      REFUSED(clf_network_add_layer(NULL, "dense", NULL)),
      REFUSED(clf_network_add_layer(model, NULL, NULL)),
      REFUSED(clf_network_summary(NULL, text, sizeof text, &size)),
      REFUSED(clf_network_quantize(NULL, data, NULL)),
      REFUSED(clf_network_quantize(model, NULL, NULL)),
      REFUSED(clf_network_set_weight(NULL, "dense_1.bias", tensor)),
      REFUSED(clf_network_set_weight(model, NULL, tensor)),
      REFUSED(clf_network_set_weight(model, "dense_1.bias", NULL)),
      REFUSED(clf_model_save(NULL, file)),
      REFUSED(clf_model_save(model, NULL)),
      REFUSED(clf_model_save_memory(NULL, text, sizeof text, &size)),
      REFUSED(clf_model_save_memory(model, text, sizeof text, NULL)),
      REFUSED(clf_model_save_memory(model, NULL, 1, &size)),
      REFUSED(clf_model_load(NULL, NULL, file)),
      REFUSED(clf_model_load(&made, NULL, NULL)),
      REFUSED(clf_model_load_memory(NULL, NULL, text, sizeof text)),
      REFUSED(clf_model_load_memory(&made, NULL, NULL, 1)),
  };
  CHECK_ALL(all);
  ck_assert_str_eq(text, "7");
  ck_assert_uint_eq(size, 7);
  ck_assert_ptr_null(made);
}

TEST(null__text) {
  static const char *const texts[] = {"a b"};
  clf_documents *documents = NULL, *made = NULL;
  clf_vocabulary *vocabulary = NULL, *other = NULL;
  clf_dataset *rows = NULL;
  unsigned char bytes[64];
  size_t size = 7;
  ck_clf_ok(clf_documents_create(&documents, context, texts, NULL, 1));
  ck_clf_ok(clf_vocabulary_create(&vocabulary, context, NULL));
  ck_clf_ok(clf_vocabulary_build(vocabulary, documents));
  const refusal all[] = {
      REFUSED(clf_documents_create(NULL, context, texts, NULL, 1)),
      REFUSED(clf_documents_create(&made, context, NULL, NULL, 1)),
      REFUSED(clf_documents_load(NULL, context, "folder", file, NULL)),
      REFUSED(clf_documents_load(&made, context, NULL, file, NULL)),
      REFUSED(clf_documents_load(&made, context, "folder", NULL, NULL)),
      REFUSED(clf_documents_load_memory(NULL, context, "lines", "a", 1, NULL)),
      REFUSED(clf_documents_load_memory(&made, context, NULL, "a", 1, NULL)),
      REFUSED(clf_documents_load_memory(&made, context, "lines", NULL, 1, NULL)),
      REFUSED(clf_model_set_vocabulary(NULL, vocabulary)),
      REFUSED(clf_vocabulary_create(NULL, context, NULL)),
      REFUSED(clf_vocabulary_build(NULL, documents)),
      REFUSED(clf_vocabulary_build(vocabulary, NULL)),
      REFUSED(clf_vocabulary_encode(NULL, vocabulary, documents)),
      REFUSED(clf_vocabulary_encode(&rows, NULL, documents)),
      REFUSED(clf_vocabulary_encode(&rows, vocabulary, NULL)),
      REFUSED(clf_vocabulary_encode_text(NULL, vocabulary, "a", 1)),
      REFUSED(clf_vocabulary_encode_text(&rows, NULL, "a", 1)),
      REFUSED(clf_vocabulary_encode_text(&rows, vocabulary, NULL, 1)),
      REFUSED(clf_vocabulary_tokenize(NULL, "a", 1, NULL, NULL, NULL, 0, NULL)),
      REFUSED(clf_vocabulary_tokenize(vocabulary, NULL, 1, NULL, NULL, NULL, 0, NULL)),
      REFUSED(clf_vocabulary_save(NULL, file)),
      REFUSED(clf_vocabulary_save(vocabulary, NULL)),
      REFUSED(clf_vocabulary_save_memory(NULL, bytes, sizeof bytes, &size)),
      REFUSED(clf_vocabulary_save_memory(vocabulary, bytes, sizeof bytes, NULL)),
      REFUSED(clf_vocabulary_save_memory(vocabulary, NULL, 1, &size)),
      REFUSED(clf_vocabulary_load(NULL, context, file)),
      REFUSED(clf_vocabulary_load(&other, context, NULL)),
      REFUSED(clf_vocabulary_load_memory(NULL, context, bytes, 1)),
      REFUSED(clf_vocabulary_load_memory(&other, context, NULL, 1)),
  };
  ck_assert_ptr_null(clf_model_vocabulary(NULL));
  ck_assert_ptr_null(clf_documents_name(NULL, 0));
  ck_assert_ptr_null(clf_documents_name(documents, 0));
  CHECK_ALL(all);
  ck_assert(made == NULL && other == NULL && rows == NULL && size == 7);
  ck_assert_int_eq(clf_documents_count(NULL), -1);
  ck_assert_int_eq(clf_documents_replaced(NULL), -1);
  ck_assert_ptr_null(clf_documents_text(NULL, 0, NULL));
  ck_assert_int_eq(clf_vocabulary_count(NULL), -1);
  ck_assert_int_eq(clf_vocabulary_find(NULL, "a"), -1);
  ck_assert_int_eq(clf_vocabulary_find(vocabulary, NULL), -1);
  ck_assert_int_eq(clf_vocabulary_frequency(NULL, 0), -1);
  ck_assert_int_eq(clf_vocabulary_document_frequency(NULL, 0), -1);
  ck_assert_int_eq(clf_vocabulary_document_count(NULL), -1);
  ck_assert_ptr_null(clf_vocabulary_word(NULL, 0));
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
  clf_vocabulary_free(NULL);
  clf_documents_free(NULL);
}

TEST(null__image) {
  static const uint8_t pixel[] = {7};
  clf_image *image = NULL, *made = NULL;
  size_t size = 7;
  ck_clf_ok(clf_image_create(&image, context, 1, 1, 1, pixel, 0));
  const refusal all[] = {
      REFUSED(clf_image_create(NULL, context, 1, 1, 1, pixel, 0)),
      REFUSED(clf_image_load(NULL, context, file, NULL)),
      REFUSED(clf_image_load(&made, context, NULL, NULL)),
      REFUSED(clf_image_load_memory(NULL, context, pixel, 1, NULL)),
      REFUSED(clf_image_load_memory(&made, context, NULL, 1, NULL)),
      REFUSED(clf_image_save(NULL, file, NULL)),
      REFUSED(clf_image_save(image, NULL, NULL)),
      REFUSED(clf_image_save_memory(NULL, "pnm", NULL, NULL, 0, &size)),
      REFUSED(clf_image_save_memory(image, NULL, NULL, NULL, 0, &size)),
      REFUSED(clf_image_save_memory(image, "pnm", NULL, NULL, 0, NULL)),
      REFUSED(clf_image_to_gray(NULL, image)),
      REFUSED(clf_image_to_gray(&made, NULL)),
      REFUSED(clf_image_resize(NULL, image, 1, 1)),
      REFUSED(clf_image_resize(&made, NULL, 1, 1)),
      REFUSED(clf_image_crop(NULL, image, 0, 0, 1, 1)),
      REFUSED(clf_image_crop(&made, NULL, 0, 0, 1, 1)),
      REFUSED(clf_image_equalize(NULL, image)),
      REFUSED(clf_image_equalize(&made, NULL)),
      REFUSED(clf_image_tan_triggs(NULL, image, NULL)),
      REFUSED(clf_image_tan_triggs(&made, NULL, NULL)),
  };
  CHECK_ALL(all);
  ck_assert_ptr_null(made);
  ck_assert_int_eq(clf_image_height(NULL), -1);
  ck_assert_int_eq(clf_image_width(NULL), -1);
  ck_assert_int_eq(clf_image_channels(NULL), -1);
  ck_assert_ptr_null(clf_image_pixels(NULL));
  clf_image_free(image);
  clf_image_free(NULL);
}

TEST(null__metrics) {
  const int32_t *none = NULL;
  double out = 7;
  double counts[4] = {7};
  const refusal all[] = {
      REFUSED(clf_accuracy(none, labels, NULL, ROWS, &out)),
      REFUSED(clf_accuracy(labels, none, NULL, ROWS, &out)),
      REFUSED(clf_accuracy(labels, labels, NULL, ROWS, NULL)),
      REFUSED(clf_confusion_matrix(none, labels, NULL, ROWS, 2, counts)),
      REFUSED(clf_confusion_matrix(labels, none, NULL, ROWS, 2, counts)),
      REFUSED(clf_confusion_matrix(labels, labels, NULL, ROWS, 2, NULL)),
      REFUSED(clf_class_scores(none, labels, NULL, ROWS, 2, counts)),
      REFUSED(clf_class_scores(labels, none, NULL, ROWS, 2, counts)),
      REFUSED(clf_class_scores(labels, labels, NULL, ROWS, 2, NULL)),
      REFUSED(clf_average_scores(none, labels, NULL, ROWS, 2, CLF_AVERAGE_MACRO, counts)),
      REFUSED(clf_average_scores(labels, none, NULL, ROWS, 2, CLF_AVERAGE_MACRO, counts)),
      REFUSED(clf_average_scores(labels, labels, NULL, ROWS, 2, CLF_AVERAGE_MACRO, NULL)),
      REFUSED(clf_balanced_accuracy(none, labels, NULL, ROWS, 2, &out)),
      REFUSED(clf_balanced_accuracy(labels, none, NULL, ROWS, 2, &out)),
      REFUSED(clf_balanced_accuracy(labels, labels, NULL, ROWS, 2, NULL)),
      REFUSED(clf_matthews_correlation(none, labels, NULL, ROWS, 2, &out)),
      REFUSED(clf_matthews_correlation(labels, none, NULL, ROWS, 2, &out)),
      REFUSED(clf_matthews_correlation(labels, labels, NULL, ROWS, 2, NULL)),
      REFUSED(clf_cohen_kappa(none, labels, NULL, ROWS, 2, CLF_DISAGREEMENT_EQUAL, &out)),
      REFUSED(clf_cohen_kappa(labels, none, NULL, ROWS, 2, CLF_DISAGREEMENT_EQUAL, &out)),
      REFUSED(clf_cohen_kappa(labels, labels, NULL, ROWS, 2, CLF_DISAGREEMENT_EQUAL, NULL)),
      REFUSED(clf_top_k_accuracy(none, values, NULL, ROWS, 2, 1, &out)),
      REFUSED(clf_top_k_accuracy(labels, NULL, NULL, ROWS, 2, 1, &out)),
      REFUSED(clf_top_k_accuracy(labels, values, NULL, ROWS, 2, 1, NULL)),
      REFUSED(clf_bootstrap(NULL, NULL, NULL, ROWS, 1, counts, NULL, NULL)),
      REFUSED(clf_log_loss(none, values, NULL, ROWS, 2, &out)),
      REFUSED(clf_log_loss(labels, NULL, NULL, ROWS, 2, &out)),
      REFUSED(clf_log_loss(labels, values, NULL, ROWS, 2, NULL)),
      REFUSED(clf_brier_score(none, values, NULL, ROWS, 2, &out)),
      REFUSED(clf_brier_score(labels, NULL, NULL, ROWS, 2, &out)),
      REFUSED(clf_brier_score(labels, values, NULL, ROWS, 2, NULL)),
      REFUSED(clf_calibration_error(none, values, NULL, ROWS, 2, 5, &out, NULL)),
      REFUSED(clf_calibration_error(labels, NULL, NULL, ROWS, 2, 5, &out, NULL)),
      REFUSED(clf_calibration_error(labels, values, NULL, ROWS, 2, 5, NULL, NULL)),
      REFUSED(clf_average_precision(none, values, NULL, ROWS, &out)),
      REFUSED(clf_average_precision(labels, NULL, NULL, ROWS, &out)),
      REFUSED(clf_average_precision(labels, values, NULL, ROWS, NULL)),
      REFUSED(clf_average_precision_classes(none, values, NULL, ROWS, 2, &out)),
      REFUSED(clf_average_precision_classes(labels, NULL, NULL, ROWS, 2, &out)),
      REFUSED(clf_average_precision_classes(labels, values, NULL, ROWS, 2, NULL)),
      REFUSED(clf_roc_auc(none, values, NULL, ROWS, &out)),
      REFUSED(clf_roc_auc(labels, NULL, NULL, ROWS, &out)),
      REFUSED(clf_roc_auc(labels, values, NULL, ROWS, NULL)),
      REFUSED(clf_roc_auc_classes(none, values, NULL, ROWS, 2, &out)),
      REFUSED(clf_roc_auc_classes(labels, NULL, NULL, ROWS, 2, &out)),
      REFUSED(clf_roc_auc_classes(labels, values, NULL, ROWS, 2, NULL)),
  };
  CHECK_ALL(all);
  ck_assert_double_eq(out, 7);
  ck_assert_double_eq(counts[0], 7);
}

/* Results of a search that is not there, and of combinations that it does not have. */
TEST(null__search_results) {
  clf_search *search = NULL;
  ck_assert_int_eq(clf_search_count(NULL), -1);
  ck_assert_int_eq(clf_search_best(NULL), -1);
  ck_assert_int_eq(clf_search_rows(NULL, 0), -1);
  ck_assert_ptr_null(clf_search_combination(NULL, 0));
  clf_search_free(NULL);
  ck_clf_ok(clf_search_create(&search, model, data, 2, 0, "alpha=1|2", NULL));
  for (int64_t index = -1; index <= 2; index += 3) {
    ck_assert_ptr_null(clf_search_combination(search, index));
    ck_assert_double_nan(clf_search_mean(search, index));
    ck_assert_double_nan(clf_search_deviation(search, index));
    ck_assert_double_nan(clf_search_score(search, index, 0));
    ck_assert_int_eq(clf_search_rows(search, index), -1);
  }
  ck_assert_double_nan(clf_search_score(search, 0, 2));
  clf_search_free(search);
}

TEST(null__selection_and_catalog) {
  double scores[2] = {7};
  int64_t value = 7;
  clf_param_info info = {.struct_size = sizeof info};
  clf_search *search = NULL;
  const refusal all[] = {
      REFUSED(clf_cross_validate(NULL, data, 2, 0, scores)),
      REFUSED(clf_cross_validate(model, NULL, 2, 0, scores)),
      REFUSED(clf_cross_validate(model, data, 2, 0, NULL)),
      REFUSED(clf_search_dataset(NULL, search)),
      REFUSED(clf_search_dataset(&data, NULL)),
      REFUSED(clf_search_create(NULL, model, data, 2, 0, "", NULL)),
      REFUSED(clf_search_create(&search, NULL, data, 2, 0, "", NULL)),
      REFUSED(clf_search_create(&search, model, NULL, 2, 0, "", NULL)),
      REFUSED(clf_search_create(&search, model, data, 2, 0, NULL, NULL)),
      REFUSED(clf_search_model(&model, NULL)),
      REFUSED(clf_search_model(NULL, NULL)),
      REFUSED(clf_param_describe(NULL, "ridge", 0, &info)),
      REFUSED(clf_param_describe("model", NULL, 0, &info)),
      REFUSED(clf_param_describe("model", "ridge", 0, NULL)),
      REFUSED(clf_constant(NULL, &value)),
      REFUSED(clf_constant("CLF_OK", NULL)),
  };
  CHECK_ALL(all);
  ck_assert_double_eq(scores[0], 7);
  ck_assert_int_eq(value, 7);
  ck_assert_ptr_null(search);
}

SUITE("null", .setup = open_all, .teardown = close_all)
