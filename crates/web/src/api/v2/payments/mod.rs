//! `/v2/payments`.

pub mod account;
pub mod address;
pub mod amount;
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
pub mod page;
pub mod party;
pub mod redeem;
pub mod risk;
pub(crate) mod text;
pub mod words;
