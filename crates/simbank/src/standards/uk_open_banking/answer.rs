//! How a visit of the PSU ends and how the answer reaches the TPP: OAuth 2.0 response modes, and JARM,
//! where the whole answer is one signed parameter.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::token::{ACR_SCA, token_issuer};
use crate::engine::approval;
use crate::engine::banks::{Bank, Customer};
use crate::engine::grant::{Grant, key};
use crate::engine::jose::half_hash;
use crate::engine::order::{Order, Purpose, Stage};
use crate::engine::pages;
use crate::engine::shared::Shared;
use crate::engine::state::{self, after_seconds};
use crate::engine::tokens::CODE_SECONDS;
use crate::engine::visit::{self, Visit};

/// How long a signed answer can be used.
const ANSWER_SECONDS: i64 = 600;
const ID_TOKEN_SECONDS: i64 = 3600;

/// The way back of a browser.
pub(crate) enum BrowserReturn {
    /// To an address that carries the answer.
    Address(String),
    /// With a form that is posted.
    Form(Vec<(String, String)>),
}

/// The way back in that response mode; `None` if the answer cannot be signed.
pub(crate) fn of(
    shared: &Shared,
    bank: &Bank,
    client_id: &str,
    mode: &str,
    redirect_uri: &str,
    answer: &[(String, String)],
) -> Option<BrowserReturn> {
    let answer = if mode.ends_with("jwt") {
        vec![("response".to_owned(), signed(shared, bank, client_id, answer)?)]
    } else {
        answer.to_vec()
    };
    Some(match mode {
        "form_post" | "form_post.jwt" => BrowserReturn::Form(answer),
        // The default of JARM where nothing but a code is asked for.
        "jwt" | "query.jwt" | "query" => {
            BrowserReturn::Address(pages::query_address(redirect_uri, &answer))
        }
        _ => BrowserReturn::Address(pages::fragment_address(redirect_uri, &answer)),
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
    claims.insert("iss".to_owned(), json!(token_issuer(shared, bank)));
    claims.insert("aud".to_owned(), json!(client_id));
    claims.insert("exp".to_owned(), json!(shared.now().as_second() + ANSWER_SECONDS));
    for (name, value) in answer.iter().filter(|(name, _)| name != "id_token") {
        claims.insert(name.clone(), json!(value));
    }
    let organisation_id = bank.uk_open_banking().organisation_id;
    shared.key.sign_jwt(organisation_id, &Value::Object(claims)).ok()
}

fn of_visit(shared: &Shared, visit: &Visit) -> Option<BrowserReturn> {
    let Grant { client, response_mode, redirect_uri, answer, .. } = visit.grant.as_ref()?;
    of(shared, visit.bank, client, response_mode, redirect_uri, answer.as_ref()?)
}

/// The way back to the TPP, for a visit that is decided.
pub(crate) fn usual_way_back(shared: &Shared, visit: &Visit) -> Option<Response> {
    Some(match of_visit(shared, visit)? {
        BrowserReturn::Form(_) => pages::see_other(&visit.path("return")),
        BrowserReturn::Address(address) => pages::see_other(&address),
    })
}

/// `GET /{bank}/authorisations/{id}/return`: the page that posts the answer to the TPP.
pub(crate) async fn show_return(
    State(shared): State<Arc<Shared>>,
    Path((bank, id)): Path<(String, String)>,
) -> Response {
    let visit = match visit::find(&shared, &bank, id) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    let redirect_uri = visit.grant.as_ref().map_or("", |grant| grant.redirect_uri.as_str());
    match of_visit(&shared, &visit) {
        Some(BrowserReturn::Form(fields)) => {
            pages::form_post(visit.bank.name, redirect_uri, &fields)
        }
        Some(BrowserReturn::Address(address)) => pages::see_other(&address),
        None => pages::see_other(&visit.path("sign-in")),
    }
}

fn awaits_authorisation(order: &Order) -> bool {
    order.approval.stage == Stage::Open
}

/// Ends a visit without an approval; a consent that awaits one is lost with it.
pub(crate) fn refuse(state: &mut state::State, visit_id: &str, reason: &str, now: Timestamp) {
    let visit_key = key("request", visit_id);
    let Some(visit) = state.grants.get(&visit_key).filter(|visit| visit.answer.is_none()) else {
        return;
    };
    let answer = vec![
        ("error".to_owned(), "access_denied".to_owned()),
        ("error_description".to_owned(), reason.to_owned()),
        ("state".to_owned(), visit.state.clone()),
    ];
    let consent_id = visit.order_id.clone().unwrap_or_default();
    state.grants.update(&visit_key, &mut state.changes, |visit| visit.answer = Some(answer));
    if state.orders.get(&consent_id).is_some_and(awaits_authorisation) {
        approval::fail(state, &consent_id, Purpose::Payment, reason, now);
    }
}

/// Authorises the consent and makes the code and the id_token, once; `None` when that cannot be kept.
pub(crate) fn approve(shared: &Shared, visit: &Visit, account: &str, now: Timestamp) -> Option<()> {
    let code = shared.secret();
    let grant = visit.grant.as_ref()?;
    let consent_id = visit.order_id.as_deref()?;
    let answer = approval_answer(shared, visit.bank, (grant, consent_id), &code, now)?;
    let row = Grant { expires_at: after_seconds(now, CODE_SECONDS), ..grant.clone() };
    let delay_ms = shared.execution_delay_ms();
    let purpose = Purpose::Payment;
    shared
        .commit(|state| {
            // A second click at the same moment ends here too, and leaves the first answer alone.
            if !approval::approve(state, consent_id, purpose, Some(account), now, delay_ms) {
                return refuse(state, &visit.id, "the consent was decided elsewhere", now);
            }
            let changes = &mut state.changes;
            let visit_key = key("request", &visit.id);
            state.grants.update(&visit_key, changes, |visit| visit.answer = Some(answer));
            state.grants.put(&key("code", &code), row, now, changes);
        })
        .ok()
}

/// The TPP's answer after an approval (OpenID Connect Core 3.3.2.5; FAPI 1 Advanced: `s_hash`).
fn approval_answer(
    shared: &Shared,
    bank: &Bank,
    (grant, consent_id): (&Grant, &str),
    code: &str,
    now: Timestamp,
) -> Option<Vec<(String, String)>> {
    let own = bank.uk_open_banking();
    if own.plain_oauth {
        return Some(vec![
            ("code".to_owned(), code.to_owned()),
            ("state".to_owned(), grant.state.clone()),
        ]);
    }
    let claims = own.id_token(json!({
        "iss": token_issuer(shared, bank),
        "aud": grant.client,
        "sub": consent_id,
        "iat": now.as_second(),
        "exp": now.as_second() + ID_TOKEN_SECONDS,
        "nonce": grant.nonce,
        "c_hash": half_hash(code),
        "s_hash": half_hash(&grant.state),
        "acr": ACR_SCA,
        "openbanking_intent_id": consent_id,
    }));
    let id_token = shared.key.sign_jwt(bank.uk_open_banking().organisation_id, &claims).ok()?;
    Some(vec![
        ("code".to_owned(), code.to_owned()),
        ("id_token".to_owned(), id_token),
        ("state".to_owned(), grant.state.clone()),
    ])
}

/// Approves a visit that has just begun, at a bank without pages, and sends the PSU back: the account
/// that the consent names pays, otherwise the first account of the first customer.
pub(crate) fn approve_by_itself(shared: &Shared, bank: &'static Bank, id: &str) -> Response {
    let unavailable = || pages::problem(500, "The bank cannot keep its state.");
    let now = shared.now();
    let visit = match visit::find(shared, bank.id, id.to_owned()) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    let Some(order) = &visit.order else { return unavailable() };
    let owner = order.debtor.as_deref().and_then(|account| bank.owner(account));
    let customer: Option<&Customer> = owner.or(bank.customers.first());
    let accounts = customer.map(|customer| visit::accounts(shared, customer, order));
    let decided = match accounts.unwrap_or_default().first() {
        Some(account) => approve(shared, &visit, account.id, now),
        None => {
            let reason = "the account does not belong to this bank";
            shared.commit(|state| refuse(state, id, reason, now)).ok()
        }
    };
    if decided.is_none() {
        return unavailable();
    }
    match visit::find(shared, bank.id, id.to_owned()) {
        Ok(visit) => visit.way_back(shared).unwrap_or_else(unavailable),
        Err(page) => *page,
    }
}
