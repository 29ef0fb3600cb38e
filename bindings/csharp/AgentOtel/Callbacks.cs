using System;
using System.Collections.Generic;
using System.IO;

namespace AgentOtel
{
    /// <summary>Takes batches in place of a receiver, one call at a time. One that throws is asked again later.</summary>
    /// <param name="batch">The batch; valid during the call.</param>
    public delegate ExportResult Exporter(ExportBatch batch);

    /// <summary>
    /// Makes one line of a span or log record; null or empty leaves it out. A record for which it throws is counted as rejected.
    /// </summary>
    /// <param name="signal">What the record is.</param>
    /// <param name="json">The record as one OTLP/JSON object.</param>
    public delegate string Formatter(Signal signal, string json);

    /// <summary>Gives the headers of one request. One that throws fails the attempt.</summary>
    /// <param name="headers">Takes them; valid during the call.</param>
    public delegate void HeaderProvider(HeaderSink headers);

    /// <summary>Decides whether a session is recorded, on the thread that starts it. One that throws has it kept.</summary>
    public delegate SamplingResult Sampler(SamplingQuestion question);

    /// <summary>Puts attributes on what is recorded, on the thread that records. What it throws is swallowed.</summary>
    /// <param name="about">What attributes are wanted for.</param>
    /// <param name="attributes">Takes them; valid during the call.</param>
    public delegate void AttributeInjector(Injectee about, AttributeSink attributes);

    /// <summary>
    /// Says the values of a gauge at each collection; every exporter waits for it. One that throws shows what it had said.
    /// </summary>
    /// <param name="observation">Takes them; valid during the call.</param>
    public delegate void ObservableGauge(Observation observation);

    /// <summary>Is told what the library says about itself, one line after the other, on a thread of its own.</summary>
    public delegate void DiagnosticHandler(Diagnostic diagnostic);

    /// <summary>A batch that an exporter is handed. Its payload is valid during the call.</summary>
    public sealed unsafe class ExportBatch
    {
        private readonly byte* payload;

        internal ExportBatch(Native.ExportBatch* batch)
        {
            payload = batch->payload;
            PayloadLength = (int)batch->payload_len;
            Signal = (Signal)batch->signal;
            PayloadType = (PayloadType)batch->payload_type;
            ItemCount = (long)batch->item_count;
            Timeout = TimeSpan.FromMilliseconds(batch->timeout_ms);
        }

        /// <summary>What is in it.</summary>
        public Signal Signal { get; }

        /// <summary>How it is encoded.</summary>
        public PayloadType PayloadType { get; }

        /// <summary>How many spans or log records it has.</summary>
        public long ItemCount { get; }

        /// <summary>How long the call should take at most.</summary>
        public TimeSpan Timeout { get; }

        /// <summary>How many bytes the payload has.</summary>
        public int PayloadLength { get; }

        /// <summary>A complete OTLP export request.</summary>
        public ReadOnlySpan<byte> Payload
        {
            get { return new ReadOnlySpan<byte>(payload, PayloadLength); }
        }

        /// <summary>The payload as a stream, valid during the call.</summary>
        public Stream OpenPayload()
        {
            return new UnmanagedMemoryStream(payload, PayloadLength);
        }
    }

    /// <summary>What became of a batch. The default value: it was taken.</summary>
    public struct ExportResult
    {
        private uint answer;
        private TimeSpan retryAfter;

        /// <summary>Items that were refused for good, out of a batch that was taken.</summary>
        public long RejectedItems { get; set; }

        /// <summary>Why, for the diagnostics; cut to 511 bytes.</summary>
        public string Message { get; set; }

        /// <summary>It was taken.</summary>
        public static ExportResult Ok
        {
            get { return default(ExportResult); }
        }

        /// <summary>It was not taken and is to be handed over again.</summary>
        /// <param name="after">After which time at the earliest; zero: as the exporter's <c>retry</c> says.</param>
        /// <param name="message">Why.</param>
        public static ExportResult Retry(TimeSpan after = default(TimeSpan), string message = null)
        {
            return new ExportResult { answer = Native.Numbers.EXPORT_RETRY, retryAfter = after, Message = message };
        }

        /// <summary>It was refused for good.</summary>
        /// <param name="message">Why.</param>
        public static ExportResult Reject(string message = null)
        {
            return new ExportResult { answer = Native.Numbers.EXPORT_REJECT, Message = message };
        }

        internal uint Answer
        {
            get { return answer; }
        }

        internal ulong RetryAfterMilliseconds
        {
            get { return retryAfter <= TimeSpan.Zero ? 0 : UnixTime.Milliseconds(retryAfter); }
        }
    }

    /// <summary>Takes the headers of one request.</summary>
    public sealed unsafe class HeaderSink
    {
        private void* headers;

        internal HeaderSink(void* headers)
        {
            this.headers = headers;
        }

        /// <summary>Adds a header, in place of one of the same name.</summary>
        /// <exception cref="AgentOtelException">It is none that can be sent.</exception>
        /// <exception cref="ObjectDisposedException">The call that this was given to is over.</exception>
        public void Add(string name, string value)
        {
            if (headers == null)
            {
                throw new ObjectDisposedException(nameof(HeaderSink));
            }
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                AgentOtelException.Check(
                    Native.Functions.agentotel_add_header(headers, arena.Text(name), arena.Text(value)));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        internal void Close()
        {
            headers = null;
        }
    }

    /// <summary>A session that is to start.</summary>
    public sealed class SamplingQuestion
    {
        internal unsafe SamplingQuestion(Native.SamplingQuestion* question)
        {
            var text = new System.Text.StringBuilder(32);
            for (int i = 0; i < 16; i++)
            {
                text.Append(question->trace_id[i].ToString("x2"));
            }
            TraceId = text.ToString();
            Parent = question->parent == null ? (SpanContext?)null : *question->parent;
            TraceState = Arena.Read(question->trace_state);
            SessionName = Arena.Read(question->session_name);
            var attributes = new KeyValuePair<string, object>[(int)question->attribute_count];
            for (int i = 0; i < attributes.Length; i++)
            {
                Native.Attribute* attribute = question->attributes + i;
                attributes[i] = new KeyValuePair<string, object>(
                    Arena.Read(attribute->key), AttributeValue.Read(attribute).ToObject());
            }
            Attributes = attributes;
        }

        /// <summary>The trace id that the session will have, as 32 hexadecimal digits.</summary>
        public string TraceId { get; }

        /// <summary>Its parent in another process; null when it has none.</summary>
        public SpanContext? Parent { get; }

        /// <summary>The parent's <c>tracestate</c>; null when it has none.</summary>
        public string TraceState { get; }

        /// <summary>The name of the session's root span.</summary>
        public string SessionName { get; }

        /// <summary>The attributes that it is started with, but for JSON.</summary>
        public IReadOnlyList<KeyValuePair<string, object>> Attributes { get; }
    }

    /// <summary>Whether a session is recorded.</summary>
    public struct SamplingResult
    {
        private bool drop;

        /// <summary>It is recorded.</summary>
        public static SamplingResult Keep
        {
            get { return default(SamplingResult); }
        }

        /// <summary>It is not recorded; its events are counted.</summary>
        public static SamplingResult Drop
        {
            get { return new SamplingResult { drop = true }; }
        }

        /// <summary>The session's <c>tracestate</c>; the parent's when it is null.</summary>
        public string TraceState { get; set; }

        internal bool IsDrop
        {
            get { return drop; }
        }
    }

    /// <summary>What attributes are wanted for.</summary>
    public struct Injectee
    {
        /// <summary>Traces for a span, logs for a log record.</summary>
        public Signal Signal { get; internal set; }

        /// <summary>The kind of the event.</summary>
        public EventKind Kind { get; internal set; }

        /// <summary>Whether it is a session's root span; the kind says nothing then.</summary>
        public bool IsSession { get; internal set; }

        /// <summary>The session's root span.</summary>
        public SpanContext Session { get; internal set; }
    }

    /// <summary>Takes attributes for what is being recorded.</summary>
    public sealed unsafe class AttributeSink
    {
        private readonly EventAttribute[] one = new EventAttribute[1];
        private void* attributes;

        internal AttributeSink()
        {
        }

        /// <summary>Adds an attribute, in place of one of the same key; 64 at most.</summary>
        /// <exception cref="AgentOtelException">There are too many, or the key is empty.</exception>
        /// <exception cref="ObjectDisposedException">The call that this was given to is over.</exception>
        public void Add(EventAttribute attribute)
        {
            if (attributes == null)
            {
                throw new ObjectDisposedException(nameof(AttributeSink));
            }
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                one[0] = attribute;
                var laid = (Native.Attribute*)arena.Allocate(sizeof(Native.Attribute));
                arena.Attribute(one, 0, laid);
                AgentOtelException.Check(Native.Functions.agentotel_add_attribute(attributes, laid));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Adds an attribute.</summary>
        /// <exception cref="AgentOtelException">There are too many, or the key is empty.</exception>
        public void Add(Text key, AttributeValue value)
        {
            Add(new EventAttribute(key, value));
        }

        internal void Open(void* given)
        {
            attributes = given;
        }
    }

    /// <summary>Takes the values of an observable gauge.</summary>
    public sealed unsafe class Observation
    {
        private void* observation;

        internal Observation(void* observation)
        {
            this.observation = observation;
        }

        /// <summary>Says a value; of values with the same attributes the last one counts.</summary>
        /// <exception cref="AgentOtelException">The value or an attribute is none that it takes.</exception>
        /// <exception cref="ObjectDisposedException">The call that this was given to is over.</exception>
        public void Observe(double value, AttributeSet attributes = default(AttributeSet))
        {
            if (observation == null)
            {
                throw new ObjectDisposedException(nameof(Observation));
            }
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.Attribute* laid = arena.Attributes(attributes, out UIntPtr count);
                AgentOtelException.Check(Native.Functions.agentotel_observe(observation, value, laid, count));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        internal void Close()
        {
            observation = null;
        }
    }

    /// <summary>One line of what the library says about itself.</summary>
    public sealed class Diagnostic
    {
        internal unsafe Diagnostic(Native.Diagnostic* diagnostic)
        {
            Level = (DiagnosticLevel)diagnostic->level;
            Time = UnixTime.To(diagnostic->time_unix_nano);
            Text = Arena.Read(diagnostic->text);
            LeftOut = (long)diagnostic->left_out;
        }

        /// <summary>How much it matters.</summary>
        public DiagnosticLevel Level { get; }

        /// <summary>When it was said.</summary>
        public DateTimeOffset Time { get; }

        /// <summary>The line, without its end.</summary>
        public string Text { get; }

        /// <summary>How many lines before this one were not handed over.</summary>
        public long LeftOut { get; }
    }

    /// <summary>
    /// What is registered under a name. Disposing takes it away, and waits for calls that are under way for ten seconds at most;
    /// one that has been replaced stays replaced. It need not be kept: what is registered stays so.
    /// </summary>
    public sealed class CallbackRegistration : IDisposable
    {
        private readonly long id;

        internal CallbackRegistration(CallbackKind? kind, string name, long id)
        {
            Kind = kind;
            Name = name;
            this.id = id;
        }

        /// <summary>What it is; null for the diagnostic handler.</summary>
        public CallbackKind? Kind { get; }

        /// <summary>The name; null for the diagnostic handler.</summary>
        public string Name { get; }

        /// <summary>Whether it is still there.</summary>
        public bool IsRegistered
        {
            get { return Registry.Has(id); }
        }

        /// <summary>Takes it away, unless it was replaced or taken away.</summary>
        /// <param name="timeout">How long to wait at most for calls that are under way.</param>
        /// <exception cref="AgentOtelTimeoutException">It is taken away, and a call is still under way.</exception>
        public void Unregister(TimeSpan timeout)
        {
            AgentOtelStatus status = Callbacks.Take(this, timeout);
            if (status != AgentOtelStatus.NotFound)
            {
                AgentOtelException.Check((int)status);
            }
        }

        /// <summary>Takes it away.</summary>
        public void Dispose()
        {
            Callbacks.Take(this, TimeSpan.FromSeconds(10));
        }
    }

    /// <summary>
    /// Registers functions of the program. It may be done before the library is started; they stay registered when it is shut
    /// down. At the end of the process the library is shut down, within <see cref="ExitTimeout"/>, and they are taken away.
    /// </summary>
    public static unsafe class Callbacks
    {
        /// <summary>How long delivery to functions of the program may take at the end of the process: two seconds.</summary>
        public static TimeSpan ExitTimeout { get; set; } = TimeSpan.FromSeconds(2);

        /// <summary>Registers the function of exporters of the type <c>host</c> whose <c>callback</c> has this name.</summary>
        /// <exception cref="AgentOtelException">The name is none.</exception>
        public static CallbackRegistration RegisterExporter(string name, Exporter exporter)
        {
            return Register(CallbackKind.Exporter, name, exporter);
        }

        /// <summary>
        /// Registers the function that makes the lines of <c>file</c> and <c>console</c> exporters whose <c>format</c> has this
        /// name.
        /// </summary>
        /// <exception cref="AgentOtelException">The name is none.</exception>
        public static CallbackRegistration RegisterFormatter(string name, Formatter formatter)
        {
            return Register(CallbackKind.Formatter, name, formatter);
        }

        /// <summary>Has the requests of the exporter of this name carry the headers that a function gives.</summary>
        /// <exception cref="AgentOtelException">The name is none.</exception>
        public static CallbackRegistration RegisterHeaderProvider(string exporter, HeaderProvider provider)
        {
            return Register(CallbackKind.HeaderProvider, exporter, provider);
        }

        /// <summary>Registers the sampler that a configuration's <c>sampler</c> of the type <c>host</c> names.</summary>
        /// <exception cref="AgentOtelException">The name is none.</exception>
        public static CallbackRegistration RegisterSampler(string name, Sampler sampler)
        {
            return Register(CallbackKind.Sampler, name, sampler);
        }

        /// <summary>Registers the function that <c>inject.host</c> of the configuration names.</summary>
        /// <exception cref="AgentOtelException">The name is none.</exception>
        public static CallbackRegistration RegisterAttributeInjector(string name, AttributeInjector injector)
        {
            return Register(CallbackKind.AttributeInjector, name, injector);
        }

        /// <summary>Registers a function that says a gauge's values at each collection.</summary>
        /// <exception cref="AgentOtelException">The instrument's name is none.</exception>
        public static CallbackRegistration RegisterObservableGauge(Instrument instrument, ObservableGauge gauge)
        {
            return Register(CallbackKind.Observable, instrument.Name.ToString(), gauge, instrument);
        }

        /// <summary>Sets the function that is told what the library says about itself, in place of the one before.</summary>
        /// <exception cref="AgentOtelException">It could not be set.</exception>
        public static CallbackRegistration SetDiagnosticHandler(DiagnosticHandler handler)
        {
            return Register(null, null, handler);
        }

        private static CallbackRegistration Register(
            CallbackKind? kind, string name, Delegate function, Instrument instrument = default(Instrument))
        {
            if (function == null)
            {
                throw new ArgumentNullException(nameof(function));
            }
            ExitGuard.Watch();
            long id = Registry.Add(function);
            var registration = new CallbackRegistration(kind, name, id);
            ExitGuard.Add(id, registration);
            int status = (int)AgentOtelStatus.Internal;
            try
            {
                status = Hand(kind, name, (void*)id, instrument);
                AgentOtelException.Check(status);
                return registration;
            }
            finally
            {
                if (status != 0)
                {
                    ExitGuard.Remove(id);
                    Registry.Remove(id);
                }
            }
        }

        // The library reads the struct during the call only.
        private static int Hand(CallbackKind? kind, string name, void* id, Instrument instrument)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.Str laid = arena.Text(name);
                switch (kind)
                {
                    case CallbackKind.Exporter:
                        var exporter = default(Native.ExporterCallbacks);
                        exporter.struct_size = (UIntPtr)sizeof(Native.ExporterCallbacks);
                        exporter.export_batch = Trampolines.ExportBatch;
                        exporter.user_data = id;
                        exporter.destroy = Trampolines.Destroy;
                        return Native.Functions.agentotel_register_exporter(laid, &exporter);
                    case CallbackKind.Formatter:
                        var formatter = default(Native.Formatter);
                        formatter.struct_size = (UIntPtr)sizeof(Native.Formatter);
                        formatter.format = Trampolines.Format;
                        formatter.user_data = id;
                        formatter.destroy = Trampolines.Destroy;
                        return Native.Functions.agentotel_register_formatter(laid, &formatter);
                    case CallbackKind.HeaderProvider:
                        var provider = default(Native.HeaderProvider);
                        provider.struct_size = (UIntPtr)sizeof(Native.HeaderProvider);
                        provider.provide = Trampolines.ProvideHeaders;
                        provider.user_data = id;
                        provider.destroy = Trampolines.Destroy;
                        return Native.Functions.agentotel_register_header_provider(laid, &provider);
                    case CallbackKind.Sampler:
                        var sampler = default(Native.Sampler);
                        sampler.struct_size = (UIntPtr)sizeof(Native.Sampler);
                        sampler.should_sample = Trampolines.ShouldSample;
                        sampler.user_data = id;
                        sampler.destroy = Trampolines.Destroy;
                        return Native.Functions.agentotel_register_sampler(laid, &sampler);
                    case CallbackKind.AttributeInjector:
                        var injector = default(Native.AttributeInjector);
                        injector.struct_size = (UIntPtr)sizeof(Native.AttributeInjector);
                        injector.inject = Trampolines.Inject;
                        injector.user_data = id;
                        injector.destroy = Trampolines.Destroy;
                        return Native.Functions.agentotel_register_attribute_injector(laid, &injector);
                    case CallbackKind.Observable:
                        var observable = default(Native.Observable);
                        observable.struct_size = (UIntPtr)sizeof(Native.Observable);
                        observable.observe = Trampolines.Observe;
                        observable.user_data = id;
                        observable.destroy = Trampolines.Destroy;
                        return Native.Functions.agentotel_register_observable_gauge(instrument.WriteTo(arena), &observable);
                    default:
                        var handler = default(Native.DiagnosticHandler);
                        handler.struct_size = (UIntPtr)sizeof(Native.DiagnosticHandler);
                        handler.handle = Trampolines.HandleDiagnostic;
                        handler.user_data = id;
                        handler.destroy = Trampolines.Destroy;
                        return Native.Functions.agentotel_set_diagnostic_handler(&handler);
                }
            }
            finally
            {
                arena.Release(mark);
            }
        }

        internal static AgentOtelStatus Take(CallbackRegistration registration, TimeSpan timeout)
        {
            if (!registration.IsRegistered)
            {
                return AgentOtelStatus.NotFound;
            }
            if (registration.Kind == null)
            {
                return (AgentOtelStatus)Native.Functions.agentotel_set_diagnostic_handler(null);
            }
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                return (AgentOtelStatus)Native.Functions.agentotel_unregister(
                    (uint)registration.Kind.Value, arena.Text(registration.Name), UnixTime.Milliseconds(timeout));
            }
            finally
            {
                arena.Release(mark);
            }
        }
    }
}
