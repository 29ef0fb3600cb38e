// The C++ header as everybody may have it: first, twice, without exceptions, in every standard that it
// serves; every template that needs no running library instantiated.
#include <agentotel.hpp>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#if __cplusplus >= 202002L
#include <span>
#endif

int main() {
  using namespace agentotel;
  const texts reasons{"stop", "length"};
  llm call;
  call.request_model = std::string_view("gpt-4o");
  call.finish_reasons = reasons;
  call.input_tokens = 812;
  call.temperature = 0;
  call.stream = false;
  call.in_process = true;
  call.counting = counting::cache_separate | counting::reasoning_separate;
  event_data data(call);
  data.duration = std::chrono::milliseconds(5);
  data.start_time = std::chrono::system_clock::now();
  const std::vector<attribute> attributes{{"a", 1}, {"b", std::string("x")}, {"c", json{"[]"}}};
  data.attributes = attributes;
  session none;
  std::map<std::string, std::string> map;
  std::unordered_map<std::string, std::string> unordered;
  std::multimap<std::string, std::string> several;
  std::vector<std::pair<std::string, std::string>> pairs;
  status last = none.try_inject(map);
  last = none.try_inject(unordered);
  last = none.try_inject(several);
  last = none.try_inject(pairs);
  (void)try_extract(map).ok();
  (void)try_extract(pairs).ok();
  last = none.try_record(data);
#if __cplusplus >= 202002L
  const std::span<const attribute> span(attributes);
  data.attributes = span;
  last = none.try_record(llm{.request_model = "gpt-4o", .input_tokens = 812}, {{"k", 1}});
#endif
  return last.ok() ? 1 : 0;
}
