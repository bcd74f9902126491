/* Model files whose entries are changed one by one: the first byte says which file, the second
 * which other one entries may be taken from, the rest what to change. */
#include "entries.h"
#include "models.h"

enum { CAPACITY = 1 << 16, MOST_FILES = 64 };

static clf_context *context_of_files;
static fuzz_entries files[MOST_FILES];
static int file_count;

static void make_files(void) {
  static uint8_t bytes[CAPACITY];
  if (file_count > 0) {
    return;
  }
  context_of_files = fuzz_context();
  for (; file_count < MOST_FILES; file_count++) {
    const size_t size = fuzz_model_file(context_of_files, file_count, bytes, CAPACITY);
    if (size == 0) {
      break;
    }
    files[file_count].context = context_of_files;
    fuzz_entries_read(&files[file_count], bytes, size);
  }
}

static void load_and_use(const uint8_t *bytes, size_t size) {
  clf_context *context = fuzz_context();
  clf_model *model = NULL;
  const clf_status status = clf_model_load_memory(&model, context, bytes, size);
  FUZZ_CHECK((status == CLF_OK) == (model != NULL));
  FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_CORRUPT || status == CLF_ERROR_VERSION ||
             status == CLF_ERROR_UNSUPPORTED);
  if (status == CLF_OK) {
    fuzz_use(model, context);
  }
  clf_model_free(model);
  clf_context_free(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  make_files();
  dice from = {data, size};
  const fuzz_entries *base = &files[roll(&from, file_count)];
  const fuzz_entries *others = &files[roll(&from, file_count)];
  fuzz_entries entries = {.context = context_of_files};
  size_t written = 0;
  for (int64_t i = 0; i < base->count; i++) {
    fuzz_entries_add(&entries, base->all[i].name, base->all[i].text, base->all[i].tensor);
  }
  fuzz_entries_change(&from, &entries, others);
  uint8_t *bytes = fuzz_entries_write(&entries, &written);
  fuzz_entries_free(&entries);
  if (bytes != NULL) {
    load_and_use(bytes, written);
  }
  free(bytes);
  return 0;
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  make_files();
  return index < file_count ? dice_seed(buffer, capacity, index, 8) : 0;
}
