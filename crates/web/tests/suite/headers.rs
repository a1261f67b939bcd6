//! Headers of requests and answers (reference, sections 1.5 to 1.8): in which form an error comes,
//! whose fault it is, its trace id, and what the bank learns of the payer.

use serde_json::{Value, json};

use crate::scenarios::order_at;
use crate::support::{Answer, Fault, World, assert_error, id, order, without, worlds};

const OPENING: &str = "create-domestic-payment-consent";

/// The error of the answer, with the members of both families.
fn assert_both_families(answer: &Answer, status: u16, origin: &str, declared: &Value) {
    let trace_id = answer.header("tokentraceid");
    let mut expected = declared.clone();
    expected["tokenTraceId"] = trace_id.into();
    expected["token_trace_id"] = trace_id.into();
    expected["code"] = status.into();
    expected["error_origin"] = origin.into();
    assert_eq!((answer.status, answer.json()), (status, json!({ "error": expected })));
}

#[tokio::test]
async fn a_client_chooses_the_family_of_errors_with_token_json_error() {
    let body = without(&order(), "initiation.refId").to_string();
    let typed = json!({
        "errorCode": "Field.Expected", "message": "`refId` is required.",
        "paths": ["initiation.refId"],
    });
    let hook = json!({ "config": { "type": [], "url": "https://shop.example" } }).to_string();
    let message = "`config.type` should name at least one type of event.";
    let older = json!({ "message": message });
    let (v1, v2) = ("/webhook/config", "/v2/payments");
    for world in worlds().await {
        let refused = |method: &'static str, path: &'static str, body: &str, wish: Option<&str>| {
            let headers: Vec<_> = wish.map(|wish| ("token-json-error", wish)).into_iter().collect();
            world.request(method, path, body.as_bytes(), &headers)
        };
        for wish in [None, Some("false"), Some("maybe"), Some("")] {
            assert_error(&world.send(refused("POST", v2, &body, wish)).await, 400, typed.clone());
        }
        for wish in [None, Some("maybe"), Some("")] {
            assert_error(&world.send(refused("PUT", v1, &hook, wish)).await, 400, older.clone());
        }
        for wish in ["true", "True"] {
            let answer = world.send(refused("POST", v2, &body, Some(wish))).await;
            assert_both_families(&answer, 400, "token", &typed);
            let answer = world.send(refused("PUT", v1, &hook, Some(wish))).await;
            assert_both_families(&answer, 400, "token", &older);
        }
        let answer = world.send_unjudged(refused("PUT", v1, &hook, Some("false"))).await;
        assert_eq!((answer.status, answer.text()), (400, format!("INVALID_ARGUMENT: {message}")));
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(answer.header("tokentraceid").len(), 16);
        assert_eq!(answer.header("token-external-error"), "");
    }
}

#[tokio::test]
async fn errors_of_payments_v1_are_text_unless_the_client_prefers_json() {
    for world in worlds().await {
        let paths = [
            ("POST", "/token-requests", "INVALID_ARGUMENT: A JSON body is required."),
            ("GET", "/token-requests/rq:1:2", "NOT_FOUND: Token request rq:1:2 not found."),
            ("GET", "/transfers/t:1:2", "NOT_FOUND: Transfer t:1:2 not found."),
            ("GET", "/tokens/tt:1:2", "NOT_FOUND: Token tt:1:2 not found."),
            (
                "GET",
                "/standing-order-submissions/so:1:2",
                "NOT_FOUND: Standing order so:1:2 not found.",
            ),
        ];
        for (method, path, text) in paths {
            for wish in ["", "false", "maybe"] {
                let request = world.request(method, path, b"", &[("token-json-error", wish)]);
                let answer = world.send_unjudged(request).await;
                assert_eq!(answer.text(), text, "{path} {wish}");
                assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
                assert_eq!(answer.header("tokentraceid").len(), 16);
            }
            let request = world.request(method, path, b"", &[("token-json-error", "true")]);
            let answer = world.send_unjudged(request).await;
            assert!(text.ends_with(answer.json()["error"]["message"].as_str().unwrap()));
        }
    }
}

#[tokio::test]
async fn text_errors_begin_with_the_name_of_the_grpc_status() {
    for world in worlds().await {
        let other = format!("/member/{}/keys", world.other.id);
        let cases = [
            ("GET", "/webhook/config", 404, "NOT_FOUND: The member has no webhook configuration."),
            ("GET", "/nothing", 404, "NOT_FOUND: There is no such operation: see /openapi.json."),
            (
                "PATCH",
                "/webhook/config",
                405,
                "UNIMPLEMENTED: This method is not allowed here: see /openapi.json.",
            ),
            (
                "GET",
                &other,
                403,
                "PERMISSION_DENIED: A member may see and change its own keys only.",
            ),
        ];
        for (method, path, status, text) in cases {
            let request = world.request(method, path, b"", &[("token-json-error", "false")]);
            let answer = world.send_unjudged(request).await;
            assert_eq!((answer.status, answer.text()), (status, text.to_owned()));
        }
        let mut request = world.request("GET", &other, b"", &[("token-json-error", "false")]);
        request.headers_mut().remove("authorization");
        let answer = world.send_unjudged(request).await;
        let text = "UNAUTHENTICATED: the header `Authorization` is missing";
        assert_eq!((answer.status, answer.text()), (401, text.to_owned()));
    }
}

#[tokio::test]
async fn an_error_of_the_bank_says_so_and_an_error_of_ours_or_the_clients_does_not() {
    for world in worlds().await {
        world.wire.plan(OPENING, Fault::Instead(503), 5);
        let failed = id(&world.create(&order()).await);
        for seconds in [1, 2, 4, 8] {
            world.pass(jiff::SignedDuration::from_secs(seconds)).await;
        }
        assert_eq!(world.status(&failed).await, "INITIATION_FAILED");
        let message = "bank `ob-modelo` is unavailable; its status is at \
                       /reports/banks/ob-modelo/status.";
        let declared =
            json!({ "errorCode": "UNAVAILABLE", "message": message, "paymentId": message });
        let body = order().to_string();
        let answer = world.post("/v2/payments", &order()).await;
        assert_error(&answer, 503, declared.clone());
        assert_eq!(answer.header("token-external-error"), "true");
        let asked = [("token-json-error", "true")];
        let request = world.request("POST", "/v2/payments", body.as_bytes(), &asked);
        assert_both_families(&world.send(request).await, 503, "bank", &declared);
        for path in ["/v2/payments/pm2:a:b", "/v2/payments?limit=x", "/v2/payments"] {
            let answer = world.get(path).await;
            assert!(answer.headers.get("token-external-error").is_none(), "{path}");
        }
    }
}

#[tokio::test]
async fn every_answer_has_a_trace_id_of_its_own() {
    for world in worlds().await {
        let mut seen = vec![];
        for path in ["/v2/payments", "/v2/banks", "/nothing", "/healthz", "/v2/payments/x"] {
            let answer = world.get(path).await;
            let trace_id = answer.header("tokenTraceId").to_owned();
            assert_eq!(answer.header("token-trace-id"), trace_id, "{path}");
            assert!(trace_id.len() == 16 && !seen.contains(&trace_id), "{path}: {trace_id}");
            seen.push(trace_id);
        }
    }
}

/// The headers of the last request to a bank on a path that ends so.
async fn last_request(world: &World, path_end: &str) -> Value {
    let exchanges = world.bank_json("/sim/exchanges").await;
    let mut exchanges = exchanges.as_array().unwrap().iter().rev();
    let ends_so =
        |exchange: &&Value| exchange["path"].as_str().is_some_and(|path| path.ends_with(path_end));
    exchanges.find(ends_so).unwrap_or_else(|| panic!("no {path_end}"))["request_headers"].clone()
}

#[tokio::test]
async fn what_the_member_says_of_the_payer_reaches_banks_of_each_standard() {
    let (address, agent) = ("203.0.113.9", "Browser/1.0 (test)");
    let spellings = [
        ("token-customer-ip-address", "token-customer-user-agent"),
        ("Token-Customer-IP-Address", "Token-Customer-User-Agent"),
        ("token_customer_ip_address", "token_customer_user_agent"),
    ];
    let banks = [
        (
            "ob-iron",
            "/domestic-payment-consents",
            "x-fapi-customer-ip-address",
            "x-customer-user-agent",
        ),
        ("bg-tulp", "/sepa-credit-transfers", "psu-ip-address", "psu-user-agent"),
    ];
    for world in worlds().await {
        for (bank, path_end, address_header, agent_header) in banks {
            for (address_name, agent_name) in spellings {
                let body = order_at(bank, None, "10.23").to_string();
                let headers = [(address_name, address), (agent_name, agent)];
                let request = world.request("POST", "/v2/payments", body.as_bytes(), &headers);
                let answer = world.send(request).await;
                assert_eq!(answer.status, 200, "{bank}: {}", answer.text());
                let told = last_request(&world, path_end).await;
                assert_eq!(told[address_header], address, "{bank}: {address_name}: {told}");
                assert_eq!(told[agent_header], agent, "{bank}: {agent_name}: {told}");
            }
            world.create(&order_at(bank, None, "10.23")).await;
            let told = last_request(&world, path_end).await;
            assert_ne!(told[address_header], address, "{bank}: nothing was said: {told}");
            assert!(told[agent_header].is_null(), "{bank}: nothing was said: {told}");
        }
    }
}
