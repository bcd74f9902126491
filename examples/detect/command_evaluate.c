/* detect evaluate: measures a detector on scenes that it was not trained on. */
#include <classify.h>
#include <inttypes.h>
#include <stdlib.h>

#include "evaluate.h"
#include "program.h"
#include "report.h"

enum { TEST_SCENES = 150 };

static int load_tests(detect_run *run, scene_list *scenes) {
  uint64_t state = (uint64_t)run->set.shared.seed * 2 + 1000001;
  const int64_t count = run->set.scenes > 0 ? run->set.scenes : TEST_SCENES;
  return run->faces
             ? faces_scenes(scenes, run->session.context, run->folder, "test_scenes",
                            "the pictures to test on", true)
             : digits_scenes(scenes, run->session.context, run->folder, "t10k", count, &state);
}

/* What the detector finds in each scene by its own threshold, [scenes] to be freed; drawn into
 * pictures where a folder for them is given. */
static clf_status match_scenes(scene_match *matches, const detect_run *run,
                               const clf_detector *detector, const scene_list *scenes,
                               double overlap) {
  clf_status status = matches != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t i = 0; status == CLF_OK && i < scenes->count; i++) {
    const scene *s = &scenes->all[i];
    char *path = NULL;
    status = progress_interrupted() ? CLF_ERROR_CANCELLED
                                    : match_scene(&matches[i], detector, s, overlap);
    if (status == CLF_OK && run->set.out != NULL) {
      status =
          draw_into_folder(run, s->image, s->name, 0, matches[i].boxes, matches[i].count, &path);
    }
    free(path);
  }
  return status;
}

/* The report and the pictures, by the detector's own threshold. */
static int show_scenes(detect_run *run, const evaluation *e, const run_facts *facts,
                       const scene_list *scenes) {
  clf_detector *detector = NULL;
  scene_match *matches = calloc((size_t)scenes->count + 1, sizeof *matches);
  int status = load_detector(&detector, run, false);
  if (status < 0) {
    clf_status drawn = match_scenes(matches, run, detector, scenes, e->overlap);
    if (drawn == CLF_OK && run->session.report != NULL) {
      drawn =
          detect_report(run->session.report,
                        &(const detect_story){.title = run->faces ? "Faces in photographs"
                                                                  : "Digits in synthetic scenes",
                                              .result = e,
                                              .run = facts,
                                              .file = run->set.detector,
                                              .params = run->set.params,
                                              .detector = detector,
                                              .scenes = scenes,
                                              .matches = matches});
    }
    status = drawn == CLF_OK ? -1 : report_failure(drawn);
  }
  for (int64_t i = 0; matches != NULL && i < scenes->count; i++) {
    match_free(&matches[i]);
  }
  free(matches);
  clf_detector_free(detector);
  return status;
}

static void print_evaluation(const detect_run *run, const evaluation *e, const class_names *names) {
  char name[DIGIT_NAME];
  printf("%s: average precision %.4f; %" PRId64 " objects in %" PRId64
         " scenes, %.2f megapixels in %.2f s\n",
         run->faces ? "faces" : "digits in synthetic scenes", e->average_precision, e->objects,
         e->scenes, e->megapixels, e->seconds);
  for (int64_t i = 0; e->classes > 1 && i < e->classes; i++) {
    printf("  class %-4s %.4f\n", name_of(names, e->curves[i].label, name), e->curves[i].area);
  }
}

static int measure(detect_run *run, const clf_detector *detector, const scene_list *scenes) {
  const run_facts facts = session_facts(&run->session, &run->set.shared,
                                        run->faces ? run->folder : "digit scenes, generated");
  const class_names names = names_of(detector);
  evaluation e = {0};
  int status = -1;
  progress_title(&run->session.progress, "scenes");
  const clf_status measured = evaluate(&e, detector, scenes, run->faces ? 0.3 : 0.5);
  progress_clear(&run->session.progress);
  if (measured < 0) {
    status = report_failure(measured);
  } else {
    print_evaluation(run, &e, &names);
    if (run->session.json != NULL) {
      write_evaluation(run->session.json, &e, &names, &facts, run->set.detector);
    }
    if (run->session.report != NULL || run->set.out != NULL) {
      status = show_scenes(run, &e, &facts, scenes);
    }
  }
  evaluation_free(&e);
  return status;
}

int command_evaluate(detect_run *run) {
  scene_list scenes = {0};
  clf_detector *detector = NULL;
  int status = load_detector(&detector, run, true);
  progress_title(&run->session.progress, "reading");
  status = status < 0 ? load_tests(run, &scenes) : status;
  status = status < 0 ? measure(run, detector, &scenes) : status;
  progress_clear(&run->session.progress);
  scenes_free(&scenes);
  clf_detector_free(detector);
  return status < 0 ? EXIT_SUCCESS : status;
}
