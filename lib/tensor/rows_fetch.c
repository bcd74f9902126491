#include "tensor/rows_fetch.h"

#include "base/math.h"
#include "base/page_cache.h"

enum {
  WAITS = 4,  /* in a look's rows, from which rows are named */
  LOOKS = 64, /* that last */
  PROBED = 16 /* rows that the last of them leaves out, to see whether readers still wait */
};

static void name_elements(const void *data, int64_t first, int64_t count, size_t size) {
  clf__page_cache_read((const char *)data + (size_t)first * size, (size_t)count * size);
}

static void name_row(const clf__rows *x, int64_t row) {
  if (clf__rows_sparse(x)) {
    const int64_t first = x->row_start[row], count = x->row_start[row + 1] - first;
    name_elements(x->value, first, count, sizeof *x->value);
    name_elements(x->column, first, count, sizeof *x->column);
  } else {
    name_elements(x->data, row * x->stride, x->columns, clf__dtype_size(x->dtype));
  }
}

static void tell_order(const clf__rows *x, bool random) {
  const int64_t entries = clf__rows_entries(x);
  if (clf__rows_sparse(x)) {
    clf__page_cache_order(x->value, (size_t)entries * sizeof *x->value, random);
    clf__page_cache_order(x->column, (size_t)entries * sizeof *x->column, random);
  } else {
    const int64_t elements = (x->rows - 1) * x->stride + x->columns;
    clf__page_cache_order(x->data, (size_t)elements * clf__dtype_size(x->dtype), random);
  }
}

void clf__rows_fetch_end(clf__rows_fetch *fetch, const clf__rows *x) {
  if (fetch->random) {
    tell_order(x, false);
  }
  *fetch = (clf__rows_fetch){0};
}

void clf__rows_fetch_next(clf__rows_fetch *fetch, const clf__rows *x, const int64_t *order,
                          int64_t position, int64_t count) {
  if (position < fetch->position) {
    fetch->named = 0;
  }
  fetch->position = position;
  if (fetch->named > position + CLF__FETCH_ROWS / 2) {
    return;
  }
  const int64_t first = clf__max_i64(fetch->named, position);
  const int64_t end = clf__min_i64(position + CLF__FETCH_ROWS, count);
  const int64_t waits = 1 + clf__page_cache_waits();
  if (fetch->waits > 0 && waits - fetch->waits >= WAITS) {
    fetch->looks = LOOKS;
    if (!fetch->random) {
      tell_order(x, true);
      fetch->random = true;
    }
  }
  fetch->waits = waits;
  fetch->named = end;
  if (fetch->looks > 0) {
    const int64_t left_out = --fetch->looks == 0 ? PROBED : 0;
    for (int64_t i = first; i < end - left_out; i++) {
      name_row(x, order[i]);
    }
  }
}
