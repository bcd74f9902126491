/* The classes of all ranks, as if one process had read all labels: classes are in order, so it does
 * not matter which rank has which. They are exchanged in the form in which they are saved. */
#include <string.h>

#include "base/math.h"
#include "base/text.h"
#include "comm/comm.h"
#include "data/label_key.h"
#include "data/rank_rows.h"

enum { NONE = -1 }; /* the type of the labels of a rank without rows */

/* What a rank says of its classes before it sends them. */
typedef struct saved_classes {
  int64_t count; /* elements of the tensor */
  int64_t dtype; /* CLF_U8 for names, or NONE */
} saved_classes;

static clf_status save(clf__store **store, const clf_tensor **tensor, clf_context *context,
                       const clf__classes *classes) {
  if (classes == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__store_create(store, context));
  CLF__CHECK(clf__classes_save(classes, *store));
  *tensor = clf__store_tensor(*store, clf__store_name(*store, 0));
  return CLF_OK;
}

/* Returns whether f32 holds an integer. */
static bool is_single(int64_t integer) {
  int64_t key = integer;
  if (!clf__key_convert(&key, CLF__KEY_INTEGER, CLF__KEY_DOUBLE)) {
    return false;
  }
  const double value = clf__double_of_key(key);
  return (double)(float)value == value;
}

/* Returns the type of the labels of all ranks. Labels of f32 that are all integers are saved as
 * such, so f32 stays f32 if it holds the integers of other ranks. */
static int32_t common_type(const saved_classes *saved, int32_t ranks, const char *bytes,
                           int64_t step) {
  bool fractions = false, doubles = false, singles = true;
  for (int32_t rank = 0; rank < ranks; rank++) {
    const int64_t *integers = (const int64_t *)(const void *)(bytes + rank * step);
    fractions = fractions || (saved[rank].count > 0 && saved[rank].dtype != CLF_I64);
    doubles = doubles || saved[rank].dtype == CLF_F64;
    for (int64_t i = 0; saved[rank].dtype == CLF_I64 && i < saved[rank].count; i++) {
      singles = singles && is_single(integers[i]);
    }
  }
  return !fractions ? CLF_I64 : doubles || !singles ? CLF_F64 : CLF_F32;
}

/* As a double, 0.1 of f32 is that of its text, as it is among the labels of other ranks. */
static double double_of(float value) {
  double result = (double)value;
  clf__parse_f64(clf__number_format_f32(value).text, &result);
  return result;
}

/* Copies numbers of one dtype to those of the common one. */
static void append(clf_tensor *to, int64_t at, const void *from, int64_t dtype, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    if (to->dtype == CLF_I64) {
      ((int64_t *)to->data)[at + i] = ((const int64_t *)from)[i];
    } else if (to->dtype == CLF_F32) {
      ((float *)to->data)[at + i] =
          dtype == CLF_I64 ? (float)((const int64_t *)from)[i] : ((const float *)from)[i];
    } else {
      ((double *)to->data)[at + i] = dtype == CLF_I64   ? (double)((const int64_t *)from)[i]
                                     : dtype == CLF_F32 ? double_of(((const float *)from)[i])
                                                        : ((const double *)from)[i];
    }
  }
}

static clf_status join_numbers(clf__classes **out, clf_context *context, const saved_classes *saved,
                               int32_t ranks, const char *bytes, int64_t step) {
  clf_tensor *labels = NULL;
  int64_t total = 0, at = 0;
  clf_status status = CLF_OK;
  int32_t *indices = NULL;
  for (int32_t rank = 0; rank < ranks; rank++) {
    total += saved[rank].count;
  }
  CLF__TRY(clf__tensor_vector(&labels, context, common_type(saved, ranks, bytes, step), total));
  for (int32_t rank = 0; rank < ranks; rank++) {
    append(labels, at, bytes + rank * step, saved[rank].dtype, saved[rank].count);
    at += saved[rank].count;
  }
  indices = clf__alloc_array(context, total, sizeof *indices);
  CLF__TRY(indices != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  status = clf__classes_of_numbers(out, context, labels, indices);
done:
  clf__free(indices);
  clf_tensor_free(labels);
  return status;
}

static clf_status join_names(clf__classes **out, clf_context *context, const saved_classes *saved,
                             int32_t ranks, const char *bytes, int64_t step) {
  int64_t total = 0, count = 0;
  clf__arena arena = {.context = context};
  clf_status status = CLF_OK;
  for (int32_t rank = 0; rank < ranks; rank++) {
    total += saved[rank].count; /* each name has at least a byte */
  }
  const char **names = clf__arena_array(&arena, total, sizeof *names);
  int32_t *indices = clf__arena_array(&arena, total, sizeof *indices);
  CLF__TRY(clf__arena_status(&arena));
  for (int32_t rank = 0; rank < ranks; rank++) {
    count += clf__names_cut(bytes + rank * step, saved[rank].count, names + count, total - count);
  }
  status = clf__classes_of_names(out, context, names, count, indices);
done:
  clf__arena_free(&arena);
  return status;
}

/* Sizes come from other processes. */
static clf_status check_sizes(const saved_classes *saved, int32_t ranks) {
  for (int32_t rank = 0; rank < ranks; rank++) {
    const int64_t dtype = saved[rank].dtype, count = saved[rank].count;
    const bool known = dtype == CLF_U8 || dtype == CLF_I64 || dtype == CLF_F32 || dtype == CLF_F64;
    if ((count == 0) != (dtype == NONE) || (count != 0 && !known) || count < 0 ||
        count > INT64_MAX / (2 * (int64_t)sizeof(double)) / ranks) {
      return clf__comm_garbled("all_gather");
    }
  }
  return CLF_OK;
}

/* *names receives whether the labels are names. */
static clf_status check_kinds(const saved_classes *saved, int32_t ranks, bool *names) {
  int32_t first = 0;
  while (first < ranks - 1 && saved[first].dtype == NONE) {
    first++;
  }
  *names = saved[first].dtype == CLF_U8;
  for (int32_t rank = first + 1; rank < ranks; rank++) {
    if (saved[rank].dtype != NONE && (saved[rank].dtype == CLF_U8) != *names) {
      return clf__fail(CLF_ERROR_PEER,
                       "the labels of rank %d are %s and those of rank %d are not; all ranks need "
                       "names, or numbers",
                       (int)rank, *names ? "numbers" : "names", (int)first);
    }
  }
  return CLF_OK;
}

clf_status clf__rank_classes(clf__classes **out, clf_context *context,
                             const clf__classes *classes) {
  const int32_t ranks = clf__comm_ranks(context);
  clf__store *store = NULL;
  const clf_tensor *tensor = NULL;
  bool names = false;
  clf__arena arena = {.context = context};
  clf_status status = CLF_OK;
  saved_classes *saved = clf__arena_array(&arena, ranks, sizeof *saved);
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(save(&store, &tensor, context, classes));
  const saved_classes mine = {tensor != NULL ? clf_tensor_count(tensor) : 0,
                              tensor != NULL ? tensor->dtype : NONE};
  CLF__TRY(clf__comm_gather(context, "classes", &mine, (int64_t)sizeof mine, saved));
  CLF__TRY(check_sizes(saved, ranks));
  CLF__TRY(check_kinds(saved, ranks, &names));
  int64_t step = (int64_t)sizeof(double);
  for (int32_t rank = 0; rank < ranks; rank++) {
    const int64_t bytes = saved[rank].count * (int64_t)clf__dtype_size((int32_t)saved[rank].dtype);
    step = clf__max_i64(step, clf__round_up(bytes, (int64_t)sizeof(double)));
  }
  char *packet = clf__arena_zeroed(&arena, step, 1);
  char *all = clf__arena_matrix(&arena, ranks, step, 1);
  CLF__TRY(clf__arena_status(&arena));
  if (tensor != NULL) {
    memcpy(packet, tensor->data, (size_t)mine.count * clf__dtype_size(tensor->dtype));
  }
  CLF__TRY(clf__comm_gather(context, "names of classes", packet, step, all));
  status = names ? join_names(out, context, saved, ranks, all, step)
                 : join_numbers(out, context, saved, ranks, all, step);
done:
  clf__store_free(store);
  clf__arena_free(&arena);
  return status;
}
