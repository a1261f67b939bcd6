//! Registration at banks of NextGenPSD2. The guidelines have none: the certificate is the registration.
//! Some banks note it at the first call; others want a document about us (RFC 7591).

use domain::ids::random_uuid;
use domain::seams::BoxFuture;
use serde_json::{Map, Value, json};

use super::exchange::{self, Ask, success};
use super::{NextGenPsd2, settings};
use crate::call::Call;
use crate::error::BankError;
use crate::exchange::{body_of, eidas, header, no_response, own_headers};
use crate::misfit::unsupported;
use crate::profile::{RegistrationMethod, TokenEndpointAuth};
use crate::registration::{self, RegisteredClient, Registers, with_metadata};
use crate::wire::Request;

impl Registers for NextGenPsd2 {
    fn register<'a>(
        &'a self,
        call: &'a Call<'a>,
    ) -> BoxFuture<'a, Result<RegisteredClient, BankError>> {
        Box::pin(async move {
            match registration::settings(call)?.method {
                RegistrationMethod::FirstCall => first_call(call).await,
                RegistrationMethod::ClientMetadata | RegistrationMethod::SoftwareStatement => {
                    let request = request(call)?;
                    let response = call.wire.send(request).await.map_err(no_response)?;
                    registration::answer(&success(response)?)
                }
            }
        })
    }
}

/// Asks for a payment that does not exist, signed like every request: the bank sees both certificates.
/// Whichever status it answers with, it has seen them.
async fn first_call(call: &Call<'_>) -> Result<RegisteredClient, BankError> {
    let nobody = random_uuid(call.ids);
    let path = format!("/v1/payments/sepa-credit-transfers/{nobody}/status");
    let request = exchange::request(call, &Ask::get("first-call", path, None), None)?;
    call.wire.send(request).await.map_err(no_response)?;
    Ok(RegisteredClient::default())
}

fn request(call: &Call<'_>) -> Result<Request, BankError> {
    let own = registration::settings(call)?;
    let missing = || unsupported("the bank's file has no `registration.endpoint`");
    let endpoint = own.endpoint.as_deref().ok_or_else(missing)?;
    let mut headers = vec![
        header("accept", "application/json"),
        header("content-type", "application/json"),
        header("x-request-id", random_uuid(call.ids)),
    ];
    headers.extend(own_headers(call)?);
    Ok(Request {
        operation: "register-client",
        method: http::Method::POST,
        url: endpoint.to_owned(),
        headers,
        body: body_of(&with_metadata(own, metadata(call)?))?,
        timeout_ms: call.timeout_ms,
        client_certificate: Some(std::sync::Arc::clone(&eidas(call)?.transport)),
        tls_authorities: None,
    })
}

fn metadata(call: &Call<'_>) -> Result<Map<String, Value>, BankError> {
    let oauth = &settings(call.bank)?.oauth;
    let method = match oauth.token_endpoint_auth {
        TokenEndpointAuth::ClientSecretBasic => "client_secret_basic",
        TokenEndpointAuth::ClientSecretPost => "client_secret_post",
        // The check of profiles refuses the first.
        TokenEndpointAuth::PrivateKeyJwt | TokenEndpointAuth::TlsClientAuth => "tls_client_auth",
    };
    let mut grants = vec!["authorization_code", "refresh_token"];
    grants.extend(oauth.client_token_first.then_some("client_credentials"));
    let ours = json!({
        "redirect_uris": registration::settings(call)?.redirect_uris,
        "token_endpoint_auth_method": method,
        "grant_types": grants,
        "response_types": ["code"],
        "client_name": eidas(call)?.organisation_name,
    });
    match ours {
        Value::Object(ours) => Ok(ours),
        _ => Err(unsupported("no metadata").into()),
    }
}
