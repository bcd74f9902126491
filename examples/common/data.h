/* Data sets of the example programs: where MNIST is, any file that the library reads, some of the
 * rows. */
#ifndef EXAMPLES_DATA_H
#define EXAMPLES_DATA_H

#include <classify.h>

/* Where a folder has the files of MNIST: "" for itself, "/mnist" for its folder of that name; NULL
 * where there are none. */
const char *mnist_place(const char *folder);

/* Reads MNIST. Returns -1 to go on, or EXIT_FAILURE after a message. */
int data_read_mnist(clf_dataset **train, clf_dataset **test, clf_context *context,
                    const char *folder);

/* Reads a data set by clf_dataset_load(), and another one to test on; without the latter's path
 * (NULL) a fifth of the rows is held out for that. Both must have the same classes. Returns as
 * data_read_mnist(). */
int data_read(clf_dataset **train, clf_dataset **test, clf_context *context, const char *format,
              const char *path, const char *test_path, const char *params, int64_t seed);

/* Replaces a dataset by so many of its rows (0: all), the classes in proportion; *rest receives the
 * others where `rest` is not NULL. */
clf_status data_take(clf_dataset **data, clf_dataset **rest, int64_t wanted, int64_t seed);

#endif
