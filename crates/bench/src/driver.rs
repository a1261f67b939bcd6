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
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::http1::{ANSWER_BYTES_MAX, connect, read_answer};
use crate::measure::{self, quantile};
use crate::route::Route;
use crate::servers::Ready;
use crate::token::{Signed, Signer};
use crate::{lifecycle, order};

/// Payments on a page of a list.
const PAGE: usize = 10;
/// Signed requests that are sent in turn.
const POOL: usize = 512;
/// How far ahead the tokens expire; a task takes less.
const TOKEN_LIFETIME_MS: i64 = 9 * 60_000;
/// A task that takes longer has failed.
const TASK_TIMEOUT: Duration = Duration::from_secs(8 * 60);

/// A request for one measurement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// Whom to ask.
    pub ready: Ready,
    /// How many requests at the same time.
    pub connections: u32,
    /// How many requests in all.
    pub requests: u32,
    /// The load to run.
    pub load: Load,
}

/// The request that a load repeats.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Load {
    /// Create a payment.
    Create,
    /// Read one of these payments.
    Read(Vec<String>),
    /// Read the page of the list that begins with this payment, or else the first page.
    List(Option<String>),
    /// List banks, with these queries in turn.
    Banks(Vec<String>),
    /// Create a payment, play its payer at the bank and see it completed: a whole lifecycle.
    Pay(Route),
}

/// The result of a measurement.
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

impl Outcome {
    /// Summarises the times of all answers.
    pub fn of(elapsed_us: u64, times_us: &mut [u64], payment_ids: Vec<String>) -> Outcome {
        let (p50_us, p99_us) = (quantile(times_us, 500), quantile(times_us, 990));
        Outcome { elapsed_us, p50_us, p99_us, payment_ids }
    }
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
    let work = async {
        match task.load {
            Load::Create | Load::Read(_) | Load::List(_) | Load::Banks(_) => ask_all(task).await,
            Load::Pay(route) => lifecycle::pay_all(task, route).await,
        }
    };
    tokio::time::timeout(TASK_TIMEOUT, work).await.context("the load took too long")?
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
        pool: signed_requests(&task, &address, &list_query(&task, &address).await?)?,
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
    let elapsed_us = measure::elapsed_us(started);
    ensure!(times_us.len() == task.requests as usize, "some requests were not answered");
    Ok(Outcome::of(elapsed_us, &mut times_us, payment_ids))
}

/// The query of each request; empty if nothing is listed. The place of a page is asked for, because
/// an offset is the server's own business.
async fn list_query(task: &Task, address: &str) -> anyhow::Result<String> {
    let Load::List(first) = &task.load else { return Ok(String::new()) };
    let Some(id) = first else { return Ok(format!("?limit={PAGE}")) };
    let request = signed_requests(task, address, &format!("?limit={PAGE}&ids={id}"))?;
    let mut stream = connect(address).await?;
    stream.write_all(request.first().context("no request")?).await?;
    let mut answer = vec![];
    let body_at = read_answer(&mut stream, &mut answer).await?;
    let page: serde_json::Value = serde_json::from_slice(&answer[body_at..])?;
    let offset = page["pageInfo"]["offset"].as_str().filter(|offset| !offset.is_empty());
    let offset = offset.context("the list does not say where its page is")?;
    Ok(format!("?limit={PAGE}&offset={offset}"))
}

fn signed_requests(task: &Task, host: &str, query: &str) -> anyhow::Result<Vec<Vec<u8>>> {
    let signer = Signer::new(task.ready.credentials.clone())?;
    let expires_ms = measure::unix_ms() + TOKEN_LIFETIME_MS;
    (0..POOL)
        .map(|number| {
            let to_read = match &task.load {
                Load::Read(ids) => Some(ids.get(number % ids.len().max(1)).context("no payment")?),
                Load::Create | Load::List(_) | Load::Banks(_) | Load::Pay(_) => None,
            };
            let (method, path, body) = match (to_read, &task.load) {
                (Some(id), _) => ("GET", format!("{}/{id}", order::PATH), String::new()),
                (None, Load::List(_)) => ("GET", order::PATH.to_owned(), String::new()),
                (None, Load::Banks(queries)) => {
                    let query = queries.get(number % queries.len().max(1)).context("no query")?;
                    ("GET", query.clone(), String::new())
                }
                (None, _) => ("POST", order::PATH.to_owned(), order::body(number)),
            };
            let signed = Signed { host, method, path: &path, body: body.as_bytes() };
            let token = signer.token(signed, expires_ms)?;
            let head = format!(
                "{method} {path}{query} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
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
        times_us.push(measure::elapsed_us(started));
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
