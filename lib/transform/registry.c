/* The kinds of transforms. A new kind is a file with its clf__transform_kind and a line here. */
#include "transform/transform.h"

static const clf__kind *const kinds[] = {
    &clf__standardize_kind.base, &clf__min_max_kind.base,
    &clf__polynomial_kind.base,  &clf__log_count_ratio_kind.base,
    &clf__pca_kind.base,         &clf__hog_kind.base,
    &clf__select_kind.base,      NULL,
};

const clf__registry clf__transform_kinds = {"transform", "transform", kinds};
