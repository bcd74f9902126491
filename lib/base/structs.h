/* Structs that callers allocate. They begin with their size as the caller's header has it, so that
 * later versions of the library can append members: those that a caller's struct is too short for
 * are 0 when it is read, and left out when it is written. */
#ifndef CLF_BASE_STRUCTS_H
#define CLF_BASE_STRUCTS_H

#include <stddef.h>

#include <classify/status.h>

typedef struct clf__struct {
  const char *name;
  size_t size;     /* in this version */
  size_t min_size; /* in the first version that had it */
} clf__struct;

/* `last` is the last member in the first version. */
#define CLF__STRUCT(type, last)                                                                    \
  { #type, sizeof(type), offsetof(type, last) + sizeof(((type *)0)->last) }

/* *to = the caller's struct. CLF_ERROR_ARGUMENT where its struct_size is none; CLF_ERROR_UNSUPPORTED
 * where a member is set that this version does not have. */
clf_status clf__struct_read(void *to, const clf__struct *about, const void *from);

/* The caller's struct = *from, but for its struct_size; what this version does not have becomes 0.
 * CLF_ERROR_ARGUMENT where its struct_size is none. */
clf_status clf__struct_write(void *to, const clf__struct *about, const void *from);

#endif
