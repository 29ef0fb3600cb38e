/* Formatters: one line of text for each span and log record, in files; what is no line is counted and leaves
 * no trace; one that is not there is waited for. */
#include <unistd.h>

#include "sink.h"

struct lines {
  agentotel_str prefix;
  void (*inside)(void);
  atomic_int calls, destroyed, odd;
};

static agentotel_status say(const char *text, size_t length, char *buffer, size_t capacity, size_t *needed) {
  *needed = length;
  if (capacity < length) return AGENTOTEL_ERR_BUFFER_TOO_SMALL;
  memcpy(buffer, text, length);
  return AGENTOTEL_OK;
}

static agentotel_status format_name(void *user_data, uint32_t signal, agentotel_str json, char *buffer,
                                    size_t capacity, size_t *needed) {
  struct lines *lines = user_data;
  cJSON *record = cJSON_ParseWithLength(json.data, json.len);
  const char *name = text_of(record, signal == AGENTOTEL_SIGNAL_LOGS ? "eventName" : "name");
  agentotel_status status = AGENTOTEL_OK;
  static char large[2 << 20];
  char line[256];
  atomic_fetch_add(&lines->calls, 1);
  if (record == NULL || memchr(json.data, '\n', json.len) != NULL) atomic_fetch_add(&lines->odd, 1);
  if (lines->inside != NULL) lines->inside();
  memset(large, 'x', sizeof large);
  if (strcmp(name, "fails") == 0) {
    status = AGENTOTEL_ERR_SYSTEM;
  } else if (strcmp(name, "two lines") == 0) {
    status = say("one\ntwo", 7, buffer, capacity, needed);
  } else if (strcmp(name, "empty") == 0) {
    status = say("", 0, buffer, capacity, needed);
  } else if (strcmp(name, "large") == 0) {
    status = say(large, 500000, buffer, capacity, needed);
  } else if (strcmp(name, "too large") == 0) {
    status = say(large, sizeof large, buffer, capacity, needed);
  } else if (strcmp(name, "liar") == 0) {
    *needed = capacity + 1;
  } else if (strcmp(name, "never enough") == 0) {
    *needed = capacity + 1;
    status = AGENTOTEL_ERR_BUFFER_TOO_SMALL;
  } else {
    int length = snprintf(line, sizeof line, "%.*s%s", (int)lines->prefix.len, lines->prefix.data, name);
    status = say(line, (size_t)length, buffer, capacity, needed);
  }
  cJSON_Delete(record);
  return status;
}

static void destroy(void *user_data) {
  struct lines *lines = user_data;
  atomic_fetch_add(&lines->destroyed, 1);
}

static agentotel_formatter formatter_of(struct lines *lines) {
  agentotel_formatter formatter = AGENTOTEL_FORMATTER_INIT;
  formatter.format = format_name;
  formatter.destroy = destroy;
  formatter.user_data = lines;
  return formatter;
}

static void register_lines(const char *name, struct lines *lines) {
  agentotel_formatter formatter = formatter_of(lines);
  assert_ok(agentotel_register_formatter(agentotel_cstr(name), &formatter));
}

static const char *start_lines(const char *format) {
  const char *path = recording_path();
  unlink(path);
  start_with(
      "{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\",\"format\":\"%s\",\"retry\":{\"initial_ms\":1,"
      "\"max_ms\":10},\"batch\":{\"delay_ms\":2}}],\"flush_at_exit_ms\":0}",
      path, format);
  return path;
}

static void unregister(const char *name) {
  assert_ok(agentotel_unregister(AGENTOTEL_CALLBACK_FORMATTER, agentotel_cstr(name), 20000));
}

/* How many lines of a file are this one. */
static size_t count_lines(const char *path, const char *line) {
  size_t length = 0, count = 0;
  char *bytes = read_bytes(path, &length);
  char *rest = NULL;
  assert_true(length == 0 || bytes[length - 1] == '\n');
  for (char *each = strtok_r(bytes, "\n", &rest); each != NULL; each = strtok_r(NULL, "\n", &rest)) {
    count += line == NULL || strcmp(each, line) == 0;
  }
  free(bytes);
  return count;
}

static void each_record_is_a_line_of_a_file(void **state) {
  static struct lines lines;
  const size_t events = scaled(500, 50);
  agentotel_error error = AGENTOTEL_ERROR_INIT;
  agentotel_target root = {0, NULL};
  (void)state;
  lines.prefix = AGENTOTEL_STR("> ");
  register_lines("names", &lines);
  const char *path = start_lines("names");
  agentotel_session session = new_session();
  for (size_t i = 0; i < events; i++)
    record_named(session, "event");
  error.type = AGENTOTEL_STR("timeout");
  assert_ok(agentotel_record_error(session, root, &error));
  stop();
  assert_int_equal(count_lines(path, "> event"), events);
  assert_int_equal(count_lines(path, "> session"), 1);
  assert_int_equal(count_lines(path, NULL), events + 2);
  assert_int_equal(lines.calls, events + 2);
  assert_int_equal(lines.odd, 0);
  unregister("names");
  assert_int_equal(lines.destroyed, 1);
}

static void what_is_no_line_is_counted_and_nothing_of_it_is_written(void **state) {
  static const char *const no_lines[] = {"fails", "two lines", "too large", "liar", "never enough"};
  static struct lines lines;
  char said[16384];
  (void)state;
  register_lines("odd", &lines);
  const char *path = start_lines("odd");
  agentotel_session session = new_session();
  for (size_t i = 0; i < COUNT(no_lines); i++) {
    record_named(session, "before");
    record_named(session, no_lines[i]);
    record_named(session, "after");
  }
  record_named(session, "empty");
  record_named(session, "large");
  stop();
  assert_int_equal(count_lines(path, "before"), COUNT(no_lines));
  assert_int_equal(count_lines(path, "after"), COUNT(no_lines));
  /* Those, the large one, and the session. */
  assert_int_equal(count_lines(path, NULL), 2 * COUNT(no_lines) + 2);
  agentotel_exporter_stats stats = exporter_stats_of("file", AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(stats.rejected, COUNT(no_lines));
  assert_int_equal(stats.exported, 2 * COUNT(no_lines) + 3);
  assert_ok(agentotel_get_diagnostics(said, sizeof said, NULL));
  assert_non_null(strstr(said, "formatter `odd`"));
  unregister("odd");
}

static void one_that_is_not_registered_is_waited_for(void **state) {
  static struct lines lines;
  (void)state;
  const char *path = start_lines("late");
  record_named(new_session(), "event");
  await_state("file", AGENTOTEL_EXPORTER_RETRYING);
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_flush(20));
  assert_last_error_names("no formatter `late` is registered");
  register_lines("late", &lines);
  stop();
  assert_int_equal(count_lines(path, NULL), 2);
  unregister("late");
  assert_int_equal(lines.destroyed, 1);
}

static agentotel_session inner_session;
static atomic_int recorded_inside;
static agentotel_status flushed_inside;

static void record_inside(void) {
  agentotel_event_data data = named_event("from inside");
  /* Once: while the library is shut down it says that first. */
  if (atomic_load(&recorded_inside) == 0) flushed_inside = agentotel_flush(1000);
  if (atomic_load(&recorded_inside) < 10 &&
      agentotel_record_event(inner_session, &data, NULL) == AGENTOTEL_OK)
    atomic_fetch_add(&recorded_inside, 1);
}

static void it_may_record_from_inside(void **state) {
  static struct lines lines;
  (void)state;
  lines.inside = record_inside;
  register_lines("inside", &lines);
  const char *path = start_lines("inside");
  inner_session = new_session();
  record_named(inner_session, "event");
  for (int i = 0; i < 10000 && atomic_load(&recorded_inside) < 10; i++)
    usleep(2000);
  assert_ok(agentotel_end_session(inner_session, NULL));
  stop();
  assert_status(AGENTOTEL_ERR_IN_CALLBACK, flushed_inside);
  assert_int_equal(count_lines(path, "from inside"), 10);
  unregister("inside");
}

static atomic_bool is_shut;

static void wait_inside(void) {
  while (atomic_load(&is_shut))
    usleep(500);
}

static void one_that_does_not_return_does_not_hold_up_a_shutdown(void **state) {
  static struct lines stuck, next;
  double begun = 0;
  (void)state;
  stuck.inside = wait_inside;
  atomic_store(&is_shut, true);
  register_lines("stuck", &stuck);
  start_lines("stuck");
  record_named(new_session(), "event");
  await_count(&stuck.calls, 1);
  begun = seconds_now();
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(100));
  assert_last_error_names("formatter `stuck` has not returned");
  /* A quarter of a second is promised; a machine that tests gets more. */
  assert_true(seconds_now() - begun < 5);
  assert_int_equal(stuck.destroyed, 0);
  /* The next start has another one of that name, and a file of its own. */
  register_lines("stuck", &next);
  const char *path = temporary_path("next.txt");
  start_with("{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\",\"format\":\"stuck\"}]}", path);
  record_named(new_session(), "event");
  stop();
  assert_int_equal(count_lines(path, NULL), 2);
  assert_int_equal(stuck.destroyed, 0);
  atomic_store(&is_shut, false);
  await_count(&stuck.destroyed, 1);
  unregister("stuck");
  assert_int_equal(next.destroyed, 1);
}

static void wrong_arguments_get_a_status(void **state) {
  static struct lines lines;
  agentotel_formatter formatter = formatter_of(&lines);
  const agentotel_str name = AGENTOTEL_STR("name");
  (void)state;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_register_formatter(name, NULL));
  static const char *const names[] = {"", "a b", ".a", "tree", "json", "otlp_json", "otlp_proto"};
  for (size_t i = 0; i < COUNT(names); i++) {
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                  agentotel_register_formatter(agentotel_cstr(names[i]), &formatter));
  }
  formatter.format = NULL;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_register_formatter(name, &formatter));
  formatter.struct_size = 8;
  assert_status(AGENTOTEL_ERR_STRUCT_SIZE, agentotel_register_formatter(name, &formatter));
  assert_status(AGENTOTEL_ERR_NOT_FOUND, agentotel_unregister(AGENTOTEL_CALLBACK_FORMATTER, name, 0));
  assert_int_equal(lines.destroyed, 0);
}

int run_formatters(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, stop_anyway)
  const struct CMUnitTest tests[] = {
      TEST(each_record_is_a_line_of_a_file),
      TEST(what_is_no_line_is_counted_and_nothing_of_it_is_written),
      TEST(one_that_is_not_registered_is_waited_for),
      TEST(it_may_record_from_inside),
      TEST(one_that_does_not_return_does_not_hold_up_a_shutdown),
      TEST(wrong_arguments_get_a_status),
  };
  return GROUP(tests);
}
