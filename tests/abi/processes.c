/* The ends of processes, and forks: what was recorded is delivered when the host exits without a word,
 * nothing hangs, and a forked child is a process of its own. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "children.h"
#include "support.h"

/* No child may take longer; the flush at exit is bounded by two seconds. */
#define CHILD_SECONDS 20

static int begin(void **state) {
  (void)state;
  remove(recording_path());
  return 0;
}

static void assert_exited(int status, int code) {
  if (status == -1) fail_msg("the child hung");
  if (WIFSIGNALED(status)) fail_msg("the child was killed by signal %d", WTERMSIG(status));
  assert_int_equal(WEXITSTATUS(status), code);
}

static void assert_all_events_arrived(void) {
  cJSON *spans = read_spans(recording_path());
  assert_int_equal(count_named(spans, "event"), CHILD_EVENTS);
  cJSON_Delete(spans);
}

static void a_process_that_ends_without_shutdown_delivers_what_it_recorded(void **state) {
  static const char *const children[] = {"returns-from-main", "calls-exit", "exits-from-another-thread"};
  (void)state;
  for (size_t i = 0; i < COUNT(children); i++) {
    remove(recording_path());
    assert_exited(run_child(children[i], recording_path(), NULL, CHILD_SECONDS), 0);
    assert_all_events_arrived();
  }
}

static void underscore_exit_is_immediate(void **state) {
  (void)state;
  assert_exited(run_child("calls-_exit", recording_path(), NULL, CHILD_SECONDS), 3);
}

static void a_process_may_exit_while_its_threads_record(void **state) {
  (void)state;
  for (size_t i = 0; i < scaled(6, 2); i++) {
    remove(recording_path());
    assert_exited(run_child("exits-while-threads-record", recording_path(), NULL, CHILD_SECONDS), 0);
    assert_true(count_spans(recording_path()) > 0);
  }
}

static void a_dead_end_point_does_not_hold_up_the_exit(void **state) {
  double start = seconds_now();
  (void)state;
  assert_exited(run_child("exits-with-a-dead-end-point", "", NULL, CHILD_SECONDS), 0);
  assert_true(seconds_now() - start < 5);
}

static void the_library_writes_nothing_to_stdout_and_stderr(void **state) {
  const char *output = temporary_path("output");
  size_t length = 0;
  (void)state;
  assert_exited(run_child("does-all-wrong", recording_path(), output, CHILD_SECONDS), 0);
  char *bytes = read_bytes(output, &length);
  if (length > 0) fail_msg("it said: %.500s", bytes);
  free(bytes);
}

/* Forks. A forked child asserts nothing: it exits with the number of the claim that did not hold. */
#define CLAIM(number, holds)     \
  do {                           \
    if (!(holds)) _exit(number); \
  } while (0)

static void child_records_on_its_own(agentotel_session parents, agentotel_event parents_event, size_t count) {
  agentotel_session session = 0;
  agentotel_event_data data = named_event("child's");
  CLAIM(10, agentotel_record_event(parents, &data, NULL) == AGENTOTEL_ERR_STALE_HANDLE);
  CLAIM(11, agentotel_end_session(parents, NULL) == AGENTOTEL_ERR_STALE_HANDLE);
  CLAIM(12, agentotel_end_event(parents_event, NULL) == AGENTOTEL_ERR_STALE_HANDLE);
  CLAIM(13, agentotel_init(AGENTOTEL_ABI_VERSION, NULL) == AGENTOTEL_ERR_ALREADY_INITIALIZED);
  CLAIM(14, agentotel_start_session(NULL, &session) == AGENTOTEL_OK);
  for (size_t i = 0; i < count; i++) {
    CLAIM(15, agentotel_record_event(session, &data, NULL) == AGENTOTEL_OK);
  }
  CLAIM(16, agentotel_end_session(session, NULL) == AGENTOTEL_OK);
  CLAIM(17, agentotel_shutdown(10000) == AGENTOTEL_OK);
  _exit(0);
}

static int compare_text(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void assert_span_ids_are_unique(const cJSON *spans) {
  size_t count = (size_t)cJSON_GetArraySize(spans);
  const char **ids = calloc(count + 1, sizeof *ids);
  const cJSON *span = NULL;
  size_t i = 0;
  cJSON_ArrayForEach(span, spans) {
    ids[i++] = text_of(span, "spanId");
  }
  qsort(ids, count, sizeof *ids, compare_text);
  for (i = 1; i < count; i++) {
    assert_string_not_equal(ids[i - 1], ids[i]);
  }
  free(ids);
}

static void a_forked_child_records_on_its_own(void **state) {
  (void)state;
  start_recording();
  agentotel_session session = new_session();
  agentotel_event event = start_named(session, "in flight");
  record_named(session, "parent's");
  pid_t child = fork();
  if (child == 0) child_records_on_its_own(session, event, 50);
  record_named(session, "parent's");
  assert_ok(agentotel_end_event(event, NULL));
  assert_ok(agentotel_end_session(session, NULL));
  assert_exited(wait_at_most(child, CHILD_SECONDS), 0);
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_int_equal(count_named(spans, "parent's"), 2);
  assert_int_equal(count_named(spans, "child's"), 50);
  assert_int_equal(count_named(spans, "in flight"), 1);
  assert_int_equal(count_named(spans, "session"), 2);
  assert_span_ids_are_unique(spans);
  cJSON_Delete(spans);
}

static void a_child_that_does_not_use_the_library_just_exits(void **state) {
  (void)state;
  start_recording();
  record_named(new_session(), "event");
  for (int hard = 0; hard < 2; hard++) {
    double start = seconds_now();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
      if (hard) _exit(0);
      exit(0);
    }
    assert_exited(wait_at_most(child, CHILD_SECONDS), 0);
    assert_true(seconds_now() - start < 5);
  }
  stop();
  assert_int_equal(count_spans(recording_path()), 2);
}

static void after_shutdown_a_child_is_shut_down_too(void **state) {
  (void)state;
  start_recording();
  agentotel_session session = new_session();
  stop();
  pid_t child = fork();
  if (child == 0) {
    agentotel_event_data data = named_event("event");
    agentotel_status status = agentotel_record_event(session, &data, NULL);
    CLAIM(10, status == AGENTOTEL_ERR_SHUT_DOWN || status == AGENTOTEL_ERR_NOT_INITIALIZED);
    CLAIM(11, agentotel_init(AGENTOTEL_ABI_VERSION, "{\"exporters\":[]}") == AGENTOTEL_OK);
    CLAIM(12, agentotel_record_event(session, &data, NULL) == AGENTOTEL_ERR_STALE_HANDLE);
    CLAIM(13, agentotel_shutdown(1000) == AGENTOTEL_OK);
    _exit(0);
  }
  assert_exited(wait_at_most(child, CHILD_SECONDS), 0);
}

struct background {
  agentotel_session session;
  atomic_bool done;
  uint64_t recorded;
  uint64_t failed;
};

static void *record_in_background(void *argument) {
  struct background *background = argument;
  agentotel_event_data data = named_event("background");
  while (!atomic_load(&background->done)) {
    agentotel_status status = agentotel_record_event(background->session, &data, NULL);
    background->recorded += status == AGENTOTEL_OK;
    background->failed += status != AGENTOTEL_OK;
    usleep(10);
  }
  return NULL;
}

static void a_process_may_fork_while_its_threads_record(void **state) {
  static struct background background[2];
  pthread_t threads[COUNT(background)];
  const size_t forks = scaled(25, 3);
  uint64_t recorded = 0;
  (void)state;
  start_recording();
  agentotel_session session = new_session();
  agentotel_event event = start_named(session, "in flight");
  for (size_t i = 0; i < COUNT(background); i++) {
    background[i].session = session;
    assert_int_equal(pthread_create(&threads[i], NULL, record_in_background, &background[i]), 0);
  }
  for (size_t i = 0; i < forks; i++) {
    pid_t child = fork();
    if (child == 0) child_records_on_its_own(session, event, 10);
    assert_exited(wait_at_most(child, CHILD_SECONDS), 0);
  }
  for (size_t i = 0; i < COUNT(background); i++) {
    atomic_store(&background[i].done, true);
    pthread_join(threads[i], NULL);
    assert_int_equal(background[i].failed, 0);
    recorded += background[i].recorded;
  }
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_int_equal(count_named(spans, "background"), recorded);
  assert_int_equal(count_named(spans, "child's"), 10 * forks);
  assert_span_ids_are_unique(spans);
  cJSON_Delete(spans);
}

int run_processes(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, stop_anyway)
  const struct CMUnitTest tests[] = {
      TEST(a_process_that_ends_without_shutdown_delivers_what_it_recorded),
      TEST(underscore_exit_is_immediate),
      TEST(a_process_may_exit_while_its_threads_record),
      TEST(a_dead_end_point_does_not_hold_up_the_exit),
      TEST(the_library_writes_nothing_to_stdout_and_stderr),
      TEST(a_child_that_does_not_use_the_library_just_exits),
      TEST(after_shutdown_a_child_is_shut_down_too),
      TEST(a_forked_child_records_on_its_own),
      TEST(a_process_may_fork_while_its_threads_record),
  };
  /* AddressSanitizer's allocator keeps a lock that another thread held at the fork: a child that allocates
   * may wait for ever, whatever the library does. */
  const size_t count = COUNT(tests) - (under_address_sanitizer() ? 2 : 0);
  return _cmocka_run_group_tests(__FILE__, tests, count, NULL, NULL);
}
