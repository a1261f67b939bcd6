//! The pages for people: the overview, and the banks' pages in their countries' languages.

use crate::next_gen_psd2::Asked;
use crate::support::*;

#[tokio::test]
async fn the_overview_lists_banks_customers_scenarios_and_the_api() {
    let world = World::new();
    let page = world.get("/sim/").await;
    let html = page.text();
    for bank in world.get("/sim/accounts").await.json().as_array().unwrap() {
        let (id, owner) = (bank["bank"].as_str().unwrap(), bank["owner"].as_str().unwrap());
        if !id.is_empty() {
            assert!(html.contains(&format!("<h3 id=\"{id}\">")), "{id}");
            assert!(html.contains(&format!("<code>{owner}-pass</code>")), "{owner}");
        }
    }
    for words in [
        "UK Open Banking 3.1.11",
        "UK Open Banking 4.0",
        "clients are known by their certificate",
        "NextGenPSD2 1.3.12",
        "STET 1.4",
        "STET 1.5",
        "PolishAPI 2.1.1",
        "PolishAPI 2.1.2",
        "embedded: password, choice of method, one-time password",
        "href=\"#nextgenpsd2\"",
        "href=\"#pl-sosna\"",
        "href=\"/sim/app/bg-birke/bernd\"",
        "href=\"/sim/app/pl-sosna/sylwia\"",
        "href=\"/sim/app/stet-saule/serge\"",
        "<code>123456</code>",
        "EUR 12,500.00",
        "PLN 12,500.00",
        "Executes on weekdays from 08:00 to 18:00",
        "<tr id=\"late_execution\"><td><code>late_execution</code></td><td class=\"number\">128.00",
        "<a href=\"#wrong_signature\">",
        "POST /sim/faults",
    ] {
        assert!(html.contains(words), "{words}");
    }
    assert!(!html.contains("/sim/app/bg-linden"), "only where the payer needs the app");
    assert!(!html.contains("<script"));
    let rows = html.matches("-pass</code>").count();
    assert!(rows >= 60, "{rows}");
    // Every jump has a place to go to.
    for target in html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(html.contains(&format!("id=\"{target}\"")), "{target}");
    }
}

#[tokio::test]
async fn pages_speak_the_language_of_the_country_and_keep_their_fields() {
    let world = World::new();
    for (bank, language, heading, button) in [
        ("bg-linden", "de", "Diese Zahlung freigeben?", "Freigeben"),
        ("bg-tulp", "nl", "Deze betaling goedkeuren?", "Goedkeuren"),
    ] {
        let asked = Asked::at(bank, "12.34", "Rent");
        let created = world.next_gen_psd2_create(&asked).await.json();
        let visit = format!("/{bank}/sca/{}", created["paymentId"].as_str().unwrap());
        let page = world.get(&visit).await.text();
        assert!(page.contains(&format!("<html lang=\"{language}\">")), "{page}");
        for field in ["name=\"username\"", "name=\"password\"", "<code>"] {
            assert!(page.contains(field), "{bank}: {field}");
        }
        let password = format!("{}-pass", asked.username);
        let fields = [("username", asked.username), ("password", password.as_str())];
        world.post_form(&format!("{visit}/sign-in"), &fields).await;
        let page = world.get(&format!("{visit}/consent")).await.text();
        for words in [heading, &format!("value=\"approve\">{button}<"), "name=\"account\" value=\""]
        {
            assert!(page.contains(words), "{bank}: {words}");
        }
    }
    for (bank, user, words) in [
        ("bg-birke", "bernd", "Nichts wartet auf Ihre Bestätigung."),
        ("stet-saule", "sophie", "Rien n&#39;attend votre confirmation."),
        ("pl-sosna", "sylwia", "Kod dla sklepu:"),
        ("bg-pino", "paola", "Niente attende la tua conferma."),
        ("bg-olmo", "olga", "Nada espera su confirmación."),
    ] {
        let page = world.get(&format!("/sim/app/{bank}/{user}")).await.text();
        assert!(page.contains(words), "{bank}: {page}");
    }
}
