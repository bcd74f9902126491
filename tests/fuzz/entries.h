/* The entries of a store, changed as dice say and laid out again with the right checksums, so that
 * what is behind their verification is reached with files that are almost right. */
#ifndef TESTS_FUZZ_ENTRIES_H
#define TESTS_FUZZ_ENTRIES_H

#include "dice.h"
#include "store/store.h"

/* What parameters of models and layers are made of. */
#define ENTRIES_PIECES                                                                             \
  "dense units=|conv2d filters=|max_pool2d size=|average_pool2d size=|"                            \
  "embedding vocabulary=|rnn units=|lstm units=|gru units=|batch_norm|flatten|"                    \
  "dropout rate=|activation function=|global_max_pool2d|global_average_pool2d|"                    \
  "global_max_pool1d|global_average_pool1d|; | |=|1|2|3|10|0|10000|1000000|2147483647|"            \
  "1e300|nan|-1|0.5|kernel=|stride=|dilation=|padding=same|padding=valid|activation=|"             \
  "relu|tanh|softmax|sigmoid|bias=false|units=|return_sequences=true|"                             \
  "bidirectional=true|initial_state=learned|mask=false|truncate=|epsilon=|momentum=|"              \
  "true|false|rbf|poly|linear|precomputed|gamma=|degree=|coef0=|C=|auto|none|"                     \
  "scale_step=|min_size=|max_size=|threshold=|overlap=|background=|across=true|"                   \
  "pixel_scale=|input=|,|'|\"|cell=|block=|bins=|components=|steps=|ngrams=|encoding=|"            \
  "count|tf_idf|start=false|padding=after|truncation=after|swish|gelu|leaky_relu|elu"

/* Small ones, and those where sizes, indices and sums overflow. */
static inline int64_t roll_integer(dice *from) {
  static const int64_t numbers[] = {-1,        127,        255,       256,      1000,
                                    4096,      9999,       10000,     65535,    1000000,
                                    INT32_MAX, UINT32_MAX, INT64_MAX, INT64_MIN};
  enum { NUMBERS = sizeof numbers / sizeof *numbers, SMALL = 64 };
  const int64_t byte = roll(from, 256);
  return byte < SMALL             ? byte
         : byte < SMALL + NUMBERS ? numbers[byte - SMALL]
                                  : INT64_C(1) << byte % 63;
}

enum {
  ENTRIES_MOST = 64,
  ENTRIES_TEXT = 1 << 12, /* of a text, or of a tensor that is one */
  ENTRIES_ELEMENTS = 1 << 16,
  ENTRIES_CHANGES = 32 /* of an input */
};

typedef struct fuzz_entry {
  char name[256];
  char *text;         /* or NULL */
  clf_tensor *tensor; /* or NULL */
} fuzz_entry;

typedef struct fuzz_entries {
  clf_context *context;
  fuzz_entry all[ENTRIES_MOST];
  int64_t count;
} fuzz_entries;

static inline void fuzz_entries_add(fuzz_entries *to, const char *name, const char *text,
                                    const clf_tensor *tensor) {
  if (to->count == ENTRIES_MOST) {
    return;
  }
  fuzz_entry *entry = &to->all[to->count++];
  *entry = (fuzz_entry){.text = text != NULL ? strdup(text) : NULL};
  snprintf(entry->name, sizeof entry->name, "%s", name);
  if (tensor != NULL) {
    FUZZ_CHECK(clf_tensor_copy(&entry->tensor, tensor, tensor->dtype) == CLF_OK);
  }
}

static inline void fuzz_entries_read(fuzz_entries *to, const uint8_t *bytes, size_t size) {
  clf__store *store = NULL;
  FUZZ_CHECK(clf__store_read_memory(&store, to->context, bytes, size) == CLF_OK);
  for (int64_t i = 0; i < clf__store_count(store); i++) {
    const char *name = clf__store_name(store, i);
    fuzz_entries_add(to, name, clf__store_text(store, name), clf__store_tensor(store, name));
  }
  clf__store_free(store);
}

static inline void fuzz_entries_drop(fuzz_entries *from, int64_t index) {
  free(from->all[index].text);
  clf_tensor_free(from->all[index].tensor);
  from->all[index] = from->all[--from->count];
}

/* The entries as a file, to be freed; NULL where they make none, such as two of one name. */
static inline uint8_t *fuzz_entries_write(const fuzz_entries *from, size_t *size) {
  clf__store *store = NULL;
  uint8_t *bytes = NULL;
  FUZZ_CHECK(clf__store_create(&store, from->context) == CLF_OK);
  for (int64_t i = 0; i < from->count; i++) {
    const fuzz_entry *entry = &from->all[i];
    if (entry->text != NULL) {
      (void)clf__store_add_text(store, entry->name, entry->text);
    } else {
      (void)clf__store_add_tensor(store, entry->name, entry->tensor);
    }
  }
  if (clf__store_write_memory(store, NULL, 0, size) == CLF_OK && (bytes = malloc(*size)) != NULL) {
    FUZZ_CHECK(clf__store_write_memory(store, bytes, *size, size) == CLF_OK);
  }
  clf__store_free(store);
  return bytes;
}

/* Writes a mutation of a text or of a tensor of bytes to `to` [ENTRIES_TEXT]. */
static inline void fuzz_change_text(dice *numbers, const char *from, char *to) {
  const int64_t length = (int64_t)strnlen(from, ENTRIES_TEXT / 2);
  int64_t at = roll(numbers, length + 1);
  char piece[64];
  switch (roll(numbers, 5)) {
  case 0: /* another number where one begins */
    while (at < length && (from[at] < '0' || from[at] > '9')) {
      at++;
    }
    const size_t digits = strspn(from + at, "0123456789.");
    snprintf(to, ENTRIES_TEXT, "%.*s%lld%s", (int)at, from, (long long)roll_integer(numbers),
             from + at + digits);
    break;
  case 1:
    roll_word(piece, sizeof piece, numbers, ENTRIES_PIECES);
    snprintf(to, ENTRIES_TEXT, "%.*s%s%s", (int)at, from, piece, from + at);
    break;
  case 2: { /* without a part */
    const int64_t skipped = roll(numbers, length - at + 1);
    snprintf(to, ENTRIES_TEXT, "%.*s%s", (int)at, from, from + at + skipped);
    break;
  }
  case 3: /* another character */
    snprintf(to, ENTRIES_TEXT, "%s", from);
    if (at < length) {
      to[at] = (char)(roll(numbers, 256) | 1);
    }
    break;
  default:
    snprintf(to, ENTRIES_TEXT, "%lld", (long long)roll_integer(numbers));
  }
}

static inline void fuzz_set_element(dice *numbers, clf_tensor *tensor, int64_t at) {
  const double number = roll_number(numbers);
  const int64_t integer = roll_integer(numbers);
  switch (tensor->dtype) {
  case CLF_F32:
    ((float *)tensor->data)[at] = (float)fmin(fmax(number, -3.4e38), 3.4e38);
    break;
  case CLF_F64:
    ((double *)tensor->data)[at] = number;
    break;
  case CLF_I32:
    ((int32_t *)tensor->data)[at] = (int32_t)integer;
    break;
  case CLF_I64:
    ((int64_t *)tensor->data)[at] = integer;
    break;
  default:
    ((uint8_t *)tensor->data)[at] = (uint8_t)integer;
  }
}

/* A tensor of another shape or dtype with the elements of the first, over and over. */
static inline void fuzz_reshape(clf_tensor **tensor, int32_t dtype, int32_t ndim,
                                const int64_t *shape) {
  clf_tensor *made = NULL, *same = NULL;
  int64_t count = 1;
  for (int32_t i = 0; i < ndim; i++) {
    if (shape[i] < 0 || shape[i] > ENTRIES_ELEMENTS) {
      return;
    }
    count *= shape[i];
    if (count > ENTRIES_ELEMENTS) {
      return;
    }
  }
  const int64_t old = clf_tensor_count(*tensor);
  FUZZ_CHECK(clf_tensor_create(&made, NULL, dtype, ndim, shape) == CLF_OK);
  if (old > 0 && clf_tensor_copy(&same, *tensor, dtype) == CLF_OK) {
    const size_t element = clf__dtype_size(dtype);
    for (int64_t i = 0; i < count; i++) {
      memcpy((char *)made->data + (size_t)i * element,
             (const char *)same->data + (size_t)(i % old) * element, element);
    }
  }
  clf_tensor_free(same);
  clf_tensor_free(*tensor);
  *tensor = made;
}

/* A size that becomes another one wherever it stands: in shapes, and as a text. */
static inline void fuzz_resize(dice *numbers, fuzz_entries *entries) {
  const int64_t old = roll(numbers, 8) + 1, size = roll(numbers, 64) + 1;
  char from[32], to[32];
  snprintf(from, sizeof from, "%lld", (long long)old);
  snprintf(to, sizeof to, "%lld", (long long)size);
  for (int64_t i = 0; i < entries->count; i++) {
    fuzz_entry *entry = &entries->all[i];
    if (entry->text != NULL && strcmp(entry->text, from) == 0) {
      free(entry->text);
      entry->text = strdup(to);
    } else if (entry->tensor != NULL && entry->tensor->dtype != CLF_U8) {
      int64_t shape[CLF_MAX_DIMENSIONS];
      for (int32_t axis = 0; axis < entry->tensor->ndim; axis++) {
        shape[axis] = entry->tensor->shape[axis] == old ? size : entry->tensor->shape[axis];
      }
      fuzz_reshape(&entry->tensor, entry->tensor->dtype, entry->tensor->ndim, shape);
    }
  }
}

static inline void fuzz_change_tensor(dice *numbers, fuzz_entry *entry) {
  static const int32_t dtypes[] = {CLF_F32, CLF_F64, CLF_U8, CLF_I32, CLF_I64};
  clf_tensor *tensor = entry->tensor;
  const int64_t count = clf_tensor_count(tensor);
  int64_t shape[CLF_MAX_DIMENSIONS] = {0};
  int32_t ndim = tensor->ndim;
  memcpy(shape, tensor->shape, (size_t)ndim * sizeof *shape);
  switch (roll(numbers, 6)) {
  case 0:
  case 1:
    if (count > 0) {
      fuzz_set_element(numbers, tensor, (roll(numbers, 256) * 256 + roll(numbers, 256)) % count);
    }
    break;
  case 2: /* all of them */
    for (int64_t i = 0; i < count; i++) {
      const dice before = *numbers;
      fuzz_set_element(numbers, tensor, i);
      *numbers = i + 1 < count ? before : *numbers;
    }
    break;
  case 3:
    fuzz_reshape(&entry->tensor, dtypes[roll(numbers, 5)], ndim, shape);
    break;
  case 4:
    ndim = ndim > 0 ? ndim : 1;
    shape[roll(numbers, ndim)] = roll_integer(numbers);
    fuzz_reshape(&entry->tensor, tensor->dtype, ndim, shape);
    break;
  default:
    ndim = (int32_t)roll(numbers, CLF_MAX_DIMENSIONS + 1);
    for (int32_t i = tensor->ndim; i < ndim; i++) {
      shape[i] = 1;
    }
    fuzz_reshape(&entry->tensor, tensor->dtype, ndim, shape);
  }
}

/* The tensor of a text as one of the changed text. */
static inline void fuzz_change_bytes(dice *numbers, fuzz_entry *entry) {
  char from[ENTRIES_TEXT] = "", to[ENTRIES_TEXT] = "";
  const int64_t count = clf_tensor_count(entry->tensor);
  memcpy(from, entry->tensor->data, (size_t)(count < ENTRIES_TEXT - 1 ? count : ENTRIES_TEXT - 1));
  fuzz_change_text(numbers, from, to);
  const int64_t length = (int64_t)strlen(to);
  clf_tensor_free(entry->tensor);
  FUZZ_CHECK(clf_tensor_create(&entry->tensor, NULL, CLF_U8, 1, &length) == CLF_OK);
  memcpy(entry->tensor->data, to, (size_t)length);
}

static inline void fuzz_change_entry(dice *numbers, fuzz_entry *entry) {
  if (entry->text != NULL) {
    char *to = calloc(1, ENTRIES_TEXT);
    FUZZ_CHECK(to != NULL);
    fuzz_change_text(numbers, entry->text, to);
    free(entry->text);
    entry->text = to;
  } else if (entry->tensor->dtype == CLF_U8 && roll(numbers, 256) % 4 != 0) {
    fuzz_change_bytes(numbers, entry);
  } else {
    fuzz_change_tensor(numbers, entry);
  }
}

/* Changes as the dice say; `others` are what an entry may be taken from. */
static inline void fuzz_entries_change(dice *numbers, fuzz_entries *entries,
                                       const fuzz_entries *others) {
  for (int i = 0; i < ENTRIES_CHANGES && numbers->left > 0 && entries->count > 0; i++) {
    const int64_t what = roll(numbers, 16);
    const int64_t index = roll(numbers, entries->count);
    if (what == 0) {
      fuzz_entries_drop(entries, index);
    } else if (what == 1) {
      fuzz_resize(numbers, entries);
    } else if (what == 2 && others->count > 0) {
      const fuzz_entry *other = &others->all[roll(numbers, others->count)];
      for (int64_t k = entries->count - 1; k >= 0; k--) {
        if (strcmp(entries->all[k].name, other->name) == 0) {
          fuzz_entries_drop(entries, k);
        }
      }
      fuzz_entries_add(entries, other->name, other->text, other->tensor);
    } else if (what == 3) {
      snprintf(entries->all[index].name, sizeof entries->all[index].name, "%s",
               others->count > 0 ? others->all[roll(numbers, others->count)].name : "x");
    } else {
      fuzz_change_entry(numbers, &entries->all[index]);
    }
  }
}

static inline void fuzz_entries_free(fuzz_entries *entries) {
  while (entries->count > 0) {
    fuzz_entries_drop(entries, entries->count - 1);
  }
}

/* The file of `base` with entries changed, some by those of `others`; to be freed. NULL where it is
 * none. */
static inline uint8_t *fuzz_entries_mix(dice *from, const fuzz_entries *base,
                                        const fuzz_entries *others, size_t *size) {
  fuzz_entries entries = {.context = base->context};
  for (int64_t i = 0; i < base->count; i++) {
    fuzz_entries_add(&entries, base->all[i].name, base->all[i].text, base->all[i].tensor);
  }
  fuzz_entries_change(from, &entries, others);
  uint8_t *bytes = fuzz_entries_write(&entries, size);
  fuzz_entries_free(&entries);
  return bytes;
}

/* Mixes two of the files, and loads the result unless it is none. */
static inline int fuzz_entries_run(const uint8_t *data, size_t size, const fuzz_entries *files,
                                   int64_t count, void (*load)(const uint8_t *, size_t)) {
  dice from = {data, size};
  const fuzz_entries *base = &files[roll(&from, count)];
  const fuzz_entries *others = &files[roll(&from, count)];
  size_t written = 0;
  uint8_t *bytes = fuzz_entries_mix(&from, base, others, &written);
  if (bytes != NULL) {
    load(bytes, written);
  }
  free(bytes);
  return 0;
}

#endif
