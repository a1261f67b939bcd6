//! The current release can load the bodies of every earlier release.
//!
//! `fixtures/payment-body-v<release>.json` holds one payment per stage as that release stored it.
//! A released file never changes. A new release adds its own: run this test once with
//! `BASCULE_WRITE_FIXTURES=1`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use domain::ids::PaymentId;
use domain::payment::{OrderState, Payment, Stage, State};
use serde_json::Value as Json;
use store::{StoreError, Value};
use testkit::databases;

use crate::support::{load, payments_in_every_state, transact};

const INSERT: &str = "INSERT INTO payments (id, member_id, state, ref_id, created_ms, version, body) \
     VALUES ($1, 'm:a:x', 'any', 'any', 0, 1, $2)";

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn release() -> String {
    format!("{}.{}", env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"))
}

fn name_of(payment: &Payment) -> String {
    let name = payment.state.name();
    match &payment.state {
        State::Ordered(OrderState::Processing { bank_payment_id: None, .. }) => {
            format!("{name}, id unknown")
        }
        State::Ordered(OrderState::SetUp { .. }) => "set up".to_owned(),
        _ => name.to_owned(),
    }
}

/// Every stage but those that a flow makes of others.
fn stages_of_this_release() -> BTreeSet<Stage> {
    let mut stages = BTreeSet::from(Stage::ALL);
    stages.remove(&Stage::AwaitingBankChoiceByLink);
    stages.remove(&Stage::AwaitingCredentialsOnPages);
    stages
}

#[test]
fn this_release_has_its_fixture() {
    let file = fixtures().join(format!("payment-body-v{}.json", release()));
    if !file.exists() && std::env::var_os("BASCULE_WRITE_FIXTURES").is_some() {
        let bodies: BTreeMap<String, Json> = payments_in_every_state()
            .iter()
            .map(|payment| (name_of(payment), serde_json::to_value(payment).unwrap()))
            .collect();
        let text = serde_json::to_string_pretty(&bodies).unwrap();
        std::fs::write(&file, text + "\n").unwrap();
    }
    assert!(file.exists(), "{} is missing: see the top of this file", file.display());
}

#[tokio::test]
async fn bodies_of_every_release_load() {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for database in databases().await {
        for (release, file) in files.iter().enumerate() {
            let bodies: BTreeMap<String, Json> =
                serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
            let mut stages = BTreeSet::new();
            for (number, (name, body)) in bodies.iter().enumerate() {
                let mut body = body.clone();
                let id: PaymentId = format!("pm2:r{release}n{number}:x").parse().unwrap();
                body["id"] = Json::from(id.as_str());
                let text = body.to_string();
                transact!(database.db, [id, text] tx => {
                    tx.execute(INSERT, &[id.as_str().into(), text.into()]).await
                })
                .unwrap();
                let payment = load(&database.db, &id).await.unwrap();
                assert_eq!(&name_of(&payment), name, "{} {}", database.name, file.display());
                stages.insert(payment.stage());
            }
            if file.ends_with(format!("payment-body-v{}.json", self::release())) {
                assert_eq!(stages, stages_of_this_release(), "{}", file.display());
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_makes_no_sense_is_named_and_does_not_panic() {
    let sound = payments_in_every_state().remove(8);
    let mut contradicting = sound.clone();
    contradicting.version = 0;
    let mut without_member = serde_json::to_value(&sound).unwrap();
    without_member.as_object_mut().unwrap().remove("member_id");
    let bodies = [
        (serde_json::to_string(&contradicting).unwrap(), "versions count from 1"),
        (without_member.to_string(), "missing field `member_id`"),
        ("{".to_owned(), "EOF"),
        (String::new(), "EOF"),
    ];
    for database in databases().await {
        for (number, (body, complaint)) in bodies.iter().enumerate() {
            let id: PaymentId = format!("pm2:bad{number}:x").parse().unwrap();
            let (key, text): (Value, Value) = (id.as_str().into(), body.as_str().into());
            transact!(database.db, [key, text] tx => tx.execute(INSERT, &[key, text]).await)
                .unwrap();
            let error = transact!(database.db, [id] tx => store::payments::get_any(tx, &id).await)
                .unwrap_err();
            assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
            assert!(error.to_string().contains(complaint), "{error}");
        }
    }
}
