//! An order at a bank outside Britain, whatever the standard: created by a provider, approved by a
//! payer, executed by the bank. What becomes of it is decided by its scenario (see `scenario.rs`).

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::banks::{self, Standard};
use super::hours;
use crate::outcome::{Ending, LACK_OF_BALANCE, SECOND_THOUGHT_SECONDS};
use crate::scenario::{self, Facts, Scenario};
use crate::state::{State, after_seconds, outside};
use crate::table::Row;

/// Wrong passwords or one-time passwords until the approval has failed.
pub(crate) const WRONG_MAX: u32 = 3;

/// Where the payer's approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Approval {
    /// The payer has not finished.
    Open,
    /// The payer has; the provider still has to bring a code.
    Unconfirmed,
    Done,
    Failed,
}

/// An order; keyed by its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Transfer {
    pub(crate) bank: String,
    /// The provider's organisation identifier.
    pub(crate) client: String,
    /// First segment of its path: `payments`, `periodic-payments`.
    pub(crate) service: String,
    /// The body as it came.
    pub(crate) body: Value,
    pub(crate) minor: i64,
    pub(crate) currency: String,
    pub(crate) creditor_iban: String,
    pub(crate) creditor_name: String,
    pub(crate) reference: String,
    pub(crate) end_to_end_id: String,
    /// The day on which it is to be executed, where that is not today.
    pub(crate) execution_date: Option<String>,
    /// The account that pays: named by the provider or chosen by the payer.
    pub(crate) debtor: Option<String>,
    /// ISO 20022 word.
    pub(crate) status: String,
    /// The bank's words on it.
    pub(crate) words: Option<String>,
    /// The scenario that was planned for it by API.
    #[serde(default)]
    pub(crate) planned: Option<String>,
    /// In process, and to be looked at again.
    #[serde(default)]
    pub(crate) in_process: bool,
    /// The account did not hold enough.
    pub(crate) no_funds: bool,
    pub(crate) approval: Approval,
    /// Of the one authorisation that a payment has here.
    pub(crate) authorisation_id: Option<String>,
    /// The standard's word, e.g. `scaMethodSelected`.
    pub(crate) sca_status: String,
    /// Who signed in, or was named by the provider.
    pub(crate) username: Option<String>,
    /// Whether that person has proved it.
    pub(crate) signed_in: bool,
    pub(crate) method: Option<String>,
    pub(crate) wrong: u32,
    pub(crate) confirmation_code: Option<String>,
    pub(crate) redirect_uri: String,
    pub(crate) nok_redirect_uri: String,
    /// An OAuth request that leads back to the provider instead.
    pub(crate) grant: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) executes_at: Option<Timestamp>,
    pub(crate) executed: bool,
    /// How often the message that has the effect reached the bank.
    pub(crate) posts: u32,
    /// `X-Request-ID` of the message that created it, where the standard has one.
    #[serde(default)]
    pub(crate) request_id: String,
}

impl Transfer {
    /// An order that the bank has just got and nobody has approved: what is the same for all.
    pub(crate) fn received(bank: &str, client: &str, now: Timestamp) -> Transfer {
        Transfer {
            bank: bank.to_owned(),
            client: client.to_owned(),
            service: String::new(),
            body: Value::Null,
            minor: 0,
            currency: String::new(),
            creditor_iban: String::new(),
            creditor_name: String::new(),
            reference: String::new(),
            end_to_end_id: String::new(),
            execution_date: None,
            debtor: None,
            status: "RCVD".to_owned(),
            words: None,
            planned: None,
            in_process: false,
            no_funds: false,
            approval: Approval::Open,
            authorisation_id: None,
            sca_status: "received".to_owned(),
            username: None,
            signed_in: false,
            method: None,
            wrong: 0,
            confirmation_code: None,
            redirect_uri: String::new(),
            nok_redirect_uri: String::new(),
            grant: None,
            created_at: now,
            executes_at: None,
            executed: false,
            posts: 0,
            request_id: String::new(),
        }
    }

    /// What the payment meets, as far as it is known who pays.
    pub(crate) fn scenario(&self) -> &'static Scenario {
        let bank = banks::find(&self.bank);
        let owner = self.debtor.as_deref().and_then(|iban| bank?.owner(iban));
        let named = self.username.as_deref().and_then(|username| bank?.customer(username));
        scenario::decide(&Facts {
            planned: self.planned.as_deref(),
            reference: &self.reference,
            persona: owner.or(named).and_then(|customer| customer.scenario),
            minor: self.minor,
        })
    }
}

impl Row for Transfer {
    const TABLE: &'static str = "transfer";
    const CAPACITY: usize = 20_000;
    fn is_finished(&self, _now: Timestamp) -> bool {
        self.executed || self.approval == Approval::Failed
    }
}

/// An OAuth request, code or token; keyed by `request:`, `code:` or `token:` and the secret's hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) bank: String,
    pub(crate) client: String,
    pub(crate) scope: String,
    /// The payment that it approves; none for a sign-in before any payment.
    pub(crate) transfer_id: Option<String>,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    pub(crate) code_challenge: String,
    pub(crate) username: Option<String>,
    pub(crate) wrong: u32,
    pub(crate) expires_at: Timestamp,
}

impl Row for Grant {
    const TABLE: &'static str = "grant";
    const CAPACITY: usize = 50_000;
    fn is_finished(&self, now: Timestamp) -> bool {
        self.is_expired(now)
    }
    fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }
}

/// An amount such as `12.50` in minor units; `None` where it is none, or not positive.
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

/// How long a payer has at these banks, in hours: longer than any provider waits.
const APPROVAL_HOURS: i64 = 24;

/// An approval that did not come in time has failed.
pub(crate) fn end_late_approval(state: &mut State, id: &str, now: Timestamp) {
    let Some(transfer) = state.transfers.get(id) else { return };
    let ends = transfer.created_at.checked_add(SignedDuration::from_hours(APPROVAL_HOURS));
    if transfer.approval == Approval::Open && ends.is_ok_and(|ends| now >= ends) {
        fail(state, id, "The payment was not approved in time.");
    }
}

/// The payer has approved: the bank will execute, or waits for the provider's code.
pub(crate) fn approve(state: &mut State, id: &str, debtor: &str, now: Timestamp, delay_ms: i64) {
    end_late_approval(state, id, now);
    let Some(transfer) = state.transfers.get(id) else { return };
    if transfer.approval != Approval::Open {
        return;
    }
    let by_code = banks::find(&transfer.bank).is_some_and(banks::Bank::wants_confirmation);
    state.transfers.update(id, &mut state.changes, |transfer| {
        transfer.debtor = Some(debtor.to_owned());
        if by_code {
            transfer.approval = Approval::Unconfirmed;
            "unconfirmed".clone_into(&mut transfer.sca_status);
            "ACTC".clone_into(&mut transfer.status);
        }
    });
    if !by_code {
        finish(state, id, now, delay_ms);
    }
}

/// The approval is complete: the order waits for its execution.
pub(crate) fn finish(state: &mut State, id: &str, now: Timestamp, delay_ms: i64) {
    let Some(transfer) = state.transfers.get(id) else { return };
    // To take a standing order is the bank's last word on it, so it is rejected at once or never.
    if let (true, Ending::Reject(_, words)) =
        (transfer.service == "periodic-payments", transfer.scenario().ending)
    {
        state.transfers.update(id, &mut state.changes, |transfer| {
            transfer.approval = Approval::Done;
            "finalised".clone_into(&mut transfer.sca_status);
            "RJCT".clone_into(&mut transfer.status);
            transfer.words = Some(words.to_owned());
            transfer.executed = true;
        });
        return;
    }
    let delay_ms = delay_ms.saturating_add(transfer.scenario().late_ms);
    let soon = now.checked_add(SignedDuration::from_millis(delay_ms)).unwrap_or(Timestamp::MAX);
    let day =
        transfer.execution_date.as_deref().and_then(|day| day.parse::<jiff::civil::Date>().ok());
    let opening = day.and_then(|day| day.at(6, 0, 0, 0).to_zoned(TimeZone::UTC).ok());
    let at = opening.map_or(soon, |opening| opening.timestamp().max(soon));
    let country = banks::find(&transfer.bank).map_or("", |bank| bank.country);
    let at = hours::next_opening(country, at);
    state.transfers.update(id, &mut state.changes, |transfer| {
        transfer.approval = Approval::Done;
        "finalised".clone_into(&mut transfer.sca_status);
        transfer.status = accepted_word(&transfer.bank);
        transfer.executes_at = Some(at);
    });
    state.wait_for(at, id);
}

fn stet(bank: &str) -> bool {
    banks::find(bank).is_some_and(|bank| matches!(bank.standard, Standard::Stet(_)))
}

/// The word for an order that waits for its execution.
fn accepted_word(bank: &str) -> String {
    if stet(bank) { "ACSP".to_owned() } else { "ACTC".to_owned() }
}

fn last_word(bank: &str) -> &'static str {
    banks::find(bank).map_or("ACSC", |bank| bank.berlin_group().last_status)
}

/// The word for an order that is being executed.
pub(crate) fn in_process_word(bank: &str) -> &'static str {
    // A bank whose last word is ACCP has no later one to wait with.
    if last_word(bank) == "ACCP" { "ACTC" } else { "ACSP" }
}

/// The payer said no, or could not prove who it is: nothing will be executed.
pub(crate) fn fail(state: &mut State, id: &str, words: &str) {
    let open = |transfer: &Transfer| transfer.approval != Approval::Done;
    if !state.transfers.get(id).is_some_and(open) {
        return;
    }
    state.transfers.update(id, &mut state.changes, |transfer| {
        transfer.approval = Approval::Failed;
        "failed".clone_into(&mut transfer.sca_status);
        "RJCT".clone_into(&mut transfer.status);
        transfer.words = Some(words.to_owned());
    });
}

/// The time of an order has come.
pub(crate) fn execute(state: &mut State, id: &str, now: Timestamp) {
    let Some(transfer) = state.transfers.get(id) else { return };
    let cancelled = transfer.status == "CANC";
    if transfer.executed || cancelled || transfer.executes_at.is_none_or(|at| at > now) {
        return;
    }
    let standing_order = transfer.service == "periodic-payments";
    let transfer_bank = transfer.bank.clone();
    let (minor, currency) = (transfer.minor, transfer.currency.clone());
    let debtor = transfer.debtor.clone().unwrap_or_default();
    let creditor = match state.accounts.get(&transfer.creditor_iban) {
        Some(account) if account.currency == currency => transfer.creditor_iban.clone(),
        Some(_) | None => outside(&currency),
    };
    let last_status = last_word(&transfer_bank);
    let balance = state.accounts.get(&debtor).map_or(0, |account| account.balance_minor);
    let mut ending = transfer.scenario().ending;
    let first_look = !transfer.in_process;
    if ending == Ending::Complete && balance < minor && !standing_order {
        ending = LACK_OF_BALANCE;
    }
    if ending == Ending::Complete && !standing_order {
        let changes = &mut state.changes;
        state.accounts.update(&debtor, changes, |account| account.balance_minor -= minor);
        state.accounts.update(&creditor, changes, |account| account.balance_minor += minor);
    }
    let in_process = in_process_word(&transfer_bank);
    if first_look && matches!(ending, Ending::RejectLater(..)) {
        let at = after_seconds(now, SECOND_THOUGHT_SECONDS);
        state.transfers.update(id, &mut state.changes, |transfer| {
            in_process.clone_into(&mut transfer.status);
            transfer.in_process = true;
            transfer.executes_at = Some(at);
        });
        return state.wait_for(at, id);
    }
    let accepted = if stet(&transfer_bank) { "ACSP" } else { "ACTC" };
    state.transfers.update(id, &mut state.changes, |transfer| {
        let (status, words) = match ending {
            Ending::Complete if standing_order => (accepted, None),
            Ending::Complete => (last_status, None),
            Ending::Reject(_, words) | Ending::RejectLater(_, words) => ("RJCT", Some(words)),
            Ending::Remain(words) => (in_process, Some(words)),
        };
        status.clone_into(&mut transfer.status);
        transfer.words = words.map(str::to_owned);
        transfer.no_funds = ending == LACK_OF_BALANCE;
        transfer.executed = true;
    });
}
