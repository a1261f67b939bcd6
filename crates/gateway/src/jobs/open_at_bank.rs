//! Job `OpenAtBank`: creates the payment's consent at its bank.

use std::sync::Arc;

use banks::error::BankError;
use banks::protocol::PsuContext;
use domain::payment::{BankRefusal, Fact, OpeningFact, State};
use store::jobs::Claim;

use super::{ATTEMPTS_MAX, Next, backoff, conclude, payment_of};
use crate::jobs::redeem::order_of;
use crate::{App, GatewayError};

pub(super) async fn run(
    app: &Arc<App>,
    claim: &Claim,
    psu: PsuContext,
) -> Result<Next, GatewayError> {
    let Some(payment) = payment_of(app, claim).await? else {
        return Ok(Next::Finish);
    };
    let State::Opening { attempt } = &payment.state else {
        return Ok(Next::Finish);
    };
    let fact = |what| Fact::Opening { idempotency_key: attempt.idempotency_key.clone(), what };
    let bank = payment.bank_id.as_deref().and_then(|id| app.directory().get(id));
    let Some(bank) = bank else {
        let text = "the bank is no longer in the directory".to_owned();
        return conclude(app, claim, fact(OpeningFact::GivenUp { text })).await;
    };
    let (protocol, call) = app.call(bank, psu);
    let order = order_of(&payment);
    let opened = protocol
        .open_payment(&call, &order, &attempt.oauth_state, &attempt.nonce, &attempt.idempotency_key)
        .await;
    let what = match opened {
        Ok(opened) => {
            OpeningFact::Opened { consent_id: opened.consent_id, redirect_url: opened.redirect_url }
        }
        Err(BankError::Refused { code, status, text }) => {
            OpeningFact::Refused(BankRefusal { http_status: status, code, text })
        }
        // A consent moves no money and the same key makes no second one, so asking again is safe.
        Err(
            error @ (BankError::Unavailable { .. }
            | BankError::Unknown { .. }
            | BankError::Malformed { .. }),
        ) => {
            if claim.attempts < ATTEMPTS_MAX {
                return Ok(Next::Repeat(backoff(app, claim.attempts)));
            }
            OpeningFact::GivenUp { text: error.to_string() }
        }
    };
    conclude(app, claim, fact(what)).await
}
