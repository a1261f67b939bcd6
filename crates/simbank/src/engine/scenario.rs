//! The scenarios that a payment can meet, and which payment meets which: one table, one function.
//!
//! The amounts 101 to 119 are those of the published mock bank; 120 and up are faults of the wire
//! and of time that a connector must survive. Every other payment completes if the account has the
//! money.

use crate::engine::outcome::{Ending, Fault, LACK_OF_BALANCE, LATE_MS, ReturnDelivery};

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scenario {
    /// As a reference, a persona or the API names it.
    pub(crate) word: &'static str,
    /// The amount that asks for it, in minor units of whatever currency.
    pub(crate) minor: i64,
    pub(crate) ending: Ending,
    pub(crate) fault: Option<Fault>,
    pub(crate) way_back: ReturnDelivery,
    /// How much later than usual the order is executed, in milliseconds.
    pub(crate) late_ms: i64,
    /// For the page that lists the table.
    pub(crate) explanation: &'static str,
}

const REJECTED: &str = "ProprietaryRejection";

const fn plain(whole: i64, word: &'static str, explanation: &'static str) -> Scenario {
    Scenario {
        word,
        minor: whole * 100,
        ending: Ending::Complete,
        fault: None,
        way_back: ReturnDelivery::Usual,
        late_ms: 0,
        explanation,
    }
}

const fn ends(
    whole: i64,
    word: &'static str,
    ending: Ending,
    explanation: &'static str,
) -> Scenario {
    Scenario { ending, ..plain(whole, word, explanation) }
}

const fn rejects(
    whole: i64,
    word: &'static str,
    words: &'static str,
    explanation: &'static str,
) -> Scenario {
    ends(whole, word, Ending::Reject(REJECTED, words), explanation)
}

const fn fails(
    whole: i64,
    word: &'static str,
    fault: Fault,
    explanation: &'static str,
) -> Scenario {
    Scenario { fault: Some(fault), ..plain(whole, word, explanation) }
}

const fn leads(
    whole: i64,
    word: &'static str,
    way_back: ReturnDelivery,
    explanation: &'static str,
) -> Scenario {
    Scenario { way_back, ..plain(whole, word, explanation) }
}

const CANCELLED: Ending = Ending::Reject("Cancelled", "Payment initiation has been canceled.");
const SECOND_THOUGHT: Ending = Ending::RejectLater(REJECTED, "Order not executed");

/// The scenario of a payment without a special amount, word or customer.
static ORDINARY: Scenario = plain(101, "completed", "completed: success");

/// The table, in the order in which it is shown.
pub(crate) static SCENARIOS: [Scenario; 25] = [
    ORDINARY,
    rejects(103, "failure", "failure", "rejected: failure"),
    fails(104, "forbidden", Fault::Forbidden, "answered with 403, nothing is done"),
    ends(105, "never_final", Ending::Remain("processing"), "stays in process: processing"),
    ends(106, "cancelled", CANCELLED, "rejected: canceled"),
    ends(108, "insufficient_funds", LACK_OF_BALANCE, "rejected: insufficient funds"),
    ends(110, "never_started", Ending::Remain("initiated"), "stays in process: initiated"),
    rejects(112, "declined", "Payment initiation has been declined.", "rejected: declined"),
    rejects(
        116,
        "funds_in_words",
        "Insufficient funds",
        "rejected: insufficient funds, said in words only",
    ),
    rejects(117, "permission_denied", "Permission denied", "rejected: permission denied"),
    rejects(118, "customer", "CUST", "rejected: CUST"),
    rejects(119, "not_executed", "Order not executed", "rejected: order not executed"),
    fails(120, "silent_after_effect", Fault::SilentAfterEffect, "completes, but no answer comes"),
    fails(
        121,
        "silent_before_effect",
        Fault::SilentBeforeEffect,
        "nothing is done and no answer comes",
    ),
    fails(
        122,
        "error_after_effect",
        Fault::ErrorAfterEffect,
        "completes, but the answer is an error 500",
    ),
    fails(
        123,
        "error_before_effect",
        Fault::UnavailableBeforeEffect,
        "nothing is done, the answer is an error 503",
    ),
    fails(
        124,
        "too_many_requests",
        Fault::TooManyAtFirst,
        "the first attempt is answered with 429, Retry-After: 1; the next one works",
    ),
    fails(
        125,
        "malformed_answer",
        Fault::MalformedAnswer,
        "completes, but the answer's JSON is cut off",
    ),
    fails(
        126,
        "wrong_signature",
        Fault::WrongSignature,
        "completes, but the answer's signature is wrong",
    ),
    fails(127, "slow", Fault::Slow, "completes, but the answer takes 12 seconds"),
    Scenario {
        late_ms: LATE_MS,
        ..plain(128, "late_execution", "accepted at once, executed 6 hours later than usual")
    },
    ends(
        129,
        "rejected_after_accepted",
        SECOND_THOUGHT,
        "accepted and in process, and rejected 10 minutes later",
    ),
    leads(
        130,
        "missing_callback",
        ReturnDelivery::Missing,
        "completes, but the payer is not sent back and no callback is made",
    ),
    leads(
        131,
        "duplicate_callback",
        ReturnDelivery::Twice,
        "completes; the payer is offered the way back twice, a callback is made twice",
    ),
    fails(
        132,
        "expired_certificate",
        Fault::ExpiredCertificate,
        "refused: the bank takes the provider's certificate for expired; nothing is done",
    ),
];

/// The facts that decide the scenario of a payment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Facts<'order> {
    /// The word that was planned for this payment by `POST /sim/faults`.
    pub(crate) planned: Option<&'order str>,
    /// The remittance texts; `SIM:` and a word in it asks for a scenario.
    pub(crate) reference: &'order str,
    /// The word of the customer who approves.
    pub(crate) persona: Option<&'order str>,
    pub(crate) minor: i64,
}

/// The scenario of a payment. A planned one comes first, then its reference, then its approver, then
/// its amount. Unknown words are ignored.
pub(crate) fn decide(facts: &Facts) -> &'static Scenario {
    facts
        .planned
        .and_then(find)
        .or_else(|| keyword(facts.reference))
        .or_else(|| facts.persona.and_then(find))
        .or_else(|| SCENARIOS.iter().find(|scenario| scenario.minor == facts.minor))
        .unwrap_or(&ORDINARY)
}

/// The scenario of that name.
pub(crate) fn find(word: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.word == word)
}

/// The first known word behind `SIM:` in a text. A hyphen is as good as an underscore, which some
/// payment systems do not carry, and so are capitals.
fn keyword(text: &str) -> Option<&'static Scenario> {
    let text = text.to_ascii_lowercase().replace('-', "_");
    text.split("sim:").skip(1).find_map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_');
        find(rest[..end.unwrap_or(rest.len())].trim_end_matches('_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(planned: Option<&str>, reference: &str, persona: Option<&str>, minor: i64) -> String {
        decide(&Facts { planned, reference, persona, minor }).word.to_owned()
    }

    #[test]
    fn plan_then_reference_then_persona_then_amount() {
        let (slow, said, odd) = (Some("slow"), "SIM:failure", Some("declined"));
        assert_eq!(word(slow, said, odd, 10_500), "slow");
        assert_eq!(word(None, said, odd, 10_500), "failure");
        assert_eq!(word(None, "Rent", odd, 10_500), "declined");
        assert_eq!(word(None, "Rent", None, 10_500), "never_final");
        assert_eq!(word(None, "Rent", None, 10_501), "completed");
        assert_eq!(word(Some("completed"), said, odd, 10_500), "completed", "a plan can be good");
    }

    #[test]
    fn a_keyword_stands_anywhere_and_is_written_as_payment_systems_allow() {
        for text in [
            "SIM:late_execution",
            "Rent May SIM:late-execution, thanks",
            "[\"Rent\",\"sim:Late-Execution\"]",
            "SIM:nonsense SIM:late_execution-",
        ] {
            assert_eq!(word(None, text, None, 1), "late_execution", "{text}");
        }
        for text in ["SIM late_execution", "late_execution", "SIM:", "SIM:late_executions", "SIM:ł"]
        {
            assert_eq!(word(None, text, None, 1), "completed", "{text}");
        }
    }

    #[test]
    fn unknown_words_count_as_nothing() {
        assert_eq!(word(Some("?"), "SIM:?", Some("?"), 10_800), "insufficient_funds");
    }

    #[test]
    fn words_and_amounts_name_one_scenario_each() {
        for (place, scenario) in SCENARIOS.iter().enumerate() {
            for other in &SCENARIOS[place + 1..] {
                assert_ne!(scenario.word, other.word);
                assert_ne!(scenario.minor, other.minor, "{}", scenario.word);
            }
            let snake = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            assert!(scenario.word.bytes().all(snake), "{}", scenario.word);
        }
        assert_eq!(SCENARIOS[0], ORDINARY);
    }
}
