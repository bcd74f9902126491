/* LIBSVM's three programs: their options, files and lines, with this library's solver. */
#ifndef CLASSIFY_LIBSVM_PROGRAMS_H
#define CLASSIFY_LIBSVM_PROGRAMS_H

#include <classify.h>
#include <stdbool.h>
#include <stdint.h>

#include "verbs.h"

/* Each takes its own name and arguments, and returns the status to exit with: 0, or 1 after a
 * message, as LIBSVM's programs do. A program that was interrupted ends by the signal. */
int svm_train_main(int argc, char **argv);
int svm_predict_main(int argc, char **argv);
int svm_scale_main(int argc, char **argv);

/* What the three share (options.c). */

/* Begins to read the command line by getopt(). -1 to go on, or an exit status: after --help. */
int svm_begin_options(const verb *program, int argc, char **argv);
/* Reads the value of an option. False after a message. */
bool svm_read_number(double *out, const char *option, const char *text);
bool svm_read_integer(int64_t *out, const char *option, const char *text, int64_t low,
                      int64_t high);
/* Reports an option that getopt() refused: unknown, or without its value. Returns false. */
bool svm_refuse_option(const verb *program, int option);
/* Prints how the program is used. */
void svm_print_usage(const verb *program);

/* Makes a context whose calls Ctrl-C cancels, and whose warnings are printed unless `quiet`. */
clf_status svm_begin(clf_context **out, bool quiet);
/* Frees it, and checks standard output. Returns `status`, or EXIT_FAILURE after a message where
 * that was a success and something could not be written. Does not return after Ctrl-C. */
int svm_end(clf_context *context, int status);

#endif
