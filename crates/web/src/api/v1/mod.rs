//! Payments v1: token requests, tokens and transfers, a second face of the payments of v2
//! (reference, section 2).

pub mod token_requests;
