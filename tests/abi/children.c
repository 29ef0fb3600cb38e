/* Programs that use the library and end in their own ways, run by the tests in a process of their own: they
 * return from main, exit with threads at work, leave by _exit, or do all wrong that can be done and say
 * nothing of it. */
#include "children.h"

#include <pthread.h>
#include <unistd.h>

#include "support.h"

#define CHECK(call)                                                       \
  do {                                                                    \
    agentotel_status status_ = (call);                                    \
    if (status_ != AGENTOTEL_OK) {                                        \
      fprintf(stderr, "%s: %s\n", #call, agentotel_status_name(status_)); \
      exit(2);                                                            \
    }                                                                     \
  } while (0)

static agentotel_session begin(const char *path) {
  char config[1024];
  agentotel_session session = 0;
  /* A batch waits for a minute, so that nothing is written but by the flush at the end. */
  snprintf(config, sizeof config,
           "{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\",\"batch\":{\"delay_ms\":60000}}]}", path);
  CHECK(agentotel_init(AGENTOTEL_ABI_VERSION, config));
  CHECK(agentotel_start_session(NULL, &session));
  return session;
}

static void record(agentotel_session session, size_t count) {
  agentotel_event_data data = named_event("event");
  for (size_t i = 0; i < count; i++) {
    CHECK(agentotel_record_event(session, &data, NULL));
  }
}

static int returns_from_main(const char *path) {
  record(begin(path), CHILD_EVENTS);
  return 0;
}

static int calls_exit(const char *path) {
  record(begin(path), CHILD_EVENTS);
  exit(0);
}

static int calls_underscore_exit(const char *path) {
  record(begin(path), CHILD_EVENTS);
  _exit(3);
}

static void *record_for_ever(void *argument) {
  agentotel_session session = *(agentotel_session *)argument;
  agentotel_event_data data = named_event("event");
  for (;;) {
    agentotel_record_event(session, &data, NULL);
  }
  return NULL;
}

static int exits_while_threads_record(const char *path) {
  static agentotel_session session;
  session = begin(path);
  for (size_t i = 0; i < 4; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, record_for_ever, &session) != 0) return 2;
  }
  usleep(5000);
  return 0;
}

static void *call_exit(void *argument) {
  (void)argument;
  exit(0);
}

static int exits_from_another_thread(const char *path) {
  pthread_t thread;
  record(begin(path), CHILD_EVENTS);
  if (pthread_create(&thread, NULL, call_exit, NULL) != 0) return 2;
  pthread_join(thread, NULL);
  return 2;
}

static int exits_with_a_dead_end_point(const char *unused) {
  agentotel_session session = 0;
  (void)unused;
  CHECK(agentotel_init(AGENTOTEL_ABI_VERSION,
                       "{\"exporters\":[{\"type\":\"otlp\",\"endpoint\":\"http://127.0.0.1:1\"}]}"));
  CHECK(agentotel_start_session(NULL, &session));
  record(session, CHILD_EVENTS);
  return 0;
}

/* Everything that could make a library talk; stdout and stderr must stay empty. */
static int does_all_wrong(const char *path) {
  agentotel_event_data data = named_event("broken \xff");
  agentotel_session session = 0;
  char config[1024];
  setenv("OTEL_TRACES_SAMPLER", "coin", 1);
  setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "soon", 1);
  setenv("OTEL_RESOURCE_ATTRIBUTES", "no equals sign", 1);
  agentotel_init(99, NULL);
  agentotel_init(AGENTOTEL_ABI_VERSION, "{");
  agentotel_init(AGENTOTEL_ABI_VERSION, "{\"colour\":1}");
  agentotel_record_event(1, &data, NULL);
  snprintf(
      config, sizeof config,
      "{\"diagnostics\":{\"level\":\"debug\"},\"queue\":{\"max_bytes\":262144,\"segment_bytes\":65536,"
      "\"shards\":1},"
      "\"exporters\":[{\"type\":\"otlp\",\"endpoint\":\"http://127.0.0.1:1\"},"
      "{\"type\":\"file\",\"path\":\"/nonexistent/directory/file\"},{\"type\":\"file\",\"path\":\"%s\"}]}",
      path);
  CHECK(agentotel_init(AGENTOTEL_ABI_VERSION, config));
  agentotel_init(AGENTOTEL_ABI_VERSION, NULL);
  CHECK(agentotel_start_session(NULL, &session));
  for (size_t i = 0; i < 5000; i++) {
    agentotel_record_event(session, &data, NULL);
    agentotel_record_event(i, &data, NULL);
    agentotel_record_event(session, NULL, NULL);
  }
  agentotel_flush(100);
  agentotel_end_session(session, NULL);
  agentotel_end_session(session, NULL);
  agentotel_shutdown(300);
  agentotel_shutdown(0);
  agentotel_record_event(session, &data, NULL);
  return 0;
}

static const struct {
  const char *name;
  int (*run)(const char *);
} children[] = {
    {"returns-from-main", returns_from_main},
    {"calls-exit", calls_exit},
    {"calls-_exit", calls_underscore_exit},
    {"exits-while-threads-record", exits_while_threads_record},
    {"exits-from-another-thread", exits_from_another_thread},
    {"exits-with-a-dead-end-point", exits_with_a_dead_end_point},
    {"does-all-wrong", does_all_wrong},
};

int child_main(const char *name, const char *argument) {
  for (size_t i = 0; i < COUNT(children); i++) {
    if (strcmp(children[i].name, name) == 0) return children[i].run(argument);
  }
  fprintf(stderr, "no child is called %s\n", name);
  return 2;
}
