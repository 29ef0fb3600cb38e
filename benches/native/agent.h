/*
 * The measured agent: a C program's use of the library, in loops that Rust starts and times. The library is
 * loaded at run time, so that a process can be looked at before and after. Loops return how many calls were
 * not answered OK.
 */
#ifndef AGENT_H
#define AGENT_H

#include <stddef.h>
#include <stdint.h>

/* A key and a string value, both borrowed. */
typedef struct {
  const char *key;
  size_t key_len;
  const char *value;
  size_t value_len;
} agent_attribute;

/* What the counters say about traces: see agentotel_stats and agentotel_exporter_stats. */
typedef struct {
  uint64_t offered;
  uint64_t accepted;
  uint64_t refused;
  uint64_t exported;
  uint64_t pending;
  uint64_t lost;
  uint64_t unsampled;
} agent_counts;

/* NULL, or what went wrong. */
const char *agent_load(const char *library);

int32_t agent_init(const char *config_json);
int32_t agent_flush(uint32_t timeout_ms);
int32_t agent_shutdown(uint32_t timeout_ms);
int32_t agent_start_session(uint64_t *session);
/* One whose parent, in another process, is not sampled. */
int32_t agent_start_unsampled_session(uint64_t *session);
int32_t agent_end_session(uint64_t session);
void agent_last_error(char *buffer, size_t capacity);
int32_t agent_read_counts(const char *exporter, agent_counts *counts);

/* Custom events with string attributes; the attribute array is built anew for each, as an agent would. */
uint64_t agent_record(uint64_t session, const agent_attribute *attributes, size_t count, uint64_t events);
/* The same with one struct, filled in once. */
uint64_t agent_record_again(uint64_t session, const agent_attribute *attributes, size_t count,
                            uint64_t events);
/* Filled in for each, with the wall time of each call. */
uint64_t agent_record_timed(uint64_t session, const agent_attribute *attributes, size_t count,
                            uint64_t events, uint64_t *nanoseconds);
/* Log records with a text of 35 bytes. */
uint64_t agent_log(uint64_t session, uint32_t severity, const agent_attribute *attributes, size_t count,
                   uint64_t records);
/* A counter of whole numbers, and the same bound to attributes. */
int32_t agent_make_counter(const agent_attribute *attributes, size_t count, uint64_t *counter,
                           uint64_t *bound);
/* Counts with one array of attributes, filled in once; and bound. */
uint64_t agent_count(uint64_t counter, const agent_attribute *attributes, size_t count, uint64_t times);
uint64_t agent_count_bound(uint64_t bound, uint64_t times);
/* The same counters of logs, without an exporter's. */
int32_t agent_read_log_counts(agent_counts *counts);
/* An llm event with twelve typed fields. */
uint64_t agent_record_llm(uint64_t session, uint64_t events);
/* The same of fields that were read elsewhere, once. */
typedef struct {
  agent_attribute texts[3]; /* provider and request model, response model and id, output type and server */
  const char *finish_reason;
  size_t finish_reason_len;
  double temperature;
  double top_p;
  int64_t max_tokens;
  int64_t input_tokens;
  int64_t output_tokens;
  int64_t duration_nano;
} agent_llm;
uint64_t agent_record_llm_of(uint64_t session, const agent_llm *fields);
/* Events that are said in JSON. */
uint64_t agent_record_json(uint64_t session, const char *json, size_t length, uint64_t events);
/* Start and end, the attributes given at the start. */
uint64_t agent_start_and_end(uint64_t session, const agent_attribute *attributes, size_t count,
                             uint64_t events);
/* Starts events and leaves them in flight. */
uint64_t agent_start_many(uint64_t session, const agent_attribute *attributes, size_t count, uint64_t events);
/* Spans and log records that the library made of its own accord. */
int32_t agent_read_derived(uint64_t *derived);
/* Directories of dead processes that were taken over and sent. */
int32_t agent_read_recovered(uint64_t *finished);

#endif
