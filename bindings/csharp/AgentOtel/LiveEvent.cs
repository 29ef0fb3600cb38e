using System;

namespace AgentOtel
{
    /// <summary>An event in flight, as <see cref="AgentOtelClient.ListLive"/> shows it.</summary>
    public sealed class LiveEvent
    {
        internal unsafe LiveEvent(Native.LiveEvent* live)
        {
            Event = new AgentEvent(live->@event);
            SessionHandle = live->session;
            Context = live->context;
            Kind = (EventKind)live->kind;
            ChunkCount = live->chunk_count;
            StartTime = UnixTime.To(live->start_time_unix_nano);
            Elapsed = new TimeSpan(live->elapsed_nano / 100);
            Name = Arena.ReadTerminated(live->name);
        }

        /// <summary>The event.</summary>
        public AgentEvent Event { get; }

        /// <summary>The number of its session.</summary>
        public ulong SessionHandle { get; }

        /// <summary>Its span.</summary>
        public SpanContext Context { get; }

        /// <summary>What it is about.</summary>
        public EventKind Kind { get; }

        /// <summary>How many chunks have been counted.</summary>
        public long ChunkCount { get; }

        /// <summary>When it started.</summary>
        public DateTimeOffset StartTime { get; }

        /// <summary>How long ago that was, by a clock that never jumps.</summary>
        public TimeSpan Elapsed { get; }

        /// <summary>The span's name, cut to 63 bytes.</summary>
        public string Name { get; }
    }
}
