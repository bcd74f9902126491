/* Datasets from folders of images. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failing_allocator.h"
#include "files.h"

/* A grey picture of two pixels, the first of the given level. */
static void write_image(const char *name, int level) {
  char bytes[32];
  const int size = snprintf(bytes, sizeof bytes, "P2 2 1 255 %d 7\n", level);
  put_file(name, bytes, (size_t)size);
}

/* Labels and levels of the first pixels: "cat 1, dog 2". */
static const char *told(const clf_dataset *data) {
  static char out[512];
  clf_tensor *x = NULL, *labels = NULL;
  ck_clf_ok(clf_dataset_tensor(&x, data, "x"));
  const bool labelled = clf_dataset_classes(data) > 0;
  if (labelled) {
    ck_clf_ok(clf_dataset_tensor(&labels, data, "labels"));
  }
  size_t length = 0;
  for (int64_t i = 0; i < clf_dataset_rows(data); i++) {
    const char *name =
        labelled ? clf_dataset_class_name(data, ((const int32_t *)clf_tensor_data(labels))[i])
                 : "-";
    length +=
        (size_t)snprintf(out + length, sizeof out - length, "%s%s %d", i > 0 ? ", " : "", name,
                         ((const uint8_t *)clf_tensor_data(x))[i * clf_dataset_features(data)]);
  }
  clf_tensor_free(labels);
  clf_tensor_free(x);
  return out;
}

static void check_told(const char *params, const char *expected) {
  clf_dataset *data = NULL;
  ck_clf_ok(clf_dataset_load(&data, NULL, "images", folder, params));
  ck_assert_str_eq(told(data), expected);
  clf_dataset_free(data);
}

static void check_refused(const char *params, clf_status expected, const char *says) {
  clf_dataset *data = NULL;
  ck_clf_fails(clf_dataset_load(&data, NULL, "images", folder, params), expected);
  ck_clf_says(says);
  ck_assert_ptr_null(data);
}

static void write_pets(void) {
  add_folder("dog");
  add_folder("cat");
  write_image("dog/b.pgm", 4);
  write_image("dog/a", 3);
  write_image("cat/c_1.png", 1);
  write_image("cat/c_2.png", 2);
  put_file("readme.txt", "pets", 4);
}

TEST(labels__are_folders) {
  write_pets();
  check_told(NULL, "cat 1, cat 2, dog 3, dog 4");
  check_told("labels=folder folders=dog", "dog 3, dog 4");
  check_told("labels=none", "- 1, - 2, - 3, - 4");
  check_refused("folders=cow", CLF_ERROR_DATA, "no folder 'cow'");
}

TEST(labels__that_are_no_utf8_are_refused) {
  add_folder("caf\xC3\xA9");
  write_image("caf\xC3\xA9/a", 3);
  check_told(NULL, "caf\xC3\xA9 3");
  add_folder("caf\xE9");
  write_image("caf\xE9/a", 4);
  check_refused(NULL, CLF_ERROR_DATA, "'caf?' is no UTF-8: byte 4 is 0xE9");
  check_told("labels=none", "- 3, - 4");
}

TEST(labels__are_beginnings_of_names) {
  write_image("subject02.happy", 3);
  write_image("subject01.sad.gif", 2);
  write_image("subject01.happy", 1);
  check_told("labels=name", "subject01 1, subject01 2, subject02 3");
  check_told("labels=name label_until=0", "subject 1, subject 2, subject 3");
  check_told(NULL, "- 1, - 2, - 3");
  check_refused("labels=folder", CLF_ERROR_DATA, "no folders");
  check_refused("labels=name label_until=_", CLF_ERROR_DATA, "subject01.happy: there is no label");
  check_refused("labels=name label_until=''", CLF_ERROR_ARGUMENT, "label_until");
}

TEST(labels__of_names_may_lie_in_folders) {
  write_pets();
  check_refused("labels=name label_until=_", CLF_ERROR_DATA, "dog/a: there is no label");
  check_told("labels=name label_until=_ folders=cat", "c 1, c 2");
}

TEST(rows__are_bytes_of_one_shape) {
  clf_dataset *data = NULL;
  clf_tensor *x = NULL;
  write_pets();
  ck_clf_ok(clf_dataset_load(&data, NULL, "images", folder, "channels=3 height=3 width=5"));
  ck_clf_ok(clf_dataset_tensor(&x, data, "x"));
  ck_assert_int_eq(clf_tensor_dtype(x), CLF_U8);
  ck_assert_double_eq(clf_tensor_scale(x), 1.0 / 255);
  const int64_t shape[] = {4, 3, 5, 3};
  for (int32_t i = 0; i < 4; i++) {
    ck_assert_int_eq(clf_tensor_extent(x, i), shape[i]);
  }
  const uint8_t *pixel = clf_tensor_data(x);
  for (int64_t i = 0; i < 4 * 3 * 5 * 3; i += 3) {
    ck_assert(pixel[i] == pixel[i + 1] && pixel[i] == pixel[i + 2]);
  }
  clf_tensor_free(x);
  clf_dataset_free(data);
  check_refused("height=3", CLF_ERROR_ARGUMENT, "both of height and width");
}

TEST(rows__may_be_resized_and_evened_out) {
  write_image("a", 100);
  write_image("b", 200);
  check_told("height=2 width=1", "- 54, - 104"); /* (100 + 7) / 2, (200 + 7) / 2 */
  check_told("normalize=equalize", "- 255, - 255");
  check_told("scale=1 height=1 width=1 normalize=tan_triggs", "- 128, - 128");
}

/* A path that is one picture is one row, by the same parameters. */
TEST(one_file__is_a_row) {
  static const struct {
    const char *params, *told;
  } cases[] = {
      {NULL, "- 100"},
      {"height=2 width=1", "- 54"},
      {"labels=name label_until=_", "cat 100"},
      {"labels=none channels=3 skip_others=true", "- 100"},
      {"normalize=equalize", "- 255"},
  };
  write_image("cat_7.pgm", 100);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_dataset *data = NULL;
    ck_clf_ok(clf_dataset_load(&data, NULL, "images", path_of("cat_7.pgm"), cases[i].params));
    ck_assert_int_eq(clf_dataset_rows(data), 1);
    ck_assert_str_eq(told(data), cases[i].told);
    clf_dataset_free(data);
  }
}

TEST(one_file__that_is_wrong_is_named) {
  static const struct {
    const char *name, *params, *says;
    clf_status status;
  } cases[] = {
      {"cat.pgm", "labels=folder", "has no folders", CLF_ERROR_DATA},
      {"cat.pgm", "folders=a", "is a file; folders=a", CLF_ERROR_ARGUMENT},
      {"cat.pgm", "labels=name label_until=_", "cat.pgm: there is no label", CLF_ERROR_DATA},
      {"text", NULL, "text: ", CLF_ERROR_FORMAT},
      {"text", "skip_others=true", "has no images", CLF_ERROR_DATA},
      {"cut", NULL, "cut: ", CLF_ERROR_FORMAT},
      {"cut", "skip_damaged=true", "all 1 images are damaged", CLF_ERROR_DATA},
      {"nothing", NULL, "nothing", CLF_ERROR_IO},
  };
  write_image("cat.pgm", 100);
  put_file("text", "no image", 8);
  put_file("cut", "P5 2 2 255\n", 11);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_dataset *data = NULL;
    ck_clf_fails(clf_dataset_load(&data, NULL, "images", path_of(cases[i].name), cases[i].params),
                 cases[i].status);
    ck_clf_says(cases[i].says);
    ck_assert_ptr_null(data);
  }
}

TEST(files__that_do_not_fit_are_named) {
  write_image("a", 100);
  put_file("b", "P2 1 1 255 0\n", 13);
  check_refused(NULL, CLF_ERROR_SHAPE, "/b: it is 1x1 with 1 channels, 'a' is 2x1 with 1");
  check_told("height=1 width=1", "- 54, - 0");
  put_file("c", "P6 2 1 255\nABCDEF", 17);
  check_refused("height=1 width=1", CLF_ERROR_SHAPE, "/c: it is 1x1 with 3 channels");
  check_told("height=1 width=1 channels=1", "- 54, - 0, - 68");
  check_refused("height=1 width=1 channels=1 max_pixels=1", CLF_ERROR_DATA, "/a: it has 2x1");
}

static void keep_last(void *user, int32_t level, const char *message) {
  (void)level;
  snprintf(user, 1024, "%s", message);
}

TEST(files__that_are_left_out_are_told) {
  clf_context *context = NULL;
  clf_dataset *data = NULL;
  char said[1024] = "";
  write_pets();
  put_file("cat/notes.txt", "purrs", 5);
  put_file("dog/empty.jpg", "", 0);
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  ck_clf_ok(clf_context_set_log(context, keep_last, said));
  ck_clf_ok(clf_dataset_load(&data, context, "images", folder, "skip_others=true"));
  ck_assert_ptr_nonnull(strstr(said, "2 of 6 files are no images and left out"));
  ck_assert_ptr_nonnull(strstr(said, "the first is 'cat/notes.txt'"));
  clf_dataset_free(data);
  clf_context_free(context);
}

TEST(files__that_are_no_images_are_named_or_left_out) {
  write_pets();
  put_file("cat/notes.txt", "purrs", 5);
  check_refused(NULL, CLF_ERROR_FORMAT,
                "cat/notes.txt: it is a text; images are read from pnm, gif");
  check_refused(NULL, CLF_ERROR_FORMAT, "; skip_others=true leaves such files out");
  check_refused("skip_damaged=true", CLF_ERROR_FORMAT, "; skip_others=true leaves such files out");
  check_told("skip_others=true", "cat 1, cat 2, dog 3, dog 4");
  put_file("cat/Thumbs.db", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0", 10);
  put_file("cat/desktop.ini", "\r\n[.ShellClassInfo]\r\n", 21);
  put_file("cat/.DS_Store", "\0\0\0\1Bud1", 8);
  put_file("cat/empty.jpg", "", 0);
  check_refused(NULL, CLF_ERROR_FORMAT, "cat/Thumbs.db: it is an OLE file, such as Thumbs.db");
  check_told("skip_others=true", "cat 1, cat 2, dog 3, dog 4");
  put_file("dog/d", "P2 2 1 255 0", 12);
  check_refused("skip_others=true", CLF_ERROR_FORMAT, "dog/d: pnm: it ends early");
  check_refused("skip_others=true", CLF_ERROR_FORMAT, "; skip_damaged=true leaves such files out");
}

static char logged[1024];
static int log_calls;

static void keep_log(void *user, int32_t level, const char *message) {
  (void)user;
  if (level == CLF_LOG_WARNING) {
    log_calls++;
    snprintf(logged, sizeof logged, "%s", message);
  }
}

TEST(files__that_are_damaged_are_left_out) {
  write_pets();
  put_file("cat/a", "P5 2 1 255\n\1", 12);
  put_file("cat/c_3.png", "P5 2 x", 6);
  put_file("dog/c", "GIF89a", 6);
  check_refused(NULL, CLF_ERROR_FORMAT, "cat/a: pnm: it ends early");
  for (int threads = 1; threads <= 3; threads += 2) {
    clf_context *context = NULL;
    clf_dataset *data = NULL;
    char params[32];
    log_calls = 0;
    snprintf(params, sizeof params, "threads=%d", threads);
    ck_clf_ok(clf_context_create(&context, NULL, params));
    ck_clf_ok(clf_context_set_log(context, keep_log, NULL));
    ck_clf_ok(clf_dataset_load(&data, context, "images", folder, "skip_damaged=true"));
    ck_assert_str_eq(told(data), "cat 1, cat 2, dog 3, dog 4");
    ck_assert_int_eq(log_calls, 1);
    ck_assert_ptr_nonnull(strstr(logged, "3 of 7 images are damaged and left out"));
    ck_assert_ptr_nonnull(strstr(logged, "/cat/a: pnm: it ends early"));
    clf_dataset_free(data);
    clf_context_free(context);
  }
  put_file("dog/d", "who knows", 9);
  check_told("skip_damaged=true skip_others=true labels=none", "- 1, - 2, - 3, - 4");
  check_refused("skip_damaged=true", CLF_ERROR_FORMAT, "dog/d: it is a text");
  put_file("dog/d", "P2 1 1 255 0\n", 13);
  check_refused("skip_damaged=true", CLF_ERROR_SHAPE,
                "/dog/d: it is 1x1 with 1 channels, 'cat/c_1.png'");
}

TEST(files__that_are_all_damaged_are_no_rows) {
  put_file("a", "P5 2 1 255\n\1", 12);
  put_file("b", "P5 2 1", 6);
  check_refused("skip_damaged=true", CLF_ERROR_DATA, "all 2 images are damaged; the last is ");
  check_refused("skip_damaged=true max_pixels=1", CLF_ERROR_DATA, "max_pixels=1");
}

TEST(the_first_bad_file__is_told_on_any_threads) {
  enum { FILES = 300 };
  char name[32];
  for (int i = 0; i < FILES; i++) {
    snprintf(name, sizeof name, "%03d", i);
    write_image(name, i % 256);
  }
  put_file("150", "P2 2 1", 6);
  put_file("290", "GIF89a", 6);
  for (int threads = 1; threads <= 4; threads += 3) {
    clf_context *context = NULL;
    clf_dataset *data = NULL;
    snprintf(name, sizeof name, "threads=%d", threads);
    ck_clf_ok(clf_context_create(&context, NULL, name));
    ck_clf_fails(clf_dataset_load(&data, context, "images", folder, NULL), CLF_ERROR_FORMAT);
    ck_clf_says("/150: pnm: it ends early");
    clf_context_free(context);
  }
}

TEST(loading__can_be_cancelled) {
  clf_context *context = NULL;
  clf_dataset *data = NULL;
  write_pets();
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  ck_clf_ok(clf_context_set_progress(context, cancel_at_once, NULL));
  ck_clf_fails(clf_dataset_load(&data, context, "images", folder, NULL), CLF_ERROR_CANCELLED);
  ck_assert_ptr_null(data);
  clf_context_free(context);
}

static clf_status load_pets(clf_context *context, const void *unused) {
  clf_dataset *data[3] = {NULL, NULL, NULL};
  clf_status status;
  (void)unused;
  TRY(clf_dataset_load(&data[0], context, "images", folder,
                       "skip_others=true skip_damaged=true height=2 width=2 channels=3 "
                       "normalize=tan_triggs"));
  TRY(clf_dataset_load(&data[1], context, "images", folder,
                       "labels=name label_until=_ folders=cat channels=1"));
  TRY(clf_dataset_load(&data[2], context, "images", folder, "skip_damaged=true folders=fox"));
done:
  clf_dataset_free(data[0]);
  clf_dataset_free(data[1]);
  clf_dataset_free(data[2]);
  return status;
}

TEST(each_allocation__may_be_refused) {
  write_pets();
  add_folder("fox");
  put_file("fox/a", "P5 1 1 255\n", 11);
  write_image("fox/b", 5);
  ck_assert_int_eq(check_every_allocation("threads=1", load_pets, NULL).tolerated, 0);
}

SUITE("image_folder", .setup = make_folder, .teardown = remove_folder)
