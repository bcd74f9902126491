/* Film reviews of two opinions, one of which is denied, by a grammar of a few words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "texts.h"

enum { MAX_TEXT = 512 };

typedef struct words {
  const char *const *list;
  int count;
} words;

#define WORDS(...)                                                                                 \
  {                                                                                                \
    (const char *const[]){__VA_ARGS__},                                                            \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)                          \
  }

static const words subjects = WORDS("the plot", "the acting", "the music", "the dialogue",
                                    "the ending", "the camera work", "the whole film", "the cast");
static const words good = WORDS("good", "moving", "clever", "beautiful", "gripping", "charming");
static const words bad = WORDS("bad", "dull", "clumsy", "ugly", "tedious", "annoying");
static const words between =
    WORDS("as far as i can tell", "in my opinion", "for most of its time", "to be honest",
          "at any point", "whatever others say", "really", "despite what i had read before");
static const words links = WORDS("and", "while", "whereas", "but then");
static const words openings =
    WORDS("i saw this last week", "a friend took me to this one", "this came out in spring",
          "we watched it at home", "here we go");

typedef struct generator {
  uint64_t state;
  char text[MAX_TEXT];
  size_t length;
} generator;

/* A 64-bit linear congruential generator; its high bits are good enough to pick words by. */
static int draw(generator *g, int limit) {
  g->state = g->state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (int)((g->state >> 33) % (uint64_t)limit);
}

static void say(generator *g, const char *text) {
  int written = snprintf(g->text + g->length, sizeof g->text - g->length, "%s ", text);
  g->length += (size_t)written;
}

static void say_one_of(generator *g, const words *w) {
  say(g, w->list[draw(g, w->count)]);
}

/* "the plot was [not], in my opinion, really, good" */
static void say_opinion(generator *g, const words *opinion, bool denied) {
  say_one_of(g, &subjects);
  say(g, "was");
  if (denied) {
    say(g, "not");
  }
  for (int i = draw(g, 3); i >= 0; i--) {
    say_one_of(g, &between);
  }
  say_one_of(g, opinion);
}

/* Returns whether it is a good one: then the bad opinion is the one denied. */
static bool make_review(generator *g) {
  const bool positive = draw(g, 2) == 1, good_first = draw(g, 2) == 1;
  g->length = 0;
  say_one_of(g, &openings);
  for (int i = 0; i < 2; i++) {
    const bool praise = (i == 0) == good_first;
    say_opinion(g, praise ? &good : &bad, praise != positive);
    say(g, i == 0 ? links.list[draw(g, links.count)] : ".");
  }
  return positive;
}

clf_status synthetic_reviews(reviews *out, clf_context *context, int64_t count, int64_t seed) {
  generator g = {.state = (uint64_t)seed};
  char(*texts)[MAX_TEXT] = calloc((size_t)count, sizeof *texts);
  const char **pointers = calloc((size_t)count, sizeof *pointers);
  out->labels = calloc((size_t)count + 1, sizeof *out->labels);
  clf_status status = texts && pointers && out->labels ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t i = 0; status == CLF_OK && i < count; i++) {
    out->labels[i] = strdup(make_review(&g) ? "positive" : "negative");
    pointers[i] = memcpy(texts[i], g.text, sizeof g.text);
    status = out->labels[i] != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  }
  if (status == CLF_OK) {
    status = clf_documents_create(&out->documents, context, pointers, NULL, count);
  }
  free(texts);
  free(pointers);
  return status;
}
