//! Reading payments.

use std::sync::Arc;

use banks::call::PsuContext;
use domain::ids::PaymentId;
use domain::payment::{OrderState, Payment, State};
use domain::step::{JobKind, PaymentJob};
use domain::subject::Subject;
use jiff::SignedDuration;
use store::bank_calls::{self, BankCall};
use store::jobs::{Claim, Waiting};
use store::payments::{self, Entry, Filter};
use store::{StoreError, Tx, Unit, unit};

use crate::{App, GatewayError, Member, jobs};

/// Looking at a payment costs its bank at most one question in this time.
const BETWEEN_QUESTIONS: SignedDuration = SignedDuration::from_secs(60);

/// Whether looking at a payment makes its bank be asked what became of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// It is not.
    Skipped,
    /// It is, and the answer is not waited for.
    Soon,
    /// It is, and the request waits this many milliseconds for the answer; a later answer is recorded anyway.
    Within(u64),
}

/// The member's payment as it is stored.
///
/// # Errors
/// [`GatewayError::PaymentNotFound`], also for another member's payment; [`GatewayError::Store`].
pub async fn get(app: &Arc<App>, member: &Member, id: &PaymentId) -> Result<Payment, GatewayError> {
    let (member_id, wanted) = (member.id().clone(), id.clone());
    app.db()
        .read(move |tx| unit(async move { payments::get(tx, &member_id, &wanted).await }))
        .await?
        .ok_or(GatewayError::PaymentNotFound)
}

/// Whether the member has that single payment: payments v2 know no standing orders.
///
/// # Errors
/// [`GatewayError::PaymentNotFound`], also where it is a standing order; [`GatewayError::Store`].
pub async fn check_single(
    app: &Arc<App>,
    member: &Member,
    id: &PaymentId,
) -> Result<(), GatewayError> {
    match get(app, member, id).await?.is_standing_order() {
        true => Err(GatewayError::PaymentNotFound),
        false => Ok(()),
    }
}

/// The member's payment, after its bank was asked as far as `update` says. A bank that was asked
/// within the last minute is not asked again.
///
/// # Errors
/// Those of [`get`].
pub async fn look_at(
    app: &Arc<App>,
    member: &Member,
    id: &PaymentId,
    update: Update,
) -> Result<Payment, GatewayError> {
    let payment = get(app, member, id).await?;
    let Some(waiting) = question_that_waits(app, &payment) else {
        return Ok(payment);
    };
    match update {
        Update::Skipped => Ok(payment),
        Update::Soon => {
            ask_soon(app, &payment, waiting).await?;
            Ok(payment)
        }
        Update::Within(timeout_ms) => match claim_question(app, &payment, waiting).await? {
            Some(claim) => {
                jobs::run_now(app, claim, PsuContext::default(), timeout_ms).await;
                get(app, member, id).await
            }
            // The bank is being asked, or was a moment ago.
            None => Ok(payment),
        },
    }
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
    let found = at_one_state(app, filter.is_one_statement(), move |tx| {
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
    let found = at_one_state(app, filter.is_one_statement(), move |tx| {
        unit(async move { payments::list_entries(tx, &member_id, &filter, limit).await })
    });
    Ok(found.await?)
}

/// Reads at one state of the database: a single statement sees one by itself, and costs fewer round
/// trips.
async fn at_one_state<T, F>(app: &App, is_one_statement: bool, work: F) -> Result<T, StoreError>
where
    T: Send,
    F: for<'t> FnOnce(&'t mut Tx) -> Unit<'t, T> + Send,
{
    if is_one_statement { app.db().read(work).await } else { app.db().snapshot(work).await }
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

/// The exchanges with banks for a payment, oldest first, at most 1,000.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn bank_calls(app: &App, id: &PaymentId) -> Result<Vec<BankCall>, GatewayError> {
    let wanted = Subject::from(id);
    let calls = app
        .db()
        .read(move |tx| unit(async move { bank_calls::of_subject(tx, &wanted, 1_000).await }))
        .await?;
    Ok(calls)
}

/// When a question is due that may be asked now instead; `None` if none will wait that long.
fn question_that_waits(app: &App, payment: &Payment) -> Option<Waiting> {
    let now = app.now();
    let asking = matches!(
        payment.state,
        State::Ordered(OrderState::Uncertain { .. } | OrderState::Processing { .. })
    );
    // Questions are due ever later after one another, so one that was due by then was asked for
    // before that moment.
    let bank_wants = SignedDuration::from_millis(payment.question_interval_min_ms());
    let apart = BETWEEN_QUESTIONS.max(bank_wants);
    let a_while_ago = now.checked_sub(apart).ok()?;
    let until = payment.next_status_question(a_while_ago);
    let after = now.checked_add(apart).ok()?;
    (asking && until > after).then_some(Waiting { after, until })
}

async fn ask_soon(app: &Arc<App>, payment: &Payment, waiting: Waiting) -> Result<(), GatewayError> {
    let (id, now) = (Subject::from(&payment.id), app.now());
    app.db()
        .transact(id, move |id, tx| {
            unit(async move {
                store::jobs::wake(tx, id, JobKind::Payment(PaymentJob::AskStatus), now, waiting)
                    .await
            })
        })
        .await?;
    app.jobs_may_be_due();
    Ok(())
}

async fn claim_question(
    app: &App,
    payment: &Payment,
    waiting: Waiting,
) -> Result<Option<Claim>, GatewayError> {
    let (id, lease) = (Subject::from(&payment.id), app.new_lease());
    let claimed = app.db().transact((id, lease), move |(id, lease), tx| {
        unit(async move {
            store::jobs::claim_waiting(
                tx,
                lease,
                id,
                JobKind::Payment(PaymentJob::AskStatus),
                waiting,
            )
            .await
        })
    });
    Ok(claimed.await?)
}
