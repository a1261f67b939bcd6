//! The word of the member, or of the payer, on a payment: send its order, or take it back.

use std::sync::Arc;

use banks::call::PsuContext;
use domain::Refusal;
use domain::authorisation::Attempt;
use domain::ids::{MemberId, PaymentId};
use domain::payment::{CancellationState, CancelledBy, Payment, PaymentStep, Stage};
use domain::subject::Subject;
use jiff::Timestamp;
use store::jobs::Claim;
use store::step::{self, Saving};
use store::{StoreError, Tx, idempotency, payments, token_requests, transfer_references, unit};

use crate::error::Feature;
use crate::idempotency::IdempotencyKey;
use crate::{App, GatewayError, Member, jobs};

/// The command: the Step, or nothing where it was carried out before.
type Command =
    dyn Fn(&Payment, Timestamp) -> Result<Option<PaymentStep>, Refusal> + Send + Sync + 'static;

/// Sends the order of an approved payment, and returns the current payment when the bank has
/// answered or the time of a request is over. A second call sends nothing again.
///
/// # Errors
/// [`GatewayError::Refused`] if the payment is not approved, or has ended without an order;
/// [`GatewayError::PaymentNotFound`]; [`GatewayError::KeyTaken`]; [`GatewayError::Store`].
pub async fn redeem(
    app: &Arc<App>,
    member: &Member,
    id: &PaymentId,
    psu: PsuContext,
    request_timeout_ms: Option<u64>,
    key: Option<IdempotencyKey>,
) -> Result<Payment, GatewayError> {
    redeem_as(app, member, id, None, psu, request_timeout_ms, key).await
}

/// The same with a reference of the member's own for the transfer ([`Payment::redeem_as`]).
///
/// # Errors
/// As [`redeem`]; [`GatewayError::ReferenceTaken`] if another token request or transfer of the
/// member has the reference.
pub async fn redeem_as(
    app: &Arc<App>,
    member: &Member,
    id: &PaymentId,
    ref_id: Option<String>,
    psu: PsuContext,
    request_timeout_ms: Option<u64>,
    key: Option<IdempotencyKey>,
) -> Result<Payment, GatewayError> {
    let timeout_ms = request_timeout_ms.unwrap_or(app.settings().request_timeout_ms);
    let command = Arc::new(move |payment: &Payment, now| payment.redeem_as(ref_id.as_deref(), now));
    let held = carry_out(app, member, id, command, timeout_ms, key).await?;
    if let Some(claim) = held {
        jobs::run_now(app, claim, psu, timeout_ms).await;
    }
    super::get(app, member, id).await
}

/// Cancels a payment. As long as nothing can have been executed, that is done here; a payment
/// that its bank holds is cancelled by the bank, which may require the payer's approval. Returns
/// the current payment when the bank has answered or the time of a request is over.
///
/// # Errors
/// [`GatewayError::Refused`] if it may have been executed, or the payment has ended;
/// [`GatewayError::FeatureNotSupported`] if the bank holds it and does not cancel;
/// [`GatewayError::NotCancelled`] if the bank says no; [`GatewayError::PaymentNotFound`];
/// [`GatewayError::Store`].
pub async fn cancel(
    app: &Arc<App>,
    member: &Member,
    id: &PaymentId,
    psu: PsuContext,
    request_timeout_ms: Option<u64>,
) -> Result<Payment, GatewayError> {
    let refused = match carry_out(app, member, id, Arc::new(Payment::cancel), 0, None).await {
        Ok(_) => return super::get(app, member, id).await,
        Err(error @ GatewayError::Refused(Refusal::NotCancellable { .. })) => error,
        Err(error) => return Err(error),
    };
    let payment = super::get(app, member, id).await?;
    let bank = app.bank_of(&payment);
    let Some(bank) = bank.filter(|_| payment.is_held_by_bank()) else { return Err(refused) };
    if !bank.cancels(&jobs::order_of(&bank, &payment)) {
        let feature = Feature::Cancellation;
        return Err(GatewayError::FeatureNotSupported { bank_id: bank.id.clone(), feature });
    }
    let attempt = app.new_cancellation(id, &bank)?;
    let wish = Wish { wanted_by: CancelledBy::Member, attempt };
    if let Some(claim) = cancel_at_bank(app, member, id, wish).await? {
        let timeout_ms = request_timeout_ms.unwrap_or(app.settings().request_timeout_ms);
        jobs::run_now(app, claim, psu, timeout_ms).await;
    }
    let payment = super::get(app, member, id).await?;
    match payment.cancellation.as_ref().map(|known| &known.state) {
        Some(CancellationState::Refused { why }) if !payment.state.is_final() => {
            Err(GatewayError::NotCancelled { bank_id: bank.id.clone(), text: why.clone() })
        }
        Some(CancellationState::Refused { .. }) if payment.stage() != Stage::Cancelled => {
            Err(Refusal::NotCancellable { stage: payment.stage() }.into())
        }
        _ => Ok(payment),
    }
}

/// The wish that a bank does not execute.
pub(crate) struct Wish {
    pub(crate) wanted_by: CancelledBy,
    /// The keys of the payer's approval, where the bank wants it.
    pub(crate) attempt: Attempt,
}

/// Records the request; the caller holds the job that sends it to the bank.
pub(crate) async fn cancel_at_bank(
    app: &Arc<App>,
    member: &Member,
    id: &PaymentId,
    wish: Wish,
) -> Result<Option<Claim>, GatewayError> {
    let Wish { wanted_by, attempt } = wish;
    let command = Arc::new(move |payment: &Payment, now| {
        payment.cancel_at_bank(wanted_by, attempt.clone(), now)
    });
    carry_out(app, member, id, command, 0, None).await
}

/// The payer cancels on the hosted pages. Asked again it changes nothing.
///
/// # Errors
/// [`GatewayError::Refused`] once the payer may have approved, and after an end;
/// [`GatewayError::PaymentNotFound`]; [`GatewayError::Store`].
pub async fn cancel_on_page(app: &Arc<App>, id: &PaymentId) -> Result<Payment, GatewayError> {
    // The link is the payer's right to the payment.
    let payment = super::open_by_link(app, id).await?;
    let member = Member::authenticated(payment.member_id);
    carry_out(app, &member, id, Arc::new(Payment::cancel_by_payer), 0, None).await?;
    super::open_by_link(app, id).await
}

/// Records what the command does; the job that follows is held for the caller.
async fn carry_out(
    app: &Arc<App>,
    member: &Member,
    id: &PaymentId,
    command: Arc<Command>,
    timeout_ms: u64,
    key: Option<IdempotencyKey>,
) -> Result<Option<Claim>, GatewayError> {
    let key = key.map(|key| key.row(app, timeout_ms));
    let (member_id, wanted) = (member.id().clone(), id.clone());
    let (lease, now) = (app.new_lease(), app.now());
    let held = app
        .db()
        .transact(
            (member_id, wanted, key, lease, command),
            move |(member_id, wanted, key, lease, command), tx| {
                unit(async move {
                    let Some(payment) = payments::get(tx, member_id, wanted).await? else {
                        return Ok(Err(GatewayError::PaymentNotFound));
                    };
                    let step = match command(&payment, now) {
                        Ok(step) => step,
                        Err(refusal) => return Ok(Err(GatewayError::from(refusal))),
                    };
                    if let Some(ref_id) =
                        step.as_ref().and_then(|step| new_reference(&payment, step))
                        && is_taken(tx, member_id, ref_id).await?
                    {
                        return Ok(Err(GatewayError::ReferenceTaken));
                    }
                    if let Some(key) = key
                        && !idempotency::insert(tx, key, Some(&Subject::from(wanted))).await?
                    {
                        return Ok(Err(GatewayError::KeyTaken));
                    }
                    let Some(step) = step else {
                        return Ok(Ok(None));
                    };
                    if let Some(ref_id) = new_reference(&payment, &step)
                        && !transfer_references::insert(tx, member_id, ref_id, wanted).await?
                    {
                        // Another transfer got it at the same moment: seen when run again.
                        return Err(StoreError::Conflict);
                    }
                    let saving = Saving { finishes: None, keeps: Some(lease) };
                    Ok(Ok(step::update(tx, &step, saving).await?.kept))
                })
            },
        )
        .await??;
    app.jobs_may_be_due();
    Ok(held)
}

/// The reference of its own that the Step gives the transfer.
fn new_reference<'a>(before: &Payment, step: &'a PaymentStep) -> Option<&'a str> {
    let given = step.state.transfer_ref_id.as_deref();
    given.filter(|_| before.transfer_ref_id.is_none())
}

/// Whether another token request or transfer of the member has the reference.
async fn is_taken(tx: &mut Tx, member_id: &MemberId, ref_id: &str) -> Result<bool, StoreError> {
    let asked = token_requests::of_reference(tx, member_id, ref_id).await?;
    let given = transfer_references::payment_of(tx, member_id, ref_id).await?;
    Ok(asked.is_some() || given.is_some())
}
