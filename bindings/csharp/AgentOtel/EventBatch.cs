using System;

namespace AgentOtel
{
    /// <summary>
    /// Events that are recorded in one call (<see cref="Session.Record(EventBatch)"/>). Each is copied when it is added, to
    /// memory that the collector does not see; a batch that is cleared can be filled again. Not for several threads at once.
    /// </summary>
    public sealed unsafe class EventBatch
    {
        private readonly Arena arena = new Arena();
        private Native.EventData* events;
        private int capacity;

        /// <summary>How many events it has.</summary>
        public int Count { get; private set; }

        internal Native.EventData* Events
        {
            get { return events; }
        }

        /// <summary>Adds an event.</summary>
        /// <returns>Its position, for <see cref="EventOptions.ParentIndex"/> of others.</returns>
        public int Add<T>(T detail, EventOptions options = default(EventOptions)) where T : struct, IEventDetail
        {
            if (Count == capacity)
            {
                int wider = Math.Max(8, 2 * capacity);
                var moved = (Native.EventData*)arena.Allocate((long)wider * sizeof(Native.EventData));
                for (int i = 0; i < Count; i++)
                {
                    moved[i] = events[i];
                }
                events = moved;
                capacity = wider;
            }
            options.WriteAt(events + Count, arena);
            detail.WriteTo(new EventWriter(arena, events + Count));
            return Count++;
        }

        /// <summary>Takes all events out.</summary>
        public void Clear()
        {
            arena.Reset();
            events = null;
            capacity = 0;
            Count = 0;
        }
    }
}
