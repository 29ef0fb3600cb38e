using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace AgentOtel.Tests
{
    public static class Behaviour
    {
        private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

        public static void AACallsBeforeTheStartAreStatuses()
        {
            Check.Throws<AgentOtelNotInitializedException>(() => new Session(1).Record(new CustomDetail("x")));
            Check.Throws<AgentOtelNotInitializedException>(() => new AgentEvent(1).End());
            Check.Throws<AgentOtelNotInitializedException>(() => AgentOtelClient.GetStats(Signal.Traces));
            Check.That(!AgentOtelClient.IsLogEnabled(Severity.Fatal), "a log is enabled");
            new Session(1).Dispose();
            new AgentEvent(1).Dispose();
            Check.Equal(1, AgentOtelLibrary.AbiVersion, "ABI");
            Check.That(AgentOtelLibrary.Version.Split('.').Length == 3, AgentOtelLibrary.Version);
        }

        public static void EveryStatusHasAnExceptionAndAName()
        {
            foreach (AgentOtelStatus status in Enum.GetValues(typeof(AgentOtelStatus)))
            {
                string name = AgentOtelLibrary.StatusName(status);
                if (status == AgentOtelStatus.Ok)
                {
                    continue;
                }
                Check.Equal("AGENTOTELERR" + status.ToString().ToUpperInvariant(), name.Replace("_", ""), "name");
                Type type = typeof(AgentOtelException).Assembly.GetType("AgentOtel.AgentOtel" + status + "Exception");
                Check.That(type != null && type.IsSubclassOf(typeof(AgentOtelException)), "no exception for " + status);
            }
        }

        public static void AWrongConfigurationNamesItsKey()
        {
            var wrong = Check.Throws<AgentOtelConfigException>(() => AgentOtelClient.Start("{\"queue\":{\"max_bytes\":\"x\"}}"));
            Check.Contains("queue.max_bytes", wrong.Message);
            Check.Equal(AgentOtelStatus.Config, wrong.Status, "status");
        }

        public static void ASecondStartIsRefused()
        {
            using (new Kept())
            {
                Check.Throws<AgentOtelAlreadyInitializedException>(() => AgentOtelClient.Start());
            }
        }

        public static void EveryKindBecomesWhatItIs()
        {
            using (var kept = new Kept(",\"content\":{\"default\":\"full\"}"))
            using (var session = kept.Client.StartSession(new SessionOptions { AgentName = "tester", Provider = "openai" }))
            {
                SpanContext llm = session.Record(new LlmDetail
                {
                    RequestModel = "gpt-4o", InputTokens = 0, Temperature = 0, Stream = true, FinishReasons = new[] { "stop" },
                    Counting = TokenCounting.CacheSeparate | TokenCounting.ReasoningSeparate,
                });
                session.Record(new ToolDetail { Name = "find" }, new EventOptions { Parent = llm });
                session.Record(new ActionDetail { Type = "click" });
                session.Record(new EmbeddingsDetail { RequestModel = "small" });
                session.Record(new RetrievalDetail { DataSourceId = "books" });
                session.Record(new AgentDetail { Name = "other", Operation = AgentOperation.Create });
                session.Record(new WorkflowDetail { Name = "flow" });
                session.Record(new McpClientDetail { Method = "tools/list" });
                session.Record(new McpServerDetail { Method = "ping" });
                session.Record(new HandoffDetail { TargetName = "next" });
                session.Record(new PlanDetail { Name = "first", StepCount = 3 });
                session.Record(new ApprovalDetail { Subject = "rm", Decision = ApprovalDecision.Denied });
                session.Record(new GuardrailDetail { Name = "pii", Decision = GuardrailDecision.Blocked });
                session.Record(new MemoryDetail { Operation = MemoryOperation.Search });
                session.Record(new CompactionDetail { Strategy = "summarize" });
                session.Record(new EvaluationDetail { Name = "relevance", ScoreValue = 0.5 }, new EventOptions { Parent = llm });
                session.Record(new FeedbackDetail { ScoreLabel = "thumbs_up" }, new EventOptions { Parent = llm });
                session.Record(new CustomDetail("mine"));
                string all = kept.Flushed();
                foreach (string name in new[]
                {
                    "chat gpt-4o", "execute_tool find", "action click", "embeddings small", "retrieval books",
                    "create_agent other", "invoke_workflow flow", "tools/list", "ping", "handoff next", "plan first",
                    "approval rm", "guardrail pii", "memory search", "compaction summarize", "mine",
                })
                {
                    Check.Contains("\"name\":\"" + name + "\"", all);
                }
                Check.Contains("gen_ai.evaluation.result", all);
                Check.Contains("agentotel.feedback.source", all);
                Check.Contains("{\"key\":\"gen_ai.usage.input_tokens\",\"value\":{\"intValue\":\"0\"}}", all);
                Check.Contains("gen_ai.request.temperature", all);
                Check.Contains("gen_ai.response.finish_reasons", all);
                Check.Contains("\"parentSpanId\":\"" + llm.SpanId + "\"", all);
                Check.That(!all.Contains("gen_ai.request.top_p"), "what is not said is absent");
            }
        }

        public static void AllFormsOfTextAreTheSame()
        {
            using (var kept = new Kept())
            using (Session session = kept.Client.StartSession())
            {
                byte[] bytes = Encoding.UTF8.GetBytes("<héllo ✓ 😀>");
                session.Record(new CustomDetail("<héllo ✓ 😀>"));
                session.Record(new CustomDetail(bytes));
                session.Record(new CustomDetail(new ArraySegment<byte>(Encoding.UTF8.GetBytes("xx<héllo ✓ 😀>y"), 2, bytes.Length)));
                using (Utf8Scratch scratch = Utf8Scratch.Rent())
                {
                    session.Record(new CustomDetail(scratch.Add(bytes)));
                }
                session.Record(new CustomDetail("a\0b"));
                session.Record(new CustomDetail("half \ud800."));
                session.Record(new CustomDetail(new string('x', 300000) + "end"));
                string all = kept.Flushed();
                Check.Equal(4, all.Split(new[] { "\"name\":\"<héllo ✓ 😀>\"" }, StringSplitOptions.None).Length - 1, "forms");
                Check.Contains("a\\u0000b", all);
                Check.Contains("half �.", all);
                Check.Contains("xxxend\"", all);
                Check.Throws<AgentOtelInvalidArgumentException>(() => session.Record(default(CustomDetail)));
                Check.Equal("<héllo ✓ 😀>", new Text(bytes).ToString(), "text");
                Check.That(default(Text).IsAbsent && default(Text).ToString() == null && !new Text("").IsAbsent, "absent");
                Check.That(new Text(bytes).Equals("<héllo ✓ 😀>"), "equal");
            }
        }

        public static void EveryTypeOfAttributeArrives()
        {
            using (var kept = new Kept())
            using (Session session = kept.Client.StartSession())
            {
                var attributes = new[]
                {
                    new EventAttribute("text", "x"), new EventAttribute("empty", ""), new EventAttribute("yes", true),
                    new EventAttribute("int", -5L), new EventAttribute("double", 0.25),
                    new EventAttribute("bytes", AttributeValue.Bytes(new byte[] { 0, 255, 16 })),
                    new EventAttribute("strings", AttributeValue.Strings("a", "", null)),
                    new EventAttribute("bools", AttributeValue.Bools(true, false)),
                    new EventAttribute("ints", AttributeValue.Int64s(1, -2)),
                    new EventAttribute("doubles", AttributeValue.Doubles(0.5)),
                    new EventAttribute("none", AttributeValue.Strings()),
                    new EventAttribute("map", AttributeValue.Json("{\"k\":[1]}")),
                };
                session.Record(new CustomDetail("attributes"), new EventOptions { Attributes = attributes });
                session.SetAttributes(new ArraySegment<EventAttribute>(attributes, 3, 2));
                session.SetAttributes(AttributeSet.From(new Dictionary<string, object>
                {
                    { "d.int", 3 }, { "d.date", new DateTime(2020, 1, 2) }, { "d.decimal", 1.5m }, { "d.enum", DayOfWeek.Friday },
                    { "d.float", 0.5f }, { "d.bytes", new byte[] { 1 } }, { "d.null", null },
                }));
                session.End(EndState.Success, "done");
                string all = kept.Flushed();
                foreach (string value in new[]
                {
                    "{\"key\":\"text\",\"value\":{\"stringValue\":\"x\"}}", "{\"key\":\"empty\",\"value\":{\"stringValue\":\"\"}}",
                    "{\"key\":\"yes\",\"value\":{\"boolValue\":true}}", "{\"key\":\"int\",\"value\":{\"intValue\":\"-5\"}}",
                    "{\"key\":\"double\",\"value\":{\"doubleValue\":0.25}}", "{\"key\":\"bytes\",\"value\":{\"bytesValue\":\"AP8Q\"}}",
                    "{\"stringValue\":\"a\"},{\"stringValue\":\"\"},{\"stringValue\":\"\"}", "{\"boolValue\":true},{\"boolValue\":false}",
                    "{\"intValue\":\"1\"},{\"intValue\":\"-2\"}", "{\"doubleValue\":0.5}", "\"key\":\"k\"",
                    "{\"key\":\"d.int\",\"value\":{\"intValue\":\"3\"}}", "Friday", "\"d.decimal\",\"value\":{\"stringValue\":\"1.5\"}",
                    "agentotel.session.end_state",
                })
                {
                    Check.Contains(value, all);
                }
            }
        }

        public static void EventsInFlightAreUpdatedListedAndEnded()
        {
            using (var kept = new Kept())
            using (Session session = kept.Client.StartSession())
            {
                AgentEvent stream = session.Start(new LlmDetail { RequestModel = "gpt-4o", Stream = true });
                SpanContext context = stream.Context;
                stream.FirstToken();
                stream.Chunk("Hel");
                stream.Chunk(Encoding.UTF8.GetBytes("lo").AsSpan());
                stream.Chunk();
                LiveEvent live = kept.Client.ListLive().Single();
                Check.That(live.Event.Equals(stream) && live.Context == context && live.ChunkCount == 3, "live");
                Check.Equal("chat gpt-4o", live.Name, "name");
                Check.Equal(EventKind.Llm, live.Kind, "kind");
                using (AgentEvent tool = session.Start(new ToolDetail { Name = "t" }, new EventOptions { Parent = stream }))
                {
                    tool.Update(new EventOptions { Attributes = new[] { new EventAttribute("late", 1) } });
                    tool.UpdateJson("{\"attributes\":{\"later\":2}}");
                }
                session.Start(new ToolDetail { Name = "fails" }).Fail(new InvalidOperationException("broken"));
                session.StartJson("{\"name\":\"said\"}").EndJson("{\"status_code\":\"error\"}");
                stream.End(new LlmDetail { OutputTokens = 3 }, new EventOptions { Status = SpanStatus.Ok });
                Check.Throws<AgentOtelStaleHandleException>(() => stream.End());
                Check.Throws<AgentOtelStaleHandleException>(() => stream.FirstToken());
                Check.Throws<AgentOtelStaleHandleException>(() => stream.Update(new LlmDetail()));
                Check.Throws<AgentOtelStaleHandleException>(() => GC.KeepAlive(stream.Context));
                stream.Dispose();
                stream.Dispose();
                stream.DisposeAsync().AsTask().Wait();
                Check.Equal(AgentOtelStatus.StaleHandle, stream.TryEnd(), "status");
                Check.Throws<AgentOtelInvalidHandleException>(() => new AgentEvent(12345).End());
                string all = kept.Flushed();
                Check.Contains("agentotel.stream.chunk_count", all);
                Check.Contains("\"parentSpanId\":\"" + context.SpanId + "\"", all);
                Check.Contains("System.InvalidOperationException", all);
                Check.Contains("\"later\"", all);
                Check.Contains("\"name\":\"said\"", all);
            }
        }

        public static void SessionsEndOnce()
        {
            using (var kept = new Kept())
            {
                Session session = kept.Client.StartSession(new SessionOptions
                {
                    SessionId = "s-1", Name = "named", ConversationId = "c", UserId = "u", Tags = new[] { "a", "b" },
                    StartTime = DateTimeOffset.UtcNow.AddMinutes(-1),
                });
                Check.Throws<AgentOtelInvalidArgumentException>(() => session.End((EndState)77));
                session.End(new SessionEnd { State = EndState.Fail, Reason = "gave up", ErrorType = "exhausted" });
                Check.Throws<AgentOtelStaleHandleException>(() => session.End());
                ulong refused = AgentOtelClient.GetStats(Signal.Traces).RefusedBecause(RefusedReason.Handle);
                session.Dispose();
                session.Dispose();
                Check.Equal(refused, AgentOtelClient.GetStats(Signal.Traces).RefusedBecause(RefusedReason.Handle), "disposing");
                Check.Throws<AgentOtelStaleHandleException>(() => session.Record(new CustomDetail("late")));
                Check.Equal(refused + 1, AgentOtelClient.GetStats(Signal.Traces).RefusedBecause(RefusedReason.Handle), "recording");
                Check.Throws<AgentOtelStaleHandleException>(() => GC.KeepAlive(session.Context));
                Session json = kept.Client.StartSessionJson("{\"name\":\"of json\",\"tags\":[\"x\"]}");
                json.RecordJson("{\"llm\":{\"request_model\":\"m\"}}");
                json.RecordErrorJson("{\"type\":\"odd\"}");
                json.RecordError(new ErrorDetail { Type = "other", Message = "words", Kind = EventKind.Llm });
                Check.Contains("llm.input_tokens", Check.Throws<AgentOtelInvalidArgumentException>(
                    () => json.RecordJson("{\"llm\":{\"input_tokens\":\"x\"}}")).Message);
                json.EndJson("{\"end_state\":\"success\"}");
                string all = kept.Flushed();
                foreach (string part in new[] { "s-1", "exhausted", "gave up", "of json", "odd", "words" })
                {
                    Check.Contains(part, all);
                }
            }
        }

        public static void ABatchIsRecordedInOneCall()
        {
            using (var kept = new Kept())
            using (Session session = kept.Client.StartSession())
            {
                var batch = new EventBatch();
                for (int round = 0; round < 3; round++)
                {
                    int first = batch.Add(new CustomDetail("first"));
                    for (int i = 0; i < 20; i++)
                    {
                        batch.Add(new ToolDetail { Name = "tool " + i }, new EventOptions { ParentIndex = first });
                    }
                    SpanContext[] contexts = session.Record(batch);
                    Check.Equal(21, contexts.Length, "contexts");
                    Check.Contains("\"parentSpanId\":\"" + contexts[0].SpanId + "\"", kept.Flushed());
                    batch.Clear();
                }
                batch.Add(new CustomDetail("good"));
                batch.Add(default(CustomDetail));
                batch.Add(new CustomDetail("not looked at"));
                Check.Equal(AgentOtelStatus.InvalidArgument, session.TryRecord(batch, out SpanContext[] recorded), "status");
                Check.Equal(1, recorded.Length, "recorded");
                Check.Equal(0, session.Record(new EventBatch()).Length, "nothing");
            }
        }

        public static void WhatElseThereIsToSayArrives()
        {
            using (var kept = new Kept())
            using (Session session = kept.Client.StartSession())
            {
                var start = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
                SpanContext first = session.Record(new CustomDetail("first"), new EventOptions { EventId = "same" });
                Check.Equal(first, session.Record(new CustomDetail("first"), new EventOptions { EventId = "same" }), "duplicate");
                session.Record(new ToolDetail { Name = "t" }, new EventOptions
                {
                    Name = "renamed", SpanKind = SpanKind.Producer, StartTime = start, Duration = TimeSpan.FromSeconds(2),
                    Status = SpanStatus.Error, StatusMessage = "said", Error = new ErrorDetail { Type = "timeout", Code = "E7" },
                    Links = new[] { new SpanLink { Context = first, TraceState = "a=b", Attributes = new[] { new EventAttribute("l", 1) } } },
                    SpanEvents = new[] { new SpanEvent { Name = "moment", Time = start, Attributes = new[] { new EventAttribute("m", 1) } } },
                });
                string all = kept.Flushed();
                foreach (string part in new[]
                {
                    "renamed", "\"startTimeUnixNano\":\"1767323045000000000\"", "\"endTimeUnixNano\":\"1767323047000000000\"",
                    "timeout", "moment", "a=b", "E7", "\"kind\":4", "said",
                })
                {
                    Check.Contains(part, all);
                }
                var options = new EventOptions { StartTime = start, Duration = TimeSpan.FromTicks(3) };
                Check.Equal(start, options.StartTime.Value, "start");
                Check.Equal(300L, options.DurationNanoseconds, "duration");
                Check.That(!options.EndTime.HasValue, "end");
            }
        }

        public static void LogRecordsGoOut()
        {
            using (var kept = new Kept(",\"logs\":{\"min_severity\":\"info\"}"))
            using (Session session = kept.Client.StartSession())
            using (AgentEvent running = session.Start(new CustomDetail("running")))
            {
                Check.That(AgentOtelClient.IsLogEnabled(Severity.Info) && !AgentOtelClient.IsLogEnabled(Severity.Debug), "enabled");
                session.Log(new LogRecord { Severity = Severity.Warn, Body = "careful", EventName = "an.event" }, running);
                kept.Client.Log(new LogRecord { Severity = Severity.Info, Body = AttributeValue.Int64s(1, 2), SeverityText = "Notice" });
                session.Log(new LogRecord { Severity = Severity.Debug, Body = "unsaid" });
                session.LogJson("{\"severity_number\":\"warn\",\"body\":\"in JSON\"}", running);
                kept.Client.LogJson("{\"severity_number\":\"error\",\"body\":{\"of\":\"the process\"}}");
                string spanId = running.Context.SpanId, all = kept.Flushed();
                Check.Contains("careful", all);
                Check.Contains("\"spanId\":\"" + spanId + "\"", all);
                Check.Contains("Notice", all);
                Check.Contains("in JSON", all);
                Check.Contains("the process", all);
                Check.That(!all.Contains("unsaid"), "below the least severity");
                Check.Equal(4UL, AgentOtelClient.GetStats(Signal.Logs).AcceptedCaller, "accepted");
            }
        }

        public static void BaggageIsSetListedAndRemoved()
        {
            using (var kept = new Kept())
            using (Session session = kept.Client.StartSession())
            {
                session.SetBaggage("tenant", "J. Doe & söns", "ttl=30");
                session.SetBaggage("long", new string('v', 2000));
                Check.Equal("J. Doe & söns", session.GetBaggage("tenant").Value, "value");
                Check.Equal("ttl=30", session.GetBaggage("tenant").Metadata, "metadata");
                Check.Equal(2000, session.GetBaggage("long").Value.Length, "long");
                Check.Equal("tenant long", string.Join(" ", session.ListBaggage().Select(entry => entry.Key)), "list");
                Check.That(session.RemoveBaggage("tenant") && !session.RemoveBaggage("tenant"), "removed");
                Check.That(session.GetBaggage("tenant") == null, "gone");
                Check.Throws<AgentOtelInvalidArgumentException>(() => session.SetBaggage("no key", "x"));
            }
        }

        public static void ContextsAreWrittenAndRead()
        {
            using (var kept = new Kept(",\"propagators\":[\"tracecontext\",\"baggage\",\"b3\"]"))
            using (Session session = kept.Client.StartSession())
            using (AgentEvent call = session.Start(new ToolDetail { Name = "remote" }))
            {
                session.SetBaggage("k", "v");
                var headers = new Dictionary<string, string>();
                Propagation.Inject(session, call, headers);
                Check.Equal(call.Context.ToTraceParent(), headers["traceparent"], "traceparent");
                Check.Equal("k=v", headers["baggage"], "baggage");
                Check.That(headers.ContainsKey("b3"), "b3");
                RemoteContext remote = Propagation.Extract(
                    new[] { new KeyValuePair<string, string>("TraceParent", headers["traceparent"]),
                        new KeyValuePair<string, string>("BAGGAGE", "k=v"), new KeyValuePair<string, string>("baggage", "l=w") });
                Check.Equal(call.Context.WithRemote(true), remote.Span, "span");
                Check.Equal("k=v,l=w", remote.Baggage, "baggage");
                Check.That(!Propagation.Extract(key => null).Span.IsValid, "nothing");
                using (Session callee = kept.Client.StartSession(new SessionOptions { Remote = remote }))
                {
                    Check.Equal(session.Context.TraceId, callee.Context.TraceId, "trace");
                    Check.Equal("w", callee.GetBaggage("l").Value, "baggage");
                }
                PropagationTexts texts = Propagation.InjectTexts(session, call);
                RemoteContext read = Propagation.ExtractTexts(texts.TraceParent, "vendor=1", texts.Baggage);
                Check.That(read.Span == remote.Span && read.TraceState == "vendor=1" && read.Baggage == "k=v", "texts");
                Check.Equal(read.Span, Propagation.ExtractMeta(Propagation.InjectMeta(session, call)).Span, "meta");
                Check.Throws<AgentOtelInvalidArgumentException>(() => Propagation.ExtractMeta("[]"));
                // What a program's own function throws is the program's.
                Check.Equal("mine", Check.Throws<FormatException>(
                    () => Propagation.Inject(session, call, (key, value) => { throw new FormatException("mine"); })).Message, "set");
                Check.Throws<FormatException>(() => Propagation.Extract(key => { throw new FormatException(); }));
                Check.Throws<AgentOtelInvalidHandleException>(() => Propagation.InjectTexts(new Session(5)));
            }
        }

        public static void ContextsAreTexts()
        {
            const string Id = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            Check.That(SpanContext.TryParse(Id, out SpanContext context), "parse");
            Check.Equal(Id, context.ToTraceParent(), "again");
            Check.Equal("0af7651916cd43dd8448eb211c80319c", context.TraceId, "trace");
            Check.Equal("b7ad6b7169203331", context.SpanId, "span");
            Check.That(context.IsSampled && context.IsValid && !context.IsRemote, "flags");
            Check.Equal(Propagation.ExtractTexts(Id).Span, context.WithRemote(true), "as the library reads it");
            foreach (string wrong in new[] { null, "", Id + "x", Id.ToUpperInvariant(), "ff" + Id.Substring(2), Id.Replace('-', '_'),
                "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01" })
            {
                Check.That(!SpanContext.TryParse(wrong, out SpanContext _), "taken: " + wrong);
            }
        }

        public static void ExportersComeAndGo()
        {
            long seen = 0;
            using (Callbacks.RegisterExporter("added", batch => { Interlocked.Add(ref seen, batch.ItemCount); return ExportResult.Ok; }))
            using (var kept = new Kept())
            using (Session session = kept.Client.StartSession())
            {
                kept.Client.AddExporter("{\"type\":\"host\",\"name\":\"more\",\"callback\":\"added\"}");
                session.Record(new CustomDetail("x"));
                kept.Client.RemoveExporter("more", Long);
                Check.Equal(1L, Interlocked.Read(ref seen), "seen");
                Check.Equal(ExporterState.Removed, AgentOtelClient.GetExporterStats("more", Signal.Traces).State, "state");
                Check.Contains("exporter.type", Check.Throws<AgentOtelConfigException>(
                    () => kept.Client.AddExporter("{\"type\":\"nothing\"}")).Message);
                Check.Throws<AgentOtelNotFoundException>(() => kept.Client.RemoveExporter("more", Long));
                Check.Throws<AgentOtelNotFoundException>(() => AgentOtelClient.GetExporterStats("nobody", Signal.Traces));
                Check.Equal(Durability.None, AgentOtelClient.GetStorageStats().Durability, "durability");
                Check.Equal("", AgentOtelClient.GetExporterError("host", Signal.Traces), "no error");
                Check.That(AgentOtelClient.GetDiagnostics() != null, "diagnostics");
                kept.Client.FlushAsync(Long).Wait();
                Equations.Hold("host");
            }
        }

        public static void AShutdownKeepsItsDeadlineAndSaysWhatIsPending()
        {
            using (var release = new ManualResetEvent(false))
            using (Callbacks.RegisterExporter("stuck", batch => { release.WaitOne(); return ExportResult.Ok; }))
            {
                AgentOtelClient client = AgentOtelClient.Start("{\"exporters\":[{\"type\":\"host\",\"callback\":\"stuck\"}]}");
                client.StartSession().End();
                Check.Contains("pending", Check.Throws<AgentOtelTimeoutException>(
                    () => client.Shutdown(TimeSpan.FromMilliseconds(200))).Message);
                Check.Throws<AgentOtelShutDownException>(() => client.Shutdown(Long));
                Check.Throws<AgentOtelShutDownException>(() => client.StartSession());
                client.Dispose();
                client.DisposeAsync().AsTask().Wait();
                release.Set();
            }
        }

        public static void AClientIsUsedUpAndAnotherOneStarts()
        {
            for (int i = 0; i < 3; i++)
            {
                AgentOtelClient client = AgentOtelClient.Start("{\"exporters\":[]}");
                Session session = client.StartSession();
                AgentEvent running = session.Start(new CustomDetail("x"));
                client.ShutdownAsync(Long).Wait();
                Check.Throws<AgentOtelShutDownException>(() => running.End());
                using (AgentOtelClient.Start("{\"exporters\":[]}"))
                {
                    Check.Throws<AgentOtelStaleHandleException>(() => running.End());
                    Check.Throws<AgentOtelStaleHandleException>(() => session.End());
                }
            }
        }

        public static void TextsThatDoNotFitFindMoreMemory()
        {
            using (var kept = new Kept())
            using (Session session = kept.Client.StartSession())
            {
                // Calls nest: each takes memory on top of the one around it.
                using (Utf8Scratch outer = Utf8Scratch.Rent())
                {
                    Text kepttext = outer.Add(Encoding.UTF8.GetBytes("outer"));
                    for (int size = 1; size < 3000000; size *= 3)
                    {
                        using (Utf8Scratch inner = Utf8Scratch.Rent())
                        {
                            Text large = inner.Add(new byte[size]);
                            session.Record(new CustomDetail(kepttext), new EventOptions
                            {
                                Attributes = new[] { new EventAttribute("k", large), new EventAttribute("s", new string('s', size)) },
                            });
                        }
                        Check.Equal("outer", kepttext.ToString(), "outer");
                    }
                }
                kept.Flushed();
            }
            var scratches = new Utf8Scratch[1];
            var thread = new Thread(() => scratches[0] = Utf8Scratch.Rent());
            thread.Start();
            thread.Join();
            Check.Throws<InvalidOperationException>(() => scratches[0].Add(new byte[1]));
            scratches[0].Dispose();
        }

        public static void TasksShareASession()
        {
            using (var kept = new Kept())
            {
                using (Session session = kept.Client.StartSession())
                {
                    Task.WaitAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
                    {
                        AgentEvent tool = session.Start(new ToolDetail { Name = "branch " + i });
                        await Task.Delay(5);
                        session.Record(new CustomDetail("leaf " + i), new EventOptions { Parent = tool });
                        await tool.DisposeAsync();
                    })).ToArray());
                }
                kept.Flushed();
                Check.Equal(17L, kept.Items, "items");
            }
        }
    }

    internal static class Equations
    {
        // Of the counters, as the header has them.
        internal static void Hold(string exporter)
        {
            foreach (Signal signal in new[] { Signal.Traces, Signal.Logs })
            {
                SignalStats s = AgentOtelClient.GetStats(signal);
                Check.Equal(s.Offered, s.AcceptedCaller + Sum(s.Refused) + s.Duplicate + s.HeadUnsampled + s.Filtered, "offered");
                ExporterStats e = AgentOtelClient.GetExporterStats(exporter, signal);
                Check.Equal(e.Accepted + e.Recovered, e.Exported + e.Rejected + Sum(e.Dropped) + e.TailUnsampled + e.Pending, "accepted");
            }
        }

        private static ulong Sum(IReadOnlyList<ulong> counters)
        {
            return counters.Aggregate(0UL, (sum, counter) => sum + counter);
        }
    }
}
