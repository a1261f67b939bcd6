//! An order as a bank keeps it: created by a provider, approved by a payer, executed by the bank.
//!
//! UK Open Banking has two resources for it, a consent and an order with an id of its own; the other
//! standards have one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::banks::{self, Bank, Standard};
use super::outcome::LACK_OF_BALANCE_REASON;
use super::scenario::{self, Facts, Scenario};
use super::schedule::Schedule;
use super::table::Row;
use crate::standards::next_gen_psd2::domestic;

/// The kind of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Product {
    #[default]
    Payment,
    /// A payment at once to an account abroad, in UK Open Banking.
    InternationalPayment,
    /// A payment for a day.
    ScheduledPayment,
    StandingOrder,
}

/// Where an approval by the payer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// The payer has not finished.
    Open,
    /// The payer has approved; the provider still has to send an order, a confirmation or a code.
    Unconfirmed,
    Done,
    Failed,
}

/// The purpose of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Purpose {
    /// That the order is executed.
    #[default]
    Payment,
    /// That the order is cancelled.
    Cancellation,
}

/// One approval by the payer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Approval {
    pub(crate) stage: Stage,
    /// Of the authorisation, where the standard has such a resource.
    pub(crate) authorisation_id: Option<String>,
    /// The word of NextGenPSD2, for example `scaMethodSelected`.
    pub(crate) sca_status: String,
    /// Who signed in, or was named by the provider.
    pub(crate) username: Option<String>,
    /// Whether that person has proved it.
    pub(crate) signed_in: bool,
    pub(crate) method: Option<String>,
    /// Wrong passwords and one-time passwords.
    pub(crate) wrong: u32,
    /// The code that the provider has to send after the payer's approval.
    pub(crate) confirmation_code: Option<String>,
    pub(crate) redirect_uri: String,
    /// Where the payer goes after a refusal.
    pub(crate) nok_redirect_uri: String,
    /// Why it failed.
    pub(crate) words: Option<String>,
    pub(crate) changed_at: Timestamp,
}

impl Approval {
    /// An approval that no payer has given yet.
    pub(crate) fn open(now: Timestamp) -> Approval {
        Approval {
            stage: Stage::Open,
            authorisation_id: None,
            sca_status: "received".to_owned(),
            username: None,
            signed_in: false,
            method: None,
            wrong: 0,
            confirmation_code: None,
            redirect_uri: String::new(),
            nok_redirect_uri: String::new(),
            words: None,
            changed_at: now,
        }
    }

    /// Whether the payer, or the provider with the payer's answer, can still do something.
    pub(crate) fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Open | Stage::Unconfirmed)
    }
}

/// How far an order is. Each standard has words of its own for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    /// The bank knows of it; nobody has approved.
    Received,
    /// It waits for its execution.
    Accepted,
    /// An order for later that was checked and waits for its day, at banks that say so.
    SetUp,
    InProcess,
    Completed,
    Rejected,
    Cancelled,
}

/// An order; keyed by its id, which is that of its consent where the standard has two.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) bank: String,
    /// The provider: its client id, or the organisation identifier of its certificate.
    pub(crate) client: String,
    pub(crate) product: Product,
    /// The bank's word for the payment product, in NextGenPSD2.
    #[serde(default)]
    pub(crate) payment_product: String,
    /// The body of the request as it came.
    pub(crate) body: Value,
    /// In minor units of the currency.
    pub(crate) minor: i64,
    /// The cost of it in the payer's account, in minor units, where that has another currency.
    #[serde(default)]
    pub(crate) debit_minor: Option<i64>,
    /// ISO 4217.
    pub(crate) currency: String,
    /// The payee's account: an IBAN; sort code and account number together in Britain.
    pub(crate) creditor: String,
    pub(crate) creditor_name: String,
    pub(crate) reference: String,
    pub(crate) end_to_end_id: String,
    /// The account that pays: named by the provider or chosen by the payer.
    pub(crate) debtor: Option<String>,
    /// When it is to be executed, where that is not at once.
    pub(crate) schedule: Option<Schedule>,
    /// The scenario that was planned for it by API.
    pub(crate) planned: Option<String>,
    pub(crate) approval: Approval,
    /// The last cancellation that the payer was asked to approve.
    pub(crate) cancellation: Option<Approval>,
    /// The id of the order where the standard has one beside the consent's.
    pub(crate) order_id: Option<String>,
    pub(crate) status: Status,
    /// A `StatusReason` of UK Open Banking 3.1, if it has one for the case.
    pub(crate) reason: Option<String>,
    /// The bank's words on the status.
    pub(crate) words: Option<String>,
    pub(crate) created_at: Timestamp,
    /// When the bank took it for execution.
    pub(crate) accepted_at: Option<Timestamp>,
    /// When its status changed.
    pub(crate) changed_at: Timestamp,
    /// When its status was asked for last.
    #[serde(default)]
    pub(crate) asked_at: Option<Timestamp>,
    /// When something happens to it next, or happened last.
    pub(crate) executes_at: Option<Timestamp>,
    /// Payments that had their day; of a standing order also those for which the money was missing.
    pub(crate) runs: u32,
    /// Whether nothing is to come.
    pub(crate) finished: bool,
    /// How often the message that has the effect reached the bank.
    pub(crate) posts: u32,
    /// How often the bank took it for execution: 0 or 1, or the bank has a defect.
    pub(crate) accepted: u32,
}

impl Order {
    /// An order that the bank has just got and nobody has approved.
    pub(crate) fn received(bank: &Bank, client: &str, now: Timestamp) -> Order {
        Order {
            bank: bank.id.to_owned(),
            client: client.to_owned(),
            product: Product::Payment,
            payment_product: String::new(),
            body: Value::Null,
            minor: 0,
            debit_minor: None,
            currency: bank.currency.to_owned(),
            creditor: String::new(),
            creditor_name: String::new(),
            reference: String::new(),
            end_to_end_id: String::new(),
            debtor: None,
            schedule: None,
            planned: None,
            approval: Approval::open(now),
            cancellation: None,
            order_id: None,
            status: Status::Received,
            reason: None,
            words: None,
            created_at: now,
            accepted_at: None,
            changed_at: now,
            asked_at: None,
            executes_at: None,
            runs: 0,
            finished: false,
            posts: 0,
            accepted: 0,
        }
    }

    /// The scenario of the order, as far as the payer is known.
    pub(crate) fn scenario(&self) -> &'static Scenario {
        let bank = banks::find(&self.bank);
        let owner = self.debtor.as_deref().and_then(|account| bank?.owner(account));
        let named = self.approval.username.as_deref();
        let named = named.and_then(|username| bank?.customer(username));
        scenario::decide(&Facts {
            planned: self.planned.as_deref(),
            reference: &self.reference,
            persona: owner.or(named).and_then(|customer| customer.scenario),
            minor: self.minor,
        })
    }

    /// Whether the account did not hold enough.
    pub(crate) fn lacks_funds(&self) -> bool {
        self.reason.as_deref() == Some(LACK_OF_BALANCE_REASON)
    }

    /// Whether it is for later.
    pub(crate) fn is_for_later(&self) -> bool {
        matches!(self.product, Product::ScheduledPayment | Product::StandingOrder)
    }

    /// Whether the bank first checks the order and enters it into its books, and executes it on its day:
    /// every order for later in UK Open Banking, standing orders in PolishAPI. In other standards the
    /// status of an order does not show this.
    pub(crate) fn is_set_up_first(&self) -> bool {
        match banks::find(&self.bank).map(|bank| bank.standard) {
            Some(Standard::UkOpenBanking(_)) => self.is_for_later(),
            Some(Standard::PolishApi(_)) => self.product == Product::StandingOrder,
            Some(Standard::NextGenPsd2(_) | Standard::Stet(_)) | None => false,
        }
    }

    /// Whether the bank can still leave it, or the rest of it, unexecuted.
    pub(crate) fn can_be_cancelled(&self) -> bool {
        let waits = matches!(self.status, Status::Received | Status::Accepted | Status::SetUp);
        waits && !self.finished && self.approval.stage != Stage::Failed
    }

    /// The approval of that kind; none where no cancellation was asked for.
    pub(crate) fn approval_of(&self, purpose: Purpose) -> Option<&Approval> {
        match purpose {
            Purpose::Payment => Some(&self.approval),
            Purpose::Cancellation => self.cancellation.as_ref(),
        }
    }

    /// The same, to be changed.
    pub(crate) fn approval_mut(&mut self, purpose: Purpose) -> Option<&mut Approval> {
        match purpose {
            Purpose::Payment => Some(&mut self.approval),
            Purpose::Cancellation => self.cancellation.as_mut(),
        }
    }

    /// The status as ISO 20022 spells it, at banks that use its words.
    pub(crate) fn iso_status(&self) -> &'static str {
        let Some(bank) = banks::find(&self.bank) else { return "RCVD" };
        let accepted = if bank.is_stet() { "ACSP" } else { "ACTC" };
        let product = domestic::product(bank, &self.payment_product);
        let last = product.map_or(bank.next_gen_psd2().last_status, |known| known.last_status);
        let releases = bank.next_gen_psd2().releases;
        match self.status {
            Status::Received if releases => "RCVD",
            Status::Received if self.approval.stage == Stage::Unconfirmed => "ACTC",
            Status::Received => "RCVD",
            Status::Accepted | Status::SetUp => accepted,
            // A bank with such a last word has no later one to wait with.
            Status::InProcess if matches!(last, "ACCP" | "ACSP") => "ACTC",
            Status::InProcess => "ACSP",
            Status::Completed if self.product == Product::StandingOrder => accepted,
            Status::Completed => last,
            Status::Rejected => "RJCT",
            Status::Cancelled => "CANC",
        }
    }
}

impl Row for Order {
    const TABLE: &'static str = "payment_order";
    const CAPACITY: usize = 20_000;
    fn is_finished(&self, _now: Timestamp) -> bool {
        self.finished || self.approval.stage == Stage::Failed
    }
}

/// The id of an order that has one beside its consent's; keyed by it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OrderId {
    /// The key of the order.
    pub(crate) consent_id: String,
}

impl Row for OrderId {
    const TABLE: &'static str = "order_id";
    const CAPACITY: usize = 20_000;
    fn is_finished(&self, _now: Timestamp) -> bool {
        true
    }
}

/// An amount such as `12.50` in minor units; `None` if it is malformed or not positive.
pub(crate) fn minor_units(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fraction = fraction.trim_end_matches('0');
    if whole.is_empty() || whole.len() > 13 || fraction.len() > 2 {
        return None;
    }
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let cents: i64 = format!("{fraction:0<2}").parse().ok()?;
    let minor = whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)?;
    (minor > 0).then_some(minor)
}
