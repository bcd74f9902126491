#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http/server.h"
#include "report/progress.h"

static void add_client(http_server *server, http_client *client) {
  client->next = server->clients;
  if (client->next != NULL) {
    client->next->previous = client;
  }
  server->clients = client;
}

static void remove_client(http_server *server, http_client *client) {
  if (client->previous != NULL) {
    client->previous->next = client->next;
  } else {
    server->clients = client->next;
  }
  if (client->next != NULL) {
    client->next->previous = client->previous;
  }
}

/* Without memory, *socket_context stays NULL, and the first request is refused. */
void http_on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                        enum MHD_ConnectionNotificationCode code) {
  http_server *server = cls;
  http_client *client = *socket_context;
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    client = calloc(1, sizeof *client);
    *socket_context = client;
    if (client != NULL) {
      client->connection = connection;
      client->socket = info->connect_fd;
      client->since = seconds_now();
      pthread_mutex_lock(&server->lock);
      add_client(server, client);
      pthread_mutex_unlock(&server->lock);
    }
  } else if (client != NULL) {
    http_release(server, client);
    http_enter(server, client, HTTP_IDLE);
    pthread_mutex_lock(&server->lock);
    remove_client(server, client);
    pthread_mutex_unlock(&server->lock);
    free(client);
    *socket_context = NULL;
  }
}

void http_enter(http_server *server, http_client *client, http_phase phase) {
  pthread_mutex_lock(&server->lock);
  server->busy += (phase >= HTTP_ANSWERING) - (client->phase >= HTTP_ANSWERING);
  client->phase = phase;
  client->gone = 0;
  client->since = seconds_now();
  pthread_mutex_unlock(&server->lock);
}

bool http_hold(http_server *server, http_client *client, size_t bytes) {
  pthread_mutex_lock(&server->lock);
  server->held += bytes;
  client->held += bytes;
  const bool fits = server->held <= (size_t)server->options->total;
  pthread_mutex_unlock(&server->lock);
  return fits;
}

/* Frees what the request holds: its body, and a reply that nobody was sent. */
void http_release(http_server *server, http_client *client) {
  free(client->request.body);
  if (!client->request.reply.shared) {
    free(client->request.reply.bytes);
  }
  client->request = (http_request){0};
  pthread_mutex_lock(&server->lock);
  server->held -= client->held;
  client->held = 0;
  pthread_mutex_unlock(&server->lock);
}

/* The lock keeps the client from entering another phase, and its socket from being closed. A client
 * that is IDLE gets no reply, since it may not have asked anything, and would take it for the reply
 * to its next request. */
static void close_late(const http_client *client) {
  static const char late[] =
      "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  if (client->phase == HTTP_READING) {
    (void)!send(client->socket, late, strlen(late), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  shutdown(client->socket, SHUT_RDWR);
}

/* Whether a client has closed its side in the middle of a request. libmicrohttpd waits for edges of
 * epoll and misses an end that comes with data. The end may follow a whole request that is about to
 * be read, but not for long. */
static bool is_gone(http_client *client, double now) {
  static const double enough = 1;
  char byte;
  if (client->phase <= HTTP_READING && client->gone == 0 &&
      recv(client->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) {
    client->gone = now;
  }
  return client->gone > 0 && now - client->gone > enough;
}

void http_close_late(http_server *server) {
  pthread_mutex_lock(&server->lock);
  const double now = seconds_now();
  for (http_client *client = server->clients; client != NULL; client = client->next) {
    const bool late =
        client->phase != HTTP_ANSWERING && now - client->since > server->options->seconds;
    if (late || is_gone(client, now)) {
      close_late(client);
      client->since = now;
      client->gone = 0;
    }
  }
  pthread_mutex_unlock(&server->lock);
}
