/* Test images whose class the model got wrong, the most confident first. */
#include <inttypes.h>
#include <stdlib.h>

#include "model_parts.h"
#include "page.h"

enum { MAX_MISTAKES = 24 };

typedef struct mistake {
  int64_t row;
  float sure;   /* probability of the wrong class; 0 where the model has none */
  float margin; /* by how much its score was ahead of the true class's */
} mistake;

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

/* A rejected row was taken for no class. */
static bool is_mistake(const test_view *view, int64_t i) {
  return view->predicted[i] >= 0 && view->predicted[i] != view->labels[i];
}

/* All mistakes, the most confident first: [mistakes]. `decision` and `probabilities` (or NULL) are
 * [rows, classes]. */
static void find_mistakes(mistake *found, const test_view *view, const float *decision,
                          const float *probabilities) {
  int64_t count = 0;
  for (int64_t i = 0; i < view->rows; i++) {
    const int64_t row = i * view->classes, taken = row + view->predicted[i];
    if (is_mistake(view, i)) {
      found[count++] = (mistake){i, probabilities != NULL ? probabilities[taken] : 0,
                                 decision[taken] - decision[row + view->labels[i]]};
    }
  }
  qsort(found, (size_t)count, sizeof *found, by_confidence);
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

/* The image, its class, and what it was taken for: with the probability, where that is above 0. */
static clf_status write_mistake(FILE *out, const test_view *view, const mistake *wrong) {
  clf_tensor *image = NULL;
  const char *truth = view->names[view->labels[wrong->row]];
  char text[128];
  clf_status status = copy_image(&image, view, wrong->row);
  if (status < 0) {
    return status;
  }
  snprintf(text, sizeof text, "Test image %" PRId64 ": a %.20s", wrong->row, truth);
  fputs("<li>", out);
  pictures_write(out, view, clf_tensor_data(image), text);
  html_text(out, truth);
  fputs("<span aria-hidden=\"true\"> → </span><span class=\"hidden\"> taken for </span>", out);
  html_text(out, view->names[view->predicted[wrong->row]]);
  if (wrong->sure > 0) {
    const double sure = (double)wrong->sure;
    fprintf(out, "<small>%s%.1f&nbsp;%%</small>", sure > 0.9995 ? "&gt;" : "",
            sure > 0.9995 ? 99.9 : 100 * sure);
  }
  fputs("</li>\n", out);
  clf_tensor_free(image);
  return CLF_OK;
}

static clf_status write_mistakes(FILE *out, const test_view *view, const mistake *found,
                                 int64_t count, bool probable) {
  clf_status status = CLF_OK;
  fprintf(out,
          "<h3>Most confidently wrong</h3>\n<p class=\"note\">The class%s what it was mistaken "
          "for%s.</p>\n",
          probable ? "," : " and", probable ? ", and with what probability" : "");
  pictures_begin(out, view);
  for (int64_t i = 0; status == CLF_OK && i < count && i < MAX_MISTAKES; i++) {
    status = write_mistake(out, view, &found[i]);
  }
  fputs("</ul>\n", out);
  return status;
}

clf_status page_mistakes(FILE *out, const test_view *view, const clf_model *model,
                         const clf_dataset *test) {
  const int64_t values = view->rows * view->classes;
  int64_t count = 0;
  for (int64_t i = 0; i < view->rows; i++) {
    count += is_mistake(view, i);
  }
  if (count == 0 || view->images == NULL || clf_model_outputs(model) != view->classes) {
    return CLF_OK;
  }
  float *decision = malloc((size_t)values * sizeof *decision);
  float *probabilities = malloc((size_t)values * sizeof *probabilities);
  mistake *found = malloc((size_t)count * sizeof *found);
  clf_status status = CLF_ERROR_MEMORY;
  if (decision != NULL && probabilities != NULL && found != NULL) {
    status = clf_model_decision_function(model, test, decision, values);
  }
  if (status == CLF_OK) {
    status = clf_model_predict_proba(model, test, probabilities, values);
    const bool probable = status == CLF_OK;
    if (probable || status == CLF_ERROR_UNSUPPORTED) {
      find_mistakes(found, view, decision, probable ? probabilities : NULL);
      status = write_mistakes(out, view, found, count, probable);
    }
  }
  free(found);
  free(probabilities);
  free(decision);
  return status;
}
