/* Reads LIBSVM's model file: the library reads the machine, and this file the order of its classes,
 * which are in the header. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libsvm/machine.h"
#include "report/session.h"
#include "report/text.h"

typedef struct header {
  int64_t classes;
  int32_t *label; /* [labels] */
  int64_t labels;
  bool calibrated, precomputed;
  int type;
  double sigma;
} header;

static int fail(const char *path, const char *reason) {
  complain("%s: %s", path, reason);
  return EXIT_FAILURE;
}

/* An unknown word stays c_svc; the library refuses it. */
static int find_type(const char *at) {
  const size_t length = strcspn(at += strspn(at, " \t"), " \t\r\n");
  int type = SVM_TYPES - 1;
  while (type > 0 && (strlen(svm_type_words[type]) != length ||
                      strncmp(svm_type_words[type], at, length) != 0)) {
    type--;
  }
  return type;
}

static bool read_labels(header *h, const char *at) {
  char *end = NULL;
  h->labels = 0;
  for (long label = strtol(at, &end, 10); end != at; label = strtol(at, &end, 10)) {
    int32_t *more = realloc(h->label, (size_t)(h->labels + 1) * sizeof *more);
    if (more == NULL) {
      return false;
    }
    h->label = more;
    h->label[h->labels++] = (int32_t)label;
    at = end;
  }
  return true;
}

/* What follows a key at the beginning of a line, NULL where it begins with something else. */
static const char *after_key(const char *line, const char *key) {
  const size_t length = strlen(key);
  return strncmp(line, key, length) == 0 && strchr(" \t\r\n", line[length]) != NULL ? line + length
                                                                                    : NULL;
}

/* Reads the lines before the support vectors; what is wrong with them is the library's to say. */
static int read_header(header *h, const char *path) {
  FILE *file = fopen(path, "r");
  char *line = NULL;
  size_t capacity = 0;
  bool good = true;
  if (file == NULL) {
    fprintf(stderr, "can't open model file %s: %s\n", path, strerror(errno));
    return EXIT_FAILURE;
  }
  while (good && getline(&line, &capacity, file) > 0 && after_key(line, "SV") == NULL) {
    const char *at;
    if ((at = after_key(line, "nr_class")) != NULL) {
      h->classes = strtoll(at, NULL, 10);
    } else if ((at = after_key(line, "label")) != NULL) {
      good = read_labels(h, at);
    } else if ((at = after_key(line, "kernel_type")) != NULL) {
      h->precomputed = strncmp(at + strspn(at, " \t"), "precomputed", 11) == 0;
    } else if ((at = after_key(line, "svm_type")) != NULL) {
      h->type = find_type(at);
    } else if ((at = after_key(line, "probA")) != NULL) {
      h->calibrated = true;
      h->sigma = strtod(at, NULL);
    }
  }
  free(line);
  fclose(file);
  return good ? -1 : fail(path, "out of memory");
}

/* Finds the file's classes among those of the model, whose names are their numbers. */
static bool place_classes(svm_machine *machine) {
  const int64_t classes = clf_model_classes(machine->model);
  machine->place = calloc((size_t)machine->classes, sizeof *machine->place);
  if (machine->place == NULL || classes != machine->classes) {
    return false;
  }
  for (int64_t i = 0; i < classes; i++) {
    char name[16];
    snprintf(name, sizeof name, "%" PRId32, machine->label[i]);
    while (machine->place[i] < classes &&
           strcmp(clf_model_class_name(machine->model, machine->place[i]), name) != 0) {
      machine->place[i]++;
    }
    if (machine->place[i] == classes) {
      return false;
    }
  }
  return true;
}

/* Imports the machine with at least `columns` columns. */
static clf_status import(svm_machine *machine, clf_context *context, const char *path,
                         int64_t columns) {
  char params[64];
  clf_status status = clf_model_import(&machine->model, context, "libsvm", path, "zero_based=true");
  if (status >= 0 && clf_model_features(machine->model) < columns) {
    clf_model_free(machine->model);
    machine->model = NULL;
    snprintf(params, sizeof params, "zero_based=true features=%" PRId64, columns);
    status = clf_model_import(&machine->model, context, "libsvm", path, params);
  }
  return status;
}

int svm_machine_read(svm_machine *out, clf_context *context, const char *path, int64_t columns,
                     bool *precomputed) {
  header h = {.classes = 0};
  int status = read_header(&h, path);
  *out = (svm_machine){.type = h.type,
                       .classes = svm_type_has_classes(h.type) ? h.labels : 2,
                       .label = h.label,
                       .calibrated = h.calibrated,
                       .sigma = h.sigma};
  *precomputed = h.precomputed;
  if (status >= 0 || (svm_type_has_classes(h.type) && h.classes == 1 && h.labels == 1)) {
    return status;
  }
  const clf_status imported = import(out, context, path, columns);
  if (imported < 0) {
    return report_failure(imported);
  }
  return !svm_type_has_classes(h.type) || place_classes(out)
             ? -1
             : fail(path, "its labels are not one for each class");
}
