/* The NPY header: "\x93NUMPY", a version, the length of the rest, and a dictionary as Python prints
 * it, padded with blanks: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
 *
 * Exactly these three keys are accepted, each once, in any order; nothing is evaluated. Source:
 * NumPy, numpy.lib.format, versions 1.0, 2.0 and 3.0. */
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "data/formats/lines.h"
#include "data/formats/npy/npy.h"

/* No header of an array of numbers is longer; ../source.c reads no further. */
enum { PREAMBLE = 12, MAX_HEADER_BYTES = (1 << 16) - PREAMBLE };

typedef struct cursor {
  const char *begin; /* of the file */
  const char *at;
  const char *end; /* of the header */
  const char *name;
} cursor;

static void skip_blanks(cursor *text) {
  while (text->at < text->end && (*text->at == ' ' || *text->at == '\n')) {
    text->at++;
  }
}

/* Consumes `word` if the text continues with it. */
static bool consume(cursor *text, const char *word) {
  size_t length = strlen(word);
  skip_blanks(text);
  if ((size_t)(text->end - text->at) < length || memcmp(text->at, word, length) != 0) {
    return false;
  }
  text->at += length;
  return true;
}

static clf_status fail_at(const cursor *text, const char *wanted) {
  return clf__fail(CLF_ERROR_FORMAT, "%s: the NPY header at offset %zu: %s expected", text->name,
                   (size_t)(text->at - text->begin), wanted);
}

/* Consumes a text in ' or ". */
static bool consume_quoted(cursor *text, const char **word, size_t *length) {
  char quote = consume(text, "'") ? '\'' : '"';
  if (quote == '"' && !consume(text, "\"")) {
    return false;
  }
  const char *end = memchr(text->at, quote, (size_t)(text->end - text->at));
  if (end == NULL) {
    return false;
  }
  *word = text->at;
  *length = (size_t)(end - text->at);
  text->at = end + 1;
  return true;
}

/* Explains why elements of a kind are not read, and which are. */
static const char *advice_for(char kind) {
  static const struct {
    char kind;
    const char *advice;
  } kinds[] = {
      {'O',
       "Python objects, which are pickled, and reading those may run any code: save numbers "
       "(x.astype('f4')) or texts (y.astype(str))"},
      {'V', "raw bytes or records: save an array of each field (x['name'])"},
      {'c', "complex: save x.real and x.imag"},
      {'M', "dates: save numbers (x.astype('i8'))"},
      {'m', "times: save numbers (x.astype('i8'))"},
      {'f', "long doubles: save x.astype('f8')"},
  };
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (kinds[i].kind == kind) {
      return kinds[i].advice;
    }
  }
  return "of no type that is read: f2|f4|f8|i1|i2|i4|i8|u1|u2|u4|u8|b1, U and S of labels";
}

/* Reads kind and width from "f4", or from a text, "U12", whose width is in characters. */
static bool read_kind(clf__array *array, const char *descr, const char *end) {
  static const char numbers[] = "f2|f4|f8|i1|i2|i4|i8|u1|u2|u4|u8|b1";
  int64_t width = 0;
  if (end - descr < 2 || descr[1] < '0' || descr[1] > '9' ||
      clf__read_i64(descr + 1, end, &width) != end) {
    return false;
  }
  const bool text = *descr == 'U' || *descr == 'S';
  array->kind = *descr;
  if (text ? width < 1 || width > CLF__NPY_MAX_CHARACTERS
           : clf__word_index(numbers, descr, (size_t)(end - descr)) < 0) {
    return false;
  }
  array->width = (int32_t)(*descr == 'U' ? 4 * width : width);
  return true;
}

/* Reads '<f4': byte order, kind and width. Without a byte order, and with '=' and '|', it is the
 * machine's. */
static clf_status read_descr(cursor *text, clf__array *array) {
  const char *descr;
  size_t length;
  if (consume(text, "[")) {
    return clf__fail(CLF_ERROR_TYPE,
                     "%s: its elements are records (a structured array): save an array of each "
                     "field (x['name'])",
                     text->name);
  }
  if (!consume_quoted(text, &descr, &length)) {
    return fail_at(text, "an element type such as '<f4'");
  }
  const char *end = descr + length;
  const bool ordered = length > 0 && memchr("<>=|", *descr, 4) != NULL;
  const char *kind = descr + ordered;
  if (!read_kind(array, kind, end)) {
    return clf__fail(CLF_ERROR_TYPE, "%s: its elements are '%s', %s", text->name,
                     clf__excerpt_of(descr, end).text, advice_for(kind < end ? *kind : '\0'));
  }
  const bool says = *descr == '<' || *descr == '>';
  array->big_endian = says ? *descr == '>' : __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
  array->order_guessed = !says && array->width > 1 && array->kind != 'S';
  return CLF_OK;
}

static clf_status read_order(cursor *text, clf__array *array) {
  array->fortran = consume(text, "True");
  return array->fortran || consume(text, "False") ? CLF_OK : fail_at(text, "True or False");
}

/* Reads (2, 3), (5,) or, from Python 2, (2L, 3L). */
static clf_status read_shape(cursor *text, clf__array *array) {
  if (!consume(text, "(")) {
    return fail_at(text, "(");
  }
  array->ndim = 0;
  while (!consume(text, ")")) {
    if (array->ndim == CLF_MAX_DIMENSIONS) {
      return clf__fail(CLF_ERROR_FORMAT, "%s: it has more than %d axes", text->name,
                       CLF_MAX_DIMENSIONS);
    }
    int64_t *size = &array->shape[array->ndim++];
    const char *after = clf__read_i64(text->at, text->end, size);
    if (after == NULL || *size < 0) {
      return fail_at(text, "a size");
    }
    text->at = after;
    consume(text, "L");
    if (!consume(text, ",") && (text->at == text->end || *text->at != ')')) {
      return fail_at(text, ", or )");
    }
  }
  return CLF_OK;
}

static clf_status read_dictionary(cursor *text, clf__array *array) {
  static const char keys[] = "descr|fortran_order|shape";
  clf_status (*const readers[])(cursor *, clf__array *) = {read_descr, read_order, read_shape};
  uint32_t seen = 0;
  if (!consume(text, "{")) {
    return fail_at(text, "{");
  }
  while (!consume(text, "}")) {
    const char *key;
    size_t length;
    int32_t index = consume_quoted(text, &key, &length) ? clf__word_index(keys, key, length) : -1;
    if (index < 0 || (seen & (1u << index)) != 0) {
      return fail_at(text, "each of descr, fortran_order and shape once");
    }
    seen |= 1u << index;
    if (!consume(text, ":")) {
      return fail_at(text, ":");
    }
    CLF__CHECK(readers[index](text, array));
    if (!consume(text, ",") && (text->at == text->end || *text->at != '}')) {
      return fail_at(text, ", or }");
    }
  }
  skip_blanks(text);
  return seen == 7 && text->at == text->end ? CLF_OK
                                            : fail_at(text, "descr, fortran_order and shape");
}

clf_status clf__npy_header(clf__array *out, const unsigned char *bytes, size_t size,
                           const char *name) {
  if (size >= 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5) {
    return clf__fail(
        CLF_ERROR_FORMAT,
        "%s: it is a Python pickle, and reading those may run any code: save the array "
        "by numpy.save()",
        name);
  }
  if (size < PREAMBLE || memcmp(bytes, "\x93NUMPY", 6) != 0) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: it is not an NPY file: that begins with \\x93NUMPY",
                     name);
  }
  if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: offset 6: its version is %d.%d; it must be 1.0, 2.0 or 3.0", name,
                     bytes[6], bytes[7]);
  }
  size_t begin = bytes[6] == 1 ? 10 : PREAMBLE;
  size_t length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
  if (bytes[6] > 1) {
    length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
  }
  if (length > MAX_HEADER_BYTES || length > size - begin) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: offset 8: the header has %zu bytes; the file has %zu after it, and %d "
                     "are the most",
                     name, length, size - begin, MAX_HEADER_BYTES);
  }
  clf__array array = {.offset = begin + length};
  const char *text = (const char *)bytes;
  cursor header = {text, text + begin, text + array.offset, name};
  clf_status status = read_dictionary(&header, &array);
  if (status == CLF_OK) {
    *out = array;
  }
  return status;
}
