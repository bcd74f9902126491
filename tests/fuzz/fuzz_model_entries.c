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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  make_files();
  return fuzz_entries_run(data, size, files, file_count, fuzz_load_and_use);
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  make_files();
  return index < file_count ? dice_seed(buffer, capacity, index, 8) : 0;
}
