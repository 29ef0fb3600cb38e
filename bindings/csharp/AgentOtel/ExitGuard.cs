using System;
using System.Collections.Concurrent;
using System.Threading;

namespace AgentOtel
{
    // The library delivers at exit(), when the runtime is gone: by then it must have nothing to call in it. So the runtime's own
    // end shuts it down, and takes away what is registered.
    internal static class ExitGuard
    {
        private static readonly ConcurrentDictionary<long, CallbackRegistration> Registered =
            new ConcurrentDictionary<long, CallbackRegistration>();

        private static int watching;

        internal static void Watch()
        {
            if (Interlocked.Exchange(ref watching, 1) == 0)
            {
                AppDomain.CurrentDomain.ProcessExit += (sender, arguments) => LetGo();
                AppDomain.CurrentDomain.DomainUnload += (sender, arguments) => LetGo();
            }
        }

        internal static void Add(long id, CallbackRegistration registration)
        {
            Registered[id] = registration;
        }

        internal static void Remove(long id)
        {
            Registered.TryRemove(id, out CallbackRegistration _);
        }

        private static void LetGo()
        {
            if (Registered.IsEmpty)
            {
                return;
            }
            Native.Functions.agentotel_shutdown(UnixTime.Milliseconds(Callbacks.ExitTimeout));
            foreach (CallbackRegistration registration in Registered.Values)
            {
                Callbacks.Take(registration, TimeSpan.FromMilliseconds(100));
            }
        }
    }
}
