/* The formats of datasets. A new format is a file with its clf__format, or clf__dataset_writer, and
 * a line here. */
#include "data/dataset.h"

static const clf__kind *const kinds[] = {
    &clf__format_idx.base, &clf__format_csv.base,    &clf__format_svmlight.base,
    &clf__format_npy.base, &clf__format_images.base, NULL,
};

const clf__registry clf__formats = {"format", "format", kinds};

static const clf__kind *const writers[] = {&clf__svmlight_writer.base, NULL};

const clf__registry clf__dataset_writers = {"dataset_writer", "format that is written", writers};
