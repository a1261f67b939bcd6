//! What becomes of a payment: decided by its amount, alike at all simulated banks.
//!
//! The amounts 101 to 119 are those of the published mock bank; 120 to 126 are faults of the wire
//! that a connector must survive. Every other amount completes if the account has the money.

/// How an order ends once it is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The money moves.
    Complete,
    /// No money moves; the reason is a `StatusReason` of OBIE 3.1.11, payment details.
    Reject(&'static str, &'static str),
    /// The order stays in process for ever; the words describe its state.
    Remain(&'static str),
}

/// What goes wrong when the order is submitted.
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
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// Amount in pence.
    pub(crate) pence: i64,
    /// How the order ends.
    pub(crate) ending: Ending,
    /// What goes wrong on the way.
    pub(crate) fault: Option<Fault>,
    /// For the page that lists the table.
    pub(crate) explanation: &'static str,
}

const REJECTED: &str = "ProprietaryRejection";

/// The order has no money behind it: the code lets a bank profile tell this from amount 116.
pub(crate) const LACK_OF_BALANCE: Ending =
    Ending::Reject("PendingFailingSettlement", "Insufficient funds");

const fn ends(pounds: i64, ending: Ending, explanation: &'static str) -> Outcome {
    Outcome { pence: pounds * 100, ending, fault: None, explanation }
}

const fn fails(pounds: i64, fault: Fault, explanation: &'static str) -> Outcome {
    Outcome { pence: pounds * 100, ending: Ending::Complete, fault: Some(fault), explanation }
}

/// The table, in the order in which it is shown.
pub(crate) const OUTCOMES: [Outcome; 19] = [
    ends(101, Ending::Complete, "completed: success"),
    ends(103, Ending::Reject(REJECTED, "failure"), "rejected: failure"),
    fails(104, Fault::Forbidden, "POST domestic-payments answers 403"),
    ends(105, Ending::Remain("processing"), "stays in process: processing"),
    ends(
        106,
        Ending::Reject("Cancelled", "Payment initiation has been canceled."),
        "rejected: canceled",
    ),
    ends(108, LACK_OF_BALANCE, "rejected: insufficient funds"),
    ends(110, Ending::Remain("initiated"), "stays in process: initiated"),
    ends(
        112,
        Ending::Reject(REJECTED, "Payment initiation has been declined."),
        "rejected: declined",
    ),
    ends(116, Ending::Reject(REJECTED, "Insufficient funds"), "rejected: insufficient funds"),
    ends(117, Ending::Reject(REJECTED, "Permission denied"), "rejected: permission denied"),
    ends(118, Ending::Reject(REJECTED, "CUST"), "rejected: CUST"),
    ends(119, Ending::Reject(REJECTED, "Order not executed"), "rejected: order not executed"),
    fails(120, Fault::SilentAfterEffect, "completes, but the POST is never answered"),
    fails(121, Fault::SilentBeforeEffect, "nothing is done and the POST is never answered"),
    fails(122, Fault::ErrorAfterEffect, "completes, but the POST is answered with 500"),
    fails(123, Fault::UnavailableBeforeEffect, "nothing is done, the POST is answered with 503"),
    fails(124, Fault::TooManyAtFirst, "the first POST is answered with 429, Retry-After: 1"),
    fails(125, Fault::MalformedAnswer, "completes, but the answer's JSON is cut off"),
    fails(126, Fault::WrongSignature, "completes, but the answer's signature is wrong"),
];

/// How an order of this amount ends.
pub(crate) fn ending(pence: i64) -> Ending {
    find(pence).map_or(Ending::Complete, |outcome| outcome.ending)
}

/// What goes wrong when an order of this amount is submitted.
pub(crate) fn fault(pence: i64) -> Option<Fault> {
    find(pence)?.fault
}

fn find(pence: i64) -> Option<&'static Outcome> {
    OUTCOMES.iter().find(|outcome| outcome.pence == pence)
}
