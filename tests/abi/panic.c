/* A fault inside the library: built with the feature `test-panic`, its next call panics. Whichever function
 * that is, the caller gets a status, nothing is printed, and the library goes on working. */
#include <fcntl.h>
#include <unistd.h>

#include "every.h"

/* In no header: only a library built for this test has it. */
extern void agentotel_test_panic_next(void);

static const char *output;
static int saved[2];

static void capture_output(void) {
  int file = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  fflush(NULL);
  for (int i = 0; i < 2; i++) {
    saved[i] = dup(i + 1);
    dup2(file, i + 1);
  }
  close(file);
}

/* What was printed since; the caller frees it. */
static char *captured_output(void) {
  size_t length = 0;
  fflush(NULL);
  for (int i = 0; i < 2; i++) {
    dup2(saved[i], i + 1);
    close(saved[i]);
  }
  return read_bytes(output, &length);
}

static void assert_every_function_contains_a_panic(const char *when) {
  size_t failures = 0;
  for (size_t i = 0; i < every_function_count; i++) {
    agentotel_status status = AGENTOTEL_OK;
    agentotel_test_panic_next();
    capture_output();
    status = every_function[i].call();
    char *printed = captured_output();
    if (status != AGENTOTEL_ERR_INTERNAL || printed[0] != '\0') {
      print_error("%s, %s: %s, printed: %.80s\n", every_function[i].name, when, agentotel_status_name(status),
                  printed);
      failures++;
    }
    free(printed);
  }
  assert_int_equal(failures, 0);
}

static void a_panic_is_a_status_in_every_function(void **state) {
  (void)state;
  output = temporary_path("output");
  start_recording();
  assert_every_function_contains_a_panic("while it runs");
  stop();
  assert_every_function_contains_a_panic("after shutdown");
}

static void a_panic_is_a_status_before_init_too(void **state) {
  (void)state;
  output = temporary_path("output");
  assert_every_function_contains_a_panic("before init");
}

static void the_words_say_that_it_was_a_fault(void **state) {
  (void)state;
  start_recording();
  agentotel_test_panic_next();
  assert_status(AGENTOTEL_ERR_INTERNAL, agentotel_flush(1000));
  assert_last_error_names("fault");
  stop();
}

static void the_library_goes_on_working(void **state) {
  (void)state;
  start_recording();
  agentotel_session session = new_session();
  agentotel_event event = start_named(session, "in flight");
  agentotel_event_data data = named_event("event");
  for (int i = 0; i < 10; i++) {
    agentotel_test_panic_next();
    assert_status(AGENTOTEL_ERR_INTERNAL, agentotel_record_event(session, &data, NULL));
    assert_ok(agentotel_record_event(session, &data, NULL));
    agentotel_test_panic_next();
    assert_status(AGENTOTEL_ERR_INTERNAL, agentotel_end_event(event, NULL));
  }
  assert_ok(agentotel_end_event(event, NULL));
  agentotel_test_panic_next();
  assert_status(AGENTOTEL_ERR_INTERNAL, agentotel_shutdown(1000));
  stop();
  cJSON *spans = read_spans(recording_path());
  assert_int_equal(count_named(spans, "event"), 10);
  assert_int_equal(cJSON_GetArraySize(spans), 12);
  cJSON_Delete(spans);
}

int child_main(const char *name, const char *argument) {
  (void)name;
  (void)argument;
  return 2;
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, stop_anyway)
  const struct CMUnitTest tests[] = {
      /* First: nothing has been started in this process. */
      TEST(a_panic_is_a_status_before_init_too),
      TEST(a_panic_is_a_status_in_every_function),
      TEST(the_words_say_that_it_was_a_fault),
      TEST(the_library_goes_on_working),
  };
  return GROUP(tests);
}
