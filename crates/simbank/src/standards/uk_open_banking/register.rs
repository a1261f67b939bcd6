//! `POST /{bank}/register` (OBIE Dynamic Client Registration 3.3), and the directory that issues software
//! statements.
//!
//! | checked | answer when wrong |
//! |---|---|
//! | certificate of the connection with the role PSP_PI | 401 `invalid_client` |
//! | `Content-Type: application/jose` | 415 |
//! | signature of the directory over `software_statement` | 400 `invalid_software_statement` |
//! | signature of a key of the statement, `iss`, `aud`, `iat`, `exp`, `jti` | 400 `invalid_client_metadata` |
//! | `redirect_uris` among those of the statement | 400 `invalid_redirect_uri` |
//! | authentication, grants, response type, scope, algorithms | 400 `invalid_client_metadata` |

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::banks::ClientAuthentication;
use super::find;
use super::token::{CLOCK_SKEW_SECONDS, has_audience, numeric_date, token_issuer};
use crate::PeerCertificate;
use crate::engine::banks::Bank;
use crate::engine::certificate::{self, Provider};
use crate::engine::jose::{KeySet, verify_jwt};
use crate::engine::registration::{RegisteredClient, has, jwk_of_certificate, keep, redirect_uris};
use crate::engine::shared::Shared;
use crate::simulation::faults::api::{object, wrong};

/// The organisation under whose name the directory signs.
const DIRECTORY: &str = "OpenBanking Ltd (simulated)";
/// The directory's organisation of every provider.
const ORGANISATION: &str = "0015800001SIMTPP00";
/// A request is good for at most this long.
const REQUEST_SECONDS_MAX: i64 = 30 * 60;

/// Why a registration is refused.
struct Refused {
    status: StatusCode,
    error: &'static str,
    description: String,
}

fn refused(error: &'static str, description: impl Into<String>) -> Refused {
    Refused { status: StatusCode::BAD_REQUEST, error, description: description.into() }
}

fn metadata(description: impl Into<String>) -> Refused {
    refused("invalid_client_metadata", description)
}

/// `POST /{bank}/register`.
pub(crate) async fn register(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
    certificate: Option<Extension<PeerCertificate>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(bank) = find(&bank) else { return StatusCode::NOT_FOUND.into_response() };
    let shown = certificate.as_ref().map(|Extension(PeerCertificate(der))| der.as_slice());
    match made(&shared, bank, shown, &headers, &body) {
        Ok(answer) => (StatusCode::CREATED, Json(answer)).into_response(),
        Err(Refused { status, error, description }) => {
            let body = json!({ "error": error, "error_description": description });
            (status, Json(body)).into_response()
        }
    }
}

fn made(
    shared: &Shared,
    bank: &Bank,
    shown: Option<&[u8]>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, Refused> {
    let provider = certificate::read(shown, shared.now())
        .ok()
        .filter(|provider| provider.initiates_payments)
        .ok_or_else(|| Refused {
            status: StatusCode::UNAUTHORIZED,
            ..refused("invalid_client", "the connection has no QWAC with the role PSP_PI")
        })?;
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if media_type != Some("application/jose") {
        return Err(Refused {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ..metadata("the body must be application/jose")
        });
    }
    let token = std::str::from_utf8(body).map_err(|_| metadata("the body is not a JWT"))?;
    let claims = unverified(token).ok_or_else(|| metadata("the body is not a JWT"))?;
    let statement = statement(shared, &claims)?;
    let jwks = statement["software_jwks"].clone();
    let keys =
        KeySet::parse(&jwks).map_err(|reason| refused("invalid_software_statement", reason))?;
    let claims = verify_jwt(token, &keys).map_err(metadata)?;
    let software = statement["software_id"].as_str().unwrap_or_default();
    check_request(shared, bank, &claims, software)?;
    check_client(bank, &claims, shown)?;
    let uris = redirect_uris(&claims).map_err(|why| refused("invalid_redirect_uri", why))?;
    let known = statement["software_redirect_uris"].as_array().cloned().unwrap_or_default();
    if !uris.iter().all(|uri| known.iter().any(|known| known == uri)) {
        return Err(refused("invalid_redirect_uri", "an address is not in the statement"));
    }
    let client = client(shared, bank, &provider, (&statement, jwks, uris));
    keep(shared, bank, client, claims).map_err(|reason| Refused {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        ..refused("server_error", reason)
    })
}

/// The claims of a JWT whose signature nobody has checked.
fn unverified(token: &str) -> Option<Map<String, Value>> {
    let claims = token.split('.').nth(1).and_then(crate::engine::jose::from_base64url)?;
    serde_json::from_slice(&claims).ok()
}

/// The software statement, which the directory signed.
fn statement(shared: &Shared, claims: &Map<String, Value>) -> Result<Value, Refused> {
    let text = claims.get("software_statement").and_then(Value::as_str);
    let text =
        text.ok_or_else(|| refused("invalid_software_statement", "software_statement is missing"))?;
    let keys = KeySet::parse(&json!({ "keys": [shared.key.public_jwk(DIRECTORY)] }))
        .map_err(|reason| refused("invalid_software_statement", reason))?;
    let verified =
        verify_jwt(text, &keys).map_err(|why| refused("invalid_software_statement", why))?;
    Ok(Value::Object(verified))
}

fn check_request(
    shared: &Shared,
    bank: &Bank,
    claims: &Map<String, Value>,
    software: &str,
) -> Result<(), Refused> {
    if !has(claims, "iss", software) || !has(claims, "software_id", software) {
        return Err(metadata("iss and software_id must be that of the statement"));
    }
    if !has_audience(claims, &[token_issuer(shared, bank)]) {
        return Err(metadata("aud is not this bank"));
    }
    let now = shared.now().as_second();
    let (issued, ends) = (numeric_date(claims, "iat"), numeric_date(claims, "exp"));
    let (Some(issued), Some(ends)) = (issued, ends) else {
        return Err(metadata("iat or exp is missing"));
    };
    if issued > now + CLOCK_SKEW_SECONDS || ends <= now - CLOCK_SKEW_SECONDS {
        return Err(metadata("the request is not valid yet, or no longer"));
    }
    if ends - issued > REQUEST_SECONDS_MAX {
        return Err(metadata("the request is valid for more than 30 minutes"));
    }
    let jti = claims.get("jti").and_then(Value::as_str).unwrap_or_default();
    if jti.len() != 36 {
        return Err(metadata("jti is not a UUID"));
    }
    Ok(())
}

fn check_client(
    bank: &Bank,
    claims: &Map<String, Value>,
    shown: Option<&[u8]>,
) -> Result<(), Refused> {
    let own = bank.uk_open_banking();
    let rules = [
        ("token_endpoint_auth_method", own.client_authentication.word()),
        ("grant_types", "authorization_code"),
        ("grant_types", "client_credentials"),
        ("response_types", own.response_type()),
        ("application_type", "web"),
        ("id_token_signed_response_alg", "PS256"),
        ("request_object_signing_alg", "PS256"),
    ];
    if let Some((name, word)) = rules.into_iter().find(|(name, word)| !has(claims, name, word)) {
        return Err(metadata(format!("{name} must have {word}")));
    }
    let scope = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    if !scope.split(' ').any(|word| word == "payments") {
        return Err(metadata("scope must have payments"));
    }
    match own.client_authentication {
        ClientAuthentication::Assertion
            if !has(claims, "token_endpoint_auth_signing_alg", "PS256") =>
        {
            Err(metadata("token_endpoint_auth_signing_alg must be PS256"))
        }
        ClientAuthentication::Certificate => {
            let named = claims.get("tls_client_auth_subject_dn").and_then(Value::as_str);
            let name = shown.and_then(certificate::common_name).unwrap_or_default();
            match named.is_some_and(|named| !name.is_empty() && named.contains(&name)) {
                true => Ok(()),
                false => Err(metadata("tls_client_auth_subject_dn is not that of the connection")),
            }
        }
        ClientAuthentication::Assertion
        | ClientAuthentication::SecretInHeader
        | ClientAuthentication::SecretInBody => Ok(()),
    }
}

fn client(
    shared: &Shared,
    bank: &Bank,
    provider: &Provider,
    (statement, jwks, redirect_uris): (&Value, Value, Vec<String>),
) -> RegisteredClient {
    let text = |name: &str| statement[name].as_str().unwrap_or_default();
    let by_secret = matches!(
        bank.uk_open_banking().client_authentication,
        ClientAuthentication::SecretInHeader | ClientAuthentication::SecretInBody
    );
    RegisteredClient {
        bank: bank.id.to_owned(),
        name: text("software_client_name").to_owned(),
        organisation_identifier: provider.organisation_identifier.clone(),
        jws_issuer: format!("{}/{}", text("org_id"), text("software_id")),
        jwks: Some(jwks),
        redirect_uris,
        secret: by_secret.then(|| shared.secret()),
        seal_certificate: None,
    }
}

/// `POST /sim/software-statements`: the directory's statement about a provider. Body: `certificate`
/// (PEM of a QSealC), `key_id`, `redirect_uris`, `software_name`.
pub(crate) async fn issue_statement(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let names = ["certificate", "key_id", "redirect_uris", "software_name"];
    let object = match object(&body, &names) {
        Ok(object) => object,
        Err(refusal) => return *refusal,
    };
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let Some(der) = certificate::of_pem(text("certificate")) else {
        return wrong("certificate", "it is not the PEM of a certificate");
    };
    let key_id = text("key_id");
    let Some(jwk) = jwk_of_certificate(&der, key_id).filter(|_| !key_id.is_empty()) else {
        return wrong("key_id", "it must be a text, and the certificate must have an RSA key");
    };
    let uris = match redirect_uris(&object) {
        Ok(uris) => uris,
        Err(why) => return wrong("redirect_uris", why),
    };
    let software_id = shared.uuid().replace('-', "").chars().take(22).collect::<String>();
    let claims = json!({
        "iss": DIRECTORY,
        "iat": shared.now().as_second(),
        "jti": shared.uuid(),
        "org_id": ORGANISATION,
        "software_id": software_id,
        "software_client_id": software_id,
        "software_client_name": text("software_name"),
        "software_roles": ["PISP", "AISP"],
        "software_redirect_uris": uris,
        "software_jwks": { "keys": [jwk] },
    });
    match shared.key.sign_jwt(DIRECTORY, &claims) {
        Ok(statement) => Json(json!({ "software_statement": statement })).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
