/* What the library says about itself, to a function of the program: when, how much, and what not. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "support.h"

#define LINES 256

/* The library's thread writes, the main thread reads once the library is shut down, or waits. */
struct listener {
  atomic_int lines, destroyed, own_thread, secrets, wrong;
  agentotel_status shutdown;
  uint64_t left_out;
  uint32_t levels[LINES];
  char texts[LINES][200];
  /* Calls that it makes itself. */
  bool talks;
  pthread_t host;
};

static void handle(void *user_data, const agentotel_diagnostic *told) {
  struct listener *listener = user_data;
  int line = listener->lines;
  if (line < LINES) {
    listener->levels[line] = told->level;
    snprintf(listener->texts[line], sizeof listener->texts[line], "%.*s", (int)told->text.len,
             told->text.data);
    listener->secrets += strstr(listener->texts[line], "s3cr3t") != NULL;
  }
  listener->own_thread += !pthread_equal(pthread_self(), listener->host);
  listener->wrong += told->struct_size != sizeof *told || told->time_unix_nano < 1500000000000000000;
  listener->left_out += told->left_out;
  if (listener->talks) {
    agentotel_target root = {0, NULL};
    agentotel_log_record record = AGENTOTEL_LOG_RECORD_INIT;
    agentotel_session session = 0;
    agentotel_log(0, root, &record);
    agentotel_start_session(NULL, &session);
    if (line == 0) listener->shutdown = agentotel_shutdown(1000);
  }
  atomic_fetch_add(&listener->lines, 1);
}

static void destroy(void *user_data) {
  struct listener *listener = user_data;
  atomic_fetch_add(&listener->destroyed, 1);
}

static void listen_with(struct listener *listener) {
  agentotel_diagnostic_handler handler = AGENTOTEL_DIAGNOSTIC_HANDLER_INIT;
  handler.handle = handle;
  handler.destroy = destroy;
  handler.user_data = listener;
  listener->host = pthread_self();
  assert_ok(agentotel_set_diagnostic_handler(&handler));
}

static bool was_told(const struct listener *listener, uint32_t level, const char *words) {
  for (int i = 0; i < listener->lines && i < LINES; i++) {
    if (listener->levels[i] == level && strstr(listener->texts[i], words) != NULL) return true;
  }
  return false;
}

/* The same, once it is told; for ten seconds at most. */
static bool is_told(const struct listener *listener, uint32_t level, const char *words) {
  const struct timespec pause = {0, 10000000};
  for (int i = 0; i < 1000 && !was_told(listener, level, words); i++)
    nanosleep(&pause, NULL);
  return was_told(listener, level, words);
}

static int end(void **state) {
  agentotel_set_diagnostic_handler(NULL);
  return stop_anyway(state);
}

static void what_is_wrong_with_the_environment_is_told(void **state) {
  static struct listener first, second;
  (void)state;
  listen_with(&first);
  setenv("OTEL_BSP_SCHEDULE_DELAY", "soon", 1);
  start_recording();
  unsetenv("OTEL_BSP_SCHEDULE_DELAY");
  stop();
  assert_true(is_told(&first, AGENTOTEL_DIAGNOSTIC_WARN, "OTEL_BSP_SCHEDULE_DELAY"));
  assert_int_equal(first.own_thread, first.lines);
  assert_int_equal(first.wrong, 0);
  /* It stays through a shutdown, until another one takes its place or it is taken away. */
  assert_int_equal(first.destroyed, 0);
  listen_with(&second);
  assert_int_equal(first.destroyed, 1);
  assert_ok(agentotel_set_diagnostic_handler(NULL));
  assert_ok(agentotel_set_diagnostic_handler(NULL));
  assert_int_equal(second.destroyed, 1);
  assert_int_equal(second.lines, 0);
}

static void start_talkative(const char *level) {
  start_with(
      "{\"exporters\":[{\"type\":\"otlp\",\"endpoint\":\"http://127.0.0.1:1\",\"headers\":"
      "{\"authorization\":\"Bearer s3cr3t\"},\"api_key\":null,\"batch\":{\"delay_ms\":1}},"
      "{\"type\":\"file\",\"path\":\"%s\"}],\"sampler\":{\"type\":\"host\",\"name\":\"nobody\"},"
      "\"diagnostics\":{\"level\":\"%s\"}}",
      recording_path(), level);
}

static void no_secret_is_told_and_only_what_the_level_lets_through(void **state) {
  static struct listener all, errors, none;
  (void)state;
  listen_with(&all);
  start_talkative("debug");
  record_named(new_session(), "event");
  assert_true(is_told(&all, AGENTOTEL_DIAGNOSTIC_WARN, "exporter `otlp`"));
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(300));
  assert_true(is_told(&all, AGENTOTEL_DIAGNOSTIC_ERROR, "shut down with something pending"));
  assert_int_equal(all.secrets, 0);
  listen_with(&errors);
  start_talkative("error");
  record_named(new_session(), "event");
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(300));
  assert_true(is_told(&errors, AGENTOTEL_DIAGNOSTIC_ERROR, "shut down with something pending"));
  assert_int_equal(errors.lines, 1);
  listen_with(&none);
  start_talkative("off");
  record_named(new_session(), "event");
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(300));
  assert_int_equal(none.lines, 0);
}

static void a_handler_may_call_the_library(void **state) {
  static struct listener listener;
  (void)state;
  listener.talks = true;
  listen_with(&listener);
  start_talkative("warn");
  for (int i = 0; i < 500 && listener.lines == 0; i++) {
    struct timespec pause = {0, 10000000};
    record_named(new_session(), "event");
    nanosleep(&pause, NULL);
  }
  assert_true(listener.lines > 0);
  agentotel_shutdown(500);
  assert_int_equal(listener.shutdown, AGENTOTEL_ERR_IN_CALLBACK);
  assert_true(stats_of(AGENTOTEL_SIGNAL_LOGS).accepted_caller > 0);
}

static void wrong_arguments_get_a_status(void **state) {
  static struct listener listener;
  agentotel_diagnostic_handler handler = AGENTOTEL_DIAGNOSTIC_HANDLER_INIT;
  (void)state;
  listen_with(&listener);
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_set_diagnostic_handler(&handler));
  assert_last_error_names("handler.handle");
  handler.struct_size = 24;
  assert_status(AGENTOTEL_ERR_STRUCT_SIZE, agentotel_set_diagnostic_handler(&handler));
  assert_int_equal(listener.destroyed, 0);
}

int run_diagnostics(void) {
#define TEST(name) cmocka_unit_test_teardown(name, end)
  const struct CMUnitTest tests[] = {
      TEST(what_is_wrong_with_the_environment_is_told),
      TEST(no_secret_is_told_and_only_what_the_level_lets_through),
      TEST(a_handler_may_call_the_library),
      TEST(wrong_arguments_get_a_status),
  };
  return GROUP(tests);
}
