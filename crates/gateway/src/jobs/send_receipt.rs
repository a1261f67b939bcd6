//! Job `SendReceipt`: sends the payer a mail about a completed payment, if the member requested it
//! (payments v1, `receiptRequested`).
//!
//! A mail that was sent just before a crash is sent again, with the same id.

use std::sync::Arc;

use domain::case::CaseKind;
use domain::step::Case;
use jiff::SignedDuration;
use store::jobs::Claim;
use store::{cases, unit};

use super::{Next, payment_of};
use crate::app::MailError;
use crate::receipts::mail_of;
use crate::{App, GatewayError};

/// How long after each attempt the next one comes; after the last it is given up.
const WAITS: [SignedDuration; 4] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(10),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(8),
];

pub(super) async fn run(app: &Arc<App>, claim: &Claim) -> Result<Next, GatewayError> {
    let Some(mailer) = &app.parts.mailer else { return Ok(Next::Finish) };
    let Some(payment) = payment_of(app, claim).await? else { return Ok(Next::Finish) };
    let Some(mail) = mail_of(app, &payment) else { return Ok(Next::Finish) };
    let Err(error) = mailer.send(mail).await else { return Ok(Next::Finish) };
    tracing::warn!(payment = %payment.id, %error, "a receipt was not sent");
    let attempts = usize::try_from(claim.attempts).unwrap_or(usize::MAX);
    let wait = match &error {
        MailError::Later(_) => WAITS.get(attempts.saturating_sub(1)),
        MailError::Refused(_) => None,
    };
    if let Some(due) = wait.and_then(|wait| app.now().checked_add(*wait).ok()) {
        return Ok(Next::Repeat(due));
    }
    let case = Case { kind: CaseKind::ReceiptNotSent, text: error.to_string() };
    let now = app.now();
    app.db()
        .transact((payment, case), move |(payment, case), tx| {
            unit(async move { cases::open(tx, payment, case, now).await })
        })
        .await?;
    Ok(Next::Finish)
}
