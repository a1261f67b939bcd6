//! The pages on which a payer approves without leaving for the bank: the bank's questions
//! (embedded), and the wait for the bank's app (decoupled).

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use banks::approvals::Credentials;
use bytes::Bytes;
use domain::account::AccountIdentifier;
use domain::authorisation::AppStart;
use domain::authorisation::{Authorisation, Challenge, FieldKind, Opened};
use domain::flicker::FlickerCode;
use domain::payment::Payment;
use gateway::{App, GatewayError, payments};

use super::browser::Browser;
use super::session::{PaymentInPath, bank_name, here, load, stage_page, summary, unavailable};
use super::summary::Summary;
use super::view::{Form, View};
use super::way_back::member_url;
use super::{Page, VISIT, page, picture, stale_visit};
use crate::api::qr_code;
use crate::language::Language;

/// The most answers of one form.
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
    language: Language,
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
    language: Language,
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
    language: Language,
    payment: Summary,
    bank: String,
    message: Option<String>,
    app_start: Option<AppStartShown>,
    can_change: bool,
    back_url: String,
}

/// How the payer opens the bank's app: a link on the device with the app, a QR code for another one.
struct AppStartShown {
    url: Option<String>,
    /// SVG.
    qr_code: Option<String>,
}

impl AppStartShown {
    fn of(start: &AppStart) -> AppStartShown {
        let qr_code = start.qr_code.as_ref().and_then(|text| qr_code::picture(text));
        AppStartShown { url: start.url.clone(), qr_code }
    }
}

impl Page for Questions {
    fn view(&self) -> View {
        let form = Form::at(format!("{}/answers", self.payment.path), &self.payment);
        let form = self.questions.iter().fold(form, |form, one| form.asked(&one.id, &one.options));
        View::of("questions").form(form).way_out(&self.payment, &self.back_url)
    }
}

impl Page for AskAccount {
    fn view(&self) -> View {
        let form = Form::at(self.payment.path.clone(), &self.payment);
        let form = form.fixed("bank-id", &self.bank_id);
        let form = if self.accepted { form.fixed("decision", "accept") } else { form };
        let form = form.asked("account", &[]);
        View::of("ask_account").form(form).way_out(&self.payment, &self.back_url)
    }
}

impl Page for Decoupled {
    fn view(&self) -> View {
        let view = View::of("decoupled").onward(&self.payment.path, false);
        let app = self.app_start.as_ref().and_then(|start| start.url.as_deref());
        let view = app.into_iter().fold(view, |view, url| view.link(url));
        view.way_out(&self.payment, &self.back_url)
    }
}

/// `POST /session/{paymentId}/answers`: the payer's answers. A second click finds no open question
/// and shows the payment's state.
pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    language: Language,
    id: PaymentInPath,
    browser: Browser,
    body: Bytes,
) -> Response {
    let payment = match load(&app, language, id).await {
        Ok(payment) => payment,
        Err(response) => return response,
    };
    let mut answers: BTreeMap<String, String> = url::form_urlencoded::parse(&body)
        .take(ANSWERS_MAX)
        .map(|(name, value)| (name.into_owned(), value.trim().to_owned()))
        .collect();
    let visit = answers.remove(VISIT);
    let path = here(&payment.id);
    let visit = visit.as_deref();
    if let Some(stale) = stale_visit(&app, language, payment.id.as_str(), path, visit) {
        return stale;
    }
    let Browser(psu) = browser;
    match payments::answer_on_page(&app, &payment.id, Credentials(answers), psu).await {
        Ok(_) | Err(GatewayError::Refused(_)) => Redirect::to(&here(&payment.id)).into_response(),
        Err(GatewayError::Unanswered { .. }) => {
            let message = language.text("questions-incomplete");
            stage_page(&app, language, &payment, None, Some(message))
        }
        Err(error) => unavailable(language, &error),
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
    payment.initiation.visit.bank_id.is_none() && !executes && !payment.is_cancelling()
}

/// The page with the bank's questions.
pub(super) fn questions(
    app: &App,
    language: Language,
    payment: &Payment,
    challenge: &Challenge,
    message: Option<String>,
) -> Response {
    let retry = challenge.is_retry.then(|| language.text("questions-wrong"));
    let picture = challenge.image_base64.as_deref().and_then(picture::address);
    let code = challenge.flicker_code.as_deref().and_then(|text| FlickerCode::read(text).ok());
    let damaged = (challenge.image_base64.is_some() && picture.is_none())
        || (challenge.flicker_code.is_some() && code.is_none());
    let questions = Questions {
        language,
        payment: summary(app, language, payment),
        bank: bank_name(app, language, payment),
        questions: challenge
            .fields
            .iter()
            .map(|field| Question {
                id: field.id.clone(),
                label: language.question(&field.label),
                hint: field.hint.as_ref().map(|hint| language.hint(hint)),
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

/// The payer's account as typed: an IBAN, spaces and lower case allowed. `None` if it is invalid.
pub(super) fn payer_account(text: &str) -> Option<AccountIdentifier> {
    let iban: String = text
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect::<String>()
        .to_uppercase();
    AccountIdentifier::Iban { iban, bic: None }.checked().ok()
}

/// The page that asks for the payer's account, for banks that want it before anything else.
pub(super) fn ask_account(
    app: &App,
    language: Language,
    payment: &Payment,
    bank_id: &str,
    again: bool,
) -> Response {
    let at = AccountWanted {
        language,
        payment: summary(app, language, payment),
        accepted: false,
        can_change: payment.initiation.visit.bank_id.is_none(),
        back_url: member_url(app, payment),
    };
    ask_account_at(app, at, bank_id, again)
}

/// Where the payer's account is asked for.
pub(super) struct AccountWanted {
    pub(super) language: Language,
    pub(super) payment: Summary,
    pub(super) accepted: bool,
    pub(super) can_change: bool,
    pub(super) back_url: String,
}

/// The same for a payment that does not exist yet.
pub(super) fn ask_account_at(app: &App, at: AccountWanted, bank_id: &str, again: bool) -> Response {
    let AccountWanted { language, payment, accepted, can_change, back_url } = at;
    let bank = app.bank(bank_id);
    let unnamed = || language.text("bank-unnamed-at-start");
    let ask = AskAccount {
        language,
        payment,
        bank_id: bank_id.to_owned(),
        bank: bank.map_or_else(unnamed, |bank| bank.name.clone()),
        again,
        accepted,
        can_change,
        back_url,
    };
    page(StatusCode::OK, &ask)
}

/// The page that waits for the bank's app.
pub(super) fn decoupled(
    app: &App,
    language: Language,
    payment: &Payment,
    message: Option<&str>,
    app_start: Option<&AppStart>,
) -> Response {
    let decoupled = Decoupled {
        language,
        payment: summary(app, language, payment),
        bank: bank_name(app, language, payment),
        message: message.map(str::to_owned),
        app_start: app_start.map(AppStartShown::of),
        can_change: can_change_bank(payment),
        back_url: member_url(app, payment),
    };
    page(StatusCode::OK, &decoupled)
}

#[cfg(test)]
pub(super) fn samples(language: Language) -> Vec<super::samples::Sample> {
    use super::samples::Sample;
    let (bank, back_url) = (|| "Ahornbank".to_owned(), || "/shop".to_owned());
    let questions = |message: Option<&str>| Questions {
        language,
        payment: Summary::sample(language).cancellable(message.is_none()),
        bank: bank(),
        questions: vec![],
        description: None,
        picture: None,
        flicker: None,
        damaged: false,
        message: message.map(|id| language.text(id)),
        can_change: true,
        back_url: back_url(),
    };
    let flicker = FlickerCode::read("070520829019981A").ok().as_ref().map(Flicker::of);
    let account = |again| AskAccount {
        language,
        payment: Summary::sample(language),
        bank_id: "bg-ahorn".to_owned(),
        bank: if again { language.text("bank-unnamed-at-start") } else { bank() },
        again,
        accepted: true,
        can_change: true,
        back_url: back_url(),
    };
    let decoupled = |message: Option<&str>| Decoupled {
        language,
        payment: Summary::sample(language),
        bank: message.map_or_else(|| language.text("bank-unnamed"), |_| bank()),
        message: message.map(str::to_owned),
        app_start: None,
        can_change: true,
        back_url: back_url(),
    };
    let start = AppStart {
        url: Some("bankid:///?autostarttoken=1&redirect=null".to_owned()),
        qr_code: Some("bankid.1.0.2".to_owned()),
        ends_at: jiff::Timestamp::UNIX_EPOCH,
    };
    let with_app = Decoupled { app_start: Some(AppStartShown::of(&start)), ..decoupled(None) };
    let picture = Questions { picture: Some("data:,".to_owned()), flicker, ..questions(None) };
    let damaged = Questions { damaged: true, ..questions(None) };
    vec![
        Sample::of("questions", "picture and flicker code", &picture),
        Sample::of("questions", "damaged", &damaged),
        Sample::of("questions", "incomplete", &questions(Some("questions-incomplete"))),
        Sample::of("questions", "wrong", &questions(Some("questions-wrong"))),
        Sample::of("ask_account", "first", &account(false)),
        Sample::of("ask_account", "again, at a bank that is gone", &account(true)),
        Sample::of("decoupled", "with the bank's message", &decoupled(Some("Open the app."))),
        Sample::of("decoupled", "at a bank that is gone", &decoupled(None)),
        Sample::of("decoupled", "with a link to the app and a QR code", &with_app),
    ]
}
