using System;

namespace AgentOtel
{
    // Moments as nanoseconds since 1970-01-01 UTC; 0 is none. Two hundred years to either side fit.
    internal static class UnixTime
    {
        private const long EpochTicks = 621355968000000000;

        internal static long From(DateTimeOffset? time)
        {
            return time.HasValue ? (time.Value.UtcTicks - EpochTicks) * 100 : 0;
        }

        internal static DateTimeOffset To(long nanoseconds)
        {
            return new DateTimeOffset(EpochTicks + (nanoseconds / 100), TimeSpan.Zero);
        }

        internal static DateTimeOffset? ToOptional(long nanoseconds)
        {
            return nanoseconds == 0 ? (DateTimeOffset?)null : To(nanoseconds);
        }

        // What timeouts are as C has them; longer ones are some weeks.
        internal static uint Milliseconds(TimeSpan time)
        {
            double milliseconds = Math.Ceiling(time.TotalMilliseconds);
            return milliseconds <= 0 ? time < TimeSpan.Zero ? uint.MaxValue : 0
                : milliseconds >= uint.MaxValue ? uint.MaxValue : (uint)milliseconds;
        }
    }
}
