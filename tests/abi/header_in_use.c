/* Uses whatever the header defines beside functions, in C and in C++: headers.sh compiles it in every
 * dialect. */
#include <agentotel.h>

agentotel_session_options use_session_options(void);
agentotel_event_data use_event_data(const agentotel_llm *llm, const agentotel_attribute *attributes);
int use_values(void);
int use_initialisers(void);
int use_details(void);
agentotel_header_provider use_header_provider(agentotel_status (*provide)(void *, agentotel_headers *));

agentotel_session_options use_session_options(void) {
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  options.agent_name = AGENTOTEL_STR("agent");
  options.provider = agentotel_cstr("openai");
  options.name = agentotel_str_of("session", 7);
  return options;
}

agentotel_event_data use_event_data(const agentotel_llm *llm, const agentotel_attribute *attributes) {
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  data.kind = AGENTOTEL_KIND_LLM;
  data.llm = llm;
  data.attributes = attributes;
  data.attribute_count = 2;
  return data;
}

int use_values(void) {
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  agentotel_attribute attributes[5];
  agentotel_event_data data;
  llm.temperature = AGENTOTEL_F64(0.5);
  llm.input_tokens = AGENTOTEL_I64(0);
  llm.stream = AGENTOTEL_BOOL(1);
  attributes[0] = agentotel_attr_string(AGENTOTEL_STR("string"), AGENTOTEL_STR("value"));
  attributes[1] = agentotel_attr_int64(AGENTOTEL_STR("int64"), 1);
  attributes[2] = agentotel_attr_double(AGENTOTEL_STR("double"), 1.5);
  attributes[3] = agentotel_attr_bool(AGENTOTEL_STR("bool"), 1);
  attributes[4] = agentotel_attr_json(AGENTOTEL_STR("json"), AGENTOTEL_STR("{}"));
  data = use_event_data(&llm, attributes);
  return data.llm == &llm && AGENTOTEL_OK == 0 && AGENTOTEL_ABI_VERSION > 0;
}

int use_initialisers(void) {
  agentotel_session_end session_end = AGENTOTEL_SESSION_END_INIT;
  agentotel_tool tool = AGENTOTEL_TOOL_INIT;
  agentotel_action action = AGENTOTEL_ACTION_INIT;
  agentotel_error error = AGENTOTEL_ERROR_INIT;
  agentotel_link link = AGENTOTEL_LINK_INIT;
  agentotel_span_event span_event = AGENTOTEL_SPAN_EVENT_INIT;
  agentotel_live_event live[4] = {AGENTOTEL_LIVE_EVENT_INIT};
  agentotel_stats stats = AGENTOTEL_STATS_INIT;
  agentotel_exporter_stats exporter_stats = AGENTOTEL_EXPORTER_STATS_INIT;
  agentotel_storage_stats storage_stats = AGENTOTEL_STORAGE_STATS_INIT;
  agentotel_carrier carrier = AGENTOTEL_CARRIER_INIT;
  agentotel_remote_context remote = AGENTOTEL_REMOTE_CONTEXT_INIT;
  agentotel_attribute_injector injector = AGENTOTEL_ATTRIBUTE_INJECTOR_INIT;
  remote.baggage = agentotel_text_buffer_of(NULL, 0);
  return session_end.struct_size == sizeof session_end && tool.struct_size == sizeof tool &&
         action.struct_size == sizeof action && error.struct_size == sizeof error &&
         link.struct_size == sizeof link && span_event.struct_size == sizeof span_event &&
         live[0].struct_size == sizeof live[0] && stats.struct_size == sizeof stats &&
         exporter_stats.struct_size == sizeof exporter_stats &&
         storage_stats.struct_size == sizeof storage_stats && carrier.struct_size == sizeof carrier &&
         remote.struct_size == sizeof remote && injector.struct_size == sizeof injector;
}

int use_details(void) {
  agentotel_embeddings embeddings = AGENTOTEL_EMBEDDINGS_INIT;
  agentotel_retrieval retrieval = AGENTOTEL_RETRIEVAL_INIT;
  agentotel_agent agent = AGENTOTEL_AGENT_INIT;
  agentotel_workflow workflow = AGENTOTEL_WORKFLOW_INIT;
  agentotel_mcp mcp = AGENTOTEL_MCP_INIT;
  agentotel_handoff handoff = AGENTOTEL_HANDOFF_INIT;
  agentotel_plan plan = AGENTOTEL_PLAN_INIT;
  agentotel_approval approval = AGENTOTEL_APPROVAL_INIT;
  agentotel_guardrail guardrail = AGENTOTEL_GUARDRAIL_INIT;
  agentotel_memory memory = AGENTOTEL_MEMORY_INIT;
  agentotel_compaction compaction = AGENTOTEL_COMPACTION_INIT;
  agentotel_evaluation evaluation = AGENTOTEL_EVALUATION_INIT;
  agentotel_feedback feedback = AGENTOTEL_FEEDBACK_INIT;
  return embeddings.struct_size == sizeof embeddings && retrieval.struct_size == sizeof retrieval &&
         agent.struct_size == sizeof agent && workflow.struct_size == sizeof workflow &&
         mcp.struct_size == sizeof mcp && handoff.struct_size == sizeof handoff &&
         plan.struct_size == sizeof plan && approval.struct_size == sizeof approval &&
         guardrail.struct_size == sizeof guardrail && memory.struct_size == sizeof memory &&
         compaction.struct_size == sizeof compaction && evaluation.struct_size == sizeof evaluation &&
         feedback.struct_size == sizeof feedback;
}

agentotel_header_provider use_header_provider(agentotel_status (*provide)(void *, agentotel_headers *)) {
  agentotel_header_provider provider = AGENTOTEL_HEADER_PROVIDER_INIT;
  provider.provide = provide;
  return provider;
}

agentotel_exporter_callbacks use_exporter(uint32_t (*export_batch)(void *, const agentotel_export_batch *,
                                                                   agentotel_export_answer *)) {
  agentotel_exporter_callbacks callbacks = AGENTOTEL_EXPORTER_CALLBACKS_INIT;
  callbacks.export_batch = export_batch;
  return callbacks;
}

agentotel_formatter use_formatter(agentotel_status (*format)(void *, uint32_t, agentotel_str, char *, size_t,
                                                             size_t *)) {
  agentotel_formatter formatter = AGENTOTEL_FORMATTER_INIT;
  formatter.format = format;
  return formatter;
}
