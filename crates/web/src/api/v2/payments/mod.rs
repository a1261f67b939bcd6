//! `/v2/payments`.

pub mod authentication;
pub mod cancel;
pub mod create;
pub mod embedded_auth;
pub mod get;
pub mod initiation;
pub mod link;
pub mod list;
pub mod list_filter;
pub mod model;
mod paths;
pub mod redeem;
pub mod risk;
