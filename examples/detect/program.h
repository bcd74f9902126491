/* The three commands of the detect program, and what they share. */
#ifndef EXAMPLES_DETECT_PROGRAM_H
#define EXAMPLES_DETECT_PROGRAM_H

#include <classify.h>
#include <stdbool.h>

#include "common/session.h"

enum { MAX_PATH = 4096 };

typedef struct settings {
  shared_options shared;
  const char *save, *detector, *identify, *params, *out;
  int64_t epochs, scenes;
  option_words words; /* the command, then images */
} settings;

typedef struct detect_run {
  settings set;
  session session;
  clf_model *people; /* recognizes who is where, or NULL */
  bool faces;
  char folder[MAX_PATH]; /* of the faces, or of MNIST */
} detect_run;

/* The commands. They return the status to exit with. */
int command_train(detect_run *run);
int command_evaluate(detect_run *run);
int command_run(detect_run *run);

/* The detector of the file with the parameters of the command line; where the scores of unsure
 * boxes are wanted as well, its threshold is low unless the command line sets it. Returns -1 to go
 * on, or the status to exit with after a message. */
int load_detector(clf_detector **out, const detect_run *run, bool unsure);

/* Draws boxes into FOLDER/NAME.boxes.png for DIR/NAME, which never is the picture itself; where
 * `number` is not 0, it stands before NAME. `path` is to be freed. */
clf_status draw_into_folder(const detect_run *run, const clf_image *image, const char *name,
                            int64_t number, const clf_box *boxes, int64_t count, char **path);

#endif
