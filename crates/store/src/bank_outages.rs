//! Table `bank_outages`: banks' outages, as reported to members.

use domain::bank_outage::{BankOutage, OutageChanged, OutageStatus};
use domain::event::EventKind;
use domain::ids::{BankOutageId, MemberId};
use domain::subject::Subject;
use jiff::Timestamp;

use crate::Row;
use crate::bodies::Bodies;
use crate::db::{Statement, StoreError, Tx};
use crate::step::Aggregate;

/// The most rows that one reading returns.
pub const ROWS_MAX: i64 = 10_000;

/// A second first row of the same member and bank changes nothing, and is a conflict.
pub(crate) const INSERT: &str = "INSERT INTO bank_outages \
     (id, member_id, bank_id, status, version, changed_ms) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT DO NOTHING";
pub(crate) const UPDATE: &str = "UPDATE bank_outages SET status = $1, version = $2, \
     changed_ms = $3 WHERE id = $4 AND version = $5";
pub(crate) const GET: &str = "SELECT id, member_id, bank_id, status, version, changed_ms \
     FROM bank_outages WHERE id = $1";
pub(crate) const OF_BANK: &str = "SELECT id, member_id, bank_id, status, version, changed_ms \
     FROM bank_outages WHERE bank_id = $1 ORDER BY member_id LIMIT $2";
pub(crate) const NOW: &str = "SELECT id, member_id, bank_id, status, version, changed_ms \
     FROM bank_outages WHERE status <> 'AVAILABLE' ORDER BY bank_id LIMIT $1";

impl Aggregate for BankOutage {
    type Event = OutageChanged;

    fn subject(&self) -> Subject {
        Subject::BankOutage(self.id.clone())
    }

    fn member_id(&self) -> &MemberId {
        &self.member_id
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn changed_at(&self) -> Timestamp {
        self.changed_at
    }

    fn event_kind(&self) -> EventKind {
        EventKind::BankSipOutageStatusChanged
    }

    fn tells_changes(&self) -> bool {
        true
    }

    fn insert(&self, _bodies: &Bodies) -> Result<Statement, StoreError> {
        let params = vec![
            self.id.as_str().into(),
            self.member_id.as_str().into(),
            self.bank_id.as_str().into(),
            self.status.name().into(),
            self.version.into(),
            self.changed_at.as_millisecond().into(),
        ];
        Ok((INSERT, params))
    }

    fn update(&self, _bodies: &Bodies) -> Result<Statement, StoreError> {
        let params = vec![
            self.status.name().into(),
            self.version.into(),
            self.changed_at.as_millisecond().into(),
            self.id.as_str().into(),
            (self.version - 1).into(),
        ];
        Ok((UPDATE, params))
    }
}

/// The row with this id.
///
/// # Errors
/// [`StoreError`] of the database, or a row that contradicts itself.
pub async fn get(tx: &mut Tx, id: &BankOutageId) -> Result<Option<BankOutage>, StoreError> {
    tx.query_first(GET, &[id.as_str().into()]).await?.as_ref().map(read).transpose()
}

/// The rows of a bank, at most [`ROWS_MAX`].
///
/// # Errors
/// As [`get`].
pub async fn of_bank(tx: &mut Tx, bank_id: &str) -> Result<Vec<BankOutage>, StoreError> {
    let rows = tx.query(OF_BANK, &[bank_id.into(), ROWS_MAX.into()]).await?;
    rows.iter().map(read).collect()
}

/// The outages that have not ended for the members, at most [`ROWS_MAX`].
///
/// # Errors
/// As [`get`].
pub async fn not_ended(tx: &mut Tx) -> Result<Vec<BankOutage>, StoreError> {
    tx.query(NOW, &[ROWS_MAX.into()]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<BankOutage, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("a bank's outage: {what}"));
    Ok(BankOutage {
        id: row.text(0)?.parse().map_err(|_| corrupt("its id"))?,
        member_id: row.text(1)?.parse().map_err(|_| corrupt("its member"))?,
        bank_id: row.text(2)?.to_owned(),
        status: OutageStatus::from_name(row.text(3)?).ok_or_else(|| corrupt("its status"))?,
        version: row.int(4)?,
        changed_at: Timestamp::from_millisecond(row.int(5)?)
            .map_err(|_| corrupt("the time of its change"))?,
    })
}
