//! Job `SendReceipt`: sends the payer a mail about a completed payment, if the member requested it
//! (payments v1, `receiptRequested`).
//!
//! A mail that was sent just before a crash is sent again, with the same id.

use std::sync::Arc;

use domain::case::CaseKind;
use domain::initiation::Schedule;
use domain::payment::Payment;
use domain::step::Case;
use domain::summary;
use domain::text::is_unreadable;
use jiff::SignedDuration;
use store::jobs::Claim;
use store::{cases, unit};

use super::{Next, payment_of};
use crate::app::{Mail, MailError};
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
    let Some(mail) = receipt(app, &payment) else { return Ok(Next::Finish) };
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

/// The receipt, where one is wanted.
fn receipt(app: &App, payment: &Payment) -> Option<Mail> {
    let to = payment.receipt_to.clone()?;
    let order = &payment.initiation.order;
    let amount = order.amount.for_people();
    let payee = one_line(order.creditor.name.as_deref().unwrap_or("the payee"));
    let known = app.bank_of(payment);
    let bank = known.as_ref().map_or("your bank", |bank| bank.name.as_str());
    let (done, accepted) = match order.schedule {
        Schedule::Immediate | Schedule::FutureDated { .. } => (
            format!("You paid {amount}"),
            "Your bank has accepted it. How soon the money arrives depends on the banks.",
        ),
        Schedule::StandingOrder { .. } => (
            format!("You set up a standing order of {amount}"),
            "Your bank has accepted it and makes its payments by itself.",
        ),
    };
    let mut lines: Vec<(&str, String)> = summary::of(order, payment.execution)
        .into_iter()
        .map(|line| (line.label.text(), line.value))
        .collect();
    if let Some(account) = &order.creditor.account {
        lines.push(("Account paid", account.masked()));
    }
    lines.extend([
        ("Bank", bank.to_owned()),
        ("Payment", payment.id.to_string()),
        ("Accepted", payment.updated_at.strftime("%-d %B %Y, %H:%M UTC").to_string()),
    ]);
    let width = lines.iter().map(|(label, _)| label.len() + 1).max().unwrap_or(0);
    let mut text = format!("{done} to {payee}\n\n");
    for (label, value) in lines {
        text.push_str(&format!("{:<width$} {}\n", format!("{label}:"), one_line(&value)));
    }
    text.push_str(&format!(
        "\n{accepted}\n\
         Questions about what you bought are for the shop; those about your account, for your bank.\n",
    ));
    Some(Mail {
        id: format!("receipt-{}", payment.id.core()),
        to,
        subject: format!("Receipt: {amount} to {payee}"),
        text,
    })
}

/// A name or reference of a member's, which must not begin a line of its own.
fn one_line(text: &str) -> String {
    text.chars().map(|one| if is_unreadable(one) { ' ' } else { one }).collect()
}
