/* The parts of a model's section in the report of mnist, each in a file of its own. */
#ifndef EXAMPLES_MNIST_REPORT_PARTS_H
#define EXAMPLES_MNIST_REPORT_PARTS_H

#include <classify.h>
#include <stdio.h>

#include "common/history.h"

enum { MAX_CLASSES = 64, MAX_PIXELS = 8192 /* of a picture in the page */ };

/* The test set as the page needs it. */
typedef struct test_view {
  int64_t rows, classes, height, width;
  const int32_t *labels; /* [rows] */
  const char *names[MAX_CLASSES];
  clf_tensor *images;       /* [rows, height, width] */
  clf_tensor *label_tensor; /* holds `labels` */
} test_view;

/* Of a support vector machine, the vectors of each class that weigh most; nothing for others. */
clf_status report_support_vectors(FILE *out, const test_view *view, const clf_model *model);

/* Test rows along a model's first two discriminant axes; nothing for models without. */
clf_status report_axes(FILE *out, const test_view *view, const clf_model *model,
                       const clf_dataset *test);

/* A network's learning curves and layers, and its first layer's filters where that is a
 * convolution; nothing for others. */
clf_status report_network(FILE *out, const history *h, const clf_model *model);

#endif
