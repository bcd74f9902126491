/* The library of reports: JSON, HTML, files that cannot be written, command lines, messages. */
#include <math.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/curves.h"
#include "report/files.h"
#include "report/json.h"
#include "report/options.h"
#include "report/page.h"
#include "report/pictures.h"
#include "report/scores.h"
#include "report/session.h"
#include "report/share_curve.h"
#include "report/text.h"
#include "support.h"

/* A stream in memory, and what was written to it. */
typedef struct memory {
  FILE *stream;
  char *text;
  size_t size;
} memory;

static void memory_open(memory *m) {
  m->stream = open_memstream(&m->text, &m->size);
  ck_assert_ptr_nonnull(m->stream);
}

/* Closes the stream and compares. */
static void ck_memory_is(memory *m, const char *expected) {
  fclose(m->stream);
  ck_assert_str_eq(m->text, expected);
  free(m->text);
}

TEST(json__nests_and_sets_commas) {
  memory m;
  memory_open(&m);
  json_writer json = json_begin(m.stream);
  json_open(&json, NULL, '[');
  for (int i = 0; i < 2; i++) {
    json_open(&json, NULL, '{');
    json_int64(&json, "count", INT64_MIN);
    json_open(&json, "empty", '[');
    json_close(&json, ']');
    json_numbers(&json, "two", "%.2f", (const double[]){1, 2}, 2);
    json_open(&json, "inner", '{');
    json_text(&json, "name", "");
    json_close(&json, '}');
    json_close(&json, '}');
  }
  json_close(&json, ']');
  ck_memory_is(&m,
               "[\n"
               "  {\"count\": -9223372036854775808, \"empty\": [], \"two\": [1.00, 2.00], "
               "\"inner\": {\"name\": \"\"}},\n"
               "  {\"count\": -9223372036854775808, \"empty\": [], \"two\": [1.00, 2.00], "
               "\"inner\": {\"name\": \"\"}}\n"
               "]\n");
  memory_open(&m);
  json = json_begin(m.stream);
  json_open(&json, NULL, '[');
  json_close(&json, ']');
  ck_memory_is(&m, "[]\n");
}

TEST(json__escapes_text) {
  static const struct {
    const char *text, *written;
  } cases[] = {
      {"say \"a\\b\"/", "\"say \\\"a\\\\b\\\"/\""},
      {"\t\n\x01\x1f\x7f", "\"\\u0009\\u000a\\u0001\\u001f\x7f\""},
      {"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\""},
      {"caf\xE9", "\"caf\\ufffd\""},                            /* Latin-1 */
      {"\xC0\xAF", "\"\\ufffd\\ufffd\""},                       /* overlong */
      {"\xE0\x80\xAF", "\"\\ufffd\\ufffd\\ufffd\""},            /* overlong */
      {"\xED\xA0\x80", "\"\\ufffd\\ufffd\\ufffd\""},            /* a surrogate */
      {"\xF4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""}, /* beyond U+10FFFF */
      {"\xE2\x82", "\"\\ufffd\\ufffd\""},                       /* cut off */
      {"\xE2\"", "\"\\ufffd\\\"\""},                            /* the quote is no part of it */
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    memory m;
    memory_open(&m);
    json_writer json = json_begin(m.stream);
    json_text(&json, NULL, cases[i].text);
    ck_memory_is(&m, cases[i].written);
  }
}

TEST(json__writes_null_for_what_is_no_number) {
  const double values[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, -0.5};
  memory m;
  memory_open(&m);
  json_writer json = json_begin(m.stream);
  json_numbers(&json, NULL, "%.3f", values, 4);
  ck_memory_is(&m, "[\n  null,\n  null,\n  null,\n  -0.500\n]\n");
}

TEST(html__escapes_text_and_groups_digits) {
  memory m;
  memory_open(&m);
  html_text(m.stream, "<b a=\"1\">&\xC3\xA9\xE9");
  ck_memory_is(&m, "&lt;b a=&quot;1&quot;&gt;&amp;\xC3\xA9\xEF\xBF\xBD");
  memory_open(&m);
  html_count(m.stream, 1234005);
  ck_memory_is(&m, "1,234,005");
}

/* Returns how often one text occurs in another. */
static int occurrences(const char *text, const char *part) {
  int count = 0;
  for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
    count++;
  }
  return count;
}

TEST(curves__leave_out_what_is_not_finite) {
  const double loss[] = {2, (double)INFINITY, (double)NAN, 0.5},
               none[] = {(double)NAN, (double)NAN};
  history h = {.epochs = 4, .series = {[HISTORY_LOSS] = loss}};
  memory m;
  memory_open(&m);
  page_curves(m.stream, &h);
  fclose(m.stream);
  ck_assert_int_eq(occurrences(m.text, "<circle"), 2);
  ck_assert_int_eq(occurrences(m.text, "nan") + occurrences(m.text, "inf"), 0);
  ck_assert_uint_lt(m.size, 4000);
  free(m.text);
  h = (history){.epochs = 2, .series = {[HISTORY_LOSS] = none}};
  memory_open(&m);
  page_curves(m.stream, &h);
  fclose(m.stream);
  ck_assert_int_eq(occurrences(m.text, "<circle"), 0);
  free(m.text);
}

TEST(scores__stand_on_a_common_scale) {
  const score_row rows[] = {{"C=1 & \"x\"", NULL, 0.5, (double)NAN, 2},
                            {"C=10", "svm", 0.75, (double)NAN, 0.02},
                            {"C=100", "", (double)NAN, (double)NAN, (double)NAN}};
  score_table table = {.title = "Combinations",
                       .names = "Parameters",
                       .score = "Accuracy",
                       .percent = true,
                       .rows = rows,
                       .count = 3,
                       .best = 1};
  memory m;
  memory_open(&m);
  page_scores(m.stream, &table);
  fclose(m.stream);
  ck_assert_ptr_nonnull(strstr(m.text, "<tr><th scope=\"row\">C=1 &amp; &quot;x&quot;</th>"));
  ck_assert_ptr_nonnull(
      strstr(m.text, "<tr class=\"best\"><th scope=\"row\">C=10<small>svm</small>"));
  ck_assert_ptr_nonnull(
      strstr(m.text, "75.00&nbsp;%</td><td class=\"range\"><div><b style=\"left:98.0%"));
  ck_assert_ptr_nonnull(strstr(m.text, "not computed</td><td class=\"range\"></td><td>–</td>"));
  ck_assert_int_eq(occurrences(m.text, "Deviation") + occurrences(m.text, "nan"), 0);
  free(m.text);
}

TEST(scores__show_deviations) {
  const score_row rows[] = {{"1", NULL, 1, 0.5, 1}, {"2", NULL, 2, 0, 1}};
  const score_table table = {.title = "T",
                             .note = "N <",
                             .names = "Fold",
                             .score = "R²",
                             .rows = rows,
                             .count = 2,
                             .best = 2};
  memory m;
  memory_open(&m);
  page_scores(m.stream, &table);
  fclose(m.stream);
  ck_assert_ptr_nonnull(strstr(m.text, "<p class=\"note\">N &lt;</p>"));
  ck_assert_int_eq(occurrences(m.text, "Deviation"), 1);
  /* From 0.5 to 2: the first row's range is that from 2 % to 66 %. */
  ck_assert_ptr_nonnull(
      strstr(m.text, "<i style=\"left:2.0%;width:64.0%\"></i><b style=\"left:34.0%"));
  ck_assert_int_eq(occurrences(m.text, "<i "), 1);
  free(m.text);
}

TEST(share_curves__have_dots_by_size) {
  const double x[] = {0.5, 0.9}, sizes[] = {0.25, 0.75};
  const share_curve curve = {.title = "a<b",
                             .x_axis = "x",
                             .y_axis = "y",
                             .x = x,
                             .y = x,
                             .points = 2,
                             .sizes = sizes,
                             .diagonal = true};
  memory m;
  memory_open(&m);
  page_share_curve(m.stream, &curve);
  fclose(m.stream);
  ck_assert_ptr_nonnull(strstr(m.text, "a&lt;b"));
  ck_assert_ptr_nonnull(strstr(m.text, "r=\"8.1\"")); /* 14 sqrt(1 / 3) */
  ck_assert_ptr_nonnull(strstr(m.text, "r=\"14.0\""));
  ck_assert_int_eq(occurrences(m.text, "class=\"equal\""), 1);
  free(m.text);
}

TEST(pictures__are_png_in_an_address) {
  const float values[] = {0, 0.5F, 1, 2};
  memory m;
  memory_open(&m);
  picture_ink(m.stream, values, 2, 2, "a \"b\"");
  fclose(m.stream);
  ck_assert_ptr_nonnull(strstr(m.text, "<img src=\"data:image/png;base64,iVBORw0KGgo"));
  ck_assert_ptr_nonnull(strstr(m.text, "width=\"2\" height=\"2\" alt=\"a &quot;b&quot;\">"));
  free(m.text);
}

/* What a call says on standard error, up to the line's end. */
static char said[512];
static FILE *said_to;

static void listen(void) {
  said_to = tmpfile();
  ck_assert_ptr_nonnull(said_to);
  ck_assert_int_ge(dup2(fileno(said_to), STDERR_FILENO), 0);
}

static void ck_said(const char *text) {
  fflush(stderr);
  rewind(said_to);
  ck_assert_ptr_nonnull(fgets(said, sizeof said, said_to));
  ck_assert_msg(strstr(said, text) != NULL, "'%s' is not in: %s", text, said);
  fclose(said_to);
  listen();
}

TEST(output__that_cannot_be_written_is_named) {
  char folder[] = "/tmp/report-XXXXXX", inside[64];
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(inside, sizeof inside, "%s/no/file", folder);
  listen();
  ck_assert(output_possible(NULL));
  ck_assert(!output_possible(inside));
  ck_said("/no/file: No such file or directory");
  ck_assert(!output_possible(folder));
  ck_said("it is a folder");
  ck_assert_ptr_null(output_open(inside));
  ck_said("/no/file: No such file or directory");
  ck_assert_int_eq(output_folder(inside), EXIT_FAILURE);
  ck_said("cannot make the folder");
  ck_assert_int_eq(output_folder(folder), -1);
  ck_assert_int_eq(output_folder(NULL), -1);
  if (geteuid() != 0) { /* who may write anywhere */
    ck_assert_int_eq(chmod(folder, 0500), 0);
    snprintf(inside, sizeof inside, "%s/file", folder);
    ck_assert(!output_possible(inside));
    ck_said("Permission denied");
  }
  ck_assert_int_eq(rmdir(folder), 0);
}

TEST(output__that_is_full_or_closed_is_told) {
  listen();
  FILE *full = output_open("/dev/full");
  ck_assert_ptr_nonnull(full);
  fputs("text", full);
  ck_assert_int_eq(output_close(full, "/dev/full"), -1);
  ck_said("/dev/full: No space left on device");
  int ends[2];
  signal(SIGPIPE, SIG_IGN);
  ck_assert_int_eq(pipe(ends), 0);
  close(ends[0]);
  FILE *closed = fdopen(ends[1], "w");
  json_writer json = json_begin(closed);
  json_open(&json, NULL, '[');
  json_close(&json, ']');
  ck_assert_int_eq(output_close(closed, "pipe"), -1);
  ck_said("pipe: Broken pipe");
}

TEST(session__fails_where_standard_output_is_full) {
  session s = {.context = NULL};
  listen();
  ck_assert_ptr_nonnull(freopen("/dev/full", "w", stdout));
  printf("result\n");
  ck_assert_int_eq(session_end(&s, EXIT_SUCCESS), EXIT_FAILURE);
  ck_said("standard output: No space left on device");
}

/* The options of a program of the tests, read from words. */
static shared_options shared;
static option_words words;
static const char *text_value;
static int64_t number_value;

static int parse(int count, const char *const *given) {
  static const char *word_list[16];
  static char program_name[] = "test", texts[16][64], *arguments[16] = {program_name};
  const option_entry own[] = {
      {"text", "TEXT", "a text", OPTION_TEXT, 0, &text_value},
      {"number", "N", "a number", OPTION_NUMBER, 5, &number_value},
      {"FILE …", NULL, "files", OPTION_WORDS, 0, &words},
  };
  const program_options program = {"[OPTION …] FILE …", "A test.", "data", own, 3};
  words = (option_words){word_list, 0};
  for (int i = 0; i < count; i++) {
    ck_assert_uint_lt(strlen(given[i]), sizeof texts[i]);
    arguments[i + 1] = strcpy(texts[i], given[i]);
  }
  return options_parse(&shared, &program, count + 1, arguments);
}

#define PARSE(...)                                                                                 \
  parse(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *),                               \
        (const char *const[]){__VA_ARGS__})

TEST(options__are_read_in_any_order) {
  ck_assert_int_eq(PARSE("a", "--text=x=y", "--number", "7", "b", "--quiet", "--", "--text", "c"),
                   -1);
  ck_assert_str_eq(text_value, "x=y");
  ck_assert_int_eq(number_value, 7);
  ck_assert(shared.quiet);
  ck_assert_uint_eq(words.count, 4);
  ck_assert_str_eq(words.words[0], "a");
  ck_assert_str_eq(words.words[2], "--text");
  ck_assert_str_eq(words.words[3], "c");
  ck_assert_int_eq(PARSE("--text", "-x"), -1);
  ck_assert_str_eq(text_value, "-x");
}

TEST(options__that_are_wrong_are_named) {
  listen();
  ck_assert_int_eq(PARSE("--tex=a"), EXIT_USAGE); /* an abbreviation */
  ck_said("no option '--tex=a'; did you mean --text?");
  ck_assert_int_eq(PARSE("--t", "a"), EXIT_USAGE); /* of several */
  ck_said("no option '--t'");
  ck_assert_int_eq(PARSE("-qx"), EXIT_USAGE);
  ck_said("no option '-qx'");
  ck_assert_int_eq(PARSE("--zebra"), EXIT_USAGE);
  ck_said("no option '--zebra'; --help lists them");
  ck_assert_int_eq(PARSE("--text"), EXIT_USAGE);
  ck_said("--text needs a value: TEXT");
  ck_assert_int_eq(PARSE("--text", "--quiet"), EXIT_USAGE);
  ck_said("--text needs a value: TEXT");
  ck_assert_int_eq(PARSE("--text="), EXIT_USAGE);
  ck_said("--text is empty");
  ck_assert_int_eq(PARSE("--quiet=1"), EXIT_USAGE);
  ck_said("--quiet takes no value");
  ck_assert_int_eq(PARSE("--number=4"), EXIT_USAGE);
  ck_said("--number takes a whole number from 5 up, not '4'");
  ck_assert_int_eq(PARSE("--number=99999999999999999999"), EXIT_USAGE);
  ck_said("not '99999999999999999999'");
}

TEST(text__is_wrapped_between_words) {
  memory m;
  memory_open(&m);
  print_wrapped(m.stream, "ééé ééé longerthanaline a b", 2, 10);
  ck_memory_is(&m, "ééé ééé\n  longerthanaline\n  a b");
  ck_assert_int_eq(text_columns("é€😀a", strlen("é€😀a")), 4);
}

TEST(names__that_are_near_are_suggested) {
  static const char *const names[] = {"train", "evaluate", "run"};
  ck_assert_str_eq(closest_name("trian", names, 3), "train");
  ck_assert_ptr_null(closest_name("zebra", names, 3));
  ck_assert_uint_eq(find_name("run", names, 3), 2);
  ck_assert_uint_eq(find_name("ran", names, 3), 3);
  listen();
  ck_assert_int_eq(reject_name("command", "zebra", names, 3, NULL), EXIT_USAGE);
  ck_said("no command 'zebra'; there are train, evaluate and run");
}

SUITE("report")
