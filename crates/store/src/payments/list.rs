//! Lists of payments, without standing orders: each page is read from one place of an index on,
//! whatever is filtered by and however late the page.
//!
//! A filter with several values (references; flows and states) seeks once for each: every answer
//! is in the list's order, and the newest of all answers are the page. Conditions on columns that
//! are not in the index that is used are checked row by row.

use std::cmp::Reverse;

use domain::ids::{MemberId, PaymentId};
use domain::initiation::Flow;
use domain::payment::{Payment, Stage};
use jiff::Timestamp;

use super::payment;
use crate::db::{Statement, StoreError, Tx};
use crate::{Row, Value};

/// References by which one list may be filtered.
pub const REFERENCES_MAX: usize = 64;
/// Payments that one list may be restricted to, or leave out.
pub const IDS_MAX: usize = 200;
/// States by which one statement may filter: all of them.
const STATES_MAX: usize = 24;
/// Flows by which one statement may filter: all of them.
const FLOWS_MAX: usize = 4;
/// Ids that one statement may name.
const IDS_AT_ONCE: usize = 64;

/// One statement, once for the entries of a list and once for its payments.
#[derive(Debug, Clone, Copy)]
pub struct Seek {
    /// Selects what [`Entry`] holds.
    pub entries: &'static str,
    /// Selects the bodies.
    pub payments: &'static str,
}

/// The rows of a list between two places of the index with these columns after the member's, in
/// the index's order.
///
/// All columns are in both comparisons and in the order, so that no other index fits: with
/// `ref_id = $2` SQLite would prefer to read all payments between two times, and so would PostgreSQL
/// if it considers the value common. A test has both explain their plans.
macro_rules! seek {
    ($after:literal, $until:literal, $($more:literal),+) => {
        Seek {
            entries: seek!(@ "created_ms, id, state", $after, $until, $($more),+),
            payments: seek!(@ "body", $after, $until, $($more),+),
        }
    };
    (@ $columns:literal, $after:literal, $until:literal, $($more:literal),+) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM payments WHERE member_id = $1 AND kind = 'single' AND ",
            $after,
            " AND ",
            $until,
            $($more),+
        )
    };
}

/// The same with the conditions that are checked row by row.
macro_rules! filtered_seek {
    ($after:literal, $until:literal, $order:literal) => {
        seek!(
            $after,
            $until,
            " AND (CAST($6 AS BIGINT) = 0 OR state IN ($7, $8, $9, $10, $11, $12, $13, $14, $15, \
             $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)) \
             AND (CAST($31 AS BIGINT) = 0 OR flow IN ($32, $33, $34, $35)) \
             AND (CAST($36 AS BIGINT) = 0 OR on_behalf_of_id = $37) \
             AND (CAST($38 AS BIGINT) = 0 OR external_psu_reference = $39)",
            $order,
            " LIMIT $40"
        )
    };
}

pub(crate) const OF_MEMBER: Seek = seek!(
    "created_ms > $2",
    "(created_ms, id) < ($3, $4)",
    " ORDER BY created_ms DESC, id DESC LIMIT $5"
);
pub(crate) const OF_STATE: Seek = seek!(
    "(flow, state, created_ms) > ($2, $3, $4)",
    "(flow, state, created_ms, id) < ($2, $3, $5, $6)",
    " ORDER BY flow DESC, state DESC, created_ms DESC, id DESC LIMIT $7"
);
pub(crate) const OF_REFERENCE: Seek = filtered_seek!(
    "(ref_id, created_ms) > ($2, $3)",
    "(ref_id, created_ms, id) < ($2, $4, $5)",
    " ORDER BY ref_id DESC, created_ms DESC, id DESC"
);
pub(crate) const OF_PAYER: Seek = filtered_seek!(
    "external_psu_reference IS NOT NULL AND (external_psu_reference, created_ms) > ($2, $3)",
    "(external_psu_reference, created_ms, id) < ($2, $4, $5)",
    " ORDER BY external_psu_reference DESC, created_ms DESC, id DESC"
);
pub(crate) const OF_SUB_TPP: Seek = filtered_seek!(
    "on_behalf_of_id IS NOT NULL AND (on_behalf_of_id, created_ms) > ($2, $3)",
    "(on_behalf_of_id, created_ms, id) < ($2, $4, $5)",
    " ORDER BY on_behalf_of_id DESC, created_ms DESC, id DESC"
);
/// The index on ids does not contain the member, so the statement searches by id and then filters.
pub(crate) const OF_IDS: &str = "SELECT body FROM payments WHERE id IN ($1, $2, $3, $4, $5, $6, \
     $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, \
     $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, \
     $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, \
     $64) AND member_id || '' = $65";

/// Which payments a list holds. The newest come first. An empty list of values lets all through.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Payments, at most [`IDS_MAX`].
    pub ids: Vec<PaymentId>,
    /// Payments that are left out, at most [`IDS_MAX`].
    pub without_ids: Vec<PaymentId>,
    /// Stages.
    pub stages: Vec<Stage>,
    /// Who guides the payer.
    pub flows: Vec<Flow>,
    /// References, at most [`REFERENCES_MAX`].
    pub references: Vec<String>,
    /// The sub-TPP.
    pub on_behalf_of_id: Option<String>,
    /// The member's own reference of the payer.
    pub external_psu_reference: Option<String>,
    /// Only payments created later than this.
    pub created_after: Option<Timestamp>,
    /// Only payments created earlier than this.
    pub created_before: Option<Timestamp>,
    /// Only payments that come after this position of the list.
    pub after: Option<Position>,
}

/// The place of one payment in a list: survives inserts, because it names a row and not a count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Milliseconds since 1970 at which the payment, or what it is listed as, was created.
    pub created_ms: i64,
    /// Its id.
    pub id: String,
}

/// One payment of a list in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place, with its id.
    pub position: Position,
    /// The stage of the payment.
    pub stage: Stage,
}

impl Entry {
    /// The entry of a payment.
    #[must_use]
    pub fn of(payment: &Payment) -> Entry {
        let created_ms = payment.created_at.as_millisecond();
        let position = Position { created_ms, id: payment.id.as_str().to_owned() };
        Entry { position, stage: payment.stage() }
    }
}

/// The first `limit` payments of `member_id` that `filter` lets through. To be run at one state of
/// the database: [`crate::Db::snapshot`], unless [`Filter::is_one_statement`].
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn list(
    tx: &mut Tx,
    member_id: &MemberId,
    filter: &Filter,
    limit: usize,
) -> Result<Vec<Payment>, StoreError> {
    let mut found = if filter.is_one_statement() {
        let mut found = vec![];
        for (seek, params) in filter.statements(member_id, limit)? {
            found.extend(tx.query(seek.payments, &params).await?);
        }
        let bodies = tx.bodies();
        let mut found =
            found.iter().map(|row| payment(bodies, row)).collect::<Result<Vec<Payment>, _>>()?;
        found.retain(|payment| !filter.leaves_out(payment.id.as_str()));
        found
    } else if filter.ids.is_empty() {
        let entries = seek(tx, member_id, filter, limit).await?;
        let ids: Vec<&str> = entries.iter().map(|entry| entry.position.id.as_str()).collect();
        with_ids(tx, member_id, &ids).await?
    } else {
        at_most(filter.ids.len(), IDS_MAX)?;
        let ids: Vec<&str> = filter.ids.iter().map(PaymentId::as_str).collect();
        let mut found = with_ids(tx, member_id, &ids).await?;
        found.retain(|payment| filter.admits(payment));
        found
    };
    found.sort_by_cached_key(|payment| Reverse(Entry::of(payment).position));
    found.truncate(limit);
    Ok(found)
}

/// [`list`] in short.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn list_entries(
    tx: &mut Tx,
    member_id: &MemberId,
    filter: &Filter,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    if filter.ids.is_empty() {
        return seek(tx, member_id, filter, limit).await;
    }
    Ok(list(tx, member_id, filter, limit).await?.iter().map(Entry::of).collect())
}

/// The entries of the first `limit` payments, of a filter that names no payment.
async fn seek(
    tx: &mut Tx,
    member_id: &MemberId,
    filter: &Filter,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    let statements = filter.statements(member_id, limit)?;
    let statements: Vec<Statement> =
        statements.into_iter().map(|(seek, params)| (seek.entries, params)).collect();
    let mut entries = vec![];
    for rows in tx.query_all(&statements).await? {
        for row in &rows {
            entries.push(entry(row)?);
        }
    }
    entries.retain(|entry| !filter.leaves_out(&entry.position.id));
    entries.sort_unstable_by(|a, b| b.position.cmp(&a.position));
    // A value that the filter has twice finds its payments twice.
    entries.dedup();
    entries.truncate(limit);
    Ok(entries)
}

async fn with_ids(
    tx: &mut Tx,
    member_id: &MemberId,
    ids: &[&str],
) -> Result<Vec<Payment>, StoreError> {
    let statements: Vec<Statement> = ids
        .chunks(IDS_AT_ONCE)
        .map(|ids| {
            let mut params = padded(ids, IDS_AT_ONCE)?;
            params.push(member_id.as_str().into());
            Ok((OF_IDS, params))
        })
        .collect::<Result<_, StoreError>>()?;
    let answers = tx.query_all(&statements).await?;
    answers.iter().flatten().map(|row| payment(tx.bodies(), row)).collect()
}

impl Filter {
    /// Whether the list is read with a single statement, which sees one state of the database by
    /// itself.
    #[must_use]
    pub fn is_one_statement(&self) -> bool {
        self.ids.is_empty()
            && match self.references.len() {
                0 if self.external_psu_reference.is_some() || self.on_behalf_of_id.is_some() => {
                    true
                }
                0 => self.flows.is_empty() && self.stages.is_empty(),
                count => count == 1,
            }
    }

    /// The seeks of a list that names no payment; what of them is needed is found by the caller.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the filter has more values than it may.
    pub fn statements(
        &self,
        member_id: &MemberId,
        limit: usize,
    ) -> Result<Vec<(Seek, Vec<Value>)>, StoreError> {
        at_most(self.without_ids.len(), IDS_MAX)?;
        // A row that is left out may come before a row that is not.
        let limit = i64::try_from(limit + self.without_ids.len()).unwrap_or(i64::MAX);
        let (after_ms, until) = (self.after_ms(), self.until());
        let seek = |seek: Seek, values: &[&str], conditions: Vec<Value>| {
            let mut params: Vec<Value> = vec![member_id.as_str().into()];
            params.extend(values.iter().copied().map(Value::from));
            params.extend([after_ms.into(), until.created_ms.into(), until.id.as_str().into()]);
            params.extend(conditions);
            params.push(limit.into());
            (seek, params)
        };
        let filtered = |sql, value: &str| Ok(seek(sql, &[value], self.conditions()?));
        if !self.references.is_empty() {
            at_most(self.references.len(), REFERENCES_MAX)?;
            return self.references.iter().map(|value| filtered(OF_REFERENCE, value)).collect();
        }
        if let Some(value) = &self.external_psu_reference {
            return Ok(vec![filtered(OF_PAYER, value)?]);
        }
        if let Some(value) = &self.on_behalf_of_id {
            return Ok(vec![filtered(OF_SUB_TPP, value)?]);
        }
        if self.stages.is_empty() && self.flows.is_empty() {
            return Ok(vec![seek(OF_MEMBER, &[], vec![])]);
        }
        let flows = if self.flows.is_empty() { &Flow::ALL[..] } else { &self.flows };
        let stages = if self.stages.is_empty() { &Stage::ALL[..] } else { &self.stages };
        let pairs = flows.iter().flat_map(|flow| stages.iter().map(move |stage| (flow, stage)));
        Ok(pairs
            .map(|(flow, stage)| seek(OF_STATE, &[flow.name(), stage.name()], vec![]))
            .collect())
    }

    /// The list holds only what was created after this, in milliseconds since 1970.
    fn after_ms(&self) -> i64 {
        self.created_after.map_or(-1, Timestamp::as_millisecond)
    }

    /// The list holds only what comes after this: a position, or the first moment that is too late.
    fn until(&self) -> Position {
        let before = self.created_before.map(|before| {
            // A payment of the millisecond in which that moment lies is older, unless it begins it.
            let created_ms = before.as_millisecond();
            let inside = before.subsec_nanosecond() % 1_000_000 != 0;
            Position { created_ms: created_ms + i64::from(inside), id: String::new() }
        });
        let unlimited = Position { created_ms: i64::MAX, id: String::new() };
        self.after.iter().cloned().chain(before).min().unwrap_or(unlimited)
    }

    /// The conditions of single rows; a 0 switches an absent condition off.
    fn conditions(&self) -> Result<Vec<Value>, StoreError> {
        let mut values: Vec<Value> = vec![i64::from(!self.stages.is_empty()).into()];
        let names: Vec<&str> = self.stages.iter().map(|stage| stage.name()).collect();
        values.extend(padded(&names, STATES_MAX)?);
        values.push(i64::from(!self.flows.is_empty()).into());
        let names: Vec<&str> = self.flows.iter().map(|flow| flow.name()).collect();
        values.extend(padded(&names, FLOWS_MAX)?);
        for wanted in [&self.on_behalf_of_id, &self.external_psu_reference] {
            values.push(i64::from(wanted.is_some()).into());
            values.push(wanted.as_deref().unwrap_or_default().into());
        }
        Ok(values)
    }

    fn leaves_out(&self, id: &str) -> bool {
        self.without_ids.iter().any(|left_out| left_out.as_str() == id)
    }

    /// The conditions of the statements, for one payment.
    fn admits(&self, payment: &Payment) -> bool {
        fn one_of<T: PartialEq>(wanted: &[T], value: &T) -> bool {
            wanted.is_empty() || wanted.contains(value)
        }
        let is =
            |wanted: &Option<String>, value: &Option<String>| wanted.is_none() || wanted == value;
        let (entry, initiation) = (Entry::of(payment), &payment.initiation);
        !payment.is_standing_order()
            && one_of(&self.stages, &entry.stage)
            && one_of(&self.flows, &initiation.visit.flow)
            && one_of(&self.references, &initiation.order.ref_id)
            && is(&self.on_behalf_of_id, &initiation.order.on_behalf_of_id)
            && is(&self.external_psu_reference, &initiation.visit.external_psu_reference)
            && !self.leaves_out(&entry.position.id)
            && entry.position.created_ms > self.after_ms()
            && entry.position < self.until()
    }
}

fn at_most(count: usize, most: usize) -> Result<(), StoreError> {
    if count > most {
        return Err(StoreError::Corrupt(format!("a filter of more than {most} values")));
    }
    Ok(())
}

/// `values` and empty texts, as many as the statement has places.
pub(crate) fn padded<S: AsRef<str>>(values: &[S], places: usize) -> Result<Vec<Value>, StoreError> {
    at_most(values.len(), places)?;
    let texts = values.iter().map(AsRef::as_ref);
    Ok(texts.chain(std::iter::repeat("")).take(places).map(Value::from).collect())
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    let name = row.text(2)?;
    let stage = Stage::ALL.into_iter().find(|stage| stage.name() == name);
    let unknown = || StoreError::Corrupt(format!("a payment in the unknown state `{name}`"));
    Ok(Entry {
        position: Position { created_ms: row.int(0)?, id: row.text(1)?.to_owned() },
        stage: stage.ok_or_else(unknown)?,
    })
}
