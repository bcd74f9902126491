/* Messages and tables on a terminal, and names that were mistyped. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Writes "PROGRAM: message" to standard error, with control characters as \x1b. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void complain(const char *format, ...);

/* Makes messages name a file of the program's own by what it is a copy of; NULL: none is. Both live
 * until the next call. */
void complain_of(const char *path, const char *name);

/* Copies a text with the original's name in place of that of its copy; NULL without memory. */
char *text_of_original(const char *text);

/* Copies a text with control characters, which a terminal would obey, as \x1b, except those of
 * `plain`; NULL without memory. */
char *printable_text(const char *text, const char *plain);

/* Returns the columns of the terminal at a file descriptor, or 0 if it is no terminal. */
int terminal_width(int file);

/* Whether colors may be written: to a terminal, unless NO_COLOR is set and not empty. */
bool shows_colors(FILE *out);

/* Bytes of the UTF-8 character that the text begins with; 0 where it begins with none. */
size_t utf8_length(const char *text);

/* Columns that UTF-8 takes: its characters. */
int text_columns(const char *text, size_t length);

/* Writes a number with the fewest digits of 6, 9, 15, 16 and 17 that read back as the same one; ""
 * for NaN and infinities. Returns the text. */
enum { NUMBER_BYTES = 32 };
const char *number_text(char text[NUMBER_BYTES], double value);

/* Writes text from column `indent` on, and what does not fit into `width` columns on lines that are
 * indented as much: broken between words only. A width of 0 is unlimited. */
void print_wrapped(FILE *out, const char *text, int indent, int width);

/* Writes a line of a help: a name and what it is, wrapped at 80 columns. */
void print_entry(FILE *out, const char *name, const char *text);

/* The name most like `word`, for "did you mean"; NULL when none is. */
const char *closest_name(const char *word, const char *const *names, size_t count);

/* The place of a name among others, and `count` where it is none of them. */
size_t find_name(const char *word, const char *const *names, size_t count);

/* Reports that there is no such thing of that name, and which are there: the closest one, or else
 * `otherwise`, or where that is NULL all of them. Returns EXIT_USAGE (options.h). */
int reject_name(const char *what, const char *word, const char *const *names, size_t count,
                const char *otherwise);

#endif
