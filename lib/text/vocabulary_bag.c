/* Documents as sparse rows: the entries of each document are looked up, sorted, and equal ones
 * counted. With many n-grams a search mostly waits for memory, so a stretch of them is
 * prefetched. */
#include <math.h>
#include <string.h>

#include "data/build.h"
#include "text/vocabulary.h"

/* The rows of a run of documents: columns and values, one row after another. */
typedef struct bag_run {
  clf__ints column;
  float *value; /* [column.capacity] */
  int64_t capacity;
} bag_run;

typedef struct bagging {
  const clf_vocabulary *vocabulary;
  bool single;                     /* single words are entries */
  int32_t lengths[CLF__MAX_NGRAM]; /* of the n-grams; 0 after the last */
  bool norm;
  clf__text_runs runs;
  bag_run *all;       /* [runs] */
  int64_t *row_start; /* [documents + 1] */
  int32_t *column;
  float *value;
} bagging;

/* For one task. */
typedef struct scratch {
  clf__ints words;   /* of a document, -1 for unknown words */
  clf__ints entries; /* of a document, in any order */
  clf__ints sorting;
} scratch;

enum { WORDS_A_STEP = 1 << 14, STRETCH = 32 };

static void find_words(bagging *own, scratch *at, int64_t document) {
  const clf_documents *documents = own->runs.documents;
  const clf__lexicon *lexicon = own->vocabulary->lexicon;
  clf__words words;
  clf__words_begin(&words, &own->vocabulary->rules, documents->texts[document],
                   documents->sizes[document]);
  at->words.count = at->entries.count = 0;
  for (int64_t read = 1; clf__words_next(&words); read++) {
    int32_t word = clf__lexicon_word(lexicon, &words);
    int32_t entry = word >= 0 ? lexicon->entry_of_word[word] : -1;
    clf__ints_push(&at->words, word);
    if (entry >= 0 && own->single) {
      clf__ints_push(&at->entries, entry);
    }
    if (read % WORDS_A_STEP == 0 && (at->words.failed || clf__text_runs_step(&own->runs) < 0)) {
      return;
    }
  }
}

/* Finds positions in 0 … count - 1, from `*next` on, where n consecutive words are known; at most
 * STRETCH. */
static int32_t known_places(int64_t *places, const clf__ints *words, int32_t n, int64_t *next,
                            int64_t *unknown) {
  int32_t count = 0;
  for (; *next + n <= words->count && count < STRETCH; (*next)++) {
    int64_t last = *next + n - 1;
    for (int64_t i = *next > 0 ? last : *next; i <= last; i++) {
      *unknown = words->data[i] < 0 ? i : *unknown;
    }
    if (*unknown < *next) {
      places[count++] = *next;
    }
  }
  return count;
}

static void find_ngrams(const bagging *own, scratch *at, int32_t n) {
  const clf__lexicon *lexicon = own->vocabulary->lexicon;
  const clf__ints *words = &at->words;
  const size_t size = (size_t)n * sizeof *words->data;
  int64_t places[STRETCH], next = 0, unknown = -1;
  uint64_t hashes[STRETCH];
  for (int32_t count; (count = known_places(places, words, n, &next, &unknown)) > 0;) {
    for (int32_t i = 0; i < count; i++) {
      hashes[i] = clf__hash_bytes(lexicon->ngrams.key,
                                  (const unsigned char *)(words->data + places[i]), size);
      clf__intern_expect(&lexicon->ngrams, hashes[i]);
    }
    for (int32_t i = 0; i < count; i++) {
      clf__intern_expect_item(&lexicon->ngrams, hashes[i]);
    }
    for (int32_t i = 0; i < count; i++) {
      int32_t entry = clf__lexicon_entry(lexicon, hashes[i], words->data + places[i], n);
      if (entry >= 0) {
        clf__ints_push(&at->entries, entry);
      }
    }
  }
}

/* Sorts numbers >= 0 in ascending order by radix sort; `other` has the same length. */
static void sort(int32_t *numbers, int32_t *other, int64_t count) {
  int32_t all = 0;
  for (int64_t i = 0; i < count; i++) {
    all |= numbers[i];
  }
  int32_t *from = numbers, *to = other;
  for (int shift = 0; shift < 32 && all >> shift > 0; shift += 8) {
    int64_t places[257] = {0};
    for (int64_t i = 0; i < count; i++) {
      places[(from[i] >> shift & 0xFF) + 1]++;
    }
    for (int i = 0; i < 256; i++) {
      places[i + 1] += places[i];
    }
    for (int64_t i = 0; i < count; i++) {
      to[places[from[i] >> shift & 0xFF]++] = from[i];
    }
    int32_t *before = from;
    from = to;
    to = before;
  }
  if (from != numbers) {
    memcpy(numbers, from, (size_t)count * sizeof *numbers);
  }
}

static double weight(const bagging *own, int32_t entry, int64_t times) {
  const clf__vocabulary_params *params = own->vocabulary->params;
  if (params->encoding == CLF__ENCODE_BINARY) {
    return 1;
  }
  if (params->encoding == CLF__ENCODE_COUNT) {
    return (double)times;
  }
  double tf = params->sublinear && times > 1 ? 1 + log((double)times) : (double)times;
  return tf * (double)own->vocabulary->lexicon->idf[entry];
}

static bool reserve(bag_run *run) {
  if (run->column.capacity == run->capacity) {
    return true;
  }
  float *value =
      clf__resize_array(run->column.context, run->value, run->column.capacity, sizeof *value);
  if (value == NULL) {
    return false;
  }
  run->value = value;
  run->capacity = run->column.capacity;
  return true;
}

/* Appends the row of the sorted entries. */
static bool append_row(const bagging *own, bag_run *run, const clf__ints *entries) {
  int64_t first = run->column.count;
  double squares = 0;
  for (int64_t i = 0, next; i < entries->count; i = next) {
    int32_t entry = entries->data[i];
    for (next = i + 1; next < entries->count && entries->data[next] == entry; next++) {
    }
    clf__ints_push(&run->column, entry);
    if (run->column.failed || !reserve(run)) {
      return false;
    }
    double value = weight(own, entry, next - i);
    run->value[run->column.count - 1] = (float)value;
    squares += value * value;
  }
  float scale = own->norm && squares > 0 ? (float)(1 / sqrt(squares)) : 1;
  for (int64_t i = first; i < run->column.count; i++) {
    run->value[i] *= scale;
  }
  return true;
}

static bool read_document(bagging *own, bag_run *run, scratch *at, int64_t document) {
  find_words(own, at, document);
  for (int32_t i = 0; i < CLF__MAX_NGRAM && own->lengths[i] > 0; i++) {
    find_ngrams(own, at, own->lengths[i]);
  }
  while (at->sorting.capacity < at->entries.count && !at->sorting.failed) {
    clf__ints_grow(&at->sorting);
  }
  if (at->words.failed || at->entries.failed || at->sorting.failed) {
    return false;
  }
  int64_t before = run->column.count;
  sort(at->entries.data, at->sorting.data, at->entries.count);
  bool done = append_row(own, run, &at->entries);
  own->row_start[document + 1] = run->column.count - before;
  return done;
}

static clf_status read_run(void *argument, clf__range range) {
  bagging *own = argument;
  clf__text_runs *runs = &own->runs;
  clf_context *context = own->vocabulary->context;
  scratch at = {{.context = context}, {.context = context}, {.context = context}};
  clf_status status = CLF_OK;
  for (int64_t i = runs->first[range.first]; i < runs->first[range.end]; i++) {
    CLF__TRY(read_document(own, &own->all[range.index], &at, i) ? CLF_OK : CLF_ERROR_MEMORY);
    atomic_fetch_add(&runs->done, 1);
  }
  status = clf__text_runs_step(runs);
done:
  clf__free(at.words.data);
  clf__free(at.entries.data);
  clf__free(at.sorting.data);
  return status;
}

static clf_status copy_run(void *argument, clf__range range) {
  bagging *own = argument;
  const bag_run *run = &own->all[range.index];
  int64_t to = own->row_start[own->runs.first[range.index]];
  if (run->column.count > 0) {
    size_t count = (size_t)run->column.count;
    memcpy(own->column + to, run->column.data, count * sizeof *own->column);
    memcpy(own->value + to, run->value, count * sizeof *own->value);
  }
  return CLF_OK;
}

/* Concatenates the runs. */
static clf_status join(clf_dataset *dataset, bagging *own) {
  clf_context *context = own->vocabulary->context;
  const int64_t rows = own->runs.documents->count;
  for (int64_t i = 0; i < rows; i++) {
    own->row_start[i + 1] += own->row_start[i];
  }
  const int64_t entries[] = {own->row_start[rows]};
  clf_status status =
      clf__tensor_create_uninitialized(&dataset->column, context, CLF_I32, 1, entries);
  if (status == CLF_OK) {
    status = clf__tensor_create_uninitialized(&dataset->value, context, CLF_F32, 1, entries);
  }
  if (status == CLF_OK) {
    own->column = dataset->column->data;
    own->value = dataset->value->data;
    status = clf__text_runs_do(&own->runs, own->runs.count, copy_run, own);
  }
  return status;
}

static clf_status begin(bagging *own, const clf_vocabulary *vocabulary,
                        const clf_documents *documents) {
  const clf__vocabulary_params *params = vocabulary->params;
  own->vocabulary = vocabulary;
  own->single = clf__vocabulary_has_length(params, 1);
  own->norm = params->norm == CLF__NORM_L2 ||
              (params->norm == CLF__NORM_AUTO && params->encoding == CLF__ENCODE_TF_IDF);
  int32_t count = 0;
  for (int32_t n = 2; n <= CLF__MAX_NGRAM; n++) {
    if (clf__vocabulary_has_length(params, n)) {
      own->lengths[count++] = n;
    }
  }
  CLF__CHECK(clf__text_runs_of(&own->runs, vocabulary->context, documents, "encode"));
  own->all = clf__alloc_zeroed(vocabulary->context, own->runs.count, sizeof *own->all);
  for (int64_t i = 0; own->all != NULL && i < own->runs.count; i++) {
    own->all[i].column.context = vocabulary->context;
  }
  return own->all != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

clf_status clf__vocabulary_bag(clf_dataset **out, const clf_vocabulary *vocabulary,
                               const clf_documents *documents) {
  bagging own = {0};
  clf_dataset *dataset = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(begin(&own, vocabulary, documents));
  CLF__TRY(clf__dataset_blank(&dataset, vocabulary->context));
  CLF__TRY(clf__dataset_share_rest(dataset, documents->label_set));
  CLF__TRY(
      clf__tensor_vector(&dataset->row_start, vocabulary->context, CLF_I64, documents->count + 1));
  own.row_start = dataset->row_start->data;
  CLF__TRY(clf__text_runs_do(&own.runs, own.runs.count, read_run, &own));
  CLF__TRY(join(dataset, &own));
  dataset->features = vocabulary->lexicon->size;
  *out = dataset;
  dataset = NULL;
done:
  for (int64_t i = 0; own.all != NULL && i < own.runs.count; i++) {
    clf__free(own.all[i].column.data);
    clf__free(own.all[i].value);
  }
  clf__free(own.all);
  clf__free(own.runs.first);
  clf_dataset_free(dataset);
  return status;
}
