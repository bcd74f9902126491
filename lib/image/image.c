/* Images as handles, and operations on their pixels: gray levels and parts. */
#include "image/image.h"

#include <string.h>

#include "base/border.h"
#include "base/math.h"

/* Sides are limited so that a row of 3 channels has fewer than 2^31 elements, the limit for indices
 * of kernels. */
enum { MAX_SIDE = 1 << 28 };

static clf_status check_shape(int64_t height, int64_t width, int64_t channels) {
  if (height < 1 || width < 1 || height > MAX_SIDE || width > MAX_SIDE) {
    return clf__fail(CLF_ERROR_SHAPE,
                     "an image of %lld rows and %lld columns; both must be 1 to %d",
                     (long long)height, (long long)width, MAX_SIDE);
  }
  if (channels != 1 && channels != 3) {
    return clf__fail(CLF_ERROR_SHAPE, "an image of %lld channels; there must be 1 or 3",
                     (long long)channels);
  }
  return CLF_OK;
}

clf_status clf__image_create_uninitialized(clf_image **out, clf_context *context, int64_t height,
                                           int64_t width, int64_t channels) {
  CLF__CHECK(check_shape(height, width, channels));
  clf_image *image = clf__handle_create(context, sizeof *image);
  if (image == NULL) {
    return CLF_ERROR_MEMORY;
  }
  *image = (clf_image){image->context, height, width, channels, NULL};
  image->pixels = clf__alloc_matrix(image->context, height, width, (size_t)channels);
  if (image->pixels == NULL) {
    clf_image_free(image);
    return CLF_ERROR_MEMORY;
  }
  *out = image;
  return CLF_OK;
}

clf_status clf_image_create(clf_image **out, clf_context *context, int64_t height, int64_t width,
                            int64_t channels, const uint8_t *pixels, size_t row_bytes) {
  CLF__REQUIRE(out);
  CLF__ENTER("image");
  clf_image *made = NULL;
  CLF__CHECK(clf__image_create_uninitialized(&made, context, height, width, channels));
  const size_t row = (size_t)clf__image_row_bytes(made);
  if (row_bytes != 0 && (row_bytes < row || row_bytes > PTRDIFF_MAX)) {
    clf_image_free(made);
    return clf__fail(CLF_ERROR_ARGUMENT, "row_bytes is %zu; a row has %zu bytes, and 0 means that",
                     row_bytes, row);
  }
  if (pixels == NULL) {
    memset(made->pixels, 0, row * (size_t)height);
  }
  for (int64_t i = 0; pixels != NULL && i < height; i++) {
    memcpy(made->pixels + (size_t)i * row, pixels, row);
    pixels += i + 1 < height ? (row_bytes != 0 ? row_bytes : row) : 0;
  }
  *out = made;
  return CLF_OK;
}

void clf_image_free(clf_image *image) {
  if (image == NULL) {
    return;
  }
  clf__free(image->pixels);
  clf__handle_free(image);
}

int64_t clf_image_height(const clf_image *image) {
  return image != NULL ? image->height : -1;
}

int64_t clf_image_width(const clf_image *image) {
  return image != NULL ? image->width : -1;
}

int64_t clf_image_channels(const clf_image *image) {
  return image != NULL ? image->channels : -1;
}

const uint8_t *clf_image_pixels(const clf_image *image) {
  return image != NULL ? image->pixels : NULL;
}

/* out [count] = the luma of rgb [count, 3], by the weights of BT.601 in units of 2^-16. */
static void luma(uint8_t *out, const uint8_t *rgb, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = (uint8_t)((19595U * rgb[3 * i] + 38470U * rgb[3 * i + 1] + 7471U * rgb[3 * i + 2] +
                        32768U) >>
                       16);
  }
}

clf_status clf_image_to_gray(clf_image **out, const clf_image *image) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(image);
  CLF__ENTER("image");
  clf_image *made = NULL;
  CLF__CHECK(
      clf__image_create_uninitialized(&made, image->context, image->height, image->width, 1));
  if (image->channels == 1) {
    memcpy(made->pixels, image->pixels, (size_t)(image->height * image->width));
  } else {
    luma(made->pixels, image->pixels, image->height * image->width);
  }
  *out = made;
  return CLF_OK;
}

/* Copies a row of the part: what lies left of the image, in it and right of it. */
static void crop_row(uint8_t *to, const uint8_t *from, const clf_image *image, int64_t left,
                     int64_t width) {
  const int64_t channels = image->channels;
  const int64_t before = clf__clamp_i64(-left, 0, width);
  const int64_t inside = clf__clamp_i64(image->width - left, before, width);
  for (int64_t j = 0; j < before; j++) {
    memcpy(to + j * channels, from, (size_t)channels);
  }
  if (inside > before) {
    memcpy(to + before * channels, from + (left + before) * channels,
           (size_t)((inside - before) * channels));
  }
  for (int64_t j = inside; j < width; j++) {
    memcpy(to + j * channels, from + (image->width - 1) * channels, (size_t)channels);
  }
}

clf_status clf_image_crop(clf_image **out, const clf_image *image, int64_t top, int64_t left,
                          int64_t height, int64_t width) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(image);
  CLF__ENTER("image");
  clf_image *made = NULL;
  CLF__CHECK(
      clf__image_create_uninitialized(&made, image->context, height, width, image->channels));
  /* Parts farther outside would be the same. */
  top = clf__clamp_i64(top, -height, image->height);
  left = clf__clamp_i64(left, -width, image->width);
  for (int64_t i = 0; i < height; i++) {
    const int64_t row = clf__clamp_i64(top + i, 0, image->height - 1);
    crop_row(made->pixels + i * clf__image_row_bytes(made),
             image->pixels + row * clf__image_row_bytes(image), image, left, width);
  }
  *out = made;
  return CLF_OK;
}
