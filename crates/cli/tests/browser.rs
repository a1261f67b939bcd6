//! A person's way through shop, hosted pages and bank, in a real browser without a screen.
//!
//! Needs Debian's packages chromium and chromium-driver; without them the tests say that they
//! tested nothing. Screenshots go to the folder that `BASCULE_SCREENSHOTS` names.

mod support;
mod webdriver;

use support::Sandbox;
use webdriver::{Driver, Page};

/// Where the payer's way begins, and with which bank and user it continues.
struct Way {
    name: &'static str,
    javascript: bool,
    bank: &'static str,
    user: &'static str,
    approve: bool,
}

async fn walk(way: &Way) -> Option<()> {
    let driver = Driver::start().await?;
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), &["--port", "0", "--execution-delay", "300"]);
    let page = driver.open(way.javascript).await;
    page.go(&sandbox.announcement.demo_url).await;
    page.shows("A very good cup of coffee").await;
    page.photograph(way.name, "1-shop").await;
    page.click("#pay-by-bank").await;
    choose_bank(&page, way).await;
    at_the_bank(&page, way).await;
    back_in_the_shop(&page, way).await;
    page.close().await;
    Some(())
}

async fn choose_bank(page: &Page, way: &Way) {
    page.shows("Choose your bank").await;
    page.shows("£10.23").await;
    page.shows("Customer Inc.").await;
    page.photograph(way.name, "2-choose-bank").await;
    if way.javascript {
        page.fill("#search", &way.bank[3..]).await;
        page.waits_until_hidden("[data-search]:not([data-search*='modelo'])").await;
        page.photograph(way.name, "3-search").await;
    } else {
        page.fill("#search", "bank").await;
        page.click(".search button").await;
        page.shows("Choose your bank").await;
    }
    page.click(&format!("button[value='{}']", way.bank)).await;
}

async fn at_the_bank(page: &Page, way: &Way) {
    page.shows("Sign in to look at a payment").await;
    page.photograph(way.name, "4-sign-in").await;
    page.fill("#username", way.user).await;
    page.fill("#password", "wrong").await;
    page.click("button[type=submit]").await;
    page.shows("User name or password is wrong").await;
    page.fill("#username", way.user).await;
    page.fill("#password", &format!("{}-pass", way.user)).await;
    page.click("button[type=submit]").await;
    page.shows("Approve this payment?").await;
    page.shows("10.23").await;
    page.photograph(way.name, "5-consent").await;
    let decision = if way.approve { "approve" } else { "decline" };
    page.click(&format!("button[value={decision}]")).await;
    if !way.javascript {
        // Without JavaScript the bank's page back waits for a click.
        page.click("form button").await;
    }
}

async fn back_in_the_shop(page: &Page, way: &Way) {
    let (title, status) = if way.approve {
        ("Payment successful", "INITIATION_COMPLETED")
    } else {
        ("Payment declined", "INITIATION_DECLINED")
    };
    page.shows(title).await;
    page.photograph(way.name, "6-result").await;
    page.click("a.primary").await;
    page.shows("Your order").await;
    page.shows(status).await;
    page.shows("genuine").await;
    page.shows_nowhere("WRONG").await;
    page.photograph(way.name, "7-shop-again").await;
}

async fn walk_or_say(way: Way) {
    if walk(&way).await.is_none() {
        testkit::skipped(&format!("browser test {} (no chromedriver)", way.name));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_buys_coffee_and_the_shop_shows_the_webhook() {
    walk_or_say(Way {
        name: "approve",
        javascript: true,
        bank: "ob-modelo",
        user: "alice",
        approve: true,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_without_javascript_gets_through_as_well() {
    walk_or_say(Way {
        name: "no-javascript",
        javascript: false,
        bank: "ob-iron",
        user: "dave",
        approve: true,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_who_declines_is_told_so_and_so_is_the_shop() {
    walk_or_say(Way {
        name: "decline",
        javascript: true,
        bank: "ob-modelo",
        user: "bob",
        approve: false,
    })
    .await;
}
