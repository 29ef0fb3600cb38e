// The scenario of scenario.json as a C# program carries it out:
//
//     conformance.exe ROLE SCENARIO CONFIG CONTEXT
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;

namespace AgentOtel.Tests
{
    internal static partial class Words
    {
        // One word, or several that are added up.
        internal static int Of(string enumeration, object said)
        {
            return said is string ? Known[enumeration + " " + said] : ((List<object>)said).Sum(one => Of(enumeration, one));
        }
    }

    internal static class Values
    {
        // A text: itself, {"hex": "6100"}, or {"repeat": ["x", 10]}.
        internal static Text Text(object said)
        {
            if (said == null || said is string)
            {
                return (string)said;
            }
            var form = (Dictionary<string, object>)said;
            if (form.ContainsKey("hex"))
            {
                return Bytes((string)form["hex"]);
            }
            var repeat = (List<object>)form["repeat"];
            return string.Concat(Enumerable.Repeat((string)repeat[0], (int)(long)repeat[1]));
        }

        internal static TextList Texts(object said)
        {
            return ((List<object>)said).Select(Text).ToArray();
        }

        internal static long? Integer(object said)
        {
            return (long)said;
        }

        internal static double? Number(object said)
        {
            return Convert.ToDouble(said);
        }

        internal static byte[] Bytes(string digits)
        {
            return Enumerable.Range(0, digits.Length / 2).Select(i => Convert.ToByte(digits.Substring(2 * i, 2), 16)).ToArray();
        }

        // A truth value, an integer, a text, or an object that names the type.
        internal static AttributeValue Value(object said)
        {
            if (said is bool)
            {
                return (bool)said;
            }
            if (said is long)
            {
                return (long)said;
            }
            var form = said as Dictionary<string, object>;
            switch (form == null ? null : form.Keys.Single())
            {
                case "double":
                    return Convert.ToDouble(form["double"]);
                case "bytes":
                    return AttributeValue.Bytes(Bytes((string)form["bytes"]));
                case "json":
                    return AttributeValue.Json(Text(form["json"]));
                case "strings":
                    return AttributeValue.Strings(((List<object>)form["strings"]).Cast<string>().ToArray());
                case "bools":
                    return AttributeValue.Bools(((List<object>)form["bools"]).Cast<bool>().ToArray());
                case "int64s":
                    return AttributeValue.Int64s(((List<object>)form["int64s"]).Cast<long>().ToArray());
                case "doubles":
                    return AttributeValue.Doubles(((List<object>)form["doubles"]).Select(Convert.ToDouble).ToArray());
                default:
                    return AttributeValue.String(Text(said));
            }
        }

        internal static AttributeSet Attributes(object said)
        {
            return said == null
                ? default(AttributeSet)
                : ((Dictionary<string, object>)said).Select(one => new EventAttribute(one.Key, Value(one.Value))).ToArray();
        }
    }

    // What is done with an event, whatever its detail.
    internal abstract class Call
    {
        internal abstract AgentOtelStatus With<T>(T detail, EventOptions options) where T : struct, IEventDetail;
    }

    internal sealed class Record : Call
    {
        internal Session Session;
        internal SpanContext Context;

        internal override AgentOtelStatus With<T>(T detail, EventOptions options)
        {
            return Session.TryRecord(detail, options, out Context);
        }
    }

    internal sealed class Add : Call
    {
        internal readonly EventBatch Batch = new EventBatch();

        internal override AgentOtelStatus With<T>(T detail, EventOptions options)
        {
            Batch.Add(detail, options);
            return AgentOtelStatus.Ok;
        }
    }

    internal sealed class Begin : Call
    {
        internal Session Session;
        internal AgentEvent Event;

        internal override AgentOtelStatus With<T>(T detail, EventOptions options)
        {
            return Session.TryStart(detail, options, out Event);
        }
    }

    internal sealed class Update : Call
    {
        internal AgentEvent Event;

        internal override AgentOtelStatus With<T>(T detail, EventOptions options)
        {
            return Event.TryUpdate(detail, options);
        }
    }

    internal sealed class Finish : Call
    {
        internal AgentEvent Event;

        internal override AgentOtelStatus With<T>(T detail, EventOptions options)
        {
            return Event.TryEnd(detail, options);
        }
    }

    internal sealed class Scenario
    {
        private readonly Dictionary<string, object> all;
        private readonly string configPath;
        private readonly string contextPath;
        private readonly ManualResetEvent released = new ManualResetEvent(false);
        private readonly Dictionary<string, Session> sessions = new Dictionary<string, Session>();
        private readonly Dictionary<string, AgentEvent> events = new Dictionary<string, AgentEvent>();
        private readonly Dictionary<string, SpanContext> spans = new Dictionary<string, SpanContext>();
        private AgentOtelClient client;
        private RemoteContext remote;
        private long exported;

        private Scenario(string[] arguments)
        {
            all = Json.Parse(File.ReadAllText(arguments[1]));
            configPath = arguments[2];
            contextPath = arguments[3];
        }

        private static int Main(string[] arguments)
        {
            if (arguments.Length != 4)
            {
                Console.Error.WriteLine("usage: conformance.exe ROLE SCENARIO CONFIG CONTEXT");
                return 2;
            }
            try
            {
                var scenario = new Scenario(arguments);
                scenario.RegisterCallbacks();
                scenario.Init("main");
                scenario.RunAll((List<object>)((Dictionary<string, object>)scenario.all["roles"])[arguments[0]]);
                return 0;
            }
            catch (Exception exception)
            {
                Console.Error.WriteLine(exception);
                return 1;
            }
        }

        private static object Member(object said, string name)
        {
            var members = said as Dictionary<string, object>;
            return members != null && members.TryGetValue(name, out object value) ? value : null;
        }

        private Session SessionOf(object step)
        {
            var name = (string)Member(step, "session");
            lock (sessions)
            {
                return string.IsNullOrEmpty(name) ? new Session(0) : sessions[name];
            }
        }

        private AgentEvent EventOf(object step)
        {
            lock (sessions)
            {
                return events[(string)Member(step, "id")];
            }
        }

        private SpanTarget TargetOf(object name)
        {
            lock (sessions)
            {
                return name == null ? default(SpanTarget)
                    : events.TryGetValue((string)name, out AgentEvent running) ? (SpanTarget)running : (SpanTarget)spans[(string)name];
            }
        }

        private void RegisterCallbacks()
        {
            Callbacks.RegisterExporter("conformance", batch =>
            {
                if (batch.Signal == Signal.Traces)
                {
                    Interlocked.Add(ref exported, batch.ItemCount);
                }
                return ExportResult.Ok;
            });
            Callbacks.RegisterExporter("stuck", batch =>
            {
                released.WaitOne();
                return ExportResult.Ok;
            });
            Callbacks.RegisterSampler("conformance",
                question => question.SessionName == "dropped" ? SamplingResult.Drop : SamplingResult.Keep);
            Callbacks.RegisterAttributeInjector("conformance", (about, attributes) =>
            {
                if (about.IsSession)
                {
                    attributes.Add("injected.session", true);
                }
                else
                {
                    attributes.Add("injected.kind", (int)about.Kind);
                }
            });
        }

        private void Init(string which)
        {
            if (which == null || which == "main")
            {
                client = AgentOtelClient.Start(File.ReadAllText(configPath));
                return;
            }
            // The scenario's other configurations are small.
            client = AgentOtelClient.Start(Written(((Dictionary<string, object>)all["configurations"])[which]));
        }

        private static string Quoted(string text)
        {
            var said = new StringBuilder("\"");
            foreach (char letter in text)
            {
                said.Append(letter < ' ' || letter == '"' || letter == '\\' ? "\\u" + ((int)letter).ToString("x4") : letter.ToString());
            }
            return said.Append('"').ToString();
        }

        private static string Written(object value)
        {
            if (value is Dictionary<string, object> members)
            {
                return "{" + string.Join(",", members.Select(one => Quoted(one.Key) + ":" + Written(one.Value))) + "}";
            }
            if (value is List<object> items)
            {
                return "[" + string.Join(",", items.Select(Written)) + "]";
            }
            return value is string text ? Quoted(text) : FormattableString.Invariant($"{value}").ToLowerInvariant();
        }

        private EventOptions OptionsOf(object said)
        {
            var options = new EventOptions();
            foreach (KeyValuePair<string, object> one in (Dictionary<string, object>)said)
            {
                switch (one.Key)
                {
                    case "name":
                        options.Name = Values.Text(one.Value);
                        break;
                    case "parent":
                        options.Parent = TargetOf(one.Value);
                        break;
                    case "parent_index":
                        options.ParentIndex = (int)(long)one.Value;
                        break;
                    case "duration_nano":
                        options.DurationNanoseconds = (long)one.Value;
                        break;
                    case "span_kind":
                        options.SpanKind = (SpanKind)Words.Of("SpanKind", one.Value);
                        break;
                    case "status_code":
                        options.Status = (SpanStatus)Words.Of("SpanStatus", one.Value);
                        break;
                    case "status_message":
                        options.StatusMessage = Values.Text(one.Value);
                        break;
                    case "event_id":
                        options.EventId = Values.Text(one.Value);
                        break;
                    case "error":
                        options.Error = Fields.Error((Dictionary<string, object>)one.Value);
                        break;
                    case "attributes":
                        options.Attributes = Values.Attributes(one.Value);
                        break;
                    case "links":
                        options.Links = ((List<object>)one.Value).Select(link => new SpanLink
                        {
                            Context = spans[(string)Member(link, "to")], TraceState = Values.Text(Member(link, "trace_state")),
                            Attributes = Values.Attributes(Member(link, "attributes")),
                        }).ToArray();
                        break;
                    case "span_events":
                        options.SpanEvents = ((List<object>)one.Value).Select(moment => new SpanEvent
                        {
                            Name = Values.Text(Member(moment, "name")), Attributes = Values.Attributes(Member(moment, "attributes")),
                        }).ToArray();
                        break;
                    default:
                        if (!Details.Contains(one.Key))
                        {
                            throw new ArgumentException("an event has no " + one.Key);
                        }
                        break;
                }
            }
            return options;
        }

        private static readonly HashSet<string> Details = new HashSet<string>
        {
            "llm", "tool", "action", "embeddings", "retrieval", "agent", "workflow", "mcp_client", "mcp_server", "handoff", "plan",
            "approval", "guardrail", "memory", "compaction", "evaluation", "feedback",
        };

        private AgentOtelStatus Do(Call call, object said)
        {
            EventOptions options = OptionsOf(said);
            string detail = ((Dictionary<string, object>)said).Keys.FirstOrDefault(Details.Contains);
            var fields = detail == null ? null : (Dictionary<string, object>)Member(said, detail);
            switch (detail)
            {
                case "llm":
                    return call.With(Fields.Llm(fields), options);
                case "tool":
                    return call.With(Fields.Tool(fields), options);
                case "action":
                    return call.With(Fields.Action(fields), options);
                case "embeddings":
                    return call.With(Fields.Embeddings(fields), options);
                case "retrieval":
                    return call.With(Fields.Retrieval(fields), options);
                case "agent":
                    return call.With(Fields.Agent(fields), options);
                case "workflow":
                    return call.With(Fields.Workflow(fields), options);
                case "mcp_client":
                    return call.With(Fields.McpClient(fields), options);
                case "mcp_server":
                    return call.With(Fields.McpServer(fields), options);
                case "handoff":
                    return call.With(Fields.Handoff(fields), options);
                case "plan":
                    return call.With(Fields.Plan(fields), options);
                case "approval":
                    return call.With(Fields.Approval(fields), options);
                case "guardrail":
                    return call.With(Fields.Guardrail(fields), options);
                case "memory":
                    return call.With(Fields.Memory(fields), options);
                case "compaction":
                    return call.With(Fields.Compaction(fields), options);
                case "evaluation":
                    return call.With(Fields.Evaluation(fields), options);
                case "feedback":
                    return call.With(Fields.Feedback(fields), options);
                default:
                    return call.With(default(CustomDetail), options);
            }
        }

        private void StartSession(object step)
        {
            var options = new SessionOptions();
            foreach (KeyValuePair<string, object> one in (Dictionary<string, object>)Member(step, "options"))
            {
                switch (one.Key)
                {
                    case "name":
                        options.Name = Values.Text(one.Value);
                        break;
                    case "conversation_id":
                        options.ConversationId = Values.Text(one.Value);
                        break;
                    case "user_id":
                        options.UserId = Values.Text(one.Value);
                        break;
                    case "tags":
                        options.Tags = Values.Texts(one.Value);
                        break;
                    case "agent_name":
                        options.AgentName = Values.Text(one.Value);
                        break;
                    case "agent_id":
                        options.AgentId = Values.Text(one.Value);
                        break;
                    case "agent_version":
                        options.AgentVersion = Values.Text(one.Value);
                        break;
                    case "agent_description":
                        options.AgentDescription = Values.Text(one.Value);
                        break;
                    case "provider":
                        options.Provider = Values.Text(one.Value);
                        break;
                    case "attributes":
                        options.Attributes = Values.Attributes(one.Value);
                        break;
                    case "resumed":
                        options.Resumed = spans[(string)one.Value];
                        break;
                    case "previous_session_id":
                        options.PreviousSessionId = Values.Text(one.Value);
                        break;
                    case "remote":
                        options.Remote = remote;
                        break;
                    default:
                        throw new ArgumentException("a session has no " + one.Key);
                }
            }
            Session session = client.StartSession(options);
            sessions[(string)Member(step, "id")] = session;
            spans[(string)Member(step, "id")] = session.Context;
        }

        private static void Compare(object expected, string name, ulong value)
        {
            object said = Member(expected, name);
            if (said != null && (ulong)(long)said != value)
            {
                throw new InvalidOperationException(name + " is " + value + ", expected " + said);
            }
        }

        private AgentOtelStatus Run(object step)
        {
            try
            {
                return Answer(step);
            }
            catch (AgentOtelException exception)
            {
                return exception.Status;
            }
        }

        private AgentOtelStatus Answer(object step)
        {
            object said = Member(step, "event");
            var id = (string)Member(step, "id");
            TimeSpan timeout = TimeSpan.FromMilliseconds((long)(Member(step, "timeout_ms") ?? 0L));
            AgentOtelStatus status = AgentOtelStatus.Ok;
            switch ((string)Member(step, "do"))
            {
                case "init":
                    Init((string)Member(step, "config"));
                    break;
                case "session":
                    StartSession(step);
                    break;
                case "record":
                    var record = new Record { Session = SessionOf(step) };
                    status = Do(record, said);
                    spans[id] = record.Context;
                    break;
                case "record_all":
                    var add = new Add();
                    ((List<object>)Member(step, "events")).ForEach(one => Do(add, one));
                    SessionOf(step).Record(add.Batch);
                    break;
                case "record_json":
                    SessionOf(step).RecordJson((string)Member(step, "json"));
                    break;
                case "start":
                    var begin = new Begin { Session = SessionOf(step) };
                    status = Do(begin, said);
                    lock (sessions)
                    {
                        events[id] = begin.Event;
                        spans[id] = begin.Event.Context;
                    }
                    break;
                case "update":
                    return Do(new Update { Event = EventOf(step) }, said);
                case "chunk":
                    EventOf(step).Chunk(Values.Text(Member(step, "content")));
                    break;
                case "first_token":
                    EventOf(step).FirstToken();
                    break;
                case "end":
                    return said == null ? EventOf(step).TryEnd() : Do(new Finish { Event = EventOf(step) }, said);
                case "error":
                    SessionOf(step).RecordError(
                        Fields.Error((Dictionary<string, object>)Member(step, "error")), TargetOf(Member(step, "target")));
                    break;
                case "log":
                    object logged = Member(step, "record");
                    return SessionOf(step).TryLog(
                        new LogRecord
                        {
                            Severity = (Severity)Words.Of("Severity", Member(logged, "severity_number")),
                            Body = Values.Value(Member(logged, "body")),
                            SeverityText = Values.Text(Member(logged, "severity_text")),
                            EventName = Values.Text(Member(logged, "event_name")),
                            Attributes = Values.Attributes(Member(logged, "attributes")),
                        },
                        TargetOf(Member(step, "target")));
                case "attributes":
                    SessionOf(step).SetAttributes(Values.Attributes(Member(step, "attributes")));
                    break;
                case "end_session":
                    object end = Member(step, "end");
                    sessions[id].End(new SessionEnd
                    {
                        State = end == null ? EndState.Indeterminate : (EndState)Words.Of("EndState", Member(end, "end_state")),
                        Reason = Values.Text(Member(end, "reason")), ErrorType = Values.Text(Member(end, "error_type")),
                    });
                    break;
                case "threads":
                    Exception failed = null;
                    List<Thread> threads = ((List<object>)Member(step, "branches")).Select(branch => new Thread(() =>
                    {
                        try
                        {
                            RunAll((List<object>)branch);
                        }
                        catch (Exception exception)
                        {
                            failed = exception;
                        }
                    })).ToList();
                    threads.ForEach(thread => thread.Start());
                    threads.ForEach(thread => thread.Join());
                    if (failed != null)
                    {
                        throw failed;
                    }
                    break;
                case "expect":
                    string name = AgentOtelLibrary.StatusName(Run(Member(step, "step")));
                    if (name != (string)Member(step, "status"))
                    {
                        throw new InvalidOperationException(name + ": " + Written(step));
                    }
                    break;
                case "baggage":
                    SessionOf(step).SetBaggage((string)Member(step, "key"), (string)Member(step, "value"));
                    break;
                case "baggage_is":
                    string value = SessionOf(step).GetBaggage((string)Member(step, "key")).Value;
                    if (value != (string)Member(step, "value"))
                    {
                        throw new InvalidOperationException("baggage is " + value);
                    }
                    break;
                case "inject":
                    var headers = new Dictionary<string, string>();
                    Propagation.Inject(SessionOf(step), TargetOf(Member(step, "target")), headers);
                    File.WriteAllText(contextPath, Written(headers.ToDictionary(one => one.Key, one => (object)one.Value)));
                    break;
                case "extract":
                    remote = Propagation.Extract(Json.Parse(File.ReadAllText(contextPath))
                        .Select(one => new KeyValuePair<string, string>(one.Key, (string)one.Value)));
                    break;
                case "shutdown":
                    client.Shutdown(timeout);
                    break;
                case "release":
                    released.Set();
                    break;
                case "stats":
                    SignalStats stats = AgentOtelClient.GetStats((Signal)Words.Of("Signal", Member(step, "signal")));
                    object counts = Member(step, "is");
                    Compare(counts, "offered", stats.Offered);
                    Compare(counts, "accepted_caller", stats.AcceptedCaller);
                    Compare(counts, "accepted_derived", stats.AcceptedDerived);
                    Compare(counts, "duplicate", stats.Duplicate);
                    Compare(counts, "head_unsampled", stats.HeadUnsampled);
                    Compare(counts, "filtered", stats.Filtered);
                    Compare(counts, "repaired_utf8", stats.RepairedUtf8);
                    Compare(counts, "truncated_values", stats.TruncatedValues);
                    Compare(counts, "dropped_attributes", stats.DroppedAttributes);
                    Compare(counts, "refused_argument", stats.RefusedBecause(RefusedReason.Argument));
                    Compare(counts, "refused_handle", stats.RefusedBecause(RefusedReason.Handle));
                    break;
                case "exporter_stats":
                    ExporterStats exporter = AgentOtelClient.GetExporterStats(
                        (string)Member(step, "name"), (Signal)Words.Of("Signal", Member(step, "signal")));
                    object settled = Member(step, "is");
                    Compare(settled, "accepted", exporter.Accepted);
                    Compare(settled, "exported", exporter.Exported);
                    Compare(settled, "pending", exporter.Pending);
                    Compare(settled, "handed_over", (ulong)Interlocked.Read(ref exported));
                    break;
                default:
                    throw new ArgumentException("there is no step " + Written(step));
            }
            return status;
        }

        private void RunAll(List<object> steps)
        {
            foreach (object step in steps)
            {
                AgentOtelStatus status = Run(step);
                if (status != AgentOtelStatus.Ok)
                {
                    throw new InvalidOperationException(status + ": " + AgentOtelLibrary.LastError + ": " + Written(step));
                }
            }
        }
    }
}
