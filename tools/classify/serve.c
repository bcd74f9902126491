/* classify serve: a model that answers lines, or by HTTP. */
#include <stdlib.h>

#ifdef CLASSIFY_SERVER
#include "http/server.h"
#endif
#include "input.h"
#include "report/text.h"
#include "serve_lines.h"
#include "verbs.h"

static struct {
  const char *http;
  option_texts hosts;
  int64_t workers, body, rows, held, connections, per_client, waiting;
  double seconds;
} set = {.body = 8 << 20,
         .rows = 10000,
         .held = 256 << 20,
         .connections = 512,
         .per_client = 256,
         .waiting = 256,
         .seconds = 30};

static const option_entry options[] = {
    {"http", "ADDRESS",
     "where to listen: HOST:PORT, [HOST]:PORT for IPv6, or a port of 127.0.0.1; port 0 selects a "
     "free port, which is printed",
     OPTION_TEXT, 0, &set.http},
    {"host", "NAME",
     "a host name that requests may use, besides localhost and IP addresses; may be given several "
     "times",
     OPTION_TEXTS, 0, &set.hosts},
    {"workers", "N", "threads that process requests (default: as --threads)", OPTION_NUMBER, 1,
     &set.workers},
    {"max-body", "BYTES", "max size of a request, or of a line of standard input (default: 8M)",
     OPTION_BYTES, 0, &set.body},
    {"max-rows", "N", "max rows in a request (default: 10000)", OPTION_NUMBER, 1, &set.rows},
    {"max-held", "BYTES", "max size of all requests and responses together (default: 256M)",
     OPTION_BYTES, 0, &set.held},
    {"max-connections", "N", "max simultaneous connections (default: 512)", OPTION_NUMBER, 1,
     &set.connections},
    {"max-per-client", "N", "max simultaneous connections from one address (default: 256)",
     OPTION_NUMBER, 1, &set.per_client},
    {"max-waiting", "N", "max requests that wait for a worker (default: 256)", OPTION_NUMBER, 1,
     &set.waiting},
    {"request-time", "T",
     "max time of each phase: the client sends the request, the server makes the response, the "
     "client reads it (default: 30s)",
     OPTION_SECONDS, 0, &set.seconds},
};

#ifdef CLASSIFY_SERVER
static int serve_http(const service *s, const tool *t) {
  const int64_t threads = clf_context_threads(t->context);
  const http_options http = {.address = set.http,
                             .names = set.hosts.texts,
                             .name_count = set.hosts.count,
                             .workers = set.workers > 0 ? set.workers : threads,
                             .body = set.body,
                             .rows = set.rows,
                             .total = set.held,
                             .connections = set.connections,
                             .client_connections = set.per_client,
                             .waiting = set.waiting,
                             .seconds = set.seconds};
  return http_serve(s, &http);
}
#else
static int serve_http(const service *s, const tool *t) {
  (void)s;
  (void)t;
  complain("this build has no server: it was built without libmicrohttpd or jansson");
  return EXIT_FAILURE;
}
#endif

static int run(tool *t) {
  clf_model *model = NULL;
  service s = {.model = NULL};
  int status = input_model(&model, t, t->words.words[0]);
  status = status < 0 ? service_begin(&s, t, model) : status;
  if (status < 0) {
    status = set.http != NULL ? serve_http(&s, t) : serve_lines(&s, set.body);
  }
  service_end(&s);
  clf_model_free(model);
  return status;
}

const verb verb_serve = {
    .name = "serve",
    .summary = "predict line by line on a pipe, or by HTTP with a page to try the model",
    .usage = "MODEL [--http ADDRESS] [OPTION …]",
    .words = "MODEL",
    .words_help = "a model file",
    .example = "classify serve iris.clf --http 127.0.0.1:8080",
    .details =
        "Reads lines from standard input, each a row, a text or the name of an image file, and\n"
        "writes one line of JSON for each, with the prediction or an error, before it reads\n"
        "the next. With --http, it serves HTTP until Ctrl-C or SIGTERM. GET / is a page to try\n"
        "the model in a browser, GET /model describes the model, and GET /health is for\n"
        "monitoring. POST /predict reads JSON: {\"rows\": [[5.1, 3.5, 1.4, 0.2]]}, where a row\n"
        "may also be an object with the features' names, and a category is a string ({\"age\":\n"
        "31, \"city\": \"Bern\"}), {\"texts\": […]}, or {\"images\": [base64 …]}; text/csv;\n"
        "text/plain, one text; or image/…, one image.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .takes = 0,
    .minimum_words = 1,
    .maximum_words = 1,
    .run = run,
};
