#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "report/options.h"
#include "report/progress.h"
#include "report/text.h"

enum {
  BACKLOG = 512,
  HEAD = 64 << 10 /* bytes of a connection: its head, and parts of its body */
};

/* "HOST:PORT", "[HOST]:PORT" or "PORT" into its parts, which point into `text`. */
static bool split_address(char *text, const char **host, const char **port) {
  char *colon = strrchr(text, ':');
  *host = "127.0.0.1";
  *port = text;
  if (colon != NULL) {
    *colon = '\0';
    *port = colon + 1;
    *host = text;
    const size_t length = strlen(text);
    if (length > 2 && text[0] == '[' && text[length - 1] == ']') {
      text[length - 1] = '\0';
      *host = text + 1;
    } else if (strchr(text, ':') != NULL) {
      return false;
    }
  }
  char *end = NULL;
  const long number = strtol(*port, &end, 10);
  return **host != '\0' && strspn(*port, "0123456789") == strlen(*port) && end != *port &&
         number <= 65535;
}

static char *name_socket(int listening) {
  struct sockaddr_storage bound;
  socklen_t size = sizeof bound;
  char host[INET6_ADDRSTRLEN], port[8];
  char *name = NULL;
  if (getsockname(listening, (struct sockaddr *)&bound, &size) == 0 &&
      getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
    const bool six = bound.ss_family == AF_INET6;
    if (asprintf(&name, "%s%s%s:%s", six ? "[" : "", host, six ? "]" : "", port) < 0) {
      name = NULL;
    }
  }
  return name;
}

/* A socket that listens at one address; -1, with errno, where that fails. */
static int listen_at(const struct addrinfo *address) {
  const int on = 1;
  const int made = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made >= 0 &&
      ((address->ai_family == AF_INET6 &&
        setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
       setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
       bind(made, address->ai_addr, address->ai_addrlen) != 0 || listen(made, BACKLOG) != 0)) {
    const int reason = errno;
    close(made);
    errno = reason;
    return -1;
  }
  return made;
}

/* Opens the socket that listens at the address. *name receives how to reach it, such as
 * "127.0.0.1:8080", to be freed. Returns -1 to go on, or the status to exit with after a
 * message. */
static int open_address(http_server *server, char **name) {
  const char *address = server->options->address, *host = NULL, *port = NULL;
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
  struct addrinfo *found = NULL;
  char *text = strdup(address);
  int status = EXIT_USAGE;
  if (text == NULL || !split_address(text, &host, &port)) {
    complain("--http takes HOST:PORT such as 127.0.0.1:8080, [::1]:8080, or a port, not '%s'",
             address);
  } else {
    const int failed = getaddrinfo(host, port, &hints, &found);
    server->listening = failed == 0 ? listen_at(found) : -1;
    *name = server->listening >= 0 ? name_socket(server->listening) : NULL;
    status = *name != NULL ? -1 : EXIT_FAILURE;
    if (status > 0) {
      complain("cannot listen at %s: %s", address,
               failed != 0 ? gai_strerror(failed) : strerror(errno));
    }
  }
  if (found != NULL) {
    freeaddrinfo(found);
  }
  free(text);
  return status;
}

/* Each connection is an open file. */
static void raise_file_limit(int64_t connections) {
  enum { OTHERS = 64 };
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && (int64_t)limit.rlim_cur < connections + OTHERS) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

static bool start(http_server *server) {
  const http_options *o = server->options;
  raise_file_limit(o->connections);
  server->daemon = MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, http_on_request,
      server, MHD_OPTION_LISTEN_SOCKET, server->listening, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
      (size_t)HEAD, MHD_OPTION_CONNECTION_LIMIT, (unsigned)o->connections,
      MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)o->client_connections,
      MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, server, MHD_OPTION_NOTIFY_COMPLETED,
      http_on_completed, server, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
  if (server->daemon == NULL || !http_start_workers(server)) {
    complain("cannot serve: %s", strerror(errno));
    return false;
  }
  return true;
}

/* Waits for a signal of the set for at most `milliseconds`; 0 where none comes. */
static int wait_signal(const sigset_t *set, long milliseconds) {
  const struct timespec limit = {.tv_nsec = milliseconds * 1000000};
  const int got = sigtimedwait(set, NULL, &limit);
  return got > 0 ? got : 0;
}

static bool is_busy(http_server *server) {
  pthread_mutex_lock(&server->lock);
  const bool busy = server->busy > 0;
  pthread_mutex_unlock(&server->lock);
  return busy;
}

/* Serves until a signal, then finishes the answers that are under way, unless a second one
 * comes. */
static int run(http_server *server, const sigset_t *signals, const char *name) {
  printf("serving at http://%s/\n", name);
  fflush(stdout);
  while (wait_signal(signals, 100) == 0) {
    http_close_late(server);
  }
  const MHD_socket listening = MHD_quiesce_daemon(server->daemon);
  if (listening >= 0) {
    close(listening);
    server->listening = -1;
  }
  http_end_queue(server);
  while (is_busy(server)) {
    if (wait_signal(signals, 20) != 0) {
      complain("ended before all answers were sent");
      _exit(EXIT_INTERRUPTED);
    }
    http_close_late(server);
  }
  return EXIT_SUCCESS;
}

static void finish(http_server *server) {
  http_stop_workers(server);
  if (server->daemon != NULL) {
    MHD_stop_daemon(server->daemon);
  }
  if (server->listening >= 0) {
    close(server->listening);
  }
  free(server->page.bytes);
  free(server->facts.bytes);
  pthread_cond_destroy(&server->queued);
  pthread_mutex_destroy(&server->lock);
}

int http_serve(const service *s, const http_options *options) {
  http_server server = {.service = s,
                        .options = options,
                        .listening = -1,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .queued = PTHREAD_COND_INITIALIZER};
  sigset_t signals;
  char *name = NULL;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, NULL); /* the threads inherit it */
  signal(SIGPIPE, SIG_IGN);                   /* clients may leave */
  http_begin_answers();
  http_reply_page(&server.page);
  http_reply_model(&server.facts, s);
  server.page.shared = server.facts.shared = true;
  clf_context_set_progress(s->context, http_progress, NULL);
  clf_context_set_log(s->context, NULL, NULL); /* what readers note of requests is for nobody */
  int status = open_address(&server, &name);
  if (status < 0) {
    status = start(&server) ? run(&server, &signals, name) : EXIT_FAILURE;
  }
  free(name);
  finish(&server);
  return status;
}
