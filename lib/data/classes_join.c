/* Classes of two sets of rows together. They are made of their names, which numbers are read back
 * from. */
#include "base/text.h"
#include "data/classes.h"

/* Returns the index of the first class that is mapped to none, or -1. */
static int64_t first_new(const int32_t *map, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    if (map[i] < 0) {
      return i;
    }
  }
  return -1;
}

/* The labels [count] as a tensor of integers, or of doubles if not all are. */
static clf_status read_numbers(clf_tensor **out, clf_context *context, const char *const *names,
                               int64_t count) {
  int64_t integer;
  int32_t dtype = CLF_I64;
  for (int64_t i = 0; i < count; i++) {
    dtype = clf__parse_i64(names[i], &integer) ? dtype : CLF_F64;
  }
  CLF__CHECK(clf__tensor_vector(out, context, dtype, count));
  for (int64_t i = 0; i < count; i++) {
    if (dtype == CLF_I64) {
      clf__parse_i64(names[i], (int64_t *)(*out)->data + i);
    } else {
      clf__parse_f64(names[i], (double *)(*out)->data + i);
    }
  }
  return CLF_OK;
}

clf_status clf__classes_join(clf__classes **out, clf_context *context, clf__classes *classes,
                             const clf__classes *more) {
  const int64_t old = clf__classes_count(classes), others = clf__classes_count(more);
  clf__arena arena = {.context = context};
  int32_t *map = clf__arena_array(&arena, old + others, sizeof *map);
  const char **names = clf__arena_array(&arena, old + others, sizeof *names);
  clf_tensor *labels = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  clf__classes_map(more, classes, map);
  const int64_t added = first_new(map, others);
  if (added < 0) {
    *out = clf__classes_retain(classes);
    goto done;
  }
  if (clf__classes_are_numbers(classes) != clf__classes_are_numbers(more)) {
    status = clf__fail(CLF_ERROR_DATA, "class '%s' is a %s; those of the model are %s",
                       clf__classes_name(more, added),
                       clf__classes_are_numbers(more) ? "number" : "name",
                       clf__classes_are_numbers(classes) ? "numbers" : "names");
    goto done;
  }
  int64_t count = old;
  for (int64_t i = 0; i < old; i++) {
    names[i] = clf__classes_name(classes, i);
  }
  for (int64_t i = 0; i < others; i++) {
    if (map[i] < 0) {
      names[count++] = clf__classes_name(more, i);
    }
  }
  if (clf__classes_are_numbers(classes)) {
    CLF__TRY(read_numbers(&labels, context, names, count));
    status = clf__classes_of_numbers(out, context, labels, map);
  } else {
    status = clf__classes_of_names(out, context, names, count, map);
  }
done:
  clf_tensor_free(labels);
  clf__arena_free(&arena);
  return status;
}
