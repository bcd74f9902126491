/* Files of other programs that models are read from and written to. */
#ifndef CLF_INTERCHANGE_MODEL_FORMAT_H
#define CLF_INTERCHANGE_MODEL_FORMAT_H

#include "base/file.h"
#include "models/model.h"

/* One format, a row of the registry in model_formats.c. */
typedef struct clf__model_format {
  clf__kind base; /* the parameters are those of import */
  /* Makes a model of a whole file. `name` stands in messages. NULL where the format is only
   * written. */
  clf_status (*import)(clf_model **out, clf_context *context, const clf__bytes *bytes,
                       const char *name, const void *params);
  /* Writes a fitted model; CLF_ERROR_UNSUPPORTED, before anything is written, where the file cannot
   * say what the model does. NULL where the format is only read. */
  clf_status (*export)(const clf_model *model, clf__output *output);
} clf__model_format;

extern const clf__model_format clf__model_format_libsvm;

extern const clf__registry clf__model_formats;

#endif
