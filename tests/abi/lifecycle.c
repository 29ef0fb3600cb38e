/* Starting, stopping, starting again; what every call answers before and after; errors and their words; and
 * that the host is left as it was found: its threads, descriptors and signals. */
#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include "every.h"

#define RESTARTS 100

static void the_list_of_functions_is_complete(void **state) {
  static const char *const without_status[] = {"agentotel_abi_version", "agentotel_log_enabled",
                                               "agentotel_status_name", "agentotel_version"};
  FILE *list = fopen(getenv("TEST_SYMBOLS"), "r");
  char symbol[128];
  size_t symbols = 0;
  (void)state;
  assert_non_null(list);
  while (fscanf(list, "%127s", symbol) == 1) {
    size_t found = 0;
    symbols++;
    for (size_t i = 0; i < COUNT(without_status); i++) {
      found += strcmp(symbol, without_status[i]) == 0;
    }
    for (size_t i = 0; i < every_function_count; i++) {
      found += strcmp(symbol, every_function[i].name) == 0;
    }
    if (found != 1) fail_msg("%s is in no list, or in two", symbol);
  }
  fclose(list);
  assert_int_equal(symbols, COUNT(without_status) + every_function_count);
}

static void calls_before_init_and_after_shutdown_get_a_status(void **state) {
  (void)state;
  for (size_t i = 0; i + 1 < every_function_count; i++) {
    if (every_function[i].call() != every_function[i].before_init) fail_msg("%s", every_function[i].name);
  }
  start_recording();
  record_named(new_session(), "event");
  stop();
  for (size_t i = 0; i + 1 < every_function_count; i++) {
    if (every_function[i].call() != every_function[i].after_shutdown) fail_msg("%s", every_function[i].name);
  }
  assert_equations_hold();
}

static void restarting_leaves_no_thread_and_no_descriptor_behind(void **state) {
  const size_t threads = entries_of("/proc/self/task");
  const size_t descriptors = entries_of("/proc/self/fd");
  (void)state;
  for (size_t i = 0; i < scaled(RESTARTS, 10); i++) {
    start_recording();
    agentotel_session session = new_session();
    record_named(session, "event");
    assert_ok(agentotel_end_session(session, NULL));
    stop();
    assert_int_equal(count_spans(recording_path()), 2);
  }
  assert_int_equal(entries_when_settled("/proc/self/task", threads), threads);
  assert_int_equal(entries_when_settled("/proc/self/fd", descriptors), descriptors);
}

static void a_shutdown_that_times_out_leaves_no_thread_and_no_descriptor_behind(void **state) {
  const size_t threads = entries_of("/proc/self/task");
  const size_t descriptors = entries_of("/proc/self/fd");
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    start_with("{\"exporters\":[{\"type\":\"otlp\",\"endpoint\":\"http://127.0.0.1:1\"}]}");
    record_named(new_session(), "event");
    assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(50));
  }
  assert_int_equal(entries_when_settled("/proc/self/task", threads), threads);
  assert_int_equal(entries_when_settled("/proc/self/fd", descriptors), descriptors);
}

static void a_second_init_is_refused_and_changes_nothing(void **state) {
  (void)state;
  start_recording();
  agentotel_session session = new_session();
  assert_status(AGENTOTEL_ERR_ALREADY_INITIALIZED,
                agentotel_init(AGENTOTEL_ABI_VERSION, "{\"exporters\":[]}"));
  record_named(session, "event");
  stop();
  assert_int_equal(count_spans(recording_path()), 2);
}

static void a_second_shutdown_is_refused(void **state) {
  (void)state;
  start_recording();
  stop();
  assert_status(AGENTOTEL_ERR_SHUT_DOWN, agentotel_shutdown(1000));
  assert_status(AGENTOTEL_ERR_SHUT_DOWN, agentotel_flush(1000));
}

static void another_abi_version_is_refused(void **state) {
  static const uint32_t others[] = {0, AGENTOTEL_ABI_VERSION + 1, UINT32_MAX};
  (void)state;
  for (size_t i = 0; i < COUNT(others); i++) {
    assert_status(AGENTOTEL_ERR_ABI_VERSION, agentotel_init(others[i], NULL));
  }
  assert_int_equal(agentotel_abi_version(), AGENTOTEL_ABI_VERSION);
}

static void a_wrong_configuration_is_named_by_its_key(void **state) {
  static const struct {
    const char *config;
    const char *named;
  } wrong[] = {
      {"{\"queue\":{\"overflow\":\"drop\"}}", "queue.overflow"},
      {"{\"queue\":{\"max_bytes\":1}}", "queue.max_bytes"},
      {"{\"exporters\":[{\"type\":\"otlp\",\"timeout_ms\":\"soon\"}]}", "exporters[0].timeout_ms"},
      {"{\"exporters\":[{\"type\":\"pigeon\"}]}", "exporters[0]"},
      {"{\"exporters\":[{\"type\":\"file\"}]}", "path"},
      {"{\"colour\":1}", "colour"},
      {"{\"limits\":{\"attributes\":-1}}", "limits.attributes"},
      {"[]", "configuration"},
      {"{", "configuration"},
      {"", "configuration"},
      {"{\"service\":{\"name\":\"a\xff\"}}", "configuration"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(wrong); i++) {
    assert_status(AGENTOTEL_ERR_CONFIG, agentotel_init(AGENTOTEL_ABI_VERSION, wrong[i].config));
    assert_last_error_names(wrong[i].named);
  }
  start_recording();
  stop();
}

static void every_status_has_a_name(void **state) {
  (void)state;
  for (agentotel_status status = AGENTOTEL_ERR_SYSTEM; status <= AGENTOTEL_OK; status++) {
    assert_memory_equal(agentotel_status_name(status), "AGENTOTEL_", strlen("AGENTOTEL_"));
    assert_string_not_equal(agentotel_status_name(status), agentotel_status_name(INT32_MIN));
  }
  assert_string_equal(agentotel_status_name(AGENTOTEL_ERR_QUEUE_FULL), "AGENTOTEL_ERR_QUEUE_FULL");
  assert_non_null(agentotel_status_name(INT32_MIN));
  assert_non_null(agentotel_status_name(INT32_MAX));
  assert_int_equal(agentotel_version()[0] >= '0' && agentotel_version()[0] <= '9', 1);
}

static void texts_say_how_much_room_they_need(void **state) {
  char buffer[4096];
  char before[sizeof buffer];
  size_t needed = 0;
  (void)state;
  memset(buffer, 'x', sizeof buffer);
  memcpy(before, buffer, sizeof before);
  assert_status(AGENTOTEL_ERR_CONFIG, agentotel_init(AGENTOTEL_ABI_VERSION, "{\"colour\":1}"));
  assert_status(AGENTOTEL_ERR_BUFFER_TOO_SMALL, agentotel_last_error(NULL, 0, &needed));
  assert_true(needed > 10 && needed < sizeof buffer);
  /* Written on success only. */
  assert_status(AGENTOTEL_ERR_BUFFER_TOO_SMALL, agentotel_last_error(buffer, needed - 1, NULL));
  assert_memory_equal(buffer, before, sizeof buffer);
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_last_error(NULL, needed, NULL));
  assert_ok(agentotel_last_error(buffer, needed, NULL));
  assert_int_equal(strlen(buffer), needed - 1);
  assert_int_equal(buffer[needed], 'x');
  /* Asking has not changed the answer. */
  assert_non_null(strstr(buffer, "colour"));

  setenv("OTEL_TRACES_SAMPLER", "coin", 1);
  start_recording();
  unsetenv("OTEL_TRACES_SAMPLER");
  assert_status(AGENTOTEL_ERR_BUFFER_TOO_SMALL, agentotel_get_diagnostics(NULL, 0, &needed));
  assert_ok(agentotel_get_diagnostics(buffer, sizeof buffer, &needed));
  assert_int_equal(strlen(buffer), needed - 1);
  assert_non_null(strstr(buffer, "OTEL_TRACES_SAMPLER"));
  stop();
}

/* Whether the kernel's mask of a thread, as in its `status`, blocks a signal. */
static bool blocks(unsigned long long mask, int signal) {
  return (mask >> (signal - 1) & 1) != 0;
}

static void assert_thread_blocks_signals(const char *task) {
  char path[300];
  char line[256];
  unsigned long long mask = 0;
  snprintf(path, sizeof path, "/proc/self/task/%s/status", task);
  FILE *status = fopen(path, "r");
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    sscanf(line, "SigBlk: %llx", &mask);
  }
  if (status != NULL) fclose(status);
  for (int signal = 1; signal <= SIGRTMAX; signal++) {
    /* Those that nobody can block, and those that the C library keeps for itself. */
    if (signal == SIGKILL || signal == SIGSTOP || (signal >= 32 && signal < SIGRTMIN)) continue;
    if (!blocks(mask, signal)) fail_msg("thread %s does not block signal %d", task, signal);
  }
}

static void the_librarys_threads_are_named_and_take_no_signals(void **state) {
  size_t ours = 0;
  struct dirent *entry = NULL;
  (void)state;
  entries_when_settled("/proc/self/task", 3);
  start_recording();
  record_named(new_session(), "event");
  assert_ok(agentotel_flush(10000));
  DIR *tasks = opendir("/proc/self/task");
  while ((entry = readdir(tasks)) != NULL) {
    char path[300];
    char name[64] = "";
    if (entry->d_name[0] == '.' || atoi(entry->d_name) == getpid()) continue;
    snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
    FILE *comm = fopen(path, "r");
    if (comm == NULL || fscanf(comm, "%63s", name) != 1) fail_msg("%s", path);
    fclose(comm);
    assert_memory_equal(name, "agentotel-", strlen("agentotel-"));
    assert_true(strlen(name) <= 15);
    assert_thread_blocks_signals(entry->d_name);
    ours++;
  }
  closedir(tasks);
  assert_int_equal(ours, 1);
  stop();
}

static void the_hosts_signal_handlers_and_mask_stay_as_they_are(void **state) {
  struct sigaction before[65];
  sigset_t mask_before;
  sigset_t mask_after;
  (void)state;
  memset(before, 0, sizeof before);
  signal(SIGPIPE, SIG_DFL);
  sigprocmask(SIG_BLOCK, NULL, &mask_before);
  for (int signal = 1; signal <= 64; signal++) {
    sigaction(signal, NULL, &before[signal]);
  }
  start_with("{\"exporters\":[{\"type\":\"otlp\",\"endpoint\":\"http://127.0.0.1:1\"}]}");
  record_named(new_session(), "event");
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(100));
  for (int signal = 1; signal <= 64; signal++) {
    struct sigaction after;
    memset(&after, 0, sizeof after);
    sigaction(signal, NULL, &after);
    if (after.sa_handler != before[signal].sa_handler) fail_msg("signal %d", signal);
  }
  sigprocmask(SIG_BLOCK, NULL, &mask_after);
  for (int signal = 1; signal <= 64; signal++) {
    assert_int_equal(sigismember(&mask_after, signal), sigismember(&mask_before, signal));
  }
}

static void what_is_turned_off_answers_keeps_nothing_and_writes_nothing(void **state) {
  agentotel_exporter_stats stats = AGENTOTEL_EXPORTER_STATS_INIT;
  const char *path = temporary_path("turned-off.jsonl");
  (void)state;
  setenv("OTEL_SDK_DISABLED", "true", 1);
  start_with("{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\"}],\"sampler\":\"always_on\"}", path);
  unsetenv("OTEL_SDK_DISABLED");
  assert_ok(agentotel_add_exporter("{\"name\":\"more\",\"type\":\"console\"}"));
  agentotel_session session = new_session();
  record_named(session, "event");
  assert_ok(agentotel_end_session(session, NULL));
  assert_ok(agentotel_remove_exporter(AGENTOTEL_STR("more"), 1000));
  assert_ok(agentotel_flush(1000));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).head_unsampled, 2);
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).accepted_caller, 0);
  assert_status(AGENTOTEL_ERR_NOT_FOUND,
                agentotel_get_exporter_stats(AGENTOTEL_STR("file"), AGENTOTEL_SIGNAL_TRACES, &stats));
  assert_ok(agentotel_shutdown(1000));
  assert_int_equal(access(path, F_OK), -1);
}

int run_lifecycle(void) {
#define TEST(name) cmocka_unit_test_teardown(name, stop_anyway)
  const struct CMUnitTest tests[] = {
      /* First: nothing has been started in this process. */
      TEST(calls_before_init_and_after_shutdown_get_a_status),
      TEST(restarting_leaves_no_thread_and_no_descriptor_behind),
      TEST(a_shutdown_that_times_out_leaves_no_thread_and_no_descriptor_behind),
      TEST(the_list_of_functions_is_complete),
      TEST(a_second_init_is_refused_and_changes_nothing),
      TEST(a_second_shutdown_is_refused),
      TEST(another_abi_version_is_refused),
      TEST(a_wrong_configuration_is_named_by_its_key),
      TEST(what_is_turned_off_answers_keeps_nothing_and_writes_nothing),
      TEST(every_status_has_a_name),
      TEST(texts_say_how_much_room_they_need),
      TEST(the_hosts_signal_handlers_and_mask_stay_as_they_are),
      TEST(the_librarys_threads_are_named_and_take_no_signals),
  };
  /* Under valgrind the kernel's masks are valgrind's own. */
  const size_t count = COUNT(tests) - (under_valgrind() ? 1 : 0);
  return _cmocka_run_group_tests(__FILE__, tests, count, NULL, NULL);
}
