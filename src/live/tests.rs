//! What the room of events in flight promises: of its slots, and of its view.

mod slots;
mod view;
