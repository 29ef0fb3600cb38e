// go:build cgo

#include "shim.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "_cgo_export.h"

typedef agentotel_go_answer answer_t;

/* Leaves what a call returned, and the words when it failed. */
static void finish(answer_t *answer, agentotel_status status) {
  answer->status = status;
  answer->words_len = 0;
  if (status == AGENTOTEL_OK) return;
  size_t needed = 0;
  if (agentotel_last_error(answer->words, sizeof answer->words, &needed) == AGENTOTEL_OK) {
    answer->words_len = needed > 0 ? (uint32_t)(needed - 1) : 0;
    return;
  }
  char *whole = malloc(needed);
  if (whole && agentotel_last_error(whole, needed, NULL) == AGENTOTEL_OK) {
    memcpy(answer->words, whole, sizeof answer->words);
    answer->words_len = sizeof answer->words;
  }
  free(whole);
}

static answer_t *begin(uintptr_t address) {
  answer_t *answer = (answer_t *)address;
  answer->text = NULL;
  answer->text_len = 0;
  answer->number = 0;
  return answer;
}

/* A list of texts that grows. */
typedef struct {
  char *data;
  size_t len, capacity;
} texts_t;

static agentotel_status append(texts_t *texts, agentotel_str text) {
  uint64_t len = text.len;
  size_t more = sizeof len + text.len;
  if (texts->capacity - texts->len < more) {
    size_t capacity = 2 * texts->capacity + more + 256;
    char *data = realloc(texts->data, capacity);
    if (!data) return AGENTOTEL_ERR_SYSTEM;
    texts->data = data;
    texts->capacity = capacity;
  }
  memcpy(texts->data + texts->len, &len, sizeof len);
  if (text.len > 0) memcpy(texts->data + texts->len + sizeof len, text.data, text.len);
  texts->len += more;
  return AGENTOTEL_OK;
}

static void hand_out(answer_t *answer, texts_t *texts) {
  if (answer->status != AGENTOTEL_OK) {
    free(texts->data);
    return;
  }
  answer->text = texts->data;
  answer->text_len = texts->len;
}

static agentotel_str str_at(uintptr_t address) {
  return address ? *(const agentotel_str *)address : agentotel_str_of(NULL, 0);
}

static agentotel_target target_at(uintptr_t address) {
  agentotel_target none = {0, NULL};
  return address ? *(const agentotel_target *)address : none;
}

void agentotel_go_init(uintptr_t config, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_init(AGENTOTEL_ABI_VERSION, (const char *)config));
}

void agentotel_go_flush(uint32_t timeout_ms, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_flush(timeout_ms));
}

void agentotel_go_shutdown(uint32_t timeout_ms, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_shutdown(timeout_ms));
}

void agentotel_go_start_session(uintptr_t options, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_start_session((const agentotel_session_options *)options, &answer->number));
}

void agentotel_go_session_set_attributes(uint64_t session, uintptr_t attributes, uint64_t count,
                                         uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_session_set_attributes(session, (const agentotel_attribute *)attributes, count));
}

void agentotel_go_session_context(uint64_t session, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_session_context(session, &answer->context));
}

void agentotel_go_end_session(uint64_t session, uintptr_t end, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_end_session(session, (const agentotel_session_end *)end));
}

void agentotel_go_record_event(uint64_t session, uintptr_t data, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_record_event(session, (const agentotel_event_data *)data, &answer->context));
}

void agentotel_go_record_events(uint64_t session, uintptr_t events, uint64_t count, uintptr_t contexts,
                                uintptr_t address) {
  answer_t *answer = begin(address);
  size_t recorded = 0;
  finish(answer, agentotel_record_events(session, (const agentotel_event_data *)events, count,
                                         (agentotel_span_context *)contexts, &recorded));
  answer->number = recorded;
}

void agentotel_go_start_event(uint64_t session, uintptr_t data, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_start_event(session, (const agentotel_event_data *)data, &answer->number));
}

void agentotel_go_update_event(uint64_t event, uintptr_t data, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_update_event(event, (const agentotel_event_data *)data));
}

void agentotel_go_event_first_token(uint64_t event, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_event_first_token(event));
}

void agentotel_go_event_chunk(uint64_t event, uintptr_t content, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_event_chunk(event, str_at(content)));
}

void agentotel_go_end_event(uint64_t event, uintptr_t data, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_end_event(event, (const agentotel_event_data *)data));
}

void agentotel_go_event_context(uint64_t event, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_event_context(event, &answer->context));
}

void agentotel_go_record_error(uint64_t session, uintptr_t target, uintptr_t error, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_record_error(session, target_at(target), (const agentotel_error *)error));
}

void agentotel_go_log(uint64_t session, uintptr_t target, uintptr_t record, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_log(session, target_at(target), (const agentotel_log_record *)record));
}

void agentotel_go_log_json(uint64_t session, uintptr_t target, uintptr_t json, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_log_json(session, target_at(target), str_at(json)));
}

void agentotel_go_record_event_json(uint64_t session, uintptr_t json, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_record_event_json(session, str_at(json), &answer->context));
}

void agentotel_go_start_event_json(uint64_t session, uintptr_t json, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_start_event_json(session, str_at(json), &answer->number));
}

void agentotel_go_update_event_json(uint64_t event, uintptr_t json, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_update_event_json(event, str_at(json)));
}

void agentotel_go_end_event_json(uint64_t event, uintptr_t json, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_end_event_json(event, str_at(json)));
}

void agentotel_go_record_error_json(uint64_t session, uintptr_t target, uintptr_t json, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_record_error_json(session, target_at(target), str_at(json)));
}

void agentotel_go_start_session_json(uintptr_t json, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_start_session_json(str_at(json), &answer->number));
}

void agentotel_go_end_session_json(uint64_t session, uintptr_t json, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_end_session_json(session, str_at(json)));
}

/* Propagation. */

static agentotel_status set_header(void *texts, agentotel_str key, agentotel_str value) {
  agentotel_status status = append(texts, key);
  return status == AGENTOTEL_OK ? append(texts, value) : status;
}

void agentotel_go_inject(uint64_t session, uintptr_t target, uintptr_t address) {
  answer_t *answer = begin(address);
  texts_t texts = {NULL, 0, 0};
  agentotel_carrier carrier = AGENTOTEL_CARRIER_INIT;
  carrier.set = set_header;
  carrier.user_data = &texts;
  finish(answer, agentotel_inject(session, target_at(target), &carrier));
  hand_out(answer, &texts);
}

void agentotel_go_inject_texts(uint64_t session, uintptr_t target, uintptr_t address) {
  answer_t *answer = begin(address);
  char parent[64] = "", state[513] = "", baggage[8193] = "";
  agentotel_text_buffer parent_to = agentotel_text_buffer_of(parent, sizeof parent);
  agentotel_text_buffer state_to = agentotel_text_buffer_of(state, sizeof state);
  agentotel_text_buffer baggage_to = agentotel_text_buffer_of(baggage, sizeof baggage);
  texts_t texts = {NULL, 0, 0};
  agentotel_status status =
      agentotel_inject_texts(session, target_at(target), &parent_to, &state_to, &baggage_to);
  finish(answer, status);
  if (status == AGENTOTEL_OK) {
    const char *all[] = {parent, state, baggage};
    for (size_t i = 0; i < 3 && answer->status == AGENTOTEL_OK; i++)
      answer->status = append(&texts, agentotel_cstr(all[i]));
  }
  hand_out(answer, &texts);
}

void agentotel_go_inject_meta(uint64_t session, uintptr_t target, uintptr_t address) {
  answer_t *answer = begin(address);
  size_t capacity = 1024;
  for (;;) {
    char *data = malloc(capacity);
    agentotel_text_buffer buffer = agentotel_text_buffer_of(data, data ? capacity : 0);
    agentotel_status status = agentotel_inject_meta(session, target_at(target), &buffer);
    finish(answer, status);
    if (status == AGENTOTEL_OK) {
      answer->text = data;
      answer->text_len = buffer.needed > 0 ? buffer.needed - 1 : 0;
      return;
    }
    free(data);
    if (!data || status != AGENTOTEL_ERR_BUFFER_TOO_SMALL || buffer.needed <= capacity) return;
    capacity = buffer.needed;
  }
}

typedef struct {
  const agentotel_go_header *headers;
  size_t count;
} headers_t;

static agentotel_status get_header(void *user_data, agentotel_str key, size_t position,
                                   agentotel_str *value) {
  const headers_t *all = user_data;
  for (size_t i = 0; i < all->count; i++) {
    agentotel_str own = all->headers[i].key;
    if (own.len != key.len || strncasecmp(own.data, key.data, key.len) != 0 || position-- > 0) continue;
    *value = all->headers[i].value;
    return AGENTOTEL_OK;
  }
  return AGENTOTEL_ERR_NOT_FOUND;
}

static agentotel_status key_at(void *user_data, size_t position, agentotel_str *key) {
  const headers_t *all = user_data;
  if (position >= all->count) return AGENTOTEL_ERR_NOT_FOUND;
  *key = all->headers[position].key;
  return AGENTOTEL_OK;
}

/* What one of the three ways to extract has found. */
typedef struct {
  agentotel_remote_context found;
  char state[513], baggage[8193];
} remote_t;

static void begin_remote(remote_t *remote) {
  agentotel_remote_context empty = AGENTOTEL_REMOTE_CONTEXT_INIT;
  remote->found = empty;
  remote->state[0] = remote->baggage[0] = '\0';
  remote->found.trace_state = agentotel_text_buffer_of(remote->state, sizeof remote->state);
  remote->found.baggage = agentotel_text_buffer_of(remote->baggage, sizeof remote->baggage);
}

static void end_remote(answer_t *answer, remote_t *remote, agentotel_status status) {
  texts_t texts = {NULL, 0, 0};
  finish(answer, status);
  if (status != AGENTOTEL_OK) return;
  answer->context = remote->found.span;
  answer->status = append(&texts, agentotel_cstr(remote->state));
  if (answer->status == AGENTOTEL_OK) answer->status = append(&texts, agentotel_cstr(remote->baggage));
  hand_out(answer, &texts);
}

void agentotel_go_extract(uintptr_t headers, uint64_t count, uintptr_t address) {
  answer_t *answer = begin(address);
  headers_t all = {(const agentotel_go_header *)headers, count};
  remote_t remote;
  agentotel_carrier carrier = AGENTOTEL_CARRIER_INIT;
  carrier.get = get_header;
  carrier.key_at = key_at;
  carrier.user_data = &all;
  begin_remote(&remote);
  end_remote(answer, &remote, agentotel_extract(&carrier, &remote.found));
}

void agentotel_go_extract_texts(uintptr_t texts, uintptr_t address) {
  answer_t *answer = begin(address);
  const agentotel_str *three = (const agentotel_str *)texts;
  remote_t remote;
  begin_remote(&remote);
  end_remote(answer, &remote, agentotel_extract_texts(three[0], three[1], three[2], &remote.found));
}

void agentotel_go_extract_meta(uintptr_t json, uintptr_t address) {
  answer_t *answer = begin(address);
  remote_t remote;
  begin_remote(&remote);
  end_remote(answer, &remote, agentotel_extract_meta(str_at(json), &remote.found));
}

void agentotel_go_set_baggage(uint64_t session, uintptr_t texts, uintptr_t address) {
  answer_t *answer = begin(address);
  const agentotel_str *three = (const agentotel_str *)texts;
  finish(answer, agentotel_session_set_baggage(session, three[0], three[1], three[2]));
}

void agentotel_go_remove_baggage(uint64_t session, uintptr_t key, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_session_remove_baggage(session, str_at(key)));
}

void agentotel_go_get_baggage(uint64_t session, uintptr_t key, uintptr_t address) {
  answer_t *answer = begin(address);
  char value[8193] = "", metadata[8193] = "";
  agentotel_text_buffer value_to = agentotel_text_buffer_of(value, sizeof value);
  agentotel_text_buffer metadata_to = agentotel_text_buffer_of(metadata, sizeof metadata);
  texts_t texts = {NULL, 0, 0};
  agentotel_status status = agentotel_session_get_baggage(session, str_at(key), &value_to, &metadata_to);
  finish(answer, status);
  if (status == AGENTOTEL_OK) {
    answer->status = append(&texts, agentotel_str_of(value, value_to.needed > 0 ? value_to.needed - 1 : 0));
    if (answer->status == AGENTOTEL_OK) answer->status = append(&texts, agentotel_cstr(metadata));
  }
  hand_out(answer, &texts);
}

static void visit_baggage(void *texts, agentotel_str key, agentotel_str value, agentotel_str metadata) {
  agentotel_str three[] = {key, value, metadata};
  size_t before = ((texts_t *)texts)->len;
  for (size_t i = 0; i < 3; i++)
    if (append(texts, three[i]) != AGENTOTEL_OK) {
      ((texts_t *)texts)->len = before;
      return;
    }
}

void agentotel_go_list_baggage(uint64_t session, uintptr_t address) {
  answer_t *answer = begin(address);
  texts_t texts = {NULL, 0, 0};
  finish(answer, agentotel_session_list_baggage(session, visit_baggage, &texts));
  hand_out(answer, &texts);
}

/* Inspection. */

void agentotel_go_get_stats(uint32_t signal, uintptr_t stats, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_get_stats(signal, (agentotel_stats *)stats));
}

void agentotel_go_get_exporter_stats(uintptr_t name, uint32_t signal, uintptr_t stats, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_get_exporter_stats(str_at(name), signal, (agentotel_exporter_stats *)stats));
}

void agentotel_go_get_storage_stats(uintptr_t stats, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_get_storage_stats((agentotel_storage_stats *)stats));
}

void agentotel_go_get_exporter_error(uintptr_t name, uint32_t signal, uintptr_t address) {
  answer_t *answer = begin(address);
  size_t capacity = 1024, needed = 0;
  for (;;) {
    char *data = malloc(capacity);
    agentotel_status status =
        agentotel_get_exporter_error(str_at(name), signal, data, data ? capacity : 0, &needed);
    finish(answer, status);
    if (status == AGENTOTEL_OK) {
      answer->text = data;
      answer->text_len = needed > 0 ? needed - 1 : 0;
      return;
    }
    free(data);
    if (!data || status != AGENTOTEL_ERR_BUFFER_TOO_SMALL || needed <= capacity) return;
    capacity = needed;
  }
}

void agentotel_go_get_diagnostics(uintptr_t address) {
  answer_t *answer = begin(address);
  size_t capacity = 4096, needed = 0;
  for (;;) {
    char *data = malloc(capacity);
    agentotel_status status = agentotel_get_diagnostics(data, data ? capacity : 0, &needed);
    finish(answer, status);
    if (status == AGENTOTEL_OK) {
      answer->text = data;
      answer->text_len = needed > 0 ? needed - 1 : 0;
      return;
    }
    free(data);
    if (!data || status != AGENTOTEL_ERR_BUFFER_TOO_SMALL || needed <= capacity) return;
    capacity = needed + 1024;
  }
}

void agentotel_go_list_live(uintptr_t address) {
  answer_t *answer = begin(address);
  size_t capacity = 64, needed = 0;
  for (;;) {
    agentotel_live_event *events = calloc(capacity, sizeof *events);
    if (!events) {
      answer->status = AGENTOTEL_ERR_SYSTEM;
      answer->words_len = 0;
      return;
    }
    events->struct_size = sizeof *events;
    agentotel_status status = agentotel_list_live(events, capacity, &needed);
    finish(answer, status);
    if (status == AGENTOTEL_OK) {
      answer->text = (char *)events;
      answer->text_len = needed * sizeof *events;
      answer->number = sizeof *events;
      return;
    }
    free(events);
    if (status != AGENTOTEL_ERR_BUFFER_TOO_SMALL) return;
    capacity = needed + 64;
  }
}

/* Metrics. */

void agentotel_go_create_instrument(uint32_t kind, uintptr_t instrument, uintptr_t address) {
  answer_t *answer = begin(address);
  const agentotel_instrument *what = (const agentotel_instrument *)instrument;
  switch (kind) {
    case 0:
      finish(answer, agentotel_create_counter(what, &answer->number));
      break;
    case 1:
      finish(answer, agentotel_create_up_down_counter(what, &answer->number));
      break;
    case 2:
      finish(answer, agentotel_create_histogram(what, &answer->number));
      break;
    default:
      finish(answer, agentotel_create_gauge(what, &answer->number));
  }
}

void agentotel_go_measure(uint32_t kind, uint64_t handle, double value, uintptr_t attributes, uint64_t count,
                          uintptr_t address) {
  answer_t *answer = begin(address);
  const agentotel_attribute *with = (const agentotel_attribute *)attributes;
  switch (kind) {
    case 0:
      finish(answer, agentotel_counter_add(handle, value, with, count));
      break;
    case 1:
      finish(answer, agentotel_up_down_counter_add(handle, value, with, count));
      break;
    case 2:
      finish(answer, agentotel_histogram_record(handle, value, with, count));
      break;
    default:
      finish(answer, agentotel_gauge_record(handle, value, with, count));
  }
}

void agentotel_go_bind_instrument(uint32_t kind, uint64_t handle, uintptr_t attributes, uint64_t count,
                                  uintptr_t address) {
  answer_t *answer = begin(address);
  const agentotel_attribute *with = (const agentotel_attribute *)attributes;
  switch (kind) {
    case 0:
      finish(answer, agentotel_bind_counter(handle, with, count, &answer->number));
      break;
    case 1:
      finish(answer, agentotel_bind_up_down_counter(handle, with, count, &answer->number));
      break;
    case 2:
      finish(answer, agentotel_bind_histogram(handle, with, count, &answer->number));
      break;
    default:
      finish(answer, agentotel_bind_gauge(handle, with, count, &answer->number));
  }
}

void agentotel_go_measure_bound(uint32_t kind, uint64_t handle, double value, uintptr_t address) {
  answer_t *answer = begin(address);
  switch (kind) {
    case 0:
      finish(answer, agentotel_bound_counter_add(handle, value));
      break;
    case 1:
      finish(answer, agentotel_bound_up_down_counter_add(handle, value));
      break;
    case 2:
      finish(answer, agentotel_bound_histogram_record(handle, value));
      break;
    default:
      finish(answer, agentotel_bound_gauge_record(handle, value));
  }
}

static void let_go(void *handle) {
  agentotelGoRelease((uintptr_t)handle);
}

static void observe(void *handle, agentotel_observation *observation) {
  agentotelGoObserve((uintptr_t)handle, (uintptr_t)observation);
}

void agentotel_go_register_observable(uintptr_t instrument, uintptr_t handle, uintptr_t address) {
  answer_t *answer = begin(address);
  agentotel_observable own = AGENTOTEL_OBSERVABLE_INIT;
  own.observe = observe;
  own.user_data = (void *)handle;
  own.destroy = let_go;
  finish(answer, agentotel_register_observable_gauge((const agentotel_instrument *)instrument, &own));
}

int32_t agentotel_go_observe(uintptr_t observation, double value, uintptr_t attributes, uint64_t count) {
  return agentotel_observe((agentotel_observation *)observation, value,
                           (const agentotel_attribute *)attributes, count);
}

/* Exporters and callbacks. */

void agentotel_go_add_exporter(uintptr_t config, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_add_exporter((const char *)config));
}

void agentotel_go_remove_exporter(uintptr_t name, uint32_t timeout_ms, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_remove_exporter(str_at(name), timeout_ms));
}

static uint32_t export_batch(void *handle, const agentotel_export_batch *batch,
                             agentotel_export_answer *answer) {
  return agentotelGoExport((uintptr_t)handle, (uintptr_t)batch, (uintptr_t)answer);
}

static agentotel_status format(void *handle, uint32_t signal, agentotel_str json, char *buffer,
                               size_t capacity, size_t *needed) {
  return agentotelGoFormat((uintptr_t)handle, signal, (uintptr_t)json.data, json.len, (uintptr_t)buffer,
                           capacity, (uintptr_t)needed);
}

static agentotel_status provide(void *handle, agentotel_headers *headers) {
  return agentotelGoProvide((uintptr_t)handle, (uintptr_t)headers);
}

static uint32_t should_sample(void *handle, const agentotel_sampling_question *question,
                              agentotel_sampling_answer *answer) {
  return agentotelGoSample((uintptr_t)handle, (uintptr_t)question, (uintptr_t)answer);
}

static void inject(void *handle, const agentotel_injectee *about, agentotel_attributes *attributes) {
  agentotelGoInject((uintptr_t)handle, (uintptr_t)about, (uintptr_t)attributes);
}

static void diagnose(void *handle, const agentotel_diagnostic *line) {
  agentotelGoDiagnose((uintptr_t)handle, (uintptr_t)line);
}

void agentotel_go_register(uint32_t kind, uintptr_t name, uintptr_t handle, uintptr_t address) {
  answer_t *answer = begin(address);
  agentotel_status status = AGENTOTEL_ERR_INVALID_ARGUMENT;
  switch (kind) {
    case AGENTOTEL_CALLBACK_EXPORTER: {
      agentotel_exporter_callbacks own = AGENTOTEL_EXPORTER_CALLBACKS_INIT;
      own.export_batch = export_batch;
      own.user_data = (void *)handle;
      own.destroy = let_go;
      status = agentotel_register_exporter(str_at(name), &own);
      break;
    }
    case AGENTOTEL_CALLBACK_FORMATTER: {
      agentotel_formatter own = AGENTOTEL_FORMATTER_INIT;
      own.format = format;
      own.user_data = (void *)handle;
      own.destroy = let_go;
      status = agentotel_register_formatter(str_at(name), &own);
      break;
    }
    case AGENTOTEL_CALLBACK_HEADER_PROVIDER: {
      agentotel_header_provider own = AGENTOTEL_HEADER_PROVIDER_INIT;
      own.provide = provide;
      own.user_data = (void *)handle;
      own.destroy = let_go;
      status = agentotel_register_header_provider(str_at(name), handle ? &own : NULL);
      break;
    }
    case AGENTOTEL_CALLBACK_SAMPLER: {
      agentotel_sampler own = AGENTOTEL_SAMPLER_INIT;
      own.should_sample = should_sample;
      own.user_data = (void *)handle;
      own.destroy = let_go;
      status = agentotel_register_sampler(str_at(name), &own);
      break;
    }
    case AGENTOTEL_CALLBACK_ATTRIBUTE_INJECTOR: {
      agentotel_attribute_injector own = AGENTOTEL_ATTRIBUTE_INJECTOR_INIT;
      own.inject = inject;
      own.user_data = (void *)handle;
      own.destroy = let_go;
      status = agentotel_register_attribute_injector(str_at(name), &own);
      break;
    }
    default: {
      agentotel_diagnostic_handler own = AGENTOTEL_DIAGNOSTIC_HANDLER_INIT;
      own.handle = diagnose;
      own.user_data = (void *)handle;
      own.destroy = let_go;
      status = agentotel_set_diagnostic_handler(handle ? &own : NULL);
      break;
    }
  }
  finish(answer, status);
}

void agentotel_go_unregister(uint32_t kind, uintptr_t name, uint32_t timeout_ms, uintptr_t address) {
  answer_t *answer = begin(address);
  finish(answer, agentotel_unregister(kind, str_at(name), timeout_ms));
}

int32_t agentotel_go_add_header(uintptr_t headers, uintptr_t texts) {
  const agentotel_str *two = (const agentotel_str *)texts;
  return agentotel_add_header((agentotel_headers *)headers, two[0], two[1]);
}

int32_t agentotel_go_add_attribute(uintptr_t attributes, uintptr_t attribute) {
  return agentotel_add_attribute((agentotel_attributes *)attributes, (const agentotel_attribute *)attribute);
}
