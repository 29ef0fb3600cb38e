/*
 * The measured agent, compiled against the public header. Functions are looked up in a library that is loaded
 * at run time; apart from that, this is what a C program does.
 */
#include "agent.h"

#include <dlfcn.h>
#include <string.h>
#include <time.h>

#include "agentotel.h"

#define MOST_ATTRIBUTES 16

static struct {
  __typeof__(&agentotel_init) init;
  __typeof__(&agentotel_flush) flush;
  __typeof__(&agentotel_shutdown) shutdown;
  __typeof__(&agentotel_start_session) start_session;
  __typeof__(&agentotel_end_session) end_session;
  __typeof__(&agentotel_record_event) record_event;
  __typeof__(&agentotel_log) log;
  __typeof__(&agentotel_create_counter) create_counter;
  __typeof__(&agentotel_counter_add) counter_add;
  __typeof__(&agentotel_bind_counter) bind_counter;
  __typeof__(&agentotel_bound_counter_add) bound_counter_add;
  __typeof__(&agentotel_record_event_json) record_event_json;
  __typeof__(&agentotel_start_event) start_event;
  __typeof__(&agentotel_end_event) end_event;
  __typeof__(&agentotel_last_error) last_error;
  __typeof__(&agentotel_get_stats) get_stats;
  __typeof__(&agentotel_get_exporter_stats) get_exporter_stats;
  __typeof__(&agentotel_get_storage_stats) get_storage_stats;
} library;

#define LOOK_UP(name)                                        \
  do {                                                       \
    void *address = dlsym(handle, "agentotel_" #name);       \
    if (!address) return "agentotel_" #name " is not there"; \
    memcpy(&library.name, &address, sizeof address);         \
  } while (0)

const char *agent_load(const char *path) {
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return dlerror();
  LOOK_UP(init);
  LOOK_UP(flush);
  LOOK_UP(shutdown);
  LOOK_UP(start_session);
  LOOK_UP(end_session);
  LOOK_UP(record_event);
  LOOK_UP(log);
  LOOK_UP(create_counter);
  LOOK_UP(counter_add);
  LOOK_UP(bind_counter);
  LOOK_UP(bound_counter_add);
  LOOK_UP(record_event_json);
  LOOK_UP(start_event);
  LOOK_UP(end_event);
  LOOK_UP(last_error);
  LOOK_UP(get_stats);
  LOOK_UP(get_exporter_stats);
  LOOK_UP(get_storage_stats);
  return NULL;
}

int32_t agent_init(const char *config_json) {
  return library.init(AGENTOTEL_ABI_VERSION, config_json);
}
int32_t agent_flush(uint32_t timeout_ms) {
  return library.flush(timeout_ms);
}
int32_t agent_shutdown(uint32_t timeout_ms) {
  return library.shutdown(timeout_ms);
}

int32_t agent_start_session(uint64_t *session) {
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  options.name = AGENTOTEL_STR("benchmark");
  return library.start_session(&options, session);
}

int32_t agent_start_unsampled_session(uint64_t *session) {
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  const agentotel_span_context parent = {{1}, {1}, 0, 1, {0}};
  options.parent = &parent;
  return library.start_session(&options, session);
}

int32_t agent_end_session(uint64_t session) {
  return library.end_session(session, NULL);
}

void agent_last_error(char *buffer, size_t capacity) {
  if (capacity == 0) return;
  buffer[0] = '\0';
  (void)library.last_error(buffer, capacity, NULL);
}

static int32_t read_counts(uint32_t signal, const char *exporter, agent_counts *counts) {
  agentotel_stats stats = AGENTOTEL_STATS_INIT;
  int32_t status = library.get_stats(signal, &stats);
  if (status != AGENTOTEL_OK) return status;
  memset(counts, 0, sizeof *counts);
  counts->offered = stats.offered;
  counts->unsampled = stats.head_unsampled;
  counts->accepted = stats.accepted_caller + stats.accepted_derived;
  for (size_t i = 0; i < AGENTOTEL_REFUSED_SLOTS; i++)
    counts->refused += stats.refused[i];
  if (!exporter) return AGENTOTEL_OK;
  agentotel_exporter_stats lane = AGENTOTEL_EXPORTER_STATS_INIT;
  status = library.get_exporter_stats(agentotel_cstr(exporter), signal, &lane);
  if (status != AGENTOTEL_OK) return status;
  counts->exported = lane.exported;
  counts->pending = lane.pending;
  counts->lost = lane.rejected;
  for (size_t i = 0; i < AGENTOTEL_DROPPED_SLOTS; i++)
    counts->lost += lane.dropped[i];
  return AGENTOTEL_OK;
}

int32_t agent_read_counts(const char *exporter, agent_counts *counts) {
  return read_counts(AGENTOTEL_SIGNAL_TRACES, exporter, counts);
}

static size_t at_most(size_t count) {
  return count < MOST_ATTRIBUTES ? count : MOST_ATTRIBUTES;
}

static void attributes_of(agentotel_attribute *into, const agent_attribute *attributes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    into[i].key.data = attributes[i].key;
    into[i].key.len = attributes[i].key_len;
    into[i].type = AGENTOTEL_TYPE_STRING;
    into[i].reserved = 0;
    into[i].value.string.data = attributes[i].value;
    into[i].value.string.len = attributes[i].value_len;
  }
}

static int record_one(uint64_t session, const agent_attribute *attributes, size_t count) {
  agentotel_attribute built[MOST_ATTRIBUTES];
  attributes_of(built, attributes, count);
  agentotel_event_data event = AGENTOTEL_EVENT_DATA_INIT;
  event.name = AGENTOTEL_STR("agent.step");
  event.attributes = built;
  event.attribute_count = count;
  return library.record_event(session, &event, NULL) != AGENTOTEL_OK;
}

uint64_t agent_record(uint64_t session, const agent_attribute *attributes, size_t count, uint64_t events) {
  uint64_t failed = 0;
  count = at_most(count);
  for (uint64_t i = 0; i < events; i++)
    failed += (uint64_t)record_one(session, attributes, count);
  return failed;
}

uint64_t agent_record_again(uint64_t session, const agent_attribute *attributes, size_t count,
                            uint64_t events) {
  uint64_t failed = 0;
  agentotel_attribute built[MOST_ATTRIBUTES];
  count = at_most(count);
  attributes_of(built, attributes, count);
  agentotel_event_data event = AGENTOTEL_EVENT_DATA_INIT;
  event.name = AGENTOTEL_STR("agent.step");
  event.attributes = built;
  event.attribute_count = count;
  for (uint64_t i = 0; i < events; i++)
    failed += library.record_event(session, &event, NULL) != AGENTOTEL_OK;
  return failed;
}

uint64_t agent_log(uint64_t session, uint32_t severity, const agent_attribute *attributes, size_t count,
                   uint64_t records) {
  uint64_t failed = 0;
  const agentotel_target root = {0, NULL};
  count = at_most(count);
  for (uint64_t i = 0; i < records; i++) {
    agentotel_attribute built[MOST_ATTRIBUTES];
    attributes_of(built, attributes, count);
    agentotel_log_record record = AGENTOTEL_LOG_RECORD_INIT;
    record.severity_number = severity;
    record.body.string = AGENTOTEL_STR("the step took longer than it should");
    record.attributes = built;
    record.attribute_count = count;
    failed += library.log(session, root, &record) != AGENTOTEL_OK;
  }
  return failed;
}

int32_t agent_make_counter(const agent_attribute *attributes, size_t count, uint64_t *counter,
                           uint64_t *bound) {
  agentotel_attribute built[MOST_ATTRIBUTES];
  agentotel_instrument instrument = AGENTOTEL_INSTRUMENT_INIT;
  instrument.name = AGENTOTEL_STR("agent.steps");
  instrument.value_type = AGENTOTEL_VALUE_INT64;
  count = at_most(count);
  attributes_of(built, attributes, count);
  int32_t status = library.create_counter(&instrument, counter);
  return status == AGENTOTEL_OK ? library.bind_counter(*counter, built, count, bound) : status;
}

uint64_t agent_count(uint64_t counter, const agent_attribute *attributes, size_t count, uint64_t times) {
  uint64_t failed = 0;
  agentotel_attribute built[MOST_ATTRIBUTES];
  count = at_most(count);
  attributes_of(built, attributes, count);
  for (uint64_t i = 0; i < times; i++)
    failed += library.counter_add(counter, 1, built, count) != AGENTOTEL_OK;
  return failed;
}

uint64_t agent_count_bound(uint64_t bound, uint64_t times) {
  uint64_t failed = 0;
  for (uint64_t i = 0; i < times; i++)
    failed += library.bound_counter_add(bound, 1) != AGENTOTEL_OK;
  return failed;
}

int32_t agent_read_log_counts(agent_counts *counts) {
  return read_counts(AGENTOTEL_SIGNAL_LOGS, NULL, counts);
}

static uint64_t monotonic(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

uint64_t agent_record_timed(uint64_t session, const agent_attribute *attributes, size_t count,
                            uint64_t events, uint64_t *nanoseconds) {
  uint64_t failed = 0;
  count = at_most(count);
  for (uint64_t i = 0; i < events; i++) {
    uint64_t start = monotonic();
    failed += (uint64_t)record_one(session, attributes, count);
    nanoseconds[i] = monotonic() - start;
  }
  return failed;
}

uint64_t agent_record_llm(uint64_t session, uint64_t events) {
  uint64_t failed = 0;
  agentotel_str reasons[] = {AGENTOTEL_STR("stop")};
  for (uint64_t i = 0; i < events; i++) {
    agentotel_llm llm = AGENTOTEL_LLM_INIT;
    llm.provider = AGENTOTEL_STR("openai");
    llm.request_model = AGENTOTEL_STR("gpt-4.1-mini");
    llm.response_model = AGENTOTEL_STR("gpt-4.1-mini-2025-04-14");
    llm.response_id = AGENTOTEL_STR("chatcmpl-BQ7aXmT2cV9wLq0sRzY1");
    llm.finish_reasons.items = reasons;
    llm.finish_reasons.count = 1;
    llm.output_type = AGENTOTEL_STR("text");
    llm.max_tokens = AGENTOTEL_I64(4096);
    llm.temperature = AGENTOTEL_F64(0.2);
    llm.top_p = AGENTOTEL_F64(0.95);
    llm.input_tokens = AGENTOTEL_I64(1834);
    llm.output_tokens = AGENTOTEL_I64(212);
    llm.server_address = AGENTOTEL_STR("api.openai.com");
    agentotel_event_data event = AGENTOTEL_EVENT_DATA_INIT;
    event.kind = AGENTOTEL_KIND_LLM;
    event.llm = &llm;
    event.duration_nano = 840000000;
    failed += library.record_event(session, &event, NULL) != AGENTOTEL_OK;
  }
  return failed;
}

uint64_t agent_record_llm_of(uint64_t session, const agent_llm *fields) {
  const agent_attribute *texts = fields->texts;
  agentotel_str reason = agentotel_str_of(fields->finish_reason, fields->finish_reason_len);
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  llm.provider = agentotel_str_of(texts[0].key, texts[0].key_len);
  llm.request_model = agentotel_str_of(texts[0].value, texts[0].value_len);
  llm.response_model = agentotel_str_of(texts[1].key, texts[1].key_len);
  llm.response_id = agentotel_str_of(texts[1].value, texts[1].value_len);
  llm.output_type = agentotel_str_of(texts[2].key, texts[2].key_len);
  llm.server_address = agentotel_str_of(texts[2].value, texts[2].value_len);
  llm.finish_reasons.items = &reason;
  llm.finish_reasons.count = 1;
  llm.max_tokens = AGENTOTEL_I64(fields->max_tokens);
  llm.temperature = AGENTOTEL_F64(fields->temperature);
  llm.top_p = AGENTOTEL_F64(fields->top_p);
  llm.input_tokens = AGENTOTEL_I64(fields->input_tokens);
  llm.output_tokens = AGENTOTEL_I64(fields->output_tokens);
  agentotel_event_data event = AGENTOTEL_EVENT_DATA_INIT;
  event.kind = AGENTOTEL_KIND_LLM;
  event.llm = &llm;
  event.duration_nano = fields->duration_nano;
  return library.record_event(session, &event, NULL) != AGENTOTEL_OK;
}

uint64_t agent_record_json(uint64_t session, const char *json, size_t length, uint64_t events) {
  uint64_t failed = 0;
  for (uint64_t i = 0; i < events; i++)
    failed += library.record_event_json(session, agentotel_str_of(json, length), NULL) != AGENTOTEL_OK;
  return failed;
}

static int start_one(uint64_t session, const agent_attribute *attributes, size_t count,
                     agentotel_event *event) {
  agentotel_attribute built[MOST_ATTRIBUTES];
  attributes_of(built, attributes, count);
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  data.name = AGENTOTEL_STR("agent.step");
  data.attributes = built;
  data.attribute_count = count;
  return library.start_event(session, &data, event) != AGENTOTEL_OK;
}

uint64_t agent_start_and_end(uint64_t session, const agent_attribute *attributes, size_t count,
                             uint64_t events) {
  uint64_t failed = 0;
  count = at_most(count);
  for (uint64_t i = 0; i < events; i++) {
    agentotel_event event = 0;
    int bad = start_one(session, attributes, count, &event) || library.end_event(event, NULL) != AGENTOTEL_OK;
    failed += (uint64_t)bad;
  }
  return failed;
}

uint64_t agent_start_many(uint64_t session, const agent_attribute *attributes, size_t count,
                          uint64_t events) {
  uint64_t failed = 0;
  count = at_most(count);
  for (uint64_t i = 0; i < events; i++) {
    agentotel_event event = 0;
    failed += (uint64_t)start_one(session, attributes, count, &event);
  }
  return failed;
}

int32_t agent_read_recovered(uint64_t *finished) {
  agentotel_storage_stats stats = AGENTOTEL_STORAGE_STATS_INIT;
  int32_t status = library.get_storage_stats(&stats);
  *finished = stats.finished;
  return status;
}

int32_t agent_read_derived(uint64_t *derived) {
  *derived = 0;
  for (uint32_t signal = AGENTOTEL_SIGNAL_TRACES; signal <= AGENTOTEL_SIGNAL_LOGS; signal++) {
    agentotel_stats stats = AGENTOTEL_STATS_INIT;
    int32_t status = library.get_stats(signal, &stats);
    if (status != AGENTOTEL_OK) return status;
    *derived += stats.accepted_derived;
  }
  return AGENTOTEL_OK;
}
