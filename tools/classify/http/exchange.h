/* The answer to one request, while it is made. */
#ifndef CLASSIFY_HTTP_EXCHANGE_H
#define CLASSIFY_HTTP_EXCHANGE_H

#include <jansson.h>

#include "http/server.h"

/* What is answered, and for whom. */
typedef struct exchange {
  const service *service;
  int64_t max_rows;
  http_reply *reply; /* receives what is wrong */
  answers answers;
} exchange;

/* What a JSON value is, with its article. */
const char *http_json_type(const json_t *value);

/* rows.c: answers the array of rows. What is wrong with them is in the reply. */
clf_status http_answer_rows(exchange *e, const json_t *rows);

#endif
