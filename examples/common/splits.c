#include "splits.h"

#include <stdlib.h>
#include <string.h>

#include "report/text.h"

const char *const protocol_names[PROTOCOLS] = {"seed20", "five", "leave-one-out", "strangers"};

int protocol_choose(face_protocol *out, const char *name) {
  const size_t found = find_name(name, protocol_names, PROTOCOLS);
  *out = (face_protocol)found;
  return found < PROTOCOLS ? -1 : reject_name("protocol", name, protocol_names, PROTOCOLS, NULL);
}

int64_t protocol_splits(face_protocol protocol, const face_set *faces, int64_t wanted) {
  return protocol == PROTOCOL_LEAVE_ONE_OUT ? faces->count : wanted;
}

void shuffled(int64_t *numbers, int64_t count, uint64_t seed) {
  uint64_t state = (seed + 1) * 0x9e3779b97f4a7c15ULL;
  for (int64_t i = 0; i < count; i++) {
    numbers[i] = i;
  }
  for (int64_t i = count - 1; i > 0; i--) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const int64_t j = (int64_t)((state >> 33) % (uint64_t)(i + 1));
    const int64_t kept = numbers[i];
    numbers[i] = numbers[j];
    numbers[j] = kept;
  }
}

/* How many of a person's pictures are for training; one at least is left to test. */
static int64_t taken_of(face_protocol protocol, int64_t pictures) {
  const int64_t wanted = protocol == PROTOCOL_FIVE ? 5 : (int64_t)(0.2 * (double)pictures + 0.5);
  const int64_t max = pictures > 1 ? pictures - 1 : 1;
  return wanted < 1 ? 1 : wanted < max ? wanted : max;
}

static int64_t split_at_random(face_protocol protocol, const face_set *faces, int64_t seed,
                               int64_t *rows) {
  int64_t *order = rows + faces->count, train = 0, left = faces->count;
  shuffled(order, faces->count, (uint64_t)seed);
  for (int64_t person = 0; person < faces->people; person++) {
    int64_t pictures = 0, taken = 0;
    for (int64_t i = 0; i < faces->count; i++) {
      pictures += faces->person[i] == person;
    }
    for (int64_t i = 0; i < faces->count; i++) {
      if (faces->person[order[i]] == person) {
        rows[taken++ < taken_of(protocol, pictures) ? train++ : --left] = order[i];
      }
    }
  }
  return train;
}

int64_t protocol_split(face_protocol protocol, const face_set *faces, int64_t seed, int64_t *rows) {
  if (protocol != PROTOCOL_LEAVE_ONE_OUT) {
    return split_at_random(protocol, faces, seed, rows);
  }
  int64_t train = 0;
  for (int64_t i = 0; i < faces->count; i++) {
    rows[i == seed ? faces->count - 1 : train++] = i;
  }
  return train;
}
