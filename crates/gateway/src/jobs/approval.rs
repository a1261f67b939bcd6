//! Shared by the jobs of the approval: a bank's answer becomes a fact, and its secrets are sealed.

use std::sync::Arc;

use banks::approvals::{Approvable, Approval, Credentials, Held, Pending};
use banks::payments::PaymentOrder;
use banks::psu_return::Returned;
use banks::status_reason::decline;
use banks::token::Proof;
use domain::authorisation::{Attempt, AuthorisationFact, Opened, TakenOrder};
use domain::payment::{Fact, Payment};
use domain::sealed::Sealed;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::jobs::Claim;
use store::step::{self, Saving};
use store::{payments, unit};

use super::holding::Holding;
use crate::{App, GatewayError};

/// A fact about the approval of that attempt.
pub(super) fn fact(attempt: &Attempt, what: AuthorisationFact) -> Fact {
    Fact::Authorisation { idempotency_key: attempt.idempotency_key.clone(), what }
}

/// The payment's bank has left the directory.
pub(super) fn no_bank() -> AuthorisationFact {
    let text = "the bank is no longer in the directory".to_owned();
    AuthorisationFact::GivenUp { text, malformed: false }
}

/// An unrepeatable request was sent, and its answer was lost.
///
/// # Errors
/// [`GatewayError::Sealing`].
pub(super) fn answer_lost(
    app: &App,
    payment: &Payment,
    text: String,
) -> Result<AuthorisationFact, GatewayError> {
    Ok(AuthorisationFact::AnswerLost { text, renewed: renewed(app, payment)? })
}

/// The code is spent and the token is lost.
///
/// # Errors
/// [`GatewayError::Sealing`].
pub(super) fn grant_lost(
    app: &App,
    payment: &Payment,
    text: String,
) -> Result<AuthorisationFact, GatewayError> {
    Ok(AuthorisationFact::GrantLost { text, renewed: renewed(app, payment)? })
}

/// Keys of a new opening at the payment's bank.
fn renewed(app: &App, payment: &Payment) -> Result<Box<Attempt>, GatewayError> {
    let bank = app.bank_of(payment);
    Ok(Box::new(app.new_attempt(&payment.id, bank.as_deref())?))
}

/// Commits that what cannot be repeated is about to leave; the payment as it is then. `None` where
/// it may have left before, or the payment has moved on.
pub(super) async fn record_sending(
    app: &Arc<App>,
    claim: &Claim,
    before: &Payment,
) -> Result<Option<Payment>, GatewayError> {
    let mut holding = Holding::before_sending(app, claim);
    loop {
        let wanted = super::payment_id_of(claim)?.clone();
        let recorded = app
            .db()
            .transact(wanted, move |wanted, tx| {
                unit(async move {
                    let Some(payment) = payments::get_any(tx, wanted).await? else {
                        return Ok((None, None));
                    };
                    let Some(step) = payment.begin_sending() else {
                        return Ok((None, Some(payment)));
                    };
                    step::update(tx, &step, Saving::default()).await?;
                    Ok((Some(step.state), None))
                })
            })
            .await;
        match recorded {
            Ok((Some(payment), _)) => return Ok(Some(payment)),
            // The unconfirmed commit was ours: nobody else holds the lease.
            Ok((None, Some(payment)))
                if holding.may_have_committed() && payment.version == before.version + 1 =>
            {
                return Ok(Some(payment));
            }
            Ok((None, _)) => return Ok(None),
            Err(error) => holding.wait(error.into()).await?,
        }
    }
}

/// A bank's word on the approval as a fact.
pub(super) fn of_approval(
    app: &App,
    payment: &Payment,
    approval: Approval,
) -> Result<AuthorisationFact, GatewayError> {
    Ok(match approval {
        Approval::Continue { consent_id, context, approach } => {
            let context = seal_context(app, payment, context)?;
            AuthorisationFact::Continues { consent_id, context, approach }
        }
        Approval::Waiting => AuthorisationFact::Waiting,
        Approval::Granted { consent_id, proof } => {
            let usable_until = proof.usable_until();
            let grant = seal_proof(app, payment, &proof)?;
            AuthorisationFact::Granted { consent_id, grant, usable_until }
        }
        Approval::OrderTaken { answer, token } => {
            AuthorisationFact::OrderTaken(Box::new(TakenOrder {
                bank_payment_id: answer.bank_payment_id,
                status: answer.status,
                refund_account: answer.refund_account,
                grant: token
                    .map(|token| seal_proof(app, payment, &Proof::Token(token)))
                    .transpose()?,
            }))
        }
        Approval::Cancelled => AuthorisationFact::Cancelled,
        Approval::Declined { reason } => {
            AuthorisationFact::Declined { decline: decline(&[reason.as_deref()]), text: reason }
        }
        Approval::Expired => AuthorisationFact::Expired,
    })
}

/// Data that a standard must remember, sealed for the payment.
pub(super) fn seal_context(
    app: &App,
    payment: &Payment,
    context: Option<String>,
) -> Result<Option<Sealed>, GatewayError> {
    context.map(|text| seal(app, payment, CONTEXT, &text)).transpose()
}

/// The context of an authorisation, opened. It must live as long as [`pending`].
pub(super) fn unseal_context(
    app: &App,
    payment: &Payment,
    opened: &Opened,
) -> Result<Option<String>, GatewayError> {
    let sealed = opened.context.as_ref();
    sealed.map(|sealed| unseal(app, payment, CONTEXT, sealed)).transpose()
}

/// The stored data that the bank's standard gets back.
pub(super) fn pending<'a>(opened: &'a Opened, context: Option<&'a str>) -> Pending<'a> {
    let consent_id = opened.consent_id.as_deref();
    Pending { attempt: &opened.attempt, consent_id, context }
}

/// The subject of the payer's current approval: the payment, or its cancellation.
pub(super) fn approvable<'a>(
    payment: &Payment,
    order: &'a PaymentOrder,
    pending: Pending<'a>,
) -> Approvable<'a> {
    match (payment.is_cancelling(), pending.consent_id) {
        (true, Some(bank_payment_id)) => Approvable::Cancellation {
            order,
            held: Held { bank_payment_id, token: None, context: None },
        },
        (true, None) | (false, _) => Approvable::Payment(order),
    }
}

const CONTEXT: &str = "context";
const CREDENTIALS: &str = "credentials";
const GRANT: &str = "grant";
const RETURN: &str = "return";

fn seal(
    app: &App,
    payment: &Payment,
    purpose: &str,
    value: &impl Serialize,
) -> Result<Sealed, GatewayError> {
    let plain =
        serde_json::to_vec(value).map_err(|error| GatewayError::Sealing(error.to_string()))?;
    app.parts.sealer.seal(purpose, payment.id.as_str(), &plain, app.ids())
}

fn unseal<T: DeserializeOwned>(
    app: &App,
    payment: &Payment,
    purpose: &str,
    sealed: &Sealed,
) -> Result<T, GatewayError> {
    let plain = app.parts.sealer.unseal(purpose, payment.id.as_str(), sealed)?;
    serde_json::from_slice(&plain).map_err(|error| GatewayError::Sealing(error.to_string()))
}

/// The payer's answers, sealed for the payment.
pub(crate) fn seal_credentials(
    app: &App,
    payment_id: &domain::ids::PaymentId,
    credentials: &Credentials,
) -> Result<Sealed, GatewayError> {
    let plain = serde_json::to_vec(credentials)
        .map_err(|error| GatewayError::Sealing(error.to_string()))?;
    app.parts.sealer.seal(CREDENTIALS, payment_id.as_str(), &plain, app.ids())
}

pub(super) fn unseal_credentials(
    app: &App,
    payment: &Payment,
    sealed: &Sealed,
) -> Result<Credentials, GatewayError> {
    unseal(app, payment, CREDENTIALS, sealed)
}

/// The parameters of the browser's return, sealed for the payment.
pub(crate) fn seal_return(
    app: &App,
    payment_id: &domain::ids::PaymentId,
    returned: &Returned,
) -> Result<Sealed, GatewayError> {
    let plain =
        serde_json::to_vec(returned).map_err(|error| GatewayError::Sealing(error.to_string()))?;
    app.parts.sealer.seal(RETURN, payment_id.as_str(), &plain, app.ids())
}

pub(super) fn unseal_return(
    app: &App,
    payment: &Payment,
    sealed: &Sealed,
) -> Result<Returned, GatewayError> {
    unseal(app, payment, RETURN, sealed)
}

pub(super) fn seal_proof(
    app: &App,
    payment: &Payment,
    proof: &Proof,
) -> Result<Sealed, GatewayError> {
    seal(app, payment, GRANT, proof)
}

/// The proof with which an order is sent, unsealed.
pub(super) fn unseal_proof(
    app: &App,
    payment: &Payment,
    sealed: &Sealed,
) -> Result<Proof, GatewayError> {
    unseal(app, payment, GRANT, sealed)
}
