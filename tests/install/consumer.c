/* Links the library as a user's program does: fits a model on four points, predicts them. */
#include <classify.h>
#include <stdio.h>
#include <string.h>

static const float points[] = {0, 0, 0, 1, 4, 4, 4, 5};
static const int32_t classes[] = {0, 0, 1, 1};

int main(void) {
  const int64_t shape[] = {4, 2};
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *data = NULL;
  clf_model *model = NULL;
  int32_t predicted[4] = {-1, -1, -1, -1};
  int failed = clf_tensor_wrap(&x, NULL, points, CLF_F32, 2, shape, NULL) ||
               clf_tensor_wrap(&y, NULL, classes, CLF_I32, 1, shape, NULL) ||
               clf_dataset_create(&data, NULL, x, y) ||
               clf_model_create(&model, NULL, "ridge", "alpha=0.1") ||
               clf_model_fit(model, data, NULL, NULL) ||
               clf_model_predict(model, data, predicted, 4);
  if (failed) {
    printf("%s\n", clf_last_error());
  }
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(y);
  clf_tensor_free(x);
  printf("classify %s\n", clf_version());
  return failed || memcmp(predicted, classes, sizeof classes) != 0;
}
