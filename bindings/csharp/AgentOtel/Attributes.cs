using System;
using System.Collections.Generic;

namespace AgentOtel
{
    /// <summary>
    /// The value of an attribute or of a log record's body, of any type that OpenTelemetry has. The default value is an absent
    /// text. Arrays are read when they are recorded.
    /// </summary>
    public readonly struct AttributeValue
    {
        private readonly AttributeType type;
        private readonly long bits;
        private readonly Text said;
        private readonly object items;

        private AttributeValue(AttributeType type, long bits, Text said, object items)
        {
            this.type = type;
            this.bits = bits;
            this.said = said;
            this.items = items;
        }

        /// <summary>The type of the value.</summary>
        public AttributeType Type
        {
            get { return type == 0 ? AttributeType.String : type; }
        }

        internal long Bits
        {
            get { return bits; }
        }

        internal Text Said
        {
            get { return said; }
        }

        internal object Items
        {
            get { return items; }
        }

        /// <summary>A text.</summary>
        public static AttributeValue String(Text value)
        {
            return new AttributeValue(AttributeType.String, 0, value, null);
        }

        /// <summary>A truth value.</summary>
        public static AttributeValue Bool(bool value)
        {
            return new AttributeValue(AttributeType.Bool, value ? 1 : 0, default(Text), null);
        }

        /// <summary>An integer.</summary>
        public static AttributeValue Int64(long value)
        {
            return new AttributeValue(AttributeType.Int64, value, default(Text), null);
        }

        /// <summary>A floating-point number.</summary>
        public static AttributeValue Double(double value)
        {
            return new AttributeValue(AttributeType.Double, BitConverter.DoubleToInt64Bits(value), default(Text), null);
        }

        /// <summary>Bytes that are no text.</summary>
        public static AttributeValue Bytes(byte[] value)
        {
            return new AttributeValue(AttributeType.Bytes, 0, value, null);
        }

        /// <summary>Bytes that are no text.</summary>
        public static AttributeValue Bytes(ArraySegment<byte> value)
        {
            return new AttributeValue(AttributeType.Bytes, 0, value, null);
        }

        /// <summary>The text of a JSON object or array, recorded as a map or list.</summary>
        public static AttributeValue Json(Text value)
        {
            return new AttributeValue(AttributeType.Json, 0, value, null);
        }

        /// <summary>An array of texts.</summary>
        public static AttributeValue Strings(params string[] values)
        {
            return new AttributeValue(AttributeType.StringArray, 0, default(Text), values ?? new string[0]);
        }

        /// <summary>An array of truth values.</summary>
        public static AttributeValue Bools(params bool[] values)
        {
            return new AttributeValue(AttributeType.BoolArray, 0, default(Text), values ?? new bool[0]);
        }

        /// <summary>An array of integers.</summary>
        public static AttributeValue Int64s(params long[] values)
        {
            return new AttributeValue(AttributeType.Int64Array, 0, default(Text), values ?? new long[0]);
        }

        /// <summary>An array of floating-point numbers.</summary>
        public static AttributeValue Doubles(params double[] values)
        {
            return new AttributeValue(AttributeType.DoubleArray, 0, default(Text), values ?? new double[0]);
        }

        /// <summary>
        /// A value of whatever .NET has: numbers, truth values, texts and arrays of those as they are, anything else by its
        /// text in the invariant culture.
        /// </summary>
        public static AttributeValue From(object value)
        {
            if (value == null)
            {
                return default(AttributeValue);
            }
            if (value is string text)
            {
                return String(text);
            }
            if (value is AttributeValue)
            {
                return (AttributeValue)value;
            }
            if (value is Array)
            {
                return FromArray(value);
            }
            switch (Convert.GetTypeCode(value))
            {
                case TypeCode.Boolean:
                    return Bool((bool)value);
                case TypeCode.SByte:
                case TypeCode.Byte:
                case TypeCode.Int16:
                case TypeCode.UInt16:
                case TypeCode.Int32:
                case TypeCode.UInt32:
                case TypeCode.Int64:
                    return value is Enum
                        ? String(value.ToString())
                        : Int64(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                case TypeCode.Single:
                case TypeCode.Double:
                    return Double(Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture));
                default:
                    return String(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        private static AttributeValue FromArray(object value)
        {
            if (value is byte[] bytes)
            {
                return Bytes(bytes);
            }
            if (value is string[] texts)
            {
                return Strings(texts);
            }
            if (value is bool[] truths)
            {
                return Bools(truths);
            }
            if (value is long[] integers)
            {
                return Int64s(integers);
            }
            return value is double[] numbers ? Doubles(numbers) : String(value.ToString());
        }

        /// <summary>A text.</summary>
        public static implicit operator AttributeValue(string value)
        {
            return String(value);
        }

        /// <summary>A text.</summary>
        public static implicit operator AttributeValue(Text value)
        {
            return String(value);
        }

        /// <summary>A truth value.</summary>
        public static implicit operator AttributeValue(bool value)
        {
            return Bool(value);
        }

        /// <summary>An integer.</summary>
        public static implicit operator AttributeValue(long value)
        {
            return Int64(value);
        }

        /// <summary>An integer.</summary>
        public static implicit operator AttributeValue(int value)
        {
            return Int64(value);
        }

        /// <summary>A floating-point number.</summary>
        public static implicit operator AttributeValue(double value)
        {
            return Double(value);
        }

        /// <summary>
        /// The value as .NET has it: a string (of JSON, too), long, double, bool, byte[], or an array of one of the first four.
        /// </summary>
        public object ToObject()
        {
            switch (Type)
            {
                case AttributeType.Bool:
                    return bits != 0;
                case AttributeType.Int64:
                    return bits;
                case AttributeType.Double:
                    return BitConverter.Int64BitsToDouble(bits);
                case AttributeType.Bytes:
                    var copied = new byte[said.Length];
                    if (said.From != null)
                    {
                        Array.Copy((byte[])said.From, said.Offset, copied, 0, copied.Length);
                    }
                    return copied;
                case AttributeType.String:
                case AttributeType.Json:
                    return said.ToString();
                default:
                    return items;
            }
        }

        internal static unsafe AttributeValue Read(Native.Attribute* attribute)
        {
            switch ((AttributeType)attribute->type)
            {
                case AttributeType.Bool:
                    return Bool(attribute->value.boolean != 0);
                case AttributeType.Int64:
                    return Int64(attribute->value.int64);
                case AttributeType.Double:
                    return Double(attribute->value.float64);
                case AttributeType.Bytes:
                    var bytes = new byte[(int)attribute->value.bytes.len];
                    System.Runtime.InteropServices.Marshal.Copy((IntPtr)attribute->value.bytes.data, bytes, 0, bytes.Length);
                    return Bytes(bytes);
                case AttributeType.StringArray:
                    var texts = new string[(int)attribute->value.strings.count];
                    for (int i = 0; i < texts.Length; i++)
                    {
                        texts[i] = Arena.Read(attribute->value.strings.items[i]);
                    }
                    return Strings(texts);
                case AttributeType.BoolArray:
                    var truths = new bool[(int)attribute->value.booleans.count];
                    for (int i = 0; i < truths.Length; i++)
                    {
                        truths[i] = attribute->value.booleans.items[i] != 0;
                    }
                    return Bools(truths);
                case AttributeType.Int64Array:
                    var integers = new long[(int)attribute->value.int64s.count];
                    for (int i = 0; i < integers.Length; i++)
                    {
                        integers[i] = attribute->value.int64s.items[i];
                    }
                    return Int64s(integers);
                case AttributeType.DoubleArray:
                    var numbers = new double[(int)attribute->value.float64s.count];
                    for (int i = 0; i < numbers.Length; i++)
                    {
                        numbers[i] = attribute->value.float64s.items[i];
                    }
                    return Doubles(numbers);
                case AttributeType.Json:
                    return Json(Arena.Read(attribute->value.json));
                default:
                    return String(Arena.Read(attribute->value.@string));
            }
        }
    }

    /// <summary>
    /// A key and a value. Keys of one span are unique: the last one given wins, and a typed field wins over a free attribute.
    /// An empty key is dropped and counted.
    /// </summary>
    public readonly struct EventAttribute
    {
        /// <summary>Makes an attribute.</summary>
        public EventAttribute(Text key, AttributeValue value)
        {
            Key = key;
            Value = value;
        }

        /// <summary>The key.</summary>
        public Text Key { get; }

        /// <summary>The value.</summary>
        public AttributeValue Value { get; }
    }

    /// <summary>Attributes: an array, or a part of one, which is read when it is recorded. The default value has none.</summary>
    public readonly struct AttributeSet
    {
        private readonly EventAttribute[] items;
        private readonly int offset;
        private readonly int count;

        /// <summary>A part of an array.</summary>
        public AttributeSet(EventAttribute[] items, int offset, int count)
        {
            if (items == null ? offset != 0 || count != 0 : offset < 0 || count < 0 || offset > items.Length - count)
            {
                throw new ArgumentOutOfRangeException(nameof(count));
            }
            this.items = items;
            this.offset = offset;
            this.count = count;
        }

        /// <summary>Copies keys and values: see <see cref="AttributeValue.From(object)"/>.</summary>
        public static AttributeSet From(IEnumerable<KeyValuePair<string, object>> attributes)
        {
            var copied = new List<EventAttribute>();
            foreach (KeyValuePair<string, object> attribute in attributes)
            {
                copied.Add(new EventAttribute(attribute.Key, AttributeValue.From(attribute.Value)));
            }
            return copied.ToArray();
        }

        /// <summary>How many there are.</summary>
        public int Count
        {
            get { return count; }
        }

        internal EventAttribute[] Items
        {
            get { return items; }
        }

        internal int Offset
        {
            get { return offset; }
        }

        /// <summary>All of an array.</summary>
        public static implicit operator AttributeSet(EventAttribute[] items)
        {
            return new AttributeSet(items, 0, items == null ? 0 : items.Length);
        }

        /// <summary>A part of an array.</summary>
        public static implicit operator AttributeSet(ArraySegment<EventAttribute> items)
        {
            return new AttributeSet(items.Array, items.Offset, items.Count);
        }
    }
}
