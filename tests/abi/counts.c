/* Arrays with absurd counts, and NULL arrays that claim to have elements: refused before they are read. */
#include "support.h"

static agentotel_session session;

static int begin(void **state) {
  (void)state;
  start_recording();
  session = new_session();
  return 0;
}

static int finish(void **state) {
  (void)state;
  record_named(session, "afterwards");
  stop();
  return 0;
}

/* A way to pass one array. `items` points to enough zeroed memory for one element, or is NULL. */
static agentotel_status record(agentotel_event_data data) {
  return agentotel_record_event(session, &data, NULL);
}

static agentotel_status attributes(const void *items, size_t count) {
  agentotel_event_data data = named_event("event");
  data.attributes = items;
  data.attribute_count = count;
  return record(data);
}

static agentotel_status log_attributes(const void *items, size_t count) {
  agentotel_target root = {0, NULL};
  agentotel_log_record log = AGENTOTEL_LOG_RECORD_INIT;
  log.attributes = items;
  log.attribute_count = count;
  return agentotel_log(session, root, &log);
}

static agentotel_status session_attributes(const void *items, size_t count) {
  return agentotel_session_set_attributes(session, items, count);
}

static agentotel_status option_attributes(const void *items, size_t count) {
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_session other = 0;
  options.attributes = items;
  options.attribute_count = count;
  return agentotel_start_session(&options, &other);
}

static agentotel_status tags(const void *items, size_t count) {
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_session other = 0;
  options.tags.items = items;
  options.tags.count = count;
  return agentotel_start_session(&options, &other);
}

static agentotel_status links(const void *items, size_t count) {
  agentotel_event_data data = named_event("event");
  data.links = items;
  data.link_count = count;
  return record(data);
}

static agentotel_status span_events(const void *items, size_t count) {
  agentotel_event_data data = named_event("event");
  data.span_events = items;
  data.span_event_count = count;
  return record(data);
}

static agentotel_status link_attributes(const void *items, size_t count) {
  agentotel_link link = AGENTOTEL_LINK_INIT;
  assert_ok(agentotel_session_context(session, &link.context));
  link.attributes = items;
  link.attribute_count = count;
  return links(&link, 1);
}

static agentotel_status span_event_attributes(const void *items, size_t count) {
  agentotel_span_event moment = AGENTOTEL_SPAN_EVENT_INIT;
  moment.name = AGENTOTEL_STR("moment");
  moment.attributes = items;
  moment.attribute_count = count;
  return span_events(&moment, 1);
}

static agentotel_status llm_array(size_t offset, const void *items, size_t count) {
  agentotel_event_data data = named_event("event");
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  agentotel_string_array array = {items, count};
  memcpy((char *)&llm + offset, &array, sizeof array);
  data.kind = AGENTOTEL_KIND_LLM;
  data.llm = &llm;
  return record(data);
}

static agentotel_status finish_reasons(const void *items, size_t count) {
  return llm_array(offsetof(agentotel_llm, finish_reasons), items, count);
}

static agentotel_status stop_sequences(const void *items, size_t count) {
  return llm_array(offsetof(agentotel_llm, stop_sequences), items, count);
}

/* All four arrays of values lie alike in the union. */
static agentotel_status array_value(uint32_t type, const void *items, size_t count) {
  agentotel_attribute attribute = agentotel_attribute_of(AGENTOTEL_STR("key"), type);
  attribute.value.strings.items = items;
  attribute.value.strings.count = count;
  return attributes(&attribute, 1);
}

static agentotel_status strings(const void *items, size_t count) {
  return array_value(AGENTOTEL_TYPE_STRING_ARRAY, items, count);
}

static agentotel_status booleans(const void *items, size_t count) {
  return array_value(AGENTOTEL_TYPE_BOOL_ARRAY, items, count);
}

static agentotel_status int64s(const void *items, size_t count) {
  return array_value(AGENTOTEL_TYPE_INT64_ARRAY, items, count);
}

static agentotel_status float64s(const void *items, size_t count) {
  return array_value(AGENTOTEL_TYPE_DOUBLE_ARRAY, items, count);
}

static agentotel_status events(const void *items, size_t count) {
  size_t recorded = 99;
  agentotel_status status = agentotel_record_events(session, items, count, NULL, &recorded);
  assert_int_equal(recorded, status == AGENTOTEL_OK ? count : 0);
  return status;
}

static const struct {
  const char *name;
  agentotel_status (*call)(const void *, size_t);
} arrays[] = {
    {"event_data.attributes", attributes},
    {"log_record.attributes", log_attributes},
    {"session_set_attributes", session_attributes},
    {"session_options.attributes", option_attributes},
    {"session_options.tags", tags},
    {"event_data.links", links},
    {"event_data.span_events", span_events},
    {"link.attributes", link_attributes},
    {"span_event.attributes", span_event_attributes},
    {"llm.finish_reasons", finish_reasons},
    {"llm.stop_sequences", stop_sequences},
    {"attribute.value.strings", strings},
    {"attribute.value.booleans", booleans},
    {"attribute.value.int64s", int64s},
    {"attribute.value.float64s", float64s},
    {"record_events", events},
};

static void assert_answers(size_t array, agentotel_status expected, const void *items, size_t count) {
  agentotel_status status = arrays[array].call(items, count);
  if (status == expected) return;
  print_error("%s with %zu elements:\n", arrays[array].name, count);
  assert_status(expected, status);
}

static void a_null_array_with_a_count_is_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(arrays); i++) {
    assert_answers(i, AGENTOTEL_ERR_INVALID_ARGUMENT, NULL, 1);
    assert_answers(i, AGENTOTEL_ERR_INVALID_ARGUMENT, NULL, 1000);
  }
}

static void an_absurd_count_is_refused_before_it_is_read(void **state) {
  static const size_t counts[] = {SIZE_MAX, SIZE_MAX / 8, (size_t)AGENTOTEL_MAX_ITEMS + 1};
  /* Nothing of it may be read but the size in the first element. */
  agentotel_event_data first = AGENTOTEL_EVENT_DATA_INIT;
  (void)state;
  for (size_t i = 0; i < COUNT(arrays); i++) {
    for (size_t j = 0; j < COUNT(counts); j++) {
      assert_answers(i, AGENTOTEL_ERR_TOO_LARGE, &first, counts[j]);
    }
  }
}

static void an_empty_array_may_be_null_or_not(void **state) {
  agentotel_event_data first = AGENTOTEL_EVENT_DATA_INIT;
  (void)state;
  for (size_t i = 0; i < COUNT(arrays); i++) {
    assert_answers(i, AGENTOTEL_OK, NULL, 0);
    assert_answers(i, AGENTOTEL_OK, &first, 0);
  }
}

int run_counts(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
  const struct CMUnitTest tests[] = {
      TEST(a_null_array_with_a_count_is_refused),
      TEST(an_absurd_count_is_refused_before_it_is_read),
      TEST(an_empty_array_may_be_null_or_not),
  };
  return GROUP(tests);
}
