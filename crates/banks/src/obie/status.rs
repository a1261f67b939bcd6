//! What the status of an order means (OBIE 3.1.11, Domestic Payments, `OBTransactionStatus`).
//!
//! A status says how far the money is; a bank's profile says how far that bank ever tells. A word
//! that is not in the table is not interpreted.

use domain::bank::{ConsentProgress, OrderProgress, OrderStatus};

use super::settings;
use crate::error::cut;
use crate::profile::{BankProfile, FinalStatus};

/// The statuses of a domestic payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PaymentStatus {
    Pending,
    Rejected,
    Accepted(FinalStatus),
}

impl PaymentStatus {
    fn of(word: &str) -> Option<PaymentStatus> {
        Some(match word {
            "Pending" => PaymentStatus::Pending,
            "Rejected" => PaymentStatus::Rejected,
            "AcceptedSettlementInProcess" => {
                PaymentStatus::Accepted(FinalStatus::AcceptedSettlementInProcess)
            }
            "AcceptedSettlementCompleted" => {
                PaymentStatus::Accepted(FinalStatus::AcceptedSettlementCompleted)
            }
            "AcceptedWithoutPosting" => {
                PaymentStatus::Accepted(FinalStatus::AcceptedWithoutPosting)
            }
            "AcceptedCreditSettlementCompleted" => {
                PaymentStatus::Accepted(FinalStatus::AcceptedCreditSettlementCompleted)
            }
            _ => return None,
        })
    }
}

/// `StatusDetail` of the payment details: why an order has its status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reason {
    /// `StatusReason`, a code of the standard.
    pub(super) code: Option<String>,
    /// `StatusReasonDescription`, the bank's words.
    pub(super) words: Option<String>,
}

impl Reason {
    /// What people read: the bank's words, else its code.
    fn text(&self) -> Option<&str> {
        self.words.as_deref().or(self.code.as_deref())
    }

    /// Whether a line of a profile names this reason: by its words, or as `code: words`.
    fn is(&self, line: &str) -> bool {
        let words = self.text().unwrap_or_default().trim();
        let code = self.code.as_deref().unwrap_or_default();
        line == words || line == format!("{code}: {words}")
    }
}

/// Reads a status word of this bank; `reason` says why, where it is known.
pub(super) fn order_status(bank: &BankProfile, word: &str, reason: Option<&Reason>) -> OrderStatus {
    let progress = match PaymentStatus::of(word) {
        None => OrderProgress::Unrecognised,
        Some(PaymentStatus::Pending) => OrderProgress::InProcess,
        Some(PaymentStatus::Accepted(reached))
            if settings(bank).is_ok_and(|bank| reached >= bank.final_status) =>
        {
            OrderProgress::Completed
        }
        Some(PaymentStatus::Accepted(_)) => OrderProgress::InProcess,
        Some(PaymentStatus::Rejected) => rejection(bank, reason),
    };
    let words = reason.and_then(Reason::text).map(cut);
    OrderStatus { progress, raw: cut(word), reason: words }
}

fn rejection(bank: &BankProfile, reason: Option<&Reason>) -> OrderProgress {
    let listed =
        |lines: &[String]| reason.is_some_and(|reason| lines.iter().any(|line| reason.is(line)));
    if listed(&bank.reasons.insufficient_funds) {
        OrderProgress::InsufficientFunds
    } else if listed(&bank.reasons.declined) {
        OrderProgress::Declined
    } else {
        OrderProgress::Rejected
    }
}

/// Reads the status of a consent; `None` for a word that the standard does not have.
pub(super) fn consent_progress(word: &str) -> Option<ConsentProgress> {
    Some(match word {
        "AwaitingAuthorisation" => ConsentProgress::AwaitingAuthorisation,
        "Authorised" => ConsentProgress::Authorised,
        "Consumed" => ConsentProgress::Consumed,
        "Rejected" => ConsentProgress::Rejected,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::Directory;
    use crate::profile::Standard;

    const FINALS: [FinalStatus; 4] = [
        FinalStatus::AcceptedSettlementInProcess,
        FinalStatus::AcceptedSettlementCompleted,
        FinalStatus::AcceptedWithoutPosting,
        FinalStatus::AcceptedCreditSettlementCompleted,
    ];

    fn bank(final_status: FinalStatus) -> BankProfile {
        let directory =
            Directory::simulated("http://localhost:8001", "https://localhost:8002").unwrap();
        let mut bank = directory.get("ob-modelo").unwrap().clone();
        let Standard::UkOpenBanking(settings) = &mut bank.standard else { panic!() };
        settings.final_status = final_status;
        bank
    }

    fn why(code: &str, words: &str) -> Reason {
        Reason { code: Some(code.to_owned()), words: Some(words.to_owned()) }
    }

    /// The table that a reviewer reads.
    #[test]
    fn every_status_and_every_last_status() {
        let mut table = String::new();
        for word in [
            "Pending",
            "AcceptedSettlementInProcess",
            "AcceptedSettlementCompleted",
            "AcceptedWithoutPosting",
            "AcceptedCreditSettlementCompleted",
            "Rejected",
            "ACSC",
            "pending",
            "",
        ] {
            for last in FINALS {
                let progress = order_status(&bank(last), word, None).progress;
                let word = format!("{word:?}");
                writeln!(table, "{word:<36} last {last:?}: {progress:?}").unwrap();
            }
        }
        for (code, words) in [
            ("PendingFailingSettlement", "Insufficient funds"),
            ("ProprietaryRejection", "Insufficient funds"),
            ("ProprietaryRejection", " CUST "),
            ("ProprietaryRejection", "Permission denied"),
            ("ProprietaryRejection", "cust"),
            ("ProprietaryRejection", "Other"),
        ] {
            let reason = why(code, words);
            let progress = order_status(&bank(FINALS[1]), "Rejected", Some(&reason)).progress;
            writeln!(table, "Rejected, {code}: {words:?}: {progress:?}").unwrap();
        }
        for word in
            ["AwaitingAuthorisation", "Authorised", "Consumed", "Rejected", "Revoked", "AUTH", ""]
        {
            writeln!(table, "consent {word:?}: {:?}", consent_progress(word)).unwrap();
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_reason_never_turns_an_acceptance_into_a_rejection() {
        let reason = why("ProprietaryRejection", "CUST");
        let status = order_status(&bank(FINALS[1]), "AcceptedSettlementCompleted", Some(&reason));
        assert_eq!(status.progress, OrderProgress::Completed);
        assert_eq!(status.reason.as_deref(), Some("CUST"));
    }
}
