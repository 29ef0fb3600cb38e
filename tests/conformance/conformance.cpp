// The scenario of scenario.json as a C++ program carries it out; see conformance.c for the arguments.
#include <agentotel.hpp>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "cJSON.h"

using namespace agentotel;

namespace {

[[noreturn]] void give_up(const std::string &why) {
  std::cerr << why << std::endl;
  std::_Exit(1);
}

std::string read_file(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) give_up(path + " cannot be read");
  std::ostringstream read;
  read << file.rdbuf();
  return read.str();
}

std::string print(const cJSON *json) {
  char *written = cJSON_PrintUnformatted(json);
  std::string copy = written;
  cJSON_free(written);
  return copy;
}

const cJSON *get(const cJSON *object, const char *member) {
  return cJSON_GetObjectItemCaseSensitive(object, member);
}

std::string string_of(const cJSON *object, const char *member) {
  const cJSON *found = get(object, member);
  return found && found->valuestring ? found->valuestring : "";
}

template <typename Do>
void for_each(const cJSON *list, Do act) {
  const cJSON *one = nullptr;
  cJSON_ArrayForEach(one, list) act(one);
}

// What the views of one step borrow from.
struct step_memory {
  std::deque<std::string> strings;
  std::deque<std::vector<text>> text_lists;
  std::deque<std::vector<attribute>> attribute_lists;
  std::deque<std::vector<std::int64_t>> integers;
  std::deque<std::vector<double>> doubles;
  std::deque<std::unique_ptr<bool[]>> truths;
  std::deque<std::vector<link>> links;
  std::deque<std::vector<span_event>> span_events;
  std::deque<std::shared_ptr<void>> details;
  std::deque<span_context> contexts;

  std::string_view keep(std::string own) { return strings.emplace_back(std::move(own)); }

  std::string from_hex(const std::string &digits) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
      bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    return bytes;
  }

  text text_of(const cJSON *json) {
    if (!json) return {};
    if (cJSON_IsString(json)) return text(json->valuestring);
    if (const cJSON *hex = get(json, "hex")) return keep(from_hex(hex->valuestring));
    if (const cJSON *repeat = get(json, "repeat")) {
      std::string all;
      for (int i = 0; i < cJSON_GetArrayItem(repeat, 1)->valueint; i++)
        all += cJSON_GetArrayItem(repeat, 0)->valuestring;
      return keep(std::move(all));
    }
    give_up("no text: " + print(json));
  }

  text_list texts_of(const cJSON *list) {
    auto &own = text_lists.emplace_back();
    for_each(list, [&](const cJSON *one) { own.push_back(text_of(one)); });
    return own;
  }

  value value_of(const cJSON *json) {
    if (cJSON_IsBool(json)) return static_cast<bool>(cJSON_IsTrue(json));
    if (cJSON_IsNumber(json)) return static_cast<std::int64_t>(json->valuedouble);
    if (const cJSON *form = get(json, "double")) return form->valuedouble;
    if (const cJSON *form = get(json, "bytes")) return bytes(keep(from_hex(form->valuestring)));
    if (const cJSON *form = get(json, "json")) return agentotel::json{text_of(form)};
    if (const cJSON *form = get(json, "strings")) return texts_of(form);
    if (const cJSON *form = get(json, "bools")) {
      const auto count = static_cast<std::size_t>(cJSON_GetArraySize(form));
      auto &own = truths.emplace_back(new bool[count]);
      for (std::size_t i = 0; i < count; i++)
        own[i] = cJSON_IsTrue(cJSON_GetArrayItem(form, static_cast<int>(i))) != 0;
      return list<bool>(own.get(), count);
    }
    if (const cJSON *form = get(json, "int64s")) {
      auto &own = integers.emplace_back();
      for_each(form, [&](const cJSON *one) { own.push_back(static_cast<std::int64_t>(one->valuedouble)); });
      return list<std::int64_t>(own);
    }
    if (const cJSON *form = get(json, "doubles")) {
      auto &own = doubles.emplace_back();
      for_each(form, [&](const cJSON *one) { own.push_back(one->valuedouble); });
      return list<double>(own);
    }
    return text_of(json);
  }

  list<attribute> attributes_of(const cJSON *object) {
    auto &own = attribute_lists.emplace_back();
    for_each(object, [&](const cJSON *one) { own.emplace_back(one->string, value_of(one)); });
    return own;
  }
};

std::uint32_t word(const std::string &enumeration, const std::string &said) {
#define WORD(name, text, number) \
  if (enumeration == #name && said == text) return number;
#include "words.inc"
#undef WORD
  give_up(enumeration + " has no " + said);
}

template <typename Enum>
Enum words(const char *enumeration, const cJSON *said) {
  std::uint32_t all = 0;
  if (cJSON_IsString(said))
    all = word(enumeration, said->valuestring);
  else
    for_each(said, [&](const cJSON *one) { all |= word(enumeration, one->valuestring); });
  return static_cast<Enum>(all);
}

// Assigns what JSON says to a field of any type, the way programs do.
void assign(text &field, const cJSON *said, step_memory &memory) {
  field = memory.text_of(said);
}
void assign(text_list &field, const cJSON *said, step_memory &memory) {
  field = memory.texts_of(said);
}
void assign(optional_int64 &field, const cJSON *said, step_memory &) {
  field = static_cast<std::int64_t>(said->valuedouble);
}
void assign(optional_double &field, const cJSON *said, step_memory &) {
  field = said->valuedouble;
}
void assign(optional_bool &field, const cJSON *said, step_memory &) {
  field = cJSON_IsTrue(said) != 0;
}
void assign(flag &field, const cJSON *said, step_memory &) {
  field = cJSON_IsTrue(said) != 0;
}
#define ASSIGN_ENUM(name)                                      \
  void assign(name &field, const cJSON *said, step_memory &) { \
    field = words<name>(#name, said);                          \
  }
ASSIGN_ENUM(llm_operation)
ASSIGN_ENUM(counting)
ASSIGN_ENUM(agent_operation)
ASSIGN_ENUM(approval_decision)
ASSIGN_ENUM(guardrail_decision)
ASSIGN_ENUM(memory_operation)
ASSIGN_ENUM(kind)

// A field of a detail, for those who fill in a detail of this type.
#define FIELD(detail, type, field, sort)                                                    \
  [[maybe_unused]] bool fill_##detail##_##field(agentotel::detail &into, const cJSON *said, \
                                                step_memory &memory) {                      \
    if (std::string_view(said->string) != #field) return false;                             \
    assign(into.field, said, memory);                                                       \
    return true;                                                                            \
  }
#include "fields.inc"
#undef FIELD

using filler = std::function<bool(void *, const cJSON *, step_memory &)>;
const std::multimap<std::string, filler> &fillers() {
  static const std::multimap<std::string, filler> all = {
#define FIELD(detail, type, field, sort)                                                    \
  {#detail, [](void *into, const cJSON *said, step_memory &memory) {                        \
     return fill_##detail##_##field(*static_cast<agentotel::detail *>(into), said, memory); \
   }},
#include "fields.inc"
#undef FIELD
  };
  return all;
}

template <typename Detail>
const Detail &detail_of(const char *name, const cJSON *fields, step_memory &memory) {
  auto own = std::make_shared<Detail>();
  memory.details.push_back(own);
  for_each(fields, [&](const cJSON *said) {
    const auto range = fillers().equal_range(name);
    for (auto at = range.first; at != range.second; ++at)
      if (at->second(own.get(), said, memory)) return;
    give_up(std::string(name) + " has no field " + said->string);
  });
  return *own;
}

struct named_thing {
  std::shared_ptr<agentotel::session> session;
  std::shared_ptr<agentotel::event> event;
  span_context context;
};

class scenario {
 public:
  scenario(const cJSON *all, std::string config, std::string context)
      : all_(all), config_(std::move(config)), context_path_(std::move(context)) {}

  status init(const std::string &which) {
    if (which.empty() || which == "main") return try_init(config_);
    return try_init(print(get(get(all_, "configurations"), which.c_str())));
  }

  void run_all(const cJSON *steps) {
    for_each(steps, [&](const cJSON *step) {
      const status answer = run(step);
      if (!answer) give_up(std::string(answer.name()) + ": " + last_error() + ": " + print(step));
    });
  }

  void register_callbacks() {
    register_exporter("conformance", [this](const export_batch &batch, export_answer &) {
      if (batch.signal() == signal::traces) exported_items_ += batch.item_count();
      return export_verdict::ok;
    });
    register_exporter("stuck", [this](const export_batch &, export_answer &) {
      std::unique_lock<std::mutex> held(lock_);
      released_.wait(held, [this] { return is_released_; });
      return export_verdict::ok;
    });
    register_sampler("conformance", [](const sampling_question &question, sampling_answer &) {
      return question.session_name() != "dropped";
    });
    register_attribute_injector("conformance", [](const injectee &about, attributes &into) {
      if (about.is_session())
        (void)into.add({"injected.session", true});
      else
        (void)into.add({"injected.kind", static_cast<int>(about.kind())});
    });
  }

 private:
  named_thing &thing(const std::string &name) {
    std::lock_guard<std::mutex> held(lock_);
    const auto found = named_.find(name);
    if (found == named_.end()) give_up("nothing is called " + name);
    return found->second;
  }
  void name_it(const std::string &name, named_thing thing) {
    std::lock_guard<std::mutex> held(lock_);
    named_[name] = std::move(thing);
  }
  const agentotel::session &session_of(const cJSON *step, const char *member = "session") {
    const auto name = string_of(step, member);
    return name.empty() ? none_ : *thing(name).session;
  }
  target target_of(const std::string &name) {
    if (name.empty()) return {};
    const named_thing &found = thing(name);
    if (found.event && *found.event) return target(*found.event);
    return target(found.context);
  }

  event_data event_of(const cJSON *json, step_memory &memory) {
    event_data data;
    for_each(json, [&](const cJSON *said) {
      const std::string name = said->string;
#define DETAIL(detail)                                                  \
  if (name == #detail) {                                                \
    data.detail = &detail_of<agentotel::detail>(#detail, said, memory); \
    data.kind = agentotel::kind::detail;                                \
    return;                                                             \
  }
      DETAIL(llm)
      DETAIL(tool)
      DETAIL(action)
      DETAIL(embeddings)
      DETAIL(retrieval)
      DETAIL(agent)
      DETAIL(workflow)
      DETAIL(mcp_client)
      DETAIL(mcp_server)
      DETAIL(handoff)
      DETAIL(plan)
      DETAIL(approval)
      DETAIL(guardrail)
      DETAIL(memory)
      DETAIL(compaction)
      DETAIL(evaluation)
      DETAIL(feedback)
      if (name == "name")
        data.name = memory.text_of(said);
      else if (name == "parent")
        data.parent = target_of(said->valuestring);
      else if (name == "parent_index")
        data.parent_index = said->valueint;
      else if (name == "duration_nano")
        data.duration = std::chrono::nanoseconds(said->valueint);
      else if (name == "span_kind")
        data.span_kind = words<span_kind>("span_kind", said);
      else if (name == "status_code")
        data.status_code = words<status_code>("status_code", said);
      else if (name == "status_message")
        data.status_message = memory.text_of(said);
      else if (name == "event_id")
        data.event_id = memory.text_of(said);
      else if (name == "error")
        data.error = &detail_of<error>("error", said, memory);
      else if (name == "attributes")
        data.attributes = memory.attributes_of(said);
      else if (name == "links") {
        auto &links = memory.links.emplace_back();
        for_each(said, [&](const cJSON *one) {
          link to;
          to.context = thing(string_of(one, "to")).context;
          to.trace_state = memory.text_of(get(one, "trace_state"));
          to.attributes = memory.attributes_of(get(one, "attributes"));
          links.push_back(to);
        });
        data.links = links;
      } else if (name == "span_events") {
        auto &events = memory.span_events.emplace_back();
        for_each(said, [&](const cJSON *one) {
          span_event moment;
          moment.name = memory.text_of(get(one, "name"));
          moment.attributes = memory.attributes_of(get(one, "attributes"));
          events.push_back(moment);
        });
        data.span_events = events;
      } else
        give_up("an event has no " + name);
    });
    return data;
  }

  status start_session(const cJSON *step) {
    step_memory memory;
    session_options options;
    for_each(get(step, "options"), [&](const cJSON *said) {
      const std::string name = said->string;
#define OPTION(field) \
  if (name == #field) options.field = memory.text_of(said);
      OPTION(name)
      OPTION(conversation_id)
      OPTION(user_id)
      OPTION(agent_name)
      OPTION(agent_id)
      OPTION(agent_version)
      OPTION(agent_description)
      OPTION(provider)
      OPTION(previous_session_id)
      if (name == "tags") options.tags = memory.texts_of(said);
      if (name == "attributes") options.attributes = memory.attributes_of(said);
      if (name == "resumed") options.resumed = &thing(said->valuestring).context;
      if (name == "remote") remote_.continue_in(options);
    });
    auto started = agentotel::session::try_start(options);
    if (!started) return started.code();
    const auto context = started->try_context();
    name_it(string_of(step, "id"),
            {std::make_shared<agentotel::session>(std::move(*started)), nullptr, *context});
    return context.code();
  }

  static void compare(const cJSON *expected, const char *name, std::uint64_t value) {
    const cJSON *said = get(expected, name);
    if (said && static_cast<std::uint64_t>(said->valuedouble) != value)
      give_up(std::string(name) + " is " + std::to_string(value) + ", expected " + print(said));
  }

  status run(const cJSON *step) {
    step_memory memory;
    const std::string what = string_of(step, "do");
    const std::string id = string_of(step, "id");
    const cJSON *said = get(step, "event");
    const cJSON *is = get(step, "is");
    const auto timeout = milliseconds(get(step, "timeout_ms") ? get(step, "timeout_ms")->valueint : 0);
    if (what == "init") return init(string_of(step, "config"));
    if (what == "session") return start_session(step);
    if (what == "record") {
      named_thing recorded;
      const status answer = session_of(step).try_record(event_of(said, memory), recorded.context);
      if (answer) name_it(id, recorded);
      return answer;
    }
    if (what == "record_all") {
      std::vector<event_data> events;
      for_each(get(step, "events"), [&](const cJSON *one) { events.push_back(event_of(one, memory)); });
      std::size_t recorded = 0;
      const status answer = session_of(step).try_record(events, recorded);
      if (recorded != events.size()) give_up("not all events were recorded");
      return answer;
    }
    if (what == "record_json") return session_of(step).try_record_json(string_of(step, "json"));
    if (what == "start") {
      auto started = session_of(step).try_start_event(event_of(said, memory));
      if (!started) return started.code();
      const auto context = started->try_context();
      name_it(id, {nullptr, std::make_shared<agentotel::event>(std::move(*started)), *context});
      return context.code();
    }
    if (what == "update") return thing(id).event->try_update(event_of(said, memory));
    if (what == "chunk") return thing(id).event->try_chunk(memory.text_of(get(step, "content")));
    if (what == "first_token") return thing(id).event->try_first_token();
    if (what == "end") {
      // The object knows that it has ended, but here the library's own answer is wanted.
      agentotel::event &own = *thing(id).event;
      const agentotel_event handle = own ? own.handle() : ended_[id];
      {
        std::lock_guard<std::mutex> held(lock_);
        ended_[id] = handle;
      }
      if (!own) return agentotel::event(handle).try_end();
      return said ? own.try_end(event_of(said, memory)) : own.try_end();
    }
    if (what == "error")
      return session_of(step).try_record_error(detail_of<error>("error", get(step, "error"), memory),
                                               target_of(string_of(step, "target")));
    if (what == "log") {
      const cJSON *given = get(step, "record");
      log_record record;
      record.severity_number = words<severity>("severity", get(given, "severity_number"));
      record.set_body(memory.value_of(get(given, "body")));
      record.severity_text = memory.text_of(get(given, "severity_text"));
      record.event_name = memory.text_of(get(given, "event_name"));
      record.attributes = memory.attributes_of(get(given, "attributes"));
      return session_of(step).try_log(record, target_of(string_of(step, "target")));
    }
    if (what == "attributes")
      return session_of(step).try_set_attributes(memory.attributes_of(get(step, "attributes")));
    if (what == "end_session") {
      const cJSON *given = get(step, "end");
      session_end how;
      if (given) how.end_state = words<end_state>("end_state", get(given, "end_state"));
      how.reason = memory.text_of(get(given, "reason"));
      how.error_type = memory.text_of(get(given, "error_type"));
      agentotel::session &own = *thing(id).session;
      if (!own) return agentotel::session(ended_[id]).try_end(how);
      ended_[id] = own.handle();
      return own.try_end(how);
    }
    if (what == "threads") {
      std::vector<std::thread> threads;
      for_each(get(step, "branches"),
               [&](const cJSON *branch) { threads.emplace_back([this, branch] { run_all(branch); }); });
      for (auto &one : threads)
        one.join();
      return {};
    }
    if (what == "expect") {
      const status answer = run(get(step, "step"));
      if (string_of(step, "status") != answer.name())
        give_up(std::string(answer.name()) + ": " + print(step));
      return {};
    }
    if (what == "baggage")
      return session_of(step).try_set_baggage(string_of(step, "key"), string_of(step, "value"));
    if (what == "baggage_is") {
      if (session_of(step).baggage(string_of(step, "key")) != string_of(step, "value")) give_up("baggage");
      return {};
    }
    if (what == "inject") {
      std::map<std::string, std::string> headers;
      const status answer = session_of(step).try_inject(headers, target_of(string_of(step, "target")));
      cJSON *object = cJSON_CreateObject();
      for (const auto &[key, value] : headers)
        cJSON_AddStringToObject(object, key.c_str(), value.c_str());
      std::ofstream(context_path_) << print(object);
      return answer;
    }
    if (what == "extract") {
      std::map<std::string, std::string> headers;
      for_each(cJSON_Parse(read_file(context_path_).c_str()),
               [&](const cJSON *one) { headers[one->string] = one->valuestring; });
      auto found = try_extract(headers);
      remote_ = *found;
      return found.code();
    }
    if (what == "shutdown") return try_shutdown(timeout);
    if (what == "release") {
      std::lock_guard<std::mutex> held(lock_);
      is_released_ = true;
      released_.notify_all();
      return {};
    }
    if (what == "stats") {
      const auto all = try_get_stats(words<signal>("signal", get(step, "signal")));
      compare(is, "offered", all->offered);
      compare(is, "accepted_caller", all->accepted_caller);
      compare(is, "accepted_derived", all->accepted_derived);
      compare(is, "duplicate", all->duplicate);
      compare(is, "head_unsampled", all->head_unsampled);
      compare(is, "filtered", all->filtered);
      compare(is, "repaired_utf8", all->repaired_utf8);
      compare(is, "truncated_values", all->truncated_values);
      compare(is, "dropped_attributes", all->dropped_attributes);
      compare(is, "refused_argument", all->agentotel_stats::refused[AGENTOTEL_REFUSED_ARGUMENT]);
      compare(is, "refused_handle", all->agentotel_stats::refused[AGENTOTEL_REFUSED_HANDLE]);
      return all.code();
    }
    if (what == "exporter_stats") {
      const auto all =
          try_get_exporter_stats(string_of(step, "name"), words<signal>("signal", get(step, "signal")));
      if (!all) return all.code();
      compare(is, "accepted", all->accepted);
      compare(is, "exported", all->exported);
      compare(is, "pending", all->pending);
      compare(is, "handed_over", exported_items_);
      return all.code();
    }
    give_up("there is no step " + what);
  }

  const cJSON *all_;
  const std::string config_, context_path_;
  const agentotel::session none_;
  std::mutex lock_;
  std::condition_variable released_;
  bool is_released_ = false;
  std::atomic<std::uint64_t> exported_items_{0};
  std::map<std::string, named_thing> named_;
  std::map<std::string, std::uint64_t> ended_;
  remote_context remote_;
};

}  // namespace

int main(int count, char **arguments) {
  if (count != 5) give_up("usage: conformance-cpp ROLE SCENARIO CONFIG CONTEXT");
  const cJSON *all = cJSON_Parse(read_file(arguments[2]).c_str());
  if (!all) give_up("the scenario is no JSON");
  // What the callbacks use has to outlive the library.
  static scenario own(all, read_file(arguments[3]), arguments[4]);
  own.register_callbacks();
  const status started = own.init("main");
  if (!started) give_up(last_error());
  own.run_all(get(get(all, "roles"), arguments[1]));
}
