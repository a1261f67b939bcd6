//! The work of a process beside payments: probes banks that are down, announces outages, deletes old data, reads
//! certificates that were added and warns of those that end.

use std::sync::Arc;

use banks::call::EidasIdentity;
use banks::wire::{ClientCertificate, Request};
use domain::ids::MemberId;
use domain::payment::STATUS_WINDOW;
use jiff::{SignedDuration, Timestamp};
use store::{bank_calls, idempotency, payer_accesses, unit};
use tracing::warn;

use crate::health::Ending;
use crate::{App, GatewayError, certificates, outages};

/// The pause between two rounds, in milliseconds.
const ROUND_MS: u64 = 15_000;
/// How long a bank has for a probe, in milliseconds.
const PROBE_TIMEOUT_MS: u64 = 5_000;
/// Banks that one round probes.
const PROBES_MAX: usize = 100;
/// Rows that one round deletes.
const DELETED_MAX: usize = 10_000;

/// Between two warnings of a certificate that ends soon.
const WARNING_INTERVAL: SignedDuration = SignedDuration::from_hours(24);

/// Does rounds without an end.
pub async fn run(app: Arc<App>) {
    let mut warned_at: Option<Timestamp> = None;
    loop {
        if let Err(error) = certificates::reload(&app).await {
            warn!(%error, "certificates could not be read; the ones of before are used");
        }
        let due = |at: Timestamp| app.now().duration_since(at) >= WARNING_INTERVAL;
        if warned_at.is_none_or(due) {
            warn_of_certificates(&app).await;
            warned_at = Some(app.now());
        }
        app.clock().sleep(ROUND_MS).await;
        probe_banks(&app).await;
        if let Err(error) = outages::announce(&app).await {
            warn!(%error, "outages of banks could not be announced");
        }
        if let Err(error) = delete_old(&app).await {
            warn!(%error, "old rows were not deleted");
        }
    }
}

async fn warn_of_certificates(app: &App) {
    match certificates::ending_soon(app).await {
        Ok(ending) => {
            for held in ending {
                let owner = held.owner.as_ref().map_or("the gateway", MemberId::as_str);
                let (purpose, until) = (held.purpose.as_str(), held.not_after);
                warn!(owner, purpose, %until, "a certificate ends soon: add the next one");
            }
        }
        Err(error) => warn!(%error, "certificates could not be looked at"),
    }
    for (bank, until) in certificates::of_banks_ending_soon(app) {
        warn!(bank, %until, "the bank's own certificates end soon: name the next ones in its file");
    }
}

fn transport(eidas: &EidasIdentity) -> Arc<ClientCertificate> {
    Arc::clone(&eidas.transport)
}

/// Asks each bank that is down for the root of its interface, without any payment, and counts
/// the answer: a bank that sends any answer is up.
pub async fn probe_banks(app: &Arc<App>) {
    for bank_id in app.health().down().into_iter().take(PROBES_MAX) {
        let Some(bank) = app.directory().known(&bank_id) else {
            continue;
        };
        let request = Request {
            operation: "probe",
            method: http::Method::GET,
            url: bank.api_base_url.clone(),
            headers: vec![],
            body: vec![],
            timeout_ms: PROBE_TIMEOUT_MS,
            client_certificate: app.own_identity_at(&bank).eidas.as_ref().map(transport),
            tls_authorities: bank.tls_authorities(),
        };
        let started_at = app.now();
        let ending = Ending::of(&app.parts.wire.send(request).await);
        let duration_ms = app.now().as_millisecond() - started_at.as_millisecond();
        app.health().observe(&bank_id, "probe", ending, duration_ms, app.now());
    }
}

/// Deletes exchanges with banks that are older than [`crate::Settings::bank_calls_kept_days`], and
/// requests that are older than [`crate::Settings::idempotency_keys_kept_days`], at most
/// [`DELETED_MAX`] of each at a time, and which payments depended on one access of a payer, once no
/// bank is asked about them any more; returns how many.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn delete_old(app: &App) -> Result<u64, GatewayError> {
    let before = |days: u32| {
        let kept = SignedDuration::from_hours(24 * i64::from(days));
        app.now().checked_sub(kept).unwrap_or(Timestamp::MIN)
    };
    let calls_before = before(app.settings().bank_calls_kept_days);
    let keys_before = before(app.settings().idempotency_keys_kept_days);
    let accesses_before = app.now().checked_sub(STATUS_WINDOW).unwrap_or(Timestamp::MIN);
    let deleted = app
        .db()
        .transact((), move |(), tx| {
            unit(async move {
                let calls = bank_calls::delete_old(tx, calls_before, DELETED_MAX).await?;
                let keys = idempotency::delete_old(tx, keys_before, DELETED_MAX).await?;
                let accesses = payer_accesses::delete_old(tx, accesses_before).await?;
                Ok(calls + keys + accesses)
            })
        })
        .await?;
    Ok(deleted)
}
