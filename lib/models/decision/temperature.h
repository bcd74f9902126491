/* Temperature scaling: p = softmax(scores / T) (Guo, Pleiss, Sun and Weinberger 2017). */
#ifndef CLF_MODELS_DECISION_TEMPERATURE_H
#define CLF_MODELS_DECISION_TEMPERATURE_H

#include "models/decision/decision.h"

/* Returns the T > 0 that fits the rows. */
double clf__temperature_fit(const clf__scored *rows);

#endif
