//! The real binary, started and killed from outside.

#![allow(dead_code, reason = "each test file uses a part")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bascule::sandbox::Announcement;

/// Waits until `look` finds something, at most `patience_s` seconds.
pub fn wait_for<T>(what: &str, patience_s: u64, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..patience_s * 20 {
        if let Some(found) = look() {
            return found;
        }
        pause(50);
    }
    panic!("{what}: not within {patience_s} s");
}

/// Another process needs a moment.
#[expect(clippy::disallowed_methods, reason = "waits for another process, which has its own clock")]
pub fn pause(duration_ms: u64) {
    std::thread::sleep(Duration::from_millis(duration_ms));
}

/// A port that is free with the one after it, which simulated banks take for TLS. It lies below the
/// ports that systems give away by themselves, and is given once by each test binary: others that
/// run at the same time take theirs elsewhere.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const FIRST: u32 = 16_000;
    const PORTS: u32 = 15_000;
    let begin = std::process::id().wrapping_mul(40);
    for _ in 0..PORTS {
        let step = NEXT.fetch_add(2, Ordering::Relaxed);
        let port = u16::try_from(FIRST + begin.wrapping_add(step) % PORTS).unwrap();
        let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if is_free(port) && is_free(port + 1) {
            return port;
        }
    }
    panic!("no port is free");
}

/// The command, with its output captured.
pub fn bascule() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bascule"));
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running sandbox; killed when dropped.
pub struct Sandbox {
    child: Child,
    pub announcement: Announcement,
}

impl Sandbox {
    /// Starts a sandbox on a data directory and waits until it says that it is ready.
    pub fn start(data_dir: &Path, more: &[&str]) -> Sandbox {
        let mut command = bascule();
        command.args(["sandbox", "--json", "--data-dir"]).arg(data_dir).args(more);
        command.stderr(Stdio::inherit());
        Sandbox::started(command)
    }

    /// Waits until the sandbox of this command, with `--json`, says that it is ready.
    pub fn started(mut command: Command) -> Sandbox {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let announcement = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("the sandbox did not start: {error}: {line:?}"));
        Sandbox { child, announcement }
    }

    /// `kill -9`: no chance to tidy up.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Runs a command to its end; what it said.
pub fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}
