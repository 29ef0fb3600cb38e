using System;
using System.Collections.Concurrent;
using System.Threading;

namespace AgentOtel
{
    // What callbacks call, by the number that C carries for them. A number that is not there any more finds nothing: neither
    // the collector nor a late call can make one point anywhere else.
    internal static class Registry
    {
        private static readonly ConcurrentDictionary<long, object> Entries = new ConcurrentDictionary<long, object>();
        private static long last;

        internal static long Add(object entry)
        {
            long id = Interlocked.Increment(ref last);
            Entries[id] = entry;
            return id;
        }

        internal static unsafe T Find<T>(void* id) where T : class
        {
            return Entries.TryGetValue((long)id, out object entry) ? entry as T : null;
        }

        internal static bool Has(long id)
        {
            return Entries.ContainsKey(id);
        }

        internal static void Remove(long id)
        {
            Entries.TryRemove(id, out object _);
        }
    }
}
