using System;
using System.Collections.Generic;

namespace AgentOtel
{
    /// <summary>One entry of a session's baggage.</summary>
    public sealed class BaggageEntry
    {
        internal BaggageEntry(string key, string value, string metadata)
        {
            Key = key;
            Value = value;
            Metadata = metadata ?? "";
        }

        /// <summary>The key.</summary>
        public string Key { get; }

        /// <summary>The value, decoded.</summary>
        public string Value { get; }

        /// <summary>Its properties as in a header; empty when it has none.</summary>
        public string Metadata { get; }
    }

    public sealed unsafe partial class Session
    {
        /// <summary>
        /// Adds an entry to the session's baggage, in place of the one with that key. Baggage goes to whoever is called: it must
        /// hold no secrets.
        /// </summary>
        /// <param name="key">A token of HTTP: letters, digits and some signs, no spaces.</param>
        /// <param name="value">Any text.</param>
        /// <param name="metadata">Properties as in a header, such as <c>ttl=30;public</c>.</param>
        /// <exception cref="AgentOtelException">There are too many, the key is none, or the session has ended.</exception>
        public void SetBaggage(Text key, Text value, Text metadata = default(Text))
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                AgentOtelException.Check(Native.Functions.agentotel_session_set_baggage(
                    Handle, arena.Text(key), arena.Text(value), arena.Text(metadata)));
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>Takes an entry out of the session's baggage.</summary>
        /// <returns>Whether there was one.</returns>
        /// <exception cref="AgentOtelException">The session has ended, or the library does not run.</exception>
        public bool RemoveBaggage(Text key)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                int status = Native.Functions.agentotel_session_remove_baggage(Handle, arena.Text(key));
                if (status == (int)AgentOtelStatus.NotFound)
                {
                    return false;
                }
                AgentOtelException.Check(status);
                return true;
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>An entry of the session's baggage; null when there is none of that key.</summary>
        /// <exception cref="AgentOtelException">The session has ended, or the library does not run.</exception>
        public BaggageEntry GetBaggage(Text key)
        {
            Arena arena = Arena.Current;
            Arena.Mark mark = arena.Here();
            try
            {
                Native.TextBuffer* value = arena.TextBuffer(256);
                Native.TextBuffer* metadata = arena.TextBuffer(64);
                for (;;)
                {
                    int status = Native.Functions.agentotel_session_get_baggage(Handle, arena.Text(key), value, metadata);
                    if (status == (int)AgentOtelStatus.NotFound)
                    {
                        return null;
                    }
                    if (status != (int)AgentOtelStatus.BufferTooSmall)
                    {
                        AgentOtelException.Check(status);
                        return new BaggageEntry(key.ToString(), Arena.Read(value), Arena.Read(metadata));
                    }
                    arena.Widen(value);
                    arena.Widen(metadata);
                }
            }
            finally
            {
                arena.Release(mark);
            }
        }

        /// <summary>All entries of the session's baggage, in the order in which they came.</summary>
        /// <exception cref="AgentOtelException">The session has ended, or the library does not run.</exception>
        public IReadOnlyList<BaggageEntry> ListBaggage()
        {
            var entries = new List<BaggageEntry>();
            long id = Registry.Add(entries);
            try
            {
                AgentOtelException.Check(
                    Native.Functions.agentotel_session_list_baggage(Handle, Trampolines.VisitBaggage, (void*)id));
            }
            finally
            {
                Registry.Remove(id);
            }
            return entries;
        }
    }
}
