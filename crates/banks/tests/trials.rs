//! Harmless calls to a bank: the requests, and the operator's line about each failure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use banks::{Directory, Protocols, Response, Trial, WireError};
use serde_json::json;
use support::bank::unsigned;
use support::{Scene, run};

fn try_out(scene: &Scene) -> Vec<Trial> {
    run(Protocols::new().protocol_for(&scene.profile).try_out(&scene.call()))
}

/// Each call: `ok`, or the failure and the advice.
fn results(scene: &Scene) -> Vec<String> {
    let word = |trial: Trial| match trial.result {
        Ok(_) => "ok".to_owned(),
        Err(failure) => format!("{}; {}", failure.why, failure.advice),
    };
    try_out(scene).into_iter().map(word).collect()
}

#[test]
fn a_british_bank_is_asked_for_discovery_keys_and_a_token_and_for_nothing_else() {
    let scene = Scene::new();
    let asked: Vec<String> = try_out(&scene)
        .into_iter()
        .map(|trial| format!("{}: {}", trial.asked, trial.result.unwrap()))
        .collect();
    assert_eq!(
        asked,
        [
            "discovery document at http://bank.test:8001/ob-iron/.well-known/openid-configuration: its issuer and addresses fit the bank's file",
            "key set at http://bank.test:8001/ob-iron/jwks: it can be read",
            "access token (client_credentials) at http://bank.test:8001/ob-iron/token: the bank knows us",
        ]
    );
    let operations: Vec<&str> =
        scene.bank.seen().into_iter().map(|request| request.operation).collect();
    assert_eq!(operations, ["discover", "get-keys", "get-client-token"]);
}

#[test]
fn every_failure_says_what_came_back_and_what_to_do() {
    let answer = |operation: &'static str, answer: Result<Response, WireError>| {
        let scene = Scene::new();
        scene.bank.always(operation, answer);
        results(&scene)
    };
    let mut other = Scene::new().bank.discovery();
    other["issuer"] = json!("http://bank.test:8001/other");
    let refused = json!({ "error": "invalid_client" });
    let failures = [
        answer("discover", Err(WireError::NotSent("no such name".to_owned()))),
        answer("discover", Ok(unsigned(404, ""))),
        answer("discover", Ok(unsigned(200, other.to_string()))),
        answer("get-keys", Ok(unsigned(200, "{}"))),
        answer("get-client-token", Ok(unsigned(401, refused.to_string()))),
        answer("get-client-token", Ok(unsigned(200, "{}"))),
        answer("get-client-token", Err(WireError::NoAnswer("timed out".to_owned()))),
    ];
    let lines: Vec<String> = failures.iter().map(|calls| calls.join("\n")).collect();
    insta::assert_snapshot!(lines.join("\n\n"));
}

#[test]
fn standards_whose_calls_need_a_payer_are_asked_for_a_connection() {
    let simulated =
        Directory::simulated("http://bank.test:8001", "https://bank.test:8002").unwrap();
    for bank in ["bg-birke", "pl-dab"] {
        let mut scene = Scene::new();
        scene.profile = simulated.get(bank).unwrap().clone();
        scene.bank.always("try-connection", Ok(unsigned(404, "")));
        let trials = try_out(&scene);
        let [trial] = trials.as_slice() else { panic!("{trials:?}") };
        assert_eq!(trial.asked, format!("TLS connection to {}", scene.profile.api_base_url));
        assert!(trial.result.as_ref().unwrap().contains("404"), "{trial:?}");
        scene.bank.always("try-connection", Err(WireError::NotSent("closed".to_owned())));
        assert!(results(&scene)[0].starts_with("closed; compare the address"));
    }
}
