using System;
using System.Threading.Tasks;

namespace AgentOtel
{
    /// <summary>
    /// An event in flight: a number, with nothing to free. It may be used on any thread, and copied; one that has ended is
    /// answered by <see cref="AgentOtelStatus.StaleHandle"/>. Disposing ends it, without a word when it has ended already.
    /// </summary>
    public readonly unsafe struct AgentEvent : IDisposable, IAsyncDisposable, IEquatable<AgentEvent>
    {
        private readonly ulong handle;

        /// <summary>Names an event by its number.</summary>
        public AgentEvent(ulong handle)
        {
            this.handle = handle;
        }

        /// <summary>The event's number in the library; 0 is none.</summary>
        public ulong Handle
        {
            get { return handle; }
        }

        /// <summary>The context of its span, for passing on and for children that are recorded after its end.</summary>
        /// <exception cref="AgentOtelException">The event has ended, or the library does not run.</exception>
        public SpanContext Context
        {
            get
            {
                SpanContext context;
                AgentOtelException.Check(Native.Functions.agentotel_event_context(handle, &context));
                return context;
            }
        }

        /// <summary>Adds detail, and what else there is to say; what is given again replaces what was there.</summary>
        /// <exception cref="AgentOtelException">The event has ended, or something said is wrong.</exception>
        public void Update<T>(T detail, EventOptions options = default(EventOptions)) where T : struct, IEventDetail
        {
            AgentOtelException.Check((int)TryUpdate(detail, options));
        }

        /// <summary>Adds attributes, status, links, moments, a name.</summary>
        /// <exception cref="AgentOtelException">The event has ended, or something said is wrong.</exception>
        public void Update(EventOptions options)
        {
            Update(default(CustomDetail), options);
        }

        /// <summary>The same as <see cref="Update{T}"/>, with a status.</summary>
        public AgentOtelStatus TryUpdate<T>(T detail, EventOptions options = default(EventOptions))
            where T : struct, IEventDetail
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.EventData* data = options.WriteTo(arena);
                detail.WriteTo(new EventWriter(arena, data));
                return (AgentOtelStatus)Native.Functions.agentotel_update_event(handle, data);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Adds what is said in JSON.</summary>
        /// <exception cref="AgentOtelException">The event has ended, or something said is wrong.</exception>
        public void UpdateJson(Text json)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                AgentOtelException.Check(Native.Functions.agentotel_update_event_json(handle, arena.Text(json)));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Notes that the first token of a streamed answer is here.</summary>
        /// <exception cref="AgentOtelException">The event has ended, or the library does not run.</exception>
        public void FirstToken()
        {
            AgentOtelException.Check(Native.Functions.agentotel_event_first_token(handle));
        }

        /// <summary>
        /// Counts one chunk of a streamed answer; the first one is the first token too. The text is counted, not kept.
        /// </summary>
        /// <exception cref="AgentOtelException">The event has ended, or the library does not run.</exception>
        public void Chunk(Text content = default(Text))
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                AgentOtelException.Check(Native.Functions.agentotel_event_chunk(handle, arena.Text(content)));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Counts one chunk of a streamed answer, in UTF-8.</summary>
        /// <exception cref="AgentOtelException">The event has ended, or the library does not run.</exception>
        public void Chunk(ReadOnlySpan<byte> utf8)
        {
            fixed (byte* data = &System.Runtime.InteropServices.MemoryMarshal.GetReference(utf8))
            {
                var content = default(Native.Str);
                content.data = data;
                content.len = (UIntPtr)utf8.Length;
                AgentOtelException.Check(Native.Functions.agentotel_event_chunk(handle, content));
            }
        }

        /// <summary>Ends it: its span is recorded.</summary>
        /// <exception cref="AgentOtelQueueFullException">The queue is full; it stays in flight and may be ended again.</exception>
        /// <exception cref="AgentOtelException">The event has ended, or the library does not run.</exception>
        public void End()
        {
            AgentOtelException.Check((int)TryEnd());
        }

        /// <summary>Ends it with what else there is to say.</summary>
        /// <exception cref="AgentOtelException">As of <see cref="End()"/>, or something said is wrong.</exception>
        public void End(EventOptions options)
        {
            End(default(CustomDetail), options);
        }

        /// <summary>Ends it with what is known of its detail now.</summary>
        /// <exception cref="AgentOtelException">As of <see cref="End()"/>, or something said is wrong.</exception>
        public void End<T>(T detail, EventOptions options = default(EventOptions)) where T : struct, IEventDetail
        {
            AgentOtelException.Check((int)TryEnd(detail, options));
        }

        /// <summary>The same as <see cref="End()"/>, with a status.</summary>
        public AgentOtelStatus TryEnd()
        {
            return (AgentOtelStatus)Native.Functions.agentotel_end_event(handle, null);
        }

        /// <summary>The same as <see cref="End{T}"/>, with a status.</summary>
        public AgentOtelStatus TryEnd<T>(T detail, EventOptions options = default(EventOptions)) where T : struct, IEventDetail
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.EventData* data = options.WriteTo(arena);
                detail.WriteTo(new EventWriter(arena, data));
                return (AgentOtelStatus)Native.Functions.agentotel_end_event(handle, data);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Ends it with what is said in JSON; absent is nothing.</summary>
        /// <exception cref="AgentOtelException">As of <see cref="End()"/>, or something said is wrong.</exception>
        public void EndJson(Text json)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                AgentOtelException.Check(Native.Functions.agentotel_end_event_json(handle, arena.Text(json)));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Ends it with an exception.</summary>
        /// <exception cref="AgentOtelException">As of <see cref="End()"/>.</exception>
        public void Fail(Exception exception)
        {
            End(new EventOptions { Error = ErrorDetail.From(exception) });
        }

        /// <summary>Ends it, unless it has ended.</summary>
        public void Dispose()
        {
            if (handle != 0)
            {
                TryEnd();
            }
        }

        /// <summary>Ends it, unless it has ended; nothing is waited for.</summary>
        public ValueTask DisposeAsync()
        {
            Dispose();
            return default(ValueTask);
        }

        /// <summary>Whether both are the same event.</summary>
        public bool Equals(AgentEvent other)
        {
            return handle == other.handle;
        }

        /// <summary>Whether the other one is the same event.</summary>
        public override bool Equals(object other)
        {
            return other is AgentEvent && Equals((AgentEvent)other);
        }

        /// <summary>A hash of the number.</summary>
        public override int GetHashCode()
        {
            return handle.GetHashCode();
        }
    }
}
