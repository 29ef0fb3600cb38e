using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace AgentOtel
{
    /// <summary>
    /// A session: a trace with a root span, which is recorded when the session ends. It may be used on any thread. Disposing
    /// ends it without a judgement, and without a word when it has ended already.
    /// </summary>
    public sealed unsafe partial class Session : IDisposable, IAsyncDisposable
    {
        private int ended;

        /// <summary>Names a session by its number.</summary>
        public Session(ulong handle)
        {
            Handle = handle;
        }

        /// <summary>The session's number in the library; 0 is none.</summary>
        public ulong Handle { get; }

        /// <summary>The context of its root span, for passing on to other processes.</summary>
        /// <exception cref="AgentOtelException">The session has ended, or the library does not run.</exception>
        public SpanContext Context
        {
            get
            {
                SpanContext context;
                AgentOtelException.Check(Native.Functions.agentotel_session_context(Handle, &context));
                return context;
            }
        }

        /// <summary>Records an event that is over as a span; an evaluation or feedback as a log record.</summary>
        /// <param name="detail">What it is about.</param>
        /// <param name="options">What else there is to say.</param>
        /// <returns>The span's context, for children and later words.</returns>
        /// <exception cref="AgentOtelException">It was not recorded.</exception>
        public SpanContext Record<T>(T detail, EventOptions options = default(EventOptions)) where T : struct, IEventDetail
        {
            AgentOtelException.Check((int)TryRecord(detail, options, out SpanContext context));
            return context;
        }

        /// <summary>The same as <see cref="Record{T}"/>, with a status. Nothing is allocated.</summary>
        public AgentOtelStatus TryRecord<T>(T detail, EventOptions options, out SpanContext context)
            where T : struct, IEventDetail
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.EventData* data = options.WriteTo(arena);
                detail.WriteTo(new EventWriter(arena, data));
                var recorded = default(SpanContext);
                int status = Native.Functions.agentotel_record_event(Handle, data, &recorded);
                context = recorded;
                return (AgentOtelStatus)status;
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Records several events in order, until one is refused.</summary>
        /// <returns>The contexts of their spans.</returns>
        /// <exception cref="AgentOtelException">One was not recorded, and those behind it were not looked at.</exception>
        public SpanContext[] Record(EventBatch batch)
        {
            AgentOtelException.Check((int)TryRecord(batch, out SpanContext[] contexts));
            return contexts;
        }

        /// <summary>The same as <see cref="Record(EventBatch)"/>, with a status.</summary>
        /// <param name="batch">The events.</param>
        /// <param name="contexts">The contexts of those that were recorded, whatever is returned.</param>
        public AgentOtelStatus TryRecord(EventBatch batch, out SpanContext[] contexts)
        {
            if (batch == null)
            {
                throw new ArgumentNullException(nameof(batch));
            }
            contexts = new SpanContext[batch.Count];
            UIntPtr recorded = UIntPtr.Zero;
            int status;
            fixed (SpanContext* places = contexts)
            {
                status = Native.Functions.agentotel_record_events(
                    Handle, batch.Events, (UIntPtr)batch.Count, places, &recorded);
            }
            GC.KeepAlive(batch);
            if ((int)recorded != batch.Count)
            {
                Array.Resize(ref contexts, (int)recorded);
            }
            return (AgentOtelStatus)status;
        }

        /// <summary>Records one event that is said in JSON.</summary>
        /// <exception cref="AgentOtelException">It was not recorded; the message names the field.</exception>
        public SpanContext RecordJson(Text json)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                SpanContext context;
                AgentOtelException.Check(Native.Functions.agentotel_record_event_json(Handle, arena.Text(json), &context));
                return context;
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Starts an event that will be ended later.</summary>
        /// <exception cref="AgentOtelException">It was not started.</exception>
        public AgentEvent Start<T>(T detail, EventOptions options = default(EventOptions)) where T : struct, IEventDetail
        {
            AgentOtelException.Check((int)TryStart(detail, options, out AgentEvent started));
            return started;
        }

        /// <summary>The same as <see cref="Start{T}"/>, with a status. Nothing is allocated.</summary>
        public AgentOtelStatus TryStart<T>(T detail, EventOptions options, out AgentEvent started)
            where T : struct, IEventDetail
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.EventData* data = options.WriteTo(arena);
                detail.WriteTo(new EventWriter(arena, data));
                ulong handle = 0;
                int status = Native.Functions.agentotel_start_event(Handle, data, &handle);
                started = new AgentEvent(handle);
                return (AgentOtelStatus)status;
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Starts an event that is said in JSON.</summary>
        /// <exception cref="AgentOtelException">It was not started; the message names the field.</exception>
        public AgentEvent StartJson(Text json)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                ulong handle;
                AgentOtelException.Check(Native.Functions.agentotel_start_event_json(Handle, arena.Text(json), &handle));
                return new AgentEvent(handle);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Records an error of a span, or of the session itself, which does not end.</summary>
        /// <exception cref="AgentOtelException">It was not recorded.</exception>
        public void RecordError(ErrorDetail error, SpanTarget target = default(SpanTarget))
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                AgentOtelException.Check(
                    Native.Functions.agentotel_record_error(Handle, arena.Target(target), error.WriteTo(arena)));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Records an error that is said in JSON.</summary>
        /// <exception cref="AgentOtelException">It was not recorded.</exception>
        public void RecordErrorJson(Text json, SpanTarget target = default(SpanTarget))
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                AgentOtelException.Check(
                    Native.Functions.agentotel_record_error_json(Handle, arena.Target(target), arena.Text(json)));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Records a log record, of a span of the session or of its root span.</summary>
        /// <exception cref="AgentOtelException">It was not recorded.</exception>
        public void Log(LogRecord record, SpanTarget target = default(SpanTarget))
        {
            AgentOtelException.Check((int)LogRecord.TryLog(Handle, target, record));
        }

        /// <summary>The same as <see cref="Log"/>, with a status. Nothing is allocated.</summary>
        public AgentOtelStatus TryLog(LogRecord record, SpanTarget target = default(SpanTarget))
        {
            return LogRecord.TryLog(Handle, target, record);
        }

        /// <summary>Records a log record that is said in JSON.</summary>
        /// <exception cref="AgentOtelException">It was not recorded; the message names the field.</exception>
        public void LogJson(Text json, SpanTarget target = default(SpanTarget))
        {
            AgentOtelException.Check((int)LogRecord.TryLogJson(Handle, target, json));
        }

        /// <summary>Sets attributes of the root span. A key given again replaces its value.</summary>
        /// <exception cref="AgentOtelException">The session has ended, or something said is wrong.</exception>
        public void SetAttributes(AttributeSet attributes)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.Attribute* laid = arena.Attributes(attributes, out UIntPtr count);
                AgentOtelException.Check(Native.Functions.agentotel_session_set_attributes(Handle, laid, count));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Ends it without a judgement. Its events in flight are ended and marked as interrupted.</summary>
        /// <exception cref="AgentOtelException">The session has ended before, or its root span was lost.</exception>
        public void End()
        {
            End(default(SessionEnd));
        }

        /// <summary>Ends it, and says how it went.</summary>
        /// <exception cref="AgentOtelException">The session has ended before, or its root span was lost.</exception>
        public void End(SessionEnd end)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                int status = Native.Functions.agentotel_end_session(Handle, end.WriteTo(arena));
                CheckEnd(status);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Ends it, and says how it went.</summary>
        /// <exception cref="AgentOtelException">The session has ended before, or its root span was lost.</exception>
        public void End(EndState state, Text reason = default(Text))
        {
            End(new SessionEnd { State = state, Reason = reason });
        }

        /// <summary>Ends it with what is said in JSON; absent is nothing.</summary>
        /// <exception cref="AgentOtelException">The session has ended before, or something said is wrong.</exception>
        public void EndJson(Text json)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                CheckEnd(Native.Functions.agentotel_end_session_json(Handle, arena.Text(json)));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        // With an error in what was said it is still open.
        private void CheckEnd(int status)
        {
            switch ((AgentOtelStatus)status)
            {
                case AgentOtelStatus.InvalidArgument:
                case AgentOtelStatus.StructSize:
                case AgentOtelStatus.TooLarge:
                    break;
                default:
                    Volatile.Write(ref ended, 1);
                    break;
            }
            AgentOtelException.Check(status);
        }

        /// <summary>Ends it, unless it has ended.</summary>
        public void Dispose()
        {
            if (Handle != 0 && Interlocked.Exchange(ref ended, 1) == 0)
            {
                Native.Functions.agentotel_end_session(Handle, null);
            }
        }

        /// <summary>Ends it, unless it has ended; nothing is waited for.</summary>
        public ValueTask DisposeAsync()
        {
            Dispose();
            return default(ValueTask);
        }
    }

    /// <summary>How a session ended.</summary>
    public struct SessionEnd
    {
        /// <summary>How it went.</summary>
        public EndState State { get; set; }

        /// <summary>Why, in words: <c>agentotel.session.end_state_reason</c>.</summary>
        public Text Reason { get; set; }

        /// <summary><c>error.type</c> when it failed, of few distinct values; <c>_OTHER</c> when absent.</summary>
        public Text ErrorType { get; set; }

        /// <summary>When; now, when it is not said.</summary>
        public DateTimeOffset? Time { get; set; }

        internal unsafe Native.SessionEnd* WriteTo(Arena arena)
        {
            var end = (Native.SessionEnd*)arena.Allocate(sizeof(Native.SessionEnd));
            *end = default(Native.SessionEnd);
            end->struct_size = (UIntPtr)sizeof(Native.SessionEnd);
            end->end_state = (uint)State;
            end->reason = arena.Text(Reason);
            end->error_type = arena.Text(ErrorType);
            end->end_time_unix_nano = UnixTime.From(Time);
            return end;
        }
    }

    /// <summary>What a session is, as far as it is known at its start. Everything is optional.</summary>
    public sealed class SessionOptions
    {
        /// <summary><c>session.id</c>; a random UUID without.</summary>
        public Text SessionId { get; set; }

        /// <summary>Name of the root span, when no agent and provider are given.</summary>
        public Text Name { get; set; }

        /// <summary><c>gen_ai.conversation.id</c>, on the root span and on the session's llm spans.</summary>
        public Text ConversationId { get; set; }

        /// <summary><c>user.id</c></summary>
        public Text UserId { get; set; }

        /// <summary><c>agentotel.session.tags</c></summary>
        public TextList Tags { get; set; }

        /// <summary>
        /// <c>gen_ai.agent.name</c>; with <see cref="Provider"/> it makes the root span <c>invoke_agent {agent}</c>.
        /// </summary>
        public Text AgentName { get; set; }

        /// <summary><c>gen_ai.agent.id</c></summary>
        public Text AgentId { get; set; }

        /// <summary><c>gen_ai.agent.version</c></summary>
        public Text AgentVersion { get; set; }

        /// <summary><c>gen_ai.agent.description</c></summary>
        public Text AgentDescription { get; set; }

        /// <summary><c>gen_ai.provider.name</c>, such as <c>openai</c>; llm events that name none inherit it.</summary>
        public Text Provider { get; set; }

        /// <summary>What came along from another process, whose trace the session continues: its span, its baggage.</summary>
        public RemoteContext Remote { get; set; }

        /// <summary>
        /// The span that the session continues, when it is not <see cref="Remote"/>; the span of
        /// <c>System.Diagnostics.Activity.Current</c>, say.
        /// </summary>
        public SpanContext? Parent { get; set; }

        /// <summary>When it started; now, when it is not said.</summary>
        public DateTimeOffset? StartTime { get; set; }

        /// <summary>Attributes of the root span.</summary>
        public AttributeSet Attributes { get; set; }

        /// <summary>The root span of a session that this one resumes; the new root span has a link to it.</summary>
        public SpanContext? Resumed { get; set; }

        /// <summary><c>session.previous_id</c>: the id of that session, when this one has another.</summary>
        public Text PreviousSessionId { get; set; }

        internal unsafe Native.SessionOptions* WriteTo(Arena arena)
        {
            var options = (Native.SessionOptions*)arena.Allocate(sizeof(Native.SessionOptions));
            *options = default(Native.SessionOptions);
            options->struct_size = (UIntPtr)sizeof(Native.SessionOptions);
            options->session_id = arena.Text(SessionId);
            options->name = arena.Text(Name);
            options->conversation_id = arena.Text(ConversationId);
            options->user_id = arena.Text(UserId);
            options->tags = arena.Texts(Tags);
            options->agent_name = arena.Text(AgentName);
            options->agent_id = arena.Text(AgentId);
            options->agent_version = arena.Text(AgentVersion);
            options->agent_description = arena.Text(AgentDescription);
            options->provider = arena.Text(Provider);
            if (Remote != null)
            {
                options->parent = arena.Context(Remote.Span);
                options->trace_state = arena.Text(Remote.TraceState);
                options->baggage = arena.Text(Remote.Baggage);
            }
            if (Parent.HasValue)
            {
                options->parent = arena.Context(Parent.Value);
            }
            options->start_time_unix_nano = UnixTime.From(StartTime);
            options->attributes = arena.Attributes(Attributes, out options->attribute_count);
            options->resumed = Resumed.HasValue ? arena.Context(Resumed.Value) : null;
            options->previous_session_id = arena.Text(PreviousSessionId);
            return options;
        }
    }
}
