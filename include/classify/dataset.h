/** @file classify/dataset.h
 *  A dataset: rows of features, dense or sparse, with labels or targets and weights.
 *
 *  Labels of any kind (numbers, names) are mapped to class indices 0…K-1: numbers in ascending
 *  order, names in byte order. Models remember the classes, and match datasets to them by name, so
 *  a test set that lacks some classes or has additional ones is scored correctly.
 *
 *  **Use.** Load a file, look at it, and keep a fifth of the rows for a test:
 *
 *  @code
 *  clf_dataset *all = NULL, *train = NULL, *test = NULL;
 *  clf_status status = clf_dataset_load(&all, NULL, "csv", "iris.csv", "label=species");
 *  if (status >= 0) {
 *    printf("%lld rows, %lld features\n", (long long)clf_dataset_rows(all),
 *           (long long)clf_dataset_features(all));
 *    status = clf_dataset_split(&train, &test, all, 0.8, 0);
 *  }
 *  clf_dataset_free(test);
 *  clf_dataset_free(train);
 *  clf_dataset_free(all);
 *  @endcode
 *
 *  Arrays in memory become a dataset by clf_dataset_create(), or by clf_dataset_create_sparse() if
 *  most values are 0. Labels, targets and weights can be set afterwards.
 *
 *  Thread class of the file: a dataset may be read in many threads at once while none changes it.
 */
#ifndef CLASSIFY_DATASET_H
#define CLASSIFY_DATASET_H

#include <classify/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque; see the file's head. */
typedef struct clf_dataset clf_dataset;

/* Making, loading and saving */

/** Makes a dataset of dense rows.
 *  @param out  receives the dataset; free it with clf_dataset_free()
 *  @param x    [rows, features…], any dtype. Contiguous rows of f32, f64 or u8 are not copied: the
 *              dataset shares their storage, which must not change while the dataset lives. Other
 *              rows are converted once: integers to f32, or to f64 if f32 cannot hold all of them.
 *              f64 rows are rounded to f32 only when they are used, block by block, and after any
 *              transform. A model whose result does not depend on the origin moves rows that lie
 *              far from 0 before they are rounded. A value too large for f32 is then refused by
 *              CLF_ERROR_DATA. The caller may free its handle at once.
 *  @param y    [rows] labels as by clf_dataset_set_labels(), or NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE, CLF_ERROR_DATA, CLF_ERROR_MEMORY,
 *          CLF_ERROR_CANCELLED (of a conversion)
 *  @since 0.1
 */
CLF_API clf_status clf_dataset_create(clf_dataset **out, clf_context *context, const clf_tensor *x,
                                      const clf_tensor *y);

/** Makes a dataset of sparse rows (CSR). Entries of a row need not be sorted; a column must not
 *  occur twice in one row.
 *  @param columns    number of features
 *  @param row_start  [rows + 1] i64 (or i32): row i has entries row_start[i] … row_start[i+1] - 1
 *  @param column     [entries] i32 (or i64): 0 … columns - 1
 *  @param value      [entries] f32 (or any other dtype, converted). The storage of f32 values is
 *                    shared if the columns ascend in every row. The indices are always copied, so
 *                    that they stay as they were checked
 *  @param y          [rows] labels or NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE, CLF_ERROR_TYPE (indices that are not
 *          integers), CLF_ERROR_DATA (an index out of range, row starts that fall: the place is in
 *          the message), CLF_ERROR_MEMORY
 *  @since 0.1
 */
CLF_API clf_status clf_dataset_create_sparse(clf_dataset **out, clf_context *context,
                                             int64_t columns, const clf_tensor *row_start,
                                             const clf_tensor *column, const clf_tensor *value,
                                             const clf_tensor *y);

/** Reads a dataset from a file or folder.
 *  @param format  "idx", "csv", "svmlight", "npy" (NPY and NPZ), "rows" (the library's own,
 *                 which is mapped), "images", or "fields" (one row of lines "name=value", with
 *                 numbers, dates, texts and missing values as "csv" has them); see
 *                 clf_kind_name("dataset_reader", …). Files of all formats but "images" may be
 *                 compressed by gzip.
 *  @param path    the file; for idx also the common prefix of an images and a labels file by the
 *                 MNIST naming ("mnist/train", "mnist/t10k"); for images a file that
 *                 clf_image_load() reads, a folder of such files, or of a folder for each label.
 *                 Rows are u8 [height, width, channels], in byte order of "label/file".
 *  @param params  "name=value …" of the format, or NULL; clf_param_describe("dataset_reader", …)
 *                 lists them. What "csv" guesses (delimiter, header, label, row numbers, decimal
 *                 commas) is in the log, as parameters that say the same, with a warning where it
 *                 is in doubt
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_IO, CLF_ERROR_FORMAT and CLF_ERROR_DATA (the
 *          message names file and line or offset), CLF_ERROR_SHAPE, CLF_ERROR_TYPE,
 *          CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED; of "rows" CLF_ERROR_CORRUPT (damaged, or another
 *          file) and CLF_ERROR_VERSION (of a later library)
 *  A file that is written to meanwhile gives what was read of it, or an error. With "map=true",
 *  the default of "rows", which IDX and NPY take, too, a plain file of rows is mapped instead of
 *  read: it must neither be written to nor truncated while the dataset lives.
 *  With "spill=DIR", which all formats but "fields" take, what is read lies in files without a name
 *  in that folder, which are mapped: whatever the size of the file, the call allocates blocks of
 *  less than 1 MiB, and the context's limit does not count the rest. The folder, which should be on
 *  a disk, needs space for the text and for the rows; CLF_ERROR_IO says that it has none. Nobody
 *  else can change these files, so that a file that is truncated later concerns no dataset, and the
 *  system frees them when the dataset, or the process, ends.
 *  @since 0.1
 */
CLF_API clf_status clf_dataset_load(clf_dataset **out, clf_context *context, const char *format,
                                    const char *path, const char *params);

/** Reads a dataset from bytes in memory, as clf_dataset_load() does from a file that holds them.
 *  Messages call them "data in memory".
 *  @param format  as above; bytes of "images" are one image, which becomes one row
 *  @param bytes   [size], plain or compressed by gzip, read during the call only. They are not
 *                 copied as a whole; of IDX and NPY, the dataset holds a copy of them where it can
 *                 use their elements in place
 *  @param size    number of bytes
 *  @param params  as above. Those about files are refused: labels=PATH and map=true of "idx" and
 *                 "npy", labels=folder, labels=name and folders of "images". first_line of "csv"
 *                 and "svmlight" is the number of the first line in messages, if the bytes are a
 *                 part of a text
 *  @return as clf_dataset_load(), but for CLF_ERROR_IO @since 0.1
 */
CLF_API clf_status clf_dataset_load_memory(clf_dataset **out, clf_context *context,
                                           const char *format, const void *bytes, size_t size,
                                           const char *params);

/** Writes a dataset to a file, atomically: the path holds the old file or the whole new one.
 *  @param format  "csv": a line that names the columns, then the rows: features, the weight, the
 *                 targets or the label. Categories are written by their names, missing values as
 *                 empty fields. Names that would read as something else are quoted.
 *                 "npy": by a path that ends in .npz an archive of x and y, in which sparse rows
 *                 are as scipy.sparse.save_npz() writes them; otherwise one array, and with
 *                 "labels=PATH" one of the labels.
 *                 "idx": a file of the rows and one of the labels by the MNIST naming, from a path
 *                 as clf_dataset_load() reads them: "mnist/train" writes
 *                 mnist/train-images-idx3-ubyte and mnist/train-labels-idx1-ubyte.
 *                 "svmlight" (LIBSVM's format of data): zeros of dense rows are left out, so read
 *                 the file with features=N; rows without labels get 0.
 *                 "rows": all that a dataset has, in a file that is mapped when it is loaded.
 *                 All others write the values with all digits that f32 or f64 need, and u8
 *                 elements as the floats nearest to their scaled values, or as bytes where readers
 *                 assume the same scale. Formats of numbers alone (svmlight, idx) have the class
 *                 names if all of them are numbers, and otherwise the class indices, which a
 *                 warning in the log explains. The log also has the parameters that read what a
 *                 reader does not guess. See clf_kind_name("dataset_writer", …).
 *  @param path    the file; links are followed
 *  @param params  "name=value …" of the format, or NULL; clf_param_describe("dataset_writer", …)
 *                 lists them
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_UNSUPPORTED (a format that is only read; weights,
 *          except in csv and rows; several targets a row in svmlight; an archive of 4 GiB),
 *          CLF_ERROR_DATA (Inf; NaN except in csv, npy and rows; categories except in csv, rows and
 *          archives of npy; a value beyond the type that dtype asks for), CLF_ERROR_IO,
 *          CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED
 *  @since 0.1
 */
CLF_API clf_status clf_dataset_save(const clf_dataset *dataset, const char *format,
                                    const char *path, const char *params);

/** Frees the handle. NULL is fine. @since 0.1 */
CLF_API void clf_dataset_free(clf_dataset *dataset);

/* Writing rows piece by piece */

/** A file of rows that is written piece by piece, so that it may be larger than the memory. Its
 *  format is "rows", which clf_dataset_load() maps. One thread at a time uses a writer.
 *
 *  @code
 *  static float values[1000][28]; // 1,000 rows of 28 features, filled again for each piece
 *  const int64_t shape[] = {1000, 28};
 *  clf_dataset_writer *writer = NULL;
 *  clf_tensor *x = NULL;
 *  clf_dataset *piece = NULL, *all = NULL;
 *  clf_status status = clf_tensor_wrap(&x, NULL, values, CLF_F32, 2, shape, NULL);
 *  status = status < 0 ? status : clf_dataset_create(&piece, NULL, x, NULL);
 *  status = status < 0 ? status : clf_dataset_writer_create(&writer, NULL, "all.rows", NULL);
 *  for (int i = 0; status >= 0 && i < 1000000; i++) {
 *    status = clf_dataset_writer_append(writer, piece);
 *  }
 *  status = status < 0 ? status : clf_dataset_writer_finish(writer);
 *  status = status < 0 ? status : clf_dataset_load(&all, NULL, "rows", "all.rows", NULL);
 *  clf_dataset_free(all);
 *  clf_dataset_writer_free(writer);
 *  clf_dataset_free(piece);
 *  clf_tensor_free(x);
 *  @endcode
 */
typedef struct clf_dataset_writer clf_dataset_writer;

/** Makes a writer. The path holds the old file, or none, until clf_dataset_writer_finish(); if the
 *  process ends before, nothing is left of what was written.
 *  @param out     receives the writer; free it with clf_dataset_writer_free()
 *  @param path    the file; links are followed when the first rows are appended
 *  @param params  those of clf_dataset_save() in the format "rows", or NULL: "dtype=f64" writes
 *                 dense rows of any type as f64; by default the type is that of the first rows
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_dataset_writer_create(clf_dataset_writer **out, clf_context *context,
                                             const char *path, const char *params);

/** Writes rows behind those that were appended before: features, labels or targets, weights, names
 *  of columns and categories. The first rows determine which of these the file has, the number and
 *  shape of features, and whether they are sparse; later rows must have the same. Classes and
 *  categories may be others in each call: the file has all of them. The writer's memory does not
 *  grow with the number of rows.
 *  @param dataset  the rows, read during the call only. Thousands of them a call cost less than
 *                  single ones
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (the writer is finished, or has failed), CLF_ERROR_SHAPE,
 *          CLF_ERROR_TYPE (rows of a type that the first ones do not hold; dtype helps),
 *          CLF_ERROR_DATA (rows that are unlike the first ones, a value beyond dtype),
 *          CLF_ERROR_UNSUPPORTED (dtype with sparse rows), CLF_ERROR_IO, CLF_ERROR_MEMORY,
 *          CLF_ERROR_CANCELLED. Rows that are unlike the first ones leave the writer as it was.
 *          After any other failure it can only be freed. @since 0.1 */
CLF_API clf_status clf_dataset_writer_append(clf_dataset_writer *writer,
                                             const clf_dataset *dataset);

/** Completes the file and gives it its name. The writer can then only be freed.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_DATA (no rows were appended), CLF_ERROR_IO,
 *          CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_dataset_writer_finish(clf_dataset_writer *writer);

/** Frees the writer; a file that was not finished is discarded. NULL is fine. @since 0.1 */
CLF_API void clf_dataset_writer_free(clf_dataset_writer *writer);

/* Labels, targets and weights */

/** Sets labels from numbers; the distinct values in ascending order become the classes.
 *  @param y  [rows], any dtype; no NaN
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE, CLF_ERROR_DATA, CLF_ERROR_MEMORY @since 0.1
 */
CLF_API clf_status clf_dataset_set_labels(clf_dataset *dataset, const clf_tensor *y);

/** Sets labels from names; the distinct names in byte order become the classes.
 *  @param names  [count] NUL-terminated UTF-8, copied
 *  @param count  the number of rows
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE, CLF_ERROR_DATA (a name that is no UTF-8:
 *          its row and byte are in the message), CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_dataset_set_label_names(clf_dataset *dataset, const char *const *names,
                                               int64_t count);

/** Sets regression targets, in place of labels.
 *  @param targets  [rows] or [rows, outputs], any dtype, finite
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE, CLF_ERROR_DATA, CLF_ERROR_MEMORY @since 0.1
 */
CLF_API clf_status clf_dataset_set_targets(clf_dataset *dataset, const clf_tensor *targets);

/** Sets a weight for each row; NULL removes them.
 *  @param weights  [rows], any dtype, finite and ≥ 0
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE, CLF_ERROR_DATA, CLF_ERROR_MEMORY @since 0.1
 */
CLF_API clf_status clf_dataset_set_weights(clf_dataset *dataset, const clf_tensor *weights);

/** Sets the names of the features, as the header of a CSV file does; NULL removes them. Subsets,
 *  splits, folds and batches have the same names, and so have rows after a transform that keeps
 *  each feature ("standardize", "min_max"). Models and transforms remember the names that they were
 *  fitted on, and find their columns by them (see clf_model_predict()); if one side has no names,
 *  columns are taken in their order.
 *  @param names  [count] NUL-terminated UTF-8, copied; names may be empty and may repeat
 *  @param count  the number of features; ignored if `names` is NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE (another number of features), CLF_ERROR_DATA
 *          (a name that is no UTF-8: its column and byte are in the message), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_dataset_set_column_names(clf_dataset *dataset, const char *const *names,
                                                int64_t count);

/** Makes a column of codes a category column: each value is the index of a name, or NaN where it is
 *  missing. Subsets, splits, folds and batches have the same categories. Models and transforms that
 *  compute with numbers refuse category columns by CLF_ERROR_DATA, because the order of codes means
 *  nothing; transforms such as "one_hot" make numbers of them.
 *  @param column  0 … features - 1, of dense rows of f32 or f64
 *  @param names   [count] distinct NUL-terminated UTF-8, copied; the value k stands for names[k].
 *                 NULL makes the column one of numbers again
 *  @param count   1 … 2^24; ignored if `names` is NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_UNSUPPORTED (sparse rows), CLF_ERROR_TYPE (rows of
 *          u8), CLF_ERROR_DATA (a value that is no index of a name, a name that occurs twice or is
 *          no UTF-8: its place is in the message), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_dataset_set_categories(clf_dataset *dataset, int64_t column,
                                              const char *const *names, int64_t count);

/* What a dataset has */

/** Returns the number of rows; -1 for NULL. @since 0.1 */
CLF_API int64_t clf_dataset_rows(const clf_dataset *dataset);
/** Returns the number of features, the product of the sizes of x after the first; -1 for NULL.
 *  @since 0.1 */
CLF_API int64_t clf_dataset_features(const clf_dataset *dataset);
/** Returns the number of classes; 0 without labels, -1 for NULL. @since 0.1 */
CLF_API int64_t clf_dataset_classes(const clf_dataset *dataset);
/** Returns the number of regression outputs; 0 without targets, -1 for NULL. @since 0.1 */
CLF_API int64_t clf_dataset_outputs(const clf_dataset *dataset);
/** Returns the number of stored entries of sparse rows, or rows × features of dense ones; -1 for
 *  NULL. @since 0.1 */
CLF_API int64_t clf_dataset_nonzeros(const clf_dataset *dataset);
/** Returns 1 for sparse rows, 0 for dense ones. @since 0.1 */
CLF_API int32_t clf_dataset_sparse(const clf_dataset *dataset);

/** Returns what the reader guessed about a csv or svmlight file, as parameters of the format, such
 *  as "delimiter=comma header=true label='species'" or "zero_based=false features=123". With them
 *  after the parameters of its own, a program reads other files as this one was read.
 *  @return the text, which lives as long as the dataset; "" when nothing was guessed, as for
 *          other formats and for parts of a dataset; NULL for NULL @since 0.1 */
CLF_API const char *clf_dataset_guesses(const clf_dataset *dataset);

/** Returns the name of a class: the label as text, such as "7" or "setosa"; NULL when there is
 *  none. Lives as long as the dataset's labels. @since 0.1 */
CLF_API const char *clf_dataset_class_name(const clf_dataset *dataset, int64_t index);

/** Returns the name of a feature, from the header of a CSV file or by
 *  clf_dataset_set_column_names(); NULL when there is none. Lives as long as the dataset's names.
 *  @since 0.1 */
CLF_API const char *clf_dataset_column_name(const clf_dataset *dataset, int64_t index);

/** Returns the number of categories of a column; 0 for a column of numbers, -1 for NULL and for a
 *  column that there is not. @since 0.1 */
CLF_API int64_t clf_dataset_category_count(const clf_dataset *dataset, int64_t column);

/** Returns the name of a category: the text that the value `index` in that column of x stands for.
 *  NULL when there is none. Lives as long as the dataset's categories. @since 0.1 */
CLF_API const char *clf_dataset_category_name(const clf_dataset *dataset, int64_t column,
                                              int64_t index);

/** Returns features, labels (i32 class indices), targets (f64 [rows, outputs]) or weights (f32) as
 *  a read-only tensor. The features of sparse rows are `row_start` (i64), `column` (i32) and
 *  `value` (f32).
 *  @param out   receives a new handle on the dataset's memory; free it with clf_tensor_free()
 *  @param name  "x", "labels", "targets", "weights", "row_start", "column" or "value"
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_UNSUPPORTED (the dataset has none),
 *          CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_dataset_tensor(clf_tensor **out, const clf_dataset *dataset,
                                      const char *name);

/* Parts of a dataset */

/** Makes a dataset of chosen rows, in the given order, repeats allowed. A run of consecutive rows
 *  shares memory; anything else is copied.
 *  @param indices  [count] row numbers
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (an index out of range), CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_dataset_subset(clf_dataset **out, const clf_dataset *dataset,
                                      const int64_t *indices, int64_t count);

/** Splits rows into two parts at random. With labels the split is stratified: each class is split
 *  by itself.
 *  @param first, second  receive the parts, rows in the original order
 *  @param fraction  of the rows that go to `first`, 0 < fraction < 1; both parts get at least one
 *                   row
 *  @param seed      same seed, same split
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE (fewer than 2 rows), CLF_ERROR_MEMORY @since
 *          0.1 */
CLF_API clf_status clf_dataset_split(clf_dataset **first, clf_dataset **second,
                                     const clf_dataset *dataset, double fraction, uint64_t seed);

/** Makes one of `folds` partitions for cross-validation, stratified when there are labels.
 *  @param train, test  receive all rows but the fold's, and the fold's rows
 *  @param folds  2 … rows
 *  @param fold   0 … folds - 1
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_dataset_fold(clf_dataset **train, clf_dataset **test,
                                    const clf_dataset *dataset, int64_t folds, int64_t fold,
                                    uint64_t seed);

/** Batches of a dataset's rows, in another order each epoch. */
typedef struct clf_batches clf_batches;

/* Batches */

/** Makes an iterator over batches.
 *  @param dataset     must outlive the iterator
 *  @param batch_size  rows a batch, ≥ 1; the last batch of an epoch may be smaller
 *  @param seed        same seed, same order
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_batches_create(clf_batches **out, const clf_dataset *dataset,
                                      int64_t batch_size, uint64_t seed);

/** Reads the next batch. At the end of an epoch the batch is NULL, and the following call starts
 *  the next epoch.
 *  @param batch  receives a dataset owned by the iterator, valid until the next call
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_batches_next(clf_batches *batches, const clf_dataset **batch);

/** Frees the iterator. NULL is fine. @since 0.1 */
CLF_API void clf_batches_free(clf_batches *batches);

#ifdef __cplusplus
}
#endif

#endif
