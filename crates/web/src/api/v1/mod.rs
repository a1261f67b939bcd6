//! Payments v1: token requests, tokens, transfers and standing orders, a second face of the payments
//! of v2 (reference, section 2).

mod page;
pub mod signature;
pub mod standing_orders;
pub mod token_requests;
pub mod tokens;
pub mod transfers;
