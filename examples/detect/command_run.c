/* detect run: finds objects in pictures, and writes a JSON object for each, also for one that
 * cannot be read. */
#include <classify.h>
#include <stdlib.h>
#include <string.h>

#include "boxes.h"
#include "program.h"

/* What is found in one picture. */
typedef struct finding {
  clf_image *image;
  clf_box *boxes;
  identities who;
  int64_t count;
  char *drawn; /* path of the picture with boxes, or NULL */
} finding;

static void finding_free(finding *f) {
  clf_image_free(f->image);
  identities_free(&f->who);
  free(f->boxes);
  free(f->drawn);
}

static clf_status find_in(finding *f, const detect_run *run, const clf_detector *detector,
                          const char *path, int64_t number) {
  clf_status status = clf_image_load(&f->image, run->session.context, path, NULL);
  status = status == CLF_OK ? find_boxes(&f->boxes, &f->count, detector, f->image) : status;
  if (status == CLF_OK && run->people != NULL) {
    status = identify(&f->who, run->session.context, run->people, f->image, f->boxes, f->count);
  }
  if (status == CLF_OK && run->set.out != NULL) {
    status = draw_into_folder(run, f->image, path, number, f->boxes, f->count, &f->drawn);
  }
  return status;
}

/* The picture's object in the JSON: its boxes, or why there are none. */
static void write_finding(FILE *out, const detect_run *run, const class_names *names,
                          const char *path, const finding *f, clf_status status) {
  fputs("{\"image\": ", out);
  write_json_text(out, path);
  if (status < 0) {
    fputs(", \"error\": ", out);
    write_json_text(out, status == CLF_ERROR_MEMORY ? "out of memory" : clf_last_error());
  } else {
    fputs(", \"boxes\": ", out);
    write_boxes(out, names, f->boxes, run->people != NULL ? &f->who : NULL, f->count);
    if (f->drawn != NULL) {
      fputs(", \"drawn\": ", out);
      write_json_text(out, f->drawn);
    }
  }
  fputs("}", out);
}

/* Its place in the command line where an earlier picture is called the same, else 0. */
static int64_t number_of(const option_words *words, size_t index) {
  const char *slash = strrchr(words->words[index], '/');
  const char *name = slash != NULL ? slash + 1 : words->words[index];
  for (size_t i = 1; i < index; i++) {
    const char *other = strrchr(words->words[i], '/');
    if (strcmp(other != NULL ? other + 1 : words->words[i], name) == 0) {
      return (int64_t)index;
    }
  }
  return 0;
}

/* Every picture, also after one that cannot be read. */
static int find_in_all(detect_run *run, const clf_detector *detector) {
  const option_words *words = &run->set.words;
  const class_names names = names_of(detector);
  FILE *out = run->session.json != NULL ? run->session.json : stdout;
  int exit_status = EXIT_SUCCESS;
  fputs("[", out);
  for (size_t i = 1; exit_status != EXIT_INTERRUPTED && i < words->count; i++) {
    finding f = {0};
    const clf_status status =
        progress_interrupted() ? CLF_ERROR_CANCELLED
                               : find_in(&f, run, detector, words->words[i], number_of(words, i));
    progress_clear(&run->session.progress);
    exit_status = status < 0 ? report_failure(status) : exit_status;
    if (exit_status != EXIT_INTERRUPTED) {
      fputs(i > 1 ? ",\n " : "", out);
      write_finding(out, run, &names, words->words[i], &f, status);
      fflush(out);
    }
    finding_free(&f);
  }
  fputs("]\n", out);
  return exit_status;
}

int command_run(detect_run *run) {
  clf_detector *detector = NULL;
  int status = load_detector(&detector, run, false);
  if (status < 0 && run->set.identify != NULL) {
    const clf_status loaded = clf_model_load(&run->people, run->session.context, run->set.identify);
    status = loaded == CLF_OK ? -1 : report_failure(loaded);
  }
  status = status < 0 ? find_in_all(run, detector) : status;
  clf_model_free(run->people);
  clf_detector_free(detector);
  return status;
}
