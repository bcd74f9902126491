/* The parameters of the bootstrap, for the catalog. */
#ifndef CLF_METRICS_BOOTSTRAP_H
#define CLF_METRICS_BOOTSTRAP_H

#include "base/kinds.h"

extern const clf__kind clf__bootstrap_kind;

#endif
