/* Handles are numbers, and any number may be passed: one that names nothing is answered by a status, by every
 * function that takes one. */
#include "support.h"

#define RANDOM_HANDLES 10000

static agentotel_event_data data;
static agentotel_span_context context;

static agentotel_status set_attributes(uint64_t handle) {
  return agentotel_session_set_attributes(handle, NULL, 0);
}
static agentotel_status session_context(uint64_t handle) {
  return agentotel_session_context(handle, &context);
}
static agentotel_status end_session(uint64_t handle) {
  return agentotel_end_session(handle, NULL);
}
static agentotel_status record(uint64_t handle) {
  return agentotel_record_event(handle, &data, &context);
}

static agentotel_status record_many(uint64_t handle) {
  return agentotel_record_events(handle, &data, 1, NULL, NULL);
}

static agentotel_status start_event(uint64_t handle) {
  agentotel_event started = 0;
  return agentotel_start_event(handle, &data, &started);
}

static agentotel_status record_error(uint64_t handle) {
  agentotel_target root = {0, NULL};
  agentotel_error error = AGENTOTEL_ERROR_INIT;
  return agentotel_record_error(handle, root, &error);
}

static agentotel_status log_it(uint64_t handle) {
  agentotel_target root = {0, NULL};
  agentotel_log_record record = AGENTOTEL_LOG_RECORD_INIT;
  return agentotel_log(handle, root, &record);
}

static agentotel_status update(uint64_t handle) {
  return agentotel_update_event(handle, &data);
}
static agentotel_status first_token(uint64_t handle) {
  return agentotel_event_first_token(handle);
}
static agentotel_status chunk(uint64_t handle) {
  return agentotel_event_chunk(handle, AGENTOTEL_STR("chunk"));
}
static agentotel_status end_event(uint64_t handle) {
  return agentotel_end_event(handle, NULL);
}
static agentotel_status event_context(uint64_t handle) {
  return agentotel_event_context(handle, &context);
}

/* An event as a parent, as what has failed, and as what is logged about; all in a session that is open. */
static agentotel_session open_session;

static agentotel_status parent(uint64_t handle) {
  agentotel_event_data child = data;
  child.parent.event = handle;
  return agentotel_record_event(open_session, &child, NULL);
}

static agentotel_status parent_of_started(uint64_t handle) {
  agentotel_event_data child = data;
  agentotel_event started = 0;
  child.parent.event = handle;
  return agentotel_start_event(open_session, &child, &started);
}

static agentotel_status target(uint64_t handle) {
  agentotel_target failed = {handle, NULL};
  agentotel_error error = AGENTOTEL_ERROR_INIT;
  return agentotel_record_error(open_session, failed, &error);
}

static agentotel_status log_target(uint64_t handle) {
  agentotel_target target = {handle, NULL};
  agentotel_log_record record = AGENTOTEL_LOG_RECORD_INIT;
  return agentotel_log(open_session, target, &record);
}

typedef agentotel_status (*taking_a_handle)(uint64_t);

static const taking_a_handle of_sessions[] = {set_attributes, session_context, end_session,  record,
                                              record_many,    start_event,     record_error, log_it};
static const taking_a_handle of_events[] = {update, first_token,       chunk,  end_event, event_context,
                                            parent, parent_of_started, target, log_target};

static int begin(void **state) {
  (void)state;
  start_recording();
  data = named_event("event");
  open_session = new_session();
  return 0;
}

static int finish(void **state) {
  (void)state;
  stop();
  return 0;
}

/* Every function that takes a session and every one that takes an event answers `expected`. */
static void assert_all_answer(uint64_t session, uint64_t event, agentotel_status expected) {
  for (size_t i = 0; i < COUNT(of_sessions); i++) {
    assert_status(expected, of_sessions[i](session));
  }
  for (size_t i = 0; i < COUNT(of_events); i++) {
    assert_status(expected, of_events[i](event));
  }
}

static void a_stale_handle_is_a_status(void **state) {
  agentotel_session session = new_session();
  agentotel_event event = start_named(session, "event");
  (void)state;
  assert_ok(agentotel_end_event(event, NULL));
  assert_ok(agentotel_end_session(session, NULL));
  assert_all_answer(session, event, AGENTOTEL_ERR_STALE_HANDLE);
  /* Their places are taken by others: the old handles stay stale. */
  agentotel_session next_session = new_session();
  agentotel_event next_event = start_named(next_session, "next");
  assert_int_not_equal(session, next_session);
  assert_int_not_equal(event, next_event);
  assert_all_answer(session, event, AGENTOTEL_ERR_STALE_HANDLE);
  assert_ok(agentotel_end_event(next_event, NULL));
  assert_ok(agentotel_end_session(next_session, NULL));
}

static void handles_of_an_earlier_start_are_stale(void **state) {
  agentotel_session session = new_session();
  agentotel_event event = start_named(session, "event");
  (void)state;
  stop();
  start_recording();
  open_session = new_session();
  assert_all_answer(session, event, AGENTOTEL_ERR_STALE_HANDLE);
}

static void a_handle_of_the_other_kind_is_invalid(void **state) {
  agentotel_session session = new_session();
  agentotel_event event = start_named(session, "event");
  (void)state;
  for (size_t i = 0; i < COUNT(of_sessions); i++) {
    assert_status(AGENTOTEL_ERR_INVALID_HANDLE, of_sessions[i](event));
  }
  for (size_t i = 0; i < COUNT(of_events); i++) {
    /* 0 as a parent or target is the session's root, any other session is none. */
    assert_status(AGENTOTEL_ERR_INVALID_HANDLE, of_events[i](session));
  }
  assert_ok(agentotel_end_session(session, NULL));
}

static void no_handle_is_invalid(void **state) {
  (void)state;
  /* A log record may be of no session; the last of those that take a session is the one that logs. */
  for (size_t i = 0; i < COUNT(of_sessions) - 1; i++) {
    assert_status(AGENTOTEL_ERR_INVALID_HANDLE, of_sessions[i](0));
  }
  assert_ok(log_it(0));
  /* Nor does a parent or target of 0 name an event. */
  for (size_t i = 0; i < COUNT(of_events) - 4; i++) {
    assert_status(AGENTOTEL_ERR_INVALID_HANDLE, of_events[i](0));
  }
}

/* Numbers of a fixed sequence (xorshift64*, Vigna 2016), half of them near a handle that was given out. */
static uint64_t next_random(uint64_t *seed, uint64_t near, size_t turn) {
  *seed ^= *seed >> 12;
  *seed ^= *seed << 25;
  *seed ^= *seed >> 27;
  uint64_t random = *seed * UINT64_C(2685821657736338717);
  return turn % 2 == 0 ? random : near ^ (UINT64_C(1) << random % 64) ^ (UINT64_C(1) << (random >> 32) % 64);
}

static void random_handles_are_statuses(void **state) {
  const size_t count = scaled(RANDOM_HANDLES, 300);
  agentotel_session session = new_session();
  agentotel_event event = start_named(session, "event");
  uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
  (void)state;
  for (size_t i = 0; i < count; i++) {
    uint64_t random_session = next_random(&seed, session, i);
    uint64_t random_event = next_random(&seed, event, i);
    for (size_t j = 0; j < COUNT(of_sessions); j++) {
      /* Two flipped bits may be the same one, and a flipped one may lead to the other open session. */
      if (random_session == session || random_session == open_session) continue;
      if (!is_bad_handle(of_sessions[j](random_session)))
        fail_msg("session %#llx", (long long)random_session);
    }
    for (size_t j = 0; j < COUNT(of_events); j++) {
      if (random_event == event || random_event == 0) continue;
      if (!is_bad_handle(of_events[j](random_event))) fail_msg("event %#llx", (long long)random_event);
    }
  }
  /* Nothing happened to those that were given out. */
  assert_ok(agentotel_event_first_token(event));
  assert_ok(agentotel_end_event(event, NULL));
  assert_ok(agentotel_end_session(session, NULL));
}

static void refused_handles_are_counted(void **state) {
  agentotel_stats before = stats_of(AGENTOTEL_SIGNAL_TRACES);
  (void)state;
  for (size_t i = 0; i < 7; i++) {
    assert_status(AGENTOTEL_ERR_INVALID_HANDLE, record(12345));
  }
  agentotel_stats after = stats_of(AGENTOTEL_SIGNAL_TRACES);
  assert_int_equal(after.offered - before.offered, 7);
  assert_int_equal(after.refused[AGENTOTEL_REFUSED_HANDLE] - before.refused[AGENTOTEL_REFUSED_HANDLE], 7);
}

int run_handles(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
  const struct CMUnitTest tests[] = {
      TEST(a_stale_handle_is_a_status),
      TEST(handles_of_an_earlier_start_are_stale),
      TEST(a_handle_of_the_other_kind_is_invalid),
      TEST(no_handle_is_invalid),
      TEST(random_handles_are_statuses),
      TEST(refused_handles_are_counted),
  };
  return GROUP(tests);
}
