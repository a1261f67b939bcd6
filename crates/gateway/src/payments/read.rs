//! Reading payments.

use std::sync::Arc;

use domain::ids::PaymentId;
use domain::payment::{Payment, State};
use domain::step::JobKind;
use store::bank_calls::{self, BankCall};
use store::payments::{self, Entry, Filter};
use store::{jobs, unit};

use crate::{App, GatewayError, Member};

/// A payment whose next status question is further away than this is asked about sooner when its
/// member looks at it; so looking costs a bank at most one question in this time.
const ASK_SOONER_AFTER_MS: i64 = 60_000;

/// The member's payment.
///
/// # Errors
/// [`GatewayError::PaymentNotFound`], also for another member's payment; [`GatewayError::Store`].
pub async fn get(app: &Arc<App>, member: &Member, id: &PaymentId) -> Result<Payment, GatewayError> {
    let (member_id, wanted) = (member.id().clone(), id.clone());
    let payment = app
        .db()
        .read(move |tx| unit(async move { payments::get(tx, &member_id, &wanted).await }))
        .await?
        .ok_or(GatewayError::PaymentNotFound)?;
    ask_sooner(app, &payment).await?;
    Ok(payment)
}

/// The member's payments that `filter` lets through, newest first.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn list(
    app: &App,
    member: &Member,
    filter: Filter,
    limit: usize,
) -> Result<Vec<Payment>, GatewayError> {
    let member_id = member.id().clone();
    let found = app.db().snapshot(move |tx| {
        unit(async move { payments::list(tx, &member_id, &filter, limit).await })
    });
    Ok(found.await?)
}

/// [`list`] in short.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn list_entries(
    app: &App,
    member: &Member,
    filter: Filter,
    limit: usize,
) -> Result<Vec<Entry>, GatewayError> {
    let member_id = member.id().clone();
    let found = app.db().snapshot(move |tx| {
        unit(async move { payments::list_entries(tx, &member_id, &filter, limit).await })
    });
    Ok(found.await?)
}

/// The payment whose link a payer holds. The id is the secret: 80 random bits.
///
/// # Errors
/// [`GatewayError::PaymentNotFound`]; [`GatewayError::Store`].
pub async fn open_by_link(app: &App, id: &PaymentId) -> Result<Payment, GatewayError> {
    let wanted = id.clone();
    app.db()
        .read(move |tx| unit(async move { payments::get_any(tx, &wanted).await }))
        .await?
        .ok_or(GatewayError::PaymentNotFound)
}

/// What was exchanged with banks for a payment, oldest first, at most 1,000 exchanges.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn bank_calls(app: &App, id: &PaymentId) -> Result<Vec<BankCall>, GatewayError> {
    let wanted = id.clone();
    let calls = app
        .db()
        .read(move |tx| unit(async move { bank_calls::of_payment(tx, &wanted, 1_000).await }))
        .await?;
    Ok(calls)
}

async fn ask_sooner(app: &Arc<App>, payment: &Payment) -> Result<(), GatewayError> {
    let asking = matches!(payment.state, State::Uncertain { .. } | State::Processing { .. });
    let now = app.now();
    let wait_ms = payment.next_status_question(now).as_millisecond() - now.as_millisecond();
    if !asking || wait_ms <= ASK_SOONER_AFTER_MS {
        return Ok(());
    }
    let id = payment.id.clone();
    let latest = jiff::SignedDuration::from_millis(ASK_SOONER_AFTER_MS);
    app.db()
        .transact(move |tx| {
            let id = id.clone();
            unit(async move { jobs::wake(tx, &id, JobKind::AskStatus, now, latest).await })
        })
        .await?;
    app.jobs_may_be_due();
    Ok(())
}
