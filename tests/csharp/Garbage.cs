using System;
using System.Text;

namespace AgentOtel.Tests
{
    public static class Garbage
    {
        private const int Events = 20000;

        private static readonly byte[] Name = Encoding.UTF8.GetBytes("step");
        private static readonly byte[] Key = Encoding.UTF8.GetBytes("key");
        private static readonly byte[] Value = Encoding.UTF8.GetBytes("a value of some length");

        // What the calling thread allocates in many calls, in bytes.
        private static void Allocates(long expected, string what, Action<int> call)
        {
            call(50);
            long before = GC.GetAllocatedBytesForCurrentThread();
            call(Events);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Check.Equal(expected, allocated, what);
        }

        public static void TheMeasureMeasures()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
            {
                GC.KeepAlive(new byte[100]);
            }
            Check.That(GC.GetAllocatedBytesForCurrentThread() - before >= 100000, "1,000 arrays are nothing");
        }

        public static void RecordingLeavesNoGarbage()
        {
            using (AgentOtelClient client = AgentOtelClient.Start("{\"exporters\":[]}"))
            using (Session session = client.StartSession())
            {
                var attributes = new EventAttribute[10];
                Allocates(0, "bytes", count =>
                {
                    for (int i = 0; i < count; i++)
                    {
                        for (int j = 0; j < attributes.Length; j++)
                        {
                            attributes[j] = new EventAttribute(Key, (Text)Value);
                        }
                        session.TryRecord(new CustomDetail(Name), new EventOptions { Attributes = attributes }, out SpanContext _);
                    }
                });
                Allocates(0, "spans of bytes", count =>
                {
                    for (int i = 0; i < count; i++)
                    {
                        using (Utf8Scratch scratch = Utf8Scratch.Rent())
                        {
                            for (int j = 0; j < attributes.Length; j++)
                            {
                                attributes[j] = new EventAttribute(scratch.Add(Key), scratch.Add(Value.AsSpan(2, 5)));
                            }
                            session.TryRecord(
                                new CustomDetail(scratch.Add(Name)), new EventOptions { Attributes = attributes }, out SpanContext _);
                        }
                    }
                });
                Allocates(0, "strings and typed fields", count =>
                {
                    for (int i = 0; i < count; i++)
                    {
                        session.TryRecord(
                            new LlmDetail { RequestModel = "gpt-4o", InputTokens = i, OutputTokens = 3, Temperature = 0.5 },
                            new EventOptions { Duration = TimeSpan.FromMilliseconds(3) }, out SpanContext _);
                    }
                });
                Allocates(0, "events in flight", count =>
                {
                    for (int i = 0; i < count; i++)
                    {
                        session.TryStart(new ToolDetail { Name = Name }, default(EventOptions), out AgentEvent running);
                        running.Chunk(Value.AsSpan());
                        running.TryUpdate(new ToolDetail { CallId = Value });
                        running.TryEnd();
                    }
                });
                Allocates(0, "log records", count =>
                {
                    for (int i = 0; i < count; i++)
                    {
                        session.TryLog(new LogRecord { Severity = Severity.Info, Body = (Text)Value });
                    }
                });
                var batch = new EventBatch();
                Allocates(0, "a batch", count =>
                {
                    for (int i = 0; i < count; i++)
                    {
                        batch.Add(new CustomDetail(Name));
                        if (batch.Count == 50)
                        {
                            batch.Clear();
                        }
                    }
                });
            }
        }
    }
}
