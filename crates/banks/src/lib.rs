//! How to speak to a bank: one protocol per published standard.
//!
//! A bank is a file ([`profile::BankProfile`]); a standard is an implementation of
//! [`protocol::Protocol`]. This crate never opens a socket: it is handed a [`wire::Wire`], a clock
//! and a source of randomness, and it knows nothing of our database or our members.
//!
//! Read in this order: [`wire`], [`error`], [`profile`], [`protocol`], then `obie`, whose files
//! follow the steps of a payment: `discovery`, `token`, `consent`, `authorise`, `funds`, `order`,
//! `status`.

pub mod directory;
pub mod error;
pub mod jose;
mod obie;
pub mod profile;
pub mod protocol;
pub mod psu_return;
pub mod wire;

pub use directory::Directory;
pub use error::{AuthorisationError, BankError};
pub use jose::SigningKey;
pub use profile::{BankProfile, ProfileError};
pub use protocol::{
    AccessGrant, Call, Identity, Opened, OrderAnswer, PaymentOrder, PendingConsent, Protocol,
    Protocols, PsuContext,
};
pub use psu_return::{PsuReturn, Returned, parse_return};
pub use wire::{BODY_BYTES_MAX, Request, Response, Wire, WireError};
