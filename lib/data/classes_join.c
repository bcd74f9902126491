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

/* Refuses joined classes that lack one: as f64, which holds fractions, large integers are
 * rounded. */
static clf_status check_kept(const clf__classes *joined, const clf__classes *one, int32_t *map) {
  clf__classes_map(one, joined, map);
  const int64_t lost = first_new(map, clf__classes_count(one));
  return lost < 0 ? CLF_OK
                  : clf__fail(CLF_ERROR_DATA,
                              "class %s would be rounded among numbers that are not integers; use "
                              "names as labels",
                              clf__classes_name(one, lost));
}

clf_status clf__classes_join(clf__classes **out, clf_context *context, clf__classes *classes,
                             const clf__classes *more) {
  const int64_t old = clf__classes_count(classes), others = clf__classes_count(more);
  clf__arena arena = {.context = context};
  int32_t *map = clf__arena_array(&arena, old + others, sizeof *map);
  const char **names = clf__arena_array(&arena, old + others, sizeof *names);
  clf_tensor *labels = NULL;
  clf__classes *joined = NULL;
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
    CLF__TRY(clf__classes_of_numbers(&joined, context, labels, map));
  } else {
    CLF__TRY(clf__classes_of_names(&joined, context, names, count, map));
  }
  CLF__TRY(check_kept(joined, classes, map));
  CLF__TRY(check_kept(joined, more, map));
  *out = joined;
  joined = NULL;
done:
  clf__classes_release(joined);
  clf_tensor_free(labels);
  clf__arena_free(&arena);
  return status;
}
