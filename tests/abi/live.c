/* The live view: what is in flight is told of while it is, as log records or as spans. The library looks at
 * its own pace; these tests wait for what must come, and judge what stands in the file exporter's JSON. */
#include <time.h>
#include <unistd.h>

#include "support.h"

#define MOST_RECORDS 4096

static void start_live(const char *keys) {
  const char *path = recording_path();
  unlink(path);
  start_with("{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\"}],\"live\":{\"interval_ms\":20,%s}}", path,
             keys);
}

static void pause_ms(long milliseconds) {
  struct timespec length = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&length, NULL);
}

/* Waits until the library has made so many records of its own accord. */
static void wait_for_derived(uint32_t signal, uint64_t count) {
  double deadline = seconds_now() + 60;
  while (stats_of(signal).accepted_derived < count) {
    if (seconds_now() > deadline) fail_msg("not so many records were made in a minute");
    pause_ms(5);
  }
}

static void span_id_of(agentotel_event event, char id[17]) {
  agentotel_span_context context;
  assert_ok(agentotel_event_context(event, &context));
  hex_of(context.span_id, sizeof context.span_id, id);
}

static double double_attribute(const cJSON *record, const char *key) {
  const cJSON *value = cJSON_GetObjectItem(attribute_of(record, key), "doubleValue");
  if (!cJSON_IsNumber(value)) fail_msg("no number \"%s\"", key);
  return cJSON_GetNumberValue(value);
}

/* The records on a span, in the order of their sequence; fails when a number is missing or there twice. */
static size_t records_of(const cJSON *logs, const char *span_id, const cJSON *records[MOST_RECORDS]) {
  const cJSON *log = NULL;
  size_t count = 0;
  memset(records, 0, MOST_RECORDS * sizeof *records);
  cJSON_ArrayForEach(log, logs) {
    size_t sequence = 0;
    if (strcmp(text_of(log, "spanId"), span_id) != 0) continue;
    sequence = (size_t)strtoul(int_attribute(log, "agentotel.event.sequence"), NULL, 10);
    assert_in_range(sequence, 1, MOST_RECORDS);
    assert_null(records[sequence - 1]);
    records[sequence - 1] = log;
    count++;
  }
  for (size_t i = 0; i < count; i++) {
    assert_non_null(records[i]);
  }
  return count;
}

/* Keeps an event in flight for some looks, and for less than `seconds`; true when that went well. */
static bool was_young(agentotel_session session, double seconds, char span_id[17]) {
  double start = seconds_now();
  agentotel_event event = start_named(session, "young");
  span_id_of(event, span_id);
  pause_ms(100);
  assert_ok(agentotel_end_event(event, NULL));
  return seconds_now() - start < seconds;
}

static void an_event_in_flight_is_told_of_from_its_minimum_age_to_its_end(void **state) {
  static const cJSON *records[MOST_RECORDS];
  agentotel_event_data end = AGENTOTEL_EVENT_DATA_INIT;
  agentotel_tool tool = AGENTOTEL_TOOL_INIT;
  agentotel_event_data call = AGENTOTEL_EVENT_DATA_INIT;
  agentotel_event event = 0;
  char old[17];
  char young[17];
  (void)state;
  start_live("\"export\":\"logs\",\"min_age_ms\":1000");
  agentotel_session session = new_session();
  call.kind = AGENTOTEL_KIND_TOOL;
  tool.name = AGENTOTEL_STR("search");
  call.tool = &tool;
  assert_ok(agentotel_start_event(session, &call, &event));
  span_id_of(event, old);
  wait_for_derived(AGENTOTEL_SIGNAL_LOGS, 2);
  assert_ok(agentotel_event_chunk(event, AGENTOTEL_STR("part")));
  while (!was_young(session, 0.9, young)) {
  }
  wait_for_derived(AGENTOTEL_SIGNAL_LOGS, stats_of(AGENTOTEL_SIGNAL_LOGS).accepted_derived + 2);
  end.status_code = AGENTOTEL_STATUS_CODE_OK;
  assert_ok(agentotel_end_event(event, &end));
  stop();

  cJSON *logs = read_logs(recording_path());
  cJSON *spans = read_spans(recording_path());
  const cJSON *span = find_named(spans, "execute_tool search");
  size_t count = records_of(logs, old, records);
  double elapsed = 0;
  assert_true(count >= 5);
  for (size_t i = 0; i < count; i++) {
    const char *name = i == 0           ? "agentotel.event.started"
                       : i + 1 == count ? "agentotel.event.ended"
                                        : "agentotel.event.heartbeat";
    assert_string_equal(text_of(records[i], "eventName"), name);
    assert_string_equal(text_of(records[i], "severityText"), "INFO");
    assert_string_equal(text_of(records[i], "traceId"), text_of(span, "traceId"));
    assert_string_equal(string_attribute(records[i], "agentotel.event.kind"), "tool");
    assert_string_equal(string_attribute(records[i], "agentotel.event.name"), "execute_tool search");
    assert_string_equal(string_attribute(records[i], "session.id"), string_attribute(span, "session.id"));
    assert_true(double_attribute(records[i], "agentotel.event.elapsed") >= (i == 0 ? 1.0 : elapsed));
    elapsed = double_attribute(records[i], "agentotel.event.elapsed");
  }
  assert_null(attribute_of(records[0], "agentotel.stream.chunk_count"));
  assert_string_equal(int_attribute(records[count - 1], "agentotel.stream.chunk_count"), "1");
  assert_string_equal(int_attribute(records[count - 1], "agentotel.stream.bytes"), "4");
  assert_string_equal(string_attribute(records[count - 1], "agentotel.event.status"), "ok");
  /* Those on the one event are all there are: nothing of the young one, nothing of the session's root. */
  assert_int_equal(cJSON_GetArraySize(logs), count);
  assert_int_equal(records_of(logs, young, records), 0);
  /* Each event leaves one span. */
  assert_int_equal(count_named(spans, "execute_tool search"), 1);
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_LOGS).offered, 0);
  cJSON_Delete(spans);
  cJSON_Delete(logs);
}

static void an_event_that_its_session_ends_is_told_of_as_ended(void **state) {
  static const cJSON *records[MOST_RECORDS];
  char id[17];
  (void)state;
  start_live("\"export\":\"logs\",\"min_age_ms\":0");
  agentotel_session session = new_session();
  span_id_of(start_named(session, "cut off"), id);
  wait_for_derived(AGENTOTEL_SIGNAL_LOGS, 1);
  assert_ok(agentotel_end_session(session, NULL));
  stop();
  cJSON *logs = read_logs(recording_path());
  size_t count = records_of(logs, id, records);
  assert_true(count >= 2);
  assert_string_equal(text_of(records[0], "eventName"), "agentotel.event.started");
  assert_string_equal(text_of(records[count - 1], "eventName"), "agentotel.event.ended");
  assert_string_equal(string_attribute(records[count - 1], "agentotel.event.status"), "unset");
  cJSON_Delete(logs);
}

static void a_snapshot_shows_the_span_before_it_ends(void **state) {
  const cJSON *span = NULL;
  size_t snapshots = 0;
  size_t ended = 0;
  char id[17];
  (void)state;
  start_live("\"export\":\"spans\",\"min_age_ms\":0");
  agentotel_session session = new_session();
  agentotel_event event = start_named(session, "long answer");
  span_id_of(event, id);
  wait_for_derived(AGENTOTEL_SIGNAL_TRACES, 2);
  assert_ok(agentotel_end_event(event, NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  cJSON_ArrayForEach(span, spans) {
    const cJSON *mark = cJSON_GetObjectItem(attribute_of(span, "agentotel.in_flight"), "boolValue");
    if (strcmp(text_of(span, "name"), "long answer") != 0) continue;
    assert_string_equal(text_of(span, "spanId"), id);
    assert_non_null(attribute_of(span, "session.id"));
    if (cJSON_IsTrue(mark)) {
      snapshots++;
    } else {
      ended++;
    }
  }
  assert_true(snapshots >= 2);
  assert_int_equal(ended, 1);
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).accepted_derived, snapshots);
  cJSON_Delete(spans);
}

static void an_event_that_stalls_is_told_of_once(void **state) {
  static const cJSON *records[MOST_RECORDS];
  size_t stalled = 0;
  char said[8192];
  char id[17];
  (void)state;
  start_live("\"export\":\"logs\",\"min_age_ms\":0,\"stall_after_ms\":50");
  agentotel_session session = new_session();
  span_id_of(start_named(session, "stuck"), id);
  wait_for_derived(AGENTOTEL_SIGNAL_LOGS, 20);
  assert_ok(agentotel_get_diagnostics(said, sizeof said, NULL));
  assert_non_null(strstr(said, "the event \"stuck\""));
  assert_non_null(strstr(said, id));
  stop();
  cJSON *logs = read_logs(recording_path());
  size_t count = records_of(logs, id, records);
  for (size_t i = 0; i < count; i++) {
    if (strcmp(text_of(records[i], "eventName"), "agentotel.event.stalled") != 0) continue;
    stalled++;
    assert_string_equal(text_of(records[i], "severityText"), "WARN");
    assert_true(double_attribute(records[i], "agentotel.event.unchanged") >= 0.05);
  }
  assert_int_equal(stalled, 1);
  cJSON_Delete(logs);
}

static void without_a_live_view_nothing_is_listed_and_events_end_as_always(void **state) {
  size_t needed = 99;
  (void)state;
  start_live("\"enabled\":false,\"export\":\"logs\",\"min_age_ms\":0");
  agentotel_session session = new_session();
  agentotel_event event = start_named(session, "unseen");
  pause_ms(200);
  assert_ok(agentotel_list_live(NULL, 0, &needed));
  assert_int_equal(needed, 0);
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).in_flight_events, 1);
  assert_ok(agentotel_end_event(event, NULL));
  stop();
  cJSON *logs = read_logs(recording_path());
  cJSON *spans = read_spans(recording_path());
  assert_int_equal(cJSON_GetArraySize(logs), 0);
  assert_int_equal(count_named(spans, "unseen"), 1);
  cJSON_Delete(spans);
  cJSON_Delete(logs);
}

static void nothing_of_a_session_that_is_not_sampled_goes_out(void **state) {
  const char *path = recording_path();
  (void)state;
  unlink(path);
  start_with(
      "{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\"}],\"sampler\":\"always_off\","
      "\"live\":{\"export\":\"logs\",\"interval_ms\":20,\"min_age_ms\":0}}",
      path);
  agentotel_session session = new_session();
  agentotel_event event = start_named(session, "unsampled");
  pause_ms(200);
  assert_ok(agentotel_end_event(event, NULL));
  stop();
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_LOGS).accepted_derived, 0);
}

int run_live(void) {
#define TEST(name) cmocka_unit_test_teardown(name, stop_anyway)
  const struct CMUnitTest tests[] = {
      TEST(an_event_in_flight_is_told_of_from_its_minimum_age_to_its_end),
      TEST(an_event_that_its_session_ends_is_told_of_as_ended),
      TEST(a_snapshot_shows_the_span_before_it_ends),
      TEST(an_event_that_stalls_is_told_of_once),
      TEST(without_a_live_view_nothing_is_listed_and_events_end_as_always),
      TEST(nothing_of_a_session_that_is_not_sampled_goes_out),
  };
  return GROUP(tests);
}
