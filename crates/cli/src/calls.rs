//! `bascule calls <payment>`: our requests to banks for a payment, their answers and durations, and
//! the open cases. The output has no secrets, account numbers or names.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use domain::ids::PaymentId;
use domain::payment::Payment;
use domain::subject::Subject;
use serde_json::{Value, json};
use store::bank_calls::{self, BankCall};
use store::cases::{self, StoredCase};
use store::{Db, payments, unit};

use crate::args::CallsOptions;
use crate::data_dir::open_existing;
use crate::terminal;

/// Exchanges that are shown of one payment.
const CALLS_MAX: usize = 1_000;

/// Everything that is shown.
struct Found {
    payment: Payment,
    calls: Vec<BankCall>,
    cases: Vec<StoredCase>,
}

/// Prints the exchanges. A running gateway is not disturbed.
///
/// # Errors
/// If the database cannot be read, or has no such payment.
pub async fn run(options: CallsOptions) -> anyhow::Result<ExitCode> {
    let id = options.payment.clone();
    let db = open_existing(&options.database).await?;
    let Some(found) = find(&db, &id).await? else {
        bail!(
            "there is no payment {id} in this database: name the right one with --data-dir or --database"
        );
    };
    let text = if options.json { in_json(&found)? } else { for_people(&found, options.full) };
    terminal::say(&text);
    Ok(ExitCode::SUCCESS)
}

async fn find(db: &Db, id: &PaymentId) -> anyhow::Result<Option<Found>> {
    let wanted = id.clone();
    let found = db
        .read(move |tx| {
            unit(async move {
                let Some(payment) = payments::get_any(tx, &wanted).await? else {
                    return Ok(None);
                };
                let calls = bank_calls::of_subject(tx, &Subject::from(&wanted), CALLS_MAX).await?;
                let cases = cases::of_subject(tx, &Subject::from(&wanted)).await?;
                Ok(Some((payment, calls, cases)))
            })
        })
        .await
        .map_err(|error| anyhow!("{error}"))?;
    Ok(found.map(|(payment, calls, cases)| Found { payment, calls, cases }))
}

fn exchanged(call: &BankCall) -> Value {
    serde_json::from_str(&call.body).unwrap_or(Value::Null)
}

fn in_json(found: &Found) -> anyhow::Result<String> {
    let calls: Vec<Value> = found
        .calls
        .iter()
        .map(|call| {
            json!({
                "startedAt": call.started_at.to_string(),
                "durationMs": call.duration_ms,
                "bankId": call.bank_id,
                "operation": call.operation,
                "outcome": call.outcome,
                "httpStatus": call.http_status,
                "exchange": exchanged(call),
            })
        })
        .collect();
    let cases: Vec<Value> = found
        .cases
        .iter()
        .map(|case| {
            json!({
                "id": case.id, "kind": case.kind, "text": case.text,
                "closed": case.closing.is_some(),
            })
        })
        .collect();
    let all = json!({
        "paymentId": found.payment.id.as_str(),
        "stage": found.payment.stage().name(),
        "calls": calls,
        "cases": cases,
    });
    Ok(serde_json::to_string(&all)?)
}

fn for_people(found: &Found, full: bool) -> String {
    let Found { payment, calls, cases } = found;
    let bank = payment.bank_id.as_deref().unwrap_or("no bank yet");
    let mut text = format!("payment {} at {bank}: {}\n", payment.id, payment.stage().name());
    if let Some(reason) = &payment.reason {
        line(&mut text, &format!("reason: {reason}"));
    }
    if calls.is_empty() {
        line(&mut text, "no exchange with a bank is recorded (or it was too long ago)");
    } else {
        let head = format!("\n{:<24} {:>7}  {:<34} answer", "time (UTC)", "ms", "operation");
        line(&mut text, &head);
    }
    for call in calls {
        let time = call.started_at.strftime("%Y-%m-%d %H:%M:%S.%3f");
        let status = call.http_status.map_or_else(|| "–".to_owned(), |status| status.to_string());
        let row = format!(
            "{time:<24} {:>7}  {:<34} {status} {}{}",
            call.duration_ms,
            call.operation,
            call.outcome,
            why(call)
        );
        line(&mut text, &row);
        if full {
            let exchange = serde_json::to_string_pretty(&exchanged(call)).unwrap_or_default();
            exchange.lines().for_each(|one| line(&mut text, &format!("    {one}")));
        }
    }
    if let Some(slowest) = calls.iter().max_by_key(|call| call.duration_ms) {
        let total_ms: i64 = calls.iter().map(|call| call.duration_ms).sum();
        let summary = format!(
            "\n{} exchanges, {total_ms} ms at the bank; slowest: {} with {} ms",
            calls.len(),
            slowest.operation,
            slowest.duration_ms
        );
        line(&mut text, &summary);
    }
    for case in cases {
        let closed = if case.closing.is_some() { ", closed" } else { "" };
        line(&mut text, &format!("case {} ({}{closed}): {}", case.kind, case.id, case.text));
    }
    text.trim_end().to_owned()
}

/// Why there was no answer, such as the reason of a failed handshake; empty if there was one.
fn why(call: &BankCall) -> String {
    match exchanged(call)["error"].as_str() {
        Some(error) => format!(" ({error})"),
        None => String::new(),
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a text cannot fail.
    let _written = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_failed_handshake_is_in_the_line() {
        let call = |body: Value| BankCall {
            id: "1".to_owned(),
            bank_id: "bg-linden".to_owned(),
            operation: "create-payment".to_owned(),
            started_at: jiff::Timestamp::UNIX_EPOCH,
            duration_ms: 7,
            outcome: "no_answer".to_owned(),
            http_status: None,
            body: body.to_string(),
        };
        let error = "no answer: failed: received fatal alert: UnknownCA";
        assert_eq!(why(&call(json!({ "request": {}, "error": error }))), format!(" ({error})"));
        assert_eq!(why(&call(json!({ "request": {}, "response": {} }))), "");
    }
}
