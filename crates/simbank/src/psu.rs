//! The PSU's visit to the bank: sign in, look at the payment, approve or decline, go back.
//!
//! A visit has a secret id in its paths, made by the authorisation endpoint, so it needs no cookie
//! and nobody can forge a form for it. Each POST is answered with 303. A program can play the PSU:
//!
//! | request | form fields | answer |
//! |---|---|---|
//! | `GET /{bank}/authorize?…` | | 303 to `/{bank}/authorisations/{id}/sign-in` |
//! | `POST …/sign-in` | `username`, `password` | 303 to `…/consent`; when wrong, to `…/sign-in` |
//! | `POST …/consent` | `account` (14 digits), `decision` = `approve` or `decline` | 303 to the TPP, or to `…/return` |
//! | `GET …/return` | | the page that posts `code`, `id_token`, `state` to the TPP (`form_post`) |
//!
//! In fragment mode the last 303 carries the answer behind `#` in its `Location`, in `query.jwt` mode
//! behind `?`. A third wrong
//! password ends the visit like a refusal. A visit that is decided answers the same to whatever
//! comes after, so a second click does no harm. A bank without pages (`mock-redirect`) approves by
//! itself: the first 303 leads to the TPP.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::json;

use crate::banks::{self, Bank};
use crate::jose::half_hash;
use crate::oauth::{ACR_SCA, issuer, parse_parameters, secret_key};
use crate::obie::{self, Product};
use crate::pages::{self, AccountChoice, ConsentPage, SignInPage};
use crate::shared::Shared;
use crate::state::{self, Authorisation, Code, Consent, ConsentStatus, after_seconds};
use crate::texts::ENGLISH;
use crate::way_back::{self, WayBack};

/// Wrong passwords until the visit ends.
const MAXIMUM_WRONG_PASSWORDS: u32 = 3;
/// How long an authorisation code can be exchanged.
const CODE_SECONDS: i64 = 10 * 60;
const ID_TOKEN_SECONDS: i64 = 3600;

/// Names and values for the TPP.
type Answer = Vec<(String, String)>;

/// A visit that is still going on, with what its pages show.
struct Visit {
    bank: &'static Bank,
    id: String,
    authorisation: Authorisation,
    consent: Consent,
    accounts: Vec<AccountChoice>,
}

impl Visit {
    fn path(&self, step: &str) -> String {
        format!("/{}/authorisations/{}/{step}", self.bank.id, self.id)
    }

    /// The way back to the TPP, for a visit that is decided.
    fn way_back(&self, shared: &Shared) -> Option<Response> {
        let answer = self.answer(shared)?;
        let usual = || match answer {
            WayBack::Form(_) => pages::see_other(&self.path("return")),
            WayBack::Address(address) => pages::see_other(&address),
        };
        let scenario = self.consent.scenario().way_back;
        Some(pages::way_back(scenario, self.bank.name, &ENGLISH, usual))
    }

    fn answer(&self, shared: &Shared) -> Option<WayBack> {
        let Authorisation { client_id, response_mode, redirect_uri, answer, .. } =
            &self.authorisation;
        let answer = answer.as_ref()?;
        way_back::of(shared, self.bank, client_id, response_mode, redirect_uri, answer)
    }
}

/// Finds a visit; the error is a page.
fn find(shared: &Shared, bank: &str, id: String) -> Result<Visit, Box<Response>> {
    let gone = || {
        let text = "This payment approval has ended or never began. Go back and start again.";
        Box::new(pages::problem(404, text))
    };
    let bank = banks::find(bank).ok_or_else(gone)?;
    let now = shared.now();
    let found = shared.commit(|state| {
        let authorisation = state.authorisations.get(&id)?.clone();
        let consent = state.consents.get(&authorisation.consent_id)?.clone();
        let accounts = accounts_of(state, bank, &authorisation, &consent);
        Some((authorisation, consent, accounts))
    });
    let (authorisation, consent, accounts) =
        found.map_err(|_| Box::new(unavailable()))?.ok_or_else(gone)?;
    if authorisation.bank != bank.id || authorisation.expires_at <= now {
        return Err(gone());
    }
    Ok(Visit { bank, id, authorisation, consent, accounts })
}

fn unavailable() -> Response {
    pages::problem(500, "The bank cannot keep its state.")
}

/// The accounts that the PSU may pay from: all, or the one that the consent names.
fn accounts_of(
    state: &state::State,
    bank: &Bank,
    authorisation: &Authorisation,
    consent: &Consent,
) -> Vec<AccountChoice> {
    let username = authorisation.username.as_deref();
    let Some(customer) = username.and_then(|username| bank.customer(username)) else {
        return Vec::new();
    };
    let debtor = &consent.data["Initiation"]["DebtorAccount"];
    let wanted = state.account_key(debtor);
    customer
        .accounts
        .iter()
        .filter(|account| debtor.is_null() || wanted.as_deref() == Some(account.identification))
        .filter_map(|account| {
            let kept = state.accounts.get(account.identification)?;
            Some(AccountChoice {
                id: account.identification,
                label: pages::spaced(account.identification),
                name: kept.name.clone(),
                balance: format!("£{}", pages::pounds(kept.balance_minor)),
            })
        })
        .collect()
}

/// `GET …/sign-in`.
pub(crate) async fn show_sign_in(
    State(shared): State<Arc<Shared>>,
    Path((bank, id)): Path<(String, String)>,
) -> Response {
    let visit = match find(&shared, &bank, id) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    if let Some(way_back) = visit.way_back(&shared) {
        return way_back;
    }
    let wrong = visit.authorisation.wrong_passwords;
    pages::sign_in(SignInPage {
        texts: &ENGLISH,
        bank: visit.bank.name,
        client: client_name(&shared, &visit),
        attempts_left: (wrong > 0).then(|| MAXIMUM_WRONG_PASSWORDS.saturating_sub(wrong)),
        customers: visit.bank.customers,
    })
}

fn client_name(shared: &Shared, visit: &Visit) -> String {
    let client = shared.client(&visit.authorisation.client_id);
    client.map_or_else(|| "A provider".to_owned(), |client| client.registration.name.clone())
}

/// `POST …/sign-in`.
pub(crate) async fn sign_in(
    State(shared): State<Arc<Shared>>,
    Path((bank, id)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let visit = match find(&shared, &bank, id) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    if let Some(way_back) = visit.way_back(&shared) {
        return way_back;
    }
    let form = parse_parameters(&body).unwrap_or_default();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let customer = visit
        .bank
        .customer(field("username"))
        .filter(|customer| customer.password == field("password"));
    let now = shared.now();
    let kept = shared.commit(|state| {
        let changes = &mut state.changes;
        state.authorisations.update(&visit.id, changes, |authorisation| match customer {
            Some(customer) => authorisation.username = Some(customer.username.to_owned()),
            None => authorisation.wrong_passwords += 1,
        });
        if customer.is_some() {
            return;
        }
        let wrong = state.authorisations.get(&visit.id).map(|found| found.wrong_passwords);
        if wrong >= Some(MAXIMUM_WRONG_PASSWORDS) {
            reject(state, &visit.id, "the PSU could not sign in", now);
        }
    });
    match (kept, customer) {
        (Err(_), _) => unavailable(),
        (Ok(()), Some(_)) => pages::see_other(&visit.path("consent")),
        (Ok(()), None) => pages::see_other(&visit.path("sign-in")),
    }
}

/// `GET …/consent`.
pub(crate) async fn show_consent(
    State(shared): State<Arc<Shared>>,
    Path((bank, id)): Path<(String, String)>,
) -> Response {
    let visit = match find(&shared, &bank, id) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    if let Some(way_back) = visit.way_back(&shared) {
        return way_back;
    }
    if visit.authorisation.username.is_none() {
        return pages::see_other(&visit.path("sign-in"));
    }
    let initiation = &visit.consent.data["Initiation"];
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    pages::consent(ConsentPage {
        texts: &ENGLISH,
        closes: false,
        is_standing_order: visit.consent.product == Product::StandingOrder,
        bank: visit.bank.name,
        client: client_name(&shared, &visit),
        payee: text(&initiation["CreditorAccount"]["Name"]),
        payee_account: pages::spaced(&text(&initiation["CreditorAccount"]["Identification"])),
        amount: format!("£{}", pages::pounds(visit.consent.pence)),
        reference: obie::reference(initiation),
        accounts: visit.accounts,
    })
}

/// `POST …/consent`.
pub(crate) async fn decide(
    State(shared): State<Arc<Shared>>,
    Path((bank, id)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let (bank_id, visit_id) = (bank, id);
    let visit = match find(&shared, &bank_id, visit_id.clone()) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    if let Some(way_back) = visit.way_back(&shared) {
        return way_back;
    }
    if visit.authorisation.username.is_none() {
        return pages::see_other(&visit.path("sign-in"));
    }
    let form = parse_parameters(&body).unwrap_or_default();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let now = shared.now();
    let kept = match field("decision") {
        "decline" => shared.commit(|state| reject(state, &visit.id, "the PSU declined", now)).ok(),
        "approve" => {
            let Some(account) = visit.accounts.iter().find(|one| one.id == field("account")) else {
                return pages::problem(400, "Choose one of your accounts.");
            };
            approve(&shared, &visit, account.id, now)
        }
        _ => return pages::problem(400, "Approve or decline the payment."),
    };
    if kept.is_none() {
        return unavailable();
    }
    // Read again: of two clicks at the same moment the first one counts.
    match find(&shared, &bank_id, visit_id) {
        Ok(visit) => visit.way_back(&shared).unwrap_or_else(unavailable),
        Err(page) => *page,
    }
}

/// Approves a visit that has just begun, at a bank without pages, and sends the PSU back: the account
/// that the consent names pays, otherwise the first account of the first customer.
pub(crate) fn approve_by_itself(shared: &Shared, bank: &'static Bank, id: &str) -> Response {
    let now = shared.now();
    let kept = shared.commit(|state| {
        let consent = state.authorisations.get(id)?.consent_id.clone();
        let debtor = &state.consents.get(&consent)?.data["Initiation"]["DebtorAccount"];
        let named = state.account_key(debtor);
        let owner = named.and_then(|account| banks::owner(bank.customers, &account));
        let customer = owner.or(bank.customers.first())?;
        state.authorisations.update(id, &mut state.changes, |authorisation| {
            authorisation.username = Some(customer.username.to_owned());
        });
        Some(())
    });
    if !matches!(kept, Ok(Some(()))) {
        return unavailable();
    }
    let visit = match find(shared, bank.id, id.to_owned()) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    let decided = match visit.accounts.first() {
        Some(account) => approve(shared, &visit, account.id, now),
        None => {
            let reason = "the account is none of this bank's";
            shared.commit(|state| reject(state, id, reason, now)).ok()
        }
    };
    if decided.is_none() {
        return unavailable();
    }
    match find(shared, bank.id, id.to_owned()) {
        Ok(visit) => visit.way_back(shared).unwrap_or_else(unavailable),
        Err(page) => *page,
    }
}

/// `GET …/return`.
pub(crate) async fn show_return(
    State(shared): State<Arc<Shared>>,
    Path((bank, id)): Path<(String, String)>,
) -> Response {
    match find(&shared, &bank, id) {
        Err(page) => *page,
        Ok(visit) => match visit.answer(&shared) {
            Some(WayBack::Form(fields)) => {
                pages::form_post(visit.bank.name, &visit.authorisation.redirect_uri, &fields)
            }
            Some(WayBack::Address(address)) => pages::see_other(&address),
            None => pages::see_other(&visit.path("sign-in")),
        },
    }
}

/// Ends a visit without an approval; the consent is lost with it.
fn reject(state: &mut state::State, id: &str, reason: &str, now: Timestamp) {
    let Some(visit) = state.authorisations.get(id).filter(|visit| visit.answer.is_none()) else {
        return;
    };
    let answer = vec![
        ("error".to_owned(), "access_denied".to_owned()),
        ("error_description".to_owned(), reason.to_owned()),
        ("state".to_owned(), visit.state.clone()),
    ];
    let consent_id = visit.consent_id.clone();
    let changes = &mut state.changes;
    state.authorisations.update(id, changes, |visit| visit.answer = Some(answer));
    let awaits = |consent: &Consent| consent.status == ConsentStatus::AwaitingAuthorisation;
    if state.consents.get(&consent_id).is_some_and(awaits) {
        state.consents.update(&consent_id, changes, |consent| {
            consent.status = ConsentStatus::Rejected;
            consent.updated_at = now;
        });
    }
}

/// Authorises the consent and makes the code and the id_token, once; `None` when that cannot be
/// kept.
fn approve(shared: &Shared, visit: &Visit, account: &str, now: Timestamp) -> Option<()> {
    let code = shared.secret();
    let answer = approval(shared, visit, &code, now)?;
    let authorisation = &visit.authorisation;
    let row = Code {
        bank: visit.bank.id.to_owned(),
        client_id: authorisation.client_id.clone(),
        consent_id: authorisation.consent_id.clone(),
        redirect_uri: authorisation.redirect_uri.clone(),
        nonce: authorisation.nonce.clone(),
        scope: authorisation.scope.clone(),
        code_challenge: authorisation.code_challenge.clone(),
        expires_at: after_seconds(now, CODE_SECONDS),
        used_for: None,
    };
    shared
        .commit(|state| {
            // A second click at the same moment ends here too, and leaves the first answer alone.
            let awaits = |consent: &Consent| consent.status == ConsentStatus::AwaitingAuthorisation;
            if !state.consents.get(&authorisation.consent_id).is_some_and(awaits) {
                return reject(state, &visit.id, "the consent was decided elsewhere", now);
            }
            let changes = &mut state.changes;
            state.authorisations.update(&visit.id, changes, |visit| visit.answer = Some(answer));
            state.consents.update(&authorisation.consent_id, changes, |consent| {
                consent.status = ConsentStatus::Authorised;
                consent.updated_at = now;
                consent.debtor = Some(account.to_owned());
            });
            state.codes.put(&secret_key(&code), row, now, changes);
        })
        .ok()
}

/// What the TPP gets for an approval (OpenID Connect Core 3.3.2.5; FAPI 1 Advanced: `s_hash`).
fn approval(shared: &Shared, visit: &Visit, code: &str, now: Timestamp) -> Option<Answer> {
    let authorisation = &visit.authorisation;
    let claims = json!({
        "iss": issuer(shared, visit.bank),
        "aud": authorisation.client_id,
        "sub": authorisation.consent_id,
        "iat": now.as_second(),
        "exp": now.as_second() + ID_TOKEN_SECONDS,
        "nonce": authorisation.nonce,
        "c_hash": half_hash(code),
        "s_hash": half_hash(&authorisation.state),
        "acr": ACR_SCA,
        "openbanking_intent_id": authorisation.consent_id,
    });
    let id_token = shared.key.sign_jwt(visit.bank.organisation_id, &claims).ok()?;
    Some(vec![
        ("code".to_owned(), code.to_owned()),
        ("id_token".to_owned(), id_token),
        ("state".to_owned(), authorisation.state.clone()),
    ])
}
