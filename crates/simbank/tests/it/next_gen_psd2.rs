//! A small provider at the banks that speak NextGenPSD2, and their payers.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::{Value, json};
use simbank::PeerCertificate;

use crate::certificate::{qwac, qwac_with_role};
use crate::support::*;

const PRODUCT: &str = "v1/payments/sepa-credit-transfers";
pub const BACK: &str = "https://tpp.example/callback";

/// A payment that is asked for.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    pub bank: &'a str,
    pub username: &'a str,
    pub debtor: Option<&'a str>,
    pub amount: &'a str,
    pub reference: &'a str,
}

impl<'a> Asked<'a> {
    /// By the ordinary customer of a bank.
    pub fn at(bank: &'a str, amount: &'a str, reference: &'a str) -> Asked<'a> {
        let (username, debtor) = match bank {
            "bg-linden" => ("lena", "DE65700202700000001008"),
            "bg-ahorn" => ("anna", "DE32370400440000001036"),
            "bg-eiche" => ("elfi", "AT672011100000001092"),
            "bg-birke" => ("bernd", "DE11500105170000001064"),
            "bg-tulp" => ("tess", "NL17TULP0000001120"),
            other => panic!("{other} is not known here"),
        };
        Asked { bank, username, debtor: Some(debtor), amount, reference }
    }
}

impl World {
    /// A message to a bank, with a certificate.
    pub async fn next_gen_psd2(&self, method: &str, path: &str, psu: &str, body: &Value) -> Reply {
        let number = self
            .unique("")
            .bytes()
            .fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let request_id = format!("00000000-0000-4000-8000-{:012x}", number & 0xffff_ffff_ffff);
        self.next_gen_psd2_again(&request_id, method, path, psu, body).await
    }

    /// The same with an `X-Request-ID` that may have come before.
    pub async fn next_gen_psd2_again(
        &self,
        request_id: &str,
        method: &str,
        path: &str,
        psu: &str,
        body: &Value,
    ) -> Reply {
        let mut request = Request::builder();
        if path.starts_with("/bg-tulp/") {
            let token = self.client_token_of_tulp("grant_type=client_credentials&scope=payments");
            let token = token.await.json()["access_token"].as_str().unwrap().to_owned();
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request
            .method(method)
            .uri(path)
            .extension(PeerCertificate(qwac("PSDGB-FCA-123456", 49)))
            .header("content-type", "application/json")
            .header("x-request-id", request_id)
            .header("psu-ip-address", "192.0.2.1")
            .header("psu-id", psu)
            .header("tpp-redirect-uri", BACK)
            .body(Body::from(if body.is_null() { String::new() } else { body.to_string() }))
            .unwrap();
        self.send(request).await
    }

    /// The answer of the token endpoint of the bank of client tokens.
    async fn client_token_of_tulp(&self, form: &'static str) -> Reply {
        let credentials = STANDARD.encode("PSDGB-FCA-123456:open%2Bsecret%2F1");
        let request = Request::post("/bg-tulp/oauth/token")
            .extension(PeerCertificate(qwac("PSDGB-FCA-123456", 49)))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", format!("Basic {credentials}"))
            .body(Body::from(form))
            .unwrap();
        self.send(request).await
    }

    /// A new payment.
    pub async fn next_gen_psd2_create(&self, asked: &Asked<'_>) -> Reply {
        let body = json!({
            "endToEndIdentification": self.unique("e2e").chars().take(35).collect::<String>(),
            "instructedAmount": { "currency": "EUR", "amount": asked.amount },
            "creditorAccount": { "iban": "DE02120300000000202051" },
            "creditorName": "Customer Inc.",
            "remittanceInformationUnstructured": asked.reference,
        });
        self.next_gen_psd2_create_as(asked, body).await
    }

    /// The same with a body of one's own; the debtor is put in.
    pub async fn next_gen_psd2_create_as(&self, asked: &Asked<'_>, mut body: Value) -> Reply {
        if let Some(iban) = asked.debtor {
            body["debtorAccount"] = json!({ "iban": iban });
        }
        let path = format!("/{}/{PRODUCT}", asked.bank);
        self.next_gen_psd2("POST", &path, asked.username, &body).await
    }

    /// The payer approves as the bank wants it: the answer to the last step.
    pub async fn next_gen_psd2_approve(&self, asked: &Asked<'_>, id: &str) -> Reply {
        let (bank, user) = (asked.bank, asked.username);
        let password = format!("{user}-pass");
        let path = format!("/{bank}/{PRODUCT}/{id}/authorisations");
        match bank {
            "bg-ahorn" | "bg-eiche" => {
                let body = json!({ "psuData": { "password": password } });
                let started = self.next_gen_psd2("POST", &path, user, &body).await.json();
                let path = format!("{path}/{}", started["authorisationId"].as_str().unwrap());
                let chosen = json!({ "authenticationMethodId": "sms" });
                self.next_gen_psd2("PUT", &path, user, &chosen).await;
                let last = json!({ "scaAuthenticationData": "123456" });
                self.next_gen_psd2("PUT", &path, user, &last).await
            }
            "bg-birke" => {
                let fields = [("payment", id), ("decision", "approve")];
                self.post_form(&format!("/sim/app/{bank}/{user}"), &fields).await
            }
            _ => {
                if bank == "bg-tulp" {
                    self.next_gen_psd2("POST", &path, user, &json!({})).await;
                }
                let back = self.next_gen_psd2_decide(asked, id, "approve").await;
                if bank == "bg-tulp" {
                    let path = format!("/{bank}/{PRODUCT}/{id}");
                    let released = self.next_gen_psd2("PUT", &path, user, &Value::Null).await;
                    assert_eq!(released.status, 200, "{}", released.text());
                }
                back
            }
        }
    }

    /// The payer signs in on the bank's pages and decides.
    pub async fn next_gen_psd2_decide(&self, asked: &Asked<'_>, id: &str, decision: &str) -> Reply {
        let visit = format!("/{}/sca/{id}", asked.bank);
        let password = format!("{}-pass", asked.username);
        let fields = [("username", asked.username), ("password", password.as_str())];
        let reply = self.post_form(&format!("{visit}/sign-in"), &fields).await;
        assert_eq!(reply.header("location"), format!("{visit}/consent"));
        let page = self.get(&format!("{visit}/consent")).await.text();
        let account = page.split("name=\"account\" value=\"").nth(1).unwrap();
        let account = account.split('"').next().unwrap();
        let fields = [("account", account), ("decision", decision)];
        self.post_form(&format!("{visit}/consent"), &fields).await
    }

    pub async fn next_gen_psd2_status(&self, bank: &str, id: &str) -> String {
        let path = format!("/{bank}/{PRODUCT}/{id}/status");
        let reply = self.next_gen_psd2("GET", &path, "", &Value::Null).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["transactionStatus"].as_str().unwrap().to_owned()
    }

    /// The payments that a bank has, oldest first.
    pub async fn payments_at(&self, bank: &str) -> Vec<Value> {
        let orders = self.get("/sim/orders").await.json();
        let orders = orders.as_array().unwrap().iter();
        orders.filter(|order| order["bank"] == bank).cloned().collect()
    }
}

/// The standard leaves open what a repetition of `X-Request-ID` is; there are banks of both kinds.
#[tokio::test]
async fn a_creation_that_comes_again_is_replayed_or_makes_another_payment() {
    let world = World::new();
    for (bank, payments) in [("bg-linden", 1), ("bg-birke", 2)] {
        let asked = Asked::at(bank, "12.00", "twice");
        let body = json!({
            "endToEndIdentification": "twice",
            "instructedAmount": { "currency": "EUR", "amount": asked.amount },
            "creditorAccount": { "iban": "DE02120300000000202051" },
            "creditorName": "Customer Inc.",
            "debtorAccount": { "iban": asked.debtor },
        });
        let id = "00000000-0000-4000-8000-00000000aaaa";
        let path = format!("/{bank}/{PRODUCT}");
        let first = world.next_gen_psd2_again(id, "POST", &path, asked.username, &body).await;
        let again = world.next_gen_psd2_again(id, "POST", &path, asked.username, &body).await;
        assert_eq!((first.status, again.status), (201, 201), "{bank}");
        let same = first.json()["paymentId"] == again.json()["paymentId"];
        assert_eq!(same, payments == 1, "{bank}");
        assert_eq!(world.payments_at(bank).await.len(), payments, "{bank}");
    }
}

#[tokio::test]
async fn a_provider_of_account_information_gets_no_token_for_payments() {
    let world = World::new();
    for (role, expected) in
        [((3, "PSP_AI"), "unauthorized_client"), ((2, "PSP_PI"), "invalid_grant")]
    {
        let certificate = qwac_with_role("PSDGB-FCA-123456", 49, role);
        let request = Request::builder()
            .method("POST")
            .uri("/bg-linden/oauth/token")
            .extension(PeerCertificate(certificate))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(
                "grant_type=authorization_code&client_id=PSDGB-FCA-123456&code=unknown",
            ))
            .unwrap();
        let answer = world.send(request).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some(expected)));
    }
}

#[tokio::test]
async fn a_bank_of_client_tokens_refuses_calls_without_one_and_clients_without_their_secret() {
    let world = World::new();
    let path = format!("/bg-tulp/{PRODUCT}");
    let request = Request::post(&path)
        .extension(PeerCertificate(qwac("PSDGB-FCA-123456", 49)))
        .header("x-request-id", "00000000-0000-4000-8000-000000000001")
        .body(Body::from("{}"))
        .unwrap();
    assert_eq!(world.send(request).await.status, 401, "no token");
    let form = "grant_type=client_credentials&scope=payments&client_id=PSDGB-FCA-123456";
    let request = Request::post("/bg-tulp/oauth/token")
        .extension(PeerCertificate(qwac("PSDGB-FCA-123456", 49)))
        .body(Body::from(form))
        .unwrap();
    assert_eq!(world.send(request).await.status, 401, "no secret");
    let other = world.client_token_of_tulp("grant_type=client_credentials&scope=accounts").await;
    assert_eq!(other.status, 400, "another scope");
    assert_eq!(
        world.client_token_of_tulp("grant_type=client_credentials&scope=payments").await.status,
        200
    );
}
