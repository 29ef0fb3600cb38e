/* Exporters that come and go while the library runs: they get what is recorded from their coming on, nothing
 * of it is lost without being counted, and what they were stays readable. */
#include <sys/wait.h>
#include <unistd.h>

#include "sink.h"

#define HOST                                                                            \
  "{\"type\":\"host\",\"name\":\"%s\",\"callback\":\"%s\",\"retry\":{\"initial_ms\":1," \
  "\"max_ms\":10},\"batch\":{\"delay_ms\":2,\"max_count\":100}}"

static agentotel_status add(const char *format, ...) __attribute__((format(printf, 1, 2)));
static agentotel_status add(const char *format, ...) {
  char json[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(json, sizeof json, format, arguments);
  va_end(arguments);
  return agentotel_add_exporter(json);
}

static void unregister(const char *name) {
  assert_ok(agentotel_unregister(AGENTOTEL_CALLBACK_EXPORTER, agentotel_cstr(name), 20000));
}

/* What an exporter has come to, its equation checked. */
static agentotel_exporter_stats checked(const char *exporter) {
  agentotel_exporter_stats of = exporter_stats_of(exporter, AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(of.accepted + of.recovered,
                   of.exported + of.rejected + dropped_in_all(&of) + of.tail_unsampled + of.pending);
  return of;
}

static void one_that_is_added_gets_what_comes_after(void **state) {
  static struct sink first = SINK, added = SINK;
  struct span_ids all = {0}, later = {0};
  (void)state;
  register_sink("first", &first);
  register_sink("added", &added);
  start_with("{\"exporters\":[" HOST "],\"flush_at_exit_ms\":0}", "a", "first");
  agentotel_session session = new_session();
  record_ids(session, 50, &all);
  assert_ok(add(HOST, "b", "added"));
  assert_int_equal(exporter_stats_of("b", AGENTOTEL_SIGNAL_TRACES).accepted, 0);
  for (size_t i = 0; i < 2; i++) {
    record_ids(session, 100, &later);
    assert_ok(agentotel_flush(20000));
  }
  end_and_keep(session, &later);
  assert_ok(agentotel_shutdown(20000));
  for (size_t i = 0; i < later.count; i++)
    add_id(&all, (const uint8_t *)&later.ids[i]);
  assert_same_ids(&all, &first.taken);
  assert_same_ids(&later, &added.taken);
  assert_int_equal(checked("b").exported, later.count);
  assert_int_equal(checked("a").exported, all.count);
  unregister("first");
  unregister("added");
  free_ids(&all);
  free_ids(&later);
  free_ids(&first.taken);
  free_ids(&added.taken);
}

static void the_first_one_may_be_added(void **state) {
  static struct sink sink = SINK;
  (void)state;
  register_sink("only", &sink);
  start_with("{\"exporters\":[],\"flush_at_exit_ms\":0}");
  record_named(new_session(), "nobody's");
  assert_ok(add(HOST, "only", "only"));
  record_named(new_session(), "event");
  assert_ok(agentotel_flush(20000));
  assert_int_equal(sink.taken.count, 1);
  assert_ok(agentotel_remove_exporter(AGENTOTEL_STR("only"), 20000));
  record_named(new_session(), "nobody's");
  assert_ok(agentotel_flush(20000));
  assert_ok(add(HOST, "only", "only"));
  record_named(new_session(), "event");
  assert_ok(agentotel_flush(20000));
  assert_int_equal(sink.taken.count, 2);
  assert_int_equal(checked("only").exported, 1);
  assert_ok(agentotel_shutdown(20000));
  unregister("only");
  free_ids(&sink.taken);
}

static void what_is_wrong_is_named(void **state) {
  static const struct {
    const char *json, *word;
  } wrong[] = {
      {"{\"type\":\"kafka\"}", "`exporter.type`"},
      {"{\"type\":\"file\"}", "missing field `path`"},
      {"{\"type\":\"otlp\",\"name\":\"file\"}", "`exporter.name`: \"file\" is the name of another"},
      {"{\"type\":\"otlp\",\"endpoint\":\"h\"}", "`exporter.endpoint`"},
      {"{\"type\":\"otlp\",\"batch\":{\"in_flight\":0}}", "`exporter.batch.in_flight`"},
      {"{\"type\":\"host\",\"callback\":\"\"}", "`exporter.callback`"},
      {"[]", "not an object"},
      {"", "JSON"},
  };
  (void)state;
  start_recording();
  for (size_t i = 0; i < COUNT(wrong); i++) {
    assert_status(AGENTOTEL_ERR_CONFIG, agentotel_add_exporter(wrong[i].json));
    assert_last_error_names(wrong[i].word);
  }
  assert_status(AGENTOTEL_ERR_CONFIG,
                add("{\"type\":\"file\",\"name\":\"b\",\"path\":\"%s\"}", recording_path()));
  assert_last_error_names("`exporter.path`");
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_add_exporter(NULL));
  assert_status(AGENTOTEL_ERR_NOT_FOUND, agentotel_remove_exporter(AGENTOTEL_STR("b"), 1000));
  assert_ok(agentotel_remove_exporter(AGENTOTEL_STR("file"), 20000));
  assert_status(AGENTOTEL_ERR_NOT_FOUND, agentotel_remove_exporter(AGENTOTEL_STR("file"), 1000));
  /* Its name and its file are free. */
  assert_ok(add("{\"type\":\"file\",\"path\":\"%s\"}", recording_path()));
  /* One that has nothing to do comes and goes too. */
  for (size_t i = 0; i < 2; i++) {
    assert_ok(add("{\"type\":\"console\",\"name\":\"m\",\"signals\":[\"metrics\"]}"));
    assert_ok(agentotel_remove_exporter(AGENTOTEL_STR("m"), 1000));
  }
  stop();
}

static void what_a_removed_one_has_left_is_counted_and_holds_nothing(void **state) {
  static struct sink stuck = SINK, other = SINK;
  size_t events = 2000;
  double begun = 0;
  (void)state;
  stuck.is_shut = true;
  register_sink("stuck", &stuck);
  register_sink("other", &other);
  start_with("{\"exporters\":[" HOST "," HOST
             "],\"flush_at_exit_ms\":0,"
             "\"queue\":{\"max_bytes\":4194304,\"segment_bytes\":65536,\"shards\":1}}",
             "stuck", "stuck", "other", "other");
  agentotel_session session = new_session();
  for (size_t i = 0; i < events; i++)
    record_named(session, "event");
  await_count(&stuck.calls, 1);
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_flush(50));
  uint64_t held = stats_of(AGENTOTEL_SIGNAL_TRACES).queue_bytes;
  assert_true(held > 4 * 65536);
  begun = seconds_now();
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_remove_exporter(AGENTOTEL_STR("stuck"), 100));
  assert_true(seconds_now() - begun < 5);
  assert_last_error_names("2000 traces dropped");
  assert_last_error_names("callback `stuck` has not returned");
  agentotel_exporter_stats stats = checked("stuck");
  assert_int_equal(stats.dropped[AGENTOTEL_DROPPED_REMOVED], events);
  assert_int_equal(stats.pending, 0);
  assert_int_equal(stats.in_flight, 0);
  assert_int_equal(stats.lag_bytes, 0);
  assert_int_equal(stats.state, AGENTOTEL_EXPORTER_REMOVED);
  assert_ok(agentotel_flush(20000));
  assert_true(stats_of(AGENTOTEL_SIGNAL_TRACES).queue_bytes <= 2 * 65536);
  record_named(session, "event");
  assert_ok(agentotel_end_session(session, NULL));
  atomic_store(&stuck.is_shut, false);
  await_count(&stuck.returned, 1);
  assert_ok(agentotel_shutdown(20000));
  /* It stays as it was, to the end. */
  assert_int_equal(checked("stuck").accepted, events);
  assert_int_equal(stuck.calls, 1);
  assert_int_equal(checked("other").exported, events + 2);
  unregister("stuck");
  unregister("other");
  assert_int_equal(stuck.destroyed, 1);
  free_ids(&stuck.taken);
  free_ids(&other.taken);
}

struct recording {
  agentotel_session session;
  atomic_bool *done;
  atomic_int recorded;
};

static void *record_until_done(void *argument) {
  struct recording *recording = argument;
  agentotel_event_data data = named_event("event");
  while (!atomic_load(recording->done)) {
    if (agentotel_record_event(recording->session, &data, NULL) == AGENTOTEL_OK)
      atomic_fetch_add(&recording->recorded, 1);
    usleep(20);
  }
  return NULL;
}

static void they_come_and_go_under_load(void **state) {
  static struct sink stays = SINK, comes = SINK;
  static atomic_bool done;
  struct recording recordings[3];
  pthread_t threads[COUNT(recordings)];
  unsigned long taken = 0;
  uint64_t recorded = 0;
  (void)state;
  register_sink("stays", &stays);
  register_sink("comes", &comes);
  start_with("{\"exporters\":[" HOST "],\"flush_at_exit_ms\":0}", "stays", "stays");
  agentotel_session session = new_session();
  for (size_t i = 0; i < COUNT(recordings); i++) {
    recordings[i] = (struct recording){.session = session, .done = &done};
    assert_int_equal(pthread_create(&threads[i], NULL, record_until_done, &recordings[i]), 0);
  }
  for (size_t round = 0; round < scaled(30, 3); round++) {
    assert_ok(add(HOST, "comes", "comes"));
    await_count(&recordings[0].recorded, atomic_load(&recordings[0].recorded) + 20);
    for (size_t i = 0; i < 20; i++)
      checked("comes");
    assert_ok(agentotel_remove_exporter(AGENTOTEL_STR("comes"), 20000));
    agentotel_exporter_stats stats = checked("comes");
    /* All that was handed over has been counted, and all that was counted was handed over. */
    assert_int_equal(stats.accepted, stats.exported + stats.dropped[AGENTOTEL_DROPPED_REMOVED]);
    assert_int_equal(stats.pending, 0);
    assert_true(stats.exported >= 20);
    unsigned long now = comes.items;
    assert_true(stats.exported <= now - taken);
    assert_true(now - taken <= stats.accepted);
    taken = now;
  }
  atomic_store(&done, true);
  for (size_t i = 0; i < COUNT(recordings); i++) {
    pthread_join(threads[i], NULL);
    recorded += (uint64_t)recordings[i].recorded;
  }
  assert_ok(agentotel_end_session(session, NULL));
  assert_ok(agentotel_shutdown(20000));
  assert_int_equal(checked("stays").exported, recorded + 1);
  assert_int_equal(stays.taken.count, recorded + 1);
  assert_int_equal(stays.wrong + comes.wrong, 0);
  assert_int_equal(comes.items, taken);
  unregister("stays");
  unregister("comes");
  free_ids(&stays.taken);
  free_ids(&comes.taken);
}

static void a_forked_child_has_the_exporters_of_now(void **state) {
  const char *path = recording_path();
  int status = 0;
  (void)state;
  unlink(path);
  start_with("{\"exporters\":[{\"type\":\"console\",\"stream\":\"stderr\"}],\"flush_at_exit_ms\":0}");
  assert_ok(agentotel_remove_exporter(AGENTOTEL_STR("console"), 20000));
  assert_ok(add("{\"type\":\"file\",\"path\":\"%s\"}", path));
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    agentotel_event_data data = named_event("child's");
    agentotel_exporter_stats stats = AGENTOTEL_EXPORTER_STATS_INIT;
    agentotel_session session = 0;
    if (agentotel_start_session(NULL, &session) != AGENTOTEL_OK) _exit(10);
    if (agentotel_record_event(session, &data, NULL) != AGENTOTEL_OK) _exit(11);
    if (agentotel_get_exporter_stats(AGENTOTEL_STR("console"), AGENTOTEL_SIGNAL_TRACES, &stats) !=
        AGENTOTEL_ERR_NOT_FOUND)
      _exit(12);
    if (agentotel_shutdown(20000) != AGENTOTEL_OK) _exit(13);
    _exit(0);
  }
  status = wait_at_most(child, 20);
  assert_true(status != -1 && WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  stop();
  cJSON *spans = read_spans(path);
  assert_int_equal(count_named(spans, "child's"), 1);
  cJSON_Delete(spans);
}

int run_exporters(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, stop_anyway)
  const struct CMUnitTest tests[] = {
      TEST(one_that_is_added_gets_what_comes_after),
      TEST(the_first_one_may_be_added),
      TEST(what_is_wrong_is_named),
      TEST(what_a_removed_one_has_left_is_counted_and_holds_nothing),
      TEST(they_come_and_go_under_load),
      TEST(a_forked_child_has_the_exporters_of_now),
  };
  return GROUP(tests);
}
