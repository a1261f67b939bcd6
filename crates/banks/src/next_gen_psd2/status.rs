//! The meaning of status words (NextGenPSD2 1.3.12, `transactionStatus` and `scaStatus`).
//!
//! A status shows how far the money is; a bank's profile shows the last status of that bank. A word
//! that is not in the table is not interpreted.

use domain::bank::{OrderProgress, OrderStatus};

use super::settings;
use crate::error::words;
use crate::profile::{AcceptedStatus, BankProfile, ExtraStatus};
use crate::status_reason::{StatusReason, order_status_of, rejection};

/// Every `transactionStatus` of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transaction {
    Received,
    Pending,
    PartiallyAuthorised,
    PartiallyAccepted,
    Accepted(AcceptedStatus),
    /// The last word of a success, at a bank with words of its own.
    Final,
    Rejected,
    Cancelled,
}

impl Transaction {
    /// Reads a word of this bank.
    pub(super) fn of(bank: &BankProfile, word: &str) -> Option<Transaction> {
        let own = settings(bank).ok().and_then(|own| own.extra_statuses.get(word));
        own.copied().map(Transaction::from).or_else(|| Transaction::of_standard(word))
    }

    fn of_standard(word: &str) -> Option<Transaction> {
        Some(match word {
            "RCVD" => Transaction::Received,
            "PDNG" => Transaction::Pending,
            "PATC" => Transaction::PartiallyAuthorised,
            "PART" => Transaction::PartiallyAccepted,
            "RJCT" => Transaction::Rejected,
            "CANC" => Transaction::Cancelled,
            other => Transaction::Accepted(AcceptedStatus::of(other)?),
        })
    }
}

impl From<ExtraStatus> for Transaction {
    fn from(status: ExtraStatus) -> Transaction {
        match status {
            ExtraStatus::Pending => Transaction::Pending,
            ExtraStatus::Final => Transaction::Final,
            ExtraStatus::Rejected => Transaction::Rejected,
            ExtraStatus::Cancelled => Transaction::Cancelled,
        }
    }
}

/// Every `scaStatus` of the standard, by what it means for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sca {
    /// The payer has not finished.
    Open,
    /// The provider must still send a confirmation code.
    Unconfirmed,
    /// Done, or not needed.
    Done,
    /// The payer failed, or said no.
    Failed,
}

impl Sca {
    pub(crate) fn of(word: &str) -> Option<Sca> {
        Some(match word {
            "received" | "psuIdentified" | "psuAuthenticated" | "scaMethodSelected" | "started" => {
                Sca::Open
            }
            "unconfirmed" => Sca::Unconfirmed,
            "finalised" | "exempted" => Sca::Done,
            "failed" => Sca::Failed,
            _ => return None,
        })
    }
}

/// Reads a status word. `reason` is the bank's reason for it; `no_funds` is its `fundsAvailable: false`;
/// `last` is the last status that this bank reports of a success.
pub(crate) fn order_status(
    bank: &BankProfile,
    last: AcceptedStatus,
    word: &str,
    reason: Option<&StatusReason>,
    no_funds: bool,
) -> OrderStatus {
    let progress = match Transaction::of(bank, word) {
        None => OrderProgress::Unrecognised,
        Some(
            Transaction::Received
            | Transaction::Pending
            | Transaction::PartiallyAuthorised
            | Transaction::PartiallyAccepted,
        ) => OrderProgress::InProcess,
        Some(Transaction::Accepted(reached)) if reached >= last => OrderProgress::Completed,
        Some(Transaction::Accepted(_)) => OrderProgress::InProcess,
        Some(Transaction::Final) => OrderProgress::Completed,
        Some(Transaction::Rejected) if no_funds => OrderProgress::InsufficientFunds,
        Some(Transaction::Rejected) => rejection(&bank.reasons, reason),
        Some(Transaction::Cancelled) => OrderProgress::Declined,
    };
    order_status_of(progress, words(word), reason.and_then(StatusReason::text).map(words))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::Directory;

    fn said(words: &str) -> StatusReason {
        StatusReason { code: None, words: Some(words.to_owned()) }
    }

    #[test]
    fn every_word_and_every_last_status() {
        use AcceptedStatus as T;
        let directory = Directory::simulated("http://localhost:8001", "https://localhost:8002");
        let directory = directory.unwrap();
        let bank = directory.get("bg-linden").unwrap();
        let mut table = String::new();
        for word in [
            "RCVD", "PDNG", "PATC", "PART", "ACTC", "ACCP", "ACFC", "ACSP", "ACWC", "ACWP", "ACSC",
            "ACCC", "RJCT", "CANC", "ACPC", "acsc", "",
        ] {
            write!(table, "{word:<5}").unwrap();
            for last in [T::Accp, T::Acsp, T::Acsc, T::Accc] {
                let progress = order_status(bank, last, word, None, false).progress;
                write!(table, " {last:?}: {:<18}", format!("{progress:?}")).unwrap();
            }
            table = table.trim_end().to_owned();
            table.push('\n');
        }
        for (reason, no_funds) in [
            ("Insufficient funds", false),
            ("failure", true),
            ("AM04", false),
            ("AM04: no money", false),
            ("DS02", false),
            ("NOAS", false),
            ("CUST", false),
            ("Permission denied", false),
            ("failure", false),
        ] {
            let status = order_status(bank, T::Acsc, "RJCT", Some(&said(reason)), no_funds);
            writeln!(table, "RJCT {reason:?}, no funds {no_funds}: {:?}", status.progress).unwrap();
        }
        for word in [
            "received",
            "psuIdentified",
            "psuAuthenticated",
            "scaMethodSelected",
            "started",
            "unconfirmed",
            "finalised",
            "exempted",
            "failed",
            "FINALISED",
        ] {
            writeln!(table, "sca {word}: {:?}", Sca::of(word)).unwrap();
        }
        insta::assert_snapshot!(table);
    }
}
