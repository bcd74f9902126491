/* The shortest program that loads, fits, scores and saves: whole_program FOLDER, in which "mnist"
 * is the folder of the sample. Its text shows how short such a program is. */
#include <classify.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 2 || chdir(argv[1]) != 0) {
    return 2;
  }
#include "whole_program.inc"
  clf_model *again = NULL;
  double score = -1;
  const int failed =
      clf_model_load(&again, NULL, "digits.clf") < 0 || clf_model_score(again, test, &score) < 0;
  printf("accuracy %g, of the saved model %g %s\n", accuracy, score,
         failed ? clf_last_error() : "");
  clf_model_free(again);
  clf_model_free(svm);
  clf_dataset_free(test);
  clf_dataset_free(train);
  return failed || !(accuracy > 0.9) || !(score == accuracy);
}
