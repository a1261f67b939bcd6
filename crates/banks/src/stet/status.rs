//! The meaning of status words (STET 1.4 and 1.5, `paymentInformationStatus`).

use domain::bank::{OrderProgress, OrderStatus};

use crate::error::words;
use crate::profile::{AcceptedStatus, BankProfile};
use crate::status_reason::{StatusReason, rejection};

/// Every `paymentInformationStatus` of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Payment {
    Received,
    Pending,
    PartiallyAuthorised,
    PartiallyAccepted,
    Accepted(AcceptedStatus),
    Rejected,
    Cancelled,
}

impl Payment {
    pub(super) fn of(word: &str) -> Option<Payment> {
        Some(match word {
            "RCVD" => Payment::Received,
            "PDNG" => Payment::Pending,
            "PATC" => Payment::PartiallyAuthorised,
            "PART" => Payment::PartiallyAccepted,
            "RJCT" => Payment::Rejected,
            "CANC" => Payment::Cancelled,
            // Not words of this standard.
            "ACFC" | "ACCC" => return None,
            other => Payment::Accepted(AcceptedStatus::of(other)?),
        })
    }

    /// Whether the bank has begun with it: it has the confirmation, or does without.
    pub(super) fn is_under_way(self) -> bool {
        match self {
            Payment::Accepted(reached) => reached >= AcceptedStatus::Acsp,
            Payment::Rejected | Payment::Cancelled | Payment::PartiallyAccepted => true,
            Payment::Received | Payment::Pending | Payment::PartiallyAuthorised => false,
        }
    }
}

/// Reads a status word; `reason` is the ISO code beside it, `no_funds` the bank's
/// `fundsAvailability: false`.
pub(crate) fn order_status(
    bank: &BankProfile,
    last: AcceptedStatus,
    word: &str,
    reason: Option<&str>,
    no_funds: bool,
) -> OrderStatus {
    let progress = match Payment::of(word) {
        None => OrderProgress::Unrecognised,
        Some(
            Payment::Received
            | Payment::Pending
            | Payment::PartiallyAuthorised
            | Payment::PartiallyAccepted,
        ) => OrderProgress::InProcess,
        Some(Payment::Accepted(reached)) if reached >= last => OrderProgress::Completed,
        Some(Payment::Accepted(_)) => OrderProgress::InProcess,
        Some(Payment::Rejected) if no_funds => OrderProgress::InsufficientFunds,
        Some(Payment::Rejected) => rejection(&bank.reasons, StatusReason::of_code(reason).as_ref()),
        Some(Payment::Cancelled) => OrderProgress::Declined,
    };
    OrderStatus { progress, raw: words(word), reason: reason.map(words) }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::Directory;

    #[test]
    fn every_word_and_every_last_status() {
        use AcceptedStatus as T;
        let directory = Directory::simulated("http://localhost:8001", "https://localhost:8002");
        let directory = directory.unwrap();
        let bank = directory.get("stet-hetre").unwrap();
        let mut table = String::new();
        for word in [
            "RCVD", "PDNG", "PATC", "PART", "ACTC", "ACCP", "ACSP", "ACWC", "ACWP", "ACSC", "RJCT",
            "CANC", "ACCC", "",
        ] {
            write!(table, "{word:<5}").unwrap();
            for last in [T::Acsp, T::Acsc] {
                let progress = order_status(bank, last, word, None, false).progress;
                write!(table, " {last:?}: {:<18}", format!("{progress:?}")).unwrap();
            }
            let under_way = Payment::of(word).is_some_and(Payment::is_under_way);
            writeln!(table, " under way: {under_way}").unwrap();
        }
        for (reason, no_funds) in [
            ("CUST", false),
            ("DS02", false),
            ("NOAS", false),
            ("AM04", false),
            ("MS03", true),
            ("MS03", false),
            ("AC04", false),
        ] {
            let progress = order_status(bank, T::Acsc, "RJCT", Some(reason), no_funds).progress;
            writeln!(table, "RJCT {reason}, no funds {no_funds}: {progress:?}").unwrap();
        }
        insta::assert_snapshot!(table);
    }
}
