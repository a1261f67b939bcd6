//! `/callback`: who returns from the bank, with which browser, and where it continues.

use std::collections::BTreeMap;

use domain::payment::Stage;
use serde_json::{Value, json};

use crate::scenarios::usual_order;
use crate::support::payer::BankReturn;
use crate::support::{Answer, Decision, Fault, PUBLIC_URL, World, id, with, world, worlds};

/// Banks whose answers return in the fragment, in a form, and in the query.
const BANKS: [&str; 3] = ["ob-modelo", "ob-iron", "ob-onyx"];
const SHOP: &str = "https://shop.example/return?";
const ARRIVED: &str = "/callback/arrived";

impl World {
    /// A payment on our pages whose payer has chosen the bank.
    async fn hosted_at(&self, bank: &str, flow: &str) -> (String, Value) {
        let body = with(&usual_order(bank), "initiation.flowType", flow);
        let payment = self.create(&body).await;
        let id = id(&payment);
        if flow != "API_ONLY" && flow != "EMBEDDED_HOSTED_PAGES" {
            let path = format!("/session/{id}");
            let chosen = self.submit(&path, &[("bank-id", bank)]).await;
            assert_eq!(chosen.header("location"), format!("{path}/leave"));
            self.page(&format!("{path}/leave")).await;
        }
        (id.clone(), self.payment(&id).await)
    }

    /// The payer approves; what the bank gives the browser.
    async fn approves(&self, payment: &Value, bank: &str) -> Back {
        let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
        match bank {
            "ob-onyx" => Back::Address(self.walk_pages(url, Decision::Approve).await),
            _ => Back::Form(self.visit_bank(url, Decision::Approve).await),
        }
    }

    /// The browser returns, and follows where it is led within the gateway: the last answer, or
    /// the address of another site.
    async fn comes_back(&self, back: &Back) -> Result<Answer, String> {
        let answer = match back {
            Back::Address(path) => self.page(path).await,
            Back::Form(form) => self.return_to_gateway(form).await,
        };
        let mut at = match answer.json()["location"].as_str() {
            Some(location) => location.to_owned(),
            None => {
                assert_eq!(answer.status, 303, "{}", answer.text());
                answer.header("location").to_owned()
            }
        };
        for _ in 0..4 {
            let Some(path) = at.strip_prefix(PUBLIC_URL).or(Some(at.as_str())) else { break };
            if !path.starts_with('/') {
                return Err(at);
            }
            let answer = self.page(path).await;
            if answer.status != 303 {
                return Ok(answer);
            }
            at = answer.header("location").to_owned();
        }
        panic!("no end of redirects: {at}")
    }
}

enum Back {
    Address(String),
    Form(BankReturn),
}

/// The page says nothing of the payment, and leads nowhere near it.
fn assert_neutral(page: &Answer, id: &str, what: &str) {
    let text = page.text();
    assert_eq!(page.status, 200, "{what}: {text}");
    assert!(text.contains("Your bank has answered"), "{what}: {text}");
    let core = id.split(':').nth(1).unwrap();
    for secret in
        ["10.23", "Customer Inc.", "Sweepco", "shop.example", core, "bascule-visit", "<form"]
    {
        assert!(!text.contains(secret), "{what}: {secret}: {text}");
    }
    assert!(page.headers.get("set-cookie").is_none(), "{what}");
}

#[tokio::test]
async fn only_the_browser_that_left_sees_the_payment_again() {
    for world in worlds().await {
        for bank in BANKS {
            for flow in ["FULL_HOSTED_PAGES", "PAY_BY_LINK_HOSTED_PAGES"] {
                for stranger_first in [true, false] {
                    let what = format!("{}: {bank} {flow} {stranger_first}", world.name);
                    let (id, payment) = world.hosted_at(bank, flow).await;
                    let back = world.approves(&payment, bank).await;
                    let mine = world.change_browser(BTreeMap::new());
                    let (mut mine, mut theirs) = (mine, BTreeMap::new());
                    for stranger in [stranger_first, !stranger_first] {
                        let cookies = if stranger { &mut theirs } else { &mut mine };
                        world.change_browser(std::mem::take(cookies));
                        let page = world.comes_back(&back).await.unwrap();
                        if stranger {
                            assert_neutral(&page, &id, &what);
                        } else {
                            assert!(page.text().contains("Customer Inc."), "{what}");
                        }
                        *cookies = world.change_browser(BTreeMap::new());
                        world.half_a_minute().await;
                        // The bank's answer decides, in either order of arrival.
                        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED", "{what}");
                    }
                    assert_eq!(world.posted_and_executed(&id).await, (1, 1), "{what}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_browser_knows_its_own_payments_alone() {
    let world = world().await;
    let (first, payment) = world.hosted_at("ob-onyx", "FULL_HOSTED_PAGES").await;
    let back = world.approves(&payment, "ob-onyx").await;
    let own = world.change_browser(BTreeMap::new());
    let (second, _) = world.hosted_at("ob-onyx", "FULL_HOSTED_PAGES").await;
    let name = |id: &str| format!("bascule-left-{}", id.split(':').nth(1).unwrap());
    let other = world.change_browser(BTreeMap::new());
    // Another payment's cookie, also under this one's name; nothing; what anybody can guess.
    for forged in [
        other.clone(),
        BTreeMap::from([(name(&first), other[&name(&second)].clone())]),
        BTreeMap::from([(name(&first), String::new())]),
        BTreeMap::from([(name(&first), world.app.visit_token(&first))]),
    ] {
        world.change_browser(forged);
        let page = world.comes_back(&back).await.unwrap();
        assert_neutral(&page, &first, "forged");
    }
    world.change_browser(own);
    let page = world.comes_back(&back).await.unwrap();
    assert!(page.text().contains("Customer Inc."), "{}", page.text());
}

#[tokio::test]
async fn the_cookie_is_narrow_short_and_unreadable_for_scripts() {
    for (public_url, secure) in [(PUBLIC_URL, false), ("https://pay.example", true)] {
        for world in
            crate::support::worlds_with(|settings| public_url.clone_into(&mut settings.public_url))
                .await
        {
            let (id, _) = world.hosted_at("ob-onyx", "FULL_HOSTED_PAGES").await;
            for path in [format!("/session/{id}"), format!("/session/{id}/leave")] {
                let cookie = world.page(&path).await.header("set-cookie").to_owned();
                let end = "; Path=/callback; Max-Age=3600; HttpOnly; SameSite=Lax";
                let end = if secure { format!("{end}; Secure") } else { end.to_owned() };
                assert!(cookie.ends_with(&end), "{path}: {cookie}");
            }
        }
    }
}

#[tokio::test]
async fn an_address_that_somebody_made_up_says_nothing() {
    let world = world().await;
    for path in [
        ARRIVED.to_owned(),
        format!("{ARRIVED}?at=x"),
        format!("{ARRIVED}?at={}", "A".repeat(4_000)),
        format!("{ARRIVED}?at=%00"),
        format!("{ARRIVED}?at=1&at=2"),
    ] {
        let answer = world.page(&path).await;
        assert!([200, 303, 400].contains(&answer.status), "{path}: {}", answer.text());
        if answer.status == 303 {
            assert_eq!(answer.header("location"), ARRIVED, "{path}");
        }
    }
}

/// The member sent the payer to the bank: only the member knows whose browser it is.
#[tokio::test]
async fn a_payer_whom_the_member_leads_goes_on_to_the_member_at_once() {
    for bank in BANKS {
        for flow in ["API_ONLY", "EMBEDDED_HOSTED_PAGES"] {
            // Each world releases held exchanges once.
            let world = world().await;
            let (id, payment) = world.hosted_at(bank, flow).await;
            let back = world.approves(&payment, bank).await;
            // The bank's token endpoint is slow, and the clock does not move.
            world.wire.plan("exchange-code", Fault::HeldBefore, 1);
            let shop = world.comes_back(&back).await.unwrap_err();
            assert!(shop.starts_with(SHOP), "{bank} {flow}: {shop}");
            assert!(shop.contains(&format!("payment-id={}", id.replace(':', "%3A"))), "{shop}");
            assert!(!shop.contains("error"), "{bank} {flow}: {shop}");
            world.wire.until_held().await;
            let known = id.parse().unwrap();
            let pending = gateway::payments::open_by_link(&world.app, &known).await.unwrap();
            assert_eq!(pending.stage(), Stage::VerifyingReturn, "{bank} {flow}");
            world.wire.release();
            world.half_a_minute().await;
            assert_eq!(world.status(&id).await, "INITIATION_COMPLETED", "{bank} {flow}");
        }
    }
}

#[tokio::test]
async fn a_form_of_the_banks_page_is_answered_without_a_page() {
    let world = world().await;
    let (_, payment) = world.hosted_at("ob-iron", "API_ONLY").await;
    let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
    let back = world.visit_bank(url, Decision::Approve).await;
    assert!(back.posted);
    let answer = world.return_to_gateway(&back).await;
    assert_eq!((answer.status, answer.text().as_str()), (303, ""));
    assert!(answer.header("location").starts_with(SHOP), "{}", answer.header("location"));
    assert_eq!(answer.json(), json!(null));
}

/// Banks that append `&code=…` where `?` belongs, or a second `?`.
#[tokio::test]
async fn a_return_with_the_wrong_separator_is_understood() {
    for world in worlds().await {
        for bank in ["ob-onyx", "stet-hetre"] {
            for form in ["second ?", "& for ?"] {
                let (id, payment) = world.hosted_at(bank, "API_ONLY").await;
                let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
                let address = world.walk_pages(url, Decision::Approve).await;
                let at = address.find("/callback?").unwrap_or_else(|| panic!("{address}"));
                let path = match form {
                    "& for ?" => address[at..].replacen('?', "&", 1),
                    _ => address[at..].replacen('&', "?", 1),
                };
                let mut answer = world.page(&path).await;
                if form == "& for ?" {
                    assert_eq!(answer.status, 307, "{}", answer.text());
                    let there = answer.header("location").to_owned();
                    assert!(there.starts_with("/callback?"), "{there}");
                    answer = world.page(&there).await;
                }
                assert_eq!(answer.status, 303, "{bank} {form}: {path}");
                assert!(answer.header("location").starts_with(SHOP), "{bank} {form}");
                world.half_a_minute().await;
                assert_eq!(world.status(&id).await, "INITIATION_COMPLETED", "{bank} {form}");
            }
        }
    }
}

/// The parameters that we append: with and without a query and a fragment, and to an app's own scheme.
#[tokio::test]
async fn the_members_address_keeps_its_query_and_fragment() {
    for world in worlds().await {
        for (address, expected) in [
            ("https://shop.example/return", "https://shop.example/return?MORE"),
            ("https://shop.example/return?", "https://shop.example/return?MORE"),
            ("https://shop.example/return?cart=7", "https://shop.example/return?cart=7&MORE"),
            ("https://shop.example/return#top", "https://shop.example/return?MORE#top"),
            ("https://shop.example/r?a=b%26c#top", "https://shop.example/r?a=b%26c&MORE#top"),
            ("https://shop.example", "https://shop.example/?MORE"),
            ("shop-app://paid", "shop-app://paid?MORE"),
        ] {
            let body = with(&usual_order("ob-onyx"), "initiation.callbackUrl", address);
            let body = with(&body, "initiation.callbackState", "s");
            let payment = world.create(&body).await;
            let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
            let back = world.walk_pages(url, Decision::Approve).await;
            let answer = world.page(&back).await;
            let (member, id) = (world.member.id.as_str(), id(&payment));
            let more = format!("member-id={member}&payment-id={id}&state=s").replace(':', "%3A");
            assert_eq!(answer.header("location"), expected.replace("MORE", &more), "{address}");
        }
    }
}
