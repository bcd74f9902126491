/* Learns to recognize people by their faces, from few pictures of each: a convolutional network and
 * the classical methods on the same splits, and strangers by their distance from those enrolled. */
#include <classify.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/session.h"
#include "evaluate.h"
#include "report.h"
#include "strangers.h"

typedef struct settings {
  shared_options shared;
  const char *model, *protocol; /* by name */
  const char *detector, *save;  /* files, or NULL */
  int64_t splits;
} settings;

typedef struct faces_run {
  settings set;
  model_choice chosen;
  face_protocol protocol;
  session session;
  face_set faces;
  evaluation done[MAX_MODELS];
  stranger_test tests[MAX_MODELS]; /* in their place with PROTOCOL_STRANGERS */
  size_t count;                    /* of those done */
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
      .summary = "Learns to recognize people by their faces.",
      .data =
          "folder of folders, one a person, with pictures of that person; or the Yale faces, "
          "files called subjectNN.WHAT in the folder or its folder yalefaces, as fetch.sh gets "
          "them (default: $CLASSIFY_DATA, else faces that the program draws)",
      .own = own,
      .count = sizeof own / sizeof *own};
  int status = options_parse(&set->shared, &program, argc, argv);
  status = status >= 0 ? status : models_choose(&run->chosen, set->model);
  return status >= 0 ? status : protocol_choose(&run->protocol, set->protocol);
}

static int open_faces(faces_run *run) {
  const shared_options *shared = &run->set.shared;
  enum { MIN_PEOPLE = 4 };
  clf_detector *detector = NULL;
  if (run->set.detector != NULL) {
    const clf_status loaded =
        clf_detector_load(&detector, run->session.context, run->set.detector, NULL);
    if (loaded < 0) {
      return report_failure(loaded);
    }
  }
  int status = faces_open(&run->faces, run->session.context, shared->data, detector, 0);
  clf_detector_free(detector);
  if (status < 0) {
    printf("%s: %" PRId64 " pictures of %" PRId64 " people\n",
           run->faces.drawn ? "faces drawn by this program" : "faces", run->faces.count,
           run->faces.people);
  }
  if (status < 0 && run->protocol == PROTOCOL_STRANGERS && run->faces.people < MIN_PEOPLE) {
    complain("--protocol strangers needs %d people; there are %" PRId64, MIN_PEOPLE,
             run->faces.people);
    status = EXIT_FAILURE;
  }
  return status;
}

static const result *summary_of(const faces_run *run, size_t i) {
  return run->protocol == PROTOCOL_STRANGERS ? &run->tests[i].summary : &run->done[i].summary;
}

static void print_head(const faces_run *run) {
  const bool strangers = run->protocol == PROTOCOL_STRANGERS;
  printf("%-14s %19s %10s %10s%s\n", "model", strangers ? "identified" : "accuracy", "fit",
         "predict", strangers ? "  ROC area  equal error  accepted  strangers rejected" : "");
  fflush(stdout);
}

static void print_row(const faces_run *run, size_t i) {
  const result *row = summary_of(run, i);
  const stranger_test *test = &run->tests[i];
  const bool strangers = run->protocol == PROTOCOL_STRANGERS;
  printf("%-14s %7.2f %% ± %5.2f %% %8.3f s %8.3f s", row->model, 100 * row->test_accuracy,
         100 * (strangers ? test->deviation : run->done[i].deviation), row->fit_seconds,
         row->predict_seconds);
  if (strangers) {
    printf("  %8.4f %10.2f %% %7.1f %% %17.1f %%", test->area, 100 * test->equal_error,
           100 * test->accepted, 100 * test->rejected);
  }
  printf("\n");
  fflush(stdout);
}

/* Why a model is not run unless it is asked for by its name; NULL where it is. */
static const char *left_out(const faces_run *run, const model_entry *entry) {
  if (run->protocol == PROTOCOL_STRANGERS && !entry->projects) {
    return "it has no projection by which strangers could be compared";
  }
  return run->protocol == PROTOCOL_LEAVE_ONE_OUT && entry->optimizer != NULL &&
                 run->chosen.count > 1
             ? "a network for every picture takes hours; ask for it by its name"
             : NULL;
}

static clf_status run_model(faces_run *run, const evaluation_job *job, const model_entry *entry) {
  clf_status status;
  if (run->protocol == PROTOCOL_STRANGERS) {
    stranger_test *test = &run->tests[run->count];
    status = strangers_evaluate(test, job, entry);
    if (status < 0) {
      strangers_free(test);
    }
  } else {
    evaluation *e = &run->done[run->count];
    status = evaluate(e, job, entry);
    if (status < 0) {
      evaluation_free(e);
    }
  }
  return status;
}

static int run_models(faces_run *run) {
  const evaluation_job job = {.context = run->session.context,
                              .faces = &run->faces,
                              .protocol = run->protocol,
                              .splits = run->set.splits,
                              .seed = run->set.shared.seed,
                              .progress = &run->session.progress};
  int exit_status = EXIT_SUCCESS;
  print_head(run);
  for (size_t i = 0; i < run->chosen.count; i++) {
    const model_entry *entry = run->chosen.entries[i];
    if (left_out(run, entry) != NULL) {
      printf("%-14s left out: %s\n", entry->name, left_out(run, entry));
      exit_status = run->chosen.count > 1 ? exit_status : EXIT_FAILURE;
      continue;
    }
    const clf_status status = run_model(run, &job, entry);
    if (status == CLF_ERROR_CANCELLED && progress_interrupted()) {
      complain("interrupted; %zu of %zu models done", run->count, run->chosen.count);
      return EXIT_INTERRUPTED;
    }
    if (status < 0) {
      complain("%s: %s", entry->name, clf_last_error());
      exit_status = EXIT_FAILURE;
    } else {
      print_row(run, run->count++);
    }
  }
  return exit_status;
}

/* The best model, of all the pictures. */
static int save_best(faces_run *run, const result *results) {
  const char *name = run->count > 0 ? results[results_best(results, run->count)].model : "";
  clf_model *model = NULL;
  clf_status status = CLF_OK;
  if (run->set.save == NULL || run->count == 0) {
    return EXIT_SUCCESS;
  }
  for (size_t i = 0; i < run->chosen.count; i++) {
    if (strcmp(run->chosen.entries[i]->name, name) == 0) {
      progress_title(&run->session.progress, "all pictures");
      status = models_fit(&model, run->session.context, run->chosen.entries[i], run->faces.rows);
    }
  }
  progress_clear(&run->session.progress);
  status = status == CLF_OK ? clf_model_save(model, run->set.save) : status;
  clf_model_free(model);
  if (status < 0) {
    return report_failure(status);
  }
  printf("%s, trained on all pictures, is in %s\n", name, run->set.save);
  return EXIT_SUCCESS;
}

static int write_outputs(faces_run *run, const result *results, int exit_status) {
  const shared_options *shared = &run->set.shared;
  const run_facts facts =
      session_facts(&run->session, shared, run->faces.drawn ? "drawn" : shared->data);
  if (run->session.json != NULL) {
    results_write_json(run->session.json, &facts, results, run->count);
  }
  if (run->session.report != NULL) {
    faces_report(run->session.report,
                 &(const faces_story){
                     .run = &facts,
                     .protocol = run->protocol,
                     .faces = &run->faces,
                     .results = results,
                     .done = run->done,
                     .tests = run->tests,
                     .count = run->count,
                     .splits = protocol_splits(run->protocol, &run->faces, run->set.splits)});
  }
  return session_close_outputs(&run->session, shared, exit_status);
}

static void free_run(faces_run *run) {
  for (size_t i = 0; i < run->count; i++) {
    evaluation_free(&run->done[i]);
    strangers_free(&run->tests[i]);
  }
  faces_close(&run->faces);
  session_end(&run->session);
}

int main(int argc, char **argv) {
  static faces_run run;
  int status = parse(&run, argc, argv);
  status = status >= 0 ? status : session_begin(&run.session, &run.set.shared);
  status = status >= 0 ? status : open_faces(&run);
  status = status >= 0 ? status : session_open_outputs(&run.session, &run.set.shared, run.set.save);
  if (status < 0) {
    result results[MAX_MODELS];
    status = run_models(&run);
    for (size_t i = 0; i < run.count; i++) {
      results[i] = *summary_of(&run, i);
    }
    status = write_outputs(&run, results, status);
    status = status == EXIT_SUCCESS ? save_best(&run, results) : status;
  }
  free_run(&run);
  return status;
}
