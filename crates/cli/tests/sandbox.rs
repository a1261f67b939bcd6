//! `bascule sandbox`: its promises to a developer, on the real binary.

mod support;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;
use support::{Sandbox, bascule, free_port, said};

#[test]
fn the_printed_curl_line_creates_a_payment_and_a_second_start_still_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let port = free_port().to_string();
    let bank_port = free_port().to_string();
    let ports = ["--port", &port, "--bank-port", &bank_port];
    let sandbox = Sandbox::start(&data_dir, &ports);
    let first = sandbox.announcement.clone();
    let answer = Command::new("sh").arg("-c").arg(first.curl()).output().unwrap();
    let (answer, _) = said(&answer);
    let payment: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
    assert_eq!(payment["payment"]["status"], "INITIATION_PENDING_REDIRECT_HP", "{answer}");
    let id = payment["payment"]["id"].as_str().unwrap();
    sandbox.kill();

    let sandbox = Sandbox::start(&data_dir, &ports);
    let second = &sandbox.announcement;
    assert_eq!(second.member_id, first.member_id);
    assert_eq!(second.basic_header, first.basic_header);
    assert_eq!(second.key_id, first.key_id);
    let url = format!("{}/v2/payments/{id}", second.api_url);
    let header = format!("authorization: {}", second.basic_header);
    let answer = Command::new("curl").args(["-s", &url, "-H", &header]).output().unwrap();
    let (answer, _) = said(&answer);
    assert!(answer.contains("INITIATION_PENDING_REDIRECT_HP"), "{answer}");
    let key = std::fs::metadata(&second.private_key_path).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600, "others can read the private key");
}

/// Everything in a directory, with its mode.
fn modes(directory: &std::path::Path) -> Vec<(std::path::PathBuf, u32)> {
    let mut found = vec![(directory.to_owned(), mode(directory))];
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(modes(&path)),
            false => found.push((path.clone(), mode(&path))),
        }
    }
    found
}

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn nobody_but_the_owner_can_read_the_data_directory() {
    let folder = tempfile::tempdir().unwrap();
    // As an earlier release left it.
    let data_dir = folder.path().join("data");
    std::fs::create_dir(&data_dir).unwrap();
    for name in ["bascule.db", "lock"] {
        std::fs::write(data_dir.join(name), "").unwrap();
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(data_dir.join(name), open).unwrap();
    }
    std::fs::set_permissions(&data_dir, std::fs::Permissions::from_mode(0o755)).unwrap();
    for data_dir in [data_dir, folder.path().join("parent/new")] {
        let sandbox = Sandbox::start(&data_dir, &["--port", "0"]);
        let curl = sandbox.announcement.curl();
        assert!(Command::new("sh").arg("-c").arg(curl).output().unwrap().status.success());
        let found = modes(&data_dir);
        let names: Vec<_> = found.iter().filter_map(|(path, _)| path.file_name()).collect();
        for name in ["bascule.db", "bascule.db-wal", "bascule.db-shm", "simbank", "sealing.key"] {
            assert!(names.contains(&name.as_ref()), "{name} is missing: {names:?}");
        }
        for (path, mode) in found {
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
        }
        sandbox.kill();
    }
}

#[test]
fn a_directory_that_all_users_share_is_no_data_directory() {
    let folder = tempfile::tempdir().unwrap();
    let shared = folder.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o1777)).unwrap();
    let name = shared.to_str().unwrap();
    refuses(&["--data-dir", name, "--port", "0"], &["shared by all users", "--data-dir"]);
    assert_eq!(mode(&shared), 0o1777);
}

#[test]
fn requests_are_limited_for_all_members_or_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), &["--port", "0", "--rate-limit", "6:2"]);
    let status = |sandbox: &Sandbox| {
        let url = format!("{}/v2/payments", sandbox.announcement.api_url);
        let header = format!("authorization: {}", sandbox.announcement.basic_header);
        let answer = Command::new("curl").args(["-s", "-i", &url, "-H", &header]).output().unwrap();
        let (answer, _) = said(&answer);
        let line = answer.lines().next().unwrap_or_default().to_owned();
        (line, answer.contains("ratelimit-limit: 2"))
    };
    let two_hundred = "HTTP/1.1 200 OK".to_owned();
    assert_eq!(status(&sandbox), (two_hundred.clone(), true));
    assert_eq!(status(&sandbox).0, two_hundred);
    assert_eq!(status(&sandbox), ("HTTP/1.1 429 Too Many Requests".to_owned(), true));
    let developer = format!("{}=none", sandbox.announcement.member_id);
    sandbox.kill();
    let limits = ["--port", "0", "--rate-limit", "1:1", "--member-rate-limit", &developer];
    let sandbox = Sandbox::start(folder.path(), &limits);
    for _ in 0..3 {
        assert_eq!(status(&sandbox), (two_hundred.clone(), false));
    }
}

#[test]
fn what_is_in_the_way_is_said_in_one_line_and_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let port = free_port().to_string();
    let bank_port = free_port().to_string();
    let sandbox = Sandbox::start(&data_dir, &["--port", &port, "--bank-port", &bank_port]);
    let other = folder.path().join("other");
    let other = other.to_str().unwrap();
    let free = free_port().to_string();
    let process = format!("process {}", sandbox.announcement.process_id);
    refuses(&["--data-dir", other, "--port", &port], &["port", &port, "--port"]);
    refuses(&["--data-dir", other, "--port", &free, "--bank-port", &bank_port], &[&bank_port]);
    refuses(
        &["--data-dir", data_dir.to_str().unwrap(), "--port", "0"],
        &["another process uses the data directory", &process, "--data-dir"],
    );
    refuses(&["--data-dir", "/proc/bascule", "--port", "0"], &["/proc/bascule"]);
    let file = folder.path().join("file");
    std::fs::write(&file, "not a directory").unwrap();
    refuses(&["--data-dir", file.to_str().unwrap(), "--port", "0"], &["file"]);
    refuses(&["--ephemeral", "--port", "65535"], &["--port"]);
    refuses(
        &["--ephemeral", "--port", "0", "--member-rate-limit", "m:nobody:x=60"],
        &["--member-rate-limit", "m:nobody:x"],
    );
    refuses(
        &["--ephemeral", "--port", "0", "--database", "postgres://127.0.0.1:1/none"],
        &["database"],
    );
    sandbox.kill();
}

#[test]
fn a_damaged_database_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap().to_owned();
    std::fs::write(folder.path().join("bascule.db"), vec![7_u8; 64 * 1024]).unwrap();
    refuses(&["--data-dir", &data_dir, "--port", "0"], &["bascule.db", "not a database"]);
    let kept = std::fs::read(folder.path().join("bascule.db")).unwrap();
    assert!(kept.iter().all(|byte| *byte == 7), "the damaged file was changed");
}

#[test]
fn a_database_that_vanished_or_shrank_is_not_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap().to_owned();
    Sandbox::start(folder.path(), &["--port", "0"]).kill();
    let database = folder.path().join("bascule.db");
    // After an orderly end the file contains everything from the write-ahead log.
    let listed = bascule().args(["certs", "list", "--data-dir", &data_dir]).output().unwrap();
    assert!(listed.status.success());
    assert!(!folder.path().join("bascule.db-wal").exists());
    let whole = std::fs::read(&database).unwrap();
    let refused = |words: &[&str]| refuses(&["--data-dir", &data_dir, "--port", "0"], words);
    std::fs::write(&database, &whole[..whole.len() / 2]).unwrap();
    refused(&["bascule.db", "the rest is missing", "backup"]);
    std::fs::write(&database, "").unwrap();
    refused(&["bascule.db is empty", "sealing.key", "--database", "move the directory away"]);
    std::fs::remove_file(&database).unwrap();
    refused(&["bascule.db is missing", "sealing.key"]);
    assert!(!database.exists(), "nothing was made in its place");
    std::fs::write(&database, &whole).unwrap();
    Sandbox::start(folder.path(), &["--port", "0"]).kill();
}

#[test]
fn a_wrong_sealing_key_is_said_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap().to_owned();
    Sandbox::start(folder.path(), &["--port", "0"]).kill();
    std::fs::write(folder.path().join("sealing.key"), [9_u8; 32]).unwrap();
    refuses(&["--data-dir", &data_dir, "--port", "0"], &["sealing key"]);
    std::fs::write(folder.path().join("sealing.key"), b"short").unwrap();
    refuses(&["--data-dir", &data_dir, "--port", "0"], &["sealing.key", "32"]);
}

/// The sandbox does not start, says why in one line of standard error, and nothing else.
fn refuses(arguments: &[&str], words: &[&str]) {
    let output = bascule().arg("sandbox").args(arguments).output().unwrap();
    let (out, complaint) = said(&output);
    assert!(!output.status.success(), "{arguments:?} started");
    assert_eq!(out, "", "{arguments:?}");
    assert_eq!(complaint.trim_end().lines().count(), 1, "{arguments:?}: {complaint}");
    for word in words {
        assert!(complaint.contains(word), "{arguments:?}: no `{word}` in {complaint}");
    }
}

#[test]
fn a_sandbox_holds_only_certificates_that_its_banks_trust() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let data_dir = path("data");
    let sandbox = Sandbox::start(&folder.path().join("data"), &["--port", "0"]);
    let certs = |arguments: &[&str]| bascule().arg("certs").args(arguments).output().unwrap();
    let add = |of: &str| {
        let file = |name: &str| path(&format!("{of}/{name}.pem"));
        let names = [file("qwac"), file("qwac.key"), file("qseal"), file("qseal.key")];
        let [qwac, qwac_key, qseal, qseal_key] = names.each_ref().map(String::as_str);
        certs(&[
            "add",
            "--data-dir",
            &data_dir,
            "--qwac",
            qwac,
            "--qwac-key",
            qwac_key,
            "--qseal",
            qseal,
            "--qseal-key",
            qseal_key,
        ])
    };
    assert!(certs(&["develop", "--out", &path("own")]).status.success());
    let refused = add("own");
    let (out, complaint) = said(&refused);
    assert!(!refused.status.success() && out.is_empty(), "{out}");
    for word in ["UnknownCA", "certs develop --sandbox", "qwac.pem"] {
        assert!(complaint.contains(word), "no `{word}` in {complaint}");
    }
    let made = certs(&["develop", "--sandbox", &data_dir, "--out", &path("trusted")]);
    assert!(made.status.success(), "{}", said(&made).1);
    let added = add("trusted");
    assert!(added.status.success(), "{}", said(&added).1);
    let (listed, _) = said(&certs(&["list", "--data-dir", &data_dir]));
    assert_eq!(listed.lines().count(), 2, "the refused ones were not kept: {listed}");
    sandbox.kill();
}
