//! How to speak to a bank: one protocol per published standard.
//!
//! A bank is a file ([`profile::BankProfile`]); a standard is an implementation of
//! [`protocol::Protocol`]. This crate never opens a socket: it is handed a [`wire::Wire`], a clock
//! and a source of randomness, and it knows nothing of our database or our members.
//!
//! Read in this order: [`wire`], [`error`], [`profile`], [`template`], [`directory`], [`protocol`],
//! then one standard: `obie` (UK Open Banking), whose files follow the steps of a payment
//! (`discovery`, `token`, `consent`, `authorise`, `returned`, `funds`, `order`, `status`),
//! `next_gen_psd2` (Berlin Group), `stet`, `polish_api`.

mod cache;
pub mod directory;
pub mod eidas;
pub mod error;
mod exchange;
mod http_signature;
pub mod jose;
pub mod misfit;
mod next_gen_psd2;
mod obie;
pub mod payee_verification;
mod polish_api;
pub mod profile;
pub mod protocol;
pub mod psu_return;
pub mod redact;
mod status_reason;
pub mod statuses;
mod stet;
pub mod template;
pub mod wire;

pub use directory::Directory;
pub use error::{AuthorisationError, BankError};
pub use jose::SigningKey;
pub use profile::{BankProfile, ProfileError};
pub use protocol::{
    AccessToken, Approval, Call, Credentials, EidasIdentity, Held, Identity, LostOrder,
    OrderAnswer, PaymentOrder, Pending, Protocol, Protocols, PsuContext, RefreshToken,
};
pub use psu_return::{Returned, parse_return};
pub use wire::{BODY_BYTES_MAX, ClientCertificate, Request, Response, Wire, WireError};
