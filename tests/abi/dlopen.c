/* The library as a plug-in: loaded, used, unloaded and loaded again by a program that is not linked with it.
 * Threads that have used it end after it was closed. */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <agentotel.h>
#include <cmocka.h>

#define ROUNDS 5

static const char *path;

static void *load(void) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) fail_msg("%s", dlerror());
  return library;
}

static void *symbol(void *library, const char *name) {
  void *address = dlsym(library, name);
  if (address == NULL) fail_msg("%s", dlerror());
  return address;
}

/* Functions as data: what dlsym gives, as POSIX has it. */
#define FUNCTION(type, name, library) \
  type;                               \
  *(void **)(void *)&name = symbol(library, "agentotel_" #name)

static void use(void *library) {
  agentotel_session session = 0;
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  FUNCTION(agentotel_status(*init)(uint32_t, const char *), init, library);
  FUNCTION(agentotel_status(*start_session)(const agentotel_session_options *, agentotel_session *),
           start_session, library);
  FUNCTION(agentotel_status(*record_event)(agentotel_session, const agentotel_event_data *,
                                           agentotel_span_context *),
           record_event, library);
  FUNCTION(agentotel_status(*shutdown)(uint32_t), shutdown, library);
  data.name = AGENTOTEL_STR("event");
  assert_int_equal(init(AGENTOTEL_ABI_VERSION, "{\"exporters\":[]}"), AGENTOTEL_OK);
  assert_int_equal(start_session(NULL, &session), AGENTOTEL_OK);
  assert_int_equal(record_event(session, &data, NULL), AGENTOTEL_OK);
  assert_int_equal(shutdown(1000), AGENTOTEL_OK);
}

static void it_can_be_loaded_used_and_closed_again_and_again(void **state) {
  (void)state;
  for (int i = 0; i < ROUNDS; i++) {
    void *library = load();
    use(library);
    assert_int_equal(dlclose(library), 0);
  }
}

struct thread {
  agentotel_status (*end_session)(agentotel_session, const agentotel_session_end *);
  pthread_barrier_t used;
  pthread_barrier_t closed;
  agentotel_status status;
};

static void *use_and_outlive(void *argument) {
  struct thread *thread = argument;
  thread->status = thread->end_session(1, NULL);
  pthread_barrier_wait(&thread->used);
  pthread_barrier_wait(&thread->closed);
  /* The destructors of what the library keeps for this thread run now. */
  return NULL;
}

static void a_thread_that_used_it_may_end_after_it_was_closed(void **state) {
  struct thread thread;
  pthread_t handle;
  void *library = load();
  (void)state;
  *(void **)(void *)&thread.end_session = symbol(library, "agentotel_end_session");
  use(library);
  pthread_barrier_init(&thread.used, NULL, 2);
  pthread_barrier_init(&thread.closed, NULL, 2);
  assert_int_equal(pthread_create(&handle, NULL, use_and_outlive, &thread), 0);
  pthread_barrier_wait(&thread.used);
  assert_int_equal(dlclose(library), 0);
  pthread_barrier_wait(&thread.closed);
  pthread_join(handle, NULL);
  assert_int_equal(thread.status, AGENTOTEL_ERR_SHUT_DOWN);
}

static void it_may_be_closed_while_it_runs(void **state) {
  void *library = load();
  agentotel_session session = 0;
  FUNCTION(agentotel_status(*init)(uint32_t, const char *), init, library);
  FUNCTION(agentotel_status(*start_session)(const agentotel_session_options *, agentotel_session *),
           start_session, library);
  (void)state;
  assert_int_equal(init(AGENTOTEL_ABI_VERSION, "{\"exporters\":[]}"), AGENTOTEL_OK);
  assert_int_equal(dlclose(library), 0);
  /* It is still there: it is never unloaded. */
  library = load();
  assert_int_equal(start_session(NULL, &session), AGENTOTEL_OK);
  assert_int_equal(dlclose(library), 0);
  /* The process ends with the library at work. */
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_can_be_loaded_used_and_closed_again_and_again),
      cmocka_unit_test(a_thread_that_used_it_may_end_after_it_was_closed),
      cmocka_unit_test(it_may_be_closed_while_it_runs),
  };
  if (argc != 2) {
    fprintf(stderr, "usage: %s LIBRARY\n", argv[0]);
    return 2;
  }
  path = argv[1];
  return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
