/* Words and n-grams to numbers. An n-gram is looked up by the numbers of its words, so that no text
 * is put together while documents are read. */
#include <math.h>
#include <string.h>

#include "data/unicode.h"
#include "data/vocabulary.h"

clf__lexicon *clf__lexicon_hold(clf__lexicon *lexicon) {
  if (lexicon != NULL) {
    atomic_fetch_add(&lexicon->holds, 1);
  }
  return lexicon;
}

void clf__lexicon_release(clf__lexicon *lexicon) {
  if (lexicon == NULL || atomic_fetch_sub(&lexicon->holds, 1) != 1) {
    return;
  }
  clf_context *context = lexicon->context;
  clf_tensor_free(lexicon->text);
  clf_tensor_free(lexicon->counts);
  clf_tensor_free(lexicon->document_counts);
  clf__free(lexicon->entries);
  clf__free(lexicon->entry_of_word);
  clf__free(lexicon->entry_of_ngram);
  clf__free(lexicon->idf);
  clf__intern_free(&lexicon->words);
  clf__intern_free(&lexicon->ngrams);
  clf__free(lexicon);
  clf__context_release(context);
}

static clf_status corrupt(const char *what) {
  return clf__fail(CLF_ERROR_CORRUPT, "vocabulary: '%s' is missing or not valid", what);
}

/* `text` is entries with a NUL after each, as many as there are counts. */
static clf_status find_entries(clf__lexicon *lexicon) {
  const char *at = lexicon->text->data;
  const char *end = at + lexicon->text->shape[0];
  lexicon->entries = clf__alloc_array(lexicon->context, lexicon->size, sizeof *lexicon->entries);
  if (lexicon->entries == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < lexicon->size; i++) {
    const char *stop = at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;
    if (stop == NULL) {
      return corrupt("words");
    }
    lexicon->entries[i] = at;
    at = stop + 1;
  }
  return at == end ? CLF_OK : corrupt("words");
}

static int32_t intern_word(clf__lexicon *lexicon, const char *from, size_t length) {
  unsigned char word[CLF__LONGEST_WORD + CLF__WORD_SLACK] = {0};
  memcpy(word, from, length);
  uint64_t hash = clf__hash_bytes(lexicon->words.key, word, length);
  return clf__intern_add(&lexicon->words, hash, word, length);
}

static bool is_utf8(const char *text, size_t length) {
  const unsigned char *at = (const unsigned char *)text;
  const unsigned char *end = at + length;
  bool valid = true;
  while (valid && at < end) {
    clf__utf8_next(&at, end, &valid);
  }
  return valid;
}

/* The numbers of an entry's words, which blanks divide; *n is 0 when it is no entry. */
static clf_status read_entry(clf__lexicon *lexicon, const char *entry, int32_t *words, int32_t *n) {
  *n = 0;
  int32_t count = 0;
  for (;; entry++) {
    size_t length = strcspn(entry, " ");
    if (length == 0 || length > CLF__LONGEST_WORD || count == CLF__LONGEST_NGRAM ||
        !is_utf8(entry, length)) {
      return CLF_OK;
    }
    words[count] = intern_word(lexicon, entry, length);
    if (words[count++] < 0) {
      return CLF_ERROR_MEMORY;
    }
    entry += length;
    if (*entry == '\0') {
      *n = count;
      return CLF_OK;
    }
  }
}

static clf_status index_ngram(clf__lexicon *lexicon, int64_t entry, const int32_t *words,
                              int32_t n) {
  int64_t before = lexicon->ngrams.count;
  unsigned char key[CLF__LONGEST_NGRAM * sizeof *words + CLF__WORD_SLACK] = {0};
  size_t size = (size_t)n * sizeof *words;
  memcpy(key, words, size);
  int32_t ngram =
      clf__intern_add(&lexicon->ngrams, clf__hash_bytes(lexicon->ngrams.key, key, size), key, size);
  if (ngram < 0) {
    return CLF_ERROR_MEMORY;
  }
  if (lexicon->ngrams.count == before) {
    return corrupt("words");
  }
  lexicon->entry_of_ngram[ngram] = (int32_t)entry;
  return CLF_OK;
}

/* The entries of single words are entered once all words have their numbers. */
static clf_status index_entries(clf__lexicon *lexicon) {
  int32_t words[CLF__LONGEST_NGRAM], n = 0;
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < lexicon->size; i++) {
    CLF__TRY(read_entry(lexicon, lexicon->entries[i], words, &n));
    if (n == 0) {
      return corrupt("words");
    }
    if (n == 1 && lexicon->words.items[words[0]].last >= 0) {
      return corrupt("words");
    }
    if (n == 1) {
      lexicon->words.items[words[0]].last = (int32_t)i;
    } else {
      CLF__TRY(index_ngram(lexicon, i, words, n));
    }
  }
  lexicon->entry_of_word =
      clf__alloc_array(lexicon->context, lexicon->words.count, sizeof *lexicon->entry_of_word);
  if (lexicon->entry_of_word == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < lexicon->words.count; i++) {
    lexicon->entry_of_word[i] = lexicon->words.items[i].last;
  }
done:
  return status;
}

/* [size] i64 from 1 to `most`. */
static clf_status check_counts(const clf__lexicon *lexicon, const clf_tensor *counts, int64_t most,
                               const char *name) {
  bool sound = counts != NULL && counts->dtype == CLF_I64 && counts->ndim == 1 &&
               counts->shape[0] == lexicon->size;
  for (int64_t i = 0; sound && i < lexicon->size; i++) {
    int64_t count = ((const int64_t *)counts->data)[i];
    sound = count >= 1 && count <= most;
  }
  return sound ? CLF_OK : corrupt(name);
}

static clf_status fill(clf__lexicon *lexicon) {
  const clf_tensor *text = lexicon->text;
  clf_status status = CLF_OK;
  if (text == NULL || text->dtype != CLF_U8 || text->ndim != 1 || text->scale != 1) {
    return corrupt("words");
  }
  if (lexicon->counts == NULL || lexicon->counts->ndim != 1 || lexicon->counts->shape[0] < 1 ||
      lexicon->counts->shape[0] > INT32_MAX - CLF__ID_RESERVED) {
    return corrupt("counts");
  }
  lexicon->size = lexicon->counts->shape[0];
  CLF__TRY(check_counts(lexicon, lexicon->counts, INT64_MAX, "counts"));
  CLF__TRY(check_counts(lexicon, lexicon->document_counts, lexicon->documents, "document_counts"));
  CLF__TRY(find_entries(lexicon));
  lexicon->entry_of_ngram =
      clf__alloc_array(lexicon->context, lexicon->size, sizeof *lexicon->entry_of_ngram);
  if (lexicon->entry_of_ngram == NULL) {
    return CLF_ERROR_MEMORY;
  }
  CLF__TRY(index_entries(lexicon));
done:
  return status;
}

/* The inverse document frequencies, as in scikit-learn. */
static clf_status weigh(clf__lexicon *lexicon, bool smooth) {
  const int64_t *with = lexicon->document_counts->data;
  const double more = smooth ? 1 : 0;
  lexicon->idf = clf__alloc_array(lexicon->context, lexicon->size, sizeof *lexicon->idf);
  if (lexicon->idf == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < lexicon->size; i++) {
    double rows = (double)lexicon->documents + more;
    lexicon->idf[i] = (float)(log(rows / ((double)with[i] + more)) + 1);
  }
  return CLF_OK;
}

clf_status clf__lexicon_create(clf__lexicon **out, const clf_vocabulary *vocabulary,
                               int64_t documents, clf_tensor *text, clf_tensor *counts,
                               clf_tensor *document_counts) {
  clf_context *context = clf__context_hold(vocabulary->context);
  clf__lexicon *made = context != NULL ? clf__alloc_zeroed(context, 1, sizeof *made) : NULL;
  if (made == NULL) {
    clf_tensor_free(text);
    clf_tensor_free(counts);
    clf_tensor_free(document_counts);
    clf__context_release(context);
    return CLF_ERROR_MEMORY;
  }
  clf__hash_key key = clf__hash_key_new();
  atomic_init(&made->holds, 1);
  made->context = context;
  made->documents = documents;
  made->text = text;
  made->counts = counts;
  made->document_counts = document_counts;
  made->words = clf__intern_of(context, key);
  made->ngrams = clf__intern_of(context, key);
  clf_status status = fill(made);
  if (status == CLF_OK && vocabulary->params->encoding == CLF__ENCODE_TF_IDF) {
    status = weigh(made, vocabulary->params->smooth_idf);
  }
  if (status < 0) {
    clf__lexicon_release(made);
    return status;
  }
  *out = made;
  return CLF_OK;
}

int32_t clf__lexicon_word(const clf__lexicon *lexicon, const clf__words *word) {
  uint64_t hash = clf__hash_bytes(lexicon->words.key, word->word, word->length);
  return clf__intern_find(&lexicon->words, hash, word->word, word->length);
}

int32_t clf__lexicon_entry(const clf__lexicon *lexicon, uint64_t hash, const int32_t *words,
                           int32_t n) {
  int32_t ngram = clf__intern_find(&lexicon->ngrams, hash, words, (size_t)n * sizeof *words);
  return ngram >= 0 ? lexicon->entry_of_ngram[ngram] : -1;
}
