/* classify train: fits a model to data and saves it with what is needed to use it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fit.h"
#include "input.h"
#include "notes.h"
#include "recipe.h"
#include "report/files.h"
#include "report/text.h"
#include "require.h"
#include "verbs.h"

static struct {
  recipe recipe;
  const char *test;
  double holdout;
} set;

static const option_entry options[] = {
    RECIPE_OPTIONS(set.recipe),
    {"test", "DATA", "rows to test the model on", OPTION_TEXT, 0, &set.test},
    {"holdout", "SHARE", "test it on this share of the rows, which are left out of the training",
     OPTION_SHARE, 0, &set.holdout},
};

/* What a run of the verb has. */
typedef struct training {
  input in, test_in;
  clf_model *model;
  clf_dataset *train, *test; /* `test` is NULL without --test and --holdout */
  double seconds, train_score, test_score;
} training;
