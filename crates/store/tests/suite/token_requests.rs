//! Token requests: references are unique for each member, and changes expect what was read.

use domain::ids::{PaymentId, TokenRequestId};
use domain::token_request::{RequestText, TokenRequest};
use store::{StoreError, token_requests};
use testkit::databases;

use crate::support::{at, member, payments_in_every_state, start, transact};

fn request(name: &str, owner: &str) -> TokenRequest {
    let id: TokenRequestId = format!("rq:{name}:x").parse().unwrap();
    let initiation = payments_in_every_state().remove(0).initiation;
    TokenRequest::create(id, member(owner), RequestText("{}".to_owned()), initiation, start())
}

#[tokio::test]
async fn each_member_has_one_of_each_reference_and_sees_its_own() {
    for database in databases().await {
        let db = &database.db;
        let (first, second, other) = (request("1", "a"), request("2", "a"), request("3", "b"));
        for (one, taken) in [(&first, true), (&second, false), (&other, true)] {
            let one = one.clone();
            let inserted = transact!(db, [one] tx => token_requests::insert(tx, &one).await);
            assert_eq!(inserted.unwrap(), taken, "{}: {}", database.name, one.id);
        }
        for (owner, id, found) in [
            ("a", &first.id, Some(&first)),
            ("b", &first.id, None),
            ("a", &second.id, None),
            ("b", &other.id, Some(&other)),
        ] {
            let (owner, id) = (member(owner), id.clone());
            let read = transact!(db, [owner, id] tx => token_requests::get(tx, &owner, &id).await);
            assert_eq!(read.unwrap().as_ref(), found, "{}: {id}", database.name);
        }
        let (owner, ref_id) = (member("a"), first.initiation.order.ref_id.clone());
        let read = transact!(db, [owner, ref_id] tx => {
            token_requests::of_reference(tx, &owner, &ref_id).await
        });
        assert_eq!(read.unwrap(), Some(first));
    }
}

#[tokio::test]
async fn it_becomes_one_payment() {
    for database in databases().await {
        let db = &database.db;
        let stored = request("1", "a");
        transact!(db, [stored] tx => token_requests::insert(tx, &stored).await).unwrap();
        let become_payment = |name: &str| {
            let id: PaymentId = format!("pm2:{name}:x").parse().unwrap();
            stored.clone().become_payment(id, at(1)).unwrap()
        };
        let (one, two) = (become_payment("1"), become_payment("2"));
        transact!(db, [one] tx => token_requests::update(tx, &one).await).unwrap();
        let late = transact!(db, [two] tx => token_requests::update(tx, &two).await);
        assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
        let (owner, id) = (one.member_id.clone(), one.id.clone());
        let read = transact!(db, [owner, id] tx => token_requests::get(tx, &owner, &id).await);
        assert_eq!(read.unwrap(), Some(one));
    }
}
