/* Texts and arrays with hostile lengths, bytes that are no UTF-8, and NULs in their midst; every text of
 * every struct, by a table. Texts stand at the edge of unreadable memory: who reads too far dies. */
#include "support.h"

/* Readable bytes before the edge. */
#define SHORT_LENGTH 16
#define GIBIBYTE ((size_t)1 << 30)

static agentotel_session session;
static agentotel_event event;

static int begin(void **state) {
  (void)state;
  start_recording();
  session = new_session();
  event = start_named(session, "in flight");
  return 0;
}

static int finish(void **state) {
  (void)state;
  record_named(session, "afterwards");
  stop();
  return 0;
}

/* A way to pass one text: all others are absent or right. */
struct passing {
  const char *name;
  agentotel_status (*call)(agentotel_str text, size_t offset);
  size_t offset;
};

static void put(void *to, size_t offset, agentotel_str text) {
  memcpy((char *)to + offset, &text, sizeof text);
}

static agentotel_status in_options(agentotel_str text, size_t offset) {
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_session other = 0;
  put(&options, offset, text);
  agentotel_status status = agentotel_start_session(&options, &other);
  if (status == AGENTOTEL_OK) assert_ok(agentotel_end_session(other, NULL));
  return status;
}

static agentotel_status in_tags(agentotel_str text, size_t offset) {
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_session other = 0;
  (void)offset;
  options.tags.items = &text;
  options.tags.count = 1;
  agentotel_status status = agentotel_start_session(&options, &other);
  if (status == AGENTOTEL_OK) assert_ok(agentotel_end_session(other, NULL));
  return status;
}

static agentotel_status in_end(agentotel_str text, size_t offset) {
  agentotel_session_end end = AGENTOTEL_SESSION_END_INIT;
  agentotel_session other = new_session();
  end.end_state = AGENTOTEL_END_FAIL;
  put(&end, offset, text);
  agentotel_status status = agentotel_end_session(other, &end);
  if (status != AGENTOTEL_OK) assert_ok(agentotel_end_session(other, NULL));
  return status;
}

static agentotel_status in_data(agentotel_str text, size_t offset) {
  agentotel_event_data data = named_event("event");
  data.status_code = AGENTOTEL_STATUS_CODE_ERROR;
  put(&data, offset, text);
  return agentotel_record_event(session, &data, NULL);
}

static agentotel_status in_update(agentotel_str text, size_t offset) {
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  data.status_code = AGENTOTEL_STATUS_CODE_ERROR; /* a message belongs to this status alone */
  put(&data, offset, text);
  return agentotel_update_event(event, &data);
}

static agentotel_status in_llm(agentotel_str text, size_t offset) {
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  llm.request_model = AGENTOTEL_STR("model");
  put(&llm, offset, text);
  data.kind = AGENTOTEL_KIND_LLM;
  data.llm = &llm;
  return agentotel_record_event(session, &data, NULL);
}

static agentotel_status in_finish_reasons(agentotel_str text, size_t offset) {
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  agentotel_string_array one = {&text, 1};
  memcpy((char *)&llm + offset, &one, sizeof one);
  data.kind = AGENTOTEL_KIND_LLM;
  data.llm = &llm;
  return agentotel_record_event(session, &data, NULL);
}

static agentotel_status in_tool(agentotel_str text, size_t offset) {
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  agentotel_tool tool = AGENTOTEL_TOOL_INIT;
  tool.name = AGENTOTEL_STR("tool");
  put(&tool, offset, text);
  data.kind = AGENTOTEL_KIND_TOOL;
  data.tool = &tool;
  return agentotel_record_event(session, &data, NULL);
}

static agentotel_status in_action(agentotel_str text, size_t offset) {
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  agentotel_action action = AGENTOTEL_ACTION_INIT;
  put(&action, offset, text);
  data.kind = AGENTOTEL_KIND_ACTION;
  data.action = &action;
  return agentotel_record_event(session, &data, NULL);
}

static agentotel_status in_error(agentotel_str text, size_t offset) {
  agentotel_target root = {0, NULL};
  agentotel_error error = AGENTOTEL_ERROR_INIT;
  put(&error, offset, text);
  return agentotel_record_error(session, root, &error);
}

static agentotel_status in_log(agentotel_str text, size_t offset) {
  agentotel_target root = {0, NULL};
  agentotel_log_record record = AGENTOTEL_LOG_RECORD_INIT;
  put(&record, offset, text);
  return agentotel_log(session, root, &record);
}

static agentotel_status in_link(agentotel_str text, size_t offset) {
  agentotel_event_data data = named_event("event");
  agentotel_link link = AGENTOTEL_LINK_INIT;
  assert_ok(agentotel_session_context(session, &link.context));
  put(&link, offset, text);
  data.links = &link;
  data.link_count = 1;
  return agentotel_record_event(session, &data, NULL);
}

static agentotel_status in_span_event(agentotel_str text, size_t offset) {
  agentotel_event_data data = named_event("event");
  agentotel_span_event moment = AGENTOTEL_SPAN_EVENT_INIT;
  put(&moment, offset, text);
  data.span_events = &moment;
  data.span_event_count = 1;
  return agentotel_record_event(session, &data, NULL);
}

static agentotel_status attribute_in_event(agentotel_attribute attribute) {
  agentotel_event_data data = named_event("event");
  data.attributes = &attribute;
  data.attribute_count = 1;
  return agentotel_record_event(session, &data, NULL);
}

static agentotel_status in_key(agentotel_str text, size_t offset) {
  (void)offset;
  return attribute_in_event(agentotel_attr_int64(text, 1));
}

static agentotel_status in_string(agentotel_str text, size_t offset) {
  (void)offset;
  return attribute_in_event(agentotel_attr_string(AGENTOTEL_STR("key"), text));
}

static agentotel_status in_string_array(agentotel_str text, size_t offset) {
  agentotel_attribute attribute = agentotel_attribute_of(AGENTOTEL_STR("key"), AGENTOTEL_TYPE_STRING_ARRAY);
  (void)offset;
  attribute.value.strings.items = &text;
  attribute.value.strings.count = 1;
  return attribute_in_event(attribute);
}

static agentotel_status in_session_attribute(agentotel_str text, size_t offset) {
  agentotel_attribute attribute = agentotel_attr_string(AGENTOTEL_STR("key"), text);
  (void)offset;
  return agentotel_session_set_attributes(session, &attribute, 1);
}

static agentotel_status in_bytes(agentotel_str text, size_t offset) {
  agentotel_attribute attribute = agentotel_attribute_of(AGENTOTEL_STR("key"), AGENTOTEL_TYPE_BYTES);
  (void)offset;
  attribute.value.bytes = text;
  return attribute_in_event(attribute);
}

static agentotel_status in_json(agentotel_str text, size_t offset) {
  (void)offset;
  return attribute_in_event(agentotel_attr_json(AGENTOTEL_STR("key"), text));
}

static agentotel_status in_chunk(agentotel_str text, size_t offset) {
  (void)offset;
  return agentotel_event_chunk(event, text);
}

#define OPTION(field) \
  { "session_options." #field, in_options, offsetof(agentotel_session_options, field) }
#define END(field) \
  { "session_end." #field, in_end, offsetof(agentotel_session_end, field) }
#define DATA(field) \
  { "event_data." #field, in_data, offsetof(agentotel_event_data, field) }
#define UPDATE(field) \
  { "update." #field, in_update, offsetof(agentotel_event_data, field) }
#define LLM(field) \
  { "llm." #field, in_llm, offsetof(agentotel_llm, field) }
#define LLM_ARRAY(field) \
  { "llm." #field, in_finish_reasons, offsetof(agentotel_llm, field) }
#define TOOL(field) \
  { "tool." #field, in_tool, offsetof(agentotel_tool, field) }
#define LOG(field) \
  { "log." #field, in_log, offsetof(agentotel_log_record, field) }
#define ERROR(field) \
  { "error." #field, in_error, offsetof(agentotel_error, field) }

/* Texts that are repaired when they are no UTF-8. */
static const struct passing texts[] = {
    OPTION(session_id),
    OPTION(name),
    OPTION(conversation_id),
    OPTION(user_id),
    OPTION(agent_name),
    OPTION(agent_id),
    OPTION(agent_version),
    OPTION(agent_description),
    OPTION(provider),
    {"session_options.tags", in_tags, 0},
    END(reason),
    END(error_type),
    DATA(name),
    DATA(status_message),
    UPDATE(name),
    UPDATE(status_message),
    LLM(provider),
    LLM(request_model),
    LLM(response_model),
    LLM(response_id),
    LLM(output_type),
    LLM(server_address),
    LLM_ARRAY(finish_reasons),
    LLM_ARRAY(stop_sequences),
    TOOL(name),
    TOOL(type),
    TOOL(call_id),
    TOOL(description),
    {"action.type", in_action, offsetof(agentotel_action, type)},
    ERROR(type),
    ERROR(message),
    ERROR(code),
    ERROR(details),
    ERROR(stack),
    LOG(body),
    LOG(severity_text),
    LOG(event_name),
    {"span_event.name", in_span_event, offsetof(agentotel_span_event, name)},
    {"attribute.key", in_key, 0},
    {"attribute.value.string", in_string, 0},
    {"attribute.value.strings", in_string_array, 0},
    {"session attribute", in_session_attribute, 0},
};

/* Texts with rules of their own on what is in them. */
static const struct passing other_texts[] = {
    {"session_options.trace_state", in_options, offsetof(agentotel_session_options, trace_state)},
    {"link.trace_state", in_link, offsetof(agentotel_link, trace_state)},
    {"attribute.value.bytes", in_bytes, 0},
    {"attribute.value.json", in_json, 0},
    {"chunk", in_chunk, 0},
};

static const struct passing *every_text(size_t i) {
  if (i < COUNT(texts)) return &texts[i];
  return i - COUNT(texts) < COUNT(other_texts) ? &other_texts[i - COUNT(texts)] : NULL;
}

static void assert_all_answer(agentotel_status expected, agentotel_str text) {
  const struct passing *passing = NULL;
  for (size_t i = 0; (passing = every_text(i)) != NULL; i++) {
    agentotel_status status = passing->call(text, passing->offset);
    if (status == expected) continue;
    print_error("%s of %zu bytes:\n", passing->name, text.len);
    assert_status(expected, status);
  }
}

static void a_null_text_with_a_length_is_refused(void **state) {
  (void)state;
  assert_all_answer(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_str_of(NULL, 5));
  assert_all_answer(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_str_of(NULL, 1));
}

static void an_absurd_length_is_refused_before_it_is_read(void **state) {
  static const size_t lengths[] = {SIZE_MAX, SIZE_MAX / 2 + 1, GIBIBYTE,
                                   (size_t)AGENTOTEL_MAX_TEXT_BYTES + 1};
  (void)state;
  for (size_t i = 0; i < COUNT(lengths); i++) {
    assert_all_answer(AGENTOTEL_ERR_TOO_LARGE, agentotel_str_of(text_at_the_edge(SHORT_LENGTH), lengths[i]));
  }
}

static void a_text_is_read_up_to_its_length_and_no_further(void **state) {
  (void)state;
  for (size_t length = 1; length <= 80; length++) {
    for (size_t i = 0; i < COUNT(texts); i++) {
      assert_ok(texts[i].call(agentotel_str_of(text_at_the_edge(length), length), texts[i].offset));
    }
    assert_ok(in_bytes(agentotel_str_of(text_at_the_edge(length), length), 0));
    assert_ok(in_chunk(agentotel_str_of(text_at_the_edge(length), length), 0));
  }
}

static void an_empty_text_is_never_read(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(texts); i++) {
    agentotel_status status = texts[i].call(agentotel_str_of(text_at_the_edge(0), 0), texts[i].offset);
    /* Names that are required are absent then. */
    if (status != AGENTOTEL_ERR_INVALID_ARGUMENT) assert_ok(status);
  }
  assert_ok(in_chunk(agentotel_str_of(text_at_the_edge(0), 0), 0));
  assert_ok(in_bytes(agentotel_str_of(text_at_the_edge(0), 0), 0));
}

static uint64_t repaired(void) {
  return stats_of(AGENTOTEL_SIGNAL_TRACES).repaired_utf8 + stats_of(AGENTOTEL_SIGNAL_LOGS).repaired_utf8;
}

static void invalid_utf8_is_replaced_and_counted(void **state) {
  static const char *const broken[] = {"a\xff",        "\xc3(",        "\xe2\x82",
                                       "\xf0\x9f\xa6", "\xed\xa0\x80", "\xc0\xaf"};
  size_t uncounted = 0;
  (void)state;
  for (size_t i = 0; i < COUNT(texts); i++) {
    uint64_t before = repaired();
    assert_ok(texts[i].call(agentotel_cstr(broken[i % COUNT(broken)]), texts[i].offset));
    if (repaired() > before) continue;
    print_error("%s: the repair was not counted\n", texts[i].name);
    uncounted++;
  }
  assert_int_equal(uncounted, 0);
}

static void a_replaced_text_arrives_with_what_was_good_in_it(void **state) {
  agentotel_attribute attribute =
      agentotel_attr_string(AGENTOTEL_STR("k\xffy"), AGENTOTEL_STR("a\xff\xfe z"));
  agentotel_event_data data = named_event("br\xc3ken");
  (void)state;
  data.attributes = &attribute;
  data.attribute_count = 1;
  assert_ok(agentotel_record_event(session, &data, NULL));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).repaired_utf8, 3);
  assert_ok(agentotel_flush(10000));
  cJSON *spans = read_spans(recording_path());
  const cJSON *span = find_named(spans, "br\xef\xbf\xbdken");
  assert_string_equal(string_attribute(span, "k\xef\xbf\xbdy"), "a\xef\xbf\xbd\xef\xbf\xbd z");
  cJSON_Delete(spans);
}

static void an_embedded_nul_is_kept(void **state) {
  size_t length = 0;
  (void)state;
  assert_ok(in_data(AGENTOTEL_STR("na\0me"), offsetof(agentotel_event_data, name)));
  assert_ok(in_string(AGENTOTEL_STR("val\0ue"), 0));
  assert_ok(in_key(AGENTOTEL_STR("ke\0y"), 0));
  assert_ok(agentotel_flush(10000));
  char *bytes = read_bytes(recording_path(), &length);
  assert_non_null(strstr(bytes, "\"na\\u0000me\""));
  assert_non_null(strstr(bytes, "\"val\\u0000ue\""));
  assert_non_null(strstr(bytes, "\"ke\\u0000y\""));
  free(bytes);
}

int run_texts(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
  const struct CMUnitTest tests[] = {
      TEST(a_null_text_with_a_length_is_refused),
      TEST(an_absurd_length_is_refused_before_it_is_read),
      TEST(a_text_is_read_up_to_its_length_and_no_further),
      TEST(an_empty_text_is_never_read),
      TEST(invalid_utf8_is_replaced_and_counted),
      TEST(a_replaced_text_arrives_with_what_was_good_in_it),
      TEST(an_embedded_nul_is_kept),
  };
  return GROUP(tests);
}
