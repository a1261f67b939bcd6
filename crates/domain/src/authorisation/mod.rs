//! The payer's approval at a bank: of a payment, or of a payment's cancellation.
//!
//! [`Authorisation`] is the state, [`AuthorisationFact`] the facts, and [`UnderWay::observe`] returns
//! the [`Verdict`]. The owner of the authorisation applies the
//! verdict: a payment becomes an order, a cancellation ends a payment.
//!
//! ```text
//!             ┌▶ AwaitingRedirect ────▶ VerifyingReturn ──────┐
//! Opening ────┼▶ AwaitingCredentials ─▶ VerifyingCredentials ─┼▶ granted, executed, declined, …
//!    │        └▶ AwaitingDecoupled ───────────────────────────┘
//!    │              ▲ (the bank may ask for one step after another)
//!    └▶ OpeningUncertain
//! ```

mod attempt;
mod challenge;
mod fact;
mod lost;
mod machine;
mod patience;
mod state;
mod verdict;

pub use self::attempt::{Attempt, RepeatedCreation};
pub use self::challenge::{
    AppStart, Approach, Challenge, ChallengeField, FIELDS_MAX, FieldKind, IMAGE_LENGTH_MAX,
    KnownQuestion, OPTIONS_MAX, QR_LENGTH_MAX, QuestionHint, QuestionLabel, TEXT_LENGTH_MAX,
};
pub use self::fact::{AuthorisationFact, BankRefusal, RefusalKind, TakenOrder};
pub use self::machine::UnderWay;
pub use self::patience::Patience;
pub(crate) use self::patience::{after, part_of_age};
pub use self::state::{Authorisation, Opened};
pub use self::verdict::{Continued, Notice, Verdict};

/// How often an authorisation is opened at its bank, at most: again after a lost creation or a lost
/// access token.
pub const OPENINGS_MAX: u32 = 5;
/// The payer's text for answers that never reached the bank.
pub const ANSWERS_NOT_RECEIVED: &str = "The bank did not receive the answer. Please try again.";
/// The most returns of browsers that are kept until they can be verified.
pub const EARLY_RETURNS_MAX: usize = 8;
