/* The binary interface, pinned: the size of every struct, the place of every field, and every number that
 * crosses the boundary. Nothing here runs; it compiles or it does not. What has been released never changes:
 * a struct gains fields at its end, a list of numbers gains numbers. */
#include <agentotel.h>
#include <stddef.h>

#define SIZE(type, size) _Static_assert(sizeof(type) == (size), "size of " #type)
#define FIELD(type, field, offset) \
  _Static_assert(offsetof(type, field) == (offset), "place of " #type "." #field)
#define NUMBER(name, value) _Static_assert((name) == (value), #name)

/* 64-bit platforms only. */
SIZE(size_t, 8);
SIZE(void *, 8);

SIZE(agentotel_status, 4);
SIZE(agentotel_session, 8);
SIZE(agentotel_event, 8);

SIZE(agentotel_counter, 8);
SIZE(agentotel_up_down_counter, 8);
SIZE(agentotel_histogram, 8);
SIZE(agentotel_gauge, 8);
SIZE(agentotel_bound_counter, 8);
SIZE(agentotel_bound_up_down_counter, 8);
SIZE(agentotel_bound_histogram, 8);
SIZE(agentotel_bound_gauge, 8);

SIZE(agentotel_instrument, 80);
FIELD(agentotel_instrument, struct_size, 0);
FIELD(agentotel_instrument, name, 8);
FIELD(agentotel_instrument, unit, 24);
FIELD(agentotel_instrument, description, 40);
FIELD(agentotel_instrument, value_type, 56);
FIELD(agentotel_instrument, reserved, 60);
FIELD(agentotel_instrument, boundaries, 64);
FIELD(agentotel_instrument, boundary_count, 72);
NUMBER(AGENTOTEL_VALUE_DOUBLE, 0);
NUMBER(AGENTOTEL_VALUE_INT64, 1);

SIZE(agentotel_observable, 32);
FIELD(agentotel_observable, struct_size, 0);
FIELD(agentotel_observable, observe, 8);
FIELD(agentotel_observable, user_data, 16);
FIELD(agentotel_observable, destroy, 24);
NUMBER(AGENTOTEL_CALLBACK_OBSERVABLE, 6);

SIZE(agentotel_str, 16);
FIELD(agentotel_str, data, 0);
FIELD(agentotel_str, len, 8);

SIZE(agentotel_string_array, 16);
FIELD(agentotel_string_array, items, 0);
FIELD(agentotel_string_array, count, 8);

SIZE(agentotel_span_context, 32);
FIELD(agentotel_span_context, trace_id, 0);
FIELD(agentotel_span_context, span_id, 16);
FIELD(agentotel_span_context, trace_flags, 24);
FIELD(agentotel_span_context, is_remote, 25);
FIELD(agentotel_span_context, reserved, 26);

SIZE(agentotel_bool_array, 16);
FIELD(agentotel_bool_array, items, 0);
FIELD(agentotel_bool_array, count, 8);

SIZE(agentotel_int64_array, 16);
FIELD(agentotel_int64_array, items, 0);
FIELD(agentotel_int64_array, count, 8);

SIZE(agentotel_double_array, 16);
FIELD(agentotel_double_array, items, 0);
FIELD(agentotel_double_array, count, 8);

SIZE(agentotel_value, 16);
FIELD(agentotel_value, string, 0);
FIELD(agentotel_value, boolean, 0);
FIELD(agentotel_value, int64, 0);
FIELD(agentotel_value, float64, 0);
FIELD(agentotel_value, bytes, 0);
FIELD(agentotel_value, strings, 0);
FIELD(agentotel_value, booleans, 0);
FIELD(agentotel_value, int64s, 0);
FIELD(agentotel_value, float64s, 0);
FIELD(agentotel_value, json, 0);

SIZE(agentotel_attribute, 40);
FIELD(agentotel_attribute, key, 0);
FIELD(agentotel_attribute, type, 16);
FIELD(agentotel_attribute, reserved, 20);
FIELD(agentotel_attribute, value, 24);

SIZE(agentotel_export_batch, 48);
FIELD(agentotel_export_batch, struct_size, 0);
FIELD(agentotel_export_batch, signal, 8);
FIELD(agentotel_export_batch, payload_type, 12);
FIELD(agentotel_export_batch, payload, 16);
FIELD(agentotel_export_batch, payload_len, 24);
FIELD(agentotel_export_batch, item_count, 32);
FIELD(agentotel_export_batch, timeout_ms, 40);
FIELD(agentotel_export_batch, reserved, 44);

SIZE(agentotel_export_answer, 536);
FIELD(agentotel_export_answer, struct_size, 0);
FIELD(agentotel_export_answer, retry_after_ms, 8);
FIELD(agentotel_export_answer, rejected_items, 16);
FIELD(agentotel_export_answer, message, 24);

SIZE(agentotel_exporter_callbacks, 32);
FIELD(agentotel_exporter_callbacks, struct_size, 0);
FIELD(agentotel_exporter_callbacks, export_batch, 8);
FIELD(agentotel_exporter_callbacks, user_data, 16);
FIELD(agentotel_exporter_callbacks, destroy, 24);

SIZE(agentotel_sampler, 32);
FIELD(agentotel_sampler, struct_size, 0);
FIELD(agentotel_sampler, should_sample, 8);
FIELD(agentotel_sampler, user_data, 16);
FIELD(agentotel_sampler, destroy, 24);

SIZE(agentotel_sampling_question, 80);
FIELD(agentotel_sampling_question, struct_size, 0);
FIELD(agentotel_sampling_question, trace_id, 8);
FIELD(agentotel_sampling_question, parent, 24);
FIELD(agentotel_sampling_question, trace_state, 32);
FIELD(agentotel_sampling_question, session_name, 48);
FIELD(agentotel_sampling_question, attributes, 64);
FIELD(agentotel_sampling_question, attribute_count, 72);

SIZE(agentotel_sampling_answer, 528);
FIELD(agentotel_sampling_answer, struct_size, 0);
FIELD(agentotel_sampling_answer, trace_state, 8);

SIZE(agentotel_formatter, 32);
FIELD(agentotel_formatter, struct_size, 0);
FIELD(agentotel_formatter, format, 8);
FIELD(agentotel_formatter, user_data, 16);
FIELD(agentotel_formatter, destroy, 24);

SIZE(agentotel_header_provider, 32);
FIELD(agentotel_header_provider, struct_size, 0);
FIELD(agentotel_header_provider, provide, 8);
FIELD(agentotel_header_provider, user_data, 16);
FIELD(agentotel_header_provider, destroy, 24);

SIZE(agentotel_session_options, 256);
FIELD(agentotel_session_options, struct_size, 0);
FIELD(agentotel_session_options, session_id, 8);
FIELD(agentotel_session_options, name, 24);
FIELD(agentotel_session_options, conversation_id, 40);
FIELD(agentotel_session_options, user_id, 56);
FIELD(agentotel_session_options, tags, 72);
FIELD(agentotel_session_options, agent_name, 88);
FIELD(agentotel_session_options, agent_id, 104);
FIELD(agentotel_session_options, agent_version, 120);
FIELD(agentotel_session_options, agent_description, 136);
FIELD(agentotel_session_options, provider, 152);
FIELD(agentotel_session_options, parent, 168);
FIELD(agentotel_session_options, trace_state, 176);
FIELD(agentotel_session_options, start_time_unix_nano, 192);
FIELD(agentotel_session_options, attributes, 200);
FIELD(agentotel_session_options, attribute_count, 208);
FIELD(agentotel_session_options, baggage, 216);
FIELD(agentotel_session_options, resumed, 232);
FIELD(agentotel_session_options, previous_session_id, 240);

SIZE(agentotel_text_buffer, 24);
FIELD(agentotel_text_buffer, data, 0);
FIELD(agentotel_text_buffer, capacity, 8);
FIELD(agentotel_text_buffer, needed, 16);

SIZE(agentotel_carrier, 40);
FIELD(agentotel_carrier, struct_size, 0);
FIELD(agentotel_carrier, get, 8);
FIELD(agentotel_carrier, set, 16);
FIELD(agentotel_carrier, key_at, 24);
FIELD(agentotel_carrier, user_data, 32);

SIZE(agentotel_remote_context, 88);
FIELD(agentotel_remote_context, struct_size, 0);
FIELD(agentotel_remote_context, span, 8);
FIELD(agentotel_remote_context, trace_state, 40);
FIELD(agentotel_remote_context, baggage, 64);

SIZE(agentotel_injectee, 56);
FIELD(agentotel_injectee, struct_size, 0);
FIELD(agentotel_injectee, signal, 8);
FIELD(agentotel_injectee, kind, 12);
FIELD(agentotel_injectee, is_session, 16);
FIELD(agentotel_injectee, reserved, 17);
FIELD(agentotel_injectee, session, 24);

SIZE(agentotel_attribute_injector, 32);
FIELD(agentotel_attribute_injector, struct_size, 0);
FIELD(agentotel_attribute_injector, inject, 8);
FIELD(agentotel_attribute_injector, user_data, 16);
FIELD(agentotel_attribute_injector, destroy, 24);

SIZE(agentotel_session_end, 56);
FIELD(agentotel_session_end, struct_size, 0);
FIELD(agentotel_session_end, end_state, 8);
FIELD(agentotel_session_end, reserved, 12);
FIELD(agentotel_session_end, reason, 16);
FIELD(agentotel_session_end, error_type, 32);
FIELD(agentotel_session_end, end_time_unix_nano, 48);

SIZE(agentotel_target, 16);
FIELD(agentotel_target, event, 0);
FIELD(agentotel_target, context, 8);

SIZE(agentotel_link, 72);
FIELD(agentotel_link, struct_size, 0);
FIELD(agentotel_link, context, 8);
FIELD(agentotel_link, trace_state, 40);
FIELD(agentotel_link, attributes, 56);
FIELD(agentotel_link, attribute_count, 64);

SIZE(agentotel_span_event, 48);
FIELD(agentotel_span_event, struct_size, 0);
FIELD(agentotel_span_event, name, 8);
FIELD(agentotel_span_event, time_unix_nano, 24);
FIELD(agentotel_span_event, attributes, 32);
FIELD(agentotel_span_event, attribute_count, 40);

SIZE(agentotel_i64, 16);
FIELD(agentotel_i64, value, 0);
FIELD(agentotel_i64, present, 8);
FIELD(agentotel_i64, reserved, 9);

SIZE(agentotel_f64, 16);
FIELD(agentotel_f64, value, 0);
FIELD(agentotel_f64, present, 8);
FIELD(agentotel_f64, reserved, 9);

SIZE(agentotel_bool, 2);
FIELD(agentotel_bool, value, 0);
FIELD(agentotel_bool, present, 1);

SIZE(agentotel_llm, 592);
FIELD(agentotel_llm, struct_size, 0);
FIELD(agentotel_llm, operation, 8);
FIELD(agentotel_llm, in_process, 12);
FIELD(agentotel_llm, provider, 16);
FIELD(agentotel_llm, request_model, 32);
FIELD(agentotel_llm, response_model, 48);
FIELD(agentotel_llm, response_id, 64);
FIELD(agentotel_llm, finish_reasons, 80);
FIELD(agentotel_llm, output_type, 96);
FIELD(agentotel_llm, max_tokens, 112);
FIELD(agentotel_llm, choice_count, 128);
FIELD(agentotel_llm, seed, 144);
FIELD(agentotel_llm, temperature, 160);
FIELD(agentotel_llm, top_p, 176);
FIELD(agentotel_llm, top_k, 192);
FIELD(agentotel_llm, frequency_penalty, 208);
FIELD(agentotel_llm, presence_penalty, 224);
FIELD(agentotel_llm, stop_sequences, 240);
FIELD(agentotel_llm, stream, 256);
FIELD(agentotel_llm, time_to_first_chunk_s, 264);
FIELD(agentotel_llm, input_tokens, 280);
FIELD(agentotel_llm, cache_read_input_tokens, 296);
FIELD(agentotel_llm, cache_creation_input_tokens, 312);
FIELD(agentotel_llm, output_tokens, 328);
FIELD(agentotel_llm, reasoning_output_tokens, 344);
FIELD(agentotel_llm, server_address, 360);
FIELD(agentotel_llm, server_port, 376);
FIELD(agentotel_llm, counting, 392);
FIELD(agentotel_llm, reserved, 396);
FIELD(agentotel_llm, cost_micro_units, 400);
FIELD(agentotel_llm, conversation_id, 416);
FIELD(agentotel_llm, prompt_name, 432);
FIELD(agentotel_llm, prompt_version, 448);
FIELD(agentotel_llm, openai_api_type, 464);
FIELD(agentotel_llm, openai_request_service_tier, 480);
FIELD(agentotel_llm, openai_response_service_tier, 496);
FIELD(agentotel_llm, openai_system_fingerprint, 512);
FIELD(agentotel_llm, system_instructions, 528);
FIELD(agentotel_llm, input_messages, 544);
FIELD(agentotel_llm, output_messages, 560);
FIELD(agentotel_llm, tool_definitions, 576);

SIZE(agentotel_tool, 104);
FIELD(agentotel_tool, struct_size, 0);
FIELD(agentotel_tool, name, 8);
FIELD(agentotel_tool, type, 24);
FIELD(agentotel_tool, call_id, 40);
FIELD(agentotel_tool, description, 56);
FIELD(agentotel_tool, arguments, 72);
FIELD(agentotel_tool, result, 88);

SIZE(agentotel_action, 72);
FIELD(agentotel_action, struct_size, 0);
FIELD(agentotel_action, type, 8);
FIELD(agentotel_action, params, 24);
FIELD(agentotel_action, returns, 40);
FIELD(agentotel_action, logs, 56);

SIZE(agentotel_diagnostic, 48);
FIELD(agentotel_diagnostic, struct_size, 0);
FIELD(agentotel_diagnostic, level, 8);
FIELD(agentotel_diagnostic, reserved, 12);
FIELD(agentotel_diagnostic, time_unix_nano, 16);
FIELD(agentotel_diagnostic, text, 24);
FIELD(agentotel_diagnostic, left_out, 40);

SIZE(agentotel_diagnostic_handler, 32);
FIELD(agentotel_diagnostic_handler, struct_size, 0);
FIELD(agentotel_diagnostic_handler, handle, 8);
FIELD(agentotel_diagnostic_handler, user_data, 16);
FIELD(agentotel_diagnostic_handler, destroy, 24);

NUMBER(AGENTOTEL_DIAGNOSTIC_ERROR, 1);
NUMBER(AGENTOTEL_DIAGNOSTIC_WARN, 2);
NUMBER(AGENTOTEL_DIAGNOSTIC_INFO, 3);
NUMBER(AGENTOTEL_DIAGNOSTIC_DEBUG, 4);

SIZE(agentotel_log_record, 88);
FIELD(agentotel_log_record, struct_size, 0);
FIELD(agentotel_log_record, severity_number, 8);
FIELD(agentotel_log_record, body_type, 12);
FIELD(agentotel_log_record, body, 16);
FIELD(agentotel_log_record, severity_text, 32);
FIELD(agentotel_log_record, event_name, 48);
FIELD(agentotel_log_record, time_unix_nano, 64);
FIELD(agentotel_log_record, attributes, 72);
FIELD(agentotel_log_record, attribute_count, 80);

SIZE(agentotel_error, 104);
FIELD(agentotel_error, struct_size, 0);
FIELD(agentotel_error, type, 8);
FIELD(agentotel_error, message, 24);
FIELD(agentotel_error, code, 40);
FIELD(agentotel_error, details, 56);
FIELD(agentotel_error, stack, 72);
FIELD(agentotel_error, time_unix_nano, 88);
FIELD(agentotel_error, kind, 96);
FIELD(agentotel_error, reserved, 100);

SIZE(agentotel_embeddings, 152);
FIELD(agentotel_embeddings, struct_size, 0);
FIELD(agentotel_embeddings, provider, 8);
FIELD(agentotel_embeddings, request_model, 24);
FIELD(agentotel_embeddings, response_model, 40);
FIELD(agentotel_embeddings, encoding_formats, 56);
FIELD(agentotel_embeddings, dimension_count, 72);
FIELD(agentotel_embeddings, input_tokens, 88);
FIELD(agentotel_embeddings, server_address, 104);
FIELD(agentotel_embeddings, server_port, 120);
FIELD(agentotel_embeddings, cost_micro_units, 136);

SIZE(agentotel_retrieval, 136);
FIELD(agentotel_retrieval, struct_size, 0);
FIELD(agentotel_retrieval, provider, 8);
FIELD(agentotel_retrieval, data_source_id, 24);
FIELD(agentotel_retrieval, request_model, 40);
FIELD(agentotel_retrieval, top_k, 56);
FIELD(agentotel_retrieval, server_address, 72);
FIELD(agentotel_retrieval, server_port, 88);
FIELD(agentotel_retrieval, query_text, 104);
FIELD(agentotel_retrieval, documents, 120);

SIZE(agentotel_agent, 472);
FIELD(agentotel_agent, struct_size, 0);
FIELD(agentotel_agent, operation, 8);
FIELD(agentotel_agent, remote, 12);
FIELD(agentotel_agent, provider, 16);
FIELD(agentotel_agent, name, 32);
FIELD(agentotel_agent, id, 48);
FIELD(agentotel_agent, version, 64);
FIELD(agentotel_agent, description, 80);
FIELD(agentotel_agent, request_model, 96);
FIELD(agentotel_agent, data_source_id, 112);
FIELD(agentotel_agent, conversation_id, 128);
FIELD(agentotel_agent, output_type, 144);
FIELD(agentotel_agent, finish_reasons, 160);
FIELD(agentotel_agent, stop_sequences, 176);
FIELD(agentotel_agent, max_tokens, 192);
FIELD(agentotel_agent, choice_count, 208);
FIELD(agentotel_agent, seed, 224);
FIELD(agentotel_agent, temperature, 240);
FIELD(agentotel_agent, top_p, 256);
FIELD(agentotel_agent, frequency_penalty, 272);
FIELD(agentotel_agent, presence_penalty, 288);
FIELD(agentotel_agent, input_tokens, 304);
FIELD(agentotel_agent, cache_read_input_tokens, 320);
FIELD(agentotel_agent, cache_creation_input_tokens, 336);
FIELD(agentotel_agent, output_tokens, 352);
FIELD(agentotel_agent, counting, 368);
FIELD(agentotel_agent, reserved, 372);
FIELD(agentotel_agent, server_address, 376);
FIELD(agentotel_agent, server_port, 392);
FIELD(agentotel_agent, system_instructions, 408);
FIELD(agentotel_agent, input_messages, 424);
FIELD(agentotel_agent, output_messages, 440);
FIELD(agentotel_agent, tool_definitions, 456);

SIZE(agentotel_workflow, 56);
FIELD(agentotel_workflow, struct_size, 0);
FIELD(agentotel_workflow, name, 8);
FIELD(agentotel_workflow, input_messages, 24);
FIELD(agentotel_workflow, output_messages, 40);

SIZE(agentotel_mcp, 272);
FIELD(agentotel_mcp, struct_size, 0);
FIELD(agentotel_mcp, method, 8);
FIELD(agentotel_mcp, tool_name, 24);
FIELD(agentotel_mcp, prompt_name, 40);
FIELD(agentotel_mcp, resource_uri, 56);
FIELD(agentotel_mcp, session_id, 72);
FIELD(agentotel_mcp, protocol_version, 88);
FIELD(agentotel_mcp, request_id, 104);
FIELD(agentotel_mcp, jsonrpc_version, 120);
FIELD(agentotel_mcp, response_status_code, 136);
FIELD(agentotel_mcp, network_transport, 152);
FIELD(agentotel_mcp, network_protocol_name, 168);
FIELD(agentotel_mcp, network_protocol_version, 184);
FIELD(agentotel_mcp, peer_address, 200);
FIELD(agentotel_mcp, peer_port, 216);
FIELD(agentotel_mcp, is_error, 232);
FIELD(agentotel_mcp, reserved, 236);
FIELD(agentotel_mcp, arguments, 240);
FIELD(agentotel_mcp, result, 256);

SIZE(agentotel_handoff, 104);
FIELD(agentotel_handoff, struct_size, 0);
FIELD(agentotel_handoff, target_name, 8);
FIELD(agentotel_handoff, target_id, 24);
FIELD(agentotel_handoff, source_name, 40);
FIELD(agentotel_handoff, source_id, 56);
FIELD(agentotel_handoff, reason, 72);
FIELD(agentotel_handoff, input, 88);

SIZE(agentotel_plan, 104);
FIELD(agentotel_plan, struct_size, 0);
FIELD(agentotel_plan, name, 8);
FIELD(agentotel_plan, agent_name, 24);
FIELD(agentotel_plan, step_count, 40);
FIELD(agentotel_plan, revision, 56);
FIELD(agentotel_plan, goal, 72);
FIELD(agentotel_plan, steps, 88);

SIZE(agentotel_approval, 80);
FIELD(agentotel_approval, struct_size, 0);
FIELD(agentotel_approval, subject, 8);
FIELD(agentotel_approval, approver, 24);
FIELD(agentotel_approval, reason, 40);
FIELD(agentotel_approval, decision, 56);
FIELD(agentotel_approval, reserved, 60);
FIELD(agentotel_approval, request, 64);

SIZE(agentotel_guardrail, 112);
FIELD(agentotel_guardrail, struct_size, 0);
FIELD(agentotel_guardrail, name, 8);
FIELD(agentotel_guardrail, stage, 24);
FIELD(agentotel_guardrail, reason, 40);
FIELD(agentotel_guardrail, score, 56);
FIELD(agentotel_guardrail, decision, 72);
FIELD(agentotel_guardrail, reserved, 76);
FIELD(agentotel_guardrail, input, 80);
FIELD(agentotel_guardrail, output, 96);

SIZE(agentotel_memory, 96);
FIELD(agentotel_memory, struct_size, 0);
FIELD(agentotel_memory, operation, 8);
FIELD(agentotel_memory, reserved, 12);
FIELD(agentotel_memory, store, 16);
FIELD(agentotel_memory, record_id, 32);
FIELD(agentotel_memory, record_count, 48);
FIELD(agentotel_memory, query, 64);
FIELD(agentotel_memory, records, 80);

SIZE(agentotel_compaction, 120);
FIELD(agentotel_compaction, struct_size, 0);
FIELD(agentotel_compaction, strategy, 8);
FIELD(agentotel_compaction, trigger, 24);
FIELD(agentotel_compaction, tokens_before, 40);
FIELD(agentotel_compaction, tokens_after, 56);
FIELD(agentotel_compaction, messages_before, 72);
FIELD(agentotel_compaction, messages_after, 88);
FIELD(agentotel_compaction, summary, 104);

SIZE(agentotel_evaluation, 104);
FIELD(agentotel_evaluation, struct_size, 0);
FIELD(agentotel_evaluation, name, 8);
FIELD(agentotel_evaluation, score_value, 24);
FIELD(agentotel_evaluation, score_label, 40);
FIELD(agentotel_evaluation, response_id, 56);
FIELD(agentotel_evaluation, evaluator, 72);
FIELD(agentotel_evaluation, explanation, 88);

SIZE(agentotel_feedback, 120);
FIELD(agentotel_feedback, struct_size, 0);
FIELD(agentotel_feedback, name, 8);
FIELD(agentotel_feedback, source, 24);
FIELD(agentotel_feedback, score_value, 40);
FIELD(agentotel_feedback, score_label, 56);
FIELD(agentotel_feedback, response_id, 72);
FIELD(agentotel_feedback, user_id, 88);
FIELD(agentotel_feedback, comment, 104);

SIZE(agentotel_event_data, 320);
FIELD(agentotel_event_data, struct_size, 0);
FIELD(agentotel_event_data, kind, 8);
FIELD(agentotel_event_data, span_kind, 12);
FIELD(agentotel_event_data, name, 16);
FIELD(agentotel_event_data, parent, 32);
FIELD(agentotel_event_data, start_time_unix_nano, 48);
FIELD(agentotel_event_data, end_time_unix_nano, 56);
FIELD(agentotel_event_data, duration_nano, 64);
FIELD(agentotel_event_data, status_code, 72);
FIELD(agentotel_event_data, reserved, 76);
FIELD(agentotel_event_data, status_message, 80);
FIELD(agentotel_event_data, attributes, 96);
FIELD(agentotel_event_data, attribute_count, 104);
FIELD(agentotel_event_data, links, 112);
FIELD(agentotel_event_data, link_count, 120);
FIELD(agentotel_event_data, span_events, 128);
FIELD(agentotel_event_data, span_event_count, 136);
FIELD(agentotel_event_data, llm, 144);
FIELD(agentotel_event_data, tool, 152);
FIELD(agentotel_event_data, action, 160);
FIELD(agentotel_event_data, error, 168);
FIELD(agentotel_event_data, embeddings, 176);
FIELD(agentotel_event_data, retrieval, 184);
FIELD(agentotel_event_data, agent, 192);
FIELD(agentotel_event_data, workflow, 200);
FIELD(agentotel_event_data, mcp_client, 208);
FIELD(agentotel_event_data, mcp_server, 216);
FIELD(agentotel_event_data, handoff, 224);
FIELD(agentotel_event_data, plan, 232);
FIELD(agentotel_event_data, approval, 240);
FIELD(agentotel_event_data, guardrail, 248);
FIELD(agentotel_event_data, memory, 256);
FIELD(agentotel_event_data, compaction, 264);
FIELD(agentotel_event_data, evaluation, 272);
FIELD(agentotel_event_data, feedback, 280);
FIELD(agentotel_event_data, event_id, 288);
FIELD(agentotel_event_data, parent_index, 304);

SIZE(agentotel_live_event, 144);
FIELD(agentotel_live_event, struct_size, 0);
FIELD(agentotel_live_event, event, 8);
FIELD(agentotel_live_event, session, 16);
FIELD(agentotel_live_event, context, 24);
FIELD(agentotel_live_event, kind, 56);
FIELD(agentotel_live_event, chunk_count, 60);
FIELD(agentotel_live_event, start_time_unix_nano, 64);
FIELD(agentotel_live_event, elapsed_nano, 72);
FIELD(agentotel_live_event, name, 80);

SIZE(agentotel_stats, 256);
FIELD(agentotel_stats, struct_size, 0);
FIELD(agentotel_stats, offered, 8);
FIELD(agentotel_stats, accepted_caller, 16);
FIELD(agentotel_stats, accepted_derived, 24);
FIELD(agentotel_stats, refused, 32);
FIELD(agentotel_stats, duplicate, 160);
FIELD(agentotel_stats, head_unsampled, 168);
FIELD(agentotel_stats, filtered, 176);
FIELD(agentotel_stats, in_flight_events, 184);
FIELD(agentotel_stats, open_sessions, 192);
FIELD(agentotel_stats, repaired_utf8, 200);
FIELD(agentotel_stats, repaired_time, 208);
FIELD(agentotel_stats, truncated_values, 216);
FIELD(agentotel_stats, dropped_attributes, 224);
FIELD(agentotel_stats, queue_bytes, 232);
FIELD(agentotel_stats, queue_capacity_bytes, 240);
FIELD(agentotel_stats, redacted_values, 248);

SIZE(agentotel_exporter_stats, 760);
FIELD(agentotel_exporter_stats, struct_size, 0);
FIELD(agentotel_exporter_stats, accepted, 8);
FIELD(agentotel_exporter_stats, recovered, 16);
FIELD(agentotel_exporter_stats, exported, 24);
FIELD(agentotel_exporter_stats, rejected, 32);
FIELD(agentotel_exporter_stats, dropped, 40);
FIELD(agentotel_exporter_stats, tail_unsampled, 296);
FIELD(agentotel_exporter_stats, pending, 304);
FIELD(agentotel_exporter_stats, resent, 312);
FIELD(agentotel_exporter_stats, attempts, 320);
FIELD(agentotel_exporter_stats, failures, 328);
FIELD(agentotel_exporter_stats, state, 336);
FIELD(agentotel_exporter_stats, in_flight, 340);
FIELD(agentotel_exporter_stats, lag_bytes, 344);
FIELD(agentotel_exporter_stats, retried, 352);
FIELD(agentotel_exporter_stats, last_success_unix_nano, 360);
FIELD(agentotel_exporter_stats, last_failure_unix_nano, 368);
FIELD(agentotel_exporter_stats, failures_by_class, 376);
FIELD(agentotel_exporter_stats, latency_counts, 504);
FIELD(agentotel_exporter_stats, item_counts, 632);

SIZE(agentotel_storage_stats, 104);
FIELD(agentotel_storage_stats, struct_size, 0);
FIELD(agentotel_storage_stats, durability, 8);
FIELD(agentotel_storage_stats, reserved, 12);
FIELD(agentotel_storage_stats, failures, 16);
FIELD(agentotel_storage_stats, adopted, 24);
FIELD(agentotel_storage_stats, finished, 32);
FIELD(agentotel_storage_stats, expired, 40);
FIELD(agentotel_storage_stats, quarantined, 48);
FIELD(agentotel_storage_stats, recovered, 56);
FIELD(agentotel_storage_stats, missing, 64);
FIELD(agentotel_storage_stats, corrupt_segments, 72);
FIELD(agentotel_storage_stats, foreign_segments, 80);
FIELD(agentotel_storage_stats, refused_files, 88);
FIELD(agentotel_storage_stats, waiting_bytes, 96);

NUMBER(AGENTOTEL_OK, 0);

NUMBER(AGENTOTEL_ERR_INVALID_ARGUMENT, -1);
NUMBER(AGENTOTEL_ERR_ABI_VERSION, -2);
NUMBER(AGENTOTEL_ERR_STRUCT_SIZE, -3);
NUMBER(AGENTOTEL_ERR_NOT_INITIALIZED, -4);
NUMBER(AGENTOTEL_ERR_ALREADY_INITIALIZED, -5);
NUMBER(AGENTOTEL_ERR_SHUT_DOWN, -6);
NUMBER(AGENTOTEL_ERR_CONFIG, -7);
NUMBER(AGENTOTEL_ERR_INVALID_HANDLE, -8);
NUMBER(AGENTOTEL_ERR_STALE_HANDLE, -9);
NUMBER(AGENTOTEL_ERR_QUEUE_FULL, -10);
NUMBER(AGENTOTEL_ERR_TIMEOUT, -11);
NUMBER(AGENTOTEL_ERR_BUFFER_TOO_SMALL, -12);
NUMBER(AGENTOTEL_ERR_TOO_LARGE, -13);
NUMBER(AGENTOTEL_ERR_LIMIT, -14);
NUMBER(AGENTOTEL_ERR_NOT_FOUND, -15);
NUMBER(AGENTOTEL_ERR_INTERNAL, -16);
NUMBER(AGENTOTEL_ERR_SYSTEM, -17);
NUMBER(AGENTOTEL_ERR_IN_CALLBACK, -18);

NUMBER(AGENTOTEL_ABI_VERSION, 1);

NUMBER(AGENTOTEL_MAX_TEXT_BYTES, 67108864);
NUMBER(AGENTOTEL_MAX_ITEMS, 1048576);
NUMBER(AGENTOTEL_MAX_JSON_BYTES, 16777216);

NUMBER(AGENTOTEL_SEVERITY_UNSPECIFIED, 0);
NUMBER(AGENTOTEL_SEVERITY_TRACE, 1);
NUMBER(AGENTOTEL_SEVERITY_TRACE2, 2);
NUMBER(AGENTOTEL_SEVERITY_TRACE3, 3);
NUMBER(AGENTOTEL_SEVERITY_TRACE4, 4);
NUMBER(AGENTOTEL_SEVERITY_DEBUG, 5);
NUMBER(AGENTOTEL_SEVERITY_DEBUG2, 6);
NUMBER(AGENTOTEL_SEVERITY_DEBUG3, 7);
NUMBER(AGENTOTEL_SEVERITY_DEBUG4, 8);
NUMBER(AGENTOTEL_SEVERITY_INFO, 9);
NUMBER(AGENTOTEL_SEVERITY_INFO2, 10);
NUMBER(AGENTOTEL_SEVERITY_INFO3, 11);
NUMBER(AGENTOTEL_SEVERITY_INFO4, 12);
NUMBER(AGENTOTEL_SEVERITY_WARN, 13);
NUMBER(AGENTOTEL_SEVERITY_WARN2, 14);
NUMBER(AGENTOTEL_SEVERITY_WARN3, 15);
NUMBER(AGENTOTEL_SEVERITY_WARN4, 16);
NUMBER(AGENTOTEL_SEVERITY_ERROR, 17);
NUMBER(AGENTOTEL_SEVERITY_ERROR2, 18);
NUMBER(AGENTOTEL_SEVERITY_ERROR3, 19);
NUMBER(AGENTOTEL_SEVERITY_ERROR4, 20);
NUMBER(AGENTOTEL_SEVERITY_FATAL, 21);
NUMBER(AGENTOTEL_SEVERITY_FATAL2, 22);
NUMBER(AGENTOTEL_SEVERITY_FATAL3, 23);
NUMBER(AGENTOTEL_SEVERITY_FATAL4, 24);

NUMBER(AGENTOTEL_TYPE_STRING, 1);
NUMBER(AGENTOTEL_TYPE_BOOL, 2);
NUMBER(AGENTOTEL_TYPE_INT64, 3);
NUMBER(AGENTOTEL_TYPE_DOUBLE, 4);
NUMBER(AGENTOTEL_TYPE_BYTES, 5);
NUMBER(AGENTOTEL_TYPE_STRING_ARRAY, 6);
NUMBER(AGENTOTEL_TYPE_BOOL_ARRAY, 7);
NUMBER(AGENTOTEL_TYPE_INT64_ARRAY, 8);
NUMBER(AGENTOTEL_TYPE_DOUBLE_ARRAY, 9);
NUMBER(AGENTOTEL_TYPE_JSON, 10);

NUMBER(AGENTOTEL_END_INDETERMINATE, 0);
NUMBER(AGENTOTEL_END_SUCCESS, 1);
NUMBER(AGENTOTEL_END_FAIL, 2);

NUMBER(AGENTOTEL_KIND_CUSTOM, 0);
NUMBER(AGENTOTEL_KIND_LLM, 1);
NUMBER(AGENTOTEL_KIND_TOOL, 2);
NUMBER(AGENTOTEL_KIND_ACTION, 3);
NUMBER(AGENTOTEL_KIND_EMBEDDINGS, 4);
NUMBER(AGENTOTEL_KIND_RETRIEVAL, 5);
NUMBER(AGENTOTEL_KIND_AGENT, 6);
NUMBER(AGENTOTEL_KIND_WORKFLOW, 7);
NUMBER(AGENTOTEL_KIND_MCP_CLIENT, 8);
NUMBER(AGENTOTEL_KIND_MCP_SERVER, 9);
NUMBER(AGENTOTEL_KIND_HANDOFF, 10);
NUMBER(AGENTOTEL_KIND_PLAN, 11);
NUMBER(AGENTOTEL_KIND_APPROVAL, 12);
NUMBER(AGENTOTEL_KIND_GUARDRAIL, 13);
NUMBER(AGENTOTEL_KIND_MEMORY, 14);
NUMBER(AGENTOTEL_KIND_COMPACTION, 15);
NUMBER(AGENTOTEL_KIND_EVALUATION, 16);
NUMBER(AGENTOTEL_KIND_FEEDBACK, 17);

NUMBER(AGENTOTEL_SPAN_KIND_DEFAULT, 0);
NUMBER(AGENTOTEL_SPAN_KIND_INTERNAL, 1);
NUMBER(AGENTOTEL_SPAN_KIND_SERVER, 2);
NUMBER(AGENTOTEL_SPAN_KIND_CLIENT, 3);
NUMBER(AGENTOTEL_SPAN_KIND_PRODUCER, 4);
NUMBER(AGENTOTEL_SPAN_KIND_CONSUMER, 5);

NUMBER(AGENTOTEL_STATUS_CODE_UNSET, 0);
NUMBER(AGENTOTEL_STATUS_CODE_OK, 1);
NUMBER(AGENTOTEL_STATUS_CODE_ERROR, 2);

NUMBER(AGENTOTEL_LLM_DEFAULT, 0);
NUMBER(AGENTOTEL_LLM_CHAT, 1);
NUMBER(AGENTOTEL_LLM_TEXT_COMPLETION, 2);
NUMBER(AGENTOTEL_LLM_GENERATE_CONTENT, 3);
NUMBER(AGENTOTEL_COUNTING_INCLUSIVE, 0);
NUMBER(AGENTOTEL_COUNTING_CACHE_SEPARATE, 1);
NUMBER(AGENTOTEL_COUNTING_REASONING_SEPARATE, 2);
NUMBER(AGENTOTEL_AGENT_DEFAULT, 0);
NUMBER(AGENTOTEL_AGENT_INVOKE, 1);
NUMBER(AGENTOTEL_AGENT_CREATE, 2);
NUMBER(AGENTOTEL_APPROVAL_DEFAULT, 0);
NUMBER(AGENTOTEL_APPROVAL_APPROVED, 1);
NUMBER(AGENTOTEL_APPROVAL_DENIED, 2);
NUMBER(AGENTOTEL_APPROVAL_EXPIRED, 3);
NUMBER(AGENTOTEL_GUARDRAIL_DEFAULT, 0);
NUMBER(AGENTOTEL_GUARDRAIL_ALLOWED, 1);
NUMBER(AGENTOTEL_GUARDRAIL_BLOCKED, 2);
NUMBER(AGENTOTEL_GUARDRAIL_MODIFIED, 3);
NUMBER(AGENTOTEL_GUARDRAIL_FLAGGED, 4);
NUMBER(AGENTOTEL_MEMORY_DEFAULT, 0);
NUMBER(AGENTOTEL_MEMORY_SEARCH, 1);
NUMBER(AGENTOTEL_MEMORY_READ, 2);
NUMBER(AGENTOTEL_MEMORY_WRITE, 3);
NUMBER(AGENTOTEL_MEMORY_UPDATE, 4);
NUMBER(AGENTOTEL_MEMORY_DELETE, 5);

NUMBER(AGENTOTEL_LIVE_NAME_BYTES, 64);

NUMBER(AGENTOTEL_SIGNAL_TRACES, 1);
NUMBER(AGENTOTEL_SIGNAL_LOGS, 2);
NUMBER(AGENTOTEL_SIGNAL_METRICS, 3);

NUMBER(AGENTOTEL_REFUSED_ARGUMENT, 0);
NUMBER(AGENTOTEL_REFUSED_HANDLE, 1);
NUMBER(AGENTOTEL_REFUSED_QUEUE_FULL, 2);
NUMBER(AGENTOTEL_REFUSED_SHUT_DOWN, 3);
NUMBER(AGENTOTEL_REFUSED_LIMIT, 4);
NUMBER(AGENTOTEL_REFUSED_INTERNAL, 5);
NUMBER(AGENTOTEL_REFUSED_SLOTS, 16);

NUMBER(AGENTOTEL_DROPPED_OVERFLOW, 0);
NUMBER(AGENTOTEL_DROPPED_LAG, 1);
NUMBER(AGENTOTEL_DROPPED_AGE, 2);
NUMBER(AGENTOTEL_DROPPED_ATTEMPTS, 3);
NUMBER(AGENTOTEL_DROPPED_TOO_LARGE, 4);
NUMBER(AGENTOTEL_DROPPED_NOT_SERVED, 5);
NUMBER(AGENTOTEL_DROPPED_REMOVED, 6);
NUMBER(AGENTOTEL_DROPPED_SLOTS, 32);

NUMBER(AGENTOTEL_EXPORTER_READY, 0);
NUMBER(AGENTOTEL_EXPORTER_RETRYING, 1);
NUMBER(AGENTOTEL_EXPORTER_PAUSED, 2);
NUMBER(AGENTOTEL_EXPORTER_NOT_SERVED, 3);
NUMBER(AGENTOTEL_EXPORTER_REMOVED, 4);

NUMBER(AGENTOTEL_FAILURE_CONNECT, 0);
NUMBER(AGENTOTEL_FAILURE_TIMEOUT, 1);
NUMBER(AGENTOTEL_FAILURE_CREDENTIALS, 2);
NUMBER(AGENTOTEL_FAILURE_THROTTLED, 3);
NUMBER(AGENTOTEL_FAILURE_UNAVAILABLE, 4);
NUMBER(AGENTOTEL_FAILURE_ACCESS, 5);
NUMBER(AGENTOTEL_FAILURE_NOT_SERVED, 6);
NUMBER(AGENTOTEL_FAILURE_REJECTED, 7);
NUMBER(AGENTOTEL_FAILURE_TOO_LARGE, 8);
NUMBER(AGENTOTEL_FAILURE_PROTOCOL, 9);
NUMBER(AGENTOTEL_FAILURE_SYSTEM, 10);
NUMBER(AGENTOTEL_FAILURE_SLOTS, 16);
NUMBER(AGENTOTEL_HISTOGRAM_SLOTS, 16);

NUMBER(AGENTOTEL_CALLBACK_EXPORTER, 1);
NUMBER(AGENTOTEL_CALLBACK_FORMATTER, 2);
NUMBER(AGENTOTEL_CALLBACK_HEADER_PROVIDER, 3);
NUMBER(AGENTOTEL_CALLBACK_SAMPLER, 4);

NUMBER(AGENTOTEL_SAMPLING_DROP, 0);
NUMBER(AGENTOTEL_SAMPLING_KEEP, 1);
NUMBER(AGENTOTEL_SAMPLING_TRACE_STATE_BYTES, 520);
NUMBER(AGENTOTEL_CALLBACK_ATTRIBUTE_INJECTOR, 5);
NUMBER(AGENTOTEL_MAX_CARRIER_VALUES, 64);
NUMBER(AGENTOTEL_MAX_CARRIER_KEYS, 4096);
NUMBER(AGENTOTEL_MAX_INJECTED_ATTRIBUTES, 64);

NUMBER(AGENTOTEL_PAYLOAD_OTLP_PROTO, 1);
NUMBER(AGENTOTEL_PAYLOAD_OTLP_JSON, 2);

NUMBER(AGENTOTEL_EXPORT_OK, 0);
NUMBER(AGENTOTEL_EXPORT_RETRY, 1);
NUMBER(AGENTOTEL_EXPORT_REJECT, 2);
NUMBER(AGENTOTEL_EXPORT_MESSAGE_BYTES, 512);
NUMBER(AGENTOTEL_MAX_LINE_BYTES, 1048576);

NUMBER(AGENTOTEL_DURABILITY_NONE, 0);
NUMBER(AGENTOTEL_DURABILITY_PROCESS, 1);
NUMBER(AGENTOTEL_DURABILITY_POWER, 2);
