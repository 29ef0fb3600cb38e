/* Accounting, seen from outside: what callers counted against the library's counters and against what
 * arrived; with full queues, dead end points and unsampled sessions. */
#include "support.h"

/* Port 1 (tcpmux) of this machine refuses connections. */
#define DEAD "http://127.0.0.1:1"
#define SMALL_QUEUE "\"max_bytes\":262144,\"segment_bytes\":65536,\"shards\":1"
/* More than a small queue holds, at some hundred bytes each. */
/* More than the small queue and all batches that can be under way hold, whatever the worker's pace. */
#define FLOOD 12000
/* What flush and shutdown may take beyond their deadline, on a machine that is busy. */
#define SLACK_SECONDS 1.25

static int begin(void **state) {
  (void)state;
  remove(recording_path());
  return 0;
}

static agentotel_event_data wide_event(const agentotel_attribute *attribute) {
  agentotel_event_data data = named_event("wide");
  data.attributes = attribute;
  data.attribute_count = 1;
  return data;
}

static agentotel_attribute wide_attribute(void) {
  static char text[300];
  memset(text, 'w', sizeof text);
  return agentotel_attr_string(AGENTOTEL_STR("text"), agentotel_str_of(text, sizeof text));
}

static void a_full_queue_refuses_the_newest_and_counts_them(void **state) {
  const agentotel_attribute attribute = wide_attribute();
  const agentotel_event_data data = wide_event(&attribute);
  uint64_t ok = 0;
  uint64_t full = 0;
  char words[1024] = "";
  char pending[32];
  (void)state;
  start_with("{\"queue\":{" SMALL_QUEUE
             ",\"overflow\":\"drop_newest\"},"
             "\"exporters\":[{\"type\":\"otlp\",\"endpoint\":\"" DEAD "\"}]}");
  agentotel_session session = new_session();
  for (size_t i = 0; i < FLOOD; i++) {
    agentotel_status status = agentotel_record_event(session, &data, NULL);
    ok += status == AGENTOTEL_OK;
    full += status == AGENTOTEL_ERR_QUEUE_FULL;
    assert_true(status == AGENTOTEL_OK || status == AGENTOTEL_ERR_QUEUE_FULL);
  }
  assert_true(ok > 100 && full > 100);
  agentotel_stats stats = stats_of(AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(stats.offered, ok + full);
  assert_int_equal(stats.accepted_caller, ok);
  assert_int_equal(stats.refused[AGENTOTEL_REFUSED_QUEUE_FULL], full);
  assert_true(stats.queue_bytes <= stats.queue_capacity_bytes);
  assert_int_equal(stats.queue_capacity_bytes, 262144);
  assert_int_equal(exporter_stats_of("otlp", AGENTOTEL_SIGNAL_TRACES).pending, ok);
  assert_equations_hold();
  /* A full queue ends sessions and keeps events in flight. */
  agentotel_event event = start_named(session, "in flight");
  assert_status(AGENTOTEL_ERR_QUEUE_FULL, agentotel_end_event(event, &data));
  assert_status(AGENTOTEL_ERR_QUEUE_FULL, agentotel_end_event(event, &data));
  assert_status(AGENTOTEL_ERR_QUEUE_FULL, agentotel_end_session(session, NULL));
  assert_status(AGENTOTEL_ERR_STALE_HANDLE, agentotel_end_session(session, NULL));
  assert_status(AGENTOTEL_ERR_STALE_HANDLE, agentotel_end_event(event, NULL));
  /* The end point is dead: shutdown keeps its deadline and says what is lost. */
  ok = stats_of(AGENTOTEL_SIGNAL_TRACES).accepted_caller;
  double start = seconds_now();
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(200));
  assert_true(seconds_now() - start < 0.2 + SLACK_SECONDS);
  assert_ok(agentotel_last_error(words, sizeof words, NULL));
  snprintf(pending, sizeof pending, "%llu", (unsigned long long)ok);
  if (strstr(words, pending) == NULL) fail_msg("%s pending, but: %s", pending, words);
  assert_int_equal(exporter_stats_of("otlp", AGENTOTEL_SIGNAL_TRACES).pending, ok);
  assert_equations_hold();
}

static void a_full_queue_may_drop_the_oldest_and_counts_them(void **state) {
  const agentotel_attribute attribute = wide_attribute();
  const agentotel_event_data data = wide_event(&attribute);
  (void)state;
  start_with("{\"queue\":{" SMALL_QUEUE
             ",\"overflow\":\"drop_oldest\"},"
             "\"exporters\":[{\"type\":\"otlp\",\"endpoint\":\"" DEAD "\"}]}");
  agentotel_session session = new_session();
  const size_t count = FLOOD;
  for (size_t i = 0; i < count; i++) {
    assert_ok(agentotel_record_event(session, &data, NULL));
  }
  agentotel_exporter_stats stats = exporter_stats_of("otlp", AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(stats.accepted, count);
  assert_true(stats.dropped[AGENTOTEL_DROPPED_OVERFLOW] > 100);
  assert_int_equal(stats.dropped[AGENTOTEL_DROPPED_OVERFLOW], dropped_in_all(&stats));
  assert_equations_hold();
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(100));
  assert_equations_hold();
}

static void flush_until_exported(const char *exporter, uint64_t count) {
  double deadline = seconds_now() + 10;
  while (exporter_stats_of(exporter, AGENTOTEL_SIGNAL_TRACES).exported < count) {
    agentotel_flush(1);
    assert_true(seconds_now() < deadline);
  }
}

static void one_dead_exporter_starves_nobody(void **state) {
  const agentotel_attribute attribute = wide_attribute();
  const agentotel_event_data data = wide_event(&attribute);
  (void)state;
  start_with("{\"queue\":{" SMALL_QUEUE
             "},\"exporters\":[{\"type\":\"file\",\"path\":\"%s\"},"
             "{\"type\":\"otlp\",\"name\":\"dead\",\"endpoint\":\"" DEAD "\"}]}",
             recording_path());
  agentotel_session session = new_session();
  const size_t count = FLOOD;
  for (size_t i = 0; i < count; i++) {
    assert_ok(agentotel_record_event(session, &data, NULL));
    /* The file keeps up; the dead one lags. */
    if (i % 100 == 0) flush_until_exported("file", i + 1);
  }
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(500));
  agentotel_exporter_stats file = exporter_stats_of("file", AGENTOTEL_SIGNAL_TRACES);
  agentotel_exporter_stats dead = exporter_stats_of("dead", AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(file.exported, count + 1);
  assert_int_equal(dead.exported, 0);
  assert_true(dead.dropped[AGENTOTEL_DROPPED_LAG] > 0);
  assert_equations_hold();
  assert_int_equal(count_spans(recording_path()), count + 1);
}

static void flush_to_a_dead_end_point_times_out_and_says_what_is_pending(void **state) {
  (void)state;
  start_with("{\"exporters\":[{\"type\":\"otlp\",\"endpoint\":\"" DEAD "\"}]}");
  record_named(new_session(), "event");
  double start = seconds_now();
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_flush(200));
  assert_true(seconds_now() - start < 0.2 + SLACK_SECONDS);
  assert_last_error_names("otlp");
  assert_last_error_names("1");
  agentotel_exporter_stats stats = exporter_stats_of("otlp", AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(stats.pending, 1);
  assert_true(stats.attempts > 0 && stats.failures == stats.attempts);
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(0));
}

static void flush_delivers_what_was_recorded_before_it(void **state) {
  (void)state;
  start_recording();
  agentotel_session session = new_session();
  for (size_t i = 1; i <= 5; i++) {
    record_named(session, "event");
    assert_ok(agentotel_flush(10000));
    assert_int_equal(exporter_stats_of("file", AGENTOTEL_SIGNAL_TRACES).exported, i);
    assert_int_equal(count_spans(recording_path()), i);
  }
  stop();
}

static void what_is_not_sampled_is_answered_ok_and_counted(void **state) {
  agentotel_target root = {0, NULL};
  agentotel_error error = AGENTOTEL_ERROR_INIT;
  agentotel_span_context context;
  (void)state;
  start_with("{\"sampler\":\"always_off\",\"exporters\":[{\"type\":\"file\",\"path\":\"%s\"}]}",
             recording_path());
  agentotel_session session = new_session();
  assert_ok(agentotel_session_context(session, &context));
  assert_int_equal(context.trace_flags & 1, 0);
  record_named(session, "event");
  assert_ok(agentotel_end_event(start_named(session, "event"), NULL));
  assert_ok(agentotel_record_error(session, root, &error));
  assert_ok(agentotel_end_session(session, NULL));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).head_unsampled, 3);
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).accepted_caller, 0);
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_LOGS).head_unsampled, 1);
  stop();
  assert_int_equal(count_spans(recording_path()), 0);
}

static void an_exporter_that_is_not_there_is_not_found(void **state) {
  static const char *const names[] = {"", "otlp", "files", "file-2"};
  agentotel_exporter_stats stats = AGENTOTEL_EXPORTER_STATS_INIT;
  (void)state;
  start_with("{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\",\"signals\":[\"traces\"]}]}",
             recording_path());
  for (size_t i = 0; i < COUNT(names); i++) {
    assert_status(AGENTOTEL_ERR_NOT_FOUND,
                  agentotel_get_exporter_stats(agentotel_cstr(names[i]), AGENTOTEL_SIGNAL_TRACES, &stats));
  }
  assert_status(AGENTOTEL_ERR_NOT_FOUND,
                agentotel_get_exporter_stats(AGENTOTEL_STR("file"), AGENTOTEL_SIGNAL_LOGS, &stats));
  assert_ok(agentotel_get_exporter_stats(AGENTOTEL_STR("file"), AGENTOTEL_SIGNAL_TRACES, &stats));
  stop();
}

static uint64_t sum_of(const uint64_t *counts, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    sum += counts[i];
  }
  return sum;
}

static void an_exporter_tells_how_it_fares(void **state) {
  char error[256] = "not touched";
  size_t needed = 0;
  agentotel_exporter_stats stats;
  (void)state;
  start_with(
      "{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\"},"
      "{\"type\":\"otlp\",\"endpoint\":\"" DEAD "\",\"retry\":{\"max_attempts\":2,\"initial_ms\":10}}]}",
      recording_path());
  record_named(new_session(), "event");
  (void)agentotel_flush(10000);
  stats = exporter_stats_of("file", AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(stats.state, AGENTOTEL_EXPORTER_READY);
  assert_int_equal(stats.lag_bytes, 0);
  assert_int_equal(stats.in_flight, 0);
  assert_true(stats.last_success_unix_nano > 0 && stats.last_failure_unix_nano == 0);
  assert_int_equal(sum_of(stats.latency_counts, AGENTOTEL_HISTOGRAM_SLOTS), stats.attempts);
  assert_int_equal(sum_of(stats.item_counts, AGENTOTEL_HISTOGRAM_SLOTS), stats.attempts);
  assert_ok(agentotel_get_exporter_error(AGENTOTEL_STR("file"), AGENTOTEL_SIGNAL_TRACES, error, sizeof error,
                                         &needed));
  assert_string_equal(error, "");
  assert_int_equal(needed, 1);
  stats = exporter_stats_of("otlp", AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(stats.state, AGENTOTEL_EXPORTER_RETRYING);
  assert_int_equal(stats.dropped[AGENTOTEL_DROPPED_ATTEMPTS], 1);
  assert_int_equal(stats.failures_by_class[AGENTOTEL_FAILURE_CONNECT], 2);
  assert_int_equal(stats.failures, sum_of(stats.failures_by_class, AGENTOTEL_FAILURE_SLOTS));
  assert_int_equal(stats.retried, 1);
  assert_true(stats.last_failure_unix_nano > 0 && stats.last_success_unix_nano == 0);
  assert_ok(agentotel_get_exporter_error(AGENTOTEL_STR("otlp"), AGENTOTEL_SIGNAL_TRACES, error, sizeof error,
                                         NULL));
  assert_non_null(strstr(error, "no connection"));
  assert_status(
      AGENTOTEL_ERR_BUFFER_TOO_SMALL,
      agentotel_get_exporter_error(AGENTOTEL_STR("otlp"), AGENTOTEL_SIGNAL_TRACES, error, 4, &needed));
  assert_true(needed > 4);
  stop();
}

static void counters_stay_readable_after_shutdown_and_start_anew_after_init(void **state) {
  (void)state;
  start_recording();
  record_named(new_session(), "event");
  stop();
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).accepted_caller, 2);
  assert_int_equal(exporter_stats_of("file", AGENTOTEL_SIGNAL_TRACES).exported, 2);
  start_recording();
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).offered, 0);
  assert_int_equal(exporter_stats_of("file", AGENTOTEL_SIGNAL_TRACES).accepted, 0);
  stop();
}

int run_stats(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, stop_anyway)
  const struct CMUnitTest tests[] = {
      TEST(a_full_queue_refuses_the_newest_and_counts_them),
      TEST(a_full_queue_may_drop_the_oldest_and_counts_them),
      TEST(one_dead_exporter_starves_nobody),
      TEST(flush_to_a_dead_end_point_times_out_and_says_what_is_pending),
      TEST(flush_delivers_what_was_recorded_before_it),
      TEST(what_is_not_sampled_is_answered_ok_and_counted),
      TEST(an_exporter_that_is_not_there_is_not_found),
      TEST(an_exporter_tells_how_it_fares),
      TEST(counters_stay_readable_after_shutdown_and_start_anew_after_init),
  };
  return GROUP(tests);
}
