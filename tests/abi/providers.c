/* Header providers: that they are asked before anything is sent, replaced and taken away when the host says
 * so, and let go of exactly once. What they give is checked where there is a receiver. */
#include <stdatomic.h>
#include <unistd.h>

#include "support.h"

/* Nobody listens at port 9 of this machine; a provider is asked all the same. */
static const char NOBODY[] =
    "{\"exporters\":[{\"type\":\"otlp\",\"name\":\"a\",\"endpoint\":\"http://"
    "127.0.0.1:9\",\"signals\":[\"traces\"],"
    "\"retry\":{\"initial_ms\":1,\"max_ms\":10},\"batch\":{\"delay_ms\":1},\"proxy\":\"none\"}],"
    "\"flush_at_exit_ms\":0}";

struct counted {
  atomic_int asked, destroyed;
  agentotel_status added, answer;
};

static agentotel_status provide(void *user_data, agentotel_headers *headers) {
  struct counted *counted = user_data;
  counted->added =
      agentotel_add_header(headers, AGENTOTEL_STR("authorization"), AGENTOTEL_STR("Bearer hunter2"));
  atomic_fetch_add(&counted->asked, 1);
  return counted->answer;
}

static void destroy(void *user_data) {
  struct counted *counted = user_data;
  atomic_fetch_add(&counted->destroyed, 1);
}

static agentotel_header_provider provider_of(struct counted *counted) {
  agentotel_header_provider provider = AGENTOTEL_HEADER_PROVIDER_INIT;
  provider.provide = provide;
  provider.destroy = destroy;
  provider.user_data = counted;
  return provider;
}

static void wrong_arguments_get_a_status_and_nothing_is_let_go_of(void **state) {
  static struct counted counted;
  agentotel_header_provider provider = provider_of(&counted);
  const agentotel_str a = AGENTOTEL_STR("a");
  (void)state;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_register_header_provider(AGENTOTEL_STR(""), &provider));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_register_header_provider(agentotel_str_of(NULL, 3), &provider));
  provider.provide = NULL;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_register_header_provider(a, &provider));
  provider.provide = provide;
  provider.struct_size = 8;
  assert_status(AGENTOTEL_ERR_STRUCT_SIZE, agentotel_register_header_provider(a, &provider));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_add_header(NULL, a, a));
  assert_int_equal(counted.destroyed, 0);
  assert_ok(agentotel_register_header_provider(a, NULL));
}

static void a_provider_is_asked_and_let_go_of_once(void **state) {
  static struct counted first, second;
  agentotel_header_provider provider = provider_of(&first);
  agentotel_session session = 0;
  char said[8192];
  (void)state;
  second.answer = AGENTOTEL_ERR_SYSTEM;
  /* Before the start, and for an exporter that there is not yet. */
  assert_ok(agentotel_register_header_provider(AGENTOTEL_STR("a"), &provider));
  assert_ok(agentotel_init(AGENTOTEL_ABI_VERSION, NOBODY));
  assert_ok(agentotel_start_session(NULL, &session));
  assert_ok(agentotel_end_session(session, NULL));
  while (first.asked == 0)
    assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_flush(50));
  assert_int_equal(first.added, AGENTOTEL_OK);
  provider = provider_of(&second);
  assert_ok(agentotel_register_header_provider(AGENTOTEL_STR("a"), &provider));
  while (second.asked == 0 || first.destroyed == 0)
    assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_flush(50));
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(50));
  assert_last_error_names("header provider");
  assert_last_error_names("AGENTOTEL_ERR_SYSTEM");
  assert_ok(agentotel_get_diagnostics(said, sizeof said, NULL));
  assert_null(strstr(said, "hunter2"));
  assert_int_equal(second.destroyed, 0);
  assert_ok(agentotel_register_header_provider(AGENTOTEL_STR("a"), NULL));
  /* A call that is under way keeps it to its end. */
  for (int i = 0; i < 1000 && second.destroyed == 0; i++)
    usleep(10000);
  assert_int_equal(first.destroyed, 1);
  assert_int_equal(second.destroyed, 1);
}

static void one_that_is_unregistered_is_let_go_of_before_that_returns(void **state) {
  static struct counted counted;
  agentotel_header_provider provider = provider_of(&counted);
  const agentotel_str a = AGENTOTEL_STR("a");
  (void)state;
  assert_ok(agentotel_register_header_provider(a, &provider));
  assert_ok(agentotel_init(AGENTOTEL_ABI_VERSION, NOBODY));
  assert_ok(agentotel_end_session(new_session(), NULL));
  while (counted.asked == 0)
    assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_flush(50));
  assert_ok(agentotel_unregister(AGENTOTEL_CALLBACK_HEADER_PROVIDER, a, 20000));
  assert_int_equal(counted.destroyed, 1);
  int asked = counted.asked;
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_flush(50));
  assert_int_equal(counted.asked, asked);
  assert_status(AGENTOTEL_ERR_NOT_FOUND, agentotel_unregister(AGENTOTEL_CALLBACK_HEADER_PROVIDER, a, 0));
  assert_status(AGENTOTEL_ERR_TIMEOUT, agentotel_shutdown(50));
}

int run_providers(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wrong_arguments_get_a_status_and_nothing_is_let_go_of),
      cmocka_unit_test(a_provider_is_asked_and_let_go_of_once),
      cmocka_unit_test(one_that_is_unregistered_is_let_go_of_before_that_returns),
  };
  return GROUP(tests);
}
