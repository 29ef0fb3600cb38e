/* The host's own instruments: what is measured arrives, bound or not; gauges are asked at each collection;
 * what makes no sense is a status that says why; threads lose nothing. */
#include <pthread.h>

#include "support.h"

#define THREADS 4

static int begin(void **state) {
  (void)state;
  start_with(
      "{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\"}],"
      "\"metrics\":{\"self\":false,\"from_events\":false,\"cardinality_limit\":50}}",
      temporary_path("metrics.jsonl"));
  return 0;
}

static agentotel_instrument named(const char *name) {
  agentotel_instrument instrument = AGENTOTEL_INSTRUMENT_INIT;
  instrument.name = agentotel_cstr(name);
  instrument.unit = AGENTOTEL_STR("1");
  instrument.description = AGENTOTEL_STR("what it is");
  return instrument;
}

/* The last collection's metric of this name; `lines` keeps what it stands in. */
static const cJSON *last_metric(cJSON **lines, const char *name) {
  size_t length = 0;
  char *text = read_bytes(temporary_path("metrics.jsonl"), &length);
  const cJSON *found = NULL;
  *lines = cJSON_CreateArray();
  for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    cJSON *parsed = cJSON_Parse(line);
    assert_non_null(parsed);
    cJSON_AddItemToArray(*lines, parsed);
    const cJSON *resource = cJSON_GetArrayItem(cJSON_GetObjectItem(parsed, "resourceMetrics"), 0);
    const cJSON *scope = cJSON_GetArrayItem(cJSON_GetObjectItem(resource, "scopeMetrics"), 0);
    const cJSON *metric = NULL;
    cJSON_ArrayForEach(metric, cJSON_GetObjectItem(scope, "metrics")) {
      if (strcmp(text_of(metric, "name"), name) == 0) found = metric;
    }
  }
  free(text);
  if (found == NULL) fail_msg("no metric \"%s\" was exported", name);
  return found;
}

static const cJSON *points_of(const cJSON *metric, const char *kind) {
  const cJSON *points = cJSON_GetObjectItem(cJSON_GetObjectItem(metric, kind), "dataPoints");
  assert_non_null(points);
  return points;
}

static void what_is_measured_arrives(void **state) {
  static const double boundaries[] = {1, 10};
  agentotel_attribute attribute = agentotel_attr_string(AGENTOTEL_STR("k"), AGENTOTEL_STR("v"));
  agentotel_counter counter, whole;
  agentotel_up_down_counter up_down;
  agentotel_histogram histogram;
  agentotel_gauge gauge;
  agentotel_bound_counter bound_counter;
  agentotel_bound_up_down_counter bound_up_down;
  agentotel_bound_histogram bound_histogram;
  agentotel_bound_gauge bound_gauge;
  agentotel_instrument instrument = named("doubles");
  (void)state;
  assert_ok(agentotel_create_counter(&instrument, &counter));
  agentotel_counter same = 0;
  assert_ok(agentotel_create_counter(&instrument, &same));
  assert_true(same == counter);
  instrument = named("whole");
  instrument.value_type = AGENTOTEL_VALUE_INT64;
  assert_ok(agentotel_create_counter(&instrument, &whole));
  instrument = named("up/down");
  assert_ok(agentotel_create_up_down_counter(&instrument, &up_down));
  instrument = named("histogram");
  instrument.boundaries = boundaries;
  instrument.boundary_count = COUNT(boundaries);
  assert_ok(agentotel_create_histogram(&instrument, &histogram));
  instrument = named("gauge");
  assert_ok(agentotel_create_gauge(&instrument, &gauge));

  assert_ok(agentotel_counter_add(counter, 0.5, &attribute, 1));
  assert_ok(agentotel_counter_add(counter, 0.25, &attribute, 1));
  assert_ok(agentotel_bind_counter(whole, &attribute, 1, &bound_counter));
  assert_ok(agentotel_counter_add(whole, 2, &attribute, 1));
  assert_ok(agentotel_bound_counter_add(bound_counter, 40));
  assert_ok(agentotel_up_down_counter_add(up_down, 5, NULL, 0));
  assert_ok(agentotel_bind_up_down_counter(up_down, NULL, 0, &bound_up_down));
  assert_ok(agentotel_bound_up_down_counter_add(bound_up_down, -7.5));
  assert_ok(agentotel_histogram_record(histogram, 1, NULL, 0));
  assert_ok(agentotel_bind_histogram(histogram, NULL, 0, &bound_histogram));
  assert_ok(agentotel_bound_histogram_record(bound_histogram, 100));
  assert_ok(agentotel_gauge_record(gauge, 1, NULL, 0));
  assert_ok(agentotel_bind_gauge(gauge, NULL, 0, &bound_gauge));
  assert_ok(agentotel_bound_gauge_record(bound_gauge, -3));
  stop();

  cJSON *lines = NULL;
  const cJSON *metric = last_metric(&lines, "doubles");
  assert_string_equal(text_of(metric, "unit"), "1");
  assert_string_equal(text_of(metric, "description"), "what it is");
  assert_true(cJSON_IsTrue(cJSON_GetObjectItem(cJSON_GetObjectItem(metric, "sum"), "isMonotonic")));
  const cJSON *point = cJSON_GetArrayItem(points_of(metric, "sum"), 0);
  assert_true(cJSON_GetObjectItem(point, "asDouble")->valuedouble == 0.75);
  assert_string_equal(string_attribute(point, "k"), "v");
  cJSON_Delete(lines);
  point = cJSON_GetArrayItem(points_of(last_metric(&lines, "whole"), "sum"), 0);
  assert_string_equal(text_of(point, "asInt"), "42");
  cJSON_Delete(lines);
  metric = last_metric(&lines, "up/down");
  assert_null(cJSON_GetObjectItem(cJSON_GetObjectItem(metric, "sum"), "isMonotonic"));
  point = cJSON_GetArrayItem(points_of(metric, "sum"), 0);
  assert_true(cJSON_GetObjectItem(point, "asDouble")->valuedouble == -2.5);
  cJSON_Delete(lines);
  point = cJSON_GetArrayItem(points_of(last_metric(&lines, "histogram"), "histogram"), 0);
  assert_string_equal(text_of(point, "count"), "2");
  assert_true(cJSON_GetObjectItem(point, "sum")->valuedouble == 101);
  const cJSON *counts = cJSON_GetObjectItem(point, "bucketCounts");
  assert_int_equal(cJSON_GetArraySize(counts), 3);
  assert_string_equal(cJSON_GetArrayItem(counts, 0)->valuestring, "1");
  assert_string_equal(cJSON_GetArrayItem(counts, 2)->valuestring, "1");
  cJSON_Delete(lines);
  point = cJSON_GetArrayItem(points_of(last_metric(&lines, "gauge"), "gauge"), 0);
  assert_true(cJSON_GetObjectItem(point, "asDouble")->valuedouble == -3);
  cJSON_Delete(lines);
}

static void what_makes_no_sense_is_a_status_that_says_why(void **state) {
  agentotel_instrument instrument = named("counter");
  agentotel_attribute bytes = agentotel_attribute_of(AGENTOTEL_STR("k"), AGENTOTEL_TYPE_BYTES);
  double falling[] = {2, 1};
  uint64_t handle = 0, bound = 0;
  (void)state;
  bytes.value.bytes = AGENTOTEL_STR("b");
  assert_ok(agentotel_create_counter(&instrument, &handle));
  assert_ok(agentotel_bind_counter(handle, NULL, 0, &bound));
  uint64_t refused = 0;
#define assert_refused(word, call)                       \
  do {                                                   \
    assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, call); \
    assert_last_error_names(word);                       \
    refused++;                                           \
  } while (0)
  assert_refused("only rises", agentotel_counter_add(handle, -1, NULL, 0));
  assert_refused("only rises", agentotel_bound_counter_add(bound, -1));
  assert_refused("finite", agentotel_counter_add(handle, 1.0 / 0.0, NULL, 0));
  assert_refused("attributes", agentotel_counter_add(handle, 1, NULL, 1));
  assert_refused("attributes", agentotel_counter_add(handle, 1, &bytes, 1));
  assert_true(is_bad_handle(agentotel_counter_add(0, 1, NULL, 0)));
  assert_true(is_bad_handle(agentotel_counter_add(bound, 1, NULL, 0)));
  assert_true(is_bad_handle(agentotel_gauge_record(handle, 1, NULL, 0)));
  assert_true(is_bad_handle(agentotel_bound_counter_add(handle, 1)));
  assert_true(is_bad_handle(agentotel_bound_gauge_record(bound, 1)));
  assert_true(is_bad_handle(agentotel_bound_counter_add(bound + 1, 1)));
  agentotel_stats stats = stats_of(AGENTOTEL_SIGNAL_METRICS);
  assert_int_equal(refused_in_all(&stats), refused + 6);
  assert_int_equal(stats.offered, refused + 6);
  assert_refused("another kind", agentotel_create_gauge(&instrument, &handle));
  assert_refused("out", agentotel_create_gauge(&instrument, NULL));
  assert_refused("instrument", agentotel_create_gauge(NULL, &handle));
  assert_refused("out", agentotel_bind_counter(handle, NULL, 0, NULL));
  instrument = named("1st");
  assert_refused("name", agentotel_create_gauge(&instrument, &handle));
  instrument = named("falling");
  instrument.boundaries = falling;
  instrument.boundary_count = COUNT(falling);
  assert_refused("boundaries", agentotel_create_histogram(&instrument, &handle));
  instrument = named("type");
  instrument.value_type = 9;
  assert_refused("value_type", agentotel_create_counter(&instrument, &handle));
  instrument = named("small");
  instrument.struct_size = 8;
  assert_status(AGENTOTEL_ERR_STRUCT_SIZE, agentotel_create_counter(&instrument, &handle));
  stop();
}

static int observed, destroyed;

static void observe(void *user_data, agentotel_observation *observation) {
  agentotel_attribute attribute = agentotel_attr_int64(AGENTOTEL_STR("which"), 1);
  observed++;
  /* It may do what it likes, but wait for itself. */
  record_named(*(agentotel_session *)user_data, "seen");
  if (agentotel_flush(1) != AGENTOTEL_ERR_IN_CALLBACK) abort();
  if (agentotel_observe(observation, 0.0 / 0.0, NULL, 0) != AGENTOTEL_ERR_INVALID_ARGUMENT) abort();
  if (agentotel_observe(observation, 7 + observed, NULL, 0) != AGENTOTEL_OK) abort();
  if (agentotel_observe(observation, 1.5, &attribute, 1) != AGENTOTEL_OK) abort();
}

static void destroy(void *user_data) {
  (void)user_data;
  destroyed++;
}

static void gauges_are_asked_at_each_collection(void **state) {
  agentotel_session session = new_session();
  agentotel_observable observable = AGENTOTEL_OBSERVABLE_INIT;
  agentotel_instrument instrument = named("observed");
  cJSON *lines = NULL;
  (void)state;
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT,
                agentotel_register_observable_gauge(&instrument, &observable));
  assert_status(AGENTOTEL_ERR_INVALID_ARGUMENT, agentotel_register_observable_gauge(&instrument, NULL));
  observable.observe = observe;
  observable.user_data = &session;
  observable.destroy = destroy;
  assert_ok(agentotel_register_observable_gauge(&instrument, &observable));
  assert_ok(agentotel_flush(5000));
  assert_int_equal(observed, 1);
  const cJSON *points = points_of(last_metric(&lines, "observed"), "gauge");
  assert_int_equal(cJSON_GetArraySize(points), 2);
  cJSON_Delete(lines);
  assert_ok(agentotel_flush(5000));
  points = points_of(last_metric(&lines, "observed"), "gauge");
  const cJSON *point = NULL;
  cJSON_ArrayForEach(point, points) {
    bool has_attribute = cJSON_GetObjectItem(point, "attributes") != NULL;
    assert_true(cJSON_GetObjectItem(point, "asDouble")->valuedouble == (has_attribute ? 1.5 : 9));
  }
  cJSON_Delete(lines);
  assert_ok(agentotel_unregister(AGENTOTEL_CALLBACK_OBSERVABLE, AGENTOTEL_STR("observed"), 1000));
  assert_int_equal(destroyed, 1);
  assert_status(AGENTOTEL_ERR_NOT_FOUND,
                agentotel_unregister(AGENTOTEL_CALLBACK_OBSERVABLE, AGENTOTEL_STR("observed"), 1000));
  assert_ok(agentotel_flush(5000));
  assert_int_equal(observed, 2);
  stop();
}

static agentotel_counter shared;
static agentotel_bound_counter shared_bound;
static size_t rounds;

static void *add_many(void *argument) {
  size_t failed = 0;
  for (size_t i = 0; i < rounds; i++) {
    agentotel_attribute attribute =
        agentotel_attr_int64(AGENTOTEL_STR("n"), (int64_t)((i + (size_t)argument) % 100));
    failed += agentotel_counter_add(shared, 1, &attribute, 1) != AGENTOTEL_OK;
    failed += agentotel_bound_counter_add(shared_bound, 1) != AGENTOTEL_OK;
    if (i % 1000 == 0) failed += agentotel_flush(10000) != AGENTOTEL_OK;
  }
  return (void *)failed;
}

static void threads_lose_nothing_and_a_flood_is_marked(void **state) {
  agentotel_instrument instrument = named("shared");
  agentotel_attribute attribute = agentotel_attr_bool(AGENTOTEL_STR("bound"), 1);
  pthread_t threads[THREADS];
  void *failed = NULL;
  cJSON *lines = NULL;
  (void)state;
  instrument.value_type = AGENTOTEL_VALUE_INT64;
  assert_ok(agentotel_create_counter(&instrument, &shared));
  assert_ok(agentotel_bind_counter(shared, &attribute, 1, &shared_bound));
  rounds = scaled(20000, 500);
  for (size_t i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, add_many, (void *)i), 0);
  }
  for (size_t i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], &failed), 0);
    assert_null(failed);
  }
  stop();
  const cJSON *points = points_of(last_metric(&lines, "shared"), "sum"), *point = NULL;
  size_t sum = 0, marked = 0;
  cJSON_ArrayForEach(point, points) {
    sum += strtoul(text_of(point, "asInt"), NULL, 10);
    marked += attribute_of(point, "otel.metric.overflow") != NULL;
    if (attribute_of(point, "bound") != NULL) {
      assert_int_equal(strtoul(text_of(point, "asInt"), NULL, 10), THREADS * rounds);
    }
  }
  assert_int_equal(sum, 2 * THREADS * rounds);
  assert_int_equal(marked, 1);
  assert_int_equal(cJSON_GetArraySize(points), 51);
  cJSON_Delete(lines);
}

int run_metrics(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_is_measured_arrives, begin, stop_anyway),
      cmocka_unit_test_setup_teardown(what_makes_no_sense_is_a_status_that_says_why, begin, stop_anyway),
      cmocka_unit_test_setup_teardown(gauges_are_asked_at_each_collection, begin, stop_anyway),
      cmocka_unit_test_setup_teardown(threads_lose_nothing_and_a_flood_is_marked, begin, stop_anyway),
  };
  return GROUP(tests);
}
