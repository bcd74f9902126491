/* detect train: learns from windows with objects and without, in rounds. */
#include <classify.h>
#include <inttypes.h>
#include <stdlib.h>

#include "program.h"
#include "train.h"

enum { TRAINING_SCENES = 1500, MINED_SCENES = 300 };

/* Each digit twice, a little off center. */
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

/* Windows with objects, and the scenes that give those without. Returns -1 to go on, or the status
 * to exit with after a message, as all functions here that return an int. */
static int load_training(detect_run *run, window_list *windows, scene_list *scenes,
                         uint64_t *state) {
  clf_context *context = run->session.context;
  if (run->faces) {
    windows->side = 36;
    const int status = faces_windows(windows, context, run->folder, state);
    return status >= 0 ? status
                       : faces_scenes(scenes, context, run->folder, "train_scenes",
                                      "pictures without faces", false);
  }
  const int64_t count = run->set.scenes > 0 ? run->set.scenes : TRAINING_SCENES;
  windows->side = 28;
  const int read = digits_scenes(scenes, context, run->folder, "train", count, state);
  const clf_status status = read < 0 ? add_digit_windows(windows, scenes, state) : CLF_OK;
  return read < 0 && status < 0 ? report_failure(status) : read;
}

static clf_status fit_and_save(detect_run *run, window_list *windows, scene_list *scenes,
                               uint64_t *state) {
  recipe how = run->faces ? faces_recipe : digits_recipe;
  clf_detector *detector = NULL;
  how.epochs = run->set.epochs > 0 ? run->set.epochs : how.epochs;
  printf("%s: %" PRId64 " windows, %" PRId64 " scenes\n",
         run->faces ? "faces" : "digits in synthetic scenes", windows->count, scenes->count);
  scenes_keep(scenes, run->faces ? scenes->count : MINED_SCENES);
  clf_status status = train_detector(&detector, run->session.context, &how, windows, scenes, state,
                                     &run->session.progress);
  status = status == CLF_OK ? clf_detector_save(detector, run->set.save) : status;
  clf_detector_free(detector);
  return status;
}

int command_train(detect_run *run) {
  window_list windows = {0};
  scene_list scenes = {0};
  uint64_t state = (uint64_t)run->set.shared.seed * 2 + 1;
  const double began = seconds_now();
  progress_title(&run->session.progress, "reading");
  int status = load_training(run, &windows, &scenes, &state);
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
