//! Every text of the hosted pages, as a person reads it; and what holds for each page.

use std::collections::BTreeMap;

use domain::authorisation::Authorisation;
use domain::payment::{Payment, State};
use domain::step::Step;
use jiff::SignedDuration;
use serde_json::Value;
use store::members::MemberSettings;
use store::step::{self, Saving};
use store::unit;
use testkit::text_of;

use crate::scenarios::usual_order;
use crate::support::{Decision, Fault, World, hosted_order, id, order_of, with, without, world};
use crate::v1_hosted_pages::{v1, v2};

/// Pages in the order in which they were seen.
struct Album {
    world: World,
    pages: Vec<(String, String)>,
}

impl Album {
    async fn new() -> Album {
        Album { world: world().await, pages: vec![] }
    }

    fn add(&mut self, name: &str, html: String) {
        assert!(html.starts_with("<!doctype html>"), "{name}: {html}");
        self.pages.push((name.to_owned(), html));
    }

    async fn see(&mut self, name: &str, path: &str) {
        let html = self.world.page(path).await.text();
        self.add(name, html);
    }

    /// A payment on our pages at a bank: its page.
    async fn chosen(&mut self, bank: &str, amount: &str) -> (String, String) {
        let body = with(&usual_order(bank), "initiation.flowType", "FULL_HOSTED_PAGES");
        let body = with(&body, "initiation.amount.value", amount);
        let body = with(&body, "initiation.refId", format!("{}", self.pages.len()));
        let id = id(&self.world.create(&body).await);
        let path = format!("/session/{id}");
        self.world.submit(&path, &[("bank-id", bank)]).await;
        (id, path)
    }

    async fn of_choosing(&mut self) {
        let order = hosted_order();
        let path = format!("/session/{}", id(&self.world.create(&order).await));
        self.see("choose a bank", &format!("{path}?search=modelo")).await;
        self.see("choose a bank: none found", &format!("{path}?search=zzz")).await;
        for bank in ["ob-modelo", "bg-ahorn", "stet-saule"] {
            let body = with(&usual_order(bank), "initiation.flowType", "FULL_HOSTED_PAGES");
            let body = with(&body, "initiation.refId", bank);
            let path = format!("/session/{}", id(&self.world.create(&body).await));
            self.see(&format!("one button: {bank}"), &path).await;
        }
        let stale = self.world.submit_as_it_is(&path, &[("bank-id", "ob-modelo")]).await;
        self.add("a form of another site", stale.text());
        let none = self.world.submit(&path, &[]).await.text();
        assert!(none.contains("Please choose your bank."), "{none}");
        self.see("not found", "/session/pm2:1111:bscuLe").await;
    }

    async fn of_token_requests(&mut self) {
        let request = id(&self.world.store(&self.world.open_request()).await);
        self.see("v1: consent", &format!("{}?bank-id=ob-modelo", v1(&request))).await;
        self.world.submit(&v1(&request), &[("decision", "decline")]).await;
        self.see("v1: declined", &v1(&request)).await;
        self.see("to the shop", &format!("{}?left=1", v1(&request))).await;
        let euro = with(&self.world.euro_request(), "requestPayload.refId", "EURO");
        let request = id(&self.world.store(&euro).await);
        self.see("v1: consent, embedded", &format!("{}?bank-id=bg-ahorn", v1(&request))).await;
        let ask = [("bank-id", "bg-ahorn"), ("account", "x")];
        let page = self.world.submit(&v2(&request), &ask).await.text();
        self.add("which account", page);
        let order = without(&self.world.standing_order(), "requestOptions.bankId");
        let order = with(&order, "requestPayload.refId", "SO");
        let request = id(&self.world.store(&order).await);
        self.see("v1: consent to a standing order", &format!("{}?bank-id=ob-modelo", v1(&request)))
            .await;
        self.see(
            "v2: one button for a standing order",
            &format!("{}?bank-id=ob-modelo", v2(&request)),
        )
        .await;
        self.world.pass(SignedDuration::from_mins(45)).await;
        self.see("standing order expired before a bank", &v1(&request)).await;
        let accept = [("bank-id", "ob-modelo"), ("decision", "accept")];
        for decision in [Decision::Approve, Decision::Decline] {
            let order = without(&self.world.standing_order(), "requestOptions.bankId");
            let order = with(&order, "requestPayload.refId", format!("{decision:?}"));
            let request = id(&self.world.store(&order).await);
            let (leave, _) = self.world.submit_and_follow(&v1(&request), &accept).await;
            let path = leave.trim_end_matches("/leave").to_owned();
            self.world.play_payer_of(&request, "ob-modelo", decision).await;
            self.world.half_a_minute().await;
            self.see(&format!("standing order: {decision:?}"), &path).await;
        }
    }

    async fn of_the_approval(&mut self) {
        let (id, path) = self.chosen("ob-modelo", "10.23").await;
        self.see("on the way to the bank", &format!("{path}/leave")).await;
        self.see("back without an answer", &path).await;
        let payment = self.world.payment(&id).await;
        let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
        let back = self.world.visit_bank(url, Decision::Approve).await;
        self.see("fragment", "/callback").await;
        self.see("a return that is none", "/callback?state=x").await;
        self.world.wire.plan("exchange-code", Fault::NotSent, 1);
        self.world.return_to_gateway(&back).await;
        self.see("back from the bank", &path).await;
        self.see("another browser", "/callback/arrived").await;
        let (_, path) = self.chosen("stet-saule", "10.23").await;
        self.see("app", &path).await;
        let (_, path) = self.chosen("bg-linden", "10.23").await;
        self.see("a bank that executes at the approval", &path).await;
        let (_, path) = self.chosen("bg-ahorn", "10.23").await;
        self.see("questions", &path).await;
        let answers = format!("{path}/answers");
        self.world.submit(&answers, &[("psuId", "anna")]).await;
        self.world.submit(&answers, &[("password", "wrong")]).await;
        self.see("questions: again", &path).await;
    }

    async fn of_the_end(&mut self) {
        for (amount, decision) in [
            ("10.23", Decision::Approve),
            ("10.23", Decision::Decline),
            ("103", Decision::Approve),
            ("105", Decision::Approve),
            ("108", Decision::Approve),
        ] {
            let (id, path) = self.chosen("ob-modelo", amount).await;
            let payment = self.world.payment(&id).await;
            self.world.play_payer(&payment, decision).await;
            self.see(&format!("{amount}, {decision:?}: at once"), &path).await;
            self.world.half_a_minute().await;
            self.see(&format!("{amount}, {decision:?}: at the end"), &path).await;
        }
        let (id, path) = self.chosen("ob-modelo", "10.23").await;
        self.world.delete(&format!("/v2/payments/{id}")).await;
        self.see("cancelled by the shop", &path).await;
        let (_, path) = self.chosen("ob-modelo", "10.23").await;
        self.world.submit(&path, &[("decision", "decline")]).await;
        self.see("cancelled by the payer", &path).await;
        let (_, path) = self.chosen("ob-modelo", "10.23").await;
        self.world.pass(SignedDuration::from_mins(41)).await;
        self.see("expired", &path).await;
        let terms = MemberSettings { redeems_on_request: true, ..MemberSettings::default() };
        self.world.agree(terms).await;
        let (id, path) = self.chosen("ob-modelo", "10.23").await;
        let payment = self.world.payment(&id).await;
        self.world.play_payer(&payment, Decision::Approve).await;
        self.see("the shop makes the payment", &path).await;
    }
}

async fn all_pages() -> Vec<(String, String)> {
    let mut album = Album::new().await;
    album.of_choosing().await;
    album.of_token_requests().await;
    album.of_the_approval().await;
    album.of_the_end().await;
    std::mem::take(&mut album.pages)
}

#[tokio::test]
async fn every_page_as_a_person_reads_it() {
    let pages = all_pages().await;
    for (name, html) in &pages {
        assert_refreshes_without_scripts_only(name, html);
        assert_promises_nothing_false(name, html);
    }
    let texts = pages.iter().map(|(name, html)| format!("## {name}\n{}\n", text_of(html)));
    // A text that was seen before is not shown again.
    let mut seen = BTreeMap::new();
    let texts: Vec<String> = texts
        .map(|text| {
            let (name, body) = text.split_once('\n').unwrap();
            let first = seen.entry(body.to_owned()).or_insert_with(|| name.to_owned()).clone();
            if first == name { text } else { format!("{name}\nas {first}\n") }
        })
        .collect();
    insta::assert_snapshot!(texts.join("\n"));
}

/// A browser with JavaScript never reloads by `meta`; a result stays until the payer leaves it.
fn assert_refreshes_without_scripts_only(name: &str, html: &str) {
    let refreshes = html.matches("http-equiv=\"refresh\"").count();
    let without_scripts = html.matches("<noscript><meta http-equiv=\"refresh\"").count();
    assert_eq!(refreshes, without_scripts, "{name}: {html}");
    let goes_on = html.contains("/assets/onward.js");
    assert_eq!(goes_on, refreshes == 1, "{name}: both or none: {html}");
    if html.contains("class=\"sign ") {
        assert!(!goes_on, "{name}: a result stays: {html}");
    }
}

/// Whoever is asked for the bank's password on the page is not told that nobody sees it.
fn assert_promises_nothing_false(name: &str, html: &str) {
    let asks_here = html.contains("/answers\"") || html.contains("asks you some questions");
    if asks_here {
        assert!(!html.contains("see your password"), "{name}: {html}");
        assert!(!html.contains("at your own bank only"), "{name}: {html}");
    }
}

#[tokio::test]
async fn a_bank_that_is_down_is_said_to_be_so() {
    let world = world().await;
    let body: Value = order_of("ob-iron", "10.23");
    let body = with(&body, "initiation.flowType", "FULL_HOSTED_PAGES");
    let path = format!("/session/{}", id(&world.create(&body).await));
    for number in 0..6 {
        world.wire.plan("create-domestic-payment-consent", Fault::NotSent, 9);
        world
            .post(
                "/v2/payments",
                &with(&order_of("ob-iron", "10.23"), "initiation.refId", number.to_string()),
            )
            .await;
    }
    let page = world.page(&path).await.text();
    assert!(page.contains("is currently unavailable. Nothing was paid."), "{page}");
}

impl World {
    /// Puts a payment into another state than it came to.
    async fn put_into(&self, mut payment: Payment) {
        payment.version += 1;
        let step = Step { state: payment, events: vec![], jobs: vec![], cases: vec![] };
        self.app
            .db()
            .transact(step, move |step, tx| {
                let saving = Saving { finishes: None, keeps: None };
                unit(async move { step::update(tx, step, saving).await.map(drop) })
            })
            .await
            .unwrap();
    }
}

/// What a bank sends for a reader is shown as long as it holds together.
#[tokio::test]
async fn a_damaged_code_or_picture_is_said_to_be_so() {
    let valid = "070520829019981A";
    let png = "iVBORw0KGgo=";
    let svg = "PHN2Zz48L3N2Zz4=";
    for (code, picture, shown, damaged) in [
        (Some(valid), None, "data-half-bytes=\"F0FF70500228099189A1\"", false),
        (Some("070520829019981B"), None, "", true),
        (Some("<script>"), None, "", true),
        (None, Some(png), "src=\"data:image/png;base64,iVBORw0KGgo=\"", false),
        (None, Some(svg), "", true),
    ] {
        let mut album = Album::new().await;
        let (id, path) = album.chosen("bg-ahorn", "10.23").await;
        let known = id.parse().unwrap();
        let payment = gateway::payments::open_by_link(&album.world.app, &known).await.unwrap();
        let Some(Authorisation::AwaitingCredentials { mut challenge, opened }) =
            payment.state.approving().cloned()
        else {
            panic!("{:?}", payment.state)
        };
        challenge.flicker_code = code.map(str::to_owned);
        challenge.image_base64 = picture.map(str::to_owned);
        let asked = State::Approving(Authorisation::AwaitingCredentials { challenge, opened });
        album.world.put_into(Payment { state: asked, ..payment }).await;
        let page = album.world.page(&path).await.text();
        assert!(page.contains(shown), "{code:?} {picture:?}: {page}");
        assert_eq!(page.contains("is damaged, so we do not show it"), damaged, "{page}");
        assert_eq!(page.contains("<canvas") || page.contains("<img"), !damaged, "{page}");
        assert!(!page.contains("<script>"), "{page}");
    }
}
