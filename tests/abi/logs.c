/* Log records: what they say arrives, each belongs where its caller said, what is left out is left out, and
 * those of one thread stay in their order. */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "support.h"

#define THREADS 8

static int begin(void **state) {
  (void)state;
  start_recording();
  return 0;
}

static const agentotel_target root = {0, NULL};

static agentotel_log_record said(uint32_t severity, const char *body) {
  agentotel_log_record record = AGENTOTEL_LOG_RECORD_INIT;
  record.severity_number = severity;
  record.body.string = agentotel_cstr(body);
  return record;
}

/* The log record with this text as its body. */
static const cJSON *find_said(const cJSON *logs, const char *body) {
  const cJSON *log = NULL;
  cJSON_ArrayForEach(log, logs) {
    if (strcmp(text_of(cJSON_GetObjectItem(log, "body"), "stringValue"), body) == 0) return log;
  }
  fail_msg("no log record says \"%s\"", body);
  return NULL;
}

static void assert_belongs_to(const cJSON *log, const agentotel_span_context *span) {
  char trace_id[33] = "", span_id[17] = "";
  if (span != NULL) {
    hex_of(span->trace_id, 16, trace_id);
    hex_of(span->span_id, 8, span_id);
  }
  assert_string_equal(text_of(log, "traceId"), trace_id);
  assert_string_equal(text_of(log, "spanId"), span_id);
  const cJSON *flags = cJSON_GetObjectItem(log, "flags");
  assert_int_equal(flags == NULL ? 0 : flags->valueint, span == NULL ? 0 : span->trace_flags);
}

static void everything_that_is_said_arrives(void **state) {
  agentotel_log_record record = said(AGENTOTEL_SEVERITY_WARN2, "the disk is full");
  agentotel_attribute attributes[3] = {
      agentotel_attr_string(AGENTOTEL_STR("path"), AGENTOTEL_STR("/var")),
      agentotel_attr_int64(AGENTOTEL_STR("free"), 0),
      agentotel_attr_json(AGENTOTEL_STR("more"), AGENTOTEL_STR("{\"a\":[1,true]}")),
  };
  (void)state;
  agentotel_session session = new_session();
  agentotel_span_context context;
  assert_ok(agentotel_session_context(session, &context));
  record.event_name = AGENTOTEL_STR("disk.full");
  record.time_unix_nano = 1700000000000000001;
  record.attributes = attributes;
  record.attribute_count = COUNT(attributes);
  assert_ok(agentotel_log(session, root, &record));
  record = said(AGENTOTEL_SEVERITY_UNSPECIFIED, "");
  record.severity_text = AGENTOTEL_STR("NOTICE");
  record.body_type = AGENTOTEL_TYPE_JSON;
  record.body.json = AGENTOTEL_STR("{\"deep\":{\"er\":[\"x\",null]}}");
  assert_ok(agentotel_log(session, root, &record));
  record = said(AGENTOTEL_SEVERITY_FATAL4, "");
  assert_ok(agentotel_log(session, root, &record));
  stop();
  cJSON *logs = read_logs(recording_path());
  assert_int_equal(cJSON_GetArraySize(logs), 3);
  const cJSON *first = cJSON_GetArrayItem(logs, 0), *second = cJSON_GetArrayItem(logs, 1);
  const cJSON *third = cJSON_GetArrayItem(logs, 2);
  assert_ptr_equal(first, find_said(logs, "the disk is full"));
  assert_int_equal(cJSON_GetObjectItem(first, "severityNumber")->valueint, 14);
  assert_string_equal(text_of(first, "severityText"), "WARN2");
  assert_string_equal(text_of(first, "eventName"), "disk.full");
  assert_string_equal(text_of(first, "timeUnixNano"), "1700000000000000001");
  assert_true(strlen(text_of(first, "observedTimeUnixNano")) == 19);
  assert_string_equal(string_attribute(first, "path"), "/var");
  assert_string_equal(int_attribute(first, "free"), "0");
  assert_non_null(cJSON_GetObjectItem(attribute_of(first, "more"), "kvlistValue"));
  assert_non_null(attribute_of(first, "session.id"));
  assert_belongs_to(first, &context);
  assert_null(cJSON_GetObjectItem(second, "severityNumber"));
  assert_string_equal(text_of(second, "severityText"), "NOTICE");
  assert_non_null(cJSON_GetObjectItem(cJSON_GetObjectItem(second, "body"), "kvlistValue"));
  assert_string_equal(text_of(third, "severityText"), "FATAL4");
  assert_null(cJSON_GetObjectItem(third, "body"));
  cJSON_Delete(logs);
}

static void a_record_belongs_to_what_its_caller_says(void **state) {
  const uint8_t *id = (const uint8_t *)"0123456789abcdef";
  agentotel_span_context of_session, of_event, elsewhere;
  (void)state;
  agentotel_session session = new_session();
  agentotel_event event = start_named(session, "at work");
  agentotel_target target = {event, NULL};
  assert_ok(agentotel_session_context(session, &of_session));
  assert_ok(agentotel_event_context(event, &of_event));
  memset(&elsewhere, 0, sizeof elsewhere);
  memcpy(elsewhere.trace_id, id, 16);
  memcpy(elsewhere.span_id, id, 8);
  elsewhere.trace_flags = 1;
  agentotel_log_record record = said(AGENTOTEL_SEVERITY_INFO, "session");
  assert_ok(agentotel_log(session, root, &record));
  record = said(AGENTOTEL_SEVERITY_INFO, "event");
  assert_ok(agentotel_log(session, target, &record));
  record = said(AGENTOTEL_SEVERITY_INFO, "event alone");
  assert_ok(agentotel_log(0, target, &record));
  assert_ok(agentotel_end_event(event, NULL));
  assert_status(AGENTOTEL_ERR_STALE_HANDLE, agentotel_log(0, target, &record));
  target.event = 0;
  target.context = &of_event;
  record = said(AGENTOTEL_SEVERITY_INFO, "ended event");
  assert_ok(agentotel_log(session, target, &record));
  target.context = &elsewhere;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_log(session, target, &record));
  assert_last_error_names("target");
  record = said(AGENTOTEL_SEVERITY_INFO, "elsewhere");
  assert_ok(agentotel_log(0, target, &record));
  record = said(AGENTOTEL_SEVERITY_INFO, "process");
  assert_ok(agentotel_log(0, root, &record));
  memset(elsewhere.span_id, 0, 8);
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_log(0, target, &record));
  assert_last_error_names("target");
  agentotel_stats stats = stats_of(AGENTOTEL_SIGNAL_LOGS);
  assert_int_equal(stats.accepted_caller, 6);
  assert_int_equal(stats.refused[AGENTOTEL_REFUSED_ARGUMENT], 2);
  assert_int_equal(stats.refused[AGENTOTEL_REFUSED_HANDLE], 1);
  memcpy(elsewhere.span_id, id, 8);
  stop();
  cJSON *logs = read_logs(recording_path());
  assert_belongs_to(find_said(logs, "session"), &of_session);
  assert_belongs_to(find_said(logs, "event"), &of_event);
  assert_belongs_to(find_said(logs, "event alone"), &of_event);
  assert_belongs_to(find_said(logs, "ended event"), &of_event);
  assert_belongs_to(find_said(logs, "elsewhere"), &elsewhere);
  assert_belongs_to(find_said(logs, "process"), NULL);
  assert_non_null(attribute_of(find_said(logs, "event alone"), "session.id"));
  assert_null(attribute_of(find_said(logs, "elsewhere"), "session.id"));
  assert_null(attribute_of(find_said(logs, "process"), "session.id"));
  assert_int_equal(cJSON_GetArraySize(logs), 6);
  cJSON_Delete(logs);
}

static void what_is_less_severe_than_the_minimum_is_not_recorded(void **state) {
  (void)state;
  agentotel_shutdown(1000);
  assert_int_equal(agentotel_log_enabled(AGENTOTEL_SEVERITY_FATAL), 0);
  remove(recording_path());
  start_with("{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\"}],\"logs\":{\"min_severity\":\"info2\"}}",
             recording_path());
  agentotel_session session = new_session();
  for (uint32_t severity = 0; severity <= AGENTOTEL_SEVERITY_FATAL4; severity++) {
    char text[16];
    snprintf(text, sizeof text, "%u", severity);
    agentotel_log_record record = said(severity, text);
    assert_int_equal(agentotel_log_enabled(severity), severity == 0 || severity >= 10);
    assert_ok(agentotel_log(session, root, &record));
  }
  /* Nothing but the severity is looked at. */
  agentotel_log_record record = said(AGENTOTEL_SEVERITY_DEBUG, "");
  record.attribute_count = 99;
  assert_ok(agentotel_log(4711, root, &record));
  assert_int_equal(stats_of(AGENTOTEL_SIGNAL_LOGS).offered, 16);
  stop();
  assert_int_equal(agentotel_log_enabled(AGENTOTEL_SEVERITY_FATAL), 0);
  record.attribute_count = 0;
  assert_status(AGENTOTEL_ERR_SHUT_DOWN, agentotel_log(session, root, &record));
  cJSON *logs = read_logs(recording_path());
  assert_int_equal(cJSON_GetArraySize(logs), 16);
  find_said(logs, "0");
  find_said(logs, "10");
  cJSON_Delete(logs);
}

static void a_session_that_is_not_sampled_leaves_none(void **state) {
  (void)state;
  agentotel_shutdown(1000);
  remove(recording_path());
  start_with(
      "{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\"}],\"sampler\":\"always_off\","
      "\"inject\":{\"attributes\":{\"team\":\"t\"},\"by_kind\":{\"custom\":{\"log\":true}}}}",
      recording_path());
  agentotel_session session = new_session();
  agentotel_log_record record = said(AGENTOTEL_SEVERITY_ERROR, "unsampled");
  assert_ok(agentotel_log(session, root, &record));
  agentotel_attribute own = agentotel_attr_string(AGENTOTEL_STR("team"), AGENTOTEL_STR("own"));
  record = said(AGENTOTEL_SEVERITY_ERROR, "process");
  record.attributes = &own;
  record.attribute_count = 1;
  assert_ok(agentotel_log(0, root, &record));
  agentotel_stats stats = stats_of(AGENTOTEL_SIGNAL_LOGS);
  assert_int_equal(stats.head_unsampled, 1);
  assert_int_equal(stats.accepted_caller, 1);
  stop();
  cJSON *logs = read_logs(recording_path());
  assert_int_equal(cJSON_GetArraySize(logs), 1);
  assert_string_equal(string_attribute(find_said(logs, "process"), "team"), "own");
  assert_non_null(attribute_of(find_said(logs, "process"), "log"));
  cJSON_Delete(logs);
}

static void limits_and_repairs_are_those_of_events(void **state) {
  char text[100];
  (void)state;
  agentotel_shutdown(1000);
  remove(recording_path());
  start_with(
      "{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\"}],\"limits\":{\"attributes\":3,"
      "\"value_bytes\":10}}",
      recording_path());
  agentotel_session session = new_session();
  memset(text, 'x', sizeof text);
  agentotel_attribute attributes[4] = {
      agentotel_attr_string(AGENTOTEL_STR("long"), agentotel_str_of(text, sizeof text)),
      agentotel_attr_int64(AGENTOTEL_STR("twice"), 1),
      agentotel_attr_int64(AGENTOTEL_STR("twice"), 2),
      agentotel_attr_int64(AGENTOTEL_STR("over"), 1),
  };
  agentotel_log_record record =
      said(AGENTOTEL_SEVERITY_INFO, "not \xff UTF-8, and longer than a value may be");
  record.attributes = attributes;
  record.attribute_count = COUNT(attributes);
  assert_ok(agentotel_log(session, root, &record));
  agentotel_stats stats = stats_of(AGENTOTEL_SIGNAL_LOGS);
  assert_int_equal(stats.repaired_utf8, 1);
  assert_int_equal(stats.truncated_values, 1);
  assert_int_equal(stats.dropped_attributes, 1);
  stop();
  cJSON *logs = read_logs(recording_path());
  const cJSON *log = find_said(logs, "not \xef\xbf\xbd UTF-8, and longer than a value may be");
  assert_string_equal(string_attribute(log, "long"), "xxxxxxxxxx");
  assert_string_equal(int_attribute(log, "twice"), "2");
  assert_null(attribute_of(log, "over"));
  assert_int_equal(cJSON_GetObjectItem(log, "droppedAttributesCount")->valueint, 1);
  cJSON_Delete(logs);
}

struct logger {
  agentotel_session session;
  int64_t thread;
  int64_t records;
  int64_t failed;
};

static void *log_numbers(void *argument) {
  struct logger *logger = argument;
  agentotel_attribute attributes[2] = {
      agentotel_attr_int64(AGENTOTEL_STR("thread"), logger->thread),
      agentotel_attr_int64(AGENTOTEL_STR("number"), 0),
  };
  agentotel_log_record record = said(AGENTOTEL_SEVERITY_INFO, "counted");
  record.attributes = attributes;
  record.attribute_count = COUNT(attributes);
  for (int64_t i = 0; i < logger->records; i++) {
    attributes[1].value.int64 = i;
    logger->failed += agentotel_log(logger->session, root, &record) != AGENTOTEL_OK;
  }
  return NULL;
}

static void the_records_of_a_thread_stay_in_order(void **state) {
  struct logger loggers[THREADS];
  pthread_t threads[THREADS];
  int64_t next[THREADS] = {0};
  const int64_t records = (int64_t)scaled(5000, 100);
  (void)state;
  agentotel_session session = new_session();
  for (int i = 0; i < THREADS; i++) {
    /* Some have a session of their own, some share one. */
    loggers[i] = (struct logger){i % 2 == 0 ? session : new_session(), i, records, 0};
    assert_int_equal(pthread_create(&threads[i], NULL, log_numbers, &loggers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(loggers[i].failed, 0);
  }
  stop();
  cJSON *logs = read_logs(recording_path());
  const cJSON *log = NULL;
  cJSON_ArrayForEach(log, logs) {
    long thread = strtol(int_attribute(log, "thread"), NULL, 10);
    assert_int_equal(strtoll(int_attribute(log, "number"), NULL, 10), next[thread]);
    next[thread]++;
  }
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(next[i], records);
  }
  cJSON_Delete(logs);
}

/* Runs with log records printed to a file in place of standard error; gives what was printed. */
static char *printed_as(const char *format, const char *path) {
  size_t length = 0;
  agentotel_shutdown(1000);
  fflush(stderr);
  int before = dup(STDERR_FILENO);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(file, STDERR_FILENO);
  start_with("{\"exporters\":[],\"logs\":{\"console\":\"%s\",\"console_stream\":\"stderr\"}}", format);
  agentotel_log_record record = said(AGENTOTEL_SEVERITY_WARN, "two\nlines");
  assert_ok(agentotel_log(new_session(), root, &record));
  assert_ok(agentotel_log(0, root, &record));
  assert_ok(agentotel_shutdown(5000));
  dup2(before, STDERR_FILENO);
  close(before);
  close(file);
  assert_int_equal(exporter_stats_of("logs-console", AGENTOTEL_SIGNAL_LOGS).exported, 2);
  return read_bytes(path, &length);
}

static size_t lines_of(const char *text) {
  size_t lines = 0;
  for (; *text != '\0'; text++) {
    lines += *text == '\n';
  }
  return lines;
}

static void they_are_printed_a_line_each(void **state) {
  (void)state;
  char *text = printed_as("text", temporary_path("printed"));
  assert_int_equal(lines_of(text), 2);
  assert_non_null(strstr(text, " WARN  two\\nlines"));
  assert_null(strchr(text, '\x1b'));
  free(text);
  text = printed_as("json", temporary_path("printed"));
  assert_int_equal(lines_of(text), 2);
  cJSON *first = cJSON_ParseWithOpts(text, NULL, 0);
  assert_string_equal(text_of(first, "severityText"), "WARN");
  cJSON_Delete(first);
  free(text);
}

int run_logs(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, stop_anyway)
  const struct CMUnitTest tests[] = {
      TEST(everything_that_is_said_arrives),
      TEST(a_record_belongs_to_what_its_caller_says),
      TEST(what_is_less_severe_than_the_minimum_is_not_recorded),
      TEST(a_session_that_is_not_sampled_leaves_none),
      TEST(limits_and_repairs_are_those_of_events),
      TEST(the_records_of_a_thread_stay_in_order),
      TEST(they_are_printed_a_line_each),
  };
  return GROUP(tests);
}
