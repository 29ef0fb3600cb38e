using System;

namespace AgentOtel
{
    /// <summary>
    /// A call that the library has answered with a status other than <see cref="AgentOtelStatus.Ok"/>. There is one class for
    /// each status.
    /// </summary>
    public partial class AgentOtelException : Exception
    {
        internal AgentOtelException(AgentOtelStatus status, string message) : base(message)
        {
            Status = status;
        }

        /// <summary>The status.</summary>
        public AgentOtelStatus Status { get; }

        internal static void Check(int status)
        {
            if (status != 0)
            {
                throw Of(status);
            }
        }

        // Made on the thread of the call: its words are that thread's.
        internal static AgentOtelException Of(int status)
        {
            string words = AgentOtelLibrary.LastError;
            string name = AgentOtelLibrary.StatusName((AgentOtelStatus)status);
            return Make((AgentOtelStatus)status, string.IsNullOrEmpty(words) ? name : name + ": " + words);
        }
    }
}
