//! Everything the banks remember, and the rules that move money.
//!
//! One process holds all banks, so one [`State`] does too: accounts are found by sort code and
//! account number whichever bank keeps them, and a payment to an account that no bank here keeps
//! goes to the account [`OUTSIDE`]. The sum of all balances never changes.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::banks::{self, BANKS};
use crate::continental::banks::all as continental;
use crate::continental::transfer::{self, Grant, Transfer};
use crate::journal::Change;
use crate::obie::{self, Product};
use crate::scenario::{self, Facts, Scenario};
use crate::table::{Row, Table};

/// The account that stands for all the banks that are not simulated, in pounds.
pub(crate) const OUTSIDE: &str = "outside";

/// The same in any currency.
pub(crate) fn outside(currency: &str) -> String {
    if currency == "GBP" { OUTSIDE.to_owned() } else { format!("{OUTSIDE}-{currency}") }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ConsentStatus {
    AwaitingAuthorisation,
    Authorised,
    Rejected,
    Consumed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OrderStatus {
    Pending,
    Rejected,
    AcceptedSettlementInProcess,
    AcceptedSettlementCompleted,
    AcceptedCreditSettlementCompleted,
}

/// An account and its money; keyed by its identification.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) bank: String,
    /// User name of the customer; empty for [`OUTSIDE`].
    pub(crate) owner: String,
    pub(crate) name: String,
    /// ISO 4217.
    #[serde(default = "pounds_sterling")]
    pub(crate) currency: String,
    /// In minor units of the currency.
    pub(crate) balance_minor: i64,
}

/// Accounts of journals that knew one currency only.
fn pounds_sterling() -> String {
    "GBP".to_owned()
}

/// The consent of a domestic order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Consent {
    #[serde(default)]
    pub(crate) product: Product,
    pub(crate) bank: String,
    pub(crate) client_id: String,
    pub(crate) status: ConsentStatus,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// The `Data` of the request, as it came.
    pub(crate) data: Value,
    pub(crate) risk: Value,
    pub(crate) pence: i64,
    /// The scenario that was planned for it by API.
    #[serde(default)]
    pub(crate) planned: Option<String>,
    /// Chosen by the PSU: the account that pays.
    pub(crate) debtor: Option<String>,
    pub(crate) order_id: Option<String>,
    /// How often an order for this consent reached the bank, whatever came of it.
    pub(crate) order_posts: u32,
    /// How many orders were accepted for this consent: 0 or 1, or the bank has a defect.
    pub(crate) orders_accepted: u32,
}

/// A domestic order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    #[serde(default)]
    pub(crate) product: Product,
    pub(crate) bank: String,
    pub(crate) client_id: String,
    pub(crate) consent_id: String,
    pub(crate) initiation: Value,
    pub(crate) pence: i64,
    /// The word of the scenario that was found for it; journals of old have none.
    #[serde(default)]
    pub(crate) scenario: Option<String>,
    pub(crate) debtor: String,
    /// The refund account was asked for.
    pub(crate) tells_debtor: bool,
    pub(crate) status: OrderStatus,
    /// A `StatusReason` of the payment details, when the standard has one for the case.
    pub(crate) reason: Option<String>,
    pub(crate) description: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// When something happens to it next.
    pub(crate) executes_at: Timestamp,
    /// Whether an order for later is in the bank's books.
    #[serde(default)]
    pub(crate) set_up: bool,
    /// Payments of an order for later that had their day.
    #[serde(default)]
    pub(crate) runs: u32,
    /// Whether nothing is to come.
    pub(crate) executed: bool,
}

impl Consent {
    /// What the payment meets, as far as it is known who pays.
    pub(crate) fn scenario(&self) -> &'static Scenario {
        let customers = banks::find(&self.bank).map_or(&[][..], |bank| bank.customers);
        let owner = self.debtor.as_deref().and_then(|account| banks::owner(customers, account));
        scenario::decide(&Facts {
            planned: self.planned.as_deref(),
            // All its texts, whichever the version of the standard has.
            reference: &self.data["Initiation"]["RemittanceInformation"].to_string(),
            persona: owner.and_then(|owner| owner.scenario),
            minor: self.pence,
        })
    }
}

impl Order {
    /// What it meets; orders of old journals by their amount only.
    pub(crate) fn scenario(&self) -> &'static Scenario {
        let planned = self.scenario.as_deref();
        scenario::decide(&Facts { planned, minor: self.pence, ..Facts::default() })
    }
}

/// An access token, keyed by its SHA-256.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) bank: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
    /// The consent that the PSU authorised; none for a client's own token.
    pub(crate) consent_id: Option<String>,
    /// The certificate with which alone it works (RFC 8705, section 3).
    #[serde(default)]
    pub(crate) certificate: Option<String>,
    pub(crate) expires_at: Timestamp,
}

/// An authorisation code, keyed by its SHA-256. Kept until it expires, to notice a second use.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) bank: String,
    pub(crate) client_id: String,
    pub(crate) consent_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) nonce: String,
    pub(crate) scope: String,
    /// What the verifier must hash to (RFC 7636).
    #[serde(default)]
    pub(crate) code_challenge: Option<String>,
    pub(crate) expires_at: Timestamp,
    /// Key of the token it was exchanged for.
    pub(crate) used_for: Option<String>,
}

/// A PSU's visit, keyed by the secret id in its paths.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Authorisation {
    pub(crate) bank: String,
    pub(crate) client_id: String,
    pub(crate) consent_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) scope: String,
    pub(crate) response_mode: String,
    #[serde(default)]
    pub(crate) code_challenge: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) wrong_passwords: u32,
    /// What the TPP is told, once decided: names and values.
    pub(crate) answer: Option<Vec<(String, String)>>,
    pub(crate) expires_at: Timestamp,
}

/// An authorisation request that was pushed, keyed by the SHA-256 of its reference.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PushedRequest {
    pub(crate) bank: String,
    pub(crate) client_id: String,
    /// The request object as it came.
    pub(crate) request: String,
    pub(crate) expires_at: Timestamp,
}

/// A creation that must not happen twice; keyed by bank, client, resource and key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct IdempotentCall {
    pub(crate) body_sha256: String,
    pub(crate) resource_id: String,
    pub(crate) expires_at: Timestamp,
}

/// A client assertion that was used, keyed by bank, client and `jti`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UsedAssertion {
    pub(crate) expires_at: Timestamp,
}

impl Row for Account {
    const TABLE: &'static str = "account";
    const CAPACITY: usize = usize::MAX;
    fn is_finished(&self, _now: Timestamp) -> bool {
        false
    }
}

impl Row for Consent {
    const TABLE: &'static str = "consent";
    const CAPACITY: usize = 20_000;
    fn is_finished(&self, _now: Timestamp) -> bool {
        matches!(self.status, ConsentStatus::Rejected | ConsentStatus::Consumed)
    }
}

impl Row for Order {
    const TABLE: &'static str = "order";
    const CAPACITY: usize = 20_000;
    fn is_finished(&self, _now: Timestamp) -> bool {
        self.executed
    }
}

macro_rules! expiring_row {
    ($row:ty, $table:literal, $capacity:literal) => {
        impl Row for $row {
            const TABLE: &'static str = $table;
            const CAPACITY: usize = $capacity;
            fn is_finished(&self, now: Timestamp) -> bool {
                self.is_expired(now)
            }
            fn is_expired(&self, now: Timestamp) -> bool {
                self.expires_at <= now
            }
        }
    };
}
expiring_row!(Token, "token", 50_000);
expiring_row!(Code, "code", 20_000);
expiring_row!(Authorisation, "authorisation", 20_000);
expiring_row!(PushedRequest, "pushed_request", 20_000);
expiring_row!(IdempotentCall, "idempotent_call", 50_000);
expiring_row!(UsedAssertion, "used_assertion", 50_000);

/// All tables, and what has changed since the last commit.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) accounts: Table<Account>,
    pub(crate) consents: Table<Consent>,
    pub(crate) orders: Table<Order>,
    pub(crate) tokens: Table<Token>,
    pub(crate) codes: Table<Code>,
    pub(crate) authorisations: Table<Authorisation>,
    pub(crate) pushed_requests: Table<PushedRequest>,
    pub(crate) idempotent_calls: Table<IdempotentCall>,
    pub(crate) used_assertions: Table<UsedAssertion>,
    pub(crate) transfers: Table<Transfer>,
    pub(crate) grants: Table<Grant>,
    /// Orders that wait for their execution.
    due: BTreeSet<(Timestamp, String)>,
    pub(crate) changes: Vec<Change>,
}

impl State {
    /// Takes one change from the journal.
    pub(crate) fn restore(&mut self, (table, key, value): Change) -> Result<(), String> {
        match table.as_str() {
            Account::TABLE => self.accounts.restore(key, value),
            Consent::TABLE => self.consents.restore(key, value),
            Order::TABLE => self.orders.restore(key, value),
            Token::TABLE => self.tokens.restore(key, value),
            Code::TABLE => self.codes.restore(key, value),
            PushedRequest::TABLE => self.pushed_requests.restore(key, value),
            Authorisation::TABLE => self.authorisations.restore(key, value),
            IdempotentCall::TABLE => self.idempotent_calls.restore(key, value),
            UsedAssertion::TABLE => self.used_assertions.restore(key, value),
            Transfer::TABLE => self.transfers.restore(key, value),
            Grant::TABLE => self.grants.restore(key, value),
            other => Err(format!("there is no table \"{other}\"")),
        }
    }

    /// To be called once after the journal is replayed: opens accounts that are not there yet and
    /// finds the orders that wait.
    pub(crate) fn complete(&mut self, now: Timestamp) {
        let mut open = |key: &str, owner: (&str, &str), name: &str, currency: &str, balance| {
            if self.accounts.get(key).is_none() {
                let account = Account {
                    bank: owner.0.to_owned(),
                    owner: owner.1.to_owned(),
                    name: name.to_owned(),
                    currency: currency.to_owned(),
                    balance_minor: balance,
                };
                self.accounts.put(key, account, now, &mut self.changes);
            }
        };
        let british = BANKS.iter().map(|bank| (bank.id, "GBP", bank.customers));
        let others = continental().map(|bank| (bank.id, bank.currency, bank.customers));
        for (bank, currency, customers) in british.chain(others) {
            open(&outside(currency), ("", ""), "All other banks", currency, 0);
            for customer in customers {
                for account in customer.accounts {
                    let (id, balance) = (account.identification, account.balance_minor);
                    open(id, (bank, customer.username), account.name, currency, balance);
                }
            }
        }
        let waiting = self.orders.all().into_iter().filter(|(_, order)| !order.executed);
        self.due = waiting.map(|(id, order)| (order.executes_at, id.to_owned())).collect();
        let waiting = self.transfers.all().into_iter().filter(|(_, transfer)| !transfer.executed);
        let due = waiting.filter_map(|(id, transfer)| Some((transfer.executes_at?, id.to_owned())));
        self.due.extend(due);
    }

    /// Everything, for a rewritten journal.
    pub(crate) fn dump(&self) -> Vec<Change> {
        let mut rows = self.accounts.dump();
        rows.extend(self.consents.dump());
        rows.extend(self.orders.dump());
        rows.extend(self.tokens.dump());
        rows.extend(self.codes.dump());
        rows.extend(self.authorisations.dump());
        rows.extend(self.pushed_requests.dump());
        rows.extend(self.idempotent_calls.dump());
        rows.extend(self.used_assertions.dump());
        rows.extend(self.transfers.dump());
        rows.extend(self.grants.dump());
        rows
    }

    /// Accepts an order: it waits for its execution.
    pub(crate) fn accept_order(&mut self, id: &str, order: Order, now: Timestamp) {
        self.due.insert((order.executes_at, id.to_owned()));
        self.orders.put(id, order, now, &mut self.changes);
    }

    /// Executes the orders whose time has come and drops what has expired.
    pub(crate) fn run_due(&mut self, now: Timestamp) {
        while let Some((at, id)) = self.due.pop_first() {
            if at > now {
                self.due.insert((at, id));
                break;
            }
            self.execute(&id, now);
        }
    }

    /// Drops tokens, codes, visits and keys that have expired.
    pub(crate) fn drop_expired(&mut self, now: Timestamp) {
        self.tokens.drop_expired(now, &mut self.changes);
        self.codes.drop_expired(now, &mut self.changes);
        self.authorisations.drop_expired(now, &mut self.changes);
        self.pushed_requests.drop_expired(now, &mut self.changes);
        self.idempotent_calls.drop_expired(now, &mut self.changes);
        self.used_assertions.drop_expired(now, &mut self.changes);
        self.grants.drop_expired(now, &mut self.changes);
    }

    /// Executes something at that moment.
    pub(crate) fn wait_for(&mut self, at: Timestamp, id: &str) {
        self.due.insert((at, id.to_owned()));
    }

    /// The account of a debtor or creditor, if a bank here keeps it.
    pub(crate) fn account_key(&self, account: &Value) -> Option<String> {
        let identification = account["Identification"].as_str()?;
        let digits = match account["SchemeName"].as_str()? {
            "UK.OBIE.SortCodeAccountNumber" => identification,
            // A British IBAN ends with sort code and account number.
            "UK.OBIE.IBAN" if identification.starts_with("GB") => identification.get(8..22)?,
            _ => return None,
        };
        self.accounts.get(digits).map(|_| digits.to_owned())
    }

    fn execute(&mut self, id: &str, now: Timestamp) {
        if self.orders.get(id).is_some() {
            obie::execute(self, id, now);
        } else {
            transfer::execute(self, id, now);
        }
    }
}

/// A time some seconds after another.
pub(crate) fn after_seconds(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(seconds.seconds()).unwrap_or(Timestamp::MAX)
}
