/* Attribute values of every type, hostile numbers and times, and the rule that keys are unique; as they
 * arrive. */
#include <math.h>

#include "support.h"

static agentotel_session session;

static int begin(void **state) {
  (void)state;
  start_recording();
  session = new_session();
  return 0;
}

static const cJSON *value_member(const cJSON *span, const char *key, const char *member) {
  const cJSON *value = cJSON_GetObjectItem(attribute_of(span, key), member);
  if (value == NULL) fail_msg("attribute \"%s\" has no %s", key, member);
  return value;
}

/* Element `i` of an array value. */
static const cJSON *element(const cJSON *span, const char *key, int i) {
  const cJSON *values = cJSON_GetObjectItem(value_member(span, key, "arrayValue"), "values");
  if (i >= cJSON_GetArraySize(values)) fail_msg("\"%s\" has no element %d", key, i);
  return cJSON_GetArrayItem(values, i);
}

static void values_of_every_type_arrive(void **state) {
  static const char bytes[] = {0, 1, (char)0xff};
  static const agentotel_str strings[] = {{"a", 1}, {NULL, 0}, {"c", 1}};
  static const uint8_t booleans[] = {0, 1, 200};
  static const int64_t int64s[] = {INT64_MIN, 0, INT64_MAX};
  static const double float64s[] = {-0.5, 1e300};
  agentotel_attribute attributes[10];
  agentotel_event_data data = named_event("values");
  (void)state;
  attributes[0] = agentotel_attr_string(AGENTOTEL_STR("string"), AGENTOTEL_STR("text"));
  attributes[1] = agentotel_attr_bool(AGENTOTEL_STR("bool"), 1);
  attributes[2] = agentotel_attr_int64(AGENTOTEL_STR("int64"), INT64_MIN);
  attributes[3] = agentotel_attr_double(AGENTOTEL_STR("double"), 2.5);
  attributes[4] = agentotel_attribute_of(AGENTOTEL_STR("bytes"), AGENTOTEL_TYPE_BYTES);
  attributes[4].value.bytes = agentotel_str_of(bytes, sizeof bytes);
  attributes[5] = agentotel_attribute_of(AGENTOTEL_STR("strings"), AGENTOTEL_TYPE_STRING_ARRAY);
  attributes[5].value.strings.items = strings;
  attributes[5].value.strings.count = COUNT(strings);
  attributes[6] = agentotel_attribute_of(AGENTOTEL_STR("booleans"), AGENTOTEL_TYPE_BOOL_ARRAY);
  attributes[6].value.booleans.items = booleans;
  attributes[6].value.booleans.count = COUNT(booleans);
  attributes[7] = agentotel_attribute_of(AGENTOTEL_STR("int64s"), AGENTOTEL_TYPE_INT64_ARRAY);
  attributes[7].value.int64s.items = int64s;
  attributes[7].value.int64s.count = COUNT(int64s);
  attributes[8] = agentotel_attribute_of(AGENTOTEL_STR("doubles"), AGENTOTEL_TYPE_DOUBLE_ARRAY);
  attributes[8].value.float64s.items = float64s;
  attributes[8].value.float64s.count = COUNT(float64s);
  attributes[9] = agentotel_attr_json(AGENTOTEL_STR("json"), AGENTOTEL_STR("{\"a\":[1,\"b\",null]}"));
  data.attributes = attributes;
  data.attribute_count = COUNT(attributes);
  assert_ok(agentotel_record_event(session, &data, NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *span = find_named(spans, "values");
  assert_string_equal(string_attribute(span, "string"), "text");
  assert_true(cJSON_IsTrue(value_member(span, "bool", "boolValue")));
  assert_string_equal(int_attribute(span, "int64"), "-9223372036854775808");
  assert_true(cJSON_GetNumberValue(value_member(span, "double", "doubleValue")) == 2.5);
  assert_string_equal(cJSON_GetStringValue(value_member(span, "bytes", "bytesValue")), "AAH/");
  assert_string_equal(text_of(element(span, "strings", 2), "stringValue"), "c");
  assert_true(cJSON_IsTrue(cJSON_GetObjectItem(element(span, "booleans", 2), "boolValue")));
  assert_string_equal(text_of(element(span, "int64s", 2), "intValue"), "9223372036854775807");
  assert_true(cJSON_GetNumberValue(cJSON_GetObjectItem(element(span, "doubles", 1), "doubleValue")) == 1e300);
  const cJSON *pairs = cJSON_GetObjectItem(value_member(span, "json", "kvlistValue"), "values");
  assert_string_equal(text_of(cJSON_GetArrayItem(pairs, 0), "key"), "a");
  cJSON_Delete(spans);
}

static void numbers_that_are_none_arrive(void **state) {
  static const double odd[] = {NAN, INFINITY, -INFINITY, -0.0, 5e-324};
  agentotel_attribute attributes[] = {
      agentotel_attr_double(AGENTOTEL_STR("nan"), NAN), agentotel_attr_double(AGENTOTEL_STR("inf"), INFINITY),
      agentotel_attribute_of(AGENTOTEL_STR("odd"), AGENTOTEL_TYPE_DOUBLE_ARRAY)};
  agentotel_event_data data = named_event("odd");
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  (void)state;
  attributes[2].value.float64s.items = odd;
  attributes[2].value.float64s.count = COUNT(odd);
  llm.temperature = AGENTOTEL_F64(NAN);
  llm.input_tokens = AGENTOTEL_I64(INT64_MIN);
  llm.output_tokens = AGENTOTEL_I64(INT64_MAX);
  data.kind = AGENTOTEL_KIND_LLM;
  data.llm = &llm;
  data.attributes = attributes;
  data.attribute_count = COUNT(attributes);
  assert_ok(agentotel_record_event(session, &data, NULL));
  assert_ok(agentotel_record_event(session, &data, NULL));
  assert_ok(agentotel_end_session(session, NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_int_equal(count_named(spans, "odd"), 2);
  assert_string_equal(int_attribute(find_named(spans, "odd"), "gen_ai.usage.input_tokens"),
                      "-9223372036854775808");
  /* As OTLP's JSON writes them. */
  assert_string_equal(cJSON_GetStringValue(value_member(find_named(spans, "odd"), "nan", "doubleValue")),
                      "NaN");
  cJSON_Delete(spans);
}

static void zero_can_be_said(void **state) {
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  (void)state;
  llm.request_model = AGENTOTEL_STR("zero");
  llm.temperature = AGENTOTEL_F64(0.0);
  llm.output_tokens = AGENTOTEL_I64(0);
  llm.stream = AGENTOTEL_BOOL(0);
  data.kind = AGENTOTEL_KIND_LLM;
  data.llm = &llm;
  assert_ok(agentotel_record_event(session, &data, NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *span = find_named(spans, "chat zero");
  assert_true(cJSON_GetNumberValue(value_member(span, "gen_ai.request.temperature", "doubleValue")) == 0);
  assert_string_equal(int_attribute(span, "gen_ai.usage.output_tokens"), "0");
  /* The conventions have this one of requests that stream alone. */
  assert_null(attribute_of(span, "gen_ai.request.stream"));
  assert_null(attribute_of(span, "gen_ai.usage.input_tokens"));
  assert_null(attribute_of(span, "gen_ai.request.top_p"));
  cJSON_Delete(spans);
}

static void of_attributes_with_one_key_the_last_wins_and_the_typed_field_over_all(void **state) {
  agentotel_attribute attributes[] = {
      agentotel_attr_int64(AGENTOTEL_STR("twice"), 1),
      agentotel_attr_string(AGENTOTEL_STR("gen_ai.tool.name"), AGENTOTEL_STR("free")),
      agentotel_attr_string(AGENTOTEL_STR("session.id"), AGENTOTEL_STR("free")),
      agentotel_attr_int64(AGENTOTEL_STR("twice"), 2),
      agentotel_attr_int64(AGENTOTEL_STR(""), 3),
  };
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  agentotel_tool tool = AGENTOTEL_TOOL_INIT;
  (void)state;
  tool.name = AGENTOTEL_STR("typed");
  data.kind = AGENTOTEL_KIND_TOOL;
  data.tool = &tool;
  data.attributes = attributes;
  data.attribute_count = COUNT(attributes);
  assert_ok(agentotel_record_event(session, &data, NULL));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).dropped_attributes, 1);
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *span = find_named(spans, "execute_tool typed");
  /* `attribute_of` fails when a key is there twice. */
  assert_string_equal(int_attribute(span, "twice"), "2");
  assert_string_equal(string_attribute(span, "gen_ai.tool.name"), "typed");
  assert_int_equal(strlen(string_attribute(span, "session.id")), 36);
  cJSON_Delete(spans);
}

static void json_that_is_none_is_refused(void **state) {
  static const char *const wrong[] = {"", "{", "1", "\"text\"", "{\"a\":}", "[1,]", "null", "{} {}"};
  (void)state;
  for (size_t i = 0; i < COUNT(wrong); i++) {
    agentotel_attribute attribute = agentotel_attr_json(AGENTOTEL_STR("key"), agentotel_cstr(wrong[i]));
    agentotel_event_data data = named_event("event");
    data.attributes = &attribute;
    data.attribute_count = 1;
    if (agentotel_record_event(session, &data, NULL) != AGENTOTEL_ERR_INVALID_ARGUMENT)
      fail_msg("%s", wrong[i]);
  }
  stop();
}

static void json_that_is_nested_deeply_harms_nobody(void **state) {
  const size_t depth = 200000;
  char *text = malloc(depth * 2);
  (void)state;
  memset(text, '[', depth);
  memset(text + depth, ']', depth);
  agentotel_attribute attribute =
      agentotel_attr_json(AGENTOTEL_STR("deep"), agentotel_str_of(text, depth * 2));
  agentotel_event_data data = named_event("deep");
  data.attributes = &attribute;
  data.attribute_count = 1;
  agentotel_status status = agentotel_record_event(session, &data, NULL);
  assert_true(status == AGENTOTEL_OK || status == AGENTOTEL_ERR_INVALID_ARGUMENT);
  free(text);
  stop();
}

static void impossible_times_are_set_right_and_counted(void **state) {
  static const struct {
    int64_t start;
    int64_t end;
    int64_t duration;
  } wrong[] = {
      {2000, 1000, 0}, {-5, 1000, 0}, {INT64_MIN, INT64_MIN, INT64_MIN}, {INT64_MAX, 1, 0}, {1000, 0, -1}};
  (void)state;
  for (size_t i = 0; i < COUNT(wrong); i++) {
    agentotel_event_data data = named_event("timed");
    data.start_time_unix_nano = wrong[i].start;
    data.end_time_unix_nano = wrong[i].end;
    data.duration_nano = wrong[i].duration;
    uint64_t before = stats_of(AGENTOTEL_SIGNAL_TRACES).repaired_time;
    assert_ok(agentotel_record_event(session, &data, NULL));
    assert_true(stats_of(AGENTOTEL_SIGNAL_TRACES).repaired_time > before);
  }
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *span = NULL;
  cJSON_ArrayForEach(span, spans) {
    unsigned long long start = strtoull(text_of(span, "startTimeUnixNano"), NULL, 10);
    unsigned long long end = strtoull(text_of(span, "endTimeUnixNano"), NULL, 10);
    assert_true(start <= end && end <= INT64_MAX);
  }
  cJSON_Delete(spans);
}

static void two_of_start_end_and_duration_give_the_third(void **state) {
  static const struct {
    int64_t start;
    int64_t end;
    int64_t duration;
  } given[] = {{5000, 7000, 0}, {5000, 0, 2000}, {0, 7000, 2000}, {5000, 7000, 99}};
  (void)state;
  for (size_t i = 0; i < COUNT(given); i++) {
    agentotel_event_data data = named_event("timed");
    data.start_time_unix_nano = given[i].start;
    data.end_time_unix_nano = given[i].end;
    data.duration_nano = given[i].duration;
    assert_ok(agentotel_record_event(session, &data, NULL));
  }
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *span = NULL;
  cJSON_ArrayForEach(span, spans) {
    if (strcmp(text_of(span, "name"), "timed") != 0) continue;
    assert_string_equal(text_of(span, "startTimeUnixNano"), "5000");
    assert_string_equal(text_of(span, "endTimeUnixNano"), "7000");
  }
  cJSON_Delete(spans);
}

static void an_event_that_is_too_large_is_cut_and_counted(void **state) {
  const size_t length = (size_t)8 << 20;
  char *text = malloc(length);
  (void)state;
  memset(text, 'a', length);
  agentotel_attribute attributes[] = {
      agentotel_attr_string(AGENTOTEL_STR("large"), agentotel_str_of(text, length)),
      agentotel_attr_int64(AGENTOTEL_STR("small"), 1)};
  agentotel_event_data data = named_event("large");
  data.attributes = attributes;
  data.attribute_count = COUNT(attributes);
  assert_ok(agentotel_record_event(session, &data, NULL));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).truncated_values, 1);
  free(text);
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_string_equal(int_attribute(find_named(spans, "large"), "small"), "1");
  assert_true(strlen(string_attribute(find_named(spans, "large"), "large")) < (size_t)1 << 20);
  cJSON_Delete(spans);
}

int run_values(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, stop_anyway)
  const struct CMUnitTest tests[] = {
      TEST(values_of_every_type_arrive),
      TEST(numbers_that_are_none_arrive),
      TEST(zero_can_be_said),
      TEST(of_attributes_with_one_key_the_last_wins_and_the_typed_field_over_all),
      TEST(json_that_is_none_is_refused),
      TEST(json_that_is_nested_deeply_harms_nobody),
      TEST(impossible_times_are_set_right_and_counted),
      TEST(two_of_start_end_and_duration_give_the_third),
      TEST(an_event_that_is_too_large_is_cut_and_counted),
  };
  return GROUP(tests);
}
