//! What status words mean (STET 1.4 and 1.5, `paymentInformationStatus`).

use domain::bank::{OrderProgress, OrderStatus};

use crate::error::words;
use crate::profile::{AcceptedStatus, BankProfile};
use crate::status_reason::{StatusReason, order_status_of, rejection};

/// Every `paymentInformationStatus` of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PaymentInformationStatus {
    Received,
    Pending,
    PartiallyAuthorised,
    PartiallyAccepted,
    Accepted(AcceptedStatus),
    Rejected,
    Cancelled,
}

impl PaymentInformationStatus {
    pub(super) fn of(word: &str) -> Option<PaymentInformationStatus> {
        Some(match word {
            "RCVD" => PaymentInformationStatus::Received,
            "PDNG" => PaymentInformationStatus::Pending,
            "PATC" => PaymentInformationStatus::PartiallyAuthorised,
            "PART" => PaymentInformationStatus::PartiallyAccepted,
            "RJCT" => PaymentInformationStatus::Rejected,
            "CANC" => PaymentInformationStatus::Cancelled,
            // Not words of this standard.
            "ACFC" | "ACCC" => return None,
            other => PaymentInformationStatus::Accepted(AcceptedStatus::of(other)?),
        })
    }

    /// Whether the bank has begun with it: it has the confirmation, or does without.
    pub(super) fn is_under_way(self) -> bool {
        match self {
            PaymentInformationStatus::Accepted(reached) => reached >= AcceptedStatus::Acsp,
            PaymentInformationStatus::Rejected
            | PaymentInformationStatus::Cancelled
            | PaymentInformationStatus::PartiallyAccepted => true,
            PaymentInformationStatus::Received
            | PaymentInformationStatus::Pending
            | PaymentInformationStatus::PartiallyAuthorised => false,
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
    let progress = match PaymentInformationStatus::of(word) {
        None => OrderProgress::Unrecognised,
        Some(
            PaymentInformationStatus::Received
            | PaymentInformationStatus::Pending
            | PaymentInformationStatus::PartiallyAuthorised
            | PaymentInformationStatus::PartiallyAccepted,
        ) => OrderProgress::InProcess,
        Some(PaymentInformationStatus::Accepted(reached)) if reached >= last => {
            OrderProgress::Completed
        }
        Some(PaymentInformationStatus::Accepted(_)) => OrderProgress::InProcess,
        Some(PaymentInformationStatus::Rejected) if no_funds => OrderProgress::InsufficientFunds,
        Some(PaymentInformationStatus::Rejected) => {
            rejection(&bank.reasons, StatusReason::of_code(reason).as_ref())
        }
        Some(PaymentInformationStatus::Cancelled) => OrderProgress::Declined,
    };
    order_status_of(progress, words(word), reason.map(words))
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
            let under_way = PaymentInformationStatus::of(word)
                .is_some_and(PaymentInformationStatus::is_under_way);
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
