//! Bodies made of the published document's own examples, sent as a reader would send them: each
//! field has its example value, each account one of its published forms. A reader's own values
//! are in [`own_values`]; the outcomes are one table, the snapshot.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::conformance::published;
use crate::support::{id, with, without, world};

/// A published account, with the rail, bank and currency that it belongs to. Where no simulated bank
/// has the rail, the payer would choose it.
const RAILS: [(&str, &str, &str, &str); 8] = [
    ("SepaAccount", "SEPA", "bg-linden", "EUR"),
    ("SepaInstantAccount", "SEPA_INSTANT", "bg-linden", "EUR"),
    ("FasterPaymentsAccount", "FASTER_PAYMENTS", "ob-modelo", "GBP"),
    ("ElixirAccountCreditor", "ELIXIR", "pl-sosna", "PLN"),
    ("EUDomesticNonEuroAccountCreditor", "EU_DOMESTIC_NON_EURO", "", "SEK"),
    ("EUDomesticNonEuroInstantAccountCreditor", "EU_DOMESTIC_NON_EURO_INSTANT", "", "SEK"),
    ("BankGiroAccount", "BANKGIRO", "", "SEK"),
    ("PlusGiroAccount", "PLUSGIRO", "", "SEK"),
];

struct Document(Value);

impl Document {
    fn schema<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.schema(self.0.pointer(&reference[1..]).unwrap()),
            None => schema,
        }
    }

    fn named(&self, name: &str) -> Value {
        self.0["components"]["schemas"][name].clone()
    }

    fn body(&self, method: &str, path: &str) -> Value {
        self.0["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
            .clone()
    }

    /// Every form of a value that its published examples make. A field without an example is left
    /// out; of the fields of an object, one at a time takes its further forms.
    fn examples(&self, schema: &Value) -> Vec<Value> {
        let schema = self.schema(schema);
        if !schema["example"].is_null() {
            return vec![schema["example"].clone()];
        }
        let forms = ["oneOf", "anyOf"].iter().filter_map(|choice| schema[choice].as_array());
        let forms: Vec<Value> = forms.flatten().flat_map(|form| self.examples(form)).collect();
        let all_of = schema["allOf"].as_array().into_iter().flatten();
        let fields = schema["properties"].as_object().into_iter().flatten();
        let parts: Vec<_> = std::iter::once((None, forms))
            .chain(all_of.map(|part| (None, self.examples(part))))
            .chain(fields.map(|(name, field)| (Some(name), self.examples(field))))
            .filter(|(_, forms)| !forms.is_empty())
            .collect();
        if !parts.is_empty() {
            return combined(parts);
        }
        match &schema["items"] {
            Value::Null => vec![],
            items => self.examples(items).into_iter().map(|item| json!([item])).collect(),
        }
    }
}

/// Objects of these parts: the first form of each, and then each further form of each in turn. A part
/// without a name is an object itself, whose fields belong to the whole.
fn combined(parts: Vec<(Option<&String>, Vec<Value>)>) -> Vec<Value> {
    let with_form = |part: usize, form: usize| {
        let mut whole = Map::new();
        for (index, (name, forms)) in parts.iter().enumerate() {
            let Some(value) = forms.get(if index == part { form } else { 0 }) else { continue };
            match (name, value) {
                (Some(name), value) => drop(whole.insert((*name).clone(), value.clone())),
                (None, Value::Object(fields)) => whole.extend(fields.clone()),
                (None, _) => {}
            }
        }
        Value::Object(whole)
    };
    let further = parts
        .iter()
        .enumerate()
        .flat_map(|(part, (_, forms))| (1..forms.len()).map(move |form| (part, form)));
    let mut all = vec![with_form(0, 0)];
    all.extend(further.map(|(part, form)| with_form(part, form)));
    all.retain(|whole| whole != &json!({}));
    all
}

/// The reader's own values: the document's days are over, the payer's account of the examples
/// is at another bank, and the first bank of the examples asks for no user name.
fn own_values(body: &Value, rail: &str, bank: &str, currency: &str, reference: usize) -> Value {
    let body = with(body, "initiation.refId", format!("EXAMPLE-{reference}").as_str());
    let body = with(&body, "initiation.executionDate", "2026-02-27");
    let body = with(&body, "initiation.localInstrument", rail);
    let body = match bank {
        "" => without(&body, "initiation.bankId"),
        bank => with(&body, "initiation.bankId", bank),
    };
    let body = with(&body, "initiation.amount.currency", currency);
    without(&without(&body, "initiation.debtor"), "initialEmbeddedAuth")
}

#[tokio::test]
async fn payments_of_the_published_examples() {
    let Some(published) = published() else { return };
    let document = Document(published);
    let world = world().await;
    let whole = document.examples(&document.body("post", "/v2/payments"));
    let payee =
        json!({ "properties": document.named("CreditorInformation")["allOf"][2]["properties"] });
    let mut table = String::new();
    let mut reference = 0;
    for (account, rail, bank, currency) in RAILS {
        for account in document.examples(&document.named(account)) {
            reference += 1;
            let mut creditor = document.examples(&payee).remove(0);
            creditor.as_object_mut().unwrap().extend(account.as_object().unwrap().clone());
            let body = own_values(&whole[0], rail, bank, currency, reference);
            let body = with(&body, "initiation.creditor", creditor);
            let answer = world.post("/v2/payments", &body).await;
            let error = &answer.json()["error"];
            writeln!(table, "{rail} {account} {} {}", answer.status, error["message"]).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn other_bodies_of_the_published_examples() {
    let Some(published) = published() else { return };
    let document = Document(published);
    let world = world().await;
    let mut table = String::new();
    for account in document.examples(&document.body("post", "/tokenized-accounts")) {
        let answer = world.post("/tokenized-accounts", &account).await;
        let (account, error) = (&account["accountDetails"], &answer.json()["error"]);
        writeln!(table, "account {account} {} {}", answer.status, error["message"]).unwrap();
    }
    for config in document.examples(&document.body("put", "/webhook/config")) {
        let answer = world.put("/webhook/config", &config).await;
        writeln!(table, "{config} {} {}", answer.status, answer.json()["error"]["message"])
            .unwrap();
        let config = with(&config, "config.url", "https://your-webhook-url.com");
        let answer = world.put("/webhook/config", &config).await;
        writeln!(table, "{config} {} {}", answer.status, answer.json()["error"]["message"])
            .unwrap();
    }
    let keys = format!("/member/{}/keys", world.member.id);
    for key in document.examples(&document.body("post", "/member/{memberId}/keys")) {
        let answer = world.post(&keys, &key).await;
        writeln!(table, "{key} {} {}", answer.status, answer.json()["error"]["message"]).unwrap();
    }
    let answers =
        document.examples(&document.body("post", "/v2/payments/{paymentId}/embedded-auth"));
    let whole = document.examples(&document.body("post", "/v2/payments")).remove(0);
    let asked = own_values(&whole, "SEPA", "bg-eiche", "EUR", 1);
    let asked = without(&asked, "initiation.executionDate");
    let payer = json!({ "iban": "AT672011100000001092", "name": "Erika Muster" });
    let asked = with(&asked, "initiation.debtor", payer);
    let asked = with(&asked, "initiation.flowType", "API_ONLY");
    let payment = id(&world.create(&asked).await);
    for answers in answers {
        let path = format!("/v2/payments/{payment}/embedded-auth");
        let answer = world.post(&path, &answers).await;
        writeln!(table, "{answers} {} {}", answer.status, answer.json()["error"]["message"])
            .unwrap();
    }
    let verification = &document.0["paths"]["/account-verifications"]["post"]["requestBody"];
    let named = &verification["content"]["application/json"]["examples"];
    for (name, example) in named.as_object().unwrap() {
        let body = without(&example["value"], "virtualAccountId");
        let answer = world.post("/account-verifications", &body).await;
        writeln!(table, "{name} {} {}", answer.status, answer.json()["error"]["message"]).unwrap();
    }
    insta::assert_snapshot!(table);
}
