/* See sink.h. What is handed over in protobuf is read by a walk over its fields, in JSON by cJSON. */
#include "sink.h"

#include <unistd.h>

void add_id(struct span_ids *ids, const uint8_t bytes[8]) {
  if (ids->count == ids->capacity) {
    ids->capacity = ids->capacity > 0 ? ids->capacity * 2 : 1024;
    ids->ids = realloc(ids->ids, ids->capacity * sizeof *ids->ids);
    if (ids->ids == NULL) abort();
  }
  memcpy(&ids->ids[ids->count++], bytes, 8);
}

void free_ids(struct span_ids *ids) {
  free(ids->ids);
  memset(ids, 0, sizeof *ids);
}

static int compare(const void *a, const void *b) {
  const uint64_t *left = a, *right = b;
  return (*left > *right) - (*left < *right);
}

static void sort(struct span_ids *ids) {
  if (ids->count > 0) qsort(ids->ids, ids->count, sizeof *ids->ids, compare);
}

void assert_same_ids(struct span_ids *expected, struct span_ids *given) {
  sort(expected);
  sort(given);
  assert_int_equal(given->count, expected->count);
  for (size_t i = 0; i < expected->count; i++) {
    if (i > 0) assert_int_not_equal(given->ids[i - 1], given->ids[i]);
    assert_int_equal(given->ids[i], expected->ids[i]);
  }
}

/* Protobuf. */

struct bytes {
  const uint8_t *at, *end;
};

static bool read_varint(struct bytes *from, uint64_t *value) {
  *value = 0;
  for (unsigned shift = 0; from->at < from->end && shift < 64; shift += 7) {
    uint8_t byte = *from->at++;
    *value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

/* The next field: its number and, when it has a length, its bytes. */
static bool next_field(struct bytes *from, uint64_t *number, struct bytes *field) {
  uint64_t key = 0, value = 0;
  if (from->at >= from->end || !read_varint(from, &key)) return false;
  *number = key >> 3;
  *field = (struct bytes){NULL, NULL};
  switch (key & 7) {
    case 0:
      return read_varint(from, &value);
    case 1:
      value = 8;
      break;
    case 5:
      value = 4;
      break;
    case 2:
      if (!read_varint(from, &value)) return false;
      break;
    default:
      return false;
  }
  if (value > (uint64_t)(from->end - from->at)) return false;
  *field = (struct bytes){from->at, from->at + value};
  from->at += value;
  return true;
}

/* Calls `found` with each record: field 2 of field 2 of field 1, in requests of spans and of log records. */
static void walk(struct bytes request, int depth, void (*found)(struct bytes, void *), void *with) {
  static const uint64_t path[] = {1, 2, 2};
  struct bytes field;
  uint64_t number = 0;
  while (next_field(&request, &number, &field)) {
    if (number != path[depth]) continue;
    if (depth == 2) {
      found(field, with);
    } else {
      walk(field, depth + 1, found, with);
    }
  }
}

struct reading {
  struct span_ids *ids;
  uint64_t items;
};

static void found_record(struct bytes record, void *with) {
  struct reading *reading = with;
  struct bytes field;
  uint64_t number = 0;
  reading->items++;
  while (next_field(&record, &number, &field)) {
    if (reading->ids != NULL && number == 2 && field.end - field.at == 8) add_id(reading->ids, field.at);
  }
}

/* JSON. */

static void add_hex(struct span_ids *ids, const char *hex) {
  uint8_t bytes[8] = {0};
  for (size_t i = 0; i < 8; i++) {
    unsigned byte = 0;
    if (sscanf(hex + 2 * i, "%2x", &byte) != 1) return;
    bytes[i] = (uint8_t)byte;
  }
  add_id(ids, bytes);
}

static bool read_json(const char *text, size_t length, uint32_t signal, struct reading *reading) {
  bool traces = signal == AGENTOTEL_SIGNAL_TRACES;
  cJSON *request = cJSON_ParseWithLength(text, length);
  const cJSON *resource = NULL, *scope = NULL, *record = NULL;
  if (request == NULL || memchr(text, '\n', length) != NULL) return false;
  cJSON_ArrayForEach(resource, cJSON_GetObjectItem(request, traces ? "resourceSpans" : "resourceLogs")) {
    cJSON_ArrayForEach(scope, cJSON_GetObjectItem(resource, traces ? "scopeSpans" : "scopeLogs")) {
      cJSON_ArrayForEach(record, cJSON_GetObjectItem(scope, traces ? "spans" : "logRecords")) {
        reading->items++;
        if (reading->ids != NULL) add_hex(reading->ids, text_of(record, "spanId"));
      }
    }
  }
  cJSON_Delete(request);
  return true;
}

/* The exporter. */

static void take(struct sink *sink, const agentotel_export_batch *batch) {
  struct reading reading = {batch->signal == AGENTOTEL_SIGNAL_TRACES ? &sink->taken : NULL, 0};
  bool is_read = true;
  pthread_mutex_lock(&sink->lock);
  if (batch->payload_type == AGENTOTEL_PAYLOAD_OTLP_JSON) {
    is_read = read_json((const char *)batch->payload, batch->payload_len, batch->signal, &reading);
  } else {
    struct bytes request = {batch->payload, batch->payload + batch->payload_len};
    walk(request, 0, found_record, &reading);
  }
  pthread_mutex_unlock(&sink->lock);
  if (!is_read || reading.items != batch->item_count) atomic_fetch_add(&sink->wrong, 1);
  atomic_fetch_add(&sink->items, reading.items);
}

static uint32_t export_batch(void *user_data, const agentotel_export_batch *batch,
                             agentotel_export_answer *answer) {
  struct sink *sink = user_data;
  uint32_t returned = AGENTOTEL_EXPORT_OK;
  /* One call at a time, of a batch and an answer of the sizes that are known. */
  if (atomic_exchange(&sink->is_inside, true) || batch->struct_size != sizeof *batch ||
      answer->struct_size != sizeof *answer || batch->timeout_ms == 0)
    atomic_fetch_add(&sink->wrong, 1);
  atomic_fetch_add(&sink->calls, 1);
  if (sink->inside != NULL) sink->inside(sink);
  while (atomic_load(&sink->is_shut))
    usleep(500);
  if (atomic_load(&sink->times) > 0) {
    atomic_fetch_sub(&sink->times, 1);
    returned = sink->answer;
    answer->retry_after_ms = sink->retry_after_ms;
    answer->rejected_items = sink->rejected_items;
    if (sink->message != NULL) snprintf(answer->message, sizeof answer->message, "%s", sink->message);
  }
  if (returned == AGENTOTEL_EXPORT_OK) take(sink, batch);
  atomic_store(&sink->is_inside, false);
  atomic_fetch_add(&sink->returned, 1);
  return returned;
}

static void destroy(void *user_data) {
  struct sink *sink = user_data;
  if (atomic_load(&sink->is_inside)) atomic_fetch_add(&sink->wrong, 1);
  atomic_fetch_add(&sink->destroyed, 1);
}

agentotel_exporter_callbacks callbacks_of(struct sink *sink) {
  agentotel_exporter_callbacks callbacks = AGENTOTEL_EXPORTER_CALLBACKS_INIT;
  callbacks.export_batch = export_batch;
  callbacks.destroy = destroy;
  callbacks.user_data = sink;
  return callbacks;
}

void register_sink(const char *name, struct sink *sink) {
  agentotel_exporter_callbacks callbacks = callbacks_of(sink);
  assert_ok(agentotel_register_exporter(agentotel_cstr(name), &callbacks));
}

void await_count(atomic_int *counter, int least) {
  for (int i = 0; i < 10000 && atomic_load(counter) < least; i++) {
    usleep(2000);
  }
  assert_true(atomic_load(counter) >= least);
}

void await_state(const char *exporter, uint32_t state) {
  for (int i = 0; i < 10000; i++) {
    if (exporter_stats_of(exporter, AGENTOTEL_SIGNAL_TRACES).state == state) return;
    usleep(2000);
  }
  fail_msg("exporter %s does not come to state %u", exporter, state);
}

void record_ids(agentotel_session session, size_t count, struct span_ids *ids) {
  agentotel_event_data data = named_event("event");
  for (size_t i = 0; i < count; i++) {
    agentotel_span_context context;
    assert_ok(agentotel_record_event(session, &data, &context));
    add_id(ids, context.span_id);
  }
}

void end_and_keep(agentotel_session session, struct span_ids *ids) {
  agentotel_span_context context;
  assert_ok(agentotel_session_context(session, &context));
  assert_ok(agentotel_end_session(session, NULL));
  add_id(ids, context.span_id);
}
