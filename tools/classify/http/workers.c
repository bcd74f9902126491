#include <stdlib.h>

#include "http/server.h"
#include "report/progress.h"

bool http_queue(http_server *server, http_client *client) {
  pthread_mutex_lock(&server->lock);
  const bool fits = server->waiting < server->options->waiting && !server->stopping;
  if (fits) {
    client->behind = NULL;
    if (server->last != NULL) {
      server->last->behind = client;
    } else {
      server->first = client;
    }
    server->last = client;
    server->waiting++;
    pthread_cond_signal(&server->queued);
  }
  pthread_mutex_unlock(&server->lock);
  return fits;
}

/* The next client of the queue; NULL when the server ends. */
static http_client *next_client(http_server *server) {
  pthread_mutex_lock(&server->lock);
  while (server->first == NULL && !server->stopping) {
    pthread_cond_wait(&server->queued, &server->lock);
  }
  http_client *client = server->first;
  if (client != NULL) {
    server->first = client->behind;
    server->last = server->first != NULL ? server->last : NULL;
    server->waiting--;
  }
  pthread_mutex_unlock(&server->lock);
  return client;
}

static void *work(void *user) {
  http_server *server = user;
  for (http_client *client = next_client(server); client != NULL; client = next_client(server)) {
    http_deadline = client->since + server->options->seconds;
    if (seconds_now() > http_deadline) {
      http_refuse(&client->request.reply, MHD_HTTP_SERVICE_UNAVAILABLE,
                  "the server is busy; try again later");
    } else {
      http_answer(&client->request, server);
    }
    MHD_resume_connection(client->connection);
  }
  return NULL;
}

bool http_start_workers(http_server *server) {
  server->workers = calloc((size_t)server->options->workers, sizeof *server->workers);
  while (server->workers != NULL && server->started < server->options->workers &&
         pthread_create(&server->workers[server->started], NULL, work, server) == 0) {
    server->started++;
  }
  return server->started > 0;
}

void http_end_queue(http_server *server) {
  pthread_mutex_lock(&server->lock);
  server->stopping = true;
  pthread_cond_broadcast(&server->queued);
  pthread_mutex_unlock(&server->lock);
}

void http_stop_workers(http_server *server) {
  http_end_queue(server);
  for (int64_t i = 0; i < server->started; i++) {
    pthread_join(server->workers[i], NULL);
  }
  free(server->workers);
  server->workers = NULL;
}
