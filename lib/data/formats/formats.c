/* Reading datasets from files of a format, or from memory, and writing them. */
#include <math.h>

#include "base/border.h"
#include "base/kind_use.h"
#include "base/scratch.h"
#include "base/spill.h"
#include "data/dataset.h"

/* Opens the spill that a reader's parameters ask for, or none; `use` must outlive it. */
static void open_spill(clf__spill *spill, const clf__kind_use *use) {
  const clf__dataset_reader *reader = use->kind;
  *spill = (clf__spill){.context = use->context,
                        .reserve = clf__scratch_reserve,
                        .folder = clf__params_text(&reader->base.params, use->params, "spill")};
  clf__spill_open(spill);
}

/* Loads a format whose datasets are single files. */
static clf_status load_file(clf_dataset **out, const clf__kind_use *use, const char *path) {
  const clf__dataset_reader *reader = use->kind;
  clf__bytes bytes = {0};
  clf_status status = clf__source_open(&bytes, use->context, path, false, reader->head);
  if (status == CLF_OK) {
    status = reader->parse(out, use->context, &bytes, path, use->params);
  }
  clf__bytes_release(&bytes);
  return status;
}

clf_status clf_dataset_load(clf_dataset **out, clf_context *context, const char *format,
                            const char *path, const char *params) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  CLF__ENTER("dataset");
  clf__kind_use use = {0};
  CLF__CHECK(
      clf__kind_choose(&use, clf__kind_find(&clf__dataset_readers, format), context, params));
  const clf__dataset_reader *reader = use.kind;
  clf__spill spill;
  open_spill(&spill, &use);
  clf_status status = reader->load != NULL ? reader->load(out, use.context, path, use.params)
                                           : load_file(out, &use, path);
  status = clf__spill_close(&spill, status);
  clf__kind_release(&use);
  return status;
}

clf_status clf_dataset_load_memory(clf_dataset **out, clf_context *context, const char *format,
                                   const void *bytes, size_t size, const char *params) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(format);
  CLF__REQUIRE(bytes);
  CLF__ENTER("dataset");
  clf__kind_use use = {0};
  clf__bytes source = {0};
  CLF__CHECK(
      clf__kind_choose(&use, clf__kind_find(&clf__dataset_readers, format), context, params));
  const clf__dataset_reader *reader = use.kind;
  clf__spill spill;
  open_spill(&spill, &use);
  clf_status status = clf__source_memory(&source, use.context, bytes, size, reader->head);
  if (status == CLF_OK) {
    status = reader->parse(out, use.context, &source, CLF__SOURCE_MEMORY, use.params);
  }
  clf__bytes_release(&source);
  status = clf__spill_close(&spill, status);
  clf__kind_release(&use);
  return status;
}

/* Writes a format whose datasets are single files. */
static clf_status save_file(const clf_dataset *dataset, const clf__dataset_writer *writer,
                            const char *path, const void *params) {
  clf__output output = {.descriptor = -1};
  clf_status status;
  CLF__TRY(clf__output_open(&output, dataset->context, path));
  CLF__TRY(writer->write(dataset, &output, params));
  CLF__TRY(clf__output_commit(&output));
done:
  clf__output_close(&output);
  return status;
}

/* Refuses infinite values; NaN is a missing one. */
static clf_status check_infinite(const clf_dataset *dataset, const clf__rows *x) {
  const int64_t count = clf__rows_sparse(x) ? 1 : x->rows;
  const int64_t columns = clf__rows_sparse(x) ? clf__rows_entries(x) : x->columns;
  for (int64_t i = 0; x->dtype != CLF_U8 && i < count; i++) {
    for (int64_t j = 0; j < columns; j++) {
      const double value =
          clf__rows_sparse(x) ? (double)x->value[x->row_start[0] + j] : clf__rows_element(x, i, j);
      if (isinf(value)) {
        return clf__rows_check_finite(dataset->context, x);
      }
    }
  }
  return CLF_OK;
}

clf_status clf_dataset_save(const clf_dataset *dataset, const char *format, const char *path,
                            const char *params) {
  CLF__REQUIRE(dataset);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  CLF__ENTER("dataset");
  const void *found = NULL;
  CLF__CHECK(
      clf__format_find(&found, &clf__dataset_writers, format, &clf__dataset_readers, "read"));
  const clf__dataset_writer *writer = found;
  void *values = NULL;
  const clf__rows x = clf__dataset_rows(dataset);
  clf_status status;
  CLF__TRY(clf__params_create(&values, dataset->context, &writer->base.params, params));
  CLF__TRY(writer->tables ? check_infinite(dataset, &x)
                          : clf__dataset_check_numbers(dataset, format));
  CLF__TRY(writer->tables ? CLF_OK : clf__rows_check_finite(dataset->context, &x));
  CLF__TRY(writer->save != NULL ? writer->save(dataset, path, values)
                                : save_file(dataset, writer, path, values));
done:
  clf__params_free(&writer->base.params, values);
  return status;
}
