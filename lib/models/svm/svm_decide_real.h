/* Decisions of support vector machines in one type of numbers. svm_decide.c includes this once for
 * f32 and once for f64; it defines
 *   REAL, NAME(x)        the type, and names of its functions
 *   MAX_BLOCK_VALUES     values that exist at once
 *   NAME(vector_sums)    sums over segments of the support vectors
 *   NAME(linear_values)  values of the machines of a linear kernel
 *   LOG_ODDS             decisions with probabilities, if there are any in this type */

/* Computes the values of the pairs from the sums over the vectors of each class,
 * [classes, classes - 1]. */
static void NAME(pair_up)(const REAL *sum, int64_t classes, REAL *f) {
  for (int64_t i = 0; i < classes; i++) {
    for (int64_t j = i + 1; j < classes; j++) {
      *f++ = sum[i * (classes - 1) + j - 1] + sum[j * (classes - 1) + i];
    }
  }
}

static clf_status NAME(expand_pairs)(const clf_model *model, const clf__rows *x, REAL *f) {
  const int64_t classes = model->outputs, width = clf__count(classes, classes - 1);
  const int64_t *count = clf__state_data(model->state, "support_count");
  clf__arena arena = {.context = model->context};
  int64_t *start = clf__arena_zeroed(&arena, classes + 1, sizeof *start);
  REAL *sums = clf__arena_matrix(&arena, x->rows, width, sizeof *sums);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t k = 0; k < classes; k++) {
    start[k + 1] = start[k] + count[k];
  }
  CLF__TRY(NAME(vector_sums)(model, start, classes, classes - 1, x, sums));
  for (int64_t row = 0; row < x->rows; row++) {
    NAME(pair_up)(sums + row * width, classes, f + row * (width / 2));
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* f [x->rows, problems]. */
static clf_status NAME(machine_values)(const clf_model *model, const clf__rows *x, REAL *f) {
  const clf__svm_shape shape = clf__svm_shape_of(model);
  const double *intercept = clf__state_data(model->state, "intercept");
  const int64_t whole[] = {0, clf__support_count(model)};
  if (clf__support_function(model).kind == CLF__KERNEL_LINEAR) {
    return NAME(linear_values)(model, x, intercept, shape.problems, f);
  }
  CLF__CHECK(shape.pairs ? NAME(expand_pairs)(model, x, f)
                         : NAME(vector_sums)(model, whole, 1, shape.coefficients, x, f));
  for (int64_t i = 0; i < x->rows * shape.problems; i++) {
    f[i] = (REAL)((double)f[i] + intercept[i % shape.problems]);
  }
  return CLF_OK;
}

/* Computes votes, and the fractions that break ties, from the values of the pairs; `sums` [classes]
 * is scratch. */
static void NAME(aggregate)(const REAL *f, int64_t classes, double *sums, REAL *values) {
  memset(values, 0, (size_t)classes * sizeof *values);
  memset(sums, 0, (size_t)classes * sizeof *sums);
  for (int64_t i = 0; i < classes; i++) {
    for (int64_t j = i + 1; j < classes; j++, f++) {
      const double cut = *f > 1 ? 1 : *f < -1 ? -1 : (double)*f; /* NaN stays */
      values[*f > 0 ? i : j] += 1;
      sums[i] += cut;
      sums[j] -= cut;
    }
  }
  for (int64_t k = 0; k < classes; k++) {
    values[k] += (REAL)(sums[k] / (double)(2 * classes));
  }
}

/* Computes values [classes] from machines of each class against the rest. A class without rows has
 * no meaningful value, and gets one below all others. */
static void NAME(copy_rest)(const REAL *f, const int64_t *support_count, int64_t classes,
                            REAL *values) {
  REAL lowest = (REAL)INFINITY;
  for (int64_t k = 0; k < classes; k++) {
    lowest = support_count[k] > 0 && f[k] < lowest ? f[k] : lowest;
  }
  for (int64_t k = 0; k < classes; k++) {
    values[k] = support_count[k] > 0 ? f[k] : lowest - 1;
  }
}

/* Without classes, the values of the machines are the decisions. */
static clf_status NAME(decide_block)(const clf_model *model, const clf__rows *x, REAL *f,
                                     double *scratch, REAL *values) {
  const clf__svm_shape shape = clf__svm_shape_of(model);
  const int64_t classes = model->outputs;
  const int64_t *support_count = clf__state_data(model->state, "support_count");
  if (model->classes == NULL) {
    return NAME(machine_values)(model, x, values);
  }
  CLF__CHECK(NAME(machine_values)(model, x, f));
#ifdef LOG_ODDS
  const clf_tensor *calibration = clf__store_tensor(model->state, "calibration");
  for (int64_t row = 0; calibration != NULL && row < x->rows; row++) {
    LOG_ODDS(&shape, classes, support_count, calibration->data, f + row * shape.problems, scratch,
             values + row * classes);
  }
  if (calibration != NULL) {
    return CLF_OK;
  }
#endif
  for (int64_t row = 0; row < x->rows; row++, values += classes) {
    const REAL *own = f + row * shape.problems;
    if (shape.one_vs_rest) {
      NAME(copy_rest)(own, support_count, classes, values);
    } else if (classes == 2) {
      values[0] = own[0];
      values[1] = -own[0];
    } else {
      NAME(aggregate)(own, classes, scratch, values);
    }
  }
  return CLF_OK;
}

/* Returns the rows, from `first` on, that are processed at once. */
static clf__rows NAME(block_at)(const clf_model *model, const clf__rows *x, int64_t first) {
  const int64_t max = MAX_BLOCK_VALUES / (model->outputs * model->outputs), rest = x->rows - first;
  return clf__rows_range(x, first, clf__clamp_i64(max, 1, rest));
}

static clf_status NAME(transform)(const clf_model *model, const clf__rows *x, REAL *values) {
  const int64_t problems = clf__svm_components(model);
  clf_status status = CLF_OK;
  for (int64_t first = 0; status == CLF_OK && first < x->rows;) {
    const clf__rows part = NAME(block_at)(model, x, first);
    status = NAME(machine_values)(model, &part, values + first * problems);
    first += part.rows;
  }
  return status;
}

static clf_status NAME(decide)(const clf_model *model, const clf__rows *x, REAL *values) {
  const int64_t classes = model->outputs, block = NAME(block_at)(model, x, 0).rows;
  const clf__svm_shape shape = clf__svm_shape_of(model);
  clf__arena arena = {.context = model->context};
  REAL *f = clf__arena_matrix(&arena, block, shape.problems, sizeof *f);
  double *scratch = clf__arena_matrix(&arena, classes, classes + 2, sizeof *scratch);
  clf_status status = clf__arena_status(&arena);
  for (int64_t first = 0; status == CLF_OK && first < x->rows; first += block) {
    const clf__rows part = NAME(block_at)(model, x, first);
    status = NAME(decide_block)(model, &part, f, scratch, values + first * classes);
  }
  clf__arena_free(&arena);
  return status;
}

#undef REAL
#undef NAME
#undef MAX_BLOCK_VALUES
#undef LOG_ODDS
