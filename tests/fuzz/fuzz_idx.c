/* IDX files from memory, as they are and as what gzip data hold. */
#include "data/source.h"
#include "reader.h"

static void inflate_bytes(const uint8_t *data, size_t size) {
  clf_context *context = NULL;
  clf__bytes from = {data, size, CLF__BYTES_BORROWED};
  FUZZ_CHECK(clf_context_create(&context, NULL, "threads=1 memory_limit=64000000") == CLF_OK);
  for (int gzip = 0; gzip < 2; gzip++) {
    clf__bytes out = {0};
    clf_status status = clf__inflate(&out, context, &from, gzip == 1, NULL, "file");
    FUZZ_CHECK((status == CLF_OK) == (out.data != NULL));
    clf__bytes_release(&out);
  }
  clf_context_free(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const params[] = {NULL, "scale=1"};
  inflate_bytes(data, size);
  return fuzz_format(&clf__dataset_reader_idx, data, size, params,
                     sizeof params / sizeof params[0]);
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const char pixels[] = "\0\0\x08\3\0\0\0\3\0\0\0\2\0\0\0\2\1\2\3\4\5\6\7\10\11\12\13\14";
  static const char words[] = "\0\0\x0B\2\0\0\0\2\0\0\0\2\200\0\1\2\3\4\5\6";
  static const char doubles[] =
      "\0\0\x0E\2\0\0\0\1\0\0\0\2\x3F\xF8\0\0\0\0\0\0\x7F\xF8\0\0\0\0\0\1";
  static const char empty_gzip[] = "\x1F\x8B\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0";
  static const struct {
    const char *bytes;
    size_t size;
  } seeds[] = {{pixels, sizeof pixels - 1},
               {words, sizeof words - 1},
               {doubles, sizeof doubles - 1},
               {empty_gzip, sizeof empty_gzip - 1}};
  const size_t count = sizeof seeds / sizeof seeds[0];
  return (size_t)index < count ? fuzz_copy(buffer, capacity, seeds[index].bytes, seeds[index].size)
                               : 0;
}
