/* Finds objects in images: trains a detector of faces, or without a folder of faces one of digits
 * in synthetic scenes; measures it on scenes that it was not trained on; draws what it finds into
 * pictures. */
#include <classify.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "boxes.h"
#include "common/folder.h"
#include "data.h"
#include "program.h"

int load_detector(clf_detector **out, const detect_run *run, bool unsure) {
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

clf_status draw_into_folder(const detect_run *run, const clf_image *image, const char *name,
                            int64_t number, const clf_box *boxes, int64_t count, char **path) {
  clf_image *drawn = NULL;
  const char *base = strrchr(name, '/') != NULL ? strrchr(name, '/') + 1 : name;
  const size_t size = strlen(run->set.out) + strlen(base) + 48;
  char before[32] = "";
  if (number > 0) {
    snprintf(before, sizeof before, "%" PRId64 "-", number);
  }
  *path = malloc(size);
  if (*path == NULL) {
    return CLF_ERROR_MEMORY;
  }
  snprintf(*path, size, "%s/%s%s.boxes.png", run->set.out, before, base);
  clf_status status = draw_boxes(&drawn, run->session.context, image, boxes, count);
  status = status == CLF_OK ? clf_image_save(drawn, *path) : status;
  clf_image_free(drawn);
  return status;
}

/* The folder for pictures, where one is asked for. */
static int make_folder(const detect_run *run) {
  const char *path = run->set.out;
  if (path == NULL || mkdir(path, 0777) == 0 || (errno == EEXIST && is_folder(path))) {
    return -1;
  }
  complain("cannot make the folder '%s': %s", path, strerror(errno));
  return EXIT_FAILURE;
}

static const char *const command_names[] = {"train", "evaluate", "run"};
enum { TRAIN, EVALUATE, RUN, COMMANDS };

static int parse(detect_run *run, int argc, char *const *argv) {
  settings *set = &run->set;
  const option_entry own[] = {
      {"save", "FILE", "train: where to save the detector", OPTION_TEXT, 0, &set->save},
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
          "Finds objects in images: faces, or digits in synthetic scenes.\n\n"
          "  detect train --save FILE             in rounds, with what was found wrongly\n"
          "  detect evaluate --detector FILE      on scenes that it was not trained on\n"
          "  detect run --detector FILE IMAGE …   boxes as JSON, and drawn with --out DIR",
      .data =
          "of faces: folder with train_faces (a face each), train_scenes (no faces), test_scenes "
          "and ground_truth_bboxes.txt (lines of NAME x1 y1 x2 y2), or its parent; of digits: "
          "folder of MNIST (default: $CLASSIFY_DATA, else the digits that come with the "
          "program)",
      .own = own,
      .count = sizeof own / sizeof *own};
  const int status = options_parse(&set->shared, &program, argc, argv);
  set->shared.data = set->shared.data != NULL ? set->shared.data : EXAMPLES_DATA;
  return status;
}

static int choose_command(const detect_run *run, int *command) {
  const option_words *words = &run->set.words;
  if (words->count == 0) {
    complain("the first word must be train, evaluate or run; --help shows how");
    return EXIT_USAGE;
  }
  for (*command = 0; *command < COMMANDS; (*command)++) {
    if (strcmp(words->words[0], command_names[*command]) == 0) {
      return -1;
    }
  }
  return options_reject("command", words->words[0], command_names, COMMANDS, NULL);
}

/* What a command needs, and what it has no use for. */
static int check_settings(const detect_run *run, int command) {
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

/* Whether the data are faces or digits, and where. */
static int find_data(detect_run *run) {
  const char *data = run->set.shared.data;
  run->faces = faces_find(run->folder, sizeof run->folder, data);
  const char *inside = mnist_place(data);
  if (!run->faces && inside == NULL) {
    complain(
        "no faces and no MNIST in '%s': it has neither train_faces, train_scenes and "
        "test_scenes nor train-images-idx3-ubyte.gz, and no folder faces or mnist that has; "
        "examples/data/fetch.sh gets them",
        data);
    return EXIT_FAILURE;
  }
  if (!run->faces) {
    snprintf(run->folder, sizeof run->folder, "%s%s", data, inside);
  }
  return -1;
}

static int run_command(detect_run *run) {
  static int (*const commands[])(detect_run *) = {command_train, command_evaluate, command_run};
  int command = 0;
  int status = choose_command(run, &command);
  status = status < 0 ? check_settings(run, command) : status;
  status = status < 0 && command != RUN ? find_data(run) : status;
  status = status < 0 ? session_begin(&run->session, &run->set.shared) : status;
  status =
      status < 0 ? session_open_outputs(&run->session, &run->set.shared, run->set.save) : status;
  status = status < 0 ? make_folder(run) : status;
  return status < 0 ? commands[command](run) : status;
}

int main(int argc, char **argv) {
  static detect_run run;
  run.set.words.words = calloc((size_t)argc, sizeof *run.set.words.words);
  int status = run.set.words.words != NULL ? parse(&run, argc, argv) : EXIT_FAILURE;
  status = status >= 0 ? status : run_command(&run);
  status = session_close_outputs(&run.session, &run.set.shared, status);
  session_end(&run.session);
  free(run.set.words.words);
  return status;
}
