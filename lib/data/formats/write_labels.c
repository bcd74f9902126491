/* Labels as files have them that hold numbers alone: the class names if all of them are numbers,
 * otherwise the class indices, which the log explains. */
#include "data/formats/write_labels.h"

#include <math.h>
#include <stdio.h>

#include "base/context.h"
#include "base/utf8.h"

static clf__label_form form_of(const char *name) {
  int64_t integer;
  double value;
  if (clf__parse_i64(name, &integer)) {
    return CLF__LABEL_INTEGER;
  }
  return clf__parse_f64(name, &value) && isfinite((float)value) ? CLF__LABEL_REAL : CLF__LABEL_NAME;
}

clf__label_form clf__label_form_of(const clf_dataset *dataset) {
  clf__label_form form = dataset->labels == NULL ? CLF__LABEL_ABSENT : CLF__LABEL_INTEGER;
  for (int64_t k = 0; k < clf_dataset_classes(dataset); k++) {
    const clf__label_form own = form_of(clf_dataset_class_name(dataset, k));
    form = own > form ? own : form;
  }
  return form;
}

int64_t clf__label_integer(const clf_dataset *dataset, clf__label_form form, int64_t row) {
  int64_t label = clf__dataset_labels(dataset)[row];
  if (form == CLF__LABEL_INTEGER) {
    clf__parse_i64(clf_dataset_class_name(dataset, label), &label);
  }
  return label;
}

double clf__label_real(const clf_dataset *dataset, int64_t row) {
  double label = 0;
  clf__parse_f64(clf_dataset_class_name(dataset, clf__dataset_labels(dataset)[row]), &label);
  return label;
}

void clf__label_log_names(const clf_dataset *dataset, const char *format) {
  char line[400] = "";
  size_t length = 0;
  const int64_t classes = clf_dataset_classes(dataset);
  if (clf__label_form_of(dataset) != CLF__LABEL_NAME) {
    return;
  }
  for (int64_t k = 0; k < classes; k++) {
    const char *name = clf_dataset_class_name(dataset, k);
    const clf__excerpt shown = clf__excerpt_of(name, name + strlen(name));
    char text[120];
    const int added =
        snprintf(text, sizeof text, "%s%lld is %s", k > 0 ? ", " : "", (long long)k, shown.text);
    if (length + (size_t)added + sizeof " …" > sizeof line) {
      memcpy(line + length, " …", sizeof " …");
      break;
    }
    memcpy(line + length, text, (size_t)added + 1);
    length += (size_t)added;
  }
  clf__log(
      dataset->context, CLF_LOG_WARNING,
      "%s: its labels are numbers, and the classes have names; the file has the indices of the "
      "classes: %s",
      format, line);
}

clf_status clf__write_unweighted(const clf_dataset *dataset, const char *format) {
  return dataset->weights == NULL
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED,
                         "%s: there is no place for weights; set them to NULL first", format);
}
