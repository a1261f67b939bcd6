//! `/v2/payments`.

pub mod create;
pub mod get;
pub mod initiation;
pub mod list;
pub mod model;
pub mod party;
pub mod risk;
