//! One exchange with a resource: headers out, signature and status in.
//!
//! OBIE 3.1.11, Read/Write Data API Profile, "Headers" and "Message Signing".

use std::borrow::Cow;
use std::sync::Arc;

use domain::authorisation::BankRefusal;
use domain::ids::random_uuid;

use super::errors::success;
use super::{UkOpenBanking, settings, signing_failed};
use crate::call::Call;
use crate::error::BankError;
use crate::exchange::{header, no_response, own_headers, psu_ip_address, psu_user_agent};
use crate::jose::{
    DetachedExpectation, DetachedSigner, JoseError, KeySet, sign_detached, verify_detached,
};
use crate::misfit::{Misfit, unsupported};
use crate::profile::{Registration, SignatureIssuer, SoftwareStatement};
use crate::wire::{ClientCertificate, Request, Response};

/// OBIE 3.1.11, header `x-idempotency-key`.
const IDEMPOTENCY_KEY_BYTES_MAX: usize = 40;

/// The request to a resource.
pub(super) struct Ask {
    pub(super) operation: &'static str,
    /// Relative to the base address of the bank's payments, with a leading slash.
    pub(super) path: String,
    pub(super) post: Option<Post>,
}

pub(super) struct Post {
    pub(super) body: Vec<u8>,
    pub(super) idempotency_key: String,
}

impl Ask {
    pub(super) fn get(operation: &'static str, path: String) -> Ask {
        Ask { operation, path, post: None }
    }
}

/// The keys that responses are signed with; none where the bank does not sign.
pub(super) type ResponseKeys = Option<Arc<KeySet>>;

/// The HTTP request: the bytes that are signed are the bytes that are sent.
pub(super) fn request(call: &Call<'_>, ask: &Ask, token: &str) -> Result<Request, BankError> {
    let mut headers = vec![
        header("authorization", format!("Bearer {token}")),
        header("accept", "application/json"),
        header("x-fapi-interaction-id", random_uuid(call.ids)),
    ];
    headers.extend(psu_headers(call));
    headers.extend(own_headers(call)?);
    let financial_id = settings(call.bank)?.financial_id.as_deref();
    headers.extend(financial_id.map(|id| header("x-fapi-financial-id", id)));
    if let Some(post) = &ask.post {
        let key = post.idempotency_key.as_str();
        let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
        if !visible || !(1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&key.len()) {
            let text = "the idempotency key is not 1 to 40 visible ASCII characters";
            return Err(BankError::before_sending("field-invalid", text));
        }
        let signing = &settings(call.bank)?.signing;
        let signer = DetachedSigner {
            form: signing.form,
            claims: &signing.header_claims,
            issuer: &signature_issuer(call)?,
            trust_anchor: signing.trust_anchor.as_deref().unwrap_or_default(),
            now_s: call.clock.now().as_second(),
        };
        let signature = sign_detached(&call.identity.signing_key, &signer, &post.body)
            .map_err(signing_failed)?;
        headers.push(header("content-type", "application/json"));
        headers.push(header("x-idempotency-key", key));
        headers.push(header("x-jws-signature", signature));
    }
    let url = format!("{}{}", call.bank.payments_base_url(), ask.path);
    Ok(Request {
        operation: ask.operation,
        method: if ask.post.is_some() { http::Method::POST } else { http::Method::GET },
        client_certificate: client_certificate(call, &url),
        tls_authorities: None,
        url,
        headers,
        body: ask.post.as_ref().map(|post| post.body.clone()).unwrap_or_default(),
        timeout_ms: call.timeout_ms,
    })
}

/// Our certificate, where we have one and the connection can carry it: banks bind access tokens to
/// it (FAPI 1.0 Advanced, section 5.2.2), and those that do not want it do not ask for it.
pub(super) fn client_certificate(call: &Call<'_>, url: &str) -> Option<Arc<ClientCertificate>> {
    let eidas = call.identity.eidas.as_ref().filter(|_| url.starts_with("https:"));
    eidas.map(|eidas| Arc::clone(&eidas.transport))
}

/// `iss` of our signatures, as this bank knows us.
fn signature_issuer<'a>(call: &Call<'a>) -> Result<Cow<'a, str>, Misfit> {
    let identity = call.identity;
    let issuer = settings(call.bank)?.signing.issuer;
    if issuer == SignatureIssuer::Directory {
        let statement = call.bank.registration.as_ref().and_then(Registration::statement);
        if let Some(SoftwareStatement { org_id: Some(organisation), software_id, .. }) = statement {
            return Ok(Cow::Owned(format!("{organisation}/{software_id}")));
        }
        return Ok(Cow::Borrowed(&identity.jws_issuer));
    }
    let eidas = identity.eidas.as_ref();
    let missing = || unsupported("this bank knows us by our certificates, and we have none");
    let organisation = eidas.ok_or_else(missing)?.organisation_identifier.as_str();
    match (issuer, identity.jws_issuer.split_once('/')) {
        (SignatureIssuer::OrganisationIdentifierAndSoftware, Some((_, software))) => {
            Ok(Cow::Owned(format!("{organisation}/{software}")))
        }
        (SignatureIssuer::OrganisationIdentifierAndSoftware, None) => {
            Err(unsupported("this bank wants the id of our software statement, and we have none"))
        }
        (SignatureIssuer::Directory | SignatureIssuer::OrganisationIdentifier, _) => {
            Ok(Cow::Borrowed(organisation))
        }
    }
}

fn psu_headers(call: &Call<'_>) -> impl Iterator<Item = (String, String)> {
    [
        psu_ip_address(call).map(|text| header("x-fapi-customer-ip-address", text)),
        psu_user_agent(call).map(|text| header("x-customer-user-agent", text)),
    ]
    .into_iter()
    .flatten()
}

impl UkOpenBanking {
    /// Fetched before anything is sent, so that a missing key set never leaves an order open.
    pub(super) async fn response_keys(&self, call: &Call<'_>) -> Result<ResponseKeys, BankError> {
        let signs = settings(call.bank)?.signing.bank_signs;
        if signs { self.keys(call).await.map(Some) } else { Ok(None) }
    }

    /// Sends the request and accepts only a successful, signed response. Refusals need no signature:
    /// gateways in front of banks send them, and they report no effect.
    pub(super) async fn send(
        &self,
        call: &Call<'_>,
        keys: &ResponseKeys,
        request: Request,
    ) -> Result<Response, BankError> {
        let response = success(call.wire.send(request).await.map_err(no_response)?)?;
        if let Some(keys) = keys {
            self.verify(call, keys, &response).await.map_err(|why| {
                BankError::malformed(format!("x-jws-signature: {why}"), &response.body)
            })?;
        }
        Ok(response)
    }

    /// Sends with our own token. A token that the bank no longer takes is replaced once: a 401
    /// comes before any effect.
    pub(super) async fn send_as_client(
        &self,
        call: &Call<'_>,
        ask: &Ask,
    ) -> Result<Response, BankError> {
        let keys = self.response_keys(call).await?;
        let token = self.client_token(call).await?;
        match self.send(call, &keys, request(call, ask, &token)?).await {
            Err(BankError::Refused(BankRefusal { http_status: 401, .. })) => {
                self.tokens.forget(call);
                let token = self.client_token(call).await?;
                self.send(call, &keys, request(call, ask, &token)?).await
            }
            answered => answered,
        }
    }

    /// Whether the bank signed the response.
    pub(super) async fn verify(
        &self,
        call: &Call<'_>,
        keys: &KeySet,
        response: &Response,
    ) -> Result<(), String> {
        let signature = response.header("x-jws-signature").ok_or("missing")?;
        if response.header_count("x-jws-signature") > 1 {
            return Err("there twice".to_owned());
        }
        let signing = &settings(call.bank).map_err(|error| error.to_string())?.signing;
        let expected = DetachedExpectation {
            form: signing.form,
            claims: &signing.header_claims,
            trust_anchor: signing.trust_anchor.as_deref().unwrap_or_default(),
            issuer: signing.organisation_id.as_deref(),
            now_s: call.clock.now().as_second(),
        };
        let verified = match verify_detached(signature, &response.body, keys, &expected) {
            Err(JoseError::UnknownKey) => {
                let newer = self.newer_keys(call).await.map_err(|error| error.to_string())?;
                verify_detached(signature, &response.body, &newer, &expected)
            }
            first => first,
        };
        verified.map_err(|error| error.to_string())
    }
}
