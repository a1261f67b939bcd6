//! The access token of an order, refreshed where it has ended.

use std::sync::Arc;

use banks::error::BankError;
use banks::token::Proof;
use domain::authorisation::BankRefusal;
use domain::payment::{Fact, Payment, State, TokenFact};
use domain::sealed::Sealed;
use jiff::{SignedDuration, Timestamp};
use store::jobs::Claim;
use store::step::{self, Saving};
use store::{payments, unit};

use super::approval::{seal_proof, unseal_proof};
use super::{Conclusion, Next, backoff, observed};
use crate::at_bank::AtBank;
use crate::{App, GatewayError};

/// How long before its end a token is refreshed: a request with it takes time.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_secs(30);
/// When a job looks again that found another one asking for a token.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(5);

/// The access for a question to the bank.
pub(super) enum Access {
    /// This proof, or none.
    Known(Option<Proof>),
    /// This proof, which is another than that of the payment as it was loaded.
    Renewed(Proof),
    /// None now.
    Later(Next),
}

/// The token of the payment's order.
///
/// # Errors
/// [`GatewayError::Sealing`], [`GatewayError::Store`].
pub(super) async fn of_order(
    app: &Arc<App>,
    claim: &Claim,
    payment: &Payment,
    at_bank: &AtBank<'_>,
) -> Result<Access, GatewayError> {
    let State::Ordered(order) = &payment.state else { return Ok(Access::Known(None)) };
    let Some(sealed) = order.grant() else { return Ok(Access::Known(None)) };
    let proof = unseal_proof(app, payment, sealed)?;
    let until = later(app.now(), RENEWED_BEFORE);
    let ended = proof.token().filter(|token| token.expires_at <= until);
    let Some(refresh) = ended.and_then(|token| token.refresh.as_ref()) else {
        return Ok(Access::Known(Some(proof)));
    };
    if !record_asking(app, claim, sealed).await? {
        return Ok(Access::Later(Next::Repeat(later(app.now(), LOOK_AGAIN))));
    }
    let (protocol, call) = at_bank.call();
    let answer = protocol.refresh(&call, refresh).await;
    let calls = at_bank.take_calls();
    let (fact, access) = match answer {
        Ok(renewed) => {
            let renewed = Proof::Token(renewed);
            let grant = seal_proof(app, payment, &renewed)?;
            (TokenFact::Refreshed { grant }, Access::Renewed(renewed))
        }
        Err(BankError::Refused(BankRefusal { text, .. })) => {
            (TokenFact::Refused { text }, Access::Known(None))
        }
        // Where the bank has used the refresh token up, it says so the next time.
        Err(
            BankError::Unavailable { .. } | BankError::Unknown { .. } | BankError::Malformed { .. },
        ) => {
            let again = Next::Repeat(backoff(app, claim.attempts));
            (TokenFact::NotRefreshed, Access::Later(again))
        }
    };
    observed(app, claim, Conclusion { fact: Fact::Token(fact), calls }, None).await?;
    Ok(access)
}

/// Commits that the bank is about to be asked for another token than `known`; `false` where somebody
/// asks already, or has asked.
async fn record_asking(
    app: &Arc<App>,
    claim: &Claim,
    known: &Sealed,
) -> Result<bool, GatewayError> {
    let wanted = super::payment_id_of(claim)?.clone();
    let (known, now) = (known.clone(), app.now());
    let recorded = app
        .db()
        .transact((wanted, known), move |(wanted, known), tx| {
            unit(async move {
                let Some(payment) = payments::get_any(tx, wanted).await? else { return Ok(false) };
                let Some(step) = payment.begin_refresh(known, now) else { return Ok(false) };
                step::update(tx, &step, Saving::default()).await?;
                Ok(true)
            })
        })
        .await?;
    Ok(recorded)
}

fn later(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
