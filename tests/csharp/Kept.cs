using System;
using System.Collections.Generic;
using System.Text;

namespace AgentOtel.Tests
{
    // The library with an exporter of the program's that keeps what it is handed, as OTLP/JSON.
    internal sealed class Kept : IDisposable
    {
        private readonly List<string> payloads = new List<string>();
        private readonly CallbackRegistration registration;

        internal Kept(string more = "", string signals = "\"traces\",\"logs\"")
        {
            registration = Callbacks.RegisterExporter("kept", Take);
            Client = AgentOtelClient.Start(
                "{\"exporters\":[{\"type\":\"host\",\"callback\":\"kept\",\"payload\":\"otlp_json\",\"batch\":{\"delay_ms\":10},\"signals\":[" +
                signals + "]}]" + more + "}");
        }

        internal AgentOtelClient Client { get; }

        internal long Items { get; private set; }

        // Everything that was recorded so far, as one text.
        internal string Flushed()
        {
            Client.Flush(TimeSpan.FromSeconds(30));
            lock (payloads)
            {
                return string.Join("\n", payloads);
            }
        }

        public void Dispose()
        {
            Client.Dispose();
            registration.Dispose();
        }

        private ExportResult Take(ExportBatch batch)
        {
            lock (payloads)
            {
                Items += batch.ItemCount;
                payloads.Add(Encoding.UTF8.GetString(batch.Payload.ToArray()));
            }
            return ExportResult.Ok;
        }
    }
}
