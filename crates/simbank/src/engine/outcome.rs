//! The possible outcomes of a payment: how it ends, the faults on the way, and whether the payer
//! returns. `scenario.rs` decides which payment gets which outcome.

/// How an order ends once it is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The money moves.
    Complete,
    /// No money moves; the reason is a `StatusReason` of OBIE 3.1.11, payment details.
    Reject(&'static str, &'static str),
    /// First in process, and some time later rejected after all.
    RejectLater(&'static str, &'static str),
    /// The order stays in process without an end; the words describe its state.
    Remain(&'static str),
}

/// The fault of the message that has the effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// 403, nothing done.
    Forbidden,
    /// The order is taken, the answer never comes.
    SilentAfterEffect,
    /// Nothing is done and no answer comes.
    SilentBeforeEffect,
    /// The order is taken, the answer is 500.
    ErrorAfterEffect,
    /// Nothing is done, the answer is 503.
    UnavailableBeforeEffect,
    /// The first attempt is answered with 429, nothing done.
    TooManyAtFirst,
    /// The order is taken, the JSON of the answer is cut off.
    MalformedAnswer,
    /// The order is taken, the answer's signature does not verify.
    WrongSignature,
    /// The order is taken, the answer takes its time.
    Slow,
    /// Nothing is done: the bank takes the provider's certificate for expired.
    ExpiredCertificate,
}

impl Fault {
    /// Whether nothing is done, so that the message can come again.
    pub(crate) fn is_before_effect(self) -> bool {
        matches!(
            self,
            Fault::Forbidden
                | Fault::SilentBeforeEffect
                | Fault::UnavailableBeforeEffect
                | Fault::TooManyAtFirst
                | Fault::ExpiredCertificate
        )
    }
}

/// How the payer, or the word of what the payer decided, gets back to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReturnDelivery {
    Usual,
    Missing,
    Twice,
}

/// How long a slow answer takes: long for a person, not too long for a patient program.
pub(crate) const SLOW_MS: u64 = 12_000;
/// How much later than usual a late order is executed.
pub(crate) const LATE_MS: i64 = 6 * 3_600_000;
/// How long an order is in process that is rejected after all.
pub(crate) const SECOND_THOUGHT_SECONDS: i64 = 600;

/// The reason of [`LACK_OF_BALANCE`], as UK Open Banking 3.1 spells it.
pub(crate) const LACK_OF_BALANCE_REASON: &str = "PendingFailingSettlement";
/// The order has no funds: with this code a bank profile distinguishes it from amount 116.
pub(crate) const LACK_OF_BALANCE: Ending =
    Ending::Reject(LACK_OF_BALANCE_REASON, "Insufficient funds");
