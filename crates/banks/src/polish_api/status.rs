//! What status words mean (PolishAPI 2.1, `PaymentStatus` and `recurringPaymentStatus`).

use domain::bank::{OrderProgress, OrderStatus};

use crate::error::words;
use crate::profile::BankProfile;
use crate::status_reason::{StatusReason, order_status_of, rejection};

/// Reads `generalStatus` of a payment; `detail` is the bank's own `detailedStatus`.
pub(crate) fn payment_status(bank: &BankProfile, word: &str, detail: Option<&str>) -> OrderStatus {
    let progress = match word {
        "submitted" | "pending" | "scheduled" => OrderProgress::InProcess,
        "done" => OrderProgress::Completed,
        "rejected" => rejected(bank, detail),
        "cancelled" => OrderProgress::Declined,
        _ => OrderProgress::Unrecognised,
    };
    order_status_of(progress, words(word), reason(progress, detail))
}

/// Reads the status of a standing order. It is complete once the bank repeats it by itself.
pub(crate) fn recurring_status(
    bank: &BankProfile,
    word: &str,
    detail: Option<&str>,
) -> OrderStatus {
    let progress = match word {
        "submitted" => OrderProgress::InProcess,
        "inProgress" | "close" => OrderProgress::Completed,
        "cancelled" => match rejected(bank, detail) {
            OrderProgress::Rejected => OrderProgress::Declined,
            other => other,
        },
        _ => OrderProgress::Unrecognised,
    };
    order_status_of(progress, words(word), reason(progress, detail))
}

fn rejected(bank: &BankProfile, detail: Option<&str>) -> OrderProgress {
    let reason = detail.map(|detail| StatusReason { code: None, words: Some(detail.to_owned()) });
    rejection(&bank.reasons, reason.as_ref())
}

/// Details of a payment that goes well say nothing to anybody.
fn reason(progress: OrderProgress, detail: Option<&str>) -> Option<String> {
    let told = detail.filter(|detail| !detail.is_empty()).map(words);
    match progress {
        OrderProgress::Completed => None,
        OrderProgress::InProcess
        | OrderProgress::Declined
        | OrderProgress::Rejected
        | OrderProgress::InsufficientFunds
        | OrderProgress::Expired
        | OrderProgress::Unrecognised => told,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::Directory;

    #[test]
    fn every_word() {
        let directory = Directory::simulated("http://localhost:8001", "https://localhost:8002");
        let directory = directory.unwrap();
        let bank = directory.get("pl-dab").unwrap();
        let mut table = String::new();
        for word in ["submitted", "pending", "scheduled", "done", "rejected", "cancelled", "odd"] {
            let progress = payment_status(bank, word, None).progress;
            writeln!(table, "payment        {word:<11} {progress:?}").unwrap();
        }
        for detail in ["Insufficient funds", "Permission denied", "AM04", "DS02", "NOAS", "failure"]
        {
            let progress = payment_status(bank, "rejected", Some(detail)).progress;
            writeln!(table, "payment        rejected: {detail:<20} {progress:?}").unwrap();
        }
        for word in ["submitted", "inProgress", "cancelled", "close", "odd"] {
            let progress = recurring_status(bank, word, None).progress;
            writeln!(table, "standing order {word:<11} {progress:?}").unwrap();
        }
        insta::assert_snapshot!(table);
    }
}
