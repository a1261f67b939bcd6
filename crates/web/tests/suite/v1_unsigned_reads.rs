//! Token requests and the gateway's own member as published clients read them: without a signature.

use http::Request;
use serde_json::json;

use crate::support::{Decision, worlds};

/// Every spelling of the path of the result.
const RESULTS: [&str; 3] = ["result", "token-request-result", "token_request_result"];

#[tokio::test]
async fn whoever_knows_the_id_reads_a_token_request_and_its_result() {
    for world in worlds().await {
        let request = world.decided(&world.token_request(), Decision::Approve).await;
        let path = format!("/token-requests/{request}");
        let unsigned = world.anonymous(&path).await;
        assert_eq!(unsigned.status, 200, "{}", unsigned.text());
        assert_eq!(unsigned.json(), world.get(&path).await.json());
        let result = world.result(&request).await;
        assert_eq!(result["status"], "PROCESSED");
        for name in RESULTS {
            let unsigned = world.anonymous(&format!("{path}/{name}")).await;
            assert_eq!((unsigned.status, unsigned.json()), (200, result.clone()), "{name}");
        }
        // Other ids of the same payment are seen on bank statements and in logs of shops.
        for other in [result["tokenId"].as_str(), result["transferId"].as_str()] {
            let other = other.unwrap();
            assert_eq!(world.get(&format!("/token-requests/{other}")).await.status, 200, "{other}");
            for rest in ["", "/result"] {
                let unsigned = world.anonymous(&format!("/token-requests/{other}{rest}")).await;
                assert_eq!(unsigned.status, 404, "{other}{rest}: {}", unsigned.text());
            }
        }
        let unknown = world.anonymous("/token-requests/rq:111:bscuLe").await;
        assert_eq!(unknown.status, 404, "{}", unknown.text());
        let wrong = Request::get(&*path).header("host", "localhost");
        let wrong = wrong.header("authorization", "Bearer nonsense");
        let wrong = wrong.header("token-json-error", "true").body("".into()).unwrap();
        assert_eq!(world.send(wrong).await.status, 401, "who says who he is must be right");
        for below in ["authorization", "transfer-destinations"] {
            let post = Request::post(format!("{path}/{below}")).header("host", "localhost");
            let post = post.header("token-json-error", "true");
            let answer = world.send(post.body("{}".into()).unwrap()).await;
            assert_eq!(answer.status, 401, "{below}: reading alone is open");
        }
    }
}

#[tokio::test]
async fn the_gateways_member_is_found_by_its_alias_and_has_the_key_that_signs() {
    for world in worlds().await {
        let path = "/resolve-alias?alias.value=token.io&alias.type=DOMAIN&alias.realm=token&alias.realmId=";
        let gateway = world.app.gateway_key();
        let found = world.anonymous(path).await.json();
        assert_eq!(found, json!({ "member": { "id": gateway.member_id().as_str() } }));
        let member = world.anonymous(&format!("/members/{}", gateway.member_id())).await.json();
        let key = json!({ "id": gateway.key_id(), "publicKey": gateway.public_key(),
            "algorithm": "ED25519", "level": "STANDARD" });
        let expected = json!({ "member": { "id": gateway.member_id().as_str(), "keys": [key] } });
        assert_eq!(member, expected);
        for query in ["", "?alias.type=EMAIL&alias.value=token.io", "?alias.value=token.io"] {
            let nobody = world.anonymous(&format!("/resolve-alias{query}")).await;
            assert_eq!((nobody.status, nobody.json()), (200, json!({})), "{query}");
        }
        let own = format!("/members/{}", world.member.id);
        assert_eq!(world.anonymous(&own).await.status, 401);
        let own = world.get(&own).await;
        assert_eq!(
            own.json()["member"]["keys"].as_array().map(Vec::len),
            Some(1),
            "{}",
            own.text()
        );
        let others = format!("/members/{}", world.other.id);
        assert_eq!(world.get(&others).await.status, 403, "another member's keys are its own");
        assert_eq!(world.get("/members/nonsense").await.status, 400);
    }
}
