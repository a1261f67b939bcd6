//! Token requests on the hosted pages: `/app/request-token/{tokenRequestId}` (v1) and
//! `/session/{tokenRequestId}` (v2).

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::payer::unescaped;
use crate::support::{Answer, Decision, HOOKS_URL, INSTRUCTIONS, World, id, with, without, worlds};
use crate::v1_way_back::way_back;

pub fn v1(request: &str) -> String {
    format!("/app/request-token/{request}")
}

pub fn v2(request: &str) -> String {
    format!("/session/{request}")
}

/// The banks of a picker.
fn banks(page: &str) -> Vec<String> {
    let rows = page.split("name=\"bank-id\" value=\"").skip(1);
    rows.map(|row| row.split('"').next().unwrap().to_owned()).collect()
}

impl World {
    /// A token request whose payer chooses the bank.
    pub fn open_request(&self) -> Value {
        without(&self.token_request(), "requestOptions.bankId")
    }

    /// One in euro to a payee in Germany.
    pub fn euro_request(&self) -> Value {
        let payee = json!({ "transferDestinations": [{
            "sepa": { "iban": "DE02120300000000202051" },
            "customerData": { "legalNames": ["Customer Inc."] } }] });
        without(&self.token_request_of("-", "EUR", payee), "requestOptions.bankId")
    }

    /// Submits a form and follows where it leads, within the pages.
    pub async fn submit_and_follow(&self, path: &str, fields: &[(&str, &str)]) -> (String, Answer) {
        let answer = self.submit(path, fields).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.text());
        let at = answer.header("location").to_owned();
        let page = self.page(&at).await;
        (at, page)
    }

    async fn all_payments(&self) -> Vec<Value> {
        self.get("/v2/payments").await.json()["payments"].as_array().unwrap().clone()
    }

    pub async fn only_payment(&self) -> Value {
        let payments = self.all_payments().await;
        assert_eq!(payments.len(), 1, "{payments:?}");
        payments[0].clone()
    }

    /// The payer approves or declines at the bank and returns; the page that is seen at the end.
    pub async fn decide_at_bank(&self, decision: Decision) -> String {
        let payment = self.only_payment().await;
        self.play_payer(&payment, decision).await;
        self.half_a_minute().await;
        self.page(&format!("/session/{}", id(&payment))).await.text()
    }
}

/// GUIDE, "Redirect integration (HP v1)".
#[tokio::test]
async fn redirect_integration_with_hosted_pages_v1() {
    for world in worlds().await {
        // 1. The TPP creates the request with POST /token-requests and gets its id.
        let request = id(&world.store(&world.open_request()).await);
        // 2. The TPP redirects the user to {{base-url}}/app/request-token/{tokenRequestId}.
        let page = world.page(&format!("{}?lang=en&country=GB", v1(&request))).await;
        // 3. Bank selection is displayed, and the user selects the bank.
        assert_eq!(page.status, 200, "{}", page.text());
        assert!(page.text().contains("Choose your bank"), "{}", page.text());
        let chosen = [("bank-id", "ob-modelo")];
        let (at, page) = world.submit_and_follow(&v1(&request), &chosen).await;
        // 4. Consent is requested from the user, with everything that is to be paid.
        let text = page.text();
        for shown in
            ["£10.23", "Customer Inc.", "12-34-56 12345678", "Sweepco", "Order 1001", "Modelo"]
        {
            assert!(text.contains(shown), "{shown}: {text}");
        }
        assert!(text.contains("value=\"accept\"") && text.contains("value=\"decline\""), "{text}");
        assert_eq!(world.all_payments().await.len(), 0, "nothing has gone to the bank yet");
        assert_eq!(world.result(&request).await["status"], "PENDING");
        // The user consents; Accept initiates the redirect to the bank.
        let accept = [("bank-id", "ob-modelo"), ("decision", "accept")];
        let (leaving, page) = world.submit_and_follow(&v1(&request), &accept).await;
        assert!(leaving.ends_with("/leave"), "{leaving}");
        assert!(page.text().contains("Taking you to"), "{}", page.text());
        assert!(at.contains("?bank-id=ob-modelo"), "{at}");
        // 5. The user completes authorization with the bank.
        let text = world.decide_at_bank(Decision::Approve).await;
        assert!(text.contains("Payment successful"), "{text}");
        let back = way_back(&text);
        // 6. The payment status: the result has the transfer, and the transfer its status.
        let result = world.result(&request).await;
        assert_eq!(result["status"], "PROCESSED");
        assert_eq!(back["request-id"], request);
        assert_eq!(back["token-id"], result["tokenId"].as_str().unwrap());
        assert_eq!(back["transfer-id"], result["transferId"].as_str().unwrap());
        assert_eq!(
            (back["transfer-status"].as_str(), back["state"].as_str()),
            ("SUCCESS", "state-1")
        );
        assert!(!back.contains_key("error") && !back.contains_key("payment-id"), "{back:?}");
        let transfer = world.get(&format!("/transfers/{}", back["transfer-id"])).await.json();
        assert_eq!(transfer["transfer"]["status"], "SUCCESS", "{transfer}");
    }
}

/// GUIDE, "Redirect integration (HP v2)".
#[tokio::test]
async fn redirect_integration_with_hosted_pages_v2() {
    for world in worlds().await {
        // 1. POST /token-requests; then the TPP redirects the user to /session/{tokenRequestId}.
        let request = id(&world.store(&world.open_request()).await);
        // 2. Bank selection; by selecting the bank the user consents.
        let page = world.page(&v2(&request)).await.text();
        assert!(page.contains("Choose your bank"), "{page}");
        // 3. The user is redirected to the bank.
        let (at, page) = world.submit_and_follow(&v2(&request), &[("bank-id", "ob-modelo")]).await;
        assert!(at.ends_with("/leave"), "{at}");
        assert!(page.text().contains("Taking you to"), "{}", page.text());
        // 4. The user authorizes at the bank, and returns over us.
        let text = world.decide_at_bank(Decision::Approve).await;
        // 5. The TPP consumes the callback.
        let back = way_back(&text);
        assert_eq!(back["transfer-status"], "SUCCESS");
        // 6. Without webhooks: the result has the transfer's id, and the transfer its status.
        let result = world.result(&request).await;
        let transfer = result["transferId"].as_str().unwrap();
        assert_eq!(back["transfer-id"], transfer);
        let transfer = world.get(&format!("/transfers/{transfer}")).await.json();
        assert_eq!(transfer["transfer"]["status"], "SUCCESS", "{transfer}");
    }
}

/// GUIDE, "Embedded (modal) integration", as far as it concerns the server: the modal's pages are
/// those of v2, and the status comes in a webhook.
#[tokio::test]
async fn embedded_modal_integration() {
    for world in worlds().await {
        let config = json!({ "config": { "type": ["TRANSFER_STATUS_CHANGED"], "url": HOOKS_URL } });
        assert_eq!(world.put("/webhook/config", &config).await.status, 200);
        // 1, 2. The user selects "Pay by Bank"; the TPP creates the token request. It owns the bank
        // selection, and names the bank.
        let request = id(&world.store(&world.token_request()).await);
        // 3, 4. The modal loads the hosted pages with the token request's id.
        let page = world.page(&v2(&request)).await.text();
        // 5. The bank is chosen already, and cannot be changed.
        assert!(page.contains("Pay with") && !page.contains("another bank"), "{page}");
        let (at, _) = world.submit_and_follow(&v2(&request), &[("bank-id", "ob-iron")]).await;
        // 6. The user is redirected to the bank: the one that the TPP named.
        assert!(at.ends_with("/leave"), "{at}");
        assert_eq!(world.only_payment().await["initiation"]["bankId"], "ob-modelo");
        // 7. The user authorizes there and returns.
        let text = world.decide_at_bank(Decision::Approve).await;
        // 8. The TPP consumes the callback.
        let back = way_back(&text);
        assert_eq!((back["request-id"].as_str(), back.get("error")), (request.as_str(), None));
        // 9. The status comes in a webhook, and GET /transfers says the same.
        let hooks = world.wire.hooks();
        let last = hooks.last().unwrap().json();
        assert_eq!(last["transferStatusChanged"]["transferId"], back["transfer-id"], "{last}");
        assert_eq!(last["transferStatusChanged"]["status"], "SUCCESS", "{last}");
        let transfer = world.get(&format!("/transfers/{}", back["transfer-id"])).await.json();
        assert_eq!(transfer["transfer"]["status"], "SUCCESS", "{transfer}");
    }
}

#[tokio::test]
async fn declining_leads_back_to_the_shop_and_rejects_the_token_request() {
    for world in worlds().await {
        let request = id(&world.store(&world.open_request()).await);
        let decline = [("bank-id", "ob-modelo"), ("decision", "decline")];
        let (_, page) = world.submit_and_follow(&v1(&request), &decline).await;
        assert!(page.text().contains("Taking you back to the shop"), "{}", page.text());
        let back = way_back(&page.text());
        let told = |name: &str| back[name].as_str();
        assert_eq!(told("request-id"), request);
        assert_eq!((told("error"), told("state")), ("access_denied", "state-1"));
        assert_eq!(told("message"), "The payer declined the payment.");
        assert!(!back.contains_key("token-id"), "{back:?}");
        let result = world.result(&request).await;
        assert_eq!((&result["status"], &result["tokenId"]), (&json!("REJECTED"), &Value::Null));
        // Nothing restores it: neither the pages, nor Accept, nor the member.
        let page = world.page(&v1(&request)).await.text();
        assert!(page.contains("You have declined this payment"), "{page}");
        let accept = [("bank-id", "ob-modelo"), ("decision", "accept")];
        let (_, page) = world.submit_and_follow(&v1(&request), &accept).await;
        assert!(page.text().contains("Payment declined"), "{}", page.text());
        assert_eq!(world.submit(&v1(&request), &decline).await.status, 303);
        assert_eq!(world.all_payments().await.len(), 0);
        world.pass(SignedDuration::from_mins(60)).await;
        assert_eq!(world.result(&request).await["status"], "REJECTED");
    }
}

#[tokio::test]
async fn the_member_cannot_authorise_what_the_payer_has_declined() {
    for world in worlds().await {
        let request = id(&world.store(&world.token_request()).await);
        world.submit(&v1(&request), &[("decision", "decline")]).await;
        let answer = world.authorize(&request, &json!({})).await;
        let message = "the payer has declined the token request: create a new one.";
        let error = &answer.json()["error"];
        assert_eq!((answer.status, &error["message"]), (400, &json!(message)));
    }
}

#[tokio::test]
async fn the_bank_can_be_changed_until_the_payer_has_accepted() {
    for world in worlds().await {
        let request = id(&world.store(&world.open_request()).await);
        let (_, page) = world.submit_and_follow(&v1(&request), &[("bank-id", "ob-iron")]).await;
        let change = format!("{}?change=1", v1(&request));
        assert!(page.text().contains(&change), "{}", page.text());
        let page = world.page(&change).await.text();
        assert!(page.contains("Choose your bank"), "{page}");
        world.submit(&v1(&request), &[("bank-id", "ob-modelo")]).await;
        let accept = [("bank-id", "ob-modelo"), ("decision", "accept")];
        world.submit(&v1(&request), &accept).await;
        let payment = world.only_payment().await;
        assert_eq!(payment["initiation"]["bankId"], "ob-modelo");
        // The accepted request is a payment at that bank.
        let page = world.page(&format!("/session/{}", id(&payment))).await.text();
        assert!(!page.contains("another bank"), "{page}");
    }
}

#[tokio::test]
async fn in_v2_the_bank_can_be_changed_until_the_payer_has_approved() {
    for world in worlds().await {
        let request = id(&world.store(&world.open_request()).await);
        world.submit(&v2(&request), &[("bank-id", "ob-iron")]).await;
        let payment = world.only_payment().await;
        let path = format!("/session/{}", id(&payment));
        assert!(world.page(&path).await.text().contains("another bank"));
        world.submit(&path, &[("bank-id", "ob-modelo")]).await;
        let text = world.decide_at_bank(Decision::Approve).await;
        assert_eq!(way_back(&text)["transfer-status"], "SUCCESS");
        assert_eq!(world.result(&request).await["bankId"], "ob-modelo");
    }
}

#[tokio::test]
async fn double_clicks_reloads_tabs_and_going_back_make_one_payment() {
    for world in worlds().await {
        let request = id(&world.store(&world.open_request()).await);
        // Two tabs, of both kinds, and two clicks at the same moment.
        for path in [v1(&request), v2(&request), v1(&request)] {
            assert_eq!(world.page(&path).await.status, 200);
        }
        let accept = [("bank-id", "ob-modelo"), ("decision", "accept")];
        let path = v1(&request);
        let (one, two) = tokio::join!(world.submit(&path, &accept), world.submit(&path, &accept));
        assert_eq!((one.status, two.status), (303, 303), "{} {}", one.text(), two.text());
        let payment = id(&world.only_payment().await);
        for answer in [&one, &two] {
            let there = answer.header("location");
            assert!(there.starts_with(&format!("/session/{payment}")), "{there}");
        }
        // Going back, reloading, choosing in the other tab: all lead to the same payment.
        for path in [v1(&request), v2(&request), format!("{}?bank-id=ob-iron", v1(&request))] {
            let page = world.page(&path).await;
            assert_eq!(page.header("location"), format!("/session/{payment}"), "{path}");
        }
        for fields in [&accept[..], &[("bank-id", "ob-iron")], &[("decision", "decline")]] {
            assert_eq!(world.submit(&v1(&request), fields).await.status, 303);
        }
        assert_eq!(world.only_payment().await["initiation"]["bankId"], "ob-modelo");
        let result = world.result(&request).await;
        assert_eq!(result["status"], "PENDING", "{result}");
    }
}

#[tokio::test]
async fn the_countries_of_the_request_limit_the_banks_that_are_offered() {
    for world in worlds().await {
        let all =
            banks(&world.page(&v2(&id(&world.store(&world.euro_request()).await))).await.text());
        let two = with(&world.euro_request(), "requestPayload.countries", json!(["DE", "NL"]));
        let two = id(&world.store(&with(&two, "requestPayload.refId", "ORDER-2")).await);
        let text = world.page(&format!("{}?country=nl", v1(&two))).await.text();
        assert!(text.contains("<option value=\"NL\" selected>"), "{text}");
        assert_eq!(banks(&text), ["bg-tulp"], "the payer can change it: {text}");
        let german = with(&world.euro_request(), "requestPayload.countries", json!(["DE"]));
        let german = with(&german, "requestPayload.refId", "ORDER-DE");
        let request = id(&world.store(&german).await);
        for path in [v1(&request), v2(&request)] {
            let offered = banks(&world.page(&path).await.text());
            assert!(offered.contains(&"bg-linden".to_owned()), "{offered:?}");
            assert!(!offered.contains(&"bg-tulp".to_owned()), "{offered:?}");
            assert!(offered.len() < all.len() && all.contains(&"bg-tulp".to_owned()), "{all:?}");
            let text = world.page(&format!("{path}?lang=de&country=de")).await.text();
            assert!(!text.contains("All countries"), "there is one country: {text}");
            // One can search; a country that is not among them preselects nothing.
            let found = world.page(&format!("{path}?search=ahorn&country=NL")).await.text();
            assert_eq!(banks(&found), ["bg-ahorn"], "{found}");
        }
        // A form that names another bank is answered with the choice again, now and later.
        let page = world.submit(&v2(&request), &[("bank-id", "bg-tulp")]).await;
        assert!(page.text().contains("Please choose another"), "{}", page.text());
        assert_eq!(world.all_payments().await.len(), 0);
        let fields = [("bank-id", "bg-ahorn"), ("account", "DE32370400440000001036")];
        world.submit(&v2(&request), &fields).await;
        let payment = world.only_payment().await;
        let again = format!("/session/{}?change=1", id(&payment));
        assert!(!world.page(&again).await.text().contains("bg-tulp"));
    }
}

#[tokio::test]
async fn a_bank_that_wants_the_payers_account_is_told_it_on_the_pages() {
    for world in worlds().await {
        let request = id(&world.store(&world.euro_request()).await);
        let accept = [("bank-id", "bg-linden"), ("decision", "accept")];
        let page = world.submit(&v1(&request), &accept).await.text();
        assert!(page.contains("IBAN of the account that pays"), "{page}");
        assert!(page.contains("name=\"decision\" value=\"accept\""), "{page}");
        let wrong = [accept[0], accept[1], ("account", "DE00 1234")];
        let page = world.submit(&v1(&request), &wrong).await.text();
        assert!(page.contains("not a valid IBAN"), "{page}");
        assert_eq!(world.all_payments().await.len(), 0);
        let right = [accept[0], accept[1], ("account", "DE65 7002 0270 0000 0010 08")];
        let (at, _) = world.submit_and_follow(&v1(&request), &right).await;
        assert!(at.ends_with("/leave"), "{at}");
        let text = world.decide_at_bank(Decision::Approve).await;
        assert_eq!(way_back(&text)["transfer-status"], "SUCCESS");
    }
}

#[tokio::test]
async fn questions_are_asked_on_the_pages_as_in_v2() {
    for world in worlds().await {
        let request = id(&world.store(&world.euro_request()).await);
        let account = "DE32370400440000001036";
        let fields = [("bank-id", "bg-ahorn"), ("decision", "accept"), ("account", account)];
        let (at, _) = world.submit_and_follow(&v1(&request), &fields).await;
        let answers = format!("{at}/answers");
        // User name, password, method, code: at most so many rounds.
        for _ in 0..6 {
            let html = world.page_of_questions(&at).await;
            let Some(name) = html.split("required").next().and_then(|before| {
                before.rsplit("name=\"").next().and_then(|rest| rest.split('"').next())
            }) else {
                break;
            };
            if !html.contains("Approve with") {
                break;
            }
            let option = html.split("name=\"").find(|field| field.contains("type=\"radio\""));
            let value = html.split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
            let value = value.filter(|_| option.is_some() || html.contains("type=\"radio\""));
            let answer = world.answer_of("bg-ahorn", name, value.map(unescaped).as_deref()).await;
            world.submit(&answers, &[(name, &answer)]).await;
        }
        world.half_a_minute().await;
        let back = way_back(&world.page(&at).await.text());
        assert_eq!(back["transfer-status"], "SUCCESS", "{back:?}");
        assert_eq!(world.result(&request).await["status"], "PROCESSED");
    }
}

#[tokio::test]
async fn the_banks_app_is_waited_for_as_in_v2() {
    for world in worlds().await {
        let request = id(&world.store(&world.euro_request()).await);
        let account = "FR7610207000010000000209972";
        let fields = [("bank-id", "stet-saule"), ("decision", "accept"), ("account", account)];
        let (at, page) = world.submit_and_follow(&v1(&request), &fields).await;
        assert!(unescaped(&page.text()).contains("Confirm in your bank's app"), "{}", page.text());
        let text = world.decide_at_bank(Decision::Approve).await;
        assert_eq!(way_back(&text)["transfer-status"], "SUCCESS", "{at}");
    }
}

#[tokio::test]
async fn a_link_that_nobody_opens_ends_after_twenty_minutes() {
    for world in worlds().await {
        let request = id(&world.store(&world.open_request()).await);
        world.pass(SignedDuration::from_mins(20)).await;
        for path in [v1(&request), v2(&request)] {
            let page = world.page(&path).await;
            assert!(page.text().contains("Payment expired"), "{}", page.text());
            let back = way_back(&page.text());
            assert_eq!(back["error"], "access_denied");
            assert_eq!(back["message"], "The token request has expired.");
        }
        let accept = [("bank-id", "ob-modelo"), ("decision", "accept")];
        assert_eq!(world.submit(&v1(&request), &accept).await.header("location"), v1(&request));
        assert_eq!(world.all_payments().await.len(), 0);
        assert_eq!(world.result(&request).await["status"], "EXPIRED");
    }
}

#[tokio::test]
async fn a_payer_who_came_in_time_has_twenty_minutes_more_and_thirty_at_the_bank() {
    for world in worlds().await {
        let request = id(&world.store(&world.open_request()).await);
        world.pass(SignedDuration::from_mins(19)).await;
        assert_eq!(world.page(&v1(&request)).await.status, 200);
        world.pass(SignedDuration::from_mins(19)).await;
        // Looking again is no activity that gives more time.
        assert!(world.page(&v1(&request)).await.text().contains("Choose your bank"));
        let accept = [("bank-id", "ob-modelo"), ("decision", "accept")];
        world.submit(&v1(&request), &accept).await;
        let payment = id(&world.only_payment().await);
        world.pass(SignedDuration::from_mins(29)).await;
        assert_eq!(world.status(&payment).await, "INITIATION_PENDING_REDIRECT_AUTH");
        world.pass(SignedDuration::from_mins(1)).await;
        assert_eq!(world.status(&payment).await, "INITIATION_EXPIRED");
        assert_eq!(world.result(&request).await["status"], "EXPIRED");
        let page = world.page(&format!("/session/{payment}")).await.text();
        assert!(page.contains("Payment expired"), "{page}");
        assert_eq!(way_back(&page)["error"], "access_denied");
    }
}

#[tokio::test]
async fn a_finished_request_shows_its_end_and_an_unknown_one_says_so() {
    for world in worlds().await {
        let request = id(&world.store(&world.open_request()).await);
        world.submit(&v2(&request), &[("bank-id", "ob-modelo")]).await;
        world.decide_at_bank(Decision::Approve).await;
        let there = world.page(&v1(&request)).await.header("location").to_owned();
        let page = world.page(&there).await.text();
        assert!(page.contains("Payment successful") && page.contains("Back to the shop"), "{page}");
        for path in ["rq:unknown:5zKtXEAq", "rq:", "m:1:x", "%ff"] {
            for page in [v1(path), v2(path)] {
                let answer = world.page(&page).await;
                assert_eq!(answer.status, 404, "{page}");
                assert!(answer.text().contains("This payment does not exist"), "{page}");
                assert_eq!(world.submit(&page, &[("decision", "accept")]).await.status, 404);
            }
        }
    }
}

#[tokio::test]
async fn the_members_own_flow_goes_on_on_our_pages() {
    for world in worlds().await {
        // The member has started with the API; its payer still opens the link.
        let request = id(&world.store(&world.token_request()).await);
        world.authorize(&request, &json!({})).await;
        let payment = id(&world.only_payment().await);
        let page = world.page(&v1(&request)).await;
        assert_eq!(page.header("location"), format!("/session/{payment}"));
        // And looked at first, it can still be authorised by the API.
        let body = with(&world.token_request(), "requestPayload.refId", "ORDER-2");
        let request = id(&world.store(&body).await);
        world.page(&v1(&request)).await;
        assert!(world.authorize(&request, &json!({})).await.json()["redirectUrl"].is_string());
    }
}

#[tokio::test]
async fn of_several_destinations_the_first_that_the_bank_pays_to_is_paid() {
    for world in worlds().await {
        let name = json!({ "legalNames": ["Customer Inc."] });
        let payees = json!({ "transferDestinations": [
            { "sepaInstant": { "iban": "DE02120300000000202051" }, "customerData": name },
            { "sepa": { "iban": "DE02120300000000202051" }, "customerData": name },
            { "elixir": { "accountNumber": "61109010140000071219812874" }, "customerData": name },
        ]});
        let all = with(&world.euro_request(), INSTRUCTIONS, payees.clone());
        // A malformed destination is refused at any place; one in another currency is left out.
        let place = format!("{INSTRUCTIONS}.transferDestinations[1].sepa.iban");
        let mut wrong = payees;
        wrong["transferDestinations"][1]["sepa"]["iban"] = json!("DE00");
        let answer = world.post("/token-requests", &with(&all, INSTRUCTIONS, wrong)).await;
        let path = answer.json()["error"]["paths"][0].clone();
        assert_eq!((answer.status, path), (400, json!(place)), "{}", answer.text());
        for (bank, account, rail) in [
            ("bg-eiche", "AT672011100000001092", "SEPA"),
            ("bg-linden", "DE65700202700000001008", "SEPA_INSTANT"),
        ] {
            let request = id(&world.store(&with(&all, "requestPayload.refId", bank)).await);
            let page = world.page(&v1(&request)).await.text();
            assert!(banks(&page).contains(&bank.to_owned()), "{page}");
            let fields = [("bank-id", bank), ("decision", "accept"), ("account", account)];
            world.submit(&v1(&request), &fields).await;
            let payments = world.all_payments().await;
            let one = payments.iter().find(|one| one["initiation"]["refId"] == bank).unwrap();
            assert_eq!(one["initiation"]["localInstrument"], rail, "{bank}");
        }
    }
}
