#include "progress.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

enum { MAX_WIDTH = 80, MIN_WIDTH = 44, BESIDE_BAR = 44 };

static const double first_after = 0.3; /* seconds: shorter calls show no bar */
static const double again_after = 0.1;

/* A handler can reach nothing but a global. */
static volatile sig_atomic_t interrupted; /* how often */
static volatile sig_atomic_t ended;       /* the program is to end */

static void (*end_by)(int) = SIG_DFL;

/* The third Ctrl-C ends the program, whatever it does. */
static void on_interrupt(int signal_number) {
  if (++interrupted == 2) {
    signal(signal_number, end_by);
  }
}

void progress_end_by(void (*end)(int)) {
  end_by = end;
}

void progress_cancel(void) {
  ended = true;
}

bool progress_interrupted(void) {
  return interrupted != 0;
}

double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The bar's line, within bounds. */
static int line_width(void) {
  const int width = terminal_width(STDERR_FILENO);
  return width == 0 || width > MAX_WIDTH ? MAX_WIDTH : width < MIN_WIDTH ? MIN_WIDTH : width;
}

/* "up to 0:05 left", from the time that the share done so far took: solvers may end sooner. */
static void describe_time(char *out, size_t capacity, const clf_progress *progress) {
  if (progress->step <= 0 || progress->steps <= 0) {
    snprintf(out, capacity, "%.0f s so far", progress->seconds);
    return;
  }
  double left =
      progress->seconds * (double)(progress->steps - progress->step) / (double)progress->step;
  int64_t seconds = (int64_t)(left + 0.5);
  snprintf(out, capacity, "up to %lld:%02lld left", (long long)(seconds / 60),
           (long long)(seconds % 60));
}

static void draw(progress_display *display, const clf_progress *progress) {
  static const char full[] = "##################################################";
  static const char empty[] = "..................................................";
  char time_left[64];
  describe_time(time_left, sizeof time_left, progress);
  double share = progress->steps > 0 ? (double)progress->step / (double)progress->steps : 0;
  int bar = line_width() - BESIDE_BAR;
  int done = (int)(share * bar);
  fprintf(stderr, "\r%-14.14s [%.*s%.*s] %3.0f %%  %s\033[K", display->title, done, full,
          bar - done, empty, 100 * share, time_left);
  fflush(stderr);
  display->shown = true;
  display->shown_at = progress->seconds;
}

bool progress_ends(const progress_display *display) {
  return interrupted != 0 || (display->deadline > 0 && seconds_now() >= display->deadline);
}

bool progress_cancels(const progress_display *display) {
  return ended || interrupted > (display->keeps ? 1 : 0);
}

void progress_settle(progress_display *display) {
  interrupted = 0;
  display->keeps = false;
  display->deadline = 0;
}

void progress_renew(progress_display *display) {
  progress_settle(display);
  display->keeps = true;
}

/* Returns what the library's call is to do. */
static int32_t wish(const progress_display *display) {
  if (progress_cancels(display)) {
    return CLF_PROGRESS_CANCEL;
  }
  return progress_ends(display) ? CLF_PROGRESS_STOP : CLF_PROGRESS_GO;
}

static void show(progress_display *display, const clf_progress *progress) {
  const double next = display->shown ? display->shown_at + again_after : first_after;
  if (display->terminal && !display->quiet && progress->seconds >= next) {
    draw(display, progress);
  }
}

static int32_t on_progress(void *user, const clf_progress *progress) {
  show(user, progress);
  return wish(user);
}

void progress_show(progress_display *display, int64_t step, int64_t steps, double began) {
  show(display,
       &(const clf_progress){.step = step, .steps = steps, .seconds = seconds_now() - began});
}

clf_status progress_start(progress_display *display, clf_context *context, bool quiet) {
  *display =
      (progress_display){.quiet = quiet, .terminal = isatty(STDERR_FILENO) == 1, .title = ""};
  struct sigaction action = {.sa_handler = on_interrupt};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  return clf_context_set_progress(context, on_progress, display);
}

void progress_title(progress_display *display, const char *title) {
  progress_clear(display);
  display->title = title;
}

void progress_line(progress_display *display, const char *format, ...) {
  if (display->quiet || display->terminal) {
    return;
  }
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

void progress_clear(progress_display *display) {
  if (display->shown) {
    fputs("\r\033[K", stderr);
    fflush(stderr);
  }
  display->shown = false;
}
