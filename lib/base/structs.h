/* Structs that callers allocate. They begin with their size as of the caller's header, so that
 * later versions of the library can append members. A caller's struct may be too short for some
 * members: these are taken for 0 when it is read, and left out when it is written. A struct has no
 * padding at its end, since a member of a later version would lie there. */
#ifndef CLF_BASE_STRUCTS_H
#define CLF_BASE_STRUCTS_H

#include <stddef.h>

#include <classify/status.h>

typedef struct clf__struct {
  const char *name;
  size_t size;     /* in this version */
  size_t min_size; /* in the first version that had the struct */
} clf__struct;

/* `last` is the last member in the first version. */
#define CLF__STRUCT(type, last)                                                                    \
  { #type, sizeof(type), offsetof(type, last) + sizeof(((type *)0)->last) }

/* *to = the caller's struct. Returns CLF_ERROR_ARGUMENT if its struct_size is invalid, and
 * CLF_ERROR_UNSUPPORTED if a member is set that this version does not have. */
clf_status clf__struct_read(void *to, const clf__struct *about, const void *from);

/* The caller's struct = *from, except for its struct_size; members that this version does not have
 * become 0. Returns CLF_ERROR_ARGUMENT if its struct_size is invalid. */
clf_status clf__struct_write(void *to, const clf__struct *about, const void *from);

#endif
