/* The parts of a model's section on the HTML page. Each writes nothing where the model or the rows
 * have no such part. */
#ifndef REPORT_MODEL_PARTS_H
#define REPORT_MODEL_PARTS_H

#include <classify.h>
#include <stdbool.h>
#include <stdio.h>

enum { MAX_CLASSES = 64, MAX_PIXELS = 8192 /* of a picture in the page */ };

/* The test set as the page needs it, and what a model predicts of it. */
typedef struct test_view {
  int64_t rows, classes, height, width;
  const int32_t *labels, *predicted; /* [rows] */
  const char *names[MAX_CLASSES];
  bool ink;           /* most pixels are 0: strokes on paper, no photographs */
  clf_tensor *images; /* [rows, height, width] or [rows, height, width, 1]; NULL for others */
} test_view;

/* Begins a list of pictures, and writes one of them: gray values 0…1, as ink or as a photograph. */
void pictures_begin(FILE *out, const test_view *view);
void pictures_write(FILE *out, const test_view *view, const float *values, const char *text);

/* The first layer's filters, where that is a convolution of one channel. */
clf_status page_filters(FILE *out, const clf_model *model);

/* Images that are wrong, the most confident first. */
clf_status page_mistakes(FILE *out, const test_view *view, const clf_model *model,
                         const clf_dataset *test);

/* A linear model's weights as pictures, one a class. */
clf_status page_weights(FILE *out, const test_view *view, const clf_model *model);

/* A linear model's weights by the names of its features, where they have names. */
clf_status page_features(FILE *out, const clf_model *model);

/* Test rows along the first two discriminant axes. */
clf_status page_axes(FILE *out, const test_view *view, const clf_model *model,
                     const clf_dataset *test);

/* Of a support vector machine on images, the vectors of each class that weigh most. */
clf_status page_support_vectors(FILE *out, const test_view *view, const clf_model *model);

#endif
