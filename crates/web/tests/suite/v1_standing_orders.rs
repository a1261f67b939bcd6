//! Standing orders of payments v1: from `POST /token-requests` with `standingOrderBody` up to
//! `/standing-order-submissions` and the webhook, at every standard.

use jiff::SignedDuration;
use serde_json::{Value, json};
use store::members::MemberSettings;

use crate::support::{Decision, HOOKS_URL, World, assert_error, id, with, without, worlds};

const BODY: &str = "requestPayload.standingOrderBody";
const SUBMISSIONS: &str = "/standing-order-submissions";
/// Every simulated bank that has standing orders.
pub const BANKS: [&str; 14] = [
    "ob-modelo",
    "ob-iron",
    "ob-onyx",
    "ob-quartz",
    "ob-slate",
    "bg-linden",
    "bg-ahorn",
    "bg-stejar",
    "stet-chene",
    "stet-hetre",
    "stet-saule",
    "pl-dab",
    "pl-brzoza",
    "pl-sosna",
];

impl World {
    async fn subscribe_to_standing_orders(&self) {
        let types = ["STANDING_ORDER_STATUS_CHANGED", "PAYMENT_STATUS_CHANGED"];
        let config = json!({ "config": { "type": types, "url": HOOKS_URL } });
        assert_eq!(self.put("/webhook/config", &config).await.status, 200);
    }

    async fn result_of(&self, request: &str) -> Value {
        self.get(&format!("/token-requests/{request}/result")).await.json()
    }

    async fn submission(&self, id: &str) -> Value {
        let answer = self.get(&format!("{SUBMISSIONS}/{id}")).await;
        assert_eq!(answer.status, 200, "{}: {}", self.name, answer.text());
        answer.json()["submission"].clone()
    }

    /// The statuses that webhooks reported of the standing order.
    fn told_of(&self, submission: &str) -> Vec<String> {
        let hooks = self.wire.hooks();
        let told = hooks.iter().map(|hook| hook.json()["standingOrderStatusChanged"].clone());
        told.filter(|told| told["standingOrderSubmissionId"] == submission)
            .map(|told| told["status"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A standing order that the payer has approved, and everything that is due then: the result.
    async fn approved_standing_order(&self, body: &Value) -> Value {
        let bank = body["requestOptions"]["bankId"].as_str().unwrap();
        let request = id(&self.store(body).await);
        self.play_payer_of(&request, bank, Decision::Approve).await;
        self.result_of(&request).await
    }
}

#[tokio::test]
async fn every_bank_that_has_standing_orders_sets_one_up() {
    for world in worlds().await {
        world.subscribe_to_standing_orders().await;
        for bank in BANKS {
            let what = format!("{}: {bank}", world.name);
            let body = world.standing_order_at(bank);
            let request = id(&world.store(&body).await);
            world.play_payer_of(&request, bank, Decision::Approve).await;
            let result = world.result_of(&request).await;
            assert_eq!(result["status"], "PROCESSED", "{what}: {result}");
            assert_eq!(result["transferId"], Value::Null, "{what}");
            let so = result["standingOrderSubmissionId"].as_str().unwrap().to_owned();
            assert!(so.starts_with("so:"), "{what}: {so}");
            world.half_a_minute().await;
            let submission = world.submission(&so).await;
            assert_eq!(submission["status"], "SUCCESS", "{what}: {submission}");
            assert_eq!(submission["id"], so.as_str());
            assert_eq!(submission["tokenId"], result["tokenId"]);
            assert_eq!(submission["payload"], body["requestPayload"]["standingOrderBody"]);
            assert!(submission["standingOrderId"].is_string(), "{what}: {submission}");
            assert!(submission["createdAtMs"].is_string(), "{what}: {submission}");
            assert_eq!(submission["refund"], Value::Null, "{what}: nobody asked for it");
            let told = world.told_of(&so);
            assert_eq!(told.last().unwrap(), "SUCCESS", "{what}: {told:?}");
            let first = match bank.starts_with("bg-") {
                // The bank holds it while the payer approves.
                true => "PENDING_EXTERNAL_AUTHORIZATION",
                false => "PENDING",
            };
            assert_eq!(told[0], first, "{what}: {told:?}");
            // It is found under each of its names.
            let result = world.result_of(&request).await;
            for name in ["tokenId", "standingOrderSubmissionId"] {
                assert_eq!(world.result_of(result[name].as_str().unwrap()).await, result);
            }
        }
    }
}

/// The bank accepts monthly, quarterly and yearly ones with a last day (`banks/sim/bg-stejar.toml`), and
/// refuses others itself.
#[tokio::test]
async fn a_standing_order_that_the_bank_does_not_take_is_refused_before_anything_is_kept() {
    for world in worlds().await {
        let body = world.standing_order_at("bg-stejar");
        for (body, words) in [
            (with(&body, &format!("{BODY}.frequency"), "WEEK"), "the frequency should be MNTH or"),
            (without(&body, &format!("{BODY}.endDate")), "should have a last day"),
        ] {
            let answer = world.post("/token-requests", &body).await;
            assert_eq!(answer.status, 400, "{}: {}", world.name, answer.text());
            assert!(answer.text().contains(words), "{}", answer.text());
        }
        let quarterly = with(&body, &format!("{BODY}.frequency"), "QUTR");
        let result = world.approved_standing_order(&quarterly).await;
        assert_eq!(result["status"], "PROCESSED", "{}: {result}", world.name);
    }
}

#[tokio::test]
async fn a_webhook_tells_each_change_of_a_standing_order_and_of_no_payment() {
    for world in worlds().await {
        world.subscribe_to_standing_orders().await;
        let stored = world.store(&world.standing_order()).await;
        world.play_payer_of(&id(&stored), "ob-modelo", Decision::Approve).await;
        world.half_a_minute().await;
        let result = world.result_of(&id(&stored)).await;
        let so = result["standingOrderSubmissionId"].as_str().unwrap();
        assert_eq!(world.told_of(so), ["PENDING", "PROCESSING", "PROCESSING", "SUCCESS"]);
        let hooks = world.wire.hooks();
        for hook in &hooks {
            assert_eq!(hook.header("token-event"), "STANDING_ORDER_STATUS_CHANGED");
        }
        let mut event = hooks.last().unwrap().json();
        let envelope = event.as_object_mut().unwrap();
        assert!(envelope.remove("id").unwrap().as_str().unwrap().starts_with("ev:"));
        assert!(envelope.remove("createdAtMs").unwrap().is_string());
        let expected = json!({ "standingOrderStatusChanged": {
            "refId": "ORDER-1001", "standingOrderSubmissionId": so, "tokenRequestId": id(&stored),
            "status": "SUCCESS", "statusReasonInformation": "",
            "bankPaymentStatus": "InitiationCompleted",
        } });
        assert_eq!(event, expected);
    }
}

#[tokio::test]
async fn what_a_bank_rejects_has_failed_and_says_why() {
    for world in worlds().await {
        world.subscribe_to_standing_orders().await;
        for bank in ["ob-modelo", "ob-quartz", "bg-linden", "stet-chene", "pl-dab"] {
            let what = format!("{}: {bank}", world.name);
            let body = with(&world.standing_order_at(bank), &format!("{BODY}.amount"), "103");
            let request = id(&world.store(&body).await);
            world.play_payer_of(&request, bank, Decision::Approve).await;
            world.half_a_minute().await;
            let submission = world.submission(&request).await;
            assert_eq!(submission["status"], "FAILED", "{what}: {submission}");
            assert!(submission["statusReasonInformation"].is_string(), "{what}: {submission}");
            let so = submission["id"].as_str().unwrap();
            assert_eq!(world.told_of(so).last().unwrap(), "FAILED", "{what}");
            // Where the approval is the order, the bank has confirmed neither.
            let status = if bank == "bg-linden" { "REJECTED" } else { "PROCESSED" };
            assert_eq!(world.result_of(&request).await["status"], status, "{what}");
        }
    }
}

#[tokio::test]
async fn a_payer_who_says_no_leaves_no_standing_order() {
    for world in worlds().await {
        world.subscribe_to_standing_orders().await;
        for bank in ["ob-modelo", "ob-quartz", "stet-hetre", "pl-dab"] {
            let request = id(&world.store(&world.standing_order_at(bank)).await);
            world.play_payer_of(&request, bank, Decision::Decline).await;
            let mut result = world.result_of(&request).await;
            let mut expected = "REJECTED";
            if bank == "pl-dab" {
                // The standard has no question that would confirm what the browser says.
                assert_eq!(result["status"], "PENDING", "{bank}: {result}");
                world.pass(SignedDuration::from_mins(40)).await;
                result = world.result_of(&request).await;
                expected = "EXPIRED";
            }
            assert_eq!(result["status"], expected, "{bank}: {result}");
            assert_eq!(result["standingOrderSubmissionId"], Value::Null, "{bank}");
            let answer = world.get(&format!("{SUBMISSIONS}/{request}")).await;
            assert_eq!(answer.status, 404, "{bank}: {}", answer.text());
        }
        assert_eq!(world.get(SUBMISSIONS).await.json()["submissions"], json!([]));
        assert_eq!(world.wire.hooks().len(), 0);
    }
}

#[tokio::test]
async fn a_payer_who_says_no_to_a_bank_that_holds_it_already_fails_it() {
    for world in worlds().await {
        world.subscribe_to_standing_orders().await;
        let request = id(&world.store(&world.standing_order_at("bg-linden")).await);
        world.play_payer_of(&request, "bg-linden", Decision::Decline).await;
        let result = world.result_of(&request).await;
        assert_eq!(result["status"], "REJECTED", "{result}");
        assert_eq!(result["standingOrderSubmissionId"], Value::Null);
        let submission = world.submission(&request).await;
        assert_eq!(submission["status"], "FAILED", "{submission}");
        let told = world.told_of(submission["id"].as_str().unwrap());
        assert_eq!(told.first().unwrap(), "PENDING_EXTERNAL_AUTHORIZATION");
        assert_eq!(told.last().unwrap(), "FAILED");
    }
}

#[tokio::test]
async fn a_bank_that_never_says_its_last_word_leaves_it_initiated() {
    for world in worlds().await {
        let body = with(&world.standing_order_at("pl-dab"), &format!("{BODY}.amount"), "105");
        let result = world.approved_standing_order(&body).await;
        let so = result["standingOrderSubmissionId"].as_str().unwrap();
        world.half_a_minute().await;
        assert_eq!(world.submission(so).await["status"], "PROCESSING");
        for _ in 0..31 * 4 {
            world.pass(SignedDuration::from_hours(6)).await;
        }
        assert_eq!(world.submission(so).await["status"], "INITIATED");
    }
}

fn on_request() -> MemberSettings {
    MemberSettings { redeems_on_request: true, ..MemberSettings::default() }
}

#[tokio::test]
async fn without_auto_redeem_the_member_submits_it_once() {
    for world in worlds().await {
        world.agree(on_request()).await;
        for bank in ["ob-modelo", "ob-quartz", "stet-hetre", "pl-dab"] {
            let request = id(&world.store(&world.standing_order_at(bank)).await);
            world.play_payer_of(&request, bank, Decision::Approve).await;
            let result = world.result_of(&request).await;
            assert_eq!(result["status"], "PROCESSED", "{bank}");
            assert_eq!(result["standingOrderSubmissionId"], Value::Null, "{bank}");
            let token = json!({ "tokenId": result["tokenId"] });
            let ordered = world.wire.count("create-domestic-standing-order");
            world.pass(SignedDuration::from_mins(50)).await;
            let first = world.post(SUBMISSIONS, &token).await;
            assert_eq!(first.status, 200, "{bank}: {}", first.text());
            let first = first.json()["submission"].clone();
            assert_eq!(first["tokenId"], result["tokenId"], "{bank}");
            // To take a standing order is the last word of a bank of STET.
            let taken = if bank.starts_with("stet-") { "SUCCESS" } else { "PROCESSING" };
            assert_eq!(first["status"], taken, "{bank}: {first}");
            world.half_a_minute().await;
            let second = world.post(SUBMISSIONS, &token).await.json()["submission"].clone();
            assert_eq!((&second["id"], &second["status"]), (&first["id"], &json!("SUCCESS")));
            let result = world.result_of(&request).await;
            assert_eq!(result["standingOrderSubmissionId"], first["id"], "{bank}");
            // Standing orders of UK Open Banking have no reference of ours to count them by.
            let payment = first["id"].as_str().unwrap().replacen("so:", "pm2:", 1);
            let posts = match bank.starts_with("ob-") {
                true => world.wire.count("create-domestic-standing-order") - ordered,
                false => usize::try_from(world.posted_and_executed(&payment).await.0).unwrap(),
            };
            assert_eq!(posts, 1, "{bank}: ordered once");
        }
    }
}

#[tokio::test]
async fn what_is_no_approved_standing_order_cannot_be_submitted() {
    for world in worlds().await {
        world.agree(on_request()).await;
        let request = id(&world.store(&world.standing_order_at("ob-modelo")).await);
        let submit =
            async |token: &str| world.post(SUBMISSIONS, &json!({ "tokenId": token })).await;
        let nowhere = async |token: &str| {
            let message = format!("Token {token} not found.");
            let error = json!({ "errorCode": "NOT_FOUND", "message": message, "paymentId": token });
            assert_error(&submit(token).await, 404, error);
        };
        // It is no payment yet, and there is no token of it.
        nowhere(&request).await;
        nowhere("tt:1111:bscuLe").await;
        // Nor is there one before the payer has approved it, nor where the payer says no.
        world.post(&format!("/token-requests/{request}/authorization"), &json!({})).await;
        nowhere(&request).await;
        world.play_payer_of(&request, "ob-modelo", Decision::Decline).await;
        nowhere(&request).await;
        let refused = async |token: &str, message: &str| {
            let error = json!({ "errorCode": "Field.Invalid", "paths": ["tokenId"],
                "message": message });
            assert_error(&submit(token).await, 400, error);
        };
        let answer = world.post(SUBMISSIONS, &json!({})).await;
        assert_eq!(answer.json()["error"]["errorCode"], "Field.Expected", "{}", answer.text());
        // A single payment has a token, too.
        let single = id(&world.store(&world.token_request()).await);
        world.play_payer_of(&single, "ob-modelo", Decision::Approve).await;
        let token = world.result_of(&single).await["tokenId"].as_str().unwrap().to_owned();
        refused(&token, "`tokenId` is that of a single payment: use POST /transfers.").await;
        // A day later the bank's grant has ended.
        let late = world.approved_standing_order(&world.standing_order_at("ob-iron")).await;
        world.pass(SignedDuration::from_hours(25)).await;
        let ended = "The standing order of `tokenId` is FAILED: it has ended without an order.";
        refused(late["tokenId"].as_str().unwrap(), ended).await;
        // Another member has neither.
        let body = json!({ "tokenId": request }).to_string();
        let answer = world.call(&world.other, "POST", SUBMISSIONS, body.as_bytes()).await;
        assert_eq!(answer.status, 404, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_submission_that_is_repeated_with_its_key_is_answered_alike() {
    for world in worlds().await {
        world.agree(on_request()).await;
        let result = world.approved_standing_order(&world.standing_order_at("ob-modelo")).await;
        let body = json!({ "tokenId": result["tokenId"] }).to_string();
        let key = [("idempotency-key", "submit-1")];
        let send = || world.request("POST", SUBMISSIONS, body.as_bytes(), &key);
        let first = world.send(send()).await;
        assert_eq!(first.status, 200, "{}", first.text());
        world.half_a_minute().await;
        let again = world.send(send()).await;
        assert_eq!((again.status, &again.body), (200, &first.body));
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
}

#[tokio::test]
async fn standing_orders_are_listed_by_pages_and_by_their_token() {
    for world in worlds().await {
        let mut ids = vec![];
        for bank in ["ob-modelo", "ob-iron", "bg-linden", "stet-chene", "pl-dab"] {
            let result = world.approved_standing_order(&world.standing_order_at(bank)).await;
            ids.insert(0, result["standingOrderSubmissionId"].as_str().unwrap().to_owned());
            world.half_a_minute().await;
        }
        // A single payment, and one that nobody has approved.
        let single = id(&world.store(&world.token_request()).await);
        world.play_payer_of(&single, "ob-modelo", Decision::Approve).await;
        let open = with(&world.standing_order_at("ob-modelo"), "requestPayload.refId", "OPEN");
        let open = id(&world.store(&open).await);
        world.post(&format!("/token-requests/{open}/authorization"), &json!({})).await;
        let page = async |query: &str| {
            let answer = world.get(&format!("{SUBMISSIONS}{query}")).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let page = answer.json();
            let ids: Vec<String> = page["submissions"].as_array().unwrap().iter().map(id).collect();
            (ids, page["offset"].as_str().unwrap().to_owned())
        };
        assert_eq!(page("").await, (ids.clone(), String::new()), "{}", world.name);
        let (mut seen, mut offset) = (vec![], String::new());
        for expected in [2, 2, 1] {
            let (found, next) = page(&format!("?page.limit=2&page.offset={offset}")).await;
            assert_eq!(found.len(), expected);
            (seen, offset) = ([seen, found].concat(), next);
        }
        assert_eq!((seen, offset.as_str()), (ids.clone(), ""));
        let token = ids[1].replacen("so:", "tt:", 1);
        assert_eq!(page(&format!("?tokenId={token}")).await.0, [ids[1].as_str()]);
        assert_eq!(page("?tokenId=tt:1111:bscuLe").await.0, [] as [String; 0]);
        let wrong = world.get(&format!("{SUBMISSIONS}?page.offset=x")).await;
        assert_eq!(wrong.json()["error"]["paths"], json!(["page.offset"]), "{}", wrong.text());
        let others = world.call(&world.other, "GET", SUBMISSIONS, b"").await;
        assert_eq!(others.json()["submissions"], json!([]));
        let path = format!("{SUBMISSIONS}/{}", ids[0]);
        assert_eq!(world.call(&world.other, "GET", &path, b"").await.status, 404);
    }
}

#[tokio::test]
async fn no_list_of_payments_has_a_standing_order_and_payments_v2_do_not_know_it() {
    for world in worlds().await {
        let body = with(
            &world.standing_order(),
            "requestPayload.actingAs",
            json!({
            "displayName": "Shop", "refId": "sub-1" }),
        );
        let result = world.approved_standing_order(&body).await;
        let so = result["standingOrderSubmissionId"].as_str().unwrap();
        let payment = so.replacen("so:", "pm2:", 1);
        for query in [
            String::new(),
            "?partial=true".to_owned(),
            format!("?ids={payment}"),
            format!("?ids={payment}&partial=true"),
            "?refIds=ORDER-1001".to_owned(),
            "?externalPsuReference=user-1".to_owned(),
            "?onBehalfOfId=sub-1".to_owned(),
            "?flowTypes=API_ONLY".to_owned(),
            "?statuses=INITIATION_PROCESSING,INITIATION_COMPLETED".to_owned(),
        ] {
            let join = if query.is_empty() { "?" } else { "&" };
            let answer = world.get(&format!("/v2/payments{query}{join}limit=1")).await;
            let page = answer.json();
            assert_eq!(page["payments"], json!([]), "{}: {query}", world.name);
            assert_eq!(page["pageInfo"]["haveMore"], false, "{query}");
        }
        let path = format!("/v2/payments/{payment}");
        assert_eq!(world.get(&path).await.status, 404);
        assert_eq!(world.delete(&path).await.status, 404);
        assert_eq!(world.post(&format!("{path}/redeem"), &json!({})).await.status, 404);
        let answers = json!({ "embeddedAuth": {} });
        assert_eq!(world.post(&format!("{path}/embedded-auth"), &answers).await.status, 404);
        assert_eq!(world.submission(so).await["status"], "PROCESSING");
    }
}

#[tokio::test]
async fn the_account_to_refund_to_is_shown_where_it_was_asked_for() {
    for world in worlds().await {
        let body = with(&world.standing_order(), &format!("{BODY}.returnRefundAccount"), true);
        let result = world.approved_standing_order(&body).await;
        world.half_a_minute().await;
        let so = result["standingOrderSubmissionId"].as_str().unwrap();
        let refund = world.submission(so).await["refund"].clone();
        let account = json!({ "gbDomestic": {
            "sortCode": "700001", "accountNumber": "12345601" } });
        assert_eq!(refund["account"], account, "{refund}");
    }
}

#[tokio::test]
async fn it_is_a_token_and_no_transfer() {
    for world in worlds().await {
        world.agree(on_request()).await;
        let body = world.standing_order_at("ob-modelo");
        let result = world.approved_standing_order(&body).await;
        let token = result["tokenId"].as_str().unwrap();
        let shown = world.get(&format!("/tokens/{token}")).await.json()["token"].clone();
        assert_eq!(shown["payload"]["standingOrder"], body["requestPayload"]["standingOrderBody"]);
        let wrong = world.post("/transfers", &json!({ "payload": { "tokenId": token } })).await;
        assert_eq!(wrong.json()["error"]["paths"], json!(["payload.tokenId"]), "{}", wrong.text());
        world.post(SUBMISSIONS, &json!({ "tokenId": token })).await;
        let transfers = world.get("/transfers?page.limit=1").await.json();
        assert_eq!((&transfers["transfers"], &transfers["offset"]), (&json!([]), &json!("")));
        let so = token.replacen("tt:", "so:", 1);
        assert_eq!(world.get(&format!("/transfers/{so}")).await.status, 404);
        // Nor is a transfer a standing order.
        let single = id(&world.store(&world.token_request()).await);
        world.play_payer_of(&single, "ob-modelo", Decision::Approve).await;
        let token = world.result_of(&single).await["tokenId"].as_str().unwrap().to_owned();
        world.post("/transfers", &json!({ "payload": { "tokenId": token } })).await;
        assert_eq!(world.get(&format!("/transfers/{token}")).await.status, 200);
        assert_eq!(world.get(&format!("{SUBMISSIONS}/{token}")).await.status, 404);
    }
}
