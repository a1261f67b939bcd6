//! Tokens, transfers and standing orders: what payments of token requests are seen as (payments v1).

use std::collections::HashMap;
use std::sync::Arc;

use banks::call::PsuContext;
use domain::ids::{MemberId, PaymentId};
use domain::payment::Payment;
use domain::token_request::TokenRequest;
use store::payments::{Role, RoleFilter, list_in_role};
use store::{StoreError, Tx, token_requests as requests, transfer_references, unit};

use crate::idempotency::IdempotencyKey;
use crate::payments::{self, Update};
use crate::{App, GatewayError, Member, token_requests};

/// A payment with the token request that it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Requested {
    /// Where it stands.
    pub payment: Payment,
    /// What was asked for.
    pub request: TokenRequest,
}

/// The member's token, transfer or standing order; `id` may be that of the payment in any of its
/// roles, or of its token request (reference, section 1.13).
///
/// # Errors
/// [`GatewayError::TokenNotFound`], [`GatewayError::TransferNotFound`],
/// [`GatewayError::StandingOrderNotFound`], also for another member's and where there is none yet;
/// [`GatewayError::Store`].
pub async fn get(
    app: &Arc<App>,
    member: &Member,
    id: &str,
    role: Role,
    update: Update,
) -> Result<Requested, GatewayError> {
    let found = find(app, member, id, role).await?;
    if role.since(&found.payment).is_none() {
        return Err(not_found(role));
    }
    if update == Update::Skipped {
        return Ok(found);
    }
    let payment = payments::look_at(app, member, &found.payment.id, update).await?;
    Ok(Requested { payment, ..found })
}

/// The payment of which `id` names some role or its token request.
async fn find(
    app: &Arc<App>,
    member: &Member,
    id: &str,
    role: Role,
) -> Result<Requested, GatewayError> {
    let request = match token_requests::get(app, member, id).await {
        Err(GatewayError::TokenRequestNotFound) => return Err(not_found(role)),
        found => found?,
    };
    // Of a token request whose approval was tried again, each payment keeps its own ids.
    let named = PaymentId::of_any_role(id).or_else(|| request.payment_id.clone());
    let payment_id = named.ok_or_else(|| not_found(role))?;
    let payment = payments::get(app, member, &payment_id).await?;
    Ok(Requested { payment, request })
}

fn not_found(role: Role) -> GatewayError {
    match role {
        Role::Token => GatewayError::TokenNotFound,
        Role::Transfer => GatewayError::TransferNotFound,
        Role::StandingOrder => GatewayError::StandingOrderNotFound,
    }
}

/// The member's transfer that has this reference, its own or that of its token request.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn of_reference(
    app: &Arc<App>,
    member: &Member,
    ref_id: &str,
) -> Result<Option<PaymentId>, GatewayError> {
    let (member_id, wanted) = (member.id().clone(), ref_id.to_owned());
    let found = app
        .db()
        .snapshot(move |tx| {
            unit(async move {
                let own = transfer_references::payment_of(tx, &member_id, &wanted).await?;
                if own.is_some() {
                    return Ok(own);
                }
                let request = requests::of_reference(tx, &member_id, &wanted).await?;
                Ok(request.and_then(|request| request.payment_id))
            })
        })
        .await?;
    Ok(found)
}

/// The first `limit` of the member's tokens, transfers or standing orders that `filter` lets through,
/// newest first.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn list(
    app: &App,
    member: &Member,
    filter: RoleFilter,
    limit: usize,
) -> Result<Vec<Requested>, GatewayError> {
    let member_id = member.id().clone();
    let found = app.db().snapshot(move |tx| {
        unit(async move {
            let payments = list_in_role(tx, &member_id, &filter, limit).await?;
            with_requests(tx, &member_id, payments).await
        })
    });
    Ok(found.await?)
}

async fn with_requests(
    tx: &mut Tx,
    member_id: &MemberId,
    payments: Vec<Payment>,
) -> Result<Vec<Requested>, StoreError> {
    let ids: Vec<_> = payments.iter().filter_map(|one| one.token_request_id.clone()).collect();
    let found = requests::of_ids(tx, member_id, &ids).await?;
    let requests: HashMap<_, _> = found.into_iter().map(|one| (one.id.clone(), one)).collect();
    let with_request = |payment: Payment| {
        let request = payment.token_request_id.as_ref().and_then(|id| requests.get(id).cloned());
        let lost = || StoreError::Corrupt(format!("{} lacks its token request", payment.id));
        let request = request.ok_or_else(lost)?;
        Ok(Requested { payment, request })
    };
    payments.into_iter().map(with_request).collect()
}

/// Sends the order of the token that `id` names, once, and returns its transfer or standing order as
/// it stands when the bank has answered or the time of a request is over. `ref_id` is the reference
/// that the transfer is to have; that of the token request where it is absent.
///
/// # Errors
/// Those of [`payments::redeem_as`]; [`GatewayError::TokenNotFound`].
pub async fn redeem(
    app: &Arc<App>,
    member: &Member,
    id: &str,
    ref_id: Option<String>,
    psu: PsuContext,
    request_timeout_ms: Option<u64>,
    key: Option<IdempotencyKey>,
) -> Result<Requested, GatewayError> {
    let Requested { payment, request } = find(app, member, id, Role::Token).await?;
    let (id, timeout_ms) = (&payment.id, request_timeout_ms);
    let payment = payments::redeem_as(app, member, id, ref_id, psu, timeout_ms, key).await?;
    Ok(Requested { payment, request })
}

/// Takes a token back: before its order is sent, or at the bank that holds the order.
///
/// # Errors
/// Those of [`payments::cancel`]; [`GatewayError::TokenNotFound`].
pub async fn cancel(
    app: &Arc<App>,
    member: &Member,
    token_id: &str,
    psu: PsuContext,
    request_timeout_ms: Option<u64>,
) -> Result<Requested, GatewayError> {
    let Requested { payment, request } =
        get(app, member, token_id, Role::Token, Update::Skipped).await?;
    let payment = payments::cancel(app, member, &payment.id, psu, request_timeout_ms).await?;
    Ok(Requested { payment, request })
}
