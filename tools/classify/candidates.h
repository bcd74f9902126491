/* The models that classify auto tries, as rows of a table. */
#ifndef CLASSIFY_CANDIDATES_H
#define CLASSIFY_CANDIDATES_H

#include "recipe.h"

/* The data that a candidate is for. */
enum {
  FOR_TABLES = 1,   /* dense rows of numbers */
  FOR_PICTURES = 2, /* dense rows of pictures */
  FOR_SPARSE = 4,   /* sparse rows of numbers */
  FOR_TEXTS = 8,
  FOR_TARGETS = 16 /* regressions too; the others are for labels only */
};

typedef struct candidate {
  unsigned suits; /* FOR_… */
  /* Kind and parameters. {outputs} stands for the number of classes or targets, {2.5} for 2.5
   * divided by the number of features. */
  const char *model;
  const char *transforms; /* in their order, with ";" between them; or NULL */
  const char *vocabulary; /* of texts; candidates of one vocabulary follow each other */
  double growth;          /* the time of a fit grows with this power of the number of rows */
  int64_t max_features;   /* more would take too much time or memory; 0: no limit */
} candidate;

/* The candidates, those that take the least time for what they promise first. */
extern const candidate candidates[];
extern const size_t candidate_count;

/* The data of a dataset: one of FOR_TABLES, FOR_PICTURES, FOR_SPARSE, or FOR_TEXTS. */
unsigned candidate_data(const clf_dataset *rows, bool texts);

/* Whether a candidate is for such rows. */
bool candidate_suits(const candidate *self, unsigned data, const clf_dataset *rows);

/* What a candidate is for rows like these, as the options of the command line take it. */
typedef struct candidate_recipe {
  recipe recipe;
  char model[512], transforms[128]; /* the texts in it */
  char pipeline[192];               /* all transforms in their order, with "; " between them */
} candidate_recipe;

/* `stages` are transforms that the rows need in front of those of the candidate. */
void candidate_make(candidate_recipe *out, const candidate *self, const option_texts *stages,
                    const clf_dataset *rows);

#endif
