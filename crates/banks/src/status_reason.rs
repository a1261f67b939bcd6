//! Why an order has its status, as banks tell it, and what the reason of a rejection means: the same
//! in every standard.

use domain::bank::{Decline, OrderProgress, OrderStatus};

use crate::profile::Reasons;

/// Why an order has its status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StatusReason {
    /// A code of the standard, often one of ISO 20022 (external status reason code).
    pub(crate) code: Option<String>,
    /// The bank's words.
    pub(crate) words: Option<String>,
}

impl StatusReason {
    /// The reason of a bank that tells a code only; `None` where it tells none.
    pub(crate) fn of_code(code: Option<&str>) -> Option<StatusReason> {
        code.map(|code| StatusReason { code: Some(code.to_owned()), words: None })
    }

    /// What people read: the bank's words, else its code.
    pub(crate) fn text(&self) -> Option<&str> {
        self.words.as_deref().or(self.code.as_deref())
    }

    /// Whether a line of a profile names this reason: by its words, or as `code: words`.
    fn is(&self, line: &str) -> bool {
        let words = self.text().unwrap_or_default().trim();
        let code = self.code.as_deref().unwrap_or_default();
        line == words || line == format!("{code}: {words}")
    }

    /// The code of ISO 20022, which banks put where their standard has a code, or in front of their
    /// words (`AM04`, `AM04: no money`).
    fn iso_code(&self) -> Option<IsoReason> {
        let of_words = || {
            let words = self.words.as_deref()?.trim();
            IsoReason::of(words.split(|character| " :,".contains(character)).next()?)
        };
        self.code.as_deref().and_then(IsoReason::of).or_else(of_words)
    }
}

/// The codes of ISO 20022 that say more than "rejected".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IsoReason {
    /// `AM04`: the account does not hold enough.
    InsufficientFunds,
    /// `CUST`, `DS02`: the payer decided so.
    CancelledByPayer,
    /// `NOAS`: the payer did not answer.
    NoAnswerFromPayer,
}

impl IsoReason {
    fn of(code: &str) -> Option<IsoReason> {
        match code {
            "AM04" => Some(IsoReason::InsufficientFunds),
            "CUST" | "DS02" => Some(IsoReason::CancelledByPayer),
            "NOAS" => Some(IsoReason::NoAnswerFromPayer),
            _ => None,
        }
    }
}

/// What banks say, in words or codes, of an order that was taken back (`DS02` of ISO 20022 is
/// "order cancelled").
const TAKEN_BACK: [&str; 3] = ["cancel", "canc", "ds02"];
/// What they say of one that is not permitted.
const NOT_PERMITTED: [&str; 2] = ["permission_denied", "permission denied"];

/// What a bank's words and codes say of a decline; `None` where they say no more than that.
#[must_use]
pub fn decline(said: &[Option<&str>]) -> Option<Decline> {
    let texts: Vec<String> = said.iter().flatten().map(|text| text.to_lowercase()).collect();
    let says =
        |words: &[&str]| texts.iter().any(|text| words.iter().any(|word| text.contains(word)));
    match (says(&NOT_PERMITTED), says(&TAKEN_BACK)) {
        (true, _) => Some(Decline::NotPermitted),
        (false, true) => Some(Decline::TakenBack),
        (false, false) => None,
    }
}

/// The status of an order, with what the bank says of a decline.
pub(crate) fn order_status_of(
    progress: OrderProgress,
    raw: String,
    reason: Option<String>,
) -> OrderStatus {
    let declined = progress == OrderProgress::Declined;
    let decline = decline(&[reason.as_deref(), Some(&raw)]).filter(|_| declined);
    OrderStatus { progress, raw, reason, decline }
}

/// What a rejection means: by the lines of the bank's profile first, then by the code of ISO 20022.
pub(crate) fn rejection(listed: &Reasons, reason: Option<&StatusReason>) -> OrderProgress {
    let Some(reason) = reason else { return OrderProgress::Rejected };
    let named = |lines: &[String]| lines.iter().any(|line| reason.is(line));
    if named(&listed.insufficient_funds) {
        return OrderProgress::InsufficientFunds;
    }
    if named(&listed.declined) {
        return OrderProgress::Declined;
    }
    match reason.iso_code() {
        Some(IsoReason::InsufficientFunds) => OrderProgress::InsufficientFunds,
        Some(IsoReason::CancelledByPayer) => OrderProgress::Declined,
        Some(IsoReason::NoAnswerFromPayer) => OrderProgress::Expired,
        None => OrderProgress::Rejected,
    }
}
