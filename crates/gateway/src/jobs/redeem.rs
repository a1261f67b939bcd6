//! Job `Redeem`: sends the order, once.
//!
//! The sending is committed (`OrderSent`) before anything leaves. If this job finds a payment in
//! that state when it starts, the process that sent the order died before an answer was recorded:
//! the order is uncertain, and only status questions follow.

use std::sync::Arc;

use banks::call::PsuContext;
use banks::error::BankError;
use banks::token::Proof;
use domain::authorisation::AuthorisationFact;
use domain::payment::{Fact, OrderFact, OrderState, Payment, PaymentStep, State};
use store::bank_calls::BankCall;
use store::jobs::Claim;
use store::step::{self, Saving};
use store::{StoreError, payments, unit};

use super::holding::Holding;
use super::token::{self, Access};
use super::{
    ATTEMPTS_MAX, Conclusion, Kept, Next, Observed, backoff, conclude, observed, order_of,
    payment_of, postponed,
};
use crate::at_bank::{self, AtBank};
use crate::{App, GatewayError};

const NO_BANK: &str = "the bank is no longer in the directory";

pub(super) async fn run(app: &Arc<App>, claim: &Claim) -> Result<Next, GatewayError> {
    let Some(payment) = payment_of(app, claim).await? else {
        return Ok(Next::Finish);
    };
    let consent_id = match &payment.state {
        State::Ordered(OrderState::Authorised { consent_id, .. }) => consent_id,
        State::Ordered(OrderState::Sent { .. }) => {
            let text = "the process ended before an answer was recorded".to_owned();
            let fact = Fact::Order(OrderFact::AnswerLost { text });
            return conclude(app, claim, Conclusion::of(fact)).await;
        }
        State::AwaitingBankChoice
        | State::Approving(_)
        | State::AwaitingRedemption { .. }
        | State::Ordered(
            OrderState::Uncertain { .. } | OrderState::Processing { .. } | OrderState::SetUp { .. },
        )
        | State::Final { .. } => return Ok(Next::Finish),
    };
    let Some(mut at_bank) = app.at_bank(&payment, PsuContext::default()) else {
        return given_up(app, claim, &payment, NO_BANK).await;
    };
    if !at_bank.enter().await {
        return Ok(postponed(app));
    }
    let proof = match token::of_order(app, claim, &payment, &at_bank).await? {
        Access::Known(Some(proof)) => proof,
        Access::Known(None) => {
            let text = "the bank does not take the payer's approval any more";
            return given_up(app, claim, &payment, text).await;
        }
        // The payment has another version now.
        Access::Renewed(_) => return Ok(Next::Repeat(app.now())),
        Access::Later(next) => return Ok(next),
    };
    if payment.initiation.order.confirm_funds {
        let answer = confirm_funds((app, claim, &at_bank), &payment, consent_id, &proof).await?;
        if let Some(next) = answer {
            return Ok(next);
        }
    }
    let Some(payment) = record_sending(app, claim, &payment).await? else {
        return Ok(Next::Finish);
    };
    send((app, claim, &at_bank), &payment, &proof).await
}

/// The job, and its place at the bank.
type Work<'a> = (&'a Arc<App>, &'a Claim, &'a AtBank<'a>);

/// `None` if the order may continue.
async fn confirm_funds(
    (app, claim, at_bank): Work<'_>,
    payment: &Payment,
    consent_id: &str,
    proof: &Proof,
) -> Result<Option<Next>, GatewayError> {
    let (protocol, call) = at_bank.call();
    let answer =
        protocol.confirm_funds(&call, &order_of(at_bank.bank(), payment), consent_id, proof).await;
    let calls = at_bank.take_calls();
    let fact = match answer {
        Ok(true) => {
            at_bank::keep(app, &claim.subject, calls).await;
            return Ok(None);
        }
        Ok(false) => AuthorisationFact::FundsUnavailable,
        Err(BankError::Refused(refusal)) => AuthorisationFact::Refused(refusal),
        Err(
            error @ (BankError::Unavailable { .. }
            | BankError::Unknown { .. }
            | BankError::Malformed { .. }),
        ) => {
            if claim.attempts < ATTEMPTS_MAX {
                at_bank::keep(app, &claim.subject, calls).await;
                return Ok(Some(Next::Repeat(backoff(app, claim.attempts))));
            }
            let malformed = matches!(error, BankError::Malformed { .. });
            AuthorisationFact::GivenUp { text: error.to_string(), malformed }
        }
    };
    conclude(app, claim, Conclusion { fact: of_authorised(payment, fact), calls }).await.map(Some)
}

/// Commits `OrderSent`. `None` if the payment is no longer waiting for its order.
async fn record_sending(
    app: &Arc<App>,
    claim: &Claim,
    payment: &Payment,
) -> Result<Option<Payment>, GatewayError> {
    let now = app.now();
    let mut holding = Holding::before_sending(app, claim);
    loop {
        let wanted = payment.id.clone();
        let key = format!("o{}", payment.id.core());
        let recorded = app
            .db()
            .transact((wanted, key), move |(wanted, key), tx| {
                unit(async move {
                    let payment = payments::get_any(tx, wanted).await?;
                    let payment = payment
                        .ok_or_else(|| StoreError::Corrupt("the payment vanished".to_owned()))?;
                    let Ok(step): Result<PaymentStep, _> = payment.begin_order(key, now) else {
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
            Ok((None, Some(found)))
                if holding.may_have_committed()
                    && found.version == payment.version + 1
                    && matches!(found.state, State::Ordered(OrderState::Sent { .. })) =>
            {
                return Ok(Some(found));
            }
            Ok((None, _)) => return Ok(None),
            Err(error) => holding.wait(error.into()).await?,
        }
    }
}

async fn send(
    (app, claim, at_bank): Work<'_>,
    payment: &Payment,
    proof: &Proof,
) -> Result<Next, GatewayError> {
    let State::Ordered(OrderState::Sent { order }) = &payment.state else {
        return Ok(Next::Finish);
    };
    let (protocol, call) = at_bank.call();
    let content = order_of(at_bank.bank(), payment);
    let key = &order.idempotency_key;
    let answer = protocol.submit(&call, &content, &order.consent_id, proof, key).await;
    let calls = at_bank.take_calls();
    let fact = match answer {
        Ok(answer) => OrderFact::Answered {
            bank_payment_id: answer.bank_payment_id,
            status: answer.status,
            refund_account: answer.refund_account,
        },
        Err(BankError::Refused(refusal)) => OrderFact::Refused(refusal),
        Err(BankError::Unavailable { text }) => {
            return not_sent(app, claim, payment, &text, calls).await;
        }
        Err(BankError::Unknown { text }) => OrderFact::AnswerLost { text },
        Err(BankError::Malformed { what, .. }) => OrderFact::AnswerLost { text: what },
    };
    conclude(app, claim, Conclusion { fact: Fact::Order(fact), calls }).await
}

/// The order provably did not reach the bank: the payment is authorised again, and the job comes
/// back later, a few times.
async fn not_sent(
    app: &Arc<App>,
    claim: &Claim,
    payment: &Payment,
    text: &str,
    calls: Vec<BankCall>,
) -> Result<Next, GatewayError> {
    let fact = Fact::Order(OrderFact::NotSent { text: text.to_owned() });
    if let Observed::Moved(Kept::Job(next)) =
        observed(app, claim, Conclusion { fact, calls }, None).await?
    {
        return Ok(Next::Job(next));
    }
    if claim.attempts < ATTEMPTS_MAX {
        return Ok(Next::Repeat(backoff(app, claim.attempts)));
    }
    given_up(app, claim, payment, text).await
}

async fn given_up(
    app: &Arc<App>,
    claim: &Claim,
    payment: &Payment,
    text: &str,
) -> Result<Next, GatewayError> {
    let what = AuthorisationFact::GivenUp { text: text.to_owned(), malformed: false };
    conclude(app, claim, Conclusion::of(of_authorised(payment, what))).await
}

/// A fact about an approval that is complete: no attempt is open any more.
fn of_authorised(payment: &Payment, what: AuthorisationFact) -> Fact {
    Fact::Authorisation { idempotency_key: payment.id.core().to_owned(), what }
}
