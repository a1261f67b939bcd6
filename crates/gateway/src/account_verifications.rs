//! Verification of payee for members: asked, recorded, answered.

use std::sync::Arc;

use banks::payee_verification::{self, NameMatch, Surroundings};
use domain::account::AccountIdentifier;
use domain::initiation::Initiation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::sealed_records::RecordKind;
use tracing::warn;
use ulid::Ulid;

use crate::error::VerificationFault;
use crate::idempotency::IdempotencyKey;
use crate::{App, GatewayError, Member, sealed_records};

const KIND: RecordKind = RecordKind::AccountVerification;
/// Every id begins with this.
const ID_PREFIX: &str = "avr-";
/// A responding bank has five seconds (scheme rulebook), the mechanism between us a few more.
const TIMEOUT_MS: u64 = 8_000;

/// A verification that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountVerification {
    /// `avr-` and a ULID.
    pub id: String,
    /// What the payee's bank says.
    pub result: NameMatch,
}

/// What is kept of a verification.
#[derive(Serialize, Deserialize)]
struct Kept {
    iban: String,
    name: String,
    result: NameMatch,
}

/// Asks the payee's bank whether `name` is the holder of `iban`, and keeps question and answer.
/// Without a service, and where no answer comes, the verification is not possible.
///
/// # Errors
/// [`GatewayError::KeyTaken`]; [`GatewayError::Sealing`]; [`GatewayError::Store`].
pub async fn verify(
    app: &Arc<App>,
    member: &Member,
    iban: &str,
    name: &str,
    key: Option<IdempotencyKey>,
) -> Result<AccountVerification, GatewayError> {
    let id = new_id(app.now(), app);
    let result = ask(app, iban, name).await;
    let kept = Kept { iban: iban.to_owned(), name: name.to_owned(), result: result.clone() };
    sealed_records::keep(app, member, KIND, &id, &kept, key).await?;
    Ok(AccountVerification { id, result })
}

async fn ask(app: &App, iban: &str, name: &str) -> NameMatch {
    let Some(service) = &app.settings().payee_verification else {
        return NameMatch::NotPossible;
    };
    let around = Surroundings {
        wire: app.parts.wire.as_ref(),
        clock: app.parts.clock.as_ref(),
        ids: app.ids(),
        client_certificate: app.transport_certificate(),
        timeout_ms: TIMEOUT_MS,
    };
    let (result, why) = payee_verification::verify(service, &around, iban, name).await;
    if let Some(why) = why {
        warn!(why, "a payee could not be verified");
    }
    result
}

/// Whether the verification that the payment names was made by the member for the payee's account.
///
/// # Errors
/// [`GatewayError::Verification`] where it was not; [`GatewayError::Sealing`]; [`GatewayError::Store`].
pub(crate) async fn check(
    app: &App,
    member: &Member,
    initiation: &Initiation,
) -> Result<(), GatewayError> {
    let Some(id) = &initiation.order.creditor_verification_id else {
        return Ok(());
    };
    let wrong = |fault| Err(GatewayError::Verification(fault));
    let kept: Option<Kept> = sealed_records::get(app, member.id(), KIND, id).await?;
    let Some(kept) = kept else {
        return wrong(VerificationFault::Unknown);
    };
    match &initiation.order.creditor.account {
        Some(AccountIdentifier::Iban { iban, .. }) if *iban == kept.iban => Ok(()),
        _ => wrong(VerificationFault::OfAnotherAccount),
    }
}

fn new_id(now: Timestamp, app: &App) -> String {
    let mut random = [0_u8; 16];
    app.ids().fill(&mut random);
    let time_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
    format!("{ID_PREFIX}{}", Ulid::from_parts(time_ms, u128::from_be_bytes(random)))
}
