/* Rows as " index:value" entries, for SVMlight and LIBSVM files. */
#ifndef CLF_DATA_FORMATS_SPARSE_TEXT_H
#define CLF_DATA_FORMATS_SPARSE_TEXT_H

#include "base/text.h"
#include "tensor/rows.h"

/* The texts of the 256 elements of u8 rows. */
typedef struct clf__byte_texts {
  clf__number_text_result of[256];
} clf__byte_texts;

void clf__byte_texts_fill(clf__byte_texts *texts, const clf__rows *x);

/* Appends the entries of a row, with indices from `base`. Values read back as the same f32 or f64;
 * u8 elements read back as the floats nearest to their scaled values. Zeros of dense rows are left
 * out. `texts` is only used for u8 rows. */
void clf__append_row(clf__text *text, const clf__rows *x, int64_t row, int64_t base,
                     const clf__byte_texts *texts);

#endif
