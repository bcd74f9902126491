/* Measures of graded rows, each with an interval of 95 %. */
#ifndef CLASSIFY_MEASURES_H
#define CLASSIFY_MEASURES_H

#include "graded.h"

enum {
  MEASURE_ACCURACY,
  MEASURE_BALANCED,
  MEASURE_PRECISION, /* means over the classes that occur in truth or prediction */
  MEASURE_RECALL,
  MEASURE_F1,
  MEASURE_MATTHEWS,
  MEASURE_KAPPA,
  MEASURE_TOP, /* of more than TOP_SCORES classes */
  MEASURE_LOG_LOSS,
  MEASURE_BRIER,
  MEASURE_CALIBRATION,
  MEASURE_ROC,
  MEASURE_AVERAGE_PRECISION,
  MEASURE_R2,
  MEASURE_ABSOLUTE,
  MEASURE_SQUARED,
  MEASURES
};

enum { CLASS_PRECISION, CLASS_RECALL, CLASS_F1, CLASS_MEASURES };

/* What a measure is called, and which of its values are good ones. */
typedef struct measure_kind {
  const char *name;  /* for machines, and for --require */
  const char *title; /* for people */
  bool low_is_good;
} measure_kind;

extern const measure_kind measure_kinds[MEASURES];
extern const char *const class_measure_names[CLASS_MEASURES]; /* "precision", "recall", "f1" */

/* How an interval was found. */
typedef enum interval_kind { INTERVAL_NONE, INTERVAL_WILSON, INTERVAL_BOOTSTRAP } interval_kind;
extern const char *const interval_names[];

/* A value with its interval; NaN where there is none. */
typedef struct figure {
  double value, low, high;
  interval_kind interval;
} figure;

typedef struct measures {
  int64_t classes;
  int64_t positive;                   /* the class that areas are of, where there are two; or -1 */
  figure of[MEASURES];                /* NaN where the answers do not allow it */
  figure (*of_class)[CLASS_MEASURES]; /* [classes] */
  int64_t *support;                   /* [classes] rows */
  int64_t resamples;                  /* of the bootstrap, that were drawn */
  bool skipped;   /* whether areas and calibration error have no intervals: they read all scores */
  int64_t wanted; /* draws; fewer are done if Ctrl-C or the time ended them */
} measures;

/* Bins of confidence of the calibration error, and how many scores a row's class may be among. */
enum { CALIBRATION_BINS = 15, TOP_SCORES = 5 };

/* Computes all measures, and the intervals from `resamples` draws of the rows with replacement
 * (from fewer where there are very many rows); -1 draws as many as are usual, and skips what would
 * read all of very many scores. Ctrl-C, or the end of
 * the time, end it with the draws that are done, and a Ctrl-C that cancels the work gives
 * CLF_ERROR_CANCELLED. Free it in any case. */
clf_status measures_create(measures *out, const graded *g, tool *t, int64_t resamples);
void measures_free(measures *m);

#endif
