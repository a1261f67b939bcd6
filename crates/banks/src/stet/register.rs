//! Registration with a document about us (RFC 7591; STET 1.4, "TPP registration"): signed like every
//! request, with the certificate of our signatures in the document, because the bank does not know it yet.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::seams::BoxFuture;
use serde_json::{Map, Value, json};

use super::Stet;
use super::exchange::{self, Ask};
use crate::call::Call;
use crate::error::BankError;
use crate::exchange::{body_of, eidas, no_response};
use crate::misfit::unsupported;
use crate::registration::{self, RegisteredClient, Registers, with_metadata};

impl Registers for Stet {
    fn register<'a>(
        &'a self,
        call: &'a Call<'a>,
    ) -> BoxFuture<'a, Result<RegisteredClient, BankError>> {
        Box::pin(async move {
            let own = registration::settings(call)?;
            let missing = || unsupported("the bank's file has no `registration.endpoint`");
            let endpoint = own.endpoint.as_deref().ok_or_else(missing)?;
            let ask = Ask {
                operation: "register-client",
                method: http::Method::POST,
                path: String::new(),
                body: Some(body_of(&with_metadata(own, metadata(call)?))?),
            };
            let request = exchange::signed_request(call, &ask, endpoint.to_owned(), None)?;
            let response = call.wire.send(request).await.map_err(no_response)?;
            registration::answer(&exchange::success(response)?)
        })
    }
}

/// The members that follow from our certificates and the standard.
fn metadata(call: &Call<'_>) -> Result<Map<String, Value>, BankError> {
    let identity = eidas(call)?;
    let unusable = |error: crate::jose::JoseError| BankError::Unavailable {
        text: format!("our QSealC: {error}"),
    };
    let mut key = identity.seal_key.public_jwk().map_err(unusable)?;
    key["x5c"] = json!([STANDARD.encode(&identity.seal_certificate_der)]);
    let ours = json!({
        "redirect_uris": registration::settings(call)?.redirect_uris,
        "token_endpoint_auth_method": "tls_client_auth",
        "grant_types": ["client_credentials"],
        "response_types": ["code"],
        "client_name": identity.organisation_name,
        "scope": "pisp",
        "jwks": { "keys": [key] },
    });
    match ours {
        Value::Object(ours) => Ok(ours),
        _ => Err(unsupported("no metadata").into()),
    }
}
