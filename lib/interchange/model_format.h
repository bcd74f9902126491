/* Files of other programs that models are read from and written to. */
#ifndef CLF_INTERCHANGE_MODEL_FORMAT_H
#define CLF_INTERCHANGE_MODEL_FORMAT_H

#include "base/file.h"
#include "base/output.h"
#include "models/model.h"

/* Reads models of one format, a row of the registry in registry.c. */
typedef struct clf__model_reader {
  clf__kind base;
  /* Makes a model from a whole file. `name` is used in messages. */
  clf_status (*import)(clf_model **out, clf_context *context, const clf__bytes *bytes,
                       const char *name, const void *params);
} clf__model_reader;

/* Writes models of one format, a row of the other registry there. */
typedef struct clf__model_writer {
  clf__kind base;
  /* Writes a fitted model. Returns CLF_ERROR_UNSUPPORTED, before anything is written, if the format
   * cannot express the model. */
  clf_status (*write)(const clf_model *model, clf__output *output, const void *params);
} clf__model_writer;

/* What the formats of LIBSVM and LIBLINEAR share. Returns CLF_ERROR_UNSUPPORTED if the name of a
 * class is not an integer of 32 bits, as they need. */
clf_status clf__model_check_integer_classes(const clf_model *model, const char *format);
/* Warns of machines w.x + b whose products are so far from 0 that f32 loses digits of the margin,
 * which is where they are between -b - 1 and -b + 1. */
void clf__model_log_far(clf_context *context, const char *format, const double *intercept,
                        int64_t machines);

extern const clf__model_reader clf__model_reader_liblinear;
extern const clf__model_reader clf__model_reader_libsvm;

extern const clf__model_writer clf__model_writer_liblinear;
extern const clf__model_writer clf__model_writer_libsvm;
extern const clf__model_writer clf__model_writer_c;

extern const clf__registry clf__model_readers, clf__model_writers;

#endif
