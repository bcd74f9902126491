/* The categories of columns as a transform numbers them: those of a column of categories by their
 * names, those of a column of numbers by value, rare ones pooled, missing and unknown ones by
 * choice. The values that are found in x are codes of the fit's dictionary, or numbers. */
#ifndef CLF_TRANSFORM_CATEGORIES_GROUPING_H
#define CLF_TRANSFORM_CATEGORIES_GROUPING_H

#include "transform/transform.h"

enum { CLF__UNKNOWN_ERROR, CLF__UNKNOWN_IGNORE, CLF__UNKNOWN_OWN };
enum { CLF__MISSING_OWN, CLF__MISSING_IGNORE, CLF__MISSING_ERROR };

typedef struct clf__grouping_params {
  double min_frequency;   /* rows, or below 1 a share of them */
  int64_t max_categories; /* 0 for any number */
  int32_t unknown;
  int32_t missing;
} clf__grouping_params;

/* The rows of the first two; those of the others differ in their help. */
#define CLF__GROUPING_RARE                                                                         \
  CLF__REAL(grouping.min_frequency, "0", 0, 1e18,                                                  \
            "rows, or below 1 their share, below which categories are rare, and pooled"),          \
      CLF__INT(grouping.max_categories, "0", 0, INT32_MAX,                                         \
               "maximum number of categories of a column, with the pool; 0: any")

/* What a group is for, in the order of their numbers. */
enum { CLF__GROUP_RARE, CLF__GROUP_MISSING, CLF__GROUP_UNKNOWN, CLF__GROUPS };

/* Of a fitted column. */
typedef struct clf__grouping {
  int64_t count;          /* of values */
  const double *value;    /* [count], ascending */
  const int32_t *group;   /* [count] 0 … groups - 1; the frequent categories first, by name */
  const int32_t *special; /* [CLF__GROUPS] group, or -1; the unknown may share that of the rare */
  const double *first;    /* [groups] the value of the group, 0 for a special one */
  int32_t groups;
} clf__grouping;

/* Determines the groups of each column of the fit, and adds them to the state: "group_start" i64
 * [features + 1], "group_value" f64, "group_of" i32, "group_special" i32 [features, CLF__GROUPS],
 * "group_first" f64 [all groups] and "groups" i32 [features]. */
clf_status clf__grouping_fit(const clf_transform *transform, const clf__grouping_params *params,
                             const clf_dataset *dataset, clf__store *state);
/* Checks these tensors of a file. */
clf_status clf__grouping_check(const clf_transform *transform);

/* Fills out [features] with the groupings of a fitted transform. */
void clf__grouping_list(clf__grouping *out, const clf_transform *transform);
/* Returns that of one feature. */
clf__grouping clf__grouping_of(const clf_transform *transform, int64_t feature);

/* Returns the group of a value, -1 for a missing or an unknown one that has none, and
 * CLF__GROUP_REFUSED for one that is refused. */
enum { CLF__GROUP_REFUSED = -2 };
int32_t clf__grouping_group(const clf__grouping *grouping, const clf__grouping_params *params,
                            double value);

/* *group becomes the same. Returns CLF_ERROR_DATA if the value is refused; `dataset` has the chosen
 * columns, for the message. NULL: they are rows of the fit, of which only those of weight 0 can
 * have such values. These are in the first group, since a fit does not refuse rows that do not
 * count. */
clf_status clf__grouping_find(int32_t *group, const clf__grouping *grouping,
                              const clf__grouping_params *params, const clf_dataset *dataset,
                              int64_t feature, double value);

/* Returns the name of a code of the dictionary; NULL for numbers, whose dictionary is NULL, and for
 * a code beyond its end. */
const char *clf__code_name(const clf__names *names, double code);

/* Appends the name of a group: of its category, or "(rare)", "(missing)", "(unknown)". */
void clf__grouping_name(const clf_transform *transform, int64_t feature, int32_t group,
                        clf__text *out);

#endif
