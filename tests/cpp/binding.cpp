// What the C++ header promises, against the running library.
#include "check.hpp"

#include <map>
#include <mutex>
#include <thread>

using namespace agentotel;
using namespace std::chrono_literals;

namespace {

std::string config(const std::string &path, const std::string &more = "") {
  return R"({"exporters":[{"type":"file","path":")" + path + "\"}]" + more + "}";
}

void an_event_has_what_it_was_given() {
  const auto path = temporary("event.jsonl");
  {
    library running(config(path, R"(,"content":{"default":"full"})"));
    const texts tags{"a", "b"};
    session_options options;
    options.name = "nightly";
    options.tags = tags;
    options.start_time = std::chrono::system_clock::now();
    session s(options);
    const span_context root = s.context();

    llm call;
    call.request_model = "gpt-4o";
    const std::string provider = "openai";
    call.provider = provider;
    const texts reasons{"stop"};
    call.finish_reasons = reasons;
    call.temperature = 0;
    call.input_tokens = 812;
    call.cache_read_input_tokens = std::optional<int>(8);
    call.counting = counting::cache_separate;
    call.stream = false;
    call.input_messages = R"([{"role":"user"}])";
    const bool truths[] = {true, false};
    const std::int64_t numbers[] = {1, 2};
    const std::vector<double> doubles{1.5};
    const texts strings{"p", ""};
    const span_context recorded = s.record(call, {{"s", std::string_view("x\0y", 3)},
                                                  {"i", -1},
                                                  {"f", 0.5},
                                                  {"b", true},
                                                  {"y", bytes(std::string_view("\0\xff", 2))},
                                                  {"ss", list<text>(strings)},
                                                  {"is", list<std::int64_t>(numbers)},
                                                  {"fs", list<double>(doubles)},
                                                  {"bs", list<bool>(truths)},
                                                  {"j", json{R"({"k":[1]})"}},
                                                  {"empty", ""}});
    CLAIM(recorded.valid() && recorded.sampled());
    CLAIM(recorded.trace_id_hex() == root.trace_id_hex());

    tool work;
    work.name = "find";
    event_data with_parent(work);
    with_parent.parent = recorded;
    link to_root;
    to_root.context = root;
    const link links[] = {to_root};
    with_parent.links = links;
    span_event moment;
    moment.name = "moment";
    const span_event moments[] = {moment};
    with_parent.span_events = moments;
    event outer = s.start_event(with_parent);
    event_data below(custom{"inner"});
    below.parent = outer;
    event inner = s.start_event(below);
    inner.chunk("abc");
    inner.first_token();
    inner.set_attributes({{"set", true}});
    const auto live = list_live();
    CLAIM(live.size() == 2 && std::string(live[0].name) == "execute_tool find" && live[1].chunk_count == 1);
    inner.end();
    CLAIM(!inner);
    tool done;
    done.result = R"("ok")";
    outer.end(done);

    evaluation verdict;
    verdict.name = "relevance";
    verdict.score_value = 0.5;
    event_data about(verdict);
    about.parent = recorded;
    (void)s.record(about);
    error late;
    late.type = "timeout";
    s.record_error(late);
    s.set_attributes({{"late", "yes"}});
    event_data pair[] = {custom{"first"}, custom{"second"}};
    pair[1].parent_index = 0;
    CLAIM(s.record_all(pair).size() == 2);
    s.end(end_state::success, "done");
    CLAIM(s.try_end() == AGENTOTEL_ERR_INVALID_HANDLE);
  }
  CLAIM(equations_hold("file"));
  const auto text = read_file(path);
  for (const char *part :
       {R"("x\u0000y")", R"({"key":"i","value":{"intValue":"-1"}})",
        R"({"key":"f","value":{"doubleValue":0.5}})", R"({"key":"b","value":{"boolValue":true}})",
        R"("bytesValue":"AP8=")", R"({"stringValue":"p"},{"stringValue":""})",
        R"({"intValue":"1"},{"intValue":"2"})", R"({"boolValue":true},{"boolValue":false})", "kvlistValue",
        R"({"key":"empty","value":{"stringValue":""}})",
        R"("gen_ai.usage.input_tokens","value":{"intValue":"820"})", "moment", "execute_tool find",
        "gen_ai.evaluation.result", "\"late\"", "agentotel.session.tags"})
    CLAIM(contains(text, part));
}

void failures_are_statuses_or_exceptions() {
  CLAIM(try_flush(1ms) == AGENTOTEL_ERR_SHUT_DOWN);
  const status wrong = try_init(R"({"exporters":[{"type":"nonsense"}]})");
  CLAIM(wrong == AGENTOTEL_ERR_CONFIG && !wrong.ok() && std::string(wrong.name()) == "AGENTOTEL_ERR_CONFIG");
  CLAIM(contains(last_error(), "exporters"));
  try {
    init(R"({"exporters":[{"type":"nonsense"}]})");
    CLAIM(false);
  } catch (const exception &why) {
    CLAIM(why.code() == AGENTOTEL_ERR_CONFIG);
    CLAIM(contains(why.what(), "AGENTOTEL_ERR_CONFIG: "));
  }
  session none;
  CLAIM(none.try_record(custom{"x"}) == AGENTOTEL_ERR_SHUT_DOWN);
  CLAIM(!session::try_start());
  CLAIM(!event().try_context());
}

void what_leaves_its_scope_ends() {
  const auto path = temporary("scope.jsonl");
  {
    library running(config(path));
    try {
      session s = session::start();
      event work = s.start_event(custom{"thrown out"});
      event moved = std::move(work);
      CLAIM(!work && moved);
      throw std::runtime_error("out");
    } catch (const std::runtime_error &) {
    }
    const stats now = get_stats(signal::traces);
    CLAIM(now.open_sessions == 0 && now.in_flight_events == 0);
    session kept = session::start();
    const agentotel_session handle = kept.release();
    kept = session(handle);
    {
      event released = kept.start_event(custom{"released"});
      const agentotel_event number = released.release();
      CLAIM(number != 0);
    }
    CLAIM(get_stats(signal::traces).in_flight_events == 1);
  }
  const auto text = read_file(path);
  CLAIM(contains(text, R"("status":{"code":2})"));
  CLAIM(contains(text, "agentotel.interrupted"));
}

void json_says_the_same() {
  const auto path = temporary("json.jsonl");
  library running(config(path));
  session s = session::start_json(R"({"name":"nightly"})");
  CLAIM(s.record_json(R"({"llm":{"request_model":"gpt-4o"}})").valid());
  event e = s.start_event_json(R"({"name":"step","kind":"custom"})");
  e.update_json(R"({"attributes":{"a":1}})");
  e.end_json(R"({"status_code":"ok"})");
  s.record_error_json(R"({"type":"timeout"})");
  s.log_json(R"({"severity_number":"warn","body":"said in JSON"})");
  log_json(R"({"body":"alone"})");
  CLAIM(s.try_record_json(R"({"llm":{"input_tokens":"x"}})") == AGENTOTEL_ERR_INVALID_ARGUMENT);
  CLAIM(contains(last_error(), "llm.input_tokens"));
  s.end_json(R"({"end_state":"success"})");
  flush(5s);
  CLAIM(contains(read_file(path), "chat gpt-4o") && contains(read_file(path), "said in JSON"));
}

void contexts_cross() {
  library running(R"({"exporters":[]})");
  session s = session::start();
  s.set_baggage("tenant", "J. Doe & sons", "ttl=3");
  s.set_baggage("gone", "x");
  s.remove_baggage("gone");
  CLAIM(s.baggage("tenant") == "J. Doe & sons" && !s.baggage("gone"));
  std::string value, metadata;
  CLAIM(s.try_get_baggage("tenant", value, &metadata) && metadata == "ttl=3");
  int entries = 0;
  s.list_baggage(
      [&](std::string_view key, std::string_view, std::string_view) { entries += key == "tenant"; });
  CLAIM(entries == 1);
  try {
    s.list_baggage([](auto...) { throw std::runtime_error("mine"); });
    CLAIM(false);
  } catch (const std::runtime_error &mine) {
    CLAIM(std::string(mine.what()) == "mine");
  }
  event call = s.start_event(custom{"call"});
  const span_context span = call.context();
  const auto same = [&](const remote_context &found) {
    return found.span.span_id_hex() == span.span_id_hex() && found.span.is_remote &&
           found.baggage.find("tenant") != std::string::npos;
  };
  std::map<std::string, std::string> map{{"traceparent", "old"}};
  call.inject(map);
  CLAIM(same(extract(map)));
  std::vector<std::pair<std::string, std::string>> pairs{{"TraceParent", "old"}};
  call.inject(pairs);
  CLAIM(same(extract(pairs)) && pairs.size() == 2);
  std::multimap<std::string, std::string> several;
  s.inject(several, call);
  CLAIM(same(extract(several)));
  const context_texts texts = call.inject_texts();
  CLAIM(same(extract_texts(texts.traceparent, texts.tracestate, texts.baggage)));
  CLAIM(same(extract_meta(call.inject_meta())));
  CLAIM(s.inject_texts(span).traceparent == texts.traceparent);
  map.clear();
  inject(span, map);
  const remote_context remote = extract(map);
  CLAIM(remote.span.span_id_hex() == span.span_id_hex());
  CLAIM(contains(s.inject_meta(), "traceparent"));

  session_options options;
  remote.continue_in(options);
  CLAIM(session(options).context().trace_id_hex() == span.trace_id_hex());
}

void logs_belong_to_their_span() {
  const auto path = temporary("logs.jsonl");
  {
    library running(config(path, R"(,"logs":{"min_severity":"info"})"));
    CLAIM(log_enabled(severity::info) && !log_enabled(severity::debug));
    session s = session::start();
    event work = s.start_event(custom{"work"});
    log_record record;
    record.severity_number = severity::warn;
    record.set_body("no seat left");
    work.log(record);
    s.log(severity::error, 7, {{"k", 1}});
    log(severity::fatal, "alone", {{"k", 2}});
    log(severity::debug, "unseen");
    const text missing;
    record.set_body(missing);
    log(record, work.context());
  }
  const auto text = read_file(path);
  CLAIM(contains(text, "no seat left") && contains(text, R"("body":{"intValue":"7"})") &&
        contains(text, "alone"));
  CLAIM(text.find("unseen") == std::string::npos);
}

void callbacks_are_called_and_contained() {
  std::mutex lock;
  int batches = 0, calls = 0, lines = 0, diagnostics = 0, asked = 0;
  const auto counted = std::make_shared<int>(0);
  set_diagnostic_handler([&](const diagnostic &line) {
    std::lock_guard<std::mutex> held(lock);
    diagnostics += !line.text().empty();
    throw std::runtime_error("contained");
  });
  register_exporter("bus", [&, counted](const export_batch &batch, export_answer &answer) {
    std::lock_guard<std::mutex> held(lock);
    if (++calls == 1) throw std::runtime_error("first");
    answer.message("taken");
    batches += batch.item_count() > 0 && !batch.payload().empty();
    return export_verdict::ok;
  });
  register_formatter("short", [&](signal, std::string_view json) {
    if (json.find("unwanted") != std::string_view::npos) throw std::runtime_error("unwanted");
    std::lock_guard<std::mutex> held(lock);
    lines += json.find("injected") != std::string_view::npos;
    return std::string(20000, 'x');
  });
  register_sampler("mine", [&](const sampling_question &question, sampling_answer &answer) {
    std::lock_guard<std::mutex> held(lock);
    asked++;
    if (question.session_name() == "throw") throw 1;
    CLAIM(!question.parent() && question.attributes().count == 1 && answer.trace_state("a=b"));
    return question.session_name() != "drop";
  });
  register_attribute_injector("mine", [](const injectee &about, attributes &into) {
    (void)into.add({"injected", about.is_session()});
    throw 1;
  });
  register_header_provider("none", [](headers &into) { (void)into.add("x", "y"); });
  CLAIM(try_unregister_header_provider("none").ok());
  CLAIM(try_register_exporter("", [](const auto &, auto &) { return export_verdict::ok; }) ==
        AGENTOTEL_ERR_INVALID_ARGUMENT);

  const auto path = temporary("lines");
  {
    library running(R"({"exporters":[{"type":"host","callback":"bus","retry":{"initial_ms":10}},
      {"type":"file","format":"short","path":")" +
                    path + R"("}],
      "sampler":{"type":"host","name":"mine"},"inject":{"host":"mine"}})");
    const attribute given[] = {{"k", "v"}};
    session_options options;
    options.attributes = given;
    options.name = "drop";
    CLAIM(!session(options).context().sampled());
    options.name = "throw";
    CLAIM(session(options).context().sampled());
    options.name = "keep";
    session s(options);
    (void)s.record(custom{"wanted"});
    (void)s.record(custom{"unwanted"});
    s.end();
    add_exporter(R"({"type":"file","name":"extra","path":"/dev/null"})");
    CLAIM(try_remove_exporter("extra", 5s).ok());
    remove_exporter("file", 5s);
    CLAIM(try_get_exporter_error("host", signal::traces).ok() && get_storage_stats().failures == 0);
    CLAIM(!get_diagnostics().empty());
  }
  unregister(callback_kind::exporter, "bus", 5s);
  CLAIM(counted.use_count() == 1);
  CLAIM(try_unregister(callback_kind::exporter, "bus", 5s) == AGENTOTEL_ERR_NOT_FOUND);
  unregister(callback_kind::formatter, "short", 5s);
  unregister(callback_kind::sampler, "mine", 5s);
  unregister(callback_kind::attribute_injector, "mine", 5s);
  CLAIM(try_set_diagnostic_handler(nullptr).ok());
  const auto formatted = get_exporter_stats("file", signal::traces);
  CLAIM(batches > 0 && calls > batches && lines > 0 && asked == 3 && diagnostics > 0);
  CLAIM(formatted.rejected == 1);
  CLAIM(contains(read_file(path), std::string(20000, 'x')));
  CLAIM(equations_hold("host"));
}

void metrics_are_measured() {
  instrument what;
  what.name = "test.observed";
  register_observable_gauge(what, [](observation &into) {
    (void)into.observe(7.5, {{"k", "observed"}});
    throw 1;
  });
  const auto path = temporary("metrics.jsonl");
  {
    library running(config(path));
    const double bounds[] = {1, 10};
    what.name = "test.counter";
    what.unit = "{call}";
    what.value_type = number_type::int64;
    const counter calls(what);
    calls.measure(3, {{"k", "v"}});
    calls.bind({{"k", "v"}}).measure(4);
    CLAIM(calls.try_measure(-1) == AGENTOTEL_ERR_INVALID_ARGUMENT);
    CLAIM(counter().try_measure(1) == AGENTOTEL_ERR_INVALID_HANDLE);
    const list<attribute> nothing;
    what.value_type = number_type::double_;
    what.name = "test.up_down";
    const up_down_counter open(what);
    open.measure(-2);
    open.bind(nothing).measure(1);
    what.name = "test.histogram";
    what.boundaries = bounds;
    const histogram took(what);
    took.measure(5);
    took.bind(nothing).measure(50);
    what.name = "test.gauge";
    what.boundaries = {};
    const gauge level(what);
    level.measure(1);
    level.bind(nothing).measure(2.5);
  }
  unregister(callback_kind::observable, "test.observed", 5s);
  const auto text = read_file(path);
  for (const char *part : {"\"test.counter\"", "{call}", "\"test.up_down\"", "\"asDouble\":-1",
                           "\"explicitBounds\":[1", "\"asDouble\":2.5", "\"asDouble\":7.5"})
    CLAIM(contains(text, part));
}

}  // namespace

int main() {
  CLAIM(abi_version() == AGENTOTEL_ABI_VERSION && !version().empty());
  CLAIM(try_flush(1ms) == AGENTOTEL_ERR_NOT_INITIALIZED);
  an_event_has_what_it_was_given();
  failures_are_statuses_or_exceptions();
  what_leaves_its_scope_ends();
  json_says_the_same();
  contexts_cross();
  logs_belong_to_their_span();
  callbacks_are_called_and_contained();
  metrics_are_measured();
  CLAIM(try_shutdown(1ms) == AGENTOTEL_ERR_SHUT_DOWN);
  return finish("binding");
}
