/* Many threads: recording while one shuts down, ending one event together, changing a buffer while it is
 * read; and each with its own last error. Threads only count; the main thread asserts. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "support.h"

#define THREADS 8

static int begin(void **state) {
  (void)state;
  start_recording();
  return 0;
}

static void run_threads(void *(*body)(void *), void *arguments, size_t size, size_t count,
                        pthread_t *threads) {
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, body, (char *)arguments + i * size), 0);
  }
}

static void join_threads(pthread_t *threads, size_t count) {
  for (size_t i = 0; i < count; i++) {
    pthread_join(threads[i], NULL);
  }
}

/* Records until it is told to go, counting what it was answered. */
struct recorder {
  agentotel_session session;
  uint64_t calls;
  uint64_t ok;
  uint64_t unexpected;
};

static bool is_expected(agentotel_status status) {
  return status == AGENTOTEL_OK || status == AGENTOTEL_ERR_SHUT_DOWN || status == AGENTOTEL_ERR_STALE_HANDLE;
}

static agentotel_status record_in_turn(const struct recorder *recorder, uint64_t *calls) {
  agentotel_event_data data = named_event("event");
  agentotel_event event = 0;
  if (*calls % 2 == 0) {
    (*calls)++;
    return agentotel_record_event(recorder->session, &data, NULL);
  }
  /* An event in flight: counted when it ends. One that shutdown ends first is the library's. */
  agentotel_status status = agentotel_start_event(recorder->session, &data, &event);
  (*calls)++;
  return status == AGENTOTEL_OK ? agentotel_end_event(event, NULL) : status;
}

static void *record_until_shut_down(void *argument) {
  struct recorder *recorder = argument;
  agentotel_status status = AGENTOTEL_OK;
  while (status != AGENTOTEL_ERR_SHUT_DOWN) {
    status = record_in_turn(recorder, &recorder->calls);
    recorder->ok += status == AGENTOTEL_OK;
    recorder->unexpected += !is_expected(status);
  }
  return NULL;
}

static void threads_record_while_one_shuts_down(void **state) {
  struct recorder recorders[THREADS];
  pthread_t threads[THREADS];
  uint64_t calls = 0;
  uint64_t ok = 0;
  (void)state;
  memset(recorders, 0, sizeof recorders);
  for (size_t i = 0; i < THREADS; i++) {
    recorders[i].session = new_session();
  }
  run_threads(record_until_shut_down, recorders, sizeof *recorders, THREADS, threads);
  usleep(30000);
  stop();
  join_threads(threads, THREADS);
  for (size_t i = 0; i < THREADS; i++) {
    assert_int_equal(recorders[i].unexpected, 0);
    calls += recorders[i].calls;
    ok += recorders[i].ok;
  }
  assert_true(ok > 0 && ok < calls);
  /* Every OK is a span, and so is all that shutdown ended: the sessions, and the events it found in flight.
   */
  cJSON *spans = read_spans(recording_path());
  const cJSON *span = NULL;
  uint64_t ended = count_named(spans, "session");
  assert_int_equal(ended, THREADS);
  cJSON_ArrayForEach(span, spans) {
    bool is_event = strcmp(text_of(span, "name"), "event") == 0;
    ended += is_event && attribute_of(span, "agentotel.interrupted") != NULL;
  }
  assert_true(ended <= 2 * THREADS);
  assert_int_equal(cJSON_GetArraySize(spans), ok + ended);
  cJSON_Delete(spans);
  agentotel_stats stats = stats_of(AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(stats.accepted_caller + stats.accepted_derived, ok + ended);
  assert_int_equal(exporter_stats_of("file", AGENTOTEL_SIGNAL_TRACES).exported, ok + ended);
  assert_equations_hold();
}

/* One thread of those that end the same event, or the same session. */
struct ender {
  agentotel_session session;
  agentotel_event event;
  pthread_barrier_t *barrier;
  agentotel_status status;
};

static void *end_event(void *argument) {
  struct ender *ender = argument;
  pthread_barrier_wait(ender->barrier);
  ender->status = agentotel_end_event(ender->event, NULL);
  return NULL;
}

static void *end_session(void *argument) {
  struct ender *ender = argument;
  pthread_barrier_wait(ender->barrier);
  ender->status = agentotel_end_session(ender->session, NULL);
  return NULL;
}

static void assert_one_succeeds(void *(*end)(void *)) {
  struct ender enders[THREADS];
  pthread_t threads[THREADS];
  pthread_barrier_t barrier;
  size_t succeeded = 0;
  agentotel_session session = new_session();
  agentotel_event event = start_named(session, "event");
  pthread_barrier_init(&barrier, NULL, THREADS);
  for (size_t i = 0; i < THREADS; i++) {
    enders[i] = (struct ender){session, event, &barrier, AGENTOTEL_OK};
  }
  run_threads(end, enders, sizeof *enders, THREADS, threads);
  join_threads(threads, THREADS);
  pthread_barrier_destroy(&barrier);
  for (size_t i = 0; i < THREADS; i++) {
    succeeded += enders[i].status == AGENTOTEL_OK;
    assert_true(enders[i].status == AGENTOTEL_OK || enders[i].status == AGENTOTEL_ERR_STALE_HANDLE);
  }
  assert_int_equal(succeeded, 1);
}

static void of_threads_that_end_one_event_or_session_one_succeeds(void **state) {
  const size_t rounds = scaled(100, 10);
  (void)state;
  for (size_t i = 0; i < rounds; i++) {
    assert_one_succeeds(end_event);
    assert_one_succeeds(end_session);
  }
  stop();
  /* Of the first kind the session stays open until shutdown; each round leaves two spans of both kinds. */
  assert_int_equal(count_spans(recording_path()), 4 * rounds);
}

/* A text that one thread changes while another records it. */
struct moving {
  agentotel_session session;
  volatile char text[64];
  atomic_bool done;
  uint64_t ok;
  uint64_t failed;
};

static void *change(void *argument) {
  static const char *const texts[] = {
      "plain ascii text, long enough to be copied in blocks of many",
      "\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82\xac\xf0\x9f\xa6\x80 \xc3\xa4\xc3\xb6\xc3\xbc",
      "\xff\xfe\xc3\x28\xf0\x9f broken, and then \xed\xa0\x80\xed\xa0\x80 again"};
  struct moving *moving = argument;
  for (size_t turn = 0; !atomic_load(&moving->done); turn++) {
    const char *text = texts[turn % COUNT(texts)];
    for (size_t i = 0; text[i] != '\0'; i++) {
      moving->text[i] = text[i];
    }
  }
  return NULL;
}

/* An event with that text, whose own length, type and count move too; all that they ever say is within
 * bounds. */
struct moving_event {
  struct moving *moving;
  agentotel_event_data data;
  agentotel_attribute attributes[4];
  uint64_t calls;
};

static void *change_structs(void *argument) {
  struct moving_event *event = argument;
  volatile size_t *length = &event->attributes[0].value.string.len;
  volatile uint32_t *type = &event->attributes[1].type;
  volatile size_t *count = &event->data.attribute_count;
  for (size_t turn = 0; !atomic_load(&event->moving->done); turn++) {
    *length = turn % sizeof event->moving->text;
    *type = turn % 2 == 0 ? AGENTOTEL_TYPE_STRING : AGENTOTEL_TYPE_INT64;
    *count = turn % 5;
  }
  return NULL;
}

static void *record_moving(void *argument) {
  struct moving_event *event = argument;
  for (uint64_t i = 0; i < event->calls; i++) {
    agentotel_status status = agentotel_record_event(event->moving->session, &event->data, NULL);
    event->moving->ok += status == AGENTOTEL_OK;
    event->moving->failed += status != AGENTOTEL_OK;
  }
  return NULL;
}

/* Whether bytes are UTF-8 throughout (RFC 3629). */
static bool is_utf8(const unsigned char *bytes, size_t length) {
  for (size_t i = 0; i < length;) {
    unsigned char first = bytes[i];
    size_t more = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || i + more >= length) return false;
    if ((first == 0xe0 && bytes[i + 1] < 0xa0) || (first == 0xed && bytes[i + 1] > 0x9f)) return false;
    if ((first == 0xf0 && bytes[i + 1] < 0x90) || (first == 0xf4 && bytes[i + 1] > 0x8f)) return false;
    for (size_t j = 1; j <= more; j++) {
      if ((bytes[i + j] & 0xc0) != 0x80) return false;
    }
    i += more + 1;
  }
  return true;
}

static void a_buffer_may_change_while_it_is_read(void **state) {
  const uint64_t calls = scaled(50000, 500);
  static struct moving moving;
  struct moving_event event;
  pthread_t changers[2];
  pthread_t recorder;
  size_t length = 0;
  (void)state;
  memset(&moving, 0, sizeof moving);
  memset(&event, 0, sizeof event);
  moving.session = new_session();
  agentotel_str text = agentotel_str_of((const char *)moving.text, sizeof moving.text);
  for (size_t i = 0; i < COUNT(event.attributes); i++) {
    static const char keys[] = "abcd";
    event.attributes[i] = agentotel_attr_string(agentotel_str_of(&keys[i], 1), text);
  }
  event.attributes[3].key = text;
  event.data = named_event("");
  event.data.name = text;
  event.data.attributes = event.attributes;
  event.moving = &moving;
  event.calls = calls;
  assert_int_equal(pthread_create(&changers[0], NULL, change, &moving), 0);
  assert_int_equal(pthread_create(&changers[1], NULL, change_structs, &event), 0);
  assert_int_equal(pthread_create(&recorder, NULL, record_moving, &event), 0);
  pthread_join(recorder, NULL);
  atomic_store(&moving.done, true);
  join_threads(changers, 2);
  assert_int_equal(moving.ok, calls);
  stop();
  assert_int_equal(count_spans(recording_path()), calls + 1);
  char *bytes = read_bytes(recording_path(), &length);
  assert_true(is_utf8((unsigned char *)bytes, length));
  free(bytes);
}

/* The words of a thread's own failure, and of one that had none. */
struct speaker {
  bool fails;
  char words[512];
  agentotel_status status;
};

static void *speak(void *argument) {
  struct speaker *speaker = argument;
  if (speaker->fails) agentotel_flush(agentotel_end_session(0x77, NULL) == AGENTOTEL_OK ? 0 : 1000);
  speaker->status = agentotel_last_error(speaker->words, sizeof speaker->words, NULL);
  return NULL;
}

static void each_thread_has_its_own_last_error(void **state) {
  struct speaker speakers[2] = {{.fails = true}, {.fails = false}};
  pthread_t threads[2];
  (void)state;
  assert_status(AGENTOTEL_ERR_INVALID_HANDLE, agentotel_end_session(0x4711, NULL));
  run_threads(speak, speakers, sizeof *speakers, 2, threads);
  join_threads(threads, 2);
  assert_non_null(strstr(speakers[0].words, "0x77"));
  assert_string_equal(speakers[1].words, "");
  assert_last_error_names("0x4711");
  /* A call that succeeds leaves it. */
  record_named(new_session(), "event");
  assert_last_error_names("0x4711");
  stop();
}

int run_threads_group(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, stop_anyway)
  const struct CMUnitTest tests[] = {
      TEST(threads_record_while_one_shuts_down),
      TEST(of_threads_that_end_one_event_or_session_one_succeeds),
      TEST(a_buffer_may_change_while_it_is_read),
      TEST(each_thread_has_its_own_last_error),
  };
  return GROUP(tests);
}
