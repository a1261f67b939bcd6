//! Version 2 of the API.

pub mod banks;
pub mod payments;
