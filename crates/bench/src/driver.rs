//! The load: so many connections, each asking again as soon as it has its answer (closed loop).
//!
//! It runs in a process of its own, on one thread, and writes HTTP/1.1 by hand, so that it costs
//! the machine as little as possible. Requests are signed before the clock starts.

use std::collections::VecDeque;
use std::io::Read;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::measure::{self, quantile};
use crate::order;
use crate::servers::Ready;
use crate::token::{Signed, Signer};

/// Signed requests that are sent in turn.
const POOL: usize = 512;
/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How far ahead the tokens expire; a task takes less.
const TOKEN_LIFETIME_MS: i64 = 9 * 60_000;
/// A task that takes longer has failed.
const TASK_TIMEOUT: Duration = Duration::from_secs(8 * 60);

/// What to ask for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// Whom to ask.
    pub ready: Ready,
    /// How many requests at the same time.
    pub connections: u32,
    /// How many requests in all.
    pub requests: u32,
    /// Payments to read; where there are none, payments are created.
    pub payment_ids: Vec<String>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// From the first request to the last answer, in microseconds.
    pub elapsed_us: u64,
    /// The middle of the times that answers took, in microseconds.
    pub p50_us: u64,
    /// The time within which 99 of 100 answers came, in microseconds.
    pub p99_us: u64,
    /// Ids of payments that were created, evenly spread over the task.
    pub payment_ids: Vec<String>,
}

/// Reads a task from standard input, does it, and writes its outcome to standard output.
///
/// # Errors
/// Any answer that is not 200.
pub fn run_task() -> anyhow::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let task: Task = serde_json::from_str(&text)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = tokio::task::LocalSet::new().block_on(&runtime, run(task))?;
    crate::say(&serde_json::to_string(&outcome)?);
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a bound in real time on a measurement of it")]
async fn run(task: Task) -> anyhow::Result<Outcome> {
    tokio::time::timeout(TASK_TIMEOUT, ask_all(task)).await.context("the load took too long")?
}

struct Shared {
    address: String,
    pool: Vec<Vec<u8>>,
    /// Requests that are still to be sent.
    left: std::cell::Cell<u32>,
    sample_every: u32,
}

async fn ask_all(task: Task) -> anyhow::Result<Outcome> {
    let address = task.ready.api_url.trim_start_matches("http://").to_owned();
    let shared = Rc::new(Shared {
        pool: signed_requests(&task, &address)?,
        address,
        left: std::cell::Cell::new(task.requests),
        sample_every: (task.requests / u32::try_from(POOL).unwrap_or(1)).max(1),
    });
    let mut streams = VecDeque::new();
    for _ in 0..task.connections {
        streams.push_back(connect(&shared.address).await?);
    }
    let started = measure::now();
    let asking: Vec<_> = streams
        .into_iter()
        .map(|stream| tokio::task::spawn_local(ask_in_turn(Rc::clone(&shared), stream)))
        .collect();
    let (mut times_us, mut payment_ids) = (vec![], vec![]);
    for connection in asking {
        let (times, ids) = connection.await??;
        times_us.extend(times);
        payment_ids.extend(ids);
    }
    let elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    ensure!(times_us.len() == task.requests as usize, "some requests were not answered");
    let (p50_us, p99_us) = (quantile(&mut times_us, 500), quantile(&mut times_us, 990));
    Ok(Outcome { elapsed_us, p50_us, p99_us, payment_ids })
}

#[expect(clippy::disallowed_methods, reason = "the load is a client of its own, without seams")]
async fn connect(address: &str) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn signed_requests(task: &Task, host: &str) -> anyhow::Result<Vec<Vec<u8>>> {
    let signer = Signer::new(task.ready.credentials.clone())?;
    let expires_ms = measure::unix_ms() + TOKEN_LIFETIME_MS;
    (0..POOL)
        .map(|number| {
            let (method, path, body) =
                match task.payment_ids.get(number % task.payment_ids.len().max(1)) {
                    Some(id) => ("GET", format!("{}/{id}", order::PATH), String::new()),
                    None => ("POST", order::PATH.to_owned(), order::body(number)),
                };
            let signed = Signed { host, method, path: &path, body: body.as_bytes() };
            let token = signer.token(signed, expires_ms)?;
            let head = format!(
                "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            Ok(head.into_bytes())
        })
        .collect()
}

type Answers = (Vec<u64>, Vec<String>);

async fn ask_in_turn(shared: Rc<Shared>, mut stream: TcpStream) -> anyhow::Result<Answers> {
    let (mut times_us, mut ids) = (vec![], vec![]);
    let mut answer = Vec::with_capacity(ANSWER_BYTES_MAX);
    while shared.left.get() > 0 {
        let number = shared.left.get() - 1;
        shared.left.set(number);
        let request = &shared.pool[number as usize % shared.pool.len()];
        let started = measure::now();
        stream.write_all(request).await?;
        let body_at = read_answer(&mut stream, &mut answer).await?;
        times_us.push(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
        if !answer.starts_with(b"HTTP/1.1 200") {
            bail!("an answer is not 200: {}", String::from_utf8_lossy(&answer));
        }
        if number.is_multiple_of(shared.sample_every) {
            let body: serde_json::Value = serde_json::from_slice(&answer[body_at..])?;
            ids.extend(body["payment"]["id"].as_str().map(str::to_owned));
        }
    }
    Ok((times_us, ids))
}

/// Reads one answer into `answer` and tells where its body begins.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> anyhow::Result<usize> {
    answer.clear();
    loop {
        ensure!(stream.read_buf(answer).await? > 0, "the server closed the connection");
        ensure!(answer.len() <= ANSWER_BYTES_MAX, "the answer is too long");
        if let Some((body_at, length)) = head(answer)?
            && answer.len() >= body_at + length
        {
            ensure!(answer.len() == body_at + length, "more than one answer");
            return Ok(body_at);
        }
    }
}

/// Where the body begins and how long it is, once the head is complete.
fn head(answer: &[u8]) -> anyhow::Result<Option<(usize, usize)>> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&answer[..end])?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .context("an answer without `content-length`")?;
    Ok(Some((end + 4, length.1.trim().parse()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_an_answer_is_read_once_it_is_complete() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nx: y\r\n\r\n{}";
        assert_eq!(head(answer).unwrap(), Some((answer.len() - 2, 12)));
        assert_eq!(head(&answer[..30]).unwrap(), None);
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
