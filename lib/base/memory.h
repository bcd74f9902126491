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
/* Grows or shrinks a block of clf__alloc*. If it fails, `block` stays valid. `block` may be
 * NULL. */
void *clf__resize_array(clf_context *context, void *block, int64_t count, size_t element_bytes);
char *clf__copy_text(clf_context *context, const char *text);
char *clf__copy_bytes(clf_context *context, const char *bytes, size_t length); /* appends a NUL */

/* Sets the calling thread's message to the context's last refusal on any thread. The caller of
 * tasks that could not allocate uses it. Returns CLF_ERROR_MEMORY. */
clf_status clf__memory_refused(clf_context *context);

/* Frees a block of any of the above; NULL is allowed. It needs no context, because the block's
 * header has it. */
void clf__free(void *block);

/* Return false if the result does not fit. */
bool clf__mul_size(size_t a, size_t b, size_t *out);
bool clf__add_size(size_t a, size_t b, size_t *out);
bool clf__mul_i64(int64_t a, int64_t b, int64_t *out); /* of values >= 0 */

#endif
