/* Progress on standard error: a bar with the time left on a terminal, lines elsewhere; and Ctrl-C,
 * which cancels the library's call that is under way. */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <classify/context.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct progress_display {
  bool quiet;
  bool terminal;
  bool shown;        /* a bar is on the line */
  double shown_at;   /* when, in seconds of the call */
  const char *title; /* of the call under way */
  bool keeps;        /* the first Ctrl-C ends a call with what it has, the second cancels it */
  double deadline;   /* by seconds_now(), when calls end with what they have; 0: never */
} progress_display;

/* Decides what to show, catches Ctrl-C, and listens to the context. `display` outlives its use. */
clf_status progress_start(progress_display *display, clf_context *context, bool quiet);

/* Names what follows. */
void progress_title(progress_display *display, const char *title);

/* Shows how far a loop of the program's own is, which began at `began` by seconds_now(). */
void progress_show(progress_display *display, int64_t step, int64_t steps, double began);

/* A line of text in place of the bar; not on a terminal, where the table says it. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void progress_line(progress_display *display, const char *format, ...);

/* Takes the bar off the terminal. */
void progress_clear(progress_display *display);

/* Sets what the last Ctrl-C does, SIG_DFL unless it is called: `end` ends the program. */
void progress_end_by(void (*end)(int));

/* Cancels what runs from now on, as a signal that ends the program does; for its handler. */
void progress_cancel(void);

/* Whether Ctrl-C was pressed. */
bool progress_interrupted(void);

/* Whether the work is to end with what there is: Ctrl-C was pressed, or the deadline has passed. */
bool progress_ends(const progress_display *display);

/* Whether the work is to end without a result: Ctrl-C was pressed, and again where the first one only
 * ends the work. */
bool progress_cancels(const progress_display *display);

/* What was to end has ended: what is left to do, to score and to save the result, goes on without a
 * deadline, and until Ctrl-C is pressed again. */
void progress_settle(progress_display *display);

/* What was to end has ended, and other work begins: it has no deadline, the first Ctrl-C from now on
 * ends it with what it has, and the second cancels it. */
void progress_renew(progress_display *display);

/* Seconds on a clock that only goes forward. */
double seconds_now(void);

#endif
