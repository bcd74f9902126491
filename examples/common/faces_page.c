#include "faces_page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/curves.h"
#include "report/page.h"
#include "report/pictures.h"
#include "report/share_curve.h"

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

static void write_head(FILE *out, const faces_story *story, const run_facts *facts) {
  char pictures[32], people[32], splits[64];
  const size_t best = results_best(story->run->results, story->run->count);
  const result *row = &story->run->results[best];
  snprintf(pictures, sizeof pictures, "%" PRId64, story->job->faces->count);
  snprintf(people, sizeof people, "%" PRId64, story->job->faces->people);
  snprintf(splits, sizeof splits, "%" PRId64 " (%s)", story->job->splits,
           protocol_names[story->job->protocol]);
  page_begin(out, story->job->faces->drawn ? "Drawn faces" : "Faces");
  fprintf(out,
          "<p class=\"lead\">%s recognizes the person on %.2f&nbsp;%% of the test pictures: "
          "%s.%s</p>\n",
          row->model, 100 * row->test_accuracy, explained[story->job->protocol],
          story->job->faces->drawn ? " The faces are drawn by the program and show nobody." : "");
  const fact own[] = {{"Pictures", pictures}, {"People", people}, {"Splits", splits}};
  page_facts(out, facts, own, sizeof own / sizeof *own);
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
  static const char *const heads[] = {"Model", "Mean", "Deviation", "Lowest", "Highest"};
  fputs("<section>\n<h2>Over the splits</h2>\n", out);
  table_begin(out, "classes", NULL, heads, sizeof heads / sizeof *heads);
  for (size_t m = 0; m < story->run->count; m++) {
    const evaluation *e = &story->done[m];
    double low = 1, high = 0;
    for (int64_t s = 0; s < story->job->splits; s++) {
      low = e->accuracy[s] < low ? e->accuracy[s] : low;
      high = e->accuracy[s] > high ? e->accuracy[s] : high;
    }
    fprintf(out,
            "<tr><th scope=\"row\">%s</th><td>%.2f&nbsp;%%</td><td>%.2f&nbsp;%%</td>"
            "<td>%.2f&nbsp;%%</td><td>%.2f&nbsp;%%</td></tr>\n",
            story->run->results[m].model, 100 * story->run->results[m].test_accuracy,
            100 * e->deviation, 100 * low, 100 * high);
  }
  table_end(out);
  fputs("</section>\n", out);
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

static void write_model(FILE *out, const face_set *faces, const result *row, const evaluation *e) {
  const char *names[MAX_PEOPLE];
  fprintf(out, "<section>\n<h2>%s</h2>\n", row->model);
  page_recipe(out, row);
  for (int64_t k = 0; k < faces->people && k < MAX_PEOPLE; k++) {
    names[k] = short_name(faces, k);
  }
  if (faces->people <= MAX_PEOPLE) {
    page_confusion(out, e->counts, names, faces->people);
  }
  write_mistakes(out, faces, e);
  page_curves(out, &row->history);
  fputs("</section>\n", out);
}

static void write_curve(FILE *out, const char *model, const stranger_test *test) {
  char title[96];
  double passed[ROC_POINTS];
  for (int i = 0; i < ROC_POINTS; i++) {
    passed[i] = (double)i / (ROC_POINTS - 1);
  }
  snprintf(title, sizeof title, "ROC curve of %s: area %.4f, equal error rate %.2f %%", model,
           test->area, 100 * test->equal_error);
  page_share_curve(out, &(const share_curve){.title = title,
                                             .x_axis = "different people taken for the same",
                                             .y_axis = "same people recognized",
                                             .x = passed,
                                             .y = test->joined,
                                             .points = ROC_POINTS});
}

static void write_strangers(FILE *out, const faces_story *story) {
  static const char *const heads[] = {"Model",    "Identified", "ROC area", "Equal error rate",
                                      "Accepted", "Rejected"};
  fputs(
      "<section>\n<h2>Strangers</h2>\n<p class=\"note\">The model is trained on some people. Of "
      "others, one picture each is enrolled, and each further picture is compared with all that "
      "are "
      "enrolled: by the cosine of the angle between the two, as the model projects them, in units "
      "of the cosines that each has with the people trained on. "
      "Identified: the share of pictures that are most similar to the right person's. The equal "
      "error rate is that at the threshold where as many pairs of the same person "
      "are "
      "rejected as pairs of different people are accepted. At that threshold, accepted: pictures "
      "of "
      "enrolled people that are accepted as the right person; rejected: pictures of people who are "
      "not enrolled that are rejected.</p>\n",
      out);
  table_begin(out, "classes", NULL, heads, sizeof heads / sizeof *heads);
  for (size_t m = 0; m < story->run->count; m++) {
    const stranger_test *test = &story->tests[m];
    const result *row = &story->run->results[m];
    fprintf(out,
            "<tr><th scope=\"row\">%s</th><td>%.1f ± %.1f&nbsp;%%</td><td>%.4f</td>"
            "<td>%.2f&nbsp;%%</td><td>%.1f&nbsp;%%</td><td>%.1f&nbsp;%%</td></tr>\n",
            row->model, 100 * row->test_accuracy, 100 * test->deviation, test->area,
            100 * test->equal_error, 100 * test->accepted, 100 * test->rejected);
  }
  table_end(out);
  fputs(
      "<h3>ROC curves</h3>\n<p class=\"note\">Of all pairs of a "
      "picture "
      "and an enrolled one, by the threshold.</p>\n<div class=\"shares\">\n",
      out);
  for (size_t m = 0; m < story->run->count; m++) {
    write_curve(out, story->run->results[m].model, &story->tests[m]);
  }
  fputs("</div>\n</section>\n", out);
}

clf_status faces_page(FILE *out, const void *self, const run_facts *facts) {
  const faces_story *story = self;
  const bool strangers = story->job->protocol == PROTOCOL_STRANGERS;
  write_head(out, story, facts);
  page_results(out, story->run->results, story->run->count);
  if (strangers) {
    write_strangers(out, story);
  } else {
    write_spread(out, story);
  }
  write_gallery(out, story->job->faces);
  for (size_t m = 0; !strangers && m < story->run->count; m++) {
    write_model(out, story->job->faces, &story->run->results[m], &story->done[m]);
  }
  page_end(out);
  return CLF_OK;
}

void faces_members(json_writer *json, const void *self, size_t index) {
  const faces_story *story = self;
  if (story->job->protocol == PROTOCOL_STRANGERS) {
    strangers_members(json, &story->tests[index], story->job);
  } else {
    evaluation_members(json, &story->done[index], story->job);
  }
}
