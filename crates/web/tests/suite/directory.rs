//! `GET /banks`, `/bank/countries`, `/v2/banks`, `/reports/banks/…`.

use axum::body::Body;
use http::Request;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Fault, World, hosted_order, id, order_of, worlds, worlds_with};

impl World {
    /// Without any authentication.
    pub async fn anonymous(&self, path: &str) -> crate::support::Answer {
        let request = Request::get(path).header("host", "localhost");
        // Where errors are text otherwise.
        let request = request.header("token-json-error", "true");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn bank_ids(&self, path: &str) -> Vec<String> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        ids_of(&answer.json())
    }
}

fn ids_of(list: &Value) -> Vec<String> {
    let banks = list["banks"].as_array().unwrap();
    banks.iter().map(|bank| bank["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn directories_need_no_authentication_and_reports_do() {
    for world in worlds().await {
        let anonymous = world.anonymous("/banks").await;
        assert_eq!(anonymous.status, 200);
        assert!(ids_of(&anonymous.json()).contains(&"ob-iron".to_owned()));
        for path in ["/bank/countries", "/banks/countries", "/v2/banks"] {
            assert_eq!(world.anonymous(path).await.status, 200, "{path}");
        }
        for path in ["/reports/banks/status", "/reports/banks/ob-iron/status"] {
            assert_eq!(world.anonymous(path).await.status, 401, "{path}");
        }
        let wrong = Request::get("/banks").header("host", "localhost");
        let wrong = wrong.header("authorization", "Bearer nonsense").body(Body::empty()).unwrap();
        assert_eq!(world.send(wrong).await.status, 401, "who says who he is must be right");
    }
}

/// In production the operator decides whether the whole directory is public.
#[tokio::test]
async fn without_unsigned_reads_banks_and_the_gateways_keys_alone_are_public() {
    for world in worlds_with(|settings| settings.unsigned_reads = false).await {
        let gateway = format!("/member/{}/keys", world.app.gateway_key().member_id());
        let key = format!("{gateway}/{}", world.app.gateway_key().key_id());
        let member = format!("/members/{}", world.app.gateway_key().member_id());
        let alias = "/resolve-alias?alias.value=token.io&alias.type=DOMAIN";
        for path in ["/banks", &gateway, &key, &member, alias] {
            assert_eq!(world.anonymous(path).await.status, 200, "{path}");
            assert_eq!(world.get(path).await.status, 200, "{path}");
        }
        let own = format!("/member/{}/keys", world.member.id);
        let request = id(&world.store(&world.token_request()).await);
        let request = format!("/token-requests/{request}");
        let result = format!("{request}/result");
        let closed =
            ["/bank/countries", "/banks/countries", "/v2/banks", "/v2/payments", &own, &request];
        for path in closed.into_iter().chain([&*result]) {
            assert_eq!(world.anonymous(path).await.status, 401, "{path}");
            assert_eq!(world.get(path).await.status, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn the_better_known_banks_come_first_by_rank() {
    for world in worlds().await {
        let by_rank = world.bank_ids("/v2/banks?sort=RANK").await;
        for sort in ["rank", "RANK"] {
            assert_eq!(world.bank_ids(&format!("/banks?sort={sort}")).await, by_rank);
        }
    }
}

#[tokio::test]
async fn every_filter_lets_through_what_it_names() {
    for world in worlds().await {
        let all = world.bank_ids("/v2/banks").await;
        for (path, wanted) in [
            ("/v2/banks?ids=OB-IRON,ob-modelo", vec!["ob-iron", "ob-modelo"]),
            ("/v2/banks?ids=ob-iron&ids=none", vec!["ob-iron"]),
            ("/v2/banks?search=MODELO", vec!["ob-modelo"]),
            ("/v2/banks?bics=irongb21", vec!["ob-iron"]),
            ("/v2/banks?bankCode=IRONGB21", vec!["ob-iron"]),
            ("/v2/banks?ids=ob-iron&countries=GB", vec!["ob-iron"]),
            ("/v2/banks?ids=ob-iron&countries=DE", vec![]),
            (
                "/v2/banks?ids=ob-iron&openBankingStandards=uk_open_banking_standard",
                vec!["ob-iron"],
            ),
            ("/v2/banks?ids=ob-iron&openBankingStandards=NextGenPSD2", vec![]),
            (
                "/v2/banks?ids=ob-iron&supportedLocalInstruments=SEPA,FASTER_PAYMENTS",
                vec!["ob-iron"],
            ),
            ("/v2/banks?ids=ob-iron&supportedLocalInstruments=SEPA", vec![]),
            ("/v2/banks?ids=ob-iron&supportsFundsConfirmation=true", vec!["ob-iron"]),
            ("/v2/banks?ids=ob-iron&supportsFundsConfirmation=false", vec![]),
            ("/v2/banks?ids=ob-iron&requiresOneStepPayment=false", vec!["ob-iron"]),
            ("/v2/banks?supportsReturnRefundAccountHolderName=true", vec![]),
            ("/v2/banks?ids=ob-iron&bankGroup=simulated%20banks", vec!["ob-iron"]),
            ("/v2/banks?ids=ob-iron&bankSubGroup=none", vec![]),
            ("/banks?ids=ob-iron&providers=bascule", vec!["ob-iron"]),
            ("/banks?ids=ob-iron&providers=other", vec![]),
            ("/banks?ids=ob-iron&supportedPaymentNetworks=FASTER_PAYMENTS", vec!["ob-iron"]),
            ("/banks?ids=ob-iron&bank_features.supports_send_payment.value=true", vec!["ob-iron"]),
            ("/banks?ids=ob-iron&bank_features.supportsSendPayment.value=false", vec![]),
            (
                "/banks?ids=ob-iron&bank_features.supports_variable_recurring_payment.value=1",
                vec![],
            ),
            ("/banks?ids=ob-iron&scaMethods=REDIRECT", vec!["ob-iron"]),
            ("/banks?ids=ob-iron&scaMethods=DECOUPLED", vec![]),
        ] {
            assert_eq!(world.bank_ids(path).await, wanted, "{}: {path}", world.name);
        }
        assert!(all.len() >= 3);
        for path in [
            "/v2/banks?sort=NONSENSE",
            "/v2/banks?page=x",
            "/v2/banks?perPage=-1",
            "/v2/banks?supportsSinglePayment=maybe",
            "/v2/banks?supportedLocalInstruments=PIGEON",
            "/banks?sort=STANDARD",
        ] {
            let answer = world.get(path).await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.text());
        }
        let countries = world.get("/bank/countries?ids=ob-iron").await.json();
        assert_eq!(countries, json!({ "countries": ["GB"] }));
        let minds_case = world.get("/bank/countries?search=iron%20bank").await.json();
        assert_eq!(minds_case, json!({ "countries": [] }));
    }
}

#[tokio::test]
async fn pages_of_a_list_hold_every_bank_once_in_every_order() {
    for world in worlds().await {
        for sort in ["NAME", "COUNTRY", "STANDARD", "RANK"] {
            let first = world.get(&format!("/v2/banks?perPage=2&sort={sort}")).await.json();
            let (pages, total) = (&first["paging"]["pageCount"], &first["paging"]["totalCount"]);
            let (pages, total) = (pages.as_u64().unwrap(), total.as_u64().unwrap());
            assert_eq!(pages, total.div_ceil(2));
            let mut seen = vec![];
            for page in 1..=pages {
                let path = format!("/v2/banks?perPage=2&page={page}&sort={sort}");
                seen.extend(world.bank_ids(&path).await);
            }
            let (count, mut distinct) = (seen.len(), seen.clone());
            distinct.sort();
            distinct.dedup();
            assert_eq!((count as u64, distinct.len()), (total, count), "{sort}: {seen:?}");
            let beyond = format!("/v2/banks?perPage=2&page={}", pages + 1);
            assert_eq!(world.bank_ids(&beyond).await, Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn an_answer_that_the_client_has_is_not_sent_again() {
    for world in worlds().await {
        for path in ["/banks", "/bank/countries", "/banks?countries=GB"] {
            let first = world.anonymous(path).await;
            let tag = first.header("etag").to_owned();
            assert!(tag.len() > 10 && first.header("cache-control").contains("max-age"), "{path}");
            let again = |tag: &str| {
                let request = Request::get(path).header("host", "localhost");
                request.header("if-none-match", tag).body(Body::empty()).unwrap()
            };
            let same = world.send(again(&format!("\"other\", W/{tag}"))).await;
            assert_eq!((same.status, same.body.len()), (304, 0), "{path}");
            assert_eq!(world.send(again("\"other\"")).await.status, 200, "{path}");
        }
        let (one, all) =
            (world.anonymous("/banks?search=iron").await, world.anonymous("/banks").await);
        assert_ne!(one.header("etag"), all.header("etag"));
    }
}

#[tokio::test]
async fn a_bank_that_does_not_answer_is_reported_refused_and_found_again_by_a_probe() {
    for world in worlds().await {
        let report = |answer: Value| answer["bankStatus"]["pisStatus"].clone();
        let status = "/reports/banks/ob-iron/status";
        assert_eq!(report(world.get(status).await.json()), "LIVE");
        let hosted = world.create(&hosted_order()).await;
        let id = id(&hosted);
        world.wire.plan("create-domestic-payment-consent", Fault::Instead(503), 5);
        for _ in 0..5 {
            world.create(&order_of("ob-iron", "10.23")).await;
        }
        let down = world.get(status).await.json();
        assert_eq!(report(down.clone()), "DOWN", "{down}");
        let figures = down["bankStatus"]["operations"].as_array().unwrap().clone();
        let consent =
            figures.iter().find(|one| one["operation"] == "create-domestic-payment-consent");
        assert_eq!(consent.unwrap()["bankErrors"], 5, "{down}");
        let all = world.get("/reports/banks/status").await.json();
        let all = all["banksStatus"].as_array().unwrap().clone();
        for bank in all {
            let wanted = if bank["bankId"] == "ob-iron" { "DOWN" } else { "LIVE" };
            assert_eq!(bank["pisStatus"], wanted, "{bank}");
        }
        let refused = world.post("/v2/payments", &order_of("ob-iron", "10.23")).await;
        assert_eq!(refused.status, 503, "{}", refused.text());
        assert_eq!(refused.json()["error"]["errorCode"], "UNAVAILABLE");
        let page = world.page(&format!("/session/{id}")).await.text();
        assert!(page.contains("Bank unavailable"), "{page}");
        let chosen = world.submit(&format!("/session/{id}"), &[("bank-id", "ob-iron")]).await;
        assert!(chosen.text().contains("unavailable at the moment"), "{}", chosen.text());
        // The probe meets whatever is there: any answer below 500 will do.
        gateway::housekeeping::probe_banks(&world.app).await;
        assert_eq!(report(world.get(status).await.json()), "LIVE");
        let taken = world.post("/v2/payments", &order_of("ob-iron", "10.23")).await;
        assert_eq!(taken.status, 200, "{}", taken.text());
        assert_eq!(world.get("/reports/banks/none/status").await.status, 404);
    }
}

#[tokio::test]
async fn exchanges_are_kept_without_secrets_until_they_are_too_old() {
    for world in worlds().await {
        let id = world.approved(&order_of("ob-iron", "10.23")).await;
        world.half_a_minute().await;
        let payment_id = id.parse().unwrap();
        let calls = gateway::payments::bank_calls(&world.app, &payment_id).await.unwrap();
        let operations: Vec<&str> = calls.iter().map(|call| call.operation.as_str()).collect();
        for wanted in
            ["create-domestic-payment-consent", "exchange-code", "create-domestic-payment"]
        {
            assert!(operations.contains(&wanted), "{wanted} in {operations:?}");
        }
        let kept: String = calls.iter().map(|call| call.body.clone()).collect();
        // A JWT begins so.
        for secret in ["Bearer ", "12345678", "Customer Inc.", "eyJ"] {
            assert!(!kept.contains(secret), "{secret} in {kept}");
        }
        assert_eq!(gateway::housekeeping::delete_old(&world.app).await.unwrap(), 0);
        world.clock.advance(SignedDuration::from_hours(24 * 91));
        let deleted = gateway::housekeeping::delete_old(&world.app).await.unwrap();
        assert!(deleted >= calls.len() as u64, "{deleted}");
        let calls = gateway::payments::bank_calls(&world.app, &payment_id).await.unwrap();
        assert!(calls.is_empty());
    }
}
