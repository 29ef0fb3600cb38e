/* Sessions: traces with a root span, several at once, ended in order or not. What arrives is read from the
 * file exporter's JSON. */
#include "support.h"

static int begin(void **state) {
  (void)state;
  start_recording();
  return 0;
}

static void a_session_says_all_that_is_known_of_it(void **state) {
  const agentotel_str tags[] = {AGENTOTEL_STR("night"), AGENTOTEL_STR("vip")};
  agentotel_attribute attribute = agentotel_attr_double(AGENTOTEL_STR("budget"), 0.5);
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_session_end end = AGENTOTEL_SESSION_END_INIT;
  agentotel_session session = 0;
  (void)state;
  options.session_id = AGENTOTEL_STR("s-1");
  options.conversation_id = AGENTOTEL_STR("c-1");
  options.user_id = AGENTOTEL_STR("u-1");
  options.tags.items = tags;
  options.tags.count = COUNT(tags);
  options.agent_name = AGENTOTEL_STR("clerk");
  options.agent_id = AGENTOTEL_STR("a-1");
  options.agent_version = AGENTOTEL_STR("2");
  options.agent_description = AGENTOTEL_STR("answers");
  options.provider = AGENTOTEL_STR("openai");
  options.start_time_unix_nano = INT64_C(1700000000000000000);
  options.attributes = &attribute;
  options.attribute_count = 1;
  assert_ok(agentotel_start_session(&options, &session));
  attribute = agentotel_attr_bool(AGENTOTEL_STR("weekend"), 1);
  assert_ok(agentotel_session_set_attributes(session, &attribute, 1));
  end.end_state = AGENTOTEL_END_FAIL;
  end.reason = AGENTOTEL_STR("gave up");
  end.error_type = AGENTOTEL_STR("budget");
  end.end_time_unix_nano = INT64_C(1700000001000000000);
  assert_ok(agentotel_end_session(session, &end));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *root = find_named(spans, "invoke_agent clerk");
  assert_string_equal(text_of(root, "startTimeUnixNano"), "1700000000000000000");
  assert_string_equal(text_of(root, "endTimeUnixNano"), "1700000001000000000");
  assert_string_equal(text_of(root, "parentSpanId"), "");
  assert_string_equal(string_attribute(root, "session.id"), "s-1");
  assert_string_equal(string_attribute(root, "gen_ai.conversation.id"), "c-1");
  assert_string_equal(string_attribute(root, "user.id"), "u-1");
  assert_string_equal(string_attribute(root, "gen_ai.agent.name"), "clerk");
  assert_string_equal(string_attribute(root, "gen_ai.agent.id"), "a-1");
  assert_string_equal(string_attribute(root, "gen_ai.agent.version"), "2");
  assert_string_equal(string_attribute(root, "gen_ai.agent.description"), "answers");
  assert_string_equal(string_attribute(root, "gen_ai.provider.name"), "openai");
  assert_string_equal(string_attribute(root, "gen_ai.operation.name"), "invoke_agent");
  assert_string_equal(string_attribute(root, "agentotel.session.end_state"), "fail");
  assert_string_equal(string_attribute(root, "agentotel.session.end_state_reason"), "gave up");
  assert_string_equal(string_attribute(root, "error.type"), "budget");
  assert_non_null(attribute_of(root, "agentotel.session.tags"));
  assert_non_null(attribute_of(root, "budget"));
  assert_true(cJSON_IsTrue(cJSON_GetObjectItem(attribute_of(root, "weekend"), "boolValue")));
  const cJSON *status = cJSON_GetObjectItem(root, "status");
  assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(status, "code")), 2);
  assert_string_equal(text_of(status, "message"), "gave up");
  cJSON_Delete(spans);
}

static void nothing_need_be_known_of_a_session(void **state) {
  agentotel_session session = new_session();
  (void)state;
  assert_ok(agentotel_end_session(session, NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *root = find_named(spans, "session");
  assert_int_equal(strlen(string_attribute(root, "session.id")), 36);
  assert_string_equal(string_attribute(root, "agentotel.session.end_state"), "indeterminate");
  cJSON_Delete(spans);
}

static void the_roots_context_is_known_at_the_start(void **state) {
  char trace_id[33];
  char span_id[17];
  agentotel_span_context context;
  agentotel_session session = new_session();
  (void)state;
  assert_ok(agentotel_session_context(session, &context));
  assert_int_equal(context.trace_flags, 3);
  assert_int_equal(context.is_remote, 0);
  hex_of(context.trace_id, sizeof context.trace_id, trace_id);
  hex_of(context.span_id, sizeof context.span_id, span_id);
  record_named(session, "child");
  assert_ok(agentotel_end_session(session, NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_string_equal(text_of(find_named(spans, "session"), "traceId"), trace_id);
  assert_string_equal(text_of(find_named(spans, "session"), "spanId"), span_id);
  assert_string_equal(text_of(find_named(spans, "child"), "traceId"), trace_id);
  assert_string_equal(text_of(find_named(spans, "child"), "parentSpanId"), span_id);
  cJSON_Delete(spans);
}

static void a_remote_parent_makes_the_root_its_child(void **state) {
  agentotel_span_context parent = {
      {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, {1, 2, 3, 4, 5, 6, 7, 8}, 1, 1, {0}};
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_session session = 0;
  (void)state;
  options.parent = &parent;
  options.trace_state = AGENTOTEL_STR("vendor=1");
  assert_ok(agentotel_start_session(&options, &session));
  assert_ok(agentotel_end_session(session, NULL));
  memset(parent.span_id, 0, sizeof parent.span_id);
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_start_session(&options, &session));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *root = find_named(spans, "session");
  assert_string_equal(text_of(root, "traceId"), "0102030405060708090a0b0c0d0e0f10");
  assert_string_equal(text_of(root, "parentSpanId"), "0102030405060708");
  assert_string_equal(text_of(root, "traceState"), "vendor=1");
  /* Sampled, parent remote and known to be; the parent's trace id was not said to be random. */
  assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(root, "flags")), 0x301);
  cJSON_Delete(spans);
}

static void sessions_that_are_open_at_once_do_not_mix(void **state) {
  enum { SESSIONS = 5 };
  agentotel_session sessions[SESSIONS];
  char text[32];
  (void)state;
  for (int i = 0; i < SESSIONS; i++) {
    agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
    snprintf(text, sizeof text, "session-%d", i);
    options.session_id = agentotel_cstr(text);
    assert_ok(agentotel_start_session(&options, &sessions[i]));
  }
  for (int i = SESSIONS - 1; i >= 0; i--) {
    snprintf(text, sizeof text, "event-%d", i);
    record_named(sessions[i], text);
  }
  for (int i = 0; i < SESSIONS; i++) {
    assert_ok(agentotel_end_session(sessions[i], NULL));
  }
  stop();
  cJSON *spans = read_spans(recording_path());
  for (int i = 0; i < SESSIONS; i++) {
    char id[32];
    snprintf(text, sizeof text, "event-%d", i);
    snprintf(id, sizeof id, "session-%d", i);
    assert_string_equal(string_attribute(find_named(spans, text), "session.id"), id);
  }
  cJSON_Delete(spans);
}

static void a_session_that_ends_ends_its_events(void **state) {
  agentotel_session session = new_session();
  agentotel_session other = new_session();
  agentotel_event event = start_named(session, "cut short");
  agentotel_event stays = start_named(other, "stays");
  (void)state;
  assert_ok(agentotel_end_session(session, NULL));
  assert_status(AGENTOTEL_ERR_STALE_HANDLE, agentotel_end_event(event, NULL));
  assert_ok(agentotel_end_event(stays, NULL));
  assert_ok(agentotel_end_session(other, NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *cut = attribute_of(find_named(spans, "cut short"), "agentotel.interrupted");
  assert_true(cJSON_IsTrue(cJSON_GetObjectItem(cut, "boolValue")));
  assert_null(attribute_of(find_named(spans, "stays"), "agentotel.interrupted"));
  assert_int_equal(cJSON_GetArraySize(spans), 4);
  cJSON_Delete(spans);
}

static void shutdown_ends_what_is_open(void **state) {
  agentotel_session session = new_session();
  agentotel_event event = start_named(session, "cut short");
  (void)state;
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).open_sessions, 1);
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).in_flight_events, 1);
  stop();
  assert_status(AGENTOTEL_ERR_SHUT_DOWN, agentotel_end_event(event, NULL));
  assert_status(AGENTOTEL_ERR_SHUT_DOWN, agentotel_end_session(session, NULL));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).open_sessions, 0);
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).in_flight_events, 0);
  cJSON *spans = read_spans(recording_path());
  assert_non_null(attribute_of(find_named(spans, "cut short"), "agentotel.interrupted"));
  assert_non_null(attribute_of(find_named(spans, "session"), "agentotel.interrupted"));
  cJSON_Delete(spans);
}

static void a_wrong_end_leaves_the_session_open(void **state) {
  agentotel_session session = new_session();
  agentotel_session_end end = AGENTOTEL_SESSION_END_INIT;
  (void)state;
  end.end_state = 77;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_end_session(session, &end));
  record_named(session, "still open");
  assert_ok(agentotel_end_session(session, NULL));
  assert_status(AGENTOTEL_ERR_STALE_HANDLE, agentotel_end_session(session, NULL));
  stop();
}

static void the_root_sums_up_its_session(void **state) {
  agentotel_session session = new_session();
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  agentotel_tool tool = AGENTOTEL_TOOL_INIT;
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  (void)state;
  llm.request_model = AGENTOTEL_STR("m");
  llm.input_tokens = AGENTOTEL_I64(100);
  llm.output_tokens = AGENTOTEL_I64(7);
  data.kind = AGENTOTEL_KIND_LLM;
  data.llm = &llm;
  assert_ok(agentotel_record_event(session, &data, NULL));
  assert_ok(agentotel_record_event(session, &data, NULL));
  tool.name = AGENTOTEL_STR("t");
  data = named_event("");
  data.kind = AGENTOTEL_KIND_TOOL;
  data.tool = &tool;
  data.status_code = AGENTOTEL_STATUS_CODE_ERROR;
  assert_ok(agentotel_record_event(session, &data, NULL));
  assert_ok(agentotel_end_session(session, NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *root = find_named(spans, "session");
  assert_string_equal(int_attribute(root, "agentotel.session.event_count"), "3");
  assert_string_equal(int_attribute(root, "agentotel.session.error_count"), "1");
  assert_string_equal(int_attribute(root, "agentotel.session.llm_count"), "2");
  assert_string_equal(int_attribute(root, "agentotel.session.tool_count"), "1");
  assert_string_equal(int_attribute(root, "agentotel.session.usage.input_tokens"), "200");
  assert_string_equal(int_attribute(root, "agentotel.session.usage.output_tokens"), "14");
  assert_non_null(find_named(spans, "chat m"));
  assert_string_equal(string_attribute(find_named(spans, "execute_tool t"), "error.type"), "_OTHER");
  cJSON_Delete(spans);
}

static void more_sessions_than_the_library_holds_are_refused(void **state) {
  const size_t most = 65536;
  agentotel_session *sessions = calloc(most, sizeof *sessions);
  agentotel_session one_more = 0;
  (void)state;
  for (size_t i = 0; i < most; i++) {
    assert_ok(agentotel_start_session(NULL, &sessions[i]));
  }
  assert_status(AGENTOTEL_ERR_LIMIT, agentotel_start_session(NULL, &one_more));
  assert_ok(agentotel_end_session(sessions[most / 2], NULL));
  assert_ok(agentotel_start_session(NULL, &one_more));
  free(sessions);
  stop();
  assert_int_equal(exporter_stats_of("file", AGENTOTEL_SIGNAL_TRACES).exported, most + 1);
}

int run_sessions(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, stop_anyway)
  const struct CMUnitTest tests[] = {
      TEST(a_session_says_all_that_is_known_of_it),
      TEST(nothing_need_be_known_of_a_session),
      TEST(the_roots_context_is_known_at_the_start),
      TEST(a_remote_parent_makes_the_root_its_child),
      TEST(sessions_that_are_open_at_once_do_not_mix),
      TEST(a_session_that_ends_ends_its_events),
      TEST(shutdown_ends_what_is_open),
      TEST(a_wrong_end_leaves_the_session_open),
      TEST(the_root_sums_up_its_session),
      TEST(more_sessions_than_the_library_holds_are_refused),
  };
  /* 65,536 sessions are too much for valgrind. */
  const size_t count = COUNT(tests) - (under_valgrind() ? 1 : 0);
  return _cmocka_run_group_tests(__FILE__, tests, count, NULL, NULL);
}
