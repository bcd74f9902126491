#include "strangers.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum person_role { ROLE_TRAIN, ROLE_ENROLLED, ROLE_STRANGER } person_role;

/* How like the training people a picture is: mean and deviation of its cosines with theirs. */
typedef struct likeness {
  double mean, deviation;
} likeness;

/* Who is what in one split. */
struct cast {
  int32_t *role;    /* [people] */
  int64_t *picture; /* [people] enrolled of each, or -1 */
  int64_t *order;   /* [pictures] for work */
  likeness *like;   /* [pictures] */
};

/* Pictures compared with those enrolled, of all splits. */
typedef struct comparisons {
  float *score; /* [pairs] */
  int32_t *same;
  int64_t pairs;
  float *best;    /* [probes] highest score, */
  int32_t *right; /* whether it is the right person's; -1 for a stranger */
  int64_t probes;
} comparisons;

static void assign(const face_set *faces, int64_t seed, struct cast *c) {
  const int64_t train = (faces->people * 11 + 10) / 20,
                known = train + (faces->people - train + 1) / 2;
  shuffled(c->order, faces->people, (uint64_t)seed);
  for (int64_t i = 0; i < faces->people; i++) {
    c->role[c->order[i]] = i < train ? ROLE_TRAIN : i < known ? ROLE_ENROLLED : ROLE_STRANGER;
    c->picture[i] = -1;
  }
  shuffled(c->order, faces->count, (uint64_t)seed + 1);
  for (int64_t i = 0; i < faces->count; i++) {
    const int32_t person = faces->person[c->order[i]];
    if (c->role[person] == ROLE_ENROLLED && c->picture[person] < 0) {
      c->picture[person] = c->order[i];
    }
  }
}

/* The pictures of the training people, who are the only classes. */
static clf_status training_rows(clf_dataset **out, const face_set *faces, const struct cast *c,
                                clf_context *context) {
  clf_dataset *some = NULL, *rows = NULL;
  clf_tensor *x = NULL;
  const char **names = malloc((size_t)faces->count * sizeof *names);
  int64_t count = 0;
  for (int64_t i = 0; names != NULL && i < faces->count; i++) {
    if (c->role[faces->person[i]] == ROLE_TRAIN) {
      names[count] = clf_dataset_class_name(faces->rows, faces->person[i]);
      c->order[count++] = i;
    }
  }
  clf_status status =
      names == NULL ? CLF_ERROR_MEMORY : clf_dataset_subset(&some, faces->rows, c->order, count);
  status = status == CLF_OK ? clf_dataset_tensor(&x, some, "x") : status;
  status = status == CLF_OK ? clf_dataset_create(&rows, context, x, NULL) : status;
  status = status == CLF_OK ? clf_dataset_set_label_names(rows, names, count) : status;
  clf_tensor_free(x);
  clf_dataset_free(some);
  free(names);
  if (status < 0) {
    clf_dataset_free(rows);
    return status;
  }
  *out = rows;
  return CLF_OK;
}

/* Moves places [pictures, size] so that the training pictures' mean is 0, each to length 1. */
static void center(float *places, int64_t size, const face_set *faces, const struct cast *c) {
  for (int64_t j = 0; j < size; j++) {
    double sum = 0;
    int64_t count = 0;
    for (int64_t i = 0; i < faces->count; i++) {
      const bool counts = c->role[faces->person[i]] == ROLE_TRAIN;
      sum += counts ? (double)places[i * size + j] : 0;
      count += counts;
    }
    for (int64_t i = 0; i < faces->count; i++) {
      places[i * size + j] -= (float)(sum / (double)count);
    }
  }
  for (int64_t i = 0; i < faces->count; i++) {
    double squares = 0;
    for (int64_t j = 0; j < size; j++) {
      squares += pow((double)places[i * size + j], 2);
    }
    for (int64_t j = 0; j < size && squares > 0; j++) {
      places[i * size + j] /= (float)sqrt(squares);
    }
  }
}

static float cosine(const float *a, const float *b, int64_t size) {
  float sum = 0;
  for (int64_t j = 0; j < size; j++) {
    sum += a[j] * b[j];
  }
  return sum;
}

static likeness likeness_of(const float *places, int64_t size, const face_set *faces,
                            const struct cast *c, int64_t picture) {
  double sum = 0, squares = 0;
  int64_t count = 0;
  for (int64_t i = 0; i < faces->count; i++) {
    if (c->role[faces->person[i]] == ROLE_TRAIN) {
      const double one = (double)cosine(places + picture * size, places + i * size, size);
      sum += one;
      squares += one * one;
      count++;
    }
  }
  const double mean = sum / (double)count, variance = squares / (double)count - mean * mean;
  return (likeness){mean, variance > 1e-12 ? sqrt(variance) : 1e-6};
}

/* The cosine of two pictures in units of what each has with people that it is not: a picture that
 * is like everybody must be more like one of them (symmetric score normalization, Kenny 2010). */
static float compare_pictures(const float *places, int64_t size, const likeness *like, int64_t a,
                              int64_t b) {
  const double s = (double)cosine(places + a * size, places + b * size, size);
  return (float)(((s - like[a].mean) / like[a].deviation + (s - like[b].mean) / like[b].deviation) /
                 2);
}

/* One picture against all that are enrolled. */
static void compare(comparisons *all, const float *places, int64_t size, const face_set *faces,
                    const struct cast *c, int64_t picture) {
  const int32_t person = faces->person[picture];
  int64_t nearest = -1;
  float best = -FLT_MAX;
  for (int64_t other = 0; other < faces->people; other++) {
    if (c->picture[other] >= 0) {
      const float score = compare_pictures(places, size, c->like, picture, c->picture[other]);
      all->score[all->pairs] = score;
      all->same[all->pairs++] = other == person;
      nearest = score > best ? other : nearest;
      best = score > best ? score : best;
    }
  }
  all->best[all->probes] = best;
  all->right[all->probes++] = c->role[person] == ROLE_STRANGER ? -1 : nearest == person;
}

/* Compares the pictures of a split; the share of those enrolled that were given to the right ones.
 */
static double compare_all(comparisons *all, float *places, int64_t size, const face_set *faces,
                          const struct cast *c) {
  int64_t asked = 0, right = 0;
  center(places, size, faces, c);
  for (int64_t i = 0; i < faces->count; i++) {
    c->like[i] = likeness_of(places, size, faces, c, i);
  }
  for (int64_t i = 0; i < faces->count; i++) {
    if (c->role[faces->person[i]] != ROLE_TRAIN && c->picture[faces->person[i]] != i) {
      compare(all, places, size, faces, c, i);
      asked += all->right[all->probes - 1] >= 0;
      right += all->right[all->probes - 1] == 1;
    }
  }
  return asked > 0 ? (double)right / (double)asked : 0;
}

/* The projections of all pictures by the model: [pictures, *size], to be freed. */
static clf_status project(float **out, int64_t *size, const clf_model *model,
                          const face_set *faces) {
  clf_status status = clf_model_project(model, faces->rows, NULL, 0, size);
  float *places = status == CLF_OK ? malloc((size_t)(faces->count * *size) * sizeof *places) : NULL;
  if (status == CLF_OK) {
    status = places == NULL
                 ? CLF_ERROR_MEMORY
                 : clf_model_project(model, faces->rows, places, faces->count * *size, NULL);
  }
  if (status < 0) {
    free(places);
    return status;
  }
  *out = places;
  return CLF_OK;
}

static clf_status run_split(stranger_test *out, result *row, const evaluation_job *job,
                            const model_entry *entry, comparisons *all, int64_t split) {
  const int64_t before = all->probes;
  clf_dataset *train = NULL;
  clf_model *model = NULL;
  float *places = NULL;
  int64_t size = 0;
  double score = 0;
  assign(job->faces, job->seed + split, out->cast);
  clf_status status = training_rows(&train, job->faces, out->cast, job->context);
  status = status == CLF_OK ? split_fit(&model, row, job, entry, train) : status;
  const double start = seconds_now();
  status = status == CLF_OK ? project(&places, &size, model, job->faces) : status;
  row->predict_seconds += (seconds_now() - start) / (double)job->splits;
  if (status == CLF_OK) {
    out->identified[split] = compare_all(all, places, size, job->faces, out->cast);
    status = clf_model_score(model, train, &score);
  }
  row->train_accuracy += score / (double)job->splits;
  row->test_rows = all->probes - before;
  free(places);
  clf_model_free(model);
  clf_dataset_free(train);
  return status;
}

typedef struct scored_pair {
  float score;
  int32_t same;
} scored_pair;

static int by_score(const void *a, const void *b) {
  const float x = ((const scored_pair *)a)->score, y = ((const scored_pair *)b)->score;
  return x != y ? (x < y ? 1 : -1) : 0;
}

/* The curve, and where its two errors are equal: from the highest score down. */
static void trace_curve(stranger_test *out, const scored_pair *pairs, int64_t count, int64_t same) {
  int64_t joined = 0, wrong = 0, point = 0;
  double nearest = 2;
  const int64_t others = count - same;
  for (int64_t i = 0; i < count; i++) {
    joined += pairs[i].same;
    wrong += !pairs[i].same;
    if (i + 1 < count && pairs[i + 1].score == pairs[i].score) {
      continue;
    }
    const double missed = 1 - (double)joined / (double)same,
                 passed = (double)wrong / (double)others;
    if (fabs(missed - passed) < nearest) {
      nearest = fabs(missed - passed);
      out->equal_error = (missed + passed) / 2;
      out->threshold = (double)pairs[i].score;
    }
    for (; point < ROC_POINTS && passed > (double)point / (ROC_POINTS - 1); point++) {
      out->joined[point] = (double)(joined - pairs[i].same) / (double)same;
    }
  }
  for (; point < ROC_POINTS; point++) {
    out->joined[point] = 1;
  }
}

static clf_status measure(stranger_test *out, const comparisons *all) {
  scored_pair *pairs = malloc((size_t)all->pairs * sizeof *pairs);
  int64_t same = 0, enrolled = 0, accepted = 0, strangers = 0, rejected = 0;
  if (pairs == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < all->pairs; i++) {
    pairs[i] = (scored_pair){all->score[i], all->same[i]};
    same += all->same[i];
  }
  const clf_status status = clf_roc_auc(all->same, all->score, NULL, all->pairs, &out->area);
  if (status == CLF_OK) {
    qsort(pairs, (size_t)all->pairs, sizeof *pairs, by_score);
    trace_curve(out, pairs, all->pairs, same);
  }
  free(pairs);
  for (int64_t i = 0; i < all->probes; i++) {
    const bool above = (double)all->best[i] >= out->threshold;
    enrolled += all->right[i] >= 0;
    accepted += all->right[i] == 1 && above;
    strangers += all->right[i] < 0;
    rejected += all->right[i] < 0 && !above;
  }
  out->accepted = (double)accepted / (double)(enrolled > 0 ? enrolled : 1);
  out->rejected = (double)rejected / (double)(strangers > 0 ? strangers : 1);
  return status;
}

static bool allocate(stranger_test *out, comparisons *all, const evaluation_job *job) {
  const face_set *faces = job->faces;
  const size_t probes = (size_t)(faces->count * job->splits),
               pairs = probes * (size_t)faces->people;
  struct cast *c = calloc(1, sizeof *c);
  *all = (comparisons){.score = malloc(pairs * sizeof *all->score),
                       .same = malloc(pairs * sizeof *all->same),
                       .best = malloc(probes * sizeof *all->best),
                       .right = malloc(probes * sizeof *all->right)};
  out->identified = malloc((size_t)job->splits * sizeof *out->identified);
  out->cast = c;
  if (c != NULL) {
    *c = (struct cast){.role = malloc((size_t)faces->people * sizeof *c->role),
                       .picture = malloc((size_t)faces->people * sizeof *c->picture),
                       .order = malloc((size_t)faces->count * sizeof *c->order),
                       .like = malloc((size_t)faces->count * sizeof *c->like)};
  }
  return all->score && all->same && all->best && all->right && out->identified && c && c->role &&
         c->picture && c->order && c->like;
}

clf_status strangers_evaluate(stranger_test *out, result *row, const evaluation_job *job,
                              const model_entry *entry) {
  comparisons all = {0};
  *out = (stranger_test){.area = 0};
  models_pipeline(out->params, entry, models_recipe(entry, PRESET_EXACT),
                  &(const model_sizes){.classes = (job->faces->people * 11 + 10) / 20});
  clf_status status = allocate(out, &all, job) ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t split = 0; status == CLF_OK && split < job->splits; split++) {
    status = split_begin(job, entry->name, split);
    status = status == CLF_OK ? run_split(out, row, job, entry, &all, split) : status;
  }
  status = status == CLF_OK ? measure(out, &all) : status;
  if (status == CLF_OK) {
    row->params = out->params;
    row->test_accuracy = mean_of(out->identified, job->splits);
    out->deviation = deviation_of(out->identified, job->splits);
  }
  free(all.score);
  free(all.same);
  free(all.best);
  free(all.right);
  return status;
}

void strangers_free(stranger_test *test) {
  if (test->cast != NULL) {
    free(test->cast->role);
    free(test->cast->picture);
    free(test->cast->order);
    free(test->cast->like);
  }
  free(test->cast);
  free(test->identified);
  *test = (stranger_test){0};
}

/* Names of a split's people of one role; of those enrolled, of their pictures. */
static void write_role(json_writer *json, const char *name, const face_set *faces,
                       const struct cast *c, person_role role) {
  json_open(json, name, '[');
  for (int64_t person = 0; person < faces->people; person++) {
    if (c->role[person] == (int32_t)role) {
      json_text(json, NULL,
                role == ROLE_ENROLLED ? faces->names[c->picture[person]]
                                      : clf_dataset_class_name(faces->rows, person));
    }
  }
  json_close(json, ']');
}

void strangers_members(json_writer *json, const stranger_test *test, const evaluation_job *job) {
  json_text(json, "protocol", protocol_names[job->protocol]);
  json_open(json, "splits", '[');
  for (int64_t split = 0; split < job->splits; split++) {
    assign(job->faces, job->seed + split, test->cast);
    json_open(json, NULL, '{');
    json_int64(json, "seed", job->seed + split);
    json_number(json, "test_accuracy", "%.6f", test->identified[split]);
    write_role(json, "train", job->faces, test->cast, ROLE_TRAIN);
    write_role(json, "enrolled", job->faces, test->cast, ROLE_ENROLLED);
    write_role(json, "strangers", job->faces, test->cast, ROLE_STRANGER);
    json_close(json, '}');
  }
  json_close(json, ']');
  json_number(json, "test_accuracy_deviation", "%.6f", test->deviation);
  json_number(json, "roc_auc", "%.6f", test->area);
  json_number(json, "equal_error_rate", "%.6f", test->equal_error);
  json_number(json, "threshold", "%.6f", test->threshold);
  json_number(json, "accepted", "%.6f", test->accepted);
  json_number(json, "rejected", "%.6f", test->rejected);
}
