/* Learns to read handwritten digits:
 *   classify [FOLDER]    a folder with the files of MNIST; examples/data holds a sample of them */
#include <classify.h>
#include <stdio.h>

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : "examples/data";
  const int64_t first[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  char train_path[1024], test_path[1024];
  clf_dataset *train = NULL, *test = NULL, *ten = NULL;
  clf_model *model = NULL;
  int32_t predicted[10];
  double accuracy = 0;
  snprintf(train_path, sizeof train_path, "%s/train", folder);
  snprintf(test_path, sizeof test_path, "%s/t10k", folder);
  int failed = clf_dataset_load(&train, NULL, "idx", train_path, NULL) ||
               clf_dataset_load(&test, NULL, "idx", test_path, NULL) ||
               clf_model_create(&model, NULL, "logistic", "C=0.01") ||
               clf_model_fit(model, train, NULL, NULL) || clf_model_score(model, test, &accuracy) ||
               clf_dataset_subset(&ten, test, first, 10) ||
               clf_model_predict(model, ten, predicted, 10) || clf_model_save(model, "digits.clf");
  if (failed) {
    fprintf(stderr, "%s\n", clf_last_error());
  } else {
    printf("%.1f %% of %d test digits are right; the first ten are read as", 100 * accuracy,
           (int)clf_dataset_rows(test));
    for (int i = 0; i < 10; i++) {
      printf(" %s", clf_model_class_name(model, predicted[i]));
    }
    printf("\nThe model is saved in digits.clf.\n");
  }
  clf_model_free(model);
  clf_dataset_free(ten);
  clf_dataset_free(test);
  clf_dataset_free(train);
  return failed != 0;
}
