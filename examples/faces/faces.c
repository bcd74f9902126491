/* Learns to recognize people by their faces, from few pictures of each: a convolutional network and
 * the classical methods on the same splits, and strangers by their distance from those enrolled. */
#include <classify.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/faces_page.h"
#include "report/text.h"

#define CNN                                                                                        \
  "layers='conv2d filters=32 kernel=5 padding=same activation=relu; max_pool2d size=2; "           \
  "conv2d filters=64 kernel=5 padding=same activation=relu; max_pool2d size=2; flatten; "          \
  "dense units=1024 activation=relu; dropout rate=0.4; dense units={classes}'"

/* A new model is a line here. */
static const model_entry models[] = {
    {"cnn",
     "network",
     {{.params = "epochs=60 batch_size=15 augment='shift=5 rotate=6 scale=0.1 fill=edge' " CNN,
       .optimizer = "adamw learning_rate=0.001 weight_decay=0.01 schedule=cosine factor=0.01"}}},
    {"fisher", "fisher", {{.params = "shrinkage=0.1", .transforms = {"pca"}}}},
    {"kernel_fisher", "fisher", {{.params = "kernel=rbf gamma=0.0003 alpha=0.0001"}}},
    {"svm", "svm", {{.params = "kernel=linear C=1"}}},
    {"hog_fisher",
     "fisher",
     {{.params = "shrinkage=0.1", .transforms = {"hog cell=8 block=3", "pca"}}}},
    {"hog_ridge", "ridge", {{.params = "alpha=1", .transforms = {"hog cell=8 block=3", "pca"}}}},
};

static const model_table table = {models, sizeof models / sizeof *models, NULL};

typedef struct settings {
  const char *model, *protocol; /* by name */
  const char *detector, *save;  /* files, or NULL */
  int64_t splits;
} settings;

typedef struct faces_run {
  settings set;
  model_run base;
  evaluation_job job;
  face_set faces;
  evaluation done[MAX_MODELS];
  stranger_test tests[MAX_MODELS]; /* in their place with PROTOCOL_STRANGERS */
} faces_run;

static int parse(faces_run *run, int argc, char *const *argv) {
  settings *set = &run->set;
  set->model = "all";
  set->protocol = "seed20";
  set->splits = 10;
  const option_entry own[] = {
      {"protocol", "NAME",
       "seed20: train on 20 % of each person's pictures (the default); five: on five; "
       "leave-one-out; strangers: recognize people who are not trained on",
       OPTION_TEXT, 0, &set->protocol},
      {"model", "NAME",
       "cnn, fisher, kernel_fisher, svm, hog_fisher, hog_ridge or all (the default; without cnn to "
       "leave one out, which takes hours)",
       OPTION_TEXT, 0, &set->model},
      {"splits", "N", "random splits of a protocol (default: 10)", OPTION_NUMBER, 1, &set->splits},
      {"detector", "FILE",
       "a detector of \"detect train --save FILE\": take of each picture what lies around the face "
       "that it finds",
       OPTION_TEXT, 0, &set->detector},
      {"save", "FILE", "train the best model on all pictures and save it", OPTION_TEXT, 0,
       &set->save},
  };
  const program_options program = {
      .usage = "[OPTION …]",
      .summary = "Learns to recognize people by their faces, or any classes of pictures.",
      .data =
          "folder of folders, one a person (or any other class), with pictures of that person; or "
          "the Yale faces, "
          "files called subjectNN.WHAT in the folder or its folder yalefaces, as fetch.sh gets "
          "them (default: $CLASSIFY_DATA, else faces that the program draws)",
      .own = own,
      .count = sizeof own / sizeof *own};
  int status = options_parse(&run->base.shared, &program, argc, argv);
  status = status >= 0 ? status : models_choose(&run->base.chosen, &table, set->model, NULL);
  return status >= 0 ? status : protocol_choose(&run->job.protocol, set->protocol);
}

static int open_faces(faces_run *run) {
  const shared_options *shared = &run->base.shared;
  enum { MIN_PEOPLE = 4 };
  clf_detector *detector = NULL;
  if (run->set.detector != NULL) {
    const clf_status loaded =
        clf_detector_load(&detector, run->base.session.context, run->set.detector, NULL);
    if (loaded < 0) {
      return report_failure(loaded);
    }
  }
  int status = faces_open(&run->faces, run->base.session.context, shared->data, detector, 0);
  clf_detector_free(detector);
  if (status < 0) {
    printf("%s: %" PRId64 " pictures of %" PRId64 " people\n",
           run->faces.drawn ? "faces drawn by this program" : "faces", run->faces.count,
           run->faces.people);
  }
  if (status < 0 && run->job.protocol == PROTOCOL_STRANGERS && run->faces.people < MIN_PEOPLE) {
    complain("--protocol strangers needs %d people; there are %" PRId64, MIN_PEOPLE,
             run->faces.people);
    status = EXIT_FAILURE;
  }
  return status;
}

static void print_head(const faces_run *run) {
  const bool strangers = run->job.protocol == PROTOCOL_STRANGERS;
  printf("%-14s %19s %10s %10s%s\n", "model", strangers ? "identified" : "accuracy", "fit",
         "predict", strangers ? "  ROC area  equal error  accepted  strangers rejected" : "");
  fflush(stdout);
}

static void print_row(const faces_run *run, const result *row) {
  const evaluation *e = &run->done[run->base.count];
  const stranger_test *test = &run->tests[run->base.count];
  const bool strangers = run->job.protocol == PROTOCOL_STRANGERS;
  printf("%-14s %7.2f %% ± %5.2f %% %8.3f s %8.3f s", row->model, 100 * row->test_accuracy,
         100 * (strangers ? test->deviation : e->deviation), row->fit_seconds,
         row->predict_seconds);
  if (strangers) {
    printf("  %8.4f %10.2f %% %7.1f %% %17.1f %%", test->area, 100 * test->equal_error,
           100 * test->accepted, 100 * test->rejected);
  }
  printf("\n");
  fflush(stdout);
}

/* Why a model is not run unless it is asked for by its name; NULL where it is. */
static const char *left_out(const void *self, const model_entry *entry) {
  const faces_run *run = self;
  const bool projects = strcmp(entry->kind, "fisher") == 0 || strcmp(entry->kind, "network") == 0;
  if (run->job.protocol == PROTOCOL_STRANGERS && !projects) {
    return "it has no projection by which strangers could be compared";
  }
  return run->job.protocol == PROTOCOL_LEAVE_ONE_OUT && run->base.chosen.count > 1 &&
                 models_recipe(entry, PRESET_EXACT)->optimizer != NULL
             ? "a network for every picture takes hours; ask for it by its name"
             : NULL;
}

static clf_status run_model(void *self, const model_entry *entry, result *row) {
  faces_run *run = self;
  evaluation *e = &run->done[run->base.count];
  stranger_test *test = &run->tests[run->base.count];
  const clf_status status = run->job.protocol == PROTOCOL_STRANGERS
                                ? strangers_evaluate(test, row, &run->job, entry)
                                : evaluate(e, row, &run->job, entry);
  progress_clear(&run->base.session.progress);
  if (status < 0) {
    history_free(&row->history);
    strangers_free(test);
    evaluation_free(e);
  } else {
    print_row(run, row);
  }
  return status;
}

/* The best model, of all the pictures. */
static int save_best(faces_run *run) {
  const model_choice *chosen = &run->base.chosen;
  if (run->set.save == NULL || run->base.count == 0) {
    return EXIT_SUCCESS;
  }
  const char *name = run->base.results[results_best(run->base.results, run->base.count)].model;
  clf_model *model = NULL;
  clf_status status = CLF_OK;
  result all = {.model = name};
  for (size_t i = 0; i < chosen->count; i++) {
    if (strcmp(chosen->entries[i]->name, name) == 0) {
      progress_title(&run->base.session.progress, "all pictures");
      status = split_fit(&model, &all, &run->job, chosen->entries[i], run->faces.rows);
    }
  }
  progress_clear(&run->base.session.progress);
  status = status == CLF_OK ? clf_model_save(model, run->set.save) : status;
  history_free(&all.history);
  clf_model_free(model);
  if (status < 0) {
    return report_failure(status);
  }
  printf("%s, trained on all pictures, is in %s\n", name, run->set.save);
  return EXIT_SUCCESS;
}

static int run_all(faces_run *run) {
  const bool one = run->job.protocol == PROTOCOL_LEAVE_ONE_OUT;
  run->job.context = run->base.session.context;
  run->job.progress = &run->base.session.progress;
  run->job.faces = &run->faces;
  run->job.splits = protocol_splits(run->job.protocol, &run->faces, run->set.splits);
  run->job.seed = one ? 0 : run->base.shared.seed;
  print_head(run);
  int status = models_run(&run->base, left_out, run_model, run);
  const faces_story story = {&run->base, &run->job, run->done, run->tests};
  status = models_write(&run->base, run->faces.drawn ? "drawn" : run->base.shared.data,
                        faces_members, faces_page, &story, status);
  return status == EXIT_SUCCESS ? save_best(run) : status;
}

int main(int argc, char **argv) {
  static faces_run run;
  int status = parse(&run, argc, argv);
  status = status >= 0 ? status : session_begin(&run.base.session, &run.base.shared);
  status = status >= 0 ? status : open_faces(&run);
  status = status >= 0 ? status
                       : session_open_outputs(&run.base.session, &run.base.shared, run.set.save);
  status = status >= 0 ? status : run_all(&run);
  for (size_t i = 0; i < run.base.count; i++) {
    history_free(&run.base.results[i].history);
    evaluation_free(&run.done[i]);
    strangers_free(&run.tests[i]);
  }
  faces_close(&run.faces);
  return session_end(&run.base.session, status);
}
