/* What Go calls: each function makes one call of the library and leaves its answer, and the words when it
 * failed, in memory that Go has brought along. Goroutines move between threads, so that the last error has to
 * be fetched in the same call. Addresses cross as numbers: all of them are of C's memory. */
#ifndef AGENTOTEL_GO_SHIM_H
#define AGENTOTEL_GO_SHIM_H

#include <agentotel.h>

#define AGENTOTEL_GO_WORDS 1000

/* The beginning of each piece of memory that Go lays something out in. */
typedef struct {
  int32_t status;
  uint32_t words_len;
  uint64_t number;                /* a handle, or how many */
  agentotel_span_context context; /* of what was recorded */
  char *text;                     /* from malloc, for Go to free; or NULL */
  uint64_t text_len;
  char words[AGENTOTEL_GO_WORDS];
} agentotel_go_answer;

/* A key and a value of a carrier. */
typedef struct {
  agentotel_str key, value;
} agentotel_go_header;

void agentotel_go_init(uintptr_t config, uintptr_t answer);
void agentotel_go_flush(uint32_t timeout_ms, uintptr_t answer);
void agentotel_go_shutdown(uint32_t timeout_ms, uintptr_t answer);

void agentotel_go_start_session(uintptr_t options, uintptr_t answer);
void agentotel_go_session_set_attributes(uint64_t session, uintptr_t attributes, uint64_t count,
                                         uintptr_t answer);
void agentotel_go_session_context(uint64_t session, uintptr_t answer);
void agentotel_go_end_session(uint64_t session, uintptr_t end, uintptr_t answer);
void agentotel_go_record_event(uint64_t session, uintptr_t data, uintptr_t answer);
void agentotel_go_record_events(uint64_t session, uintptr_t events, uint64_t count, uintptr_t contexts,
                                uintptr_t answer);
void agentotel_go_start_event(uint64_t session, uintptr_t data, uintptr_t answer);
void agentotel_go_update_event(uint64_t event, uintptr_t data, uintptr_t answer);
void agentotel_go_event_first_token(uint64_t event, uintptr_t answer);
void agentotel_go_event_chunk(uint64_t event, uintptr_t content, uintptr_t answer);
void agentotel_go_end_event(uint64_t event, uintptr_t data, uintptr_t answer);
void agentotel_go_event_context(uint64_t event, uintptr_t answer);
void agentotel_go_record_error(uint64_t session, uintptr_t target, uintptr_t error, uintptr_t answer);
void agentotel_go_log(uint64_t session, uintptr_t target, uintptr_t record, uintptr_t answer);

void agentotel_go_log_json(uint64_t session, uintptr_t target, uintptr_t json, uintptr_t answer);
void agentotel_go_record_event_json(uint64_t session, uintptr_t json, uintptr_t answer);
void agentotel_go_start_event_json(uint64_t session, uintptr_t json, uintptr_t answer);
void agentotel_go_update_event_json(uint64_t event, uintptr_t json, uintptr_t answer);
void agentotel_go_end_event_json(uint64_t event, uintptr_t json, uintptr_t answer);
void agentotel_go_record_error_json(uint64_t session, uintptr_t target, uintptr_t json, uintptr_t answer);
void agentotel_go_start_session_json(uintptr_t json, uintptr_t answer);
void agentotel_go_end_session_json(uint64_t session, uintptr_t json, uintptr_t answer);

/* What they find is a list of texts in `text`: each its length in 8 bytes, and its bytes. */
void agentotel_go_inject(uint64_t session, uintptr_t target, uintptr_t answer);
void agentotel_go_inject_texts(uint64_t session, uintptr_t target, uintptr_t answer);
void agentotel_go_inject_meta(uint64_t session, uintptr_t target, uintptr_t answer);
void agentotel_go_extract(uintptr_t headers, uint64_t count, uintptr_t answer);
void agentotel_go_extract_texts(uintptr_t texts, uintptr_t answer);
void agentotel_go_extract_meta(uintptr_t json, uintptr_t answer);
void agentotel_go_set_baggage(uint64_t session, uintptr_t texts, uintptr_t answer);
void agentotel_go_remove_baggage(uint64_t session, uintptr_t key, uintptr_t answer);
void agentotel_go_get_baggage(uint64_t session, uintptr_t key, uintptr_t answer);
void agentotel_go_list_baggage(uint64_t session, uintptr_t answer);

void agentotel_go_get_stats(uint32_t signal, uintptr_t stats, uintptr_t answer);
void agentotel_go_get_exporter_stats(uintptr_t name, uint32_t signal, uintptr_t stats, uintptr_t answer);
void agentotel_go_get_exporter_error(uintptr_t name, uint32_t signal, uintptr_t answer);
void agentotel_go_get_storage_stats(uintptr_t stats, uintptr_t answer);
void agentotel_go_get_diagnostics(uintptr_t answer);
void agentotel_go_list_live(uintptr_t answer);

/* Instruments: `kind` is 0 for a counter, 1 for an up-down counter, 2 for a histogram, 3 for a gauge. */
void agentotel_go_create_instrument(uint32_t kind, uintptr_t instrument, uintptr_t answer);
void agentotel_go_measure(uint32_t kind, uint64_t handle, double value, uintptr_t attributes, uint64_t count,
                          uintptr_t answer);
void agentotel_go_bind_instrument(uint32_t kind, uint64_t handle, uintptr_t attributes, uint64_t count,
                                  uintptr_t answer);
void agentotel_go_measure_bound(uint32_t kind, uint64_t handle, double value, uintptr_t answer);
void agentotel_go_register_observable(uintptr_t instrument, uintptr_t handle, uintptr_t answer);
int32_t agentotel_go_observe(uintptr_t observation, double value, uintptr_t attributes, uint64_t count);

void agentotel_go_add_exporter(uintptr_t config, uintptr_t answer);
void agentotel_go_remove_exporter(uintptr_t name, uint32_t timeout_ms, uintptr_t answer);
/* `kind` is one of AGENTOTEL_CALLBACK_…, or 0 for the diagnostic handler; `handle` a cgo.Handle, or 0 for
 * none. */
void agentotel_go_register(uint32_t kind, uintptr_t name, uintptr_t handle, uintptr_t answer);
void agentotel_go_unregister(uint32_t kind, uintptr_t name, uint32_t timeout_ms, uintptr_t answer);
int32_t agentotel_go_add_header(uintptr_t headers, uintptr_t texts);
int32_t agentotel_go_add_attribute(uintptr_t attributes, uintptr_t attribute);

#endif
