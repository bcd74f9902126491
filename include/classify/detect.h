/** @file classify/detect.h
 *  Object detection: a network that was fitted on windows of one size finds the positions and
 *  classes of the objects in an image.
 *
 *  The image is scaled to several sizes, and the network is evaluated at all positions of each by
 *  convolutions over the whole image, not window by window. Any fitted network may be used whose
 *  input is [height, width, channels] with 1 or 3 channels, that has at least two classes and the
 *  loss cross_entropy (or, with two classes, binary_cross_entropy), and that reads nothing but its
 *  window: it has no layer with padding=same and no transforms.
 *
 *  **Use.** Load a detector and an image, and read the boxes that it finds:
 *
 *  @code
 *  clf_detector *faces = NULL;
 *  clf_image *photo = NULL;
 *  clf_box boxes[100];
 *  int64_t count = 0;
 *  if (clf_detector_load(&faces, NULL, "faces.clf", NULL) < 0 ||
 *      clf_image_load(&photo, NULL, "photo.jpg", NULL) < 0 ||
 *      clf_detector_run(faces, photo, boxes, 100, &count) < 0) {
 *    fprintf(stderr, "%s\n", clf_last_error());
 *  }
 *  for (int64_t i = 0; i < count && i < 100; i++) {
 *    printf("%g x %g at row %g, column %g\n", (double)boxes[i].height, (double)boxes[i].width,
 *           (double)boxes[i].top, (double)boxes[i].left);
 *  }
 *  clf_image_free(photo);
 *  clf_detector_free(faces);
 *  @endcode
 *
 *  Thread class of the file: a detector never changes; any number of threads may use one at once.
 */
#ifndef CLASSIFY_DETECT_H
#define CLASSIFY_DETECT_H

#include <classify/box.h>
#include <classify/image.h>
#include <classify/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque; see the file's head. */
typedef struct clf_detector clf_detector;

/** Makes a detector of a network.
 *  @param out      receives the detector; free it with clf_detector_free()
 *  @param network  a fitted network, which is copied; its context is the detector's
 *  @param params   "name=value …" or NULL; clf_param_describe("detector", "detector", …) describes
 *                  them
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_UNSUPPORTED (a layer that
 *          reads more than its window, or a stride larger than the window: the message names the
 *          layer), CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_detector_create(clf_detector **out, const clf_model *network,
                                       const char *params);

/** Frees the handle. NULL is fine. @since 0.1 */
CLF_API void clf_detector_free(clf_detector *detector);

/** Finds objects in an image. The score of a box is the log-odds of its class against all others,
 *  so the probability of the class is 1 / (1 + exp(-score)). Labels are class indices of the
 *  network.
 *  @param image     of any size; colors are converted to gray for a network of 1 channel, and gray
 *                   is repeated for one of 3
 *  @param boxes     [capacity] receives the boxes with the highest scores, in descending order;
 *                   NULL when capacity is 0
 *  @param capacity  of boxes, 0 or more
 *  @param count     receives how many there are, which may be more than capacity
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also where min_size enlarges the image beyond 2^31 pixels on
 *          an axis), CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_detector_run(const clf_detector *detector, const clf_image *image,
                                    clf_box *boxes, int64_t capacity, int64_t *count);

/** Finds hard negatives: windows of a scene that the detector classifies as objects and that are
 *  none, to be added to the background of the next training. It finds the boxes that
 *  clf_detector_run() finds, except those that overlap an object of the scene.
 *  @param objects       the boxes of the objects in the scene, whose `images` are not read; NULL if
 *                       there are none
 *  @param overlap       a box that overlaps one of them by more than this is left out: 0 to 1
 *  @param windows       [capacity, height, width, channels] of the network's input, receives the
 *                       pixels as the network read them
 *  @param boxes         [capacity] receives their boxes in descending order of scores, or NULL
 *  @param count         receives how many there are, which may be more than capacity
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_DATA (an object that is no box), CLF_ERROR_MEMORY,
 *          CLF_ERROR_UNSUPPORTED (a later member of `objects` is set), CLF_ERROR_CANCELLED
 *  @since 0.1 */
CLF_API clf_status clf_detector_mine_negatives(const clf_detector *detector, const clf_image *scene,
                                               const clf_box_set *objects, double overlap,
                                               uint8_t *windows, clf_box *boxes, int64_t capacity,
                                               int64_t *count);

/** Returns the network of a detector, for the names of its classes or its summary; NULL for NULL.
 *  It lives as long as the detector. @since 0.1 */
CLF_API const clf_model *clf_detector_model(const clf_detector *detector);

/** Writes the parameters as text, "name=value …", from which clf_detector_create() makes an equal
 *  detector of the same
 *  network.
 *  @param buffer    receives NUL-terminated text when it fits; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param needed    receives the bytes needed, the NUL included; may be NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: too small a buffer that is not NULL), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_detector_params(const clf_detector *detector, char *buffer, size_t capacity,
                                       size_t *needed);

/** Writes network and parameters to one file, atomically. clf_model_load() reads the network
 *  from it.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_IO, CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED
 *  @since 0.1 */
CLF_API clf_status clf_detector_save(const clf_detector *detector, const char *path);

/** Writes network and parameters to memory.
 *  @param buffer    receives the bytes when they fit; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param size      receives the bytes needed
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: too small a buffer that is not NULL), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_detector_save_memory(const clf_detector *detector, void *buffer,
                                            size_t capacity, size_t *size);

/** Reads a detector from a file.
 *  @param params  "name=value …" that replace those of the file, or NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_IO, CLF_ERROR_FORMAT, CLF_ERROR_CORRUPT,
 *          CLF_ERROR_VERSION, CLF_ERROR_UNSUPPORTED, CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED
 *  @since 0.1 */
CLF_API clf_status clf_detector_load(clf_detector **out, clf_context *context, const char *path,
                                     const char *params);

/** Reads a detector from memory, which is not needed afterwards.
 *  @param params  "name=value …" that replace those in memory, or NULL
 *  @return as clf_detector_load() @since 0.1 */
CLF_API clf_status clf_detector_load_memory(clf_detector **out, clf_context *context,
                                            const void *bytes, size_t size, const char *params);

#ifdef __cplusplus
}
#endif

#endif
