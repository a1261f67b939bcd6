//! `docs/integration.md`: every example is run as it is, against the real binary.

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use support::{Sandbox, said, wait_for};

const GUIDE: &str = include_str!("../../../docs/integration.md");

/// The example of that title.
fn example(title: &str) -> String {
    let marker = format!(" title={title}\n");
    let (_, rest) = GUIDE.split_once(&marker).unwrap_or_else(|| panic!("no example {title}"));
    rest.split("```").next().unwrap().to_owned()
}

/// Runs an example with the values of a sandbox; what it printed, where it succeeded. `None` if the
/// program that runs it is not installed.
fn run(program: &str, title: &str, sandbox: &Sandbox, folder: &Path, more: &str) -> Option<String> {
    let file =
        folder.join(if title.contains('.') { title.to_owned() } else { format!("{title}.sh") });
    std::fs::write(&file, example(title)).unwrap();
    let announced = &sandbox.announcement;
    let mut command = Command::new(program);
    command.arg(&file).current_dir(folder).stdin(Stdio::null());
    command
        .env("BASE_URL", &announced.api_url)
        .env("MEMBER_ID", &announced.member_id)
        .env("API_KEY", &announced.basic_header)
        .env("KEY_ID", &announced.key_id)
        .env("KEY_FILE", &announced.private_key_path)
        .env("TOKEN_SIGNATURE", more);
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            testkit::skipped(&format!("the guide's {title} ({program} is not installed)"));
            return None;
        }
        Err(error) => panic!("{program}: {error}"),
    };
    let (out, complaint) = said(&output);
    let code = output.status.code();
    Some(format!("{out}\n{complaint}\nexit {code:?}"))
}

fn sandbox(folder: &Path) -> Sandbox {
    Sandbox::start(&folder.join("data"), &["--port", "0", "--execution-delay", "50"])
}

#[test]
fn the_first_payment_and_a_signed_request_in_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path());
    let first = run("sh", "first-payment", &sandbox, folder.path(), "").unwrap();
    assert!(first.contains("INITIATION_PENDING_REDIRECT_HP"), "{first}");
    let signed = run("sh", "signed-request", &sandbox, folder.path(), "").unwrap();
    assert!(
        signed.contains("ORDER-1001") && signed.contains("https://shop.example/hook"),
        "{signed}"
    );
    assert!(!signed.contains("UNAUTHENTICATED"), "{signed}");
}

/// One webhook: its raw body and its signature.
fn webhook(listener: &TcpListener) -> (Vec<u8>, String) {
    listener.set_nonblocking(true).unwrap();
    let (mut stream, _): (TcpStream, _) = wait_for("a webhook", 20, || listener.accept().ok());
    stream.set_nonblocking(false).unwrap();
    let mut bytes = vec![];
    let mut chunk = [0_u8; 4_096];
    loop {
        let read = stream.read(&mut chunk).unwrap();
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let header = |name: &str| {
            let line = head.lines().find(|line| line.to_lowercase().starts_with(name));
            line.unwrap().split_once(": ").unwrap().1.to_owned()
        };
        let length: usize = header("content-length:").parse().unwrap();
        if body.len() >= length {
            let signature = header("token-signature:");
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .unwrap();
            return (body.as_bytes().to_vec(), signature);
        }
    }
}

#[test]
fn a_webhook_is_verified_in_a_shell_and_a_changed_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = format!(
        r#"{{"config":{{"type":["PAYMENT_STATUS_CHANGED"],"url":"http://{}/"}}}}"#,
        listener.local_addr().unwrap()
    );
    let announced = &sandbox.announcement;
    let header = format!("authorization: {}", announced.basic_header);
    let url = format!("{}/webhook/config", announced.api_url);
    let arguments = ["-s", "-X", "PUT", &url, "-H", &header, "-d", &config];
    assert!(Command::new("curl").args(arguments).output().unwrap().status.success());
    run("sh", "first-payment", &sandbox, folder.path(), "").unwrap();
    let (body, signature) = webhook(&listener);
    let kept = folder.path().join("webhook.json");
    std::fs::write(&kept, &body).unwrap();
    let verified = run("sh", "verified-webhook", &sandbox, folder.path(), &signature).unwrap();
    assert!(verified.contains("Signature Verified Successfully"), "{verified}");
    assert!(verified.ends_with("exit Some(0)"), "{verified}");
    std::fs::write(&kept, [&body[..], b" "].concat()).unwrap();
    let forged = run("sh", "verified-webhook", &sandbox, folder.path(), &signature).unwrap();
    assert!(!forged.contains("Verified Successfully"), "{forged}");
    assert!(!forged.ends_with("exit Some(0)"), "{forged}");
}

#[test]
fn a_payment_and_its_webhook_in_python_and_in_node() {
    let folder = tempfile::tempdir().unwrap();
    for (program, title) in [("python3", "payment.py"), ("node", "payment.mjs")] {
        let place = folder.path().join(program);
        std::fs::create_dir(&place).unwrap();
        let sandbox = sandbox(&place);
        let Some(said) = run(program, title, &sandbox, &place, "") else { continue };
        assert!(said.contains("payment: pm2:"), "{program}: {said}");
        assert!(said.contains("webhook: pm2:"), "{program}: {said}");
        assert!(
            said.to_lowercase().contains("changed body is genuine: false"),
            "{program}: {said}"
        );
        assert!(said.ends_with("exit Some(0)"), "{program}: {said}");
    }
}
