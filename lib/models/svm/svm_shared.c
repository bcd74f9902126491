/* What a fit of support vector machines derives from its rows: their order by class, kernel values,
 * and the last solutions. Fits on the same rows that differ only in their bounds pass it on, so
 * that a search over C computes the kernel once, and starts each fit from the previous solution. */
#include <string.h>

#include "models/svm/svm.h"

/* order[] and start[]: rows by class, in their original order, without those whose bound is 0. Rows
 * without labels are one class. */
static void group(clf__svm_shared *s, const clf__training *training, const double *C) {
  const int64_t classes = clf__svm_groups(training);
  memset(s->start, 0, (size_t)(classes + 1) * sizeof *s->start);
  for (int64_t i = 0; i < training->x->rows; i++) {
    s->start[clf__svm_group_of(training, i) + 1] += C[i] > 0;
  }
  for (int64_t k = 0; k < classes; k++) {
    s->start[k + 1] += s->start[k];
  }
  for (int64_t i = 0; i < training->x->rows; i++) {
    if (C[i] > 0) {
      s->order[s->start[clf__svm_group_of(training, i)]++] = i;
    }
  }
  memmove(s->start + 1, s->start, (size_t)classes * sizeof *s->start);
  s->start[0] = 0;
}

static void drop_solutions(clf__svm_shared *s) {
  for (int64_t i = 0; s->solutions != NULL && i < s->shape.problems; i++) {
    clf__free(s->solutions[i].b);
    clf__free(s->solutions[i].product);
  }
  clf__free(s->solutions);
  s->solutions = NULL;
}

void clf__svm_shared_free(void *shared) {
  clf__svm_shared *s = shared;
  if (s == NULL) {
    return;
  }
  drop_solutions(s);
  clf__kernel_cache_free(s->cache);
  clf__arena_free(&s->arena);
  clf__free(s);
}

clf_status clf__svm_order_rows(clf__svm_shared **out, clf_context *context,
                               const clf__training *training, const clf__kernel_function *function,
                               const double *C) {
  clf__svm_shared *s = clf__alloc_zeroed(context, 1, sizeof *s);
  if (s == NULL) {
    return CLF_ERROR_MEMORY;
  }
  s->context = context;
  s->function = *function;
  s->arena.context = context;
  s->order = clf__arena_array(&s->arena, training->x->rows, sizeof *s->order);
  s->start = clf__arena_array(&s->arena, clf__svm_groups(training) + 1, sizeof *s->start);
  if (clf__arena_status(&s->arena) < 0) {
    clf__svm_shared_free(s);
    return CLF_ERROR_MEMORY;
  }
  group(s, training, C);
  s->x = *training->x;
  s->groups = (clf__grouped_rows){&s->x, s->order, s->start, clf__svm_groups(training)};
  *out = s;
  return CLF_OK;
}

static bool same_rows(const clf__svm_shared *a, const clf__svm_shared *b) {
  const clf__kernel_function *f = &a->function, *g = &b->function;
  const int64_t classes = a->groups.classes;
  return f->kind == g->kind && f->degree == g->degree && f->gamma == g->gamma &&
         f->coef0 == g->coef0 && classes == b->groups.classes &&
         memcmp(a->start, b->start, (size_t)(classes + 1) * sizeof *a->start) == 0 &&
         memcmp(a->order, b->order, (size_t)a->start[classes] * sizeof *a->order) == 0;
}

clf_status clf__svm_share(clf__svm_shared **out, clf_context *context,
                          const clf__training *training, const clf__kernel_function *function,
                          const double *C, int64_t cache_bytes) {
  clf__svm_shared *made = NULL, *old = training->shared != NULL ? *training->shared : NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(clf__svm_order_rows(&made, context, training, function, C));
  if (old != NULL && same_rows(old, made)) {
    clf__svm_shared_free(made);
    *out = old;
    return CLF_OK;
  }
  CLF__TRY(clf__kernel_center(&made->center, &made->arena, function, training->x));
  if (function->kind != CLF__KERNEL_LINEAR) {
    CLF__TRY(clf__kernel_cache_create(&made->cache, context, function, &made->groups, made->center,
                                      cache_bytes));
  }
  if (training->shared != NULL) {
    clf__svm_shared_free(old);
    *training->shared = made;
  }
  *out = made;
  return CLF_OK;
done:
  clf__svm_shared_free(made);
  return status;
}

clf_status clf__svm_begin_solutions(clf__svm_shared *s, const clf__svm_shape *shape) {
  if (s->solutions != NULL && s->shape.problems == shape->problems &&
      s->shape.one_vs_rest == shape->one_vs_rest && s->shape.type == shape->type) {
    return CLF_OK;
  }
  drop_solutions(s);
  s->shape = *shape;
  s->solutions = clf__alloc_zeroed(s->context, shape->problems, sizeof *s->solutions);
  return s->solutions != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

clf_status clf__svm_hand_on(clf__svm_shared *s, int64_t index, clf__svm_problem *solved) {
  clf__svm_solution *own = &s->solutions[index];
  double *b = clf__alloc_array(s->context, solved->count, sizeof *b);
  clf__free(own->b);
  clf__free(own->product);
  *own = (clf__svm_solution){NULL, NULL};
  if (b == NULL) {
    return CLF_ERROR_MEMORY;
  }
  memcpy(b, solved->b, (size_t)solved->count * sizeof *b);
  for (int64_t i = 0; i < solved->count; i++) {
    solved->gradient[i] = solved->linear[i] - solved->gradient[i];
  }
  *own = (clf__svm_solution){b, solved->gradient};
  solved->gradient = NULL;
  return CLF_OK;
}
