//! Neighbours that answer nobody: the webhook endpoint of another member, and a bank.
//!
//! Both get work enough to fill every place that is shared. Nobody else may notice: lanes, shares and
//! caps keep the neighbours apart (`gateway::lanes`).

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::json;

use crate::order;
use crate::route::Route;
use crate::servers::Ready;

/// The bank that falls silent; no route of the bench pays there.
const SILENT_BANK: &str = "bg-tulp";
/// Payments whose webhooks wait for the silent endpoint.
const WEBHOOKS: u32 = 300;
/// Payments that are opened at the silent bank.
const AT_THE_BANK: u32 = 100;
/// Connections that are taken and not answered, at most.
const HELD_MAX: usize = 2_000;
/// The longest wait for an answer of the gateway; there is no wait for a silent bank.
const PATIENCE: Duration = Duration::from_secs(30);
const NO_PATIENCE: Duration = Duration::from_millis(20);

/// Neighbours that answer nobody until this is dropped.
pub struct Disturbance {
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl Disturbance {
    /// Gives the silent neighbours their work.
    ///
    /// # Errors
    /// If the gateway does not take it.
    pub fn begin(ready: &Ready) -> anyhow::Result<Disturbance> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        std::thread::spawn(move || take_and_say_nothing(&listener, &told));
        let begun = Disturbance { address, over };
        let config = json!({ "config": {
            "type": ["PAYMENT_STATUS_CHANGED"], "url": format!("http://{address}/") } });
        ready.call(&ready.api_url, "PUT", "/webhook/config", &config.to_string(), PATIENCE)?;
        for number in 0..WEBHOOKS {
            let body = order::body(number as usize);
            ready.call(&ready.api_url, "POST", order::PATH, &body, PATIENCE)?;
        }
        let silence = json!({
            "bank": SILENT_BANK, "operation": "any", "scenario": "silent_before_effect", "times": 1_000 });
        ready.call(&ready.banks_url, "POST", "/sim/faults", &silence.to_string(), PATIENCE)?;
        let order = Route::NextGenPsd2Redirect.order(SILENT_BANK).to_string();
        for _ in 0..AT_THE_BANK {
            // Nobody answers: that is the point.
            let _silent = ready.call(&ready.api_url, "POST", order::PATH, &order, NO_PATIENCE);
        }
        Ok(begun)
    }
}

impl Drop for Disturbance {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the thread, which looks then.
        let _woken = connect(&self.address.to_string());
    }
}

#[expect(clippy::disallowed_methods, reason = "the load is a client of its own, without seams")]
fn connect(address: &str) -> std::io::Result<TcpStream> {
    TcpStream::connect(address)
}

fn take_and_say_nothing(listener: &TcpListener, over: &AtomicBool) {
    let mut held = vec![];
    for stream in listener.incoming() {
        if over.load(Ordering::SeqCst) {
            return;
        }
        if held.len() < HELD_MAX {
            held.extend(stream);
        }
    }
}

impl Ready {
    /// One request of the developer's member; its answer has to be a success.
    fn call(
        &self,
        base_url: &str,
        method: &str,
        path: &str,
        body: &str,
        patience: Duration,
    ) -> anyhow::Result<()> {
        let host = base_url.trim_start_matches("http://");
        let mut stream = connect(host)?;
        stream.set_read_timeout(Some(patience))?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: {}\r\n\
             content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            self.basic_header,
            body.len()
        );
        stream.write_all(request.as_bytes())?;
        let mut status = [0_u8; 12];
        stream.read_exact(&mut status).with_context(|| format!("{method} {path}"))?;
        let status = String::from_utf8_lossy(&status).into_owned();
        ensure!(status.starts_with("HTTP/1.1 2"), "{method} {path}: {status}");
        Ok(())
    }
}
