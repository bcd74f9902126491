/* Vocabularies in files: their counts and their parameters. A vocabulary depends on how text is
 * split into words, so the version of these rules is saved, and stays the same. */
#include <stdio.h>
#include <string.h>

#include "base/border.h"
#include "store/object.h"
#include "text/vocabulary.h"

clf_status clf__vocabulary_write(const clf_vocabulary *vocabulary, clf__store *store) {
  const clf__lexicon *lexicon = vocabulary->lexicon;
  clf__text text = {.context = vocabulary->context};
  char documents[32], rules[16];
  snprintf(rules, sizeof rules, "%d", (int)vocabulary->rules.options.version);
  snprintf(documents, sizeof documents, "%lld", (long long)lexicon->documents);
  clf__params_format(&clf__vocabulary_kind.params, vocabulary->params, &text);
  clf_status status = text.failed ? CLF_ERROR_MEMORY : CLF_OK;
  CLF__TRY(status);
  CLF__TRY(clf__store_add_text(store, "vocabulary.rules", rules));
  CLF__TRY(clf__store_add_text(store, "vocabulary.params", text.bytes));
  CLF__TRY(clf__store_add_text(store, "vocabulary.documents", documents));
  CLF__TRY(clf__store_add_tensor(store, "vocabulary.words", lexicon->text));
  CLF__TRY(clf__store_add_tensor(store, "vocabulary.counts", lexicon->counts));
  CLF__TRY(clf__store_add_tensor(store, "vocabulary.document_counts", lexicon->document_counts));
done:
  clf__text_free(&text);
  return status;
}

static clf_status share(clf_tensor **out, const clf__store *store, const char *name) {
  const clf_tensor *tensor = clf__store_tensor(store, name);
  return tensor != NULL ? clf__tensor_share(out, tensor)
                        : clf__fail(CLF_ERROR_CORRUPT, "'%s' is missing or not valid", name);
}

static clf_status read_lexicon(clf_vocabulary *to, const clf__store *store) {
  const char *documents = clf__store_text(store, "vocabulary.documents");
  clf_tensor *words = NULL, *counts = NULL, *document_counts = NULL;
  int64_t count = 0;
  clf_status status = CLF_OK;
  if (documents == NULL || !clf__parse_i64(documents, &count) || count < 1) {
    return clf__fail(CLF_ERROR_CORRUPT, "'vocabulary.documents' is missing or not valid");
  }
  CLF__TRY(share(&words, store, "vocabulary.words"));
  CLF__TRY(share(&counts, store, "vocabulary.counts"));
  CLF__TRY(share(&document_counts, store, "vocabulary.document_counts"));
  return clf__lexicon_create(&to->lexicon, to, count, words, counts, document_counts);
done:
  clf_tensor_free(words);
  clf_tensor_free(counts);
  clf_tensor_free(document_counts);
  return status;
}

clf_status clf__vocabulary_read(clf_vocabulary **out, clf_context *context,
                                const clf__store *store) {
  const char *version = clf__store_text(store, "vocabulary.rules");
  const char *params = clf__store_text(store, "vocabulary.params");
  clf_vocabulary *made = NULL;
  int64_t rules = 0;
  if (version == NULL && params == NULL) {
    return CLF_OK;
  }
  if (version == NULL || params == NULL) {
    return clf__fail(CLF_ERROR_CORRUPT, "'vocabulary.%s' is missing",
                     version == NULL ? "rules" : "params");
  }
  if (!clf__parse_i64(version, &rules) || rules < 1 || rules > CLF__WORD_VERSION) {
    return clf__fail(CLF_ERROR_VERSION,
                     "its vocabulary splits words by rules that this version "
                     "does not have");
  }
  clf_status status = clf__vocabulary_of(&made, context, params, (int32_t)rules);
  if (status == CLF_ERROR_ARGUMENT) {
    status = clf__fail_within(CLF_ERROR_CORRUPT, "damaged");
  }
  if (status == CLF_OK) {
    status = read_lexicon(made, store);
  }
  if (status < 0) {
    clf_vocabulary_free(made);
    return status;
  }
  *out = made;
  return CLF_OK;
}

static clf_status write(const void *object, clf__store *store) {
  return clf__vocabulary_write(object, store);
}

static clf_status read(void **out, clf_context *context, const clf__store *store) {
  clf_vocabulary *made = NULL;
  clf_status status = clf__vocabulary_read(&made, context, store);
  if (status == CLF_OK && made == NULL) {
    status = clf__fail(CLF_ERROR_CORRUPT, "there is no vocabulary in it");
  }
  if (status == CLF_OK) {
    *out = made;
  }
  return status;
}

static const clf__object_kind object = {write, read};

clf_status clf_vocabulary_save(const clf_vocabulary *vocabulary, const char *path) {
  CLF__REQUIRE(vocabulary);
  CLF__REQUIRE(path);
  CLF__ENTER("vocabulary");
  clf_status status = clf__vocabulary_require(vocabulary);
  return status < 0 ? status : clf__object_save(&object, vocabulary, vocabulary->context, path);
}

clf_status clf_vocabulary_save_memory(const clf_vocabulary *vocabulary, void *buffer,
                                      size_t capacity, size_t *size) {
  CLF__REQUIRE(vocabulary);
  CLF__REQUIRE(size);
  CLF__ENTER("vocabulary");
  clf_status status = clf__vocabulary_require(vocabulary);
  return status < 0 ? status
                    : clf__object_save_memory(&object, vocabulary, vocabulary->context, buffer,
                                              capacity, size);
}

clf_status clf_vocabulary_load(clf_vocabulary **out, clf_context *context, const char *path) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(path);
  CLF__ENTER("vocabulary");
  void *loaded = NULL;
  clf_status status = clf__object_load(&object, &loaded, context, path);
  if (status == CLF_OK) {
    *out = loaded;
  }
  return status;
}

clf_status clf_vocabulary_load_memory(clf_vocabulary **out, clf_context *context, const void *bytes,
                                      size_t size) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(bytes);
  CLF__ENTER("vocabulary");
  void *loaded = NULL;
  clf_status status = clf__object_load_memory(&object, &loaded, context, bytes, size);
  if (status == CLF_OK) {
    *out = loaded;
  }
  return status;
}
