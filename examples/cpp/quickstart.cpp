// The smallest complete agent: a session, one answer of a model, one tool that the answer asked for.
//
//     c++ -std=c++17 quickstart.cpp $(pkg-config --cflags --libs agentotel) -o quickstart && ./quickstart
//
// It reports to an OpenTelemetry Collector on this machine, or wherever OTEL_EXPORTER_OTLP_ENDPOINT points.
#include <agentotel.hpp>
#include <chrono>
#include <iostream>

int main() try {
  using namespace std::chrono_literals;

  // The environment and the defaults say how; the end of the scope delivers what is left, for five seconds at
  // most.
  agentotel::library running;

  // A session becomes a trace.
  agentotel::session_options options;
  options.agent_name = "travel-agent";
  options.provider = "openai";
  agentotel::session session(options);

  // What is over already is recorded in one call. Its context is a name for it, to hang other spans below.
  agentotel::llm llm;
  llm.request_model = "gpt-4o";
  llm.input_tokens = 812;
  llm.output_tokens = 37;
  agentotel::event_data answer(llm);
  answer.duration = 1400ms;
  const agentotel::span_context answered = session.record(answer, {{"attempt", 1}});

  // What takes its time is started, and ends with its scope: as failed when an exception leaves it.
  {
    agentotel::tool tool;
    tool.name = "find_flights";
    agentotel::event_data call(tool);
    call.parent = answered;
    agentotel::event running_tool = session.start_event(call);
    // ... here the tool does its work ...
  }
  session.end(agentotel::end_state::success);
} catch (const agentotel::exception &failure) {
  std::cerr << failure.what() << '\n';
  return 1;
}
