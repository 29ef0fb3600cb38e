using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;

namespace AgentOtel.Tests
{
    public static class CallbackClaims
    {
        private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

        private static void Collect()
        {
            for (int i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }

        public static void AnExporterRetriesRejectsAndThrows()
        {
            int calls = 0;
            using (CallbackRegistration registration = Callbacks.RegisterExporter("moody", batch =>
            {
                Check.That(batch.PayloadLength == batch.OpenPayload().Length && batch.PayloadType == PayloadType.OtlpProto, "payload");
                Check.That(batch.Timeout > TimeSpan.Zero && batch.Signal == Signal.Traces, "batch");
                switch (Interlocked.Increment(ref calls))
                {
                    case 1:
                        throw new FormatException("thrown out");
                    case 2:
                        return ExportResult.Retry(TimeSpan.FromMilliseconds(1), "not now");
                    case 3:
                        return new ExportResult { RejectedItems = 1, Message = new string('é', 600) };
                    default:
                        return ExportResult.Reject("never");
                }
            }))
            using (AgentOtelClient client = AgentOtelClient.Start(
                "{\"exporters\":[{\"type\":\"host\",\"callback\":\"moody\",\"signals\":[\"traces\"],\"retry\":{\"initial_ms\":1,\"max_ms\":5}}]}"))
            {
                Check.That(registration.IsRegistered && registration.Kind == CallbackKind.Exporter, "registered");
                Session session = client.StartSession();
                session.Record(new CustomDetail("one"));
                session.Record(new CustomDetail("two"));
                client.Flush(Long);
                Check.Equal(3, calls, "calls");
                session.End();
                client.Flush(Long);
                ExporterStats stats = AgentOtelClient.GetExporterStats("host", Signal.Traces);
                Check.Equal(2UL, stats.Rejected, "rejected");
                Check.Equal(1UL, stats.Exported, "exported");
                Check.Contains("thrown out", AgentOtelClient.GetDiagnostics());
            }
        }

        public static void WhatIsRegisteredOutlivesTheCollector()
        {
            int calls = 0;
            RegisterAndForget(() => Interlocked.Increment(ref calls));
            Collect();
            using (AgentOtelClient client = AgentOtelClient.Start(
                "{\"exporters\":[{\"type\":\"host\",\"callback\":\"forgotten\"}],\"sampler\":{\"type\":\"host\",\"name\":\"forgotten\"},\"inject\":{\"host\":\"forgotten\"}}"))
            {
                for (int i = 0; i < 20; i++)
                {
                    Collect();
                    using (Session session = client.StartSession())
                    {
                        session.Record(new CustomDetail("x"));
                    }
                }
                client.Flush(Long);
            }
            Check.That(calls >= 61, "calls: " + calls);
            // One of a name takes the place of the one before, whose registration does nothing any more.
            CallbackRegistration first = Callbacks.RegisterSampler("forgotten", question => SamplingResult.Keep);
            CallbackRegistration second = Callbacks.RegisterSampler("forgotten", question => SamplingResult.Drop);
            Check.That(!first.IsRegistered && second.IsRegistered, "replaced");
            first.Dispose();
            Check.That(second.IsRegistered, "still there");
            second.Unregister(Long);
            second.Unregister(Long);
            second.Dispose();
            Check.That(!second.IsRegistered, "gone");
        }

        private static void RegisterAndForget(Action called)
        {
            Callbacks.RegisterExporter("forgotten", batch => { called(); return ExportResult.Ok; });
            Callbacks.RegisterSampler("forgotten", question => { called(); return SamplingResult.Keep; });
            Callbacks.RegisterAttributeInjector("forgotten", (about, attributes) => called());
        }

        public static void ASamplerIsAskedAndMayThrow()
        {
            SamplingQuestion asked = null;
            using (Callbacks.RegisterSampler("picky", question =>
            {
                asked = question;
                if (question.SessionName == "throws")
                {
                    throw new FormatException();
                }
                return question.SessionName == "dropped" ? SamplingResult.Drop : new SamplingResult { TraceState = "seen=1" };
            }))
            using (var kept = new Kept(",\"sampler\":{\"type\":\"host\",\"name\":\"picky\"}"))
            {
                SpanContext.TryParse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", out SpanContext parent);
                kept.Client.StartSession(new SessionOptions { Name = "dropped" }).End();
                kept.Client.StartSession(new SessionOptions { Name = "throws" }).End();
                using (Session session = kept.Client.StartSession(new SessionOptions
                {
                    Name = "asked", Attributes = new[]
                    {
                        new EventAttribute("n", 3), new EventAttribute("b", true), new EventAttribute("d", 0.5),
                        new EventAttribute("s", "text"), new EventAttribute("ss", AttributeValue.Strings("a", "b")),
                        new EventAttribute("is", AttributeValue.Int64s(4)), new EventAttribute("raw", AttributeValue.Bytes(new byte[] { 9 })),
                    },
                }))
                {
                    Check.Equal(session.Context.TraceId, asked.TraceId, "trace id");
                    Check.Equal("n=3 b=True d=0.5 s=text ss=System.String[] is=System.Int64[] raw=System.Byte[]",
                        string.Join(" ", asked.Attributes.Select(a => FormattableString.Invariant($"{a.Key}={a.Value}"))), "attributes");
                    Check.Equal("seen=1", Propagation.InjectTexts(session).TraceState, "trace state");
                }
                string all = kept.Flushed();
                Check.Contains("asked", all);
                Check.Contains("throws", all);
                Check.That(!all.Contains("dropped"), "dropped");
                Check.Equal(1UL, AgentOtelClient.GetStats(Signal.Traces).HeadUnsampled, "unsampled");
            }
        }

        public static void AnInjectorAddsAttributesAndMayThrow()
        {
            AttributeSink stolen = null;
            using (Callbacks.RegisterAttributeInjector("adds", (about, attributes) =>
            {
                stolen = attributes;
                attributes.Add("injected", about.IsSession ? "session" : about.Kind.ToString());
                attributes.Add("number", 7);
                if (about.Kind == EventKind.Tool)
                {
                    throw new FormatException();
                }
                Check.Throws<AgentOtelInvalidArgumentException>(() => attributes.Add("", 1));
            }))
            using (var kept = new Kept(",\"inject\":{\"host\":\"adds\"}"))
            {
                using (Session session = kept.Client.StartSession())
                {
                    session.Record(new ToolDetail { Name = "t" }, new EventOptions { Attributes = new[] { new EventAttribute("own", 1) } });
                    session.Record(new PlanDetail { Name = "p" });
                }
                string all = kept.Flushed();
                foreach (string part in new[] { "\"session\"", "\"Tool\"", "\"Plan\"", "own" })
                {
                    Check.Contains(part, all);
                }
                Check.Throws<ObjectDisposedException>(() => stolen.Add("late", 1));
            }
        }

        public static void AFormatterMakesLinesAndMayThrow()
        {
            string path = Path.Combine(Path.GetTempPath(), "agentotel-csharp-" + Guid.NewGuid().ToString("N") + ".txt");
            int calls = 0;
            using (Callbacks.RegisterFormatter("lines", (signal, json) =>
            {
                Interlocked.Increment(ref calls);
                if (json.Contains("throws"))
                {
                    throw new FormatException();
                }
                return json.Contains("left out") ? null : signal + " " + json.Contains("\"name\":\"long\"") + " " + (json.Contains("\"name\":\"long\"") ? new string('x', 100000) : "");
            }))
            using (AgentOtelClient client = AgentOtelClient.Start(
                "{\"exporters\":[{\"type\":\"file\",\"path\":\"" + path + "\",\"format\":\"lines\",\"signals\":[\"traces\"]}]}"))
            {
                Session session = client.StartSession();
                session.Record(new CustomDetail("plain"));
                session.Record(new CustomDetail("long"));
                session.Record(new CustomDetail("throws"));
                session.Record(new CustomDetail("left out"));
                client.Flush(Long);
                string[] lines = File.ReadAllLines(path);
                File.Delete(path);
                Check.Equal(2, lines.Length, "lines");
                Check.That(lines[0].StartsWith("Traces False") && lines[1].Length > 100000, "lines");
                Check.Equal(4, calls, "a line that did not fit is not made again");
                Check.Equal(1UL, AgentOtelClient.GetExporterStats("file", Signal.Traces).Rejected, "rejected");
            }
        }

        public static void AHeaderProviderGivesHeaders()
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var requests = new List<string>();
            var server = new Thread(() => Serve(listener, requests)) { IsBackground = true };
            server.Start();
            int calls = 0;
            HeaderSink stolen = null;
            using (Callbacks.RegisterHeaderProvider("otlp", headers =>
            {
                stolen = headers;
                if (Interlocked.Increment(ref calls) == 1)
                {
                    throw new FormatException("no token yet");
                }
                headers.Add("x-token", "secret-" + calls);
            }))
            using (AgentOtelClient client = AgentOtelClient.Start(
                "{\"exporters\":[{\"type\":\"otlp\",\"endpoint\":\"http://127.0.0.1:" + ((IPEndPoint)listener.LocalEndpoint).Port +
                "\",\"signals\":[\"traces\"],\"retry\":{\"initial_ms\":1,\"max_ms\":5}}]}"))
            {
                client.StartSession().End();
                client.Flush(Long);
                lock (requests)
                {
                    Check.Contains("x-token: secret-2", requests.Single());
                }
                Check.Throws<ObjectDisposedException>(() => stolen.Add("late", "x"));
            }
            listener.Stop();
        }

        // Answers everything with 200, and keeps the heads of requests.
        private static void Serve(TcpListener listener, List<string> requests)
        {
            try
            {
                for (;;)
                {
                    using (TcpClient client = listener.AcceptTcpClient())
                    {
                        NetworkStream stream = client.GetStream();
                        var head = new StringBuilder();
                        while (!head.ToString().EndsWith("\r\n\r\n"))
                        {
                            int next = stream.ReadByte();
                            if (next < 0)
                            {
                                break;
                            }
                            head.Append((char)next);
                        }
                        string text = head.ToString().ToLowerInvariant();
                        int at = text.IndexOf("content-length: ", StringComparison.Ordinal);
                        int length = at < 0 ? 0 : int.Parse(text.Substring(at + 16, text.IndexOf('\r', at) - at - 16));
                        for (int read = 0; read < length; read++)
                        {
                            stream.ReadByte();
                        }
                        lock (requests)
                        {
                            requests.Add(text);
                        }
                        byte[] answer = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                        stream.Write(answer, 0, answer.Length);
                    }
                }
            }
            catch (SocketException)
            {
                // The listener has stopped.
            }
            catch (InvalidOperationException)
            {
                // As above.
            }
        }

        public static void ADiagnosticHandlerIsToldAndMayThrow()
        {
            var told = new List<Diagnostic>();
            using (CallbackRegistration handler = Callbacks.SetDiagnosticHandler(diagnostic =>
            {
                lock (told)
                {
                    told.Add(diagnostic);
                }
                throw new FormatException();
            }))
            {
                using (AgentOtelClient client = AgentOtelClient.Start("{\"exporters\":[],\"sampler\":{\"type\":\"host\",\"name\":\"nobody\"}}"))
                {
                    client.StartSession().End();
                    Check.Eventually(() => { lock (told) { return told.Count > 0; } }, "a line");
                }
                Check.That(handler.Kind == null && handler.IsRegistered, "registered");
                lock (told)
                {
                    Check.Contains("nobody", told[0].Text);
                    Check.That(Math.Abs((DateTimeOffset.UtcNow - told[0].Time).TotalMinutes) < 5, "time");
                }
            }
        }

        public static void CallbacksMayCallTheLibraryButNotWaitForThemselves()
        {
            AgentOtelStatus status = AgentOtelStatus.Ok;
            AgentOtelClient client = null;
            using (Callbacks.RegisterExporter("calls", batch =>
            {
                AgentOtelClient.GetStats(Signal.Traces);
                try
                {
                    client.Flush(Long);
                }
                catch (AgentOtelInCallbackException exception)
                {
                    status = exception.Status;
                }
                return ExportResult.Ok;
            }))
            using (client = AgentOtelClient.Start("{\"exporters\":[{\"type\":\"host\",\"callback\":\"calls\"}]}"))
            {
                client.StartSession().End();
                client.Flush(Long);
                Check.Equal(AgentOtelStatus.InCallback, status, "status");
            }
        }

        public static void MetricsAreMeasuredAndObserved()
        {
            Observation stolen = null;
            using (CallbackRegistration gauge = Callbacks.RegisterObservableGauge(
                new Instrument("queue.length") { Unit = "{item}" }, observation =>
                {
                    stolen = observation;
                    observation.Observe(17, new[] { new EventAttribute("queue", "first") });
                    throw new FormatException();
                }))
            using (var kept = new Kept(signals: "\"metrics\""))
            {
                var attributes = new[] { new EventAttribute("kind", "a") };
                Counter counter = kept.Client.CreateCounter(new Instrument("things") { NumberType = NumberType.Int64, Description = "said" });
                counter.Add(2, attributes);
                counter.Bind(attributes).Add(3);
                UpDownCounter upDown = kept.Client.CreateUpDownCounter(new Instrument("level"));
                upDown.Add(5);
                upDown.Bind(attributes).Add(-1);
                Histogram histogram = kept.Client.CreateHistogram(new Instrument("sizes") { Boundaries = new double[] { 1, 10 } });
                histogram.Record(4);
                histogram.Bind(attributes).Record(20);
                Gauge last = kept.Client.CreateGauge(new Instrument("heat"));
                last.Record(36.5);
                BoundGauge bound = last.Bind(attributes);
                bound.Record(37.25);
                Check.Throws<AgentOtelInvalidArgumentException>(() => counter.Add(-1));
                Check.Throws<AgentOtelInvalidArgumentException>(() => kept.Client.CreateGauge(new Instrument("things")));
                string all = kept.Flushed();
                foreach (string part in new[]
                {
                    "\"name\":\"things\"", "\"asInt\":\"5\"", "\"name\":\"level\"", "\"explicitBounds\":[1.0,10.0]", "37.25",
                    "queue.length", "\"asDouble\":17", "said",
                })
                {
                    Check.Contains(part, all);
                }
                kept.Client.Shutdown(Long);
                Check.Equal(AgentOtelStatus.ShutDown, bound.TryRecord(1), "shut down");
                Check.Throws<ObjectDisposedException>(() => stolen.Observe(1));
            }
        }

        public static void NothingIsRegisteredWithoutANameOrAFunction()
        {
            Check.Throws<ArgumentNullException>(() => Callbacks.RegisterExporter("x", null));
            Check.Throws<AgentOtelInvalidArgumentException>(() => Callbacks.RegisterExporter("no name", batch => ExportResult.Ok));
            Check.Throws<AgentOtelInvalidArgumentException>(() => Callbacks.RegisterFormatter("tree", (signal, json) => json));
            Check.Throws<AgentOtelInvalidArgumentException>(() => Callbacks.RegisterSampler(null, question => SamplingResult.Keep));
        }
    }
}
