//! Bounded tables of journaled objects.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::engine::journal::Change;

/// A kind of object that is kept and journaled.
pub(crate) trait Row: Serialize + DeserializeOwned {
    /// Name of the table in the journal.
    const TABLE: &'static str;
    /// At most this many are kept; see [`Table::put`].
    const CAPACITY: usize;
    /// Whether nothing more can happen to the object, so that it may be dropped first.
    fn is_finished(&self, now: Timestamp) -> bool;
    /// Whether the object means nothing any more and is dropped without need.
    fn is_expired(&self, _now: Timestamp) -> bool {
        false
    }
}

/// Objects by key, in the order in which they were first put.
pub(crate) struct Table<T> {
    rows: HashMap<String, (u64, T)>,
    next_number: u64,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: HashMap::new(), next_number: 0 }
    }
}

fn change<T: Row>(key: &str, row: Option<&T>) -> Change {
    // An object of strings and numbers always has a JSON form.
    let value = row.and_then(|row| serde_json::to_value(row).ok()).unwrap_or_default();
    (T::TABLE.to_owned(), key.to_owned(), value)
}

impl<T: Row> Table<T> {
    /// The object with this key.
    pub(crate) fn get(&self, key: &str) -> Option<&T> {
        self.rows.get(key).map(|(_, row)| row)
    }

    /// All objects, oldest first.
    pub(crate) fn all(&self) -> Vec<(&str, &T)> {
        let mut rows: Vec<_> = self.rows.iter().map(|(key, row)| (row.0, key, &row.1)).collect();
        rows.sort_unstable_by_key(|(number, ..)| *number);
        rows.into_iter().map(|(_, key, row)| (key.as_str(), row)).collect()
    }

    /// Puts an object. A full table first drops a sixteenth of its objects: the oldest finished
    /// ones, or the oldest of all when none is finished.
    pub(crate) fn put(&mut self, key: &str, row: T, now: Timestamp, changes: &mut Vec<Change>) {
        if !self.rows.contains_key(key) && self.rows.len() >= T::CAPACITY {
            self.make_room(now, changes);
        }
        changes.push(change(key, Some(&row)));
        self.insert(key.to_owned(), row);
    }

    /// Changes an object in place; `None` when it is missing.
    pub(crate) fn update<R>(
        &mut self,
        key: &str,
        changes: &mut Vec<Change>,
        work: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        let (_, row) = self.rows.get_mut(key)?;
        let result = work(row);
        changes.push(change(key, Some(row)));
        Some(result)
    }

    /// Removes an object.
    pub(crate) fn remove(&mut self, key: &str, changes: &mut Vec<Change>) {
        if self.rows.remove(key).is_some() {
            changes.push(change::<T>(key, None));
        }
    }

    /// Drops what has expired.
    pub(crate) fn drop_expired(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        let expired: Vec<String> = self
            .rows
            .iter()
            .filter(|(_, (_, row))| row.is_expired(now))
            .map(|(key, _)| key.clone())
            .collect();
        expired.iter().for_each(|key| self.remove(key, changes));
    }

    /// Takes a change from the journal.
    pub(crate) fn restore(&mut self, key: String, value: Value) -> Result<(), String> {
        if value.is_null() {
            self.rows.remove(&key);
        } else {
            let row = serde_json::from_value(value).map_err(|error| error.to_string())?;
            self.insert(key, row);
        }
        Ok(())
    }

    /// The whole table as changes, for a rewritten journal.
    pub(crate) fn dump(&self) -> Vec<Change> {
        self.all().into_iter().map(|(key, row)| change(key, Some(row))).collect()
    }

    fn insert(&mut self, key: String, row: T) {
        let fresh = self.next_number;
        let number = self.rows.get(&key).map_or(fresh, |(number, _)| *number);
        if number == fresh {
            self.next_number += 1;
        }
        self.rows.insert(key, (number, row));
    }

    fn make_room(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        let count = (T::CAPACITY / 16).max(1);
        let all = self.all();
        let mut keys: Vec<String> = all
            .iter()
            .filter(|(_, row)| row.is_finished(now) || row.is_expired(now))
            .take(count)
            .map(|(key, _)| (*key).to_owned())
            .collect();
        if keys.is_empty() {
            keys = all.iter().take(count).map(|(key, _)| (*key).to_owned()).collect();
        }
        keys.iter().for_each(|key| self.remove(key, changes));
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Sample {
        finished: bool,
    }

    impl Row for Sample {
        const TABLE: &'static str = "sample";
        const CAPACITY: usize = 32;
        fn is_finished(&self, _now: Timestamp) -> bool {
            self.finished
        }
    }

    fn filled(finished: impl Fn(usize) -> bool) -> (Table<Sample>, Vec<Change>) {
        let (mut table, mut changes) = (Table::default(), Vec::new());
        for index in 0..=32 {
            let row = Sample { finished: finished(index) };
            table.put(&index.to_string(), row, Timestamp::UNIX_EPOCH, &mut changes);
        }
        (table, changes)
    }

    fn dropped(table: &Table<Sample>) -> Vec<usize> {
        (0..=32).filter(|index| table.get(&index.to_string()).is_none()).collect()
    }

    #[test]
    fn a_full_table_drops_the_oldest_finished_objects() {
        let (table, changes) = filled(|index| index % 10 == 5);
        assert_eq!(dropped(&table), [5, 15]);
        let removals: Vec<&str> =
            changes.iter().filter(|change| change.2.is_null()).map(|change| &*change.1).collect();
        assert_eq!(removals, ["5", "15"], "the journal learns of it");
    }

    #[test]
    fn a_full_table_without_finished_objects_drops_the_oldest() {
        let (table, _) = filled(|_| false);
        assert_eq!(dropped(&table), [0, 1]);
    }

    #[test]
    fn an_update_keeps_the_place_and_a_replay_gives_the_same_table() {
        let (mut table, mut changes) = filled(|_| false);
        table.update("7", &mut changes, |row| row.finished = true);
        table.put("8", Sample { finished: true }, Timestamp::UNIX_EPOCH, &mut changes);
        let mut replayed = Table::<Sample>::default();
        for (_, key, value) in changes {
            replayed.restore(key, value).unwrap();
        }
        let shown = |table: &Table<Sample>| -> Vec<(String, bool)> {
            let rows = table.all().into_iter();
            rows.map(|(key, row)| (key.to_owned(), row.finished)).collect()
        };
        assert_eq!(shown(&replayed), shown(&table));
        assert_eq!(shown(&table)[5], ("7".to_owned(), true));
    }
}
