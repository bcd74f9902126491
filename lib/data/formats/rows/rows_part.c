#include "data/formats/rows/rows.h"

clf_status clf__rows_part_open(clf__rows_part *out, const char *folder, const char *name,
                               int32_t dtype, int64_t width) {
  clf__rows_part part = {.name = name, .dtype = dtype, .width = width};
  CLF__CHECK(clf__scratch_open(&part.file, folder));
  *out = part;
  return CLF_OK;
}

clf_status clf__rows_part_write(clf__rows_part *part, const void *elements, int64_t count) {
  CLF__CHECK(
      clf__scratch_write(&part->file, elements, (size_t)count * clf__dtype_size(part->dtype)));
  part->count += count;
  return CLF_OK;
}

clf_status clf__rows_part_map(clf_tensor **out, clf_context *context, clf__rows_part *part) {
  const int64_t shape[2] = {part->width > 0 ? part->count / part->width : part->count, part->width};
  clf__bytes bytes = {0};
  clf__tensor_bytes *shared = NULL;
  clf_status status;
  CLF__TRY(clf__scratch_map(&bytes, &part->file));
  const void *data = bytes.data;
  CLF__TRY(clf__tensor_bytes_share(&shared, context, &bytes));
  status =
      clf__tensor_of_bytes(out, context, shared, data, part->dtype, part->width > 0 ? 2 : 1, shape);
done:
  clf__bytes_release(&bytes);
  clf__tensor_bytes_release(shared);
  return status;
}

void clf__rows_part_close(clf__rows_part *part) {
  clf__scratch_close(&part->file);
}
