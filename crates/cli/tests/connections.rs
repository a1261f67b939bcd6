//! Connections that are many, slow or silent keep nobody out: on the real binary, while they continue,
//! the process says that it lives and a whole payment succeeds.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use support::{Sandbox, bascule, said};

/// The most sockets that a test holds; fewer where this process may open fewer files.
const SOCKETS_MAX: u64 = 10_000;
/// Files that stay free for the rest of the test.
const FILES_KEPT: u64 = 500;
/// How many sockets a slow client opens again at once.
const OPENED_AT_ONCE_MAX: usize = 5;
const HEAD: &[u8] =
    b"POST /v2/payments HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n";

#[expect(clippy::disallowed_methods, reason = "this test is the client that misbehaves")]
fn connect(sandbox: &Sandbox) -> TcpStream {
    let address = sandbox.announcement.api_url.trim_start_matches("http://").to_owned();
    TcpStream::connect(address).unwrap()
}

/// Sockets that each send one byte after the other, and open again where they were closed.
struct Slow {
    stop: Arc<AtomicBool>,
    sender: Option<JoinHandle<()>>,
}

impl Slow {
    fn start(sandbox: &Sandbox, sockets: usize, first: &'static [u8]) -> Slow {
        let open = move |sandbox: &str| {
            #[expect(
                clippy::disallowed_methods,
                reason = "this test is the client that misbehaves"
            )]
            let mut stream = TcpStream::connect(sandbox).ok()?;
            stream.write_all(first).ok()?;
            stream.set_nonblocking(true).ok()?;
            Some(stream)
        };
        let address = sandbox.announcement.api_url.trim_start_matches("http://").to_owned();
        let mut streams: Vec<_> = (0..sockets).map(|_| open(&address)).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let sender = std::thread::spawn(move || {
            while !told.load(Ordering::SeqCst) {
                let mut opened = 0;
                for stream in &mut streams {
                    let sent = stream.as_mut().is_some_and(|stream| match stream.write(b"x") {
                        Ok(_) => true,
                        Err(error) => error.kind() == ErrorKind::WouldBlock,
                    });
                    if !sent && opened < OPENED_AT_ONCE_MAX {
                        opened += 1;
                        *stream = open(&address);
                    }
                }
                support::pause(20);
            }
        });
        Slow { stop, sender: Some(sender) }
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _panicked = self.sender.take().map(JoinHandle::join);
    }
}

/// The process says that it lives, and a payment goes from its creation to its webhook.
fn works(sandbox: &Sandbox, data_dir: &Path) {
    let url = format!("{}/healthz", sandbox.announcement.api_url);
    let alive = Command::new("curl").args(["-sS", &url]).output().unwrap();
    assert_eq!(said(&alive).0, "{\"status\":\"ok\"}", "{}", said(&alive).1);
    let mut pay = bascule();
    pay.args(["pay", "--json", "--data-dir"]).arg(data_dir);
    let paid = pay.output().unwrap();
    assert!(paid.status.success(), "{:?}", said(&paid));
    assert!(said(&paid).0.contains("INITIATION_COMPLETED"), "{:?}", said(&paid));
}

#[test]
fn slow_heads_and_bodies_without_end_keep_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    // Timeouts that no test waits for: only the limit of connections helps here.
    let options = ["--port", "0", "--connections", "40"];
    let sandbox = Sandbox::start(folder.path(), &options);
    for first in [b"GET /healthz HTTP/1.1\r\nx: ".as_slice(), HEAD] {
        let slow = Slow::start(&sandbox, 200, first);
        works(&sandbox, folder.path());
        drop(slow);
    }
    works(&sandbox, folder.path());
}

#[test]
fn many_idle_sockets_keep_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), &["--port", "0"]);
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let _as_before = rustix::process::setrlimit(
        rustix::process::Resource::Nofile,
        rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum },
    );
    let files = limit.maximum.unwrap_or(SOCKETS_MAX + FILES_KEPT);
    let sockets = files.saturating_sub(FILES_KEPT).min(SOCKETS_MAX);
    let idle: Vec<TcpStream> = (0..sockets).map(|_| connect(&sandbox)).collect();
    works(&sandbox, folder.path());
    drop(idle);
    works(&sandbox, folder.path());
}

#[test]
fn a_connection_that_is_idle_or_slow_for_too_long_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["--idle-timeout", "--head-timeout", "--body-timeout"];
    for (short, sent) in names.into_iter().zip([b"".as_slice(), b"GET / HT", HEAD]) {
        let sandbox = Sandbox::start(folder.path(), &["--port", "0", short, "100"]);
        let mut stream = connect(&sandbox);
        stream.write_all(sent).unwrap();
        // Without the timeout this read would never end.
        match stream.read(&mut [0; 100]) {
            Ok(length) => assert_eq!(length, 0, "{short}: something was answered"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{short}"),
        }
        works(&sandbox, folder.path());
        sandbox.kill();
    }
}

#[test]
fn too_few_open_files_are_said_at_start() {
    let binary = env!("CARGO_BIN_EXE_bascule");
    let start = format!("ulimit -n 128; exec {binary} sandbox --ephemeral --port 0");
    let output = Command::new("sh").args(["-c", &start]).output().unwrap();
    let (out, complaint) = said(&output);
    assert!(!output.status.success() && out.is_empty(), "{out}");
    for word in ["128", "ulimit -n 385", "LimitNOFILE"] {
        assert!(complaint.contains(word), "no `{word}` in {complaint}");
    }
}
