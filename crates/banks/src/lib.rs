//! How to speak to a bank: one protocol per published standard.
//!
//! A bank is a file ([`profile::BankProfile`]); a standard implements [`approvals::Approvals`],
//! [`payments::Payments`], [`reachable::Reachable`] and [`registration::Registers`]. This crate never opens a socket: it is handed a [`wire::Wire`], a clock
//! and a source of randomness, and it knows nothing of our database or our members.
//!
//! Read in this order: [`wire`], [`error`], [`profile`], [`template`], [`directory`], [`call`],
//! [`approvals`], [`payments`], [`reachable`], [`registration`], [`protocol`], then one standard: `uk_open_banking`, whose files follow the steps of a payment
//! (`discovery`, `token`, `consent`, `authorise`, `returned`, `funds`, `order`, `status`),
//! `next_gen_psd2` (Berlin Group), `stet`, `polish_api`.

pub mod approvals;
mod cache;
pub mod call;
pub mod directory;
pub mod eidas;
pub mod error;
mod exchange;
mod http_signature;
pub mod jose;
pub mod misfit;
mod next_gen_psd2;
pub mod payee_verification;
pub mod payments;
mod polish_api;
pub mod profile;
pub mod protocol;
pub mod psu_return;
pub mod reachable;
pub mod redact;
pub mod registration;
pub mod status_reason;
pub mod statuses;
mod stet;
pub mod template;
pub mod token;
mod token_request;
mod uk_open_banking;
pub mod wire;

pub use approvals::{Approvable, Approval, Approvals, Credentials, Held, Pending};
pub use call::{Call, EidasIdentity, Identity, PsuContext};
pub use directory::{Directory, ProfileErrors};
pub use error::{AuthorisationError, BankError};
pub use jose::SigningKey;
pub use payments::{LostOrder, OrderAnswer, PaymentOrder, Payments};
pub use profile::{BankProfile, ProfileError};
pub use protocol::{Protocol, Protocols};
pub use psu_return::{Returned, parse_return};
pub use reachable::{Reachable, Trial, TrialFailure};
pub use token::{AccessToken, Confirmation, Proof, RefreshToken};
pub use wire::{BODY_BYTES_MAX, ClientCertificate, Request, Response, Wire, WireError};
