/* The formats of datasets. A new format is a file with its clf__dataset_reader, or
 * clf__dataset_writer, and a line here. */
#include "data/dataset.h"

static const clf__kind *const kinds[] = {
    &clf__dataset_reader_idx.base,      &clf__dataset_reader_csv.base,
    &clf__dataset_reader_svmlight.base, &clf__dataset_reader_npy.base,
    &clf__dataset_reader_rows.base,     &clf__dataset_reader_images.base,
    &clf__dataset_reader_fields.base,   NULL,
};

const clf__registry clf__dataset_readers = {"dataset_reader", "format", kinds};

static const clf__kind *const writers[] = {
    &clf__dataset_writer_idx.base,      &clf__dataset_writer_csv.base,
    &clf__dataset_writer_svmlight.base, &clf__dataset_writer_npy.base,
    &clf__dataset_writer_rows.base,     NULL,
};

const clf__registry clf__dataset_writers = {"dataset_writer", "format", writers};
