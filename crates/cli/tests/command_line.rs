//! The command line: the answers to bad input, the files of a failed start, and the examples of the
//! help, which are commands.

mod support;

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;

use bascule::args::{Args, help};
use bascule::exit::Exit;
use clap::{CommandFactory, Parser};
use support::{bascule, said};

/// A payment and a member that no database has.
const PAYMENT: &str = "pm2:2dPMaPrXkdTd9cZcVKVHQM:bscuLe";
const MEMBER: &str = "m:2dPMaPrXkdTd9cZcVKVHQM:bscuLe";

/// Commands that cannot succeed, as a shell splits them. The folder `certs` has every file that
/// `certs develop` and `certs request` write; `notes.txt` is not a certificate, and `banks` is a folder of banks.
const BAD_INPUT: [&str; 49] = [
    "",
    "serve",
    "sandbox --port 70000",
    "sandbox --port 65534",
    "sandbox --port 0 --bank-port 65535",
    "sandbox --port 0 --ephemeral --data-dir kept",
    "sandbox --port 0 --database nonsense",
    "sandbox --port 0 --database postgres://user:secret-word@localhost:1/none",
    "sandbox --port 0 --smtp-url mail.example",
    "sandbox --port 0 --mail-from nobody",
    "sandbox --port 0 --browser-origin shop.example",
    "sandbox --port 0 --trusted-proxy 10.0.0.0/40",
    "sandbox --port 0 --accepted-host http://shop.example",
    "sandbox --port 0 --rate-limit fast",
    "sandbox --port 0 --bank-timeout 0",
    "sandbox --port 0 --data-dir notes.txt",
    "pay --amount -5",
    "pay --amount 0",
    "pay --amount 1,5",
    "pay --amount 1.23456",
    "pay --amount ten",
    "pay --flow by-post",
    "pay --patience 0",
    "calls",
    "calls 17",
    "calls PAYMENT --data-dir nowhere",
    "certs develop --country ZZ",
    "certs develop --country PL",
    "certs develop --organisation-id FCA-1",
    "certs develop --roles PSP_XX",
    "certs develop --days 0",
    "certs develop",
    "certs request",
    "certs develop --sandbox nowhere --out new",
    "certs show nowhere.pem",
    "certs show notes.txt",
    "certs list --data-dir nowhere",
    "banks templates --country XX",
    "banks templates --country JP",
    "banks show nobody",
    "banks check nowhere",
    "banks try nowhere",
    "banks try banks --bank nobody",
    "banks try banks --certificates certs",
    "cases list --limit 0",
    "cases show 17 --data-dir nowhere",
    "cases close 17",
    "members set 17 --auto-redeem off",
    "members set MEMBER --tpp-callback-url ftp://shop --data-dir nowhere",
];

/// The bank of the folder `banks`.
const BANK: &str = r#"id = "own"
name = "Own Bank"
bic = "OWNBFRPP"
countries = ["FR"]
api_base_url = "https://bank.invalid"
rails = ["sepa"]
currencies = ["EUR"]
sca_methods = ["redirect"]
capabilities = ["single_payment"]
standard.stet = { version = "1.5", token_url = "https://bank.invalid/token" }
"#;

fn prepared_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("certs")).unwrap();
    for name in ["qwac.pem", "qwac.csr.pem"] {
        std::fs::write(folder.path().join("certs").join(name), "kept").unwrap();
    }
    std::fs::write(folder.path().join("notes.txt"), "notes").unwrap();
    std::fs::create_dir_all(folder.path().join("banks/fr")).unwrap();
    std::fs::write(folder.path().join("banks/fr/own.toml"), BANK).unwrap();
    folder
}

/// Every path in a folder.
fn content(folder: &Path) -> Vec<String> {
    let mut found = vec![];
    let mut left = vec![folder.to_owned()];
    while let Some(one) = left.pop() {
        for entry in std::fs::read_dir(&one).unwrap() {
            let path = entry.unwrap().path();
            found.push(path.strip_prefix(folder).unwrap().display().to_string());
            if path.is_dir() {
                left.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn bad_input_is_answered_with_what_was_expected_and_leaves_nothing_behind() {
    let folder = prepared_folder();
    let before = content(folder.path());
    let mut table = String::new();
    for line in BAD_INPUT {
        let arguments = line.replace("PAYMENT", PAYMENT).replace("MEMBER", MEMBER);
        let mut command = bascule();
        command.args(arguments.split_whitespace()).current_dir(folder.path());
        let output = command.output().unwrap();
        let (out, complaint) = said(&output);
        let code = output.status.code().unwrap();
        assert_eq!(out, "", "{line}");
        assert!([1, 2].contains(&code), "{line}: {code}");
        assert!(!complaint.contains("secret-word"), "{line}: {complaint}");
        assert_eq!(content(folder.path()), before, "{line} left something behind");
        writeln!(table, "$ bascule {line}\n{}\n[exit code {code}]\n", complaint.trim_end())
            .unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_start_that_fails_leaves_no_data_directory() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let before_it = (port - 1).to_string();
    let port = port.to_string();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    std::fs::create_dir(folder.path().join("used")).unwrap();
    std::fs::write(folder.path().join("used/notes.txt"), "notes").unwrap();
    let before = content(folder.path());
    for (data_dir, options) in [
        ("parent/new", vec!["--port", &port]),
        ("new", vec!["--port", "0", "--bank-port", &port]),
        ("new", vec!["--port", "0", "--bank-port", &before_it]),
        ("new", vec!["--port", "0", "--database", "postgres://localhost:1/none"]),
        // After the database was made.
        ("parent/new", vec!["--port", "0", "--member-rate-limit", "m:nobody:x=60"]),
        ("empty", vec!["--port", "0", "--member-rate-limit", "m:nobody:x=60"]),
    ] {
        let mut command = bascule();
        command.args(["sandbox", "--data-dir", data_dir]).args(&options);
        let output = command.current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{options:?}: {}", said(&output).1);
        assert_eq!(content(folder.path()), before, "{data_dir} {options:?}");
    }
    // Existing files stay, and so do the files that a start adds to them: other data may depend on them.
    let mut command = bascule();
    command.args(["sandbox", "--data-dir", "used", "--port", "0"]);
    command.args(["--member-rate-limit", "m:nobody:x=60"]).current_dir(folder.path());
    assert_eq!(command.output().unwrap().status.code(), Some(1));
    assert!(content(folder.path()).contains(&"used/sealing.key".to_owned()));
    assert_eq!(std::fs::read_to_string(folder.path().join("used/notes.txt")).unwrap(), "notes");
}

#[test]
fn the_help_of_every_command_has_examples_that_are_commands() {
    let commands = Args::command();
    let names: Vec<&str> = commands.get_subcommands().map(clap::Command::get_name).collect();
    let mut examples = 0;
    for name in [""].iter().chain(&names).filter(|name| **name != "help") {
        let help = bascule().args(name.split_whitespace()).arg("--help").output().unwrap();
        let (text, _) = said(&help);
        assert!(text.contains("Examples:\n"), "{name}: {text}");
        for line in text.lines().filter_map(|line| line.trim().strip_prefix("bascule ")) {
            let words = std::iter::once("bascule").chain(line.split_whitespace());
            match Args::try_parse_from(words) {
                Ok(_) => examples += 1,
                Err(error) if error.kind() == clap::error::ErrorKind::DisplayHelp => {}
                Err(error) => panic!("{line}: {error}"),
            }
        }
    }
    assert!(examples >= names.len(), "{examples} examples of {names:?}");
}

#[test]
fn the_exit_codes_are_in_the_help_and_in_the_document() {
    let document = include_str!("../../../docs/command-line.md");
    for exit in Exit::ALL {
        let (code, meaning) = (exit.code(), exit.meaning());
        assert!(help::of_program().contains(&format!("\n  {code}  {meaning}")), "{code}");
        assert!(document.contains(&format!("\n| {code} | {meaning} |")), "{code} {meaning}");
    }
}

#[test]
fn what_a_program_reads_has_no_colours() {
    let folder = tempfile::tempdir().unwrap();
    let mut commands = vec![];
    for arguments in [vec!["--help"], vec!["pay", "--amount", "-5"], vec!["pay"]] {
        let mut command = bascule();
        command.args(arguments).current_dir(folder.path()).env("RUST_LOG", "debug");
        commands.push(command.output().unwrap());
    }
    let logged = said(commands.last().unwrap()).1;
    assert!(logged.contains("DEBUG"), "nothing was logged: {logged}");
    for output in commands {
        let (out, complaint) = said(&output);
        assert!(!out.contains('\u{1b}') && !complaint.contains('\u{1b}'), "{out} {complaint}");
    }
}

#[test]
fn the_exit_code_of_a_payment_is_its_outcome() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, code) in [
        (vec!["--amount", "10"], Exit::Done),
        (vec!["--decline"], Exit::NotPaid),
        (vec!["--bank", "mock-redirect", "--amount", "108"], Exit::NotPaid),
        (vec!["--bank", "mock-redirect", "--amount", "105", "--patience", "3"], Exit::NotKnown),
        (vec!["--bank", "nobody"], Exit::CouldNotRun),
    ] {
        let mut command = bascule();
        command.arg("pay").args(&arguments).current_dir(folder.path());
        let output = command.output().unwrap();
        let code = i32::from(code.code());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {:?}", said(&output));
    }
}
