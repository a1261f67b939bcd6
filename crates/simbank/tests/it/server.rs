//! The banks on a real port, and the pages about the simulation.

use serde_json::json;
use simbank::StartError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::*;

/// Sends one HTTP request and reads until the bank closes the connection.
async fn exchange(address: std::net::SocketAddr, request: &str) -> Vec<u8> {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_banks_start_answer_and_stop() {
    let mut options = options(None);
    options.public_url = None;
    let running = simbank::start(options.clone(), environment()).await.unwrap();
    assert_eq!(running.base_url, format!("http://{}", running.local_addr));
    let request = "GET /sim/accounts HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answer = exchange(running.local_addr, request).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));

    options.listen = running.local_addr;
    let error = simbank::start(options, environment()).await.unwrap_err();
    assert!(matches!(error, StartError::PortInUse(_)), "{error}");
    assert!(error.to_string().contains("is in use"));
    running.shutdown().await;
}

#[tokio::test]
async fn a_silent_bank_closes_the_connection_without_a_byte() {
    let path = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("server-silent");
    if path.exists() {
        std::fs::remove_dir_all(&path).unwrap();
    }
    // The way to the order is gone through the router; the order itself over the port.
    let world = World::open(Some(path.clone()), environment());
    let body = consent_body("121.00");
    let (consent_id, token) = world.authorised("ob-modelo", &body).await;
    let call = world.signed("/domestic-payments", &token, &order_body(&consent_id, &body));
    let running = simbank::start(options(Some(path)), world.environment.clone()).await.unwrap();
    let mut request =
        "POST /ob-modelo/open-banking/v3.1/pisp/domestic-payments HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
            .to_owned();
    for (name, value) in &call.headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{}", call.body.len(), call.body));
    let answer = exchange(running.local_addr, &request).await;
    assert_eq!(String::from_utf8_lossy(&answer), "");
    let request = "GET /sim/orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let orders = exchange(running.local_addr, request).await;
    let orders = String::from_utf8_lossy(&orders).into_owned();
    assert!(orders.contains("\"posts\":1") && orders.contains("\"accepted\":0"), "{orders}");
    running.shutdown().await;
}

#[tokio::test]
async fn the_simulation_can_be_looked_at() {
    let world = World::new();
    assert_eq!(world.get("/").await.header("location"), "/sim/");
    let page = world.get("/sim/").await;
    let html = page.text();
    for words in [
        "Modelo Bank",
        "Iron Bank",
        "Mock redirect",
        "alice-pass",
        "12-34-56 12345678",
        "12,500.00",
        "101.00",
        "insufficient funds",
    ] {
        assert!(html.contains(words), "{words}");
    }
    let (consent_id, _) = world.pay("ob-iron", "10.00").await;
    let books = world.books(&consent_id).await;
    assert_eq!(books["end_to_end_identification"], "end-to-end-1");
    assert_eq!(books["executed"], 0);
    assert_eq!(world.get("/sim/exchanges?limit=x").await.status, 400);
}

#[tokio::test]
async fn exchanges_are_kept_without_tokens_and_within_their_bound() {
    let world = World::new();
    let (consent_id, _) = world.pay("ob-iron", "10.00").await;
    let exchanges = world.get("/sim/exchanges?limit=2").await;
    assert!(
        !exchanges.text().contains("Bearer ey") && exchanges.json().as_array().unwrap().len() == 2
    );
    let last = &exchanges.json()[1];
    assert_eq!(last["bank"], "ob-iron");
    assert_eq!(last["method"], "POST");
    assert_eq!(last["path_template"], "/domestic-payments");
    assert_eq!(last["path"], "/ob-iron/open-banking/v3.1/pisp/domestic-payments");
    assert_eq!(last["request_headers"]["authorization"], "Bearer (not recorded)");
    assert_eq!(last["status"], 201);
    assert!(last["request_body"].as_str().unwrap().contains(&consent_id));
    assert!(last["response_headers"]["x-jws-signature"].is_string());
    assert!(last["response_body"].as_str().unwrap().contains("DomesticPaymentId"));

    for _ in 0..510 {
        world.api("ob-iron", ApiCall::new("GET", "/domestic-payments/x", "no")).await;
    }
    let all = world.get("/sim/exchanges").await.json();
    assert_eq!(all.as_array().unwrap().len(), 500);
    assert_eq!(all[0]["status"], json!(401));
}
