/* The formats of documents. A new format is a file with its clf__document_reader and a line
 * here. */
#include "text/document_format.h"

static const clf__kind *const kinds[] = {
    &clf__document_reader_folder.base,
    &clf__document_reader_csv.base,
    &clf__document_reader_lines.base,
    &clf__document_reader_fasttext.base,
    NULL,
};

const clf__registry clf__document_readers = {"document_reader", "format of documents", kinds};
