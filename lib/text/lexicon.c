/* Maps words and n-grams to numbers. An n-gram is looked up by the numbers of its words, so that no
 * texts are concatenated while documents are read.
 *
 * With millions of n-grams each step waits for memory. So their table is allocated in its full size
 * at once, and the positions of a stretch of n-grams are prefetched. The floor is to read the text
 * once, to look up each of its words, and to write one slot of the table for each entry. */
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "text/vocabulary.h"

clf__lexicon *clf__lexicon_retain(clf__lexicon *lexicon) {
  if (lexicon != NULL) {
    atomic_fetch_add(&lexicon->references, 1);
  }
  return lexicon;
}

void clf__lexicon_release(clf__lexicon *lexicon) {
  if (lexicon == NULL || atomic_fetch_sub(&lexicon->references, 1) != 1) {
    return;
  }
  clf_tensor_free(lexicon->text);
  clf_tensor_free(lexicon->counts);
  clf_tensor_free(lexicon->document_counts);
  clf__arena_free(&lexicon->arena);
  clf__intern_free(&lexicon->words);
  clf__intern_free(&lexicon->ngrams);
  clf__handle_free(lexicon);
}

static clf_status corrupt(const char *what) {
  return clf__fail(CLF_ERROR_CORRUPT, "vocabulary: '%s' is missing or not valid", what);
}

/* `text` has the entries, each followed by a NUL, as many as there are counts. */
static clf_status find_entries(clf__lexicon *lexicon) {
  const char *at = lexicon->text->data;
  const char *end = at + lexicon->text->shape[0];
  lexicon->entries = clf__arena_array(&lexicon->arena, lexicon->size, sizeof *lexicon->entries);
  CLF__CHECK(clf__arena_status(&lexicon->arena));
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

/* Allocates the tables of n-grams in their full size. */
static clf_status reserve_ngrams(clf__lexicon *lexicon) {
  const char *text = lexicon->text->data;
  int64_t ngrams = 0, blanks = 0;
  for (int64_t i = 0; i < lexicon->text->shape[0]; i++) {
    blanks += text[i] == ' ';
  }
  for (int64_t i = 0; blanks > 0 && i < lexicon->size; i++) {
    ngrams += strchr(lexicon->entries[i], ' ') != NULL;
  }
  const int64_t bytes = (blanks + ngrams) * (int64_t)sizeof(int32_t);
  lexicon->entry_of_ngram =
      clf__arena_array(&lexicon->arena, ngrams + 1, sizeof *lexicon->entry_of_ngram);
  bool made = lexicon->entry_of_ngram != NULL &&
              (ngrams == 0 || clf__intern_reserve(&lexicon->ngrams, ngrams, bytes));
  return made ? CLF_OK : CLF_ERROR_MEMORY;
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

/* Returns the length of a word, which ends at a blank or NUL; 0 if there is none. */
static size_t length_of(const char *word) {
  const unsigned char *at = (const unsigned char *)word;
  unsigned char all = 0;
  while (*at != ' ' && *at != '\0') {
    all |= *at++;
  }
  const size_t length = (size_t)(at - (const unsigned char *)word);
  bool sound = length <= CLF__MAX_WORD_BYTES && (all < 0x80 || is_utf8(word, length));
  return sound ? length : 0;
}

static int32_t intern_word(clf__lexicon *lexicon, const char *from, size_t length) {
  unsigned char word[CLF__MAX_WORD_BYTES + CLF__WORD_SLACK];
  memcpy(word, from, length);
  memset(word + length, 0, CLF__WORD_SLACK);
  uint64_t hash = clf__hash_bytes(lexicon->words.key, word, length);
  return clf__intern_add(&lexicon->words, hash, word, length);
}

enum { STRETCH = 32 };

/* Returns an entry by the numbers of its words. */
typedef struct numbered {
  int64_t entry;
  int32_t n; /* 0 if it is not an entry */
  int32_t words[CLF__MAX_NGRAM + CLF__WORD_SLACK / sizeof(int32_t)];
  uint64_t hash; /* of n-grams */
} numbered;

/* Reads the words of an entry, which are separated by blanks. */
static clf_status read_entry(clf__lexicon *lexicon, int64_t entry, numbered *out) {
  const char *at = lexicon->entries[entry];
  *out = (numbered){.entry = entry};
  for (int32_t n = 0;; at++) {
    const size_t length = length_of(at);
    if (length == 0 || n == CLF__MAX_NGRAM) {
      return CLF_OK;
    }
    out->words[n] = intern_word(lexicon, at, length);
    if (out->words[n++] < 0) {
      return CLF_ERROR_MEMORY;
    }
    at += length;
    if (*at == '\0') {
      out->n = n;
      return CLF_OK;
    }
  }
}

static clf_status index_ngrams(clf__lexicon *lexicon, const numbered *some, int32_t count) {
  clf__intern *ngrams = &lexicon->ngrams;
  for (int32_t i = 0; i < count; i++) {
    const int64_t before = ngrams->count;
    const int32_t ngram = clf__intern_add(ngrams, some[i].hash, some[i].words,
                                          (size_t)some[i].n * sizeof *some[i].words);
    if (ngram < 0) {
      return CLF_ERROR_MEMORY;
    }
    if (ngrams->count == before) {
      return corrupt("words");
    }
    lexicon->entry_of_ngram[ngram] = (int32_t)some[i].entry;
  }
  return CLF_OK;
}

static clf_status index_word(clf__lexicon *lexicon, const numbered *entry) {
  int32_t *place = &clf__intern_item(&lexicon->words, entry->words[0])->last;
  if (*place >= 0) {
    return corrupt("words");
  }
  *place = (int32_t)entry->entry;
  return CLF_OK;
}

/* Inserts words and n-grams, the latter a stretch at a time. */
static clf_status index_all(clf__lexicon *lexicon) {
  numbered some[STRETCH];
  int32_t count = 0;
  for (int64_t i = 0; i < lexicon->size; i++) {
    numbered *next = &some[count];
    CLF__CHECK(read_entry(lexicon, i, next));
    if (next->n == 0) {
      return corrupt("words");
    }
    if (next->n == 1) {
      CLF__CHECK(index_word(lexicon, next));
      continue;
    }
    next->hash = clf__hash_bytes(lexicon->ngrams.key, (const unsigned char *)next->words,
                                 (size_t)next->n * sizeof *next->words);
    clf__intern_expect(&lexicon->ngrams, next->hash);
    if (++count == STRETCH) {
      CLF__CHECK(index_ngrams(lexicon, some, count));
      count = 0;
    }
  }
  return index_ngrams(lexicon, some, count);
}

/* The entries of single words are known when all words have their numbers. */
static clf_status index_entries(clf__lexicon *lexicon) {
  CLF__CHECK(reserve_ngrams(lexicon));
  CLF__CHECK(index_all(lexicon));
  lexicon->entry_of_word =
      clf__arena_array(&lexicon->arena, lexicon->words.count, sizeof *lexicon->entry_of_word);
  CLF__CHECK(clf__arena_status(&lexicon->arena));
  for (int64_t i = 0; i < lexicon->words.count; i++) {
    lexicon->entry_of_word[i] = clf__intern_item(&lexicon->words, i)->last;
  }
  return CLF_OK;
}

/* Checks [size] i64 from 1 to `max`. */
static clf_status check_counts(const clf__lexicon *lexicon, const clf_tensor *counts, int64_t max,
                               const char *name) {
  bool sound = counts != NULL && counts->dtype == CLF_I64 && counts->ndim == 1 &&
               counts->shape[0] == lexicon->size;
  for (int64_t i = 0; sound && i < lexicon->size; i++) {
    int64_t count = ((const int64_t *)counts->data)[i];
    sound = count >= 1 && count <= max;
  }
  return sound ? CLF_OK : corrupt(name);
}

static clf_status fill(clf__lexicon *lexicon) {
  const clf_tensor *text = lexicon->text;
  if (text == NULL || text->dtype != CLF_U8 || text->ndim != 1 || text->scale != 1) {
    return corrupt("words");
  }
  if (lexicon->counts == NULL || lexicon->counts->ndim != 1 || lexicon->counts->shape[0] < 1 ||
      lexicon->counts->shape[0] > INT32_MAX - CLF__ID_RESERVED) {
    return corrupt("counts");
  }
  lexicon->size = lexicon->counts->shape[0];
  CLF__CHECK(check_counts(lexicon, lexicon->counts, INT64_MAX, "counts"));
  CLF__CHECK(
      check_counts(lexicon, lexicon->document_counts, lexicon->documents, "document_counts"));
  CLF__CHECK(find_entries(lexicon));
  return index_entries(lexicon);
}

/* Computes the inverse document frequencies, as in scikit-learn. */
static clf_status weigh(clf__lexicon *lexicon, bool smooth) {
  const int64_t *with = lexicon->document_counts->data;
  const double more = smooth ? 1 : 0;
  lexicon->idf = clf__arena_array(&lexicon->arena, lexicon->size, sizeof *lexicon->idf);
  CLF__CHECK(clf__arena_status(&lexicon->arena));
  for (int64_t i = 0; i < lexicon->size; i++) {
    double rows = (double)lexicon->documents + more;
    lexicon->idf[i] = (float)(log(rows / ((double)with[i] + more)) + 1);
  }
  return CLF_OK;
}

clf_status clf__lexicon_create(clf__lexicon **out, const clf_vocabulary *vocabulary,
                               int64_t documents, clf_tensor *text, clf_tensor *counts,
                               clf_tensor *document_counts) {
  clf_context *context = vocabulary->context;
  clf__lexicon *made = clf__handle_create(context, sizeof *made);
  if (made == NULL) {
    clf_tensor_free(text);
    clf_tensor_free(counts);
    clf_tensor_free(document_counts);
    return CLF_ERROR_MEMORY;
  }
  clf__hash_key key = clf__hash_key_new();
  atomic_init(&made->references, 1);
  made->arena.context = context;
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
