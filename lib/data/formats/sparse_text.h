/* Rows as " index:value" entries, which SVMlight and LIBSVM files share. */
#ifndef CLF_DATA_FORMATS_SPARSE_TEXT_H
#define CLF_DATA_FORMATS_SPARSE_TEXT_H

#include "base/text.h"
#include "tensor/rows.h"

/* Texts of the 256 elements of u8 rows. */
typedef struct clf__byte_texts {
  clf__number_text_result of[256];
} clf__byte_texts;

void clf__byte_texts_fill(clf__byte_texts *texts, const clf__rows *x);

/* Appends the entries of a row, indices from `base`. Values read back as the same f32 or f64, u8
 * elements as those nearest to their scaled values; zeros of dense rows are left out. `texts` is
 * only used for u8 rows. */
void clf__append_row(clf__text *text, const clf__rows *x, int64_t row, int64_t base,
                     const clf__byte_texts *texts);

#endif
