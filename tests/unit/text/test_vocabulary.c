/* Vocabularies: what they learn, what rows they make, and their files. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "old_vocabulary.h"
#include "support.h"
#include "text/vocabulary.h"

static clf_documents *documents_of(clf_context *context, const char *const *texts, int64_t count) {
  clf_documents *made = NULL;
  ck_clf_ok(clf_documents_create(&made, context, texts, NULL, count));
  return made;
}
#define DOCUMENTS(...)                                                                             \
  documents_of(NULL, (const char *const[]){__VA_ARGS__},                                           \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static clf_vocabulary *built(clf_context *context, const char *params,
                             const clf_documents *documents) {
  clf_vocabulary *made = NULL;
  ck_clf_ok(clf_vocabulary_create(&made, context, params));
  ck_clf_ok(clf_vocabulary_build(made, documents));
  return made;
}

/* Its words, separated by '|'. */
static const char *words_of(const clf_vocabulary *vocabulary) {
  static char out[1 << 16];
  size_t length = 0;
  out[0] = '\0';
  for (int64_t i = 0; i < clf_vocabulary_count(vocabulary); i++) {
    length += (size_t)snprintf(out + length, sizeof out - length, "%s%s", i > 0 ? "|" : "",
                               clf_vocabulary_word(vocabulary, i));
  }
  return out;
}

/* The values of a dense dataset. */
static const float *values_of(const clf_dataset *dataset, clf_tensor **tensor) {
  ck_clf_ok(clf_dataset_tensor(tensor, dataset, "x"));
  return clf_tensor_data(*tensor);
}

static void check_rows(const clf_vocabulary *vocabulary, const clf_documents *documents,
                       const float *expected, int64_t steps) {
  clf_dataset *rows = NULL;
  clf_tensor *x = NULL;
  ck_clf_ok(clf_vocabulary_encode(&rows, vocabulary, documents));
  ck_assert_int_eq(clf_dataset_sparse(rows), 0);
  ck_assert_int_eq(clf_dataset_features(rows), steps);
  const float *found = values_of(rows, &x);
  for (int64_t i = 0; i < clf_dataset_rows(rows) * steps; i++) {
    ck_assert_msg(found[i] == expected[i], "%lld: %g, not %g", (long long)i, (double)found[i],
                  (double)expected[i]);
  }
  clf_tensor_free(x);
  clf_dataset_free(rows);
}

static void check_sparse(const clf_vocabulary *vocabulary, const clf_documents *documents,
                         const double *expected) {
  clf_dataset *rows = NULL;
  clf_tensor *start = NULL, *column = NULL, *value = NULL;
  ck_clf_ok(clf_vocabulary_encode(&rows, vocabulary, documents));
  ck_assert_int_eq(clf_dataset_sparse(rows), 1);
  ck_assert_int_eq(clf_dataset_features(rows), clf_vocabulary_count(vocabulary));
  ck_clf_ok(clf_dataset_tensor(&start, rows, "row_start"));
  ck_clf_ok(clf_dataset_tensor(&column, rows, "column"));
  ck_clf_ok(clf_dataset_tensor(&value, rows, "value"));
  const int64_t *at = clf_tensor_data(start);
  int64_t columns = clf_dataset_features(rows);
  for (int64_t i = 0; i < clf_dataset_rows(rows); i++) {
    int64_t e = at[i];
    for (int64_t j = 0; j < columns; j++) {
      double found = 0;
      if (e < at[i + 1] && ((const int32_t *)clf_tensor_data(column))[e] == j) {
        found = (double)((const float *)clf_tensor_data(value))[e++];
      }
      ck_assert_msg(fabs(found - expected[i * columns + j]) <= 1e-6,
                    "row %d, column %d: %g, not %g", (int)i, (int)j, found,
                    expected[i * columns + j]);
    }
    ck_assert_int_eq(e, at[i + 1]);
  }
  clf_tensor_free(start);
  clf_tensor_free(column);
  clf_tensor_free(value);
  clf_dataset_free(rows);
}

TEST(vocabulary__ranks_by_count_then_bytes) {
  clf_documents *documents = DOCUMENTS("b a c a", "b d C", "\xC3\xA4 z");
  clf_vocabulary *vocabulary = built(NULL, NULL, documents);
  ck_assert_str_eq(words_of(vocabulary), "<padding>|<start>|<unknown>|a|b|c|d|z|\xC3\xA4");
  ck_assert_int_eq(clf_vocabulary_find(vocabulary, "b"), 4);
  ck_assert_int_eq(clf_vocabulary_find(vocabulary, "B"), -1);
  ck_assert_int_eq(clf_vocabulary_find(vocabulary, "<start>"), -1);
  ck_assert_int_eq(clf_vocabulary_find(vocabulary, ""), -1);
  ck_assert_int_eq(clf_vocabulary_frequency(vocabulary, 3), 2);
  ck_assert_int_eq(clf_vocabulary_frequency(vocabulary, 6), 1);
  ck_assert_int_eq(clf_vocabulary_frequency(vocabulary, 0), 0);
  ck_assert_int_eq(clf_vocabulary_frequency(vocabulary, 9), -1);
  ck_assert_int_eq(clf_vocabulary_document_frequency(vocabulary, 3), 1); /* a: twice in one */
  ck_assert_int_eq(clf_vocabulary_document_frequency(vocabulary, 4), 2);
  ck_assert_int_eq(clf_vocabulary_document_frequency(vocabulary, 0), 0);
  ck_assert_int_eq(clf_vocabulary_document_frequency(vocabulary, 9), -1);
  ck_assert_int_eq(clf_vocabulary_document_frequency(vocabulary, -1), -1);
  ck_assert_int_eq(clf_vocabulary_document_count(vocabulary), 3);
  ck_assert_ptr_null(clf_vocabulary_word(vocabulary, 9));
  ck_assert_ptr_null(clf_vocabulary_word(vocabulary, -1));
  clf_vocabulary_free(vocabulary);
  vocabulary = built(NULL, "max_words=5", documents);
  ck_assert_str_eq(words_of(vocabulary), "<padding>|<start>|<unknown>|a|b");
  clf_vocabulary_free(vocabulary);
  vocabulary = built(NULL, "encoding=count min_count=2", documents);
  ck_assert_str_eq(words_of(vocabulary), "a|b|c");
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

TEST(ngrams__are_ranked_with_words) {
  clf_documents *documents = DOCUMENTS("x y x y", "ab x", "a b");
  clf_vocabulary *vocabulary = built(NULL, "encoding=count ngrams=1,2", documents);
  ck_assert_str_eq(words_of(vocabulary), "x|x y|y|a|a b|ab|ab x|b|y x");
  ck_assert_int_eq(clf_vocabulary_find(vocabulary, "a b"), 4);
  ck_assert_int_eq(clf_vocabulary_find(vocabulary, "b a"), -1);
  ck_assert_int_eq(clf_vocabulary_find(vocabulary, "a b "), -1);
  check_sparse(vocabulary, documents, (const double[]){2, 2, 2, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0,
                                                       1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0});
  clf_vocabulary_free(vocabulary);
  vocabulary = built(NULL, "encoding=binary ngrams=3", documents);
  ck_assert_str_eq(words_of(vocabulary), "x y x|y x y");
  check_sparse(vocabulary, documents, (const double[]){1, 1, 0, 0, 0, 0});
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

TEST(sequences__are_padded_and_cut_at_either_end) {
  clf_documents *documents = DOCUMENTS("a a b", "q a", "");
  clf_documents *others = DOCUMENTS("a q b a", "b", "? !");
  static const struct {
    const char *params;
    int64_t steps;
    float rows[15];
  } cases[] = {
      {"min_count=1 max_words=5 steps=3", 3, {2, 4, 3, 0, 1, 4, 0, 0, 1}},
      {"max_words=5 steps=3 truncation=after", 3, {1, 3, 2, 0, 1, 4, 0, 0, 1}},
      {"max_words=5 steps=3 padding=after start=false", 3, {2, 4, 3, 4, 0, 0, 0, 0, 0}},
      {"max_words=5", 5, {1, 3, 2, 4, 3, 0, 0, 0, 1, 4, 0, 0, 0, 0, 1}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_vocabulary *vocabulary = built(NULL, cases[i].params, documents);
    check_rows(vocabulary, others, cases[i].rows, cases[i].steps);
    clf_vocabulary_free(vocabulary);
  }
  clf_documents_free(documents);
  clf_documents_free(others);
}

TEST(sequences__tell_ngrams_where_they_end) {
  clf_documents *documents = DOCUMENTS("not good", "good film", "not good film");
  clf_documents *others = DOCUMENTS("not good zz good film", "film", "a film not good film");
  static const struct {
    const char *params, *words;
    int64_t steps;
    float rows[24];
  } cases[] = {
      {"ngrams=1,2", "good|film|good film|not|not good", 8, {1, 6, 3, 7, 2, 3, 4, 5, 0, 0, 0, 0,
                                                             0, 0, 1, 4, 1, 2, 4, 6, 3, 7, 4, 5}},
      {"ngrams=1,2 steps=3 truncation=after padding=after",
       "good|film|good film|not|not good",
       3,
       {1, 6, 3, 1, 4, 0, 1, 2, 4}},
      {"ngrams=2,3 start=false",
       "good film|not good|not good film",
       3,
       {0, 4, 3, 0, 0, 0, 4, 3, 5}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_vocabulary *vocabulary = built(NULL, cases[i].params, documents);
    ck_assert_str_eq(strstr(words_of(vocabulary), "<unknown>|") + strlen("<unknown>|"),
                     cases[i].words);
    check_rows(vocabulary, others, cases[i].rows, cases[i].steps);
    clf_vocabulary_free(vocabulary);
  }
  clf_documents_free(documents);
  clf_documents_free(others);
}

/* By the definition: idf = ln((1 + 3) / (1 + df)) + 1, rows of length 1. */
TEST(tf_idf__follows_its_formula) {
  clf_documents *documents = DOCUMENTS("a a b", "a c", "a");
  const double b = log(4 / 2.0) + 1, plain = log(3 / 1.0) + 1, sub = 1 + log(2);
  double length = sqrt(4 + b * b), other = sqrt(1 + b * b);
  clf_vocabulary *vocabulary = built(NULL, "encoding=tf_idf", documents);
  ck_assert_str_eq(words_of(vocabulary), "a|b|c");
  check_sparse(vocabulary, documents,
               (const double[]){2 / length, b / length, 0, 1 / other, 0, b / other, 1, 0, 0});
  clf_vocabulary_free(vocabulary);
  vocabulary = built(NULL, "encoding=tf_idf smooth_idf=false sublinear=true norm=none", documents);
  check_sparse(vocabulary, documents, (const double[]){sub, plain, 0, 1, 0, plain, 1, 0, 0});
  clf_vocabulary_free(vocabulary);
  vocabulary = built(NULL, "encoding=count norm=l2", documents);
  check_sparse(vocabulary, documents,
               (const double[]){2 / sqrt(5), 1 / sqrt(5), 0, sqrt(0.5), 0, sqrt(0.5), 1, 0, 0});
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

TEST(one_text__is_encoded_as_documents_are) {
  clf_documents *documents = DOCUMENTS("a a b", "c");
  clf_vocabulary *vocabulary = built(NULL, "steps=4", documents);
  clf_dataset *row = NULL;
  clf_tensor *x = NULL;
  ck_clf_ok(clf_vocabulary_encode_text(&row, vocabulary, "b A zz", 3));
  const float *found = values_of(row, &x);
  ck_assert_int_eq(clf_dataset_rows(row), 1);
  ck_assert(found[0] == 0 && found[1] == 1 && found[2] == 4 && found[3] == 3);
  clf_tensor_free(x);
  clf_dataset_free(row);
  row = NULL;
  ck_clf_fails(clf_vocabulary_encode_text(&row, vocabulary, "b", SIZE_MAX), CLF_ERROR_ARGUMENT);
  ck_assert_ptr_null(row);
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

TEST(tokens__come_with_their_places) {
  clf_documents *documents = DOCUMENTS("a a b", "c");
  clf_vocabulary *vocabulary = built(NULL, NULL, documents);
  clf_vocabulary *bag = built(NULL, "encoding=count ngrams=2", documents);
  int32_t ids[3] = {9, 9, 9};
  size_t begin[3], end[3];
  int64_t count = 0;
  ck_clf_ok(clf_vocabulary_tokenize(vocabulary, "b, zz  a c", 10, ids, begin, end, 3, &count));
  ck_assert_int_eq(count, 4);
  ck_assert(ids[0] == 4 && ids[1] == 2 && ids[2] == 3);
  ck_assert(begin[1] == 3 && end[1] == 5 && begin[2] == 7 && end[2] == 8);
  ck_clf_ok(clf_vocabulary_tokenize(vocabulary, "b a", 3, NULL, NULL, NULL, 0, &count));
  ck_assert_int_eq(count, 2);
  ck_clf_ok(clf_vocabulary_tokenize(bag, "a b", 3, ids, NULL, NULL, 3, NULL));
  ck_assert(ids[0] == -1 && ids[1] == -1);
  ck_clf_fails(clf_vocabulary_tokenize(bag, "a", 1, NULL, NULL, NULL, 1, &count),
               CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_vocabulary_tokenize(bag, "a", 1, ids, NULL, NULL, -1, &count),
               CLF_ERROR_ARGUMENT);
  clf_vocabulary_free(bag);
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

TEST(documents__hold_valid_text) {
  static const char *const texts[] = {("a\xFF"
                                       "b"),
                                      "", "x\0y"};
  static const size_t sizes[] = {3, 0, 3};
  clf_documents *documents = NULL;
  size_t size = 0;
  ck_clf_ok(clf_documents_create(&documents, NULL, texts, sizes, 3));
  ck_assert_int_eq(clf_documents_count(documents), 3);
  ck_assert_int_eq(clf_documents_replaced(documents), 1);
  ck_assert_str_eq(clf_documents_text(documents, 0, &size),
                   "a\xEF\xBF\xBD"
                   "b");
  ck_assert_uint_eq(size, 5);
  ck_assert_str_eq(clf_documents_text(documents, 1, NULL), "");
  ck_assert_mem_eq(clf_documents_text(documents, 2, &size), "x\0y", 4);
  ck_assert_uint_eq(size, 3);
  ck_assert_ptr_null(clf_documents_text(documents, 3, NULL));
  clf_documents_free(documents);
  documents = NULL;
  ck_clf_fails(clf_documents_create(&documents, NULL, texts, NULL, 0), CLF_ERROR_SHAPE);
  ck_clf_fails(clf_documents_create(&documents, NULL, texts, (const size_t[]){SIZE_MAX}, 1),
               CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_documents_create(&documents, NULL, (const char *const[]){"a", NULL}, NULL, 2),
               CLF_ERROR_ARGUMENT);
  ck_clf_says("document 1");
  ck_assert_ptr_null(documents);
}

TEST(parameters__are_checked) {
  static const struct {
    const char *params, *says;
  } wrong[] = {
      {"encoding=count ngrams=0", "ngrams"},
      {"encoding=count ngrams=6", "ngrams"},
      {"encoding=count ngrams=1.5", "whole"},
      {"max_words=3", "reserved"},
      {"steps=-1", "steps"},
      {"steps=1048577", "at most 1048576"}, /* a row of 4 MB: a file may ask for no more */
      {"maxwords=3", "max_words"},
      {"encoding=bag", "sequence"},
      {"unspaced=words", "runs"},
  };
  clf_vocabulary *vocabulary = NULL;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    ck_clf_fails(clf_vocabulary_create(&vocabulary, NULL, wrong[i].params), CLF_ERROR_ARGUMENT);
    ck_clf_says(wrong[i].says);
  }
  ck_assert_ptr_null(vocabulary);
}

TEST(vocabulary__needs_words) {
  clf_documents *none = DOCUMENTS("", "!?", "<br>");
  clf_documents *rare = DOCUMENTS("a b");
  clf_vocabulary *vocabulary = NULL;
  clf_dataset *rows = NULL;
  ck_clf_ok(clf_vocabulary_create(&vocabulary, NULL, "encoding=count min_count=2"));
  ck_assert_int_eq(clf_vocabulary_count(vocabulary), -1);
  ck_clf_fails(clf_vocabulary_encode(&rows, vocabulary, rare), CLF_ERROR_NOT_FITTED);
  ck_clf_fails(clf_vocabulary_save(vocabulary, "/nowhere/words"), CLF_ERROR_NOT_FITTED);
  ck_clf_fails(clf_vocabulary_build(vocabulary, none), CLF_ERROR_DATA);
  ck_clf_says("3 documents have no words");
  ck_clf_fails(clf_vocabulary_build(vocabulary, rare), CLF_ERROR_DATA);
  ck_clf_says("min_count");
  clf_vocabulary_free(vocabulary);
  /* documents without words give rows of padding, and rows without entries */
  vocabulary = built(NULL, "start=false", rare);
  check_rows(vocabulary, none, (const float[]){0, 0, 0}, 1);
  clf_vocabulary_free(vocabulary);
  vocabulary = built(NULL, "encoding=tf_idf", rare);
  check_sparse(vocabulary, none, (const double[]){0, 0, 0, 0, 0, 0});
  clf_vocabulary_free(vocabulary);
  clf_documents_free(none);
  clf_documents_free(rare);
}

/* Some documents of random words, a few letters each. */
static clf_documents *random_documents(clf_context *context, int64_t count, int64_t bytes) {
  char **texts = calloc((size_t)count, sizeof *texts);
  clf_documents *made = NULL;
  uint64_t state = 5;
  for (int64_t i = 0; i < count; i++) {
    texts[i] = malloc((size_t)bytes + 1);
    for (int64_t j = 0; j < bytes; j++) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      texts[i][j] = "ab cdea b"[(state >> 40) % 9];
    }
    texts[i][bytes] = '\0';
  }
  ck_clf_ok(clf_documents_create(&made, context, (const char *const *)texts, NULL, count));
  for (int64_t i = 0; i < count; i++) {
    free(texts[i]);
  }
  free(texts);
  return made;
}

/* The bytes of a saved vocabulary. */
static unsigned char *saved(const clf_vocabulary *vocabulary, size_t *size) {
  ck_clf_ok(clf_vocabulary_save_memory(vocabulary, NULL, 0, size));
  unsigned char *bytes = malloc(*size);
  ck_clf_ok(clf_vocabulary_save_memory(vocabulary, bytes, *size, size));
  return bytes;
}

static void check_same_rows(const clf_dataset *a, const clf_dataset *b) {
  static const char *const parts[] = {"x", "row_start", "column", "value"};
  for (int i = 0; i < 4; i++) {
    clf_tensor *left = NULL, *right = NULL;
    if (clf_dataset_tensor(&left, a, parts[i]) < 0) {
      continue;
    }
    ck_clf_ok(clf_dataset_tensor(&right, b, parts[i]));
    ck_assert_int_eq(clf_tensor_count(left), clf_tensor_count(right));
    size_t element = clf_tensor_dtype(left) == CLF_I64 ? 8 : 4;
    ck_assert_mem_eq(clf_tensor_data(left), clf_tensor_data(right),
                     (size_t)clf_tensor_count(left) * element);
    clf_tensor_free(left);
    clf_tensor_free(right);
  }
}

static const char *const settings[] = {"max_words=300 steps=40", "ngrams=1,2,5 steps=40",
                                       "encoding=tf_idf ngrams=1,2,3",
                                       "encoding=count ngrams=2 min_count=3"};

/* However few are kept, they are the first of all. */
TEST(kept_entries__are_the_first_of_all) {
  static const int kept[] = {1, 7, 60, 500, 2000};
  clf_documents *documents = random_documents(NULL, 100, 1000);
  clf_vocabulary *all = built(NULL, "encoding=count ngrams=1,2,3 max_words=0", documents);
  ck_assert_int_gt(clf_vocabulary_count(all), kept[4]);
  ck_assert_int_gt(clf_vocabulary_frequency(all, 0), 64 * clf_vocabulary_frequency(all, kept[4]));
  for (int k = 0; k < 5; k++) {
    char params[80];
    snprintf(params, sizeof params, "encoding=count ngrams=1,2,3 max_words=%d", kept[k]);
    clf_vocabulary *some = built(NULL, params, documents);
    ck_assert_int_eq(clf_vocabulary_count(some), kept[k]);
    for (int64_t i = 0; i < kept[k]; i++) {
      ck_assert_str_eq(clf_vocabulary_word(some, i), clf_vocabulary_word(all, i));
      ck_assert_int_eq(clf_vocabulary_frequency(some, i), clf_vocabulary_frequency(all, i));
      ck_assert_int_eq(clf_vocabulary_find(some, clf_vocabulary_word(all, i)), i);
    }
    clf_vocabulary_free(some);
  }
  clf_vocabulary_free(all);
  clf_documents_free(documents);
}

TEST_LOOP(threads__change_nothing, 0, 4) {
  clf_context *contexts[2] = {NULL};
  unsigned char *bytes[2];
  clf_dataset *rows[2] = {NULL};
  size_t size[2];
  for (int i = 0; i < 2; i++) {
    ck_clf_ok(clf_context_create(&contexts[i], NULL, i == 0 ? "threads=1" : "threads=3"));
    clf_documents *documents = random_documents(contexts[i], 300, 3000);
    clf_vocabulary *vocabulary = built(contexts[i], settings[_i], documents);
    bytes[i] = saved(vocabulary, &size[i]);
    ck_clf_ok(clf_vocabulary_encode(&rows[i], vocabulary, documents));
    clf_vocabulary_free(vocabulary);
    clf_documents_free(documents);
  }
  ck_assert_uint_eq(size[0], size[1]);
  ck_assert_mem_eq(bytes[0], bytes[1], size[0]);
  check_same_rows(rows[0], rows[1]);
  for (int i = 0; i < 2; i++) {
    clf_dataset_free(rows[i]);
    clf_context_free(contexts[i]);
    free(bytes[i]);
  }
}

TEST_LOOP(saved__vocabulary_makes_the_same_rows, 0, 4) {
  clf_documents *documents = random_documents(NULL, 30, 300);
  clf_vocabulary *vocabulary = built(NULL, settings[_i], documents), *loaded = NULL;
  clf_dataset *rows[2] = {NULL};
  size_t size, again;
  unsigned char *bytes = saved(vocabulary, &size);
  ck_clf_ok(clf_vocabulary_load_memory(&loaded, NULL, bytes, size));
  unsigned char *same = saved(loaded, &again);
  ck_assert_uint_eq(size, again);
  ck_assert_mem_eq(bytes, same, size);
  ck_clf_ok(clf_vocabulary_encode(&rows[0], vocabulary, documents));
  ck_clf_ok(clf_vocabulary_encode(&rows[1], loaded, documents));
  check_same_rows(rows[0], rows[1]);
  free(bytes);
  free(same);
  clf_dataset_free(rows[0]);
  clf_dataset_free(rows[1]);
  clf_vocabulary_free(loaded);
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

/* The words that version 1 of the rules made of the text are not those that version 2 makes. */
TEST(old_vocabularies__keep_their_rules) {
  static const char text[] =
      "<y and z> e\xCC\x81t\xCC\x81 \xC4\xB0 stra\xC3\x9F"
      "e a\xE2\x80\x8D"
      "b \xE0\xB9\x84\xE0\xB8\x97\xE0\xB8\xA2 x<br>x";
  static const char words[] =
      "x|a\xE2\x80\x8D"
      "b|e\xCC\x81t\xCC\x81|i|stra\xC3\x9F"
      "e|\xE0\xB9\x84\xE0\xB8\x97\xE0\xB8\xA2";
  const double counts[] = {2, 1, 1, 1, 1, 1};
  clf_documents *documents = DOCUMENTS(text);
  clf_vocabulary *loaded = NULL, *again = NULL, *now = built(NULL, "encoding=count", documents);
  size_t size;
  ck_clf_ok(clf_vocabulary_load_memory(&loaded, NULL, old_vocabulary, sizeof old_vocabulary - 1));
  ck_assert_str_eq(words_of(loaded), words);
  check_sparse(loaded, documents, counts);
  /* saved once more, and built once more, it has the same rules */
  unsigned char *bytes = saved(loaded, &size);
  ck_clf_ok(clf_vocabulary_load_memory(&again, NULL, bytes, size));
  check_sparse(again, documents, counts);
  ck_clf_ok(clf_vocabulary_build(again, documents));
  ck_assert_str_eq(words_of(again), words);
  ck_assert_str_ne(words_of(now), words);
  free(bytes);
  clf_vocabulary_free(now);
  clf_vocabulary_free(again);
  clf_vocabulary_free(loaded);
  clf_documents_free(documents);
}

TEST(rules_to_come__are_refused) {
  clf_documents *documents = DOCUMENTS("a");
  clf_vocabulary *vocabulary = built(NULL, NULL, documents), *loaded = NULL;
  size_t size;
  vocabulary->rules.options.version = CLF__WORD_VERSION + 1;
  unsigned char *bytes = saved(vocabulary, &size);
  ck_clf_fails(clf_vocabulary_load_memory(&loaded, NULL, bytes, size), CLF_ERROR_VERSION);
  ck_clf_says("splits words by rules");
  ck_assert_ptr_null(loaded);
  free(bytes);
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

TEST(model__keeps_its_vocabulary) {
  clf_documents *documents = DOCUMENTS("good film", "bad film", "good", "bad");
  clf_vocabulary *vocabulary = built(NULL, "encoding=tf_idf ngrams=1,2", documents);
  clf_model *model = NULL, *loaded = NULL, *clone = NULL;
  clf_dataset *rows = NULL, *row = NULL;
  size_t size = 0;
  int32_t label = -1;
  ck_clf_ok(clf_vocabulary_encode(&rows, vocabulary, documents));
  ck_clf_ok(clf_dataset_set_label_names(rows, (const char *const[]){"yes", "no", "yes", "no"}, 4));
  model = fitted(NULL, "logistic", NULL, rows);
  ck_assert_ptr_null(clf_model_vocabulary(model));
  ck_clf_ok(clf_model_set_vocabulary(model, vocabulary));
  clf_vocabulary_free(vocabulary);
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &size));
  unsigned char *bytes = malloc(size);
  ck_clf_ok(clf_model_save_memory(model, bytes, size, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  ck_clf_ok(clf_vocabulary_encode_text(&row, clf_model_vocabulary(loaded), "a BAD film!",
                                       strlen("a BAD film!")));
  ck_clf_ok(clf_model_predict(loaded, row, &label, 1));
  ck_assert_str_eq(clf_model_class_name(loaded, label), "no");
  ck_clf_ok(clf_model_clone(&clone, loaded));
  ck_assert_str_eq(words_of(clf_model_vocabulary(clone)), words_of(clf_model_vocabulary(model)));
  /* the file of a model serves as one of its vocabulary */
  vocabulary = NULL;
  ck_clf_ok(clf_vocabulary_load_memory(&vocabulary, NULL, bytes, size));
  ck_assert_int_eq(clf_vocabulary_count(vocabulary), clf_dataset_features(row));
  ck_clf_ok(clf_model_set_vocabulary(model, NULL));
  ck_assert_ptr_null(clf_model_vocabulary(model));
  free(bytes);
  clf_vocabulary_free(vocabulary);
  clf_dataset_free(row);
  clf_dataset_free(rows);
  clf_model_free(clone);
  clf_model_free(loaded);
  clf_model_free(model);
  clf_documents_free(documents);
}

TEST(damaged__files_are_refused) {
  clf_documents *documents = DOCUMENTS("a a b", "c");
  clf_vocabulary *vocabulary = built(NULL, NULL, documents), *loaded = NULL;
  size_t size;
  unsigned char *bytes = saved(vocabulary, &size);
  for (size_t i = 0; i < size; i++) {
    bytes[i] ^= 0x10;
    clf_status status = clf_vocabulary_load_memory(&loaded, NULL, bytes, size);
    ck_assert_msg(status == CLF_ERROR_CORRUPT || status == CLF_ERROR_VERSION, "byte %d", (int)i);
    bytes[i] ^= 0x10;
    ck_clf_fails(clf_vocabulary_load_memory(&loaded, NULL, bytes, i), CLF_ERROR_CORRUPT);
  }
  ck_clf_fails(clf_vocabulary_load(&loaded, NULL, "/nonexistent/words"), CLF_ERROR_IO);
  ck_clf_says("/nonexistent/words");
  ck_assert_ptr_null(loaded);
  free(bytes);
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

TEST(one_document__may_be_large) {
  enum { BYTES = 10 << 20 };
  clf_documents *documents = random_documents(NULL, 1, BYTES);
  clf_vocabulary *vocabulary = built(NULL, "max_words=1000 steps=8", documents);
  clf_dataset *rows = NULL;
  ck_clf_ok(clf_vocabulary_encode(&rows, vocabulary, documents));
  ck_assert_int_eq(clf_dataset_features(rows), 8);
  clf_dataset_free(rows);
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

typedef struct host {
  int64_t calls, stop_at;
} host;

static int32_t stop(void *user, const clf_progress *progress) {
  host *own = user;
  ck_assert(progress->step >= 0 && progress->step <= progress->steps);
  return ++own->calls >= own->stop_at;
}

TEST_LOOP(long_calls__can_be_cancelled, 0, 2) {
  clf_context *context = NULL;
  host own = {0, 1};
  ck_clf_ok(clf_context_create(&context, NULL, _i == 0 ? "threads=1" : "threads=2"));
  clf_documents *documents = random_documents(context, 400, 2000);
  clf_documents *large = random_documents(context, 1, 1 << 20);
  clf_vocabulary *vocabulary = built(context, "encoding=count ngrams=1,2", documents);
  clf_dataset *rows = NULL;
  int64_t before = clf_vocabulary_count(vocabulary);
  ck_clf_ok(clf_context_set_progress(context, stop, &own));
  ck_clf_fails(clf_vocabulary_build(vocabulary, large), CLF_ERROR_CANCELLED);
  ck_clf_fails(clf_vocabulary_encode(&rows, vocabulary, large), CLF_ERROR_CANCELLED);
  own = (host){0, 2};
  ck_clf_fails(clf_vocabulary_build(vocabulary, large), CLF_ERROR_CANCELLED);
  ck_clf_says("cancelled at step");
  ck_assert_int_eq(clf_vocabulary_count(vocabulary), before);
  ck_assert_ptr_null(rows);
  ck_clf_ok(clf_context_set_progress(context, NULL, NULL));
  ck_clf_ok(clf_vocabulary_encode(&rows, vocabulary, documents));
  clf_dataset_free(rows);
  clf_vocabulary_free(vocabulary);
  clf_documents_free(large);
  clf_documents_free(documents);
  clf_context_free(context);
}

SUITE("vocabulary")
