//! The bank directory: `GET /banks`, `GET /bank/countries`, `GET /v2/banks` (reference, accounts,
//! banks and settlement, sections 1.1 to 1.13), and how the banks are: `GET /reports/banks/…`
//! (section 5.1).
//!
//! The entry of a bank is rendered once, when the banks are loaded ([`index`]); a request filters
//! ([`filter`]), cuts a page out and glues it together ([`listing`]), so that a directory of 10,000
//! banks costs no more than it must. Answers carry an `ETag`.

mod entry;
pub(super) mod filter;
mod flags;
pub mod index;
pub(super) mod listing;
pub(crate) mod logos;
pub mod reports;
mod schema;
pub mod v1;
pub mod v2;
