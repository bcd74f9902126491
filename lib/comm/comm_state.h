/* What a context's communicator is, for the files of comm/. */
#ifndef CLF_COMM_COMM_STATE_H
#define CLF_COMM_COMM_STATE_H

#include <stdatomic.h>

#include "base/memory.h"
#include "comm/comm.h"

enum { CLF__WORD_NAME = 48 };

/* What a rank says before each collective. */
typedef struct clf__comm_word {
  uint64_t agrees; /* sizes, or a hash of parameters */
  int32_t status;
  uint32_t seen; /* a checksum of the results of the collectives before */
  char name[CLF__WORD_NAME];
} clf__comm_word;

typedef struct clf__comm {
  clf_communicator calls;
  atomic_uintptr_t thread; /* that is in a call of all ranks; 0 for none */
  atomic_bool alone;       /* that call runs what each rank does by itself */
  bool commits;            /* that call ends by clf__comm_commit() */
  bool over;               /* that call has failed or commits, and all ranks know it */
  bool broken;             /* a callback failed: the ranks may be out of step */
  uint64_t seen; /* in that call: a checksum of the results that all ranks have received */
  bool compared; /* the contexts of the ranks agree */
  clf__comm_word mine;
  clf__comm_word words[]; /* [ranks] */
} clf__comm;

/* Returns a number that no other thread has at the same time. */
uintptr_t clf__comm_thread(void);

/* Exchanges words. Returns CLF_OK if all ranks are well and at the same place, and otherwise
 * `status` if that is a failure, or CLF_ERROR_PEER. */
clf_status clf__comm_meet(clf__comm *comm, clf_status status, const char *name, uint64_t agrees);

/* What a callback returned: CLF_OK for 0, otherwise the communicator is broken. */
clf_status clf__comm_called(clf__comm *comm, int32_t result, const char *callback);

/* Adds a result that all ranks must have received alike. If one has not, its next word differs, so
 * that no rank goes on with other numbers than the others. */
void clf__comm_seen(clf__comm *comm, const void *bytes, size_t size);

#endif
