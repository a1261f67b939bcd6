//! Version 2 of the API.

pub mod payments;
