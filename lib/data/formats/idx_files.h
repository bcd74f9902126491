/* The names of IDX files, which come in pairs: images and labels. */
#ifndef CLF_DATA_FORMATS_IDX_FILES_H
#define CLF_DATA_FORMATS_IDX_FILES_H

#include <stdbool.h>

#include "base/text.h"

/* Makes the name of the labels file from that of the images file: "images" becomes "labels", the
 * number of axes becomes 1, and `ending` takes the place of ".gz". Returns false if the last part
 * of the path has no "images". */
bool clf__idx_labels_name(clf__text *labels, const char *images, const char *ending);

#endif
