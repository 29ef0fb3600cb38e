using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace AgentOtel
{
    /// <summary>
    /// The library while it runs: there is one in a process. Disposing shuts it down. What needs no running library is static.
    /// </summary>
    public sealed unsafe class AgentOtelClient : IDisposable, IAsyncDisposable
    {
        private int shutDown;

        private AgentOtelClient()
        {
        }

        /// <summary>How long <see cref="Dispose"/> waits for delivery at most; five seconds, unless it is set.</summary>
        public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(5);

        /// <summary>Starts the library for this process.</summary>
        /// <param name="configurationJson">
        /// The configuration as one JSON document; null is the environment (<c>OTEL_…</c>, <c>AGENTOTEL_CONFIG_FILE</c>) and
        /// the defaults.
        /// </param>
        /// <exception cref="AgentOtelConfigException">The configuration is not valid; the message names the key.</exception>
        /// <exception cref="AgentOtelAlreadyInitializedException">It runs already.</exception>
        /// <exception cref="AgentOtelException">It cannot start.</exception>
        /// <exception cref="DllNotFoundException">The native library is not found: see <see cref="AgentOtelLibrary"/>.</exception>
        public static AgentOtelClient Start(string configurationJson = null)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                AgentOtelException.Check(
                    Native.Functions.agentotel_init(Native.Numbers.ABI_VERSION, arena.Terminated(configurationJson)));
                return new AgentOtelClient();
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Starts a session.</summary>
        /// <param name="options">What is known of it; null for nothing.</param>
        /// <exception cref="AgentOtelException">It was not started.</exception>
        public Session StartSession(SessionOptions options = null)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                ulong handle;
                Native.SessionOptions* laid = options == null ? null : options.WriteTo(arena);
                AgentOtelException.Check(Native.Functions.agentotel_start_session(laid, &handle));
                return new Session(handle);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Starts a session that is said in JSON; absent is nothing.</summary>
        /// <exception cref="AgentOtelException">It was not started; the message names the field.</exception>
        public Session StartSessionJson(Text json)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                ulong handle;
                AgentOtelException.Check(Native.Functions.agentotel_start_session_json(arena.Text(json), &handle));
                return new Session(handle);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Delivers what has been recorded until now.</summary>
        /// <exception cref="AgentOtelTimeoutException">It took longer; delivery goes on, the message says what is pending.</exception>
        /// <exception cref="AgentOtelException">The library does not run.</exception>
        public void Flush(TimeSpan timeout)
        {
            AgentOtelException.Check(Native.Functions.agentotel_flush(UnixTime.Milliseconds(timeout)));
        }

        /// <summary>The same as <see cref="Flush"/>, on a thread of the pool.</summary>
        /// <param name="timeout">How long delivery may take.</param>
        /// <param name="cancellation">Ends it only before it has begun: it keeps its timeout.</param>
        public Task FlushAsync(TimeSpan timeout, CancellationToken cancellation = default(CancellationToken))
        {
            return Task.Run(() => Flush(timeout), cancellation);
        }

        /// <summary>Ends what is open, delivers what is recorded, and stops the library.</summary>
        /// <exception cref="AgentOtelTimeoutException">Not everything was delivered; the message says how much was not.</exception>
        /// <exception cref="AgentOtelException">It was shut down before.</exception>
        public void Shutdown(TimeSpan timeout)
        {
            Volatile.Write(ref shutDown, 1);
            AgentOtelException.Check(Native.Functions.agentotel_shutdown(UnixTime.Milliseconds(timeout)));
        }

        /// <summary>The same as <see cref="Shutdown"/>, on a thread of the pool.</summary>
        /// <param name="timeout">How long delivery may take.</param>
        /// <param name="cancellation">Ends it only before it has begun: it keeps its timeout.</param>
        public Task ShutdownAsync(TimeSpan timeout, CancellationToken cancellation = default(CancellationToken))
        {
            return Task.Run(() => Shutdown(timeout), cancellation);
        }

        /// <summary>
        /// Shuts the library down, unless this client has, within <see cref="ShutdownTimeout"/>. What could not be delivered is
        /// in the counters.
        /// </summary>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref shutDown, 1) == 0)
            {
                Native.Functions.agentotel_shutdown(UnixTime.Milliseconds(ShutdownTimeout));
            }
        }

        /// <summary>The same as <see cref="Dispose"/>, on a thread of the pool.</summary>
        public ValueTask DisposeAsync()
        {
            return new ValueTask(Task.Run((Action)Dispose));
        }

        /// <summary>Records a log record of any span, or of the process alone.</summary>
        /// <exception cref="AgentOtelException">It was not recorded.</exception>
        public void Log(LogRecord record, SpanTarget target = default(SpanTarget))
        {
            AgentOtelException.Check((int)LogRecord.TryLog(0, target, record));
        }

        /// <summary>The same as <see cref="Log"/>, with a status. Nothing is allocated.</summary>
        public AgentOtelStatus TryLog(LogRecord record, SpanTarget target = default(SpanTarget))
        {
            return LogRecord.TryLog(0, target, record);
        }

        /// <summary>Makes a counter: a sum that only rises. One of this name that there is already is found again.</summary>
        /// <exception cref="AgentOtelException">The name is none, or that of an instrument of another kind.</exception>
        public Counter CreateCounter(Instrument instrument)
        {
            return Counter.Create(instrument);
        }

        /// <summary>Makes an up-down counter: a sum that rises and falls. One of this name that there is already is found again.</summary>
        /// <exception cref="AgentOtelException">The name is none, or that of an instrument of another kind.</exception>
        public UpDownCounter CreateUpDownCounter(Instrument instrument)
        {
            return UpDownCounter.Create(instrument);
        }

        /// <summary>Makes a histogram: a distribution, in buckets. One of this name that there is already is found again.</summary>
        /// <exception cref="AgentOtelException">The name is none, or that of an instrument of another kind.</exception>
        public Histogram CreateHistogram(Instrument instrument)
        {
            return Histogram.Create(instrument);
        }

        /// <summary>Makes a gauge: the last value. One of this name that there is already is found again.</summary>
        /// <exception cref="AgentOtelException">The name is none, or that of an instrument of another kind.</exception>
        public Gauge CreateGauge(Instrument instrument)
        {
            return Gauge.Create(instrument);
        }

        /// <summary>Records a log record that is said in JSON.</summary>
        /// <exception cref="AgentOtelException">It was not recorded; the message names the field.</exception>
        public void LogJson(Text json, SpanTarget target = default(SpanTarget))
        {
            AgentOtelException.Check((int)LogRecord.TryLogJson(0, target, json));
        }

        /// <summary>Whether a log record of this severity would be recorded; it takes a few nanoseconds.</summary>
        public static bool IsLogEnabled(Severity severity)
        {
            return Native.Functions.agentotel_log_enabled((uint)severity) != 0;
        }

        /// <summary>The events in flight, oldest first.</summary>
        /// <exception cref="AgentOtelException">The library does not run.</exception>
        public IReadOnlyList<LiveEvent> ListLive()
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                for (ulong capacity = 16;;)
                {
                    var events = (Native.LiveEvent*)arena.Allocate((long)capacity * sizeof(Native.LiveEvent));
                    events[0].struct_size = (UIntPtr)sizeof(Native.LiveEvent);
                    UIntPtr needed;
                    int status = Native.Functions.agentotel_list_live(events, (UIntPtr)capacity, &needed);
                    if (status != (int)AgentOtelStatus.BufferTooSmall)
                    {
                        AgentOtelException.Check(status);
                        var live = new LiveEvent[(int)needed];
                        for (int i = 0; i < live.Length; i++)
                        {
                            live[i] = new LiveEvent(events + i);
                        }
                        return live;
                    }
                    // Some more may have started meanwhile.
                    capacity = (ulong)needed + 16;
                }
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Adds an exporter to those of the configuration. It gets what is recorded from now on.</summary>
        /// <param name="exporterJson">One entry as in the configuration's list <c>exporters</c>.</param>
        /// <exception cref="AgentOtelException">It was not added; the message names the key.</exception>
        public void AddExporter(string exporterJson)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                AgentOtelException.Check(Native.Functions.agentotel_add_exporter(arena.Terminated(exporterJson)));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Removes an exporter, after delivering what was recorded before the call.</summary>
        /// <exception cref="AgentOtelTimeoutException">It is removed; the message says what was given up.</exception>
        /// <exception cref="AgentOtelException">It was not removed.</exception>
        public void RemoveExporter(string name, TimeSpan timeout)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                AgentOtelException.Check(
                    Native.Functions.agentotel_remove_exporter(arena.Text(name), UnixTime.Milliseconds(timeout)));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>The counters of one signal under one cut. They stay readable after a shutdown.</summary>
        /// <exception cref="AgentOtelException">The library was never started.</exception>
        public static SignalStats GetStats(Signal signal)
        {
            var stats = default(Native.Stats);
            stats.struct_size = (UIntPtr)sizeof(Native.Stats);
            AgentOtelException.Check(Native.Functions.agentotel_get_stats((uint)signal, &stats));
            return new SignalStats(&stats);
        }

        /// <summary>The counters of one exporter and signal under one cut. They stay readable after a shutdown.</summary>
        /// <param name="name">The exporter's <c>name</c> in the configuration; unless given there, its type.</param>
        /// <param name="signal">Which signal.</param>
        /// <exception cref="AgentOtelNotFoundException">There is no such exporter, or it does not take that signal.</exception>
        /// <exception cref="AgentOtelException">The library was never started.</exception>
        public static ExporterStats GetExporterStats(string name, Signal signal)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                var stats = default(Native.ExporterStats);
                stats.struct_size = (UIntPtr)sizeof(Native.ExporterStats);
                AgentOtelException.Check(
                    Native.Functions.agentotel_get_exporter_stats(arena.Text(name), (uint)signal, &stats));
                return new ExporterStats(&stats);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>What went wrong last with an exporter, in one line; empty when nothing did since its last success.</summary>
        /// <exception cref="AgentOtelException">There is no such exporter, or the library was never started.</exception>
        public static string GetExporterError(string name, Signal signal)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.TextBuffer* text = arena.TextBuffer(1024);
                Native.Str laid = arena.Text(name);
                for (;;)
                {
                    int status = Native.Functions.agentotel_get_exporter_error(
                        laid, (uint)signal, text->data, text->capacity, &text->needed);
                    if (status != (int)AgentOtelStatus.BufferTooSmall)
                    {
                        AgentOtelException.Check(status);
                        return Arena.Read(text);
                    }
                    arena.Widen(text);
                }
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>How the storage fares, and what has become of what dead processes had left.</summary>
        /// <exception cref="AgentOtelException">The library was never started.</exception>
        public static StorageStats GetStorageStats()
        {
            var stats = default(Native.StorageStats);
            stats.struct_size = (UIntPtr)sizeof(Native.StorageStats);
            AgentOtelException.Check(Native.Functions.agentotel_get_storage_stats(&stats));
            return new StorageStats(&stats);
        }

        /// <summary>The library's last 64 diagnostic lines, oldest first, one to a line of text.</summary>
        /// <exception cref="AgentOtelException">The library was never started.</exception>
        public static string GetDiagnostics()
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.TextBuffer* text = arena.TextBuffer(4096);
                for (;;)
                {
                    int status = Native.Functions.agentotel_get_diagnostics(text->data, text->capacity, &text->needed);
                    if (status != (int)AgentOtelStatus.BufferTooSmall)
                    {
                        AgentOtelException.Check(status);
                        return Arena.Read(text);
                    }
                    arena.Widen(text);
                }
            }
            finally
            {
                arena.Release(mark);
            }
        }
    }
}
