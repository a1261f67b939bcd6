//! The payee, sent by the member after the payer has chosen a bank (reference, section 2.15).
//!
//! The question is recorded first, then the member is asked, once. The question moves no money, and a
//! payer without an answer can ask again. The answer is a separate request of the member.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use banks::wire::Request;
use domain::ids::TokenRequestId;
use domain::initiation::Initiation;
use domain::token_request::{Destinations, RequestText, TokenRequest};
use tracing::info;

use super::on_pages::{by_link, change, change_once};
use crate::idempotency::IdempotencyKey;
use crate::{App, GatewayError, Member};

/// How long a member may take to accept the question, in milliseconds; a payer waits meanwhile.
const TIMEOUT_MS: u64 = 5_000;

/// Asks the member at `url` whom to pay from the bank, unless it was already asked and may still
/// answer. Only the status of its response is read.
///
/// # Errors
/// [`GatewayError::Refused`] if the token request is a payment, or can no longer become one;
/// [`GatewayError::TokenRequestNotFound`]; [`GatewayError::Store`].
pub async fn ask_destinations(
    app: &Arc<App>,
    id: &TokenRequestId,
    bank_id: &str,
    url: String,
) -> Result<TokenRequest, GatewayError> {
    let (bank, wanted) = (bank_id.to_owned(), bank_id.to_owned());
    // Of two tabs, the one whose question was recorded asks.
    let ours = Arc::new(AtomicBool::new(false));
    let recorded = Arc::clone(&ours);
    let record = move |request: TokenRequest, now| {
        let found = request.destinations_for(&wanted, now);
        let asks = matches!(found, Destinations::NotAsked | Destinations::Missing);
        recorded.store(asks, Ordering::SeqCst);
        if asks { request.ask_destinations(&wanted, now).map(Some) } else { Ok(None) }
    };
    let asked = change(app, id, Arc::new(record)).await?;
    if !ours.load(Ordering::SeqCst) {
        return Ok(asked);
    }
    let request = Request {
        operation: "transfer-destinations",
        method: http::Method::GET,
        url,
        headers: vec![],
        body: vec![],
        timeout_ms: TIMEOUT_MS,
        client_certificate: None,
        tls_authorities: None,
    };
    let why = match app.parts.wire.send(request).await {
        Ok(response) if (200..300).contains(&response.status) => None,
        Ok(response) => Some(format!("HTTP {}", response.status)),
        Err(error) => Some(error.to_string()),
    };
    let Some(why) = why else { return by_link(app, id).await };
    info!(%id, why, "a member could not be asked for destinations");
    change(app, id, Arc::new(move |request, _| Ok(request.destinations_not_asked(&bank)))).await
}

/// The member sends the payees, which replace the earlier ones: one payment for each account.
///
/// # Errors
/// [`GatewayError::TokenRequestNotFound`], also for another member's; [`GatewayError::Refused`]
/// where it is a payment already, has expired or was declined; [`GatewayError::KeyTaken`];
/// [`GatewayError::Store`].
pub async fn tell_destinations(
    app: &Arc<App>,
    member: &Member,
    id: &str,
    asked: RequestText,
    payments: Vec<Initiation>,
    key: Option<IdempotencyKey>,
) -> Result<TokenRequest, GatewayError> {
    let request = super::get(app, member, id).await?;
    let tell = move |request: TokenRequest, now| {
        request.tell_destinations(asked.clone(), &payments, now).map(Some)
    };
    change_once(app, &request.id, Arc::new(tell), key).await
}
