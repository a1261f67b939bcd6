//! `/transfers`: the order of a token request's payment, and `TRANSFER_STATUS_CHANGED`.

use jiff::SignedDuration;
use serde_json::{Value, json};
use store::members::MemberSettings;

use crate::idempotency::keyed;
use crate::support::{Decision, Fault, HOOKS_URL, World, assert_error, id, with, worlds};

/// The statuses of transfers, as they are published.
const STATUSES: [&str; 14] = [
    "PENDING",
    "PENDING_EXTERNAL_AUTHORIZATION",
    "PROCESSING",
    "SUCCESS",
    "INITIATED",
    "FAILURE_GENERIC",
    "FAILURE_PERMISSION_DENIED",
    "FAILURE_CANCELED",
    "FAILURE_EXPIRED",
    "FAILURE_INSUFFICIENT_FUNDS",
    "FAILURE_DECLINED",
    "SETTLEMENT_IN_PROGRESS",
    "SETTLEMENT_COMPLETED",
    "SETTLEMENT_INCOMPLETE",
];

pub fn on_request() -> MemberSettings {
    MemberSettings { redeems_on_request: true, ..MemberSettings::default() }
}

impl World {
    async fn transfer(&self, id: &str) -> Value {
        let answer = self.get(&format!("/transfers/{id}")).await;
        assert_eq!(answer.status, 200, "{}: {}", self.name, answer.text());
        answer.json()["transfer"].clone()
    }

    /// The member's transfers: their references.
    async fn transfers(&self, query: &str) -> Vec<String> {
        let answer = self.get(&format!("/transfers?page.limit=10&{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        let list = answer.json();
        let transfers = list["transfers"].as_array().unwrap().iter();
        transfers.map(|one| one["payload"]["refId"].as_str().unwrap().to_owned()).collect()
    }

    /// The token request with another reference and amount.
    fn request_of(&self, reference: &str, amount: &str) -> Value {
        let body = with(&self.token_request(), "requestPayload.refId", reference);
        with(&body, "requestPayload.transferBody.lifetimeAmount", amount)
    }

    async fn subscribe_to_transfers(&self) {
        let kinds = ["TRANSFER_STATUS_CHANGED", "PAYMENT_STATUS_CHANGED"];
        let config = json!({ "config": { "type": kinds, "url": HOOKS_URL } });
        assert_eq!(self.put("/webhook/config", &config).await.status, 200);
    }

    /// A token request at a bank that executes with the approval, and the visit there.
    async fn one_step(&self) -> (String, Value) {
        let request = id(&self.store(&self.one_step_request()).await);
        let authorization = self.authorize(&request, &json!({})).await;
        assert_eq!(authorization.status, 200, "{}", authorization.text());
        let payments = self.get("/v2/payments").await.json()["payments"].clone();
        (request, payments[0].clone())
    }

    /// A token request at a bank that executes with the approval.
    fn one_step_request(&self) -> Value {
        let instructions = json!({ "transferDestinations": [{
            "sepa": { "iban": "DE02120300000000202051" },
            "customerData": { "legalNames": ["Customer Inc."] } }],
            "source": { "accountIdentifier": { "iban": { "iban": "DE65700202700000001008" } },
                "customerData": { "legalNames": ["Payer"] } } });
        self.token_request_of("bg-linden", "EUR", instructions)
    }
}

#[tokio::test]
async fn an_approved_token_request_has_a_transfer_with_all_its_fields() {
    for world in worlds().await {
        let body =
            with(&world.token_request(), "requestPayload.transferBody.returnRefundAccount", true);
        let request = world.decided(&body, Decision::Approve).await;
        world.half_a_minute().await;
        let result = world.result(&request).await;
        let transfer_id = result["transferId"].as_str().unwrap();
        let transfer = world.transfer(transfer_id).await;
        assert_eq!(transfer["id"], transfer_id);
        assert_eq!(transfer["status"], "SUCCESS");
        assert_eq!(transfer["convertedToFutureDatedPayment"], false);
        let payload = &transfer["payload"];
        assert_eq!(payload["tokenId"], result["tokenId"]);
        assert_eq!(payload["refId"], "ORDER-1001");
        assert_eq!(payload["amount"], json!({ "value": "10.23", "currency": "GBP" }));
        assert_eq!(payload["description"], "Order 1001");
        assert_eq!(payload["confirmFunds"], false);
        let destinations = "requestPayload.transferBody.instructions.transferDestinations";
        let asked = destinations.split('.').fold(&body, |value, key| &value[key]);
        assert_eq!(&payload["transferDestinations"], asked);
        assert_eq!(transfer["providerDetails"]["status"], "AcceptedSettlementCompleted");
        assert!(transfer["providerDetails"]["id"].is_string());
        assert!(transfer["refund"]["account"]["gbDomestic"]["accountNumber"].is_string());
        assert_eq!(transfer["refundDetails"]["transferRefundStatus"], "NONE");
        assert_eq!(transfer["createdAtMs"].as_str().unwrap().len(), 13);
        // One id in several roles, on every path of v1.
        let others = ["tokenId", "transferId"].map(|name| result[name].as_str().unwrap());
        let payment = transfer_id.replacen("t:", "pm2:", 1);
        for name in others.into_iter().chain([payment.as_str(), request.as_str()]) {
            assert_eq!(world.transfer(name).await, transfer, "{name}");
        }
        assert_eq!(world.get(&format!("/v2/payments/{payment}")).await.status, 200);
    }
}

#[tokio::test]
async fn without_auto_redeem_the_token_is_redeemed_once() {
    for world in worlds().await {
        world.agree(on_request()).await;
        let request = world.decided(&world.token_request(), Decision::Approve).await;
        let token = world.result(&request).await["tokenId"].as_str().unwrap().to_owned();
        assert_eq!(world.get(&format!("/transfers/{token}")).await.status, 404);
        assert_eq!(world.transfers("").await, [""; 0]);
        let body = json!({ "payload": { "tokenId": token } });
        let answer = world.post("/transfers", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let transfer = answer.json()["transfer"].clone();
        assert_eq!(transfer["status"], "PROCESSING");
        world.half_a_minute().await;
        // The second click, and everything that may be said again.
        let again = json!({ "payload": {
            "tokenId": token, "refId": "ORDER-1001", "description": "Order 1001",
            "amount": { "value": "10.2300", "currency": "GBP" }, "confirmFunds": "false",
            "transferDestinations": transfer["payload"]["transferDestinations"] } });
        let answer = world.post("/transfers", &again).await;
        assert_eq!(answer.json()["transfer"]["status"], "SUCCESS", "{}", answer.text());
        assert_eq!(answer.json()["transfer"]["id"], transfer["id"]);
        let result = world.result(&request).await;
        assert_eq!(result["transferId"], transfer["id"]);
        let payment = token.replacen("tt:", "pm2:", 1);
        assert_eq!(world.posted_and_executed(&payment).await, (1, 1));
    }
}

#[tokio::test]
async fn what_differs_from_the_approval_is_refused_and_nothing_is_sent() {
    for world in worlds().await {
        world.agree(on_request()).await;
        let request = world.decided(&world.token_request(), Decision::Approve).await;
        let token = world.result(&request).await["tokenId"].as_str().unwrap().to_owned();
        let body = json!({ "payload": { "tokenId": token } });
        for (field, value, expected) in [
            (
                "amount",
                json!({ "value": "5", "currency": "GBP" }),
                "the approved amount, 10.23 GBP",
            ),
            (
                "amount",
                json!({ "value": "10.23", "currency": "EUR" }),
                "the approved amount, 10.23 GBP",
            ),
            ("description", json!("Other"), "that of the token request"),
            ("confirmFunds", json!(true), "that of the token request"),
            ("metadata", json!({ "chargeBearer": "SHAR" }), "that of the token request"),
            (
                "transferDestinations",
                json!([{ "sepa": { "iban": "DE02120300000000202051" } }]),
                "those of the token request",
            ),
        ] {
            let answer =
                world.post("/transfers", &with(&body, &format!("payload.{field}"), value)).await;
            let error = json!({
                "errorCode": "Field.Invalid", "paths": [format!("payload.{field}")],
                "message": format!("`{field}` should be {expected}, or be left out."),
            });
            assert_error(&answer, 400, error);
        }
        assert_eq!(world.posted_and_executed(&token.replacen("tt:", "pm2:", 1)).await, (0, 0));
    }
}

#[tokio::test]
async fn a_token_that_is_not_there_is_not_redeemed() {
    for world in worlds().await {
        let request = id(&world.store(&world.token_request()).await);
        let mut other = vec!["tt:1111111111:5zKtXEAq".to_owned(), "nonsense".to_owned(), request];
        let approved = with(&world.token_request(), "requestPayload.refId", "ORDER-2");
        let approved = world.decided(&approved, Decision::Decline).await;
        other.push(approved);
        for id in other {
            let answer = world.post("/transfers", &json!({ "payload": { "tokenId": id } })).await;
            let error =
                json!({ "errorCode": "NOT_FOUND", "message": format!("Token {id} not found.") });
            assert_eq!(answer.status, 404, "{}", answer.text());
            assert_eq!(answer.json()["error"]["message"], error["message"]);
        }
        for body in [json!({}), json!({ "payload": {} }), json!({ "payload": { "tokenId": 5 } })] {
            assert_eq!(world.post("/transfers", &body).await.status, 400, "{body}");
        }
    }
}

#[tokio::test]
async fn a_request_that_is_repeated_with_its_key_is_carried_out_once() {
    for world in worlds().await {
        world.agree(on_request()).await;
        let request = world.decided(&world.token_request(), Decision::Approve).await;
        let token = world.result(&request).await["tokenId"].clone();
        let body = json!({ "payload": { "tokenId": token } });
        let first = world.send(keyed(&world, "/transfers", &body, "transfer-1")).await;
        let again = world.send(keyed(&world, "/transfers", &body, "transfer-1")).await;
        assert_eq!(first.status, 200, "{}", first.text());
        assert_eq!((first.status, first.json()), (again.status, again.json()));
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
}

#[tokio::test]
async fn at_a_one_step_bank_the_transfer_is_there_before_the_payer_approves() {
    for world in worlds().await {
        let (request, payment) = world.one_step().await;
        let result = world.result(&request).await;
        assert_eq!((&result["status"], &result["transferId"]), (&json!("PENDING"), &Value::Null));
        let transfer = world.transfer(&request).await;
        assert_eq!(transfer["status"], "PENDING_EXTERNAL_AUTHORIZATION");
        world.play_payer(&payment, Decision::Approve).await;
        world.half_a_minute().await;
        assert_eq!(world.transfer(&request).await["status"], "SUCCESS");
        assert_eq!(world.result(&request).await["transferId"], transfer["id"]);
    }
}

#[tokio::test]
async fn the_banks_no_is_the_transfers_status() {
    for world in worlds().await {
        // The published mock bank's amounts.
        for (amount, status) in [
            ("103", "FAILURE_GENERIC"),
            ("104", "FAILURE_PERMISSION_DENIED"),
            ("106", "FAILURE_CANCELED"),
            ("108", "FAILURE_INSUFFICIENT_FUNDS"),
            ("112", "FAILURE_DECLINED"),
            ("116", "FAILURE_DECLINED"),
            ("117", "FAILURE_PERMISSION_DENIED"),
            ("118", "FAILURE_DECLINED"),
            ("119", "FAILURE_DECLINED"),
        ] {
            let body =
                with(&world.request_of(amount, amount), "requestOptions.bankId", "mock-redirect");
            let request = world.decided(&body, Decision::Approve).await;
            world.half_a_minute().await;
            let transfer = world.transfer(&request).await;
            assert_eq!(transfer["status"], status, "{transfer}");
            assert_eq!(world.result(&request).await["status"], "PROCESSED");
            let found = world.transfers(&format!("filter.transactionStatus={status}")).await;
            assert_eq!(found[0], amount);
        }
        // A payer who says no at a one-step bank leaves a transfer behind.
        let (request, payment) = world.one_step().await;
        world.play_payer(&payment, Decision::Decline).await;
        world.half_a_minute().await;
        assert_eq!(world.transfer(&request).await["status"], "FAILURE_DECLINED");
        assert_eq!(world.result(&request).await["status"], "REJECTED");
    }
}

#[tokio::test]
async fn after_thirty_days_without_a_word_it_is_initiated() {
    for world in worlds().await {
        let body = world.request_of("FOREVER", "110");
        let request = world.decided(&body, Decision::Approve).await;
        world.half_a_minute().await;
        assert_eq!(world.transfer(&request).await["status"], "PROCESSING");
        for _ in 0..30 {
            world.pass(SignedDuration::from_hours(24)).await;
        }
        assert_eq!(world.transfer(&request).await["status"], "INITIATED");
    }
}

#[tokio::test]
async fn looking_at_a_transfer_asks_its_bank_unless_it_is_not_to_be_asked() {
    for world in worlds().await {
        let asked = || world.wire.count("get-domestic-payment");
        let body = with(&world.request_of("OLD", "105"), "requestOptions.bankId", "mock-redirect");
        let request = world.decided(&body, Decision::Approve).await;
        // Questions that come by themselves are far apart by then.
        for _ in 0..8 {
            world.pass(SignedDuration::from_mins(15)).await;
        }
        world.clock.advance(SignedDuration::from_secs(60));
        let before = asked();
        let path = format!("/transfers/{request}?skipTransferUpdate=true");
        assert_eq!(world.get(&path).await.json()["transfer"]["status"], "PROCESSING");
        assert_eq!(asked(), before);
        // A bank that is silent costs the answer nothing but its freshness.
        world.wire.plan("get-domestic-payment", Fault::LostBefore, 1);
        assert_eq!(world.transfer(&request).await["status"], "PROCESSING");
        assert_eq!(asked(), before + 1);
        // Looked at again at once, nothing is asked again.
        world.transfer(&request).await;
        assert_eq!(asked(), before + 1);
    }
}

#[tokio::test]
async fn another_member_sees_none() {
    for world in worlds().await {
        let request = world.decided(&world.token_request(), Decision::Approve).await;
        let path = format!("/transfers/{request}");
        assert_eq!(world.call(&world.other, "GET", &path, b"").await.status, 404);
        let list = world.call(&world.other, "GET", "/transfers?page.limit=10", b"").await;
        assert_eq!(list.json(), json!({ "offset": "", "transfers": [] }));
    }
}

#[tokio::test]
async fn each_published_parameter_filters() {
    for world in worlds().await {
        let acting =
            json!({ "displayName": "Baker", "refId": "sub-1", "secondaryName": "baker.example" });
        let sub = with(&world.request_of("SUB", "2"), "requestPayload.actingAs", acting.clone());
        let mut requests = vec![];
        for body in [world.request_of("ONE", "1"), sub, world.request_of("FUNDS", "108")] {
            requests.push(world.decided(&body, Decision::Approve).await);
            world.half_a_minute().await;
        }
        // A payment of v2 is not a transfer, and neither is a request that nobody authorised.
        world.approved(&crate::support::order()).await;
        world.store(&world.request_of("UNUSED", "1")).await;
        let all = ["FUNDS", "SUB", "ONE"];
        let mut since = vec![];
        for request in &requests {
            let transfer = world.transfer(request).await;
            since.push(transfer["createdAtMs"].as_str().unwrap().to_owned());
        }
        let (first, second) = (&since[0], &since[1]);
        let token = world.result(&requests[1]).await["tokenId"].as_str().unwrap().to_owned();
        for (query, expected) in [
            (String::new(), &all[..]),
            (format!("tokenId={token}"), &["SUB"]),
            (format!("filter.tokenId={token}"), &["SUB"]),
            (format!("tokenId={}", requests[2]), &["FUNDS"]),
            ("tokenId=tt:1111111111:5zKtXEAq".to_owned(), &[]),
            (format!("filter.startTimeMs={second}"), &["FUNDS", "SUB"]),
            (format!("filter.endTimeMs={second}"), &["SUB", "ONE"]),
            (format!("filter.startTimeMs={first}&filter.endTimeMs={first}"), &["ONE"]),
            ("filter.transactionStatus=SUCCESS".to_owned(), &["SUB", "ONE"]),
            ("filter.transactionStatus=FAILURE%20GENERIC".to_owned(), &[]),
            ("filter.transactionStatus=FAILURE_GENERIC".to_owned(), &[]),
            ("filter.transactionStatuses=SUCCESS,FAILURE_INSUFFICIENT_FUNDS".to_owned(), &all[..]),
            ("filter.role=ANY".to_owned(), &all[..]),
            ("filter.role=PAYEE".to_owned(), &all[..]),
            ("filter.role=PAYER".to_owned(), &[]),
            ("filter.actingAsRefId=sub-1".to_owned(), &["SUB"]),
            ("filter.actingAsRefId=sub-1&filter.transactionStatus=PROCESSING".to_owned(), &[]),
            ("filter.refId=ONE".to_owned(), &["ONE"]),
            ("filter.refId=ONE&filter.transactionStatus=SUCCESS".to_owned(), &["ONE"]),
            ("filter.refId=ONE&filter.transactionStatus=PROCESSING".to_owned(), &[]),
            (format!("filter.refId=ONE&tokenId={token}"), &[]),
            (format!("filter.refId=ONE&filter.endTimeMs={first}"), &["ONE"]),
            (format!("filter.refId=ONE&filter.startTimeMs={first}"), &["ONE"]),
            (format!("filter.refId=ONE&filter.startTimeMs={second}"), &[]),
            ("filter.refId=UNUSED".to_owned(), &[]),
            ("filter.transferRefundStatus=NONE".to_owned(), &all[..]),
            ("filter.transferRefundStatus=UNSET".to_owned(), &all[..]),
            ("filter.transferRefundStatus=FULL".to_owned(), &[]),
        ] {
            assert_eq!(world.transfers(&query).await, expected, "{}: {query}", world.name);
        }
        for status in STATUSES {
            world.transfers(&format!("filter.transactionStatus={status}")).await;
        }
        let transfer = world.transfer(&requests[1]).await;
        assert_eq!(transfer["actingAs"], acting);
        for wrong in [
            "filter.transactionStatus=DONE",
            "filter.role=FROM",
            "filter.startTimeMs=yesterday",
            "filter.transferRefundStatus=SOME",
            "page.offset=nonsense",
            "page.limit=ten",
        ] {
            assert_eq!(world.get(&format!("/transfers?{wrong}")).await.status, 400, "{wrong}");
        }
    }
}

#[tokio::test]
async fn pages_neither_repeat_nor_lose_transfers_while_new_ones_come() {
    for world in worlds().await {
        for number in 1..=5 {
            let body = world.request_of(&format!("R{number}"), "1");
            world.decided(&body, Decision::Approve).await;
            // Two of them at the same moment.
            if number != 3 {
                world.clock.advance(SignedDuration::from_secs(1));
            }
        }
        let (mut seen, mut offset) = (vec![], String::new());
        for page in 0..5 {
            let path = format!("/transfers?page.limit=2&page.offset={offset}");
            let list = world.get(&path).await.json();
            let transfers = list["transfers"].as_array().unwrap().clone();
            seen.extend(transfers.iter().map(id));
            offset = list["offset"].as_str().unwrap().to_owned();
            // A page with nothing on it is the last one, too.
            let nothing = world.get(&format!("{path}&filter.role=PAYER")).await.json();
            assert_eq!(nothing, json!({ "offset": "", "transfers": [] }));
            if offset.is_empty() {
                break;
            }
            let body = world.request_of(&format!("NEW{page}"), "1");
            world.decided(&body, Decision::Approve).await;
        }
        assert_eq!(seen.len(), 5);
        let mut once = seen.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), 5, "{seen:?}");
    }
}

#[tokio::test]
async fn every_change_of_a_transfer_is_told_and_nothing_before_there_is_one() {
    for world in worlds().await {
        world.subscribe_to_transfers().await;
        let declined = world.request_of("DECLINED", "1");
        world.decided(&declined, Decision::Decline).await;
        assert_eq!(world.wire.hooks().len(), 0, "there is no transfer");
        let request = world.decided(&world.token_request(), Decision::Approve).await;
        world.half_a_minute().await;
        let result = world.result(&request).await;
        let hooks = world.wire.hooks();
        let told: Vec<Value> =
            hooks.iter().map(|hook| hook.json()["transferStatusChanged"].clone()).collect();
        let statuses: Vec<&str> =
            told.iter().map(|event| event["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["PENDING", "PROCESSING", "PROCESSING", "SUCCESS"]);
        for (hook, event) in hooks.iter().zip(&told) {
            assert_eq!(hook.header("token-event"), "TRANSFER_STATUS_CHANGED");
            assert_eq!(hook.json()["eventType"], Value::Null);
            assert_eq!(event["refId"], "ORDER-1001");
            assert_eq!(event["tokenRequestId"], request);
            assert_eq!(event["transferId"], result["transferId"]);
        }
        let last = told.last().unwrap();
        assert_eq!(last["bankPaymentStatus"], "AcceptedSettlementCompleted");
    }
}
