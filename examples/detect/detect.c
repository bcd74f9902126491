/* Finds objects in images: trains a detector of faces, or without a folder of faces one of digits
 * in scenes that are made up; measures it on scenes that it was not trained on; draws what it finds
 * into pictures. */
#include <classify.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/options.h"
#include "common/progress.h"
#include "common/report.h"
#include "common/results.h"
#include "common/session.h"
#include "tell.h"
#include "train.h"

enum { MOST_PATH = 4096, TRAINING_SCENES = 1500, TEST_SCENES = 150, MINED_SCENES = 300 };

typedef struct settings {
  shared_options shared;
  const char *save, *detector, *identify, *params, *out;
  int64_t epochs, scenes;
  option_words words; /* the command, then images */
} settings;

typedef struct detect_run {
  settings set;
  session session;
  clf_model *people; /* to tell apart who is where, or NULL */
  bool faces;
  char folder[MOST_PATH]; /* of the faces */
} detect_run;

typedef struct command {
  const char *name;
  int (*run)(detect_run *run);
} command;

static int fail(void) {
  if (progress_interrupted()) {
    complain("interrupted");
    return EXIT_INTERRUPTED;
  }
  complain("%s", clf_last_error());
  return EXIT_FAILURE;
}

/* Each digit twice, a little beside the middle. */
static clf_status add_digit_windows(window_list *windows, const scene_list *scenes,
                                    uint64_t *state) {
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < scenes->count; i++) {
    const scene *s = &scenes->all[i];
    for (int64_t j = 0; status == CLF_OK && j < 2 * s->count; j++) {
      clf_box box = s->objects[j / 2];
      box.top += (float)(box.height * 0.1 * (random_share(state) - 0.5));
      box.left += (float)(box.width * 0.1 * (random_share(state) - 0.5));
      status = windows_add_box(windows, s->image, &box, box.label);
    }
  }
  return status;
}

/* Windows with objects, and the scenes to take those without from. */
static clf_status load_training(detect_run *run, window_list *windows, scene_list *scenes,
                                uint64_t *state) {
  if (run->faces) {
    windows->side = 36;
    clf_status status = faces_windows(windows, run->session.context, run->folder, state);
    return status == CLF_OK
               ? faces_scenes(scenes, run->session.context, run->folder, "train_scenes", false)
               : status;
  }
  const int64_t count = run->set.scenes > 0 ? run->set.scenes : TRAINING_SCENES;
  windows->side = 28;
  clf_status status =
      digits_scenes(scenes, run->session.context, run->set.shared.data, "train", count, state);
  return status == CLF_OK ? add_digit_windows(windows, scenes, state) : status;
}

static int train(detect_run *run) {
  recipe how = run->faces ? faces_recipe : digits_recipe;
  window_list windows = {0};
  scene_list scenes = {0};
  clf_detector *detector = NULL;
  uint64_t state = (uint64_t)run->set.shared.seed * 2 + 1;
  const double began = seconds_now();
  how.epochs = run->set.epochs > 0 ? run->set.epochs : how.epochs;
  if (run->set.save == NULL) {
    complain("train needs --save FILE, to keep the detector in");
    return EXIT_USAGE;
  }
  progress_title(&run->session.progress, "reading");
  clf_status status = load_training(run, &windows, &scenes, &state);
  if (status == CLF_OK) {
    printf("%s: %" PRId64 " windows, %" PRId64 " scenes\n",
           run->faces ? "faces" : "digits in scenes made up by this program", windows.count,
           scenes.count);
    scenes_keep(&scenes, run->faces ? scenes.count : MINED_SCENES);
    status = train_detector(&detector, run->session.context, &how, &windows, &scenes, &state,
                            &run->session.progress);
  }
  status = status == CLF_OK ? clf_detector_save(detector, run->set.save) : status;
  if (status == CLF_OK) {
    printf("trained in %.1f s, kept in %s\n", seconds_now() - began, run->set.save);
  }
  clf_detector_free(detector);
  windows_free(&windows);
  scenes_free(&scenes);
  return status == CLF_OK ? EXIT_SUCCESS : fail();
}

static clf_status load_tests(detect_run *run, scene_list *scenes) {
  uint64_t state = (uint64_t)run->set.shared.seed * 2 + 1000001;
  const int64_t count = run->set.scenes > 0 ? run->set.scenes : TEST_SCENES;
  return run->faces ? faces_scenes(scenes, run->session.context, run->folder, "test_scenes", true)
                    : digits_scenes(scenes, run->session.context, run->set.shared.data, "t10k",
                                    count, &state);
}

static clf_status load_detector(clf_detector **out, const detect_run *run, const char *more) {
  char params[512];
  snprintf(params, sizeof params, "%s %s", more, run->set.params != NULL ? run->set.params : "");
  return clf_detector_load(out, run->session.context, run->set.detector, params);
}

static void write_report(const detect_run *run, const evaluation *e, const class_names *names) {
  char machine[256], scenes[32], objects[32], seconds[32], name[32];
  FILE *out = run->session.report;
  describe_machine(machine, sizeof machine);
  snprintf(scenes, sizeof scenes, "%" PRId64, e->scenes);
  snprintf(objects, sizeof objects, "%" PRId64, e->objects);
  snprintf(seconds, sizeof seconds, "%.2f s", e->seconds);
  page_begin(out, run->faces ? "Faces in photographs" : "Digits in scenes made up");
  fprintf(out, "<p class=\"lead\">Average precision %.4f at an overlap of %g or more.</p>\n",
          e->average_precision, e->overlap);
  page_facts(out,
             (const fact[]){
                 {"Scenes", scenes}, {"Objects", objects}, {"Time", seconds}, {"Machine", machine}},
             4);
  fputs("<section>\n<h2>Precision and recall</h2>\n", out);
  if (e->class_count > 1) {
    fprintf(out, "<p class=\"note\">The curve is that of class %s.</p>\n",
            name_of(names, e->labels[0], name));
  }
  fputs("<div class=\"curves\"><figure>\n", out);
  write_curve(out, e);
  fputs(
      "</figure></div>\n<table class=\"classes\"><thead><tr><th>Class</th><th>Average "
      "precision</th></tr></thead><tbody>\n",
      out);
  for (int64_t i = 0; i < e->class_count; i++) {
    fprintf(out, "<tr><th>%s</th><td>%.4f</td></tr>\n", name_of(names, e->labels[i], name),
            e->of_class[i]);
  }
  fputs("</tbody></table>\n</section>\n", out);
  page_end(out);
}

static clf_status make_folder(const char *path) {
  if (mkdir(path, 0777) == 0 || errno == EEXIST) {
    return CLF_OK;
  }
  complain("%s: %s", path, strerror(errno));
  return CLF_ERROR_IO;
}

/* FOLDER/NAME.jpg.png for DIR/NAME.jpg: images that differ in their ending alone stay apart. */
static void output_path(char out[MOST_PATH], const char *folder, const char *image) {
  const char *name = strrchr(image, '/');
  name = name != NULL ? name + 1 : image;
  const size_t length = strlen(name);
  const bool png = length > 4 && strcmp(name + length - 4, ".png") == 0;
  snprintf(out, MOST_PATH, "%s/%s%s", folder, name, png ? "" : ".png");
}

/* Finds boxes, and draws them into a picture in the folder asked for. */
static clf_status find_and_draw(const detect_run *run, const clf_detector *detector,
                                const clf_image *image, const char *name, clf_box *boxes,
                                int64_t capacity, int64_t *count) {
  clf_image *drawn = NULL;
  char to[MOST_PATH];
  clf_status status = clf_detector_run(detector, image, boxes, capacity, count);
  *count = status == CLF_OK && *count > capacity ? capacity : *count;
  if (status == CLF_OK && run->set.out != NULL) {
    output_path(to, run->set.out, name);
    status = draw_boxes(&drawn, run->session.context, image, boxes, *count);
    status = status == CLF_OK ? clf_image_save(drawn, to) : status;
  }
  clf_image_free(drawn);
  return status;
}

/* Pictures of the scenes with what is found by the detector's own threshold. */
static clf_status draw_scenes(const detect_run *run, const scene_list *scenes) {
  enum { MOST_BOXES = 1000 };
  static clf_box boxes[MOST_BOXES];
  clf_detector *detector = NULL;
  int64_t count;
  clf_status status = make_folder(run->set.out);
  status = status == CLF_OK ? load_detector(&detector, run, "") : status;
  for (int64_t i = 0; status == CLF_OK && i < scenes->count; i++) {
    status = find_and_draw(run, detector, scenes->all[i].image, scenes->all[i].name, boxes,
                           MOST_BOXES, &count);
  }
  clf_detector_free(detector);
  return status;
}

static int test(detect_run *run) {
  scene_list scenes = {0};
  clf_detector *detector = NULL;
  evaluation e = {0};
  if (run->set.detector == NULL) {
    complain("evaluate needs --detector FILE, which train has saved");
    return EXIT_USAGE;
  }
  clf_status status = load_detector(&detector, run, "threshold=0.001");
  progress_title(&run->session.progress, "reading");
  status = status == CLF_OK ? load_tests(run, &scenes) : status;
  progress_title(&run->session.progress, "scenes");
  status = status == CLF_OK ? evaluate(&e, detector, &scenes, run->faces ? 0.3 : 0.5) : status;
  if (status == CLF_OK && run->set.out != NULL) {
    status = draw_scenes(run, &scenes);
  }
  progress_clear(&run->session.progress);
  if (status == CLF_OK) {
    const class_names names = names_of(detector);
    printf("%s: average precision %.4f; %" PRId64 " objects in %" PRId64
           " scenes, %.2f "
           "megapixels in %.2f s\n",
           run->faces ? "faces" : "digits in scenes made up by this program", e.average_precision,
           e.objects, e.scenes, e.megapixels, e.seconds);
    if (run->session.json != NULL) {
      write_evaluation(run->session.json, &e, &names,
                       run->faces ? run->folder : "digit scenes, generated", run->set.detector,
                       clf_context_threads(run->session.context));
    }
    if (run->session.report != NULL) {
      write_report(run, &e, &names);
    }
  }
  evaluation_free(&e);
  scenes_free(&scenes);
  clf_detector_free(detector);
  return status == CLF_OK ? EXIT_SUCCESS : fail();
}

static clf_status find_in(detect_run *run, const clf_detector *detector, const char *path,
                          bool first) {
  enum { MOST_BOXES = 1000 };
  static clf_box boxes[MOST_BOXES];
  const class_names names = names_of(detector);
  clf_image *image = NULL;
  identities who = {0};
  int64_t count = 0;
  clf_status status = clf_image_load(&image, run->session.context, path, NULL);
  if (status == CLF_OK) {
    status = find_and_draw(run, detector, image, path, boxes, MOST_BOXES, &count);
  }
  if (status == CLF_OK && run->people != NULL) {
    status = identify(&who, run->session.context, run->people, image, boxes, count);
  }
  if (status == CLF_OK) {
    FILE *out = run->session.json != NULL ? run->session.json : stdout;
    progress_clear(&run->session.progress);
    fprintf(out, "%s {\"image\": ", first ? "[" : ",\n ");
    write_json_text(out, path);
    fputs(", \"boxes\": ", out);
    write_boxes(out, &names, boxes, run->people != NULL ? &who : NULL, count);
    fputs("}", out);
  }
  identities_free(&who);
  clf_image_free(image);
  return status;
}

static int find(detect_run *run) {
  const option_words *words = &run->set.words;
  clf_detector *detector = NULL;
  if (run->set.detector == NULL || words->count < 2) {
    complain("run needs --detector FILE, which train has saved, and images");
    return EXIT_USAGE;
  }
  if (run->set.out != NULL && make_folder(run->set.out) < 0) {
    return EXIT_FAILURE;
  }
  clf_status status = load_detector(&detector, run, "");
  if (status == CLF_OK && run->set.identify != NULL) {
    status = clf_model_load(&run->people, run->session.context, run->set.identify);
  }
  for (size_t i = 1; status == CLF_OK && i < words->count; i++) {
    status = find_in(run, detector, words->words[i], i == 1);
  }
  if (status == CLF_OK) {
    fputs("]\n", run->session.json != NULL ? run->session.json : stdout);
  }
  clf_model_free(run->people);
  clf_detector_free(detector);
  return status == CLF_OK ? EXIT_SUCCESS : fail();
}

static const command commands[] = {{"train", train}, {"evaluate", test}, {"run", find}};

static int parse(detect_run *run, int argc, char *const *argv) {
  settings *set = &run->set;
  const option_entry own[] = {
      {"train|evaluate|run [IMAGE …]", NULL, "what to do, and with which images", OPTION_WORDS, 0,
       &set->words},
      {"save", "FILE", "train: where to keep the detector", OPTION_TEXT, 0, &set->save},
      {"detector", "FILE", "evaluate, run: the detector", OPTION_TEXT, 0, &set->detector},
      {"identify", "FILE",
       "run: a model that faces --detector … --save has made, to tell who each face is",
       OPTION_TEXT, 0, &set->identify},
      {"params", "TEXT", "evaluate, run: parameters of the detector, \"name=value …\"", OPTION_TEXT,
       0, &set->params},
      {"out", "DIR", "evaluate, run: folder for the pictures with boxes drawn", OPTION_TEXT, 0,
       &set->out},
      {"epochs", "N", "train: passes over the windows in a round (default: the recipe's)",
       OPTION_NUMBER, 1, &set->epochs},
      {"scenes", "N", "of digits: how many to make up", OPTION_NUMBER, 1, &set->scenes},
  };
  return options_parse(
      &set->shared,
      "Finds objects in images. In --data with the folders train_faces, train_scenes and "
      "test_scenes "
      "(or in its\nfolder faces) they are faces; else digits of MNIST, in scenes made up.\n\n"
      "  detect train --save FILE             learn, in rounds with what was found by mistake\n"
      "  detect evaluate --detector FILE      average precision on scenes not seen before\n"
      "  detect run --detector FILE IMAGE …   boxes as JSON, drawn into pictures with --out DIR",
      own, sizeof own / sizeof *own, argc, argv);
}

static int start(detect_run *run) {
  const shared_options *shared = &run->set.shared;
  const int status = session_begin(&run->session, shared);
  if (status < 0) {
    run->faces = faces_find(run->folder, sizeof run->folder, shared->data);
  }
  return status < 0 ? session_open_outputs(&run->session, shared) : status;
}

static int run_command(detect_run *run) {
  const option_words *words = &run->set.words;
  const char *wanted = words->count > 0 ? words->words[0] : "none";
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(commands[i].name, wanted) == 0) {
      const int status = start(run);
      return status >= 0 ? status : commands[i].run(run);
    }
  }
  complain("the first word must be train, evaluate or run, not %s; --help tells more", wanted);
  return EXIT_USAGE;
}

static int close_output(FILE *out, const char *path, int status) {
  return out != NULL && output_close(out, path) < 0 ? EXIT_FAILURE : status;
}

int main(int argc, char **argv) {
  static detect_run run;
  run.set.words.words = calloc((size_t)argc, sizeof *run.set.words.words);
  int status = run.set.words.words != NULL ? parse(&run, argc, argv) : EXIT_FAILURE;
  status = status >= 0 ? status : run_command(&run);
  status = close_output(run.session.json, run.set.shared.json, status);
  status = close_output(run.session.report, run.set.shared.report, status);
  session_end(&run.session);
  free(run.set.words.words);
  return status;
}
