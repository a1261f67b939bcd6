//! Registration with a software statement of the directory (OBIE Dynamic Client Registration 3.3): a JWT
//! of ours around the directory's JWT.

use domain::ids::random_uuid;
use domain::seams::BoxFuture;
use serde_json::{Map, Value, json};

use super::exchange::client_certificate;
use super::{UkOpenBanking, settings, signing_failed};
use crate::call::Call;
use crate::eidas::Certificate;
use crate::error::{BankError, cut};
use crate::exchange::{header, no_response, own_headers};
use crate::jose::sign_compact;
use crate::misfit::unsupported;
use crate::profile::{
    Flow, Registration, Secret, SoftwareStatement, TokenEndpointAuth, UkOpenBanking as Settings,
};
use crate::registration::{self, RegisteredClient, Registers, with_metadata};
use crate::wire::Request;

/// How long our request is good for, in seconds; the standard recommends at most 30 minutes.
const REQUEST_LIFETIME_S: i64 = 600;

impl Registers for UkOpenBanking {
    fn register<'a>(
        &'a self,
        call: &'a Call<'a>,
    ) -> BoxFuture<'a, Result<RegisteredClient, BankError>> {
        Box::pin(async move {
            let own = registration::settings(call)?;
            let endpoint = match &own.endpoint {
                Some(endpoint) => endpoint.clone(),
                None => {
                    let discovery = self.discovery(call).await?;
                    let missing = "the discovery document has no `registration_endpoint`: write \
                                   `registration.endpoint` into the bank's file, or register at \
                                   the bank's portal";
                    let address = discovery.registration_address(call).map(str::to_owned);
                    let address = address.ok_or_else(|| unsupported(missing))?;
                    if !call.bank.allows_url(&address) {
                        let text = format!(
                            "the discovery document has us register at `{address}`, which is not \
                             on a host of the profile: add it to `allowed_hosts`"
                        );
                        return Err(unsupported(cut(&text)).into());
                    }
                    address
                }
            };
            let request = request(call, own, &endpoint)?;
            let response = call.wire.send(request).await.map_err(no_response)?;
            registration::answer(&super::errors::success(response)?)
        })
    }
}

fn request(call: &Call<'_>, own: &Registration, endpoint: &str) -> Result<Request, BankError> {
    let claims = claims(call, own)?;
    let body = sign_compact(&call.identity.signing_key, &claims).map_err(signing_failed)?;
    let mut headers = vec![
        header("accept", "application/json"),
        header("content-type", own.media_type.word()),
        header("x-fapi-interaction-id", random_uuid(call.ids)),
    ];
    headers.extend(own_headers(call)?);
    Ok(Request {
        operation: "register-client",
        method: http::Method::POST,
        url: endpoint.to_owned(),
        headers,
        body: body.into_bytes(),
        timeout_ms: call.timeout_ms,
        client_certificate: client_certificate(call, endpoint),
        tls_authorities: None,
    })
}

/// The claims of the request (OBIE DCR 3.3, `OBClientRegistrationRequest1`).
fn claims(call: &Call<'_>, own: &Registration) -> Result<Map<String, Value>, BankError> {
    let bank = settings(call.bank)?;
    let text = own.software_statement.as_ref().and_then(Secret::reveal);
    let text = text.ok_or_else(|| unsupported("our software statement was not read"))?;
    let statement = SoftwareStatement::read(text)
        .ok_or_else(|| unsupported("our software statement is not a JWT with `software_id`"))?;
    let now_s = call.clock.now().as_second();
    let audience = own.audience.as_deref().unwrap_or(bank.token_issuer());
    let scope = match bank.flow {
        Flow::OpenId => "openid payments",
        Flow::Code => "payments",
    };
    let mut ours = json!({
        "iss": statement.software_id,
        "iat": now_s,
        "exp": now_s.saturating_add(REQUEST_LIFETIME_S),
        "aud": audience,
        "jti": random_uuid(call.ids),
        "redirect_uris": own.redirect_uris,
        "token_endpoint_auth_method": method(bank),
        "grant_types": ["authorization_code", "client_credentials", "refresh_token"],
        "response_types": [response_type(bank)],
        "software_id": statement.software_id,
        "scope": scope,
        "software_statement": text,
        "application_type": "web",
        "id_token_signed_response_alg": "PS256",
        "request_object_signing_alg": "PS256",
    });
    match bank.token_endpoint_auth {
        TokenEndpointAuth::PrivateKeyJwt => {
            ours["token_endpoint_auth_signing_alg"] = json!("PS256");
        }
        TokenEndpointAuth::TlsClientAuth => {
            ours["tls_client_auth_subject_dn"] = json!(subject_of_certificate(call)?);
        }
        TokenEndpointAuth::ClientSecretBasic | TokenEndpointAuth::ClientSecretPost => {}
    }
    let Value::Object(ours) = ours else { return Err(unsupported("no claims").into()) };
    Ok(with_metadata(own, ours))
}

/// The word of OpenID Connect for our authentication.
fn method(bank: &Settings) -> &'static str {
    match bank.token_endpoint_auth {
        TokenEndpointAuth::PrivateKeyJwt => "private_key_jwt",
        TokenEndpointAuth::TlsClientAuth => "tls_client_auth",
        TokenEndpointAuth::ClientSecretBasic => "client_secret_basic",
        TokenEndpointAuth::ClientSecretPost => "client_secret_post",
    }
}

fn response_type(bank: &Settings) -> &'static str {
    let signed = bank.response_modes.first().is_some_and(|mode| mode.is_signed());
    if signed || bank.flow == Flow::Code { "code" } else { "code id_token" }
}

/// The distinguished name of the certificate on our connections (RFC 8705, section 2.1.2).
fn subject_of_certificate(call: &Call<'_>) -> Result<String, BankError> {
    let missing = || unsupported("this bank knows us by a certificate, and we have none");
    let chain = &call.identity.eidas.as_ref().ok_or_else(missing)?.transport.chain_der;
    let first = chain.first().ok_or_else(missing)?;
    let read = Certificate::parse(first)
        .map_err(|error| BankError::Unavailable { text: format!("our QWAC: {error}") })?;
    Ok(read.subject)
}
