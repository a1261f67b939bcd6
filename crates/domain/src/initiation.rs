//! What a member asks for: the content of one payment or standing order, as validated at the edge.
//!
//! Source: public API, `POST /v2/payments`, object `initiation` (reference, section 3.2), and
//! `standingOrderBody` of payments v1 (section 2.4).

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::account::{Address, Party};
use crate::field::Fault;
use crate::ids::TokenizedAccountId;
use crate::money::Amount;
use crate::names::names;
use crate::rail::Rail;

/// The rail that a member wishes (API `localInstrument`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocalInstrument {
    /// The gateway picks the rail by currency, account and bank.
    AutoSelect,
    /// This one.
    #[serde(untagged)]
    Named(Rail),
}

impl From<Rail> for LocalInstrument {
    fn from(rail: Rail) -> LocalInstrument {
        LocalInstrument::Named(rail)
    }
}

/// Who guides the payer to the bank (API `flowType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// The member's own pages: the bank is known from the start.
    ApiOnly,
    /// Our hosted pages choose the bank and lead there.
    FullHostedPages,
    /// Our hosted pages collect credentials only; the bank is known from the start.
    EmbeddedHostedPages,
    /// As [`Flow::FullHostedPages`], but the payer gets the address as a link and may come days
    /// later.
    PayByLinkHostedPages,
}

names! { Flow: name;
    ApiOnly = "api_only",
    FullHostedPages = "full_hosted_pages",
    EmbeddedHostedPages = "embedded_hosted_pages",
    PayByLinkHostedPages = "pay_by_link_hosted_pages",
}

impl Flow {
    /// Whether the payer begins on our pages, where a bank is chosen or confirmed.
    #[must_use]
    pub fn begins_on_pages(self) -> bool {
        match self {
            Flow::FullHostedPages | Flow::PayByLinkHostedPages => true,
            Flow::ApiOnly | Flow::EmbeddedHostedPages => false,
        }
    }
}

/// Who pays the charges (ISO 20022 `ChargeBearerType1Code`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ChargeBearer {
    /// Borne by the creditor.
    Cred,
    /// Borne by the debtor.
    Debt,
    /// Shared.
    Shar,
    /// Following the service level; the SEPA rule.
    Slev,
}

impl ChargeBearer {
    /// The code of ISO 20022 (`ChargeBearerType1Code`).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ChargeBearer::Cred => "CRED",
            ChargeBearer::Debt => "DEBT",
            ChargeBearer::Shar => "SHAR",
            ChargeBearer::Slev => "SLEV",
        }
    }
}

/// What the bank is told for its fraud checks (API `risk`); all parts optional.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Risk {
    /// The member's own stable id of the payer.
    pub psu_id: Option<String>,
    /// The kind of sale, in the API's words (`ECOMMERCE_MERCHANT_INITIATED_PAYMENT`, …).
    pub payment_context_code: Option<String>,
    /// ISO 20022 external purpose code.
    pub payment_purpose_code: Option<String>,
    /// ISO 18245, four digits.
    pub merchant_category_code: Option<String>,
    /// The kind of account that is paid, in the API's words (`BUSINESS`, …).
    pub beneficiary_account_type: Option<String>,
    /// Whether payer and payee have a contract.
    pub contract_present_indicator: Option<bool>,
    /// Whether the payee's details were filled in for the payer.
    pub beneficiary_prepopulated_indicator: Option<bool>,
    /// Where goods are delivered.
    pub delivery_address: Option<Address>,
}

/// How often a standing order is executed: the public API's codes, with the meaning that the banks'
/// standards give them. The public API's own words call TOWK and TOMN twice a week and twice a month,
/// which no standard can order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Frequency {
    /// Every day.
    Dail,
    /// Every week.
    Week,
    /// Every two weeks.
    Towk,
    /// Every month.
    Mnth,
    /// Every two months.
    Tomn,
    /// Every three months.
    Qutr,
    /// Every six months.
    Semi,
    /// Every year.
    Year,
}

names! { Frequency: code, from_code;
    Dail = "DAIL",
    Week = "WEEK",
    Towk = "TOWK",
    Mnth = "MNTH",
    Tomn = "TOMN",
    Qutr = "QUTR",
    Semi = "SEMI",
    Year = "YEAR",
}

/// The most days ahead that a first, or only, execution is accepted for.
pub const DAYS_AHEAD_MAX: i64 = 366;

/// Why days cannot be those of a standing order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandingOrderFault {
    /// The first execution is not after today, or more than [`DAYS_AHEAD_MAX`] days ahead.
    First,
    /// The last execution is not after the first.
    Last,
}

/// When the bank is to execute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Schedule {
    /// At once.
    #[default]
    Immediate,
    /// Once, on that day at the bank's place.
    FutureDated {
        /// The day.
        date: Date,
    },
    /// Again and again, by the bank alone.
    StandingOrder {
        /// The first execution.
        first: Date,
        /// How often.
        frequency: Frequency,
        /// The last execution; for ever where absent.
        last: Option<Date>,
    },
}

impl Schedule {
    /// A payment on a day to come: for today there are payments at once. `today` is in UTC; where it is
    /// that day at the bank already, the payment is made at once.
    ///
    /// # Errors
    /// [`Fault::DayOutOfRange`] where it is not after today, or more than [`DAYS_AHEAD_MAX`] days ahead.
    pub fn on_day(date: Date, today: Date) -> Result<Schedule, Fault> {
        match today.duration_until(date).as_hours() / 24 {
            1..=DAYS_AHEAD_MAX => Ok(Schedule::FutureDated { date }),
            _ => Err(Fault::DayOutOfRange { today }),
        }
    }

    /// A standing order from a day after `today` on.
    ///
    /// # Errors
    /// [`StandingOrderFault`] names the day that does not fit.
    pub fn standing_order(
        first: Date,
        frequency: Frequency,
        last: Option<Date>,
        today: Date,
    ) -> Result<Schedule, StandingOrderFault> {
        if !(1..=DAYS_AHEAD_MAX).contains(&(today.duration_until(first).as_hours() / 24)) {
            return Err(StandingOrderFault::First);
        }
        if last.is_some_and(|last| last <= first) {
            return Err(StandingOrderFault::Last);
        }
        Ok(Schedule::StandingOrder { first, frequency, last })
    }

    /// Whether the bank executes again and again.
    #[must_use]
    pub fn is_standing_order(self) -> bool {
        match self {
            Schedule::StandingOrder { .. } => true,
            Schedule::Immediate | Schedule::FutureDated { .. } => false,
        }
    }
}

/// References of an order that a member gives itself, each to the banks of one standard. Where there is
/// none, ours are sent.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnReferences {
    /// UK Open Banking `InstructionIdentification`, 1 to 35 characters.
    pub uk_instruction: Option<String>,
    /// UK Open Banking `EndToEndIdentification`, 1 to 31 characters.
    pub uk_end_to_end: Option<String>,
    /// NextGenPSD2 `endToEndIdentification`, 1 to 35 characters.
    pub next_gen_psd2_end_to_end: Option<String>,
    /// STET `endToEndId`, 1 to 35 characters.
    pub stet_end_to_end: Option<String>,
}

/// What is to be paid, to whom, when and how: what the payer approves and the bank executes. It does not
/// change after the payment was created; what was decided with the bank is beside it
/// (`Payment::execution`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The member's reference, 1 to 35 characters.
    pub ref_id: String,
    /// Reference on the payee's statement, 1 to 35 characters.
    pub remittance_primary: String,
    /// Further text, at most 140 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remittance_secondary: Option<String>,
    /// Sub-TPP on whose behalf the member acts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub on_behalf_of_id: Option<String>,
    /// What the payee should get.
    pub amount: Amount,
    /// The rail that the member wishes.
    pub local_instrument: LocalInstrument,
    /// The payer's account, where the member knows it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub debtor: Option<Party>,
    /// The account on file that `debtor` was taken from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub debtor_account_id: Option<TokenizedAccountId>,
    /// The payee.
    pub creditor: Party,
    /// The verification of payee that was made for the creditor's account.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub creditor_verification_id: Option<String>,
    /// When the bank is to execute.
    #[serde(default)]
    pub schedule: Schedule,
    /// Whether the bank is asked for funds before the order is sent.
    #[serde(default)]
    pub confirm_funds: bool,
    /// Whether the bank is asked for the payer's account, for refunds.
    #[serde(default)]
    pub return_refund_account: bool,
    /// Whether the payer's account is kept for the member once the payment is completed.
    #[serde(default)]
    pub return_tokenized_account: bool,
    /// Whether an immediate payment may not become a future-dated one.
    #[serde(default)]
    pub disable_future_dated_payment_conversion: bool,
    /// Who pays the charges.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub charge_bearer: Option<ChargeBearer>,
    /// For the bank's fraud checks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub risk: Option<Risk>,
    /// The member's own references of the order.
    #[serde(default)]
    pub own_references: OwnReferences,
}

/// How the payer gets to the bank and back: the same for whatever is approved there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The bank that the member chose; absent where the payer chooses on the hosted pages. The bank that
    /// the payer chose is beside it (`Payment::bank_id`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bank_id: Option<String>,
    /// The countries (ISO 3166-1 alpha-2) of the banks among which the payer may choose; every
    /// bank where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bank_countries: Vec<String>,
    /// Where the payer's browser returns to.
    pub callback_url: String,
    /// Opaque text that comes back with the browser as `state`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub callback_state: Option<String>,
    /// Who guides the payer.
    pub flow: Flow,
    /// Until when a link works; a day where the member says nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub link_expires_at: Option<Timestamp>,
    /// The member's own reference of the payer, at most 64 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_psu_reference: Option<String>,
    /// Whether the payer has agreed: in the member's own pages, or explicitly in ours.
    #[serde(default)]
    pub pisp_consent_accepted: bool,
}

/// One payment as the member asked for it. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initiation {
    /// What is to be paid.
    #[serde(flatten)]
    pub order: Order,
    /// How the payer gets to the bank.
    #[serde(flatten)]
    pub visit: Visit,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_order_begins_after_today_and_ends_after_it_has_begun() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let today = day("2026-01-05");
        let made = |first: &str, last: Option<&str>| {
            Schedule::standing_order(day(first), Frequency::Mnth, last.map(day), today)
        };
        for first in ["2026-01-04", "2026-01-05", "2027-01-07", "-009999-01-01", "9999-12-31"] {
            assert_eq!(made(first, None), Err(StandingOrderFault::First), "{first}");
        }
        for last in ["2026-01-05", "2026-02-01"] {
            assert_eq!(made("2026-02-01", Some(last)), Err(StandingOrderFault::Last), "{last}");
        }
        for (first, last) in
            [("2026-01-06", None), ("2027-01-06", None), ("2026-02-01", Some("2026-02-02"))]
        {
            assert!(made(first, last).unwrap().is_standing_order(), "{first}");
        }
    }

    #[test]
    fn every_frequency_has_a_code_of_its_own() {
        for frequency in Frequency::ALL {
            assert_eq!(Frequency::from_code(frequency.code()), Some(frequency));
            assert_eq!(serde_json::to_value(frequency).unwrap(), frequency.code());
        }
        assert_eq!(Frequency::from_code("month"), None);
    }
}
