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
     "where to listen: HOST:PORT, [HOST]:PORT of IPv6, or a port of 127.0.0.1; port 0 is any that "
     "is "
     "free, which is printed",
     OPTION_TEXT, 0, &set.http},
    {"host", "NAME",
     "a name by which the server may be called, besides localhost and addresses; may be given "
     "several "
     "times",
     OPTION_TEXTS, 0, &set.hosts},
    {"workers", "N", "requests that are answered at once (default: as many as threads)",
     OPTION_NUMBER, 1, &set.workers},
    {"max-body", "BYTES", "refuse larger requests, and longer lines (default: 8M)", OPTION_BYTES, 0,
     &set.body},
    {"max-rows", "N", "refuse requests of more rows (default: 10000)", OPTION_NUMBER, 1, &set.rows},
    {"max-held", "BYTES", "of all requests and answers together (default: 256M)", OPTION_BYTES, 0,
     &set.held},
    {"max-connections", "N", "connections at once (default: 512)", OPTION_NUMBER, 1,
     &set.connections},
    {"max-per-client", "N", "connections of one address at once (default: 256)", OPTION_NUMBER, 1,
     &set.per_client},
    {"max-waiting", "N", "requests that wait for a worker (default: 256)", OPTION_NUMBER, 1,
     &set.waiting},
    {"request-time", "T",
     "time for a client to send a request, for its answer, and for the client to read it (default: "
     "30s)",
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
  const clf_status loaded = input_model(&model, t, t->words.words[0]);
  int status = loaded == CLF_OK ? service_begin(&s, t, model) : tool_fail(loaded);
  if (status < 0) {
    status = set.http != NULL ? serve_http(&s, t) : serve_lines(&s, set.body);
  }
  service_end(&s);
  clf_model_free(model);
  return status;
}

const verb verb_serve = {
    .name = "serve",
    .summary = "answer line by line on a pipe, or by HTTP with a page to try the model",
    .usage = "MODEL [--http ADDRESS] [OPTION …]",
    .words = "MODEL",
    .words_help = "a model that train has saved",
    .example = "classify serve iris.clf --http 127.0.0.1:8080",
    .details =
        "Reads a row, a text or the name of a picture a line from standard input, and\n"
        "writes a line of JSON with its answer, or what is wrong with it, before it reads\n"
        "the next one. With --http it answers requests until Ctrl-C (or SIGTERM): GET / is\n"
        "a page to try the model in a browser, GET /model facts about it, GET /health\n"
        "whether it answers, and POST /predict takes JSON ({\"rows\": [[5.1, 3.5]]}, objects\n"
        "by the names of the features, {\"texts\": […]}, {\"images\": [base64 …]}), text/csv,\n"
        "one text or one picture.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .takes = 0,
    .minimum_words = 1,
    .maximum_words = 1,
    .run = run,
};
