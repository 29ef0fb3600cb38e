using System;

namespace AgentOtel
{
    /// <summary>A log record, as the Logs Data Model of OpenTelemetry has it. Everything is optional.</summary>
    public struct LogRecord
    {
        /// <summary>How severe it is.</summary>
        public Severity Severity { get; set; }

        /// <summary>What is said: a text or any other value.</summary>
        public AttributeValue Body { get; set; }

        /// <summary>The severity as its source calls it; the severity's short name when absent.</summary>
        public Text SeverityText { get; set; }

        /// <summary>Makes the record an event of that name, whose attributes and body have a known form.</summary>
        public Text EventName { get; set; }

        /// <summary>When it happened; now, when it is not said.</summary>
        public DateTimeOffset? Time { get; set; }

        /// <summary>Free attributes.</summary>
        public AttributeSet Attributes { get; set; }

        internal static unsafe AgentOtelStatus TryLogJson(ulong session, SpanTarget target, Text json)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                return (AgentOtelStatus)Native.Functions.agentotel_log_json(session, arena.Target(target), arena.Text(json));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        internal static unsafe AgentOtelStatus TryLog(ulong session, SpanTarget target, LogRecord record)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                var laid = (Native.LogRecord*)arena.Allocate(sizeof(Native.LogRecord));
                *laid = default(Native.LogRecord);
                laid->struct_size = (UIntPtr)sizeof(Native.LogRecord);
                laid->severity_number = (uint)record.Severity;
                laid->body_type = (uint)record.Body.Type;
                laid->body = arena.Value(record.Body);
                laid->severity_text = arena.Text(record.SeverityText);
                laid->event_name = arena.Text(record.EventName);
                laid->time_unix_nano = UnixTime.From(record.Time);
                laid->attributes = arena.Attributes(record.Attributes, out laid->attribute_count);
                return (AgentOtelStatus)Native.Functions.agentotel_log(session, arena.Target(target), laid);
            }
            finally
            {
                arena.Release(mark);
            }
        }
    }
}
