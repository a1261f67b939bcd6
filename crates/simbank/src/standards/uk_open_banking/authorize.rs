//! The authorisation endpoint: checks the TPP's request object and opens a visit for the PSU.
//!
//! OpenID Connect hybrid flow `code id_token` with a signed request object (FAPI 1 Advanced, 5.2.2;
//! OBIE security profile). The request object counts; a parameter of the query with another value
//! is an error. A bank may require the request to be pushed first (RFC 9126): then the query
//! has a reference to it, which works once. An error goes back to the TPP when the address to send it to is
//! registered for the client, and is shown to the PSU otherwise.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use serde_json::{Map, Value};

use super::answer::{self, BrowserReturn};
use super::token::{
    CLOCK_SKEW_SECONDS, has_audience, is_payments_scope, numeric_date, token_issuer,
};
use super::{find, plain_oauth, pushed};
use crate::engine::banks::Bank;
use crate::engine::form::parse_parameters;
use crate::engine::grant::{Grant, key};
use crate::engine::jose::verify_jwt;
use crate::engine::order::Stage;
use crate::engine::pages;
use crate::engine::shared::{Client, Shared};
use crate::engine::state::after_seconds;

/// How long the PSU has to sign in and decide.
pub(super) const VISIT_SECONDS: i64 = 15 * 60;
/// FAPI 1 Advanced: a request object is valid for at most 60 minutes.
const MAXIMUM_REQUEST_OBJECT_SECONDS: i64 = 3600;
/// The same at the bank that wants them short.
const SHORT_REQUEST_OBJECT_SECONDS: i64 = 300;
const MAXIMUM_PARAMETER_LENGTH: usize = 1024;

/// Why a request is refused: an OAuth error code and its explanation.
pub(crate) type Refusal = (&'static str, String);

/// `GET /{bank}/authorize`.
pub(crate) async fn authorize(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(bank) = find(&bank) else {
        return pages::problem(404, "There is no such bank here.");
    };
    let query = match parse_parameters(query.unwrap_or_default().as_bytes()) {
        Ok(query) => query,
        Err(name) => return pages::problem(400, &format!("The parameter {name} is repeated.")),
    };
    let query = match bank.uk_open_banking().plain_oauth {
        false => query,
        true => match plain_oauth::unpacked(&query) {
            Some(query) => query,
            None => return pages::problem(400, "The parameters are not packed into one."),
        },
    };
    let Some(client) = query.get("client_id").and_then(|client_id| shared.client(bank, client_id))
    else {
        return pages::problem(400, "The provider that sent you here is not registered.");
    };
    let client = client.as_ref();
    if bank.uk_open_banking().plain_oauth {
        return plain_oauth::authorize(&shared, bank, client, &query);
    }
    let request_object = request_of(&shared, bank, client, &query).and_then(|request| {
        verify_jwt(&request, &client.keys)
            .map_err(|reason| ("invalid_request_object", format!("request object: {reason}")))
    });
    let empty = Map::new();
    let request = Request { query: &query, claims: request_object.as_ref().unwrap_or(&empty) };
    let Some(redirect_uri) = request.safe_redirect_uri(client) else {
        let text = "The provider asked to send you back to an address that is not registered.";
        return pages::problem(400, text);
    };
    let checked = request_object
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|_| request.check(&shared, bank, client, redirect_uri));
    let refusal = match checked.map(|visit| open_visit(&shared, visit)) {
        Ok(Ok(id)) if bank.uk_open_banking().approves_by_itself => {
            return answer::approve_by_itself(&shared, bank, &id);
        }
        Ok(Ok(id)) => {
            return pages::see_other(&format!("/{}/authorisations/{id}/sign-in", bank.id));
        }
        Ok(Err(refusal)) | Err(refusal) => refusal,
    };
    refuse(&shared, bank, client, &request, redirect_uri, refusal)
}

/// The request object of the query, or the one that was pushed and is referred to.
fn request_of(
    shared: &Shared,
    bank: &Bank,
    client: &Client,
    query: &HashMap<String, String>,
) -> Result<String, Refusal> {
    if !bank.uk_open_banking().wants_pushed_requests {
        let missing = || ("invalid_request", "the request object is missing".to_owned());
        return query.get("request").cloned().ok_or_else(missing);
    }
    let refusal = |what: &str| ("invalid_request", what.to_owned());
    let reference =
        query.get("request_uri").ok_or_else(|| refusal("the request must be pushed first"))?;
    pushed::take(shared, bank, &client.registration.client_id, reference)
        .ok_or_else(|| refusal("the pushed request is unknown, was used or has expired"))
}

fn refuse(
    shared: &Shared,
    bank: &Bank,
    client: &Client,
    request: &Request,
    redirect_uri: &str,
    refusal: Refusal,
) -> Response {
    let (error, description) = refusal;
    let mut told =
        vec![("error".to_owned(), error.to_owned()), ("error_description".to_owned(), description)];
    if let Some(state) = request.value("state") {
        told.push(("state".to_owned(), state.to_owned()));
    }
    let mode = request
        .value("response_mode")
        .filter(|mode| bank.uk_open_banking().response_modes.contains(mode));
    let mode =
        mode.or(bank.uk_open_banking().response_modes.first().copied()).unwrap_or("fragment");
    let client_id = &client.registration.client_id;
    match answer::of(shared, bank, client_id, mode, redirect_uri, &told) {
        Some(BrowserReturn::Form(fields)) => pages::form_post(bank.name, redirect_uri, &fields),
        Some(BrowserReturn::Address(address)) => pages::see_other(&address),
        None => pages::problem(500, "The bank cannot sign its answer."),
    }
}

/// The query and the claims of the request object, which is empty when it could not be verified.
pub(crate) struct Request<'request> {
    pub(crate) query: &'request HashMap<String, String>,
    pub(crate) claims: &'request Map<String, Value>,
}

impl<'request> Request<'request> {
    fn claim(&self, name: &str) -> Option<&'request str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    fn value(&self, name: &str) -> Option<&'request str> {
        self.claim(name).or_else(|| self.query.get(name).map(String::as_str))
    }

    /// Where an answer may be sent: a registered address that nothing contradicts.
    pub(crate) fn safe_redirect_uri(&self, client: &Client) -> Option<&'request str> {
        let redirect_uri = self.value("redirect_uri")?;
        let outer = self.query.get("redirect_uri");
        let agreed = outer.is_none_or(|outer| outer == redirect_uri);
        let registered = client.registration.redirect_uris.iter().any(|uri| uri == redirect_uri);
        (agreed && registered).then_some(redirect_uri)
    }

    pub(crate) fn check(
        &self,
        shared: &Shared,
        bank: &Bank,
        client: &Client,
        redirect_uri: &str,
    ) -> Result<Grant, Refusal> {
        let client_id = client.registration.client_id.as_str();
        self.check_claims(shared, bank, client_id)?;
        let bad = |what: &str| ("invalid_request_object", format!("request object: {what}"));
        if self.claim("redirect_uri").is_none() {
            return Err(bad("redirect_uri is missing"));
        }
        if self.claim("response_type") != Some(bank.uk_open_banking().response_type()) {
            let text =
                format!("response_type must be \"{}\"", bank.uk_open_banking().response_type());
            return Err(("unsupported_response_type", text));
        }
        let code_challenge = self.claim("code_challenge").map(str::to_owned);
        let hashed = self.claim("code_challenge_method") == Some("S256");
        if code_challenge.is_some() != hashed {
            return Err(bad("code_challenge and the method S256 belong together"));
        }
        if bank.uk_open_banking().wants_pushed_requests && !hashed {
            return Err(bad("code_challenge is missing"));
        }
        let scope = self.claim("scope").unwrap_or_default();
        if !is_payments_scope(scope) || !scope.split(' ').any(|word| word == "openid") {
            return Err(("invalid_scope", "the scope must be \"openid payments\"".to_owned()));
        }
        let default = bank.uk_open_banking().response_modes.first().copied().unwrap_or("fragment");
        let response_mode = self.value("response_mode").unwrap_or(default);
        if !bank.uk_open_banking().response_modes.contains(&response_mode) {
            return Err(("invalid_request", "this response_mode is not offered".to_owned()));
        }
        // Multiple Response Types, section 5: asking for the query is forbidden with an id token.
        if self.value("response_mode") == Some("query") {
            return Err(("invalid_request", "response_mode must not be query".to_owned()));
        }
        if bank.uk_open_banking().wants_nonce_beside && !self.query.contains_key("nonce") {
            return Err(("invalid_request", "nonce is missing in the query".to_owned()));
        }
        let required = |name: &str| {
            let value = self.claim(name).filter(|value| !value.is_empty());
            value.map(str::to_owned).ok_or_else(|| bad(&format!("{name} is missing")))
        };
        let intent = &self.claims.get("claims").unwrap_or(&Value::Null)["id_token"]["openbanking_intent_id"]
            ["value"];
        let consent_id = intent
            .as_str()
            .ok_or_else(|| bad("claims.id_token.openbanking_intent_id.value is missing"))?;
        let expires_at = after_seconds(shared.now(), VISIT_SECONDS);
        Ok(Grant {
            order_id: Some(consent_id.to_owned()),
            redirect_uri: redirect_uri.to_owned(),
            state: required("state")?,
            nonce: required("nonce")?,
            scope: scope.to_owned(),
            response_mode: response_mode.to_owned(),
            code_challenge: code_challenge.unwrap_or_default(),
            ..Grant::of(bank.id, client_id, expires_at)
        })
    }

    fn check_times(&self, bank: &Bank, now: i64) -> Result<(), Refusal> {
        let bad = |what: &str| Err(("invalid_request_object", format!("request object: {what}")));
        let short = bank.uk_open_banking().short_request_objects;
        if short && ["iat", "nbf"].iter().any(|name| self.claims.contains_key(*name)) {
            return bad("iat and nbf are not wanted");
        }
        let begins = if short { Some(now) } else { numeric_date(self.claims, "nbf") };
        let (Some(expires), Some(begins)) = (numeric_date(self.claims, "exp"), begins) else {
            return bad("exp and nbf are required");
        };
        if expires <= now {
            return bad("it has expired");
        }
        if begins > now.saturating_add(CLOCK_SKEW_SECONDS) {
            return bad("it is not valid yet");
        }
        let longest =
            if short { SHORT_REQUEST_OBJECT_SECONDS } else { MAXIMUM_REQUEST_OBJECT_SECONDS };
        if expires.saturating_sub(begins) > longest {
            return bad("it is valid for too long");
        }
        Ok(())
    }

    fn check_claims(&self, shared: &Shared, bank: &Bank, client_id: &str) -> Result<(), Refusal> {
        let bad = |what: &str| Err(("invalid_request_object", format!("request object: {what}")));
        if self.claim("iss") != Some(client_id) {
            return bad("iss is not the client id");
        }
        if self.claim("client_id").is_some_and(|claimed| claimed != client_id) {
            return bad("client_id is another than in the query");
        }
        if !has_audience(self.claims, &[token_issuer(shared, bank)]) {
            return bad("aud is not the bank's issuer");
        }
        self.check_times(bank, shared.now().as_second())?;
        for (name, outer) in self.query.iter().filter(|(name, _)| !name.starts_with("request")) {
            if self.claim(name).is_some_and(|inner| inner != outer) {
                return bad(&format!("{name} is another than in the query"));
            }
        }
        let long = |value: &Value| {
            value.as_str().is_some_and(|text| text.len() > MAXIMUM_PARAMETER_LENGTH)
        };
        match self.claims.iter().find(|(_, value)| long(value)) {
            Some((name, _)) => bad(&format!("{name} is too long")),
            None => Ok(()),
        }
    }
}

/// Keeps the visit if its consent can be authorised; returns its secret id.
pub(super) fn open_visit(shared: &Shared, visit: Grant) -> Result<String, Refusal> {
    let now = shared.now();
    let id = shared.secret();
    let opened = shared.commit(|state| {
        let consent = state
            .orders
            .get(visit.order_id.as_deref().unwrap_or_default())
            .filter(|consent| consent.bank == visit.bank && consent.client == visit.client);
        match consent.map(|consent| consent.approval.stage) {
            None => Err("the consent is unknown"),
            Some(Stage::Open) => {
                state.grants.put(&key("request", &id), visit, now, &mut state.changes);
                Ok(())
            }
            Some(_) => Err("the consent does not await an authorisation"),
        }
    });
    match opened {
        Ok(Ok(())) => Ok(id),
        Ok(Err(reason)) => Err(("invalid_request", reason.to_owned())),
        Err(_) => Err(("server_error", "the bank cannot keep its state".to_owned())),
    }
}
