//! The standard that a bank speaks, with what each standard leaves to the bank: the table
//! `[standard.<name>]` of a profile.
//!
//! Quirks are words of closed lists here: an unknown word does not load.

use serde::Deserialize;

use super::Check;
use super::next_gen_psd2::{NextGenPsd2, NextGenPsd2Version};
use super::polish_api::{PolishApi, PolishApiVersion};
use super::stet::{Stet, StetVersion};
use super::uk_open_banking::{UkOpenBanking, UkOpenBankingVersion};

/// A published standard, its version at this bank, and the bank's choices.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub enum Standard {
    /// UK Open Banking Read/Write Data API.
    #[serde(rename = "uk-open-banking")]
    UkOpenBanking(Box<UkOpenBanking>),
    /// Berlin Group NextGenPSD2 XS2A.
    #[serde(rename = "next-gen-psd2")]
    NextGenPsd2(Box<NextGenPsd2>),
    /// STET PSD2.
    #[serde(rename = "stet")]
    Stet(Stet),
    /// PolishAPI.
    #[serde(rename = "polish-api")]
    PolishApi(PolishApi),
}

impl Standard {
    /// The standard's name as profiles have it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Standard::UkOpenBanking(_) => "uk-open-banking",
            Standard::NextGenPsd2(_) => "next-gen-psd2",
            Standard::Stet(_) => "stet",
            Standard::PolishApi(_) => "polish-api",
        }
    }

    /// The version as profiles have it.
    #[must_use]
    pub fn version(&self) -> &'static str {
        match self {
            Standard::UkOpenBanking(bank) => match bank.version {
                UkOpenBankingVersion::V3_1_11 => "3.1.11",
                UkOpenBankingVersion::V4_0 => "4.0",
            },
            Standard::NextGenPsd2(bank) => match bank.version {
                NextGenPsd2Version::V1_3_12 => "1.3.12",
            },
            Standard::Stet(bank) => match bank.version {
                StetVersion::V1_4 => "1.4",
                StetVersion::V1_5 => "1.5",
            },
            Standard::PolishApi(bank) => match bank.version {
                PolishApiVersion::V2_1_1 => "2.1.1",
                PolishApiVersion::V2_1_2 => "2.1.2",
            },
        }
    }

    pub(super) fn check(
        &self,
        (simulated, registers): (bool, bool),
        check_url: impl Fn(&'static str, &str) -> Check,
    ) -> Check {
        match self {
            Standard::UkOpenBanking(bank) => bank.check((simulated, registers), check_url),
            Standard::NextGenPsd2(bank) => bank.check((simulated, registers), check_url),
            Standard::PolishApi(bank) => {
                let keys = bank.bank_key_set_url.as_deref();
                keys.map_or(Ok(()), |url| check_url("bank_key_set_url", url))
            }
            Standard::Stet(bank) => bank.check(check_url),
        }
    }
}

/// How far an accepted payment is, from the least to the most: one ladder for every standard. The
/// words are those of ISO 20022 (external payment transaction status) or the long ones of UK Open
/// Banking 3.1. A payment that the payee's bank has (`ACWP`) is settled on the payer's side
/// (`ACSC`), so it is further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AcceptedStatus {
    /// The syntax is right.
    Actc,
    /// The customer's profile was checked.
    Accp,
    /// The funds were checked.
    Acfc,
    /// Execution has begun.
    #[serde(alias = "AcceptedSettlementInProcess")]
    Acsp,
    /// Accepted with a change, of the date for example; execution continues.
    Acwc,
    /// The payer's side is settled.
    #[serde(alias = "AcceptedSettlementCompleted")]
    Acsc,
    /// At the payee's bank, not yet on the account.
    #[serde(alias = "AcceptedWithoutPosting")]
    Acwp,
    /// On the payee's account.
    #[serde(alias = "AcceptedCreditSettlementCompleted")]
    Accc,
}

impl AcceptedStatus {
    /// Every status, from the least to the most.
    pub const ALL: [AcceptedStatus; 8] = [
        AcceptedStatus::Actc,
        AcceptedStatus::Accp,
        AcceptedStatus::Acfc,
        AcceptedStatus::Acsp,
        AcceptedStatus::Acwc,
        AcceptedStatus::Acsc,
        AcceptedStatus::Acwp,
        AcceptedStatus::Accc,
    ];

    /// The word of ISO 20022.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            AcceptedStatus::Actc => "ACTC",
            AcceptedStatus::Accp => "ACCP",
            AcceptedStatus::Acfc => "ACFC",
            AcceptedStatus::Acsp => "ACSP",
            AcceptedStatus::Acwc => "ACWC",
            AcceptedStatus::Acsc => "ACSC",
            AcceptedStatus::Acwp => "ACWP",
            AcceptedStatus::Accc => "ACCC",
        }
    }

    /// Reads a word of ISO 20022; `None` for every other.
    #[must_use]
    pub fn of(word: &str) -> Option<AcceptedStatus> {
        AcceptedStatus::ALL.into_iter().find(|status| status.word() == word)
    }
}

pub(super) fn settled() -> AcceptedStatus {
    AcceptedStatus::Acsc
}

pub(super) fn begun() -> AcceptedStatus {
    AcceptedStatus::Acsp
}

pub(super) fn accepted() -> AcceptedStatus {
    AcceptedStatus::Actc
}
