#include "detector.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* 2,800 products for each pixel of an image, of which the first layer has 400, and the next two
 * 1,150 each. */
#define LAYERS                                                                                     \
  "conv2d filters=16 kernel=5 bias=false; batch_norm; activation function=relu; "                  \
  "max_pool2d size=2; conv2d filters=32 kernel=3 bias=false; batch_norm; activation "              \
  "function=relu; max_pool2d size=2; conv2d filters=64 kernel=3 bias=false; "                      \
  "batch_norm; activation function=relu; flatten; dropout rate=0.3; dense units=%" PRId64

const recipe detector_recipes[SOURCES] = {
    [SOURCE_FACES] = {.augment = "shift=2 rotate=12 scale=0.15 flip=0.5 fill=edge",
                      .detector = "scale_step=1.2 min_size=18",
                      .epochs = 3,
                      .rounds = 3,
                      .random = 15000,
                      .mined = 8000,
                      .threshold = 0.1,
                      .apart = 0.3,
                      .smallest = 18},
    [SOURCE_DIGITS] = {.augment = "shift=1.5 rotate=5 scale=0.12 fill=edge",
                       .detector = "scale_step=1.15 across=true",
                       .epochs = 4,
                       .rounds = 2,
                       .scenes = 300,
                       .random = 5000,
                       .mined = 8000,
                       .threshold = 0.1,
                       .apart = 0.45,
                       .smallest = 24},
    [SOURCE_OBJECTS] = {.augment = "shift=2 rotate=8 scale=0.12 fill=edge",
                        .detector = "scale_step=1.2 min_size=20",
                        .epochs = 4,
                        .rounds = 2,
                        .random = 15000,
                        .mined = 8000,
                        .threshold = 0.1,
                        .apart = 0.3,
                        .smallest = 20},
};

/* The classes' names as labels of the windows. */
static clf_status name_classes(clf_dataset *data, const window_list *w, const name_list *labels) {
  const char **names = malloc((size_t)w->count * sizeof *names);
  for (int64_t i = 0; names != NULL && i < w->count; i++) {
    names[i] = w->labels[i] == 0 ? BACKGROUND : labels->names[w->labels[i] - 1];
  }
  const clf_status status =
      names != NULL ? clf_dataset_set_label_names(data, names, w->count) : CLF_ERROR_MEMORY;
  free(names);
  return status;
}

static clf_status make_dataset(clf_dataset **out, clf_context *context, const window_list *w,
                               const name_list *names) {
  clf_tensor *x = NULL, *labels = NULL;
  clf_status status = clf_tensor_wrap(&x, context, w->pixels, CLF_U8, 4,
                                      (int64_t[]){w->count, w->side, w->side, 1}, NULL);
  status = status == CLF_OK ? clf_tensor_set_scale(x, 1.0 / 255) : status;
  if (status == CLF_OK) {
    status = clf_tensor_wrap(&labels, context, w->labels, CLF_I32, 1, &w->count, NULL);
  }
  clf_dataset *data = NULL;
  status = status == CLF_OK ? clf_dataset_create(&data, context, x, labels) : status;
  if (status == CLF_OK && names->count > 0 && *names->names[names->count - 1] != '\0') {
    status = name_classes(data, w, names);
  }
  clf_tensor_free(x);
  clf_tensor_free(labels);
  if (status < 0) {
    clf_dataset_free(data);
    return status;
  }
  *out = data;
  return CLF_OK;
}

static clf_status fit(clf_model **out, clf_context *context, const recipe *how,
                      const window_list *windows, const name_list *names, int64_t epochs) {
  char params[1024];
  clf_dataset *data = NULL;
  clf_optimizer *adam = NULL;
  clf_model *model = NULL;
  clf_status status = make_dataset(&data, context, windows, names);
  snprintf(params, sizeof params,
           "epochs=%" PRId64 " batch_size=128 augment='%s' layers='" LAYERS "'", epochs,
           how->augment, clf_dataset_classes(data));
  if (status == CLF_OK) {
    status = clf_optimizer_create(&adam, context, "adam",
                                  "learning_rate=0.003 schedule=cosine warmup=100 "
                                  "weight_decay=0.0001");
  }
  status = status == CLF_OK ? clf_model_create(&model, context, "network", params) : status;
  status = status == CLF_OK ? clf_model_fit(model, data, adam, NULL) : status;
  clf_dataset_free(data);
  clf_optimizer_free(adam);
  if (status < 0) {
    clf_model_free(model);
    return status;
  }
  *out = model;
  return CLF_OK;
}

static bool overlaps(const scene *where, const clf_box *box, double apart) {
  for (int64_t i = 0; i < where->count; i++) {
    if (clf_box_overlap(box, &where->objects[i]) > apart) {
      return true;
    }
  }
  return false;
}

/* Windows of all sizes at random places that overlap no object much. */
static clf_status add_random(window_list *windows, const recipe *how, const scene_list *scenes,
                             uint64_t *state) {
  const int64_t size = windows->side * windows->side;
  const int64_t wanted = how->random < 10 * windows->count ? how->random : 10 * windows->count;
  clf_status status = CLF_OK;
  int64_t added = 0;
  for (int64_t tries = 0; status == CLF_OK && added < wanted && tries < 100 * wanted; tries++) {
    const scene *where = &scenes->all[random_below(state, scenes->count)];
    const int64_t height = clf_image_height(where->image), width = clf_image_width(where->image);
    const double largest = (double)(height < width ? height : width);
    const double smallest = how->smallest < largest ? how->smallest : largest;
    const int64_t side = (int64_t)(smallest * pow(largest / smallest, random_share(state)));
    const clf_box box = {(float)random_below(state, height - side + 1),
                         (float)random_below(state, width - side + 1),
                         (float)side,
                         (float)side,
                         0,
                         0};
    if (overlaps(where, &box, how->apart)) {
      continue;
    }
    status = windows_add_box(windows, where->image, &box, 0);
    if (status == CLF_OK && added++ % 2 == 0) {
      change_contrast(windows->pixels + (windows->count - 1) * size, size, state);
    }
  }
  return status;
}

/* What a round finds in one scene, and then in all of them, in order of scores. */
typedef struct find {
  float score;
  int64_t at; /* in the list of pixels */
} find;

static int compare_finds(const void *first, const void *second) {
  const find *a = first, *b = second;
  if (a->score != b->score) {
    return a->score > b->score ? -1 : 1;
  }
  return (a->at > b->at) - (a->at < b->at);
}

/* The surest wrong boxes of a scene, at most `capacity`. */
static clf_status mine_scene(window_list *found, float *scores, int64_t capacity,
                             const clf_detector *detector, const scene *where, double apart) {
  const int64_t size = found->side * found->side;
  clf_box *boxes = malloc((size_t)capacity * sizeof *boxes);
  uint8_t *pixels = malloc((size_t)(capacity * size));
  int64_t count = 0;
  clf_status status = boxes != NULL && pixels != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  if (status == CLF_OK) {
    const clf_box_set objects = {
        .struct_size = sizeof objects, .boxes = where->objects, .count = where->count};
    status = clf_detector_mine_negatives(detector, where->image, &objects, apart, pixels, boxes,
                                         capacity, &count);
  }
  for (int64_t i = 0; status == CLF_OK && i < count && i < capacity; i++) {
    scores[found->count] = boxes[i].score;
    status = windows_add(found, pixels + i * size, 0);
  }
  free(boxes);
  free(pixels);
  return status;
}

static clf_status add_worst(window_list *windows, const window_list *found, const float *scores,
                            int64_t limit) {
  find *order = malloc((size_t)(found->count + 1) * sizeof *order);
  clf_status status = order != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t i = 0; status == CLF_OK && i < found->count; i++) {
    order[i] = (find){scores[i], i};
  }
  if (status == CLF_OK) {
    qsort(order, (size_t)found->count, sizeof *order, compare_finds);
  }
  for (int64_t i = 0; status == CLF_OK && i < found->count && i < limit; i++) {
    status = windows_add(windows, found->pixels + order[i].at * found->side * found->side, 0);
  }
  free(order);
  return status;
}

static clf_status make_detector(clf_detector **out, const clf_model *model, const recipe *how,
                                double threshold, double overlap) {
  char params[256];
  snprintf(params, sizeof params, "%s threshold=%g overlap=%g", how->detector, threshold, overlap);
  return clf_detector_create(out, model, params);
}

/* Runs the detector on all scenes; *added receives how many windows it got wrong. */
static clf_status mine(window_list *windows, const clf_model *model, const recipe *how,
                       const scene_list *scenes, int64_t *added) {
  enum { MAX_OF_SCENE = 200 };
  window_list found = {.side = windows->side};
  clf_detector *detector = NULL;
  float *scores = malloc((size_t)(scenes->count * MAX_OF_SCENE) * sizeof *scores);
  clf_status status = scores != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  status = status == CLF_OK ? make_detector(&detector, model, how, how->threshold, 0.5) : status;
  for (int64_t i = 0; status == CLF_OK && i < scenes->count; i++) {
    status = mine_scene(&found, scores, MAX_OF_SCENE, detector, &scenes->all[i], how->apart);
  }
  status = status == CLF_OK ? add_worst(windows, &found, scores, how->mined) : status;
  *added = found.count;
  clf_detector_free(detector);
  windows_free(&found);
  free(scores);
  return status;
}

clf_status train_detector(clf_detector **out, clf_context *context, const recipe *how,
                          window_list *windows, const scene_list *scenes, uint64_t *state,
                          progress_display *progress) {
  clf_model *model = NULL;
  clf_status status = add_random(windows, how, scenes, state);
  for (int64_t round = 0; status == CLF_OK && round <= how->rounds; round++) {
    const bool last = round == how->rounds;
    const double began = seconds_now();
    char title[64];
    int64_t added = 0;
    snprintf(title, sizeof title, "round %" PRId64 " of %" PRId64, round + 1, how->rounds + 1);
    progress_title(progress, title);
    clf_model_free(model);
    model = NULL;
    const int64_t rows = windows->count;
    status =
        fit(&model, context, how, windows, &scenes->labels, last ? 2 * how->epochs : how->epochs);
    if (status == CLF_OK && !last) {
      status = mine(windows, model, how, scenes, &added);
    }
    progress_clear(progress);
    if (status == CLF_OK && last) {
      printf("%s: %" PRId64 " windows, %.1f s\n", title, rows, seconds_now() - began);
    } else if (status == CLF_OK) {
      printf("%s: %" PRId64 " windows, %" PRId64 " wrong boxes in %" PRId64 " scenes, %.1f s\n",
             title, rows, added, scenes->count, seconds_now() - began);
    }
    fflush(stdout);
  }
  status = status == CLF_OK ? make_detector(out, model, how, 0.5, 0.3) : status;
  clf_model_free(model);
  return status;
}
