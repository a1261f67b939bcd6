//! What only a file can suffer: damage, a full disk, another writer; and that what was answered
//! is still there after the file was opened anew.

use std::path::Path;
use std::sync::mpsc;

use domain::payment::PaymentStep;
use futures_util::future::join_all;
use store::{Db, StoreError, Value};
use tempfile::TempDir;
use testkit::{TestIds, sqlite};

use crate::support::{create, load, member, new_payment, start, transact};

/// Sets or asks a number of the writer's connection.
async fn pragma(db: &Db, sql: &'static str) -> i64 {
    transact!(db, [] tx => tx.query_first(sql, &[]).await?.unwrap().int(0)).unwrap()
}

fn new_payments(count: usize, seed: u64) -> Vec<PaymentStep> {
    let ids = TestIds::seeded(seed);
    (0..count).map(|_| new_payment(&ids, &member("a"), start())).collect()
}

async fn opening_fails_with(file: &Path) -> String {
    match Db::open_sqlite(file).await {
        Ok(_) => panic!("{} was opened", file.display()),
        Err(StoreError::Corrupt(text)) => text,
        Err(other) => panic!("not told as damage: {other}"),
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_with_advice() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("bascule.db");
    std::fs::write(&file, "this is a letter to my aunt, ".repeat(400)).unwrap();
    let text = opening_fails_with(&file).await;
    assert!(text.contains("bascule.db") && text.contains("backup"), "{text}");
    let untouched = std::fs::read_to_string(&file).unwrap();
    assert!(untouched.starts_with("this is a letter"), "the file is left as it was");
}

#[tokio::test]
async fn a_directory_or_a_missing_folder_is_a_clear_error() {
    let dir = TempDir::new().unwrap();
    for path in [dir.path().to_owned(), dir.path().join("missing/bascule.db")] {
        match Db::open_sqlite(&path).await {
            Err(StoreError::Unavailable(text)) => {
                assert!(text.contains(&path.display().to_string()), "{text}");
            }
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("{} was opened", path.display()),
        }
    }
}

/// The bytes of a sound database with 200 payments.
async fn sound_file() -> Vec<u8> {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("bascule.db");
    let db = Db::open_sqlite(&file).await.unwrap();
    let payments = new_payments(200, 40);
    for result in join_all(payments.iter().map(|step| create(&db, step))).await {
        result.unwrap();
    }
    drop(db);
    let files = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(files, 1, "after an orderly end the one file is the whole database");
    std::fs::read(&file).unwrap()
}

#[tokio::test]
async fn a_damaged_file_is_found_when_it_is_opened() {
    let sound = sound_file().await;
    let mut garbage = sound.clone();
    let middle = garbage.len() / 2;
    garbage[middle..middle + 40_000].fill(0xA5);
    let truncated = sound[..middle + 1_000].to_vec();
    let mut headless = sound.clone();
    headless[..100].fill(0xA5);
    for (name, bytes) in [("garbage", garbage), ("truncated", truncated), ("headless", headless)] {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("bascule.db");
        std::fs::write(&file, bytes).unwrap();
        let text = opening_fails_with(&file).await;
        assert!(text.contains("bascule.db"), "{name}: {text}");
    }
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("bascule.db");
    std::fs::write(&file, sound).unwrap();
    assert!(Db::open_sqlite(&file).await.is_ok(), "the undamaged bytes open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hundreds_of_units_at_once_all_land_and_survive_reopening() {
    let database = sqlite().await;
    let payments = new_payments(500, 41);
    let tasks: Vec<_> = payments
        .iter()
        .map(|step| {
            let (db, step) = (database.db.clone(), step.clone());
            tokio::spawn(async move { create(&db, &step).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let database = database.reopen().await.unwrap();
    for step in &payments {
        assert_eq!(load(&database.db, &step.state.id).await.as_ref(), Some(&step.state));
    }
}

#[tokio::test]
async fn an_answered_unit_is_seen_by_another_connection_at_once() {
    let database = sqlite().await;
    let other = database.open_again().await.unwrap();
    for step in new_payments(20, 42) {
        create(&database.db, &step).await.unwrap();
        assert_eq!(load(&other, &step.state.id).await, Some(step.state));
    }
}

/// A full disk ends the transaction of the whole batch. Whoever was in it hears so, and nobody's
/// unit is kept by accident; when there is room again, the store goes on.
#[tokio::test]
async fn a_full_disk_keeps_nothing_that_it_did_not_confirm() {
    let database = sqlite().await;
    let db = &database.db;
    pragma(db, "PRAGMA max_page_count = 60").await;
    let mut refused = 0;
    for round in 0..12 {
        let payments = new_payments(40, 50 + round);
        let results = join_all(payments.iter().map(|step| create(db, step))).await;
        for (step, result) in payments.iter().zip(results) {
            let kept = load(db, &step.state.id).await.is_some();
            match result {
                Ok(()) => assert!(kept, "confirmed and lost"),
                Err(StoreError::Unavailable(text)) => {
                    assert!(!kept, "refused and kept");
                    assert!(text.contains("full"), "{text}");
                    refused += 1;
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
    assert!(refused > 0, "60 pages hold fewer payments");
    pragma(db, "PRAGMA max_page_count = 100000").await;
    for step in new_payments(40, 80) {
        create(db, &step).await.unwrap();
    }
    assert!(database.reopen().await.is_ok(), "the file is sound");
}

#[tokio::test]
async fn while_another_process_writes_units_fail_and_are_not_kept() {
    let database = sqlite().await;
    let db = &database.db;
    pragma(db, "PRAGMA busy_timeout = 1").await;
    let other = database.open_again().await.unwrap();
    let (begun, has_begun) = mpsc::channel();
    let (let_go, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let holding = tokio::spawn(async move {
        other
            .transact((), move |(), _| {
                begun.send(()).unwrap();
                let _over = wait.lock().unwrap().recv();
                store::unit(async { Ok(()) })
            })
            .await
    });
    tokio::task::yield_now().await;
    has_begun.recv().unwrap();
    let payments = new_payments(20, 43);
    let results = join_all(payments.iter().map(|step| create(db, step))).await;
    let_go.send(()).unwrap();
    holding.await.unwrap().unwrap();
    for (step, result) in payments.iter().zip(results) {
        assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
        assert_eq!(load(db, &step.state.id).await, None);
    }
    create(db, &payments[0]).await.unwrap();
}

#[tokio::test]
async fn a_unit_that_waits_for_something_else_is_refused() {
    let database = sqlite().await;
    let db = &database.db;
    let stuck = transact!(db, [] tx => {
        tx.query("SELECT 1", &[]).await?;
        std::future::pending::<Result<(), StoreError>>().await
    });
    assert!(matches!(stuck, Err(StoreError::Corrupt(_))));
    create(db, &new_payments(1, 44)[0]).await.unwrap();
}

#[tokio::test]
async fn readers_cannot_write() {
    const WRITE: &str = "DELETE FROM members WHERE id = $1";
    let database = sqlite().await;
    let result = database
        .db
        .read(|tx| store::unit(async move { tx.execute(WRITE, &[Value::from("m:a:x")]).await }))
        .await;
    assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
}

#[tokio::test]
async fn damage_is_found_while_the_database_is_open() {
    use std::os::unix::fs::FileExt;
    let database = sqlite().await;
    let never = || Box::pin(std::future::pending());
    database.db.search_for_damage(never()).await.unwrap();
    let database = database.reopen().await.unwrap();
    let path = database.file().unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let length = file.metadata().unwrap().len();
    file.write_all_at(&[7; 16_384], length - 16_384).unwrap();
    let found = database.db.search_for_damage(never()).await;
    assert!(matches!(found, Err(StoreError::Corrupt(_))), "{found:?}");
}
