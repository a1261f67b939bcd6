//! Saving a Step: the payment, its event, its deliveries, its jobs and its cases in one flush of
//! one commit.

use domain::payment::PaymentStep;
use domain::step::{JobChange, JobKind};

use crate::db::{Statement, StoreError, Tx};
use crate::jobs::{Claim, Lease};
use crate::{cases, deliveries, events, jobs, payments};

/// How a Step is saved.
#[derive(Debug, Clone, Copy, Default)]
pub struct Saving<'a> {
    /// The job whose result the Step is; it ends with the same commit.
    pub finishes: Option<&'a Claim>,
    /// With this lease the saver keeps the first job that the Step makes due at once, and runs it
    /// itself without claiming it in another commit.
    pub keeps: Option<&'a Lease>,
}

/// What a saved Step left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The job that the saver now holds and must run.
    pub kept: Option<Claim>,
    /// Whether a job that nobody holds is due now.
    pub more_is_due: bool,
}

/// Writes the first Step of a payment.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn create(
    tx: &mut Tx,
    step: &PaymentStep,
    saving: Saving<'_>,
) -> Result<Saved, StoreError> {
    let row = payments::insert(tx.bodies(), &step.state)?;
    save(tx, step, saving, row).await
}

/// Writes a later Step.
///
/// # Errors
/// [`StoreError::Conflict`] where the payment has changed since it was read.
pub async fn update(
    tx: &mut Tx,
    step: &PaymentStep,
    saving: Saving<'_>,
) -> Result<Saved, StoreError> {
    let row = payments::update(tx.bodies(), &step.state)?;
    save(tx, step, saving, row).await
}

async fn save(
    tx: &mut Tx,
    step: &PaymentStep,
    saving: Saving<'_>,
    row: Statement,
) -> Result<Saved, StoreError> {
    let payment = &step.state;
    let kind = payment.event_kind();
    let mut statements = vec![row];
    let mut of_events = vec![];
    for event in &step.events {
        let begin = statements.len();
        statements.push(events::insert(tx.bodies(), payment, kind, event)?);
        if payment.tells_changes() {
            statements.extend(deliveries::fan_out(payment, event.version, kind));
        }
        of_events.push(begin..statements.len());
    }
    let kept = saving.keeps.and_then(|lease| due_at_once(step).map(|kind| (kind, lease)));
    for change in &step.jobs {
        statements.push(match change {
            JobChange::Schedule(kind, due) => {
                let lease = kept.filter(|(due, _)| due == kind).map(|(_, lease)| lease);
                jobs::schedule(&payment.id, *kind, &payment.member_id, *due, lease)
            }
            JobChange::Cancel(kind) => jobs::cancel(&payment.id, *kind),
        });
    }
    if let Some(claim) = saving.finishes {
        statements.push(jobs::finishing(claim));
    }
    for (number, case) in step.cases.iter().enumerate() {
        statements.push(cases::insert(payment, number, case));
    }
    let changed = tx.execute_all(&statements).await?;
    if changed.first() != Some(&1) {
        return Err(StoreError::Conflict);
    }
    let mut deliveries_are_due = false;
    for of_event in of_events {
        let [event, deliveries @ ..] = &changed[of_event] else { continue };
        if *event != 1 {
            let text = format!("{} has an event of its future", payment.id);
            return Err(StoreError::Corrupt(text));
        }
        // The last statement is the deliveries' job.
        deliveries_are_due |= deliveries.last() == Some(&1);
    }
    let others_are_due = due_at_once(step).is_some() && kept.is_none();
    let kept = kept.map(|(kind, lease)| Claim {
        subject: payment.id.clone(),
        kind,
        member_id: payment.member_id.clone(),
        attempts: 1,
        token: lease.token.clone(),
    });
    Ok(Saved { kept, more_is_due: deliveries_are_due || others_are_due })
}

fn due_at_once(step: &PaymentStep) -> Option<JobKind> {
    step.jobs.iter().find_map(|change| match change {
        JobChange::Schedule(kind, due) if *due <= step.state.updated_at => Some(*kind),
        JobChange::Schedule(..) | JobChange::Cancel(_) => None,
    })
}
