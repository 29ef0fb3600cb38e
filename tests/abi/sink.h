/* A host exporter for the tests: keeps the ids of the spans that it was handed and took, answers as it is
 * told to, and waits in the middle of a call when it is told to. It runs on a thread of the library: it only
 * counts, the main thread judges. */
#ifndef SINK_H
#define SINK_H

#include <pthread.h>
#include <stdatomic.h>

#include "support.h"

struct span_ids {
  uint64_t *ids;
  size_t count, capacity;
};

void add_id(struct span_ids *ids, const uint8_t bytes[8]);
/* That both have the same ids, each once. Sorts them. */
void assert_same_ids(struct span_ids *expected, struct span_ids *given);
void free_ids(struct span_ids *ids);

struct sink {
  /* What it answers, until `times` calls were answered so; then AGENTOTEL_EXPORT_OK. */
  uint32_t answer;
  atomic_int times;
  uint64_t retry_after_ms, rejected_items;
  const char *message;
  /* While it is set, calls wait. */
  atomic_bool is_shut;
  /* Called in the middle of each call. */
  void (*inside)(struct sink *);

  atomic_int calls, returned, destroyed;
  /* Spans and log records taken; batches that do not hold what they say. */
  atomic_ulong items;
  atomic_int wrong;
  atomic_bool is_inside;
  pthread_mutex_t lock;
  struct span_ids taken;
};

#define SINK \
  { .lock = PTHREAD_MUTEX_INITIALIZER }

void register_sink(const char *name, struct sink *sink);
agentotel_exporter_callbacks callbacks_of(struct sink *sink);
/* Waits until a counter has come so far; fails the test when it does not within twenty seconds. */
void await_count(atomic_int *counter, int least);
/* The same for something that the library says of an exporter's traces. */
void await_state(const char *exporter, uint32_t state);

/* Records events in a session and keeps the ids of those that were acknowledged. */
void record_ids(agentotel_session session, size_t count, struct span_ids *ids);
/* Ends a session; its root span is acknowledged too. */
void end_and_keep(agentotel_session session, struct span_ids *ids);

#endif /* SINK_H */
