/* Allocation through the context: counted, limited, checked and aligned to 64 bytes. */
#ifndef CLF_BASE_MEMORY_H
#define CLF_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <classify/context.h>
#include <classify/status.h>

/* All return NULL after setting the message of CLF_ERROR_MEMORY. Blocks are aligned to 64 bytes,
 * and a size of 0 gives a valid block. `count` < 0 and overflow are refused. */
void *clf__alloc(clf_context *context, size_t bytes);
void *clf__alloc_array(clf_context *context, int64_t count, size_t element_bytes);
void *clf__alloc_zeroed(clf_context *context, int64_t count, size_t element_bytes);
/* Does what clf__alloc_array() does, for clf__count(rows, columns) elements. */
void *clf__alloc_matrix(clf_context *context, int64_t rows, int64_t columns, size_t element_bytes);
/* Grows or shrinks a block of clf__alloc*. If it fails, `block` stays valid. `block` may be
 * NULL. */
void *clf__resize_array(clf_context *context, void *block, int64_t count, size_t element_bytes);
char *clf__copy_text(clf_context *context, const char *text);
char *clf__copy_bytes(clf_context *context, const char *bytes, size_t length); /* appends a NUL */

/* Sets the calling thread's message to the context's last refusal on any thread. The caller of
 * tasks that could not allocate uses it. Returns CLF_ERROR_MEMORY. */
clf_status clf__memory_refused(clf_context *context);

/* Frees a block of any of the above; NULL is allowed. It needs no context, because the block's
 * header has it. In a debug build, an array of an arena ends the process. */
void clf__free(void *block);

/* An arena is a group of arrays that live and die together. One check after the last allocation
 * covers all of them, and one call frees them.
 *
 *   clf__arena arena = {.context = context};
 *   double *means = clf__arena_array(&arena, columns, sizeof *means);
 *   double *matrix = clf__arena_matrix(&arena, rows, columns, sizeof *matrix);
 *   CLF__TRY(clf__arena_status(&arena));
 *   ...
 * done:
 *   clf__arena_free(&arena);
 *
 * Each array is a block of its own, as of clf__alloc_array(). Once an array is refused, the arena
 * allocates no more, so that the message names the first refusal. An arena may be moved but not
 * copied, because each copy would free the arrays. */
typedef struct clf__arena {
  clf_context *context;
  void *last; /* the block that was allocated last */
  bool refused;
} clf__arena;

void *clf__arena_array(clf__arena *arena, int64_t count, size_t element_bytes);
void *clf__arena_zeroed(clf__arena *arena, int64_t count, size_t element_bytes);
void *clf__arena_matrix(clf__arena *arena, int64_t rows, int64_t columns, size_t element_bytes);
/* Returns CLF_ERROR_MEMORY, whose message is set, if any array was refused. */
clf_status clf__arena_status(const clf__arena *arena);
/* Frees the arrays. The arena is then empty and can be used again. An arena of zeros is empty. */
void clf__arena_free(clf__arena *arena);

/* Returns rows * columns, or -1 if the product does not fit or a factor is negative. The functions
 * above refuse a count of -1, and clf__count(clf__count(a, b), c) is a product of three. */
int64_t clf__count(int64_t rows, int64_t columns);

/* Return false if the result does not fit. */
bool clf__mul_size(size_t a, size_t b, size_t *out);
bool clf__add_size(size_t a, size_t b, size_t *out);
bool clf__mul_i64(int64_t a, int64_t b, int64_t *out); /* of values >= 0 */

#endif
