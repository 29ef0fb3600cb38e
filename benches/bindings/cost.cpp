// What the C++ header costs over the C calls that it makes: the same events by both, in one process.
//
//   cost                       one JSON object of figures
//   cost c|cpp EVENTS [llm]    records so many events one way, to have its instructions counted
#include <time.h>

#include <agentotel.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr int burst = 2000;
constexpr int rounds = 41;

const char *const keys[] = {"gen_ai.system", "agent.step.kind", "agent.step.index", "tool.name",
                            "tool.version",  "request.region",  "request.tenant",   "cache.outcome",
                            "retry",         "deployment"};
const char *const values[] = {"openai",   "tool_call", "17",  "search_flights", "2026-11-01",
                              "eu-west1", "acme-corp", "hit", "none",           "production-blue"};

[[noreturn]] void give_up(const char *what) {
  std::fprintf(stderr, "cost: %s: %s\n", what, agentotel::last_error().c_str());
  std::exit(1);
}

double now_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// An event with ten attributes, as a C program says it.
[[gnu::noinline]] bool by_c(const agentotel::session &session) {
  const agentotel_attribute attributes[] = {
      agentotel_attr_string(agentotel_cstr(keys[0]), agentotel_cstr(values[0])),
      agentotel_attr_string(agentotel_cstr(keys[1]), agentotel_cstr(values[1])),
      agentotel_attr_string(agentotel_cstr(keys[2]), agentotel_cstr(values[2])),
      agentotel_attr_string(agentotel_cstr(keys[3]), agentotel_cstr(values[3])),
      agentotel_attr_string(agentotel_cstr(keys[4]), agentotel_cstr(values[4])),
      agentotel_attr_string(agentotel_cstr(keys[5]), agentotel_cstr(values[5])),
      agentotel_attr_string(agentotel_cstr(keys[6]), agentotel_cstr(values[6])),
      agentotel_attr_string(agentotel_cstr(keys[7]), agentotel_cstr(values[7])),
      agentotel_attr_string(agentotel_cstr(keys[8]), agentotel_cstr(values[8])),
      agentotel_attr_string(agentotel_cstr(keys[9]), agentotel_cstr(values[9]))};
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  data.name = AGENTOTEL_STR("agent.step");
  data.attributes = attributes;
  data.attribute_count = 10;
  return agentotel_record_event(session.handle(), &data, nullptr) == AGENTOTEL_OK;
}

// The same as a C++ program does.
[[gnu::noinline]] bool by_cpp(const agentotel::session &session) {
  return session
      .try_record(agentotel::custom{"agent.step"}, {{keys[0], values[0]},
                                                    {keys[1], values[1]},
                                                    {keys[2], values[2]},
                                                    {keys[3], values[3]},
                                                    {keys[4], values[4]},
                                                    {keys[5], values[5]},
                                                    {keys[6], values[6]},
                                                    {keys[7], values[7]},
                                                    {keys[8], values[8]},
                                                    {keys[9], values[9]}})
      .ok();
}

// A typed event of twelve fields.
[[gnu::noinline]] bool llm_by_c(const agentotel::session &session) {
  const agentotel_str reasons[] = {AGENTOTEL_STR("stop")};
  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  llm.provider = AGENTOTEL_STR("openai");
  llm.request_model = AGENTOTEL_STR("gpt-4o");
  llm.response_model = AGENTOTEL_STR("gpt-4o-2024-08-06");
  llm.response_id = AGENTOTEL_STR("chatcmpl-A1b2C3d4");
  llm.finish_reasons.items = reasons;
  llm.finish_reasons.count = 1;
  llm.temperature = AGENTOTEL_F64(0.2);
  llm.max_tokens = AGENTOTEL_I64(1024);
  llm.input_tokens = AGENTOTEL_I64(812);
  llm.output_tokens = AGENTOTEL_I64(37);
  llm.cache_read_input_tokens = AGENTOTEL_I64(512);
  llm.server_address = AGENTOTEL_STR("api.openai.com");
  llm.server_port = AGENTOTEL_I64(443);
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  data.kind = AGENTOTEL_KIND_LLM;
  data.llm = &llm;
  return agentotel_record_event(session.handle(), &data, nullptr) == AGENTOTEL_OK;
}

[[gnu::noinline]] bool llm_by_cpp(const agentotel::session &session) {
  const agentotel::texts reasons{"stop"};
  agentotel::llm llm;
  llm.provider = "openai";
  llm.request_model = "gpt-4o";
  llm.response_model = "gpt-4o-2024-08-06";
  llm.response_id = "chatcmpl-A1b2C3d4";
  llm.finish_reasons = reasons;
  llm.temperature = 0.2;
  llm.max_tokens = 1024;
  llm.input_tokens = 812;
  llm.output_tokens = 37;
  llm.cache_read_input_tokens = 512;
  llm.server_address = "api.openai.com";
  llm.server_port = 443;
  return session.try_record(llm).ok();
}

using way = bool (*)(const agentotel::session &);

double ns_of(way record, const agentotel::session &session) {
  const double start = now_ns();
  for (int i = 0; i < burst; i++)
    if (!record(session)) give_up("record");
  return (now_ns() - start) / burst;
}

double median(std::vector<double> figures) {
  std::sort(figures.begin(), figures.end());
  return figures[figures.size() / 2];
}

struct pair {
  double ratio, c, cpp;
};

// In pairs, A B B A.
pair measure(way c, way cpp, const agentotel::session &session) {
  std::vector<double> ratios, by_c, by_cpp;
  for (int i = 0; i < 5; i++)
    (void)(ns_of(c, session) + ns_of(cpp, session));
  for (int round = 0; round < rounds; round++) {
    const double a = ns_of(c, session), b = ns_of(cpp, session);
    const double again_b = ns_of(cpp, session), again_a = ns_of(c, session);
    ratios.push_back((b + again_b) / (a + again_a));
    by_c.push_back((a + again_a) / 2);
    by_cpp.push_back((b + again_b) / 2);
  }
  return {median(ratios), median(by_c), median(by_cpp)};
}

}  // namespace

int main(int count, char **arguments) {
  if (!agentotel::try_init(R"({"exporters":[]})")) give_up("init");
  auto session = agentotel::session::try_start();
  if (!session) give_up("session");
  if (count > 2) {
    const bool llm = count > 3;
    const bool c = std::string(arguments[1]) == "c";
    const way record = c ? (llm ? llm_by_c : by_c) : (llm ? llm_by_cpp : by_cpp);
    for (int i = std::atoi(arguments[2]); i > 0; i--)
      if (!record(*session)) give_up("record");
    return 0;
  }
  const pair plain = measure(by_c, by_cpp, *session);
  const pair llm = measure(llm_by_c, llm_by_cpp, *session);
  std::printf(
      "{\"cpp_cost_ratio\": %.4f, \"cpp_caller_ns_10_attrs\": %.2f, \"c_caller_ns_10_attrs\": %.2f, "
      "\"cpp_llm_cost_ratio\": %.4f}\n",
      plain.ratio, plain.cpp, plain.c, llm.ratio);
}
