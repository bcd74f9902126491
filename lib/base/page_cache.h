/* The system's page cache, in which the pages of mapped files lie. */
#ifndef CLF_BASE_PAGE_CACHE_H
#define CLF_BASE_PAGE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Asks the system to read pages of a mapped file, and does not wait for them. Of no effect for
 * other memory. */
void clf__page_cache_read(const void *data, size_t size);

/* Tells the system in which order pages will be read, or that they are read in their own order
 * again. */
void clf__page_cache_order(const void *data, size_t size, bool random);

/* Returns how often the process has waited for a page that was read from a disk. */
int64_t clf__page_cache_waits(void);

#endif
