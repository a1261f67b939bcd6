//! The raw database: account numbers, names and the secrets of an approval are only there sealed.

use testkit::stored_texts;

use crate::idempotency::keyed;
use crate::support::{Decision, full_order, hosted_order, id, order, with, worlds};

#[tokio::test]
async fn parties_and_secrets_of_an_approval_are_sealed() {
    for world in worlds().await {
        let full = with(&full_order(), "initiation.refId", "at-rest");
        let created = world.send(keyed(&world, "/v2/payments", &full, "at-rest-1")).await;
        assert_eq!(created.status, 200, "{}", created.text());
        // The card that is paid off.
        let reference = "requestPayload.transferBody.remittanceReference";
        let request = with(&world.token_request(), reference, "4111111111111111");
        world.decided(&request, Decision::Approve).await;
        world.half_a_minute().await;
        for (table, rows) in stored_texts(world.app.db()).await {
            if table == "bank_calls" {
                // The same text has the same hash in the consent and the order.
                let hashed = |row: &String| {
                    let (_, rest) = row.split_once("\"Unstructured\":\"hmac:")?;
                    Some(rest[..32].to_owned())
                };
                let hashes: Vec<_> = rows.iter().filter_map(hashed).collect();
                assert!(hashes.len() >= 2, "{rows:?}");
            }
            if ["payments", "events", "token_requests"].contains(&table) {
                assert!(!rows.is_empty(), "{table}: nothing was stored");
            }
            for row in rows {
                for secret in [
                    "12345678",
                    "12345601",
                    "Dave Draper",
                    "Draper Ltd",
                    "Customer Inc.",
                    "Customer Group",
                    "221B",
                    "4111111111111111",
                    "code_verifier",
                    "oauth_state",
                    "nonce",
                ] {
                    assert!(!row.contains(secret), "{} {table}: {secret}: {row}", world.name);
                }
            }
        }
    }
}

#[tokio::test]
async fn what_a_bank_statement_shows_opens_no_page() {
    for world in worlds().await {
        let payment = world.create(&order()).await;
        let (id, page) = (id(&payment), format!("/session/{}", id(&payment)));
        let known_to_the_bank = world.end_to_end_id(&id).await;
        assert_eq!(known_to_the_bank.len(), 24);
        assert!(!id.contains(&known_to_the_bank));
        assert_eq!(world.at_the_bank(&id).await.len(), 1, "the bank knows it so");
        assert_eq!(world.page(&page).await.status, 200);
        let suffix = id.rsplit(':').next().unwrap();
        let guessed = format!("/session/pm2:{known_to_the_bank}:{suffix}");
        assert_eq!(world.page(&guessed).await.status, 404);
        // In every answer of ours and every exchange it is another payment's.
        assert!(!payment.to_string().contains(&known_to_the_bank));
    }
}

#[tokio::test]
async fn a_form_that_no_page_of_ours_made_changes_nothing() {
    for world in worlds().await {
        let payment = world.create(&hosted_order()).await;
        let request = world.store(&world.token_request()).await;
        let request = request["id"].as_str().unwrap().to_owned();
        let request_page = format!("/app/request-token/{request}");
        let page = format!("/session/{}", id(&payment));
        let other = world.app.visit_token("pm2:other:x");
        for visit in ["", "0123456789abcdef", other.as_str()] {
            for (path, field) in [
                (page.clone(), ("bank-id", "ob-iron")),
                (format!("{page}/answers"), ("answer", "1")),
                (request_page.clone(), ("decision", "decline")),
            ] {
                let form = [("bascule-visit", visit), field];
                let answer = world.submit_as_it_is(&path, &form).await;
                assert_eq!(answer.status, 403, "{path}: {}", answer.text());
                let link = path.trim_end_matches("/answers");
                assert!(answer.text().contains(&format!("href=\"{link}\"")), "{}", answer.text());
            }
        }
        assert_eq!(world.submit_as_it_is(&page, &[("bank-id", "ob-iron")]).await.status, 403);
        assert_eq!(world.status(&id(&payment)).await, payment["status"]);
        let form = world.page(&page).await.text();
        let visit = form.split("name=\"bascule-visit\" value=\"").nth(1).unwrap();
        let visit = visit.split('"').next().unwrap();
        let form = [("bascule-visit", visit), ("bank-id", "ob-iron")];
        assert_eq!(world.submit_as_it_is(&page, &form).await.status, 303);
    }
}
