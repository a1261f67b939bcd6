//! Data that is kept between calls: discovery documents, key sets and client tokens.
//!
//! Entries expire by the caller's clock and are never trusted beyond that. A lost entry costs one
//! more request, so no call waits for another: two callers may fetch the same thing at once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::call::Call;

/// The most entries of one cache; above it the one that expires first makes room.
const ENTRIES_MAX: usize = 1024;

/// One bank as one client sees it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    bank_id: String,
    /// Payments of an earlier version end with it, while others begin with the next.
    standard: (&'static str, &'static str),
    client_id: String,
    /// Members that are licensed themselves have tokens of their own.
    organisation_identifier: Option<String>,
}

impl Key {
    pub(crate) fn of(call: &Call<'_>) -> Key {
        let eidas = call.identity.eidas.as_ref();
        Key {
            bank_id: call.bank.id.clone(),
            standard: (call.bank.standard.name(), call.bank.standard.version()),
            client_id: call.identity.client_id.clone(),
            organisation_identifier: eidas.map(|eidas| eidas.organisation_identifier.clone()),
        }
    }
}

pub(crate) struct Cache<V> {
    entries: Mutex<HashMap<Key, (V, Timestamp)>>,
}

impl<V> Default for Cache<V> {
    fn default() -> Self {
        Cache { entries: Mutex::new(HashMap::new()) }
    }
}

impl<V: Clone> Cache<V> {
    pub(crate) fn get(&self, call: &Call<'_>) -> Option<V> {
        let now = call.clock.now();
        let entries = self.entries();
        entries
            .get(&Key::of(call))
            .filter(|(_, until)| now < *until)
            .map(|(value, _)| value.clone())
    }

    pub(crate) fn put(&self, call: &Call<'_>, value: V, until: Timestamp) {
        let mut entries = self.entries();
        let key = Key::of(call);
        if entries.len() >= ENTRIES_MAX && !entries.contains_key(&key) {
            let first = entries.iter().min_by_key(|(_, (_, until))| *until).map(|(k, _)| k.clone());
            if let Some(first) = first {
                entries.remove(&first);
            }
        }
        entries.insert(key, (value, until));
    }

    pub(crate) fn forget(&self, call: &Call<'_>) {
        self.entries().remove(&Key::of(call));
    }

    /// A panic elsewhere cannot leave an entry half written, so a poisoned lock is still good.
    fn entries(&self) -> MutexGuard<'_, HashMap<Key, (V, Timestamp)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `seconds` after `now`, or the end of time.
pub(crate) fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
