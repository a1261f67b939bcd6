//! Token requests: payments v1 up to the moment when they are payments.

use std::sync::Arc;

use banks::profile::ScaMethod;
use banks::protocol::{Credentials, PsuContext};
use domain::ids::TokenRequestId;
use domain::initiation::{Flow, Initiation};
use domain::mail::MailAddress;
use domain::payment::{Payment, State};
use domain::token_request::{Asked, TokenRequest};
use domain::{Refusal, ids};
use store::{StoreError, idempotency, token_requests, unit};

use crate::idempotency::IdempotencyKey;
use crate::payments::{self, NewPayment, bank_with_id};
use crate::{App, GatewayError, Member};

/// Records a token request, if the payment that it asks for could be made now.
///
/// # Errors
/// [`GatewayError::ReferenceTaken`] where the member has one with the same reference;
/// [`GatewayError::KeyTaken`]; those of [`payments::create`]: nothing was recorded.
pub async fn create(
    app: &Arc<App>,
    member: &Member,
    asked: Asked,
    initiation: Initiation,
    receipt_to: Option<MailAddress>,
    key: Option<IdempotencyKey>,
) -> Result<TokenRequest, GatewayError> {
    payments::check(app, member, initiation.clone()).await?;
    let now = app.now();
    let id = TokenRequestId::new(now, app.ids());
    let request = TokenRequest::create(id, member.id().clone(), asked, initiation, now)
        .with_receipt(receipt_to);
    let shared = Arc::new(request);
    let key = key.map(|key| Arc::new(key.row(app, 0)));
    let request = Arc::clone(&shared);
    app.db()
        .transact(move |tx| {
            let (request, key) = (Arc::clone(&request), key.clone());
            unit(async move {
                let ref_id = &request.initiation.ref_id;
                let known = token_requests::of_reference(tx, &request.member_id, ref_id).await?;
                if known.is_some() {
                    return Ok(Err(GatewayError::ReferenceTaken));
                }
                if let Some(key) = key
                    && !idempotency::insert(tx, &key, None).await?
                {
                    return Ok(Err(GatewayError::KeyTaken));
                }
                match token_requests::insert(tx, &request).await? {
                    true => Ok(Ok(())),
                    // Another one with the reference came at the same moment: seen when run again.
                    false => Err(StoreError::Conflict),
                }
            })
        })
        .await??;
    Ok(Arc::unwrap_or_clone(shared))
}

/// The member's token request; `id` may also be that of the payment that it became, in any of its
/// roles (reference, section 1.13).
///
/// # Errors
/// [`GatewayError::TokenRequestNotFound`], also for another member's; [`GatewayError::Store`].
pub async fn get(app: &Arc<App>, member: &Member, id: &str) -> Result<TokenRequest, GatewayError> {
    let id = match ids::PaymentId::of_any_role(id) {
        None => id.parse().map_err(|_| GatewayError::TokenRequestNotFound)?,
        Some(payment_id) => match payments::get(app, member, &payment_id).await {
            Ok(payment) => payment.token_request_id.ok_or(GatewayError::TokenRequestNotFound)?,
            Err(GatewayError::PaymentNotFound) => return Err(GatewayError::TokenRequestNotFound),
            Err(error) => return Err(error),
        },
    };
    let member_id = member.id().clone();
    app.db()
        .read(move |tx| unit(async move { token_requests::get(tx, &member_id, &id).await }))
        .await?
        .ok_or(GatewayError::TokenRequestNotFound)
}

/// The member's token request with that reference.
///
/// # Errors
/// [`GatewayError::TokenRequestNotFound`]; [`GatewayError::Store`].
pub async fn of_reference(
    app: &Arc<App>,
    member: &Member,
    ref_id: &str,
) -> Result<TokenRequest, GatewayError> {
    let (member_id, ref_id) = (member.id().clone(), ref_id.to_owned());
    app.db()
        .read(move |tx| {
            unit(async move { token_requests::of_reference(tx, &member_id, &ref_id).await })
        })
        .await?
        .ok_or(GatewayError::TokenRequestNotFound)
}

/// What a member brings to the authorisation of a token request.
#[derive(Debug, Clone)]
pub struct Authorising {
    /// Whether the payer has agreed in the member's own pages.
    pub consent_accepted: bool,
    /// Whether the member's pages ask the bank's questions and show its messages.
    pub by_credentials: bool,
    /// Whether our hosted pages do.
    pub on_our_pages: bool,
    /// Answers to the bank's questions.
    pub credentials: Credentials,
    /// The payer's browser, where the member tells.
    pub psu: PsuContext,
    /// How long the answer may wait for the bank, in milliseconds.
    pub request_timeout_ms: Option<u64>,
    /// Where the member may repeat the request.
    pub idempotency: Option<IdempotencyKey>,
}

/// Makes the token request a payment and opens it at its bank; where it is one already, brings the
/// answers to the questions that the bank has asked. Returns the payment as it then stands.
///
/// # Errors
/// [`GatewayError::TokenRequestNotFound`]; [`GatewayError::Refused`] where the token request has
/// expired; those of [`payments::create`] and [`payments::answer_questions`].
pub async fn authorise(
    app: &Arc<App>,
    member: &Member,
    id: &str,
    with: Authorising,
) -> Result<Payment, GatewayError> {
    let request = get(app, member, id).await?;
    let made = match &request.payment_id {
        Some(payment_id) => payments::get(app, member, payment_id).await?,
        None => match open(app, member, &request, &with).await {
            // Another authorisation came first.
            Err(GatewayError::Refused(Refusal::TokenRequestUsed)) => {
                return found(app, member, &request.id).await;
            }
            opened => return opened,
        },
    };
    let asks = matches!(made.state, State::AwaitingCredentials { .. });
    if !asks || with.credentials == Credentials::default() {
        return Ok(made);
    }
    let Authorising { credentials, psu, request_timeout_ms, idempotency, .. } = with;
    let (id, timeout_ms) = (&made.id, request_timeout_ms);
    payments::answer_questions(app, member, id, credentials, psu, timeout_ms, idempotency).await
}

async fn open(
    app: &Arc<App>,
    member: &Member,
    request: &TokenRequest,
    with: &Authorising,
) -> Result<Payment, GatewayError> {
    let mut initiation = request.initiation.clone();
    let Some(bank_id) = &initiation.bank_id else {
        return Err(GatewayError::Refused(Refusal::BankRequired));
    };
    if with.on_our_pages {
        initiation.flow = Flow::EmbeddedHostedPages;
    }
    let by_redirect = [ScaMethod::Redirect, ScaMethod::MultiRedirect];
    let methods = &bank_with_id(app, bank_id)?.sca_methods;
    let pages = initiation.flow == Flow::EmbeddedHostedPages;
    if !pages && !with.by_credentials && !methods.iter().any(|one| by_redirect.contains(one)) {
        let message =
            format!("`useCredentialFlow` should be true: bank `{bank_id}` asks the payer.");
        return Err(GatewayError::Field { path: "useCredentialFlow", message });
    }
    initiation.pisp_consent_accepted = with.consent_accepted;
    let new = NewPayment {
        initiation,
        psu: with.psu.clone(),
        credentials: with.credentials.clone(),
        request_timeout_ms: with.request_timeout_ms,
        idempotency: with.idempotency.clone(),
        token_request_id: Some(request.id.clone()),
        receipt_to: request.receipt_to.clone(),
    };
    payments::create(app, member, new).await
}

async fn found(
    app: &Arc<App>,
    member: &Member,
    id: &TokenRequestId,
) -> Result<Payment, GatewayError> {
    let request = get(app, member, id.as_str()).await?;
    match request.payment_id {
        Some(payment_id) => payments::get(app, member, &payment_id).await,
        None => Err(GatewayError::TokenRequestNotFound),
    }
}
