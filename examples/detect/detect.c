/* Finds objects in images: trains a detector of faces, of digits in synthetic scenes, or of what a file
 * of boxes names in any pictures; measures it on scenes that it was not trained on; draws what it finds
 * into pictures. */
#include <classify.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/detection_page.h"
#include "common/detector.h"
#include "report/session.h"
#include "report/text.h"

typedef struct settings {
  shared_options shared;
  const char *save, *detector, *identify, *params, *out, *boxes;
  int64_t epochs, scenes;
  option_words words; /* the command, then images */
} settings;

typedef struct detect_run {
  settings set;
  session session;
  scene_source source;
} detect_run;

static clf_status fit_and_save(detect_run *run, window_list *windows, scene_list *scenes,
                               uint64_t *state) {
  recipe how = detector_recipes[run->source.kind];
  clf_detector *detector = NULL;
  how.epochs = run->set.epochs > 0 ? run->set.epochs : how.epochs;
  printf("%s: %" PRId64 " windows, %" PRId64 " scenes\n", source_name(&run->source), windows->count,
         scenes->count);
  scenes_keep(scenes, how.scenes > 0 ? how.scenes : scenes->count);
  clf_status status = train_detector(&detector, run->session.context, &how, windows, scenes, state,
                                     &run->session.progress);
  status = status == CLF_OK ? clf_detector_save(detector, run->set.save) : status;
  clf_detector_free(detector);
  return status;
}

/* The commands return the status to exit with. This one learns from windows with objects and without,
 * in rounds. */
static int command_train(detect_run *run) {
  window_list windows = {0};
  scene_list scenes = {0};
  uint64_t state = (uint64_t)run->set.shared.seed * 2 + 1;
  const double began = seconds_now();
  progress_title(&run->session.progress, "reading");
  int status = source_training(&run->source, run->session.context, &windows, &scenes,
                               run->set.scenes, &state);
  if (status < 0) {
    const clf_status fitted = fit_and_save(run, &windows, &scenes, &state);
    progress_clear(&run->session.progress);
    status = fitted == CLF_OK ? EXIT_SUCCESS : report_failure(fitted);
  }
  if (status == EXIT_SUCCESS) {
    printf("trained in %.1f s; the detector is in %s\n", seconds_now() - began, run->set.save);
  }
  windows_free(&windows);
  scenes_free(&scenes);
  return status;
}

/* The detector of the file with the parameters of the command line; where the scores of unsure
 * boxes are wanted as well, its threshold is low unless the command line sets it. Returns -1 to go
 * on, or an exit status after a message. */
static int load_detector(clf_detector **out, const detect_run *run, bool unsure) {
  char params[512];
  const char *given = run->set.params != NULL ? run->set.params : "";
  const bool low = unsure && strstr(given, "threshold") == NULL;
  snprintf(params, sizeof params, "%s%s", low ? "threshold=0.001 " : "", given);
  const clf_status status = clf_detector_load(out, run->session.context, run->set.detector, params);
  if (status == CLF_OK) {
    return -1;
  }
  const int failed = report_failure(status);
  return status == CLF_ERROR_ARGUMENT ? EXIT_USAGE : failed;
}

static void print_evaluation(const detect_run *run, const detection_result *e,
                             const clf_detector *detector) {
  char name[DIGIT_NAME];
  printf("%s: average precision %.4f; %" PRId64 " objects in %" PRId64
         " scenes, %.2f megapixels in %.2f s\n",
         source_name(&run->source), e->average_precision, e->objects, e->scenes, e->megapixels,
         e->seconds);
  for (int64_t i = 0; e->classes > 1 && i < e->classes; i++) {
    printf("  class %-4s %.4f\n", name_of(detector, e->curves[i].label, name), e->curves[i].area);
  }
}

/* The page and the pictures, by the detector's own threshold. */
static int show_scenes(detect_run *run, const detection_result *e, const run_facts *facts,
                       const scene_list *scenes) {
  static const char *const titles[SOURCES] = {"Faces in photographs", "Digits in synthetic scenes",
                                              "Objects in pictures"};
  detect_story story = {.title = titles[run->source.kind],
                        .result = e,
                        .run = facts,
                        .file = run->set.detector,
                        .params = run->set.params,
                        .scenes = scenes};
  int status = load_detector(&story.detector, run, false);
  if (status < 0) {
    const clf_status shown =
        detection_show(run->session.report, &story, run->set.out, run->session.context);
    status = shown == CLF_OK ? -1 : report_failure(shown);
  }
  clf_detector_free(story.detector);
  return status;
}

static int measure(detect_run *run, const clf_detector *detector, const scene_list *scenes) {
  const bool digits = run->source.kind == SOURCE_DIGITS;
  const run_facts facts = session_facts(&run->session, &run->set.shared,
                                        digits ? "digit scenes, generated" : run->source.folder);
  detection_result e = {0};
  progress_title(&run->session.progress, "scenes");
  const clf_status measured = detection_evaluate(&e, detector, scenes, digits ? 0.5 : 0.3);
  progress_clear(&run->session.progress);
  int status = measured < 0 ? report_failure(measured) : -1;
  if (measured == CLF_OK) {
    print_evaluation(run, &e, detector);
  }
  if (measured == CLF_OK && run->session.json != NULL) {
    detection_write(run->session.json, &e, detector, &facts, run->set.detector);
  }
  if (measured == CLF_OK && (run->session.report != NULL || run->set.out != NULL)) {
    status = show_scenes(run, &e, &facts, scenes);
  }
  detection_free(&e);
  return status;
}

/* Measures a detector on scenes that it was not trained on. */
static int command_evaluate(detect_run *run) {
  scene_list scenes = {0};
  clf_detector *detector = NULL;
  uint64_t state = (uint64_t)run->set.shared.seed * 2 + 1000001;
  clf_context *context = run->session.context;
  int status = load_detector(&detector, run, true);
  progress_title(&run->session.progress, "reading");
  status =
      status < 0 ? source_tests(&run->source, context, &scenes, run->set.scenes, &state) : status;
  status = status < 0 ? scenes_use_classes(&scenes, detector) : status;
  status = status < 0 ? measure(run, detector, &scenes) : status;
  progress_clear(&run->session.progress);
  scenes_free(&scenes);
  clf_detector_free(detector);
  return status < 0 ? EXIT_SUCCESS : status;
}

/* Finds objects in every picture, also after one that cannot be read, each an object of the JSON. */
static int find_in_all(detect_run *run, const clf_detector *detector, const clf_model *people) {
  const finder with = {run->session.context, detector, people, run->set.out};
  const option_words *words = &run->set.words;
  json_writer json = json_begin(run->session.json != NULL ? run->session.json : stdout);
  int exit_status = EXIT_SUCCESS;
  json_open(&json, NULL, '[');
  for (size_t i = 1; exit_status != EXIT_INTERRUPTED && i < words->count; i++) {
    finding f = {0};
    const clf_status status = progress_interrupted()
                                  ? CLF_ERROR_CANCELLED
                                  : find_in(&f, &with, words->words + 1, (int64_t)i - 1);
    progress_clear(&run->session.progress);
    exit_status = status < 0 ? report_failure(status) : exit_status;
    if (exit_status != EXIT_INTERRUPTED) {
      write_finding(&json, detector, words->words[i], &f, status);
      fflush(json.out);
    }
    finding_free(&f);
  }
  json_close(&json, ']');
  return exit_status;
}

static int command_run(detect_run *run) {
  clf_detector *detector = NULL;
  clf_model *people = NULL;
  int status = load_detector(&detector, run, false);
  if (status < 0 && run->set.identify != NULL) {
    const clf_status loaded = clf_model_load(&people, run->session.context, run->set.identify);
    status = loaded == CLF_OK ? -1 : report_failure(loaded);
  }
  status = status < 0 ? find_in_all(run, detector, people) : status;
  clf_model_free(people);
  clf_detector_free(detector);
  return status;
}

static const char *const command_names[] = {"train", "evaluate", "run"};
enum { TRAIN, EVALUATE, RUN, COMMANDS };

static int parse(detect_run *run, int argc, char *const *argv) {
  settings *set = &run->set;
  const option_entry own[] = {
      {"save", "FILE", "train: where to save the detector", OPTION_TEXT, 0, &set->save},
      {"boxes", "FILE",
       "train, evaluate: the objects in the pictures of --data, lines of NAME x1 y1 x2 y2 or NAME "
       "x1 y1 x2 y2 LABEL, in pixels from 1",
       OPTION_TEXT, 0, &set->boxes},
      {"epochs", "N", "train: passes over the windows in a round (default: the recipe's)",
       OPTION_NUMBER, 1, &set->epochs},
      {"scenes", "N", "train, evaluate: how many scenes of digits to generate", OPTION_NUMBER, 1,
       &set->scenes},
      {"detector", "FILE", "evaluate, run: the detector that train has saved", OPTION_TEXT, 0,
       &set->detector},
      {"params", "TEXT",
       "evaluate, run: parameters of the detector, \"name=value …\", such as threshold=0.9",
       OPTION_TEXT, 0, &set->params},
      {"out", "DIR", "evaluate, run: folder for the pictures with boxes drawn", OPTION_TEXT, 0,
       &set->out},
      {"identify", "FILE",
       "run: a model that \"faces --detector FILE --save FILE\" has saved; it recognizes whose "
       "face "
       "each box shows",
       OPTION_TEXT, 0, &set->identify},
      {"IMAGE …", NULL, "run: PNG, JPEG, GIF, PGM or PPM files", OPTION_WORDS, 0, &set->words},
  };
  const program_options program = {
      .usage = "train|evaluate|run [OPTION …] [IMAGE …]",
      .summary =
          "Finds objects in images: faces, digits in synthetic scenes, or your own.\n\n"
          "  detect train --save FILE             in rounds, with what was found wrongly\n"
          "  detect evaluate --detector FILE      on scenes that it was not trained on\n"
          "  detect run --detector FILE IMAGE …   boxes as JSON, and drawn with --out DIR",
      .data =
          "of your own objects: folder of pictures, with --boxes; of faces: folder with "
          "train_faces (a face each), train_scenes (no faces), test_scenes and "
          "ground_truth_bboxes.txt (as for --boxes), or its parent; of digits: folder of MNIST "
          "(default: $CLASSIFY_DATA, else the digits that come with the program)",
      .own = own,
      .count = sizeof own / sizeof *own};
  const int status = options_parse(&set->shared, &program, argc, argv);
  set->shared.data = set->shared.data != NULL ? set->shared.data : EXAMPLES_DATA;
  return status;
}

static int choose_command(const detect_run *run, size_t *command) {
  const option_words *words = &run->set.words;
  if (words->count == 0) {
    complain("the first word must be train, evaluate or run; --help shows how");
    return EXIT_USAGE;
  }
  const size_t found = find_name(words->words[0], command_names, COMMANDS);
  if (found == COMMANDS) {
    return reject_name("command", words->words[0], command_names, COMMANDS, NULL);
  }
  *command = found;
  return -1;
}

/* What a command needs, and what it has no use for. */
static int check_settings(const detect_run *run, size_t command) {
  const settings *set = &run->set;
  const char *name = command_names[command];
  if (command == TRAIN && set->save == NULL) {
    complain("train needs --save FILE, where to save the detector");
  } else if (command != TRAIN && set->detector == NULL) {
    complain("%s needs --detector FILE, which train has saved", name);
  } else if (command == RUN && set->words.count < 2) {
    complain("run needs images, such as photo.jpg");
  } else if (command != RUN && set->words.count > 1) {
    complain("%s takes no images, such as '%s'; run does", name, set->words.words[1]);
  } else if (command != EVALUATE && set->shared.report != NULL) {
    complain("%s writes no report; evaluate does", name);
  } else if (command == TRAIN && set->shared.json != NULL) {
    complain("train writes no JSON; evaluate and run do");
  } else {
    return -1;
  }
  return EXIT_USAGE;
}

static int run_command(detect_run *run) {
  static int (*const commands[])(detect_run *) = {command_train, command_evaluate, command_run};
  const settings *set = &run->set;
  size_t command = 0;
  int status = choose_command(run, &command);
  status = status < 0 ? check_settings(run, command) : status;
  if (status < 0 && command != RUN) {
    status = source_find(&run->source, set->shared.data, set->boxes);
  }
  status = status < 0 ? session_begin(&run->session, &set->shared) : status;
  status = status < 0 ? session_open_outputs(&run->session, &set->shared, set->save) : status;
  status = status < 0 ? output_folder(set->out) : status;
  return status < 0 ? commands[command](run) : status;
}

int main(int argc, char **argv) {
  static detect_run run;
  run.set.words.words = calloc((size_t)argc, sizeof *run.set.words.words);
  int status = run.set.words.words != NULL ? parse(&run, argc, argv) : EXIT_FAILURE;
  status = status >= 0 ? status : run_command(&run);
  status = session_close_outputs(&run.session, &run.set.shared, status);
  free(run.set.words.words);
  return session_end(&run.session, status);
}
