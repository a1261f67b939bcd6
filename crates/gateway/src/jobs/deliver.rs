//! Job `Deliver`: brings a payment's events to the member's endpoint, one after the other.
//!
//! The oldest pending event goes first; a later one waits until it is taken or given up, so a
//! member sees a payment's events in order. The attempts of one event are 10, 30, 70, 150, …
//! minutes after the first (reference, section 7.2), up to 72 hours.

use std::sync::Arc;

use banks::wire::Request;
use domain::payment::Payment;
use jiff::{SignedDuration, Timestamp};
use store::deliveries::{self, Ending, Pending};
use store::events::{self, PaymentEvent};
use store::jobs::Claim;
use store::webhooks::{self, WebhookConfig};
use store::{jobs, payments, unit};

use super::Next;
use crate::{App, GatewayError};

/// After this long an event is given up.
const PATIENCE: SignedDuration = SignedDuration::from_hours(72);
/// Events of one payment that one run brings; the rest waits for the next run.
const EVENTS_PER_RUN_MAX: usize = 32;

pub(super) async fn run(app: &Arc<App>, claim: &Claim) -> Result<Next, GatewayError> {
    for _ in 0..EVENTS_PER_RUN_MAX {
        let Some((payment, pending, event, config)) = load(app, claim).await? else {
            return finish_unless_more(app, claim).await;
        };
        let (delivered, result) = match &config {
            Some(config) => post(app, &payment, &event, config).await,
            None => (false, "no webhook configuration".to_owned()),
        };
        let ending = if delivered { Ending::Delivered } else { Ending::Abandoned };
        let due = next_attempt(&pending).filter(|_| !delivered && config.is_some());
        if let Some(due) = due {
            return repeat_later(app, claim, &pending, &result, due).await;
        }
        if !end(app, claim, &pending, ending, &result).await? {
            return Ok(Next::Done);
        }
    }
    Ok(Next::Repeat(app.now()))
}

type Work = (Payment, Pending, PaymentEvent, Option<WebhookConfig>);

async fn load(app: &App, claim: &Claim) -> Result<Option<Work>, GatewayError> {
    let (subject, member_id) = (claim.subject.clone(), claim.member_id.clone());
    let work = app
        .db()
        .read(move |tx| {
            unit(async move {
                let Some(pending) = deliveries::next(tx, &subject).await? else {
                    return Ok(None);
                };
                let Some(payment) = payments::get_any(tx, &subject).await? else {
                    return Ok(None);
                };
                let event = events::get(tx, &subject, pending.version).await?;
                let config = webhooks::get(tx, &member_id).await?;
                Ok(Some((payment, pending, event, config)))
            })
        })
        .await?;
    Ok(work)
}

/// Whether the endpoint took the event, and the result in a few words.
async fn post(
    app: &App,
    payment: &Payment,
    event: &PaymentEvent,
    config: &WebhookConfig,
) -> (bool, String) {
    let body = app.parts.renderer.render(payment, event);
    let headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("token-event".to_owned(), event.kind.name().to_owned()),
        ("token-signature".to_owned(), app.gateway_key().sign(&body)),
    ];
    let request = Request {
        operation: "webhook",
        method: http::Method::POST,
        url: config.url.clone(),
        headers,
        body,
        timeout_ms: app.settings().webhook_timeout_ms,
        client_certificate: None,
    };
    match app.parts.wire.send(request).await {
        Ok(response) => {
            ((200..300).contains(&response.status), format!("HTTP {}", response.status))
        }
        Err(error) => (false, error.to_string().chars().take(200).collect()),
    }
}

/// Attempt n + 1 comes 10·(2ⁿ − 1) minutes after the event; none after [`PATIENCE`].
fn next_attempt(pending: &Pending) -> Option<Timestamp> {
    let failed = u32::try_from(pending.attempts + 1).unwrap_or(u32::MAX).min(20);
    let minutes = 10 * (2_i64.saturating_pow(failed) - 1);
    let wait = SignedDuration::from_mins(minutes);
    if wait > PATIENCE {
        return None;
    }
    pending.first_at.checked_add(wait).ok()
}

/// Ends the delivery, and the job with it where nothing more is pending. Tells whether more is.
async fn end(
    app: &App,
    claim: &Claim,
    pending: &Pending,
    ending: Ending,
    result: &str,
) -> Result<bool, GatewayError> {
    let (claim, version, now) = (claim.clone(), pending.version, app.now());
    let result = result.to_owned();
    let more = app
        .db()
        .transact(move |tx| {
            let (claim, result) = (claim.clone(), result.clone());
            unit(async move {
                let subject = &claim.subject;
                deliveries::ended(tx, subject, version, ending, &result, now).await?;
                let more = deliveries::next(tx, subject).await?.is_some();
                if !more {
                    jobs::finish_delivery(tx, &claim, now).await?;
                }
                Ok(more)
            })
        })
        .await?;
    Ok(more)
}

async fn repeat_later(
    app: &App,
    claim: &Claim,
    pending: &Pending,
    result: &str,
    due: Timestamp,
) -> Result<Next, GatewayError> {
    let (claim, version, result) = (claim.clone(), pending.version, result.to_owned());
    app.db()
        .transact(move |tx| {
            let (claim, result) = (claim.clone(), result.clone());
            unit(async move {
                deliveries::attempted(tx, &claim.subject, version, &result).await?;
                jobs::repeat_delivery(tx, &claim, due).await
            })
        })
        .await?;
    Ok(Next::Done)
}

async fn finish_unless_more(app: &App, claim: &Claim) -> Result<Next, GatewayError> {
    let (claim, now) = (claim.clone(), app.now());
    app.db()
        .transact(move |tx| {
            let claim = claim.clone();
            unit(async move { jobs::finish_delivery(tx, &claim, now).await })
        })
        .await?;
    Ok(Next::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_series_of_attempts_ends_within_72_hours() {
        let first_at: Timestamp = "2026-01-05T10:00:00Z".parse().unwrap();
        let minutes: Vec<Option<i64>> = (0..10)
            .map(|attempts| {
                next_attempt(&Pending { version: 1, attempts, first_at })
                    .map(|due| due.duration_since(first_at).as_mins())
            })
            .collect();
        let expected = [10, 30, 70, 150, 310, 630, 1270, 2550].map(Some);
        assert_eq!(minutes[..8], expected);
        assert_eq!(minutes[8], None);
    }
}
