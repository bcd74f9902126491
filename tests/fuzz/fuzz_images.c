/* A folder of files, of any names and bytes, as a dataset of images and as documents, by parameters
 * that the input chooses too: a dataset whose rows are all there, or a message. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/image_bytes.h"
#include "dice.h"

enum { MOST_FILES = 5 };

static char folder[64];

static void remove_folder(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  FUZZ_CHECK(system(command) == 0);
}

static void make_folder(void) {
  if (folder[0] == '\0') {
    strcpy(folder, "/tmp/classify-fuzz-XXXXXX");
    FUZZ_CHECK(mkdtemp(folder) != NULL);
    atexit(remove_folder);
  }
}

typedef struct placed {
  char label[96], path[128];
} placed;

/* A file of the next bytes, in the folder or in one of a label. */
static void put_bytes(placed *out, dice *from, int number) {
  static const char *const labels[] = {"", "/a", "/b", "/a'b c", "/\xC3\xA9"};
  static const char *const names[] = {"x", "x.y", "a.png", "\xFF", ".hidden"};
  const char *label = labels[roll(from, 5)], *name = names[roll(from, 5)];
  snprintf(out->label, sizeof out->label, "%s%s", folder, label);
  snprintf(out->path, sizeof out->path, "%s%s/%d%s", folder, label, number, name);
  const int64_t share = roll(from, 4);
  const size_t size = from->left * (size_t)(share + 1) / 4;
  mkdir(out->label, 0777);
  FILE *file = fopen(out->path, "wb");
  if (file != NULL) {
    FUZZ_CHECK(fwrite(from->at, 1, size, file) == size);
    fclose(file);
  }
  from->at += size;
  from->left -= size;
}

static void load(const char *params) {
  clf_context *context = NULL;
  clf_dataset *dataset = NULL;
  clf_documents *documents = NULL;
  FUZZ_CHECK(clf_context_create(&context, NULL, "threads=1 memory_limit=64000000") == CLF_OK);
  clf_status status = clf_dataset_load(&dataset, context, "images", folder, params);
  FUZZ_CHECK((status == CLF_OK) == (dataset != NULL));
  if (dataset != NULL) {
    clf_tensor *x = NULL;
    uint64_t sum = 0;
    FUZZ_CHECK(clf_dataset_tensor(&x, dataset, "x") == CLF_OK);
    const uint8_t *pixels = clf_tensor_data(x);
    for (int64_t i = 0; i < clf_tensor_count(x); i++) {
      sum += pixels[i];
    }
    FUZZ_CHECK(clf_tensor_ndim(x) == 4 && sum <= 255u * (uint64_t)clf_tensor_count(x));
    clf_tensor_free(x);
  }
  clf_dataset_free(dataset);
  status = clf_documents_load(&documents, context, "folder", folder, NULL);
  FUZZ_CHECK((status == CLF_OK) == (documents != NULL));
  for (int64_t i = 0; documents != NULL && i < clf_documents_count(documents); i++) {
    size_t length = 0;
    const char *text = clf_documents_text(documents, i, &length);
    FUZZ_CHECK(text[length] == '\0' && clf_documents_name(documents, i) != NULL);
  }
  clf_documents_free(documents);
  FUZZ_CHECK(clf_context_memory(context) < 1 << 16);
  clf_context_free(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dice from = {data, size};
  placed files[MOST_FILES];
  char params[512];
  make_folder();
  roll_params(params, sizeof params, &from, "dataset_reader", "images", "folders|max_pixels");
  strncat(params, " max_pixels=100000", sizeof params - strlen(params) - 1);
  const int count = (int)roll(&from, MOST_FILES + 1);
  for (int i = 0; i < count; i++) {
    put_bytes(&files[i], &from, i);
  }
  load(params);
  for (int i = count - 1; i >= 0; i--) {
    unlink(files[i].path);
    if (strcmp(files[i].label, folder) != 0) {
      rmdir(files[i].label);
    }
  }
  return 0;
}

/* One to three files of each format, behind bytes of choices. */
size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  enum { SEEDS = 12, CHOICES = 24 };
  static const char grey[] = "P5 3 2 255\n\1\2\3\4\5\6", color[] = "P6 1 1 255\n\1\2\3";
  image_bytes file = {0};
  if (index >= SEEDS) {
    return 0;
  }
  if (index % 3 == 1) {
    static const uint8_t rows[] = {0, 1, 2, 3, 0, 4, 5, 6};
    make_png(
        &file,
        &(png_bytes){.width = 3, .height = 2, .depth = 8, .rows = rows, .row_count = sizeof rows});
  } else {
    put(&file, index % 3 == 0 ? grey : color, index % 3 == 0 ? sizeof grey - 1 : sizeof color - 1);
  }
  FUZZ_CHECK(capacity >= CHOICES + file.size);
  for (int i = 0; i < CHOICES; i++) {
    buffer[i] = (uint8_t)(index * 37 + i * index);
  }
  memcpy(buffer + CHOICES, file.bytes, file.size);
  return CHOICES + file.size;
}
