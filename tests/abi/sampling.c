/* What is recorded and what is not: samplers of the host, the event filter, and what becomes of the children
 * of what is dropped. */
#include <stdatomic.h>

#include "support.h"

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, stop_anyway)

static int begin(void **state) {
  (void)state;
  remove(recording_path());
  return 0;
}

struct seen {
  atomic_int asked, destroyed;
  uint32_t answer;
  const char *trace_state;
  size_t attributes;
  char name[64], parent_state[64], text[64];
  int64_t number;
  bool has_parent;
  uint8_t trace_id[16], flags;
};

static uint32_t should_sample(void *user_data, const agentotel_sampling_question *question,
                              agentotel_sampling_answer *answer) {
  struct seen *seen = user_data;
  seen->attributes = question->attribute_count;
  seen->has_parent = question->parent != NULL;
  if (question->parent != NULL) seen->flags = question->parent->trace_flags;
  memcpy(seen->trace_id, question->trace_id, 16);
  snprintf(seen->name, sizeof seen->name, "%.*s", (int)question->session_name.len,
           question->session_name.data);
  snprintf(seen->parent_state, sizeof seen->parent_state, "%.*s", (int)question->trace_state.len,
           question->trace_state.data);
  for (size_t i = 0; i < question->attribute_count; i++) {
    const agentotel_attribute *attribute = &question->attributes[i];
    if (attribute->type == AGENTOTEL_TYPE_INT64) seen->number = attribute->value.int64;
    if (attribute->type == AGENTOTEL_TYPE_STRING_ARRAY)
      snprintf(seen->text, sizeof seen->text, "%.*s", (int)attribute->value.strings.items[1].len,
               attribute->value.strings.items[1].data);
  }
  if (seen->trace_state != NULL)
    snprintf(answer->trace_state, sizeof answer->trace_state, "%s", seen->trace_state);
  atomic_fetch_add(&seen->asked, 1);
  return seen->answer;
}

static void destroy(void *user_data) {
  struct seen *seen = user_data;
  atomic_fetch_add(&seen->destroyed, 1);
}

static agentotel_sampler sampler_of(struct seen *seen) {
  agentotel_sampler sampler = AGENTOTEL_SAMPLER_INIT;
  sampler.should_sample = should_sample;
  sampler.destroy = destroy;
  sampler.user_data = seen;
  return sampler;
}

static void unregister(const char *name) {
  assert_ok(agentotel_unregister(AGENTOTEL_CALLBACK_SAMPLER, agentotel_cstr(name), 20000));
}

static agentotel_session session_named(const char *name) {
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_session session = 0;
  options.name = agentotel_cstr(name);
  assert_ok(agentotel_start_session(&options, &session));
  return session;
}

static void wrong_arguments_get_a_status_and_nothing_is_let_go_of(void **state) {
  static struct seen seen;
  agentotel_sampler sampler = sampler_of(&seen);
  const agentotel_str name = AGENTOTEL_STR("mine");
  (void)state;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_register_sampler(name, NULL));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_register_sampler(AGENTOTEL_STR(""), &sampler));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_register_sampler(AGENTOTEL_STR(".x"), &sampler));
  sampler.should_sample = NULL;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_register_sampler(name, &sampler));
  sampler = sampler_of(&seen);
  sampler.struct_size = 24;
  assert_status(AGENTOTEL_ERR_STRUCT_SIZE, agentotel_register_sampler(name, &sampler));
  assert_status(AGENTOTEL_ERR_NOT_FOUND, agentotel_unregister(AGENTOTEL_CALLBACK_SAMPLER, name, 0));
  assert_int_equal(seen.destroyed, 0);
}

#define WITH_HOST                                                                           \
  "{\"sampler\":{\"type\":\"host\",\"name\":\"mine\"%s},\"exporters\":[{\"type\":\"file\"," \
  "\"path\":\"%s\"}]}"

static void the_host_decides_and_sees_what_the_session_starts_with(void **state) {
  static struct seen seen;
  agentotel_sampler sampler = sampler_of(&seen);
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_session session = 0;
  agentotel_span_context context;
  const agentotel_str tags[] = {AGENTOTEL_STR("one"), AGENTOTEL_STR("two")};
  agentotel_attribute attributes[] = {
      agentotel_attr_int64(AGENTOTEL_STR("number"), 42),
      agentotel_attribute_of(AGENTOTEL_STR("texts"), AGENTOTEL_TYPE_STRING_ARRAY),
      agentotel_attr_json(AGENTOTEL_STR("json"), AGENTOTEL_STR("{\"a\":1}")),
  };
  (void)state;
  attributes[1].value.strings.items = tags;
  attributes[1].value.strings.count = COUNT(tags);
  assert_ok(agentotel_register_sampler(AGENTOTEL_STR("mine"), &sampler));
  start_with(WITH_HOST, "", recording_path());
  options.name = AGENTOTEL_STR("wanted");
  options.attributes = attributes;
  options.attribute_count = COUNT(attributes);
  seen.answer = AGENTOTEL_SAMPLING_KEEP;
  seen.trace_state = "host=kept";
  assert_ok(agentotel_start_session(&options, &session));
  assert_int_equal(seen.asked, 1);
  assert_string_equal(seen.name, "wanted");
  assert_int_equal(seen.attributes, 2);
  assert_int_equal(seen.number, 42);
  assert_string_equal(seen.text, "two");
  assert_false(seen.has_parent);
  assert_ok(agentotel_session_context(session, &context));
  assert_memory_equal(context.trace_id, seen.trace_id, 16);
  assert_int_equal(context.trace_flags & 1, 1);
  record_named(session, "kept");
  assert_ok(agentotel_end_session(session, NULL));

  seen.answer = AGENTOTEL_SAMPLING_DROP;
  session = session_named("unwanted");
  assert_ok(agentotel_session_context(session, &context));
  assert_int_equal(context.trace_flags & 1, 0);
  record_named(session, "dropped");
  assert_ok(agentotel_end_session(session, NULL));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).head_unsampled, 2);

  /* A parent is followed, and the host is not asked. */
  options.parent = &context;
  context.trace_flags = 1;
  options.name = AGENTOTEL_STR("child");
  assert_ok(agentotel_start_session(&options, &session));
  assert_int_equal(seen.asked, 2);
  assert_ok(agentotel_end_session(session, NULL));

  /* Without the sampler sessions are kept. */
  unregister("mine");
  assert_int_equal(seen.destroyed, 1);
  assert_ok(agentotel_end_session(session_named("missed"), NULL));
  assert_int_equal(seen.asked, 2);
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_int_equal(cJSON_GetArraySize(spans), 4);
  assert_string_equal(text_of(find_named(spans, "wanted"), "traceState"), "host=kept");
  assert_string_equal(text_of(find_named(spans, "kept"), "traceState"), "host=kept");
  assert_non_null(find_named(spans, "child"));
  assert_non_null(find_named(spans, "missed"));
  cJSON_Delete(spans);
}

static void the_host_may_ask_to_be_asked_about_children_too(void **state) {
  static struct seen seen;
  agentotel_sampler sampler = sampler_of(&seen);
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_session session = 0;
  const agentotel_span_context parent = {{1}, {2}, 1, 0, {0}};
  (void)state;
  assert_ok(agentotel_register_sampler(AGENTOTEL_STR("mine"), &sampler));
  start_with(WITH_HOST, ",\"parent_based\":false", recording_path());
  options.parent = &parent;
  options.trace_state = AGENTOTEL_STR("vendor=1");
  seen.answer = AGENTOTEL_SAMPLING_DROP;
  assert_ok(agentotel_start_session(&options, &session));
  assert_int_equal(seen.asked, 1);
  assert_true(seen.has_parent);
  assert_int_equal(seen.flags, 1);
  assert_string_equal(seen.parent_state, "vendor=1");
  assert_memory_equal(seen.trace_id, parent.trace_id, 16);
  assert_ok(agentotel_end_session(session, NULL));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).head_unsampled, 1);
  stop();
  unregister("mine");
  assert_int_equal(seen.destroyed, 1);
}

static agentotel_status inner[4];

static uint32_t calls_the_library(void *user_data, const agentotel_sampling_question *question,
                                  agentotel_sampling_answer *answer) {
  agentotel_session session = 0;
  (void)question;
  (void)answer;
  *(int *)user_data += 1;
  inner[0] = agentotel_start_session(NULL, &session);
  inner[1] = agentotel_end_session(session, NULL);
  inner[2] = agentotel_flush(1000);
  inner[3] = agentotel_shutdown(1000);
  return 7;
}

static void a_sampler_may_record_and_must_not_wait(void **state) {
  int calls = 0;
  agentotel_sampler sampler = AGENTOTEL_SAMPLER_INIT;
  (void)state;
  sampler.should_sample = calls_the_library;
  sampler.user_data = &calls;
  assert_ok(agentotel_register_sampler(AGENTOTEL_STR("mine"), &sampler));
  start_with(WITH_HOST, "", recording_path());
  assert_ok(agentotel_end_session(new_session(), NULL));
  assert_int_equal(calls, 1);
  assert_int_equal(inner[0], AGENTOTEL_OK);
  assert_int_equal(inner[1], AGENTOTEL_OK);
  assert_int_equal(inner[2], AGENTOTEL_ERR_IN_CALLBACK);
  assert_int_equal(inner[3], AGENTOTEL_ERR_IN_CALLBACK);
  stop();
  unregister("mine");
  assert_int_equal(count_spans(recording_path()), 2);
}

static void a_rate_keeps_so_many_a_second(void **state) {
  (void)state;
  start_with(
      "{\"sampler\":{\"type\":\"rate\",\"per_second\":0.001},\"exporters\":[{\"type\":\"file\","
      "\"path\":\"%s\"}]}",
      recording_path());
  for (int i = 0; i < 20; i++)
    assert_ok(agentotel_end_session(new_session(), NULL));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).head_unsampled, 19);
  stop();
  assert_int_equal(count_spans(recording_path()), 1);
}

#define FILTERED                                                                                       \
  "{\"event_filter\":[{\"kind\":\"tool\",\"name\":\"debug*\"},{\"name\":\"noise*\"},"                  \
  "{\"kind\":\"llm\",\"model\":\"*-mini\"}],\"live\":{\"interval_ms\":10,\"min_age_ms\":0,\"export\":" \
  "\"spans\"},\"exporters\":[{\"type\":\"file\",\"path\":\"%s\"}]}"

static void span_id_of(agentotel_span_context context, char out[17]) {
  hex_of(context.span_id, sizeof context.span_id, out);
}

static void assert_parent(const cJSON *spans, const char *name, const char *parent) {
  const cJSON *span = find_named(spans, name);
  assert_non_null(span);
  assert_string_equal(text_of(span, "parentSpanId"), parent);
}

static void what_is_filtered_is_counted_and_its_children_move_up(void **state) {
  agentotel_span_context root, kept, dropped, context;
  char root_id[17], kept_id[17], outer_id[17];
  agentotel_error error = AGENTOTEL_ERROR_INIT;
  (void)state;
  error.type = AGENTOTEL_STR("timeout");
  start_with(FILTERED, recording_path());
  agentotel_session session = new_session();
  assert_ok(agentotel_session_context(session, &root));
  agentotel_event_data data = named_event("kept");
  assert_ok(agentotel_record_event(session, &data, &kept));
  /* Recorded: children name it by its context, which is its parent's. */
  data = named_event("noise 1");
  data.parent.context = &kept;
  assert_ok(agentotel_record_event(session, &data, &dropped));
  assert_memory_equal(dropped.span_id, kept.span_id, 8);
  data = named_event("noise 2");
  data.parent.context = &dropped;
  data.error = &error;
  assert_ok(agentotel_record_event(session, &data, &dropped));
  data = named_event("grandchild");
  data.parent.context = &dropped;
  assert_ok(agentotel_record_event(session, &data, NULL));
  /* In flight: by its handle, and by its context after its end. */
  agentotel_event outer = start_named(session, "outer");
  data = named_event("noise 3");
  data.parent.event = outer;
  agentotel_event noise = 0;
  assert_ok(agentotel_start_event(session, &data, &noise));
  assert_ok(agentotel_event_context(outer, &context));
  span_id_of(context, outer_id);
  assert_ok(agentotel_event_context(noise, &dropped));
  assert_memory_equal(dropped.span_id, context.span_id, 8);
  data = named_event("by handle");
  data.parent.event = noise;
  assert_ok(agentotel_record_event(session, &data, NULL));
  agentotel_event started = 0;
  data = named_event("started by handle");
  data.parent.event = noise;
  assert_ok(agentotel_start_event(session, &data, &started));
  data = named_event("another word");
  assert_ok(agentotel_update_event(noise, &data));
  assert_ok(agentotel_event_first_token(noise));
  agentotel_target target = {noise, NULL};
  assert_ok(agentotel_record_error(session, target, &error));
  assert_ok(agentotel_end_event(noise, NULL));
  assert_status(AGENTOTEL_ERR_STALE_HANDLE, agentotel_end_event(noise, NULL));
  data = named_event("by context");
  data.parent.context = &dropped;
  assert_ok(agentotel_record_event(session, &data, NULL));
  assert_ok(agentotel_end_event(started, NULL));
  assert_ok(agentotel_end_event(outer, NULL));
  /* By kind and by model. */
  agentotel_tool tool = AGENTOTEL_TOOL_INIT;
  tool.name = AGENTOTEL_STR("debugger");
  data = named_event("");
  data.kind = AGENTOTEL_KIND_TOOL;
  data.tool = &tool;
  assert_ok(agentotel_record_event(session, &data, &dropped));
  assert_memory_equal(dropped.span_id, root.span_id, 8);
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  llm.request_model = AGENTOTEL_STR("model-mini");
  llm.input_tokens = AGENTOTEL_I64(10);
  data = named_event("");
  data.kind = AGENTOTEL_KIND_LLM;
  data.llm = &llm;
  assert_ok(agentotel_record_event(session, &data, NULL));
  /* One that the session's end cuts off is dropped too. */
  start_named(session, "noise 4");
  agentotel_end_session(session, NULL);
  agentotel_stats stats = stats_of(AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(stats.filtered, 6);
  assert_int_equal(stats.head_unsampled, 0);
  assert_int_equal(stats.in_flight_events, 0);
  assert_equations_hold();
  stop();

  cJSON *spans = read_spans(recording_path());
  span_id_of(root, root_id);
  span_id_of(kept, kept_id);
  assert_parent(spans, "kept", root_id);
  assert_parent(spans, "grandchild", kept_id);
  assert_parent(spans, "by handle", outer_id);
  assert_parent(spans, "started by handle", outer_id);
  assert_parent(spans, "by context", outer_id);
  assert_parent(spans, "outer", root_id);
  assert_int_equal(count_named(spans, "execute_tool debugger"), 0);
  assert_int_equal(count_named(spans, "chat model-mini"), 0);
  for (int number = 1; number <= 4; number++) {
    char name[16];
    snprintf(name, sizeof name, "noise %d", number);
    assert_int_equal(count_named(spans, name), 0);
  }
  assert_int_equal(count_named(spans, "another word"), 0);
  /* What was not recorded is in no sum. */
  assert_string_equal(int_attribute(find_named(spans, "session"), "agentotel.session.event_count"), "6");
  cJSON_Delete(spans);
  /* The error of an event that was recorded as dropped went with it; the one on the event in flight is the
   * parent's. */
  cJSON *logs = read_logs(recording_path());
  assert_int_equal(cJSON_GetArraySize(logs), 1);
  assert_string_equal(text_of(cJSON_GetArrayItem(logs, 0), "spanId"), outer_id);
  cJSON_Delete(logs);
}

static void head_sampling_comes_before_the_filter(void **state) {
  (void)state;
  start_with("{\"sampler\":\"always_off\",\"event_filter\":[{\"name\":\"noise\"}],\"exporters\":[]}");
  agentotel_session session = new_session();
  record_named(session, "noise");
  assert_ok(agentotel_end_event(start_named(session, "noise"), NULL));
  agentotel_stats stats = stats_of(AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(stats.head_unsampled, 2);
  assert_int_equal(stats.filtered, 0);
  stop();
}

#define TAIL                                                                                          \
  "{\"tail_sampling\":{\"keep\":[\"error\",{\"slower_than_ms\":60000},{\"cost_above\":0.5},{\"tag\":" \
  "\"vip\"}],\"ratio\":0},\"exporters\":[{\"type\":\"file\",\"name\":\"a\",\"path\":\"%s\"},{"        \
  "\"type\":\"file\",\"name\":\"b\",\"path\":\"%s\",\"batch\":{\"max_count\":3,\"delay_ms\":5}}]}"

static void end_with(agentotel_session session, uint32_t state, int64_t end) {
  agentotel_session_end how = AGENTOTEL_SESSION_END_INIT;
  how.end_state = state;
  how.end_time_unix_nano = end;
  assert_ok(agentotel_end_session(session, &how));
}

static void events_of(agentotel_session session, const char *name) {
  for (int i = 0; i < 10; i++)
    record_named(session, name);
}

static void tail_sampling_keeps_whole_sessions_for_every_exporter(void **state) {
  const char *other = temporary_path("other.jsonl");
  const agentotel_str tags[] = {AGENTOTEL_STR("vip")};
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_error error = AGENTOTEL_ERROR_INIT;
  agentotel_target root = {0, NULL};
  agentotel_session plain, failing, failed, slow, dear, tagged, open;
  (void)state;
  remove(other);
  error.type = AGENTOTEL_STR("timeout");
  start_with(TAIL, recording_path(), other);
  plain = session_named("plain");
  failing = session_named("failing");
  failed = session_named("failed");
  dear = session_named("dear");
  open = session_named("open");
  options.name = AGENTOTEL_STR("tagged");
  options.tags.items = tags;
  options.tags.count = 1;
  assert_ok(agentotel_start_session(&options, &tagged));
  options = (agentotel_session_options)AGENTOTEL_SESSION_OPTIONS_INIT;
  options.name = AGENTOTEL_STR("slow");
  options.start_time_unix_nano = 1000000000;
  assert_ok(agentotel_start_session(&options, &slow));
  events_of(plain, "of plain");
  events_of(failing, "of failing");
  events_of(failed, "of failed");
  events_of(slow, "of slow");
  events_of(dear, "of dear");
  events_of(tagged, "of tagged");
  events_of(open, "of open");
  assert_ok(agentotel_record_error(failing, root, &error));
  const agentotel_attribute cost =
      agentotel_attr_int64(AGENTOTEL_STR("agentotel.session.cost.micro_units"), 600000);
  assert_ok(agentotel_session_set_attributes(dear, &cost, 1));
  assert_equations_hold();
  end_with(plain, AGENTOTEL_END_SUCCESS, 0);
  end_with(failing, AGENTOTEL_END_SUCCESS, 0);
  end_with(failed, AGENTOTEL_END_FAIL, 0);
  end_with(slow, AGENTOTEL_END_SUCCESS, 62000000000);
  end_with(dear, AGENTOTEL_END_SUCCESS, 0);
  end_with(tagged, AGENTOTEL_END_SUCCESS, 0);
  /* A flush waits for no session: what is open is kept. */
  assert_ok(agentotel_flush(20000));
  assert_equations_hold();
  for (const char *const *name = (const char *const[]){"a", "b", NULL}; *name != NULL; name++) {
    agentotel_exporter_stats stats = exporter_stats_of(*name, AGENTOTEL_SIGNAL_TRACES);
    assert_int_equal(stats.tail_unsampled, 11);
    assert_int_equal(stats.exported, 5 * 11 + 10);
    assert_int_equal(stats.pending, 0);
    assert_int_equal(exporter_stats_of(*name, AGENTOTEL_SIGNAL_LOGS).exported, 1);
  }
  events_of(open, "of open");
  agentotel_session last = session_named("last");
  events_of(last, "of last");
  /* Shutdown ends what is open, and judges it. */
  stop();
  const char *const paths[] = {recording_path(), other};
  for (size_t i = 0; i < COUNT(paths); i++) {
    cJSON *spans = read_spans(paths[i]);
    assert_int_equal(cJSON_GetArraySize(spans), 5 * 11 + 21);
    assert_int_equal(count_named(spans, "of failing"), 10);
    assert_int_equal(count_named(spans, "of failed"), 10);
    assert_int_equal(count_named(spans, "of slow"), 10);
    assert_int_equal(count_named(spans, "of dear"), 10);
    assert_int_equal(count_named(spans, "of tagged"), 10);
    assert_int_equal(count_named(spans, "of open"), 20);
    assert_int_equal(count_named(spans, "of plain"), 0);
    assert_int_equal(count_named(spans, "of last"), 0);
    assert_int_equal(count_named(spans, "plain"), 0);
    cJSON_Delete(spans);
  }
  assert_int_equal(exporter_stats_of("a", AGENTOTEL_SIGNAL_TRACES).tail_unsampled, 22);
  remove(other);
}

static void a_logs_exporter_alone_learns_how_sessions_end(void **state) {
  agentotel_error error = AGENTOTEL_ERROR_INIT;
  agentotel_target root = {0, NULL};
  (void)state;
  error.type = AGENTOTEL_STR("timeout");
  start_with(
      "{\"tail_sampling\":{\"keep\":[{\"slower_than_ms\":60000}]},\"exporters\":[{\"type\":\"file\","
      "\"name\":\"a\",\"path\":\"%s\",\"signals\":[\"logs\"],\"batch\":{\"delay_ms\":5}}]}",
      recording_path());
  for (int round = 0; round < 2; round++) {
    agentotel_session session = new_session();
    assert_ok(agentotel_record_error(session, root, &error));
    end_with(session, AGENTOTEL_END_SUCCESS, round == 0 ? 0 : INT64_MAX);
  }
  assert_ok(agentotel_flush(20000));
  agentotel_exporter_stats stats = exporter_stats_of("a", AGENTOTEL_SIGNAL_LOGS);
  assert_int_equal(stats.tail_unsampled, 1);
  assert_int_equal(stats.exported, 1);
  stop();
}

int run_sampling(void) {
  const struct CMUnitTest tests[] = {
      TEST(wrong_arguments_get_a_status_and_nothing_is_let_go_of),
      TEST(the_host_decides_and_sees_what_the_session_starts_with),
      TEST(the_host_may_ask_to_be_asked_about_children_too),
      TEST(a_sampler_may_record_and_must_not_wait),
      TEST(a_rate_keeps_so_many_a_second),
      TEST(what_is_filtered_is_counted_and_its_children_move_up),
      TEST(head_sampling_comes_before_the_filter),
      TEST(tail_sampling_keeps_whole_sessions_for_every_exporter),
      TEST(a_logs_exporter_alone_learns_how_sessions_end),
  };
  return GROUP(tests);
}
