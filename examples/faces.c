/* Learns to tell people by their faces, from few pictures of each: a convolutional network beside
 * the classical methods on the same splits, and strangers by their distance from those enrolled. */
#include <classify.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/session.h"
#include "faces_evaluate.h"

typedef struct settings {
  shared_options shared;
  const char *model, *protocol; /* by name */
  const char *save;             /* file, or NULL */
  int64_t splits;
} settings;

typedef struct faces_run {
  settings set;
  model_choice chosen;
  face_protocol protocol;
  session session;
  face_set faces;
  evaluation done[MOST_MODELS];
  size_t count; /* of those done */
} faces_run;

static int parse(faces_run *run, int argc, char *const *argv) {
  settings *set = &run->set;
  set->model = "all";
  set->protocol = "seed20";
  set->splits = 10;
  const option_entry own[] = {
      {"protocol", "NAME",
       "seed20: train on 20 % of each person's pictures (the default); five: on five; "
       "leave-one-out",
       OPTION_TEXT, 0, &set->protocol},
      {"model", "NAME",
       "cnn, fisher, kernel_fisher, svm, hog_fisher, hog_ridge or all (the default; without cnn to "
       "leave one out, which takes hours)",
       OPTION_TEXT, 0, &set->model},
      {"splits", "N", "random splits of a protocol (default: 10)", OPTION_NUMBER, 1, &set->splits},
      {"save", "FILE", "train the best model on all pictures and save it", OPTION_TEXT, 0,
       &set->save},
  };
  int status = options_parse(&set->shared,
                             "Learns to tell people by their faces. --data has the Yale faces, as "
                             "fetch.sh gets them; without\nit the faces are drawn by the program.",
                             own, sizeof own / sizeof *own, argc, argv);
  status = status >= 0 ? status : models_choose(&run->chosen, set->model);
  return status >= 0 ? status : protocol_choose(&run->protocol, set->protocol);
}

static int open_faces(faces_run *run) {
  const shared_options *shared = &run->set.shared;
  const bool given = strcmp(shared->data, EXAMPLES_DATA) != 0;
  const int status = faces_open(&run->faces, run->session.context, given ? shared->data : NULL, 0);
  if (status < 0) {
    printf("%s: %" PRId64 " pictures of %" PRId64 " people\n",
           run->faces.drawn ? "faces drawn by this program" : "faces", run->faces.count,
           run->faces.people);
  }
  return status;
}

static void print_head(void) {
  printf("%-14s %21s %10s %10s\n", "model", "accuracy", "fit", "predict");
  fflush(stdout);
}

static void print_row(const evaluation *e) {
  printf("%-14s %7.2f %% ± %5.2f %% %8.3f s %8.3f s\n", e->summary.model,
         100 * e->summary.test_accuracy, 100 * e->deviation, e->summary.fit_seconds,
         e->summary.predict_seconds);
  fflush(stdout);
}

/* A network for every picture left out would take hours, so it has to be asked for by its name. */
static bool left_out(const faces_run *run, const model_entry *entry) {
  return run->protocol == PROTOCOL_LEAVE_ONE_OUT && entry->optimizer != NULL &&
         run->chosen.count > 1;
}

static int run_models(faces_run *run) {
  const evaluation_job job = {.context = run->session.context,
                              .faces = &run->faces,
                              .protocol = run->protocol,
                              .splits = run->set.splits,
                              .seed = run->set.shared.seed,
                              .progress = &run->session.progress};
  int exit_status = EXIT_SUCCESS;
  print_head();
  for (size_t i = 0; i < run->chosen.count; i++) {
    const model_entry *entry = run->chosen.entries[i];
    evaluation *e = &run->done[run->count];
    if (left_out(run, entry)) {
      printf("%-14s left out: %" PRId64 " networks take hours; --model %s trains them\n",
             entry->name, run->faces.count, entry->name);
      continue;
    }
    const clf_status status = evaluate(e, &job, entry);
    if (status < 0) {
      evaluation_free(e);
      if (status == CLF_ERROR_CANCELLED && progress_interrupted()) {
        complain("interrupted; %zu of %zu models done", run->count, run->chosen.count);
        return EXIT_INTERRUPTED;
      }
      complain("%s: %s", entry->name, clf_last_error());
      exit_status = EXIT_FAILURE;
    } else {
      print_row(e);
      run->count++;
    }
  }
  return exit_status;
}

static size_t best_of(const faces_run *run) {
  size_t best = 0;
  for (size_t i = 1; i < run->count; i++) {
    best = run->done[i].summary.test_accuracy > run->done[best].summary.test_accuracy ? i : best;
  }
  return best;
}

/* The best model, of all the pictures. */
static int save_best(faces_run *run) {
  const char *name = run->count > 0 ? run->done[best_of(run)].summary.model : "";
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
    complain("%s", clf_last_error());
    return EXIT_FAILURE;
  }
  printf("%s, trained on all pictures, is in %s\n", name, run->set.save);
  return EXIT_SUCCESS;
}

static int write_outputs(faces_run *run, int exit_status) {
  const shared_options *shared = &run->set.shared;
  result results[MOST_MODELS];
  const run_facts facts = {.data = run->faces.drawn ? "drawn" : shared->data,
                           .cpu = clf_context_cpu(run->session.context),
                           .threads = clf_context_threads(run->session.context),
                           .seed = shared->seed};
  for (size_t i = 0; i < run->count; i++) {
    results[i] = run->done[i].summary;
  }
  if (run->session.json != NULL) {
    results_write_json(run->session.json, &facts, results, run->count);
    exit_status = output_close(run->session.json, shared->json) < 0 ? EXIT_FAILURE : exit_status;
  }
  return exit_status;
}

static void free_run(faces_run *run) {
  for (size_t i = 0; i < run->count; i++) {
    evaluation_free(&run->done[i]);
  }
  faces_close(&run->faces);
  session_end(&run->session);
}

int main(int argc, char **argv) {
  static faces_run run;
  int status = parse(&run, argc, argv);
  status = status >= 0 ? status : session_begin(&run.session, &run.set.shared);
  status = status >= 0 ? status : open_faces(&run);
  status = status >= 0 ? status : session_open_outputs(&run.session, &run.set.shared);
  if (status < 0) {
    status = run_models(&run);
    status = write_outputs(&run, status);
    status = status == EXIT_SUCCESS ? save_best(&run) : status;
  }
  free_run(&run);
  return status;
}
