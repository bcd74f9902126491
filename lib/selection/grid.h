/* The values that a search tries: "name=value|value|… name=log:low..high …", one axis for each
 * name. */
#ifndef CLF_SELECTION_GRID_H
#define CLF_SELECTION_GRID_H

#include "base/random.h"
#include "models/model.h"

/* One name of the grid, with a list of values or a range that values are drawn from. */
typedef struct clf__axis {
  char *name;
  char *values;      /* of a list: one after another, each ends with a NUL */
  int64_t count;     /* of a list; 0 for a range */
  double low, high;  /* of a range */
  bool log, integer; /* whether the logarithm is uniform; whether values are whole numbers */
} clf__axis;

typedef struct clf__grid {
  clf__axis *axes;
  int64_t count;
  int64_t combinations; /* CLF__ENDLESS if there is a range, or if there are too many */
} clf__grid;

enum { CLF__ENDLESS = -1, CLF__MAX_COMBINATIONS = 100000 };

/* Reads the grid. The model must accept each value, and the ends of each range, by itself. */
clf_status clf__grid_parse(clf__grid *out, const clf_model *model, const char *text);
void clf__grid_free(clf__grid *grid);

/* Returns combination `index` of a grid that is not endless as "name=value …", of which the last
 * name varies fastest; NULL if memory runs out. The caller frees it. */
char *clf__grid_combination(const clf__grid *grid, clf_context *context, int64_t index);
/* Returns a combination whose values are drawn independently. */
char *clf__grid_draw(const clf__grid *grid, clf_context *context, clf__random *random);

#endif
