using System;
using System.Collections.Generic;
using System.Text;

namespace AgentOtel
{
    /// <summary>
    /// A text for the library: a <see cref="string"/>, or UTF-8 in an array, of which nothing has to be converted. The default
    /// value is an absent text, and so is null; an empty one is a text. It holds on to what it was made of, and is read when
    /// it is recorded.
    /// </summary>
    public readonly struct Text : IEquatable<Text>
    {
        private readonly object from;
        private readonly IntPtr pointer;
        private readonly int offset;
        private readonly int length;

        private Text(object from, IntPtr pointer, int offset, int length)
        {
            this.from = from;
            this.pointer = pointer;
            this.offset = offset;
            this.length = length;
        }

        /// <summary>A text from a string. Half a character in it is replaced by U+FFFD.</summary>
        /// <param name="text">The string; null is absent.</param>
        public Text(string text) : this(text, IntPtr.Zero, 0, text == null ? 0 : text.Length)
        {
        }

        /// <summary>A text from UTF-8. What is not valid is replaced by the library, which counts it.</summary>
        /// <param name="utf8">The bytes; null is absent.</param>
        public Text(byte[] utf8) : this(utf8, IntPtr.Zero, 0, utf8 == null ? 0 : utf8.Length)
        {
        }

        /// <summary>A text from a part of an array that holds UTF-8.</summary>
        /// <param name="utf8">The bytes.</param>
        public Text(ArraySegment<byte> utf8) : this(utf8.Array, IntPtr.Zero, utf8.Offset, utf8.Count)
        {
        }

        internal static unsafe Text At(byte* utf8, int length)
        {
            return new Text(null, (IntPtr)utf8, 0, length);
        }

        /// <summary>Whether there is no text at all.</summary>
        public bool IsAbsent
        {
            get { return from == null && pointer == IntPtr.Zero; }
        }

        internal object From
        {
            get { return from; }
        }

        internal IntPtr Pointer
        {
            get { return pointer; }
        }

        internal int Offset
        {
            get { return offset; }
        }

        internal int Length
        {
            get { return length; }
        }

        /// <summary>A text from a string.</summary>
        public static implicit operator Text(string text)
        {
            return new Text(text);
        }

        /// <summary>A text from UTF-8.</summary>
        public static implicit operator Text(byte[] utf8)
        {
            return new Text(utf8);
        }

        /// <summary>A text from a part of an array that holds UTF-8.</summary>
        public static implicit operator Text(ArraySegment<byte> utf8)
        {
            return new Text(utf8);
        }

        /// <summary>The text as a string; null when it is absent.</summary>
        public override unsafe string ToString()
        {
            if (from is string text)
            {
                return text;
            }
            if (from is byte[] bytes)
            {
                return Encoding.UTF8.GetString(bytes, offset, length);
            }
            return pointer == IntPtr.Zero ? null : Encoding.UTF8.GetString((byte*)pointer, length);
        }

        /// <summary>Whether both are the same text, or both absent.</summary>
        public bool Equals(Text other)
        {
            return IsAbsent == other.IsAbsent && string.Equals(ToString(), other.ToString(), StringComparison.Ordinal);
        }

        /// <summary>Whether the other one is the same text.</summary>
        public override bool Equals(object other)
        {
            return other is Text && Equals((Text)other);
        }

        /// <summary>A hash of the text.</summary>
        public override int GetHashCode()
        {
            return IsAbsent ? 0 : ToString().GetHashCode();
        }
    }

    /// <summary>Several texts; the default value is an absent list.</summary>
    public readonly struct TextList
    {
        private readonly object items;

        private TextList(object items)
        {
            this.items = items;
        }

        /// <summary>Copies texts into a list.</summary>
        /// <param name="texts">The texts; null is absent.</param>
        public static TextList From(IEnumerable<string> texts)
        {
            return new TextList(texts == null ? null : new List<string>(texts).ToArray());
        }

        internal object Items
        {
            get { return items; }
        }

        /// <summary>How many there are.</summary>
        public int Count
        {
            get { return items == null ? 0 : ((Array)items).Length; }
        }

        /// <summary>A list of strings, which is read when it is recorded.</summary>
        public static implicit operator TextList(string[] texts)
        {
            return new TextList(texts);
        }

        /// <summary>A list of texts, which is read when it is recorded.</summary>
        public static implicit operator TextList(Text[] texts)
        {
            return new TextList(texts);
        }
    }

    /// <summary>
    /// Holds spans of UTF-8 until they are recorded, in memory of this thread that the collector does not see:
    /// <code>
    /// using (var scratch = Utf8Scratch.Rent())
    /// {
    ///     session.Record(new ToolDetail { Name = scratch.Add(name), Result = scratch.Add(buffer.AsSpan(0, n)) });
    /// }
    /// </code>
    /// The texts are good on this thread, until the scratch is disposed; scratches are disposed in the opposite order.
    /// </summary>
    public readonly struct Utf8Scratch : IDisposable
    {
        private readonly Arena arena;
        private readonly Arena.Mark mark;

        private Utf8Scratch(Arena arena)
        {
            this.arena = arena;
            mark = arena.Here();
        }

        /// <summary>Begins a scratch on this thread.</summary>
        public static Utf8Scratch Rent()
        {
            return new Utf8Scratch(Arena.Current);
        }

        /// <summary>Copies UTF-8.</summary>
        /// <param name="utf8">The bytes, such as a <c>u8</c> literal.</param>
        /// <returns>A text, until the scratch is disposed.</returns>
        public unsafe Text Add(ReadOnlySpan<byte> utf8)
        {
            if (arena == null || arena != Arena.Current)
            {
                throw new InvalidOperationException("the scratch is of another thread");
            }
            byte* to = (byte*)arena.Allocate(utf8.Length);
            fixed (byte* from = &System.Runtime.InteropServices.MemoryMarshal.GetReference(utf8))
            {
                Arena.Copy(from, to, utf8.Length);
            }
            return Text.At(to, utf8.Length);
        }

        /// <summary>Gives the memory back.</summary>
        public void Dispose()
        {
            if (arena != null && arena == Arena.Current)
            {
                arena.Release(mark);
            }
        }
    }
}
