/* Writes a file of rows piece by piece, maps it, and fits a model to it. */
#include <classify.h>
#include <stdio.h>

#define TRY(call)                                                                                  \
  do {                                                                                             \
    status = (call);                                                                               \
    if (status < 0) {                                                                              \
      fprintf(stderr, "%s: %s\n", #call, clf_last_error());                                        \
      goto done;                                                                                   \
    }                                                                                              \
  } while (0)

enum { PIECE = 1000, FEATURES = 28 };

int main(void) {
  static float values[PIECE][FEATURES];
  static int32_t classes[PIECE];
  const int64_t shape[] = {PIECE, FEATURES};
  clf_dataset_writer *writer = NULL;
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *rows = NULL;
  clf_model *model = NULL;
  double accuracy;
  clf_status status;
  TRY(clf_dataset_writer_create(&writer, NULL, "all.rows", NULL));
  TRY(clf_tensor_wrap(&x, NULL, values, CLF_F32, 2, shape, NULL));
  TRY(clf_tensor_wrap(&y, NULL, classes, CLF_I32, 1, shape, NULL));
  for (int piece = 0; piece < 20; piece++) { /* rather 20,000 */
    for (int i = 0; i < PIECE; i++) {
      classes[i] = (i + piece) % 3;
      for (int j = 0; j < FEATURES; j++) {
        values[i][j] =
            (float)((i * 31 + j * 17 + piece) % 11) + (j % 3 == classes[i] ? 9.0F : 0.0F);
      }
    }
    TRY(clf_dataset_create(&rows, NULL, x, y));
    TRY(clf_dataset_writer_append(writer, rows));
    clf_dataset_free(rows);
    rows = NULL;
  }
  TRY(clf_dataset_writer_finish(writer));

  TRY(clf_dataset_load(&rows, NULL, "rows", "all.rows", NULL)); /* mapped: takes no memory */
  TRY(clf_model_create(&model, NULL, "ridge", NULL));
  TRY(clf_model_fit(model, rows, NULL, NULL));
  TRY(clf_model_score(model, rows, &accuracy));
  printf("%lld rows, accuracy %.3f\n", (long long)clf_dataset_rows(rows), accuracy);
done:
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_tensor_free(y);
  clf_tensor_free(x);
  clf_dataset_writer_free(writer);
  return status < 0;
}
