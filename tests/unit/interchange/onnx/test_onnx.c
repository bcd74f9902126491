/* ONNX files: a reader of its own walks through the messages and holds the graph together.
 * tests/parity compares the results of the graphs in onnxruntime and OpenCV. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "failing_allocator.h"
#include "models/model.h"

enum { ROWS = 40, SIDE = 6, COLUMNS = SIDE * SIDE, CLASSES = 3, MOST = 64, NAME = 64 };

static const char
    path[] = "test_onnx_model.onnx",
    layers[] =
        "epochs=1 batch_size=8 input=6,6 layers='conv2d filters=3 kernel=3 padding=same stride=2 "
        "activation=leaky_relu; batch_norm; max_pool2d; dropout; flatten; dense units=5 "
        "activation=relu; dense units=3'";

/* A message or a part of one. */
typedef struct bytes {
  const unsigned char *at, *end;
} bytes;

typedef struct field {
  uint64_t number, type, value; /* value of a varint */
  bytes content;                /* of the other types */
} field;

static uint64_t varint(bytes *from) {
  uint64_t value = 0;
  int shift = 0;
  unsigned char byte;
  do {
    ck_assert(from->at < from->end && shift < 64);
    byte = *from->at++;
    value |= (uint64_t)(byte & 127) << shift;
    shift += 7;
  } while (byte >= 128);
  return value;
}

/* The next field; false at the end of the message. */
static bool next(bytes *from, field *out) {
  if (from->at == from->end) {
    return false;
  }
  const uint64_t key = varint(from);
  *out = (field){key >> 3, key & 7, 0, {NULL, NULL}};
  if (out->type == 0) {
    out->value = varint(from);
    return true;
  }
  ck_assert(out->type == 2 || out->type == 5);
  const uint64_t length = out->type == 2 ? varint(from) : 4;
  ck_assert_uint_le(length, (uint64_t)(from->end - from->at));
  out->content = (bytes){from->at, from->at + length};
  from->at += length;
  return true;
}

static void copy_name(char out[NAME], bytes from) {
  const size_t length = (size_t)(from.end - from.at);
  ck_assert_uint_lt(length, NAME);
  memcpy(out, from.at, length);
  out[length] = '\0';
}

/* What a walk has seen. */
typedef struct seen {
  char values[MOST][NAME]; /* names of the input, constants and outputs of nodes */
  int value_count;
  char operators[MOST][NAME];
  int operator_count, input_count, output_count, class_count;
  int64_t ir_version, operator_set, constant_elements;
} seen;

static bool knows(const seen *file, const char *name) {
  bool found = false;
  for (int i = 0; i < file->value_count; i++) {
    found = found || strcmp(file->values[i], name) == 0;
  }
  return found;
}

static void add_value(seen *file, const char *name) {
  ck_assert_msg(!knows(file, name), "%s is there twice", name);
  ck_assert_int_lt(file->value_count, MOST);
  for (const char *at = name; *at != '\0'; at++) { /* an identifier of C */
    ck_assert_msg((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_' ||
                      (at > name && *at >= '0' && *at <= '9'),
                  "%s", name);
  }
  strcpy(file->values[file->value_count++], name);
}

static void walk_constant(seen *file, bytes message) {
  int64_t elements = 1, type = 0, size = -1;
  char name[NAME] = "";
  for (field f; next(&message, &f);) {
    if (f.number == 1) {
      elements *= (int64_t)f.value;
    } else if (f.number == 2) {
      type = (int64_t)f.value;
    } else if (f.number == 8) {
      copy_name(name, f.content);
    } else {
      ck_assert_uint_eq(f.number, 9);
      size = f.content.end - f.content.at;
    }
  }
  ck_assert(type == 1 || type == 7);
  ck_assert_int_eq(size, elements * (type == 1 ? 4 : 8));
  file->constant_elements += type == 1 ? elements : 0;
  add_value(file, name);
}

/* Name, one value and its type; several values of the type INTS. */
static void walk_attribute(bytes message) {
  uint64_t type = 0, kind = 0;
  for (field f; next(&message, &f);) {
    if (f.number == 20) {
      type = f.value;
    } else if (f.number != 1) {
      kind = f.number;
    }
  }
  ck_assert((kind == 2 && type == 1) || (kind == 3 && type == 2) || (kind == 8 && type == 7));
}

static void walk_node(seen *file, bytes message) {
  char name[NAME], output[NAME] = "", operator[NAME] = "";
  for (field f; next(&message, &f);) {
    if (f.number == 5) {
      walk_attribute(f.content);
      continue;
    }
    copy_name(name, f.content);
    if (f.number == 1) {
      ck_assert_msg(knows(file, name), "%s is not there yet", name);
    } else if (f.number == 2) {
      strcpy(output, name);
    } else if (f.number == 4) {
      strcpy(operator, name);
    } else {
      ck_assert_uint_eq(f.number, 3);
    }
  }
  add_value(file, output);
  ck_assert_int_lt(file->operator_count, MOST);
  strcpy(file->operators[file->operator_count++], operator);
}

/* [N, sizes…] of f32. */
static void walk_value(bytes message, char name[NAME], int64_t *sizes, int *count) {
  field f, tensor, shape;
  ck_assert(next(&message, &f) && f.number == 1);
  copy_name(name, f.content);
  ck_assert(next(&message, &f) && f.number == 2);
  ck_assert(next(&f.content, &tensor) && tensor.number == 1);
  ck_assert(next(&tensor.content, &f) && f.number == 1 && f.value == 1);
  ck_assert(next(&tensor.content, &shape) && shape.number == 2);
  *count = 0;
  for (field size; next(&shape.content, &size);) {
    field what;
    ck_assert(size.number == 1 && next(&size.content, &what));
    ck_assert(what.number == (*count == 0 ? 2 : 1));
    sizes[(*count)++] = (int64_t)what.value;
  }
}

static void walk_graph(seen *file, bytes message) {
  char name[NAME];
  int64_t sizes[8];
  int count;
  for (field f; next(&message, &f);) {
    if (f.number == 1) {
      walk_node(file, f.content);
    } else if (f.number == 5) {
      walk_constant(file, f.content);
    } else if (f.number == 11) {
      walk_value(f.content, name, sizes, &count);
      ck_assert_str_eq(name, "input");
      ck_assert(count == 3 && sizes[1] == SIDE && sizes[2] == SIDE);
      add_value(file, name);
      file->input_count++;
    } else if (f.number == 12) {
      walk_value(f.content, name, sizes, &count);
      ck_assert_str_eq(name, file->output_count == 0 ? "scores" : "probabilities");
      ck_assert(count == 2 && sizes[1] == CLASSES);
      file->output_count++;
    } else {
      ck_assert_uint_eq(f.number, 2);
    }
  }
  ck_assert(knows(file, "scores") && knows(file, "probabilities"));
}

static void walk_model(seen *file, bytes message) {
  for (field f; next(&message, &f);) {
    if (f.number == 1) {
      file->ir_version = (int64_t)f.value;
    } else if (f.number == 7) {
      walk_graph(file, f.content);
    } else if (f.number == 8) {
      for (field set; next(&f.content, &set);) {
        file->operator_set = set.number == 2 ? (int64_t)set.value : file->operator_set;
      }
    } else if (f.number == 14) {
      file->class_count++;
    } else {
      ck_assert(f.number == 2 || f.number == 3);
    }
  }
}

typedef struct rows {
  float x[ROWS * COLUMNS];
  int32_t y[ROWS];
} rows;

static clf_dataset *data_of(clf_context *context, rows *r) {
  fill_clouds(r->x, r->y, ROWS, COLUMNS, CLASSES);
  return dataset_of(context, r->x, CLF_F32, ROWS, COLUMNS, r->y);
}

static unsigned char *contents(size_t *size) {
  FILE *file = fopen(path, "rb");
  ck_assert_ptr_nonnull(file);
  ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
  *size = (size_t)ftell(file);
  rewind(file);
  unsigned char *data = malloc(*size);
  ck_assert_uint_eq(fread(data, 1, *size, file), *size);
  fclose(file);
  return data;
}

TEST(onnx__file_holds_together) {
  static const char *const operators[] = {
      "Reshape", "Conv", "LeakyRelu", "BatchNormalization", "MaxPool", "Transpose", "Flatten",
      "Gemm",    "Relu", "Gemm",      "Identity",           "Softmax",
  };
  enum { OPERATORS = sizeof operators / sizeof operators[0] };
  const int64_t weights = 3 * 3 * 3 + 3 + 4 * 3 + 3 * 5 + 5 + 5 * 3 + 3;
  rows r;
  clf_dataset *data = data_of(NULL, &r);
  clf_model *model = fitted(NULL, "network", layers, data);
  size_t size;
  static seen file;
  ck_clf_ok(clf_model_export(model, "onnx", path, NULL));
  unsigned char *bytes_read = contents(&size);
  walk_model(&file, (bytes){bytes_read, bytes_read + size});
  ck_assert_int_eq(file.ir_version, 7);
  ck_assert_int_eq(file.operator_set, 13);
  ck_assert_int_eq(file.class_count, CLASSES);
  ck_assert_int_eq(file.input_count, 1);
  ck_assert_int_eq(file.output_count, 2);
  ck_assert_int_eq(file.operator_count, OPERATORS);
  for (int i = 0; i < OPERATORS; i++) {
    ck_assert_str_eq(file.operators[i], operators[i]);
  }
  ck_assert_int_eq(file.constant_elements, weights);
  free(bytes_read);
  clf_model_free(model);
  clf_dataset_free(data);
  remove(path);
}

TEST(onnx__moves_features_only_where_the_transform_does) {
  rows r;
  clf_dataset *data = data_of(NULL, &r);
  for (int mean = 0; mean < 2; mean++) {
    clf_model *model = NULL;
    size_t size;
    ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
    ck_clf_ok(clf_model_add_transform(model, "standardize", mean == 1 ? NULL : "mean=false"));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_clf_ok(clf_model_export(model, "onnx", path, NULL));
    unsigned char *file = contents(&size);
    ck_assert((memmem(file, size, "transform_1_center", 18) != NULL) == (mean == 1));
    ck_assert_ptr_nonnull(memmem(file, size, "transform_1_factor", 18));
    free(file);
    clf_model_free(model);
  }
  clf_dataset_free(data);
  remove(path);
}

/* An entry is field 14 of the file, of a key (1) and a value (2). */
TEST(onnx__has_the_metadata_of_the_model) {
  static const char entry[] =
      "\x72\x18\x0A\x0Fmetadata.author\x12\x05"
      "caf\xC3\xA9";
  rows r;
  size_t size;
  clf_dataset *data = data_of(NULL, &r);
  clf_model *model = fitted(NULL, "ridge", NULL, data);
  ck_clf_ok(clf_model_set_metadata(model, "author", "caf\xC3\xA9"));
  ck_clf_ok(clf_model_export(model, "onnx", path, NULL));
  unsigned char *file = contents(&size);
  ck_assert_ptr_nonnull(memmem(file, size, entry, sizeof entry - 1));
  free(file);
  clf_model_free(model);
  clf_dataset_free(data);
  remove(path);
}

TEST(onnx__names_the_features) {
  rows r;
  size_t size;
  const char *names[COLUMNS];
  clf_dataset *data = data_of(NULL, &r);
  for (int i = 0; i < COLUMNS; i++) {
    names[i] = i == 5 ? "width" : "";
  }
  ck_clf_ok(clf_dataset_set_column_names(data, names, COLUMNS));
  clf_model *model = fitted(NULL, "ridge", NULL, data);
  ck_clf_ok(clf_model_export(model, "onnx", path, NULL));
  unsigned char *file = contents(&size);
  ck_assert_ptr_nonnull(memmem(file, size,
                               "\x0A\x09"
                               "feature_5\x12\x05width",
                               18));
  free(file);
  clf_model_free(model);
  clf_dataset_free(data);
  remove(path);
}

/* The name of a graph is its field 2, whose tag is 0x12. */
TEST(onnx__graph_has_the_name_that_is_asked_for) {
  static const char *const params[] = {NULL, "name='scores of a caf\xC3\xA9'"};
  static const char *const names[] = {"\x12\x05ridge", "\x12\x11scores of a caf\xC3\xA9"};
  rows r;
  clf_dataset *data = data_of(NULL, &r);
  clf_model *model = fitted(NULL, "ridge", NULL, data);
  for (int i = 0; i < 2; i++) {
    size_t size;
    ck_clf_ok(clf_model_export(model, "onnx", path, params[i]));
    unsigned char *file = contents(&size);
    ck_assert_ptr_nonnull(memmem(file, size, names[i], strlen(names[i])));
    free(file);
  }
  remove(path);
  ck_clf_fails(clf_model_export(model, "onnx", path, "name=caf\xE9"), CLF_ERROR_ARGUMENT);
  ck_clf_says("is no UTF-8");
  ck_assert_int_ne(access(path, F_OK), 0);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Model files from before names were asked to be UTF-8 can be read; ONNX's texts are UTF-8. */
TEST(onnx__names_of_old_files_become_utf8) {
  static const char *const names[] = {"a", "caf\xE9", "caf\xE9\xFF"};
  int32_t indices[CLASSES];
  rows r;
  size_t size;
  clf_dataset *data = data_of(NULL, &r);
  clf_model *model = fitted(NULL, "ridge", NULL, data), *loaded = NULL;
  static char saved[1 << 16];
  clf__classes_release(model->classes);
  ck_clf_ok(clf__classes_of_names(&model->classes, model->context, names, CLASSES, indices));
  ck_clf_ok(clf_model_save_memory(model, saved, sizeof saved, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, saved, size));
  ck_assert_str_eq(clf_model_class_name(loaded, 1), names[1]);
  ck_clf_ok(clf_model_export(loaded, "onnx", path, NULL));
  unsigned char *file = contents(&size);
  ck_assert_ptr_null(memmem(file, size, "caf\xE9", 4));
  ck_assert_ptr_nonnull(memmem(file, size,
                               "\x06"
                               "caf\xEF\xBF\xBD",
                               7));
  ck_assert_ptr_nonnull(memmem(file, size,
                               "\x09"
                               "caf\xEF\xBF\xBD\xEF\xBF\xBD",
                               10));
  free(file);
  clf_model_free(loaded);
  clf_model_free(model);
  clf_dataset_free(data);
  remove(path);
}

TEST(onnx__is_written_only_and_once_fitted) {
  clf_model *model = NULL, *read = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network", layers));
  ck_clf_fails(clf_model_export(model, "onnx", path, NULL), CLF_ERROR_NOT_FITTED);
  ck_clf_fails(clf_model_import(&read, NULL, "onnx", path, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("only written");
  ck_assert_ptr_null(read);
  ck_assert_int_ne(access(path, F_OK), 0);
  clf_model_free(model);
}

TEST(onnx__file_stays_where_a_new_one_is_refused) {
  static const struct {
    const char *kind, *params, *says;
  } cases[] = {
      {"svm", "", "svm"},
      {"fisher", "kernel=rbf", "kernel"},
      {"perceptron", "kernel=rbf", "kernel"},
      {"network",
       "epochs=1 input=36 layers='embedding vocabulary=50 units=4; flatten; dense units=3'",
       "padding"},
  };
  rows r;
  size_t before, after;
  clf_dataset *data = data_of(NULL, &r);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    r.x[i] = (float)(i % 7 + r.y[i / COLUMNS]); /* ids for the embedding */
  }
  clf_model *model = fitted(NULL, "ridge", NULL, data);
  ck_clf_ok(clf_model_export(model, "onnx", path, NULL));
  free(contents(&before));
  clf_model_free(model);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    model = fitted(NULL, cases[i].kind, cases[i].params, data);
    ck_clf_fails(clf_model_export(model, "onnx", path, NULL), CLF_ERROR_UNSUPPORTED);
    ck_clf_says("onnx");
    ck_clf_says(cases[i].says);
    free(contents(&after));
    ck_assert_uint_eq(before, after);
    clf_model_free(model);
  }
  clf_dataset_free(data);
  remove(path);
}

TEST(onnx__unwritable_path_is_named) {
  rows r;
  clf_dataset *data = data_of(NULL, &r);
  clf_model *model = fitted(NULL, "ridge", NULL, data);
  ck_clf_fails(clf_model_export(model, "onnx", "no/such/folder/model.onnx", NULL), CLF_ERROR_IO);
  ck_clf_says("no/such/folder");
  ck_clf_fails(clf_model_export(model, "onxn", path, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("onnx");
  clf_model_free(model);
  clf_dataset_free(data);
}

/* The same model after a save and a load gives the same file. */
TEST(onnx__file_depends_on_the_model_alone) {
  rows r;
  size_t needed, first_size, other_size;
  clf_dataset *data = data_of(NULL, &r);
  clf_model *model = fitted(NULL, "network", layers, data), *loaded = NULL;
  ck_clf_ok(clf_model_export(model, "onnx", path, NULL));
  unsigned char *first = contents(&first_size);
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &needed));
  void *saved = malloc(needed);
  ck_clf_ok(clf_model_save_memory(model, saved, needed, &needed));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, saved, needed));
  ck_clf_ok(clf_model_export(loaded, "onnx", path, NULL));
  unsigned char *other = contents(&other_size);
  ck_assert_uint_eq(first_size, other_size);
  ck_assert_mem_eq(first, other, first_size);
  free(first);
  free(other);
  free(saved);
  clf_model_free(model);
  clf_model_free(loaded);
  clf_dataset_free(data);
  remove(path);
}

/* Every allocation of the export in turn is refused. */
static void refuse_in_export(const char *kind, const char *params, const char *const stages[][2],
                             int count) {
  rows r;
  size_t needed;
  clf_dataset *data = data_of(NULL, &r);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, kind, params));
  for (int i = 0; i < count; i++) {
    ck_clf_ok(clf_model_add_transform(model, stages[i][0], stages[i][1]));
  }
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &needed));
  void *saved = malloc(needed);
  ck_clf_ok(clf_model_save_memory(model, saved, needed, &needed));
  clf_status status = CLF_ERROR_MEMORY;
  for (int64_t refuse = 1; status != CLF_OK; refuse++) {
    failing_allocator from = {0};
    clf_context *context = failing_context("threads=1", &from);
    clf_model *loaded = NULL;
    ck_clf_ok(clf_model_load_memory(&loaded, context, saved, needed));
    from.refuse = atomic_load(&from.asked) + refuse;
    status = clf_model_export(loaded, "onnx", path, NULL);
    ck_assert_msg(status == CLF_OK || status == CLF_ERROR_MEMORY, "%s", clf_last_error());
    if (status < 0) {
      check_refused_memory();
    }
    ck_assert_int_eq(access(path, F_OK), status == CLF_OK ? 0 : -1);
    clf_model_free(loaded);
    clf_context_free(context);
    ck_assert_int_eq(atomic_load(&from.held), 0);
    ck_assert_int_lt(refuse, 2000);
  }
  free(saved);
  clf_model_free(model);
  clf_dataset_free(data);
  remove(path);
}

TEST(onnx__every_refused_allocation_is_a_status) {
  static const char *const scaled[][2] = {{"standardize", NULL}, {"min_max", "clip=true low=-1"}};
  static const char *const tables[][2] = {{"select", "columns=2,1"},
                                          {"impute", "columns=1"},
                                          {"log", "columns=1 signs=true"},
                                          {"one_hot", "columns=2 unknown=error"}};
  refuse_in_export("network", layers, NULL, 0);
  refuse_in_export("network", "epochs=1 loss=binary_cross_entropy layers='dense units=3'", scaled,
                   2);
  refuse_in_export("logistic", "", scaled, 2);
  refuse_in_export("logistic", "", tables, 4);
}

TEST(onnx__refuses_transforms_without_operators) {
  rows r;
  clf_dataset *data = data_of(NULL, &r);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "logistic", NULL));
  ck_clf_ok(clf_model_add_transform(model, "hash", "columns=1"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_fails(clf_model_export(model, "onnx", path, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("the transform hash is not written");
  clf_model_free(model);
  clf_dataset_free(data);
}

SUITE("onnx")
