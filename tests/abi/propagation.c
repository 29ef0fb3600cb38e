/* Contexts that are passed on and taken in: through a carrier, as texts, as members of a message; and the
 * baggage that goes along. */
#include "support.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
#define PARENT "00-" TRACE "-" SPAN "-03"

/* Headers of a request, in order. */
struct headers {
  struct {
    char key[64], value[9000];
  } all[16];
  size_t count;
  agentotel_status answer;
};

static agentotel_status get_header(void *user_data, agentotel_str key, size_t position,
                                   agentotel_str *value) {
  const struct headers *headers = user_data;
  if (headers->answer != AGENTOTEL_OK) return headers->answer;
  for (size_t i = 0; i < headers->count; i++)
    if (strlen(headers->all[i].key) == key.len && memcmp(headers->all[i].key, key.data, key.len) == 0 &&
        position-- == 0) {
      *value = agentotel_cstr(headers->all[i].value);
      return AGENTOTEL_OK;
    }
  return AGENTOTEL_ERR_NOT_FOUND;
}

static agentotel_status set_header(void *user_data, agentotel_str key, agentotel_str value) {
  struct headers *headers = user_data;
  if (headers->answer != AGENTOTEL_OK) return headers->answer;
  assert_true(headers->count < COUNT(headers->all));
  snprintf(headers->all[headers->count].key, sizeof headers->all->key, "%.*s", (int)key.len, key.data);
  snprintf(headers->all[headers->count].value, sizeof headers->all->value, "%.*s", (int)value.len,
           value.data);
  headers->count++;
  return AGENTOTEL_OK;
}

static agentotel_status header_at(void *user_data, size_t position, agentotel_str *key) {
  const struct headers *headers = user_data;
  if (position >= headers->count) return AGENTOTEL_ERR_NOT_FOUND;
  *key = agentotel_cstr(headers->all[position].key);
  return AGENTOTEL_OK;
}

static agentotel_carrier carrier_of(struct headers *headers) {
  agentotel_carrier carrier = AGENTOTEL_CARRIER_INIT;
  carrier.get = get_header;
  carrier.set = set_header;
  carrier.key_at = header_at;
  carrier.user_data = headers;
  return carrier;
}

static void add_header(struct headers *headers, const char *key, const char *value) {
  assert_ok(set_header(headers, agentotel_cstr(key), agentotel_cstr(value)));
}

static const char *header(const struct headers *headers, const char *key) {
  for (size_t i = 0; i < headers->count; i++)
    if (strcmp(headers->all[i].key, key) == 0) return headers->all[i].value;
  return "";
}

/* What came along, with memory for it. */
struct remote {
  agentotel_remote_context context;
  char trace_state[513], baggage[8193];
};

static agentotel_remote_context *room_in(struct remote *remote) {
  agentotel_remote_context context = AGENTOTEL_REMOTE_CONTEXT_INIT;
  memset(remote, 0, sizeof *remote);
  context.trace_state = agentotel_text_buffer_of(remote->trace_state, sizeof remote->trace_state);
  context.baggage = agentotel_text_buffer_of(remote->baggage, sizeof remote->baggage);
  remote->context = context;
  return &remote->context;
}

static agentotel_session continue_from(const struct remote *remote) {
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  agentotel_session session = 0;
  options.parent = &remote->context.span;
  options.trace_state = agentotel_cstr(remote->trace_state);
  options.baggage = agentotel_cstr(remote->baggage);
  assert_ok(agentotel_start_session(&options, &session));
  return session;
}

static const agentotel_target ROOT = {0, NULL};

static int begin(void **state) {
  (void)state;
  start_recording();
  return 0;
}

static void what_came_along_goes_on_through_a_session(void **state) {
  static struct headers in, out;
  struct remote remote;
  char span_id[17];
  agentotel_carrier carrier;
  agentotel_span_context context;
  (void)state;
  memset(&in, 0, sizeof in);
  memset(&out, 0, sizeof out);
  /* The case of a name does not matter, and lists may be spread over several headers. */
  add_header(&in, "TraceParent", PARENT);
  add_header(&in, "tracestate", "vendor=1 ");
  add_header(&in, "tracestate", "other=2");
  add_header(&in, "Baggage", "tenant=J.%20Doe;public,plan=gold");
  carrier = carrier_of(&in);
  assert_ok(agentotel_extract(&carrier, room_in(&remote)));
  assert_string_equal(remote.trace_state, "vendor=1,other=2");
  assert_string_equal(remote.baggage, "tenant=J.%20Doe;public,plan=gold");
  assert_int_equal(remote.context.span.is_remote, 1);
  assert_int_equal(remote.context.span.trace_flags, 3);
  assert_int_equal(remote.context.baggage.needed, strlen(remote.baggage) + 1);

  agentotel_session session = continue_from(&remote);
  agentotel_event event = start_named(session, "call");
  agentotel_target target = {event, NULL};
  carrier = carrier_of(&out);
  assert_ok(agentotel_inject(session, target, &carrier));
  assert_ok(agentotel_event_context(event, &context));
  hex_of(context.span_id, sizeof context.span_id, span_id);
  char expected[64];
  snprintf(expected, sizeof expected, "00-" TRACE "-%s-03", span_id);
  assert_string_equal(header(&out, "traceparent"), expected);
  assert_string_equal(header(&out, "tracestate"), "vendor=1,other=2");
  assert_string_equal(header(&out, "baggage"), "tenant=J.%20Doe;public,plan=gold");
  assert_int_equal(out.count, 3);

  /* An event says whose it is; a context alone is passed on alone. */
  memset(&out, 0, sizeof out);
  assert_ok(agentotel_inject(0, target, &carrier));
  assert_string_equal(header(&out, "traceparent"), expected);
  assert_string_equal(header(&out, "baggage"), "tenant=J.%20Doe;public,plan=gold");
  memset(&out, 0, sizeof out);
  agentotel_target alone = {0, &context};
  assert_ok(agentotel_inject(0, alone, &carrier));
  assert_string_equal(header(&out, "traceparent"), expected);
  assert_int_equal(out.count, 1);

  assert_ok(agentotel_end_event(event, NULL));
  assert_ok(agentotel_end_session(session, NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  const cJSON *root = find_named(spans, "session");
  assert_string_equal(text_of(root, "traceId"), TRACE);
  assert_string_equal(text_of(root, "parentSpanId"), SPAN);
  assert_string_equal(text_of(root, "traceState"), "vendor=1,other=2");
  cJSON_Delete(spans);
}

static void texts_say_what_they_take(void **state) {
  char traceparent[56], tracestate[513], baggage[64];
  agentotel_text_buffer parent = agentotel_text_buffer_of(NULL, 0), tracing = parent, all = parent;
  struct remote remote;
  agentotel_session session = new_session();
  (void)state;
  assert_ok(
      agentotel_session_set_baggage(session, AGENTOTEL_STR("k"), AGENTOTEL_STR("v w"), AGENTOTEL_STR("")));
  assert_ok(agentotel_inject_texts(session, ROOT, &parent, &tracing, &all));
  assert_int_equal(parent.needed, sizeof traceparent);
  assert_int_equal(tracing.needed, 1);
  assert_int_equal(all.needed, sizeof "k=v%20w");
  memset(traceparent, '#', sizeof traceparent);
  parent = agentotel_text_buffer_of(traceparent, sizeof traceparent);
  tracing = agentotel_text_buffer_of(tracestate, sizeof tracestate);
  all = agentotel_text_buffer_of(baggage, 7);
  assert_status(AGENTOTEL_ERR_BUFFER_TOO_SMALL,
                agentotel_inject_texts(session, ROOT, &parent, &tracing, &all));
  assert_int_equal(all.needed, 8);
  assert_int_equal(traceparent[0], '#');
  all.capacity = sizeof baggage;
  assert_ok(agentotel_inject_texts(session, ROOT, &parent, &tracing, &all));
  assert_string_equal(tracestate, "");
  assert_string_equal(baggage, "k=v%20w");
  assert_ok(agentotel_inject_texts(session, ROOT, NULL, NULL, NULL));

  assert_ok(agentotel_extract_texts(agentotel_cstr(traceparent), agentotel_cstr(NULL),
                                    agentotel_cstr(baggage), room_in(&remote)));
  agentotel_span_context context;
  assert_ok(agentotel_session_context(session, &context));
  assert_memory_equal(remote.context.span.trace_id, context.trace_id, sizeof context.trace_id);
  assert_memory_equal(remote.context.span.span_id, context.span_id, sizeof context.span_id);
  /* Its own trace id is random in all its bits, and that is said. */
  assert_int_equal(remote.context.span.trace_flags, 3);
  room_in(&remote)->baggage.capacity = 3;
  assert_status(AGENTOTEL_ERR_BUFFER_TOO_SMALL,
                agentotel_extract_texts(agentotel_cstr(traceparent), agentotel_cstr(NULL),
                                        agentotel_cstr(baggage), &remote.context));
  assert_int_equal(remote.context.baggage.needed, 8);
  assert_int_equal(remote.context.span.is_remote, 0);
  room_in(&remote)->baggage.data = NULL;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_extract_texts(agentotel_cstr(traceparent), agentotel_cstr(NULL),
                                        agentotel_cstr(baggage), &remote.context));
  assert_ok(agentotel_end_session(session, NULL));
  stop();
}

static void what_is_broken_names_no_span_and_starts_a_trace(void **state) {
  static const char *const broken[] = {"", "x", "00-" TRACE "-" SPAN "-1", "ff-" TRACE "-" SPAN "-01",
                                       "00-00000000000000000000000000000000-" SPAN "-01"};
  struct remote remote;
  char trace_id[33];
  agentotel_span_context context;
  (void)state;
  for (size_t i = 0; i < COUNT(broken); i++) {
    assert_ok(agentotel_extract_texts(agentotel_cstr(broken[i]), AGENTOTEL_STR("a=1"), AGENTOTEL_STR(",;=,"),
                                      room_in(&remote)));
    assert_string_equal(remote.trace_state, "");
    assert_string_equal(remote.baggage, "");
    agentotel_session session = continue_from(&remote);
    assert_ok(agentotel_session_context(session, &context));
    hex_of(context.trace_id, sizeof context.trace_id, trace_id);
    assert_string_not_equal(trace_id, TRACE);
    assert_ok(agentotel_end_session(session, NULL));
  }
  /* A tracestate that is broken is dropped alone, wherever it comes from. */
  assert_ok(agentotel_extract_texts(AGENTOTEL_STR(PARENT), AGENTOTEL_STR("a=1,a=2"), agentotel_cstr(NULL),
                                    room_in(&remote)));
  assert_string_equal(remote.trace_state, "");
  strcpy(remote.trace_state, "A=1");
  assert_ok(agentotel_end_session(continue_from(&remote), NULL));
  strcpy(remote.trace_state, "tenant@abcdefghijklmn=1");
  assert_ok(agentotel_end_session(continue_from(&remote), NULL));
  stop();
  cJSON *spans = read_spans(recording_path());
  size_t kept = 0;
  for (const cJSON *span = spans->child; span; span = span->next)
    kept += strcmp(text_of(span, "traceState"), "tenant@abcdefghijklmn=1") == 0;
  assert_int_equal(kept, 1);
  cJSON_Delete(spans);
}

static void a_message_has_its_context_in_meta(void **state) {
  char json[1024], message[2048];
  agentotel_text_buffer buffer = agentotel_text_buffer_of(json, sizeof json);
  struct remote remote;
  agentotel_session session = new_session();
  (void)state;
  assert_ok(agentotel_session_set_baggage(session, AGENTOTEL_STR("k"), AGENTOTEL_STR("\"q\""),
                                          AGENTOTEL_STR("p=1")));
  assert_ok(agentotel_inject_meta(session, ROOT, &buffer));
  cJSON *meta = cJSON_Parse(json);
  assert_int_equal(strlen(text_of(meta, "traceparent")), 55);
  assert_string_equal(text_of(meta, "baggage"), "k=%22q%22;p=1");
  assert_null(cJSON_GetObjectItem(meta, "tracestate"));
  cJSON_Delete(meta);
  snprintf(message, sizeof message, "{\"progressToken\":{\"a\":[1]},%s", json + 1);
  assert_ok(agentotel_extract_meta(agentotel_cstr(message), room_in(&remote)));
  assert_string_equal(remote.baggage, "k=%22q%22;p=1");
  assert_int_equal(remote.context.span.is_remote, 1);
  assert_ok(agentotel_extract_meta(agentotel_cstr(NULL), room_in(&remote)));
  assert_int_equal(remote.context.span.is_remote, 0);
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_extract_meta(AGENTOTEL_STR("[1]"), room_in(&remote)));
  assert_last_error_names("json");
  size_t length = 1048577;
  char *large = malloc(length);
  memset(large, ' ', length);
  assert_status(AGENTOTEL_ERR_TOO_LARGE,
                agentotel_extract_meta(agentotel_str_of(large, length), room_in(&remote)));
  free(large);
  assert_ok(agentotel_end_session(session, NULL));
  stop();
}

static void count_entry(void *user_data, agentotel_str key, agentotel_str value, agentotel_str metadata) {
  char *all = user_data;
  sprintf(all + strlen(all), "%.*s|%.*s|%.*s ", (int)key.len, key.data, (int)value.len, value.data,
          (int)metadata.len, metadata.data);
}

static void baggage_is_set_read_and_taken_away(void **state) {
  char value[32], metadata[32], all[256] = "";
  agentotel_text_buffer value_buffer = agentotel_text_buffer_of(value, sizeof value);
  agentotel_text_buffer metadata_buffer = agentotel_text_buffer_of(metadata, sizeof metadata);
  const agentotel_str key = AGENTOTEL_STR("user"), none = AGENTOTEL_STR("");
  agentotel_session session = new_session(), other = new_session();
  (void)state;
  assert_ok(agentotel_session_set_baggage(session, key, AGENTOTEL_STR("old"), none));
  assert_ok(agentotel_session_set_baggage(session, AGENTOTEL_STR("b"), AGENTOTEL_STR("2"), none));
  assert_ok(
      agentotel_session_set_baggage(session, key, AGENTOTEL_STR("J\xc3\xb6"), AGENTOTEL_STR("ttl=3;x")));
  assert_ok(agentotel_session_get_baggage(session, key, &value_buffer, &metadata_buffer));
  assert_string_equal(value, "J\xc3\xb6");
  assert_string_equal(metadata, "ttl=3;x");
  assert_ok(agentotel_session_get_baggage(session, key, NULL, NULL));
  assert_ok(agentotel_session_list_baggage(session, count_entry, all));
  assert_string_equal(all, "user|J\xc3\xb6|ttl=3;x b|2| ");
  assert_status(AGENTOTEL_ERR_NOT_FOUND, agentotel_session_get_baggage(other, key, NULL, NULL));
  assert_ok(agentotel_session_remove_baggage(session, key));
  assert_status(AGENTOTEL_ERR_NOT_FOUND, agentotel_session_remove_baggage(session, key));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_session_set_baggage(session, AGENTOTEL_STR("a b"), none, none));
  assert_last_error_names("a b");
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_session_set_baggage(session, key, none, AGENTOTEL_STR("a b")));
  for (int i = 0; i < 63; i++) {
    char name[16];
    snprintf(name, sizeof name, "k%d", i);
    assert_ok(agentotel_session_set_baggage(session, agentotel_cstr(name), none, none));
  }
  assert_status(AGENTOTEL_ERR_TOO_LARGE, agentotel_session_set_baggage(session, key, none, none));
  char *large = malloc(9000);
  memset(large, 'x', 9000);
  assert_status(AGENTOTEL_ERR_TOO_LARGE,
                agentotel_session_set_baggage(other, key, agentotel_str_of(large, 9000), none));
  free(large);
  assert_ok(agentotel_end_session(session, NULL));
  assert_status(AGENTOTEL_ERR_STALE_HANDLE, agentotel_session_set_baggage(session, key, none, none));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_session_list_baggage(other, NULL, NULL));
  assert_ok(agentotel_end_session(other, NULL));
  stop();
}

static void a_carrier_may_fail_and_never_harms(void **state) {
  static struct headers headers;
  struct remote remote;
  agentotel_session session = new_session();
  agentotel_span_context zero;
  agentotel_target nowhere = {0, &zero};
  (void)state;
  memset(&headers, 0, sizeof headers);
  memset(&zero, 0, sizeof zero);
  agentotel_carrier carrier = carrier_of(&headers);
  headers.answer = AGENTOTEL_ERR_SYSTEM;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_inject(session, ROOT, &carrier));
  assert_last_error_names("AGENTOTEL_ERR_SYSTEM");
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_extract(&carrier, room_in(&remote)));
  assert_last_error_names("get");
  headers.answer = AGENTOTEL_OK;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_inject(0, ROOT, &carrier));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_inject(0, nowhere, &carrier));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_inject(session, ROOT, NULL));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_extract(NULL, room_in(&remote)));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_extract(&carrier, NULL));
  assert_int_equal(headers.count, 0);
  carrier.set = NULL;
  carrier.get = NULL;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_inject(session, ROOT, &carrier));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_extract(&carrier, room_in(&remote)));
  carrier.struct_size = 8;
  assert_status(AGENTOTEL_ERR_STRUCT_SIZE, agentotel_inject(session, ROOT, &carrier));
  room_in(&remote)->struct_size = 8;
  carrier = carrier_of(&headers);
  assert_status(AGENTOTEL_ERR_STRUCT_SIZE, agentotel_extract(&carrier, &remote.context));
  assert_ok(agentotel_end_session(session, NULL));
  stop();
}

static void the_formats_are_those_of_the_configuration(void **state) {
  static struct headers headers;
  struct remote remote;
  (void)state;
  memset(&headers, 0, sizeof headers);
  agentotel_carrier carrier = carrier_of(&headers);
  start_with("{\"exporters\":[],\"propagators\":[\"b3\",\"jaeger\"]}");
  agentotel_session session = new_session();
  assert_ok(
      agentotel_session_set_baggage(session, AGENTOTEL_STR("k"), AGENTOTEL_STR("v w"), AGENTOTEL_STR("")));
  assert_ok(agentotel_inject(session, ROOT, &carrier));
  assert_int_equal(strlen(header(&headers, "b3")), 51);
  assert_int_equal(strlen(header(&headers, "uber-trace-id")), 53);
  assert_string_equal(header(&headers, "uberctx-k"), "v%20w");
  assert_string_equal(header(&headers, "traceparent"), "");
  assert_ok(agentotel_extract(&carrier, room_in(&remote)));
  assert_int_equal(remote.context.span.is_remote, 1);
  assert_string_equal(remote.baggage, "k=v%20w");
  assert_ok(agentotel_end_session(session, NULL));
  assert_ok(agentotel_shutdown(1000));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, stop_anyway)

int run_propagation(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_came_along_goes_on_through_a_session),
      TEST(texts_say_what_they_take),
      TEST(what_is_broken_names_no_span_and_starts_a_trace),
      TEST(a_message_has_its_context_in_meta),
      TEST(baggage_is_set_read_and_taken_away),
      TEST(a_carrier_may_fail_and_never_harms),
      cmocka_unit_test_teardown(the_formats_are_those_of_the_configuration, stop_anyway),
  };
  return GROUP(tests);
}
