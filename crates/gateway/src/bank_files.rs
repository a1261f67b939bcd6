//! The files of the operator's banks from before this process: a payment ends with the standard and
//! version with which it began, also if the bank's file changed or vanished while the gateway was down.

use std::collections::BTreeMap;

use banks::directory::{Directory, OwnFile};
use domain::payment::STATUS_WINDOW;
use jiff::{SignedDuration, Timestamp};
use store::bank_files::{self, BankFile};
use store::{Db, unit};
use tracing::warn;

use crate::GatewayError;

/// How long before a loading of the files a replaced one ended, at the latest.
const MOMENT: SignedDuration = SignedDuration::from_millis(1);

/// Keeps the files of `directory`, and adds to it what payments under way still need of earlier ones.
/// [`STATUS_WINDOW`] after a file was replaced no bank is asked about its payments any more, and the
/// file is forgotten.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn remember(
    db: &Db,
    directory: &mut Directory,
    now: Timestamp,
) -> Result<(), GatewayError> {
    let known = db.read(|tx| unit(async move { bank_files::all(tx).await })).await?;
    let own: BTreeMap<(String, String), OwnFile> = directory
        .own_files()
        .map(|own| ((own.bank_id.clone(), own.version.clone()), own))
        .collect();
    let Changes { earlier, saved, forgotten } = decide(&known, &own, now);
    for BankFile { bank_id, version, file, body, first_at, last_at } in earlier {
        let earlier = OwnFile { bank_id, version, file, text: body };
        if let Err(error) = directory.remember(&earlier, (first_at, last_at)) {
            warn!(%error, "an earlier file of a bank cannot be used: its payments use the file of now");
        }
    }
    save(db, saved, forgotten).await
}

/// The changes of a loading of the files.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    /// Files that payments under way may still need.
    earlier: Vec<BankFile>,
    saved: Vec<BankFile>,
    /// Bank and version.
    forgotten: Vec<(String, String)>,
}

/// All files of one loading have the same time, so the newest time is that of the loading before.
fn decide(
    known: &[BankFile],
    own: &BTreeMap<(String, String), OwnFile>,
    now: Timestamp,
) -> Changes {
    let before = known.iter().map(|row| row.last_at).max();
    let was_used = |row: &BankFile| Some(row.last_at) == before;
    let key = |row: &BankFile| (row.bank_id.clone(), row.version.clone());
    let since = now.checked_sub(STATUS_WINDOW).unwrap_or(Timestamp::MIN);
    let mut changes = Changes::default();
    for row in known.iter().filter(|row| !own.contains_key(&key(row))) {
        if was_used(row) {
            let last_at = now.checked_sub(MOMENT).unwrap_or(Timestamp::MIN);
            let ended = BankFile { last_at, ..row.clone() };
            changes.earlier.push(ended.clone());
            changes.saved.push(ended);
        } else if row.last_at < since {
            changes.forgotten.push(key(row));
        } else {
            changes.earlier.push(row.clone());
        }
    }
    changes.saved.extend(own.values().map(|own| {
        let OwnFile { bank_id, version, file, text } = own.clone();
        let same = |row: &&BankFile| row.bank_id == bank_id && row.version == version;
        let stays = known.iter().find(same).filter(|row| was_used(row));
        let first_at = stays.map_or(now, |row| row.first_at);
        BankFile { bank_id, version, file, body: text, first_at, last_at: now }
    }));
    changes
}

async fn save(
    db: &Db,
    kept: Vec<BankFile>,
    forgotten: Vec<(String, String)>,
) -> Result<(), GatewayError> {
    if kept.is_empty() && forgotten.is_empty() {
        return Ok(());
    }
    let changes = std::sync::Arc::new((kept, forgotten));
    db.transact(changes, move |changes, tx| {
        unit(async move {
            for own in &changes.0 {
                bank_files::put(tx, own).await?;
            }
            for (bank_id, version) in &changes.1 {
                bank_files::delete(tx, bank_id, version).await?;
            }
            Ok(())
        })
    })
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400).unwrap()
    }

    fn files(versions: &[(&str, &str)]) -> BTreeMap<(String, String), OwnFile> {
        let file = |(id, version): &(&str, &str)| {
            let (bank_id, version) = ((*id).to_owned(), (*version).to_owned());
            let own = OwnFile {
                bank_id: bank_id.clone(),
                version: version.clone(),
                file: String::new(),
                text: "x".to_owned(),
            };
            ((bank_id, version), own)
        };
        versions.iter().map(file).collect()
    }

    /// The rows after a loading, as the database would have them.
    fn load(known: &[BankFile], own: &[(&str, &str)], day: i64) -> (Changes, Vec<BankFile>) {
        let changes = decide(known, &files(own), at(day));
        let stays = |row: &&BankFile| {
            let same = |one: &BankFile| one.bank_id == row.bank_id && one.version == row.version;
            let gone = |(bank, version): &(String, String)| {
                *bank == row.bank_id && *version == row.version
            };
            !changes.saved.iter().any(same) && !changes.forgotten.iter().any(gone)
        };
        let mut rows: Vec<BankFile> = known.iter().filter(stays).cloned().collect();
        rows.extend(changes.saved.iter().cloned());
        (changes, rows)
    }

    fn periods(changes: &Changes) -> Vec<(String, i64, i64)> {
        let period = |row: &BankFile| {
            let days = |time: Timestamp| (time.as_second() + 1) / 86_400;
            (row.version.clone(), days(row.first_at), days(row.last_at))
        };
        changes.earlier.iter().map(period).collect()
    }

    #[test]
    fn a_version_is_remembered_from_its_first_to_its_last_day_and_then_forgotten() {
        let (changes, rows) = load(&[], &[("a", "1")], 100);
        assert_eq!(periods(&changes), []);
        // The process ran for 50 days. It was stopped, and the file got another version.
        let (changes, rows) = load(&rows, &[("a", "2")], 150);
        assert_eq!(periods(&changes), [("1".to_owned(), 100, 150)]);
        let (changes, rows) = load(&rows, &[("a", "2")], 160);
        assert_eq!(periods(&changes), [("1".to_owned(), 100, 150)], "it stays so");
        // Back to the first version: the second one is remembered for its days alone.
        let (changes, rows) = load(&rows, &[("a", "1")], 170);
        assert_eq!(periods(&changes), [("2".to_owned(), 150, 170)]);
        let (changes, _) = load(&rows, &[("a", "1")], 202);
        assert_eq!(changes.forgotten, [("a".to_owned(), "2".to_owned())]);
    }

    #[test]
    fn a_bank_without_a_file_is_remembered_too() {
        let (_, rows) = load(&[], &[("a", "1"), ("b", "1")], 100);
        let (changes, rows) = load(&rows, &[("a", "1")], 110);
        assert_eq!(periods(&changes), [("1".to_owned(), 100, 110)]);
        let (changes, _) = load(&rows, &[("a", "1"), ("b", "1")], 120);
        assert_eq!(periods(&changes), [], "its file is back");
    }
}
