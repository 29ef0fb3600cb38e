using System;
using System.Collections.Generic;
using System.Linq;

namespace AgentOtel
{
    /// <summary>What came along with a call from another process.</summary>
    public sealed class RemoteContext
    {
        /// <summary>Makes one of its parts.</summary>
        public RemoteContext(SpanContext span, string traceState = null, string baggage = null)
        {
            Span = span;
            TraceState = traceState ?? "";
            Baggage = baggage ?? "";
        }

        /// <summary>The span that calls; not valid when none does.</summary>
        public SpanContext Span { get; }

        /// <summary>Its W3C <c>tracestate</c>; empty when there is none that is valid.</summary>
        public string TraceState { get; }

        /// <summary>The baggage as the value of a W3C <c>baggage</c> header; empty when there is none.</summary>
        public string Baggage { get; }
    }

    /// <summary>The values of the W3C's headers.</summary>
    public sealed class PropagationTexts
    {
        internal PropagationTexts(string traceParent, string traceState, string baggage)
        {
            TraceParent = traceParent;
            TraceState = traceState;
            Baggage = baggage;
        }

        /// <summary><c>traceparent</c></summary>
        public string TraceParent { get; }

        /// <summary><c>tracestate</c>; empty: send none.</summary>
        public string TraceState { get; }

        /// <summary><c>baggage</c>; empty: send none.</summary>
        public string Baggage { get; }
    }

    // What the functions of one inject or extract call.
    internal sealed unsafe class Carrier
    {
        private readonly Action<string, string> set;
        private readonly Func<string, IEnumerable<string>> get;
        private readonly Func<IEnumerable<string>> keys;
        private List<string> allKeys;
        private string lastKey;
        private List<string> lastValues;

        internal Carrier(Action<string, string> set, Func<string, IEnumerable<string>> get, Func<IEnumerable<string>> keys)
        {
            this.set = set;
            this.get = get;
            this.keys = keys;
        }

        internal Exception Failed { get; set; }

        internal void Set(string key, string value)
        {
            set(key, value);
        }

        internal string Get(Native.Str key, long position)
        {
            string name = Arena.Read(key);
            if (position == 0 || name != lastKey)
            {
                IEnumerable<string> values = get(name);
                lastKey = name;
                lastValues = values == null ? new List<string>() : values.ToList();
            }
            return position < lastValues.Count ? lastValues[(int)position] : null;
        }

        internal string KeyAt(long position)
        {
            if (position == 0 || allKeys == null)
            {
                allKeys = keys().ToList();
            }
            return position < allKeys.Count ? allKeys[(int)position] : null;
        }
    }

    /// <summary>
    /// Contexts that go along with calls to other processes. What the span is, a session or an event in flight says, and its
    /// context too; for an <c>Activity</c> of .NET its <c>Id</c> and <c>TraceStateString</c> are texts like any others.
    /// </summary>
    public static unsafe class Propagation
    {
        private const int TraceParentBytes = 64;
        private const int TraceStateBytes = 513;
        private const int BaggageBytes = 8193;

        /// <summary>Writes a span's context into a carrier, in the formats of the configuration's <c>propagators</c>.</summary>
        /// <param name="session">The session; null when the target is enough.</param>
        /// <param name="target">The span that calls; the session's root by default.</param>
        /// <param name="set">Sets a key to a value, in place of all that it had.</param>
        /// <exception cref="AgentOtelException">The session or event has ended, or the library does not run.</exception>
        public static void Inject(Session session, SpanTarget target, Action<string, string> set)
        {
            if (set == null)
            {
                throw new ArgumentNullException(nameof(set));
            }
            var carrier = new Carrier(set, null, null);
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            long id = Registry.Add(carrier);
            try
            {
                var laid = default(Native.Carrier);
                laid.struct_size = (UIntPtr)sizeof(Native.Carrier);
                laid.set = Trampolines.CarrierSet;
                laid.user_data = (void*)id;
                Check(Native.Functions.agentotel_inject(Number(session), arena.Target(target), &laid), carrier);
            }
            finally
            {
                Registry.Remove(id);
                arena.Release(mark);
            }
        }

        /// <summary>The same, into a dictionary.</summary>
        /// <exception cref="AgentOtelException">The session or event has ended, or the library does not run.</exception>
        public static void Inject(Session session, SpanTarget target, IDictionary<string, string> headers)
        {
            if (headers == null)
            {
                throw new ArgumentNullException(nameof(headers));
            }
            Inject(session, target, (key, value) => headers[key] = value);
        }

        /// <summary>Reads what came along with a call, in the formats of the configuration's <c>propagators</c>.</summary>
        /// <param name="get">Gives all values of a key, which is in lower case; null or none when there are none.</param>
        /// <param name="keys">Gives all keys: with it they are found whatever their case. May be null.</param>
        /// <exception cref="AgentOtelException">The library does not run.</exception>
        public static RemoteContext Extract(Func<string, IEnumerable<string>> get, Func<IEnumerable<string>> keys = null)
        {
            if (get == null)
            {
                throw new ArgumentNullException(nameof(get));
            }
            var carrier = new Carrier(null, get, keys);
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            long id = Registry.Add(carrier);
            try
            {
                var laid = default(Native.Carrier);
                laid.struct_size = (UIntPtr)sizeof(Native.Carrier);
                laid.get = Trampolines.CarrierGet;
                laid.key_at = keys == null ? IntPtr.Zero : Trampolines.CarrierKeyAt;
                laid.user_data = (void*)id;
                Native.RemoteContext* remote = Place(arena);
                Check(Native.Functions.agentotel_extract(&laid, remote), carrier);
                return Read(remote);
            }
            finally
            {
                Registry.Remove(id);
                arena.Release(mark);
            }
        }

        /// <summary>The same, from a dictionary, whatever the case of its keys.</summary>
        /// <exception cref="AgentOtelException">The library does not run.</exception>
        public static RemoteContext Extract(IEnumerable<KeyValuePair<string, string>> headers)
        {
            if (headers == null)
            {
                throw new ArgumentNullException(nameof(headers));
            }
            return Extract(
                key => headers.Where(header => string.Equals(header.Key, key, StringComparison.OrdinalIgnoreCase))
                    .Select(header => header.Value),
                () => headers.Select(header => header.Key).Distinct());
        }

        /// <summary>A span's context as the values of the W3C's headers, whatever <c>propagators</c> says.</summary>
        /// <exception cref="AgentOtelException">The session or event has ended, or the library does not run.</exception>
        public static PropagationTexts InjectTexts(Session session, SpanTarget target = default(SpanTarget))
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.TextBuffer* parent = arena.TextBuffer(TraceParentBytes);
                Native.TextBuffer* state = arena.TextBuffer(TraceStateBytes);
                Native.TextBuffer* baggage = arena.TextBuffer(BaggageBytes);
                AgentOtelException.Check(Native.Functions.agentotel_inject_texts(
                    Number(session), arena.Target(target), parent, state, baggage));
                return new PropagationTexts(Arena.Read(parent), Arena.Read(state), Arena.Read(baggage));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Reads the values of the W3C's headers. It needs no running library.</summary>
        /// <param name="traceParent">The value, or null.</param>
        /// <param name="traceState">The value, or null.</param>
        /// <param name="baggage">The value, or null; several headers are joined by commas.</param>
        /// <exception cref="AgentOtelException">One of them is absurdly long.</exception>
        public static RemoteContext ExtractTexts(string traceParent, string traceState = null, string baggage = null)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.RemoteContext* remote = Place(arena);
                AgentOtelException.Check(Native.Functions.agentotel_extract_texts(
                    arena.Text(traceParent), arena.Text(traceState), arena.Text(baggage), remote));
                return Read(remote);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>
        /// A span's context as a JSON object for the <c>params._meta</c> of a message of the Model Context Protocol.
        /// </summary>
        /// <exception cref="AgentOtelException">The session or event has ended, or the library does not run.</exception>
        public static string InjectMeta(Session session, SpanTarget target = default(SpanTarget))
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.TextBuffer* json = arena.TextBuffer(1024);
                Native.Target laid = arena.Target(target);
                for (;;)
                {
                    int status = Native.Functions.agentotel_inject_meta(Number(session), laid, json);
                    if (status != (int)AgentOtelStatus.BufferTooSmall)
                    {
                        AgentOtelException.Check(status);
                        return Arena.Read(json);
                    }
                    arena.Widen(json);
                }
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>
        /// Reads the <c>params._meta</c> of a message of the Model Context Protocol. It needs no running library.
        /// </summary>
        /// <param name="json">The object as text; absent: nothing came along.</param>
        /// <exception cref="AgentOtelInvalidArgumentException">It is no JSON object.</exception>
        public static RemoteContext ExtractMeta(Text json)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.RemoteContext* remote = Place(arena);
                AgentOtelException.Check(Native.Functions.agentotel_extract_meta(arena.Text(json), remote));
                return Read(remote);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        private static ulong Number(Session session)
        {
            return session == null ? 0 : session.Handle;
        }

        // Room for the longest texts there are.
        private static Native.RemoteContext* Place(Arena arena)
        {
            var remote = (Native.RemoteContext*)arena.Allocate(sizeof(Native.RemoteContext));
            *remote = default(Native.RemoteContext);
            remote->struct_size = (UIntPtr)sizeof(Native.RemoteContext);
            remote->trace_state = *arena.TextBuffer(TraceStateBytes);
            remote->baggage = *arena.TextBuffer(BaggageBytes);
            return remote;
        }

        private static RemoteContext Read(Native.RemoteContext* remote)
        {
            return new RemoteContext(remote->span, Arena.Read(&remote->trace_state), Arena.Read(&remote->baggage));
        }

        // What the program's own function has thrown goes on to the program.
        private static void Check(int status, Carrier carrier)
        {
            if (carrier.Failed != null)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(carrier.Failed).Throw();
            }
            AgentOtelException.Check(status);
        }
    }
}
