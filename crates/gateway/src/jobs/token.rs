//! The access token of an order, refreshed where it has ended.

use std::sync::Arc;

use banks::error::BankError;
use banks::protocol::AccessToken;
use domain::payment::{Fact, Payment, State, TokenFact};
use domain::sealed::Sealed;
use domain::subject::Subject;
use jiff::{SignedDuration, Timestamp};
use store::jobs::Claim;
use store::step::{self, Saving};
use store::{payments, unit};

use super::approval::{open_grant, seal_grant};
use super::{Conclusion, Next, backoff, observed};
use crate::at_bank::AtBank;
use crate::{App, GatewayError};

/// How long before its end a token is refreshed: a request with it takes time.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_secs(30);
/// When a job looks again that found another one asking for a token.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(5);

/// The access for a question to the bank.
pub(super) enum Access {
    /// This token, or none.
    Token(Option<AccessToken>),
    /// This token, which is another than that of the payment as it was loaded.
    Renewed(AccessToken),
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
    let State::Ordered(order) = &payment.state else { return Ok(Access::Token(None)) };
    let Some(sealed) = order.grant() else { return Ok(Access::Token(None)) };
    let token = open_grant(app, payment, sealed)?;
    let ends_soon = token.expires_at <= later(app.now(), RENEWED_BEFORE);
    let Some(refresh) = token.refresh.as_ref().filter(|_| ends_soon) else {
        return Ok(Access::Token(Some(token)));
    };
    if !record_asking(app, claim, sealed).await? {
        return Ok(Access::Later(Next::Repeat(later(app.now(), LOOK_AGAIN))));
    }
    let (protocol, call) = at_bank.call();
    let answer = protocol.refresh_token(&call, refresh).await;
    let calls = at_bank.take_calls();
    let (fact, access) = match answer {
        Ok(renewed) => {
            let grant = seal_grant(app, payment, &renewed)?;
            (TokenFact::Refreshed { grant }, Access::Renewed(renewed))
        }
        Err(BankError::Refused { text, .. }) => (TokenFact::Refused { text }, Access::Token(None)),
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
    let Subject::Payment(wanted) = claim.subject.clone();
    let (known, now) = (known.clone(), app.now());
    let recorded = app
        .db()
        .transact(move |tx| {
            let (wanted, known) = (wanted.clone(), known.clone());
            unit(async move {
                let Some(payment) = payments::get_any(tx, &wanted).await? else { return Ok(false) };
                let Some(step) = payment.begin_refresh(&known, now) else { return Ok(false) };
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
