//! PostgreSQL that answers nobody for a while, and PostgreSQL over TLS, with the real binary and a
//! server that each test starts for itself.

mod support;

use std::path::Path;
use std::process::Command;

use support::{Sandbox, bascule, free_port, said, wait_for};
use testkit::{PostgresServer, skipped};

fn server() -> Option<PostgresServer> {
    let server = PostgresServer::prepared();
    if server.is_none() {
        skipped("a PostgreSQL server of the test's own (initdb is not installed)");
    }
    server
}

/// What `GET` answers within five seconds: head and body.
fn get(sandbox: &Sandbox, path: &str) -> String {
    let url = format!("{}{path}", sandbox.announcement.api_url);
    let header = format!("authorization: {}", sandbox.announcement.basic_header);
    let answer = Command::new("curl").args(["-si", "-m", "5", &url, "-H", &header]).output();
    said(&answer.unwrap()).0
}

/// Creates a payment; what is answered within five seconds, head and body.
fn create(sandbox: &Sandbox) -> String {
    let curl = sandbox.announcement.curl().replacen("curl ", "curl -i -m 5 ", 1);
    said(&Command::new("sh").arg("-c").arg(curl).output().unwrap()).0
}

fn pays(data_dir: &Path) {
    let paid = bascule().args(["pay", "--json", "--data-dir"]).arg(data_dir).output().unwrap();
    assert!(paid.status.success(), "{:?}", said(&paid));
    assert!(said(&paid).0.contains("INITIATION_COMPLETED"), "{:?}", said(&paid));
}

#[test]
fn a_server_that_answers_nobody_is_noticed_and_nothing_is_lost_or_sent_twice() {
    let Some(server) = server() else { return };
    server.start("-c listen_addresses=''");
    let folder = tempfile::tempdir().unwrap();
    let url = format!("host={} user=bascule dbname=postgres", server.folder());
    // The bank executes late: the payment is under way while the server is frozen.
    let options = ["--port", "0", "--database", &url, "--execution-delay", "4000"];
    let sandbox = Sandbox::start(folder.path(), &options);
    pays(folder.path());
    let mut paying = bascule();
    paying.args(["pay", "--json", "--patience", "60", "--data-dir"]).arg(folder.path());
    let paying = paying.spawn().unwrap();
    let orders = || {
        let url = format!("{}/sim/orders", sandbox.announcement.banks_url);
        said(&Command::new("curl").args(["-s", &url]).output().unwrap()).0
    };
    wait_for("the second order", 30, || (orders().matches("\"posts\"").count() == 2).then_some(()));
    server.freeze();
    for _ in 0..2 {
        let answer = create(&sandbox);
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("retry-after: 5") && answer.contains("UNAVAILABLE"), "{answer}");
    }
    let ready = get(&sandbox, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    assert!(ready.contains("\"databaseWrite\":\"failed\""), "{ready}");
    assert!(get(&sandbox, "/healthz").starts_with("HTTP/1.1 200"));
    server.thaw();
    wait_for("the gateway is ready again", 30, || {
        get(&sandbox, "/readyz").starts_with("HTTP/1.1 200").then_some(())
    });
    let paid = paying.wait_with_output().unwrap();
    let (said_out, said_err) = said(&paid);
    // `bascule pay` gives up at the first 503; the payment itself continues.
    assert!(paid.status.success() || said_err.contains("503"), "{said_out} {said_err}");
    pays(folder.path());
    let orders = orders();
    assert!(!orders.contains("\"posts\":2"), "an order was sent twice: {orders}");
}

#[test]
fn a_second_sandbox_on_a_database_or_one_on_an_empty_database_is_refused() {
    let Some(server) = server() else { return };
    server.start("-c listen_addresses=''");
    let folder = tempfile::tempdir().unwrap();
    let url = format!("host={} user=bascule dbname=postgres", server.folder());
    let options = ["--port", "0", "--database", &url];
    let first = Sandbox::start(folder.path(), &options);
    let second = bascule().args(["sandbox", "--ephemeral"]).args(options).output().unwrap();
    let (out, complaint) = said(&second);
    assert!(!second.status.success() && out.is_empty(), "{out}");
    let process = format!("process {} on ", first.announcement.process_id);
    for word in ["another process uses the database", &process, "--database"] {
        assert!(complaint.contains(word), "no `{word}` in {complaint}");
    }
    assert_eq!(complaint.trim_end().lines().count(), 1, "{complaint}");
    first.kill();
    let third = Sandbox::start(folder.path(), &options);
    assert!(get(&third, "/readyz").starts_with("HTTP/1.1 200"));
    third.kill();
    // The same folder with an empty database would forget running payments.
    let empty = format!("host={} user=bascule dbname=template1", server.folder());
    let mut lost = bascule();
    lost.args(["sandbox", "--port", "0", "--database", &empty, "--data-dir"]).arg(folder.path());
    let (_, complaint) = said(&lost.output().unwrap());
    assert!(complaint.contains("it is empty or another one"), "{complaint}");
}

#[test]
fn connections_are_encrypted_and_certificates_looked_at_as_sslmode_says() {
    let Some(server) = server() else { return };
    let certificate = |name: &str| {
        rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate")
    };
    let (own, other) = (certificate("localhost"), certificate("other.example"));
    let chain = server.file("server.pem", &own.cert.pem());
    let key = server.file("server.key", &own.signing_key.serialize_pem());
    let roots = tempfile::tempdir().unwrap();
    let root = |name: &str, pem: String| {
        let path = roots.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (right, wrong) = (root("right.pem", own.cert.pem()), root("wrong.pem", other.cert.pem()));
    let port = free_port();
    server.start(&format!(
        "-c listen_addresses=127.0.0.1 -p {port} -c ssl=on -c ssl_cert_file={chain} \
         -c ssl_key_file={key}"
    ));
    let list = |host: &str, parameters: &str| {
        let url = format!("postgres://bascule@{host}:{port}/postgres?{parameters}");
        let output = bascule().args(["certs", "list", "--database", &url]).output().unwrap();
        (output.status.success(), said(&output).1)
    };
    let table = [
        ("localhost", "sslmode=disable".to_owned(), true),
        ("localhost", String::new(), true),
        ("127.0.0.1", "sslmode=require".to_owned(), true),
        ("127.0.0.1", format!("sslmode=require&sslrootcert={wrong}"), false),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={right}"), true),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={wrong}"), false),
        ("localhost", format!("sslmode=verify-full&sslrootcert={right}"), true),
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={right}"), false),
        ("localhost", format!("sslmode=verify-full&sslrootcert={wrong}"), false),
        ("localhost", "sslmode=verify-full&sslrootcert=/nowhere.pem".to_owned(), false),
        ("localhost", "sslmode=always".to_owned(), false),
    ];
    for (host, parameters, expected) in table {
        let (succeeded, complaint) = list(host, &parameters);
        assert_eq!(succeeded, expected, "{host} {parameters}: {complaint}");
        assert!(succeeded || complaint.lines().count() == 1, "{complaint}");
    }
    // A server that wants encryption gets it.
    let _hba = server.file("data/pg_hba.conf", "hostssl all all 127.0.0.1/32 trust\n");
    server.reload();
    assert!(!list("127.0.0.1", "sslmode=disable").0, "it was not encrypted");
    assert!(list("127.0.0.1", "sslmode=prefer").0);
}
