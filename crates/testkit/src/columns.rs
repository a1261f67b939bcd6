//! The raw contents of the database, for tests that search it for secrets.

use store::{Db, unit};

/// Every column that holds what SQL never looks into.
const COLUMNS: [(&str, &str); 8] = [
    ("payments", "SELECT body FROM payments"),
    ("events", "SELECT body FROM events"),
    ("token_requests", "SELECT body FROM token_requests"),
    ("bank_calls", "SELECT body FROM bank_calls"),
    ("idempotency_keys", "SELECT answer FROM idempotency_keys WHERE answer IS NOT NULL"),
    ("cases", "SELECT explanation FROM cases"),
    ("tokenized_accounts", "SELECT sealed FROM tokenized_accounts"),
    ("account_verifications", "SELECT sealed FROM account_verifications"),
];

/// The texts of each column that holds what SQL never looks into, with its table's name.
pub async fn stored_texts(db: &Db) -> Vec<(&'static str, Vec<String>)> {
    let mut found = vec![];
    for (table, sql) in COLUMNS {
        let rows = db.read(move |tx| unit(async move { tx.query(sql, &[]).await }));
        let rows = rows.await.expect("the database can be read");
        let texts = rows.iter().map(|row| row.text(0).expect("a text").to_owned()).collect();
        found.push((table, texts));
    }
    found
}
