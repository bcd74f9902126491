/* The kinds of transforms. A new kind is a file with its clf__transform_kind and a line here. */
#include "transform/transform.h"

static const clf__kind *const kinds[] = {
    &clf__standardize_kind.base, &clf__min_max_kind.base,
    &clf__polynomial_kind.base,  &clf__log_count_ratio_kind.base,
    &clf__pca_kind.base,         &clf__hog_kind.base,
    &clf__select_kind.base,      &clf__impute_kind.base,
    &clf__robust_kind.base,      &clf__quantile_kind.base,
    &clf__log_kind.base,         &clf__one_hot_kind.base,
    &clf__ordinal_kind.base,     &clf__target_mean_kind.base,
    &clf__hash_kind.base,        NULL,
};

const clf__registry clf__transform_kinds = {"transform", "transform", kinds};
