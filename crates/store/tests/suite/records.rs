//! Members, keys, webhook configurations, secrets and the schema itself.

use std::collections::BTreeSet;

use domain::event::EventKind;
use store::members::{self, KEYS_MAX, MemberKey};
use store::webhooks::{self, WebhookConfig};
use store::{Db, StoreError, secrets};
use testkit::databases;

use crate::support::{at, member, start, transact};

fn key(number: usize) -> MemberKey {
    MemberKey {
        key_id: format!("key-{number:03}"),
        algorithm: "ED25519".to_owned(),
        public_key: format!("public-{number}"),
    }
}

async fn add_member(db: &Db, name: &str, seconds: i64) {
    let id = member(name);
    transact!(db, [id] tx => members::insert(tx, &id, "Merchant", at(seconds)).await).unwrap();
}

#[tokio::test]
async fn a_member_is_added_once_and_the_first_one_is_known() {
    for database in databases().await {
        let db = &database.db;
        let id = member("b");
        assert_eq!(transact!(db, [] tx => members::first(tx).await).unwrap(), None);
        assert_eq!(transact!(db, [id] tx => members::name(tx, &id).await).unwrap(), None);
        add_member(db, "b", 0).await;
        add_member(db, "a", 1).await;
        transact!(db, [id] tx => members::insert(tx, &id, "Other name", at(9)).await).unwrap();
        let name = transact!(db, [id] tx => members::name(tx, &id).await).unwrap();
        assert_eq!(name.as_deref(), Some("Merchant"));
        assert_eq!(transact!(db, [] tx => members::first(tx).await).unwrap(), Some(id));
    }
}

#[tokio::test]
async fn keys_belong_to_one_member_and_keep_their_order() {
    for database in databases().await {
        let db = &database.db;
        let (a, b) = (member("a"), member("b"));
        add_member(db, "a", 0).await;
        add_member(db, "b", 0).await;
        for (number, seconds) in [(2, 0), (1, 5), (0, 5)] {
            let key = key(number);
            transact!(db, [a, key] tx => members::insert_key(tx, &a, &key, at(seconds)).await)
                .unwrap();
        }
        let replaced = MemberKey { public_key: "another".to_owned(), ..key(1) };
        transact!(db, [a, replaced] tx => members::insert_key(tx, &a, &replaced, at(9)).await)
            .unwrap();
        let keys = transact!(db, [a] tx => members::keys(tx, &a).await).unwrap();
        assert_eq!(keys, [key(2), key(0), key(1)], "oldest first, and the first key stays");
        let own = transact!(db, [a] tx => members::key(tx, &a, "key-001").await).unwrap();
        let others = transact!(db, [b] tx => members::key(tx, &b, "key-001").await).unwrap();
        assert_eq!((own, others), (Some(key(1)), None));
        assert!(!transact!(db, [b] tx => members::delete_key(tx, &b, "key-001").await).unwrap());
        assert!(transact!(db, [a] tx => members::delete_key(tx, &a, "key-001").await).unwrap());
        assert!(!transact!(db, [a] tx => members::delete_key(tx, &a, "key-001").await).unwrap());
        assert_eq!(transact!(db, [a] tx => members::key(tx, &a, "key-001").await).unwrap(), None);
    }
}

#[tokio::test]
async fn a_list_of_keys_ends_at_its_bound() {
    for database in databases().await {
        let db = &database.db;
        let a = member("a");
        add_member(db, "a", 0).await;
        transact!(db, [a] tx => {
            for number in 0..=KEYS_MAX {
                members::insert_key(tx, &a, &key(number), start()).await?;
            }
            Ok(())
        })
        .unwrap();
        let keys = transact!(db, [a] tx => members::keys(tx, &a).await).unwrap();
        assert_eq!(keys, (0..KEYS_MAX).map(key).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_basic_secret_opens_one_member_only() {
    for database in databases().await {
        let db = &database.db;
        let (a, b) = (member("a"), member("b"));
        add_member(db, "a", 0).await;
        add_member(db, "b", 0).await;
        for _ in 0..2 {
            transact!(db, [a] tx => members::insert_api_key(tx, &a, "5ec2e7", start()).await)
                .unwrap();
        }
        let has = async |who: &domain::ids::MemberId, secret: &'static str| {
            let who = who.clone();
            transact!(db, [who] tx => members::has_api_key(tx, &who, secret).await).unwrap()
        };
        assert!(has(&a, "5ec2e7").await);
        assert!(!has(&a, "5ec2e8").await);
        assert!(!has(&b, "5ec2e7").await);
    }
}

#[tokio::test]
async fn a_key_of_nobody_is_refused() {
    for database in databases().await {
        let nobody = member("nobody");
        let result = transact!(database.db, [nobody] tx => {
            members::insert_key(tx, &nobody, &key(1), start()).await
        });
        assert!(matches!(result, Err(StoreError::Corrupt(_))), "{result:?}");
    }
}

#[tokio::test]
async fn a_webhook_configuration_is_replaced_as_a_whole_and_removed() {
    for database in databases().await {
        let db = &database.db;
        let (a, b) = (member("a"), member("b"));
        add_member(db, "a", 0).await;
        let get = async |who: &domain::ids::MemberId| {
            let who = who.clone();
            transact!(db, [who] tx => webhooks::get(tx, &who).await).unwrap()
        };
        assert_eq!(get(&a).await, None);
        let configs = [
            (EventKind::ALL.to_vec(), "https://tpp.example/one"),
            (
                vec![EventKind::VrpStatusChanged, EventKind::PaymentStatusChanged],
                "https://tpp.example/two",
            ),
            (vec![], "https://tpp.example/three"),
        ];
        for (kinds, url) in configs {
            let config = WebhookConfig { url: url.to_owned(), kinds };
            transact!(db, [a, config] tx => webhooks::put(tx, &a, &config, start()).await).unwrap();
            assert_eq!(get(&a).await, Some(config));
        }
        assert_eq!(get(&b).await, None);
        assert!(!transact!(db, [b] tx => webhooks::delete(tx, &b).await).unwrap());
        assert!(transact!(db, [a] tx => webhooks::delete(tx, &a).await).unwrap());
        assert_eq!(get(&a).await, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_at_once_share_the_secret_that_came_first() {
    for database in databases().await {
        for round in 0..10 {
            let nodes: Vec<_> = (0..4)
                .map(|node| {
                    let db = database.db.clone();
                    let (name, candidate) = (format!("key{round}"), format!("candidate{node}"));
                    tokio::spawn(async move {
                        transact!(db, [name, candidate] tx => {
                            secrets::get_or_insert(tx, &name, Some(&candidate), start()).await
                        })
                        .unwrap()
                        .unwrap()
                    })
                })
                .collect();
            let mut seen = BTreeSet::new();
            for node in nodes {
                seen.insert(node.await.unwrap());
            }
            assert_eq!(seen.len(), 1, "{}: {seen:?}", database.name);
        }
        let db = &database.db;
        let none =
            transact!(db, [] tx => secrets::get_or_insert(tx, "absent", None, start()).await);
        assert_eq!(none.unwrap(), None);
    }
}

#[tokio::test]
async fn opening_again_changes_nothing() {
    const COUNT: &str = "SELECT COUNT(*), MAX(version) FROM schema_versions";
    for database in databases().await {
        add_member(&database.db, "a", 0).await;
        let again = database.open_again().await.unwrap();
        let row = transact!(again, [] tx => tx.query(COUNT, &[]).await).unwrap().remove(0);
        assert_eq!(row.int(0).unwrap(), row.int(1).unwrap(), "each migration ran once");
        let first = transact!(again, [] tx => members::first(tx).await).unwrap();
        assert_eq!(first, Some(member("a")));
    }
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_refused_and_left_alone() {
    const NEWER: &str = "INSERT INTO schema_versions (version) VALUES (999)";
    for database in databases().await {
        transact!(database.db, [] tx => tx.execute(NEWER, &[]).await).unwrap();
        match database.open_again().await {
            Err(StoreError::Corrupt(text)) => {
                assert!(text.contains("999") && text.contains("newer release"), "{text}");
            }
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("{} was opened", database.name),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_at_once_on_an_empty_server_migrate_it_once() {
    for database in databases().await {
        if database.file().is_some() {
            continue; // A file belongs to one process.
        }
        let database = std::sync::Arc::new(database);
        for sql in ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"] {
            transact!(database.db, [] tx => tx.execute(sql, &[]).await).unwrap();
        }
        let nodes: Vec<_> = (0..4)
            .map(|_| {
                let database = std::sync::Arc::clone(&database);
                tokio::spawn(async move { database.open_again().await.map(|_| ()) })
            })
            .collect();
        for node in nodes {
            node.await.unwrap().unwrap();
        }
        add_member(&database.db, "a", 0).await;
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let clock = std::sync::Arc::new(testkit::TestClock::at("2026-01-05T10:00:00Z"));
    for (url, complaint) in [
        ("host=127.0.0.1 port=1 user=nobody", "connect"),
        ("postgres://[nonsense", "connection string"),
    ] {
        match Db::open_postgres(url, 2, clock.clone()).await {
            Err(StoreError::Unavailable(text)) => assert!(text.contains(complaint), "{text}"),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("{url} was opened"),
        }
    }
}
