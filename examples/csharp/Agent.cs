// A small real agent: a loop that asks a model over HTTP, streams its answer, and calls the tools that it wants, one of them on
// a server of its own.
//
//     agent CONFIG             the agent; it starts the other two itself
//     agent --model            a stub of a model: asks for tools, then answers
//     agent --tools CONFIG     a tool server: continues the caller's trace
//
// The session is one trace: the model's calls and the tools below them, a tool that fails and is tried again, and the tool
// server's session in another process below the call that was made to it.
using System;
using System.Collections.Generic;
using System.IO;
using AgentOtel;

internal sealed class Agent
{
    private readonly Session session;
    private readonly int model;
    private readonly int toolServer;
    private int tries;

    private Agent(Session session, int model, int toolServer)
    {
        this.session = session;
        this.model = model;
        this.toolServer = toolServer;
    }

    private static int Main(string[] arguments)
    {
        string role = arguments.Length > 0 ? arguments[0] : "{}";
        if (role == "--model")
        {
            int turn = 0;
            Http.Serve(3, (headers, body) => Model(turn++));
            return 0;
        }
        if (role == "--tools")
        {
            using (AgentOtelClient client = AgentOtelClient.Start(arguments[1]))
            {
                Http.Serve(1, (headers, body) => Tools(client, headers, body));
            }
            return 0;
        }
        using (var modelServer = new Child("--model"))
        using (var tools = new Child("--tools", role))
        using (AgentOtelClient client = AgentOtelClient.Start(role))
        using (Session session = client.StartSession(new SessionOptions { AgentName = "travel-agent", Provider = "stub" }))
        {
            var agent = new Agent(session, modelServer.Port, tools.Port);
            Console.WriteLine(agent.Run("When can I fly to Oslo, and what is the weather there?"));
            session.End(EndState.Success);
        }
        return 0;
    }

    // The model: what it says depends on how often it was asked. Each line is a chunk of its answer.
    private static string Model(int turn)
    {
        switch (turn)
        {
            case 0:
                return "I will look\nfor flights.\ncall find_flights OSL\n";
            case 1:
                return "Now the\nweather.\ncall weather OSL\n";
            default:
                return "There is a flight\nat 9:40,\nand it rains.\n";
        }
    }

    // The tool server: its session continues the trace of whoever calls.
    private static string Tools(AgentOtelClient client, Dictionary<string, string> headers, string place)
    {
        var options = new SessionOptions { Name = "tool server", Remote = Propagation.Extract(headers) };
        using (Session session = client.StartSession(options))
        {
            using (AgentEvent work = session.Start(new McpServerDetail { Method = "tools/call", ToolName = "weather" }))
            {
                session.Log(
                    new LogRecord
                    {
                        Severity = Severity.Info, Body = "looked out of the window",
                        Attributes = new[] { new EventAttribute("place", place) },
                    },
                    work);
            }
            session.End(EndState.Success);
        }
        client.Flush(TimeSpan.FromSeconds(5));
        return "rain\n";
    }

    private string Run(string question)
    {
        string prompt = question;
        for (;;)
        {
            string said = Ask(prompt, out SpanContext answered);
            if (!said.StartsWith("call ", StringComparison.Ordinal))
            {
                return said;
            }
            string[] words = said.Split(' ');
            prompt += "\n" + Call(words[1], words[2], answered);
        }
    }

    // Asks the model; its answer comes in lines, the last of which may want a tool.
    private string Ask(string prompt, out SpanContext answered)
    {
        AgentEvent call = session.Start(new LlmDetail
        {
            RequestModel = "stub-1", Stream = true, ServerAddress = "127.0.0.1", ServerPort = model, InputMessages = prompt,
        });
        answered = call.Context;
        string last = "";
        int tokens = 0;
        foreach (string line in Http.Post(model, new Dictionary<string, string>(), prompt))
        {
            call.Chunk(line);
            last = line;
            tokens += 3;
        }
        bool wantsTool = last.StartsWith("call ", StringComparison.Ordinal);
        call.End(new LlmDetail
        {
            FinishReasons = new[] { wantsTool ? "tool_calls" : "stop" }, InputTokens = prompt.Length / 4, OutputTokens = tokens,
        });
        return last;
    }

    // Calls a tool below the answer that asked for it; the second try is another span.
    private string Call(string name, string argument, SpanContext answered)
    {
        for (int attempt = 0;; attempt++)
        {
            AgentEvent running = session.Start(
                new ToolDetail { Name = name, Type = "function" }, new EventOptions { Parent = answered });
            try
            {
                string result = name == "weather" ? Weather(running, argument) : FindFlights(running, argument);
                running.End(new ToolDetail { Result = result });
                return result;
            }
            catch (IOException failure)
            {
                running.End(new EventOptions { Error = new ErrorDetail { Type = "unreachable", Message = failure.Message } });
                if (attempt == 1)
                {
                    throw;
                }
            }
        }
    }

    private string Weather(AgentEvent tool, string place)
    {
        var headers = new Dictionary<string, string>();
        Propagation.Inject(session, tool, headers);
        return string.Concat(Http.Post(toolServer, headers, place));
    }

    // A tool in this process, with a step of its own below it. The first try fails.
    private string FindFlights(AgentEvent tool, string to)
    {
        var options = new EventOptions
        {
            Parent = tool, Attributes = new[] { new EventAttribute("airport", to), new EventAttribute("try", tries) },
        };
        using (session.Start(new CustomDetail("query timetable"), options))
        {
            if (tries++ == 0)
            {
                throw new IOException("the timetable is not reachable");
            }
            return "[\"9:40\"]";
        }
    }
}
