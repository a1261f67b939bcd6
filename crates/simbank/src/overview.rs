//! `GET /sim/`: every bank, its customers and the scenarios on one page, so that a person finds the
//! one to try.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::banks::{BANKS, Customer};
use crate::continental::ONE_TIME_PASSWORD;
use crate::continental::banks::{self, Approach, Bank, BerlinGroup, PolishApi, Standard, Stet};
use crate::continental::hours;
use crate::obie::Version;
use crate::outcome::{Fault, WayBack};
use crate::pages::{self, pounds, spaced};
use crate::scenario::{SCENARIOS, Scenario};
use crate::shared::Shared;
use crate::state;

/// The standards, in the order of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    British,
    BerlinGroup,
    Stet,
    PolishApi,
}

impl Family {
    const ALL: [Family; 4] =
        [Family::British, Family::BerlinGroup, Family::Stet, Family::PolishApi];

    fn name(self) -> &'static str {
        match self {
            Family::British => "UK Open Banking",
            Family::BerlinGroup => "NextGenPSD2",
            Family::Stet => "STET",
            Family::PolishApi => "PolishAPI",
        }
    }

    /// Where the page jumps to.
    fn anchor(self) -> &'static str {
        match self {
            Family::British => "uk-open-banking",
            Family::BerlinGroup => "nextgenpsd2",
            Family::Stet => "stet",
            Family::PolishApi => "polishapi",
        }
    }

    /// The message that a fault of the payment strikes.
    fn strikes(self) -> &'static str {
        match self {
            Family::British => "the order (POST domestic-payments)",
            Family::BerlinGroup => {
                "the new payment; where the bank asks questions, the one-time password \
                 (what is refused is refused with the new payment)"
            }
            Family::Stet => "the confirmation; at stet-if the new payment request",
            Family::PolishApi => "the payment (payments/domestic)",
        }
    }

    fn of(bank: &Bank) -> Family {
        match bank.standard {
            Standard::BerlinGroup(_) => Family::BerlinGroup,
            Standard::Stet(_) => Family::Stet,
            Standard::PolishApi(_) => Family::PolishApi,
        }
    }
}

/// What a scenario means at a standard: `yes`, or where it does not.
fn meaning(scenario: &Scenario, family: Family) -> &'static str {
    match (scenario.fault, scenario.way_back, family) {
        (Some(Fault::WrongSignature), _, Family::BerlinGroup | Family::Stet) => {
            "no: answers are not signed"
        }
        (Some(Fault::WrongSignature), _, Family::PolishApi) => "banks that sign",
        (Some(Fault::ExpiredCertificate), _, Family::British) => "by API only",
        (_, WayBack::Missing | WayBack::Twice, Family::BerlinGroup | Family::Stet) => {
            "redirect banks: nobody is sent back elsewhere"
        }
        _ => "yes",
    }
}

fn uk_open_banking(bank: &crate::banks::Bank) -> String {
    let mut model = format!("redirect, back by {}", bank.response_modes.join(" or "));
    let quirks = [
        (bank.quirks.knows_clients_by_certificate, "; clients are known by their certificate"),
        (bank.quirks.signs_raw_bodies, "; signatures cover raw bodies"),
        (bank.quirks.wants_pushed_requests, "; requests are pushed"),
    ];
    for (_, words) in quirks.into_iter().filter(|(there, _)| *there) {
        model.push_str(words);
    }
    model
}

fn next_gen_psd2(own: BerlinGroup) -> String {
    let approach = match own.approach {
        Approach::RedirectAtOnce => "redirect",
        Approach::RedirectWhenAsked => "redirect, once the provider starts the authorisation",
        Approach::OAuth => "redirect by OAuth",
        Approach::SignInBefore => "sign-in before any payment, then redirect",
        Approach::EmbeddedManyMethods => "embedded: password, choice of method, one-time password",
        Approach::EmbeddedOneMethod => "embedded: password, one-time password",
        Approach::Decoupled => "decoupled: in the bank's app",
    };
    let code = if own.confirms_by_code { ", confirmed by a code" } else { "" };
    let signed = if own.signing.is_some() { "; requests are signed" } else { "" };
    format!("{approach}{code}{signed}")
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
        Ok(page) => pages::render(200, &page),
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
    let banks = match family {
        Family::British => BANKS.iter().map(|bank| british(state, bank)).collect(),
        _ => {
            let own = banks::all().filter(|bank| Family::of(bank) == family);
            own.map(|bank| continental(state, bank)).collect()
        }
    };
    Group { name: family.name(), anchor: family.anchor(), strikes: family.strikes(), banks }
}

fn british(state: &state::State, bank: &'static crate::banks::Bank) -> BankBlock {
    BankBlock {
        id: bank.id,
        name: bank.name,
        country: "GB",
        version: match bank.version {
            Version::V3_1 => "3.1.11",
            Version::V4_0 => "4.0",
        },
        model: uk_open_banking(bank),
        closes: false,
        configuration: Some(format!("/{}/.well-known/openid-configuration", bank.id)),
        personas: personas(state, bank.id, bank.customers, false),
    }
}

fn continental(state: &state::State, bank: &'static Bank) -> BankBlock {
    let (version, model, app) = match bank.standard {
        Standard::BerlinGroup(own) => {
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
    let oauth = matches!(bank.berlin_group().approach, Approach::OAuth | Approach::SignInBefore);
    let configuration =
        oauth.then(|| format!("/{}/.well-known/oauth-authorization-server", bank.id));
    BankBlock {
        id: bank.id,
        name: bank.name,
        country: bank.country,
        version,
        model,
        closes: hours::closes(bank.country),
        configuration,
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
