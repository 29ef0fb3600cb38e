// The smallest complete agent: a session, one answer of a model, one tool that the answer asked for.
//
// It reports to an OpenTelemetry Collector on this machine, or wherever OTEL_EXPORTER_OTLP_ENDPOINT points.
using System;
using AgentOtel;

internal static class Quickstart
{
    private static void Main()
    {
        // Without a configuration it is the environment and the defaults. Disposing delivers what is left.
        using (AgentOtelClient client = AgentOtelClient.Start())
        using (Session session = client.StartSession(new SessionOptions { AgentName = "travel-agent", Provider = "openai" }))
        {
            // What is over already is recorded in one call. Its context is a name for it, to hang other spans below.
            SpanContext answered = session.Record(
                new LlmDetail { RequestModel = "gpt-4o", InputTokens = 812, OutputTokens = 37 },
                new EventOptions { Duration = TimeSpan.FromMilliseconds(1400) });

            // What takes its time is started and ended; the library measures it.
            using (session.Start(new ToolDetail { Name = "find_flights" }, new EventOptions { Parent = answered }))
            {
                // ... here the tool does its work ...
            }
        }
    }
}
