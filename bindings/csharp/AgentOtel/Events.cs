using System;
using System.ComponentModel;

namespace AgentOtel
{
    /// <summary>
    /// What an event is about: <see cref="LlmDetail"/>, <see cref="ToolDetail"/> and the others, or
    /// <see cref="CustomDetail"/>. The library knows all of them; others cannot be made.
    /// </summary>
    public interface IEventDetail
    {
        /// <summary>Lays the detail out for a call.</summary>
        [EditorBrowsable(EditorBrowsableState.Never)]
        void WriteTo(EventWriter writer);
    }

    /// <summary>Where a detail is laid out for a call.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public readonly unsafe struct EventWriter
    {
        internal readonly Arena Arena;
        internal readonly Native.EventData* Data;

        internal EventWriter(Arena arena, Native.EventData* data)
        {
            Arena = arena;
            Data = data;
        }
    }

    /// <summary>A span of the caller's own naming.</summary>
    public struct CustomDetail : IEventDetail
    {
        /// <summary>Makes a span of this name.</summary>
        public CustomDetail(Text name) : this()
        {
            Name = name;
        }

        /// <summary>The span's name; required.</summary>
        public Text Name { get; set; }

        unsafe void IEventDetail.WriteTo(EventWriter writer)
        {
            if (!Name.IsAbsent)
            {
                writer.Data->name = writer.Arena.Text(Name);
            }
        }
    }

    public partial struct ErrorDetail
    {
        /// <summary>Says what an exception was: its class, its message, its stack.</summary>
        public static ErrorDetail From(Exception exception)
        {
            if (exception == null)
            {
                throw new ArgumentNullException(nameof(exception));
            }
            return new ErrorDetail
            {
                Type = exception.GetType().FullName, Message = exception.Message, Stack = exception.StackTrace,
            };
        }
    }

    /// <summary>Another span that an event has to do with.</summary>
    public struct SpanLink
    {
        /// <summary>That span.</summary>
        public SpanContext Context { get; set; }

        /// <summary>That span's W3C <c>tracestate</c>.</summary>
        public Text TraceState { get; set; }

        /// <summary>Attributes of the link.</summary>
        public AttributeSet Attributes { get; set; }
    }

    /// <summary>Something that happened at a moment during a span.</summary>
    public struct SpanEvent
    {
        /// <summary>What happened.</summary>
        public Text Name { get; set; }

        /// <summary>When; now, when it is not said.</summary>
        public DateTimeOffset? Time { get; set; }

        /// <summary>Attributes of the moment.</summary>
        public AttributeSet Attributes { get; set; }
    }

    /// <summary>What else there is to say of an event. Everything is optional; the default value says nothing.</summary>
    public struct EventOptions
    {
        /// <summary>The span's name; without, the conventions' name for its kind.</summary>
        public Text Name { get; set; }

        /// <summary>The parent span; the session's root span by default. Not for updates and ends.</summary>
        public SpanTarget Parent { get; set; }

        /// <summary>
        /// The position of the parent among those of the same <see cref="EventBatch"/>, an earlier one; <see cref="Parent"/> is
        /// not set then.
        /// </summary>
        public int? ParentIndex { get; set; }

        /// <summary>The span's kind; by default that of the event's kind.</summary>
        public SpanKind SpanKind { get; set; }

        /// <summary>When it started; by default its end less the duration.</summary>
        public DateTimeOffset? StartTime
        {
            get { return UnixTime.ToOptional(StartTimeUnixNano); }
            set { StartTimeUnixNano = UnixTime.From(value); }
        }

        /// <summary>When it ended; by default its start and the duration, or now.</summary>
        public DateTimeOffset? EndTime
        {
            get { return UnixTime.ToOptional(EndTimeUnixNano); }
            set { EndTimeUnixNano = UnixTime.From(value); }
        }

        /// <summary>How long it took; with one of the two times it gives the other.</summary>
        public TimeSpan Duration
        {
            get { return new TimeSpan(DurationNanoseconds / 100); }
            set { DurationNanoseconds = value.Ticks * 100; }
        }

        /// <summary><see cref="StartTime"/> to the nanosecond, since 1970-01-01 UTC; 0: not said.</summary>
        public long StartTimeUnixNano { get; set; }

        /// <summary><see cref="EndTime"/> to the nanosecond, since 1970-01-01 UTC; 0: not said.</summary>
        public long EndTimeUnixNano { get; set; }

        /// <summary><see cref="Duration"/> to the nanosecond.</summary>
        public long DurationNanoseconds { get; set; }

        /// <summary>The span's status; by default success, or an error when <see cref="Error"/> is set.</summary>
        public SpanStatus Status { get; set; }

        /// <summary>Description of the status Error; by default the error's message.</summary>
        public Text StatusMessage { get; set; }

        /// <summary>Free attributes.</summary>
        public AttributeSet Attributes { get; set; }

        /// <summary>Links to other spans.</summary>
        public SpanLink[] Links { get; set; }

        /// <summary>Moments during the span.</summary>
        public SpanEvent[] SpanEvents { get; set; }

        /// <summary>What went wrong.</summary>
        public ErrorDetail? Error { get; set; }

        /// <summary>
        /// The caller's own id of the event: <c>agentotel.event.id</c>. One of the last 4,096 with an id is not recorded again.
        /// </summary>
        public Text EventId { get; set; }

        internal unsafe Native.EventData* WriteTo(Arena arena)
        {
            var data = (Native.EventData*)arena.Allocate(sizeof(Native.EventData));
            WriteAt(data, arena);
            return data;
        }

        internal unsafe void WriteAt(Native.EventData* data, Arena arena)
        {
            *data = default(Native.EventData);
            data->struct_size = (UIntPtr)sizeof(Native.EventData);
            data->span_kind = (uint)SpanKind;
            data->name = arena.Text(Name);
            data->parent = arena.Target(Parent);
            data->start_time_unix_nano = StartTimeUnixNano;
            data->end_time_unix_nano = EndTimeUnixNano;
            data->duration_nano = DurationNanoseconds;
            data->status_code = (uint)Status;
            data->status_message = arena.Text(StatusMessage);
            data->attributes = arena.Attributes(Attributes, out data->attribute_count);
            data->event_id = arena.Text(EventId);
            data->parent_index = Arena.Optional((long?)ParentIndex);
            if (Error.HasValue)
            {
                data->error = Error.Value.WriteTo(arena);
            }
            if (Links != null && Links.Length > 0)
            {
                data->links = WriteLinks(arena);
                data->link_count = (UIntPtr)Links.Length;
            }
            if (SpanEvents != null && SpanEvents.Length > 0)
            {
                data->span_events = WriteSpanEvents(arena);
                data->span_event_count = (UIntPtr)SpanEvents.Length;
            }
        }

        private unsafe Native.Link* WriteLinks(Arena arena)
        {
            var links = (Native.Link*)arena.Allocate((long)Links.Length * sizeof(Native.Link));
            for (int i = 0; i < Links.Length; i++)
            {
                links[i] = default(Native.Link);
                links[i].struct_size = (UIntPtr)sizeof(Native.Link);
                links[i].context = Links[i].Context;
                links[i].trace_state = arena.Text(Links[i].TraceState);
                links[i].attributes = arena.Attributes(Links[i].Attributes, out links[i].attribute_count);
            }
            return links;
        }

        private unsafe Native.SpanEvent* WriteSpanEvents(Arena arena)
        {
            var events = (Native.SpanEvent*)arena.Allocate((long)SpanEvents.Length * sizeof(Native.SpanEvent));
            for (int i = 0; i < SpanEvents.Length; i++)
            {
                events[i] = default(Native.SpanEvent);
                events[i].struct_size = (UIntPtr)sizeof(Native.SpanEvent);
                events[i].name = arena.Text(SpanEvents[i].Name);
                events[i].time_unix_nano = UnixTime.From(SpanEvents[i].Time);
                events[i].attributes = arena.Attributes(SpanEvents[i].Attributes, out events[i].attribute_count);
            }
            return events;
        }
    }
}
