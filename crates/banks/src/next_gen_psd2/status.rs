//! What status words mean (NextGenPSD2 1.3.12, `transactionStatus` and `scaStatus`).
//!
//! A status says how far the money is; a bank's profile says how far that bank ever tells. A word
//! that is not in the table is not interpreted.

use domain::bank::{OrderProgress, OrderStatus};

use crate::error::words;
use crate::profile::{AcceptedStatus, BankProfile};
use crate::status_reason::{StatusReason, order_status_of, rejection};

/// Every `transactionStatus` of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transaction {
    Received,
    Pending,
    PartiallyAuthorised,
    PartiallyAccepted,
    Accepted(AcceptedStatus),
    Rejected,
    Cancelled,
}

impl Transaction {
    pub(super) fn of(word: &str) -> Option<Transaction> {
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

/// Every `scaStatus` of the standard, by what it means for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sca {
    /// The payer has not finished.
    Open,
    /// A confirmation code is still to be brought.
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

/// Reads a status word. `reason` is what the bank says of it; `no_funds` is its `fundsAvailable: false`;
/// `last` is the last status that this bank tells of a success.
pub(crate) fn order_status(
    bank: &BankProfile,
    last: AcceptedStatus,
    word: &str,
    reason: Option<&StatusReason>,
    no_funds: bool,
) -> OrderStatus {
    let progress = match Transaction::of(word) {
        None => OrderProgress::Unrecognised,
        Some(
            Transaction::Received
            | Transaction::Pending
            | Transaction::PartiallyAuthorised
            | Transaction::PartiallyAccepted,
        ) => OrderProgress::InProcess,
        Some(Transaction::Accepted(reached)) if reached >= last => OrderProgress::Completed,
        Some(Transaction::Accepted(_)) => OrderProgress::InProcess,
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
