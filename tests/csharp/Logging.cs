using System;
using System.Collections.Generic;
using System.Linq;
using AgentOtel.Extensions.Logging;
using Microsoft.Extensions.Logging;

namespace AgentOtel.Tests
{
    public static class Logging
    {
        public static void ALoggerFeedsTheLibrary()
        {
            using (var kept = new Kept(",\"logs\":{\"min_severity\":\"info\"}"))
            using (Session session = kept.Client.StartSession())
            using (AgentEvent running = session.Start(new ToolDetail { Name = "t" }))
            {
                var provider = new AgentOtelLoggerProvider();
                ILogger logger = provider.CreateLogger("Agent.Search");
                Check.That(logger.IsEnabled(LogLevel.Warning) && !logger.IsEnabled(LogLevel.Debug) && !logger.IsEnabled(LogLevel.None), "enabled");
                var state = new[] { new KeyValuePair<string, object>("City", "Lima"), new KeyValuePair<string, object>("{OriginalFormat}", "searching {City}") };
                using (logger.BeginScope(session))
                using (logger.BeginScope(running))
                using (logger.BeginScope(new Dictionary<string, object> { { "RequestId", 17 } }))
                {
                    logger.Log(LogLevel.Information, new EventId(5, "searching"), state, null, (s, e) => "searching Lima");
                    logger.Log(LogLevel.Debug, default(EventId), state, null, (s, e) => "unsaid");
                    logger.Log(LogLevel.Critical, default(EventId), "words", new FormatException("odd"), (s, e) => s);
                }
                logger.Log(LogLevel.Error, default(EventId), "alone", null, (s, e) => s);
                string spanId = running.Context.SpanId, all = kept.Flushed();
                foreach (string part in new[]
                {
                    "searching Lima", "{\"key\":\"City\",\"value\":{\"stringValue\":\"Lima\"}}", "log.record.template", "Agent.Search",
                    "{\"key\":\"RequestId\",\"value\":{\"intValue\":\"17\"}}", "System.FormatException", "alone", "\"severityNumber\":21",
                })
                {
                    Check.Contains(part, all);
                }
                Check.Equal(2, all.Split(new[] { "\"spanId\":\"" + spanId + "\"" }, StringSplitOptions.None).Length - 1, "records of the tool");
                Check.That(!all.Contains("unsaid"), "below the least severity");
                provider.Dispose();
            }
        }
    }
}
