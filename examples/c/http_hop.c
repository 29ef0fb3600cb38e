/* An HTTP hop: one agent calls another over HTTP, and both are one trace. The caller writes its context into
 * the request's headers, the callee reads it from there and continues the trace; the baggage goes along. Both
 * are in this process here, and the request stays in memory: what matters is which headers it has. */
#include <agentotel.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MOST_HEADERS 8

/* A request as an HTTP library has it: headers in order, whose names have no case. */
struct request {
  struct {
    char name[64], value[1024];
  } headers[MOST_HEADERS];
  size_t count;
};

static agentotel_status get_header(void *user_data, agentotel_str name, size_t position,
                                   agentotel_str *value) {
  const struct request *request = user_data;
  for (size_t i = 0; i < request->count; i++) {
    const char *own = request->headers[i].name;
    if (strlen(own) != name.len || strncasecmp(own, name.data, name.len) != 0 || position-- > 0) continue;
    *value = agentotel_cstr(request->headers[i].value);
    return AGENTOTEL_OK;
  }
  return AGENTOTEL_ERR_NOT_FOUND;
}

static agentotel_status set_header(void *user_data, agentotel_str name, agentotel_str value) {
  struct request *request = user_data;
  if (request->count == MOST_HEADERS || name.len >= sizeof request->headers->name ||
      value.len >= sizeof request->headers->value)
    return AGENTOTEL_ERR_TOO_LARGE;
  memcpy(request->headers[request->count].name, name.data, name.len);
  memcpy(request->headers[request->count].value, value.data, value.len);
  request->count++;
  return AGENTOTEL_OK;
}

static int failed(const char *what, agentotel_status status) {
  char why[512] = "";
  agentotel_last_error(why, sizeof why, NULL);
  fprintf(stderr, "%s: %s: %s\n", what, agentotel_status_name(status), why);
  return 1;
}

/* The agent that is called. */
static int serve(struct request *request) {
  char trace_state[513], baggage[8193];
  agentotel_carrier carrier = AGENTOTEL_CARRIER_INIT;
  agentotel_remote_context remote = AGENTOTEL_REMOTE_CONTEXT_INIT;
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_session session = 0;
  agentotel_status status;
  carrier.get = get_header;
  carrier.user_data = request;
  remote.trace_state = agentotel_text_buffer_of(trace_state, sizeof trace_state);
  remote.baggage = agentotel_text_buffer_of(baggage, sizeof baggage);
  if ((status = agentotel_extract(&carrier, &remote)) != AGENTOTEL_OK) return failed("extract", status);

  options.name = AGENTOTEL_STR("answer a question");
  options.parent = &remote.span;
  options.trace_state = agentotel_cstr(trace_state);
  options.baggage = agentotel_cstr(baggage);
  if ((status = agentotel_start_session(&options, &session)) != AGENTOTEL_OK)
    return failed("session", status);
  return (status = agentotel_end_session(session, NULL)) == AGENTOTEL_OK ? 0 : failed("end", status);
}

/* The agent that calls. */
static int call(void) {
  struct request request;
  agentotel_carrier carrier = AGENTOTEL_CARRIER_INIT;
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  agentotel_target target;
  agentotel_session session = 0;
  agentotel_event event = 0;
  agentotel_status status;
  options.name = AGENTOTEL_STR("ask a colleague");
  if ((status = agentotel_start_session(&options, &session)) != AGENTOTEL_OK)
    return failed("session", status);
  status = agentotel_session_set_baggage(session, AGENTOTEL_STR("tenant"), AGENTOTEL_STR("J. Doe & sons"),
                                         AGENTOTEL_STR(""));
  if (status != AGENTOTEL_OK) return failed("baggage", status);
  data.name = AGENTOTEL_STR("POST /questions");
  data.span_kind = AGENTOTEL_SPAN_KIND_CLIENT;
  if ((status = agentotel_start_event(session, &data, &event)) != AGENTOTEL_OK)
    return failed("event", status);

  memset(&request, 0, sizeof request);
  carrier.set = set_header;
  carrier.user_data = &request;
  target.event = event;
  target.context = NULL;
  if ((status = agentotel_inject(session, target, &carrier)) != AGENTOTEL_OK) return failed("inject", status);
  puts("POST /questions HTTP/1.1");
  for (size_t i = 0; i < request.count; i++)
    printf("%s: %s\n", request.headers[i].name, request.headers[i].value);
  if (serve(&request) != 0) return 1;

  if ((status = agentotel_end_event(event, NULL)) != AGENTOTEL_OK) return failed("end of the event", status);
  return (status = agentotel_end_session(session, NULL)) == AGENTOTEL_OK ? 0 : failed("end", status);
}

/* http_hop          shows the trace on the terminal
 * http_hop FILE     appends it to a file, as OTLP JSON */
int main(int argc, char **argv) {
  /* `tenant` is put on every span of both. */
  char exporter[1024] = "{\"type\": \"console\"}", config[2048];
  if (argc > 1) snprintf(exporter, sizeof exporter, "{\"type\": \"file\", \"path\": \"%s\"}", argv[1]);
  snprintf(config, sizeof config, "{\"exporters\": [%s], \"inject\": {\"baggage\": [\"tenant\"]}}", exporter);
  agentotel_status status = agentotel_init(AGENTOTEL_ABI_VERSION, config);
  if (status != AGENTOTEL_OK) return failed("init", status);
  int result = call();
  status = agentotel_shutdown(5000);
  return status == AGENTOTEL_OK ? result : failed("shutdown", status);
}
