//! Every page that is about a payment says the same of it: page × kind of payment.

use serde_json::{Value, json};

use crate::support::payer::unescaped;
use crate::support::{Decision, INSTRUCTIONS, World, hosted_order, id, with, without, worlds};
use crate::v1_hosted_pages::{v1, v2};

/// A page that was seen: where, and its HTML.
pub type Seen = (String, String);

/// The kind of order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Single,
    Dated,
    Limited,
    Endless,
}

const KINDS: [Kind; 4] = [Kind::Single, Kind::Dated, Kind::Limited, Kind::Endless];

impl Kind {
    /// The lines of the summary, but for payee and reference.
    fn lines(self, currency: &str) -> Vec<(&'static str, String)> {
        let amount = if currency == "GBP" { "£1,234.50" } else { "€1,234.50" };
        let last = match self {
            Kind::Single => return vec![("Amount", amount.to_owned())],
            Kind::Dated => {
                let day = ("Payment date", "2 February 2026".to_owned());
                return vec![("Amount", amount.to_owned()), day];
            }
            Kind::Limited => "No later than 1 December 2026 (11\u{a0}payments)",
            Kind::Endless => "None: it goes on until you end it at your bank",
        };
        vec![
            ("Amount of each payment", amount.to_owned()),
            ("Standing order", "Every month".to_owned()),
            ("First payment", "1 February 2026".to_owned()),
            ("Last payment", last.to_owned()),
        ]
    }
}

impl World {
    /// A token request of that kind, whose payer chooses the bank.
    fn request_of_kind(&self, kind: Kind, currency: &str) -> Value {
        let euro = json!([{ "sepa": { "iban": "DE02120300000000202051" },
            "customerData": { "legalNames": ["Customer Inc."] } }]);
        let body = match kind {
            Kind::Single | Kind::Dated => {
                with(&self.token_request(), "requestPayload.transferBody.lifetimeAmount", "1234.50")
            }
            Kind::Limited | Kind::Endless => {
                with(&self.standing_order(), "requestPayload.standingOrderBody.amount", "1234.50")
            }
        };
        let place = match kind {
            Kind::Single | Kind::Dated => "transferBody",
            Kind::Limited | Kind::Endless => "standingOrderBody",
        };
        let place = format!("requestPayload.{place}");
        let mut body = without(&body, "requestOptions.bankId");
        if currency == "EUR" {
            body = with(&body, &format!("{place}.currency"), "EUR");
            body = with(&body, &format!("{place}.instructions.transferDestinations"), euro);
        }
        let body = with(&body, "requestPayload.refId", format!("{kind:?}-{currency}"));
        match kind {
            Kind::Single | Kind::Limited => body,
            Kind::Dated => with(&body, &format!("{place}.executionDate"), "2026-02-02"),
            Kind::Endless => without(&body, &format!("{place}.endDate")),
        }
    }

    /// Goes through the pages of both generations as a payer who approves at a bank's own pages.
    async fn tour_of_a_redirect(&self, kind: Kind) -> Vec<Seen> {
        let mut seen = vec![];
        let request = id(&self.store(&self.request_of_kind(kind, "GBP")).await);
        for (name, path) in [("v1", v1(&request)), ("v2", v2(&request))] {
            seen.push((format!("{name}: choose a bank"), self.page(&path).await.text()));
            let chosen = format!("{path}?bank-id=ob-modelo");
            seen.push((format!("{name}: bank chosen"), self.page(&chosen).await.text()));
        }
        let accept = [("bank-id", "ob-modelo"), ("decision", "accept")];
        let (leave, page) = self.submit_and_follow(&v1(&request), &accept).await;
        seen.push(("on the way to the bank".to_owned(), page.text()));
        let session = leave.trim_end_matches("/leave").to_owned();
        seen.push(("back without an answer".to_owned(), self.page(&session).await.text()));
        if kind == Kind::Single {
            let payment = self.payment(session.trim_start_matches("/session/")).await;
            let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
            self.play_redirect(url, Decision::Approve).await;
            seen.push(("back from the bank".to_owned(), self.page(&session).await.text()));
        }
        seen
    }

    /// The same at banks that ask for an account, ask questions, or send the payer to an app.
    async fn tour_without_redirect(&self, kind: Kind) -> Vec<Seen> {
        let mut seen = vec![];
        let body = self.request_of_kind(kind, "EUR");
        for (bank, account) in
            [("bg-ahorn", "DE32370400440000001036"), ("stet-saule", "FR7610207000010000000209972")]
        {
            let named = format!("{bank}-{kind:?}");
            let request = id(&self.store(&with(&body, "requestPayload.refId", named)).await);
            for path in [v1(&request), v2(&request)] {
                let choice = [("bank-id", bank), ("decision", "accept")];
                let page = self.submit(&path, &choice).await.text();
                seen.push((format!("{bank}: which account"), page));
            }
            let choice = [("bank-id", bank), ("decision", "accept"), ("account", account)];
            let (session, page) = self.submit_and_follow(&v1(&request), &choice).await;
            seen.push((format!("{bank}: approve"), page.text()));
            if bank == "stet-saule" {
                self.decide_in_app(bank, Decision::Approve).await;
                self.half_a_minute().await;
                seen.push((format!("{bank}: result"), self.page(&session).await.text()));
            }
        }
        seen
    }
}

/// The summary's lines in the page's HTML.
fn lines(html: &str) -> Vec<(String, String)> {
    let summary = html.split("<dl class=\"summary\">").nth(1).unwrap_or_default();
    let summary = summary.split("</dl>").next().unwrap();
    let cell = |row: &str, tag: &str| {
        let inner = row.split(&format!("<{tag}>")).nth(1).unwrap();
        unescaped(inner.split(&format!("</{tag}>")).next().unwrap())
    };
    let rows = summary.split("<dt>").skip(1).map(|row| format!("<dt>{row}"));
    rows.map(|row| {
        let value = cell(&row, "dd");
        let value = value.split_once('>').unwrap().1.strip_suffix("</bdi>").unwrap();
        (cell(&row, "dt"), value.to_owned())
    })
    .collect()
}

fn assert_summary(kind: Kind, currency: &str, (place, html): &Seen) {
    let found = lines(html);
    let mut expected = kind.lines(currency);
    expected.push(("To", "Customer Inc.".to_owned()));
    let reference = match kind {
        Kind::Single | Kind::Dated => "Sweepco",
        Kind::Limited | Kind::Endless => "Rent",
    };
    expected.push(("Reference", reference.to_owned()));
    for (label, value) in &expected {
        let line = ((*label).to_owned(), value.clone());
        assert!(found.contains(&line), "{kind:?}, {place}: {line:?} not in {found:?}");
    }
    // The consent page alone has more: the payee's account, the further text and the bank.
    let known: Vec<&str> = expected.iter().map(|(label, _)| *label).collect();
    let more: Vec<&str> = found
        .iter()
        .map(|(label, _)| label.as_str())
        .filter(|label| !known.contains(label))
        .collect();
    let allowed =
        if place == "v1: bank chosen" { vec!["Account", "For", "Your bank"] } else { vec![] };
    assert!(more.iter().all(|label| allowed.contains(label)), "{kind:?}, {place}: {more:?}");
    // The amount is one piece.
    assert!(html.contains("<bdi class=\"money\">"), "{kind:?}, {place}: {html}");
}

#[tokio::test]
async fn every_page_says_how_much_to_whom_when_and_how_often() {
    for world in worlds().await {
        for kind in KINDS {
            for page in world.tour_of_a_redirect(kind).await {
                assert_summary(kind, "GBP", &page);
            }
            for page in world.tour_without_redirect(kind).await {
                assert_summary(kind, "EUR", &page);
            }
        }
    }
}

#[tokio::test]
async fn the_consent_page_asks_for_a_standing_order_as_such() {
    let world = crate::support::world().await;
    for (kind, asks) in [
        (Kind::Single, "Do you agree to this payment?"),
        (Kind::Dated, "Do you agree to this payment?"),
        (Kind::Limited, "Do you agree to this standing order?"),
        (Kind::Endless, "Do you agree to this standing order?"),
    ] {
        let request = id(&world.store(&world.request_of_kind(kind, "GBP")).await);
        let page = world.page(&format!("{}?bank-id=ob-modelo", v1(&request))).await.text();
        assert!(page.contains(asks), "{kind:?}: {page}");
    }
}

/// The bank pays on a working day: 1 February 2026 is a Sunday.
#[tokio::test]
async fn the_day_is_the_one_on_which_the_bank_pays() {
    let world = crate::support::world().await;
    let body =
        with(&world.euro_request(), "requestPayload.transferBody.executionDate", "2026-02-01");
    let request = id(&world.store(&body).await);
    let page = world.page(&format!("{}?bank-id=bg-pino", v1(&request))).await.text();
    let day = ("Payment date".to_owned(), "2 February 2026".to_owned());
    assert!(lines(&page).contains(&day), "{page}");
}

#[tokio::test]
async fn pages_of_v2_payments_show_a_later_day_too() {
    let world = crate::support::world().await;
    for (date, shown) in [(None, None), (Some("2026-02-02"), Some("2 February 2026"))] {
        let mut body = with(&hosted_order(), "initiation.amount.value", "1234567.5");
        body = with(&body, "initiation.refId", format!("{date:?}"));
        if let Some(date) = date {
            body = with(&body, "initiation.executionDate", date);
        }
        let page = world.page(&format!("/session/{}", id(&world.create(&body).await))).await.text();
        let found = lines(&page);
        let line = |label: &str| {
            found.iter().find(|(name, _)| name == label).map(|(_, value)| value.clone())
        };
        assert_eq!(line("Amount").as_deref(), Some("£1,234,567.50"));
        assert_eq!(line("Payment date").as_deref(), shown);
    }
}

#[tokio::test]
async fn a_payee_that_the_member_has_yet_to_name_is_left_out() {
    let world = crate::support::world().await;
    let body = without(&world.open_request(), &format!("{INSTRUCTIONS}.transferDestinations"));
    let url = format!("{}/payees", crate::support::HOOKS_URL);
    let body = with(&body, "requestPayload.transferBody.setTransferDestinationsUrl", url);
    let answer = world.post("/token-requests", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let request = id(&answer.json()["tokenRequest"]);
    let found = lines(&world.page(&v1(&request)).await.text());
    assert_eq!(
        found.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>(),
        ["Amount", "Reference"]
    );
}
