//! `/tokens`.

pub mod cancel;
pub mod get;
pub mod list;
pub mod model;
