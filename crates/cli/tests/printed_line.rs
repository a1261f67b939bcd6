//! The `curl` line that a sandbox prints: pasted into a shell it creates a payment, and the payer who
//! opens the answer's address ends on a page that shows the result.

mod support;
#[allow(dead_code, reason = "each test file uses a part")]
mod webdriver;

use std::process::Command;
use std::sync::Arc;

use bascule::pay::browser::Browser;
use bascule::pay::payer::Payer;
use bascule::sandbox::Announcement;
use bascule::wire::HttpWire;
use domain::reach::Reach;
use serde_json::Value;
use support::{Sandbox, said};
use webdriver::Driver;

/// Pastes the line; where the payer goes.
fn pasted(announcement: &Announcement) -> String {
    let (answer, _) =
        said(&Command::new("sh").arg("-c").arg(announcement.curl()).output().unwrap());
    let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
    answer["payment"]["authentication"]["redirectUrl"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_payer_of_the_printed_line_is_shown_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), &["--port", "0", "--execution-delay", "50"]);
    let announced = &sandbox.announcement;
    for (declines, status) in [(false, "INITIATION_COMPLETED"), (true, "INITIATION_DECLINED")] {
        let wire = Arc::new(HttpWire::new(Reach::PublicAndLoopback, None).unwrap());
        let mut browser = Browser::new(wire, &announced.api_url, &announced.banks_url);
        let payer = Payer::of_bank(&mut browser, "ob-modelo", declines, None).await.unwrap();
        let result = browser.walk(&pasted(announced), &payer, || false).await.unwrap();
        let back = result.links.first().unwrap_or_else(|| panic!("{result:?}"));
        let (code, page) = browser.open(back).await.unwrap();
        assert_eq!(code, 200, "{back}: {page}");
        assert!(
            page.starts_with("<!DOCTYPE html>") || page.starts_with("<!doctype html>"),
            "{page}"
        );
        assert!(page.contains("Your order") && page.contains(status), "{back}: {page}");
        assert!(!page.contains("HTTP 404"), "{page}");
    }
    // Nobody else's payment is shown, and none that does not exist.
    let foreign = format!("{}?payment-id=pm2:1ChYyXzr3WW3aPFoEXgPpe:bscuLe", announced.demo_url);
    let wire = Arc::new(HttpWire::new(Reach::PublicAndLoopback, None).unwrap());
    let mut browser = Browser::new(wire, &announced.api_url, &announced.banks_url);
    let (code, page) = browser.open(&foreign).await.unwrap();
    assert_eq!(code, 404, "{page}");
    assert!(page.contains("There is no such payment") && !page.contains("Your order"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_browser_goes_from_the_printed_line_to_the_result() {
    let Some(driver) = Driver::start().await else {
        return testkit::skipped("browser test of the printed line (no chromedriver)");
    };
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), &["--port", "0", "--execution-delay", "300"]);
    let page = driver.open(true).await;
    page.go(&pasted(&sandbox.announcement)).await;
    page.shows("Pay with").await;
    page.click("button.primary").await;
    page.fill("#username", "alice").await;
    page.fill("#password", "alice-pass").await;
    page.click("button[type=submit]").await;
    page.click("button[value=approve]").await;
    page.shows("Payment successful").await;
    page.click("a.primary").await;
    page.shows("Your order").await;
    page.shows("INITIATION_COMPLETED").await;
    page.close().await;
}
