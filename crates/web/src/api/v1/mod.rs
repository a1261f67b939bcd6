//! Payments v1: token requests, tokens and transfers, a second face of the payments of v2
//! (reference, section 2).

mod page;
pub mod signature;
pub mod token_requests;
pub mod tokens;
pub mod transfers;
