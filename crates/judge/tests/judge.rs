//! The judge on a small document of our own, and on the published ones when they are there.
#![expect(clippy::expect_used, reason = "helper functions of tests may fail the test")]

use http::HeaderMap;
use judge::Judge;
use serde_json::{Value, json};

fn small_document() -> Value {
    json!({
        "openapi": "3.0.0",
        "servers": [{ "url": "https://bank.example/api/v1" }],
        "paths": {
            "/orders": { "post": {
                "parameters": [{ "$ref": "#/components/parameters/key" }],
                "requestBody": { "required": true, "content": {
                    "application/json; charset=utf-8": {
                        "schema": { "$ref": "#/components/schemas/Order" } } } },
                "responses": { "201": { "$ref": "#/components/responses/Created" }, "401": {} }
            }},
            "/orders/latest": { "get": { "responses": { "200": {
                "content": { "application/json": { "schema": { "type": "boolean" } } } } } } },
            "/orders/{id}": { "get": {
                "parameters": [
                    { "name": "id", "in": "path", "required": true,
                      "schema": { "type": "string", "maxLength": 3 } },
                    { "name": "limit", "in": "query", "schema": { "type": "integer" } }],
                "responses": { "200": { "$ref": "#/components/responses/Created" } } } }
        },
        "components": {
            "parameters": { "key": { "name": "x-key", "in": "header", "required": true,
                "schema": { "type": "string", "maxLength": 4 } } },
            "responses": { "Created": {
                "headers": { "x-id": { "required": true, "schema": { "type": "string" } } },
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Order" } } } } },
            "schemas": { "Order": {
                "type": "object", "additionalProperties": false, "required": ["amount"],
                "properties": {
                    "amount": { "type": "string", "pattern": "^\\d+$" },
                    "at": { "type": "string", "format": "date-time" },
                    "note": { "type": "string", "nullable": true } } } }
        }
    })
}

fn judge() -> Judge {
    Judge::from_document(small_document()).expect("the small document is usable")
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
        })
        .collect()
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn a_request_as_documented_has_no_violations_behind_any_prefix() {
    let given = headers(&[JSON, ("x-key", "k1")]);
    let body = br#"{"amount":"5","at":"2024-02-29T10:00:00Z","note":null}"#;
    let violations = judge().request("POST", "/some-bank/api/v1/orders", &given, body);
    assert_eq!(violations, []);
}

#[test]
fn each_departure_of_a_request_is_named() {
    let judge = judge();
    let good = headers(&[JSON, ("x-key", "k1")]);
    let long_key = headers(&[JSON, ("x-key", "too long")]);
    let xml = headers(&[("content-type", "text/xml"), ("x-key", "k1")]);
    let no_key = headers(&[JSON]);
    let cases: [(&HeaderMap, &str, &str); 9] = [
        (&no_key, r#"{"amount":"5"}"#, "header x-key"),
        (&long_key, r#"{"amount":"5"}"#, "header x-key"),
        (&xml, r#"{"amount":"5"}"#, "header content-type"),
        (&good, "", "body"),
        (&good, "{", "body"),
        (&good, "{}", "body"),
        (&good, r#"{"amount":"x"}"#, "body/amount"),
        (&good, r#"{"amount":"5","more":1}"#, "body"),
        (&good, r#"{"amount":"5","at":"yesterday"}"#, "body/at"),
    ];
    for (headers, body, at) in cases {
        let violations = judge.request("POST", "/api/v1/orders", headers, body.as_bytes());
        let places: Vec<&str> = violations.iter().map(|violation| violation.at.as_str()).collect();
        assert_eq!(places, [at], "{body}");
    }
}

#[test]
fn unknown_operations_and_statuses_are_violations() {
    let judge = judge();
    let none = HeaderMap::new();
    assert_eq!(judge.request("GET", "/api/v1/orders", &none, b"").len(), 1);
    assert_eq!(judge.request("GET", "/api/v1x/orders/latest", &none, b"").len(), 1);
    assert_eq!(judge.response("POST", "/api/v1/orders", 418, &none, b"").len(), 1);
}

#[test]
fn responses_are_judged_by_status_headers_and_body() {
    let judge = judge();
    let good = headers(&[JSON, ("x-id", "1")]);
    let places = |status, headers: &HeaderMap, body: &[u8]| -> Vec<String> {
        let violations = judge.response("POST", "/api/v1/orders", status, headers, body);
        violations.into_iter().map(|violation| violation.at).collect()
    };
    assert_eq!(places(201, &good, br#"{"amount":"5"}"#), [""; 0]);
    assert_eq!(places(201, &headers(&[JSON]), br#"{"amount":"5"}"#), ["header x-id"]);
    assert_eq!(places(201, &good, b""), ["body"]);
    assert_eq!(places(201, &good, br#"{"amount":5}"#), ["body/amount"]);
    assert_eq!(places(401, &good, b""), [""; 0]);
    assert_eq!(places(401, &good, b"{}"), ["body"]);
}

#[test]
fn literal_paths_win_and_parameters_are_judged() {
    let judge = judge();
    let none = HeaderMap::new();
    assert_eq!(judge.response("GET", "/api/v1/orders/latest", 200, &headers(&[JSON]), b"true"), []);
    assert_eq!(judge.request("GET", "/api/v1/orders/123?limit=5", &none, b""), []);
    assert_eq!(judge.request("GET", "/api/v1/orders/1234", &none, b"")[0].at, "path id");
    assert_eq!(judge.request("GET", "/api/v1/orders/123?limit=x", &none, b"")[0].at, "query limit");
}

#[test]
fn the_published_documents_load_and_judge() {
    if let Some(judge) = Judge::load("banks/obie/v3.1.11-payment-initiation-judge.json") {
        let path = "/bank/open-banking/v3.1/pisp/domestic-payment-consents";
        let violations = judge.request("POST", path, &headers(&[JSON]), b"{}");
        let text: Vec<String> = violations.iter().map(ToString::to_string).collect();
        assert!(text.iter().any(|line| line.contains("x-idempotency-key")), "{text:?}");
        assert!(text.iter().any(|line| line.contains("\"Data\" is a required")), "{text:?}");
    }
    if let Some(judge) = Judge::load("public-api/token-openapi.repaired.json") {
        let violations = judge.request("POST", "/v2/payments", &headers(&[JSON]), b"{}");
        assert!(
            violations.iter().all(|violation| !violation.what.contains("unusable")),
            "{violations:?}"
        );
        assert!(!violations.is_empty());
    }
}

#[test]
fn a_picture_is_a_string_to_its_schema() {
    let mut document = small_document();
    document["paths"]["/code"] = json!({ "get": { "responses": { "200": { "content": {
        "image/svg+xml": { "schema": { "type": "string", "maxLength": 6 } } } } } } });
    let judge = Judge::from_document(document).expect("the document is usable");
    let svg = headers(&[("content-type", "image/svg+xml")]);
    let places = |headers: &HeaderMap, body: &[u8]| -> Vec<String> {
        let found = judge.response("GET", "/api/v1/code", 200, headers, body);
        found.into_iter().map(|violation| violation.at).collect()
    };
    assert_eq!(places(&svg, b"<svg/>"), [""; 0]);
    assert_eq!(places(&svg, b"<svg />"), ["body"]);
    assert_eq!(places(&svg, b"<\xff>"), ["body"]);
    assert_eq!(places(&headers(&[JSON]), b"\"\""), ["header content-type"]);
}
