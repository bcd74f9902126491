/* Runs a fuzz target without libFuzzer: on files, or on mutations of its seeds.
 *
 *   smoke_<name> [--iterations N] [--first K] [FILE …]
 *
 * Each iteration depends on its number alone, so `--first K --iterations 1` repeats the one that a
 * crash reports. */
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "fuzz.h"

enum { CAPACITY = 1 << 16, MOST_SEEDS = 80, LONGEST_SECONDS = 10 };

static uint8_t seeds[MOST_SEEDS][CAPACITY];
static size_t seed_sizes[MOST_SEEDS];
static int seed_count;
static volatile sig_atomic_t current;

static uint64_t random_state;

static size_t random_below(size_t limit) {
  random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return limit > 0 ? (size_t)(random_state >> 33) % limit : 0;
}

/* Says in which iteration the process ends, without calling what is not safe in a handler. */
static void on_end(int number) {
  char digits[32] = "iteration           \n";
  int value = (int)current;
  for (int i = 19; i > 9 && (value > 0 || i == 19); i--, value /= 10) {
    digits[i] = (char)('0' + value % 10);
  }
  if (write(STDERR_FILENO, digits, 21) >= 0) {
    signal(number, SIG_DFL);
    raise(number);
  }
}

static void set_number(uint8_t *bytes, size_t size) {
  static const uint64_t numbers[] = {0,          1,          2,         127,        255,
                                     256,        0xFFFF,     0x10000,   INT32_MAX,  UINT32_MAX,
                                     1ULL << 32, 1ULL << 62, INT64_MAX, 1ULL << 63, UINT64_MAX};
  size_t width = (size_t)1 << random_below(4);
  uint64_t number = numbers[random_below(sizeof numbers / sizeof numbers[0])];
  if (size < width) {
    return;
  }
  size_t at = random_below(size - width + 1);
  for (size_t i = 0; i < width; i++) {
    bytes[at + i] = (uint8_t)(number >> 8 * i);
  }
}

/* Copies a stretch of another seed to a random place, or takes a stretch out. */
static size_t move_bytes(uint8_t *bytes, size_t size) {
  size_t at = random_below(size + 1);
  if (random_below(2) == 0) {
    size_t length = random_below(size - at + 1);
    memmove(bytes + at, bytes + at + length, size - at - length);
    return size - length;
  }
  int other = (int)random_below((size_t)seed_count);
  size_t begin = random_below(seed_sizes[other]);
  size_t length = random_below(seed_sizes[other] - begin) + 1;
  if (length > CAPACITY - size) {
    return size;
  }
  memmove(bytes + at + length, bytes + at, size - at);
  memcpy(bytes + at, seeds[other] + begin, length);
  return size + length;
}

static size_t mutate(uint8_t *bytes, size_t size) {
  switch (random_below(6)) {
  case 0:
    return random_below(8) == 0 ? random_below(size + 1) : size;
  case 1:
  case 2:
    if (size > 0) {
      bytes[random_below(size)] ^= (uint8_t)(1U << random_below(8));
    }
    return size;
  case 3:
    if (size > 0) {
      bytes[random_below(size)] = (uint8_t)random_below(256);
    }
    return size;
  case 4:
    set_number(bytes, size);
    return size;
  default:
    return move_bytes(bytes, size);
  }
}

/* Each input gets a block of its own size, so that a sanitizer sees what lies beyond it. */
static void run_once(const uint8_t *bytes, size_t size) {
  uint8_t *exact = malloc(size > 0 ? size : 1);
  if (exact == NULL) {
    exit(EXIT_FAILURE);
  }
  memcpy(exact, bytes, size);
  LLVMFuzzerTestOneInput(exact, size);
  free(exact);
}

static void run_iteration(long iteration) {
  static uint8_t bytes[CAPACITY];
  const struct itimerval limit = {.it_value.tv_sec = LONGEST_SECONDS}; /* of the processor */
  current = (sig_atomic_t)iteration;
  random_state = (uint64_t)iteration * UINT64_C(0x9E3779B97F4A7C15);
  int seed = (int)random_below((size_t)seed_count);
  size_t size = seed_sizes[seed];
  memcpy(bytes, seeds[seed], size);
  for (size_t count = random_below(5); count > 0; count--) {
    size = mutate(bytes, size);
  }
  setitimer(ITIMER_PROF, &limit, NULL);
  run_once(bytes, size);
}

static void run_file(const char *path) {
  static uint8_t bytes[1 << 24];
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    exit(EXIT_FAILURE);
  }
  run_once(bytes, fread(bytes, 1, sizeof bytes, file));
  fclose(file);
}

int main(int argc, char **argv) {
  static const int ends[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGPROF, SIGSEGV};
  long iterations = 10000, first = 1;
  int argument = 1;
  for (; argument + 1 < argc && strncmp(argv[argument], "--", 2) == 0; argument += 2) {
    *(strcmp(argv[argument], "--first") == 0 ? &first : &iterations) = atol(argv[argument + 1]);
  }
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    signal(ends[i], on_end);
  }
  if (argument < argc) {
    for (; argument < argc; argument++) {
      run_file(argv[argument]);
    }
    return EXIT_SUCCESS;
  }
  for (; seed_count < MOST_SEEDS; seed_count++) {
    seed_sizes[seed_count] = fuzz_seed(seed_count, seeds[seed_count], CAPACITY);
    if (seed_sizes[seed_count] == 0) {
      break;
    }
  }
  for (long i = first; i < first + iterations; i++) {
    run_iteration(i);
  }
  return EXIT_SUCCESS;
}
