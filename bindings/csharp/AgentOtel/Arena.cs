using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

namespace AgentOtel
{
    // Memory in which calls are laid out as C has them: one stack for each thread, which the collector does not see. A call
    // takes what it needs and gives it back when it returns; a callback in between takes more on top of it.
    internal sealed unsafe class Arena
    {
        private const long FirstBlock = 16 * 1024;
        private const long KeptBlock = 1024 * 1024;
        private const int ExactAbove = 256 * 1024;
        private const int ShortText = 48;

        private static readonly UTF8Encoding Utf8 = new UTF8Encoding(false, false);

        [ThreadStatic]
        private static Arena current;

        private readonly List<Block> blocks = new List<Block>();
        private byte* at;
        private byte* end;

        internal Arena()
        {
            AddBlock(FirstBlock);
        }

        // Threads and batches end without a word.
        ~Arena()
        {
            Free();
        }

        internal static Arena Current
        {
            get { return current ?? (current = new Arena()); }
        }

        internal Mark Here()
        {
            return new Mark(blocks.Count, at);
        }

        internal void Release(Mark mark)
        {
            if (blocks.Count != mark.Blocks)
            {
                ReleaseBlocks(mark);
                return;
            }
            at = mark.At;
        }

        // Gives everything back.
        internal void Reset()
        {
            Release(new Mark(1, blocks[0].Start));
        }

        internal void* Allocate(long size)
        {
            size = (size + 7) & ~7L;
            if (end - at < size)
            {
                AddBlock(Math.Max(size, Math.Min(2 * (end - blocks[blocks.Count - 1].Start), KeptBlock)));
            }
            byte* place = at;
            at += size;
            return place;
        }

        internal Native.Str Text(Text text)
        {
            Native.Str str;
            Text(text, &str);
            return str;
        }

        internal Native.Str Text(string text)
        {
            Native.Str str;
            Text(new Text(text), &str);
            return str;
        }

        private void Text(Text text, Native.Str* str)
        {
            object from = text.From;
            int length = text.Length;
            if (from == null)
            {
                str->data = (byte*)text.Pointer;
                str->len = (UIntPtr)length;
                return;
            }
            var said = from as string;
            if (said != null)
            {
                Encode(said, str);
                return;
            }
            str->data = (byte*)Allocate(length);
            str->len = (UIntPtr)length;
            if (length > 0)
            {
                fixed (byte* source = &((byte[])from)[text.Offset])
                {
                    Copy(source, str->data, length);
                }
            }
        }

        private void Encode(string text, Native.Str* str)
        {
            fixed (char* source = text)
            {
                int length = text.Length;
                int most = length > ExactAbove ? Utf8.GetByteCount(source, length) : 3 * length;
                byte* to = (byte*)Allocate(most);
                int bytes = 0;
                if (length <= ShortText)
                {
                    // Most texts are short, and ASCII.
                    while (bytes < length && source[bytes] < 0x80)
                    {
                        to[bytes] = (byte)source[bytes];
                        bytes++;
                    }
                }
                if (bytes < length)
                {
                    bytes += Utf8.GetBytes(source + bytes, length - bytes, to + bytes, most - bytes);
                }
                at = to + ((bytes + 7) & ~7);
                str->data = to;
                str->len = (UIntPtr)bytes;
            }
        }

        internal static void Copy(byte* from, byte* to, int length)
        {
            if (length > ShortText)
            {
                Buffer.MemoryCopy(from, to, length, length);
                return;
            }
            for (int i = 0; i < length; i++)
            {
                to[i] = from[i];
            }
        }

        // With a terminating NUL; one inside ends it.
        internal byte* Terminated(string text)
        {
            return text == null ? null : Text(text + "\0").data;
        }

        internal Native.StringArray Texts(TextList list)
        {
            var array = default(Native.StringArray);
            if (list.Items == null)
            {
                return array;
            }
            int count = list.Count;
            array.items = (Native.Str*)Allocate((long)count * sizeof(Native.Str));
            array.count = (UIntPtr)count;
            var strings = list.Items as string[];
            var texts = list.Items as Text[];
            for (int i = 0; i < count; i++)
            {
                // What is null among others is empty.
                array.items[i] = strings != null ? Text(strings[i] ?? "") : Text(texts[i].IsAbsent ? "" : texts[i]);
            }
            return array;
        }

        internal static Native.I64 Optional(long? value)
        {
            var optional = default(Native.I64);
            optional.value = value.GetValueOrDefault();
            optional.present = value.HasValue ? (byte)1 : (byte)0;
            return optional;
        }

        internal static Native.F64 Optional(double? value)
        {
            var optional = default(Native.F64);
            optional.value = value.GetValueOrDefault();
            optional.present = value.HasValue ? (byte)1 : (byte)0;
            return optional;
        }

        internal static Native.Bool Optional(bool? value)
        {
            var optional = default(Native.Bool);
            optional.value = value.GetValueOrDefault() ? (byte)1 : (byte)0;
            optional.present = value.HasValue ? (byte)1 : (byte)0;
            return optional;
        }

        internal static ulong[] Counters(ulong* values, int count)
        {
            var copied = new ulong[count];
            for (int i = 0; i < count; i++)
            {
                copied[i] = values[i];
            }
            return copied;
        }

        internal Native.Attribute* Attributes(AttributeSet set, out UIntPtr count)
        {
            count = (UIntPtr)set.Count;
            if (set.Count == 0)
            {
                return null;
            }
            var attributes = (Native.Attribute*)Allocate((long)set.Count * sizeof(Native.Attribute));
            EventAttribute[] from = set.Items;
            for (int i = 0; i < set.Count; i++)
            {
                Attribute(from, set.Offset + i, attributes + i);
            }
            return attributes;
        }

        internal void Attribute(EventAttribute[] from, int index, Native.Attribute* attribute)
        {
            Text(from[index].Key, &attribute->key);
            attribute->reserved = 0;
            AttributeValue value = from[index].Value;
            AttributeType type = value.Type;
            attribute->type = (uint)type;
            if (type == AttributeType.String)
            {
                // The most frequent one, without a detour.
                Text(value.Said, &attribute->value.@string);
            }
            else
            {
                attribute->value = Value(value);
            }
        }

        internal Native.Value Value(AttributeValue value)
        {
            var laid = default(Native.Value);
            switch (value.Type)
            {
                case AttributeType.String:
                case AttributeType.Json:
                    laid.@string = Text(value.Said);
                    break;
                case AttributeType.Bytes:
                    laid.bytes = Text(value.Said);
                    break;
                case AttributeType.Bool:
                    laid.boolean = (byte)value.Bits;
                    break;
                case AttributeType.Int64:
                case AttributeType.Double:
                    laid.int64 = value.Bits;
                    break;
                case AttributeType.StringArray:
                    laid.strings = Texts(value.Items as string[]);
                    break;
                case AttributeType.BoolArray:
                    var booleans = (bool[])value.Items;
                    laid.booleans.items = (byte*)Allocate(booleans.Length);
                    laid.booleans.count = (UIntPtr)booleans.Length;
                    for (int i = 0; i < booleans.Length; i++)
                    {
                        laid.booleans.items[i] = booleans[i] ? (byte)1 : (byte)0;
                    }
                    break;
                case AttributeType.Int64Array:
                    var integers = (long[])value.Items;
                    laid.int64s.items = (long*)Allocate(8L * integers.Length);
                    laid.int64s.count = (UIntPtr)integers.Length;
                    Marshal.Copy(integers, 0, (IntPtr)laid.int64s.items, integers.Length);
                    break;
                case AttributeType.DoubleArray:
                    var numbers = (double[])value.Items;
                    laid.float64s.items = (double*)Allocate(8L * numbers.Length);
                    laid.float64s.count = (UIntPtr)numbers.Length;
                    Marshal.Copy(numbers, 0, (IntPtr)laid.float64s.items, numbers.Length);
                    break;
            }
            return laid;
        }

        internal SpanContext* Context(SpanContext context)
        {
            var place = (SpanContext*)Allocate(sizeof(SpanContext));
            *place = context;
            return place;
        }

        internal Native.Target Target(SpanTarget target)
        {
            var laid = default(Native.Target);
            laid.@event = target.Event;
            laid.context = target.HasContext ? Context(target.Context) : null;
            return laid;
        }

        internal Native.TextBuffer* TextBuffer(int capacity)
        {
            var buffer = (Native.TextBuffer*)Allocate(sizeof(Native.TextBuffer));
            buffer->data = (byte*)Allocate(capacity);
            buffer->capacity = (UIntPtr)capacity;
            buffer->needed = UIntPtr.Zero;
            return buffer;
        }

        // Takes more memory when a buffer was too small.
        internal void Widen(Native.TextBuffer* buffer)
        {
            if ((ulong)buffer->needed > (ulong)buffer->capacity)
            {
                buffer->capacity = buffer->needed;
                buffer->data = (byte*)Allocate((long)buffer->needed);
            }
        }

        internal static string Read(Native.TextBuffer* buffer)
        {
            // Its size has the NUL; a text may have others in it.
            ulong needed = (ulong)buffer->needed;
            return needed <= 1 ? "" : Encoding.UTF8.GetString(buffer->data, (int)needed - 1);
        }

        internal static string Read(Native.Str str)
        {
            return str.data == null ? null : Encoding.UTF8.GetString(str.data, (int)str.len);
        }

        internal static string ReadTerminated(byte* text)
        {
            if (text == null)
            {
                return null;
            }
            int length = 0;
            while (text[length] != 0)
            {
                length++;
            }
            return Encoding.UTF8.GetString(text, length);
        }

        private void AddBlock(long size)
        {
            byte* start = (byte*)Marshal.AllocHGlobal((IntPtr)size);
            blocks.Add(new Block(start, size));
            at = start;
            end = start + size;
        }

        private void ReleaseBlocks(Mark mark)
        {
            long total = 0;
            foreach (Block block in blocks)
            {
                total += block.Size;
            }
            // At the bottom one block takes the place of several, so that the next call like this one fits.
            bool isBottom = mark.Blocks == 1 && mark.At == blocks[0].Start && total <= KeptBlock;
            int kept = isBottom ? 0 : mark.Blocks;
            for (int i = kept; i < blocks.Count; i++)
            {
                Marshal.FreeHGlobal((IntPtr)blocks[i].Start);
            }
            blocks.RemoveRange(kept, blocks.Count - kept);
            if (isBottom)
            {
                AddBlock(total);
                return;
            }
            at = mark.At;
            Block last = blocks[blocks.Count - 1];
            end = last.Start + last.Size;
        }

        private void Free()
        {
            foreach (Block block in blocks)
            {
                Marshal.FreeHGlobal((IntPtr)block.Start);
            }
            blocks.Clear();
            at = end = null;
        }

        internal readonly struct Mark
        {
            internal readonly int Blocks;
            internal readonly byte* At;

            internal Mark(int blocks, byte* at)
            {
                Blocks = blocks;
                At = at;
            }
        }

        private readonly struct Block
        {
            internal readonly byte* Start;
            internal readonly long Size;

            internal Block(byte* start, long size)
            {
                Start = start;
                Size = size;
            }
        }
    }
}
