//! `/standing-order-submissions`: not in the published document, but in the gateway's older
//! description and in its clients (reference, section 2.11).

pub mod create;
pub mod get;
pub mod list;
pub mod model;
mod status;
