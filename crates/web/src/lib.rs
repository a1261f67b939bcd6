//! JSON API and hosted pages: parse, call one gateway function, render. No business rule is here.
//!
//! [`router`] is the whole product on one screen. One operation is one file. The published API's
//! words, statuses and error shapes live in [`api`] and nowhere else.

pub mod api;
mod cookies;
mod language;
pub mod pages;
pub mod receipt;
pub mod router;

pub use router::{openapi, router};
