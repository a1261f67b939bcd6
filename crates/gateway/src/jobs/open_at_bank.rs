//! Job `OpenAtBank`: creates what the payer approves, and starts the approval.
//!
//! Where the creation cannot be repeated with the same keys, it is recorded before it leaves. If
//! this job then runs a second time, the process that sent it died before the bank's answer was
//! recorded. Where the creation can be repeated, the repetition is also the question that is asked
//! about a payment whose opening is uncertain.

use std::sync::Arc;

use banks::approvals::{Approvable, Approval, Credentials};
use banks::call::PsuContext;
use banks::error::BankError;
use domain::authorisation::{Attempt, Authorisation, AuthorisationFact, RepeatedCreation};
use store::jobs::Claim;

use super::{
    ATTEMPTS_MAX, Conclusion, Next, approval, backoff, conclude, earlier_payments, observed,
    payment_of, postponed,
};
use crate::{App, GatewayError, at_bank};

pub(super) async fn run(
    app: &Arc<App>,
    claim: &Claim,
    psu: PsuContext,
) -> Result<Next, GatewayError> {
    let Some(payment) = payment_of(app, claim).await? else {
        return Ok(Next::Finish);
    };
    let (attempt, credentials, sent, uncertain) = match payment.authorisation() {
        Some(Authorisation::Opening { attempt, credentials, sent }) => {
            (attempt, credentials, *sent, false)
        }
        Some(Authorisation::OpeningUncertain { attempt, credentials }) => {
            (attempt, credentials, false, true)
        }
        _ => return Ok(Next::Finish),
    };
    let told = |what| Conclusion::of(approval::fact(attempt, what));
    let repeatable = attempt.repeated_creation() == RepeatedCreation::SameKeys;
    if sent {
        let text = "the process ended before an answer was recorded".to_owned();
        return conclude(app, claim, told(approval::answer_lost(app, &payment, text)?)).await;
    }
    if uncertain && !repeatable {
        return Ok(Next::Finish);
    }
    let known = match credentials {
        Some(sealed) => approval::unseal_credentials(app, &payment, sealed)?,
        None => Credentials::default(),
    };
    let Some(mut at_bank) = app.at_bank(&payment, psu) else {
        return conclude(app, claim, told(approval::no_bank())).await;
    };
    earlier_payments::ask_first(app, &payment, at_bank.bank()).await?;
    if !at_bank.enter().await {
        return Ok(postponed(app));
    }
    if !repeatable && approval::record_sending(app, claim, &payment).await?.is_none() {
        return Ok(Next::Finish);
    }
    let order = super::order_of(at_bank.bank(), &payment);
    let (protocol, call) = at_bank.call();
    let opened = protocol.open(&call, Approvable::Payment(&order), attempt, &known).await;
    let calls = at_bank.take_calls();
    let what = match opened {
        Ok(Approval::Waiting) => AuthorisationFact::GivenUp {
            text: "the bank neither opened the payment nor refused it".to_owned(),
            malformed: true,
        },
        Ok(told) => approval::of_approval(app, &payment, told)?,
        Err(BankError::Refused(refusal)) => AuthorisationFact::Refused(refusal),
        Err(_) if uncertain => {
            let fact = approval::fact(attempt, AuthorisationFact::NoWord);
            let conclusion = Conclusion { fact, calls };
            observed(app, claim, conclusion, None).await?;
            return Ok(Next::Repeat(payment.next_approval_question(app.now())));
        }
        Err(error) => return lost(app, claim, &payment, attempt, (error, calls)).await,
    };
    conclude(app, claim, Conclusion { fact: approval::fact(attempt, what), calls }).await
}

/// No answer that can be read.
async fn lost(
    app: &Arc<App>,
    claim: &Claim,
    payment: &domain::payment::Payment,
    attempt: &Attempt,
    (error, calls): (BankError, Vec<store::bank_calls::BankCall>),
) -> Result<Next, GatewayError> {
    let may_try_again = claim.attempts < ATTEMPTS_MAX;
    let conclusion = |what, calls| Conclusion { fact: approval::fact(attempt, what), calls };
    let malformed = matches!(error, BankError::Malformed { .. });
    let text = error.to_string();
    let given_up = AuthorisationFact::GivenUp { text: text.clone(), malformed };
    if matches!(error, BankError::Unavailable { .. }) {
        if !may_try_again {
            let not_sent = conclusion(AuthorisationFact::NotSent, vec![]);
            observed(app, claim, not_sent, None).await?;
            return conclude(app, claim, conclusion(given_up, calls)).await;
        }
        observed(app, claim, conclusion(AuthorisationFact::NotSent, calls), None).await?;
        return Ok(Next::Repeat(backoff(app, claim.attempts)));
    }
    match attempt.repeated_creation() {
        RepeatedCreation::SameKeys if may_try_again => {
            at_bank::keep(app, &claim.subject, calls).await;
            Ok(Next::Repeat(backoff(app, claim.attempts)))
        }
        RepeatedCreation::SameKeys if !attempt.lost_creation_may_execute() => {
            conclude(app, claim, conclusion(given_up, calls)).await
        }
        RepeatedCreation::SameKeys | RepeatedCreation::NewKeys | RepeatedCreation::Never => {
            let what = approval::answer_lost(app, payment, text)?;
            conclude(app, claim, conclusion(what, calls)).await
        }
    }
}
