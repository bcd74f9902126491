/* Any bytes as documents, and as text of each format that holds some. */
#include <string.h>

#include "base/memory.h"
#include "fuzz.h"
#include "text/document_format.h"

/* A word is one word by its own rules, and the same: it is normal and folded. Left out are those
 * that may have been cut, and those with an iota, which may have been a mark below another letter.
 */
static void check_words(const clf_vocabulary *vocabulary) {
  for (int64_t i = 0; i < clf_vocabulary_count(vocabulary); i++) {
    const char *word = clf_vocabulary_word(vocabulary, i);
    int64_t count = 0;
    int32_t id = -1;
    if (clf_vocabulary_frequency(vocabulary, i) > 0 && strchr(word, ' ') == NULL &&
        strstr(word, "\xCE\xB9") == NULL && strlen(word) < 250) {
      FUZZ_CHECK(clf_vocabulary_tokenize(vocabulary, word, strlen(word), &id, NULL, NULL, 1,
                                         &count) == CLF_OK);
      FUZZ_CHECK(count == 1 && id == i);
    }
  }
}

/* What is built of documents knows each of their words, and saves as it loads. */
static void use(clf_context *context, const clf_documents *documents, const char *params) {
  clf_vocabulary *vocabulary = NULL;
  clf_dataset *rows = NULL;
  FUZZ_CHECK(clf_vocabulary_create(&vocabulary, context, params) == CLF_OK);
  clf_status status = clf_vocabulary_build(vocabulary, documents);
  FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_DATA || status == CLF_ERROR_MEMORY);
  if (status == CLF_OK) {
    for (int64_t i = 0; i < clf_vocabulary_count(vocabulary); i++) {
      FUZZ_CHECK(clf_vocabulary_find(vocabulary, clf_vocabulary_word(vocabulary, i)) == i ||
                 clf_vocabulary_frequency(vocabulary, i) == 0);
    }
    check_words(vocabulary);
    FUZZ_CHECK(clf_vocabulary_encode(&rows, vocabulary, documents) == CLF_OK);
    FUZZ_CHECK(clf_dataset_rows(rows) == clf_documents_count(documents));
  }
  clf_dataset_free(rows);
  clf_vocabulary_free(vocabulary);
}

/* Places of words do not overlap, and lie within the text. */
static void check_places(clf_context *context, const char *text, size_t size) {
  enum { CAPACITY = 64 };
  static const char *const known[] = {"the cat"};
  int32_t ids[CAPACITY];
  size_t begin[CAPACITY], end[CAPACITY];
  int64_t count = 0;
  clf_documents *documents = NULL;
  clf_vocabulary *vocabulary = NULL;
  FUZZ_CHECK(clf_documents_create(&documents, context, known, NULL, 1) == CLF_OK);
  FUZZ_CHECK(clf_vocabulary_create(&vocabulary, context, NULL) == CLF_OK);
  FUZZ_CHECK(clf_vocabulary_build(vocabulary, documents) == CLF_OK);
  FUZZ_CHECK(clf_vocabulary_tokenize(vocabulary, text, size, ids, begin, end, CAPACITY, &count) ==
             CLF_OK);
  for (int64_t i = 0; i < count && i < CAPACITY; i++) {
    FUZZ_CHECK(begin[i] >= (i > 0 ? end[i - 1] : 0) && end[i] > begin[i]);
    FUZZ_CHECK(end[i] <= size && ids[i] >= 2 && ids[i] < 5);
  }
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

static void read_bytes(clf_context *context, const clf__document_reader *format,
                       const uint8_t *data, size_t size, const char *params) {
  const clf__bytes bytes = {data, size, CLF__BYTES_BORROWED};
  clf_documents *documents = NULL;
  void *values = NULL;
  FUZZ_CHECK(clf__params_create(&values, context, &format->base.params, params) == CLF_OK);
  clf_status status = format->parse(&documents, context, &bytes, "file", values);
  FUZZ_CHECK((status == CLF_OK) == (documents != NULL));
  FUZZ_CHECK(status == CLF_OK || strncmp(clf_last_error(), "file", 4) == 0);
  clf__params_free(&format->base.params, values);
  if (documents != NULL) {
    use(context, documents, "encoding=count ngrams=1,2");
  }
  clf_documents_free(documents);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clf_context *context = NULL;
  clf_documents *documents = NULL;
  const char *text = (const char *)data;
  FUZZ_CHECK(clf_context_create(&context, NULL, "threads=1 memory_limit=64000000") == CLF_OK);
  const char *const halves[] = {text, text + size / 2};
  const size_t sizes[] = {size / 2, size - size / 2};
  FUZZ_CHECK(clf_documents_create(&documents, context, halves, sizes, 2) == CLF_OK);
  use(context, documents, "steps=4 truncation=after ngrams=1,2");
  use(context, documents, "encoding=tf_idf ngrams=1,3 lowercase=false strip_tags=false");
  use(context, documents, "encoding=count entities=true emoji=true");
  use(context, documents, "encoding=count entities=true unspaced=runs lowercase=false");
  clf_documents_free(documents);
  check_places(context, text, size);
  read_bytes(context, &clf__document_reader_csv, data, size, NULL);
  read_bytes(context, &clf__document_reader_csv, data, size,
             "label=none quotes=false delimiter=tab header=false");
  read_bytes(context, &clf__document_reader_csv, data, size,
             "delimiter=blanks encoding=latin1 missing_values=x,1");
  read_bytes(context, &clf__document_reader_lines, data, size, NULL);
  read_bytes(context, &clf__document_reader_lines, data, size, "encoding=latin1 first_line=7");
  read_bytes(context, &clf__document_reader_fasttext, data, size, NULL);
  read_bytes(context, &clf__document_reader_fasttext, data, size, "prefix=a encoding=latin1");
  FUZZ_CHECK(clf_context_memory(context) < 1 << 16);
  clf_context_free(context);
  return 0;
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const char *const seeds[] = {
      "text,label\n\"The cat's <br />hat, the \"\"CAT\"\"!\",x\nno,y\n",
      "x\tdon\xE2\x80\x99t \xE6\xBC\xA2\xE5\xAD\x97 \xC3\x9Cver\ny\t\xFF\xED\xA0\x80<a b>c<",
      "one,a,\ntwo,b,\nthree,a,\n",
      "__label__x a film\r\n\nfilm __label__y b\n __label__x",
      "a b a b, a < b <b>a</b> \xCE\xA3\xCE\x9F\xCE\xA3 1994-95 e\xCC\x81",
      "caf&eacute; &#39;&#xE9;x <!-- c --><script>q</script><a "
      "b=\"c\">\xC2\xADx\xE2\x80\x8D\xE0\xA5\x8D",
      "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8 "
      "\xCD\x85\xCE\xB1\xCD\x82\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA"
      "\xE0\xB9\x84\xE0\xB8\x97 \xC4\xB0\xC3\x9F \xE3\x81\x8B\xE3\x82\x99 \xE2\x93\x82",
  };
  const size_t count = sizeof seeds / sizeof seeds[0];
  size_t size = (size_t)index < count ? strlen(seeds[index]) : 0;
  FUZZ_CHECK(size <= capacity);
  memcpy(buffer, seeds[(size_t)index < count ? index : 0], size);
  return size;
}
