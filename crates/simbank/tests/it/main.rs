//! The simulated banks, driven through their router by a small test TPP. Every exchange with the
//! API is judged against the published document when it is there.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helper functions of tests may fail the test"
)]

mod authorisation;
mod cancellation;
mod certificate;
mod flow;
mod habits;
mod input;
mod keys;
mod money;
mod next_gen_psd2;
mod pages;
mod pages_as_data;
mod planned;
mod polish_cancellation;
mod quirks;
mod reaching;
mod refresh;
mod restart;
mod scenarios;
mod sealed;
mod server;
mod support;
mod tokens;
mod versions;
