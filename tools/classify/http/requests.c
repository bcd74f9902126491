/* Requests as libmicrohttpd hands them over: the head, the body in parts, the end, and again the end
 * when a worker has woken the connection up.
 *
 * Browsers: a page of another site can send requests here, but without our Access-Control headers it
 * cannot read the replies; those with its Origin are refused all the same. A name that its owner lets
 * point here (DNS rebinding) would make such a page ours, so Host must be an address, localhost, or a
 * name that was allowed. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/server.h"

enum { MAX_DISCARDED = 64 << 20, MIN_CAPACITY = 4096, MAX_HOST = 256 };

typedef enum http_path { PATH_PAGE, PATH_MODEL, PATH_HEALTH, PATH_PREDICT, PATHS } http_path;
static const char *const paths[PATHS] = {"/", "/model", "/health", "/predict"};

static const char *header(struct MHD_Connection *connection, const char *name) {
  return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* How often the headers occur that frame a request; one that occurs twice may mean another thing to
 * a proxy than here. */
typedef struct framing {
  int hosts, lengths, encodings;
} framing;

static enum MHD_Result count_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                    const char *value) {
  framing *found = cls;
  (void)kind;
  (void)value;
  found->hosts += strcasecmp(name, "Host") == 0;
  found->lengths += strcasecmp(name, "Content-Length") == 0;
  found->encodings += strcasecmp(name, "Transfer-Encoding") == 0;
  return MHD_YES;
}

/* Whether a Host header names this server, its port aside. */
static bool is_own_host(const http_options *options, const char *host) {
  char name[MAX_HOST];
  struct in6_addr address;
  const bool bracket = *host == '[';
  const size_t length = strcspn(host + bracket, bracket ? "]" : ":");
  if (length >= sizeof name) {
    return false;
  }
  memcpy(name, host + bracket, length);
  name[length] = '\0';
  for (size_t i = 0; !bracket && i < options->name_count; i++) {
    if (strcasecmp(name, options->names[i]) == 0) {
      return true;
    }
  }
  return (!bracket && strcasecmp(name, "localhost") == 0) ||
         inet_pton(bracket ? AF_INET6 : AF_INET, name, &address) == 1;
}

/* An Origin is "http://" and what the browser takes the host for. */
static bool is_own_origin(const char *origin, const char *host) {
  const char *slashes = strstr(origin, "://");
  return slashes != NULL && host != NULL && strcasecmp(slashes + 3, host) == 0;
}

static void check_sender(http_reply *reply, const http_options *options,
                         struct MHD_Connection *connection) {
  const char *host = header(connection, "Host"), *origin = header(connection, "Origin");
  framing found = {0};
  MHD_get_connection_values(connection, MHD_HEADER_KIND, count_header, &found);
  if (found.hosts > 1 || found.lengths > 1 || found.encodings + found.lengths > 1) {
    http_refuse(reply, MHD_HTTP_BAD_REQUEST,
                "Host, or the length of the body, is in the head more than once");
  } else if (host != NULL && !is_own_host(options, host)) {
    http_refuse(reply, MHD_HTTP_MISDIRECTED_REQUEST,
                "this server is not called '%s'; --host NAME would allow that name", host);
  } else if (origin != NULL && !is_own_origin(origin, host)) {
    http_refuse(reply, MHD_HTTP_FORBIDDEN, "pages of other sites may not ask this server");
  }
}

/* What the body is by its Content-Type; BODY_NONE is nothing that is understood. */
static http_body body_kind(const char *type) {
  static const struct {
    const char *type;
    http_body kind;
  } known[] = {{"application/json", BODY_JSON}, {"text/csv", BODY_CSV}, {"text/plain", BODY_TEXT}};
  const size_t length = type != NULL ? strcspn(type, "; \t") : 0;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (length == strlen(known[i].type) && strncasecmp(type, known[i].type, length) == 0) {
      return known[i].kind;
    }
  }
  return length > 6 && strncasecmp(type, "image/", 6) == 0 ? BODY_PICTURE : BODY_NONE;
}

/* Whether the model reads such bodies. */
static bool is_read(const service *s, http_body kind) {
  switch (kind) {
  case BODY_JSON:
    return true;
  case BODY_CSV:
    return s->reads == READS_ROWS;
  case BODY_TEXT:
    return s->reads == READS_TEXTS;
  case BODY_PICTURE:
    return s->reads == READS_PICTURES;
  default:
    return false;
  }
}

static void check_body(http_request *request, const http_server *server,
                       struct MHD_Connection *connection) {
  static const char *const read_too[] = {"text/csv", "text/plain", "image/png and other images"};
  const char *length = header(connection, "Content-Length");
  const char *encoding = header(connection, "Content-Encoding");
  request->kind = body_kind(header(connection, "Content-Type"));
  if (length == NULL && header(connection, "Transfer-Encoding") == NULL) {
    http_refuse(&request->reply, MHD_HTTP_LENGTH_REQUIRED,
                "a body with its Content-Length is missing");
  } else if (encoding != NULL && strcasecmp(encoding, "identity") != 0) {
    http_refuse(&request->reply, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                "Content-Encoding '%s' is not read; send the body as it is", encoding);
  } else if (!is_read(server->service, request->kind)) {
    http_refuse(&request->reply, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                "the Content-Type of the body must be application/json or %s",
                read_too[server->service->reads]);
  } else if (length != NULL &&
             strtoull(length, NULL, 10) > (unsigned long long)server->options->body) {
    http_refuse(&request->reply, MHD_HTTP_CONTENT_TOO_LARGE,
                "the body has %s bytes; this server reads %lld at most (--max-body)", length,
                (long long)server->options->body);
  }
}

/* A path of the server; PATHS for others. */
static http_path find_path(const char *url) {
  http_path path = 0;
  while (path < PATHS && strcmp(url, paths[path]) != 0) {
    path++;
  }
  return path;
}

static void check_head(http_request *request, http_server *server,
                       struct MHD_Connection *connection, const char *url, const char *method) {
  const http_path path = find_path(url);
  const bool post = path == PATH_PREDICT;
  const bool right = post ? strcmp(method, "POST") == 0
                          : strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
  check_sender(&request->reply, server->options, connection);
  if (request->reply.status != 0) {
    return;
  }
  if (path == PATHS) {
    http_refuse(&request->reply, MHD_HTTP_NOT_FOUND,
                "there is no %.200s; there are /, /model, /health and /predict", url);
  } else if (!right) {
    http_refuse(&request->reply, MHD_HTTP_METHOD_NOT_ALLOWED, "%s takes %s", url,
                post ? "POST" : "GET");
  } else if (post) {
    check_body(request, server, connection);
  } else if (path == PATH_HEALTH) {
    http_reply_health(&request->reply, server);
  } else {
    request->reply = path == PATH_PAGE ? server->page : server->facts;
  }
}

/* Headers of all replies, and those of some. */
static void add_headers(struct MHD_Response *response, const http_reply *reply, const char *url,
                        bool stopping) {
  MHD_add_response_header(response, "Content-Type", reply->type);
  MHD_add_response_header(response, "Cache-Control", "no-store");
  MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
  MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
  MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
  if (strncmp(reply->type, "text/html", 9) == 0) {
    MHD_add_response_header(response, "Content-Security-Policy", http_page_policy);
  }
  if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED) {
    MHD_add_response_header(response, "Allow",
                            find_path(url) == PATH_PREDICT ? "POST" : "GET, HEAD");
  }
  if (reply->status == MHD_HTTP_SERVICE_UNAVAILABLE) {
    MHD_add_response_header(response, "Retry-After", "1");
  }
  if (stopping) {
    MHD_add_response_header(response, "Connection", "close");
  }
}

/* Sends the reply, whose bytes libmicrohttpd frees. */
static enum MHD_Result send_reply(http_server *server, http_client *client, const char *url) {
  http_reply *reply = &client->request.reply;
  const enum MHD_ResponseMemoryMode mode =
      reply->shared || reply->bytes == NULL ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE;
  static char none[] = "";
  struct MHD_Response *response = MHD_create_response_from_buffer(
      reply->size, reply->bytes != NULL ? reply->bytes : none, mode);
  if (response == NULL) {
    return MHD_NO;
  }
  http_hold(server, client, reply->shared ? 0 : reply->size);
  reply->bytes = NULL;
  add_headers(response, reply, url, server->stopping);
  http_enter(server, client, HTTP_WRITING);
  const enum MHD_Result result = MHD_queue_response(client->connection, reply->status, response);
  MHD_destroy_response(response);
  return result;
}

/* Whether a refusal is sent at once, and the connection closed, instead of reading the body first:
 * a client that sends before it reads would never see it. */
static bool refuse_at_once(const http_reply *reply, struct MHD_Connection *connection) {
  const char *length = header(connection, "Content-Length");
  return reply->status == MHD_HTTP_BAD_REQUEST || header(connection, "Expect") != NULL ||
         (length != NULL && strtoull(length, NULL, 10) > MAX_DISCARDED);
}

/* Appends a part of the body. One that is too large, or that would make all of them too large, is
 * refused, and what follows of it is read to no purpose. */
static void add_to_body(http_server *server, http_client *client, const char *bytes, size_t size) {
  http_request *request = &client->request;
  const size_t limit = (size_t)server->options->body;
  if (size > limit - request->size) {
    http_refuse(&request->reply, MHD_HTTP_CONTENT_TOO_LARGE,
                "the body has more than %zu bytes, which this server reads at most (--max-body)",
                limit);
    return;
  }
  if (request->size + size >= request->capacity) {
    size_t capacity = request->capacity > 0 ? request->capacity : MIN_CAPACITY;
    while (capacity <= request->size + size) {
      capacity *= 2;
    }
    char *body = http_hold(server, client, capacity - request->capacity)
                     ? realloc(request->body, capacity)
                     : NULL;
    if (body == NULL) {
      http_refuse(&request->reply, MHD_HTTP_SERVICE_UNAVAILABLE,
                  "the server holds too many large requests now; try again later");
      return;
    }
    request->body = body;
    request->capacity = capacity;
  }
  memcpy(request->body + request->size, bytes, size);
  request->size += size;
  request->body[request->size] = '\0';
}

static enum MHD_Result read_body(http_server *server, http_client *client, const char *bytes,
                                 size_t size) {
  http_request *request = &client->request;
  if (request->reply.status == 0) {
    add_to_body(server, client, bytes, size);
  } else {
    request->discarded += size;
  }
  return request->discarded <= MAX_DISCARDED ? MHD_YES : MHD_NO;
}

/* The connection sleeps before it is queued, since a worker may wake it up at once. */
static void hand_over(http_server *server, http_client *client) {
  http_enter(server, client, HTTP_ANSWERING);
  MHD_suspend_connection(client->connection);
  if (!http_queue(server, client)) {
    http_refuse(&client->request.reply, MHD_HTTP_SERVICE_UNAVAILABLE,
                server->stopping ? "the server is ending" : "the server is busy; try again later");
    MHD_resume_connection(client->connection);
  }
}

enum MHD_Result http_on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_size, void **request_context) {
  http_server *server = cls;
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  http_client *client = info->socket_context;
  (void)version;
  if (client == NULL) {
    return MHD_NO;
  }
  http_request *request = &client->request;
  if (*request_context == NULL) {
    *request_context = client;
    http_enter(server, client, HTTP_READING);
    check_head(request, server, connection, url, method);
    const bool refused = request->reply.status >= 400;
    return refused && refuse_at_once(&request->reply, connection) ? send_reply(server, client, url)
                                                                  : MHD_YES;
  }
  if (*upload_size > 0) {
    const size_t size = *upload_size;
    *upload_size = 0;
    return read_body(server, client, upload, size);
  }
  if (request->reply.status == 0) {
    hand_over(server, client);
    return MHD_YES;
  }
  return send_reply(server, client, url);
}

void http_on_completed(void *cls, struct MHD_Connection *connection, void **request_context,
                       enum MHD_RequestTerminationCode code) {
  http_server *server = cls;
  http_client *client = *request_context;
  (void)connection;
  (void)code;
  if (client != NULL) {
    http_release(server, client);
    http_enter(server, client, HTTP_IDLE);
  }
}
