/* `serve --http`: a model behind HTTP.
 *
 * One thread reads and writes all connections (libmicrohttpd with epoll). A request that is complete
 * is queued for a few workers, which parse it, predict and make the reply; its connection sleeps
 * meanwhile, so that neither slow clients nor long predictions hold anyone else up. The main thread
 * waits for signals and closes the connections that exceed their time.
 *
 * A client is IDLE until the head of a request is complete, READING until its body is, ANSWERING, and
 * WRITING from the reply until its last byte is sent. Each takes `seconds` at most, whatever trickles
 * in. `held` counts the bytes of all bodies and replies. */
#ifndef CLASSIFY_HTTP_SERVER_H
#define CLASSIFY_HTTP_SERVER_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "service.h"

typedef struct http_options {
  const char *address;      /* HOST:PORT, [HOST]:PORT or PORT */
  const char *const *names; /* [name_count] by which the server may be called */
  size_t name_count;
  int64_t workers, body, rows, total; /* limits of a request, and of the bytes held */
  int64_t connections, client_connections, waiting;
  double seconds; /* for each phase of a request */
} http_options;

typedef struct http_reply {
  unsigned status;
  char *bytes; /* to be freed */
  size_t size;
  const char *type;
  bool shared; /* the bytes are the server's, not to be freed */
} http_reply;

typedef enum http_body { BODY_NONE, BODY_JSON, BODY_CSV, BODY_TEXT, BODY_PICTURE } http_body;

typedef struct http_request {
  http_reply reply; /* status 0: not answered yet */
  http_body kind;
  char *body;
  size_t size, capacity;
  size_t discarded; /* bytes of the body of a request that is refused */
} http_request;

typedef enum http_phase { HTTP_IDLE, HTTP_READING, HTTP_ANSWERING, HTTP_WRITING } http_phase;

/* A connection. */
typedef struct http_client {
  struct http_client *previous, *next; /* of all */
  struct http_client *behind;          /* in the queue */
  struct MHD_Connection *connection;
  int socket;
  http_phase phase;
  double since; /* when the phase began */
  double gone;  /* when its end was first seen while it was reading; 0 before */
  size_t held;
  http_request request;
} http_client;

typedef struct http_server {
  const service *service;
  const http_options *options;
  int listening; /* socket, -1 for none */
  struct MHD_Daemon *daemon;
  pthread_mutex_t lock; /* of all that follows, and of the clients' phases */
  pthread_cond_t queued;
  http_client *clients;
  http_client *first, *last; /* the queue */
  int64_t waiting, busy;     /* clients in the queue; clients from ANSWERING on */
  size_t held;
  pthread_t *workers; /* [started] */
  int64_t started;
  atomic_bool stopping;
  http_reply page, facts; /* of GET / and GET /model, always the same */
} http_server;

/* Serves until SIGTERM or SIGINT. Returns the status to exit with. */
int http_serve(const service *s, const http_options *options);

/* clients.c */
void http_on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                        enum MHD_ConnectionNotificationCode code);
void http_enter(http_server *server, http_client *client, http_phase phase);
/* Counts more bytes as held by the client; false if all clients hold more than the limit now. */
bool http_hold(http_server *server, http_client *client, size_t bytes);
void http_release(http_server *server, http_client *client);
/* Closes the connections that exceed their time, or whose requests will never be complete. */
void http_close_late(http_server *server);

/* requests.c: libmicrohttpd's callbacks, and what the page may do in a browser. */
extern const char http_page_policy[];
enum MHD_Result http_on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_size, void **request_context);
void http_on_completed(void *cls, struct MHD_Connection *connection, void **request_context,
                       enum MHD_RequestTerminationCode code);

/* workers.c */
bool http_start_workers(http_server *server);
/* From then on nothing is queued, and the workers end when the queue is empty. */
void http_end_queue(http_server *server);
void http_stop_workers(http_server *server);
/* Queues a client that sleeps; false if too many wait, or the server ends. */
bool http_queue(http_server *server, http_client *client);

/* answer.c: prepares for answers, once; answers a complete request. A call of the library that runs
 * beyond the thread's `http_deadline` is cancelled. */
void http_begin_answers(void);
void http_answer(http_request *request, const http_server *server);
int32_t http_progress(void *user, const clf_progress *progress);
extern _Thread_local double http_deadline;

/* reply.c: each replaces *reply, whose bytes must be freed before. Where memory runs out, the
 * reply has none. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void http_refuse(http_reply *reply, unsigned status, const char *format, ...);
/* What is wrong with a request, by the library's status and message. */
void http_refuse_status(http_reply *reply, clf_status status);
void http_reply_page(http_reply *reply);
void http_reply_model(http_reply *reply, const service *s);
void http_reply_health(http_reply *reply, http_server *server);
void http_reply_answers(http_reply *reply, const answers *a);

#endif
