/* Whether rows are like the first ones of a file of rows. */
#include "base/text.h"
#include "data/formats/rows/rows_writer.h"
#include "data/match.h"

static clf_status fail_shape(const clf_dataset_writer *writer, const clf_dataset *rows) {
  return clf__fail(CLF_ERROR_SHAPE, "%s: the rows have %lld features%s; the first ones had %lld%s",
                   CLF__ROWS_OWNER, (long long)rows->features, rows->x == NULL ? ", sparse" : "",
                   (long long)writer->features, writer->sparse ? ", sparse" : "");
}

static clf_status check_shape(const clf_dataset_writer *writer, const clf_dataset *rows) {
  if (writer->sparse != (rows->x == NULL) || writer->features != rows->features ||
      (rows->x != NULL && rows->x->ndim != writer->first->ndim)) {
    return fail_shape(writer, rows);
  }
  for (int32_t i = 1; rows->x != NULL && i < rows->x->ndim; i++) {
    if (rows->x->shape[i] != writer->first->shape[i]) {
      return clf__fail(CLF_ERROR_SHAPE, "%s: axis %d of the rows has %lld elements, not %lld",
                       CLF__ROWS_OWNER, i, (long long)rows->x->shape[i],
                       (long long)writer->first->shape[i]);
    }
  }
  return CLF_OK;
}

/* With dtype=auto, rows must not lose anything to the type of the first ones. Other types are
 * converted to the one that was asked for, but not to bytes with a scale. */
static clf_status check_dtype(const clf_dataset_writer *writer, const clf_dataset *rows) {
  const int32_t own = writer->first->dtype;
  if (rows->x == NULL || (writer->wanted != CLF__ROWS_AUTO && writer->first->scale == 1)) {
    return CLF_OK;
  }
  const bool same = rows->x->dtype == own && rows->x->scale == writer->first->scale;
  return same || own == CLF_F64 || (own == CLF_F32 && rows->x->dtype != CLF_F64)
             ? CLF_OK
             : clf__fail(CLF_ERROR_TYPE,
                         "%s: the rows are %s%s, and the first ones were %s; create the writer "
                         "with dtype=f64, which holds both",
                         CLF__ROWS_OWNER, clf__dtype_name(rows->x->dtype),
                         rows->x->dtype == own ? " of another scale" : "", clf__dtype_name(own));
}

static clf_status check_presence(const char *what, bool has, bool first) {
  return has == first ? CLF_OK
                      : clf__fail(CLF_ERROR_DATA, "%s: the rows have %s%s; the first ones had %s",
                                  CLF__ROWS_OWNER, has ? "" : "no ", what, first ? "them" : "none");
}

static clf_status check_parts(const clf_dataset_writer *writer, const clf_dataset *rows) {
  CLF__CHECK(check_presence("labels", rows->labels != NULL, writer->labels.classes != NULL));
  CLF__CHECK(check_presence("targets", rows->targets != NULL, writer->outputs > 0));
  CLF__CHECK(check_presence("weights", rows->weights != NULL, writer->weighted));
  CLF__CHECK(check_presence("names of columns", rows->names != NULL, writer->names != NULL));
  if (clf_dataset_outputs(rows) != writer->outputs) {
    return clf__fail(
        CLF_ERROR_SHAPE, "%s: the rows have %lld targets each; the first ones had %lld",
        CLF__ROWS_OWNER, (long long)clf_dataset_outputs(rows), (long long)writer->outputs);
  }
  if (rows->labels != NULL &&
      clf__classes_are_numbers(rows->classes) != clf__classes_are_numbers(writer->labels.classes)) {
    return clf__fail(CLF_ERROR_DATA, "%s: the labels are %s; the first ones were %s",
                     CLF__ROWS_OWNER, clf__classes_are_numbers(rows->classes) ? "numbers" : "names",
                     clf__classes_are_numbers(rows->classes) ? "names" : "numbers");
  }
  return CLF_OK;
}

static clf_status check_columns(const clf_dataset_writer *writer, const clf_dataset *rows) {
  const int64_t other = clf__names_difference(writer->names, rows->names);
  if (other >= 0) {
    return clf__fail(CLF_ERROR_DATA, "%s: %s of the rows has another name in the first ones",
                     CLF__ROWS_OWNER, clf__dataset_column(rows, other).text);
  }
  for (int64_t j = 0; j < writer->features; j++) {
    const bool has = clf__categories_of(rows->categories, j) != NULL;
    if (has != (clf__categories_of(writer->categories, j) != NULL)) {
      return clf__fail(CLF_ERROR_DATA, "%s: %s has %s, and the first rows had %s there",
                       CLF__ROWS_OWNER, clf__dataset_column(rows, j).text,
                       has ? "categories" : "numbers", has ? "numbers" : "categories");
    }
  }
  return CLF_OK;
}

clf_status clf__rows_writer_check(const clf_dataset_writer *writer, const clf_dataset *rows) {
  CLF__CHECK(check_shape(writer, rows));
  CLF__CHECK(check_dtype(writer, rows));
  CLF__CHECK(check_parts(writer, rows));
  return check_columns(writer, rows);
}
