// A small real agent: a loop that asks a model over HTTP, streams its answer, and calls the tools that it
// wants, one of them on a server of its own.
//
//     agent CONFIG             the agent; it starts the other two itself
//     agent --model            a stub of a model: asks for tools, then answers
//     agent --tools CONFIG     a tool server: continues the caller's trace
//
// The session is one trace: the model's calls and the tools below them, a tool that fails and is tried again,
// and the tool server's session in another process below the call that was made to it.
#include <agentotel.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

#include "http.hpp"

using namespace std::chrono_literals;

namespace {

// The model: what it says depends on how often it was asked. Each line is a chunk of its answer.
http::response model(const http::request &request) {
  static int turn = 0;
  (void)request;
  switch (turn++) {
    case 0:
      return {200, "I will look\nfor flights.\ncall find_flights OSL\n"};
    case 1:
      return {200, "Now the\nweather.\ncall weather OSL\n"};
    default:
      return {200, "There is a flight\nat 9:40,\nand it rains.\n"};
  }
}

// The tool server: its session continues the trace of whoever calls.
http::response tools(const http::request &request) {
  const agentotel::remote_context remote = agentotel::extract(request.headers);
  agentotel::session_options options;
  options.name = "tool server";
  remote.continue_in(options);
  agentotel::session session(options);
  agentotel::mcp_server call;
  call.method = "tools/call";
  call.tool_name = "weather";
  agentotel::event work = session.start_event(call);
  session.log(agentotel::severity::info, "looked out of the window", {{"place", request.body}});
  work.end();
  session.end(agentotel::end_state::success);
  agentotel::flush(5s);
  return {200, "rain\n"};
}

// A tool in this process, with a step of its own below it. The first try fails.
std::string find_flights(const agentotel::session &session, const agentotel::event &tool,
                         const std::string &to) {
  static int tries = 0;
  agentotel::event_data step(agentotel::custom{"query timetable"});
  step.parent = tool;
  agentotel::event query = session.start_event(step, {{"airport", to}, {"try", tries}});
  if (tries++ == 0) throw std::runtime_error("the timetable is not reachable");
  return "[\"9:40\"]";
}

struct agent {
  agentotel::session &session;
  std::string model_address, tool_address;

  // Asks the model; its answer comes in lines, the last of which may want a tool.
  std::string ask(const std::string &prompt, agentotel::span_context &answered) {
    agentotel::llm llm;
    llm.request_model = "stub-1";
    llm.stream = true;
    llm.server_address = "127.0.0.1";
    llm.input_messages = prompt;
    agentotel::event call = session.start_event(llm);
    answered = call.context();
    std::string last;
    int tokens = 0;
    http::post(model_address, {}, prompt, [&](const std::string &line) {
      call.chunk(line);
      last = line;
      tokens += 3;
    });
    agentotel::llm done;
    const agentotel::texts reasons{last.rfind("call ", 0) == 0 ? "tool_calls" : "stop"};
    done.finish_reasons = reasons;
    done.input_tokens = static_cast<int>(prompt.size() / 4);
    done.output_tokens = tokens;
    call.end(done);
    return last;
  }

  // Calls a tool below the answer that asked for it; the second try is another span.
  std::string call(const std::string &name, const std::string &argument,
                   const agentotel::span_context &answered) {
    for (int attempt = 0;; attempt++) {
      agentotel::tool tool;
      tool.name = name;
      tool.type = "function";
      agentotel::event_data data(tool);
      data.parent = answered;
      agentotel::event running = session.start_event(data);
      try {
        std::string result;
        if (name == "weather") {
          std::map<std::string, std::string> headers;
          running.inject(headers);
          http::post(tool_address, headers, argument, [&](const std::string &line) { result += line; });
        } else {
          result = find_flights(session, running, argument);
        }
        agentotel::tool done;
        done.result = result;
        running.end(done);
        return result;
      } catch (const std::runtime_error &failure) {
        agentotel::error error;
        error.type = "unreachable";
        error.message = failure.what();
        agentotel::event_data failed;
        failed.error = &error;
        running.end(failed);
        if (attempt == 1) throw;
      }
    }
  }

  std::string run(const std::string &question) {
    std::string prompt = question;
    for (;;) {
      agentotel::span_context answered;
      const std::string said = ask(prompt, answered);
      if (said.rfind("call ", 0) != 0) return said;
      const std::string name = said.substr(5, said.find(' ', 5) - 5);
      prompt += "\n" + call(name, said.substr(said.rfind(' ') + 1), answered);
    }
  }
};

}  // namespace

int main(int count, char **arguments) try {
  const std::string role = count > 1 ? arguments[1] : "";
  if (role == "--model") return http::serve(model, 3);
  if (role == "--tools") {
    agentotel::library running(count > 2 ? arguments[2] : nullptr);
    return http::serve(tools, 1);
  }
  const std::string config = count > 1 ? arguments[1] : "{}";
  http::child model_server(arguments[0], {"--model"});
  http::child tool_server(arguments[0], {"--tools", config});

  agentotel::library running(config);
  agentotel::session_options options;
  options.agent_name = "travel-agent";
  options.provider = "stub";
  agentotel::session session(options);
  agent own{session, model_server.address(), tool_server.address()};
  std::cout << own.run("When can I fly to Oslo, and what is the weather there?") << std::endl;
  session.end(agentotel::end_state::success);
  return 0;
} catch (const std::exception &failure) {
  std::cerr << failure.what() << '\n';
  return 1;
}
