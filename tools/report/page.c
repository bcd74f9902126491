#include "page.h"

#include <classify.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>

#include "style.h"
#include "text.h"

void html_text(FILE *out, const char *text) {
  for (const char *c = text; *c != '\0';) {
    const size_t length = utf8_length(c);
    switch (*c) {
    case '&':
      fputs("&amp;", out);
      break;
    case '<':
      fputs("&lt;", out);
      break;
    case '>':
      fputs("&gt;", out);
      break;
    case '"':
      fputs("&quot;", out);
      break;
    default:
      fprintf(out, "%.*s", length > 0 ? (int)length : 3, length > 0 ? c : "\xef\xbf\xbd");
    }
    c += length > 0 ? length : 1;
  }
}

void html_count(FILE *out, int64_t number) {
  if (number >= 1000) {
    html_count(out, number / 1000);
    fprintf(out, ",%03" PRId64, number % 1000);
  } else {
    fprintf(out, "%" PRId64, number);
  }
}

void page_begin(FILE *out, const char *title) {
  fputs(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
      out);
  html_text(out, title);
  fputs("</title>\n<style>\n", out);
  for (size_t i = 0; i < sizeof report_style / sizeof *report_style; i++) {
    fputs(report_style[i], out);
  }
  fputs("</style>\n</head>\n<body>\n<header>\n<h1>", out);
  html_text(out, title);
  fputs("</h1>\n", out);
}

void page_end(FILE *out) {
  fputs("</main>\n<footer>Made with libclassify.</footer>\n</body>\n</html>\n", out);
}

/* This machine's processor. */
static void describe_machine(char *out, size_t capacity) {
  struct utsname system;
  snprintf(out, capacity, "%s", uname(&system) == 0 ? system.machine : "unknown");
  FILE *file = fopen("/proc/cpuinfo", "r");
  char line[256];
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    const char *colon = strchr(line, ':');
    if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
      line[strcspn(line, "\n")] = '\0';
      snprintf(out, capacity, "%s", colon + 2);
      break;
    }
  }
  if (file != NULL) {
    fclose(file);
  }
}

/* The most memory that this process has held. */
static void describe_memory_peak(char *out, size_t capacity) {
  struct rusage usage = {0};
  getrusage(RUSAGE_SELF, &usage);
  snprintf(out, capacity, "%ld MB", usage.ru_maxrss / 1000);
}

static void write_list(FILE *out, const fact *facts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    fprintf(out, "<div><dt>%s</dt><dd>", facts[i].name);
    html_text(out, facts[i].value);
    fputs("</dd></div>\n", out);
  }
}

void page_facts(FILE *out, const run_facts *run, const fact *own, size_t count) {
  char machine[256], memory[32], threads[32], seed[32], date[32];
  const time_t now = time(NULL);
  struct tm parts;
  describe_machine(machine, sizeof machine);
  describe_memory_peak(memory, sizeof memory);
  snprintf(threads, sizeof threads, "%" PRId32, run->threads);
  snprintf(seed, sizeof seed, "%" PRId64, run->seed);
  strftime(date, sizeof date, "%Y-%m-%d", localtime_r(&now, &parts));
  const fact shared[] = {
      {"Data", run->data},  {"Machine", machine},           {"Kernels", run->cpu},
      {"Threads", threads}, {"Memory peak", memory},        {"Seed", seed},
      {"Date", date},       {"libclassify", clf_version()},
  };
  fputs("<dl class=\"facts\">\n", out);
  write_list(out, own, count);
  write_list(out, shared, sizeof shared / sizeof *shared);
  fputs("</dl>\n</header>\n<main>\n", out);
}

void page_recipe(FILE *out, const result *row) {
  fputs("<p class=\"note\">", out);
  html_text(out, row->params);
  if (row->optimizer != NULL) {
    fputs("; optimizer ", out);
    html_text(out, row->optimizer);
    fprintf(out, "; %" PRId64 " epochs of %.2f&nbsp;s", row->history.epochs,
            results_seconds_per_epoch(row));
  }
  fputs("</p>\n", out);
}

clf_status page_layers(FILE *out, const clf_model *model) {
  size_t needed = 0;
  clf_status status = clf_network_summary(model, NULL, 0, &needed);
  if (status == CLF_ERROR_UNSUPPORTED) {
    return CLF_OK; /* no network */
  }
  char *text = status == CLF_OK ? malloc(needed) : NULL;
  if (text == NULL) {
    return status < 0 ? status : CLF_ERROR_MEMORY;
  }
  status = clf_network_summary(model, text, needed, NULL);
  if (status == CLF_OK) {
    fputs("<h3>Layers</h3>\n<pre>", out);
    html_text(out, text);
    fputs("</pre>\n", out);
  }
  free(text);
  return status;
}
