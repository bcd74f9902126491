/* Allocation through the context: counted, limited, 64-byte aligned, checked. */
#ifndef CLF_BASE_MEMORY_H
#define CLF_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <classify/context.h>
#include <classify/status.h>

/* All return NULL after setting the message of CLF_ERROR_MEMORY. Blocks are aligned to 64 bytes; a
 * size of 0 gives a valid block. `count` < 0 or an overflow is refused. */
void *clf__alloc(clf_context *context, size_t bytes);
void *clf__alloc_array(clf_context *context, int64_t count, size_t element_bytes);
void *clf__alloc_zeroed(clf_context *context, int64_t count, size_t element_bytes);
/* Grows or shrinks a block of clf__alloc*; on failure `block` stays valid. `block` may be NULL. */
void *clf__resize_array(clf_context *context, void *block, int64_t count, size_t element_bytes);
char *clf__copy_text(clf_context *context, const char *text);
char *clf__copy_bytes(clf_context *context, const char *bytes, size_t length); /* adds a NUL */

/* Sets the calling thread's message to the context's last refusal, on whichever thread that was:
 * for the caller of tasks that could not allocate. Returns CLF_ERROR_MEMORY. */
clf_status clf__memory_refused(clf_context *context);

/* Frees a block of any of the above; NULL is fine. Needs no context: the block knows it. */
void clf__free(void *block);

/* false when the result does not fit. */
bool clf__mul_size(size_t a, size_t b, size_t *out);
bool clf__add_size(size_t a, size_t b, size_t *out);
bool clf__mul_i64(int64_t a, int64_t b, int64_t *out); /* of values >= 0 */

#endif
