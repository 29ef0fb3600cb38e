/* The JSON twins: the same spans as from structs, errors that name the place, hostile texts, texts that are
 * no Unicode. */
#include "support.h"

static agentotel_session session;

static int begin(void **state) {
  (void)state;
  start_recording();
  session = new_session();
  return 0;
}

static agentotel_status record_text(const char *text) {
  return agentotel_record_event_json(session, agentotel_cstr(text), NULL);
}

/* The attributes, kind and status of two spans are the same, in order; times too. */
static void assert_same(const cJSON *spans, const char *one, const char *other) {
  static const char *const members[] = {
      "attributes",      "kind",  "status",      "events", "startTimeUnixNano",
      "endTimeUnixNano", "links", "parentSpanId"};
  const cJSON *first = find_named(spans, one);
  const cJSON *second = find_named(spans, other);
  for (size_t i = 0; i < COUNT(members); i++) {
    char *a = cJSON_PrintUnformatted(cJSON_GetObjectItem(first, members[i]));
    char *b = cJSON_PrintUnformatted(cJSON_GetObjectItem(second, members[i]));
    if (a == NULL || b == NULL)
      assert_true(a == b);
    else
      assert_string_equal(a, b);
    free(a), free(b);
  }
}

static void an_event_is_the_same_from_structs_and_from_json(void **state) {
  agentotel_attribute attributes[] = {
      agentotel_attr_int64(AGENTOTEL_STR("attempt"), 2),
      agentotel_attr_string(AGENTOTEL_STR("text"), AGENTOTEL_STR("caf\xc3\xa9 \"x\"")),
      agentotel_attr_double(AGENTOTEL_STR("share"), 0.1),
      agentotel_attr_json(AGENTOTEL_STR("map"), AGENTOTEL_STR("{\"a\":[1,null]}")),
  };
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  (void)state;
  llm.operation = AGENTOTEL_LLM_TEXT_COMPLETION;
  llm.request_model = AGENTOTEL_STR("gpt-4o");
  llm.input_tokens = AGENTOTEL_I64(812);
  llm.temperature = AGENTOTEL_F64(0);
  llm.counting = AGENTOTEL_COUNTING_CACHE_SEPARATE | AGENTOTEL_COUNTING_REASONING_SEPARATE;
  data.kind = AGENTOTEL_KIND_LLM;
  data.llm = &llm;
  data.name = AGENTOTEL_STR("struct");
  data.start_time_unix_nano = 1767225600000000001;
  data.duration_nano = 250000000;
  data.attributes = attributes;
  data.attribute_count = COUNT(attributes);
  assert_ok(agentotel_record_event(session, &data, NULL));
  assert_ok(
      record_text("{\"llm\":{\"operation\":\"text_completion\",\"request_model\":\"gpt-4o\","
                  "\"input_tokens\":812,\"temperature\":0,\"seed\":null,"
                  "\"counting\":[\"cache_separate\",\"reasoning_separate\"]},"
                  "\"name\":\"json\",\"start_time_unix_nano\":\"1767225600000000001\","
                  "\"duration_nano\":250000000,\"attributes\":{\"attempt\":2,"
                  "\"text\":\"caf\\u00e9 \\\"x\\\"\",\"share\":0.1,\"map\":{\"a\":[1,null]}}}"));
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_same(spans, "struct", "json");
  assert_string_equal(string_attribute(find_named(spans, "json"), "gen_ai.request.model"), "gpt-4o");
  cJSON_Delete(spans);
}

static void events_are_started_updated_and_ended(void **state) {
  agentotel_event event = 0;
  char child[128];
  (void)state;
  assert_ok(agentotel_start_event_json(session, AGENTOTEL_STR("{\"tool\":{\"name\":\"search\"}}"), &event));
  snprintf(child, sizeof child, "{\"name\":\"below\",\"parent\":{\"event\":%llu}}",
           (unsigned long long)event);
  assert_ok(record_text(child));
  snprintf(child, sizeof child, "{\"name\":\"below too\",\"parent\":{\"event\":\"%llu\"}}",
           (unsigned long long)event);
  assert_ok(record_text(child));
  assert_ok(agentotel_update_event_json(event, AGENTOTEL_STR("{\"tool\":{\"call_id\":\"call_1\"}}")));
  assert_ok(agentotel_end_event_json(
      event, AGENTOTEL_STR("{\"error\":{\"type\":\"timeout\"},\"attributes\":{\"k\":true}}")));
  assert_status(AGENTOTEL_ERR_STALE_HANDLE, agentotel_end_event_json(event, agentotel_cstr(NULL)));
  assert_ok(agentotel_start_event_json(session, AGENTOTEL_STR("{\"name\":\"plain\"}"), &event));
  assert_ok(agentotel_end_event_json(event, agentotel_cstr(NULL)));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *tool = find_named(spans, "execute_tool search");
  assert_string_equal(string_attribute(tool, "gen_ai.tool.call.id"), "call_1");
  assert_string_equal(string_attribute(tool, "error.type"), "timeout");
  assert_string_equal(text_of(find_named(spans, "below"), "parentSpanId"), text_of(tool, "spanId"));
  assert_string_equal(text_of(find_named(spans, "below too"), "parentSpanId"), text_of(tool, "spanId"));
  assert_int_equal(count_named(spans, "plain"), 1);
  cJSON_Delete(spans);
}

static void sessions_and_errors_are_said_in_json(void **state) {
  agentotel_session other = 0;
  agentotel_target root = {0, NULL};
  (void)state;
  assert_ok(agentotel_start_session_json(
      AGENTOTEL_STR("{\"name\":\"nightly\",\"tags\":[\"a\",\"b\"],"
                    "\"parent\":\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"}"),
      &other));
  assert_ok(
      agentotel_record_error_json(other, root, AGENTOTEL_STR("{\"type\":\"gone\",\"message\":\"no\"}")));
  assert_ok(
      agentotel_end_session_json(other, AGENTOTEL_STR("{\"end_state\":\"fail\",\"error_type\":\"gone\"}")));
  assert_ok(agentotel_start_session_json(agentotel_cstr(NULL), &other));
  assert_ok(agentotel_end_session_json(other, agentotel_cstr(NULL)));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_start_session_json(AGENTOTEL_STR("{\"names\":1}"), &other));
  assert_last_error_names("names: there is no such field");
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_start_session_json(AGENTOTEL_STR("{}"), NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *nightly = find_named(spans, "nightly");
  assert_string_equal(text_of(nightly, "traceId"), "0af7651916cd43dd8448eb211c80319c");
  assert_string_equal(text_of(nightly, "parentSpanId"), "b7ad6b7169203331");
  assert_string_equal(string_attribute(nightly, "error.type"), "gone");
  cJSON_Delete(spans);
  cJSON *logs = read_logs(recording_path());
  assert_int_equal(cJSON_GetArraySize(logs), 1);
  assert_string_equal(string_attribute(cJSON_GetArrayItem(logs, 0), "exception.type"), "gone");
  cJSON_Delete(logs);
}

static void log_records_are_said_in_json(void **state) {
  const char *text =
      "{\"severity_number\":\"warn2\",\"event_name\":\"disk.full\",\"time_unix_nano\":"
      "\"1700000000000000001\","
      "\"body\":\"the disk is "
      "full\",\"attributes\":{\"path\":\"/var\",\"free\":0,\"more\":{\"a\":[1,true]}}}";
  agentotel_attribute attributes[] = {
      agentotel_attr_string(AGENTOTEL_STR("path"), AGENTOTEL_STR("/var")),
      agentotel_attr_int64(AGENTOTEL_STR("free"), 0),
      agentotel_attr_json(AGENTOTEL_STR("more"), AGENTOTEL_STR("{\"a\":[1,true]}")),
  };
  agentotel_log_record record = AGENTOTEL_LOG_RECORD_INIT;
  agentotel_target target = {0, NULL};
  (void)state;
  record.severity_number = AGENTOTEL_SEVERITY_WARN2;
  record.event_name = AGENTOTEL_STR("disk.full");
  record.time_unix_nano = 1700000000000000001;
  record.body.string = AGENTOTEL_STR("the disk is full");
  record.attributes = attributes;
  record.attribute_count = COUNT(attributes);
  assert_ok(agentotel_log(session, target, &record));
  assert_ok(agentotel_log_json(session, target, agentotel_cstr(text)));
  assert_ok(
      agentotel_log_json(0, target, AGENTOTEL_STR("{\"severity_number\":9,\"body\":{\"a\":[1,null]}}")));
  assert_ok(agentotel_log_json(session, target, AGENTOTEL_STR("{\"body\":\"half \\ud83d\"}")));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_LOGS).repaired_utf8, 1);
  assert_true(is_bad_handle(agentotel_log_json(12345, target, AGENTOTEL_STR("{}"))));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_log_json(session, target, AGENTOTEL_STR("{\"severity_number\":\"loud\"}")));
  assert_last_error_names("severity_number: a whole number from 0 to 24, or one of \"unspecified\"");
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_log_json(session, target, AGENTOTEL_STR("{\"attributes\":[]}")));
  assert_last_error_names("attributes: an object is expected, got a list");
  assert_status(AGENTOTEL_ERR_TOO_LARGE,
                agentotel_log_json(session, target, agentotel_str_of("", AGENTOTEL_MAX_JSON_BYTES + 1)));
  agentotel_stats stats = stats_of(AGENTOTEL_SIGNAL_LOGS);
  assert_int_equal(refused_in_all(&stats), 4);
  stop();
  cJSON *logs = read_logs(recording_path());
  assert_int_equal(cJSON_GetArraySize(logs), 4);
  cJSON *first = cJSON_GetArrayItem(logs, 0), *second = cJSON_GetArrayItem(logs, 1);
  cJSON_DeleteItemFromObject(first, "observedTimeUnixNano");
  cJSON_DeleteItemFromObject(second, "observedTimeUnixNano");
  assert_true(cJSON_Compare(first, second, true));
  char *body = cJSON_PrintUnformatted(cJSON_GetObjectItem(cJSON_GetArrayItem(logs, 2), "body"));
  assert_non_null(strstr(body, "\"kvlistValue\""));
  free(body);
  cJSON_Delete(logs);
}

static void what_is_wrong_is_named_and_counted(void **state) {
  static const struct {
    const char *text;
    const char *words;
  } wrong[] = {
      {"{\"llm\":{\"input_tokens\":\"x\"}}", "llm.input_tokens: a whole number is expected, got \"x\""},
      {"{\"llm\":{\"seeds\":1}}", "llm.seeds: there is no such field; there are operation, in_process"},
      {"{\"links\":[{\"context\":{\"span_id\":\"0\"}}]}", "links[0].context.span_id: a text of 16"},
      {"{\"kind\":\"tool\"}", "tool: is absent"},
      {"{\"llm\":{},\"tool\":{}}", "one detail"},
      {"{\"name\":\"x\"", "not valid JSON"},
      {"{}", "name is absent"},
      {"", "json: not valid JSON"},
      {"{\"name\":\"x\",\"attributes\":{\"a\":NaN}}", "attributes[\"a\"]: not valid JSON"},
      {"{\"name\":\"x\",\"attributes\":{\"a\":1e999}}", "out of range"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(wrong); i++) {
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, record_text(wrong[i].text));
    assert_last_error_names(wrong[i].words);
  }
  agentotel_stats stats = stats_of(AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(refused_in_all(&stats), COUNT(wrong));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_record_event_json(session, agentotel_str_of(NULL, 5), NULL));
  assert_status(
      AGENTOTEL_ERR_TOO_LARGE,
      agentotel_record_event_json(session, agentotel_str_of("", AGENTOTEL_MAX_JSON_BYTES + 1), NULL));
  assert_true(is_bad_handle(agentotel_record_event_json(12345, AGENTOTEL_STR("{\"name\":\"x\"}"), NULL)));
  stop();
}

/* Of a session that is not sampled an event's text is not read; an evaluation is no event of the session's
 * trace, and is. */
static void what_is_not_sampled_is_counted_unread(void **state) {
  agentotel_span_context first, second, about = {{1}, {2}, 1, 1, {0}};
  const char *evaluation =
      "{\"evaluation\":{\"name\":\"relevance\"},\"parent\":\"00-0af7651916cd43dd8448eb211c80319c-"
      "b7ad6b7169203331-01\"}";
  (void)state;
  stop();
  start_with("{\"sampler\":\"always_off\",\"exporters\":[]}");
  session = new_session();
  /* The first one is read, since nobody knows of its session yet. */
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, record_text("{\"llm\":{\"input_tokens\":\"x\"}}"));
  assert_ok(agentotel_record_event_json(session, AGENTOTEL_STR("{\"name\":\"x\"}"), &first));
  assert_ok(agentotel_record_event_json(session, AGENTOTEL_STR("not read"), &second));
  assert_memory_equal(first.trace_id, second.trace_id, sizeof first.trace_id);
  assert_memory_not_equal(first.span_id, second.span_id, sizeof first.span_id);
  assert_int_equal(second.trace_flags & 1, 0);
  assert_ok(agentotel_record_event_json(session, agentotel_cstr(evaluation), &about));
  assert_int_equal(about.trace_id[0], 0x0a);
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, record_text("{\"\\u006eame\":1}"));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, record_text("an evaluation"));
  /* What is wrong with the text as a whole is said in any case. */
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_record_event_json(session, agentotel_str_of(NULL, 5), NULL));
  assert_status(
      AGENTOTEL_ERR_TOO_LARGE,
      agentotel_record_event_json(session, agentotel_str_of("", AGENTOTEL_MAX_JSON_BYTES + 1), NULL));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, record_text(""));
  agentotel_stats stats = stats_of(AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(stats.head_unsampled, 2);
  assert_int_equal(refused_in_all(&stats), 6);
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_LOGS).head_unsampled, 1);
  assert_ok(agentotel_end_session(session, NULL));
  assert_status(AGENTOTEL_ERR_STALE_HANDLE, record_text("{\"name\":\"x\"}"));
  stop();
}

static void what_is_nested_deeply_harms_nobody(void **state) {
  static const char *const starts[] = {
      "[", "{\"a\":", "{\"name\":\"x\",\"attributes\":{\"a\":", "{\"tool\":{\"name\":\"x\",\"result\":"};
  const size_t depth = 200000;
  (void)state;
  for (size_t i = 0; i < COUNT(starts); i++) {
    size_t start = strlen(starts[i]);
    char *text = malloc(start + depth * 2);
    memcpy(text, starts[i], start);
    memset(text + start, '[', depth);
    memset(text + start + depth, ']', depth);
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                  agentotel_record_event_json(session, agentotel_str_of(text, start + depth * 2), NULL));
    free(text);
  }
  stop();
}

static void a_text_is_read_to_its_length_and_no_further(void **state) {
  (void)state;
  /* `{"name":"aaa…` at the edge of memory: its end is not there, and not looked for. */
  for (size_t length = 1; length < 40; length++)
    assert_status(
        AGENTOTEL_ERR_INVALID_ARGUMENT,
        agentotel_record_event_json(session, agentotel_str_of(text_at_the_edge(length), length), NULL));
  stop();
}

static void what_is_no_unicode_is_replaced_and_counted(void **state) {
  (void)state;
  assert_ok(record_text("{\"name\":\"bytes\",\"attributes\":{\"a\":\"x\xff\"}}"));
  assert_ok(record_text("{\"name\":\"half\",\"attributes\":{\"a\":\"x\\ud83d\"}}"));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).repaired_utf8, 2);
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_string_equal(string_attribute(find_named(spans, "bytes"), "a"), "x\xef\xbf\xbd");
  assert_string_equal(string_attribute(find_named(spans, "half"), "a"), "x\xef\xbf\xbd");
  cJSON_Delete(spans);
}

int run_json(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, stop_anyway)
  const struct CMUnitTest tests[] = {
      TEST(an_event_is_the_same_from_structs_and_from_json),
      TEST(events_are_started_updated_and_ended),
      TEST(sessions_and_errors_are_said_in_json),
      TEST(log_records_are_said_in_json),
      TEST(what_is_wrong_is_named_and_counted),
      TEST(what_is_not_sampled_is_counted_unread),
      TEST(what_is_nested_deeply_harms_nobody),
      TEST(a_text_is_read_to_its_length_and_no_further),
      TEST(what_is_no_unicode_is_replaced_and_counted),
  };
  return GROUP(tests);
}
