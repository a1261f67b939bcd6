//! `GET /sim/`: every bank, its customers and the scenarios on one page, so that a person finds the
//! one to try.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::engine::banks::{self, Bank, Customer, ONE_TIME_PASSWORD, Standard};
use crate::engine::hours;
use crate::engine::outcome::{Fault, ReturnDelivery};
use crate::engine::pages::{self, pounds, spaced};
use crate::engine::scenario::{SCENARIOS, Scenario};
use crate::engine::shared::Shared;
use crate::engine::state;
use crate::standards::next_gen_psd2::habits::{Approach, CancellationRule, NextGenPsd2};
use crate::standards::polish_api::banks::PolishApi;
use crate::standards::stet::banks::Stet;
use crate::standards::uk_open_banking::banks::UkOpenBanking;
use crate::standards::uk_open_banking::dialect::Version;

/// The standards, in the order of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    UkOpenBanking,
    NextGenPsd2,
    Stet,
    PolishApi,
}

impl Family {
    const ALL: [Family; 4] =
        [Family::UkOpenBanking, Family::NextGenPsd2, Family::Stet, Family::PolishApi];

    fn name(self) -> &'static str {
        match self {
            Family::UkOpenBanking => "UK Open Banking",
            Family::NextGenPsd2 => "NextGenPSD2",
            Family::Stet => "STET",
            Family::PolishApi => "PolishAPI",
        }
    }

    /// Where the page jumps to.
    fn anchor(self) -> &'static str {
        match self {
            Family::UkOpenBanking => "uk-open-banking",
            Family::NextGenPsd2 => "nextgenpsd2",
            Family::Stet => "stet",
            Family::PolishApi => "polishapi",
        }
    }

    /// The message that a fault of the payment strikes.
    fn strikes(self) -> &'static str {
        match self {
            Family::UkOpenBanking => "the order (POST domestic-payments)",
            Family::NextGenPsd2 => {
                "the new payment; where the bank asks questions, the one-time password \
                 (what is refused is refused with the new payment)"
            }
            Family::Stet => "the confirmation; at stet-if the new payment request",
            Family::PolishApi => "the payment (payments/domestic)",
        }
    }

    fn of(bank: &Bank) -> Family {
        match bank.standard {
            Standard::UkOpenBanking(_) => Family::UkOpenBanking,
            Standard::NextGenPsd2(_) => Family::NextGenPsd2,
            Standard::Stet(_) => Family::Stet,
            Standard::PolishApi(_) => Family::PolishApi,
        }
    }
}

/// The meaning of a scenario in a standard: `yes`, or the place where it differs.
fn meaning(scenario: &Scenario, family: Family) -> &'static str {
    match (scenario.fault, scenario.way_back, family) {
        (Some(Fault::WrongSignature), _, Family::NextGenPsd2 | Family::Stet) => {
            "no: answers are not signed"
        }
        (Some(Fault::WrongSignature), _, Family::PolishApi) => "banks that sign",
        (Some(Fault::ExpiredCertificate), _, Family::UkOpenBanking) => "by API only",
        (
            _,
            ReturnDelivery::Missing | ReturnDelivery::Twice,
            Family::NextGenPsd2 | Family::Stet,
        ) => "redirect banks: nobody is sent back elsewhere",
        _ => "yes",
    }
}

fn uk_open_banking(own: &UkOpenBanking) -> String {
    let mut model = format!("redirect, back by {}", own.response_modes.join(" or "));
    let quirks = [
        (own.knows_clients_by_certificate(), "; clients are known by their certificate"),
        (own.has_client_secrets(), "; clients have a secret"),
        (own.discovery_path.is_empty(), "; no discovery document"),
        (own.plain_oauth, "; no OpenID"),
        (own.signs_no_answers, "; answers are not signed"),
        (own.token_issuer_end.is_some(), "; tokens have an issuer of their own"),
        (own.signs_raw_bodies, "; signatures cover raw bodies"),
        (own.wants_pushed_requests, "; requests are pushed"),
    ];
    for (_, words) in quirks.into_iter().filter(|(there, _)| *there) {
        model.push_str(words);
    }
    model
}

fn next_gen_psd2(own: NextGenPsd2) -> String {
    let approach = match own.approach {
        Approach::RedirectAtOnce => "redirect",
        Approach::RedirectWhenAsked => "redirect, once the provider starts the authorisation",
        Approach::RedirectWhenIdentified => "asks who the payer is, then redirect",
        Approach::OAuth => "redirect by OAuth",
        Approach::SignInBefore => "sign-in before any payment, then redirect",
        Approach::EmbeddedManyMethods => "embedded: password, choice of method, one-time password",
        Approach::EmbeddedOneMethod => "embedded: password, one-time password",
        Approach::Decoupled => "decoupled: in the bank's app",
    };
    let code = if own.confirms_by_code { ", confirmed by a code" } else { "" };
    let signed = if own.signing.is_some() { "; requests are signed" } else { "" };
    let cancellation = match own.cancellation {
        CancellationRule::Never => "; no cancellation",
        CancellationRule::AtOnce => "",
        CancellationRule::StartedByProvider | CancellationRule::StartedByBank => {
            "; the payer approves a cancellation"
        }
    };
    format!("{approach}{code}{signed}{cancellation}")
}

fn stet(own: Stet) -> String {
    let approach = if own.decoupled { "decoupled: in the bank's app" } else { "redirect" };
    let then = match (own.executes_at_approval, own.wants_factor) {
        (true, _) => ", executed at the approval",
        (false, true) => ", confirmed with a factor",
        (false, false) => ", then confirmed",
    };
    format!("{approach}{then}")
}

fn polish_api(own: PolishApi) -> String {
    let approach = match own.by_code {
        true => "decoupled: a code of the bank's app, and the bank calls back",
        false => "redirect",
    };
    let signed = if own.signs { "; answers are signed" } else { "" };
    format!("{approach}{signed}")
}

struct Persona {
    username: &'static str,
    password: &'static str,
    /// Of the bank's app, where the payer needs it.
    app: Option<String>,
    account: String,
    name: &'static str,
    balance: String,
    scenario: Option<&'static str>,
}

struct BankBlock {
    id: &'static str,
    name: &'static str,
    country: &'static str,
    version: &'static str,
    model: String,
    closes: bool,
    /// Its discovery document.
    configuration: Option<String>,
    personas: Vec<Persona>,
}

struct Group {
    name: &'static str,
    anchor: &'static str,
    strikes: &'static str,
    banks: Vec<BankBlock>,
}

struct ScenarioLine {
    word: &'static str,
    amount: String,
    explanation: &'static str,
    meanings: [&'static str; 4],
}

#[derive(Template)]
#[template(path = "sim.html")]
struct SimPage {
    groups: Vec<Group>,
    scenarios: Vec<ScenarioLine>,
    one_time_password: &'static str,
    /// The money of all other banks.
    outside: Vec<String>,
}

/// The page.
pub(crate) async fn page(State(shared): State<Arc<Shared>>) -> Response {
    let page = shared.commit(|state| SimPage {
        groups: Family::ALL.map(|family| group(state, family)).into(),
        scenarios: SCENARIOS.iter().map(line).collect(),
        one_time_password: ONE_TIME_PASSWORD,
        outside: outside(state),
    });
    match page {
        Ok(page) => pages::html(200, &page),
        Err(_) => pages::problem(500, "The banks cannot keep their state."),
    }
}

fn line(scenario: &Scenario) -> ScenarioLine {
    ScenarioLine {
        word: scenario.word,
        amount: pounds(scenario.minor),
        explanation: scenario.explanation,
        meanings: Family::ALL.map(|family| meaning(scenario, family)),
    }
}

fn outside(state: &state::State) -> Vec<String> {
    let others = state.accounts.all().into_iter().filter(|(_, account)| account.bank.is_empty());
    let money = others
        .map(|(_, account)| format!("{} {}", account.currency, pounds(account.balance_minor)));
    money.collect()
}

fn group(state: &state::State, family: Family) -> Group {
    let own = banks::all().filter(|bank| Family::of(bank) == family);
    let banks = own.map(|bank| block(state, bank)).collect();
    Group { name: family.name(), anchor: family.anchor(), strikes: family.strikes(), banks }
}

fn block(state: &state::State, bank: &'static Bank) -> BankBlock {
    let (version, model, app) = match bank.standard {
        Standard::UkOpenBanking(own) => {
            let version = if own.version == Version::V3_1 { "3.1.11" } else { "4.0" };
            (version, uk_open_banking(&own), false)
        }
        Standard::NextGenPsd2(own) => {
            ("1.3.12", next_gen_psd2(own), own.approach == Approach::Decoupled)
        }
        Standard::Stet(own) => {
            let version = if own.beneficiary_in_transaction { "1.5" } else { "1.4" };
            (version, stet(own), own.decoupled)
        }
        Standard::PolishApi(own) => {
            let version = if own.version.starts_with("v2_1_1") { "2.1.1" } else { "2.1.2" };
            (version, polish_api(own), own.by_code)
        }
    };
    let oauth = matches!(bank.next_gen_psd2().approach, Approach::OAuth | Approach::SignInBefore);
    let document = match bank.is_uk_open_banking() {
        true => Some("openid-configuration"),
        false => oauth.then_some("oauth-authorization-server"),
    };
    BankBlock {
        id: bank.id,
        name: bank.name,
        country: bank.country,
        version,
        model,
        closes: hours::closes(bank.country),
        configuration: document.map(|name| format!("/{}/.well-known/{name}", bank.id)),
        personas: personas(state, bank.id, bank.customers, app),
    }
}

fn personas(
    state: &state::State,
    bank: &'static str,
    customers: &'static [Customer],
    app: bool,
) -> Vec<Persona> {
    let rows = customers.iter().flat_map(|customer| {
        customer.accounts.iter().map(move |account| {
            let kept = state.accounts.get(account.identification);
            let balance =
                kept.map(|kept| format!("{} {}", kept.currency, pounds(kept.balance_minor)));
            Persona {
                username: customer.username,
                password: customer.password,
                app: app.then(|| format!("/sim/app/{bank}/{}", customer.username)),
                account: spaced(account.identification),
                name: account.name,
                balance: balance.unwrap_or_default(),
                scenario: customer.scenario,
            }
        })
    });
    rows.collect()
}
