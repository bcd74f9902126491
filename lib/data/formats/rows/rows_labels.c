/* The labels of a file of rows. Classes are sorted, so those of later rows change the indices of
 * earlier ones. Codes do not change; the file's labels are made of them at the end. */
#include "data/formats/rows/rows.h"

/* Sets the places of the old codes in the joined classes, and gives codes to the new classes. */
static void renumber(clf__rows_labels *next, const clf__rows_labels *labels, const int32_t *map) {
  const int32_t count = clf__classes_count(next->classes);
  int32_t codes = clf__classes_count(labels->classes);
  for (int32_t i = 0; i < count; i++) {
    next->code_of[i] = -1;
  }
  for (int32_t code = 0; code < codes; code++) {
    next->place[code] = map[labels->place[code]];
    next->code_of[next->place[code]] = code;
  }
  for (int32_t i = 0; i < count; i++) {
    if (next->code_of[i] < 0) {
      next->code_of[i] = codes;
      next->place[codes++] = i;
    }
  }
}

clf_status clf__rows_labels_join(clf__rows_labels *labels, clf_context *context,
                                 const clf__classes *more) {
  const int64_t old = clf__classes_count(labels->classes);
  clf__rows_labels next = {.classes = NULL};
  int32_t *map = clf__alloc_array(context, old, sizeof *map);
  clf_status status = map != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  if (labels->classes == NULL) {
    next.classes = clf__classes_retain((clf__classes *)(uintptr_t)more);
  } else {
    CLF__TRY(clf__classes_join(&next.classes, context, labels->classes, more));
    clf__classes_map(labels->classes, next.classes, map);
  }
  const int64_t count = clf__classes_count(next.classes);
  next.place = clf__alloc_array(context, count, sizeof *next.place);
  next.code_of = clf__alloc_array(context, count, sizeof *next.code_of);
  status = next.place != NULL && next.code_of != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  renumber(&next, labels, map);
  clf__rows_labels_free(labels);
  *labels = next;
  next = (clf__rows_labels){.classes = NULL};
done:
  clf__free(map);
  clf__rows_labels_free(&next);
  return status;
}

clf_status clf__rows_labels_write(const clf__rows_labels *labels, clf__rows_part *part,
                                  const clf_dataset *rows) {
  enum { BLOCK = 1 << 12 };
  const int32_t *indices = clf__dataset_labels(rows);
  int32_t block[BLOCK];
  int32_t *map = clf__alloc_array(rows->context, clf__classes_count(rows->classes), sizeof *map);
  clf_status status = map != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  clf__classes_map(rows->classes, labels->classes, map);
  for (int64_t first = 0; first < rows->rows; first += BLOCK) {
    const int64_t count = rows->rows - first < BLOCK ? rows->rows - first : BLOCK;
    for (int64_t i = 0; i < count; i++) {
      block[i] = labels->code_of[map[indices[first + i]]];
    }
    CLF__TRY(clf__rows_part_write(part, block, count));
  }
done:
  clf__free(map);
  return status;
}

void clf__rows_labels_finish(const clf__rows_labels *labels, clf_tensor *codes) {
  int32_t *data = codes->data;
  for (int64_t i = 0; i < codes->shape[0]; i++) {
    data[i] = labels->place[data[i]];
  }
}

void clf__rows_labels_free(clf__rows_labels *labels) {
  clf__classes_release(labels->classes);
  clf__free(labels->place);
  clf__free(labels->code_of);
  *labels = (clf__rows_labels){.classes = NULL};
}
