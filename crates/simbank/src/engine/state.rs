//! Everything the banks remember, and the rules that move money.
//!
//! One process holds all banks, so one [`State`] does too: accounts are found by IBAN, or by sort code
//! and account number, whichever bank keeps them, and a payment to an account that no bank here keeps
//! goes to the account [`OUTSIDE`]. The sum of all balances never changes.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::grant::Grant;
use super::idempotency::IdempotentCall;
use super::journal::Change;
use super::order::{Order, OrderId};
use super::registration::RegisteredClient;
use super::table::{Row, Table};
use super::{banks, execution};

/// Tables of earlier releases, which kept the orders of each standard apart. Their rows are dropped;
/// the accounts keep their money.
const FORGOTTEN_TABLES: [&str; 6] =
    ["consent", "order", "transfer", "token", "code", "authorisation"];

/// The account of all banks that are not simulated, in pounds.
pub(crate) const OUTSIDE: &str = "outside";

/// The same in any currency.
pub(crate) fn outside(currency: &str) -> String {
    if currency == "GBP" { OUTSIDE.to_owned() } else { format!("{OUTSIDE}-{currency}") }
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

/// An authorisation request that was pushed, keyed by the SHA-256 of its reference.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PushedRequest {
    pub(crate) bank: String,
    pub(crate) client_id: String,
    /// The request object as it came.
    pub(crate) request: String,
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
expiring_row!(PushedRequest, "pushed_request", 20_000);
expiring_row!(IdempotentCall, "idempotent_call", 50_000);
expiring_row!(UsedAssertion, "used_assertion", 50_000);

/// All tables, and what has changed since the last commit.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) accounts: Table<Account>,
    pub(crate) orders: Table<Order>,
    pub(crate) order_ids: Table<OrderId>,
    pub(crate) grants: Table<Grant>,
    pub(crate) pushed_requests: Table<PushedRequest>,
    pub(crate) idempotent_calls: Table<IdempotentCall>,
    pub(crate) used_assertions: Table<UsedAssertion>,
    pub(crate) registered_clients: Table<RegisteredClient>,
    /// Orders that wait for their execution.
    due: BTreeSet<(Timestamp, String)>,
    pub(crate) changes: Vec<Change>,
}

impl State {
    /// Takes one change from the journal.
    pub(crate) fn restore(&mut self, (table, key, value): Change) -> Result<(), String> {
        match table.as_str() {
            Account::TABLE => self.accounts.restore(key, value),
            Order::TABLE => self.orders.restore(key, value),
            OrderId::TABLE => self.order_ids.restore(key, value),
            Grant::TABLE => self.grants.restore(key, value),
            PushedRequest::TABLE => self.pushed_requests.restore(key, value),
            IdempotentCall::TABLE => self.idempotent_calls.restore(key, value),
            UsedAssertion::TABLE => self.used_assertions.restore(key, value),
            RegisteredClient::TABLE => self.registered_clients.restore(key, value),
            old if FORGOTTEN_TABLES.contains(&old) => Ok(()),
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
        for bank in banks::all() {
            let currency = bank.currency;
            open(&outside(currency), ("", ""), "All other banks", currency, 0);
            for customer in bank.customers {
                for account in customer.accounts {
                    let (id, balance) = (account.identification, account.balance_minor);
                    open(id, (bank.id, customer.username), account.name, currency, balance);
                }
            }
        }
        let waiting = self.orders.all().into_iter().filter(|(_, order)| !order.finished);
        let due = waiting.filter_map(|(id, order)| Some((order.executes_at?, id.to_owned())));
        self.due = due.collect();
    }

    /// Everything, for a rewritten journal.
    pub(crate) fn dump(&self) -> Vec<Change> {
        let mut rows = self.accounts.dump();
        rows.extend(self.orders.dump());
        rows.extend(self.order_ids.dump());
        rows.extend(self.grants.dump());
        rows.extend(self.pushed_requests.dump());
        rows.extend(self.idempotent_calls.dump());
        rows.extend(self.used_assertions.dump());
        rows.extend(self.registered_clients.dump());
        rows
    }

    /// The key of the order with this id: a consent's where the standard has both.
    pub(crate) fn order_key(&self, id: &str) -> Option<String> {
        match self.order_ids.get(id) {
            Some(found) => Some(found.consent_id.clone()),
            None => self.orders.get(id).map(|_| id.to_owned()),
        }
    }

    /// Executes the orders whose time has come and drops what has expired.
    pub(crate) fn run_due(&mut self, now: Timestamp) {
        while let Some((at, id)) = self.due.pop_first() {
            if at > now {
                self.due.insert((at, id));
                break;
            }
            execution::execute(self, &id, now);
        }
    }

    /// Drops tokens, codes, visits and keys that have expired.
    pub(crate) fn drop_expired(&mut self, now: Timestamp) {
        self.pushed_requests.drop_expired(now, &mut self.changes);
        self.idempotent_calls.drop_expired(now, &mut self.changes);
        self.used_assertions.drop_expired(now, &mut self.changes);
        self.grants.drop_expired(now, &mut self.changes);
    }

    /// Executes something at that moment.
    pub(crate) fn wait_for(&mut self, at: Timestamp, id: &str) {
        self.due.insert((at, id.to_owned()));
    }
}

/// A time some seconds after another.
pub(crate) fn after_seconds(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(seconds.seconds()).unwrap_or(Timestamp::MAX)
}
