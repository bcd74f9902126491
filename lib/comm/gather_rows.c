/* Rows of all ranks put together on every rank, a block at a time. */
#include <string.h>

#include "base/border.h"
#include "base/math.h"
#include "comm/comm.h"
#include "tensor/tensor.h"

enum { BLOCK_BYTES = 1 << 22 /* of all ranks at a time */ };

/* What a rank says of its rows. */
typedef struct traits {
  int64_t rows, row_bytes;
  int64_t dtype;
  double scale;
  uint64_t shape; /* a hash of the extents of a row */
} traits;

static clf_status check_rows(const clf_tensor *rows) {
  return rows->ndim < 1 || !clf__tensor_contiguous(rows)
             ? clf__fail(CLF_ERROR_ARGUMENT,
                         "gather rows: the tensor must have a first axis, the rows, and be "
                         "C-contiguous; clf_tensor_copy() makes one that is")
             : CLF_OK;
}

static traits traits_of(const clf_tensor *rows) {
  traits t;
  memset(&t, 0, sizeof t);
  t.rows = rows->shape[0];
  t.row_bytes = (int64_t)clf__dtype_size(rows->dtype);
  for (int32_t i = 1; i < rows->ndim; i++) {
    t.row_bytes *= rows->shape[i];
  }
  t.dtype = rows->dtype;
  t.scale = rows->scale;
  t.shape = clf__comm_hash((uint64_t)rows->ndim, rows->shape + 1,
                           (size_t)(rows->ndim - 1) * sizeof *rows->shape);
  return t;
}

/* *total becomes the number of rows of all ranks, and *most the maximum of a rank. */
static clf_status compare(const traits *all, int32_t ranks, int64_t *total, int64_t *most) {
  for (int32_t rank = 0; rank < ranks; rank++) {
    const traits *t = &all[rank];
    if (t->row_bytes != all[0].row_bytes || t->dtype != all[0].dtype || t->scale != all[0].scale ||
        t->shape != all[0].shape) {
      return clf__fail(CLF_ERROR_PEER,
                       "the rows of ranks 0 and %d have different types, scales or extents",
                       (int)rank);
    }
    if (t->rows < 0 || t->rows > INT64_MAX - *total) {
      return clf__comm_garbled("all_gather");
    }
    *total += t->rows;
    *most = clf__max_i64(*most, t->rows);
  }
  return CLF_OK;
}

/* Fills the tensor, of which each rank's rows begin behind those of the ranks before it. */
static clf_status fill(clf_tensor *to, const clf_tensor *rows, const traits *all, int64_t most) {
  clf_context *context = to->context;
  const int32_t ranks = clf__comm_ranks(context);
  const int64_t bytes = all[0].row_bytes;
  const int64_t block = clf__clamp_i64(BLOCK_BYTES / ranks / clf__max_i64(bytes, 1), 1, most);
  clf__arena arena = {.context = context};
  char *mine = clf__arena_zeroed(&arena, clf__count(block, bytes), 1);
  char *received = clf__arena_matrix(&arena, ranks, clf__count(block, bytes), 1);
  clf_status status = clf__arena_status(&arena);
  CLF__TRY(status);
  for (int64_t first = 0; first < most; first += block) {
    const int64_t own = clf__clamp_i64(rows->shape[0] - first, 0, block);
    char *out = to->data;
    if (own > 0) {
      memcpy(mine, (const char *)rows->data + first * bytes, (size_t)(own * bytes));
    }
    CLF__TRY(clf__comm_gather(context, "gathered rows", mine, block * bytes, received));
    for (int32_t rank = 0; rank < ranks; rank++) {
      const int64_t theirs = clf__clamp_i64(all[rank].rows - first, 0, block);
      if (theirs > 0) {
        memcpy(out + first * bytes, received + rank * block * bytes, (size_t)(theirs * bytes));
      }
      out += all[rank].rows * bytes;
    }
  }
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status gather(clf_tensor **out, clf_context *context, const clf_tensor *rows) {
  const int32_t ranks = clf__comm_ranks(context);
  int64_t shape[CLF_MAX_DIMENSIONS], total = 0, most = 0;
  clf_tensor *made = NULL;
  clf_status status = CLF_OK;
  traits *all = clf__alloc_array(context, ranks, sizeof *all);
  CLF__TRY(all != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(check_rows(rows));
  all[0] = traits_of(rows);
  if (ranks > 1) {
    const traits mine = all[0];
    CLF__TRY(clf__comm_compare(context));
    CLF__TRY(clf__comm_gather(context, "rows to gather", &mine, (int64_t)sizeof mine, all));
  }
  CLF__TRY(compare(all, ranks, &total, &most));
  memcpy(shape, rows->shape, sizeof shape);
  shape[0] = total;
  CLF__TRY(clf__tensor_create_uninitialized(&made, context, rows->dtype, rows->ndim, shape));
  made->scale = rows->scale;
  if (ranks > 1) {
    CLF__TRY(fill(made, rows, all, most));
  } else {
    memcpy(made->data, rows->data, (size_t)(total * all[0].row_bytes));
  }
  *out = made;
  made = NULL;
done:
  clf_tensor_free(made);
  clf__free(all);
  return status;
}

clf_status clf_gather_rows(clf_tensor **out, clf_context *context, const clf_tensor *mine) {
  CLF__ENTER("gather rows");
  clf_context *own = clf__context_retain(context); /* of the process, if it is NULL */
  if (own == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf__comm_call together;
  clf_tensor *made = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__comm_begin(&together, own));
  CLF__TRY(CLF__REQUIRED(out));
  CLF__TRY(CLF__REQUIRED(mine));
  status = gather(&made, own, mine);
done:
  status = clf__comm_end(&together, status);
  if (status == CLF_OK) {
    *out = made;
    made = NULL;
  }
  clf_tensor_free(made);
  clf__context_release(own);
  return status;
}
