using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace AgentOtel.Tests
{
    public static class Stress
    {
        private const int Workers = 100;

        private static int Events
        {
            get { return int.Parse(Environment.GetEnvironmentVariable("AGENTOTEL_STRESS_EVENTS") ?? "10000"); }
        }

        // A hundred threads record at once while garbage is collected, handles are used after their end, everything is ended
        // twice, and callbacks are under way: every call is answered, and the counters add up to what was answered.
        public static void EveryCallIsAnsweredAndCounted()
        {
            long exported = 0, injected = 0, spans = 0, wrong = 0;
            int collections = GC.CollectionCount(GC.MaxGeneration);
            bool stop = false;
            CallbackRegistration exporter = Callbacks.RegisterExporter("stress", batch =>
            {
                if (batch.Signal == Signal.Traces)
                {
                    Interlocked.Add(ref exported, batch.ItemCount);
                }
                return ExportResult.Ok;
            });
            CallbackRegistration injector = Callbacks.RegisterAttributeInjector("stress", (about, attributes) =>
            {
                if (Interlocked.Increment(ref injected) % 64 == 0)
                {
                    attributes.Add("injected", "yes");
                }
            });
            AgentOtelClient client = AgentOtelClient.Start(
                "{\"exporters\":[{\"type\":\"host\",\"callback\":\"stress\"}],\"inject\":{\"host\":\"stress\"}," +
                "\"queue\":{\"overflow\":\"block\",\"block_ms\":60000}}");
            var collector = new Thread(() =>
            {
                while (!Volatile.Read(ref stop))
                {
                    GC.Collect();
                    client.ListLive();
                    Thread.Sleep(20);
                }
            });
            collector.Start();
            int events = Events;
            Workload(client, events, ref spans, ref wrong);
            Volatile.Write(ref stop, true);
            collector.Join();
            client.Shutdown(TimeSpan.FromMinutes(2));
            client.Dispose();
            SignalStats stats = AgentOtelClient.GetStats(Signal.Traces);
            Check.Equal(0L, wrong, "wrong answers");
            Check.Equal((long)Workers * (events + 1), spans, "spans");
            Check.Equal((ulong)spans, stats.AcceptedCaller, "accepted");
            Check.Equal(stats.AcceptedCaller + stats.AcceptedDerived, (ulong)exported, "exported");
            Check.That(injected > 0, "the injector was not asked");
            Check.That(GC.CollectionCount(GC.MaxGeneration) > collections, "nothing was collected");
            Equations.Hold("host");
            exporter.Unregister(TimeSpan.FromSeconds(10));
            injector.Unregister(TimeSpan.FromSeconds(10));
            Console.WriteLine(spans + " spans, " + injected + " asked of the injector, " + GC.CollectionCount(GC.MaxGeneration) + " collections");
        }

        private static void Workload(AgentOtelClient client, int events, ref long spans, ref long wrong)
        {
            var counts = new Counts();
            var threads = new List<Thread>();
            for (int worker = 0; worker < Workers; worker++)
            {
                int own = worker;
                var thread = new Thread(() => One(client, own, events, counts), 256 * 1024);
                thread.Start();
                threads.Add(thread);
            }
            foreach (Thread thread in threads)
            {
                thread.Join();
            }
            spans = counts.Spans;
            wrong = counts.Wrong;
        }

        private sealed class Counts
        {
            internal long Spans;
            internal long Wrong;

            internal void Answer(AgentOtelStatus expected, AgentOtelStatus status)
            {
                if (status != expected)
                {
                    Interlocked.Increment(ref Wrong);
                }
            }
        }

        private static void One(AgentOtelClient client, int worker, int events, Counts counts)
        {
            Session session = client.StartSession(new SessionOptions { Name = "stress" });
            var attributes = new[] { new EventAttribute("worker", worker), new EventAttribute("text", "some words") };
            long spans = 0;
            for (int i = 0; i < events; i++)
            {
                if (i % 10 != 0)
                {
                    counts.Answer(AgentOtelStatus.Ok,
                        session.TryRecord(new CustomDetail("step"), new EventOptions { Attributes = attributes }, out SpanContext _));
                    spans++;
                    continue;
                }
                AgentEvent running = session.Start(new ToolDetail { Name = "tool" });
                if (i % 100 == 0)
                {
                    running.Chunk("x");
                    GC.KeepAlive(new byte[10000]);
                }
                counts.Answer(AgentOtelStatus.Ok, running.TryEnd());
                spans++;
                counts.Answer(AgentOtelStatus.StaleHandle, running.TryEnd());
                counts.Answer(AgentOtelStatus.StaleHandle, running.TryUpdate(default(CustomDetail)));
                running.Dispose();
                running.Dispose();
            }
            session.End();
            spans++;
            session.Dispose();
            session.Dispose();
            counts.Answer(AgentOtelStatus.StaleHandle, session.TryRecord(new CustomDetail("late"), default(EventOptions), out SpanContext context));
            Interlocked.Add(ref counts.Spans, spans);
        }

        // Tasks that record while the library is shut down and started again get statuses, and callbacks run meanwhile.
        public static void AShutdownUnderLoadIsStatuses()
        {
            long calls = 0, odd = 0;
            bool stop = false;
            using (CallbackRegistration exporter = Callbacks.RegisterExporter("load", batch =>
            {
                Interlocked.Increment(ref calls);
                AgentOtelClient.GetStats(Signal.Traces);
                GC.Collect(0);
                return ExportResult.Ok;
            }))
            {
                AgentOtelClient current = AgentOtelClient.Start("{\"exporters\":[{\"type\":\"host\",\"callback\":\"load\"}]}");
                var workers = new Task[20];
                for (int i = 0; i < workers.Length; i++)
                {
                    workers[i] = Task.Factory.StartNew(() =>
                    {
                        while (!Volatile.Read(ref stop))
                        {
                            try
                            {
                                using (Session session = Volatile.Read(ref current).StartSession())
                                {
                                    for (int j = 0; j < 10; j++)
                                    {
                                        using (AgentEvent step = session.Start(new CustomDetail("step")))
                                        {
                                            session.Record(new LlmDetail { RequestModel = "m" }, new EventOptions { Parent = step });
                                        }
                                    }
                                }
                            }
                            catch (AgentOtelException)
                            {
                                // Expected: it is shut down now and then.
                            }
                            catch (Exception)
                            {
                                Interlocked.Increment(ref odd);
                            }
                        }
                    }, TaskCreationOptions.LongRunning);
                }
                for (int round = 0; round < 10; round++)
                {
                    Thread.Sleep(50);
                    current.Shutdown(TimeSpan.FromSeconds(60));
                    Equations.Hold("host");
                    Volatile.Write(ref current, AgentOtelClient.Start("{\"exporters\":[{\"type\":\"host\",\"callback\":\"load\"}]}"));
                }
                Volatile.Write(ref stop, true);
                Task.WaitAll(workers);
                current.Shutdown(TimeSpan.FromSeconds(60));
                Equations.Hold("host");
            }
            Check.Equal(0L, odd, "exceptions of another class");
            Check.That(calls > 0, "the exporter was not called");
        }
    }
}
