using System;
using System.Runtime.InteropServices;

namespace AgentOtel
{
    /// <summary>
    /// Names a span, here or in another process (W3C Trace Context, level 2). The default value names none. Its layout is that
    /// of the C interface.
    /// </summary>
    [StructLayout(LayoutKind.Sequential)]
    public readonly struct SpanContext : IEquatable<SpanContext>
    {
        // As on the wire, whatever the byte order of the machine: read and written by byte only.
        private readonly ulong traceIdStart;
        private readonly ulong traceIdEnd;
        private readonly ulong spanId;
        private readonly byte traceFlags;
        private readonly byte isRemote;
        private readonly ushort reserved;
        private readonly uint reservedToo;

        private SpanContext(ulong traceIdStart, ulong traceIdEnd, ulong spanId, byte traceFlags, byte isRemote)
        {
            this.traceIdStart = traceIdStart;
            this.traceIdEnd = traceIdEnd;
            this.spanId = spanId;
            this.traceFlags = traceFlags;
            this.isRemote = isRemote;
            reserved = 0;
            reservedToo = 0;
        }

        /// <summary>The trace id as 32 hexadecimal digits.</summary>
        public string TraceId
        {
            get { return Hex(traceIdStart) + Hex(traceIdEnd); }
        }

        /// <summary>The span id as 16 hexadecimal digits.</summary>
        public string SpanId
        {
            get { return Hex(spanId); }
        }

        /// <summary>The W3C's flags: bit 0 sampled, bit 1 random.</summary>
        public byte TraceFlags
        {
            get { return traceFlags; }
        }

        /// <summary>Whether its trace is recorded.</summary>
        public bool IsSampled
        {
            get { return (traceFlags & 1) != 0; }
        }

        /// <summary>Whether the span lives in another process.</summary>
        public bool IsRemote
        {
            get { return isRemote != 0; }
        }

        /// <summary>Whether it names a span.</summary>
        public bool IsValid
        {
            get { return (traceIdStart != 0 || traceIdEnd != 0) && spanId != 0; }
        }

        /// <summary>The same, said to live in another process or in this one.</summary>
        public SpanContext WithRemote(bool remote)
        {
            return new SpanContext(traceIdStart, traceIdEnd, spanId, traceFlags, remote ? (byte)1 : (byte)0);
        }

        /// <summary>The context as a W3C <c>traceparent</c>, as <c>System.Diagnostics.Activity.Id</c> has it.</summary>
        public string ToTraceParent()
        {
            return "00-" + TraceId + "-" + SpanId + "-" + traceFlags.ToString("x2");
        }

        /// <summary>Reads a W3C <c>traceparent</c>, such as the id of a <c>System.Diagnostics.Activity</c>.</summary>
        /// <param name="traceParent">The text.</param>
        /// <param name="context">The span, in this process.</param>
        /// <returns>Whether the text is one, and names a span.</returns>
        public static bool TryParse(string traceParent, out SpanContext context)
        {
            context = default(SpanContext);
            // Later versions may have more behind the flags.
            if (traceParent == null || traceParent.Length < 55 || traceParent[2] != '-' || traceParent[35] != '-' ||
                traceParent[52] != '-' || (traceParent.Length > 55 && traceParent[55] != '-'))
            {
                return false;
            }
            if (!TryHex(traceParent, 0, 2, out ulong version) || version == 255 || (version == 0 && traceParent.Length != 55) ||
                !TryHex(traceParent, 3, 16, out ulong start) || !TryHex(traceParent, 19, 16, out ulong end) ||
                !TryHex(traceParent, 36, 16, out ulong span) || !TryHex(traceParent, 53, 2, out ulong flags))
            {
                return false;
            }
            context = new SpanContext(Turned(start), Turned(end), Turned(span), (byte)flags, 0);
            return context.IsValid;
        }

        /// <summary>Whether both name the same span, with the same flags.</summary>
        public bool Equals(SpanContext other)
        {
            return traceIdStart == other.traceIdStart && traceIdEnd == other.traceIdEnd && spanId == other.spanId &&
                traceFlags == other.traceFlags && isRemote == other.isRemote;
        }

        /// <summary>Whether the other one names the same span.</summary>
        public override bool Equals(object other)
        {
            return other is SpanContext && Equals((SpanContext)other);
        }

        /// <summary>A hash of the span id.</summary>
        public override int GetHashCode()
        {
            return spanId.GetHashCode();
        }

        /// <summary>The context as a W3C <c>traceparent</c>.</summary>
        public override string ToString()
        {
            return ToTraceParent();
        }

        /// <summary>Whether both name the same span.</summary>
        public static bool operator ==(SpanContext left, SpanContext right)
        {
            return left.Equals(right);
        }

        /// <summary>Whether they name different spans.</summary>
        public static bool operator !=(SpanContext left, SpanContext right)
        {
            return !left.Equals(right);
        }

        private static string Hex(ulong bytes)
        {
            return Turned(bytes).ToString("x16");
        }

        private static ulong Turned(ulong bytes)
        {
            if (!BitConverter.IsLittleEndian)
            {
                return bytes;
            }
            ulong turned = 0;
            for (int i = 0; i < 8; i++)
            {
                turned = (turned << 8) | ((bytes >> (8 * i)) & 255);
            }
            return turned;
        }

        private static bool TryHex(string text, int start, int length, out ulong value)
        {
            value = 0;
            for (int i = start; i < start + length; i++)
            {
                char digit = text[i];
                int number = digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
                if (number < 0)
                {
                    return false;
                }
                value = (value << 4) | (uint)number;
            }
            return true;
        }
    }

    /// <summary>
    /// The span that something belongs to: an event in flight, or any span by its context. The default value is the session's
    /// root span.
    /// </summary>
    public readonly struct SpanTarget
    {
        private SpanTarget(ulong handle, SpanContext context, bool hasContext)
        {
            Event = handle;
            Context = context;
            HasContext = hasContext;
        }

        internal ulong Event { get; }

        internal SpanContext Context { get; }

        internal bool HasContext { get; }

        /// <summary>An event in flight.</summary>
        public static implicit operator SpanTarget(AgentEvent target)
        {
            return new SpanTarget(target.Handle, default(SpanContext), false);
        }

        /// <summary>A span that was recorded, has ended, or is in another process.</summary>
        public static implicit operator SpanTarget(SpanContext target)
        {
            return new SpanTarget(0, target, true);
        }
    }
}
