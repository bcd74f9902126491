/* What a model remembers of how the tool trained it: metadata of the model under these keys. */
#ifndef CLASSIFY_NOTES_H
#define CLASSIFY_NOTES_H

#include "input.h"

#define NOTE_COMMAND "classify.command"
#define NOTE_VERSION "classify.version"
#define NOTE_DATE "classify.date"
#define NOTE_SEED "classify.seed"
#define NOTE_DATA "classify.data"         /* the path */
#define NOTE_CHECKSUM "classify.checksum" /* CRC-32 of the data, 8 hexadecimal digits */
#define NOTE_READER "classify.reader"
#define NOTE_READER_PARAMS "classify.reader_params"
#define NOTE_SHAPE "classify.shape"       /* of pictures: "28x28x1", height, width, channels */
#define NOTE_DETECTOR "classify.detector" /* the path, of a model of what it finds */
#define NOTE_ROWS "classify.rows"         /* that it was fitted on */
#define NOTE_VALIDATED_SCORE "classify.validated_score" /* of tune and auto, on held-out rows */
#define NOTE_TEST_SCORE "classify.test_score"           /* accuracy, or R² of a regression */

/* Sets one of them, to a text by a format. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
clf_status
notes_set(clf_model *model, const char *key, const char *format, ...);

/* Sets those of a model that was fitted to `rows`, all or some of what was read. */
clf_status notes_training(clf_model *model, const tool *t, const input *in,
                          const clf_dataset *rows);

/* Returns one of them; NULL where the model has none. */
const char *notes_get(const clf_model *model, const char *key);

#endif
