/* The smallest complete agent: a session, one answer of a model, one tool that the answer asked for.
 *
 *     cc quickstart.c -lagentotel -o quickstart && ./quickstart
 *
 * It reports to an OpenTelemetry Collector on this machine, or wherever OTEL_EXPORTER_OTLP_ENDPOINT points.
 */
#include <agentotel.h>
#include <stdio.h>

/* A status says that something went wrong; the library has the words for what it was. */
static int failed(const char *what, agentotel_status status) {
  char words[512] = "";
  if (status == AGENTOTEL_OK) return 0;
  agentotel_last_error(words, sizeof words, NULL);
  fprintf(stderr, "%s: %s: %s\n", what, agentotel_status_name(status), words);
  return 1;
}

int main(void) {
  /* NULL is the environment and the defaults. */
  if (failed("init", agentotel_init(AGENTOTEL_ABI_VERSION, NULL))) return 1;

  /* A session becomes a trace. Begin every struct with its initialiser, then say what you know. */
  agentotel_session session = 0;
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  options.agent_name = AGENTOTEL_STR("travel-agent");
  options.provider = AGENTOTEL_STR("openai");
  int failures = failed("start session", agentotel_start_session(&options, &session));

  /* What is over already is recorded in one call. Its context is a name for it, to hang other spans below. */
  agentotel_span_context answered = {{0}, {0}, 0, 0, {0}};
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  llm.request_model = AGENTOTEL_STR("gpt-4o");
  llm.input_tokens = AGENTOTEL_I64(812);
  llm.output_tokens = AGENTOTEL_I64(37);
  agentotel_event_data answer = AGENTOTEL_EVENT_DATA_INIT;
  answer.kind = AGENTOTEL_KIND_LLM;
  answer.llm = &llm;
  answer.duration_nano = 1400 * 1000000LL;
  failures += failed("record answer", agentotel_record_event(session, &answer, &answered));

  /* What takes its time is started and ended; the library measures it. */
  agentotel_event running = 0;
  agentotel_tool tool = AGENTOTEL_TOOL_INIT;
  tool.name = AGENTOTEL_STR("find_flights");
  agentotel_event_data call = AGENTOTEL_EVENT_DATA_INIT;
  call.kind = AGENTOTEL_KIND_TOOL;
  call.tool = &tool;
  call.parent.context = &answered;
  failures += failed("start tool", agentotel_start_event(session, &call, &running));
  /* ... here the tool does its work ... */
  failures += failed("end tool", agentotel_end_event(running, NULL));

  failures += failed("end session", agentotel_end_session(session, NULL));

  /* Delivers what is left, for five seconds at most; if that was not enough, the words say what is pending.
   */
  return failures + failed("shutdown", agentotel_shutdown(5000)) > 0;
}
