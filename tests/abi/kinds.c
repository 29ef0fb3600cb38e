/* The kinds of events at the interface: what each needs, what is refused, events that are about others, ids
 * of the caller's own, parents inside an array, and callers with an older header. What each kind becomes is
 * in tests/golden. */
#include "support.h"

static agentotel_session session;

static int begin(void **state) {
  (void)state;
  start_recording();
  session = new_session();
  return 0;
}

static agentotel_event_data event_of(uint32_t kind) {
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  data.kind = kind;
  return data;
}

static void assert_refused(const agentotel_event_data *data, const char *word) {
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, data, NULL));
  assert_last_error_names(word);
}

static void every_kind_needs_its_detail(void **state) {
  static const struct {
    uint32_t kind;
    const char *detail;
  } kinds[] = {
      {AGENTOTEL_KIND_LLM, "llm"},
      {AGENTOTEL_KIND_TOOL, "tool"},
      {AGENTOTEL_KIND_ACTION, "action"},
      {AGENTOTEL_KIND_EMBEDDINGS, "embeddings"},
      {AGENTOTEL_KIND_RETRIEVAL, "retrieval"},
      {AGENTOTEL_KIND_AGENT, "agent"},
      {AGENTOTEL_KIND_WORKFLOW, "workflow"},
      {AGENTOTEL_KIND_MCP_CLIENT, "mcp_client"},
      {AGENTOTEL_KIND_MCP_SERVER, "mcp_server"},
      {AGENTOTEL_KIND_HANDOFF, "handoff"},
      {AGENTOTEL_KIND_PLAN, "plan"},
      {AGENTOTEL_KIND_APPROVAL, "approval"},
      {AGENTOTEL_KIND_GUARDRAIL, "guardrail"},
      {AGENTOTEL_KIND_MEMORY, "memory"},
      {AGENTOTEL_KIND_COMPACTION, "compaction"},
      {AGENTOTEL_KIND_EVALUATION, "evaluation"},
      {AGENTOTEL_KIND_FEEDBACK, "feedback"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(kinds); i++) {
    agentotel_event_data data = event_of(kinds[i].kind);
    assert_refused(&data, kinds[i].detail);
  }
  agentotel_event_data unknown = event_of(AGENTOTEL_KIND_FEEDBACK + 1);
  assert_refused(&unknown, "0 to 17");
  /* The detail of another kind. */
  agentotel_plan plan = AGENTOTEL_PLAN_INIT;
  agentotel_event_data data = event_of(AGENTOTEL_KIND_CUSTOM);
  data.name = AGENTOTEL_STR("custom");
  data.plan = &plan;
  assert_refused(&data, "kind 11");
  stop();
}

static void what_a_detail_must_say_is_asked_for(void **state) {
  agentotel_mcp mcp = AGENTOTEL_MCP_INIT;
  agentotel_handoff handoff = AGENTOTEL_HANDOFF_INIT;
  agentotel_approval approval = AGENTOTEL_APPROVAL_INIT;
  agentotel_guardrail guardrail = AGENTOTEL_GUARDRAIL_INIT;
  agentotel_memory memory = AGENTOTEL_MEMORY_INIT;
  agentotel_evaluation evaluation = AGENTOTEL_EVALUATION_INIT;
  agentotel_event_data data = event_of(AGENTOTEL_KIND_MCP_CLIENT);
  (void)state;
  data.mcp_client = &mcp;
  assert_refused(&data, "mcp_client.method");
  data = event_of(AGENTOTEL_KIND_MCP_SERVER);
  data.mcp_server = &mcp;
  assert_refused(&data, "mcp_server.method");
  data = event_of(AGENTOTEL_KIND_HANDOFF);
  data.handoff = &handoff;
  assert_refused(&data, "handoff.target_name");
  data = event_of(AGENTOTEL_KIND_APPROVAL);
  data.approval = &approval;
  assert_refused(&data, "approval.subject");
  data = event_of(AGENTOTEL_KIND_GUARDRAIL);
  data.guardrail = &guardrail;
  assert_refused(&data, "guardrail.name");
  data = event_of(AGENTOTEL_KIND_MEMORY);
  data.memory = &memory;
  assert_refused(&data, "memory.operation");
  data = event_of(AGENTOTEL_KIND_EVALUATION);
  data.evaluation = &evaluation;
  assert_refused(&data, "evaluation.name");
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_LOGS).refused[AGENTOTEL_REFUSED_ARGUMENT], 1);
  stop();
}

static void numbers_that_stand_for_nothing_are_refused(void **state) {
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  agentotel_agent agent = AGENTOTEL_AGENT_INIT;
  agentotel_memory memory = AGENTOTEL_MEMORY_INIT;
  agentotel_guardrail guardrail = AGENTOTEL_GUARDRAIL_INIT;
  agentotel_error error = AGENTOTEL_ERROR_INIT;
  agentotel_target root = {0, NULL};
  agentotel_event_data data = event_of(AGENTOTEL_KIND_LLM);
  (void)state;
  data.llm = &llm;
  llm.counting = 4;
  assert_refused(&data, "llm.counting");
  llm.counting = 0;
  llm.operation = 4;
  assert_refused(&data, "llm.operation is 4");
  data = event_of(AGENTOTEL_KIND_AGENT);
  data.agent = &agent;
  agent.operation = 3;
  assert_refused(&data, "agent.operation is 3");
  data = event_of(AGENTOTEL_KIND_MEMORY);
  data.memory = &memory;
  memory.operation = 6;
  assert_refused(&data, "0 to 5");
  data = event_of(AGENTOTEL_KIND_GUARDRAIL);
  data.guardrail = &guardrail;
  guardrail.name = AGENTOTEL_STR("pii");
  guardrail.decision = 5;
  assert_refused(&data, "guardrail.decision");
  guardrail.struct_size = 8;
  assert_status(AGENTOTEL_ERR_STRUCT_SIZE, agentotel_record_event(session, &data, NULL));
  error.kind = 99;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_error(session, root, &error));
  assert_last_error_names("error.kind");
  stop();
}

/* The sizes of the first header: what came later is as if absent. */
static void a_caller_with_an_older_header_is_served(void **state) {
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  agentotel_tool tool = AGENTOTEL_TOOL_INIT;
  agentotel_event_data events[2] = {named_event("old"), named_event("old")};
  (void)state;
  llm.struct_size = 392;
  llm.request_model = AGENTOTEL_STR("model");
  llm.counting = 99;
  events[0].struct_size = 176;
  events[0].kind = AGENTOTEL_KIND_LLM;
  events[0].llm = &llm;
  memset((char *)&events[0] + 176, 0x5a, sizeof events[0] - 176);
  assert_ok(agentotel_record_event(session, &events[0], NULL));
  tool.struct_size = 72;
  tool.name = AGENTOTEL_STR("tool");
  tool.arguments = agentotel_str_of(NULL, 7);
  agentotel_event_data with_tool = event_of(AGENTOTEL_KIND_TOOL);
  with_tool.tool = &tool;
  assert_ok(agentotel_record_event(session, &with_tool, NULL));
  events[1].struct_size = 176;
  memset((char *)&events[1] + 176, 0x5a, sizeof events[1] - 176);
  assert_ok(agentotel_record_event(session, &events[1], NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_int_equal(count_named(spans, "old"), 2);
  assert_int_equal(count_named(spans, "execute_tool tool"), 1);
  cJSON_Delete(spans);
}

static void an_evaluation_is_a_log_record_and_cannot_be_started(void **state) {
  agentotel_evaluation evaluation = AGENTOTEL_EVALUATION_INIT;
  agentotel_event_data data = event_of(AGENTOTEL_KIND_EVALUATION);
  agentotel_span_context of_session, about;
  agentotel_event started = 0;
  char span_id[17];
  (void)state;
  evaluation.name = AGENTOTEL_STR("relevance");
  evaluation.score_value = AGENTOTEL_F64(0);
  data.evaluation = &evaluation;
  assert_ok(agentotel_session_context(session, &of_session));
  assert_ok(agentotel_record_event(session, &data, &about));
  assert_memory_equal(&about, &of_session, sizeof about);
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_start_event(session, &data, &started));
  assert_last_error_names("evaluation");
  data.parent.event = 0x4711;
  assert_true(is_bad_handle(agentotel_record_event(session, &data, NULL)));
  agentotel_stats logs = stats_of(AGENTOTEL_SIGNAL_LOGS), traces = stats_of(AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(logs.offered, 2);
  assert_int_equal(logs.accepted_caller, 1);
  assert_int_equal(logs.refused[AGENTOTEL_REFUSED_HANDLE], 1);
  assert_int_equal(traces.accepted_caller, 0);
  hex_of(of_session.span_id, sizeof of_session.span_id, span_id);
  stop();
  cJSON *records = read_logs(recording_path());
  assert_int_equal(cJSON_GetArraySize(records), 1);
  const cJSON *log = cJSON_GetArrayItem(records, 0);
  assert_string_equal(text_of(log, "eventName"), "gen_ai.evaluation.result");
  assert_string_equal(text_of(log, "spanId"), span_id);
  assert_string_equal(string_attribute(log, "gen_ai.evaluation.name"), "relevance");
  cJSON_Delete(records);
}

static void an_id_that_comes_again_is_counted_and_not_recorded(void **state) {
  agentotel_event_data data = named_event("poll");
  agentotel_span_context first, second, third;
  char id[32];
  (void)state;
  data.event_id = AGENTOTEL_STR("poll-1");
  assert_ok(agentotel_record_event(session, &data, &first));
  assert_ok(agentotel_record_event(session, &data, &second));
  assert_memory_equal(&first, &second, sizeof first);
  agentotel_stats stats = stats_of(AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(stats.duplicate, 1);
  assert_int_equal(stats.offered, 2);
  assert_int_equal(stats.accepted_caller, 1);
  assert_equations_hold();
  /* A session that is not there is said all the same, and what was refused is not known. */
  assert_true(is_bad_handle(agentotel_record_event(0, &data, NULL)));
  agentotel_event_data refused = named_event("refused");
  refused.event_id = AGENTOTEL_STR("refused-1");
  assert_true(is_bad_handle(agentotel_record_event(0, &refused, NULL)));
  assert_ok(agentotel_record_event(session, &refused, NULL));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).duplicate, 1);
  /* After 4,096 others it is forgotten. */
  for (int i = 0; i < 4096; i++) {
    agentotel_event_data other = named_event("other");
    snprintf(id, sizeof id, "other-%d", i);
    other.event_id = agentotel_cstr(id);
    assert_ok(agentotel_record_event(session, &other, NULL));
  }
  assert_ok(agentotel_record_event(session, &data, &third));
  assert_memory_not_equal(&first, &third, sizeof first);
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).duplicate, 1);
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_int_equal(count_named(spans, "poll"), 2);
  assert_string_equal(string_attribute(find_named(spans, "poll"), "agentotel.event.id"), "poll-1");
  cJSON_Delete(spans);
}

static void a_parent_may_be_an_earlier_event_of_the_array(void **state) {
  agentotel_event_data events[3] = {named_event("first"), named_event("second"), named_event("third")};
  agentotel_span_context contexts[3];
  agentotel_event started = 0;
  size_t recorded = 99;
  (void)state;
  events[1].parent_index = AGENTOTEL_I64(0);
  events[2].parent_index = AGENTOTEL_I64(1);
  assert_ok(agentotel_record_events(session, events, 3, contexts, &recorded));
  assert_int_equal(recorded, 3);
  /* Itself, a later one, none of them, two parents, and where there is no array. */
  static const int64_t wrong[] = {2, 3, -1, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < COUNT(wrong); i++) {
    events[2].parent_index = AGENTOTEL_I64(wrong[i]);
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                  agentotel_record_events(session, events, 3, NULL, &recorded));
    assert_int_equal(recorded, 2);
    assert_last_error_names("0 to 1");
  }
  events[2].parent_index = AGENTOTEL_I64(1);
  events[2].parent.context = &contexts[0];
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_events(session, events, 3, NULL, &recorded));
  assert_last_error_names("both");
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_record_event(session, &events[1], NULL));
  assert_last_error_names("parent_index");
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_start_event(session, &events[1], &started));
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_string_equal(text_of(find_named(spans, "third"), "parentSpanId"),
                      text_of(find_named(spans, "second"), "spanId"));
  assert_string_equal(text_of(find_named(spans, "second"), "parentSpanId"),
                      text_of(find_named(spans, "first"), "spanId"));
  cJSON_Delete(spans);
}

/* An update may give the detail alone, and what it says replaces what was said. */
static void details_of_events_in_flight_are_updated(void **state) {
  agentotel_approval approval = AGENTOTEL_APPROVAL_INIT;
  agentotel_approval answer = AGENTOTEL_APPROVAL_INIT;
  agentotel_event_data data = event_of(AGENTOTEL_KIND_APPROVAL);
  agentotel_event_data later = AGENTOTEL_EVENT_DATA_INIT;
  agentotel_event event = 0;
  (void)state;
  approval.subject = AGENTOTEL_STR("book_flight");
  approval.reason = AGENTOTEL_STR("over_budget");
  data.approval = &approval;
  assert_ok(agentotel_start_event(session, &data, &event));
  answer.decision = AGENTOTEL_APPROVAL_APPROVED;
  later.approval = &answer;
  assert_ok(agentotel_end_event(event, &later));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *span = find_named(spans, "approval book_flight");
  assert_non_null(span);
  assert_string_equal(string_attribute(span, "agentotel.approval.decision"), "approved");
  assert_string_equal(string_attribute(span, "agentotel.approval.reason"), "over_budget");
  cJSON_Delete(spans);
}

/* A tool's event takes up one call over the protocol; a call below it that is named by its context does not.
 */
static void a_tool_takes_up_the_call_that_executes_it(void **state) {
  agentotel_tool tool = AGENTOTEL_TOOL_INIT;
  agentotel_mcp mcp = AGENTOTEL_MCP_INIT;
  agentotel_event_data running = event_of(AGENTOTEL_KIND_TOOL);
  agentotel_event_data call = event_of(AGENTOTEL_KIND_MCP_CLIENT);
  agentotel_event event = 0;
  agentotel_span_context of_tool, of_call;
  (void)state;
  tool.name = AGENTOTEL_STR("search");
  running.tool = &tool;
  assert_ok(agentotel_start_event(session, &running, &event));
  assert_ok(agentotel_event_context(event, &of_tool));
  mcp.method = AGENTOTEL_STR("tools/call");
  mcp.tool_name = AGENTOTEL_STR("other");
  mcp.session_id = AGENTOTEL_STR("mcp-session");
  call.mcp_client = &mcp;
  call.parent.event = event;
  assert_ok(agentotel_record_event(session, &call, &of_call));
  assert_memory_not_equal(&of_call, &of_tool, sizeof of_tool);
  mcp.tool_name = AGENTOTEL_STR("search");
  call.parent.event = 0;
  call.parent.context = &of_tool;
  assert_ok(agentotel_record_event(session, &call, &of_call));
  assert_memory_not_equal(&of_call, &of_tool, sizeof of_tool);
  call.parent.event = event;
  call.parent.context = NULL;
  uint64_t offered = stats_of(AGENTOTEL_SIGNAL_TRACES).offered;
  assert_ok(agentotel_record_event(session, &call, &of_call));
  assert_memory_equal(&of_call, &of_tool, sizeof of_tool);
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_TRACES).offered, offered);
  assert_ok(agentotel_end_event(event, NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  /* The tool, two calls, the session. */
  assert_int_equal(cJSON_GetArraySize(spans), 4);
  assert_string_equal(string_attribute(find_named(spans, "execute_tool search"), "mcp.session.id"),
                      "mcp-session");
  cJSON_Delete(spans);
}

static void a_session_resumes_only_what_is_a_span(void **state) {
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_span_context nothing = {{0}, {0}, 0, 0, {0}};
  agentotel_session resumed = 0;
  (void)state;
  options.resumed = &nothing;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_start_session(&options, &resumed));
  assert_last_error_names("options.resumed");
  stop();
}

int run_kinds(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, stop_anyway)
  const struct CMUnitTest tests[] = {
      TEST(every_kind_needs_its_detail),
      TEST(what_a_detail_must_say_is_asked_for),
      TEST(numbers_that_stand_for_nothing_are_refused),
      TEST(a_caller_with_an_older_header_is_served),
      TEST(an_evaluation_is_a_log_record_and_cannot_be_started),
      TEST(an_id_that_comes_again_is_counted_and_not_recorded),
      TEST(a_parent_may_be_an_earlier_event_of_the_array),
      TEST(details_of_events_in_flight_are_updated),
      TEST(a_tool_takes_up_the_call_that_executes_it),
      TEST(a_session_resumes_only_what_is_a_span),
  };
  return GROUP(tests);
}
