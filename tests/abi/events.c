/* Events: recorded whole or in parts, one or many, below parents named by handle or context. */
#include "support.h"

static agentotel_session session;

static int begin(void **state) {
  (void)state;
  start_recording();
  session = new_session();
  return 0;
}

static void a_parent_may_be_a_handle_or_a_context(void **state) {
  agentotel_event parent = start_named(session, "parent");
  agentotel_span_context recorded;
  char span_id[17];
  (void)state;
  agentotel_event_data by_handle = named_event("by handle");
  by_handle.parent.event = parent;
  assert_ok(agentotel_record_event(session, &by_handle, &recorded));
  agentotel_event_data by_context = named_event("by context");
  by_context.parent.context = &recorded;
  assert_ok(agentotel_record_event(session, &by_context, NULL));
  assert_ok(agentotel_end_event(parent, NULL));
  hex_of(recorded.span_id, sizeof recorded.span_id, span_id);
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_string_equal(text_of(find_named(spans, "by handle"), "parentSpanId"),
                      text_of(find_named(spans, "parent"), "spanId"));
  assert_string_equal(text_of(find_named(spans, "by handle"), "spanId"), span_id);
  assert_string_equal(text_of(find_named(spans, "by context"), "parentSpanId"), span_id);
  cJSON_Delete(spans);
}

static void a_parent_that_cannot_be_is_refused(void **state) {
  agentotel_event parent = start_named(session, "parent");
  agentotel_session other = new_session();
  agentotel_span_context context;
  agentotel_event started = 0;
  agentotel_event_data data = named_event("child");
  (void)state;
  /* Both at once. */
  assert_ok(agentotel_event_context(parent, &context));
  data.parent.event = parent;
  data.parent.context = &context;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, &data, NULL));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_start_event(session, &data, &started));
  /* A span of another trace. */
  assert_ok(agentotel_session_context(other, &context));
  data.parent.event = 0;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, &data, NULL));
  assert_last_error_names("trace");
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_start_event(session, &data, &started));
  /* An event of another session. */
  data.parent.event = parent;
  data.parent.context = NULL;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(other, &data, NULL));
  /* No span at all. */
  memset(&context, 0, sizeof context);
  data.parent.event = 0;
  data.parent.context = &context;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, &data, NULL));
  stop();
}

static void of_several_events_those_before_a_bad_one_are_recorded(void **state) {
  agentotel_event_data events[5];
  agentotel_span_context contexts[5];
  agentotel_span_context untouched;
  size_t recorded = 99;
  (void)state;
  for (size_t i = 0; i < COUNT(events); i++) {
    events[i] = named_event("one of five");
  }
  events[2].kind = 99;
  memset(contexts, 0x5a, sizeof contexts);
  memset(&untouched, 0x5a, sizeof untouched);
  uint64_t offered = stats_of(AGENTOTEL_SIGNAL_TRACES).offered;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_record_events(session, events, COUNT(events), contexts, &recorded));
  assert_int_equal(recorded, 2);
  assert_memory_not_equal(&contexts[1], &untouched, sizeof untouched);
  assert_memory_equal(&contexts[2], &untouched, sizeof untouched);
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).offered - offered, 3);
  recorded = 99;
  assert_ok(agentotel_record_events(session, events, 2, NULL, &recorded));
  assert_int_equal(recorded, 2);
  recorded = 99;
  assert_status(AGENTOTEL_ERR_INVALID_HANDLE, agentotel_record_events(0, events, 2, NULL, &recorded));
  assert_int_equal(recorded, 0);
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_int_equal(count_named(spans, "one of five"), 4);
  cJSON_Delete(spans);
}

static void an_event_ends_once(void **state) {
  agentotel_event event = start_named(session, "once");
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  (void)state;
  assert_ok(agentotel_end_event(event, NULL));
  assert_status(AGENTOTEL_ERR_STALE_HANDLE, agentotel_end_event(event, NULL));
  assert_status(AGENTOTEL_ERR_STALE_HANDLE, agentotel_update_event(event, &data));
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_int_equal(count_named(spans, "once"), 1);
  cJSON_Delete(spans);
}

static void updates_replace_what_was_said_before(void **state) {
  agentotel_attribute before[] = {agentotel_attr_int64(AGENTOTEL_STR("step"), 1),
                                  agentotel_attr_string(AGENTOTEL_STR("stays"), AGENTOTEL_STR("yes"))};
  agentotel_attribute after = agentotel_attr_int64(AGENTOTEL_STR("step"), 2);
  agentotel_attribute at_end = agentotel_attr_int64(AGENTOTEL_STR("last"), 3);
  agentotel_event event = 0;
  (void)state;
  agentotel_event_data data = named_event("first name");
  data.attributes = before;
  data.attribute_count = COUNT(before);
  data.start_time_unix_nano = INT64_C(1700000000000000000);
  assert_ok(agentotel_start_event(session, &data, &event));
  data = named_event("second name");
  data.attributes = &after;
  data.attribute_count = 1;
  assert_ok(agentotel_update_event(event, &data));
  data = named_event("");
  data.attributes = &at_end;
  data.attribute_count = 1;
  data.status_code = AGENTOTEL_STATUS_CODE_OK;
  data.end_time_unix_nano = INT64_C(1700000000500000000);
  assert_ok(agentotel_end_event(event, &data));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *span = find_named(spans, "second name");
  assert_string_equal(int_attribute(span, "step"), "2");
  assert_string_equal(int_attribute(span, "last"), "3");
  assert_string_equal(string_attribute(span, "stays"), "yes");
  assert_string_equal(text_of(span, "startTimeUnixNano"), "1700000000000000000");
  assert_string_equal(text_of(span, "endTimeUnixNano"), "1700000000500000000");
  assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(cJSON_GetObjectItem(span, "status"), "code")), 1);
  cJSON_Delete(spans);
}

static void chunks_are_counted_and_the_first_is_timed(void **state) {
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  agentotel_event event = 0;
  (void)state;
  llm.request_model = AGENTOTEL_STR("m");
  data.kind = AGENTOTEL_KIND_LLM;
  data.llm = &llm;
  assert_ok(agentotel_start_event(session, &data, &event));
  assert_ok(agentotel_event_first_token(event));
  assert_ok(agentotel_event_chunk(event, AGENTOTEL_STR("Hel")));
  assert_ok(agentotel_event_chunk(event, AGENTOTEL_STR("lo")));
  assert_ok(agentotel_end_event(event, NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *span = find_named(spans, "chat m");
  assert_string_equal(int_attribute(span, "agentotel.stream.chunk_count"), "2");
  assert_string_equal(int_attribute(span, "agentotel.stream.bytes"), "5");
  assert_non_null(attribute_of(span, "gen_ai.response.time_to_first_chunk"));
  cJSON_Delete(spans);
}

static void an_error_is_a_status_and_a_log_record(void **state) {
  agentotel_error error = AGENTOTEL_ERROR_INIT;
  agentotel_target target = {0, NULL};
  agentotel_span_context context;
  char span_id[17];
  (void)state;
  error.type = AGENTOTEL_STR("timeout");
  error.message = AGENTOTEL_STR("no answer");
  /* On an event in flight, on the root, and with an event that is recorded whole. */
  target.event = start_named(session, "failing");
  assert_ok(agentotel_event_context(target.event, &context));
  hex_of(context.span_id, sizeof context.span_id, span_id);
  assert_ok(agentotel_record_error(session, target, &error));
  assert_ok(agentotel_end_event(target.event, NULL));
  target.event = 0;
  assert_ok(agentotel_record_error(session, target, &error));
  agentotel_event_data data = named_event("failed");
  data.error = &error;
  assert_ok(agentotel_record_event(session, &data, NULL));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_LOGS).accepted_caller, 2);
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_LOGS).accepted_derived, 1);
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_string_equal(string_attribute(find_named(spans, "failing"), "error.type"), "timeout");
  assert_string_equal(string_attribute(find_named(spans, "failed"), "error.type"), "timeout");
  assert_string_equal(text_of(cJSON_GetObjectItem(find_named(spans, "failed"), "status"), "message"),
                      "no answer");
  cJSON_Delete(spans);
  cJSON *logs = read_logs(recording_path());
  const cJSON *log = NULL;
  size_t on_failing = 0;
  assert_int_equal(cJSON_GetArraySize(logs), 3);
  cJSON_ArrayForEach(log, logs) {
    assert_string_equal(text_of(log, "eventName"), "exception");
    assert_string_equal(string_attribute(log, "exception.message"), "no answer");
    on_failing += strcmp(text_of(log, "spanId"), span_id) == 0;
  }
  assert_int_equal(on_failing, 1);
  cJSON_Delete(logs);
}

static void what_is_in_flight_is_listed_oldest_first(void **state) {
  static const char *const names[] = {"first", "second", "third"};
  agentotel_event events[COUNT(names)];
  agentotel_live_event live[COUNT(names) + 1] = {AGENTOTEL_LIVE_EVENT_INIT};
  size_t needed = 99;
  (void)state;
  assert_ok(agentotel_list_live(NULL, 0, &needed));
  assert_int_equal(needed, 0);
  for (size_t i = 0; i < COUNT(names); i++) {
    events[i] = start_named(session, names[i]);
  }
  assert_ok(agentotel_event_chunk(events[1], AGENTOTEL_STR("chunk")));
  assert_status(AGENTOTEL_ERR_BUFFER_TOO_SMALL, agentotel_list_live(NULL, 0, &needed));
  assert_int_equal(needed, COUNT(names));
  needed = 0;
  assert_status(AGENTOTEL_ERR_BUFFER_TOO_SMALL, agentotel_list_live(live, 2, &needed));
  assert_int_equal(needed, COUNT(names));
  assert_int_equal(live[1].event, events[1]);
  assert_int_equal(live[2].event, 0);
  assert_ok(agentotel_list_live(live, COUNT(live), &needed));
  for (size_t i = 0; i < COUNT(names); i++) {
    agentotel_span_context context;
    assert_int_equal(live[i].event, events[i]);
    assert_int_equal(live[i].session, session);
    assert_string_equal(live[i].name, names[i]);
    assert_int_equal(live[i].kind, AGENTOTEL_KIND_CUSTOM);
    assert_int_equal(live[i].chunk_count, i == 1);
    assert_true(live[i].elapsed_nano >= 0 && live[i].start_time_unix_nano > 0);
    assert_ok(agentotel_event_context(events[i], &context));
    assert_memory_equal(&live[i].context, &context, sizeof context);
  }
  stop();
}

static void a_list_steps_by_the_first_elements_size(void **state) {
  const size_t step = sizeof(agentotel_live_event) + 40;
  unsigned char *memory = calloc(2, step);
  agentotel_live_event second;
  size_t needed = 0;
  (void)state;
  start_named(session, "first");
  agentotel_event event = start_named(session, "second");
  memcpy(memory, &step, sizeof step);
  assert_ok(agentotel_list_live((agentotel_live_event *)(void *)memory, 2, &needed));
  memcpy(&second, memory + step, sizeof second);
  assert_int_equal(second.event, event);
  assert_string_equal(second.name, "second");
  free(memory);
  stop();
}

static void a_long_name_is_listed_cut_at_a_character(void **state) {
  char name[201] = "";
  agentotel_live_event live = AGENTOTEL_LIVE_EVENT_INIT;
  size_t needed = 0;
  (void)state;
  for (size_t i = 0; i < 100; i++) {
    strcat(name, "\xc3\xbc");
  }
  start_named(session, name);
  assert_ok(agentotel_list_live(&live, 1, &needed));
  assert_int_equal(strlen(live.name), 62);
  assert_memory_equal(live.name, name, 62);
  stop();
}

static void more_events_in_flight_than_allowed_are_refused(void **state) {
  agentotel_event_data data = named_event("one too many");
  agentotel_event event = 0;
  (void)state;
  stop();
  start_with("{\"live\":{\"max_events\":2},\"exporters\":[]}");
  session = new_session();
  agentotel_event first = start_named(session, "first");
  start_named(session, "second");
  assert_status(AGENTOTEL_ERR_LIMIT, agentotel_start_event(session, &data, &event));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).refused[AGENTOTEL_REFUSED_LIMIT], 1);
  assert_ok(agentotel_end_event(first, NULL));
  assert_ok(agentotel_start_event(session, &data, &event));
  stop();
}

int run_events(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, stop_anyway)
  const struct CMUnitTest tests[] = {
      TEST(a_parent_may_be_a_handle_or_a_context),
      TEST(a_parent_that_cannot_be_is_refused),
      TEST(of_several_events_those_before_a_bad_one_are_recorded),
      TEST(an_event_ends_once),
      TEST(updates_replace_what_was_said_before),
      TEST(chunks_are_counted_and_the_first_is_timed),
      TEST(an_error_is_a_status_and_a_log_record),
      TEST(what_is_in_flight_is_listed_oldest_first),
      TEST(a_list_steps_by_the_first_elements_size),
      TEST(a_long_name_is_listed_cut_at_a_character),
      TEST(more_events_in_flight_than_allowed_are_refused),
  };
  return GROUP(tests);
}
