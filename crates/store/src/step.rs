//! Saving a Step: the aggregate, its events, their deliveries, its jobs and its cases in one flush
//! of one commit. One function for all aggregates.

use domain::event::EventKind;
use domain::ids::MemberId;
use domain::step::{JobChange, JobKind, Step};
use domain::subject::Subject;
use jiff::Timestamp;
use serde::Serialize;

use crate::bodies::Bodies;
use crate::db::{Statement, StoreError, Tx};
use crate::jobs::{Claim, Lease};
use crate::{cases, deliveries, events, jobs};

/// A record that Steps save: one row, whose changes are events. A Step has one event, or no event if
/// only the gateway needs to know the change.
pub trait Aggregate {
    /// The stored form of a change.
    type Event: Serialize;

    /// Its id.
    fn subject(&self) -> Subject;
    /// Whose it is.
    fn member_id(&self) -> &MemberId;
    /// Counts its changes, from 1.
    fn version(&self) -> i64;
    /// When it last changed.
    fn changed_at(&self) -> Timestamp;
    /// The kind of event that the member gets for a change.
    fn event_kind(&self) -> EventKind;
    /// Whether the member gets events for its changes.
    fn tells_changes(&self) -> bool;
    /// The statement that writes its first version.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it contradicts itself.
    fn insert(&self, bodies: &Bodies) -> Result<Statement, StoreError>;
    /// The statement that writes a later version over the one before; it changes no row where
    /// another change came first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it contradicts itself.
    fn update(&self, bodies: &Bodies) -> Result<Statement, StoreError>;
}

/// How a Step is saved.
#[derive(Debug, Clone, Copy, Default)]
pub struct Saving<'a> {
    /// The job whose result the Step is; it ends with the same commit.
    pub finishes: Option<&'a Claim>,
    /// With this lease the saver keeps the first job that the Step makes due at once, and runs it
    /// itself without claiming it in another commit.
    pub keeps: Option<&'a Lease>,
}

/// The work that a saved Step left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The job that the saver now holds and must run.
    pub kept: Option<Claim>,
    /// Whether a job that nobody holds is due now.
    pub more_is_due: bool,
}

/// Writes the first Step of an aggregate.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn create<A: Aggregate>(
    tx: &mut Tx,
    step: &Step<A, A::Event>,
    saving: Saving<'_>,
) -> Result<Saved, StoreError> {
    let row = step.state.insert(tx.bodies())?;
    save(tx, step, saving, row).await
}

/// Writes a later Step.
///
/// # Errors
/// [`StoreError::Conflict`] if the aggregate has changed since it was read.
pub async fn update<A: Aggregate>(
    tx: &mut Tx,
    step: &Step<A, A::Event>,
    saving: Saving<'_>,
) -> Result<Saved, StoreError> {
    let row = step.state.update(tx.bodies())?;
    save(tx, step, saving, row).await
}

async fn save<A: Aggregate>(
    tx: &mut Tx,
    step: &Step<A, A::Event>,
    saving: Saving<'_>,
    row: Statement,
) -> Result<Saved, StoreError> {
    let of = &step.state;
    let (subject, member_id, at) = (of.subject(), of.member_id(), of.changed_at());
    let mut statements = vec![row];
    let mut of_events = vec![];
    for event in &step.events {
        let begin = statements.len();
        statements.push(events::insert(tx.bodies(), of, event, at)?);
        if of.tells_changes() {
            let kind = of.event_kind();
            statements.extend(deliveries::fan_out(&subject, member_id, of.version(), kind, at));
        }
        of_events.push(begin..statements.len());
    }
    let kept = saving.keeps.and_then(|lease| due_at_once(step).map(|kind| (kind, lease)));
    for change in &step.jobs {
        statements.push(match change {
            JobChange::Schedule(kind, due) => {
                let lease = kept.filter(|(due, _)| due == kind).map(|(_, lease)| lease);
                jobs::schedule(&subject, *kind, member_id, *due, lease)
            }
            JobChange::Cancel(kind) => jobs::cancel(&subject, *kind),
        });
    }
    if let Some(claim) = saving.finishes {
        statements.push(jobs::finishing(claim));
    }
    for (number, case) in step.cases.iter().enumerate() {
        statements.push(cases::insert(of, number, case));
    }
    let changed = tx.execute_all(&statements).await?;
    if changed.first() != Some(&1) {
        return Err(StoreError::Conflict);
    }
    let mut deliveries_are_due = false;
    for of_event in of_events {
        let [event, deliveries @ ..] = &changed[of_event] else { continue };
        if *event != 1 {
            let text = format!("{subject} has an event of its future");
            return Err(StoreError::Corrupt(text));
        }
        // The last statement is the deliveries' job.
        deliveries_are_due |= deliveries.last() == Some(&1);
    }
    let others_are_due = due_at_once(step).is_some() && kept.is_none();
    let kept = kept.map(|(kind, lease)| Claim {
        subject,
        kind,
        member_id: member_id.clone(),
        attempts: 1,
        token: lease.token.clone(),
    });
    Ok(Saved { kept, more_is_due: deliveries_are_due || others_are_due })
}

fn due_at_once<A: Aggregate>(step: &Step<A, A::Event>) -> Option<JobKind> {
    step.jobs.iter().find_map(|change| match change {
        JobChange::Schedule(kind, due) if *due <= step.state.changed_at() => Some(*kind),
        JobChange::Schedule(..) | JobChange::Cancel(_) => None,
    })
}
