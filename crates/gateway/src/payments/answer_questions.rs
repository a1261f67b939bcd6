//! The payer answers the questions that the bank asks before it lets the payment through.

use std::sync::Arc;

use banks::approvals::Credentials;
use banks::call::PsuContext;
use domain::authorisation::Authorisation;
use domain::ids::PaymentId;
use domain::payment::Payment;
use domain::subject::Subject;
use store::step::{self, Saving};
use store::{StoreError, idempotency, payments, unit};

use crate::idempotency::IdempotencyKey;
use crate::jobs::approval;
use crate::{App, GatewayError, Member, jobs};

/// As [`answer_on_page`], for the member's own pages.
///
/// # Errors
/// As there, and [`GatewayError::KeyTaken`].
pub async fn answer_questions(
    app: &Arc<App>,
    member: &Member,
    id: &PaymentId,
    answers: Credentials,
    psu: PsuContext,
    request_timeout_ms: Option<u64>,
    key: Option<IdempotencyKey>,
) -> Result<Payment, GatewayError> {
    super::get(app, member, id).await?;
    answer(app, id, answers, psu, request_timeout_ms, key).await?;
    super::get(app, member, id).await
}

/// Records the answers, brings them to the bank, and returns the payment as it stands when the
/// bank has answered or the time of a request is over.
///
/// # Errors
/// [`GatewayError::Refused`] where the bank asks nothing now; [`GatewayError::Invalid`] where a
/// question is left open, or answered with something that was not offered;
/// [`GatewayError::PaymentNotFound`]; [`GatewayError::Store`].
pub async fn answer_on_page(
    app: &Arc<App>,
    id: &PaymentId,
    answers: Credentials,
    psu: PsuContext,
) -> Result<Payment, GatewayError> {
    answer(app, id, answers, psu, None, None).await?;
    super::open_by_link(app, id).await
}

async fn answer(
    app: &Arc<App>,
    id: &PaymentId,
    answers: Credentials,
    psu: PsuContext,
    request_timeout_ms: Option<u64>,
    key: Option<IdempotencyKey>,
) -> Result<(), GatewayError> {
    let payment = super::open_by_link(app, id).await?;
    if let Some(Authorisation::AwaitingCredentials { challenge, .. }) = payment.authorisation()
        && let Some(open) = challenge.open_question(|field| answers.get(field))
    {
        let (question, options) = (open.id.clone(), open.options.clone());
        return Err(GatewayError::Unanswered { question, options });
    }
    let sealed = approval::seal_credentials(app, id, &answers)?;
    let timeout_ms = request_timeout_ms.unwrap_or(app.settings().request_timeout_ms);
    let key = key.map(|key| key.row(app, timeout_ms));
    let (wanted, lease, now) = (id.clone(), app.new_lease(), app.now());
    let held = app
        .db()
        .transact((wanted, sealed, lease, key), move |(wanted, sealed, lease, key), tx| {
            unit(async move {
                let payment = payments::get_any(tx, wanted).await?;
                let payment = payment
                    .ok_or_else(|| StoreError::Corrupt("the payment vanished".to_owned()))?;
                match payment.answer_questions(sealed.clone(), now) {
                    Ok(step) => {
                        if let Some(key) = key
                            && !idempotency::insert(tx, key, Some(&Subject::from(wanted))).await?
                        {
                            return Ok(Err(GatewayError::KeyTaken));
                        }
                        let saving = Saving { finishes: None, keeps: Some(lease) };
                        Ok(Ok(step::update(tx, &step, saving).await?.kept))
                    }
                    Err(refusal) => Ok(Err(GatewayError::from(refusal))),
                }
            })
        })
        .await??;
    app.jobs_may_be_due();
    if let Some(claim) = held {
        jobs::run_now(app, claim, psu, timeout_ms).await;
    }
    Ok(())
}
