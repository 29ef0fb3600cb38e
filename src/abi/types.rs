//! The structs that cross the boundary: what the header shows, field for field, a file for each idea. Nothing here has
//! behaviour; reading them safely is the business of `snapshot`. A struct that may grow begins with `struct_size` and gains
//! fields at its end only; `agentotel_attribute`, `agentotel_str` and the optional numbers are frozen.

pub mod agent;
pub mod event;
pub mod judgement;
pub mod kinds;
pub mod log;
pub mod mcp;
pub mod metric;
pub mod model;
pub mod session;
pub mod stats;
pub mod step;
pub mod values;

pub use self::agent::*;
pub use self::event::*;
pub use self::judgement::*;
pub use self::kinds::*;
pub use self::log::*;
pub use self::mcp::*;
pub use self::metric::*;
pub use self::model::*;
pub use self::session::*;
pub use self::stats::*;
pub use self::step::*;
pub use self::values::*;
