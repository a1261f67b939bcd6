//! The servers that are measured: how each is started, and what it says once it is ready.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::token::Credentials;

/// The name of the floor in the table.
pub const FLOOR: &str = "floor";
/// How long a server may take to say that it is ready.
const READY_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest line in which it says so, in bytes.
const READY_LINE_BYTES_MAX: u64 = 64 * 1024;

/// How a server is started, and how its first line is read.
pub struct Subject {
    /// For the table.
    pub name: &'static str,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Finds address and credentials in the line of JSON that the program prints when it is ready.
    pub ready: fn(&Value) -> anyhow::Result<Ready>,
    /// How to end the server, so that it deletes its files.
    pub end: End,
}

/// How to end a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By the end of its standard input.
    Input,
    /// By SIGTERM.
    Signal,
}

/// The access to a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ready {
    /// `http://localhost:8000`.
    pub api_url: String,
    /// With which requests are signed.
    pub credentials: Credentials,
    /// The simulated banks; empty for a server without them.
    #[serde(default)]
    pub banks_url: String,
    /// The `Authorization` of another member; empty for a server without one.
    #[serde(default)]
    pub basic_header: String,
}

/// A server that runs until this is dropped.
pub struct Server {
    /// For the table.
    pub name: &'static str,
    /// How to ask it.
    pub ready: Ready,
    process: Child,
    end: End,
}

impl Server {
    /// Starts a server and waits until it says that it is ready.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(subject: &Subject) -> anyhow::Result<Server> {
        let (program, arguments) = subject.command.split_first().context("an empty command")?;
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{program} cannot be started"))?;
        let output = process.stdout.take().context("its output")?;
        let found = first_line(output).and_then(|line| {
            let announcement = serde_json::from_str(&line).context("its first line is not JSON")?;
            (subject.ready)(&announcement)
        });
        match found {
            Ok(ready) => Ok(Server { name: subject.name, ready, process, end: subject.end }),
            Err(error) => {
                // A server that is not ready may also ignore the request to end.
                let _gone = process.kill();
                let _reaped = process.wait();
                Err(error.context(format!("{} did not become ready", subject.name)))
            }
        }
    }

    /// The process, for its CPU time and its memory.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.process, self.end);
    }
}

/// The first line that a program prints. The thread ends with the line, or with the program.
fn first_line(output: ChildStdout) -> anyhow::Result<String> {
    let (sender, line) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(output).take(READY_LINE_BYTES_MAX).read_line(&mut line);
        let _nobody_waits = sender.send(read.map(|_| line));
    });
    let line = line.recv_timeout(READY_TIMEOUT);
    Ok(line.with_context(|| format!("it said nothing for {} s", READY_TIMEOUT.as_secs()))??)
}

fn end(process: &mut Child, how: End) {
    drop(process.stdin.take());
    if how == End::Signal {
        // The standard library can only kill; `kill` can ask.
        let asked = Command::new("kill").arg(process.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _gone = process.kill();
        }
    }
    let _reaped = process.wait();
}

/// The floor: this program in another role.
///
/// # Errors
/// If this program's own path is not known.
pub fn floor() -> anyhow::Result<Subject> {
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    let command = vec![program, "floor".to_owned()];
    let ready = |announced: &Value| Ok(serde_json::from_value(announced.clone())?);
    Ok(Subject { name: FLOOR, command, ready, end: End::Input })
}

/// The program to measure; `None` if it was not built.
///
/// # Errors
/// If `binary` was named and is missing.
pub fn gateway_program(binary: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
    if let Some(named) = binary {
        ensure!(named.is_file(), "{} is not there", named.display());
        return Ok(Some(named.to_owned()));
    }
    let beside = std::env::current_exe()?.with_file_name("bascule");
    Ok(beside.is_file().then_some(beside))
}

/// The gateway as it is shipped, with its banks: on the PostgreSQL at `database`, or else with
/// SQLite in a temporary folder; `banks` is a folder of further banks.
#[must_use]
pub fn gateway(
    name: &'static str,
    program: &Path,
    database: Option<&str>,
    banks: Option<&Path>,
) -> Subject {
    let program = program.to_string_lossy();
    let mut command = vec![
        &*program,
        "sandbox",
        "--ephemeral",
        "--json",
        "--port",
        "0",
        "--execution-delay",
        "0",
    ];
    command.extend(database.into_iter().flat_map(|url| ["--database", url]));
    let banks = banks.map(Path::to_string_lossy);
    command.extend(banks.iter().flat_map(|folder| ["--banks", folder]));
    let command = command.into_iter().map(str::to_owned).collect();
    Subject { name, command, ready: announced_by_sandbox, end: End::Signal }
}

fn announced_by_sandbox(announced: &Value) -> anyhow::Result<Ready> {
    let api_url = announced["api_url"].as_str().context("no `api_url`")?.to_owned();
    let credentials = serde_json::from_value(announced["pay"].clone()).context("no `pay`")?;
    let text = |name: &str| announced[name].as_str().unwrap_or_default().to_owned();
    let (banks_url, basic_header) = (text("banks_url"), text("basic_header"));
    Ok(Ready { api_url, credentials, banks_url, basic_header })
}
