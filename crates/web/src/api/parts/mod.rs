//! The parts of orders that both versions of the API have: their JSON, and their way into the domain.
//!
//! A version reads its JSON into a [`draft::Draft`], which is checked by rules that name a field by
//! [`domain::field::Field`]. Where the field is in that version's requests, and what it is called there,
//! is in the version's own table, a [`places::Places`]; [`fault`] writes the message.

pub mod account;
pub mod address;
pub mod amount;
pub(crate) mod callback_url;
pub(crate) mod credentials;
pub(crate) mod day;
pub(crate) mod draft;
pub(crate) mod fault;
pub mod party;
pub(crate) mod places;
pub(crate) mod risk;
pub mod words;
