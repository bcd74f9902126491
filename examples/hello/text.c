/* Learns from twelve messages what each is about, and sorts another one:
 *   text ["words to sort"] */
#include <classify.h>
#include <stdio.h>
#include <string.h>

static const char *const messages[] = {
    "please send the invoice for march", "the goalkeeper saved a penalty",
    "it will rain in the evening",       "your payment has not arrived yet",
    "our team won the second half",      "sunny with a light wind tomorrow",
    "the bill is due at the end of may", "the match ended without a goal",
    "snow is expected in the mountains", "the account was charged twice",
    "the coach named his players today", "a storm reaches the coast tonight",
};
static const char *const labels[] = {
    "money", "sport", "weather", "money", "sport", "weather",
    "money", "sport", "weather", "money", "sport", "weather",
};
enum { MESSAGES = sizeof messages / sizeof *messages, CLASSES = 3 };

int main(int argc, char **argv) {
  const char *text = argc > 1 ? argv[1] : "rain and wind in the mountains";
  clf_documents *documents = NULL;
  clf_vocabulary *words = NULL;
  clf_dataset *train = NULL, *row = NULL;
  clf_model *model = NULL;
  float probabilities[CLASSES];
  int failed = clf_documents_create(&documents, NULL, messages, NULL, MESSAGES) ||
               clf_vocabulary_create(&words, NULL, "encoding=tf_idf") ||
               clf_vocabulary_build(words, documents) ||
               clf_vocabulary_encode(&train, words, documents) ||
               clf_dataset_set_label_names(train, labels, MESSAGES) ||
               clf_model_create(&model, NULL, "logistic", "C=10") ||
               clf_model_fit(model, train, NULL, NULL) ||
               clf_vocabulary_encode_text(&row, words, text, strlen(text)) ||
               clf_model_predict_proba(model, row, probabilities, CLASSES);
  if (failed) {
    fprintf(stderr, "%s\n", clf_last_error());
  } else {
    printf("\"%s\"\n", text);
    for (int k = 0; k < CLASSES; k++) {
      printf("%5.1f %% %s\n", 100 * (double)probabilities[k], clf_model_class_name(model, k));
    }
  }
  clf_model_free(model);
  clf_dataset_free(row);
  clf_dataset_free(train);
  clf_vocabulary_free(words);
  clf_documents_free(documents);
  return failed != 0;
}
