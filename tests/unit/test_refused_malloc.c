/* What calls malloc() rather than the context's allocator, the C library and the codecs' libraries,
 * and measures, which have the memory of the default context: when it is refused, the status is
 * CLF_ERROR_MEMORY, as for any other allocation. The functions of this file replace those of the C
 * library. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "failing_allocator.h"
#include "files.h"
#include "image/image.h"
#include "image_bytes.h"

/* Sanitizers have a malloc() of their own. */
#if defined(__GLIBC__) && !THREAD_SANITIZER && !ADDRESS_SANITIZER
#define REFUSALS 1
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static _Thread_local int64_t left = -1; /* allocations until one is refused; -1: never */
static _Thread_local bool refused;

static bool is_refused(void) {
  if (left < 0 || left-- > 0) {
    return false;
  }
  refused = true;
  errno = ENOMEM;
  return true;
}

void *malloc(size_t size) {
  return is_refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  return is_refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
  return is_refused() ? NULL : __libc_realloc(block, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  void *block = is_refused() ? NULL : __libc_memalign(alignment, size);
  *out = block != NULL ? block : *out;
  return block != NULL ? 0 : ENOMEM;
}

typedef clf_status (*work)(clf_context *context);

static uint64_t sum_of_pixels;

static clf_status load_folder(clf_context *context) {
  clf_dataset *dataset = NULL;
  clf_status status = clf_dataset_load(&dataset, context, "images", folder, NULL);
  clf_dataset_free(dataset);
  return status;
}

static clf_status load_documents(clf_context *context) {
  clf_documents *documents = NULL;
  clf_status status = clf_documents_load(&documents, context, "folder", folder, NULL);
  clf_documents_free(documents);
  return status;
}

/* Each allocation is refused in turn. The status is CLF_ERROR_MEMORY, or the result is the same as
 * without the refusal, because libjpeg asks for less memory when much is refused. */
static void refuse_each(const char *what, work run) {
  int64_t number = 0, failures = 0;
  ck_clf_ok(run(NULL));
  const uint64_t expected = sum_of_pixels;
  do {
    failing_allocator own = {0}; /* the context's memory is not what this is about */
    clf_context *context = failing_context("threads=1", &own);
    uint64_t held = clf_context_memory(context);
    refused = false;
    left = number++;
    clf_status status = run(context);
    left = -1;
    failures += status == CLF_ERROR_MEMORY;
    ck_assert_msg(status == CLF_OK ? sum_of_pixels == expected
                                   : refused && status == CLF_ERROR_MEMORY,
                  "%s, malloc() %lld refused: %s: %s", what, (long long)number,
                  clf_status_name(status), clf_last_error());
    ck_assert_uint_eq(clf_context_memory(context), held);
    clf_context_free(context);
  } while (refused);
  ck_assert_msg(failures > 0, "%s calls no malloc()", what);
}

#ifdef CLASSIFY_JPEG
static image_bytes picture;

static clf_status load_picture(clf_context *context) {
  clf_image *image = NULL;
  clf_status status =
      clf_image_load_memory(&image, context, picture.bytes, picture.size, "max_pixels=10000");
  sum_of_pixels = 0;
  for (int64_t i = 0; image != NULL && i < image->height * image->width * image->channels; i++) {
    sum_of_pixels = 31 * sum_of_pixels + image->pixels[i];
  }
  clf_image_free(image);
  return status;
}

TEST(jpeg__out_of_memory) {
  for (int progressive = 0; progressive < 2; progressive++) {
    make_jpeg(&picture, 20, 20, JCS_RGB, progressive, NULL, 0);
    refuse_each("jpeg", load_picture);
  }
}
#endif

TEST(folders__out_of_memory) {
  make_folder();
  put_file("a.pgm", "P5 1 1 255\n\7", 12);
  refuse_each("a folder of images", load_folder);
  refuse_each("a folder of documents", load_documents);
  remove_folder();
}

static bool changed; /* whether a call that failed wrote something */

static clf_status measure_nothing(void *argument, const float *weights, double *values) {
  (void)argument;
  (void)weights;
  values[0] = 1;
  return CLF_OK;
}

/* All measures that allocate. */
static clf_status measure(clf_context *context) {
  static const int32_t truth[] = {0, 1, 2, 1}, two[] = {0, 1, 1, 0};
  static const float scores[] = {0.5f, 0.25f, 0.25f, 0, 1, 0, 0, 0.25f, 0.75f, 1, 0, 0};
  double value = -1, several[12] = {-1};
  (void)context;
  clf_status status = clf_roc_auc(two, scores, NULL, 4, &value);
  for (int i = 1; status == CLF_OK && i < 7; i++) {
    value = several[0] = -1;
    status = i == 1   ? clf_roc_auc_classes(truth, scores, NULL, 4, 3, &value)
             : i == 2 ? clf_average_precision(two, scores, NULL, 4, &value)
             : i == 3 ? clf_average_precision_classes(truth, scores, NULL, 4, 3, &value)
             : i == 4 ? clf_calibration_error(truth, scores, NULL, 4, 3, 7, &value, NULL)
             : i == 5 ? clf_bootstrap(measure_nothing, NULL, NULL, 4, 1, several, NULL, "draws=3")
                      : clf_class_scores(truth, two, NULL, 4, 3, several);
  }
  changed = changed || (status < 0 && (value != -1 || several[0] != -1));
  return status;
}

TEST(measures__out_of_memory) {
  refuse_each("measures", measure);
  ck_assert(!changed);
}

SUITE("refused_malloc")
#else
SUITE("refused_malloc", .skip = true)
#endif
