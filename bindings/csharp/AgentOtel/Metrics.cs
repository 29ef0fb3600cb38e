using System;

namespace AgentOtel
{
    /// <summary>What an instrument is. Everything but its name is optional.</summary>
    public struct Instrument
    {
        /// <summary>Makes an instrument of this name.</summary>
        public Instrument(Text name) : this()
        {
            Name = name;
        }

        /// <summary>
        /// 1 to 255 letters, digits, '_', '.', '-' and '/', the first one a letter. Case does not tell names apart.
        /// </summary>
        public Text Name { get; set; }

        /// <summary>In UCUM, such as <c>s</c>, <c>By</c>, <c>{request}</c>.</summary>
        public Text Unit { get; set; }

        /// <summary>What it is, in words.</summary>
        public Text Description { get; set; }

        /// <summary>What numbers it measures.</summary>
        public NumberType NumberType { get; set; }

        /// <summary>
        /// For histograms: the upper bounds of the buckets but for the last one, ascending; OpenTelemetry's without.
        /// </summary>
        public double[] Boundaries { get; set; }

        internal unsafe Native.Instrument* WriteTo(Arena arena)
        {
            var laid = (Native.Instrument*)arena.Allocate(sizeof(Native.Instrument));
            *laid = default(Native.Instrument);
            laid->struct_size = (UIntPtr)sizeof(Native.Instrument);
            laid->name = arena.Text(Name);
            laid->unit = arena.Text(Unit);
            laid->description = arena.Text(Description);
            laid->value_type = (uint)NumberType;
            if (Boundaries != null)
            {
                Native.Value bounds = arena.Value(AttributeValue.Doubles(Boundaries));
                laid->boundaries = bounds.float64s.items;
                laid->boundary_count = bounds.float64s.count;
            }
            return laid;
        }
    }

    /// <summary>A counter: a sum that only rises. It is a number, good until the library is shut down.</summary>
    public readonly unsafe struct Counter
    {
        private readonly ulong handle;

        internal Counter(ulong handle)
        {
            this.handle = handle;
        }

        /// <summary>Adds to it. Nothing is allocated for attributes that came before.</summary>
        /// <exception cref="AgentOtelException">The value or an attribute is none that it takes, or it is shut down.</exception>
        public void Add(double value, AttributeSet attributes = default(AttributeSet))
        {
            AgentOtelException.Check((int)TryAdd(value, attributes));
        }

        /// <summary>The same as <see cref="Add"/>, with a status.</summary>
        public AgentOtelStatus TryAdd(double value, AttributeSet attributes = default(AttributeSet))
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.Attribute* laid = arena.Attributes(attributes, out UIntPtr count);
                return (AgentOtelStatus)Native.Functions.agentotel_counter_add(handle, value, laid, count);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Fixes the attributes, so that measuring takes some tens of nanoseconds at most.</summary>
        /// <exception cref="AgentOtelException">There are too many bound instruments, or it is shut down.</exception>
        public BoundCounter Bind(AttributeSet attributes)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                ulong bound;
                Native.Attribute* laid = arena.Attributes(attributes, out UIntPtr count);
                AgentOtelException.Check(Native.Functions.agentotel_bind_counter(handle, laid, count, &bound));
                return new BoundCounter(bound);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        internal static Counter Create(Instrument instrument)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                ulong made;
                AgentOtelException.Check(Native.Functions.agentotel_create_counter(instrument.WriteTo(arena), &made));
                return new Counter(made);
            }
            finally
            {
                arena.Release(mark);
            }
        }
    }

    /// <summary>A counter whose attributes are fixed.</summary>
    public readonly struct BoundCounter
    {
        private readonly ulong handle;

        internal BoundCounter(ulong handle)
        {
            this.handle = handle;
        }

        /// <summary>Adds to it.</summary>
        /// <exception cref="AgentOtelException">The value is none that it takes, or it is shut down.</exception>
        public void Add(double value)
        {
            AgentOtelException.Check((int)TryAdd(value));
        }

        /// <summary>The same as <see cref="Add"/>, with a status.</summary>
        public AgentOtelStatus TryAdd(double value)
        {
            return (AgentOtelStatus)Native.Functions.agentotel_bound_counter_add(handle, value);
        }
    }

    /// <summary>An up-down counter: a sum that rises and falls. It is a number, good until the library is shut down.</summary>
    public readonly unsafe struct UpDownCounter
    {
        private readonly ulong handle;

        internal UpDownCounter(ulong handle)
        {
            this.handle = handle;
        }

        /// <summary>Adds to it. Nothing is allocated for attributes that came before.</summary>
        /// <exception cref="AgentOtelException">The value or an attribute is none that it takes, or it is shut down.</exception>
        public void Add(double value, AttributeSet attributes = default(AttributeSet))
        {
            AgentOtelException.Check((int)TryAdd(value, attributes));
        }

        /// <summary>The same as <see cref="Add"/>, with a status.</summary>
        public AgentOtelStatus TryAdd(double value, AttributeSet attributes = default(AttributeSet))
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.Attribute* laid = arena.Attributes(attributes, out UIntPtr count);
                return (AgentOtelStatus)Native.Functions.agentotel_up_down_counter_add(handle, value, laid, count);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Fixes the attributes, so that measuring takes some tens of nanoseconds at most.</summary>
        /// <exception cref="AgentOtelException">There are too many bound instruments, or it is shut down.</exception>
        public BoundUpDownCounter Bind(AttributeSet attributes)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                ulong bound;
                Native.Attribute* laid = arena.Attributes(attributes, out UIntPtr count);
                AgentOtelException.Check(Native.Functions.agentotel_bind_up_down_counter(handle, laid, count, &bound));
                return new BoundUpDownCounter(bound);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        internal static UpDownCounter Create(Instrument instrument)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                ulong made;
                AgentOtelException.Check(Native.Functions.agentotel_create_up_down_counter(instrument.WriteTo(arena), &made));
                return new UpDownCounter(made);
            }
            finally
            {
                arena.Release(mark);
            }
        }
    }

    /// <summary>An up-down counter whose attributes are fixed.</summary>
    public readonly struct BoundUpDownCounter
    {
        private readonly ulong handle;

        internal BoundUpDownCounter(ulong handle)
        {
            this.handle = handle;
        }

        /// <summary>Adds to it.</summary>
        /// <exception cref="AgentOtelException">The value is none that it takes, or it is shut down.</exception>
        public void Add(double value)
        {
            AgentOtelException.Check((int)TryAdd(value));
        }

        /// <summary>The same as <see cref="Add"/>, with a status.</summary>
        public AgentOtelStatus TryAdd(double value)
        {
            return (AgentOtelStatus)Native.Functions.agentotel_bound_up_down_counter_add(handle, value);
        }
    }

    /// <summary>A histogram: a distribution, in buckets. It is a number, good until the library is shut down.</summary>
    public readonly unsafe struct Histogram
    {
        private readonly ulong handle;

        internal Histogram(ulong handle)
        {
            this.handle = handle;
        }

        /// <summary>Records a value. Nothing is allocated for attributes that came before.</summary>
        /// <exception cref="AgentOtelException">The value or an attribute is none that it takes, or it is shut down.</exception>
        public void Record(double value, AttributeSet attributes = default(AttributeSet))
        {
            AgentOtelException.Check((int)TryRecord(value, attributes));
        }

        /// <summary>The same as <see cref="Record"/>, with a status.</summary>
        public AgentOtelStatus TryRecord(double value, AttributeSet attributes = default(AttributeSet))
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.Attribute* laid = arena.Attributes(attributes, out UIntPtr count);
                return (AgentOtelStatus)Native.Functions.agentotel_histogram_record(handle, value, laid, count);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Fixes the attributes, so that measuring takes some tens of nanoseconds at most.</summary>
        /// <exception cref="AgentOtelException">There are too many bound instruments, or it is shut down.</exception>
        public BoundHistogram Bind(AttributeSet attributes)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                ulong bound;
                Native.Attribute* laid = arena.Attributes(attributes, out UIntPtr count);
                AgentOtelException.Check(Native.Functions.agentotel_bind_histogram(handle, laid, count, &bound));
                return new BoundHistogram(bound);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        internal static Histogram Create(Instrument instrument)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                ulong made;
                AgentOtelException.Check(Native.Functions.agentotel_create_histogram(instrument.WriteTo(arena), &made));
                return new Histogram(made);
            }
            finally
            {
                arena.Release(mark);
            }
        }
    }

    /// <summary>A histogram whose attributes are fixed.</summary>
    public readonly struct BoundHistogram
    {
        private readonly ulong handle;

        internal BoundHistogram(ulong handle)
        {
            this.handle = handle;
        }

        /// <summary>Records a value.</summary>
        /// <exception cref="AgentOtelException">The value is none that it takes, or it is shut down.</exception>
        public void Record(double value)
        {
            AgentOtelException.Check((int)TryRecord(value));
        }

        /// <summary>The same as <see cref="Record"/>, with a status.</summary>
        public AgentOtelStatus TryRecord(double value)
        {
            return (AgentOtelStatus)Native.Functions.agentotel_bound_histogram_record(handle, value);
        }
    }

    /// <summary>A gauge: the last value. It is a number, good until the library is shut down.</summary>
    public readonly unsafe struct Gauge
    {
        private readonly ulong handle;

        internal Gauge(ulong handle)
        {
            this.handle = handle;
        }

        /// <summary>Sets it. Nothing is allocated for attributes that came before.</summary>
        /// <exception cref="AgentOtelException">The value or an attribute is none that it takes, or it is shut down.</exception>
        public void Record(double value, AttributeSet attributes = default(AttributeSet))
        {
            AgentOtelException.Check((int)TryRecord(value, attributes));
        }

        /// <summary>The same as <see cref="Record"/>, with a status.</summary>
        public AgentOtelStatus TryRecord(double value, AttributeSet attributes = default(AttributeSet))
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.Attribute* laid = arena.Attributes(attributes, out UIntPtr count);
                return (AgentOtelStatus)Native.Functions.agentotel_gauge_record(handle, value, laid, count);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Fixes the attributes, so that measuring takes some tens of nanoseconds at most.</summary>
        /// <exception cref="AgentOtelException">There are too many bound instruments, or it is shut down.</exception>
        public BoundGauge Bind(AttributeSet attributes)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                ulong bound;
                Native.Attribute* laid = arena.Attributes(attributes, out UIntPtr count);
                AgentOtelException.Check(Native.Functions.agentotel_bind_gauge(handle, laid, count, &bound));
                return new BoundGauge(bound);
            }
            finally
            {
                arena.Release(mark);
            }
        }

        internal static Gauge Create(Instrument instrument)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                ulong made;
                AgentOtelException.Check(Native.Functions.agentotel_create_gauge(instrument.WriteTo(arena), &made));
                return new Gauge(made);
            }
            finally
            {
                arena.Release(mark);
            }
        }
    }

    /// <summary>A gauge whose attributes are fixed.</summary>
    public readonly struct BoundGauge
    {
        private readonly ulong handle;

        internal BoundGauge(ulong handle)
        {
            this.handle = handle;
        }

        /// <summary>Sets it.</summary>
        /// <exception cref="AgentOtelException">The value is none that it takes, or it is shut down.</exception>
        public void Record(double value)
        {
            AgentOtelException.Check((int)TryRecord(value));
        }

        /// <summary>The same as <see cref="Record"/>, with a status.</summary>
        public AgentOtelStatus TryRecord(double value)
        {
            return (AgentOtelStatus)Native.Functions.agentotel_bound_gauge_record(handle, value);
        }
    }
}
