/* Manual pages as roff with the macros of man(7). What is not ASCII is written by its number, so
 * that a page is read alike in every encoding. */
#include "manual.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "report/text.h"
#include "verbs.h"

/* The number of the character that begins a text of valid UTF-8, of so many bytes. */
static unsigned code_point(const char *text, size_t length) {
  const unsigned char *c = (const unsigned char *)text;
  unsigned code = length == 1 ? c[0] : c[0] & (0x7FU >> length);
  for (size_t i = 1; i < length; i++) {
    code = code << 6 | (c[i] & 0x3FU);
  }
  return code;
}

/* Writes text so that no line of it is a request, and quotes and hyphens are those that are
 * typed. */
static void put_text(FILE *out, const char *text) {
  static const char plain[] = "\\-'`^~";
  static const char *const escapes[] = {"\\e", "\\-", "\\(aq", "\\(ga", "\\(ha", "\\(ti"};
  bool begins = true;
  while (*text != '\0') {
    const size_t length = utf8_length(text);
    const char *special = strchr(plain, *text);
    if (length > 1) {
      fprintf(out, "\\[u%04X]", code_point(text, length));
    } else if (special != NULL) {
      fputs(escapes[special - plain], out);
    } else {
      fprintf(out, "%s%c", begins && *text == '.' ? "\\&" : "", *text);
    }
    begins = *text == '\n';
    text += length > 0 ? length : 1;
  }
}

/* A heading and a paragraph. */
static void put_section(FILE *out, const char *heading, const char *text) {
  fprintf(out, ".SH %s\n", heading);
  put_text(out, text);
  fputc('\n', out);
}

static void put_font(FILE *out, char font, const char *before, const char *text) {
  fprintf(out, "\\f%c", font);
  put_text(out, before);
  put_text(out, text);
  fputs("\\fR", out);
}

/* An item of a list: its help follows. */
static void put_option(FILE *out, const option_entry *entry, const option_entry *letter) {
  const bool is_words = entry->type == OPTION_WORDS;
  fputs(".TP\n", out);
  if (letter != NULL) {
    put_font(out, 'B', "-", letter->name);
    fputs(", ", out);
  }
  put_font(out, is_words ? 'I' : 'B', is_words ? "" : option_dashes(entry), entry->name);
  if (entry->argument != NULL) {
    fputc(' ', out);
    put_font(out, 'I', "", entry->argument);
  }
  fputc('\n', out);
  put_text(out, entry->help);
  fputc('\n', out);
}

static void put_options(FILE *out, const verb *which) {
  static tool none;
  option_entry options[TOOL_OPTIONS];
  size_t count;
  tool_options(options, &count, &none, which);
  const command_line line = {.options = options, .count = count};
  fputs(".SH OPTIONS\n", out);
  for (size_t i = 0; i < count; i++) {
    if (options[i].help != NULL) {
      put_option(out, &options[i], option_letter(&line, i));
    }
  }
  if (which->program == NULL) {
    put_option(
        out,
        &(option_entry){"help", NULL, "print a summary of the options", OPTION_SWITCH, 0, NULL},
        &(option_entry){"h", NULL, NULL, OPTION_SWITCH, 0, NULL});
  }
}

static void put_example(FILE *out, const char *example) {
  fputs(".SH EXAMPLE\n.nf\n", out);
  put_text(out, example);
  fputs("\n.fi\n", out);
}

/* `name` is "classify" or "classify-train"; the heading of a page is in capitals. */
static void put_head(FILE *out, const char *name, const char *summary) {
  fputs(".TH \"", out);
  for (const char *at = name; *at != '\0'; at++) {
    fputc(toupper((unsigned char)*at), out);
  }
  fprintf(out, "\" 1 \"\" \"libclassify %s\" \"libclassify\"\n.SH NAME\n", clf_version());
  put_text(out, name);
  fputs(" \\- ", out);
  put_text(out, summary);
  fputc('\n', out);
}

static void put_verb(FILE *out, const char *name, const verb *which) {
  put_head(out, name, which->summary);
  fprintf(out, ".SH SYNOPSIS\n.B classify %s\n", which->name);
  put_text(out, which->usage);
  fputc('\n', out);
  put_section(out, "DESCRIPTION", which->details);
  put_options(out, which);
  put_example(out, which->example);
  if (which->program == NULL) {
    put_section(out, "EXIT STATUS", tool_exits);
  }
  fputs(".SH SEE ALSO\n.BR classify (1)\n", out);
}

static void put_program(FILE *out) {
  put_head(out, "classify", "train classifiers on tables, texts and images, and predict with them");
  fputs(".SH SYNOPSIS\n.B classify\nVERB [OPTION \\[u2026]]\n", out);
  put_section(
      out, "DESCRIPTION",
      "Each verb has a page of its own and the option --help. classify list prints what options "
      "may name, such as the kinds of models and their parameters.");
  fputs(".SH VERBS\n", out);
  for (size_t i = 0; verbs[i] != NULL; i++) {
    fprintf(out, ".TP\n.BR classify\\-%s (1)\n", verbs[i]->name);
    put_text(out, verbs[i]->summary);
    fputc('\n', out);
  }
  fputs(".SH OPTIONS\n", out);
  put_option(out, &(option_entry){"help", NULL, "list the verbs", OPTION_SWITCH, 0, NULL},
             &(option_entry){"h", NULL, NULL, OPTION_SWITCH, 0, NULL});
  put_option(out, &(option_entry){"version", NULL, "print the version", OPTION_SWITCH, 0, NULL},
             NULL);
  put_example(out, tool_example);
  put_section(out, "ENVIRONMENT", "If NO_COLOR is set and not empty, the output has no colors.");
  put_section(out, "EXIT STATUS", tool_exits);
  fputs(".SH SEE ALSO\n.BR libclassify (3)\n", out);
}

/* A page replaces the one that is there: the time of the folder changes, by which a build knows. */
static int write_page(const char *folder, const verb *which) {
  char path[4096], name[64];
  snprintf(name, sizeof name, "classify%s%s", which != NULL ? "-" : "",
           which != NULL ? which->name : "");
  snprintf(path, sizeof path, "%s/%s.1", folder, name);
  remove(path);
  FILE *out = fopen(path, "w");
  if (out != NULL && which != NULL) {
    put_verb(out, name, which);
  } else if (out != NULL) {
    put_program(out);
  }
  const bool failed = out == NULL || ferror(out);
  if ((out != NULL && fclose(out) != 0) || failed) {
    complain("cannot write %s: %s", path, strerror(errno));
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

int manual_write(const char *folder) {
  if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
    complain("cannot make %s: %s", folder, strerror(errno));
    return EXIT_FAILURE;
  }
  int status = write_page(folder, NULL);
  for (size_t i = 0; verbs[i] != NULL && status == EXIT_SUCCESS; i++) {
    status = write_page(folder, verbs[i]);
  }
  return status;
}
