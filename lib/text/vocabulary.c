/* Vocabularies as handles: parameters, properties, single texts. */
#include "text/vocabulary.h"

#include <math.h>
#include <string.h>

#include "base/border.h"

#define CLF__VALUES clf__vocabulary_params

static const clf__param params[] = {
    CLF__CHOICE(encoding, "sequence|count|binary|tf_idf", "sequence",
                "sequence: the numbers of the words in order; others: a column for each word"),
    CLF__BOOL(lowercase, "true", "words that differ in case are the same: full case folding"),
    CLF__BOOL(strip_tags, "true", "HTML's tags, comments, scripts and styles are between words"),
    CLF__BOOL(entities, "false", "HTML's references, such as &eacute; and &#233;, are characters"),
    CLF__BOOL(emoji, "false", "emoji are words; otherwise they are between words"),
    CLF__CHOICE(unspaced, "characters|runs", "characters",
                "Han, Hiragana, Thai, Lao, Khmer, Burmese: a word is a character or a run of them"),
    CLF__LIST(ngrams, NULL, "1", 1, CLF__MAX_NGRAM,
              "range of the number of words of an entry: 1,2 selects single words and pairs"),
    CLF__INT(max_words, "0", 0, CLF__MAX_IDS,
             "most frequent entries to keep; a sequence's 3 reserved ids are among them; 0: all"),
    CLF__INT(min_count, "1", 1, 1e9, "minimum number of occurrences of an entry"),
    CLF__INT(steps, "0", 0, 1 << 20, "length of a sequence; 0: that of the longest document"),
    CLF__CHOICE(padding, "before|after", "before", "end at which short sequences are padded"),
    CLF__CHOICE(truncation, "before|after", "before", "end at which long sequences are truncated"),
    CLF__BOOL(start, "true", "whether a sequence begins with the start token 1"),
    CLF__BOOL(sublinear, "false", "tf_idf: 1 + ln tf instead of tf"),
    CLF__BOOL(smooth_idf, "true", "tf_idf: as if one document more held every word"),
    CLF__CHOICE(norm, "auto|none|l2", "auto",
                "l2: the squares of a row sum to 1; auto: l2 with tf_idf only"),
};

const clf__kind clf__vocabulary_kind =
    CLF__KIND("vocabulary", "words of documents, and how rows are made of them", params,
              clf__vocabulary_params);

bool clf__vocabulary_has_length(const clf__vocabulary_params *own, int32_t n) {
  for (int64_t i = 0; i < own->ngrams.count; i++) {
    if (own->ngrams.values[i] == n) {
      return true;
    }
  }
  return false;
}

int32_t clf__vocabulary_max_ngram(const clf__vocabulary_params *own) {
  int32_t longest = CLF__MAX_NGRAM;
  while (longest > 1 && !clf__vocabulary_has_length(own, longest)) {
    longest--;
  }
  return longest;
}

static clf_status check_params(const clf__vocabulary_params *own) {
  for (int64_t i = 0; i < own->ngrams.count; i++) {
    if (own->ngrams.values[i] != floor(own->ngrams.values[i])) {
      return clf__fail(CLF_ERROR_ARGUMENT, "vocabulary: ngrams has to be whole numbers");
    }
  }
  if (own->ngrams.count == 0) {
    return clf__fail(CLF_ERROR_ARGUMENT, "vocabulary: ngrams has to have a number");
  }
  if (own->encoding != CLF__ENCODE_SEQUENCE) {
    return CLF_OK;
  }
  if (own->max_words > 0 && own->max_words <= CLF__ID_RESERVED) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "vocabulary: max_words is %lld; a sequence has %d reserved numbers, so it "
                     "must be more",
                     (long long)own->max_words, CLF__ID_RESERVED);
  }
  return CLF_OK;
}

static clf__word_rules rules_of(const clf__vocabulary_params *own, int32_t version) {
  return clf__word_rules_of(&(clf__word_options){
      .version = version,
      .lowercase = own->lowercase,
      .strip_tags = own->strip_tags,
      .entities = own->entities,
      .emoji = own->emoji,
      .runs = own->unspaced == CLF__UNSPACED_RUNS,
  });
}

clf_status clf__vocabulary_of(clf_vocabulary **out, clf_context *context, const char *text,
                              int32_t version) {
  clf_vocabulary *made = clf__handle_create(context, sizeof *made);
  void *values = NULL;
  clf_status status = made != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  CLF__TRY(clf__params_create(&values, made->context, &clf__vocabulary_kind.params, text));
  made->params = values;
  CLF__TRY(check_params(made->params));
  made->rules = rules_of(made->params, version);
  *out = made;
  made = NULL;
done:
  clf_vocabulary_free(made);
  return status;
}

clf_status clf_vocabulary_create(clf_vocabulary **out, clf_context *context, const char *text) {
  CLF__REQUIRE(out);
  CLF__ENTER("vocabulary");
  return clf__vocabulary_of(out, context, text, CLF__WORD_VERSION);
}

clf_status clf__vocabulary_share(clf_vocabulary **out, const clf_vocabulary *vocabulary) {
  clf_vocabulary *made = clf__handle_create(vocabulary->context, sizeof *made);
  void *values = NULL;
  clf_status status = made != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  CLF__TRY(
      clf__params_copy(&values, made->context, &clf__vocabulary_kind.params, vocabulary->params));
  made->params = values;
  made->rules = vocabulary->rules;
  made->lexicon = clf__lexicon_retain(vocabulary->lexicon);
  *out = made;
  made = NULL;
done:
  clf_vocabulary_free(made);
  return status;
}

void clf_vocabulary_free(clf_vocabulary *vocabulary) {
  if (vocabulary == NULL) {
    return;
  }
  clf__lexicon_release(vocabulary->lexicon);
  if (vocabulary->params != NULL) {
    clf__params_free(&clf__vocabulary_kind.params, vocabulary->params);
  }
  clf__handle_free(vocabulary);
}

clf_status clf__vocabulary_require(const clf_vocabulary *vocabulary) {
  return vocabulary->lexicon != NULL
             ? CLF_OK
             : clf__fail(CLF_ERROR_NOT_FITTED,
                         "the vocabulary has no words yet: clf_vocabulary_build() learns them");
}

clf_status clf_vocabulary_params(const clf_vocabulary *vocabulary, char *buffer, size_t capacity,
                                 size_t *needed) {
  CLF__REQUIRE(vocabulary);
  CLF__ENTER("vocabulary");
  return clf__params_copy_text(&clf__vocabulary_kind.params, vocabulary->params, buffer, capacity,
                               needed);
}

int64_t clf_vocabulary_count(const clf_vocabulary *vocabulary) {
  return vocabulary != NULL && vocabulary->lexicon != NULL
             ? vocabulary->lexicon->size + clf__vocabulary_base(vocabulary)
             : -1;
}

const char *clf_vocabulary_word(const clf_vocabulary *vocabulary, int64_t index) {
  static const char *const reserved[CLF__ID_RESERVED] = {"<padding>", "<start>", "<unknown>"};
  if (index < 0 || index >= clf_vocabulary_count(vocabulary)) {
    return NULL;
  }
  int32_t base = clf__vocabulary_base(vocabulary);
  return index < base ? reserved[index] : vocabulary->lexicon->entries[index - base];
}

/* Returns the number of an entry among `counts` of the lexicon; 0 for reserved numbers. */
static int64_t count_of(const clf_vocabulary *vocabulary, const clf_tensor *counts, int64_t index) {
  const int32_t base = clf__vocabulary_base(vocabulary);
  return index < base ? 0 : ((const int64_t *)counts->data)[index - base];
}

int64_t clf_vocabulary_frequency(const clf_vocabulary *vocabulary, int64_t index) {
  return index < 0 || index >= clf_vocabulary_count(vocabulary)
             ? -1
             : count_of(vocabulary, vocabulary->lexicon->counts, index);
}

int64_t clf_vocabulary_document_frequency(const clf_vocabulary *vocabulary, int64_t index) {
  return index < 0 || index >= clf_vocabulary_count(vocabulary)
             ? -1
             : count_of(vocabulary, vocabulary->lexicon->document_counts, index);
}

int64_t clf_vocabulary_document_count(const clf_vocabulary *vocabulary) {
  return vocabulary != NULL && vocabulary->lexicon != NULL ? vocabulary->lexicon->documents : -1;
}

/* Returns the entry with this text; -1 if there is none. */
static int64_t find_entry(const clf__lexicon *lexicon, const char *text) {
  int32_t words[CLF__MAX_NGRAM + CLF__WORD_SLACK / sizeof(int32_t)] = {0};
  int32_t n = 0;
  for (;; text++) {
    unsigned char word[CLF__MAX_WORD_BYTES + CLF__WORD_SLACK] = {0};
    size_t length = strcspn(text, " ");
    if (length > CLF__MAX_WORD_BYTES || n == CLF__MAX_NGRAM) {
      return -1;
    }
    memcpy(word, text, length);
    uint64_t hash = clf__hash_bytes(lexicon->words.key, word, length);
    words[n] = clf__intern_find(&lexicon->words, hash, word, length);
    if (words[n++] < 0) {
      return -1;
    }
    text += length;
    if (*text == '\0') {
      break;
    }
  }
  if (n == 1) {
    return lexicon->entry_of_word[words[0]];
  }
  uint64_t hash =
      clf__hash_bytes(lexicon->ngrams.key, (const unsigned char *)words, (size_t)n * sizeof *words);
  return clf__lexicon_entry(lexicon, hash, words, n);
}

int64_t clf_vocabulary_find(const clf_vocabulary *vocabulary, const char *word) {
  if (vocabulary == NULL || vocabulary->lexicon == NULL || word == NULL) {
    return -1;
  }
  int64_t entry = find_entry(vocabulary->lexicon, word);
  return entry >= 0 ? entry + clf__vocabulary_base(vocabulary) : -1;
}

clf_status clf_vocabulary_encode_text(clf_dataset **out, const clf_vocabulary *vocabulary,
                                      const char *text, size_t size) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(vocabulary);
  CLF__REQUIRE(text);
  CLF__ENTER("vocabulary");
  clf_documents *documents = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf_documents_create(&documents, vocabulary->context, &text, &size, 1));
  CLF__TRY(clf_vocabulary_encode(out, vocabulary, documents));
done:
  clf_documents_free(documents);
  return status;
}

clf_status clf_vocabulary_tokenize(const clf_vocabulary *vocabulary, const char *text, size_t size,
                                   int32_t *ids, size_t *begin, size_t *end, int64_t capacity,
                                   int64_t *count) {
  CLF__REQUIRE(vocabulary);
  CLF__REQUIRE(text);
  CLF__ENTER("vocabulary");
  clf__words words;
  int64_t found = 0;
  clf_status status = clf__vocabulary_require(vocabulary);
  if (status == CLF_OK) {
    status = clf__check_text_size(size);
  }
  if (status == CLF_OK && (capacity < 0 || (capacity > 0 && ids == NULL))) {
    status = clf__fail(CLF_ERROR_ARGUMENT, "capacity is %lld%s", (long long)capacity,
                       capacity < 0 ? "; it must not be negative" : " with ids NULL");
  }
  if (status < 0) {
    return status;
  }
  const clf__lexicon *lexicon = vocabulary->lexicon;
  const int32_t base = clf__vocabulary_base(vocabulary);
  clf__words_begin(&words, &vocabulary->rules, text, size);
  for (; clf__words_next(&words); found++) {
    if (found >= capacity) {
      continue;
    }
    int32_t word = clf__lexicon_word(lexicon, &words);
    int32_t entry = word >= 0 ? lexicon->entry_of_word[word] : -1;
    ids[found] = entry >= 0 ? base + entry : base > 0 ? CLF__ID_UNKNOWN : -1;
    if (begin != NULL) {
      begin[found] = (size_t)(words.from - (const unsigned char *)text);
    }
    if (end != NULL) {
      end[found] = (size_t)(words.to - (const unsigned char *)text);
    }
  }
  if (count != NULL) {
    *count = found;
  }
  return CLF_OK;
}
