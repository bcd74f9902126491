/* svm-scale: maps each feature linearly to [lower, upper], by the lowest and highest value that the
 * file has or that a range file says. A feature that a row lacks is 0, and a feature of one value
 * is left out. */
#include <errno.h>
#include <float.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "libsvm/programs.h"
#include "libsvm/text.h"
#include "output.h"
#include "report/progress.h"
#include "report/text.h"

static const option_entry options[] = {
    {"l", "lower", "lower limit of the features (default -1)", OPTION_TEXT, 0, NULL},
    {"u", "upper", "upper limit of the features (default +1)", OPTION_TEXT, 0, NULL},
    {"y", "y_lower y_upper", "limits of the labels (default: labels are not scaled)", OPTION_TEXT,
     0, NULL},
    {"s", "save_filename", "writes the range of each feature to a file", OPTION_TEXT, 0, NULL},
    {"r", "restore_filename", "scales by the ranges of such a file", OPTION_TEXT, 0, NULL},
};

const verb verb_svm_scale = {
    .name = "svm-scale",
    .summary = "scale features as LIBSVM's svm-scale does",
    .usage = "[options] data_filename",
    .words = "data_filename",
    .words_help = "rows as \"label index:value …\"; - is standard input",
    .example = "classify svm-scale -s heart.range heart > heart.scaled",
    .details = "Takes the options of LIBSVM's svm-scale, and prints and writes its files.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .minimum_words = 1,
    .maximum_words = 1,
    .program = svm_scale_main,
};

typedef struct range {
  double low, high;
} range;

static const range none = {DBL_MAX, -DBL_MAX};

/* The range of each index. */
typedef struct ranges {
  range *of; /* [count] */
  int64_t count;
} ranges;

typedef struct scaling {
  range x, y;        /* the limits */
  bool scale_labels; /* y counts */
  const char *save, *restore, *input;
  svm_text text;
  int32_t highest; /* index */
  bool zero;       /* an index is 0 */
  ranges feature;  /* what they have */
  range label;     /* what the labels have */
  int64_t entries, written;
} scaling;

static bool read_options(scaling *s, int argc, char **argv) {
  int letter;
  bool good = true;
  while (good && (letter = getopt(argc, argv, "+:l:u:y:s:r:")) != -1) {
    switch (letter) {
    case 'l':
      good = svm_read_number(&s->x.low, "-l", optarg);
      break;
    case 'u':
      good = svm_read_number(&s->x.high, "-u", optarg);
      break;
    case 'y':
      s->scale_labels = true;
      good = svm_read_number(&s->y.low, "-y", optarg) &&
             svm_read_number(&s->y.high, "-y", argv[optind]);
      optind++;
      break;
    case 's':
      s->save = optarg;
      break;
    case 'r':
      s->restore = optarg;
      break;
    default:
      good = svm_refuse_option(&verb_svm_scale, letter);
    }
  }
  if (good && argc - optind != 1) {
    svm_print_usage(&verb_svm_scale);
    return false;
  }
  s->input = good ? argv[optind] : NULL;
  return good;
}

static bool check_options(const scaling *s) {
  if (!(s->x.high > s->x.low) || (s->scale_labels && !(s->y.high > s->y.low))) {
    fprintf(stderr, "inconsistent lower/upper specification\n");
    return false;
  }
  if (s->save != NULL && s->restore != NULL) {
    fprintf(stderr, "cannot use -r and -s simultaneously\n");
    return false;
  }
  return true;
}

static void widen(range *r, double value) {
  r->low = value < r->low ? value : r->low;
  r->high = value > r->high ? value : r->high;
}

/* Makes capacity for an index, and no values yet. */
static bool reserve(ranges *r, int64_t index) {
  if (index < r->count) {
    return true;
  }
  const int64_t wanted = index + 1 + r->count / 2;
  range *of = realloc(r->of, (size_t)wanted * sizeof *of);
  if (of == NULL) {
    complain("out of memory for %lld features", (long long)wanted);
    return false;
  }
  for (int64_t j = r->count; j < wanted; j++) {
    of[j] = none;
  }
  r->of = of;
  r->count = wanted;
  return true;
}

/* Finds the ranges of the entries that there are; `rows` receives how often each index occurs. */
static int find_row(scaling *s, int64_t **rows, int64_t *capacity) {
  int32_t index;
  double value;
  int found;
  while ((found = svm_text_entry(&s->text, &index, &value)) > 0) {
    if (!reserve(&s->feature, index)) {
      return -1;
    }
    if (index >= *capacity) {
      int64_t *more = realloc(*rows, (size_t)s->feature.count * sizeof *more);
      if (more == NULL) {
        complain("out of memory for %lld features", (long long)s->feature.count);
        return -1;
      }
      memset(more + *capacity, 0, (size_t)(s->feature.count - *capacity) * sizeof *more);
      *rows = more;
      *capacity = s->feature.count;
    }
    widen(&s->feature.of[index], value);
    (*rows)[index]++;
    s->highest = index > s->highest ? index : s->highest;
    s->zero = s->zero || index == 0;
    s->entries++;
  }
  return found;
}

/* An index that some row lacks has a 0; index 0, which should not be there, does not. */
static bool find_ranges(scaling *s) {
  int64_t *rows = NULL, capacity = 0, count = 0;
  double label;
  int found;
  while ((found = svm_text_next(&s->text, &label)) > 0 && !progress_interrupted()) {
    widen(&s->label, label);
    found = find_row(s, &rows, &capacity);
    if (found < 0) {
      break;
    }
    count++;
  }
  for (int64_t j = 1; j < s->feature.count; j++) {
    if (count > 0 && (j >= capacity || rows[j] < count)) {
      widen(&s->feature.of[j], 0);
    }
  }
  free(rows);
  return found == 0;
}

static bool refuse_ranges(const scaling *s, const char *what) {
  complain("%s is not a range file of svm-scale: %s", s->restore, what);
  return false;
}

/* Takes the ranges of the file. A feature of the data that it lacks is left out. */
static bool apply_ranges(scaling *s, const ranges *given, int32_t highest) {
  if (!reserve(&s->feature, highest)) {
    return false;
  }
  for (int64_t j = 1; j <= s->highest || j <= highest; j++) {
    const bool found = j < given->count && given->of[j].low <= given->of[j].high;
    if (!found && j <= s->highest && s->feature.of[j].low != s->feature.of[j].high) {
      fprintf(stderr,
              "WARNING: feature index %lld appeared in file %s was not seen in the scaling factor "
              "file %s. The feature is scaled to 0.\n",
              (long long)j, s->input, s->restore);
    }
    s->feature.of[j] = found ? given->of[j] : (range){0, 0};
  }
  s->highest = highest > s->highest ? highest : s->highest;
  return true;
}

static bool restore_features(scaling *s, FILE *file) {
  ranges given = {.count = 0};
  int32_t highest = 0;
  int index, read;
  range r;
  bool good = true;
  while (good && (read = fscanf(file, "%d %lf %lf", &index, &r.low, &r.high)) == 3) {
    if (index <= highest || index == INT32_MAX || !(r.low <= r.high)) {
      free(given.of);
      return refuse_ranges(s, "indices must ascend from 1, and low <= high");
    }
    good = reserve(&given, index);
    if (good) {
      given.of[index] = r;
      highest = index;
    }
  }
  if (good && read != EOF) {
    good = refuse_ranges(s, "a line is not \"index low high\"");
  }
  good = good && apply_ranges(s, &given, highest);
  free(given.of);
  return good;
}

static bool read_ranges(scaling *s, FILE *file) {
  char letter = 0;
  if (fscanf(file, " %c", &letter) == 1 && letter == 'y') {
    s->scale_labels = true;
    if (fscanf(file, "%lf %lf %lf %lf", &s->y.low, &s->y.high, &s->label.low, &s->label.high) !=
        4) {
      return refuse_ranges(s, "four numbers must follow y");
    }
    letter = fscanf(file, " %c", &letter) == 1 ? letter : '\0';
  }
  if (letter != 'x' || fscanf(file, "%lf %lf", &s->x.low, &s->x.high) != 2) {
    return refuse_ranges(s, "two numbers must follow x");
  }
  return restore_features(s, file);
}

static bool restore_ranges(scaling *s) {
  FILE *file = fopen(s->restore, "r");
  if (file == NULL) {
    fprintf(stderr, "can't open file %s: %s\n", s->restore, strerror(errno));
    return false;
  }
  const bool good = read_ranges(s, file);
  fclose(file);
  return good;
}

static bool save_ranges(const scaling *s) {
  output_file out;
  if (!output_begin(&out, s->save)) {
    return false;
  }
  if (s->scale_labels) {
    fprintf(out.file, "y\n%.17g %.17g\n%.17g %.17g\n", s->y.low, s->y.high, s->label.low,
            s->label.high);
  }
  fprintf(out.file, "x\n%.17g %.17g\n", s->x.low, s->x.high);
  for (int64_t j = 1; j <= s->highest; j++) {
    if (s->feature.of[j].low != s->feature.of[j].high) {
      fprintf(out.file, "%lld %.17g %.17g\n", (long long)j, s->feature.of[j].low,
              s->feature.of[j].high);
    }
  }
  return output_commit(&out);
}

/* The ends are met exactly. */
static double scaled(double value, range from, range to) {
  return value == from.low ? to.low
         : value == from.high
             ? to.high
             : to.low + (to.high - to.low) * (value - from.low) / (from.high - from.low);
}

static void write_entry(scaling *s, int64_t index, double value) {
  if (s->feature.of[index].low == s->feature.of[index].high) {
    return;
  }
  value = scaled(value, s->feature.of[index], s->x);
  if (value != 0) {
    printf("%lld:%g ", (long long)index, value);
    s->written++;
  }
}

static int write_row(scaling *s) {
  int64_t next = 1;
  int32_t index;
  double value;
  int found;
  while ((found = svm_text_entry(&s->text, &index, &value)) > 0) {
    for (; next < index; next++) {
      write_entry(s, next, 0);
    }
    write_entry(s, index, value);
    next = (int64_t)index + 1;
  }
  for (; found == 0 && next <= s->highest; next++) {
    write_entry(s, next, 0);
  }
  putchar('\n');
  return found;
}

static bool write_rows(scaling *s) {
  double label;
  int found;
  rewind(s->text.file);
  s->text.number = 0;
  while ((found = svm_text_next(&s->text, &label)) > 0 && !progress_interrupted() &&
         !ferror(stdout)) {
    printf("%.17g ", s->scale_labels ? scaled(label, s->label, s->y) : label);
    found = write_row(s);
    if (found < 0) {
      break;
    }
  }
  return found == 0 || ferror(stdout); /* svm_end() reports that */
}

static void warn(const scaling *s) {
  if (s->zero) {
    fprintf(stderr, "WARNING: minimal feature index is 0, but indices should start from 1\n");
    if (s->save != NULL) {
      fprintf(stderr,
              "WARNING: scaling factors with indices smaller than 1 are not stored to the file "
              "%s.\n",
              s->save);
    }
  }
}

static bool scale(scaling *s) {
  if (!svm_text_keep(&s->text) || !reserve(&s->feature, 0) || !find_ranges(s) ||
      (s->restore != NULL && !restore_ranges(s))) {
    return false;
  }
  warn(s);
  if ((s->save != NULL && !save_ranges(s)) || !write_rows(s)) {
    return false;
  }
  if (s->written > s->entries) {
    fprintf(stderr,
            "WARNING: original #nonzeros %lld\n       > new      #nonzeros %lld\n"
            "If feature values are non-negative and sparse, use -l 0 rather than the default -l "
            "-1\n",
            (long long)s->entries, (long long)s->written);
  }
  return true;
}

int svm_scale_main(int argc, char **argv) {
  scaling s = {.x = {-1, 1}, .label = none};
  clf_context *context = NULL;
  const int begun = svm_begin_options(&verb_svm_scale, argc, argv);
  if (begun >= 0) {
    return begun;
  }
  if (!read_options(&s, argc, argv) || !check_options(&s) ||
      !svm_text_open(&s.text, s.input, "can't open file")) {
    return EXIT_FAILURE;
  }
  const bool good = svm_begin(&context, true) >= 0 && scale(&s);
  svm_text_close(&s.text);
  free(s.feature.of);
  return svm_end(context, good ? EXIT_SUCCESS : EXIT_FAILURE);
}
