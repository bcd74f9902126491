#include "data.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/files.h"
#include "report/session.h"
#include "report/text.h"

const char *mnist_place(const char *folder) {
  static const char *const files[] = {"/train-images-idx3-ubyte.gz", "/train-images-idx3-ubyte",
                                      "/mnist/train-images-idx3-ubyte.gz",
                                      "/mnist/train-images-idx3-ubyte"};
  for (size_t i = 0; i < 4; i++) {
    char *path = join_path(folder, files[i]);
    const bool found = path != NULL && access(path, F_OK) == 0;
    free(path);
    if (found) {
      return i < 2 ? "" : "/mnist";
    }
  }
  return NULL;
}

clf_status data_take(clf_dataset **data, clf_dataset **rest, int64_t wanted, int64_t seed) {
  const int64_t rows = clf_dataset_rows(*data);
  clf_dataset *some = NULL, *others = NULL;
  if (wanted == 0 || wanted >= rows) {
    return CLF_OK;
  }
  const clf_status status =
      clf_dataset_split(&some, &others, *data, (double)wanted / (double)rows, (uint64_t)seed);
  if (status < 0) {
    return status;
  }
  clf_dataset_free(*data);
  *data = some;
  if (rest != NULL) {
    *rest = others;
  } else {
    clf_dataset_free(others);
  }
  return CLF_OK;
}

int data_read_mnist(clf_dataset **train, clf_dataset **test, clf_context *context,
                    const char *folder) {
  const char *inside = mnist_place(folder);
  clf_status status = CLF_OK;
  if (inside == NULL) {
    complain(
        "no MNIST in '%s': neither it nor its folder mnist has train-images-idx3-ubyte.gz or "
        "train-images-idx3-ubyte; examples/data/fetch.sh mnist gets the full set, and --format "
        "reads other data",
        folder);
    return EXIT_FAILURE;
  }
  for (int i = 0; i < 2 && status == CLF_OK; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s%s/%s", folder, inside, i == 0 ? "train" : "t10k");
    status = clf_dataset_load(i == 0 ? train : test, context, "idx", path, NULL);
  }
  return status == CLF_OK ? -1 : report_failure(status);
}

int data_read(clf_dataset **train, clf_dataset **test, clf_context *context, const char *format,
              const char *path, const char *test_path, const char *params, int64_t seed) {
  clf_status status = clf_dataset_load(train, context, format, path, params);
  if (status == CLF_OK && test_path != NULL) {
    status = clf_dataset_load(test, context, format, test_path, params);
  } else if (status == CLF_OK) {
    const int64_t rows = clf_dataset_rows(*train);
    status = data_take(train, test, rows - (rows > 5 ? rows / 5 : 1), seed);
  }
  for (int64_t k = 0; status == CLF_OK && k < clf_dataset_classes(*train); k++) {
    const char *name = clf_dataset_class_name(*test, k);
    if (name == NULL || strcmp(name, clf_dataset_class_name(*train, k)) != 0) {
      complain("'%s' has the class '%s', and the test data have not the same classes", path,
               clf_dataset_class_name(*train, k));
      return EXIT_FAILURE;
    }
  }
  return status == CLF_OK ? -1 : report_failure(status);
}
