/*
 * agentotel: what agents do, as OpenTelemetry.
 *
 * Sessions become traces; LLM calls, actions and tools become spans; errors, and what programs log, become log records;
 * all of it is delivered over OTLP. A recording call takes some hundred nanoseconds, and every event is accounted for.
 *
 * THREADS     Every function may be called from any thread at any time, before agentotel_init and after
 *             agentotel_shutdown too: a status says so. None is async-signal-safe.
 * ERRORS      Functions that can fail return an agentotel_status. agentotel_status_name gives its name,
 *             agentotel_last_error the words. Outputs are written on success only, unless said.
 * OWNERSHIP   The library keeps no pointer that it is given, but for functions that are registered and their user_data,
 *             until their destroy is called; it hands out none that must be freed. Handles are numbers.
 * TEXT        agentotel_str: bytes and a length, UTF-8. What is not UTF-8 is replaced and counted.
 * STRUCTS     Structs that may grow begin with struct_size and have an initialiser macro: a zeroed struct with its size
 *             set says nothing. Arrays of such structs step by the first element's struct_size.
 * BUFFERS     What the caller changes while a call reads it is recorded as some mix of before and after, no worse.
 * FORK        A forked child goes on with its parent's configuration as a process of its own, from its first call. The
 *             parent's handles are stale there; what the parent has recorded and has in flight stays the parent's. Such a
 *             child delivers before it exits by agentotel_shutdown or agentotel_flush: its exit alone delivers nothing.
 *             One that calls agentotel_init first of all starts like any other process.
 * EXIT        exit() and a return from main deliver for `flush_at_exit_ms` at most; handlers that were registered before
 *             agentotel_init run after that, and destructors of static objects may: calls get AGENTOTEL_ERR_SHUT_DOWN by
 *             then. _exit, exec and signals that end the process deliver nothing; with `storage.directory` a later process
 *             delivers what was acknowledged.
 * CALLBACKS   Functions that are registered (agentotel_register_…) are called on the library's threads, a sampler on the
 *             thread that starts a session, an attribute injector on the one that records, with no lock of the library
 *             held, and may call it:
 *
 *                                               exporter   formatter   header     sampler   injector   destroy
 *                                                                      provider
 *             record, log, measure, sessions      yes       yes (1)      yes      yes (4)   yes (5)      yes
 *             stats, diagnostics, versions        yes        yes         yes        yes       yes        yes
 *             inject, extract, baggage            yes        yes         yes        yes       yes        yes
 *             register, unregister (2)            yes        yes         yes        yes       yes        yes
 *             add_exporter                        yes        yes         yes        yes       yes        yes
 *             flush, shutdown, remove_exporter   no (3)     no (3)      no (3)     no (3)    no (3)     no (3)
 *             init                               only once the library is shut down, as everywhere
 *             fork                               yes, but a child must not return from the callback
 *
 *             (1) With queue.overflow `block`, or storage.sync `always`, all exporters wait as long as it does.
 *             (2) unregister waits for calls on other threads, never for the one that it is made from.
 *             (3) They would wait for the callback: AGENTOTEL_ERR_IN_CALLBACK.
 *             (4) Sessions that it starts are kept: it is not asked about them.
 *             (5) What it records is recorded without asking it.
 *
 *             A diagnostic handler has a thread of its own and may call what an exporter may; the function of an
 *             observable gauge may call what a formatter may.
 *
 *             Functions of a carrier (agentotel_inject, agentotel_extract), and the one that
 *             agentotel_session_list_baggage is given, run during that call, on its thread, and may call everything.
 *
 *             What a callback records is exported like anything else: an exporter that records at each call has always
 *             something to export. No exception and no longjmp may leave a callback.
 * SIGNALS     No handler is installed; the library's own threads block all signals.
 *
 * This file is generated; the library's documentation describes every part in full.
 */
#ifndef AGENTOTEL_H
#define AGENTOTEL_H


#include <stddef.h>
#include <stdint.h>
#include <string.h>


/**
 * The call did what it says.
 */
#define AGENTOTEL_OK 0

/**
 * An argument is NULL where it must not be, an enum value is unknown, or two arguments contradict each other.
 */
#define AGENTOTEL_ERR_INVALID_ARGUMENT -1

/**
 * The caller was compiled against a header that this library does not serve.
 */
#define AGENTOTEL_ERR_ABI_VERSION -2

/**
 * A `struct_size` is smaller than the first version of that struct, or was never set.
 */
#define AGENTOTEL_ERR_STRUCT_SIZE -3

/**
 * `agentotel_init` has not been called.
 */
#define AGENTOTEL_ERR_NOT_INITIALIZED -4

/**
 * `agentotel_init` was called before and the library is running.
 */
#define AGENTOTEL_ERR_ALREADY_INITIALIZED -5

/**
 * The library has been shut down; `agentotel_init` may start it again.
 */
#define AGENTOTEL_ERR_SHUT_DOWN -6

/**
 * The configuration is not valid; `agentotel_last_error` names the key.
 */
#define AGENTOTEL_ERR_CONFIG -7

/**
 * The value is no handle of this kind: never given out, or of another type.
 */
#define AGENTOTEL_ERR_INVALID_HANDLE -8

/**
 * The handle was valid once: its session or event has ended, or it belongs to an earlier `agentotel_init` or to the
 * process before `fork`.
 */
#define AGENTOTEL_ERR_STALE_HANDLE -9

/**
 * The queue is full and its policy refused the event; it was counted and not recorded.
 */
#define AGENTOTEL_ERR_QUEUE_FULL -10

/**
 * The deadline passed first; `agentotel_last_error` says what is pending.
 */
#define AGENTOTEL_ERR_TIMEOUT -11

/**
 * The buffer is too small; `*needed` says how much it takes.
 */
#define AGENTOTEL_ERR_BUFFER_TOO_SMALL -12

/**
 * A length or a count is beyond what the library takes (`AGENTOTEL_MAX_TEXT_BYTES`, `AGENTOTEL_MAX_ITEMS`).
 */
#define AGENTOTEL_ERR_TOO_LARGE -13

/**
 * As many sessions or in-flight events are open as the library holds.
 */
#define AGENTOTEL_ERR_LIMIT -14

/**
 * Nothing has that name.
 */
#define AGENTOTEL_ERR_NOT_FOUND -15

/**
 * A fault inside the library was contained; please report `agentotel_last_error`.
 */
#define AGENTOTEL_ERR_INTERNAL -16

/**
 * The operating system refused what was needed (a thread, memory, random numbers).
 */
#define AGENTOTEL_ERR_SYSTEM -17

/**
 * The call would wait for the callback that it is made from.
 */
#define AGENTOTEL_ERR_IN_CALLBACK -18

/**
 * The version of this header's binary interface; pass it to `agentotel_init`.
 */
#define AGENTOTEL_ABI_VERSION 1

/**
 * The longest text or byte string that one call may pass, in bytes (64 MiB). What is kept of it is a matter of
 * `limits.event_bytes` in the configuration.
 */
#define AGENTOTEL_MAX_TEXT_BYTES 67108864

/**
 * The longest array (attributes, events, links, tags) that one call may pass.
 */
#define AGENTOTEL_MAX_ITEMS 1048576

/**
 * The longest JSON text that one call may pass, in bytes (16 MiB).
 */
#define AGENTOTEL_MAX_JSON_BYTES 16777216

/**
 * `agentotel_attribute.type`: the member of `value` that is set.
 */
#define AGENTOTEL_TYPE_STRING 1

/**
 * `value.boolean`.
 */
#define AGENTOTEL_TYPE_BOOL 2

/**
 * `value.int64`.
 */
#define AGENTOTEL_TYPE_INT64 3

/**
 * `value.float64`.
 */
#define AGENTOTEL_TYPE_DOUBLE 4

/**
 * `value.bytes`.
 */
#define AGENTOTEL_TYPE_BYTES 5

/**
 * `value.strings`.
 */
#define AGENTOTEL_TYPE_STRING_ARRAY 6

/**
 * `value.booleans`.
 */
#define AGENTOTEL_TYPE_BOOL_ARRAY 7

/**
 * `value.int64s`.
 */
#define AGENTOTEL_TYPE_INT64_ARRAY 8

/**
 * `value.float64s`.
 */
#define AGENTOTEL_TYPE_DOUBLE_ARRAY 9

/**
 * `value.json`: the text of a JSON object or array, recorded as an OTLP map or list.
 */
#define AGENTOTEL_TYPE_JSON 10

/**
 * The session's end is not judged (also: shut down while it was open).
 */
#define AGENTOTEL_END_INDETERMINATE 0

/**
 * The session did what it was for.
 */
#define AGENTOTEL_END_SUCCESS 1

/**
 * The session failed; its root span gets status Error.
 */
#define AGENTOTEL_END_FAIL 2

/**
 * A span of the caller's own naming; `name` is required.
 */
#define AGENTOTEL_KIND_CUSTOM 0

/**
 * A call of a language model; `llm` is required.
 */
#define AGENTOTEL_KIND_LLM 1

/**
 * The execution of a tool; `tool` is required.
 */
#define AGENTOTEL_KIND_TOOL 2

/**
 * Something the agent did; `action` is required.
 */
#define AGENTOTEL_KIND_ACTION 3

/**
 * A call that makes embeddings; `embeddings` is required.
 */
#define AGENTOTEL_KIND_EMBEDDINGS 4

/**
 * A look-up in a data source; `retrieval` is required.
 */
#define AGENTOTEL_KIND_RETRIEVAL 5

/**
 * An agent that is invoked or created; `agent` is required.
 */
#define AGENTOTEL_KIND_AGENT 6

/**
 * A workflow of several agents or steps; `workflow` is required.
 */
#define AGENTOTEL_KIND_WORKFLOW 7

/**
 * A request or notification of the Model Context Protocol, as its sender sees it; `mcp_client` is required.
 */
#define AGENTOTEL_KIND_MCP_CLIENT 8

/**
 * The same as its receiver sees it; `mcp_server` is required.
 */
#define AGENTOTEL_KIND_MCP_SERVER 9

/**
 * An agent hands over to another one; `handoff` is required.
 */
#define AGENTOTEL_KIND_HANDOFF 10

/**
 * A plan is made or changed; `plan` is required.
 */
#define AGENTOTEL_KIND_PLAN 11

/**
 * Somebody is asked for approval; `approval` is required.
 */
#define AGENTOTEL_KIND_APPROVAL 12

/**
 * A guardrail is applied; `guardrail` is required.
 */
#define AGENTOTEL_KIND_GUARDRAIL 13

/**
 * Something is looked up in or written to a memory; `memory` is required.
 */
#define AGENTOTEL_KIND_MEMORY 14

/**
 * A context is made shorter; `compaction` is required.
 */
#define AGENTOTEL_KIND_COMPACTION 15

/**
 * The result of an evaluation; `evaluation` is required. It is no span but a log record on the span that was evaluated.
 */
#define AGENTOTEL_KIND_EVALUATION 16

/**
 * What somebody thinks of a result; `feedback` is required. A log record, as for an evaluation.
 */
#define AGENTOTEL_KIND_FEEDBACK 17

/**
 * `agentotel_llm.operation`: `chat`, or in an update what was said before.
 */
#define AGENTOTEL_LLM_DEFAULT 0

/**
 * `chat`
 */
#define AGENTOTEL_LLM_CHAT 1

/**
 * `text_completion`
 */
#define AGENTOTEL_LLM_TEXT_COMPLETION 2

/**
 * `generate_content`
 */
#define AGENTOTEL_LLM_GENERATE_CONTENT 3

/**
 * `counting` of an llm or agent event: totals include their parts, as OpenTelemetry counts and OpenAI does.
 */
#define AGENTOTEL_COUNTING_INCLUSIVE 0

/**
 * Cached input tokens come on top of `input_tokens`, as Anthropic counts; they are added up.
 */
#define AGENTOTEL_COUNTING_CACHE_SEPARATE 1

/**
 * Reasoning tokens come on top of `output_tokens`, as Gemini counts; they are added up.
 */
#define AGENTOTEL_COUNTING_REASONING_SEPARATE 2

/**
 * `agentotel_agent.operation`: `invoke_agent`, or in an update what was said before.
 */
#define AGENTOTEL_AGENT_DEFAULT 0

/**
 * `invoke_agent`
 */
#define AGENTOTEL_AGENT_INVOKE 1

/**
 * `create_agent`
 */
#define AGENTOTEL_AGENT_CREATE 2

/**
 * `agentotel_approval.decision`: not said, or in an update what was said before.
 */
#define AGENTOTEL_APPROVAL_DEFAULT 0

/**
 * `approved`
 */
#define AGENTOTEL_APPROVAL_APPROVED 1

/**
 * `denied`
 */
#define AGENTOTEL_APPROVAL_DENIED 2

/**
 * `expired`: nobody decided in time.
 */
#define AGENTOTEL_APPROVAL_EXPIRED 3

/**
 * `agentotel_guardrail.decision`: not said, or in an update what was said before.
 */
#define AGENTOTEL_GUARDRAIL_DEFAULT 0

/**
 * `allowed`
 */
#define AGENTOTEL_GUARDRAIL_ALLOWED 1

/**
 * `blocked`
 */
#define AGENTOTEL_GUARDRAIL_BLOCKED 2

/**
 * `modified`: let through after a change.
 */
#define AGENTOTEL_GUARDRAIL_MODIFIED 3

/**
 * `flagged`: let through, and noted.
 */
#define AGENTOTEL_GUARDRAIL_FLAGGED 4

/**
 * `agentotel_memory.operation`: in an update, what was said before.
 */
#define AGENTOTEL_MEMORY_DEFAULT 0

/**
 * `search`
 */
#define AGENTOTEL_MEMORY_SEARCH 1

/**
 * `read`
 */
#define AGENTOTEL_MEMORY_READ 2

/**
 * `write`
 */
#define AGENTOTEL_MEMORY_WRITE 3

/**
 * `update`
 */
#define AGENTOTEL_MEMORY_UPDATE 4

/**
 * `delete`
 */
#define AGENTOTEL_MEMORY_DELETE 5

/**
 * The span kind that the event's kind has: CLIENT for llm (INTERNAL in-process), embeddings, retrieval, remote and created
 * agents, mcp_client; SERVER for mcp_server; INTERNAL else.
 */
#define AGENTOTEL_SPAN_KIND_DEFAULT 0

#define AGENTOTEL_SPAN_KIND_INTERNAL 1

#define AGENTOTEL_SPAN_KIND_SERVER 2

#define AGENTOTEL_SPAN_KIND_CLIENT 3

#define AGENTOTEL_SPAN_KIND_PRODUCER 4

#define AGENTOTEL_SPAN_KIND_CONSUMER 5

/**
 * The default: success, or an error when `error` is given.
 */
#define AGENTOTEL_STATUS_CODE_UNSET 0

/**
 * Said to be good by the application itself.
 */
#define AGENTOTEL_STATUS_CODE_OK 1

/**
 * Failed. Without an `error` detail, `error.type` is `_OTHER`.
 */
#define AGENTOTEL_STATUS_CODE_ERROR 2

/**
 * Size of `agentotel_live_event.name`, its terminating NUL included.
 */
#define AGENTOTEL_LIVE_NAME_BYTES 64

/**
 * `agentotel_log_record.severity_number`: nothing is said; no `logs.min_severity` leaves it out.
 */
#define AGENTOTEL_SEVERITY_UNSPECIFIED 0

#define AGENTOTEL_SEVERITY_TRACE 1

#define AGENTOTEL_SEVERITY_TRACE2 2

#define AGENTOTEL_SEVERITY_TRACE3 3

#define AGENTOTEL_SEVERITY_TRACE4 4

#define AGENTOTEL_SEVERITY_DEBUG 5

#define AGENTOTEL_SEVERITY_DEBUG2 6

#define AGENTOTEL_SEVERITY_DEBUG3 7

#define AGENTOTEL_SEVERITY_DEBUG4 8

#define AGENTOTEL_SEVERITY_INFO 9

#define AGENTOTEL_SEVERITY_INFO2 10

#define AGENTOTEL_SEVERITY_INFO3 11

#define AGENTOTEL_SEVERITY_INFO4 12

#define AGENTOTEL_SEVERITY_WARN 13

#define AGENTOTEL_SEVERITY_WARN2 14

#define AGENTOTEL_SEVERITY_WARN3 15

#define AGENTOTEL_SEVERITY_WARN4 16

#define AGENTOTEL_SEVERITY_ERROR 17

#define AGENTOTEL_SEVERITY_ERROR2 18

#define AGENTOTEL_SEVERITY_ERROR3 19

#define AGENTOTEL_SEVERITY_ERROR4 20

#define AGENTOTEL_SEVERITY_FATAL 21

#define AGENTOTEL_SEVERITY_FATAL2 22

#define AGENTOTEL_SEVERITY_FATAL3 23

#define AGENTOTEL_SEVERITY_FATAL4 24

/**
 * `agentotel_instrument.value_type`: numbers are doubles.
 */
#define AGENTOTEL_VALUE_DOUBLE 0

/**
 * Numbers are whole, and sums of them are exact: they are exported as integers. Not for histograms, whose sums are doubles.
 */
#define AGENTOTEL_VALUE_INT64 1

#define AGENTOTEL_SIGNAL_TRACES 1

#define AGENTOTEL_SIGNAL_LOGS 2

#define AGENTOTEL_SIGNAL_METRICS 3

/**
 * Index into `agentotel_stats.refused`: an argument was wrong.
 */
#define AGENTOTEL_REFUSED_ARGUMENT 0

/**
 * The handle was stale or none.
 */
#define AGENTOTEL_REFUSED_HANDLE 1

/**
 * The queue was full.
 */
#define AGENTOTEL_REFUSED_QUEUE_FULL 2

/**
 * The library was shut down.
 */
#define AGENTOTEL_REFUSED_SHUT_DOWN 3

/**
 * Too many sessions or events were open.
 */
#define AGENTOTEL_REFUSED_LIMIT 4

/**
 * A fault inside the library was contained.
 */
#define AGENTOTEL_REFUSED_INTERNAL 5

/**
 * Length of `agentotel_stats.refused`; unnamed slots are zero.
 */
#define AGENTOTEL_REFUSED_SLOTS 16

/**
 * Index into `agentotel_exporter_stats.dropped`: the queue was full and its policy is `drop_oldest`.
 */
#define AGENTOTEL_DROPPED_OVERFLOW 0

/**
 * The queue was full and this exporter lagged behind another.
 */
#define AGENTOTEL_DROPPED_LAG 1

/**
 * Older than the exporter's `retry.max_age_s`.
 */
#define AGENTOTEL_DROPPED_AGE 2

/**
 * More attempts than the exporter's `retry.max_attempts`.
 */
#define AGENTOTEL_DROPPED_ATTEMPTS 3

/**
 * The receiver found the request too large.
 */
#define AGENTOTEL_DROPPED_TOO_LARGE 4

/**
 * The receiver does not take this signal.
 */
#define AGENTOTEL_DROPPED_NOT_SERVED 5

/**
 * The exporter was removed (`agentotel_remove_exporter`).
 */
#define AGENTOTEL_DROPPED_REMOVED 6

/**
 * Length of `agentotel_exporter_stats.dropped`; unnamed slots are zero.
 */
#define AGENTOTEL_DROPPED_SLOTS 32

/**
 * What a recorded event outlives: nothing of the process.
 */
#define AGENTOTEL_DURABILITY_NONE 0

/**
 * The end of the process, by whatever means.
 */
#define AGENTOTEL_DURABILITY_PROCESS 1

/**
 * A loss of power too: `storage.sync` is `always`.
 */
#define AGENTOTEL_DURABILITY_POWER 2

/**
 * `agentotel_exporter_stats.state`: requests go out as there is something to send.
 */
#define AGENTOTEL_EXPORTER_READY 0

/**
 * The last request failed in a way that may pass: it is sent again after a while, and what came after it waits.
 */
#define AGENTOTEL_EXPORTER_RETRYING 1

/**
 * The receiver does not let the exporter in (HTTP 401, 403, 404; gRPC PERMISSION_DENIED, UNAUTHENTICATED): what there is
 * stays pending, and one item at a time is tried.
 */
#define AGENTOTEL_EXPORTER_PAUSED 2

/**
 * The receiver does not take this signal: it is dropped, and tried every five minutes.
 */
#define AGENTOTEL_EXPORTER_NOT_SERVED 3

/**
 * It was removed (`agentotel_remove_exporter`).
 */
#define AGENTOTEL_EXPORTER_REMOVED 4

/**
 * Index into `agentotel_exporter_stats.failures_by_class`: no connection (name look-up, refusal, TLS handshake).
 */
#define AGENTOTEL_FAILURE_CONNECT 0

/**
 * No complete answer within `timeout_ms`.
 */
#define AGENTOTEL_FAILURE_TIMEOUT 1

/**
 * Certificates, keys or headers could not be had.
 */
#define AGENTOTEL_FAILURE_CREDENTIALS 2

/**
 * The receiver was sent too much for now (HTTP 429, gRPC RESOURCE_EXHAUSTED with a delay).
 */
#define AGENTOTEL_FAILURE_THROTTLED 3

/**
 * The receiver cannot take it now (HTTP 502, 503, 504; gRPC UNAVAILABLE and its like).
 */
#define AGENTOTEL_FAILURE_UNAVAILABLE 4

/**
 * The receiver does not let the exporter in.
 */
#define AGENTOTEL_FAILURE_ACCESS 5

/**
 * The receiver does not take the signal.
 */
#define AGENTOTEL_FAILURE_NOT_SERVED 6

/**
 * Refused for good with another status.
 */
#define AGENTOTEL_FAILURE_REJECTED 7

/**
 * The receiver takes smaller requests only.
 */
#define AGENTOTEL_FAILURE_TOO_LARGE 8

/**
 * What came back does not follow the protocol, or broke off.
 */
#define AGENTOTEL_FAILURE_PROTOCOL 9

/**
 * The operating system refused something: a file, a descriptor, a connection that broke.
 */
#define AGENTOTEL_FAILURE_SYSTEM 10

/**
 * Length of `agentotel_exporter_stats.failures_by_class`; unnamed slots are zero.
 */
#define AGENTOTEL_FAILURE_SLOTS 16

/**
 * Length of the histograms of `agentotel_exporter_stats`; slots behind the last bucket are zero.
 */
#define AGENTOTEL_HISTOGRAM_SLOTS 16

/**
 * Most values of one key, and most keys, that are read from a carrier.
 */
#define AGENTOTEL_MAX_CARRIER_VALUES 64

/**
 * Most keys that are read from a carrier that lists them.
 */
#define AGENTOTEL_MAX_CARRIER_KEYS 4096

/**
 * What `agentotel_unregister` takes away: an exporter's function (`agentotel_register_exporter`).
 */
#define AGENTOTEL_CALLBACK_EXPORTER 1

/**
 * A formatter (`agentotel_register_formatter`).
 */
#define AGENTOTEL_CALLBACK_FORMATTER 2

/**
 * A header provider (`agentotel_register_header_provider`).
 */
#define AGENTOTEL_CALLBACK_HEADER_PROVIDER 3

/**
 * A sampler (`agentotel_register_sampler`).
 */
#define AGENTOTEL_CALLBACK_SAMPLER 4

/**
 * An attribute injector (`agentotel_register_attribute_injector`).
 */
#define AGENTOTEL_CALLBACK_ATTRIBUTE_INJECTOR 5

/**
 * An observable gauge (`agentotel_register_observable_gauge`), by the instrument's name.
 */
#define AGENTOTEL_CALLBACK_OBSERVABLE 6

/**
 * `agentotel_export_batch.payload_type`: an OTLP `ExportTraceServiceRequest`, `ExportLogsServiceRequest` or
 * `ExportMetricsServiceRequest` in protobuf.
 */
#define AGENTOTEL_PAYLOAD_OTLP_PROTO 1

/**
 * The same as compact OTLP/JSON.
 */
#define AGENTOTEL_PAYLOAD_OTLP_JSON 2

/**
 * What `export_batch` returns: the batch was taken, but for `rejected_items` of it.
 */
#define AGENTOTEL_EXPORT_OK 0

/**
 * It was not taken and is to be handed over again, after `retry_after_ms` at the earliest.
 */
#define AGENTOTEL_EXPORT_RETRY 1

/**
 * It was refused for good: its items are counted as rejected.
 */
#define AGENTOTEL_EXPORT_REJECT 2

/**
 * Length of `agentotel_export_answer.message`.
 */
#define AGENTOTEL_EXPORT_MESSAGE_BYTES 512

/**
 * The longest line that a formatter may give, in bytes.
 */
#define AGENTOTEL_MAX_LINE_BYTES 1048576

/**
 * What `should_sample` returns: the session is not recorded. Its events are counted as `head_unsampled`.
 */
#define AGENTOTEL_SAMPLING_DROP 0

/**
 * The session is recorded.
 */
#define AGENTOTEL_SAMPLING_KEEP 1

/**
 * Length of `agentotel_sampling_answer.trace_state`.
 */
#define AGENTOTEL_SAMPLING_TRACE_STATE_BYTES 520

/**
 * Most attributes that an injector may give to one record.
 */
#define AGENTOTEL_MAX_INJECTED_ATTRIBUTES 64

/**
 * `agentotel_diagnostic.level`: something could not be done.
 */
#define AGENTOTEL_DIAGNOSTIC_ERROR 1

/**
 * Something was set right, is done otherwise, or will be tried again.
 */
#define AGENTOTEL_DIAGNOSTIC_WARN 2

/**
 * What an operator may want to know.
 */
#define AGENTOTEL_DIAGNOSTIC_INFO 3

/**
 * What somebody who looks for a fault may want to know.
 */
#define AGENTOTEL_DIAGNOSTIC_DEBUG 4

/**
 * The attributes of one record, as far as they have been given. Valid during the call that it is passed to.
 * @since 0.1.0
 */
typedef struct agentotel_attributes agentotel_attributes;

/**
 * The headers of one request, as far as they have been given. Valid during the call that it is passed to.
 * @since 0.1.0
 */
typedef struct agentotel_headers agentotel_headers;

/**
 * What the function of an observable gauge gives its values to. It is valid during the call only.
 * @since 0.1.0
 */
typedef struct agentotel_observation agentotel_observation;

/**
 * Result of every function that can fail: `AGENTOTEL_OK` (0) or a negative `AGENTOTEL_ERR_…`. Numbers never change
 * their meaning; new ones are added at the end.
 * @since 0.1.0
 */
typedef int32_t agentotel_status;

/**
 * A borrowed text or byte string: `len` bytes at `data`, no terminating NUL needed. It is read during the call and
 * never kept. `{NULL, 0}` is absent; `{NULL, n}` with n > 0 is an error. Text is UTF-8: what is not valid is replaced
 * by U+FFFD and counted; an embedded NUL is kept. Make one with `AGENTOTEL_STR("literal")` or `agentotel_cstr(p)`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * First byte; need not be aligned or terminated.
   */
  const char *data;
  /**
   * Length in bytes.
   */
  size_t len;
} agentotel_str;

/**
 * An array of strings.
 */
typedef struct {
  const agentotel_str *items;
  size_t count;
} agentotel_string_array;

/**
 * Names a span, here or in another process (W3C Trace Context, level 2).
 * @since 0.1.0
 */
typedef struct {
  /**
   * 16 bytes, big-endian as on the wire; all zero is no trace.
   */
  uint8_t trace_id[16];
  /**
   * 8 bytes; all zero is no span.
   */
  uint8_t span_id[8];
  /**
   * W3C trace flags: bit 0 sampled, bit 1 random.
   */
  uint8_t trace_flags;
  /**
   * 1 when the span lives in another process.
   */
  uint8_t is_remote;
  /**
   * Set to zero.
   */
  uint8_t reserved[6];
} agentotel_span_context;

/**
 * An array of truth values, one byte each; 0 = false.
 */
typedef struct {
  const uint8_t *items;
  size_t count;
} agentotel_bool_array;

/**
 * An array of integers.
 */
typedef struct {
  const int64_t *items;
  size_t count;
} agentotel_int64_array;

/**
 * An array of floating-point numbers.
 */
typedef struct {
  const double *items;
  size_t count;
} agentotel_double_array;

/**
 * The value of an attribute; `agentotel_attribute.type` says which member counts.
 * @since 0.1.0
 */
typedef union {
  agentotel_str string;
  uint8_t boolean;
  int64_t int64;
  double float64;
  agentotel_str bytes;
  agentotel_string_array strings;
  agentotel_bool_array booleans;
  agentotel_int64_array int64s;
  agentotel_double_array float64s;
  agentotel_str json;
} agentotel_value;

/**
 * A key and a value. Keys of one span are unique: the last one given wins, and a typed field wins over a free
 * attribute. An empty key is dropped and counted. Under the name of a field that is content, such as
 * `gen_ai.input.messages`, as much is recorded as the configuration says under `content`. This struct will not grow.
 * @since 0.1.0
 */
typedef struct {
  agentotel_str key;
  /**
   * One of `AGENTOTEL_TYPE_…`.
   */
  uint32_t type;
  /**
   * Set to zero.
   */
  uint32_t reserved;
  agentotel_value value;
} agentotel_attribute;

/**
 * What a session is, as far as it is known at its start. Everything but `struct_size` is optional.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_session_options)`; `AGENTOTEL_SESSION_OPTIONS_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `session.id`; a random UUID when absent.
   */
  agentotel_str session_id;
  /**
   * Name of the root span when no agent and provider are given; `session` when absent too.
   */
  agentotel_str name;
  /**
   * `gen_ai.conversation.id`, on the root span and on the session's llm spans.
   */
  agentotel_str conversation_id;
  /**
   * `user.id`
   */
  agentotel_str user_id;
  /**
   * `agentotel.session.tags`
   */
  agentotel_string_array tags;
  /**
   * `gen_ai.agent.name`; with `provider` it makes the root span `invoke_agent {agent_name}`.
   */
  agentotel_str agent_name;
  /**
   * `gen_ai.agent.id`
   */
  agentotel_str agent_id;
  /**
   * `gen_ai.agent.version`
   */
  agentotel_str agent_version;
  /**
   * `gen_ai.agent.description`
   */
  agentotel_str agent_description;
  /**
   * `gen_ai.provider.name`, such as `openai` or `anthropic`; llm events that name none inherit it.
   */
  agentotel_str provider;
  /**
   * The span that this session continues (from an incoming request, say), or NULL for a new trace; one whose ids are
   * all zero is none.
   */
  const agentotel_span_context *parent;
  /**
   * The parent's W3C `tracestate`, passed on; one that breaks its rules is left out alone.
   */
  agentotel_str trace_state;
  /**
   * Nanoseconds since 1970-01-01 UTC; 0 = now.
   */
  int64_t start_time_unix_nano;
  /**
   * Attributes of the root span.
   */
  const agentotel_attribute *attributes;
  size_t attribute_count;
  /**
   * Baggage that came along (`agentotel_extract`), as the value of a W3C `baggage` header.
   */
  agentotel_str baggage;
  /**
   * The root span of a session that this one resumes, of this process or another, or NULL: the new root span has a link to
   * it, with `agentotel.link.type` = `resumed_session`. The trace is a new one all the same.
   */
  const agentotel_span_context *resumed;
  /**
   * `session.previous_id`: the id of that session, when this one has another.
   */
  agentotel_str previous_session_id;
} agentotel_session_options;

/**
 * Handle of a session: a plain number, nothing to free. 0 is none. A stale or foreign one is answered by a status.
 * @since 0.1.0
 */
typedef uint64_t agentotel_session;

/**
 * How a session ended.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_session_end)`; `AGENTOTEL_SESSION_END_INIT` sets it.
   */
  size_t struct_size;
  /**
   * One of `AGENTOTEL_END_…`.
   */
  uint32_t end_state;
  /**
   * Set to zero.
   */
  uint32_t reserved;
  /**
   * Why, in words: `agentotel.session.end_state_reason`.
   */
  agentotel_str reason;
  /**
   * `error.type` when it failed, of few distinct values; `_OTHER` when absent.
   */
  agentotel_str error_type;
  /**
   * Nanoseconds since 1970-01-01 UTC; 0 = now.
   */
  int64_t end_time_unix_nano;
} agentotel_session_end;

/**
 * Handle of an event in flight: a plain number, nothing to free. 0 is none.
 * @since 0.1.0
 */
typedef uint64_t agentotel_event;

/**
 * Names the span that something belongs to: an event in flight by its handle, or any span by its context. Zeroed, it
 * is the session's root span. Giving both is an error.
 * @since 0.1.0
 */
typedef struct {
  /**
   * An event in flight, or 0.
   */
  agentotel_event event;
  /**
   * A span that was recorded, has ended, or is remote; or NULL.
   */
  const agentotel_span_context *context;
} agentotel_target;

/**
 * Another span that this one has to do with.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_link)`; `AGENTOTEL_LINK_INIT` sets it.
   */
  size_t struct_size;
  agentotel_span_context context;
  /**
   * That span's W3C `tracestate`.
   */
  agentotel_str trace_state;
  const agentotel_attribute *attributes;
  size_t attribute_count;
} agentotel_link;

/**
 * Something that happened at a moment during a span.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_span_event)`; `AGENTOTEL_SPAN_EVENT_INIT` sets it.
   */
  size_t struct_size;
  agentotel_str name;
  /**
   * Nanoseconds since 1970-01-01 UTC; 0 = now.
   */
  int64_t time_unix_nano;
  const agentotel_attribute *attributes;
  size_t attribute_count;
} agentotel_span_event;

/**
 * An optional integer. A zeroed one is absent; `AGENTOTEL_I64(0)` says zero.
 * @since 0.1.0
 */
typedef struct {
  int64_t value;
  /**
   * 0 = absent, anything else = present.
   */
  uint8_t present;
  /**
   * Set to zero.
   */
  uint8_t reserved[7];
} agentotel_i64;

/**
 * An optional floating-point number. A zeroed one is absent; `AGENTOTEL_F64(0.0)` says zero.
 * @since 0.1.0
 */
typedef struct {
  double value;
  /**
   * 0 = absent, anything else = present.
   */
  uint8_t present;
  /**
   * Set to zero.
   */
  uint8_t reserved[7];
} agentotel_f64;

/**
 * An optional truth value. A zeroed one is absent; `AGENTOTEL_BOOL(0)` says false.
 * @since 0.1.0
 */
typedef struct {
  /**
   * 0 = false, anything else = true.
   */
  uint8_t value;
  /**
   * 0 = absent, anything else = present.
   */
  uint8_t present;
} agentotel_bool;

/**
 * A call of a language model (`gen_ai.*` inference of the OpenTelemetry conventions 1.41.1). The span is called
 * `{operation} {request_model}`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_llm)`; `AGENTOTEL_LLM_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `gen_ai.operation.name`: one of `AGENTOTEL_LLM_…`.
   */
  uint32_t operation;
  /**
   * 1 when the model runs inside this process (span kind INTERNAL).
   */
  uint32_t in_process;
  /**
   * `gen_ai.provider.name`; the session's when absent, `unknown` when that is absent too.
   */
  agentotel_str provider;
  /**
   * `gen_ai.request.model`
   */
  agentotel_str request_model;
  /**
   * `gen_ai.response.model`
   */
  agentotel_str response_model;
  /**
   * `gen_ai.response.id`
   */
  agentotel_str response_id;
  /**
   * `gen_ai.response.finish_reasons`
   */
  agentotel_string_array finish_reasons;
  /**
   * `gen_ai.output.type`: `text`, `json`, `image`, `speech`.
   */
  agentotel_str output_type;
  /**
   * `gen_ai.request.max_tokens`
   */
  agentotel_i64 max_tokens;
  /**
   * `gen_ai.request.choice.count`
   */
  agentotel_i64 choice_count;
  /**
   * `gen_ai.request.seed`
   */
  agentotel_i64 seed;
  /**
   * `gen_ai.request.temperature`
   */
  agentotel_f64 temperature;
  /**
   * `gen_ai.request.top_p`
   */
  agentotel_f64 top_p;
  /**
   * `gen_ai.request.top_k`
   */
  agentotel_f64 top_k;
  /**
   * `gen_ai.request.frequency_penalty`
   */
  agentotel_f64 frequency_penalty;
  /**
   * `gen_ai.request.presence_penalty`
   */
  agentotel_f64 presence_penalty;
  /**
   * `gen_ai.request.stop_sequences`
   */
  agentotel_string_array stop_sequences;
  /**
   * `gen_ai.request.stream`
   */
  agentotel_bool stream;
  /**
   * `gen_ai.response.time_to_first_chunk`, in seconds from the request. An event in flight measures it by itself.
   */
  agentotel_f64 time_to_first_chunk_s;
  /**
   * `gen_ai.usage.input_tokens`: all of them, cached ones (read and creation) included, unless `counting` says otherwise.
   */
  agentotel_i64 input_tokens;
  /**
   * `gen_ai.usage.cache_read.input_tokens`
   */
  agentotel_i64 cache_read_input_tokens;
  /**
   * `gen_ai.usage.cache_creation.input_tokens`
   */
  agentotel_i64 cache_creation_input_tokens;
  /**
   * `gen_ai.usage.output_tokens`: all of them, reasoning included, unless `counting` says otherwise.
   */
  agentotel_i64 output_tokens;
  /**
   * `gen_ai.usage.reasoning.output_tokens`
   */
  agentotel_i64 reasoning_output_tokens;
  /**
   * `server.address`
   */
  agentotel_str server_address;
  /**
   * `server.port`
   */
  agentotel_i64 server_port;
  /**
   * How the tokens above are counted: `AGENTOTEL_COUNTING_…`, added up.
   */
  uint32_t counting;
  /**
   * Set to zero.
   */
  uint32_t reserved;
  /**
   * What the call cost, in millionths of the currency that the agent reckons in, as the provider said it:
   * `agentotel.cost.micro_units`. When absent, it is computed from the configuration's `costs`, if these know the model.
   */
  agentotel_i64 cost_micro_units;
  /**
   * `gen_ai.conversation.id`; the session's when absent.
   */
  agentotel_str conversation_id;
  /**
   * `gen_ai.prompt.name`: of the prompt or prompt template.
   */
  agentotel_str prompt_name;
  /**
   * `agentotel.prompt.version`
   */
  agentotel_str prompt_version;
  /**
   * `openai.api.type`: `chat_completions`, `responses`.
   */
  agentotel_str openai_api_type;
  /**
   * `openai.request.service_tier`; `auto` is left out.
   */
  agentotel_str openai_request_service_tier;
  /**
   * `openai.response.service_tier`
   */
  agentotel_str openai_response_service_tier;
  /**
   * `openai.response.system_fingerprint`
   */
  agentotel_str openai_system_fingerprint;
  /**
   * `gen_ai.system_instructions`, a list of parts (JSON, content).
   */
  agentotel_str system_instructions;
  /**
   * `gen_ai.input.messages`, a list (JSON, content).
   */
  agentotel_str input_messages;
  /**
   * `gen_ai.output.messages`, a list; of a stream that was cut off, what had come of it (JSON, content).
   */
  agentotel_str output_messages;
  /**
   * `gen_ai.tool.definitions`, a list (JSON, content).
   */
  agentotel_str tool_definitions;
} agentotel_llm;

/**
 * The execution of a tool. The span is called `execute_tool {name}`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_tool)`; `AGENTOTEL_TOOL_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `gen_ai.tool.name`; required.
   */
  agentotel_str name;
  /**
   * `gen_ai.tool.type`: `function`, `extension`, `datastore`.
   */
  agentotel_str type;
  /**
   * `gen_ai.tool.call.id`
   */
  agentotel_str call_id;
  /**
   * `gen_ai.tool.description`
   */
  agentotel_str description;
  /**
   * `gen_ai.tool.call.arguments`, an object (JSON, content).
   */
  agentotel_str arguments;
  /**
   * `gen_ai.tool.call.result` (JSON, content).
   */
  agentotel_str result;
} agentotel_tool;

/**
 * Something the agent did. The span is called `action {type}`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_action)`; `AGENTOTEL_ACTION_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `agentotel.action.type`; required, of few distinct values.
   */
  agentotel_str type;
  /**
   * `agentotel.action.params`, an object (JSON, content).
   */
  agentotel_str params;
  /**
   * `agentotel.action.returns` (JSON, content).
   */
  agentotel_str returns;
  /**
   * `agentotel.action.logs` (JSON, content).
   */
  agentotel_str logs;
} agentotel_action;

/**
 * What went wrong. On an event it sets status Error and `error.type`, and leaves a log record on the event's span:
 * `gen_ai.client.operation.exception` (WARN) for calls of GenAI services (llm, embeddings, retrieval, remote and created
 * agents), `exception` (ERROR) for others.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_error)`; `AGENTOTEL_ERROR_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `error.type` and `exception.type`: of few distinct values, such as an exception's class or `timeout`; `_OTHER`
   * when absent.
   */
  agentotel_str type;
  /**
   * `exception.message`, and the description of the span's status.
   */
  agentotel_str message;
  /**
   * `agentotel.error.code`: the code that the failing side gave.
   */
  agentotel_str code;
  /**
   * `agentotel.error.details`
   */
  agentotel_str details;
  /**
   * `exception.stacktrace`
   */
  agentotel_str stack;
  /**
   * When, in nanoseconds since 1970-01-01 UTC; 0 = now.
   */
  int64_t time_unix_nano;
  /**
   * The kind of the event that failed, one of `AGENTOTEL_KIND_…`, for a target that is named by its context: it decides
   * which of the two log records is left. An event in flight knows its kind by itself.
   */
  uint32_t kind;
  /**
   * Set to zero.
   */
  uint32_t reserved;
} agentotel_error;

/**
 * A call that makes embeddings. The span is called `embeddings {request_model}`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_embeddings)`; `AGENTOTEL_EMBEDDINGS_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `gen_ai.provider.name`; the session's when absent, `unknown` when that is absent too.
   */
  agentotel_str provider;
  /**
   * `gen_ai.request.model`
   */
  agentotel_str request_model;
  /**
   * `gen_ai.response.model`
   */
  agentotel_str response_model;
  /**
   * `gen_ai.request.encoding_formats`, such as `float`, `base64`.
   */
  agentotel_string_array encoding_formats;
  /**
   * `gen_ai.embeddings.dimension.count`
   */
  agentotel_i64 dimension_count;
  /**
   * `gen_ai.usage.input_tokens`
   */
  agentotel_i64 input_tokens;
  /**
   * `server.address`
   */
  agentotel_str server_address;
  /**
   * `server.port`
   */
  agentotel_i64 server_port;
  /**
   * As of `agentotel_llm`.
   */
  agentotel_i64 cost_micro_units;
} agentotel_embeddings;

/**
 * A look-up in a data source: a vector store, a search engine. The span is called `retrieval {data_source_id}`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_retrieval)`; `AGENTOTEL_RETRIEVAL_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `gen_ai.provider.name`
   */
  agentotel_str provider;
  /**
   * `gen_ai.data_source.id`
   */
  agentotel_str data_source_id;
  /**
   * `gen_ai.request.model`
   */
  agentotel_str request_model;
  /**
   * `gen_ai.request.top_k`
   */
  agentotel_f64 top_k;
  /**
   * `server.address`
   */
  agentotel_str server_address;
  /**
   * `server.port`
   */
  agentotel_i64 server_port;
  /**
   * `gen_ai.retrieval.query.text` (a plain text, content).
   */
  agentotel_str query_text;
  /**
   * `gen_ai.retrieval.documents`, a list (JSON, content).
   */
  agentotel_str documents;
} agentotel_retrieval;

/**
 * An agent that is invoked, or created at a remote service. The span is called `invoke_agent {name}` or
 * `create_agent {name}`. Several agents in one session are one event each, their work below them. Tokens of an agent are
 * those of the calls below it: they are not added to the session's sums again.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_agent)`; `AGENTOTEL_AGENT_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `gen_ai.operation.name`: one of `AGENTOTEL_AGENT_…`.
   */
  uint32_t operation;
  /**
   * 1 when the agent runs at another service (span kind CLIENT). Creating one is CLIENT always.
   */
  uint32_t remote;
  /**
   * `gen_ai.provider.name`; the session's when absent, `unknown` when that is absent too.
   */
  agentotel_str provider;
  /**
   * `gen_ai.agent.name`
   */
  agentotel_str name;
  /**
   * `gen_ai.agent.id`
   */
  agentotel_str id;
  /**
   * `gen_ai.agent.version`
   */
  agentotel_str version;
  /**
   * `gen_ai.agent.description`
   */
  agentotel_str description;
  /**
   * `gen_ai.request.model`
   */
  agentotel_str request_model;
  /**
   * `gen_ai.data_source.id`
   */
  agentotel_str data_source_id;
  /**
   * `gen_ai.conversation.id`; the session's when absent.
   */
  agentotel_str conversation_id;
  /**
   * `gen_ai.output.type`: `text`, `json`, `image`, `speech`.
   */
  agentotel_str output_type;
  /**
   * `gen_ai.response.finish_reasons`
   */
  agentotel_string_array finish_reasons;
  /**
   * `gen_ai.request.stop_sequences`
   */
  agentotel_string_array stop_sequences;
  /**
   * `gen_ai.request.max_tokens`
   */
  agentotel_i64 max_tokens;
  /**
   * `gen_ai.request.choice.count`
   */
  agentotel_i64 choice_count;
  /**
   * `gen_ai.request.seed`
   */
  agentotel_i64 seed;
  /**
   * `gen_ai.request.temperature`
   */
  agentotel_f64 temperature;
  /**
   * `gen_ai.request.top_p`
   */
  agentotel_f64 top_p;
  /**
   * `gen_ai.request.frequency_penalty`
   */
  agentotel_f64 frequency_penalty;
  /**
   * `gen_ai.request.presence_penalty`
   */
  agentotel_f64 presence_penalty;
  /**
   * `gen_ai.usage.input_tokens`, counted as of `agentotel_llm`.
   */
  agentotel_i64 input_tokens;
  /**
   * `gen_ai.usage.cache_read.input_tokens`
   */
  agentotel_i64 cache_read_input_tokens;
  /**
   * `gen_ai.usage.cache_creation.input_tokens`
   */
  agentotel_i64 cache_creation_input_tokens;
  /**
   * `gen_ai.usage.output_tokens`
   */
  agentotel_i64 output_tokens;
  /**
   * How these tokens are counted: `AGENTOTEL_COUNTING_…`.
   */
  uint32_t counting;
  /**
   * Set to zero.
   */
  uint32_t reserved;
  /**
   * `server.address`, of a remote one.
   */
  agentotel_str server_address;
  /**
   * `server.port`, of a remote one.
   */
  agentotel_i64 server_port;
  /**
   * `gen_ai.system_instructions`, a list of parts (JSON, content).
   */
  agentotel_str system_instructions;
  /**
   * `gen_ai.input.messages`, a list (JSON, content).
   */
  agentotel_str input_messages;
  /**
   * `gen_ai.output.messages`, a list (JSON, content).
   */
  agentotel_str output_messages;
  /**
   * `gen_ai.tool.definitions`, a list (JSON, content).
   */
  agentotel_str tool_definitions;
} agentotel_agent;

/**
 * A workflow: a coordinated process of several agents or steps. The span is called `invoke_workflow {name}`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_workflow)`; `AGENTOTEL_WORKFLOW_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `gen_ai.workflow.name`
   */
  agentotel_str name;
  /**
   * `gen_ai.input.messages`, a list (JSON, content).
   */
  agentotel_str input_messages;
  /**
   * `gen_ai.output.messages`, a list (JSON, content).
   */
  agentotel_str output_messages;
} agentotel_workflow;

/**
 * A request or notification of the Model Context Protocol, for both sides of it. The span is called
 * `{method} {tool_name or prompt_name}`; it is of kind CLIENT for `mcp_client`, SERVER for `mcp_server`.
 *
 * A tool that is called over the protocol would show twice, as the execution of the tool and as the call: a `tools/call`
 * of a client that is recorded whole (`agentotel_record_event`), did not fail, and names as its parent, by its handle, an
 * event in flight of kind tool, does not become a span. It adds what it says to the tool's event, whose context is
 * given out. Of several such calls below one tool the first does so; the others are spans, and so are calls that are
 * started and ended, that failed, or that name their parent by its context.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_mcp)`; `AGENTOTEL_MCP_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `mcp.method.name`, such as `tools/call`; required.
   */
  agentotel_str method;
  /**
   * `gen_ai.tool.name`, when the method is about a tool.
   */
  agentotel_str tool_name;
  /**
   * `gen_ai.prompt.name`, when it is about a prompt.
   */
  agentotel_str prompt_name;
  /**
   * `mcp.resource.uri`, when it is about a resource.
   */
  agentotel_str resource_uri;
  /**
   * `mcp.session.id`
   */
  agentotel_str session_id;
  /**
   * `mcp.protocol.version`, such as `2025-06-18`.
   */
  agentotel_str protocol_version;
  /**
   * `jsonrpc.request.id`, as a text; absent for a notification.
   */
  agentotel_str request_id;
  /**
   * `jsonrpc.protocol.version`; `2.0` is left out.
   */
  agentotel_str jsonrpc_version;
  /**
   * `rpc.response.status_code`: the error code of the response, as a text. The event has failed then, with this
   * `error.type` unless `error` names another.
   */
  agentotel_str response_status_code;
  /**
   * `network.transport`: `pipe` (stdio), `tcp`, `quic`.
   */
  agentotel_str network_transport;
  /**
   * `network.protocol.name`, such as `http`.
   */
  agentotel_str network_protocol_name;
  /**
   * `network.protocol.version`
   */
  agentotel_str network_protocol_version;
  /**
   * The other side: `server.address` for `mcp_client`, `client.address` for `mcp_server`.
   */
  agentotel_str peer_address;
  /**
   * `server.port` or `client.port`.
   */
  agentotel_i64 peer_port;
  /**
   * 1 when the result of a tool call has `isError`: the event has failed then, with the `error.type` `tool_error`
   * unless `error` names another.
   */
  uint32_t is_error;
  /**
   * Set to zero.
   */
  uint32_t reserved;
  /**
   * `gen_ai.tool.call.arguments`, an object (JSON, content).
   */
  agentotel_str arguments;
  /**
   * `gen_ai.tool.call.result` (JSON, content).
   */
  agentotel_str result;
} agentotel_mcp;

/**
 * An agent hands over to another one. The span is called `handoff {target_name}`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_handoff)`; `AGENTOTEL_HANDOFF_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `agentotel.handoff.target.name`: the agent that takes over; required.
   */
  agentotel_str target_name;
  /**
   * `agentotel.handoff.target.id`
   */
  agentotel_str target_id;
  /**
   * `gen_ai.agent.name`: the agent that hands over.
   */
  agentotel_str source_name;
  /**
   * `gen_ai.agent.id`
   */
  agentotel_str source_id;
  /**
   * `agentotel.handoff.reason`, of few distinct values.
   */
  agentotel_str reason;
  /**
   * `agentotel.handoff.input`: what is handed over (JSON, content).
   */
  agentotel_str input;
} agentotel_handoff;

/**
 * A plan is made or changed. The span is called `plan {name}`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_plan)`; `AGENTOTEL_PLAN_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `agentotel.plan.name`, of few distinct values.
   */
  agentotel_str name;
  /**
   * `gen_ai.agent.name`: whose plan it is.
   */
  agentotel_str agent_name;
  /**
   * `agentotel.plan.step_count`
   */
  agentotel_i64 step_count;
  /**
   * `agentotel.plan.revision`: 0 for the first plan.
   */
  agentotel_i64 revision;
  /**
   * `agentotel.plan.goal` (JSON, content).
   */
  agentotel_str goal;
  /**
   * `agentotel.plan.steps`, a list (JSON, content).
   */
  agentotel_str steps;
} agentotel_plan;

/**
 * Somebody is asked for approval; the span lasts until the answer is there. It is called `approval {subject}`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_approval)`; `AGENTOTEL_APPROVAL_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `agentotel.approval.subject`: what is to be approved, such as the name of a tool; required, of few distinct values.
   */
  agentotel_str subject;
  /**
   * `agentotel.approval.approver`: who decides, such as `user` or a policy's name.
   */
  agentotel_str approver;
  /**
   * `agentotel.approval.reason`, of few distinct values.
   */
  agentotel_str reason;
  /**
   * `agentotel.approval.decision`: one of `AGENTOTEL_APPROVAL_…`. A refusal is an answer, not an error.
   */
  uint32_t decision;
  /**
   * Set to zero.
   */
  uint32_t reserved;
  /**
   * `agentotel.approval.request`: what exactly is to be approved (JSON, content).
   */
  agentotel_str request;
} agentotel_approval;

/**
 * A guardrail is applied to what goes in or comes out. The span is called `guardrail {name}`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_guardrail)`; `AGENTOTEL_GUARDRAIL_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `agentotel.guardrail.name`; required.
   */
  agentotel_str name;
  /**
   * `agentotel.guardrail.stage`: where it stands, such as `input`, `output`, `tool_call`.
   */
  agentotel_str stage;
  /**
   * `agentotel.guardrail.reason`: what it found, of few distinct values.
   */
  agentotel_str reason;
  /**
   * `agentotel.guardrail.score`
   */
  agentotel_f64 score;
  /**
   * `agentotel.guardrail.decision`: one of `AGENTOTEL_GUARDRAIL_…`. A block is a decision, not an error.
   */
  uint32_t decision;
  /**
   * Set to zero.
   */
  uint32_t reserved;
  /**
   * `agentotel.guardrail.input`: what it looked at (JSON, content).
   */
  agentotel_str input;
  /**
   * `agentotel.guardrail.output`: what it let through instead (JSON, content).
   */
  agentotel_str output;
} agentotel_guardrail;

/**
 * Something is looked up in, or written to, an agent's memory. The span is called `memory {operation}`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_memory)`; `AGENTOTEL_MEMORY_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `agentotel.memory.operation`: one of `AGENTOTEL_MEMORY_…`; required.
   */
  uint32_t operation;
  /**
   * Set to zero.
   */
  uint32_t reserved;
  /**
   * `agentotel.memory.store`: which memory it is, such as `long_term`.
   */
  agentotel_str store;
  /**
   * `agentotel.memory.record.id`
   */
  agentotel_str record_id;
  /**
   * `agentotel.memory.record.count`: how many were found or written.
   */
  agentotel_i64 record_count;
  /**
   * `agentotel.memory.query` (JSON, content).
   */
  agentotel_str query;
  /**
   * `agentotel.memory.records`: what was found or written (JSON, content).
   */
  agentotel_str records;
} agentotel_memory;

/**
 * A context is made shorter, by a summary or by leaving parts out. The span is called `compaction {strategy}`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_compaction)`; `AGENTOTEL_COMPACTION_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `agentotel.compaction.strategy`, such as `summarize`, `truncate`.
   */
  agentotel_str strategy;
  /**
   * `agentotel.compaction.trigger`, such as `context_limit`, `user`.
   */
  agentotel_str trigger;
  /**
   * `agentotel.compaction.tokens.before`
   */
  agentotel_i64 tokens_before;
  /**
   * `agentotel.compaction.tokens.after`
   */
  agentotel_i64 tokens_after;
  /**
   * `agentotel.compaction.messages.before`
   */
  agentotel_i64 messages_before;
  /**
   * `agentotel.compaction.messages.after`
   */
  agentotel_i64 messages_after;
  /**
   * `agentotel.compaction.summary` (JSON, content).
   */
  agentotel_str summary;
} agentotel_compaction;

/**
 * The result of an evaluation. It is no span: it becomes the log record `gen_ai.evaluation.result` on the span that was
 * evaluated, which the event's `parent` names: by its handle while it is in flight, by its context at any time later,
 * from whatever trace it is. The time is the event's end; attributes go along; `error` says that the evaluation itself
 * failed.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_evaluation)`; `AGENTOTEL_EVALUATION_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `gen_ai.evaluation.name`: the metric, such as `relevance`; required.
   */
  agentotel_str name;
  /**
   * `gen_ai.evaluation.score.value`
   */
  agentotel_f64 score_value;
  /**
   * `gen_ai.evaluation.score.label`, of few distinct values, such as `pass`.
   */
  agentotel_str score_label;
  /**
   * `gen_ai.response.id` of what was evaluated.
   */
  agentotel_str response_id;
  /**
   * `agentotel.evaluation.evaluator`: who evaluated, such as a model's name.
   */
  agentotel_str evaluator;
  /**
   * `gen_ai.evaluation.explanation` (a plain text, content).
   */
  agentotel_str explanation;
} agentotel_evaluation;

/**
 * What somebody thinks of a result. It becomes the log record `gen_ai.evaluation.result`, as `agentotel_evaluation` does, with
 * `agentotel.feedback.source` on it.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_feedback)`; `AGENTOTEL_FEEDBACK_INIT` sets it.
   */
  size_t struct_size;
  /**
   * `gen_ai.evaluation.name`; `user_feedback` when absent.
   */
  agentotel_str name;
  /**
   * `agentotel.feedback.source`: who gave it, such as `user` (when absent), `operator`, `reviewer`.
   */
  agentotel_str source;
  /**
   * `gen_ai.evaluation.score.value`
   */
  agentotel_f64 score_value;
  /**
   * `gen_ai.evaluation.score.label`, of few distinct values, such as `thumbs_up`.
   */
  agentotel_str score_label;
  /**
   * `gen_ai.response.id` of what it is about.
   */
  agentotel_str response_id;
  /**
   * `user.id` of who gave it.
   */
  agentotel_str user_id;
  /**
   * `gen_ai.evaluation.explanation` (a plain text, content).
   */
  agentotel_str comment;
} agentotel_feedback;

/**
 * An event: what becomes one span. Everything but `struct_size` and what its kind requires is optional.
 *
 * Fields of the details that are said to be content (messages, arguments, results, …) may hold what people wrote. They are
 * recorded only as far as the configuration's `content` lets them, which by default is not at all. Those that are JSON take
 * the text of a value, as the conventions' schemas have it; other text is recorded as it is.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_event_data)`; `AGENTOTEL_EVENT_DATA_INIT` sets it.
   */
  size_t struct_size;
  /**
   * One of `AGENTOTEL_KIND_…`. An update or an end may leave it 0.
   */
  uint32_t kind;
  /**
   * One of `AGENTOTEL_SPAN_KIND_…`.
   */
  uint32_t span_kind;
  /**
   * The span's name. Required for custom events; for the others the conventions' name is used unless this is set.
   */
  agentotel_str name;
  /**
   * The parent span; zeroed, the session's root. Not for updates and ends.
   */
  agentotel_target parent;
  /**
   * Nanoseconds since 1970-01-01 UTC; 0 = `end_time_unix_nano` less `duration_nano`.
   */
  int64_t start_time_unix_nano;
  /**
   * Nanoseconds since 1970-01-01 UTC; 0 = start plus duration when both are given, else now.
   */
  int64_t end_time_unix_nano;
  /**
   * Nanoseconds; with one of the two times it gives the other. Ignored when both are given.
   */
  int64_t duration_nano;
  /**
   * One of `AGENTOTEL_STATUS_CODE_…`.
   */
  uint32_t status_code;
  /**
   * Set to zero.
   */
  uint32_t reserved;
  /**
   * Description of status Error; the error's message when absent.
   */
  agentotel_str status_message;
  /**
   * Free attributes.
   */
  const agentotel_attribute *attributes;
  size_t attribute_count;
  /**
   * Links to other spans, `link_count` of them.
   */
  const agentotel_link *links;
  size_t link_count;
  /**
   * Moments during the span, `span_event_count` of them.
   */
  const agentotel_span_event *span_events;
  size_t span_event_count;
  /**
   * Detail of `AGENTOTEL_KIND_LLM`, else NULL.
   */
  const agentotel_llm *llm;
  /**
   * Detail of `AGENTOTEL_KIND_TOOL`, else NULL.
   */
  const agentotel_tool *tool;
  /**
   * Detail of `AGENTOTEL_KIND_ACTION`, else NULL.
   */
  const agentotel_action *action;
  /**
   * What went wrong, for any kind; NULL = nothing.
   */
  const agentotel_error *error;
  /**
   * Detail of `AGENTOTEL_KIND_EMBEDDINGS`, else NULL.
   */
  const agentotel_embeddings *embeddings;
  /**
   * Detail of `AGENTOTEL_KIND_RETRIEVAL`, else NULL.
   */
  const agentotel_retrieval *retrieval;
  /**
   * Detail of `AGENTOTEL_KIND_AGENT`, else NULL.
   */
  const agentotel_agent *agent;
  /**
   * Detail of `AGENTOTEL_KIND_WORKFLOW`, else NULL.
   */
  const agentotel_workflow *workflow;
  /**
   * Detail of `AGENTOTEL_KIND_MCP_CLIENT`, else NULL.
   */
  const agentotel_mcp *mcp_client;
  /**
   * Detail of `AGENTOTEL_KIND_MCP_SERVER`, else NULL.
   */
  const agentotel_mcp *mcp_server;
  /**
   * Detail of `AGENTOTEL_KIND_HANDOFF`, else NULL.
   */
  const agentotel_handoff *handoff;
  /**
   * Detail of `AGENTOTEL_KIND_PLAN`, else NULL.
   */
  const agentotel_plan *plan;
  /**
   * Detail of `AGENTOTEL_KIND_APPROVAL`, else NULL.
   */
  const agentotel_approval *approval;
  /**
   * Detail of `AGENTOTEL_KIND_GUARDRAIL`, else NULL.
   */
  const agentotel_guardrail *guardrail;
  /**
   * Detail of `AGENTOTEL_KIND_MEMORY`, else NULL.
   */
  const agentotel_memory *memory;
  /**
   * Detail of `AGENTOTEL_KIND_COMPACTION`, else NULL.
   */
  const agentotel_compaction *compaction;
  /**
   * Detail of `AGENTOTEL_KIND_EVALUATION`, else NULL.
   */
  const agentotel_evaluation *evaluation;
  /**
   * Detail of `AGENTOTEL_KIND_FEEDBACK`, else NULL.
   */
  const agentotel_feedback *feedback;
  /**
   * The caller's own id of the event: `agentotel.event.id`. When an event with the same id was recorded already, one of
   * the last 4,096 with an id, it is not recorded again: the answer is AGENTOTEL_OK with the context of the first, and
   * `agentotel_stats.duplicate` counts it. Of two calls with one id at the same time both may record. Not for updates
   * and ends; of started events it is an attribute only.
   */
  agentotel_str event_id;
  /**
   * For `agentotel_record_events` only: the parent is the event at this position of the same array, an earlier one.
   * `parent` is zeroed then.
   */
  agentotel_i64 parent_index;
} agentotel_event_data;

/**
 * An event in flight, as `agentotel_list_live` shows it.
 * @since 0.1.0
 */
typedef struct {
  /**
   * Set by the caller in the first element: `sizeof(agentotel_live_event)`; the array steps by it.
   */
  size_t struct_size;
  agentotel_event event;
  agentotel_session session;
  agentotel_span_context context;
  /**
   * One of `AGENTOTEL_KIND_…`.
   */
  uint32_t kind;
  /**
   * How many chunks `agentotel_event_chunk` has counted.
   */
  uint32_t chunk_count;
  /**
   * Nanoseconds since 1970-01-01 UTC.
   */
  int64_t start_time_unix_nano;
  /**
   * Nanoseconds since the event was started here, by a clock that never jumps.
   */
  int64_t elapsed_nano;
  /**
   * The span's name, cut to fit at a character's border, with a terminating NUL.
   */
  char name[AGENTOTEL_LIVE_NAME_BYTES];
} agentotel_live_event;

/**
 * A log record, as the Logs Data Model of OpenTelemetry has it. Everything but `struct_size` is optional.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_log_record)`; `AGENTOTEL_LOG_RECORD_INIT` sets it.
   */
  size_t struct_size;
  /**
   * One of `AGENTOTEL_SEVERITY_…`.
   */
  uint32_t severity_number;
  /**
   * The member of `body` that is set: one of `AGENTOTEL_TYPE_…`; 0 = `body.string`, which may be absent.
   */
  uint32_t body_type;
  /**
   * What is said: a text or, with a `body_type`, any value.
   */
  agentotel_value body;
  /**
   * The severity as its source calls it; when absent, the severity number's short name, such as `WARN`.
   */
  agentotel_str severity_text;
  /**
   * Makes the record an event of that name, whose attributes and body have a known form.
   */
  agentotel_str event_name;
  /**
   * When it happened, in nanoseconds since 1970-01-01 UTC; 0 = now.
   */
  int64_t time_unix_nano;
  /**
   * Free attributes.
   */
  const agentotel_attribute *attributes;
  size_t attribute_count;
} agentotel_log_record;

/**
 * What an instrument is. Everything but `struct_size` and `name` is optional.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_instrument)`; `AGENTOTEL_INSTRUMENT_INIT` sets it.
   */
  size_t struct_size;
  /**
   * 1 to 255 letters, digits, '_', '.', '-' and '/', the first one a letter. Case does not tell names apart.
   */
  agentotel_str name;
  /**
   * In UCUM, such as `s`, `By`, `{request}`: at most 63 characters of ASCII.
   */
  agentotel_str unit;
  agentotel_str description;
  /**
   * One of `AGENTOTEL_VALUE_…`.
   */
  uint32_t value_type;
  /**
   * Set to zero.
   */
  uint32_t reserved;
  /**
   * For histograms: the upper bounds of the buckets but for the last one, ascending; none = OpenTelemetry's. A view in the
   * configuration goes before.
   */
  const double *boundaries;
  /**
   * How many; 1024 at most.
   */
  size_t boundary_count;
} agentotel_instrument;

/**
 * Handle of a counter: a plain number, nothing to free. 0 is none.
 * @since 0.1.0
 */
typedef uint64_t agentotel_counter;

/**
 * Handle of a counter with a set of attributes: a plain number, nothing to free. 0 is none.
 * @since 0.1.0
 */
typedef uint64_t agentotel_bound_counter;

/**
 * The same for an up-down counter.
 * @since 0.1.0
 */
typedef uint64_t agentotel_up_down_counter;

/**
 * The same for an up-down counter.
 * @since 0.1.0
 */
typedef uint64_t agentotel_bound_up_down_counter;

/**
 * The same for a histogram.
 * @since 0.1.0
 */
typedef uint64_t agentotel_histogram;

/**
 * The same for a histogram.
 * @since 0.1.0
 */
typedef uint64_t agentotel_bound_histogram;

/**
 * The same for a gauge.
 * @since 0.1.0
 */
typedef uint64_t agentotel_gauge;

/**
 * The same for a gauge.
 * @since 0.1.0
 */
typedef uint64_t agentotel_bound_gauge;

/**
 * Says what a gauge shows. Make one with `AGENTOTEL_OBSERVABLE_INIT`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_observable)`; `AGENTOTEL_OBSERVABLE_INIT` sets it.
   */
  size_t struct_size;
  /**
   * Called at each collection, once, on the thread that exports: every exporter waits for it, so that it must be quick. It
   * calls `agentotel_observe` for each value; attributes that it gives none for are not shown. It may call what the table
   * at the top of this file says, and must not throw. Must not be NULL.
   */
  void (*observe)(void *user_data, agentotel_observation *observation);
  /**
   * Passed to both functions; the library does not touch it.
   */
  void *user_data;
  /**
   * Called once, on any thread, when the gauge is not used any more and no call of it is under way; not at the end of the
   * process. May be NULL.
   */
  void (*destroy)(void *user_data);
} agentotel_observable;

/**
 * Where contexts are written and read: headers of a request, say. Make one with `AGENTOTEL_CARRIER_INIT`. Its functions are
 * called during the call that it is given to, on the thread that makes it, with no lock of the library held; they may call
 * the library. They must return: no exception and no `longjmp` may leave them.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_carrier)`; `AGENTOTEL_CARRIER_INIT` sets it.
   */
  size_t struct_size;
  /**
   * Gives the value of a key at a position, from 0 on: a header that stands there twice has two. Returns AGENTOTEL_OK, or
   * AGENTOTEL_ERR_NOT_FOUND when there is none (any more); anything else ends the extraction. The value is copied before
   * any other function of the carrier is called. Keys are asked for in lower case; a carrier whose names have no case
   * (HTTP's) compares them without it, or has `key_at`. For extraction; must not be NULL there.
   */
  agentotel_status (*get)(void *user_data, agentotel_str key, size_t position, agentotel_str *value);
  /**
   * Sets a key to a value, in place of all that it had; both are valid during the call. Anything but AGENTOTEL_OK ends the
   * injection. For injection; must not be NULL there.
   */
  agentotel_status (*set)(void *user_data, agentotel_str key, agentotel_str value);
  /**
   * Gives the key at a position, from 0 on, or AGENTOTEL_ERR_NOT_FOUND when there is none any more; anything else ends the
   * extraction. With it, keys are found whatever their case, and Jaeger's baggage is read. May be NULL.
   */
  agentotel_status (*key_at)(void *user_data, size_t position, agentotel_str *key);
  /**
   * Passed to all functions; the library does not touch it.
   */
  void *user_data;
} agentotel_carrier;

/**
 * Memory for a text with a terminating NUL. What is written always says what it takes in `needed`; zeroed, it asks for that
 * alone. `agentotel_text_buffer_of(memory, capacity)` makes one.
 * @since 0.1.0
 */
typedef struct {
  /**
   * Where the text goes; NULL: it is not wanted.
   */
  char *data;
  /**
   * Bytes at `data`.
   */
  size_t capacity;
  /**
   * Gets the bytes that the text takes, its NUL included.
   */
  size_t needed;
} agentotel_text_buffer;

/**
 * What came along with a call from another process. Make one with `AGENTOTEL_REMOTE_CONTEXT_INIT` and give it the memory for
 * the texts. `span`, `trace_state.data` and `baggage.data` are what `agentotel_session_options` takes as `parent`,
 * `trace_state` and `baggage`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_remote_context)`; `AGENTOTEL_REMOTE_CONTEXT_INIT` sets it.
   */
  size_t struct_size;
  /**
   * The span that calls; its ids are all zero when none does, and a session with such a parent starts a trace.
   */
  agentotel_span_context span;
  /**
   * Its W3C `tracestate`, at most 512 bytes; empty when there is none that is valid.
   */
  agentotel_text_buffer trace_state;
  /**
   * The baggage as the value of a W3C `baggage` header, at most 8192 bytes; empty when there is none.
   */
  agentotel_text_buffer baggage;
} agentotel_remote_context;

/**
 * Counters of one signal, read under one cut, since `agentotel_init`. At every moment
 * `offered = accepted_caller + refused[…] + duplicate + head_unsampled + filtered`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * Set by the caller: `sizeof(agentotel_stats)`; `AGENTOTEL_STATS_INIT` sets it.
   */
  size_t struct_size;
  /**
   * Calls that asked to record, a started event counting when it ends.
   */
  uint64_t offered;
  /**
   * Committed to the queue because a call asked for it.
   */
  uint64_t accepted_caller;
  /**
   * Committed to the queue on the library's own account: the log record of an event's error, what the live view shows.
   */
  uint64_t accepted_derived;
  /**
   * Refused with a status, by `AGENTOTEL_REFUSED_…`.
   */
  uint64_t refused[AGENTOTEL_REFUSED_SLOTS];
  /**
   * Answered OK and known to be there already.
   */
  uint64_t duplicate;
  /**
   * Answered OK and not kept: the session is not sampled.
   */
  uint64_t head_unsampled;
  /**
   * Answered OK and not kept: an event filter said so.
   */
  uint64_t filtered;
  /**
   * Events in flight now (traces; 0 for other signals).
   */
  uint64_t in_flight_events;
  /**
   * Sessions open now (traces; 0 for other signals).
   */
  uint64_t open_sessions;
  /**
   * Texts in which invalid UTF-8 was replaced.
   */
  uint64_t repaired_utf8;
  /**
   * Events whose end was before their start, or whose time was out of range, and was set right.
   */
  uint64_t repaired_time;
  /**
   * Values cut to fit `limits.value_bytes` or `limits.event_bytes`.
   */
  uint64_t truncated_values;
  /**
   * Attributes left out: over `limits.attributes`, over `limits.event_bytes`, or with an empty key.
   */
  uint64_t dropped_attributes;
  /**
   * Bytes of queue memory in use now, in whole segments, all signals together.
   */
  uint64_t queue_bytes;
  /**
   * `queue.max_bytes`
   */
  uint64_t queue_capacity_bytes;
  /**
   * Texts in which `redact` has replaced something, and those left out since it could not.
   */
  uint64_t redacted_values;
} agentotel_stats;

/**
 * Counters of one exporter and signal, read under one cut. At every moment
 * `accepted + recovered = exported + rejected + dropped[…] + tail_unsampled + pending`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * Set by the caller: `sizeof(agentotel_exporter_stats)`; `AGENTOTEL_EXPORTER_STATS_INIT` sets it.
   */
  size_t struct_size;
  /**
   * Frames of the signal committed since the exporter was attached.
   */
  uint64_t accepted;
  /**
   * Frames taken over from processes that died.
   */
  uint64_t recovered;
  /**
   * Acknowledged by the receiver.
   */
  uint64_t exported;
  /**
   * Refused by the receiver for good.
   */
  uint64_t rejected;
  /**
   * Given up by us, by `AGENTOTEL_DROPPED_…`.
   */
  uint64_t dropped[AGENTOTEL_DROPPED_SLOTS];
  /**
   * Left out by tail sampling.
   */
  uint64_t tail_unsampled;
  /**
   * Unread, being sent, or waiting for a retry; counted from the queue.
   */
  uint64_t pending;
  /**
   * Frames sent again; never part of the equation.
   */
  uint64_t resent;
  /**
   * Requests made.
   */
  uint64_t attempts;
  /**
   * Requests that failed in whatever way.
   */
  uint64_t failures;
  /**
   * What the exporter does with what it has: one of `AGENTOTEL_EXPORTER_…`.
   */
  uint32_t state;
  /**
   * Requests under way now.
   */
  uint32_t in_flight;
  /**
   * Bytes of the queue that are kept because this exporter has not settled them.
   */
  uint64_t lag_bytes;
  /**
   * Requests made again after a failure.
   */
  uint64_t retried;
  /**
   * When a request succeeded last, in nanoseconds since 1970; 0 = never.
   */
  int64_t last_success_unix_nano;
  /**
   * When one failed last; 0 = never.
   */
  int64_t last_failure_unix_nano;
  /**
   * Requests that failed, by `AGENTOTEL_FAILURE_…`.
   */
  uint64_t failures_by_class[AGENTOTEL_FAILURE_SLOTS];
  /**
   * Requests by how long they took, up to 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000 and 30000 ms, and
   * longer.
   */
  uint64_t latency_counts[AGENTOTEL_HISTOGRAM_SLOTS];
  /**
   * Requests by how many items they had, up to 1, 4, 16, 64, 256, 1024, 4096, 16384, 65536 and 262144, and more.
   */
  uint64_t item_counts[AGENTOTEL_HISTOGRAM_SLOTS];
} agentotel_exporter_stats;

/**
 * How the storage fares, and what has become of what dead processes had left, since `agentotel_init`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * Set by the caller: `sizeof(agentotel_storage_stats)`; `AGENTOTEL_STORAGE_STATS_INIT` sets it.
   */
  size_t struct_size;
  /**
   * What an event recorded now outlives: one of `AGENTOTEL_DURABILITY_…`.
   */
  uint32_t durability;
  /**
   * Zero.
   */
  uint32_t reserved;
  /**
   * Files that could not be had or written; why, the diagnostics say.
   */
  uint64_t failures;
  /**
   * Directories of dead processes taken over.
   */
  uint64_t adopted;
  /**
   * Those of them that were sent and removed.
   */
  uint64_t finished;
  /**
   * Those that were older than `storage.max_age_s` and given up.
   */
  uint64_t expired;
  /**
   * Those that were put aside since whoever read them died.
   */
  uint64_t quarantined;
  /**
   * Frames taken from them, each counted once for every exporter of its signal.
   */
  uint64_t recovered;
  /**
   * Frames that are missing between others: damaged beyond reading.
   */
  uint64_t missing;
  /**
   * Segments whose header is damaged.
   */
  uint64_t corrupt_segments;
  /**
   * Segments of another format, left alone.
   */
  uint64_t foreign_segments;
  /**
   * Files that were not opened: links, files with two names or of another owner.
   */
  uint64_t refused_files;
  /**
   * Bytes that the directories of other processes of this namespace took at the last look, within seconds.
   */
  uint64_t waiting_bytes;
} agentotel_storage_stats;

/**
 * A batch that an exporter is handed. It is valid, with what it points to, during the call.
 * @since 0.1.0
 */
typedef struct {
  /**
   * The struct's size in the library that calls.
   */
  size_t struct_size;
  /**
   * What is in it: one of `AGENTOTEL_SIGNAL_…`.
   */
  uint32_t signal;
  /**
   * How: one of `AGENTOTEL_PAYLOAD_…`, as the exporter's `payload` says.
   */
  uint32_t payload_type;
  /**
   * A complete OTLP export request, without a terminating NUL.
   */
  const uint8_t *payload;
  /**
   * Bytes at `payload`.
   */
  size_t payload_len;
  /**
   * Spans or log records in it; 1 for a collection of metrics.
   */
  uint64_t item_count;
  /**
   * Milliseconds that the call should take at most: the exporter's `timeout_ms`. A call that takes longer is said in the
   * diagnostics, and waited for.
   */
  uint32_t timeout_ms;
  /**
   * Zero.
   */
  uint32_t reserved;
} agentotel_export_batch;

/**
 * What an exporter says of a batch beside what it returns. The library gives it zeroed but for its size.
 * @since 0.1.0
 */
typedef struct {
  /**
   * The struct's size in the library that calls.
   */
  size_t struct_size;
  /**
   * With AGENTOTEL_EXPORT_RETRY: milliseconds to wait at least, 300000 at most; 0 = the exporter's `retry` alone decides.
   */
  uint64_t retry_after_ms;
  /**
   * With AGENTOTEL_EXPORT_OK: items that were refused for good.
   */
  uint64_t rejected_items;
  /**
   * Why, for the diagnostics and `agentotel_get_exporter_error`: text with a terminating NUL; empty = nothing is said.
   */
  char message[AGENTOTEL_EXPORT_MESSAGE_BYTES];
} agentotel_export_answer;

/**
 * Takes batches in place of a receiver. Make one with `AGENTOTEL_EXPORTER_CALLBACKS_INIT`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_exporter_callbacks)`; `AGENTOTEL_EXPORTER_CALLBACKS_INIT` sets it.
   */
  size_t struct_size;
  /**
   * Called with each batch, on a thread that each exporter with this callback has for itself, one call at a time; it may
   * take as long as it likes and delays no other exporter. Returns one of `AGENTOTEL_EXPORT_…`; anything else is taken
   * for AGENTOTEL_EXPORT_RETRY. Batches come in order: one that is to be retried comes again before any other of its
   * signal. It may call what the table at the top of this file says. It must not throw, and a child that is forked in it
   * must not return from it. Must not be NULL.
   */
  uint32_t (*export_batch)(void *user_data,
                           const agentotel_export_batch *batch,
                           agentotel_export_answer *answer);
  /**
   * Passed to both functions; the library does not touch it.
   */
  void *user_data;
  /**
   * Called once, on any thread, when the callback is not used any more and no call of it is under way; not at the end of
   * the process. May be NULL.
   */
  void (*destroy)(void *user_data);
} agentotel_exporter_callbacks;

/**
 * Makes lines of text. Make one with `AGENTOTEL_FORMATTER_INIT`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_formatter)`; `AGENTOTEL_FORMATTER_INIT` sets it.
   */
  size_t struct_size;
  /**
   * Called with each span, log record or metric, on the thread that exports: every exporter waits for it, so that it must be
   * quick. `signal` is one of `AGENTOTEL_SIGNAL_…`, `json` the record as one compact OTLP/JSON object (a `Span`, a
   * `LogRecord` or a `Metric`), valid during the call. It writes one line in UTF-8, without a terminating NUL, to `buffer`, says its
   * bytes in `*needed`, and returns AGENTOTEL_OK; an empty line is left out. When the line does not fit into `capacity` it
   * returns AGENTOTEL_ERR_BUFFER_TOO_SMALL with what it takes in `*needed`, AGENTOTEL_MAX_LINE_BYTES at most, and is called
   * once more with as much. Any other status, and a text of more than one line, has the record counted as rejected, and
   * nothing is written for it. It may call what the table at the top of this file says, and must not throw. Must not be
   * NULL.
   */
  agentotel_status (*format)(void *user_data,
                             uint32_t signal,
                             agentotel_str json,
                             char *buffer,
                             size_t capacity,
                             size_t *needed);
  /**
   * Passed to both functions; the library does not touch it.
   */
  void *user_data;
  /**
   * Called once, on any thread, when the formatter is not used any more and no call of it is under way; not at the end of
   * the process. May be NULL.
   */
  void (*destroy)(void *user_data);
} agentotel_formatter;

/**
 * Gives the headers of requests. Make one with `AGENTOTEL_HEADER_PROVIDER_INIT`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_header_provider)`; `AGENTOTEL_HEADER_PROVIDER_INIT` sets it.
   */
  size_t struct_size;
  /**
   * Called before each request, one call at a time, on a thread of the library: adds headers by
   * `agentotel_add_header`, each in place of one of the same name from the configuration. What it returns other than
   * AGENTOTEL_OK fails the attempt, which is made again later. The time that it takes is the request's. It may call
   * what the table at the top of this file says. Must not be NULL.
   */
  agentotel_status (*provide)(void *user_data, agentotel_headers *headers);
  /**
   * Passed to both functions; the library does not touch it.
   */
  void *user_data;
  /**
   * Called once, on any thread, when the provider is not used any more and no call of `provide` is under way. May be
   * NULL.
   */
  void (*destroy)(void *user_data);
} agentotel_header_provider;

/**
 * A session that is to start. It is valid, with what it points to, during the call.
 * @since 0.1.0
 */
typedef struct {
  /**
   * The struct's size in the library that calls.
   */
  size_t struct_size;
  /**
   * The trace id that the session will have.
   */
  uint8_t trace_id[16];
  /**
   * The session's parent in another process; NULL when it has none.
   */
  const agentotel_span_context *parent;
  /**
   * The parent's `tracestate`; may be absent.
   */
  agentotel_str trace_state;
  /**
   * The name of the session's root span.
   */
  agentotel_str session_name;
  /**
   * The attributes that the session is started with, but for those of type AGENTOTEL_TYPE_JSON.
   */
  const agentotel_attribute *attributes;
  /**
   * How many.
   */
  size_t attribute_count;
} agentotel_sampling_question;

/**
 * What a sampler says beside what it returns. The library gives it zeroed but for its size.
 * @since 0.1.0
 */
typedef struct {
  /**
   * The struct's size in the library that calls.
   */
  size_t struct_size;
  /**
   * The session's `tracestate`: text with a terminating NUL. Empty, or not valid by W3C Trace Context: the parent's.
   */
  char trace_state[AGENTOTEL_SAMPLING_TRACE_STATE_BYTES];
} agentotel_sampling_answer;

/**
 * Decides which sessions are recorded. Make one with `AGENTOTEL_SAMPLER_INIT`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_sampler)`; `AGENTOTEL_SAMPLER_INIT` sets it.
   */
  size_t struct_size;
  /**
   * Called by `agentotel_start_session` on the thread that calls it, of several threads at once; it should be quick.
   * Returns one of `AGENTOTEL_SAMPLING_…`; anything else is taken for AGENTOTEL_SAMPLING_KEEP. It may call what the
   * table at the top of this file says; sessions that it starts itself are kept without asking. It must not throw. Must
   * not be NULL.
   */
  uint32_t (*should_sample)(void *user_data,
                            const agentotel_sampling_question *question,
                            agentotel_sampling_answer *answer);
  /**
   * Passed to both functions; the library does not touch it.
   */
  void *user_data;
  /**
   * Called once, on any thread, when the sampler is not used any more and no call of it is under way; not at the end of
   * the process. May be NULL.
   */
  void (*destroy)(void *user_data);
} agentotel_sampler;

/**
 * What attributes are wanted for. Valid, with what it points to, during the call.
 * @since 0.1.0
 */
typedef struct {
  /**
   * The struct's size in the library that calls.
   */
  size_t struct_size;
  /**
   * AGENTOTEL_SIGNAL_TRACES for a span, AGENTOTEL_SIGNAL_LOGS for a log record.
   */
  uint32_t signal;
  /**
   * The event's kind, one of `AGENTOTEL_KIND_…`; for a log record that of its event.
   */
  uint32_t kind;
  /**
   * 1 when it is a session's root span; `kind` says nothing then.
   */
  uint8_t is_session;
  /**
   * Zero.
   */
  uint8_t reserved[7];
  /**
   * The session's root span.
   */
  agentotel_span_context session;
} agentotel_injectee;

/**
 * Puts attributes on spans and log records. Make one with `AGENTOTEL_ATTRIBUTE_INJECTOR_INIT`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_attribute_injector)`; `AGENTOTEL_ATTRIBUTE_INJECTOR_INIT` sets it.
   */
  size_t struct_size;
  /**
   * Called in each call that records a span, starts a session or an event, or leaves a log record of an error, on the
   * thread that makes it, with no lock of the library held, by several threads at once: that call takes as long as it
   * does. Sessions that are not sampled ask for nothing. It adds attributes by `agentotel_add_attribute`; those that the
   * event has itself stay. It may call what the table at the top of this file says; what it records itself asks for
   * nothing. It must return: no exception and no `longjmp` may leave it, and a child that is forked in it must not return
   * from it. Must not be NULL.
   */
  void (*inject)(void *user_data, const agentotel_injectee *injectee, agentotel_attributes *attributes);
  /**
   * Passed to both functions; the library does not touch it.
   */
  void *user_data;
  /**
   * Called once, on any thread, when the injector is not used any more and no call of it is under way; not at the end of
   * the process. May be NULL.
   */
  void (*destroy)(void *user_data);
} agentotel_attribute_injector;

/**
 * One line of what the library says about itself. Valid, with what it points to, during the call.
 * @since 0.1.0
 */
typedef struct {
  /**
   * The struct's size in the library that calls.
   */
  size_t struct_size;
  /**
   * One of `AGENTOTEL_DIAGNOSTIC_…`.
   */
  uint32_t level;
  /**
   * Zero.
   */
  uint32_t reserved;
  /**
   * Nanoseconds since 1970-01-01 UTC.
   */
  int64_t time_unix_nano;
  /**
   * The line, without its end, 1024 bytes at most. Secrets are left out.
   */
  agentotel_str text;
  /**
   * Lines before this one that were not handed over: they only repeated the one before, or were too many at once.
   */
  uint64_t left_out;
} agentotel_diagnostic;

/**
 * Is told what the library says about itself. Make one with `AGENTOTEL_DIAGNOSTIC_HANDLER_INIT`.
 * @since 0.1.0
 */
typedef struct {
  /**
   * `sizeof(agentotel_diagnostic_handler)`; `AGENTOTEL_DIAGNOSTIC_HANDLER_INIT` sets it.
   */
  size_t struct_size;
  /**
   * Called for one line after the other, on a thread of its own, with no lock of the library held. It may call what the
   * table at the top of this file says; what the library says because of that is to be had by
   * `agentotel_get_diagnostics` alone. No exception and no `longjmp` may leave it. Must not be NULL.
   */
  void (*handle)(void *user_data, const agentotel_diagnostic *diagnostic);
  /**
   * Passed to both functions; the library does not touch it.
   */
  void *user_data;
  /**
   * Called once, on any thread, when the handler is not used any more and no call of it is under way; not at the end of
   * the process. May be NULL.
   */
  void (*destroy)(void *user_data);
} agentotel_diagnostic_handler;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Starts the library for this process.
 *
 * @param abi_version `AGENTOTEL_ABI_VERSION` of the header that the caller was compiled with.
 * @param config_json The configuration as one JSON document with a terminating NUL, or NULL for the environment
 *        (`OTEL_…`, `AGENTOTEL_CONFIG_FILE`) and defaults. It is read during the call only.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_ABI_VERSION; AGENTOTEL_ERR_CONFIG (the last error names the key and what is
 *         accepted); AGENTOTEL_ERR_ALREADY_INITIALIZED; AGENTOTEL_ERR_SYSTEM; AGENTOTEL_ERR_INTERNAL.
 *
 * Starts one thread, with `storage.directory` two, and later one for each `host` exporter; no network is touched before something is recorded. A start that fails
 * leaves nothing behind. May be called again after `agentotel_shutdown`. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_init(uint32_t abi_version,
                                const char *config_json);

/**
 * Delivers what has been recorded until now.
 *
 * @param timeout_ms How long to wait at most, in milliseconds.
 * @return AGENTOTEL_OK when every exporter has settled everything recorded before the call; AGENTOTEL_ERR_TIMEOUT
 *         (the last error says what is pending; delivery goes on); AGENTOTEL_ERR_NOT_INITIALIZED;
 *         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_IN_CALLBACK; AGENTOTEL_ERR_INTERNAL.
 *
 * Blocks for at most `timeout_ms` and a quarter of a second. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_flush(uint32_t timeout_ms);

/**
 * Ends what is open, delivers what is recorded, and stops the library.
 *
 * Events in flight and open sessions are ended first and marked `agentotel.interrupted`; calls made from now on get
 * AGENTOTEL_ERR_SHUT_DOWN. What could not be delivered in time is lost; counters stay readable until the next
 * `agentotel_init`.
 *
 * @param timeout_ms How long to wait at most, in milliseconds.
 * @return AGENTOTEL_OK when everything was settled; AGENTOTEL_ERR_TIMEOUT (the last error says how much was
 *         pending); AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN when it was shut down before;
 *         AGENTOTEL_ERR_IN_CALLBACK; AGENTOTEL_ERR_INTERNAL.
 *
 * Blocks for at most `timeout_ms` and a quarter of a second. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_shutdown(uint32_t timeout_ms);

/**
 * The library's version, such as `0.1.0`: static text with a terminating NUL. Thread-safe.
 * @since 0.1.0
 */
const char *agentotel_version(void);

/**
 * The version of the binary interface that the loaded library serves. Thread-safe.
 * @since 0.1.0
 */
uint32_t agentotel_abi_version(void);

/**
 * The name of a status, such as `AGENTOTEL_ERR_QUEUE_FULL`: static text with a terminating NUL, never NULL. Thread-safe.
 * @since 0.1.0
 */
const char *agentotel_status_name(agentotel_status status);

/**
 * What went wrong in this thread's last failed call, in words. A call that succeeds leaves it; this one too.
 *
 * @param buffer Where the text goes, with a terminating NUL. May be NULL when `capacity` is 0.
 * @param capacity Bytes at `buffer`.
 * @param needed Gets the bytes that the text takes, its NUL included, whatever is returned. May be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_BUFFER_TOO_SMALL; AGENTOTEL_ERR_INVALID_ARGUMENT.
 *
 * Thread-safe; each thread has its own.
 * @since 0.1.0
 */
agentotel_status agentotel_last_error(char *buffer, size_t capacity, size_t *needed);

/**
 * Starts a session: a trace with a root span, which is recorded when the session ends.
 *
 * Whether the session is sampled is decided now. An unsampled one works the same; what is recorded in it is counted and
 * not kept.
 *
 * @param options What is known of the session, or NULL for nothing.
 * @param out_session Gets the handle. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
 *         AGENTOTEL_ERR_LIMIT (65,536 sessions are open); AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN;
 *         AGENTOTEL_ERR_SYSTEM; AGENTOTEL_ERR_INTERNAL.
 *
 * Several sessions may be open at once, on any threads. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_start_session(const agentotel_session_options *options,
                                         agentotel_session *out_session);

/**
 * Sets attributes of a session's root span. A key given again replaces its value.
 *
 * @param session An open session.
 * @param attributes `attribute_count` attributes.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_session_set_attributes(agentotel_session session,
                                                  const agentotel_attribute *attributes,
                                                  size_t attribute_count);

/**
 * The context of a session's root span, for passing on to other processes.
 *
 * @param session An open session.
 * @param out_context Gets the context. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_session_context(agentotel_session session,
                                           agentotel_span_context *out_context);

/**
 * Ends a session: its events in flight are ended and marked `agentotel.interrupted`, and its root span is recorded with
 * the sums over the session.
 *
 * @param session An open session. Its handle is stale afterwards, whatever is returned but for an error in `end`.
 * @param end How it ended, or NULL: indeterminate, now.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_QUEUE_FULL (the session is ended, its root span is counted and lost);
 *         AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED;
 *         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe; of two threads that end one session, one succeeds.
 * @since 0.1.0
 */
agentotel_status agentotel_end_session(agentotel_session session,
                                       const agentotel_session_end *end);

/**
 * Records one event as a span; an evaluation or feedback as a log record on the span that it is about.
 *
 * ```c
 * agentotel_embeddings embeddings = AGENTOTEL_EMBEDDINGS_INIT;
 * embeddings.request_model = AGENTOTEL_STR("text-embedding-3-small");
 * embeddings.input_tokens = AGENTOTEL_I64(42);
 * agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
 * data.kind = AGENTOTEL_KIND_EMBEDDINGS;
 * data.embeddings = &embeddings;
 * data.duration_nano = 80 * 1000000LL;
 * agentotel_span_context embedded;
 * agentotel_record_event(session, &data, &embedded);
 *
 * agentotel_evaluation evaluation = AGENTOTEL_EVALUATION_INIT;  // also much later, with the context kept
 * evaluation.name = AGENTOTEL_STR("relevance");
 * evaluation.score_value = AGENTOTEL_F64(0.8);
 * agentotel_event_data verdict = AGENTOTEL_EVENT_DATA_INIT;
 * verdict.kind = AGENTOTEL_KIND_EVALUATION;
 * verdict.evaluation = &evaluation;
 * verdict.parent.context = &embedded;
 * agentotel_record_event(session, &verdict, NULL);
 * ```
 *
 * Does no I/O, allocates nothing on the steady path, and takes a few hundred nanoseconds for ten attributes. With
 * `queue.overflow = block` it may wait up to `queue.block_ms` when the queue is full.
 *
 * @param session An open session.
 * @param data The event. Must not be NULL; read during the call only.
 * @param out_context Gets the span's context, for children and later words; of an evaluation or feedback that of the span it
 *        is about; that of the parent, when `event_filter` in the configuration drops the event. May be NULL.
 *
 * When the session is not sampled the event is counted, and need not be looked at: what is wrong with it may stay unsaid.
 *
 * @return AGENTOTEL_OK (it will be exported, or its loss counted); AGENTOTEL_ERR_QUEUE_FULL;
 *         AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED;
 *         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_record_event(agentotel_session session,
                                        const agentotel_event_data *data,
                                        agentotel_span_context *out_context);

/**
 * Records several events of a session, in order, until one is refused. An event may name an earlier one of the same array as
 * its parent, by `parent_index`.
 *
 * @param session An open session.
 * @param events `count` events; they step by the first one's `struct_size`, which all of them have.
 * @param count How many.
 * @param out_contexts Gets `count` contexts, as far as recorded. May be NULL.
 * @param out_recorded Gets how many were recorded, whatever is returned. May be NULL.
 * @return AGENTOTEL_OK when all were recorded; else the status of the first that was not, as for
 *         `agentotel_record_event`. Those behind it were not looked at and are not counted.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_record_events(agentotel_session session,
                                         const agentotel_event_data *events,
                                         size_t count,
                                         agentotel_span_context *out_contexts,
                                         size_t *out_recorded);

/**
 * Starts an event that will be ended later. It is in flight until then, and shows in `agentotel_list_live`; with
 * `live.export` in the configuration it is exported meanwhile.
 *
 * @param session An open session.
 * @param data What is known of the event. Must not be NULL. `end_time_unix_nano` and `duration_nano` do not count.
 * @param out_event Gets the handle. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_LIMIT (`live.max_events` are in flight); otherwise as
 *         `agentotel_record_event`.
 *
 * Thread-safe; the event may be updated and ended on any thread.
 * @since 0.1.0
 */
agentotel_status agentotel_start_event(agentotel_session session,
                                       const agentotel_event_data *data,
                                       agentotel_event *out_event);

/**
 * Adds to an event in flight: attributes, typed detail, status, links, span events, a name. What is given again
 * replaces what was there; parent and times do not count.
 *
 * @param event An event in flight.
 * @param data What to add. Must not be NULL. Its `kind` may be 0.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED;
 *         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_update_event(agentotel_event event,
                                        const agentotel_event_data *data);

/**
 * Notes that the first token of a streamed answer is here: its time from the event's start becomes
 * `gen_ai.response.time_to_first_chunk`. Later calls change nothing.
 *
 * @param event An event in flight.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_NOT_INITIALIZED;
 *         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_event_first_token(agentotel_event event);

/**
 * Counts one chunk of a streamed answer (`agentotel.stream.chunk_count`, `agentotel.stream.bytes`); the first one is the
 * first token too.
 *
 * Where the configuration records the output (`content.fields.output_messages`; `tool_result` of a tool), the text is kept
 * in memory. An llm, agent, workflow or tool event that ends without having said its output, because the stream was
 * cancelled or the session ended, say, has what the chunks have said as that: one message with one text, redacted as a
 * whole. Of one stream at most `content.max_bytes` are recorded, and of all streams together 32 MiB are kept; what is beyond
 * is counted, and the output marked as truncated. A process that is killed loses the text.
 *
 * @param event An event in flight.
 * @param content The chunk's content; may be absent. It may end inside of a character.
 * @return As `agentotel_event_first_token`, and AGENTOTEL_ERR_INVALID_ARGUMENT, AGENTOTEL_ERR_TOO_LARGE.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_event_chunk(agentotel_event event,
                                       agentotel_str content);

/**
 * Ends an event in flight: its span is recorded, and its handle is stale afterwards.
 *
 * @param event An event in flight.
 * @param data What its end adds, as for `agentotel_update_event`, or NULL. Without `end_time_unix_nano` the duration is
 *        measured by a clock that never jumps.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_QUEUE_FULL (the event stays in flight and may be ended again); otherwise as
 *         `agentotel_update_event`.
 *
 * Thread-safe; of two threads that end one event, one succeeds.
 * @since 0.1.0
 */
agentotel_status agentotel_end_event(agentotel_event event,
                                     const agentotel_event_data *data);

/**
 * The context of an event in flight, for passing on and for children recorded after its end; that of its parent, when
 * `event_filter` in the configuration drops the event.
 *
 * @param event An event in flight.
 * @param out_context Gets the context. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_event_context(agentotel_event event,
                                         agentotel_span_context *out_context);

/**
 * Lists the events in flight, oldest first. With `live.enabled` false in the configuration the list is empty; how many
 * events are in flight is in `agentotel_stats` all the same.
 *
 * @param events Where they go: `capacity` elements; the first one's `struct_size` is set by the caller, and the array
 *        steps by it. May be NULL when `capacity` is 0.
 * @param capacity How many elements there are.
 * @param needed Gets how many events there are to list, whatever is returned but for a status of the library. Must not be
 *        NULL.
 * @return AGENTOTEL_OK when all were written; AGENTOTEL_ERR_BUFFER_TOO_SMALL when `capacity` of them were;
 *         AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_NOT_INITIALIZED;
 *         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe; what starts or ends meanwhile may be missing or shown.
 * @since 0.1.0
 */
agentotel_status agentotel_list_live(agentotel_live_event *events,
                                     size_t capacity,
                                     size_t *needed);

/**
 * Records an error. On an event in flight it sets status Error and `error.type`; in any case it leaves a log record on
 * the target's span: `gen_ai.client.operation.exception` for calls of GenAI services (llm, embeddings, retrieval, remote
 * agents), `exception` for all others. An error of the session itself (a zeroed target) does not end it or decide how it
 * ends: `agentotel_end_session` does.
 *
 * @param session An open session.
 * @param target The span that failed; zeroed, the session's root span. A span that has ended is not changed.
 * @param error What went wrong. Must not be NULL.
 * @return As `agentotel_record_event`.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_record_error(agentotel_session session,
                                        agentotel_target target,
                                        const agentotel_error *error);

/**
 * Records one event that is said in JSON.
 *
 * ```c
 * agentotel_record_event_json(session, AGENTOTEL_STR("{"
 *     "\"llm\": {\"request_model\": \"gpt-4o\", \"input_tokens\": 812, \"output_tokens\": 37,"
 *     "          \"input_messages\": [{\"role\": \"user\", \"parts\": []}]},"
 *     "\"duration_nano\": 250000000, \"attributes\": {\"attempt\": 2, \"tags\": [\"a\", \"b\"]}}"), NULL);
 * ```
 *
 * The text is an object with the fields of `agentotel_event_data` under their names, those of the details in objects of their
 * own. It becomes exactly what the structs would become. `docs/event.schema.json` is its JSON Schema. In particular:
 *
 * - What is null is absent. Of a field that is given twice the last one counts. A field that there is not is an error.
 * - `kind`, `span_kind`, `status_code`, `operation`, `decision` and the like are words: those of their constants in lower case
 *   (`"mcp_client"`, `"ok"`), an operation's as the conventions have it (`"invoke_agent"`). `counting` is one word or a list
 *   of them. `kind` may be left out when a detail is given.
 * - Numbers that are optional are plain numbers, flags are true or false. Times are whole nanoseconds, as numbers or as texts
 *   of digits. Whole numbers may be written with a fraction of zero.
 * - `attributes` is an object. A text, truth value or number in it is that; an array of one of these is an array of that type
 *   (of whole and other numbers: of doubles); an object, and any other array, is a map or list. Bytes there are none.
 * - Content (messages, arguments, results, …) is any JSON value, recorded as it is written here; a text is recorded as the
 *   text itself.
 * - `parent` is `{"event": handle}` (a number, or a text of its digits), `{"trace_id": …, "span_id": …, "trace_flags": 1,
 *   "is_remote": false}` with ids as hexadecimal digits in lower case, or a text as W3C `traceparent`, of a remote span.
 *   The `context` of a link is one of the last two. There is no `parent_index`.
 *
 * The text has at most AGENTOTEL_MAX_JSON_BYTES; a value in it nests at most 64 deep. What is not UTF-8 or half a character
 * (`"\ud800"`) is replaced by U+FFFD and the whole text counted as one in `agentotel_stats.repaired_utf8`.
 *
 * When the session is not sampled the event is counted, and its text need not be read: what is wrong with it may stay unsaid.
 *
 * @param session An open session.
 * @param json The event.
 * @param out_context As for `agentotel_record_event`. May be NULL.
 * @return As `agentotel_record_event`. With AGENTOTEL_ERR_INVALID_ARGUMENT `agentotel_last_error` names the field:
 *         `llm.input_tokens: a whole number is expected, got "x"`.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_record_event_json(agentotel_session session,
                                             agentotel_str json,
                                             agentotel_span_context *out_context);

/**
 * Starts an event that is said in JSON, as `agentotel_start_event` does one in structs.
 *
 * @param session An open session.
 * @param json What is known of the event, as for `agentotel_record_event_json`.
 * @param out_event Gets the handle. Must not be NULL.
 * @return As `agentotel_start_event`.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_start_event_json(agentotel_session session,
                                            agentotel_str json,
                                            agentotel_event *out_event);

/**
 * Adds to an event in flight what is said in JSON, as `agentotel_update_event` does.
 *
 * @param event An event in flight.
 * @param json What to add, as for `agentotel_record_event_json`.
 * @return As `agentotel_update_event`.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_update_event_json(agentotel_event event, agentotel_str json);

/**
 * Ends an event in flight with what is said in JSON, as `agentotel_end_event` does.
 *
 * @param event An event in flight.
 * @param json What its end adds, as for `agentotel_record_event_json`; absent is nothing.
 * @return As `agentotel_end_event`.
 *
 * Thread-safe; of two threads that end one event, one succeeds.
 * @since 0.1.0
 */
agentotel_status agentotel_end_event_json(agentotel_event event, agentotel_str json);

/**
 * Records an error that is said in JSON, as `agentotel_record_error` does.
 *
 * @param session An open session.
 * @param target The span that failed; zeroed, the session's root span.
 * @param json An object with the fields of `agentotel_error`: `type`, `message`, `code`, `details`, `stack`,
 *        `time_unix_nano`, `kind` (a word).
 * @return As `agentotel_record_error`.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_record_error_json(agentotel_session session,
                                             agentotel_target target,
                                             agentotel_str json);

/**
 * Starts a session that is said in JSON, as `agentotel_start_session` does.
 *
 * @param json An object with the fields of `agentotel_session_options` under their names, `parent` and `resumed` as the
 *        `context` of a link (`agentotel_record_event_json`), `tags` a list of texts; absent is nothing.
 * @param out_session Gets the handle. Must not be NULL.
 * @return As `agentotel_start_session`.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_start_session_json(agentotel_str json,
                                              agentotel_session *out_session);

/**
 * Ends a session with what is said in JSON, as `agentotel_end_session` does.
 *
 * @param session An open session.
 * @param json An object with the fields of `agentotel_session_end`: `end_state` (`"indeterminate"`, `"success"`, `"fail"`),
 *        `reason`, `error_type`, `end_time_unix_nano`; absent is nothing.
 * @return As `agentotel_end_session`.
 *
 * Thread-safe; of two threads that end one session, one succeeds.
 * @since 0.1.0
 */
agentotel_status agentotel_end_session_json(agentotel_session session,
                                            agentotel_str json);

/**
 * Records a log record: of a span of a session, of any other span, or of the process alone.
 *
 * One that is less severe than `logs.min_severity` in the configuration is answered AGENTOTEL_OK before anything else is
 * looked at, in a few nanoseconds: it is not recorded, and no counter knows of it. Otherwise as `agentotel_record_event`:
 * no I/O, no allocation on the steady path. A record of a session that is not sampled is left out, and counted as that.
 * Records that a thread makes are exported in that order, unless they are sent again after a failure.
 *
 * @param session An open session, or 0 for none. The record has the session's `session.id`.
 * @param target The span that it is about, whose trace id, span id and flags the record has. Zeroed, the session's root
 *        span; without a session no span. An event in flight brings its session along when `session` is 0; a context is a
 *        span of the session's trace or, without a session, any span.
 * @param record What is said. Must not be NULL; read during the call only.
 * @return AGENTOTEL_OK (it will be exported, or its loss counted, unless it is left out); AGENTOTEL_ERR_QUEUE_FULL;
 *         AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN;
 *         AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_log(agentotel_session session,
                               agentotel_target target,
                               const agentotel_log_record *record);

/**
 * Records a log record that is said in JSON, as `agentotel_log` does.
 *
 * @param session As for `agentotel_log`.
 * @param target As for `agentotel_log`.
 * @param json An object with the fields of `agentotel_log_record`: `severity_number` (a number, or a word as `"warn"`),
 *        `severity_text`, `event_name`, `body` (a text or any other value, with nothing like `body_type` beside it),
 *        `time_unix_nano`, `attributes`. Limits and repairs are those of `agentotel_record_event_json`;
 *        `docs/event.schema.json` has its JSON Schema as `$defs/log_record`.
 * @return As `agentotel_log`. What is wrong in a record that is not severe enough is said all the same: the severity is in
 *         the text. `agentotel_log_enabled` tells before that is made.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_log_json(agentotel_session session,
                                    agentotel_target target,
                                    agentotel_str json);

/**
 * Whether a log record of this severity would be recorded: for those who would have to make its text first.
 *
 * @param severity_number One of `AGENTOTEL_SEVERITY_…`.
 * @return 1 when the library runs and `logs.min_severity` in the configuration lets it through, else 0.
 *
 * Takes a few nanoseconds. Thread-safe.
 * @since 0.1.0
 */
int32_t agentotel_log_enabled(uint32_t severity_number);

/**
 * Makes a counter: a sum that only rises. One of this name that there is already is found again.
 *
 * @param instrument What it is. Must not be NULL; read during the call only.
 * @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT (the name is that of an instrument of another kind, too);
 *         AGENTOTEL_ERR_LIMIT (4096 instruments); AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
 *         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * With `metrics.enabled` false in the configuration all is well, and nothing comes of it. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_create_counter(const agentotel_instrument *instrument,
                                          agentotel_counter *out);

/**
 * Adds to a counter.
 *
 * Sets of attributes beyond `metrics.cardinality_limit` in the configuration are summed up under `otel.metric.overflow`.
 * Texts that are not UTF-8 are replaced and counted; `redact` in the configuration is applied.
 *
 * @param counter A counter.
 * @param value What is added: at least 0; whole, at most 2^53, when its values are.
 * @param attributes Texts, truths, numbers and arrays of these; read during the call only. May be NULL when there is none.
 * @param attribute_count How many.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Does no I/O, and allocates nothing for attributes that came before. What is refused is counted among the metrics' offers;
 * what is measured is not, since it is a collection that is accepted and exported. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_counter_add(agentotel_counter counter,
                                       double value,
                                       const agentotel_attribute *attributes,
                                       size_t attribute_count);

/**
 * Makes a bound counter: one whose attributes are fixed, so that measuring with it takes some tens of nanoseconds at most.
 *
 * @param counter A counter.
 * @param attributes As for `agentotel_counter_add`.
 * @param attribute_count How many.
 * @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
 * @return As `agentotel_counter_add`; AGENTOTEL_ERR_LIMIT (65536 bound instruments).
 *
 * One that is made when the bound on sets of attributes is reached measures under `otel.metric.overflow`. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_bind_counter(agentotel_counter counter,
                                        const agentotel_attribute *attributes,
                                        size_t attribute_count,
                                        agentotel_bound_counter *out);

/**
 * Adds to a counter, with the attributes that it is bound to.
 *
 * @param counter A bound counter.
 * @param value What is added: at least 0; whole, at most 2^53, when its values are.
 * @return As `agentotel_counter_add`.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_bound_counter_add(agentotel_bound_counter counter, double value);

/**
 * Makes an up-down counter: a sum that rises and falls. One of this name that there is already is found again.
 *
 * @param instrument What it is. Must not be NULL; read during the call only.
 * @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT (the name is that of an instrument of another kind, too);
 *         AGENTOTEL_ERR_LIMIT (4096 instruments); AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
 *         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * With `metrics.enabled` false in the configuration all is well, and nothing comes of it. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_create_up_down_counter(const agentotel_instrument *instrument,
                                                  agentotel_up_down_counter *out);

/**
 * Adds to an up-down counter.
 *
 * Sets of attributes beyond `metrics.cardinality_limit` in the configuration are summed up under `otel.metric.overflow`.
 * Texts that are not UTF-8 are replaced and counted; `redact` in the configuration is applied.
 *
 * @param up_down_counter An up-down counter.
 * @param value What is added, below 0 too; whole, at most 2^53, when its values are.
 * @param attributes Texts, truths, numbers and arrays of these; read during the call only. May be NULL when there is none.
 * @param attribute_count How many.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Does no I/O, and allocates nothing for attributes that came before. What is refused is counted among the metrics' offers;
 * what is measured is not, since it is a collection that is accepted and exported. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_up_down_counter_add(agentotel_up_down_counter up_down_counter,
                                               double value,
                                               const agentotel_attribute *attributes,
                                               size_t attribute_count);

/**
 * Makes a bound up-down counter: one whose attributes are fixed, so that measuring with it takes some tens of nanoseconds at most.
 *
 * @param up_down_counter An up-down counter.
 * @param attributes As for `agentotel_up_down_counter_add`.
 * @param attribute_count How many.
 * @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
 * @return As `agentotel_up_down_counter_add`; AGENTOTEL_ERR_LIMIT (65536 bound instruments).
 *
 * One that is made when the bound on sets of attributes is reached measures under `otel.metric.overflow`. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_bind_up_down_counter(agentotel_up_down_counter up_down_counter,
                                                const agentotel_attribute *attributes,
                                                size_t attribute_count,
                                                agentotel_bound_up_down_counter *out);

/**
 * Adds to an up-down counter, with the attributes that it is bound to.
 *
 * @param up_down_counter A bound up-down counter.
 * @param value What is added, below 0 too; whole, at most 2^53, when its values are.
 * @return As `agentotel_up_down_counter_add`.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_bound_up_down_counter_add(agentotel_bound_up_down_counter up_down_counter,
                                                     double value);

/**
 * Makes a histogram: a distribution, in buckets. One of this name that there is already is found again.
 *
 * @param instrument What it is. Must not be NULL; read during the call only.
 * @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT (the name is that of an instrument of another kind, too);
 *         AGENTOTEL_ERR_LIMIT (4096 instruments); AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
 *         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * With `metrics.enabled` false in the configuration all is well, and nothing comes of it. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_create_histogram(const agentotel_instrument *instrument,
                                            agentotel_histogram *out);

/**
 * Records a value in a histogram.
 *
 * Sets of attributes beyond `metrics.cardinality_limit` in the configuration are summed up under `otel.metric.overflow`.
 * Texts that are not UTF-8 are replaced and counted; `redact` in the configuration is applied.
 *
 * @param histogram A histogram.
 * @param value Any finite number.
 * @param attributes Texts, truths, numbers and arrays of these; read during the call only. May be NULL when there is none.
 * @param attribute_count How many.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Does no I/O, and allocates nothing for attributes that came before. What is refused is counted among the metrics' offers;
 * what is measured is not, since it is a collection that is accepted and exported. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_histogram_record(agentotel_histogram histogram,
                                            double value,
                                            const agentotel_attribute *attributes,
                                            size_t attribute_count);

/**
 * Makes a bound histogram: one whose attributes are fixed, so that measuring with it takes some tens of nanoseconds at most.
 *
 * @param histogram A histogram.
 * @param attributes As for `agentotel_histogram_record`.
 * @param attribute_count How many.
 * @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
 * @return As `agentotel_histogram_record`; AGENTOTEL_ERR_LIMIT (65536 bound instruments).
 *
 * One that is made when the bound on sets of attributes is reached measures under `otel.metric.overflow`. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_bind_histogram(agentotel_histogram histogram,
                                          const agentotel_attribute *attributes,
                                          size_t attribute_count,
                                          agentotel_bound_histogram *out);

/**
 * Records a value in a histogram, with the attributes that it is bound to.
 *
 * @param histogram A bound histogram.
 * @param value Any finite number.
 * @return As `agentotel_histogram_record`.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_bound_histogram_record(agentotel_bound_histogram histogram, double value);

/**
 * Makes a gauge: the last value. One of this name that there is already is found again.
 *
 * @param instrument What it is. Must not be NULL; read during the call only.
 * @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT (the name is that of an instrument of another kind, too);
 *         AGENTOTEL_ERR_LIMIT (4096 instruments); AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
 *         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * With `metrics.enabled` false in the configuration all is well, and nothing comes of it. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_create_gauge(const agentotel_instrument *instrument,
                                        agentotel_gauge *out);

/**
 * Sets a gauge.
 *
 * Sets of attributes beyond `metrics.cardinality_limit` in the configuration are summed up under `otel.metric.overflow`.
 * Texts that are not UTF-8 are replaced and counted; `redact` in the configuration is applied.
 *
 * @param gauge A gauge.
 * @param value Any finite number; whole, at most 2^53, when its values are.
 * @param attributes Texts, truths, numbers and arrays of these; read during the call only. May be NULL when there is none.
 * @param attribute_count How many.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Does no I/O, and allocates nothing for attributes that came before. What is refused is counted among the metrics' offers;
 * what is measured is not, since it is a collection that is accepted and exported. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_gauge_record(agentotel_gauge gauge,
                                        double value,
                                        const agentotel_attribute *attributes,
                                        size_t attribute_count);

/**
 * Makes a bound gauge: one whose attributes are fixed, so that measuring with it takes some tens of nanoseconds at most.
 *
 * @param gauge A gauge.
 * @param attributes As for `agentotel_gauge_record`.
 * @param attribute_count How many.
 * @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
 * @return As `agentotel_gauge_record`; AGENTOTEL_ERR_LIMIT (65536 bound instruments).
 *
 * One that is made when the bound on sets of attributes is reached measures under `otel.metric.overflow`. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_bind_gauge(agentotel_gauge gauge,
                                      const agentotel_attribute *attributes,
                                      size_t attribute_count,
                                      agentotel_bound_gauge *out);

/**
 * Sets a gauge, with the attributes that it is bound to.
 *
 * @param gauge A bound gauge.
 * @param value Any finite number; whole, at most 2^53, when its values are.
 * @return As `agentotel_gauge_record`.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_bound_gauge_record(agentotel_bound_gauge gauge, double value);

/**
 * Registers an observable gauge: a function that says its values at each collection. It is taken away by
 * `agentotel_unregister` with AGENTOTEL_CALLBACK_OBSERVABLE and the instrument's name.
 *
 * @param instrument What it is; its values are doubles. Must not be NULL; read during the call only. One of its name is
 *        replaced; the function before is let go of when a call of it that is under way has ended.
 * @param observable Read during the call only. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
 *         AGENTOTEL_ERR_INTERNAL. On failure `destroy` is not called.
 *
 * May be called before `agentotel_init`; it stays registered through `agentotel_shutdown`, and in a forked child; one that
 * has not returned when a shutdown ends is treated like an exporter's function. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_register_observable_gauge(const agentotel_instrument *instrument,
                                                     const agentotel_observable *observable);

/**
 * Says a value of an observable gauge: only for its function, while that is called.
 *
 * @param observation What the function was given. Must not be NULL.
 * @param value Any finite number; of values with the same attributes the last one counts.
 * @param attributes As for `agentotel_gauge_record`.
 * @param attribute_count How many.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_INTERNAL.
 *
 * @since 0.1.0
 */
agentotel_status agentotel_observe(agentotel_observation *observation,
                                   double value,
                                   const agentotel_attribute *attributes,
                                   size_t attribute_count);

/**
 * Writes a span's context into a carrier, for a call to another process: its ids and flags, its `tracestate`, and the
 * session's baggage, in the formats that `propagators` of the configuration says.
 *
 * @param session An open session; 0 when `target` names an event in flight, or a context, which is then written alone.
 * @param target The span that calls; zeroed, the session's root.
 * @param carrier Its `set` is called for each key. Must not be NULL; read during the call only.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT (`set` has
 *         returned something else than AGENTOTEL_OK, too); AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_NOT_INITIALIZED;
 *         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * A session that is not sampled is passed on as such. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_inject(agentotel_session session,
                                  agentotel_target target,
                                  const agentotel_carrier *carrier);

/**
 * Reads what came along with a call from another process, in the formats that `propagators` of the configuration says.
 * Nothing in a carrier is an error: what breaks its format's rules counts as absent, a broken `tracestate` alone.
 *
 * @param carrier Its `get` and `key_at` are called. Must not be NULL; read during the call only.
 * @param out Gets what was found. Must not be NULL.
 * @return AGENTOTEL_OK, also when nothing was found; AGENTOTEL_ERR_BUFFER_TOO_SMALL (nothing is written but what both texts
 *         take); AGENTOTEL_ERR_INVALID_ARGUMENT (a function of the carrier has failed, too); AGENTOTEL_ERR_STRUCT_SIZE;
 *         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_extract(const agentotel_carrier *carrier,
                                   agentotel_remote_context *out);

/**
 * The same as `agentotel_inject` as texts: the values of the W3C's headers `traceparent`, `tracestate` and `baggage`,
 * whatever `propagators` says.
 *
 * @param session As for `agentotel_inject`.
 * @param target As for `agentotel_inject`.
 * @param traceparent Gets 55 bytes and a NUL. May be NULL, as the others.
 * @param tracestate Gets at most 512 bytes and a NUL; empty: send none.
 * @param baggage Gets at most 8192 bytes and a NUL; empty: send none.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_BUFFER_TOO_SMALL (none is written; `needed` of each says what it takes);
 *         AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_inject_texts(agentotel_session session,
                                        agentotel_target target,
                                        agentotel_text_buffer *traceparent,
                                        agentotel_text_buffer *tracestate,
                                        agentotel_text_buffer *baggage);

/**
 * The same as `agentotel_extract` from the values of the W3C's headers, whatever `propagators` says; several headers of one
 * name are joined by commas. Works without `agentotel_init`.
 *
 * @param traceparent The value, or absent.
 * @param tracestate The value, or absent.
 * @param baggage The value, or absent.
 * @param out Gets what was found. Must not be NULL.
 * @return As for `agentotel_extract`; AGENTOTEL_ERR_TOO_LARGE.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_extract_texts(agentotel_str traceparent,
                                         agentotel_str tracestate,
                                         agentotel_str baggage,
                                         agentotel_remote_context *out);

/**
 * The same as `agentotel_inject` for a message of the Model Context Protocol: a JSON object with the members `traceparent`,
 * `tracestate` and `baggage`, as far as there is something to say, to be put into the message's `params._meta`.
 *
 * @param session As for `agentotel_inject`.
 * @param target As for `agentotel_inject`; the span of the request.
 * @param out_json Gets the object. Must not be NULL.
 * @return As for `agentotel_inject_texts`.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_inject_meta(agentotel_session session,
                                       agentotel_target target,
                                       agentotel_text_buffer *out_json);

/**
 * The same as `agentotel_extract` from the `params._meta` of a message of the Model Context Protocol; its other members are
 * passed over. Works without `agentotel_init`.
 *
 * @param json The object as text, at most 1 MiB; absent: nothing came along.
 * @param out Gets what was found. Must not be NULL.
 * @return As for `agentotel_extract`; AGENTOTEL_ERR_INVALID_ARGUMENT also when `json` is no JSON object;
 *         AGENTOTEL_ERR_TOO_LARGE.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_extract_meta(agentotel_str json,
                                        agentotel_remote_context *out);

/**
 * Adds an entry to a session's baggage, in place of the one with that key: `agentotel_inject` passes it on from now on.
 * Baggage goes to whoever is called: it must hold no secrets.
 *
 * @param session An open session.
 * @param key A token of HTTP: letters, digits and some signs, no spaces.
 * @param value Any text; it is percent-encoded where it has to be.
 * @param metadata Properties as in a header, such as `ttl=30;public`; may be absent.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_TOO_LARGE (there are 64 entries, or they would take more than 8192 bytes as a header);
 *         AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE;
 *         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Keys that `inject.baggage` of the configuration lists become attributes of the session's root span, and of spans and log
 * records that are recorded or started from now on. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_session_set_baggage(agentotel_session session,
                                               agentotel_str key,
                                               agentotel_str value,
                                               agentotel_str metadata);

/**
 * Takes an entry out of a session's baggage. Attributes that were made of it stay where they are.
 *
 * @param session An open session.
 * @param key Its key.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_NOT_FOUND; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_INVALID_HANDLE;
 *         AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_session_remove_baggage(agentotel_session session,
                                                  agentotel_str key);

/**
 * An entry of a session's baggage.
 *
 * @param session An open session.
 * @param key Its key.
 * @param value Gets the value, decoded. May be NULL.
 * @param metadata Gets its properties as in a header; empty when it has none. May be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_NOT_FOUND; AGENTOTEL_ERR_BUFFER_TOO_SMALL; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_NOT_INITIALIZED;
 *         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_session_get_baggage(agentotel_session session,
                                               agentotel_str key,
                                               agentotel_text_buffer *value,
                                               agentotel_text_buffer *metadata);

/**
 * Shows all entries of a session's baggage as they are now, in the order in which they came.
 *
 * @param session An open session.
 * @param visit Called for each entry during this call, with texts that are valid while it runs; it may call the library, and
 *        changes to the baggage do not show in this call. Must not be NULL; no exception and no `longjmp` may leave it.
 * @param user_data Passed to `visit`.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE;
 *         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_session_list_baggage(agentotel_session session,
                                                void (*visit)(void *user_data,
                                                              agentotel_str key,
                                                              agentotel_str value,
                                                              agentotel_str metadata),
                                                void *user_data);

/**
 * Reads the counters of one signal, as they stand under one cut. They stay readable after `agentotel_shutdown`.
 *
 * @param signal One of `AGENTOTEL_SIGNAL_…`.
 * @param out_stats Filled as far as its `struct_size` goes. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_NOT_INITIALIZED;
 *         AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe; recording threads wait for the length of the cut (microseconds).
 * @since 0.1.0
 */
agentotel_status agentotel_get_stats(uint32_t signal,
                                     agentotel_stats *out_stats);

/**
 * Reads the counters of one exporter and signal, as they stand under one cut. They stay readable after
 * `agentotel_shutdown`.
 *
 * @param name The exporter's `name` in the configuration; unless given there, its type (`otlp`, `file`, `console`, `host`),
 *        and `otlp-2` for a second one. One that was removed keeps its last counters until another one has its name.
 * @param signal One of `AGENTOTEL_SIGNAL_…`.
 * @param out_stats Filled as far as its `struct_size` goes. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_NOT_FOUND (no such exporter, or it does not take that signal);
 *         AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_NOT_INITIALIZED;
 *         AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_get_exporter_stats(agentotel_str name,
                                              uint32_t signal,
                                              agentotel_exporter_stats *out_stats);

/**
 * What went wrong last with an exporter and signal, in one line; an empty text when nothing did since its last success.
 * Credentials are left out, what a receiver said is escaped and cut.
 *
 * @param name As for `agentotel_get_exporter_stats`.
 * @param signal One of `AGENTOTEL_SIGNAL_…`.
 * @param buffer Where the text goes, with a terminating NUL. May be NULL when `capacity` is 0.
 * @param capacity Bytes at `buffer`.
 * @param needed Gets the bytes that the text takes, its NUL included. May be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_BUFFER_TOO_SMALL; AGENTOTEL_ERR_NOT_FOUND; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_get_exporter_error(agentotel_str name,
                                              uint32_t signal,
                                              char *buffer,
                                              size_t capacity,
                                              size_t *needed);

/**
 * Reads how the storage fares, and what has become of what dead processes had left. Without `storage.directory`
 * everything is zero. It stays readable after `agentotel_shutdown`.
 *
 * @param out_stats Filled as far as its `struct_size` goes. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_NOT_INITIALIZED;
 *         AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_get_storage_stats(agentotel_storage_stats *out_stats);

/**
 * The library's last 64 diagnostic lines, oldest first, one to a line of text: what it could not do and what it set
 * right. Secrets are left out.
 *
 * @param buffer Where the text goes, with a terminating NUL. May be NULL when `capacity` is 0.
 * @param capacity Bytes at `buffer`.
 * @param needed Gets the bytes that the text takes, its NUL included. May be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_BUFFER_TOO_SMALL; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_INTERNAL.
 *
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_get_diagnostics(char *buffer,
                                           size_t capacity,
                                           size_t *needed);

/**
 * Adds an exporter to those of the configuration. It gets what is recorded from now on.
 *
 * @param exporter_json One entry as in the configuration's list `exporters`, as a JSON object with a terminating NUL, read
 *        during the call only. What it leaves out is taken from the environment and the defaults, as for the list. Give it a
 *        `name`: another one goes by its type and a number.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_CONFIG (the last error names the key, such as `exporter.endpoint`, and what is
 *         accepted: a name or a file of another exporter is not); AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_SYSTEM; AGENTOTEL_ERR_INTERNAL.
 *
 * What dead processes had left and is being delivered already does not go to it; what is taken over later does. A forked
 * child has it too. Thread-safe; does not wait for the network.
 * @since 0.1.0
 */
agentotel_status agentotel_add_exporter(const char *exporter_json);

/**
 * Removes an exporter, after delivering what was recorded before the call. What is left of that when the time is over, and
 * what is recorded meanwhile and not sent yet, is given up and counted (`AGENTOTEL_DROPPED_REMOVED`); so is what dead
 * processes had left for it, unless it was the last exporter: then that stays where it is.
 *
 * @param name The exporter's `name`; see `agentotel_get_exporter_stats`.
 * @param timeout_ms How long to wait at most, in milliseconds.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_NOT_FOUND (no such exporter, or another call is removing it); AGENTOTEL_ERR_TIMEOUT (it
 *         is removed, and the last error says what was given up); AGENTOTEL_ERR_IN_CALLBACK;
 *         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INVALID_ARGUMENT;
 *         AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_INTERNAL.
 *
 * Its counters stay readable until `agentotel_shutdown` has been followed by another `agentotel_init`, or one of its name is
 * added. Blocks for at most `timeout_ms` and a quarter of a second. A call of a host's function that has not returned by
 * then is left to its thread. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_remove_exporter(agentotel_str name,
                                           uint32_t timeout_ms);

/**
 * Registers a function that exporters of the type `host` hand their batches to, by the name that their `callback` says. A
 * batch that comes before the function is registered waits, and goes out at once when it is.
 *
 * @param name 1 to 64 letters, digits, '.', '_' and '-', the first one no '.'. One that is taken is replaced; the function
 *        before is let go of when a call of it that is under way has ended.
 * @param callbacks Read during the call only. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
 *         AGENTOTEL_ERR_INTERNAL. On failure `destroy` is not called.
 *
 * May be called before `agentotel_init`; it stays registered through `agentotel_shutdown`, and in a forked child.
 *
 * `agentotel_shutdown` hands over what there is within its deadline and begins no call afterwards. A call that has not
 * returned by then is left to its thread, which the library does not wait for any more: AGENTOTEL_ERR_TIMEOUT, whose words
 * name it. Its function is not registered any more then, and let go of when it returns.
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_register_exporter(agentotel_str name,
                                             const agentotel_exporter_callbacks *callbacks);

/**
 * Registers a function that makes the lines of `file` and `console` exporters, by the name that their `format` says. What
 * comes before the function is registered waits, and is written at once when it is.
 *
 * @param name 1 to 64 letters, digits, '.', '_' and '-', the first one no '.'; not `otlp_json`, `otlp_proto`, `tree` or
 *        `json`. One that is taken is replaced; the function before is let go of when a call of it that is under way has
 *        ended.
 * @param formatter Read during the call only. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
 *         AGENTOTEL_ERR_INTERNAL. On failure `destroy` is not called.
 *
 * May be called before `agentotel_init`; it stays registered through `agentotel_shutdown`, and in a forked child; one that
 * has not returned when a shutdown ends is treated like an exporter's function. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_register_formatter(agentotel_str name,
                                              const agentotel_formatter *formatter);

/**
 * Takes away what was registered under a name. When it returns AGENTOTEL_OK the function is not called any more, calls of
 * it on other threads have ended, and its `destroy` has been called; called from inside the function itself it does not
 * wait for that one, and `destroy` follows when it returns.
 *
 * @param kind One of `AGENTOTEL_CALLBACK_…`.
 * @param name As it was registered; for a header provider the exporter's name, for an observable gauge the instrument's.
 * @param timeout_ms How long to wait at most for calls that are under way, in milliseconds.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_NOT_FOUND (nothing of that kind has that name); AGENTOTEL_ERR_TIMEOUT (it is taken
 *         away, no call begins any more, and `destroy` is called when the one under way has ended);
 *         AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_INTERNAL.
 *
 * May be called before `agentotel_init` and after `agentotel_shutdown`. Exporters that used it keep what they have, and wait
 * for another one of that name. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_unregister(uint32_t kind,
                                      agentotel_str name,
                                      uint32_t timeout_ms);

/**
 * Has an exporter's requests carry the headers that a function of the host gives at each of them. They are secrets, like
 * those in the configuration: never shown, never stored.
 *
 * @param exporter The exporter's `name` in the configuration. It need not exist (yet).
 * @param provider The provider, in place of the one before; NULL: none any more, without waiting for a call that is under
 *        way as `agentotel_unregister` does. Read during the call only.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
 *         AGENTOTEL_ERR_INTERNAL. On failure `destroy` is not called.
 *
 * May be called before `agentotel_init`; a provider stays registered through `agentotel_shutdown`, and in a forked child.
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_register_header_provider(agentotel_str exporter,
                                                    const agentotel_header_provider *provider);

/**
 * Adds a header to a request, in place of one of the same name. To be called by a header provider, with what it was given.
 *
 * @param headers What the provider was given. Must not be NULL.
 * @param name The header's name; one that the exporter sets itself, or that is no name, fails the attempt.
 * @param value The header's value: visible ASCII characters, spaces and tabs.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_INTERNAL.
 * @since 0.1.0
 */
agentotel_status agentotel_add_header(agentotel_headers *headers,
                                      agentotel_str name,
                                      agentotel_str value);

/**
 * Registers a sampler, by the name that a configuration's `sampler` of the type `host` says. While there is none of that
 * name, sessions are kept, which the diagnostics say once.
 *
 * @param name 1 to 64 letters, digits, '.', '_' and '-', the first one no '.'. One that is taken is replaced; the sampler
 *        before is let go of when a call of it that is under way has ended.
 * @param sampler Read during the call only. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
 *         AGENTOTEL_ERR_INTERNAL. On failure `destroy` is not called.
 *
 * May be called before `agentotel_init`; it stays registered through `agentotel_shutdown`, and in a forked child.
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_register_sampler(agentotel_str name,
                                            const agentotel_sampler *sampler);

/**
 * Registers a function that puts attributes on spans and log records, by the name that `inject.host` of the configuration
 * says. What is recorded before is recorded without them.
 *
 * @param name 1 to 64 letters, digits, '.', '_' and '-', the first one no '.'. One that is taken is replaced; the function
 *        before is let go of when calls of it that are under way have ended.
 * @param injector Read during the call only. Must not be NULL.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
 *         AGENTOTEL_ERR_INTERNAL. On failure `destroy` is not called.
 *
 * May be called before `agentotel_init`; it stays registered through `agentotel_shutdown`, and in a forked child.
 * Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_register_attribute_injector(agentotel_str name,
                                                       const agentotel_attribute_injector *injector);

/**
 * Adds an attribute to what is being recorded, in place of one of the same key. To be called by an attribute injector, with
 * what it was given.
 *
 * @param attributes What the injector was given. Must not be NULL.
 * @param attribute The attribute; copied. Must not be NULL, and its key not empty.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_TOO_LARGE (64 attributes, or 64 KiB, are given);
 *         AGENTOTEL_ERR_INTERNAL.
 * @since 0.1.0
 */
agentotel_status agentotel_add_attribute(agentotel_attributes *attributes,
                                         const agentotel_attribute *attribute);

/**
 * Sets the function that is told what the library says about itself: what it could not do and what it set right, as far as
 * `diagnostics.level` in the configuration (`OTEL_LOG_LEVEL`) goes. The library prints nothing itself. Lines come in their
 * order, some time after they were said, 20 at once and 2 a second at most; `agentotel_get_diagnostics` has the last 64 in
 * any case.
 *
 * @param handler Read during the call only. It takes the place of the one before, which is let go of when a call of it that
 *        is under way has ended. NULL: there is none any more.
 * @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_INTERNAL. On failure
 *         `destroy` is not called, and the one before stays.
 *
 * May be called before `agentotel_init`, to be told what is wrong with the environment; the handler stays through
 * `agentotel_shutdown`, which hands over what there is within its deadline, and in a forked child. One that has not returned
 * when a shutdown ends is let go of when it does. Thread-safe.
 * @since 0.1.0
 */
agentotel_status agentotel_set_diagnostic_handler(const agentotel_diagnostic_handler *handler);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/* A text of a given length, from a text with a terminating NUL (NULL is absent), and from a literal. */
static inline agentotel_str agentotel_str_of(const char *data, size_t len) {
  agentotel_str str;
  str.data = data;
  str.len = len;
  return str;
}

static inline agentotel_str agentotel_cstr(const char *text) {
  return agentotel_str_of(text, text ? strlen(text) : 0);
}

#define AGENTOTEL_STR(literal) (agentotel_str_of("" literal, sizeof(literal) - 1))

/* Optional numbers that are there. */
static inline agentotel_i64 agentotel_i64_of(int64_t value) {
  agentotel_i64 number = { value, 1, { 0 } };
  return number;
}

static inline agentotel_f64 agentotel_f64_of(double value) {
  agentotel_f64 number = { value, 1, { 0 } };
  return number;
}

static inline agentotel_bool agentotel_bool_of(int value) {
  agentotel_bool truth = { (uint8_t)(value != 0), 1 };
  return truth;
}

#define AGENTOTEL_I64(number) (agentotel_i64_of(number))
#define AGENTOTEL_F64(number) (agentotel_f64_of(number))
#define AGENTOTEL_BOOL(truth) (agentotel_bool_of(truth))

/* Attributes. The first makes one of any type, whose value is set afterwards. */
static inline agentotel_attribute agentotel_attribute_of(agentotel_str key, uint32_t type) {
  agentotel_attribute attribute = { key, type, 0, { { NULL, 0 } } };
  return attribute;
}

static inline agentotel_attribute agentotel_attr_string(agentotel_str key, agentotel_str value) {
  agentotel_attribute attribute = { key, AGENTOTEL_TYPE_STRING, 0, { value } };
  return attribute;
}

static inline agentotel_attribute agentotel_attr_bool(agentotel_str key, int value) {
  agentotel_attribute attribute = { key, AGENTOTEL_TYPE_BOOL, 0, { { NULL, 0 } } };
  attribute.value.boolean = value != 0;
  return attribute;
}

static inline agentotel_attribute agentotel_attr_int64(agentotel_str key, int64_t value) {
  agentotel_attribute attribute = { key, AGENTOTEL_TYPE_INT64, 0, { { NULL, 0 } } };
  attribute.value.int64 = value;
  return attribute;
}

static inline agentotel_attribute agentotel_attr_double(agentotel_str key, double value) {
  agentotel_attribute attribute = { key, AGENTOTEL_TYPE_DOUBLE, 0, { { NULL, 0 } } };
  attribute.value.float64 = value;
  return attribute;
}

static inline agentotel_attribute agentotel_attr_json(agentotel_str key, agentotel_str text) {
  agentotel_attribute attribute = { key, AGENTOTEL_TYPE_JSON, 0, { text } };
  return attribute;
}

/* Memory for a text. */
static inline agentotel_text_buffer agentotel_text_buffer_of(char *data, size_t capacity) {
  agentotel_text_buffer buffer = { data, capacity, 0 };
  return buffer;
}

/* Initialisers: `agentotel_llm llm = AGENTOTEL_LLM_INIT;`, then set what is known. */
#ifdef __cplusplus
#define AGENTOTEL_ZEROED_(type) (agentotel_zeroed_<type>())
extern "C++" {
template <typename T>
static inline T agentotel_zeroed_() {
  T value;
  memset(&value, 0, sizeof value);
  value.struct_size = sizeof value;
  return value;
}
}
#else
#define AGENTOTEL_ZEROED_(type) { .struct_size = sizeof(type) }
#endif

#define AGENTOTEL_EXPORTER_CALLBACKS_INIT AGENTOTEL_ZEROED_(agentotel_exporter_callbacks)
#define AGENTOTEL_FORMATTER_INIT AGENTOTEL_ZEROED_(agentotel_formatter)
#define AGENTOTEL_HEADER_PROVIDER_INIT AGENTOTEL_ZEROED_(agentotel_header_provider)
#define AGENTOTEL_SAMPLER_INIT AGENTOTEL_ZEROED_(agentotel_sampler)
#define AGENTOTEL_ATTRIBUTE_INJECTOR_INIT AGENTOTEL_ZEROED_(agentotel_attribute_injector)
#define AGENTOTEL_DIAGNOSTIC_HANDLER_INIT AGENTOTEL_ZEROED_(agentotel_diagnostic_handler)
#define AGENTOTEL_CARRIER_INIT AGENTOTEL_ZEROED_(agentotel_carrier)
#define AGENTOTEL_REMOTE_CONTEXT_INIT AGENTOTEL_ZEROED_(agentotel_remote_context)
#define AGENTOTEL_SESSION_OPTIONS_INIT AGENTOTEL_ZEROED_(agentotel_session_options)
#define AGENTOTEL_SESSION_END_INIT AGENTOTEL_ZEROED_(agentotel_session_end)
#define AGENTOTEL_EVENT_DATA_INIT AGENTOTEL_ZEROED_(agentotel_event_data)
#define AGENTOTEL_LLM_INIT AGENTOTEL_ZEROED_(agentotel_llm)
#define AGENTOTEL_TOOL_INIT AGENTOTEL_ZEROED_(agentotel_tool)
#define AGENTOTEL_ACTION_INIT AGENTOTEL_ZEROED_(agentotel_action)
#define AGENTOTEL_EMBEDDINGS_INIT AGENTOTEL_ZEROED_(agentotel_embeddings)
#define AGENTOTEL_RETRIEVAL_INIT AGENTOTEL_ZEROED_(agentotel_retrieval)
#define AGENTOTEL_AGENT_INIT AGENTOTEL_ZEROED_(agentotel_agent)
#define AGENTOTEL_WORKFLOW_INIT AGENTOTEL_ZEROED_(agentotel_workflow)
#define AGENTOTEL_MCP_INIT AGENTOTEL_ZEROED_(agentotel_mcp)
#define AGENTOTEL_HANDOFF_INIT AGENTOTEL_ZEROED_(agentotel_handoff)
#define AGENTOTEL_PLAN_INIT AGENTOTEL_ZEROED_(agentotel_plan)
#define AGENTOTEL_APPROVAL_INIT AGENTOTEL_ZEROED_(agentotel_approval)
#define AGENTOTEL_GUARDRAIL_INIT AGENTOTEL_ZEROED_(agentotel_guardrail)
#define AGENTOTEL_MEMORY_INIT AGENTOTEL_ZEROED_(agentotel_memory)
#define AGENTOTEL_COMPACTION_INIT AGENTOTEL_ZEROED_(agentotel_compaction)
#define AGENTOTEL_EVALUATION_INIT AGENTOTEL_ZEROED_(agentotel_evaluation)
#define AGENTOTEL_FEEDBACK_INIT AGENTOTEL_ZEROED_(agentotel_feedback)
#define AGENTOTEL_ERROR_INIT AGENTOTEL_ZEROED_(agentotel_error)
#define AGENTOTEL_LOG_RECORD_INIT AGENTOTEL_ZEROED_(agentotel_log_record)
#define AGENTOTEL_INSTRUMENT_INIT AGENTOTEL_ZEROED_(agentotel_instrument)
#define AGENTOTEL_OBSERVABLE_INIT AGENTOTEL_ZEROED_(agentotel_observable)
#define AGENTOTEL_LINK_INIT AGENTOTEL_ZEROED_(agentotel_link)
#define AGENTOTEL_SPAN_EVENT_INIT AGENTOTEL_ZEROED_(agentotel_span_event)
#define AGENTOTEL_LIVE_EVENT_INIT AGENTOTEL_ZEROED_(agentotel_live_event)
#define AGENTOTEL_STATS_INIT AGENTOTEL_ZEROED_(agentotel_stats)
#define AGENTOTEL_EXPORTER_STATS_INIT AGENTOTEL_ZEROED_(agentotel_exporter_stats)
#define AGENTOTEL_STORAGE_STATS_INIT AGENTOTEL_ZEROED_(agentotel_storage_stats)

#endif /* AGENTOTEL_H */
