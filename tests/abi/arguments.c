/* Wrong pointers, enum values and struct sizes: each is a status that says which argument it was, and nothing
 * that is recorded later is lost by it. */
#include "support.h"

static agentotel_session session;
static agentotel_event event;

static int begin(void **state) {
  (void)state;
  start_recording();
  session = new_session();
  event = start_named(session, "in flight");
  return 0;
}

/* Whatever was refused before, what is right is recorded. */
static int finish(void **state) {
  (void)state;
  record_named(session, "afterwards");
  assert_ok(agentotel_end_event(event, NULL));
  assert_ok(agentotel_end_session(session, NULL));
  stop();
  assert_int_equal(count_spans(recording_path()),
                   exporter_stats_of("file", AGENTOTEL_SIGNAL_TRACES).exported);
  return 0;
}

static void every_required_pointer_may_be_null_and_is_named(void **state) {
  agentotel_target root = {0, NULL};
  size_t recorded = 99;
  agentotel_live_event live = AGENTOTEL_LIVE_EVENT_INIT;
  size_t needed = 0;
  agentotel_event_data data = named_event("event");
  (void)state;
#define assert_null_is_named(name, call)                 \
  do {                                                   \
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, call); \
    assert_last_error_names(name);                       \
  } while (0)
  assert_null_is_named("out_session", agentotel_start_session(NULL, NULL));
  assert_null_is_named("attributes", agentotel_session_set_attributes(session, NULL, 1));
  assert_null_is_named("out_context", agentotel_session_context(session, NULL));
  assert_null_is_named("data", agentotel_record_event(session, NULL, NULL));
  assert_null_is_named("events", agentotel_record_events(session, NULL, 3, NULL, &recorded));
  assert_int_equal(recorded, 0);
  assert_null_is_named("data", agentotel_start_event(session, NULL, &event));
  assert_null_is_named("out_event", agentotel_start_event(session, &data, NULL));
  assert_null_is_named("data", agentotel_update_event(event, NULL));
  assert_null_is_named("out_context", agentotel_event_context(event, NULL));
  assert_null_is_named("events", agentotel_list_live(NULL, 1, &needed));
  assert_null_is_named("needed", agentotel_list_live(&live, 1, NULL));
  assert_null_is_named("error", agentotel_record_error(session, root, NULL));
  assert_null_is_named("record", agentotel_log(session, root, NULL));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_get_stats(AGENTOTEL_SIGNAL_TRACES, NULL));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_get_exporter_stats(AGENTOTEL_STR("file"), AGENTOTEL_SIGNAL_TRACES, NULL));
  assert_status(
      AGENTOTEL_ERR_INVALID_ARGUMENT,
      agentotel_get_exporter_error(AGENTOTEL_STR("file"), AGENTOTEL_SIGNAL_TRACES, NULL, 1, &needed));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_get_storage_stats(NULL));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_get_diagnostics(NULL, 1, &needed));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_last_error(NULL, 1, &needed));
}

static void every_optional_pointer_may_be_null(void **state) {
  agentotel_session other = new_session();
  agentotel_event_data data = named_event("event");
  agentotel_event started = 0;
  (void)state;
  assert_ok(agentotel_session_set_attributes(other, NULL, 0));
  assert_ok(agentotel_record_event(other, &data, NULL));
  assert_ok(agentotel_record_events(other, &data, 1, NULL, NULL));
  assert_ok(agentotel_record_events(other, NULL, 0, NULL, NULL));
  assert_ok(agentotel_start_event(other, &data, &started));
  assert_ok(agentotel_event_chunk(started, agentotel_str_of(NULL, 0)));
  assert_ok(agentotel_end_event(started, NULL));
  assert_ok(agentotel_end_session(other, NULL));
  assert_status(AGENTOTEL_ERR_BUFFER_TOO_SMALL, agentotel_last_error(NULL, 0, NULL));
}

static void an_event_without_what_its_kind_requires_is_refused(void **state) {
  static const uint32_t kinds[] = {AGENTOTEL_KIND_LLM, AGENTOTEL_KIND_TOOL, AGENTOTEL_KIND_ACTION};
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  agentotel_tool tool = AGENTOTEL_TOOL_INIT;
  agentotel_action action = AGENTOTEL_ACTION_INIT;
  (void)state;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, &data, NULL));
  assert_last_error_names("name");
  data.name = AGENTOTEL_STR("named");
  for (size_t i = 0; i < COUNT(kinds); i++) {
    data.kind = kinds[i];
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, &data, NULL));
  }
  data.kind = AGENTOTEL_KIND_TOOL;
  data.tool = &tool;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, &data, NULL));
  assert_last_error_names("tool.name");
  data.kind = AGENTOTEL_KIND_ACTION;
  data.tool = NULL;
  data.action = &action;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, &data, NULL));
  assert_last_error_names("action.type");
}

static void an_unknown_enum_value_is_refused(void **state) {
  static const uint32_t unknown[] = {99, 0x80000000U, UINT32_MAX};
  agentotel_stats stats = AGENTOTEL_STATS_INIT;
  (void)state;
  for (size_t i = 0; i < COUNT(unknown); i++) {
    agentotel_event_data data = named_event("event");
    agentotel_llm llm = AGENTOTEL_LLM_INIT;
    agentotel_session_end end = AGENTOTEL_SESSION_END_INIT;
    agentotel_attribute attribute = agentotel_attribute_of(AGENTOTEL_STR("key"), unknown[i]);
    data.kind = unknown[i];
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, &data, NULL));
    data = named_event("event");
    data.span_kind = unknown[i];
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, &data, NULL));
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_update_event(event, &data));
    data = named_event("event");
    agentotel_target root = {0, NULL};
    agentotel_log_record record = AGENTOTEL_LOG_RECORD_INIT;
    record.severity_number = unknown[i];
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_log(session, root, &record));
    assert_last_error_names("severity_number");
    record.severity_number = 0;
    record.body_type = unknown[i];
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_log(session, root, &record));
    assert_last_error_names("body_type");
    data.status_code = unknown[i];
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, &data, NULL));
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_end_event(event, &data));
    data = named_event("event");
    data.kind = AGENTOTEL_KIND_LLM;
    data.llm = &llm;
    llm.operation = unknown[i];
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, &data, NULL));
    data = named_event("event");
    data.attributes = &attribute;
    data.attribute_count = 1;
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, &data, NULL));
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_session_set_attributes(session, &attribute, 1));
    end.end_state = unknown[i];
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_end_session(session, &end));
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_get_stats(unknown[i], &stats));
  }
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_get_stats(0, &stats));
}

static void an_attribute_without_a_type_is_refused(void **state) {
  agentotel_attribute attribute = agentotel_attribute_of(AGENTOTEL_STR("key"), 0);
  (void)state;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_session_set_attributes(session, &attribute, 1));
}

/* Calls that read a struct, by the struct they read. */
static agentotel_status with_options(void *options) {
  agentotel_session other = 0;
  agentotel_status status = agentotel_start_session(options, &other);
  if (status == AGENTOTEL_OK) status = agentotel_end_session(other, NULL);
  return status;
}

static agentotel_status with_end(void *end) {
  agentotel_session other = new_session();
  agentotel_status status = agentotel_end_session(other, end);
  /* An error in `end` leaves the session open. */
  if (status != AGENTOTEL_OK) assert_ok(agentotel_end_session(other, NULL));
  return status;
}

static agentotel_status with_data(void *data) {
  ((agentotel_event_data *)data)->name = AGENTOTEL_STR("event");
  return agentotel_record_event(session, data, NULL);
}

static agentotel_status with_update(void *data) {
  return agentotel_update_event(event, data);
}

static agentotel_status with_detail(void *llm, void *tool, void *action, void *error, uint32_t kind) {
  agentotel_event_data data = named_event("event");
  data.kind = kind;
  data.llm = llm;
  data.tool = tool;
  data.action = action;
  data.error = error;
  return agentotel_record_event(session, &data, NULL);
}

static agentotel_status with_llm(void *llm) {
  return with_detail(llm, NULL, NULL, NULL, AGENTOTEL_KIND_LLM);
}
static agentotel_status with_error(void *error) {
  return with_detail(NULL, NULL, NULL, error, 0);
}

static agentotel_status with_tool(void *tool) {
  ((agentotel_tool *)tool)->name = AGENTOTEL_STR("tool");
  return with_detail(NULL, tool, NULL, NULL, AGENTOTEL_KIND_TOOL);
}

static agentotel_status with_action(void *action) {
  ((agentotel_action *)action)->type = AGENTOTEL_STR("action");
  return with_detail(NULL, NULL, action, NULL, AGENTOTEL_KIND_ACTION);
}

static agentotel_status with_recorded_error(void *error) {
  agentotel_target root = {0, NULL};
  return agentotel_record_error(session, root, error);
}

static agentotel_status with_link(void *link) {
  agentotel_event_data data = named_event("event");
  assert_ok(agentotel_session_context(session, &((agentotel_link *)link)->context));
  data.links = link;
  data.link_count = 1;
  return agentotel_record_event(session, &data, NULL);
}

static agentotel_status with_span_event(void *moment) {
  agentotel_event_data data = named_event("event");
  ((agentotel_span_event *)moment)->name = AGENTOTEL_STR("moment");
  data.span_events = moment;
  data.span_event_count = 1;
  return agentotel_record_event(session, &data, NULL);
}

static agentotel_status with_live(void *live) {
  size_t needed = 0;
  return agentotel_list_live(live, 1, &needed);
}

static agentotel_status with_stats(void *stats) {
  return agentotel_get_stats(AGENTOTEL_SIGNAL_TRACES, stats);
}

static agentotel_status with_exporter_stats(void *stats) {
  return agentotel_get_exporter_stats(AGENTOTEL_STR("file"), AGENTOTEL_SIGNAL_TRACES, stats);
}

static agentotel_status with_log_record(void *record) {
  agentotel_target root = {0, NULL};
  return agentotel_log(session, root, record);
}

static agentotel_status with_storage_stats(void *stats) {
  return agentotel_get_storage_stats(stats);
}

static const struct {
  const char *name;
  size_t size;
  /* That of its first version, which is enough. */
  size_t first;
  agentotel_status (*call)(void *);
} sized[] = {
    {"agentotel_session_options", sizeof(agentotel_session_options), 216, with_options},
    {"agentotel_session_end", sizeof(agentotel_session_end), sizeof(agentotel_session_end), with_end},
    {"agentotel_event_data", sizeof(agentotel_event_data), 176, with_data},
    {"agentotel_event_data", sizeof(agentotel_event_data), 176, with_update},
    {"agentotel_llm", sizeof(agentotel_llm), 392, with_llm},
    {"agentotel_tool", sizeof(agentotel_tool), 72, with_tool},
    {"agentotel_action", sizeof(agentotel_action), 24, with_action},
    {"agentotel_error", sizeof(agentotel_error), 96, with_error},
    {"agentotel_error", sizeof(agentotel_error), 96, with_recorded_error},
    {"agentotel_log_record", sizeof(agentotel_log_record), sizeof(agentotel_log_record), with_log_record},
    {"agentotel_link", sizeof(agentotel_link), sizeof(agentotel_link), with_link},
    {"agentotel_span_event", sizeof(agentotel_span_event), sizeof(agentotel_span_event), with_span_event},
    {"agentotel_live_event", sizeof(agentotel_live_event), sizeof(agentotel_live_event), with_live},
    {"agentotel_stats", sizeof(agentotel_stats), sizeof(agentotel_stats), with_stats},
    {"agentotel_exporter_stats", sizeof(agentotel_exporter_stats), sizeof(agentotel_exporter_stats),
     with_exporter_stats},
    {"agentotel_storage_stats", sizeof(agentotel_storage_stats), sizeof(agentotel_storage_stats),
     with_storage_stats},
};

/* Bytes behind the struct that a newer header might have added. */
#define TRAILING 64

static void a_struct_size_that_is_too_small_is_refused_and_named(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(sized); i++) {
    const size_t wrong[] = {0, 1, sizeof(size_t), sized[i].first - 1};
    for (size_t j = 0; j < COUNT(wrong); j++) {
      void *memory = calloc(1, sized[i].size);
      memcpy(memory, &wrong[j], sizeof wrong[j]);
      assert_status(AGENTOTEL_ERR_STRUCT_SIZE, sized[i].call(memory));
      assert_last_error_names(sized[i].name);
      free(memory);
    }
  }
}

static void a_struct_of_a_newer_header_is_taken_and_its_end_left_alone(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(sized); i++) {
    size_t size = sized[i].size + TRAILING;
    unsigned char *memory = calloc(1, size);
    memcpy(memory, &size, sizeof size);
    memset(memory + sized[i].size, 0xab, TRAILING);
    assert_ok(sized[i].call(memory));
    assert_memory_equal(memory, &size, sizeof size);
    for (size_t j = sized[i].size; j < size; j++) {
      assert_int_equal(memory[j], 0xab);
    }
    free(memory);
  }
}

static void an_array_steps_by_its_first_elements_size(void **state) {
  const size_t step = sizeof(agentotel_event_data) + TRAILING;
  unsigned char *memory = calloc(3, step);
  size_t recorded = 0;
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    agentotel_event_data data = named_event("stepped");
    data.struct_size = step;
    memcpy(memory + i * step, &data, sizeof data);
  }
  assert_ok(agentotel_record_events(session, (agentotel_event_data *)(void *)memory, 3, NULL, &recorded));
  assert_int_equal(recorded, 3);
  free(memory);
}

static void an_element_of_another_size_ends_an_array(void **state) {
  agentotel_event_data events[3] = {named_event("sized"), named_event("sized"), named_event("sized")};
  size_t recorded = 99;
  (void)state;
  events[1].struct_size = sizeof events[1] + TRAILING;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_events(session, events, 3, NULL, &recorded));
  assert_int_equal(recorded, 1);
}

static void outputs_are_written_on_success_only(void **state) {
  agentotel_session other = 4711;
  agentotel_event started = 4712;
  agentotel_span_context context;
  agentotel_span_context before;
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  (void)state;
  memset(&context, 0x5a, sizeof context);
  before = context;
  options.struct_size = 0;
  assert_status(AGENTOTEL_ERR_STRUCT_SIZE, agentotel_start_session(&options, &other));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_start_event(session, &data, &started));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, &data, &context));
  assert_status(AGENTOTEL_ERR_INVALID_HANDLE, agentotel_session_context(0, &context));
  assert_status(AGENTOTEL_ERR_INVALID_HANDLE, agentotel_event_context(0, &context));
  assert_int_equal(other, 4711);
  assert_int_equal(started, 4712);
  assert_memory_equal(&context, &before, sizeof context);
}

int run_arguments(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
  const struct CMUnitTest tests[] = {
      TEST(every_required_pointer_may_be_null_and_is_named),
      TEST(every_optional_pointer_may_be_null),
      TEST(an_event_without_what_its_kind_requires_is_refused),
      TEST(an_unknown_enum_value_is_refused),
      TEST(an_attribute_without_a_type_is_refused),
      TEST(a_struct_size_that_is_too_small_is_refused_and_named),
      TEST(a_struct_of_a_newer_header_is_taken_and_its_end_left_alone),
      TEST(an_array_steps_by_its_first_elements_size),
      TEST(an_element_of_another_size_ends_an_array),
      TEST(outputs_are_written_on_success_only),
  };
  return GROUP(tests);
}
