/** @file classify/image.h
 *  Images: reading them from files, making new ones from them, and writing them.
 *
 *  An image is bytes [height, width, channels] without gaps, channels being 1 (gray) or 3 (red,
 *  green, blue; sRGB as a rule). It never changes once it is made: every function below makes a new
 *  one.
 *
 *  **Use.** Read an image, and bring it to the size that a model was fitted on:
 *
 *  @code
 *  clf_image *photo = NULL, *window = NULL;
 *  if (clf_image_load(&photo, NULL, "photo.jpg", NULL) < 0 ||
 *      clf_image_resize(&window, photo, 32, 32) < 0) {
 *    fprintf(stderr, "%s\n", clf_last_error());
 *  }
 *  clf_image_free(window);
 *  clf_image_free(photo);
 *  @endcode
 *
 *  A folder of images becomes a dataset by clf_dataset_load() with the format "images".
 *
 *  Thread class of the file: any thread; one image may be used in many threads at once.
 */
#ifndef CLASSIFY_IMAGE_H
#define CLASSIFY_IMAGE_H

#include <classify/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque; see the file's head. */
typedef struct clf_image clf_image;

/* Making, loading and saving */

/** Makes an image.
 *  @param out        receives the image; free it with clf_image_free()
 *  @param height     rows, 1 … 2^28
 *  @param width      pixels a row, 1 … 2^28
 *  @param channels   1 or 3
 *  @param pixels     [height] rows of `width * channels` bytes, copied; NULL for a black image
 *  @param row_bytes  from one row of `pixels` to the next; 0 when they follow without gaps
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_image_create(clf_image **out, clf_context *context, int64_t height,
                                    int64_t width, int64_t channels, const uint8_t *pixels,
                                    size_t row_bytes);

/** Reads an image from a file. The content decides the format, never the name: "pnm" (PBM, PGM,
 *  PPM) and "gif" always, "png" and "jpeg" where the library was built with libpng and libjpeg;
 *  clf_kind_name("image_reader", …) lists those that are there.
 *
 *  Gray images, palettes of grays included, have 1 channel; others have 3. Values of 16 bits are
 *  rounded to 8. Transparent pixels are drawn on the gray level `background`. A JPEG is rotated and
 *  flipped as its EXIF orientation says. CMYK becomes RGB; its values are taken as inverted, as
 *  Adobe's programs write them. Only the first picture of an animation is read. Color profiles are
 *  not applied.
 *  @param path    a regular file
 *  @param params  "max_pixels=… background=…" or NULL for the defaults, the same for all formats;
 *                 clf_param_describe("image_reader", "png", …) describes them. An image of more
 *                 than `max_pixels` is refused before any memory is allocated for it.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_IO, CLF_ERROR_FORMAT (an unknown format, or a
 *          damaged file), CLF_ERROR_UNSUPPORTED (a variant of its format that cannot be read),
 *          CLF_ERROR_DATA (more than `max_pixels`), CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED; the
 *          message names the file
 *  @since 0.1 */
CLF_API clf_status clf_image_load(clf_image **out, clf_context *context, const char *path,
                                  const char *params);

/** Reads an image from bytes in memory, as clf_image_load() does from a file.
 *  @param bytes  [size], read during the call only
 *  @return as clf_image_load(), but for CLF_ERROR_IO @since 0.1 */
CLF_API clf_status clf_image_load_memory(clf_image **out, clf_context *context, const void *bytes,
                                         size_t size, const char *params);

/** Writes an image to a file, atomically: the path holds the old file or the whole new one.
 *  @param path    ends in .pgm (1 channel), .ppm (3 channels) or .pnm (either), and where libpng
 *                 is built in, .png
 *  @param params  "name=value …" of the format, or NULL; clf_param_describe("image_writer", …)
 *                 lists them
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_UNSUPPORTED (another ending, or channels that the
 *          format does not have), CLF_ERROR_IO, CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_image_save(const clf_image *image, const char *path, const char *params);

/** Writes an image to memory, as clf_image_save() does to a file.
 *  @param format    "pnm" (PGM for 1 channel, PPM for 3), and where libpng is built in, "png"; see
 *                   clf_kind_name("image_writer", …)
 *  @param params    "name=value …" of the format, or NULL
 *  @param buffer    receives the bytes when they fit; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param size      receives the bytes needed
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: too small a buffer that is not NULL),
 *          CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_image_save_memory(const clf_image *image, const char *format,
                                         const char *params, void *buffer, size_t capacity,
                                         size_t *size);

/** Frees the image. NULL is fine. @since 0.1 */
CLF_API void clf_image_free(clf_image *image);

/* What an image has */

/** Returns the number of rows; -1 for NULL. @since 0.1 */
CLF_API int64_t clf_image_height(const clf_image *image);
/** Returns the number of pixels in a row; -1 for NULL. @since 0.1 */
CLF_API int64_t clf_image_width(const clf_image *image);
/** Returns the number of channels, 1 or 3; -1 for NULL. @since 0.1 */
CLF_API int64_t clf_image_channels(const clf_image *image);
/** Returns the bytes [height, width, channels]; NULL for NULL. They live as long as the image.
 *  @since 0.1 */
CLF_API const uint8_t *clf_image_pixels(const clf_image *image);

/* New images from old ones */

/** Makes a gray image: the luma of ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B, rounded. A gray image
 *  is copied.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_image_to_gray(clf_image **out, const clf_image *image);

/** Makes an image of another size by linear interpolation. An axis that shrinks is filtered by a
 *  triangle as wide as two pixels of the result, so that every pixel counts and no aliasing
 *  appears. The aspect ratio is not kept.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_image_resize(clf_image **out, const clf_image *image, int64_t height,
                                    int64_t width);

/** Makes an image of a part of another. The part may reach beyond the image or lie outside of it:
 *  pixels there repeat the nearest pixel of the edge.
 *  @param top, left  its first row and first pixel of a row; may be negative
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_image_crop(clf_image **out, const clf_image *image, int64_t top,
                                  int64_t left, int64_t height, int64_t width);

/** Equalizes the histogram, so that all levels become about equally frequent: level v becomes 255
 *  (n(v) - n(v0)) / (n - n(v0)) rounded, where n(v) of the n pixels have levels up to v, and v0 is
 *  the lowest level. Each channel is equalized by itself; a channel of one level is copied.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY
 *  Source: Gonzalez and Woods, Digital Image Processing, "Histogram equalization". @since 0.1 */
CLF_API clf_status clf_image_equalize(clf_image **out, const clf_image *image);

/** Removes the effects of illumination and shadows by the method of Tan and Triggs. Colors are
 *  converted to gray. The gray levels are raised to a power, the difference of two Gaussian blurs
 *  is taken, and its contrast is equalized in two stages and limited to ±tau, which becomes 0 … 255
 *  around 127.5. Pixels outside of the image repeat its edge. Crop the image first, since large
 *  flat parts exaggerate the contrast of the rest.
 *  @param params  "gamma=0.2 inner=1 outer=2 alpha=0.1 tau=10" or parts of that; NULL for these
 *                 defaults, which are the paper's; clf_param_describe("image", "tan_triggs", …)
 *                 describes them
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY
 *  Source: X. Tan and B. Triggs, "Enhanced local texture feature sets for face recognition under
 *  difficult lighting conditions", IEEE Transactions on Image Processing 19(6), 2010, section II.
 *  @since 0.1 */
CLF_API clf_status clf_image_tan_triggs(clf_image **out, const clf_image *image,
                                        const char *params);

#ifdef __cplusplus
}
#endif

#endif
