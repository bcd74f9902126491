/* Which pictures are for training: by protocol and seed. */
#ifndef EXAMPLES_SPLITS_H
#define EXAMPLES_SPLITS_H

#include "people.h"

typedef enum face_protocol {
  PROTOCOL_SEED20,        /* 20 % of each person's pictures */
  PROTOCOL_FIVE,          /* five of each person's */
  PROTOCOL_LEAVE_ONE_OUT, /* all but one picture, in turn */
  PROTOCOL_STRANGERS,     /* people who are not trained on: strangers.h */
  PROTOCOLS
} face_protocol;

extern const char *const protocol_names[PROTOCOLS];

/* Finds a protocol by its name. Returns -1 to go on, or an exit status after a message. */
int protocol_choose(face_protocol *out, const char *name);

/* How many splits there are when `wanted` random ones are asked for. */
int64_t protocol_splits(face_protocol protocol, const face_set *faces, int64_t wanted);

/* Writes the numbers of the training pictures, and after them those of the others, to rows [2
 * count], whose second half is scratch memory. Returns the number of training pictures. The same
 * seed gives the same split; to leave one out, it is the number of that one. */
int64_t protocol_split(face_protocol protocol, const face_set *faces, int64_t seed, int64_t *rows);

/* Numbers 0 … count - 1 in a random order. */
void shuffled(int64_t *numbers, int64_t count, uint64_t seed);

#endif
