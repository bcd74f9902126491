#include "identify.h"

#include <stdbool.h>
#include <stdlib.h>

#include "face_picture.h"

static clf_status ask(identities *out, clf_context *context, uint8_t *pixels, int64_t count) {
  const int64_t shape[] = {count, FACES_HEIGHT, FACES_WIDTH, 1};
  const int64_t classes = clf_model_classes(out->people);
  float *values = malloc((size_t)(count * classes) * sizeof *values);
  clf_tensor *x = NULL;
  clf_dataset *rows = NULL;
  clf_status status = values != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  status = status == CLF_OK ? clf_tensor_wrap(&x, context, pixels, CLF_U8, 4, shape, NULL) : status;
  status = status == CLF_OK ? clf_tensor_set_scale(x, 1.0 / 255) : status;
  status = status == CLF_OK ? clf_dataset_create(&rows, context, x, NULL) : status;
  status = status == CLF_OK ? clf_model_predict(out->people, rows, out->person, count) : status;
  status = status == CLF_OK
               ? clf_model_decision_function(out->people, rows, values, count * classes)
               : status;
  for (int64_t i = 0; status == CLF_OK && i < count; i++) {
    out->score[i] = values[i * classes + out->person[i]];
  }
  clf_dataset_free(rows);
  clf_tensor_free(x);
  free(values);
  return status;
}

clf_status identify(identities *out, clf_context *context, const clf_model *people,
                    const clf_image *image, const clf_box *boxes, int64_t count) {
  *out = (identities){.people = people};
  if (count == 0) {
    return CLF_OK;
  }
  uint8_t *pixels = malloc((size_t)count * FACES_PIXELS);
  out->person = malloc((size_t)count * sizeof *out->person);
  out->score = malloc((size_t)count * sizeof *out->score);
  const bool complete = pixels != NULL && out->person != NULL && out->score != NULL;
  clf_status status = complete ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t i = 0; status == CLF_OK && i < count; i++) {
    status = picture_of_box(pixels + i * FACES_PIXELS, image, &boxes[i]);
  }
  status = status == CLF_OK ? ask(out, context, pixels, count) : status;
  free(pixels);
  return status;
}

void identities_free(identities *found) {
  free(found->person);
  free(found->score);
}
