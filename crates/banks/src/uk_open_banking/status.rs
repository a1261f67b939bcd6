//! The meaning of an order's status (OBIE 3.1.11 and 4.0, the order's `Data.Status`).
//!
//! A status shows how far the money is; a bank's profile shows the last status of that bank. A word
//! that is not in the table of the version and the resource is not interpreted.

use domain::bank::{ConsentProgress, OrderProgress, OrderStatus};
use serde::Deserialize;

use super::resource::Resource;
use super::settings;
use crate::error::cut;
use crate::profile::{
    AcceptedStatus, BankProfile, ExtraStatus, RejectionReasonPlace, UkOpenBankingVersion,
};
use crate::status_reason::{StatusReason, order_status_of, rejection};

/// The meaning of a word for an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Something is still to come.
    Pending,
    /// Execution is so far; whether that is the last word, the profile says.
    Accepted(AcceptedStatus),
    /// The last word at every bank: settled, or kept by a bank that executes by itself.
    Final,
    /// Not executed.
    Refused,
    /// Called off by the payer.
    Cancelled,
}

impl Meaning {
    fn of(version: UkOpenBankingVersion, resource: Resource, word: &str) -> Option<Meaning> {
        match (version, resource) {
            (UkOpenBankingVersion::V3_1_11, Resource::Payment | Resource::InternationalPayment) => {
                payment_3_1(word)
            }
            (
                UkOpenBankingVersion::V3_1_11,
                Resource::ScheduledPayment | Resource::StandingOrder,
            ) => initiation_3_1(word),
            (UkOpenBankingVersion::V4_0, Resource::Payment | Resource::InternationalPayment) => {
                payment_4_0(word)
            }
            (UkOpenBankingVersion::V4_0, Resource::ScheduledPayment) => scheduled_4_0(word),
            (UkOpenBankingVersion::V4_0, Resource::StandingOrder) => standing_order_4_0(word),
        }
    }
}

impl From<ExtraStatus> for Meaning {
    fn from(status: ExtraStatus) -> Meaning {
        match status {
            ExtraStatus::Pending => Meaning::Pending,
            ExtraStatus::Final => Meaning::Final,
            ExtraStatus::Rejected => Meaning::Refused,
            ExtraStatus::Cancelled => Meaning::Cancelled,
        }
    }
}

fn payment_3_1(word: &str) -> Option<Meaning> {
    Some(match word {
        "Pending" => Meaning::Pending,
        "Rejected" => Meaning::Refused,
        "AcceptedSettlementInProcess" => Meaning::Accepted(AcceptedStatus::Acsp),
        "AcceptedSettlementCompleted" => Meaning::Accepted(AcceptedStatus::Acsc),
        "AcceptedWithoutPosting" => Meaning::Accepted(AcceptedStatus::Acwp),
        "AcceptedCreditSettlementCompleted" => Meaning::Accepted(AcceptedStatus::Accc),
        _ => return None,
    })
}

fn initiation_3_1(word: &str) -> Option<Meaning> {
    Some(match word {
        "InitiationPending" => Meaning::Pending,
        "InitiationCompleted" => Meaning::Final,
        "InitiationFailed" => Meaning::Refused,
        "Cancelled" => Meaning::Cancelled,
        _ => return None,
    })
}

fn payment_4_0(word: &str) -> Option<Meaning> {
    Some(match word {
        "RCVD" | "PDNG" | "PATC" => Meaning::Pending,
        "BLCK" | "RJCT" => Meaning::Refused,
        other => Meaning::Accepted(AcceptedStatus::of(other)?),
    })
}

/// The scale of single payments for a later day. It ends before `ACCC`: at a bank whose last word is
/// `ACCC` for immediate payments, any settlement is the last word here.
fn scheduled_4_0(word: &str) -> Option<Meaning> {
    match word {
        "CANC" => Some(Meaning::Cancelled),
        "ACSC" | "ACWP" => Some(Meaning::Final),
        "ACCC" => None,
        other => payment_4_0(other),
    }
}

fn standing_order_4_0(word: &str) -> Option<Meaning> {
    Some(match word {
        "RCVD" | "PDNG" | "PATC" | "ACTC" => Meaning::Pending,
        "INCO" => Meaning::Final,
        "INFA" | "RJCT" => Meaning::Refused,
        "CANC" => Meaning::Cancelled,
        _ => return None,
    })
}

/// One of `StatusReason[]` of 4.0.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReasonIn {
    status_reason_code: Option<String>,
    status_reason_description: Option<String>,
}

/// The first of `StatusReason[]` that says something. Where the list cannot be read there is no
/// reason: an extra must not hide the status.
pub(super) fn first_of(reasons: Option<serde_json::Value>) -> Option<StatusReason> {
    let reasons: Vec<ReasonIn> = serde_json::from_value(reasons?).ok()?;
    reasons
        .into_iter()
        .map(|one| StatusReason {
            code: one.status_reason_code,
            words: one.status_reason_description,
        })
        .find(|reason| reason.code.is_some() || reason.words.is_some())
}

/// Whether this bank gives reasons of rejections there.
pub(super) fn has_reasons_in(bank: &BankProfile, place: RejectionReasonPlace) -> bool {
    settings(bank).is_ok_and(|own| own.rejection_reasons.contains(&place))
}

/// `SupplementaryData.RejectionReason` of an order's initiation, where the bank has it.
pub(super) fn in_supplementary_data(
    bank: &BankProfile,
    data: Option<&serde_json::Value>,
) -> Option<StatusReason> {
    if !has_reasons_in(bank, RejectionReasonPlace::SupplementaryData) {
        return None;
    }
    let words = data?.get("RejectionReason")?.as_str()?.to_owned();
    Some(StatusReason { code: None, words: Some(words) })
}

/// Reads a status word of this bank; `reason` says why, where it is known.
pub(crate) fn order_status(
    bank: &BankProfile,
    resource: Resource,
    word: &str,
    reason: Option<&StatusReason>,
) -> OrderStatus {
    let meaning = settings(bank).ok().and_then(|settings| {
        let own = settings.extra_statuses.get(word).copied().map(Meaning::from);
        own.or_else(|| Meaning::of(settings.version, resource, word))
            .map(|meaning| (meaning, settings.final_status))
    });
    let progress = match meaning {
        None => OrderProgress::Unrecognised,
        Some((Meaning::Pending, ..)) => OrderProgress::InProcess,
        Some((Meaning::Accepted(reached), last)) if reached >= last => OrderProgress::Completed,
        Some((Meaning::Accepted(_), ..)) => OrderProgress::InProcess,
        Some((Meaning::Final, ..)) => OrderProgress::Completed,
        Some((Meaning::Cancelled, ..)) => OrderProgress::Declined,
        Some((Meaning::Refused, _)) => rejection(&bank.reasons, reason),
    };
    let words = reason.and_then(StatusReason::text).map(cut);
    order_status_of(progress, cut(word), words)
}

/// Whether a word is a refusal, in either version or at this bank: details have the reasons of several
/// statuses.
pub(super) fn is_refusal(bank: &BankProfile, word: &str) -> bool {
    let own = settings(bank).ok().and_then(|settings| settings.extra_statuses.get(word));
    if let Some(own) = own {
        return matches!(own, ExtraStatus::Rejected | ExtraStatus::Cancelled);
    }
    matches!(
        word,
        "Rejected" | "InitiationFailed" | "Cancelled" | "RJCT" | "BLCK" | "CANC" | "INFA"
    )
}

/// Reads the status of a consent; `None` for a word that the version does not have.
pub(crate) fn consent_progress(bank: &BankProfile, word: &str) -> Option<ConsentProgress> {
    Some(match (settings(bank).ok()?.version, word) {
        (UkOpenBankingVersion::V3_1_11, "AwaitingAuthorisation")
        | (UkOpenBankingVersion::V4_0, "AWAU") => ConsentProgress::AwaitingAuthorisation,
        (UkOpenBankingVersion::V3_1_11, "Authorised") | (UkOpenBankingVersion::V4_0, "AUTH") => {
            ConsentProgress::Authorised
        }
        (UkOpenBankingVersion::V3_1_11, "Consumed") | (UkOpenBankingVersion::V4_0, "COND") => {
            ConsentProgress::Consumed
        }
        (UkOpenBankingVersion::V3_1_11, "Rejected") | (UkOpenBankingVersion::V4_0, "RJCT") => {
            ConsentProgress::Rejected
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::Directory;
    use crate::profile::Standard;

    const FINALS: [AcceptedStatus; 4] =
        [AcceptedStatus::Acsp, AcceptedStatus::Acsc, AcceptedStatus::Acwp, AcceptedStatus::Accc];

    const VERSIONS: [UkOpenBankingVersion; 2] =
        [UkOpenBankingVersion::V3_1_11, UkOpenBankingVersion::V4_0];

    fn bank(version: UkOpenBankingVersion, final_status: AcceptedStatus) -> BankProfile {
        let directory =
            Directory::simulated("http://localhost:8001", "https://localhost:8002").unwrap();
        let mut bank = directory.get("ob-modelo").unwrap().clone();
        let Standard::UkOpenBanking(settings) = &mut bank.standard else { panic!() };
        settings.version = version;
        settings.final_status = final_status;
        bank
    }

    fn why(code: &str, words: &str) -> StatusReason {
        StatusReason { code: Some(code.to_owned()), words: Some(words.to_owned()) }
    }

    /// The words of both versions, two that no version has, and none.
    const WORDS: [&str; 30] = [
        "Pending",
        "AcceptedSettlementInProcess",
        "AcceptedSettlementCompleted",
        "AcceptedWithoutPosting",
        "AcceptedCreditSettlementCompleted",
        "Rejected",
        "InitiationPending",
        "InitiationCompleted",
        "InitiationFailed",
        "Cancelled",
        "RCVD",
        "PDNG",
        "PATC",
        "ACTC",
        "ACCP",
        "ACFC",
        "ACSP",
        "ACWC",
        "ACSC",
        "ACWP",
        "ACCC",
        "BLCK",
        "RJCT",
        "CANC",
        "INCO",
        "INFA",
        "pending",
        "acsc",
        "ACSCX",
        "",
    ];

    fn row(version: UkOpenBankingVersion, resource: Resource, word: &str) -> String {
        let read = |last| order_status(&bank(version, last), resource, word, None).progress;
        let all = FINALS.map(read);
        if all.iter().all(|one| *one == all[0]) {
            return format!("{:?}", all[0]);
        }
        let cells =
            FINALS.iter().zip(all).map(|(last, one)| format!("{one:?} if last is {last:?}"));
        cells.collect::<Vec<_>>().join(", ")
    }

    /// The table that a reviewer reads.
    #[test]
    fn every_status_and_every_last_status() {
        let mut table = String::new();
        for version in VERSIONS {
            for resource in [Resource::Payment, Resource::ScheduledPayment, Resource::StandingOrder]
            {
                writeln!(table, "{version:?} {resource:?}").unwrap();
                for word in WORDS {
                    let progress = row(version, resource, word);
                    if progress != "Unrecognised" {
                        writeln!(table, "  {word:?}: {progress}").unwrap();
                    }
                }
            }
            for word in ["AwaitingAuthorisation", "Authorised", "Consumed", "Rejected", "Revoked"]
                .into_iter()
                .chain(["AWAU", "AUTH", "COND", "RJCT", "AWAF", ""])
            {
                let bank = bank(version, FINALS[1]);
                writeln!(table, "consent {word:?}: {:?}", consent_progress(&bank, word)).unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn every_kind_of_reason() {
        let mut table = String::new();
        for (version, word) in VERSIONS.into_iter().zip(["Rejected", "RJCT"]) {
            for (code, words) in [
                ("PendingFailingSettlement", "Insufficient funds"),
                ("ProprietaryRejection", "Insufficient funds"),
                ("ProprietaryRejection", " CUST "),
                ("ProprietaryRejection", "Permission denied"),
                ("ProprietaryRejection", "cust"),
                ("ProprietaryRejection", "Other"),
                ("AM04", "No money"),
                ("CUST", "Called off"),
                ("DS02", "Called off"),
                ("NOAS", "No answer"),
                ("Proprietary", "AM04: no money"),
                ("MS03", "Permission denied"),
                ("MS03", "Other"),
            ] {
                let (bank, reason) = (bank(version, FINALS[1]), why(code, words));
                let status = order_status(&bank, Resource::Payment, word, Some(&reason));
                writeln!(table, "{word}, {code}: {words:?}: {:?}", status.progress).unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_reason_never_turns_an_acceptance_into_a_rejection() {
        for (version, code, word) in [
            (VERSIONS[0], "ProprietaryRejection", "AcceptedSettlementCompleted"),
            (VERSIONS[1], "AM04", "ACSC"),
        ] {
            let (bank, reason) = (bank(version, FINALS[1]), why(code, "CUST"));
            let status = order_status(&bank, Resource::Payment, word, Some(&reason));
            assert_eq!(status.progress, OrderProgress::Completed);
            assert_eq!(status.reason.as_deref(), Some("CUST"));
        }
    }
}
