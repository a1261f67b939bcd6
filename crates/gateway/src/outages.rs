//! Reports to members when a bank's outage begins and ends, as its profile announces it
//! (`maintenance_windows`; reference, section 1.13).
//!
//! Every process looks at the clock by itself; the database lets one of them record a change.

use std::collections::BTreeSet;

use domain::bank_outage::{BankOutage, OutageStatus, OutageStep};
use domain::event::EventKind;
use domain::ids::{BankOutageId, MemberId};
use store::step::{self, Saving};
use store::{StoreError, bank_outages, unit, webhooks};

use crate::{App, GatewayError};

/// Changes that one round records; the rest waits for the next round.
const CHANGES_MAX: usize = 1_000;

/// Records each outage that has begun or ended, for the members that subscribe to it; returns how many.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn announce(app: &App) -> Result<usize, GatewayError> {
    let now = app.now();
    let directory = app.directory();
    let out: BTreeSet<String> = directory
        .iter()
        .filter(|bank| bank.is_in_outage(now))
        .map(|bank| bank.id.clone())
        .collect();
    let known = app.db().read(|tx| unit(async move { bank_outages::not_ended(tx).await })).await?;
    let ended = known.iter().filter(|one| !out.contains(&one.bank_id));
    let mut changes: Vec<Change> = ended
        .filter_map(|one| one.observe(OutageStatus::Available, now))
        .map(|step| Change { step, first: false })
        .collect();
    for bank_id in out {
        if changes.len() < CHANGES_MAX {
            changes.extend(begun(app, bank_id).await?);
        }
    }
    changes.truncate(CHANGES_MAX);
    let mut recorded = 0;
    for change in changes {
        recorded += usize::from(record(app, change).await?);
    }
    if recorded > 0 {
        app.jobs_may_be_due();
    }
    Ok(recorded)
}

/// A change that is to be recorded.
#[derive(Clone)]
struct Change {
    step: OutageStep,
    /// Whether nothing was reported of the bank before.
    first: bool,
}

/// The subscribers of outages that do not know of this one.
async fn begun(app: &App, bank_id: String) -> Result<Vec<Change>, GatewayError> {
    let wanted = bank_id.clone();
    let (members, known) = app
        .db()
        .read(move |tx| {
            unit(async move {
                let kind = EventKind::BankSipOutageStatusChanged;
                let members = webhooks::subscribers(tx, kind).await?;
                Ok((members, bank_outages::of_bank(tx, &wanted).await?))
            })
        })
        .await?;
    let now = app.now();
    let change = |member_id: MemberId| match known.iter().find(|one| one.member_id == member_id) {
        Some(one) => {
            let step = one.observe(OutageStatus::CompleteOutage, now)?;
            Some(Change { step, first: false })
        }
        None => {
            let id = BankOutageId::new(now, app.ids());
            let step = BankOutage::begin(id, member_id, bank_id.clone(), now);
            Some(Change { step, first: true })
        }
    };
    Ok(members.into_iter().filter_map(change).collect())
}

/// Records a change; `false` where another process was first.
async fn record(app: &App, change: Change) -> Result<bool, GatewayError> {
    let recorded = app.db().transact(change, move |change, tx| {
        unit(async move {
            match change.first {
                true => step::create(tx, &change.step, Saving::default()).await,
                false => step::update(tx, &change.step, Saving::default()).await,
            }
        })
    });
    match recorded.await {
        Ok(_) => Ok(true),
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
