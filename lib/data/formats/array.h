/* Arrays of numbers as files store them: any width, byte order and axis order. IDX and NPY files
 * are a header and one such array. */
#ifndef CLF_DATA_FORMATS_ARRAY_H
#define CLF_DATA_FORMATS_ARRAY_H

#include "base/file.h"
#include "data/dataset.h"
#include "data/source.h"

typedef struct clf__array {
  char kind;          /* 'u' unsigned, 'i' signed, 'f' IEEE, 'b' truth value; texts: 'U' UTF-32, 'S'
                       * bytes */
  int32_t width;      /* bytes of an element: 1, 2, 4 or 8; any number for a text, which is padded
                       * by NULs */
  bool big_endian;    /* only for elements wider than 1 */
  bool order_guessed; /* not in the header: the machine's order is assumed */
  bool fortran;       /* the first axis varies fastest */
  int32_t ndim;
  int64_t shape[CLF_MAX_DIMENSIONS];
  size_t offset; /* of the first element */
} clf__array;

/* Reads the header at the beginning of `size` bytes. Returns CLF_ERROR_FORMAT, CLF_ERROR_SHAPE or
 * CLF_ERROR_TYPE. */
typedef clf_status (*clf__array_header)(clf__array *out, const unsigned char *bytes, size_t size,
                                        const char *name);

/* What a reader requires of an array; the header is enough to check it. */
typedef struct clf__array_wanted {
  clf__array_header header;
  const char *what; /* for messages: "labels" */
  int32_t min_axes, max_axes;
  int64_t rows; /* the size of the first axis; -1: any */
  bool labels;  /* unsigned integers must stay integers */
  bool text;    /* texts are allowed, too */
  size_t size;  /* of header and elements; 0: any */
} clf__array_wanted;

/* Requirements for rows of features, and for labels, or targets of a regression, of `rows` rows. */
#define CLF__ARRAY_ROWS(read_header)                                                               \
  {                                                                                                \
    .header = (read_header), .what = "rows of features", .min_axes = 2,                            \
    .max_axes = CLF_MAX_DIMENSIONS, .rows = -1                                                     \
  }
clf__array_wanted clf__array_labels(clf__array_header header, int64_t rows, bool regression);

/* The measure of a clf__head_check whose `wanted` is a clf__array_wanted. */
clf_status clf__array_measure(size_t *size, const unsigned char *head, size_t count,
                              const char *name, const void *wanted);

/* Makes a tensor from `bytes`, which are one array. Takes ownership of the bytes (*bytes is then
 * zero) if the elements can be used in place; borrowed bytes are copied first. Other elements are
 * decoded into a type that represents them exactly; the log reports an unsigned integer that no
 * type does. The caller releases the bytes in any case. */
clf_status clf__array_read(clf_tensor **out, clf_context *context, clf__bytes *bytes,
                           const clf__array_wanted *wanted, const char *name);

/* Sets the labels of a dataset ([rows] or [rows, 1], numbers or texts) from `bytes`, or the targets
 * ([rows] or [rows, outputs]) for a regression. Returns CLF_ERROR_DATA for an unsigned label beyond
 * int64_t, and for a text that is not UTF-8. */
clf_status clf__array_label(clf_dataset *dataset, clf__bytes *bytes,
                            const clf__array_wanted *wanted, const char *name);

/* The same from a file. It is read, not mapped, because labels are read twice. */
clf_status clf__array_label_file(clf_dataset *dataset, const char *path, clf__array_header header,
                                 bool regression);

/* Refuses parameters that are about files, for data that are not in one: a file of labels, and to
 * map the data. */
clf_status clf__array_check_memory(const char *labels, bool map, const char *name);

/* Converts an element of an array of texts, which begins at `data`, to UTF-8 with a NUL; `to` has
 * width + 1 bytes. 'S' bytes are copied unchanged. Returns CLF_ERROR_DATA for invalid characters.
 */
clf_status clf__array_text(char *to, const clf__array *array, const unsigned char *data,
                           int64_t index);
/* Lists the elements of such an array [count]; the arena holds them. */
clf_status clf__array_list_texts(const char ***out, clf__arena *arena, const clf__array *array,
                                 const unsigned char *data);
/* The same from `bytes`, which are one array. Returns CLF_ERROR_TYPE if it is one of numbers. */
clf_status clf__array_read_texts(const char ***out, int64_t *count, clf__arena *arena,
                                 const clf__bytes *bytes, const clf__array_wanted *wanted,
                                 const char *name);
/* Sets labels [rows] from such an array. */
clf_status clf__array_label_texts(clf_dataset *dataset, const clf__array *array,
                                  const unsigned char *data);

#endif
