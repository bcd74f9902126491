#include "face_picture.h"

#include <math.h>
#include <string.h>

clf_status picture_of_image(uint8_t out[FACES_PIXELS], const clf_image *image) {
  clf_image *gray = NULL, *small = NULL;
  clf_status status = clf_image_to_gray(&gray, image);
  status = status == CLF_OK ? clf_image_resize(&small, gray, FACES_HEIGHT, FACES_WIDTH) : status;
  if (status == CLF_OK) {
    memcpy(out, clf_image_pixels(small), FACES_PIXELS);
  }
  clf_image_free(small);
  clf_image_free(gray);
  return status;
}

clf_status picture_of_box(uint8_t out[FACES_PIXELS], const clf_image *image, const clf_box *box) {
  const double side = ((double)box->height + (double)box->width) / 2;
  const double middle = (double)box->top + (double)box->height / 2;
  const double center = (double)box->left + (double)box->width / 2;
  const int64_t top = llround(middle - 0.6 * side), left = llround(center - 0.8 * side);
  clf_image *part = NULL;
  clf_status status = clf_image_crop(&part, image, top, left, (int64_t)fmax(1, round(1.2 * side)),
                                     (int64_t)fmax(1, round(1.6 * side)));
  status = status == CLF_OK ? picture_of_image(out, part) : status;
  clf_image_free(part);
  return status;
}
