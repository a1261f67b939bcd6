//! The banks' pages as data: a program plays the payer without reading HTML.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::next_gen_psd2::Asked;
use crate::support::*;

impl World {
    async fn data(&self, path: &str) -> Value {
        let request = Request::get(path).header("accept", "application/json");
        let reply = self.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.header("content-type"), "application/json", "{path}: {}", reply.text());
        reply.json()
    }
}

fn names(form: &Value, part: &str) -> Vec<String> {
    let all = form[part].as_array().unwrap().iter();
    all.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

const DECISIONS: [(&str, &str); 2] = [("decision", "approve"), ("decision", "decline")];

fn has_decisions(form: &Value) -> bool {
    let wanted = DECISIONS.map(|(name, value)| json!({ "name": name, "value": value }));
    form["buttons"] == json!(wanted)
}

#[tokio::test]
async fn every_customer_is_listed_with_password_and_accounts() {
    let world = World::new();
    let listed = world.get("/sim/customers").await.json();
    assert_eq!(listed["one_time_password"], "123456");
    let accounts = world.get("/sim/accounts").await.json();
    let banks = listed["banks"].as_object().unwrap();
    assert_eq!(banks.len(), 31);
    for account in accounts.as_array().unwrap().iter().filter(|one| one["bank"] != "") {
        let customers = banks[account["bank"].as_str().unwrap()].as_array().unwrap();
        let owner = customers.iter().find(|one| one["username"] == account["owner"]).unwrap();
        assert_eq!(owner["password"], format!("{}-pass", account["owner"].as_str().unwrap()));
        let own = owner["accounts"].as_array().unwrap();
        assert!(own.iter().any(|one| one["identification"] == account["id"]), "{owner}");
    }
}

/// Sign-in, a wrong password, consent, the way back, all as data.
#[tokio::test]
async fn a_program_signs_in_and_approves_by_what_the_pages_say() {
    let world = World::new();
    let asked = Asked::at("bg-linden", "12.34", "Rent");
    let created = world.next_gen_psd2_create(&asked).await.json();
    let id = created["paymentId"].as_str().unwrap();
    let visit = format!("/bg-linden/sca/{id}");
    let page = world.data(&visit).await;
    assert_eq!(page["page"], "sign_in");
    assert_eq!(names(&page["forms"][0], "fields"), ["username", "password"]);
    assert_eq!(page["shows"]["attempts_left"], Value::Null);
    let sign_in = format!("{visit}/sign-in");
    let wrong = [("username", asked.username), ("password", "wrong")];
    assert_eq!(world.post_form(&sign_in, &wrong).await.status, 303);
    assert_eq!(world.data(&sign_in).await["shows"]["attempts_left"], "2");
    let password = format!("{}-pass", asked.username);
    let right = [("username", asked.username), ("password", password.as_str())];
    let reply = world.post_form(&sign_in, &right).await;
    let consent = reply.header("location").to_owned();
    let page = world.data(&consent).await;
    assert_eq!(page["page"], "consent");
    for (name, text) in [("amount", "€12.34"), ("reference", "Rent"), ("purpose", "payment")] {
        assert_eq!(page["shows"][name], text, "{page}");
    }
    let form = &page["forms"][0];
    assert!(has_decisions(form), "{form}");
    let account = form["fields"][0]["options"][0].as_str().unwrap();
    let fields = [("account", account), ("decision", "approve")];
    assert_eq!(world.post_form(&consent, &fields).await.status, 303);
    assert_eq!(world.next_gen_psd2_status("bg-linden", id).await, "ACTC");
}

#[tokio::test]
async fn the_app_lists_its_questions_and_its_code() {
    let world = World::new();
    let asked = Asked::at("bg-birke", "12.34", "Rent");
    let created = world.next_gen_psd2_create(&asked).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let app = format!("/sim/app/bg-birke/{}", asked.username);
    let page = world.data(&app).await;
    let form = &page["forms"][0];
    assert!(has_decisions(form) && form["shows"]["reference"] == "Rent", "{page}");
    let payment = form["fields"][0]["value"].as_str().unwrap();
    let fields = [("payment", payment), ("decision", "approve")];
    assert_eq!(world.post_form(&app, &fields).await.status, 303);
    assert_eq!(world.data(&app).await["forms"], json!([]));
    let code = world.data("/sim/app/pl-sosna/sylwia").await["shows"]["code"].clone();
    let html = world.get("/sim/app/pl-sosna/sylwia").await.text();
    assert!(html.contains(&format!("<strong>{}</strong>", code.as_str().unwrap())), "{code}");
}

/// People, and clients that accept HTML too, get the page; a problem has its status in both forms.
#[tokio::test]
async fn data_is_for_those_who_ask_for_nothing_else() {
    let world = World::new();
    let path = "/sim/app/bg-birke/bernd";
    for accept in ["text/html", "text/html,application/json;q=0.9", "*/*"] {
        let request = Request::get(path).header("accept", accept).body(Body::empty()).unwrap();
        let reply = world.send(request).await;
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8", "{accept}");
    }
    let request = Request::get("/sim/app/bg-birke/nobody").header("accept", "application/json");
    let reply = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((reply.status, reply.json()["page"].clone()), (404, json!("problem")));
    assert_eq!(reply.json()["shows"]["text"], "There is no such customer.");
}
