//! How the answer of an authorisation reaches the TPP: OAuth 2.0 response modes, and JARM, where the
//! whole answer is one signed parameter.

use serde_json::{Map, Value, json};

use crate::banks::Bank;
use crate::oauth::issuer;
use crate::pages;
use crate::shared::Shared;

/// How long a signed answer can be used.
const ANSWER_SECONDS: i64 = 600;

/// The way back of a browser.
pub(crate) enum WayBack {
    /// To an address that carries the answer.
    Address(String),
    /// With a form that is posted.
    Form(Vec<(String, String)>),
}

/// The way back in that response mode; `None` where the answer cannot be signed.
pub(crate) fn of(
    shared: &Shared,
    bank: &Bank,
    client_id: &str,
    mode: &str,
    redirect_uri: &str,
    answer: &[(String, String)],
) -> Option<WayBack> {
    let answer = if mode.ends_with("jwt") {
        vec![("response".to_owned(), signed(shared, bank, client_id, answer)?)]
    } else {
        answer.to_vec()
    };
    Some(match mode {
        "form_post" | "form_post.jwt" => WayBack::Form(answer),
        // The default of JARM where nothing but a code is asked for.
        "jwt" | "query.jwt" => WayBack::Address(pages::query_address(redirect_uri, &answer)),
        _ => WayBack::Address(pages::fragment_address(redirect_uri, &answer)),
    })
}

/// JARM, section 4.1. The `id_token` does not come with it.
fn signed(
    shared: &Shared,
    bank: &Bank,
    client_id: &str,
    answer: &[(String, String)],
) -> Option<String> {
    let mut claims = Map::new();
    claims.insert("iss".to_owned(), json!(issuer(shared, bank)));
    claims.insert("aud".to_owned(), json!(client_id));
    claims.insert("exp".to_owned(), json!(shared.now().as_second() + ANSWER_SECONDS));
    for (name, value) in answer.iter().filter(|(name, _)| name != "id_token") {
        claims.insert(name.clone(), json!(value));
    }
    shared.key.sign_jwt(bank.organisation_id, &Value::Object(claims)).ok()
}
