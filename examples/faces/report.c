#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/curves.h"
#include "common/picture.h"
#include "common/report.h"
#include "common/share_curve.h"

enum { PIXELS = FACES_HEIGHT * FACES_WIDTH, MAX_SHOWN = 24, MAX_PEOPLE = 64 };

static const char *const explained[PROTOCOLS] = {
    "trained on a fifth of each person's pictures, tested on the others",
    "trained on five pictures of each person, tested on the others",
    "trained on all pictures but one, tested on that one, in turn",
    "trained on some people and tested on others, of whom one picture each is known",
};

/* "subject01" is 01 where there is little room. */
static const char *short_name(const face_set *faces, int64_t person) {
  const char *name = clf_dataset_class_name(faces->rows, person);
  return strncmp(name, "subject", 7) == 0 ? name + 7 : name;
}

static void write_head(FILE *out, const faces_story *story) {
  char pictures[32], people[32], splits[64];
  const size_t best = results_best(story->results, story->count);
  const result *row = &story->results[best];
  snprintf(pictures, sizeof pictures, "%" PRId64, story->faces->count);
  snprintf(people, sizeof people, "%" PRId64, story->faces->people);
  snprintf(splits, sizeof splits, "%" PRId64 " (%s)", story->splits,
           protocol_names[story->protocol]);
  page_begin(out, story->faces->drawn ? "Drawn faces" : "Faces");
  fprintf(out,
          "<p class=\"lead\">%s recognizes the person on %.2f&nbsp;%% of the test pictures: "
          "%s.%s</p>\n",
          row->model, 100 * row->test_accuracy, explained[story->protocol],
          story->faces->drawn ? " The faces are drawn by the program and show nobody." : "");
  const fact own[] = {{"Pictures", pictures}, {"People", people}, {"Splits", splits}};
  page_facts(out, story->run, own, sizeof own / sizeof *own);
}

/* A picture of a person; where it was taken for somebody else, with whom, what it is called and how
 * often. */
static void write_picture(FILE *out, const face_set *faces, int64_t i, int64_t times,
                          int32_t mistaken) {
  fputs("<li>", out);
  picture_gray(out, faces->pixels + i * PIXELS, FACES_HEIGHT, FACES_WIDTH, faces->names[i]);
  html_text(out, short_name(faces, faces->person[i]));
  if (times > 0) {
    const char *what = faces->names[i] + person_length(faces->names[i]);
    fputs(" → ", out);
    html_text(out, short_name(faces, mistaken));
    fputs("<small>", out);
    html_text(out, *what != '\0' ? what + 1 : "");
    fprintf(out, ", %" PRId64 "×</small>", times);
  }
  fputs("</li>\n", out);
}

static void write_gallery(FILE *out, const face_set *faces) {
  fputs("<section>\n<h2>People</h2>\n<ul class=\"pictures\">\n", out);
  for (int64_t person = 0; person < faces->people && person < MAX_SHOWN; person++) {
    int64_t i = 0;
    while (faces->person[i] != person) {
      i++;
    }
    write_picture(out, faces, i, 0, 0);
  }
  fputs("</ul>\n", out);
  if (faces->people > MAX_SHOWN) {
    fprintf(out, "<p class=\"note\">And %" PRId64 " more.</p>\n", faces->people - MAX_SHOWN);
  }
  fputs("</section>\n", out);
}

/* Accuracies over the splits. */
static void write_spread(FILE *out, const faces_story *story) {
  fputs(
      "<section>\n<h2>Over the splits</h2>\n<div class=\"scroll\">\n<table class=\"classes\">\n"
      "<thead><tr><th scope=\"col\">Model</th><th scope=\"col\">Mean</th>"
      "<th scope=\"col\">Deviation</th><th scope=\"col\">Lowest</th><th scope=\"col\">Highest</th>"
      "</tr></thead>\n<tbody>\n",
      out);
  for (size_t m = 0; m < story->count; m++) {
    const evaluation *e = &story->done[m];
    double low = 1, high = 0;
    for (int64_t s = 0; s < e->splits; s++) {
      low = e->accuracy[s] < low ? e->accuracy[s] : low;
      high = e->accuracy[s] > high ? e->accuracy[s] : high;
    }
    fprintf(out,
            "<tr><th scope=\"row\">%s</th><td>%.2f&nbsp;%%</td><td>%.2f&nbsp;%%</td>"
            "<td>%.2f&nbsp;%%</td><td>%.2f&nbsp;%%</td></tr>\n",
            e->summary.model, 100 * e->summary.test_accuracy, 100 * e->deviation, 100 * low,
            100 * high);
  }
  fputs("</tbody>\n</table>\n</div>\n</section>\n", out);
}

typedef struct mistake {
  int64_t picture, times;
} mistake;

static int by_times(const void *a, const void *b) {
  const mistake *first = a, *second = b;
  return first->times != second->times
             ? (first->times < second->times ? 1 : -1)
             : (first->picture > second->picture) - (first->picture < second->picture);
}

static void write_mistakes(FILE *out, const face_set *faces, const evaluation *e) {
  mistake *found = malloc((size_t)faces->count * sizeof *found);
  if (found == NULL) {
    return;
  }
  for (int64_t i = 0; i < faces->count; i++) {
    found[i] = (mistake){i, e->wrong[i]};
  }
  qsort(found, (size_t)faces->count, sizeof *found, by_times);
  fputs("<h3>Most often mistaken</h3>\n<ul class=\"pictures large\">\n", out);
  for (int64_t i = 0; i < faces->count && i < MAX_SHOWN && found[i].times > 0; i++) {
    const int64_t picture = found[i].picture;
    write_picture(out, faces, picture, found[i].times, e->mistaken[picture]);
  }
  fputs("</ul>\n", out);
  free(found);
}

static void write_model(FILE *out, const face_set *faces, const evaluation *e) {
  const char *names[MAX_PEOPLE];
  fprintf(out, "<section>\n<h2>%s</h2>\n", e->summary.model);
  page_recipe(out, &e->summary);
  for (int64_t k = 0; k < faces->people && k < MAX_PEOPLE; k++) {
    names[k] = short_name(faces, k);
  }
  if (faces->people <= MAX_PEOPLE) {
    page_confusion(out, e->counts, names, faces->people);
  }
  write_mistakes(out, faces, e);
  page_curves(out, &e->summary.history);
  fputs("</section>\n", out);
}

static void write_curve(FILE *out, const stranger_test *test) {
  char title[96];
  double passed[ROC_POINTS];
  for (int i = 0; i < ROC_POINTS; i++) {
    passed[i] = (double)i / (ROC_POINTS - 1);
  }
  snprintf(title, sizeof title, "ROC curve of %s: area %.4f, equal error rate %.2f %%",
           test->summary.model, test->area, 100 * test->equal_error);
  page_share_curve(out, &(const share_curve){.title = title,
                                             .x_axis = "different people taken for the same",
                                             .y_axis = "same people recognized",
                                             .x = passed,
                                             .y = test->joined,
                                             .points = ROC_POINTS});
}

static void write_strangers(FILE *out, const faces_story *story) {
  fputs(
      "<section>\n<h2>Strangers</h2>\n<p class=\"note\">The model is trained on some people. Of "
      "others, one picture each is enrolled, and each further picture is compared with all that "
      "are "
      "enrolled: by the cosine of the angle between the two, as the model projects them. "
      "Identified: the share of pictures that are most similar to the right person's. The equal "
      "error rate is that at the threshold of the cosine where as many pairs of the same person "
      "are "
      "rejected as pairs of different people are accepted. At that threshold, accepted: pictures "
      "of "
      "enrolled people that are accepted as the right person; rejected: pictures of people who are "
      "not enrolled that are rejected.</p>\n<div class=\"scroll\">\n<table class=\"classes\">\n"
      "<thead><tr><th scope=\"col\">Model</th><th scope=\"col\">Identified</th>"
      "<th scope=\"col\">ROC area</th><th scope=\"col\">Equal error rate</th>"
      "<th scope=\"col\">Accepted</th><th scope=\"col\">Rejected</th></tr></thead>\n<tbody>\n",
      out);
  for (size_t m = 0; m < story->count; m++) {
    const stranger_test *test = &story->tests[m];
    fprintf(out,
            "<tr><th scope=\"row\">%s</th><td>%.1f ± %.1f&nbsp;%%</td><td>%.4f</td>"
            "<td>%.2f&nbsp;%%</td><td>%.1f&nbsp;%%</td><td>%.1f&nbsp;%%</td></tr>\n",
            test->summary.model, 100 * test->summary.test_accuracy, 100 * test->deviation,
            test->area, 100 * test->equal_error, 100 * test->accepted, 100 * test->rejected);
  }
  fputs(
      "</tbody>\n</table>\n</div>\n<h3>ROC curves</h3>\n<p class=\"note\">Of all pairs of a "
      "picture "
      "and an enrolled one, by the threshold of the cosine.</p>\n<div class=\"shares\">\n",
      out);
  for (size_t m = 0; m < story->count; m++) {
    write_curve(out, &story->tests[m]);
  }
  fputs("</div>\n</section>\n", out);
}

void faces_report(FILE *out, const faces_story *story) {
  if (story->count == 0) {
    return;
  }
  write_head(out, story);
  page_results(out, story->results, story->count);
  if (story->protocol == PROTOCOL_STRANGERS) {
    write_strangers(out, story);
  } else {
    write_spread(out, story);
  }
  write_gallery(out, story->faces);
  for (size_t m = 0; story->protocol != PROTOCOL_STRANGERS && m < story->count; m++) {
    write_model(out, story->faces, &story->done[m]);
  }
  page_end(out);
}
