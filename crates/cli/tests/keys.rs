//! Keys of members, on the real binary: a deleted key stays deleted, and failed attempts are logged.

mod support;

use std::process::Command;

use support::{Sandbox, bascule, said, wait_for};

/// The answer of `curl` with the member's Basic key, or with another header.
fn curl(sandbox: &Sandbox, method: &str, path: &str, authorization: Option<&str>) -> String {
    let announced = &sandbox.announcement;
    let header = authorization.unwrap_or(&announced.basic_header);
    let url = format!("{}{path}", announced.api_url);
    let header = format!("authorization: {header}");
    let arguments = ["-s", "-X", method, &url, "-H", &header];
    said(&Command::new("curl").args(arguments).output().unwrap()).0
}

#[test]
fn a_deleted_key_stays_deleted_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let sandbox = Sandbox::start(&data_dir, &["--port", "0"]);
    let announced = sandbox.announcement.clone();
    let keys = format!("/member/{}/keys", announced.member_id);
    assert!(curl(&sandbox, "GET", &keys, None).contains(&announced.key_id));
    let deleted = curl(&sandbox, "DELETE", &format!("{keys}/{}", announced.key_id), None);
    assert!(!deleted.contains("error"), "{deleted}");
    sandbox.kill();
    let sandbox = Sandbox::start(&data_dir, &["--port", "0"]);
    let left = curl(&sandbox, "GET", &keys, None);
    assert_eq!(left, r#"[{"key":[]}]"#);
}

#[test]
fn a_failed_authentication_is_one_line_of_the_log_without_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = bascule();
    command.args(["sandbox", "--json", "--ephemeral", "--port", "0"]);
    command.stderr(std::fs::File::create(&log).unwrap());
    let sandbox = Sandbox::started(command);
    let secret = "bTphOmItbm90LWEtc2VjcmV0OnNlY3JldA";
    let answer = curl(&sandbox, "GET", "/v2/payments", Some(&format!("Basic {secret}")));
    assert!(answer.contains("UNAUTHENTICATED"), "{answer}");
    let line = wait_for("the line of the log", 20, || {
        let log = std::fs::read_to_string(&log).unwrap();
        log.lines().find(|line| line.contains("authentication failed")).map(str::to_owned)
    });
    assert!(line.contains("WARN") && line.contains("/v2/payments"), "{line}");
    assert!(!line.contains(secret) && !line.contains("not-a-secret"), "{line}");
}
