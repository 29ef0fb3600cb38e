// What the C# library costs a thread that records: CPU time and garbage for an event with ten attributes, in UTF-8 and as
// strings. Prints one JSON object of figures.
using System;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using AgentOtel;

internal static unsafe class Bench
{
    private const int Burst = 2000;
    private const int Rounds = 41;
    private const int ThreadCpuTime = 3;

    private static readonly string[] Keys =
    {
        "gen_ai.system", "agent.step.kind", "agent.step.index", "tool.name", "tool.version", "request.region", "request.tenant",
        "cache.outcome", "retry", "deployment",
    };

    private static readonly string[] Values =
    {
        "openai", "tool_call", "17", "search_flights", "2026-11-01", "eu-west1", "acme-corp", "hit", "none", "production-blue",
    };

    private static readonly byte[] Name = Encoding.UTF8.GetBytes("agent.step");
    private static readonly byte[][] KeyBytes = Keys.Select(Encoding.UTF8.GetBytes).ToArray();
    private static readonly byte[][] ValueBytes = Values.Select(Encoding.UTF8.GetBytes).ToArray();
    private static readonly EventAttribute[] Attributes = new EventAttribute[10];

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        internal long Seconds;
        internal long Nanoseconds;
    }

    [DllImport("libc")]
    private static extern int clock_gettime(int clock, TimeSpec* time);

    private static double CpuNanoseconds()
    {
        TimeSpec time;
        clock_gettime(ThreadCpuTime, &time);
        return (time.Seconds * 1e9) + time.Nanoseconds;
    }

    private static void ByBytes(Session session)
    {
        using (Utf8Scratch scratch = Utf8Scratch.Rent())
        {
            for (int i = 0; i < Attributes.Length; i++)
            {
                Attributes[i] = new EventAttribute(
                    scratch.Add(new ReadOnlySpan<byte>(KeyBytes[i])), scratch.Add(new ReadOnlySpan<byte>(ValueBytes[i])));
            }
            Must(session.TryRecord(
                new CustomDetail(scratch.Add(new ReadOnlySpan<byte>(Name))), new EventOptions { Attributes = Attributes },
                out SpanContext context));
        }
    }

    private static void ByStrings(Session session)
    {
        for (int i = 0; i < Attributes.Length; i++)
        {
            Attributes[i] = new EventAttribute(Keys[i], Values[i]);
        }
        Must(session.TryRecord(new CustomDetail("agent.step"), new EventOptions { Attributes = Attributes }, out SpanContext context));
    }

    private static void Must(AgentOtelStatus status)
    {
        if (status != AgentOtelStatus.Ok)
        {
            throw new InvalidOperationException(status.ToString());
        }
    }

    // Median of the CPU time of one event in bursts, and all garbage of all bursts.
    private static double Cost(Session session, Action<Session> record, out double garbage)
    {
        var costs = new double[Rounds];
        record(session);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < Rounds; round++)
        {
            double start = CpuNanoseconds();
            for (int i = 0; i < Burst; i++)
            {
                record(session);
            }
            costs[round] = (CpuNanoseconds() - start) / Burst;
        }
        garbage = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(Rounds * Burst);
        Array.Sort(costs);
        return costs[Rounds / 2];
    }

    private static void Main()
    {
        using (AgentOtelClient client = AgentOtelClient.Start("{\"exporters\":[]}"))
        using (Session session = client.StartSession())
        {
            Cost(session, ByBytes, out double garbage);
            double bytes = Cost(session, ByBytes, out garbage);
            Cost(session, ByStrings, out double garbageOfStrings);
            double strings = Cost(session, ByStrings, out garbageOfStrings);
            string prefix = Type.GetType("Mono.Runtime") == null ? "csharp" : "csharp_mono";
            Console.WriteLine(string.Format(
                CultureInfo.InvariantCulture,
                "{{\"{0}_ns\": {1:F1}, \"{0}_strings_ns\": {2:F1}, \"csharp_garbage_bytes_per_event\": {3}, " +
                "\"csharp_strings_garbage_bytes_per_event\": {4}}}",
                prefix, bytes, strings, garbage, garbageOfStrings));
        }
    }
}
