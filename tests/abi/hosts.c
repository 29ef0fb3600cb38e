/* Host exporters: they get exactly what was acknowledged, in protobuf and in JSON; what they answer is what
 * happens; a slow one delays nobody; one that never returns does not hold up a shutdown; and what they are
 * made of is let go of exactly once, whatever comes in which order. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sink.h"

#define EXPORTER_MANY                                                                     \
  "{\"type\":\"host\",\"name\":\"%s\",\"callback\":\"%s\",\"payload\":\"%s\",\"retry\":{" \
  "\"initial_ms\":1,\"max_ms\":10},\"batch\":{\"delay_ms\":2,\"max_count\":100}}"

static void start_host(const char *callback, const char *payload) {
  start_with("{\"exporters\":[" EXPORTER_MANY "],\"flush_at_exit_ms\":0}", "h", callback, payload);
}

static void unregister(const char *name) {
  assert_ok(agentotel_unregister(AGENTOTEL_CALLBACK_EXPORTER, agentotel_cstr(name), 20000));
}

static void assert_host_equation(const char *exporter) {
  agentotel_exporter_stats of = exporter_stats_of(exporter, AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(of.accepted + of.recovered,
                   of.exported + of.rejected + dropped_in_all(&of) + of.tail_unsampled + of.pending);
}

static void it_gets_exactly_what_was_acknowledged(void **state) {
  static struct sink proto = SINK, json = SINK;
  struct span_ids acknowledged = {0};
  size_t sessions = scaled(20, 2), events = scaled(200, 20);
  agentotel_error error = AGENTOTEL_ERROR_INIT;
  agentotel_target root = {0, NULL};
  (void)state;
  error.type = AGENTOTEL_STR("timeout");
  register_sink("proto", &proto);
  start_with("{\"exporters\":[" EXPORTER_MANY "," EXPORTER_MANY "],\"flush_at_exit_ms\":0}", "a", "proto",
             "otlp_proto", "b", "json", "otlp_json");
  /* After the start as well as before it. */
  register_sink("json", &json);
  for (size_t i = 0; i < sessions; i++) {
    agentotel_session session = new_session();
    record_ids(session, events, &acknowledged);
    assert_ok(agentotel_record_error(session, root, &error));
    end_and_keep(session, &acknowledged);
  }
  assert_ok(agentotel_shutdown(20000));
  assert_int_equal(proto.wrong + json.wrong, 0);
  assert_same_ids(&acknowledged, &proto.taken);
  assert_same_ids(&acknowledged, &json.taken);
  /* An error is a log record too. */
  assert_int_equal(proto.items, acknowledged.count + sessions);
  assert_int_equal(json.items, acknowledged.count + sessions);
  for (const char *const *name = (const char *const[]){"a", "b", NULL}; *name != NULL; name++) {
    agentotel_exporter_stats stats = exporter_stats_of(*name, AGENTOTEL_SIGNAL_TRACES);
    assert_int_equal(stats.exported, acknowledged.count);
    assert_int_equal(stats.pending, 0);
    assert_host_equation(*name);
  }
  unregister("proto");
  unregister("json");
  assert_int_equal(proto.destroyed, 1);
  assert_int_equal(json.destroyed, 1);
  free_ids(&acknowledged);
  free_ids(&proto.taken);
  free_ids(&json.taken);
}

static void a_slow_one_delays_no_other(void **state) {
  static struct sink slow = SINK, quick = SINK;
  struct span_ids acknowledged = {0};
  (void)state;
  slow.is_shut = true;
  register_sink("slow", &slow);
  register_sink("quick", &quick);
  start_with("{\"exporters\":[" EXPORTER_MANY "," EXPORTER_MANY "],\"flush_at_exit_ms\":0}", "slow", "slow",
             "otlp_proto", "quick", "quick", "otlp_proto");
  agentotel_session session = new_session();
  record_ids(session, 300, &acknowledged);
  await_count(&slow.calls, 1);
  for (int i = 0; i < 10000 && exporter_stats_of("quick", AGENTOTEL_SIGNAL_TRACES).exported < 300; i++) {
    usleep(2000);
  }
  assert_int_equal(exporter_stats_of("quick", AGENTOTEL_SIGNAL_TRACES).exported, 300);
  agentotel_exporter_stats stats = exporter_stats_of("slow", AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(stats.exported, 0);
  assert_int_equal(stats.pending, 300);
  assert_int_equal(stats.in_flight, 1);
  atomic_store(&slow.is_shut, false);
  end_and_keep(session, &acknowledged);
  assert_ok(agentotel_shutdown(20000));
  assert_same_ids(&acknowledged, &slow.taken);
  assert_same_ids(&acknowledged, &quick.taken);
  unregister("slow");
  unregister("quick");
  free_ids(&acknowledged);
  free_ids(&slow.taken);
  free_ids(&quick.taken);
}

static double when_called[8];
static void note_when(struct sink *sink) {
  int call = atomic_load(&sink->calls) - 1;
  if (call < (int)COUNT(when_called)) when_called[call] = seconds_now();
}

static void what_is_to_be_retried_comes_again_and_not_too_soon(void **state) {
  static struct sink sink = SINK;
  struct span_ids acknowledged = {0};
  char words[1024];
  (void)state;
  sink.answer = AGENTOTEL_EXPORT_RETRY;
  sink.times = 3;
  sink.retry_after_ms = 60;
  sink.message = "busy\nfor now";
  sink.inside = note_when;
  register_sink("again", &sink);
  start_host("again", "otlp_proto");
  agentotel_session session = new_session();
  record_ids(session, 5, &acknowledged);
  await_count(&sink.calls, 2);
  await_state("h", AGENTOTEL_EXPORTER_RETRYING);
  assert_ok(
      agentotel_get_exporter_error(AGENTOTEL_STR("h"), AGENTOTEL_SIGNAL_TRACES, words, sizeof words, NULL));
  assert_non_null(strstr(words, "busy\\nfor now"));
  await_count(&sink.returned, 4);
  /* Not sooner than it asked for; how much later is not promised. */
  for (size_t i = 1; i < 4; i++) {
    assert_true(when_called[i] - when_called[i - 1] >= 0.060);
  }
  assert_ok(agentotel_flush(20000));
  agentotel_exporter_stats stats = exporter_stats_of("h", AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(stats.exported, 5);
  assert_int_equal(stats.failures_by_class[AGENTOTEL_FAILURE_UNAVAILABLE], 3);
  assert_true(stats.resent >= 3);
  assert_int_equal(stats.state, AGENTOTEL_EXPORTER_READY);
  end_and_keep(session, &acknowledged);
  assert_ok(agentotel_shutdown(20000));
  assert_same_ids(&acknowledged, &sink.taken);
  unregister("again");
  free_ids(&acknowledged);
  free_ids(&sink.taken);
}

static void what_is_refused_is_counted_with_its_reason(void **state) {
  static struct sink sink = SINK;
  char said[16384];
  (void)state;
  sink.answer = AGENTOTEL_EXPORT_REJECT;
  sink.times = 1;
  sink.message = "no such project";
  register_sink("no", &sink);
  start_host("no", "otlp_json");
  agentotel_session session = new_session();
  for (size_t i = 0; i < 7; i++)
    record_named(session, "event");
  assert_ok(agentotel_flush(20000));
  uint64_t refused = exporter_stats_of("h", AGENTOTEL_SIGNAL_TRACES).rejected;
  assert_true(refused >= 1 && refused <= 7);
  assert_ok(agentotel_get_diagnostics(said, sizeof said, NULL));
  assert_non_null(strstr(said, "no such project"));
  /* Part of a batch; more than there is in it is all of it. */
  sink.answer = AGENTOTEL_EXPORT_OK;
  sink.rejected_items = UINT64_MAX;
  sink.message = "odd names";
  sink.times = 1;
  record_named(session, "event");
  assert_ok(agentotel_flush(20000));
  agentotel_exporter_stats stats = exporter_stats_of("h", AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(stats.rejected, refused + 1);
  assert_int_equal(stats.failures_by_class[AGENTOTEL_FAILURE_REJECTED], 1);
  assert_ok(agentotel_get_diagnostics(said, sizeof said, NULL));
  assert_non_null(strstr(said, "odd names"));
  assert_ok(agentotel_shutdown(20000));
  assert_host_equation("h");
  unregister("no");
  free_ids(&sink.taken);
}

static void an_answer_that_is_none_loses_nothing(void **state) {
  static struct sink sink = SINK;
  char words[1024];
  (void)state;
  sink.answer = 77;
  sink.times = 2;
  register_sink("odd", &sink);
  start_host("odd", "otlp_proto");
  record_named(new_session(), "event");
  await_state("h", AGENTOTEL_EXPORTER_RETRYING);
  assert_ok(
      agentotel_get_exporter_error(AGENTOTEL_STR("h"), AGENTOTEL_SIGNAL_TRACES, words, sizeof words, NULL));
  assert_ok(agentotel_shutdown(20000));
  assert_int_equal(exporter_stats_of("h", AGENTOTEL_SIGNAL_TRACES).exported, 2);
  unregister("odd");
  free_ids(&sink.taken);
}

static agentotel_session inner_session;
static agentotel_status inner[6];
static atomic_int recorded_inside;

static void use_the_library(struct sink *sink) {
  agentotel_event_data data = named_event("from inside");
  agentotel_exporter_callbacks other = callbacks_of(sink);
  agentotel_stats stats = AGENTOTEL_STATS_INIT;
  other.destroy = NULL;
  if (atomic_load(&recorded_inside) < 20 &&
      agentotel_record_event(inner_session, &data, NULL) == AGENTOTEL_OK)
    atomic_fetch_add(&recorded_inside, 1);
  /* Once: while the library is shut down it says that first. */
  if (atomic_load(&sink->calls) > 1) return;
  inner[0] = agentotel_flush(20000);
  inner[1] = agentotel_shutdown(20000);
  inner[2] = agentotel_remove_exporter(AGENTOTEL_STR("h"), 20000);
  inner[3] = agentotel_get_stats(AGENTOTEL_SIGNAL_TRACES, &stats);
  inner[4] = agentotel_register_exporter(AGENTOTEL_STR("another"), &other);
  inner[5] = agentotel_unregister(AGENTOTEL_CALLBACK_EXPORTER, AGENTOTEL_STR("another"), 20000);
}

static void it_may_record_from_inside_and_is_told_what_would_wait_for_it(void **state) {
  static struct sink sink = SINK;
  (void)state;
  sink.inside = use_the_library;
  register_sink("inside", &sink);
  start_host("inside", "otlp_proto");
  inner_session = new_session();
  record_named(inner_session, "event");
  for (int i = 0; i < 10000 && atomic_load(&recorded_inside) < 20; i++)
    usleep(2000);
  assert_int_equal(recorded_inside, 20);
  assert_ok(agentotel_end_session(inner_session, NULL));
  assert_ok(agentotel_shutdown(20000));
  assert_status(AGENTOTEL_ERR_IN_CALLBACK, inner[0]);
  assert_status(AGENTOTEL_ERR_IN_CALLBACK, inner[1]);
  assert_status(AGENTOTEL_ERR_IN_CALLBACK, inner[2]);
  for (size_t i = 3; i < COUNT(inner); i++)
    assert_status(AGENTOTEL_OK, inner[i]);
  assert_int_equal(exporter_stats_of("h", AGENTOTEL_SIGNAL_TRACES).exported, 22);
  assert_int_equal(sink.taken.count, 22);
  unregister("inside");
  free_ids(&sink.taken);
}

static void one_that_does_not_return_is_left_and_let_go_of_when_it_does(void **state) {
  static struct sink stuck = SINK, next = SINK;
  double begun = 0;
  (void)state;
  stuck.is_shut = true;
  register_sink("stuck", &stuck);
  start_host("stuck", "otlp_proto");
  record_named(new_session(), "event");
  await_count(&stuck.calls, 1);
  begun = seconds_now();
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(200));
  assert_last_error_names("callback `stuck` has not returned");
  /* A quarter of a second is promised; a machine that tests gets more. */
  assert_true(seconds_now() - begun < 5);
  assert_int_equal(stuck.returned, 0);
  assert_int_equal(stuck.destroyed, 0);
  assert_host_equation("h");
  /* It is not registered any more: the next start cannot come into it a second time. */
  assert_status(AGENTOTEL_ERR_NOT_FOUND,
                agentotel_unregister(AGENTOTEL_CALLBACK_EXPORTER, AGENTOTEL_STR("stuck"), 0));
  register_sink("stuck", &next);
  start_host("stuck", "otlp_proto");
  record_named(new_session(), "event");
  assert_ok(agentotel_shutdown(20000));
  assert_int_equal(next.taken.count, 2);
  assert_int_equal(stuck.destroyed, 0);
  atomic_store(&stuck.is_shut, false);
  await_count(&stuck.destroyed, 1);
  assert_int_equal(stuck.wrong, 0);
  assert_int_equal(stuck.calls, 1);
  unregister("stuck");
  assert_int_equal(next.destroyed, 1);
  assert_int_equal(stuck.destroyed, 1);
  free_ids(&stuck.taken);
  free_ids(&next.taken);
}

static size_t count_of(const char *text, const char *word) {
  size_t count = 0;
  for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
    count++;
  return count;
}

static void one_that_is_not_registered_is_waited_for(void **state) {
  static struct sink late = SINK;
  char said[16384];
  (void)state;
  start_with(
      "{\"exporters\":[{\"type\":\"host\",\"name\":\"h\",\"callback\":\"late\",\"signals\":[\"traces\"],"
      "\"retry\":{\"initial_ms\":60000,\"max_ms\":60000},\"batch\":{\"delay_ms\":2}}],"
      "\"flush_at_exit_ms\":0}");
  agentotel_session session = new_session();
  record_named(session, "event");
  await_state("h", AGENTOTEL_EXPORTER_RETRYING);
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_flush(50));
  assert_last_error_names("no callback `late` is registered");
  assert_ok(agentotel_get_diagnostics(said, sizeof said, NULL));
  assert_int_equal(count_of(said, "no callback `late`"), 1);
  assert_int_equal(exporter_stats_of("h", AGENTOTEL_SIGNAL_TRACES).pending, 1);
  /* No retry is due for a minute: its registration is what brings it. */
  register_sink("late", &late);
  await_count(&late.returned, 1);
  await_state("h", AGENTOTEL_EXPORTER_READY);
  /* The same when it is taken away in between. */
  unregister("late");
  assert_int_equal(late.destroyed, 1);
  record_named(session, "event");
  await_state("h", AGENTOTEL_EXPORTER_RETRYING);
  register_sink("late", &late);
  assert_ok(agentotel_shutdown(20000));
  assert_int_equal(late.taken.count, 3);
  unregister("late");
  assert_int_equal(late.destroyed, 2);
  free_ids(&late.taken);
}

/* What may happen to a callback, in the order of the letters: r register, u unregister, i init, s shutdown,
 * e record an event and flush it, o register another one over it. */
static void destroy_is_called_once_in_every_order(void **state) {
  static const char *const orders[] = {"ru",      "riesu",    "risu", "iresu",  "ruis",    "irues", "ireus",
                                       "risiesu", "riesiesu", "ro",   "rieoes", "irieosu", "rieus", "riesru"};
  (void)state;
  for (size_t i = 0; i < COUNT(orders); i++) {
    struct sink sinks[4] = {SINK, SINK, SINK, SINK};
    size_t used = 0;
    bool is_registered = false, is_running = false;
    agentotel_session session = 0;
    for (const char *step = orders[i]; *step != '\0'; step++) {
      switch (*step) {
        case 'r':
        case 'o':
          register_sink("order", &sinks[used++]);
          is_registered = true;
          break;
        case 'u':
          unregister("order");
          is_registered = false;
          break;
        case 'i':
          if (!is_running) start_host("order", "otlp_proto");
          is_running = true;
          break;
        case 'e':
          session = new_session();
          assert_ok(agentotel_end_session(session, NULL));
          if (is_registered) assert_ok(agentotel_flush(20000));
          break;
        default:
          agentotel_shutdown(is_registered ? 20000 : 10);
          is_running = false;
      }
      for (size_t n = 0; n < used; n++) {
        bool is_in_use = n + 1 == used && is_registered;
        assert_int_equal(sinks[n].destroyed, is_in_use ? 0 : 1);
      }
    }
    if (is_running) agentotel_shutdown(10);
    if (is_registered) unregister("order");
    for (size_t n = 0; n < used; n++) {
      assert_int_equal(sinks[n].destroyed, 1);
      assert_int_equal(sinks[n].wrong, 0);
      free_ids(&sinks[n].taken);
    }
  }
}

static agentotel_status from_inside;
static void unregister_itself(struct sink *sink) {
  from_inside = agentotel_unregister(AGENTOTEL_CALLBACK_EXPORTER, AGENTOTEL_STR("self"), 20000);
  if (atomic_load(&sink->destroyed) > 0) atomic_fetch_add(&sink->wrong, 1);
}

static void unregistering_waits_for_a_call_under_way_but_not_for_itself(void **state) {
  static struct sink busy = SINK, self = SINK;
  (void)state;
  busy.is_shut = true;
  register_sink("busy", &busy);
  start_host("busy", "otlp_proto");
  record_named(new_session(), "event");
  await_count(&busy.calls, 1);
  assert_status(AGENTOTEL_ERR_TIMEOUT,
                agentotel_unregister(AGENTOTEL_CALLBACK_EXPORTER, AGENTOTEL_STR("busy"), 20));
  assert_last_error_names("busy");
  assert_int_equal(busy.destroyed, 0);
  atomic_store(&busy.is_shut, false);
  await_count(&busy.destroyed, 1);
  /* What it took counts; no further call begins. */
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(50));
  assert_int_equal(busy.calls, 1);

  self.inside = unregister_itself;
  register_sink("self", &self);
  start_host("self", "otlp_proto");
  agentotel_session session = new_session();
  record_named(session, "event");
  await_count(&self.destroyed, 1);
  assert_status(AGENTOTEL_OK, from_inside);
  assert_int_equal(self.wrong, 0);
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(50));
  assert_int_equal(self.calls, 1);
  assert_int_equal(self.destroyed, 1);
  free_ids(&busy.taken);
  free_ids(&self.taken);
}

static char thread_name[32];
static sigset_t blocked;

static void look_at_the_thread(struct sink *sink) {
  (void)sink;
  pthread_getname_np(pthread_self(), thread_name, sizeof thread_name);
  pthread_sigmask(SIG_SETMASK, NULL, &blocked);
}

static void its_thread_is_named_takes_no_signals_and_ends(void **state) {
  static struct sink sink = SINK;
  size_t threads = entries_of("/proc/self/task");
  (void)state;
  sink.inside = look_at_the_thread;
  register_sink("thread", &sink);
  start_host("thread", "otlp_proto");
  /* It starts with the first batch: the worker alone is there. */
  assert_int_equal(entries_of("/proc/self/task"), threads + 1);
  record_named(new_session(), "event");
  assert_ok(agentotel_flush(20000));
  assert_int_equal(entries_of("/proc/self/task"), threads + 2);
  assert_ok(agentotel_shutdown(20000));
  assert_int_equal(entries_when_settled("/proc/self/task", threads), threads);
  assert_string_equal(thread_name, "agentotel-host");
  for (int number = 1; number < 32; number++) {
    if (number != SIGKILL && number != SIGSTOP) assert_int_equal(sigismember(&blocked, number), 1);
  }
  unregister("thread");
  free_ids(&sink.taken);
}

static void wrong_arguments_get_a_status(void **state) {
  static struct sink sink = SINK;
  agentotel_exporter_callbacks callbacks = callbacks_of(&sink);
  const agentotel_str name = AGENTOTEL_STR("name");
  static const char *const names[] = {"", "a b", ".a", "a/b", "\xff"};
  (void)state;
  for (size_t i = 0; i < COUNT(names); i++) {
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                  agentotel_register_exporter(agentotel_cstr(names[i]), &callbacks));
  }
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_register_exporter(agentotel_str_of(NULL, 3), &callbacks));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_register_exporter(name, NULL));
  callbacks.export_batch = NULL;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_register_exporter(name, &callbacks));
  callbacks = callbacks_of(&sink);
  callbacks.struct_size = 24;
  assert_status(AGENTOTEL_ERR_STRUCT_SIZE, agentotel_register_exporter(name, &callbacks));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_unregister(0, name, 0));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_unregister(99, name, 0));
  assert_status(AGENTOTEL_ERR_NOT_FOUND, agentotel_unregister(AGENTOTEL_CALLBACK_EXPORTER, name, 0));
  assert_int_equal(sink.destroyed, 0);
}

static void a_forked_child_has_its_own(void **state) {
  static struct sink sink = SINK;
  int status = 0;
  (void)state;
  register_sink("fork", &sink);
  start_host("fork", "otlp_proto");
  agentotel_session session = new_session();
  record_named(session, "event");
  assert_ok(agentotel_flush(20000));
  int before = atomic_load(&sink.calls);
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    agentotel_event_data data = named_event("child's");
    agentotel_session own = 0;
    if (agentotel_start_session(NULL, &own) != AGENTOTEL_OK) _exit(10);
    if (agentotel_record_event(own, &data, NULL) != AGENTOTEL_OK) _exit(11);
    if (agentotel_shutdown(20000) != AGENTOTEL_OK) _exit(12);
    /* In this copy of the memory: one span of the parent's, and two of the child's. */
    if (sink.taken.count != 3 || sink.destroyed != 0) _exit(13);
    if (agentotel_unregister(AGENTOTEL_CALLBACK_EXPORTER, AGENTOTEL_STR("fork"), 1000) != AGENTOTEL_OK)
      _exit(14);
    if (sink.destroyed != 1) _exit(15);
    _exit(0);
  }
  status = wait_at_most(child, 20);
  assert_true(status != -1 && WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  assert_int_equal(sink.calls, before);
  assert_int_equal(sink.destroyed, 0);
  assert_ok(agentotel_shutdown(20000));
  unregister("fork");
  assert_int_equal(sink.destroyed, 1);
  free_ids(&sink.taken);
}

/* Takes no lock, which a child could find held. */
static atomic_ulong items_counted;

static uint32_t count_items(void *user_data, const agentotel_export_batch *batch,
                            agentotel_export_answer *answer) {
  (void)user_data;
  (void)answer;
  atomic_fetch_add(&items_counted, batch->item_count);
  return AGENTOTEL_EXPORT_OK;
}

struct busy {
  agentotel_session session;
  atomic_bool done;
  uint64_t recorded;
};

static void *keep_recording(void *argument) {
  struct busy *busy = argument;
  agentotel_event_data data = named_event("event");
  while (!atomic_load(&busy->done)) {
    busy->recorded += agentotel_record_event(busy->session, &data, NULL) == AGENTOTEL_OK;
    usleep(20);
  }
  return NULL;
}

static void a_process_may_fork_while_batches_are_handed_over(void **state) {
  static struct busy busy;
  agentotel_exporter_callbacks callbacks = AGENTOTEL_EXPORTER_CALLBACKS_INIT;
  pthread_t thread;
  (void)state;
  callbacks.export_batch = count_items;
  assert_ok(agentotel_register_exporter(AGENTOTEL_STR("count"), &callbacks));
  start_with(
      "{\"exporters\":[{\"type\":\"host\",\"name\":\"h\",\"callback\":\"count\",\"batch\":"
      "{\"delay_ms\":1,\"max_count\":3}}],\"flush_at_exit_ms\":0}");
  busy.session = new_session();
  assert_int_equal(pthread_create(&thread, NULL, keep_recording, &busy), 0);
  /* The sanitizer's allocator keeps its locks over a fork: its children would wait for threads that they have
   * not. */
  const size_t forks = under_address_sanitizer() ? 0 : scaled(60, 3);
  for (size_t i = 0; i < forks; i++) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
      agentotel_session own = 0;
      atomic_store(&items_counted, 0);
      if (agentotel_start_session(NULL, &own) != AGENTOTEL_OK) _exit(10);
      if (agentotel_end_session(own, NULL) != AGENTOTEL_OK) _exit(11);
      if (agentotel_shutdown(20000) != AGENTOTEL_OK) _exit(12);
      _exit(atomic_load(&items_counted) == 1 ? 0 : 13);
    }
    int status = wait_at_most(child, 30);
    assert_true(status != -1 && WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
  }
  atomic_store(&busy.done, true);
  pthread_join(thread, NULL);
  assert_ok(agentotel_end_session(busy.session, NULL));
  assert_ok(agentotel_shutdown(20000));
  assert_int_equal(items_counted, busy.recorded + 1);
  unregister("count");
}

int run_hosts(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, stop_anyway)
  const struct CMUnitTest tests[] = {
      TEST(it_gets_exactly_what_was_acknowledged),
      TEST(a_slow_one_delays_no_other),
      TEST(what_is_to_be_retried_comes_again_and_not_too_soon),
      TEST(what_is_refused_is_counted_with_its_reason),
      TEST(an_answer_that_is_none_loses_nothing),
      TEST(it_may_record_from_inside_and_is_told_what_would_wait_for_it),
      TEST(one_that_does_not_return_is_left_and_let_go_of_when_it_does),
      TEST(one_that_is_not_registered_is_waited_for),
      TEST(destroy_is_called_once_in_every_order),
      TEST(unregistering_waits_for_a_call_under_way_but_not_for_itself),
      TEST(its_thread_is_named_takes_no_signals_and_ends),
      TEST(wrong_arguments_get_a_status),
      TEST(a_forked_child_has_its_own),
      TEST(a_process_may_fork_while_batches_are_handed_over),
  };
  return GROUP(tests);
}
