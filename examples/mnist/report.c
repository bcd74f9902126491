#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/picture.h"
#include "common/report.h"
#include "report_parts.h"

enum { MAX_MISTAKES = 24 };

typedef struct mistake {
  int64_t row;
  float sure;   /* probability of the wrong class; 0 where the model has none */
  float margin; /* by how much its score was ahead of the true class's */
} mistake;

static void free_view(test_view *view) {
  clf_tensor_free(view->images);
  clf_tensor_free(view->label_tensor);
}

static clf_status open_view(test_view *view, const clf_dataset *test) {
  *view = (test_view){.rows = clf_dataset_rows(test), .classes = clf_dataset_classes(test)};
  clf_status status = clf_dataset_tensor(test, "x", &view->images);
  if (status == CLF_OK) {
    status = clf_dataset_tensor(test, "labels", &view->label_tensor);
  }
  if (status < 0) {
    free_view(view);
    return status;
  }
  view->height = clf_tensor_size(view->images, 1);
  view->width = clf_tensor_ndim(view->images) > 2 ? clf_tensor_size(view->images, 2) : 1;
  view->labels = clf_tensor_data(view->label_tensor);
  view->classes = view->classes < MAX_CLASSES ? view->classes : MAX_CLASSES;
  for (int64_t k = 0; k < view->classes; k++) {
    view->names[k] = clf_dataset_class_name(test, k);
  }
  return CLF_OK;
}

static int by_confidence(const void *a, const void *b) {
  const mistake *first = a;
  const mistake *second = b;
  if (first->sure != second->sure) {
    return first->sure < second->sure ? 1 : -1;
  }
  if (first->margin != second->margin) {
    return first->margin < second->margin ? 1 : -1;
  }
  return (first->row > second->row) - (first->row < second->row);
}

/* All mistakes, the most confident first; NULL without memory. */
static mistake *find_mistakes(const test_view *view, const verdict *made, int64_t *count) {
  mistake *found = malloc((size_t)view->rows * sizeof *found);
  *count = 0;
  for (int64_t i = 0; found != NULL && i < view->rows; i++) {
    int64_t taken = i * view->classes + made->predicted[i];
    if (made->predicted[i] != view->labels[i]) {
      found[(*count)++] = (mistake){
          .row = i,
          .sure = made->probabilities != NULL ? made->probabilities[taken] : 0,
          .margin = made->decision[taken] - made->decision[i * view->classes + view->labels[i]],
      };
    }
  }
  if (found != NULL) {
    qsort(found, (size_t)*count, sizeof *found, by_confidence);
  }
  return found;
}

/* An image of the test set as numbers 0…1. */
static clf_status copy_image(clf_tensor **out, const test_view *view, int64_t row) {
  clf_tensor *slice = NULL;
  clf_status status = clf_tensor_slice(&slice, view->images, 0, row, 1, 1);
  if (status == CLF_OK) {
    status = clf_tensor_copy(out, slice, CLF_F32);
  }
  clf_tensor_free(slice);
  return status;
}

static clf_status write_mistake(FILE *out, const test_view *view, const verdict *made,
                                int64_t row) {
  clf_tensor *image = NULL;
  clf_status status = copy_image(&image, view, row);
  if (status < 0) {
    return status;
  }
  const char *truth = view->names[view->labels[row]];
  const char *taken = view->names[made->predicted[row]];
  char text[128];
  snprintf(text, sizeof text, "Test image %" PRId64 ": a %.20s", row, truth);
  fputs("<li>", out);
  picture_ink(out, clf_tensor_data(image), view->height, view->width, text);
  fputs(truth, out);
  fputs("<span aria-hidden=\"true\"> → </span><span class=\"hidden\"> taken for </span>", out);
  fputs(taken, out);
  if (made->probabilities != NULL) {
    double sure = (double)made->probabilities[row * view->classes + made->predicted[row]];
    fprintf(out, "<small>%s%.1f&nbsp;%%</small>", sure > 0.9995 ? "&gt;" : "",
            sure > 0.9995 ? 99.9 : 100 * sure);
  }
  fputs("</li>\n", out);
  clf_tensor_free(image);
  return CLF_OK;
}

static clf_status write_mistakes(FILE *out, const test_view *view, const verdict *made) {
  int64_t count = 0;
  mistake *found = find_mistakes(view, made, &count);
  clf_status status = CLF_OK;
  if (count > 0) {
    fprintf(out,
            "<h3>Most confidently wrong</h3>\n<p class=\"note\">The digit%s what it was mistaken "
            "for%s.</p>\n<ul class=\"pictures ink\">\n",
            made->probabilities != NULL ? "," : " and",
            made->probabilities != NULL ? ", and with what probability" : "");
    for (int64_t i = 0; status == CLF_OK && i < count && i < MAX_MISTAKES; i++) {
      status = write_mistake(out, view, made, found[i].row);
    }
    fputs("</ul>\n", out);
  }
  free(found);
  return status;
}

static int by_size(const void *a, const void *b) {
  float first = fabsf(*(const float *)a), second = fabsf(*(const float *)b);
  return (first > second) - (first < second);
}

/* The size of weight that gets the full color: the 99th percentile, so that a few extreme pixels
 * do not leave the rest pale. */
static float weight_limit(const float *weights, int64_t count) {
  float *sorted = malloc((size_t)count * sizeof *sorted);
  if (sorted == NULL) {
    return 1;
  }
  for (int64_t i = 0; i < count; i++) {
    sorted[i] = weights[i];
  }
  qsort(sorted, (size_t)count, sizeof *sorted, by_size);
  float limit = fabsf(sorted[count * 99 / 100]);
  free(sorted);
  return limit > 0 ? limit : 1;
}

/* Each pixel's standard deviation over some test images, [pixels]; NULL without memory. */
static float *pixel_deviations(const test_view *view) {
  enum { ENOUGH = 2000 };
  int64_t rows = view->rows < ENOUGH ? view->rows : ENOUGH;
  int64_t pixels = view->height * view->width;
  clf_tensor *slice = NULL, *copy = NULL;
  float *deviations = NULL;
  if (clf_tensor_slice(&slice, view->images, 0, 0, rows, 1) < 0 ||
      clf_tensor_copy(&copy, slice, CLF_F32) < 0 ||
      (deviations = malloc((size_t)pixels * sizeof *deviations)) == NULL) {
    goto done;
  }
  const float *values = clf_tensor_data(copy);
  for (int64_t j = 0; j < pixels; j++) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < rows; i++) {
      double value = (double)values[i * pixels + j];
      sum += value;
      squares += value * value;
    }
    double mean = sum / (double)rows;
    deviations[j] = (float)sqrt(fmax(0, squares / (double)rows - mean * mean));
  }
done:
  clf_tensor_free(copy);
  clf_tensor_free(slice);
  return deviations;
}

static void write_weight_pictures(FILE *out, const test_view *view, const float *values) {
  int64_t pixels = view->height * view->width;
  float limit = weight_limit(values, view->classes * pixels);
  fputs(
      "<h3>Weights</h3>\n<p class=\"note\">Each weight times its pixel's standard deviation: ink "
      "on blue raises the digit's score, ink on orange lowers it.</p>\n"
      "<ul class=\"pictures large\">\n",
      out);
  for (int64_t k = 0; k < view->classes; k++) {
    char text[64];
    snprintf(text, sizeof text, "The weights of %.20s", view->names[k]);
    fputs("<li>", out);
    picture_signed(out, values + k * pixels, view->height, view->width, limit, text);
    fprintf(out, "%s</li>\n", view->names[k]);
  }
  fputs("</ul>\n", out);
}

/* A linear model's weights as pictures, one a class; nothing for other models. They are scaled by
 * what their pixel does: where hardly any image has ink, a large weight means nothing. */
static clf_status write_weights(FILE *out, const test_view *view, const clf_model *model) {
  clf_tensor *weights = NULL, *copy = NULL;
  float *deviations = NULL;
  int64_t pixels = view->height * view->width;
  clf_status status = CLF_OK;
  if (clf_model_tensor(model, "weights", &weights) < 0 ||
      clf_tensor_count(weights) != view->classes * pixels) {
    goto done;
  }
  deviations = pixel_deviations(view);
  status = deviations != NULL ? clf_tensor_copy(&copy, weights, CLF_F32) : CLF_ERROR_MEMORY;
  if (status < 0) {
    goto done;
  }
  float *values = clf_tensor_data(copy);
  for (int64_t i = 0; i < view->classes * pixels; i++) {
    values[i] *= deviations[i % pixels];
  }
  write_weight_pictures(out, view, values);
done:
  free(deviations);
  clf_tensor_free(copy);
  clf_tensor_free(weights);
  return status;
}

static clf_status write_model(FILE *out, const test_view *view, const result *row,
                              const verdict *made, const clf_dataset *test, bool open) {
  int64_t counts[MAX_CLASSES * MAX_CLASSES];
  clf_status status =
      clf_confusion_matrix(view->labels, made->predicted, view->rows, view->classes, counts);
  if (status < 0) {
    return status;
  }
  fprintf(out, "<details%s>\n<summary><b>", open ? " open" : "");
  html_text(out, row->model);
  fprintf(out, "</b><span>%.2f&nbsp;%%</span></summary>\n<div class=\"body\">\n",
          100 * row->test_accuracy);
  page_recipe(out, row);
  fputs("<div class=\"tables\">\n", out);
  page_confusion(out, counts, view->names, view->classes);
  page_classes(out, counts, view->names, view->classes);
  fputs("</div>\n", out);
  status = report_network(out, &row->history, made->model);
  if (status == CLF_OK) {
    status = write_mistakes(out, view, made);
  }
  if (status == CLF_OK) {
    status = write_weights(out, view, made->model);
  }
  if (status == CLF_OK) {
    status = report_axes(out, view, made->model, test);
  }
  if (status == CLF_OK) {
    status = report_support_vectors(out, view, made->model);
  }
  fputs("</div>\n</details>\n", out);
  return status;
}

static void write_lead(FILE *out, const result *best, size_t count) {
  fputs("<p class=\"lead\">", out);
  if (count > 1) {
    fprintf(out, "The best of %zu models, ", count);
  }
  html_text(out, best->model);
  fprintf(out, "%s reads %.2f&nbsp;%% of ", count > 1 ? "," : "", 100 * best->test_accuracy);
  html_count(out, best->test_rows);
  fputs(" unseen digits right after learning from ", out);
  html_count(out, best->train_rows);
  fputs(".</p>\n", out);
}

clf_status mnist_report(FILE *out, const run_facts *run, const result *results,
                        const verdict *verdicts, size_t count, const clf_dataset *test) {
  test_view view;
  clf_status status = open_view(&view, test);
  if (status < 0) {
    return status;
  }
  size_t best = results_best(results, count);
  page_begin(out, "MNIST: handwritten digits");
  write_lead(out, &results[best], count);
  page_facts(out, run, NULL, 0);
  page_results(out, results, count);
  fputs("<section>\n<h2>Each model</h2>\n", out);
  for (size_t i = 0; status == CLF_OK && i < count; i++) {
    status = write_model(out, &view, &results[i], &verdicts[i], test, i == best);
  }
  fputs("</section>\n", out);
  page_end(out);
  free_view(&view);
  return status;
}
