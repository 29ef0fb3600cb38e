#if NET8_0_OR_GREATER
using System.Diagnostics;

namespace AgentOtel
{
    /// <summary>
    /// Between spans of the library and activities of .NET. Where there is no <see cref="Activity"/>, its <c>Id</c> and
    /// <c>TraceStateString</c> do the same by <see cref="SpanContext.TryParse"/> and <see cref="Propagation.ExtractTexts"/>.
    /// </summary>
    public static class ActivityInterop
    {
        /// <summary>The span of an activity, as the parent of a session or the target of a link; null when it has none.</summary>
        public static SpanContext? ToSpanContext(this Activity activity)
        {
            return activity != null && activity.IdFormat == ActivityIdFormat.W3C &&
                SpanContext.TryParse(activity.Id, out SpanContext context) ? context : null;
        }

        /// <summary>An activity with its trace state, for <see cref="SessionOptions.Remote"/>.</summary>
        public static RemoteContext ToRemoteContext(this Activity activity)
        {
            SpanContext? context = activity.ToSpanContext();
            return context == null ? null : Propagation.ExtractTexts(activity.Id, activity.TraceStateString);
        }

        /// <summary>A span as the parent of activities.</summary>
        public static ActivityContext ToActivityContext(this SpanContext context, string traceState = null)
        {
            return new ActivityContext(
                ActivityTraceId.CreateFromString(context.TraceId), ActivitySpanId.CreateFromString(context.SpanId),
                (ActivityTraceFlags)(context.TraceFlags & 1), traceState, context.IsRemote);
        }
    }
}
#endif
