/* See every.h. The list is complete: symbols.sh compares the library's symbols with the committed list, and
 * `the_list_of_functions_is_complete` this one with that. */
#include "every.h"

static agentotel_status init_(void) {
  return agentotel_init(AGENTOTEL_ABI_VERSION, "{\"exporters\":[]}");
}
static agentotel_status flush_(void) {
  return agentotel_flush(1000);
}
static agentotel_status shutdown_(void) {
  return agentotel_shutdown(1000);
}

static agentotel_status last_error_(void) {
  size_t needed = 0;
  char words[1024];
  return agentotel_last_error(words, sizeof words, &needed);
}

static agentotel_status start_session_(void) {
  agentotel_session session = 0;
  return agentotel_start_session(NULL, &session);
}

static agentotel_status session_set_attributes_(void) {
  agentotel_attribute attribute = agentotel_attr_int64(AGENTOTEL_STR("key"), 1);
  return agentotel_session_set_attributes(0, &attribute, 1);
}

static agentotel_status session_context_(void) {
  agentotel_span_context context;
  return agentotel_session_context(0, &context);
}

static agentotel_status end_session_(void) {
  return agentotel_end_session(0, NULL);
}

static agentotel_status record_event_(void) {
  agentotel_event_data data = named_event("event");
  return agentotel_record_event(0, &data, NULL);
}

static agentotel_status record_events_(void) {
  agentotel_event_data data = named_event("event");
  size_t recorded = 99;
  agentotel_status status = agentotel_record_events(0, &data, 1, NULL, &recorded);
  return recorded == 0 ? status : 1;
}

static agentotel_status start_event_(void) {
  agentotel_event_data data = named_event("event");
  agentotel_event event = 0;
  return agentotel_start_event(0, &data, &event);
}

static agentotel_status update_event_(void) {
  agentotel_event_data data = named_event("event");
  return agentotel_update_event(0, &data);
}

static agentotel_status event_first_token_(void) {
  return agentotel_event_first_token(0);
}
static agentotel_status event_chunk_(void) {
  return agentotel_event_chunk(0, AGENTOTEL_STR("chunk"));
}
static agentotel_status end_event_(void) {
  return agentotel_end_event(0, NULL);
}

static agentotel_status event_context_(void) {
  agentotel_span_context context;
  return agentotel_event_context(0, &context);
}

static agentotel_status list_live_(void) {
  size_t needed = 0;
  agentotel_live_event live[4] = {AGENTOTEL_LIVE_EVENT_INIT};
  return agentotel_list_live(live, COUNT(live), &needed);
}

static agentotel_status record_error_(void) {
  agentotel_target root = {0, NULL};
  agentotel_error error = AGENTOTEL_ERROR_INIT;
  error.type = AGENTOTEL_STR("timeout");
  return agentotel_record_error(0, root, &error);
}

static agentotel_status log_(void) {
  agentotel_target root = {0, NULL};
  agentotel_log_record record = AGENTOTEL_LOG_RECORD_INIT;
  return agentotel_log(1, root, &record);
}

static agentotel_status set_diagnostic_handler_(void) {
  return agentotel_set_diagnostic_handler(NULL);
}

static agentotel_status start_session_json_(void) {
  agentotel_session session = 0;
  return agentotel_start_session_json(AGENTOTEL_STR("{}"), &session);
}
static agentotel_status end_session_json_(void) {
  return agentotel_end_session_json(0, AGENTOTEL_STR("{}"));
}
static agentotel_status record_event_json_(void) {
  return agentotel_record_event_json(0, AGENTOTEL_STR("{\"name\":\"event\"}"), NULL);
}

static agentotel_status start_event_json_(void) {
  agentotel_event event = 0;
  return agentotel_start_event_json(0, AGENTOTEL_STR("{\"name\":\"event\"}"), &event);
}

static agentotel_status update_event_json_(void) {
  return agentotel_update_event_json(0, AGENTOTEL_STR("{}"));
}
static agentotel_status end_event_json_(void) {
  return agentotel_end_event_json(0, AGENTOTEL_STR("{}"));
}

static agentotel_status record_error_json_(void) {
  agentotel_target root = {0, NULL};
  return agentotel_record_error_json(0, root, AGENTOTEL_STR("{\"type\":\"timeout\"}"));
}

static agentotel_status log_json_(void) {
  agentotel_target root = {0, NULL};
  return agentotel_log_json(0, root, AGENTOTEL_STR("{\"body\":\"said\"}"));
}

static agentotel_status get_stats_(void) {
  agentotel_stats stats = AGENTOTEL_STATS_INIT;
  return agentotel_get_stats(AGENTOTEL_SIGNAL_TRACES, &stats);
}

static agentotel_status get_exporter_error_(void) {
  char buffer[16];
  return agentotel_get_exporter_error(AGENTOTEL_STR("file"), AGENTOTEL_SIGNAL_TRACES, buffer, sizeof buffer,
                                      NULL);
}

static agentotel_status get_exporter_stats_(void) {
  agentotel_exporter_stats stats = AGENTOTEL_EXPORTER_STATS_INIT;
  return agentotel_get_exporter_stats(AGENTOTEL_STR("file"), AGENTOTEL_SIGNAL_TRACES, &stats);
}

static agentotel_status get_storage_stats_(void) {
  agentotel_storage_stats stats = AGENTOTEL_STORAGE_STATS_INIT;
  return agentotel_get_storage_stats(&stats);
}

static agentotel_status get_diagnostics_(void) {
  char text[8192];
  return agentotel_get_diagnostics(text, sizeof text, NULL);
}

static agentotel_status register_header_provider_(void) {
  return agentotel_register_header_provider(AGENTOTEL_STR("nobody"), NULL);
}

static agentotel_status register_exporter_(void) {
  return agentotel_register_exporter(AGENTOTEL_STR("nobody"), NULL);
}
static agentotel_status register_formatter_(void) {
  return agentotel_register_formatter(AGENTOTEL_STR("nobody"), NULL);
}
static agentotel_status register_sampler_(void) {
  return agentotel_register_sampler(AGENTOTEL_STR("nobody"), NULL);
}
static agentotel_status unregister_(void) {
  return agentotel_unregister(AGENTOTEL_CALLBACK_EXPORTER, AGENTOTEL_STR("nobody"), 1000);
}
static agentotel_status add_exporter_(void) {
  return agentotel_add_exporter("{\"type\":\"console\"}");
}
static agentotel_status remove_exporter_(void) {
  return agentotel_remove_exporter(AGENTOTEL_STR("console"), 1000);
}

/* Nothing that could be added to is ever there outside of a provider. */
static agentotel_status add_header_(void) {
  return agentotel_add_header(NULL, AGENTOTEL_STR("name"), AGENTOTEL_STR("value"));
}

static agentotel_status take(void *user_data, agentotel_str key, agentotel_str value) {
  (void)user_data, (void)key, (void)value;
  return AGENTOTEL_OK;
}

static agentotel_status give_nothing(void *user_data, agentotel_str key, size_t position,
                                     agentotel_str *value) {
  (void)user_data, (void)key, (void)position, (void)value;
  return AGENTOTEL_ERR_NOT_FOUND;
}

static agentotel_status inject_(void) {
  agentotel_target root = {0, NULL};
  agentotel_carrier carrier = AGENTOTEL_CARRIER_INIT;
  carrier.set = take;
  return agentotel_inject(1, root, &carrier);
}

static agentotel_status extract_(void) {
  agentotel_carrier carrier = AGENTOTEL_CARRIER_INIT;
  agentotel_remote_context context = AGENTOTEL_REMOTE_CONTEXT_INIT;
  carrier.get = give_nothing;
  return agentotel_extract(&carrier, &context);
}

static agentotel_status inject_texts_(void) {
  agentotel_target root = {0, NULL};
  return agentotel_inject_texts(1, root, NULL, NULL, NULL);
}

static agentotel_status extract_texts_(void) {
  agentotel_remote_context context = AGENTOTEL_REMOTE_CONTEXT_INIT;
  return agentotel_extract_texts(AGENTOTEL_STR(""), AGENTOTEL_STR(""), AGENTOTEL_STR(""), &context);
}

static agentotel_status inject_meta_(void) {
  agentotel_target root = {0, NULL};
  agentotel_text_buffer json = agentotel_text_buffer_of(NULL, 0);
  return agentotel_inject_meta(1, root, &json);
}

static agentotel_status extract_meta_(void) {
  agentotel_remote_context context = AGENTOTEL_REMOTE_CONTEXT_INIT;
  return agentotel_extract_meta(AGENTOTEL_STR("{}"), &context);
}

static agentotel_status set_baggage_(void) {
  return agentotel_session_set_baggage(0, AGENTOTEL_STR("k"), AGENTOTEL_STR("v"), AGENTOTEL_STR(""));
}
static agentotel_status remove_baggage_(void) {
  return agentotel_session_remove_baggage(0, AGENTOTEL_STR("k"));
}
static agentotel_status get_baggage_(void) {
  return agentotel_session_get_baggage(0, AGENTOTEL_STR("k"), NULL, NULL);
}

static void pass_over(void *user_data, agentotel_str key, agentotel_str value, agentotel_str metadata) {
  (void)user_data, (void)key, (void)value, (void)metadata;
}

static agentotel_status list_baggage_(void) {
  return agentotel_session_list_baggage(0, pass_over, NULL);
}

static agentotel_status register_attribute_injector_(void) {
  return agentotel_register_attribute_injector(AGENTOTEL_STR("nobody"), NULL);
}

/* As for headers. */
static agentotel_status add_attribute_(void) {
  agentotel_attribute attribute = agentotel_attr_int64(AGENTOTEL_STR("key"), 1);
  return agentotel_add_attribute(NULL, &attribute);
}

static agentotel_status create_counter_(void) {
  agentotel_instrument instrument = AGENTOTEL_INSTRUMENT_INIT;
  agentotel_counter made = 0;
  instrument.name = AGENTOTEL_STR("counter");
  return agentotel_create_counter(&instrument, &made);
}
static agentotel_status counter_add_(void) {
  return agentotel_counter_add(0, 1, NULL, 0);
}
static agentotel_status bind_counter_(void) {
  agentotel_bound_counter bound = 0;
  return agentotel_bind_counter(0, NULL, 0, &bound);
}
static agentotel_status bound_counter_add_(void) {
  return agentotel_bound_counter_add(0, 1);
}

static agentotel_status create_up_down_counter_(void) {
  agentotel_instrument instrument = AGENTOTEL_INSTRUMENT_INIT;
  agentotel_up_down_counter made = 0;
  instrument.name = AGENTOTEL_STR("up_down_counter");
  return agentotel_create_up_down_counter(&instrument, &made);
}
static agentotel_status up_down_counter_add_(void) {
  return agentotel_up_down_counter_add(0, 1, NULL, 0);
}
static agentotel_status bind_up_down_counter_(void) {
  agentotel_bound_up_down_counter bound = 0;
  return agentotel_bind_up_down_counter(0, NULL, 0, &bound);
}
static agentotel_status bound_up_down_counter_add_(void) {
  return agentotel_bound_up_down_counter_add(0, 1);
}

static agentotel_status create_histogram_(void) {
  agentotel_instrument instrument = AGENTOTEL_INSTRUMENT_INIT;
  agentotel_histogram made = 0;
  instrument.name = AGENTOTEL_STR("histogram");
  return agentotel_create_histogram(&instrument, &made);
}
static agentotel_status histogram_record_(void) {
  return agentotel_histogram_record(0, 1, NULL, 0);
}
static agentotel_status bind_histogram_(void) {
  agentotel_bound_histogram bound = 0;
  return agentotel_bind_histogram(0, NULL, 0, &bound);
}
static agentotel_status bound_histogram_record_(void) {
  return agentotel_bound_histogram_record(0, 1);
}

static agentotel_status create_gauge_(void) {
  agentotel_instrument instrument = AGENTOTEL_INSTRUMENT_INIT;
  agentotel_gauge made = 0;
  instrument.name = AGENTOTEL_STR("gauge");
  return agentotel_create_gauge(&instrument, &made);
}
static agentotel_status gauge_record_(void) {
  return agentotel_gauge_record(0, 1, NULL, 0);
}
static agentotel_status bind_gauge_(void) {
  agentotel_bound_gauge bound = 0;
  return agentotel_bind_gauge(0, NULL, 0, &bound);
}
static agentotel_status bound_gauge_record_(void) {
  return agentotel_bound_gauge_record(0, 1);
}

static agentotel_status register_observable_gauge_(void) {
  return agentotel_register_observable_gauge(NULL, NULL);
}

/* As for headers. */
static agentotel_status observe_(void) {
  return agentotel_observe(NULL, 1, NULL, 0);
}

#define NOT_YET AGENTOTEL_ERR_NOT_INITIALIZED
#define NO_MORE AGENTOTEL_ERR_SHUT_DOWN

const struct every_function every_function[] = {
    {"agentotel_flush", flush_, NOT_YET, NO_MORE},
    {"agentotel_shutdown", shutdown_, NOT_YET, NO_MORE},
    {"agentotel_last_error", last_error_, AGENTOTEL_OK, AGENTOTEL_OK},
    {"agentotel_start_session", start_session_, NOT_YET, NO_MORE},
    {"agentotel_session_set_attributes", session_set_attributes_, NOT_YET, NO_MORE},
    {"agentotel_session_context", session_context_, NOT_YET, NO_MORE},
    {"agentotel_end_session", end_session_, NOT_YET, NO_MORE},
    {"agentotel_record_event", record_event_, NOT_YET, NO_MORE},
    {"agentotel_record_events", record_events_, NOT_YET, NO_MORE},
    {"agentotel_start_event", start_event_, NOT_YET, NO_MORE},
    {"agentotel_update_event", update_event_, NOT_YET, NO_MORE},
    {"agentotel_event_first_token", event_first_token_, NOT_YET, NO_MORE},
    {"agentotel_event_chunk", event_chunk_, NOT_YET, NO_MORE},
    {"agentotel_end_event", end_event_, NOT_YET, NO_MORE},
    {"agentotel_event_context", event_context_, NOT_YET, NO_MORE},
    {"agentotel_list_live", list_live_, NOT_YET, NO_MORE},
    {"agentotel_record_error", record_error_, NOT_YET, NO_MORE},
    {"agentotel_log", log_, NOT_YET, NO_MORE},
    {"agentotel_set_diagnostic_handler", set_diagnostic_handler_, AGENTOTEL_OK, AGENTOTEL_OK},
    {"agentotel_start_session_json", start_session_json_, NOT_YET, NO_MORE},
    {"agentotel_end_session_json", end_session_json_, NOT_YET, NO_MORE},
    {"agentotel_record_event_json", record_event_json_, NOT_YET, NO_MORE},
    {"agentotel_start_event_json", start_event_json_, NOT_YET, NO_MORE},
    {"agentotel_update_event_json", update_event_json_, NOT_YET, NO_MORE},
    {"agentotel_end_event_json", end_event_json_, NOT_YET, NO_MORE},
    {"agentotel_record_error_json", record_error_json_, NOT_YET, NO_MORE},
    {"agentotel_log_json", log_json_, NOT_YET, NO_MORE},
    {"agentotel_get_stats", get_stats_, NOT_YET, AGENTOTEL_OK},
    {"agentotel_get_exporter_error", get_exporter_error_, NOT_YET, AGENTOTEL_OK},
    {"agentotel_get_exporter_stats", get_exporter_stats_, NOT_YET, AGENTOTEL_OK},
    {"agentotel_get_storage_stats", get_storage_stats_, NOT_YET, AGENTOTEL_OK},
    {"agentotel_get_diagnostics", get_diagnostics_, NOT_YET, AGENTOTEL_OK},
    {"agentotel_register_header_provider", register_header_provider_, AGENTOTEL_OK, AGENTOTEL_OK},
    {"agentotel_add_header", add_header_, AGENTOTEL_ERR_INVALID_ARGUMENT, AGENTOTEL_ERR_INVALID_ARGUMENT},
    {"agentotel_register_exporter", register_exporter_, AGENTOTEL_ERR_INVALID_ARGUMENT,
     AGENTOTEL_ERR_INVALID_ARGUMENT},
    {"agentotel_register_formatter", register_formatter_, AGENTOTEL_ERR_INVALID_ARGUMENT,
     AGENTOTEL_ERR_INVALID_ARGUMENT},
    {"agentotel_register_sampler", register_sampler_, AGENTOTEL_ERR_INVALID_ARGUMENT,
     AGENTOTEL_ERR_INVALID_ARGUMENT},
    {"agentotel_inject", inject_, NOT_YET, NO_MORE},
    {"agentotel_extract", extract_, NOT_YET, NO_MORE},
    {"agentotel_inject_texts", inject_texts_, NOT_YET, NO_MORE},
    {"agentotel_extract_texts", extract_texts_, AGENTOTEL_OK, AGENTOTEL_OK},
    {"agentotel_inject_meta", inject_meta_, NOT_YET, NO_MORE},
    {"agentotel_extract_meta", extract_meta_, AGENTOTEL_OK, AGENTOTEL_OK},
    {"agentotel_session_set_baggage", set_baggage_, NOT_YET, NO_MORE},
    {"agentotel_session_remove_baggage", remove_baggage_, NOT_YET, NO_MORE},
    {"agentotel_session_get_baggage", get_baggage_, NOT_YET, NO_MORE},
    {"agentotel_session_list_baggage", list_baggage_, NOT_YET, NO_MORE},
    {"agentotel_register_attribute_injector", register_attribute_injector_, AGENTOTEL_ERR_INVALID_ARGUMENT,
     AGENTOTEL_ERR_INVALID_ARGUMENT},
    {"agentotel_add_attribute", add_attribute_, AGENTOTEL_ERR_INVALID_ARGUMENT,
     AGENTOTEL_ERR_INVALID_ARGUMENT},
    {"agentotel_create_counter", create_counter_, NOT_YET, NO_MORE},
    {"agentotel_counter_add", counter_add_, NOT_YET, NO_MORE},
    {"agentotel_bind_counter", bind_counter_, NOT_YET, NO_MORE},
    {"agentotel_bound_counter_add", bound_counter_add_, NOT_YET, NO_MORE},
    {"agentotel_create_up_down_counter", create_up_down_counter_, NOT_YET, NO_MORE},
    {"agentotel_up_down_counter_add", up_down_counter_add_, NOT_YET, NO_MORE},
    {"agentotel_bind_up_down_counter", bind_up_down_counter_, NOT_YET, NO_MORE},
    {"agentotel_bound_up_down_counter_add", bound_up_down_counter_add_, NOT_YET, NO_MORE},
    {"agentotel_create_histogram", create_histogram_, NOT_YET, NO_MORE},
    {"agentotel_histogram_record", histogram_record_, NOT_YET, NO_MORE},
    {"agentotel_bind_histogram", bind_histogram_, NOT_YET, NO_MORE},
    {"agentotel_bound_histogram_record", bound_histogram_record_, NOT_YET, NO_MORE},
    {"agentotel_create_gauge", create_gauge_, NOT_YET, NO_MORE},
    {"agentotel_gauge_record", gauge_record_, NOT_YET, NO_MORE},
    {"agentotel_bind_gauge", bind_gauge_, NOT_YET, NO_MORE},
    {"agentotel_bound_gauge_record", bound_gauge_record_, NOT_YET, NO_MORE},
    {"agentotel_register_observable_gauge", register_observable_gauge_, AGENTOTEL_ERR_INVALID_ARGUMENT,
     AGENTOTEL_ERR_INVALID_ARGUMENT},
    {"agentotel_observe", observe_, AGENTOTEL_ERR_INVALID_ARGUMENT, AGENTOTEL_ERR_INVALID_ARGUMENT},
    {"agentotel_unregister", unregister_, AGENTOTEL_ERR_NOT_FOUND, AGENTOTEL_ERR_NOT_FOUND},
    {"agentotel_add_exporter", add_exporter_, NOT_YET, NO_MORE},
    {"agentotel_remove_exporter", remove_exporter_, NOT_YET, NO_MORE},
    /* Last, since it changes the answer of all others. */
    {"agentotel_init", init_, AGENTOTEL_OK, AGENTOTEL_OK},
};
const size_t every_function_count = COUNT(every_function);
