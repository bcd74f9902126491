#include "scores.h"

#include <math.h>

#include "page.h"

/* The range of all scores and deviations. */
typedef struct scale {
  double low, high;
  bool deviations, times; /* whether there are any */
} scale;

static double part(double number) {
  return isnan(number) ? 0 : number;
}

static scale find_scale(const score_table *table) {
  scale s = {(double)INFINITY, -(double)INFINITY, false, false};
  for (size_t i = 0; i < table->count; i++) {
    const score_row *row = &table->rows[i];
    s.times = s.times || !isnan(row->seconds);
    if (isfinite(row->score)) {
      s.deviations = s.deviations || !isnan(row->deviation);
      s.low = fmin(s.low, row->score - part(row->deviation));
      s.high = fmax(s.high, row->score + part(row->deviation));
    }
  }
  return s;
}

/* Where a score stands, in percent of the column's width. */
static double place(const scale *s, double score) {
  const double width = s->high - s->low;
  return width > 0 ? 2 + 96 * (score - s->low) / width : 50;
}

static void write_number(FILE *out, const score_table *table, double number) {
  if (isnan(number)) {
    fputs("–", out);
  } else if (table->percent) {
    fprintf(out, "%.2f&nbsp;%%", 100 * number);
  } else {
    fprintf(out, "%.4f", number);
  }
}

/* Deviations leave no place for the picture of the scores on a narrow page. */
static const char *range_class(const scale *s) {
  return s->deviations ? "range wide" : "range";
}

static void write_range(FILE *out, const scale *s, const score_row *row) {
  fprintf(out, "<td class=\"%s\">", range_class(s));
  if (isfinite(row->score)) {
    const double low = place(s, row->score - part(row->deviation)),
                 high = place(s, row->score + part(row->deviation));
    fputs("<div>", out);
    if (high > low) {
      fprintf(out, "<i style=\"left:%.1f%%;width:%.1f%%\"></i>", low, high - low);
    }
    fprintf(out, "<b style=\"left:%.1f%%\"></b></div>", place(s, row->score));
  }
  fputs("</td>", out);
}

static void write_row(FILE *out, const score_table *table, const scale *s, size_t index) {
  const score_row *row = &table->rows[index];
  fprintf(out, "<tr%s><th scope=\"row\">", index == table->best ? " class=\"best\"" : "");
  html_text(out, row->name);
  if (row->details != NULL && *row->details != '\0') {
    fputs("<small>", out);
    html_text(out, row->details);
    fputs("</small>", out);
  }
  fputs("</th><td class=\"main\">", out);
  if (isnan(row->score)) {
    fputs("not computed", out);
  } else {
    write_number(out, table, row->score);
  }
  fputs("</td>", out);
  write_range(out, s, row);
  if (s->deviations) {
    fputs("<td>", out);
    write_number(out, table, row->deviation);
    fputs("</td>", out);
  }
  if (s->times) {
    table_seconds(out, row->seconds);
  }
  fputs("</tr>\n", out);
}

static void write_head(FILE *out, const score_table *table, const scale *s) {
  fputs("<div class=\"scroll\">\n<table class=\"scores\">\n<thead><tr><th scope=\"col\">", out);
  html_text(out, table->names);
  fputs("</th><th scope=\"col\">", out);
  html_text(out, table->score);
  fprintf(out, "</th><td class=\"%s\"></td>", range_class(s));
  fputs(s->deviations ? "<th scope=\"col\">Deviation</th>" : "", out);
  fputs(s->times ? "<th scope=\"col\">Time</th>" : "", out);
  fputs("</tr></thead>\n<tbody>\n", out);
}

void page_scores(FILE *out, const score_table *table) {
  const scale s = find_scale(table);
  fputs("<section>\n<h2>", out);
  html_text(out, table->title);
  fputs("</h2>\n", out);
  if (table->note != NULL) {
    fputs("<p class=\"note\">", out);
    html_text(out, table->note);
    fputs("</p>\n", out);
  }
  write_head(out, table, &s);
  for (size_t i = 0; i < table->count; i++) {
    write_row(out, table, &s, i);
  }
  table_end(out);
  fputs("</section>\n", out);
}
