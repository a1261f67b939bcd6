//! The use cases (load, decide, save) and the jobs (one effect each).
//!
//! A use case reads, lets `domain` decide, and saves the Step in one commit. A job does one thing
//! outside and turns the result into the next fact. The module [`jobs`] runs them: the first try,
//! the retry and the recovery after a crash are the same path.
//!
//! This crate knows no HTTP status, no SQL text and no bank's JSON.

pub mod account_verifications;
pub mod app;
mod at_bank;
pub mod bank_files;
pub mod certificates;
pub mod error;
pub mod events;
pub mod health;
pub mod housekeeping;
pub mod idempotency;
pub mod jobs;
mod lanes;
pub mod members;
pub mod outages;
pub mod payments;
pub mod public_key;
pub mod rate_limits;
pub mod readiness;
pub mod receipts;
pub mod registrations;
pub mod seal;
mod sealed_records;
pub mod signing;
pub mod token_requests;
pub mod tokenized_accounts;
pub mod transfers;
pub mod webhooks;

pub use app::{App, Mail, MailError, Mailer, Member, Settings};
pub use error::GatewayError;
