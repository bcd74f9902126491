/* Small helpers on strings: words of a list, the nearest name, text that grows. */
#include "base/text.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/math.h"
#include "base/memory.h"
#include "base/status.h"

int32_t clf__word_index(const char *words, const char *word, size_t length) {
  for (int32_t index = 0;; index++) {
    size_t size = strcspn(words, "|");
    if (size == length && memcmp(words, word, length) == 0) {
      return index;
    }
    if (words[size] == '\0') {
      return -1;
    }
    words += size + 1;
  }
}

const char *clf__word_at(const char *words, int32_t index, size_t *length) {
  for (; index > 0; index--) {
    words = strchr(words, '|') + 1;
  }
  *length = strcspn(words, "|");
  return words;
}

enum { MAX_NAME_BYTES = 63 };

static char lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

/* Computes the restricted Damerau-Levenshtein distance of texts of at most MAX_NAME_BYTES bytes,
 * ignoring case: insertions, deletions, substitutions and swaps of neighbors. Three rows of the
 * table are kept.
 */
static int64_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
  int64_t rows[3][MAX_NAME_BYTES + 1];
  int64_t *before = rows[0], *last = rows[1], *row = rows[2];
  for (size_t j = 0; j <= b_length; j++) {
    row[j] = (int64_t)j;
  }
  for (size_t i = 1; i <= a_length; i++) {
    int64_t *free_row = before;
    before = last;
    last = row;
    row = free_row;
    row[0] = (int64_t)i;
    for (size_t j = 1; j <= b_length; j++) {
      bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = clf__min_i64(last[j - 1] + !same, clf__min_i64(last[j], row[j - 1]) + 1);
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
          lower(a[i - 2]) == lower(b[j - 1])) {
        row[j] = clf__min_i64(row[j], before[j - 2] + 1);
      }
    }
  }
  return row[b_length];
}

const char *clf__nearest(const char *name, const char *const *candidates, int64_t count) {
  size_t length = strlen(name);
  if (length == 0 || length > MAX_NAME_BYTES) {
    return NULL;
  }
  const char *best = NULL;
  int64_t best_distance = (length < 6 ? 1 : (int64_t)length / 3) + 1;
  for (int64_t i = 0; i < count; i++) {
    size_t candidate_length = strlen(candidates[i]);
    if (candidate_length > MAX_NAME_BYTES) {
      continue;
    }
    int64_t distance = edit_distance(name, length, candidates[i], candidate_length);
    if (distance < best_distance) {
      best = candidates[i];
      best_distance = distance;
    }
  }
  return best;
}

bool clf__text_reserve(clf__text *text, size_t more) {
  size_t size;
  if (text->context == NULL) {
    return true;
  }
  if (!clf__add_size(text->length, more, &size) || !clf__add_size(size, 1, &size) ||
      size > INT64_MAX / 2) {
    return false;
  }
  if (size <= text->capacity) {
    return true;
  }
  size_t capacity = text->capacity < 64 ? 64 : text->capacity;
  while (capacity < size) {
    capacity *= 2;
  }
  char *bytes = clf__resize_array(text->context, text->bytes, (int64_t)capacity, 1);
  if (bytes == NULL) {
    return false;
  }
  text->bytes = bytes;
  text->capacity = capacity;
  return true;
}

/* Returns false where a text without a context, which does not grow, only counts. */
static bool fits(const clf__text *text, size_t more) {
  return text->length < text->capacity && more < text->capacity - text->length;
}

void clf__text_append(clf__text *text, const char *format, ...) {
  if (text->failed) {
    return;
  }
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  if (length < 0 || !clf__text_reserve(text, (size_t)length)) {
    text->failed = true;
  } else {
    if (fits(text, (size_t)length)) {
      vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
    }
    text->length += (size_t)length;
  }
  va_end(again);
  va_end(arguments);
}

void clf__text_append_bytes(clf__text *text, const char *bytes, size_t count) {
  if (text->failed || !clf__text_reserve(text, count)) {
    text->failed = true;
    return;
  }
  if (fits(text, count)) {
    if (count > 0) { /* `bytes` may be NULL otherwise */
      memcpy(text->bytes + text->length, bytes, count);
    }
    text->bytes[text->length + count] = '\0';
  }
  text->length += count;
}

void clf__text_free(clf__text *text) {
  clf__free(text->bytes);
  *text = (clf__text){.context = text->context};
}

clf_status clf__check_buffer(const void *buffer, size_t capacity, size_t needed) {
  if (buffer == NULL && capacity > 0) {
    return clf__fail(CLF_ERROR_ARGUMENT, "a NULL buffer must come with a capacity of 0, not %zu",
                     capacity);
  }
  return buffer == NULL || capacity >= needed
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT, "a buffer of %zu bytes is too small: %zu are needed",
                         capacity, needed);
}

clf_status clf__text_copy(const clf__text *text, char *buffer, size_t capacity, size_t *needed) {
  const size_t length = text->length;
  if (text->failed) {
    return CLF_ERROR_MEMORY;
  }
  CLF__CHECK(clf__check_buffer(buffer, capacity, length + 1));
  if (buffer != NULL) {
    if (length > 0) {
      memcpy(buffer, text->bytes, length);
    }
    buffer[length] = '\0';
  }
  if (needed != NULL) {
    *needed = length + 1;
  }
  return CLF_OK;
}

clf_status clf__fail_name(const char *what, const char *name, const char *const *names,
                          int64_t count) {
  const char *near = clf__nearest(name, names, count);
  if (near != NULL) {
    return clf__fail(CLF_ERROR_ARGUMENT, "there is no %s '%s'; did you mean '%s'?", what, name,
                     near);
  }
  char list[256] = "";
  size_t length = 0;
  for (int64_t i = 0; i < count; i++) {
    int added = snprintf(list + length, sizeof list - length, "%s%s", i > 0 ? ", " : "", names[i]);
    length = added > 0 && length + (size_t)added < sizeof list ? length + (size_t)added : length;
  }
  return clf__fail(CLF_ERROR_ARGUMENT, "there is no %s '%s'; there are %s", what, name, list);
}
