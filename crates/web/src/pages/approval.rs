//! The pages on which a payer approves without leaving for the bank: the bank's questions
//! (embedded), and the wait for the bank's app (decoupled).

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use banks::protocol::Credentials;
use bytes::Bytes;
use domain::account::AccountIdentifier;
use domain::authorisation::{Authorisation, Challenge, FieldKind, Opened};
use domain::flicker::FlickerCode;
use domain::payment::Payment;
use gateway::{App, GatewayError, payments};

use super::session::{PaymentInPath, bank_name, here, load, stage_page, summary, unavailable};
use super::summary::Summary;
use super::way_back::member_url;
use super::{VISIT, page, picture, psu_of, stale_visit};

/// Answers that one form may bring.
const ANSWERS_MAX: usize = 32;

/// One question on the page.
struct Question {
    id: String,
    label: String,
    hint: Option<String>,
    secret: bool,
    options: Vec<String>,
}

/// The flickering picture of the page.
struct Flicker {
    half_bytes: String,
    start_code: String,
    elements: Vec<String>,
}

impl Flicker {
    fn of(code: &FlickerCode) -> Flicker {
        Flicker {
            half_bytes: code.half_bytes(),
            start_code: code.start_code().to_owned(),
            elements: code.elements().map(str::to_owned).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "questions.html")]
struct Questions {
    payment: Summary,
    bank: String,
    questions: Vec<Question>,
    description: Option<String>,
    /// The `data:` address of the bank's picture.
    picture: Option<String>,
    flicker: Option<Flicker>,
    /// Whether the bank sent a picture or a code that cannot be shown.
    damaged: bool,
    message: Option<String>,
    can_change: bool,
    back_url: String,
}

#[derive(Template)]
#[template(path = "ask_account.html")]
struct AskAccount {
    payment: Summary,
    bank_id: String,
    bank: String,
    again: bool,
    /// Whether the payer has accepted the payment at that bank already.
    accepted: bool,
    can_change: bool,
    back_url: String,
}

#[derive(Template)]
#[template(path = "decoupled.html")]
struct Decoupled {
    payment: Summary,
    bank: String,
    message: Option<String>,
    can_change: bool,
    back_url: String,
}

/// `POST /session/{paymentId}/answers`: the payer's answers. A second click finds no question open
/// and shows where the payment stands.
pub async fn answer(
    State(app): State<Arc<App>>,
    id: PaymentInPath,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let payment = match load(&app, id).await {
        Ok(payment) => payment,
        Err(response) => return response,
    };
    let mut answers: BTreeMap<String, String> = url::form_urlencoded::parse(&body)
        .take(ANSWERS_MAX)
        .map(|(name, value)| (name.into_owned(), value.trim().to_owned()))
        .collect();
    let visit = answers.remove(VISIT);
    if let Some(stale) = stale_visit(&app, payment.id.as_str(), here(&payment.id), visit.as_deref())
    {
        return stale;
    }
    let psu = psu_of(&headers);
    match payments::answer_on_page(&app, &payment.id, Credentials(answers), psu).await {
        Ok(_) | Err(GatewayError::Refused(_)) => Redirect::to(&here(&payment.id)).into_response(),
        Err(GatewayError::Invalid(_)) => {
            let message = "Please fill in every field.".to_owned();
            stage_page(&app, &payment, None, Some(message))
        }
        Err(error) => unavailable(&error),
    }
}

/// Whether the payer may still go to another bank: the member left the choice open, and nothing
/// at the chosen bank can be executed without us.
pub(super) fn can_change_bank(payment: &Payment) -> bool {
    let approving = payment.state.approving();
    let executes = approving.and_then(Authorisation::opened).is_some_and(Opened::may_execute);
    let opening_executes = matches!(approving,
        Some(Authorisation::Opening { attempt, .. }) if attempt.executes_at_approval);
    let executes = executes || opening_executes || payment.state.may_execute_unseen();
    payment.initiation.bank_id.is_none() && !executes
}

/// The page with the bank's questions.
pub(super) fn questions(
    app: &App,
    payment: &Payment,
    challenge: &Challenge,
    message: Option<String>,
) -> Response {
    let retry = challenge.is_retry.then(|| "That was not right. Please try again.".to_owned());
    let picture = challenge.image_base64.as_deref().and_then(picture::address);
    let code = challenge.flicker_code.as_deref().and_then(|text| FlickerCode::read(text).ok());
    let damaged = (challenge.image_base64.is_some() && picture.is_none())
        || (challenge.flicker_code.is_some() && code.is_none());
    let questions = Questions {
        payment: summary(app, payment),
        bank: bank_name(app, payment),
        questions: challenge
            .fields
            .iter()
            .map(|field| Question {
                id: field.id.clone(),
                label: field.display_name.clone(),
                hint: field.additional_information.clone(),
                secret: field.kind == FieldKind::Password,
                options: field.options.clone(),
            })
            .collect(),
        description: challenge.description.clone(),
        picture,
        flicker: code.as_ref().map(Flicker::of),
        damaged,
        message: message.or(retry),
        can_change: can_change_bank(payment),
        back_url: member_url(app, payment),
    };
    page(StatusCode::OK, &questions)
}

/// The payer's account as typed: an IBAN, spaces and lower case allowed. `None` where it is none.
pub(super) fn payer_account(text: &str) -> Option<AccountIdentifier> {
    let iban: String = text
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect::<String>()
        .to_uppercase();
    AccountIdentifier::Iban { iban, bic: None }.checked().ok()
}

/// The page that asks for the payer's account, for banks that want it before anything else.
pub(super) fn ask_account(app: &App, payment: &Payment, bank_id: &str, again: bool) -> Response {
    let at = AccountWanted {
        payment: summary(app, payment),
        accepted: false,
        can_change: payment.initiation.bank_id.is_none(),
        back_url: member_url(app, payment),
    };
    ask_account_at(app, at, bank_id, again)
}

/// Where the payer's account is asked for.
pub(super) struct AccountWanted {
    pub(super) payment: Summary,
    pub(super) accepted: bool,
    pub(super) can_change: bool,
    pub(super) back_url: String,
}

/// The same for a payment that does not exist yet.
pub(super) fn ask_account_at(app: &App, at: AccountWanted, bank_id: &str, again: bool) -> Response {
    let AccountWanted { payment, accepted, can_change, back_url } = at;
    let bank = app.directory().get(bank_id);
    let ask = AskAccount {
        payment,
        bank_id: bank_id.to_owned(),
        bank: bank.map_or_else(|| "Your bank".to_owned(), |bank| bank.name.clone()),
        again,
        accepted,
        can_change,
        back_url,
    };
    page(StatusCode::OK, &ask)
}

/// The page that waits for the bank's app.
pub(super) fn decoupled(app: &App, payment: &Payment, message: Option<&str>) -> Response {
    let decoupled = Decoupled {
        payment: summary(app, payment),
        bank: bank_name(app, payment),
        message: message.map(str::to_owned),
        can_change: can_change_bank(payment),
        back_url: member_url(app, payment),
    };
    page(StatusCode::OK, &decoupled)
}
