/* Attributes that are put on what is recorded beside what its events say: from the configuration, from
 * baggage, from a function of the program. */
#include <stdatomic.h>
#include <time.h>

#include "support.h"

static int begin(void **state) {
  (void)state;
  remove(recording_path());
  start_with(
      "{\"exporters\":[{\"type\":\"file\",\"name\":\"file\",\"path\":\"%s\"}],\"live\":{\"export\":\"logs\","
      "\"interval_ms\":10,\"min_age_ms\":0},\"limits\":{\"attributes\":12},\"inject\":{\"attributes\":"
      "{\"team\":\"t\",\"tier\":1,\"both\":\"static\"},\"by_kind\":{\"tool\":{\"both\":\"kind\",\"sandbox\":"
      "true},\"session\":{\"root\":1.5}},\"baggage\":[\"tenant\",\"plan\"],\"host\":\"mine\"}}",
      recording_path());
  return 0;
}

struct host {
  atomic_int asked, roots, logs, destroyed;
  agentotel_session recurse;
  int attributes;
};

static void inject(void *user_data, const agentotel_injectee *injectee, agentotel_attributes *attributes) {
  struct host *host = user_data;
  char text[] = "host";
  agentotel_attribute attribute =
      agentotel_attr_string(AGENTOTEL_STR("from.host"), agentotel_str_of(text, 4));
  atomic_fetch_add(&host->asked, 1);
  host->roots += injectee->is_session;
  host->logs += injectee->signal == AGENTOTEL_SIGNAL_LOGS;
  agentotel_add_attribute(attributes, &attribute);
  /* What was given has been copied. */
  memset(text, '#', sizeof text);
  attribute = agentotel_attr_int64(AGENTOTEL_STR("kind"), injectee->kind);
  agentotel_add_attribute(attributes, &attribute);
  for (int i = 0; i < host->attributes; i++) {
    char key[16];
    snprintf(key, sizeof key, "more.%d", i);
    attribute = agentotel_attr_int64(agentotel_cstr(key), i);
    agentotel_add_attribute(attributes, &attribute);
  }
  if (host->recurse != 0) record_named(host->recurse, "inner");
}

static void destroy(void *user_data) {
  struct host *host = user_data;
  atomic_fetch_add(&host->destroyed, 1);
}

static void register_host(struct host *host) {
  agentotel_attribute_injector injector = AGENTOTEL_ATTRIBUTE_INJECTOR_INIT;
  injector.inject = inject;
  injector.destroy = destroy;
  injector.user_data = host;
  assert_ok(agentotel_register_attribute_injector(AGENTOTEL_STR("mine"), &injector));
}

/* How often a span or log record has a key. */
static size_t times(const cJSON *record, const char *key) {
  size_t count = 0;
  const cJSON *attribute;
  cJSON_ArrayForEach(attribute, cJSON_GetObjectItem(record, "attributes")) count +=
      strcmp(text_of(attribute, "key"), key) == 0;
  return count;
}

static void record_tool(agentotel_session session, const char *name, const agentotel_attribute *attribute) {
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  agentotel_tool tool = AGENTOTEL_TOOL_INIT;
  tool.name = agentotel_cstr(name);
  data.kind = AGENTOTEL_KIND_TOOL;
  data.tool = &tool;
  data.attributes = attribute;
  data.attribute_count = attribute != NULL;
  assert_ok(agentotel_record_event(session, &data, NULL));
}

static void sets_and_baggage_are_on_what_is_recorded(void **state) {
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_session session = 0;
  agentotel_attribute own = agentotel_attr_string(AGENTOTEL_STR("both"), AGENTOTEL_STR("own"));
  agentotel_event_data data = named_event("given");
  (void)state;
  options.baggage = AGENTOTEL_STR("tenant=a%20b,secret=s");
  options.attributes = &own;
  options.attribute_count = 1;
  assert_ok(agentotel_start_session(&options, &session));
  record_named(session, "plain");
  record_tool(session, "knife", NULL);
  data.attributes = &own;
  data.attribute_count = 1;
  assert_ok(agentotel_record_event(session, &data, NULL));
  assert_ok(agentotel_session_set_baggage(session, AGENTOTEL_STR("plan"), AGENTOTEL_STR("gold"),
                                          AGENTOTEL_STR("")));
  agentotel_event event = start_named(session, "live");
  assert_ok(agentotel_end_event(event, NULL));
  assert_ok(agentotel_session_remove_baggage(session, AGENTOTEL_STR("tenant")));
  record_named(session, "later");
  assert_ok(agentotel_end_session(session, NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *plain = find_named(spans, "plain"), *tool = find_named(spans, "execute_tool knife");
  const cJSON *given = find_named(spans, "given"), *live = find_named(spans, "live");
  const cJSON *root = find_named(spans, "session"), *later = find_named(spans, "later");
  assert_string_equal(string_attribute(plain, "team"), "t");
  assert_string_equal(int_attribute(plain, "tier"), "1");
  assert_string_equal(string_attribute(plain, "both"), "static");
  assert_string_equal(string_attribute(plain, "tenant"), "a b");
  assert_null(attribute_of(plain, "secret"));
  assert_null(attribute_of(plain, "sandbox"));
  assert_null(attribute_of(plain, "plan"));
  assert_string_equal(string_attribute(tool, "both"), "kind");
  assert_non_null(attribute_of(tool, "sandbox"));
  assert_string_equal(string_attribute(given, "both"), "own");
  assert_string_equal(string_attribute(live, "plan"), "gold");
  assert_string_equal(string_attribute(live, "tenant"), "a b");
  assert_null(attribute_of(later, "tenant"));
  assert_string_equal(string_attribute(later, "plan"), "gold");
  assert_string_equal(string_attribute(root, "both"), "own");
  assert_string_equal(string_attribute(root, "tenant"), "a b");
  assert_string_equal(string_attribute(root, "plan"), "gold");
  assert_non_null(attribute_of(root, "root"));
  const cJSON *span;
  cJSON_ArrayForEach(span, spans) {
    assert_int_equal(times(span, "both"), 1);
    assert_int_equal(times(span, "team"), 1);
    assert_int_equal(times(span, "session.id"), 1);
  }
  cJSON_Delete(spans);
}

static void the_programs_function_is_asked_on_the_thread_that_records(void **state) {
  static struct host host;
  agentotel_error error = AGENTOTEL_ERROR_INIT;
  agentotel_target root = {0, NULL};
  agentotel_event_data failed = AGENTOTEL_EVENT_DATA_INIT;
  const agentotel_str mine = AGENTOTEL_STR("mine");
  (void)state;
  register_host(&host);
  agentotel_session session = new_session();
  assert_int_equal(host.asked, 1);
  assert_int_equal(host.roots, 1);
  /* What it records itself asks for nothing. */
  host.recurse = session;
  record_tool(session, "knife", NULL);
  host.recurse = 0;
  assert_int_equal(host.asked, 2);
  agentotel_event event = start_named(session, "live");
  assert_int_equal(host.asked, 3);
  /* Long enough for the live view to tell of it. */
  for (int i = 0; i < 500 && stats_of(AGENTOTEL_SIGNAL_LOGS).accepted_derived == 0; i++) {
    struct timespec time = {0, 10000000};
    nanosleep(&time, NULL);
  }
  error.type = AGENTOTEL_STR("timeout");
  failed.error = &error;
  assert_ok(agentotel_end_event(event, &failed));
  assert_int_equal(host.asked, 4);
  assert_ok(agentotel_record_error(session, root, &error));
  assert_int_equal(host.logs, 2);
  assert_ok(agentotel_unregister(AGENTOTEL_CALLBACK_ATTRIBUTE_INJECTOR, mine, 1000));
  assert_int_equal(host.destroyed, 1);
  record_named(session, "without");
  assert_int_equal(host.asked, 5);
  assert_status(AGENTOTEL_ERR_NOT_FOUND,
                agentotel_unregister(AGENTOTEL_CALLBACK_ATTRIBUTE_INJECTOR, mine, 0));
  assert_ok(agentotel_end_session(session, NULL));
  stop();
  cJSON *spans = read_spans(recording_path()), *logs = read_logs(recording_path());
  const cJSON *tool = find_named(spans, "execute_tool knife");
  assert_string_equal(string_attribute(tool, "from.host"), "host");
  assert_string_equal(int_attribute(tool, "kind"), "2");
  assert_string_equal(string_attribute(find_named(spans, "live"), "from.host"), "host");
  assert_string_equal(string_attribute(find_named(spans, "session"), "from.host"), "host");
  assert_null(attribute_of(find_named(spans, "inner"), "from.host"));
  assert_string_equal(string_attribute(find_named(spans, "inner"), "team"), "t");
  assert_null(attribute_of(find_named(spans, "without"), "from.host"));
  /* Those of errors, and those that told of the event in flight. */
  const cJSON *log;
  size_t live = 0, exceptions = 0;
  cJSON_ArrayForEach(log, logs) {
    assert_string_equal(string_attribute(log, "from.host"), "host");
    assert_string_equal(string_attribute(log, "team"), "t");
    assert_int_equal(times(log, "team"), 1);
    assert_int_equal(times(log, "session.id"), 1);
    live += strncmp(text_of(log, "eventName"), "agentotel.event.", 16) == 0;
    exceptions += strcmp(text_of(log, "eventName"), "exception") == 0;
  }
  assert_true(live >= 2);
  assert_int_equal(exceptions, 2);
  cJSON_Delete(spans);
  cJSON_Delete(logs);
}

static void limits_hold_for_what_is_injected(void **state) {
  static struct host host;
  char keys[20][8];
  agentotel_attribute own[20];
  agentotel_event_data data = named_event("many");
  (void)state;
  host.attributes = 2;
  register_host(&host);
  agentotel_session session = new_session();
  for (int i = 0; i < 20; i++) {
    snprintf(keys[i], sizeof keys[i], "own.%d", i);
    own[i] = agentotel_attr_int64(agentotel_cstr(keys[i]), i);
  }
  data.attributes = own;
  data.attribute_count = COUNT(own);
  assert_ok(agentotel_record_event(session, &data, NULL));
  /* More than it may give: the rest is refused to it. */
  host.attributes = 100;
  record_named(session, "most");
  assert_ok(agentotel_end_session(session, NULL));
  assert_ok(agentotel_unregister(AGENTOTEL_CALLBACK_ATTRIBUTE_INJECTOR, AGENTOTEL_STR("mine"), 1000));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *many = find_named(spans, "many");
  assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(many, "attributes")), 12);
  assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(many, "droppedAttributesCount")), 16);
  assert_string_equal(int_attribute(many, "more.1"), "1");
  cJSON_Delete(spans);
}

/* Starts it with these steps, records an event of five attributes, and gives its span. */
static cJSON *recorded_with(const char *processors) {
  char keys[5][8];
  agentotel_attribute own[5];
  agentotel_event_data data = named_event("stepped");
  remove(recording_path());
  start_with(
      "{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\"}],\"processors\":%s,\"limits\":{\"attributes\":4},"
      "\"inject\":{\"attributes\":{\"team\":\"t\"}}}",
      recording_path(), processors);
  agentotel_session session = new_session();
  for (int i = 0; i < 5; i++) {
    snprintf(keys[i], sizeof keys[i], "own.%d", i);
    own[i] = agentotel_attr_int64(agentotel_cstr(keys[i]), i);
  }
  data.attributes = own;
  data.attribute_count = COUNT(own);
  assert_ok(agentotel_record_event(session, &data, NULL));
  assert_ok(agentotel_end_session(session, NULL));
  assert_ok(agentotel_shutdown(20000));
  cJSON *spans = read_spans(recording_path());
  cJSON *span = cJSON_Duplicate(find_named(spans, "stepped"), 1);
  cJSON_Delete(spans);
  return span;
}

static void a_step_that_is_left_out_is_not_done(void **state) {
  static const struct {
    const char *processors;
    int attributes, injected, dropped;
  } cases[] = {{"[\"inject\",\"limit\"]", 4, 1, 3},
               {"[\"limit\"]", 4, 0, 2},
               {"[\"inject\"]", 7, 1, 0},
               {"[]", 6, 0, 0}};
  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    cJSON *span = recorded_with(cases[i].processors);
    const cJSON *dropped = cJSON_GetObjectItem(span, "droppedAttributesCount");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(span, "attributes")), cases[i].attributes);
    assert_int_equal(times(span, "team"), cases[i].injected);
    assert_int_equal(dropped ? cJSON_GetNumberValue(dropped) : 0, cases[i].dropped);
    cJSON_Delete(span);
  }
}

static void wrong_arguments_get_a_status(void **state) {
  agentotel_attribute_injector injector = AGENTOTEL_ATTRIBUTE_INJECTOR_INIT;
  agentotel_attribute attribute = agentotel_attr_int64(AGENTOTEL_STR("a"), 1);
  const agentotel_str name = AGENTOTEL_STR("other");
  (void)state;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_register_attribute_injector(name, NULL));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_register_attribute_injector(name, &injector));
  assert_last_error_names("inject");
  injector.inject = inject;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_register_attribute_injector(AGENTOTEL_STR("a b"), &injector));
  injector.struct_size = 8;
  assert_status(AGENTOTEL_ERR_STRUCT_SIZE, agentotel_register_attribute_injector(name, &injector));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_add_attribute(NULL, &attribute));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, stop_anyway)

int run_injection(void) {
  const struct CMUnitTest tests[] = {
      TEST(sets_and_baggage_are_on_what_is_recorded),
      TEST(the_programs_function_is_asked_on_the_thread_that_records),
      TEST(limits_hold_for_what_is_injected),
      cmocka_unit_test_teardown(a_step_that_is_left_out_is_not_done, stop_anyway),
      TEST(wrong_arguments_get_a_status),
  };
  return GROUP(tests);
}
