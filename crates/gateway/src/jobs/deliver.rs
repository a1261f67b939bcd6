//! Job `Deliver`: sends a subject's events to the member's endpoint, one after the other.
//!
//! The oldest pending event goes first; a later one waits until it is accepted or given up, so a
//! member sees a subject's events in order. The attempts of one event are 10, 30, 70, 150, …
//! minutes after the first (reference, section 7.2), up to 72 hours. Any 2xx status is success,
//! whatever the body of the answer.
//!
//! Without a webhook configuration nothing is sent and no attempt is counted: events wait for a new
//! configuration until they are 72 hours old.

use std::sync::Arc;

use banks::wire::Request;
use jiff::{SignedDuration, Timestamp};
use store::deliveries::{self, Ending, Pending};
use store::jobs::Claim;
use store::webhooks::{self, WebhookConfig};
use store::{jobs, unit};

use super::Next;
use crate::events::{self, Announced};
use crate::{App, GatewayError};

/// How long after it happened an event is given up.
const PATIENCE: SignedDuration = SignedDuration::from_hours(72);
/// The most events of one subject that one run sends; the rest waits for the next run.
const EVENTS_PER_RUN_MAX: usize = 32;

pub(super) async fn run(app: &Arc<App>, claim: &Claim) -> Result<Next, GatewayError> {
    for _ in 0..EVENTS_PER_RUN_MAX {
        let Some((pending, event, config)) = load(app, claim).await? else {
            return finish_unless_more(app, claim).await;
        };
        let (ending, result) = match &config {
            Some(config) => {
                let (delivered, result) = post(app, &event, config).await;
                if delivered {
                    (Ending::Delivered, result)
                } else if let Some(due) = next_attempt(pending.first_at, app.now()) {
                    return repeat_later(app, claim, Some((&pending, &result)), due).await;
                } else {
                    (Ending::Abandoned, result)
                }
            }
            None => match next_look(pending.first_at, app.now()) {
                Some(due) => return repeat_later(app, claim, None, due).await,
                None => (Ending::Abandoned, "no webhook configuration".to_owned()),
            },
        };
        if !end(app, claim, &pending, ending, &result).await? {
            return Ok(Next::Done);
        }
    }
    Ok(Next::Repeat(app.now()))
}

type Work = (Pending, Announced, Option<WebhookConfig>);

async fn load(app: &App, claim: &Claim) -> Result<Option<Work>, GatewayError> {
    let (subject, member_id) = (claim.subject.clone(), claim.member_id.clone());
    let work = app
        .db()
        .read(move |tx| {
            unit(async move {
                let Some(pending) = deliveries::next(tx, &subject).await? else {
                    return Ok(None);
                };
                let Some(event) = events::load(tx, &subject, pending.version).await? else {
                    return Ok(None);
                };
                let config = webhooks::get(tx, &member_id).await?;
                Ok(Some((pending, event, config)))
            })
        })
        .await?;
    Ok(work)
}

/// Whether the endpoint took the event, and the result in a few words.
async fn post(app: &App, event: &Announced, config: &WebhookConfig) -> (bool, String) {
    let body = app.parts.renderer.render(event);
    let headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("token-event".to_owned(), event.kind().name().to_owned()),
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
        tls_authorities: None,
    };
    match app.parts.wire.send_for_status(request).await {
        Ok(status) => ((200..300).contains(&status), format!("HTTP {status}")),
        Err(error) => (false, error.to_string().chars().take(200).collect()),
    }
}

/// The next moment of the published series: 10·(2ⁿ − 1) minutes after the event. `None` after the
/// last one before [`PATIENCE`] ends. The series follows the clock, not the number of attempts, so
/// that a process that was down does not use up its attempts at once.
fn next_attempt(first_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let series = (1_u32..=20).map(|number| 10 * (2_i64.pow(number) - 1));
    series
        .map(SignedDuration::from_mins)
        .take_while(|wait| *wait <= PATIENCE)
        .filter_map(|wait| first_at.checked_add(wait).ok())
        .find(|due| *due > now)
}

/// When a delivery without a configuration is looked at again, at the latest when [`PATIENCE`] ends.
fn next_look(first_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let last = first_at.checked_add(PATIENCE).ok().filter(|last| *last > now);
    next_attempt(first_at, now).or(last)
}

/// Ends the delivery, and the job if nothing more is pending. Returns whether more is pending.
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
        .transact((claim, result), move |(claim, result), tx| {
            unit(async move {
                let subject = &claim.subject;
                deliveries::ended(tx, subject, version, ending, result, now).await?;
                let more = deliveries::next(tx, subject).await?.is_some();
                if !more {
                    jobs::finish_delivery(tx, claim, now).await?;
                }
                Ok(more)
            })
        })
        .await?;
    Ok(more)
}

/// The job returns at `due`; `failed` is the attempt that was made, with its result.
async fn repeat_later(
    app: &App,
    claim: &Claim,
    failed: Option<(&Pending, &str)>,
    due: Timestamp,
) -> Result<Next, GatewayError> {
    let claim = claim.clone();
    let failed = failed.map(|(pending, result)| (pending.version, result.to_owned()));
    app.db()
        .transact((claim, failed), move |(claim, failed), tx| {
            unit(async move {
                if let Some((version, result)) = failed {
                    deliveries::attempted(tx, &claim.subject, *version, result).await?;
                }
                jobs::repeat_delivery(tx, claim, due).await
            })
        })
        .await?;
    Ok(Next::Done)
}

async fn finish_unless_more(app: &App, claim: &Claim) -> Result<Next, GatewayError> {
    let (claim, now) = (claim.clone(), app.now());
    app.db()
        .transact(claim, move |claim, tx| {
            unit(async move { jobs::finish_delivery(tx, claim, now).await })
        })
        .await?;
    Ok(Next::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(next: fn(Timestamp, Timestamp) -> Option<Timestamp>) -> Vec<i64> {
        let first_at: Timestamp = "2026-01-05T10:00:00Z".parse().unwrap();
        let mut moments = vec![first_at];
        while let Some(due) = next(first_at, *moments.last().unwrap()) {
            moments.push(due);
        }
        moments.iter().map(|moment| moment.duration_since(first_at).as_mins()).collect()
    }

    #[test]
    fn the_published_series_of_attempts_ends_within_72_hours() {
        assert_eq!(minutes(next_attempt), [0, 10, 30, 70, 150, 310, 630, 1270, 2550]);
        assert_eq!(minutes(next_look), [0, 10, 30, 70, 150, 310, 630, 1270, 2550, 72 * 60]);
    }

    #[test]
    fn moments_that_passed_while_nobody_tried_are_left_out() {
        let first_at: Timestamp = "2026-01-05T10:00:00Z".parse().unwrap();
        let after = |minutes| first_at.checked_add(SignedDuration::from_mins(minutes)).unwrap();
        assert_eq!(next_attempt(first_at, after(69)), Some(after(70)));
        assert_eq!(next_attempt(first_at, after(70)), Some(after(150)));
        assert_eq!(next_attempt(first_at, after(2550)), None);
    }
}
