//! Our operations against the published document: its parameters are taken, and where the two
//! documents differ is written down. That each answer fits both is judged wherever one is given
//! (`support::judges`).

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::structure::{self, Structure};
use crate::support::{World, id, order, worlds};

pub fn published() -> Option<Value> {
    let root = std::env::var_os("BASCULE_SPECS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/specs")),
        PathBuf::from,
    );
    let path = root.join("public-api/token-openapi.repaired.json");
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(_) => {
            testkit::skipped("conformance to the published document (it is not there)");
            None
        }
    }
}

fn own() -> Value {
    serde_json::to_value(web::openapi()).unwrap()
}

#[test]
fn where_our_document_differs_from_the_published_one() {
    let Some(published) = published() else { return };
    let (ours, theirs): (Structure, Structure) = (structure::of(&own()), structure::of(&published));
    let mut table = String::new();
    writeln!(table, "+ ours alone, - published alone").unwrap();
    for (operation, lines) in &ours {
        let Some(others) = theirs.get(operation) else {
            writeln!(table, "\n+ {operation}").unwrap();
            continue;
        };
        let (more, less) = (structure::alone(lines, others), structure::alone(others, lines));
        // The answers to what goes wrong are in `docs/errors.md`.
        let is_error =
            |line: &&&String| ["answer 4", "answer 5"].iter().any(|start| line.starts_with(start));
        let more: Vec<_> = more.iter().filter(|line| !is_error(line)).collect();
        let less: Vec<_> = less.iter().filter(|line| !is_error(line)).collect();
        if more.is_empty() && less.is_empty() {
            continue;
        }
        writeln!(table, "\n{operation}").unwrap();
        for line in more {
            writeln!(table, "  + {line}").unwrap();
        }
        for line in less {
            writeln!(table, "  - {line}").unwrap();
        }
    }
    writeln!(table, "\nPublished, and not there yet").unwrap();
    for operation in theirs.keys().filter(|operation| !ours.contains_key(*operation)) {
        writeln!(table, "- {operation}").unwrap();
    }
    insta::assert_snapshot!(table);
}

/// A value of a published query or header parameter that has to be taken.
fn value_of(parameter: &Value) -> Vec<String> {
    let schema = &parameter["schema"];
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let items = if schema["items"].is_null() { schema } else { &schema["items"] };
    if let Some(words) = items["enum"].as_array() {
        return words.iter().map(word).collect();
    }
    for example in [&parameter["example"], &schema["example"], &items["example"]] {
        match example {
            Value::Null => {}
            Value::Array(examples) => return examples.iter().map(word).collect(),
            example => return vec![word(example)],
        }
    }
    match items["type"].as_str() {
        Some("boolean") => vec!["true".to_owned()],
        Some("integer" | "number") => vec!["1".to_owned()],
        _ => vec!["a".to_owned()],
    }
}

/// Examples of the published document that its own rules refuse, and where a parameter needs
/// another beside it.
fn told_otherwise(path: &str, name: &str) -> Option<&'static str> {
    match (path, name) {
        ("/v2/payments", "vrpConsentId") => {
            Some("type=VARIABLE_RECURRING_PAYMENT&vrpConsentId=vc:1:2")
        }
        ("/qr-code", "data") => Some("data=https%3A%2F%2Fshop.example%2Fpay"),
        ("/v2/payments", "offset") => Some("limit=1"),
        ("/tokens" | "/transfers", "page.offset") => Some("page.limit=1"),
        ("/tokens" | "/transfers", "filter.startTimeMs" | "filter.endTimeMs") => {
            Some("filter.startTimeMs=1729212980771&filter.endTimeMs=1729212980771")
        }
        ("/v2/payments", "createdAfter" | "createdBefore") => {
            Some("createdAfter=2026-01-01T00:00:00Z")
        }
        _ => None,
    }
}

impl World {
    async fn takes(&self, path: &str, parameter: &Value) {
        let name = parameter["name"].as_str().unwrap();
        let values = value_of(parameter);
        match parameter["in"].as_str().unwrap() {
            "query" => {
                for value in values {
                    let mut query = url::form_urlencoded::Serializer::new(String::new());
                    query.append_pair(name, &value);
                    let needs_limit = path == "/v2/payments" && name != "limit";
                    let limit = if needs_limit { "limit=1&" } else { "" };
                    let query = match told_otherwise(path, name) {
                        Some(query) => query.to_owned(),
                        None => query.finish(),
                    };
                    let answer = self.get(&format!("{path}?{limit}{query}")).await;
                    assert_eq!(answer.status, 200, "{path} {name}={value}: {}", answer.text());
                }
            }
            "header" => {
                let request = self.request("GET", path, b"", &[(name, values[0].as_str())]);
                let answer = self.send(request).await;
                assert!(answer.status < 300, "{path} {name}: {}", answer.text());
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn every_published_parameter_of_our_operations_is_taken() {
    let Some(published) = published() else { return };
    let ours = own();
    for world in worlds().await {
        let payment = id(&world.create(&order()).await);
        let mut taken = 0;
        for (path, item) in published["paths"].as_object().unwrap() {
            let known = !ours["paths"][path]["get"].is_null();
            // Everything but a path to one thing that has to exist.
            let path = path.replace("{paymentId}", &payment).replace("{bankId}", "ob-modelo");
            if !known || path.contains('{') {
                continue;
            }
            for parameter in item["get"]["parameters"].as_array().into_iter().flatten() {
                let parameter = match parameter["$ref"].as_str() {
                    Some(reference) => published.pointer(&reference[1..]).unwrap(),
                    None => parameter,
                };
                world.takes(&path, parameter).await;
                taken += 1;
            }
        }
        assert!(taken > 40, "only {taken} parameters were tried");
    }
}

/// The published examples of bodies, sent as they are.
#[tokio::test]
async fn the_published_examples_of_bodies_are_taken() {
    let Some(published) = published() else { return };
    for world in worlds().await {
        let content = &published["paths"]["/account-verifications"]["post"]["requestBody"];
        let examples = &content["content"]["application/json"]["examples"];
        let mut european = examples["EU (EUR) Account Check"]["value"].clone();
        // No settlement account exists yet, and the example's IBAN has wrong check digits.
        european.as_object_mut().unwrap().remove("virtualAccountId");
        european["account"]["iban"] = json!("GB33BUKB20201555555555");
        let answer = world.post("/account-verifications", &european).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// A client should be able to distinguish a missing operation from a wrong URL.
#[tokio::test]
async fn published_operations_that_are_not_built_answer_501_in_the_published_shape() {
    let Some(published) = published() else { return };
    let (ours, theirs): (Structure, Structure) = (structure::of(&own()), structure::of(&published));
    let judge = judge::Judge::load("public-api/token-openapi.repaired.json").unwrap();
    for world in worlds().await {
        let missing = theirs.keys().filter(|operation| !ours.contains_key(*operation));
        for operation in missing {
            let (method, path) = operation.split_once(' ').unwrap();
            let parts =
                path.split('/').map(|part| if part.starts_with('{') { "a:1:2" } else { part });
            let path = parts.collect::<Vec<_>>().join("/");
            let answer = world.send_unjudged(world.request(method, &path, b"{}", &[])).await;
            assert_eq!(answer.status, 501, "{operation}: {}", answer.text());
            let error = &answer.json()["error"];
            assert_eq!(error["errorCode"], "UNIMPLEMENTED", "{operation}");
            assert_eq!(error["tokenTraceId"], answer.header("tokentraceid"), "{operation}");
            let mut found = judge.response(method, &path, 501, &answer.headers, &answer.body);
            // Some operations are published without this status.
            found.retain(|violation| violation.at != "status");
            assert_eq!(found, [], "{operation}: {}", answer.text());
            let mut unsigned = world.request(method, &path, b"{}", &[]);
            unsigned.headers_mut().remove("authorization");
            assert_eq!(world.send_unjudged(unsigned).await.status, 401, "{operation}");
        }
    }
}

/// Operation, field, end: the lines of `docs/request-fields.md`.
fn ends_of_fields() -> Vec<[String; 3]> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/request-fields.md");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let mut cells = row.split('|').skip(1).map(|cell| cell.trim().trim_matches('`').to_owned());
        [(); 3].map(|()| cells.next().unwrap())
    })
    .collect()
}

/// "Refused, never ignored": nothing that is published is without effect unless the page says so.
#[test]
fn every_published_field_of_a_request_has_a_known_end() {
    let Some(published) = published() else { return };
    let built = structure::of(&own());
    let (ours, theirs) = (structure::bodies_of(&own()), structure::bodies_of(&published));
    let rows = ends_of_fields();
    let mut idle: BTreeSet<&[String; 3]> = rows.iter().collect();
    for (operation, fields) in theirs.iter().filter(|(one, _)| built.contains_key(*one)) {
        let rows: Vec<_> = rows.iter().filter(|row| &row[0] == operation).collect();
        for field in fields {
            let shared = field.replace("standingOrderBody.instr", "transferBody.instr");
            idle.retain(|row| &row[0] != operation || row[1] != shared);
            let below = |field: &str, above: &str| {
                field
                    .strip_prefix(above)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            // An object that only contains fields with ends has no end itself.
            let fits = |row: &&&[String; 3]| below(&shared, &row[1]) || below(&row[1], &shared);
            let row = rows.iter().filter(fits).max_by_key(|row| row[1].len());
            let [_, _, end] = row.unwrap_or_else(|| panic!("{operation}: `{field}` is in no line"));
            assert!(["bank", "used", "kept", "refused"].contains(&end.as_str()), "{row:?}");
            // Fields outside our document are not read.
            let read = end == "refused" || ours[operation].contains(field);
            assert!(read, "{operation}: `{field}` is {end} and not read");
        }
    }
    assert!(idle.is_empty(), "lines about fields that are not published: {idle:?}");
}
