//! JWS compact form with JSON claims (RFC 7515, section 7.1): request objects, client assertions
//! and id tokens.

use serde::{Deserialize, Serialize};

use super::{
    Algorithm, HEADER_BYTES_MAX, JoseError, KeySet, SigningKey, TOKEN_BYTES_MAX, decode, encode,
};

#[derive(Serialize)]
struct OurHeader<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

#[derive(Deserialize)]
struct TheirHeader {
    alg: Algorithm,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<serde_json::Value>,
}

/// `claims` as a JWT signed with `PS256`.
///
/// # Errors
/// If `claims` do not serialise or the key fails.
pub fn sign_compact(key: &SigningKey, claims: &impl Serialize) -> Result<String, JoseError> {
    let header = OurHeader { alg: "PS256", typ: "JWT", kid: key.kid() };
    let bytes = |json: serde_json::Result<Vec<u8>>| {
        json.map_err(|_| JoseError::Malformed("claims that are not JSON"))
    };
    let header = encode(&bytes(serde_json::to_vec(&header))?);
    let claims = encode(&bytes(serde_json::to_vec(claims))?);
    let message = format!("{header}.{claims}");
    let signature = encode(&key.sign(message.as_bytes())?);
    Ok(format!("{message}.{signature}"))
}

/// The claims' bytes, after the signature was found to be that of a key in `keys`.
///
/// # Errors
/// [`JoseError::UnknownKey`] if a newer key set may help; everything else is final. `crit` in
/// the header is refused: we understand no extension of this form.
pub fn verify_compact(token: &str, keys: &KeySet) -> Result<Vec<u8>, JoseError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(JoseError::TooLong);
    }
    let mut parts = token.split('.');
    let (Some(header64), Some(claims64), Some(signature64), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(JoseError::Malformed("not three parts with dots between"));
    };
    if header64.len() > HEADER_BYTES_MAX {
        return Err(JoseError::TooLong);
    }
    let header: TheirHeader = serde_json::from_slice(&decode(header64)?)
        .map_err(|_| JoseError::Malformed("header with an algorithm we refuse"))?;
    if header.crit.is_some() {
        return Err(JoseError::Claim("crit"));
    }
    if header.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(JoseError::Claim("typ"));
    }
    let signature = decode(signature64)?;
    let message = &token[..header64.len() + 1 + claims64.len()];
    keys.verify(header.kid.as_deref(), header.alg, message.as_bytes(), &signature)?;
    decode(claims64)
}
