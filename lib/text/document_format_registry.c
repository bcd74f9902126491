/* The formats of documents. A new format is a file with its clf__document_format and a line
 * here. */
#include "text/document_format.h"

static const clf__kind *const kinds[] = {
    &clf__document_format_folder.base,
    &clf__document_format_csv.base,
    NULL,
};

const clf__registry clf__document_formats = {"document_format", "format of documents", kinds};
