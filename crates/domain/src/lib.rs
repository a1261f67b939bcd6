//! The rules of payments: state machines as pure, total functions.
//!
//! Nothing here does I/O, reads a clock, draws a random number or is async. A *command* may be
//! refused ([`Refusal`]); a *fact* may not: it moves the aggregate, is already known, or does not
//! fit and opens a [`step::Case`] that a person reads.
//!
//! Read in this order: [`money`], [`account`], [`initiation`], [`authorisation`], then [`payment`].
//! Their `machine` modules hold every transition in exhaustive `match`es.

pub mod account;
pub mod alias;
pub mod authorisation;
pub mod bank;
pub mod bank_outage;
pub mod calendar;
pub mod card_number;
pub mod case;
pub mod country;
pub mod event;
pub mod execution;
pub mod field;
pub mod flicker;
pub mod ids;
pub mod initiation;
pub mod mail;
pub mod money;
mod names;
pub mod payment;
pub mod rail;
pub mod reach;
pub mod reference;
pub mod refusal;
pub mod sealed;
pub mod seams;
pub mod step;
pub mod subject;
pub mod summary;
pub mod text;
pub mod token_request;
pub mod transfer;

pub use refusal::Refusal;
