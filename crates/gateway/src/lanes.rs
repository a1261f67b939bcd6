//! Who may stall whom: nobody. Each bank has places of its own, and so has each member's endpoint, so
//! that a slow one makes its own work wait and no other.
//!
//! | limit | per bank | per endpoint |
//! |---|---|---|
//! | calls at the same time | [`BANK_CALLS_MAX`], [`BANK_CALLS_OF_A_MEMBER_MAX`] of them for one member | [`ENDPOINT_CALLS_MAX`] |
//! | jobs that wait for a place | [`WAITING_MAX`] | [`WAITING_MAX`] |
//!
//! A job that finds no place to wait returns later.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use domain::ids::MemberId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most jobs at one bank at the same time.
const BANK_CALLS_MAX: usize = 32;
/// The most of these that belong to one member.
const BANK_CALLS_OF_A_MEMBER_MAX: usize = 16;
/// The most webhooks that are sent to one member's endpoint at the same time.
const ENDPOINT_CALLS_MAX: usize = 8;
/// The most jobs that wait for a place at one bank, of one member at a bank, or at one endpoint.
const WAITING_MAX: usize = 64;
/// The most gates that are remembered; above it, unused ones are forgotten.
const GATES_MAX: usize = 10_000;

/// The places of all banks and endpoints.
pub(crate) struct Lanes {
    banks: Gates<String>,
    members_at_banks: Gates<(String, MemberId)>,
    endpoints: Gates<MemberId>,
}

impl Default for Lanes {
    fn default() -> Lanes {
        Lanes {
            banks: Gates::of(BANK_CALLS_MAX),
            members_at_banks: Gates::of(BANK_CALLS_OF_A_MEMBER_MAX),
            endpoints: Gates::of(ENDPOINT_CALLS_MAX),
        }
    }
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permits: Vec<OwnedSemaphorePermit>,
}

impl Lanes {
    /// A place at a bank for work of a member. `None` if too many wait already.
    pub(crate) async fn at_bank(&self, bank_id: &str, member_id: &MemberId) -> Option<Place> {
        // The member's own places first: a job that waits for them holds none of the bank's.
        let own = self.members_at_banks.enter((bank_id.to_owned(), member_id.clone())).await?;
        let bank = self.banks.enter(bank_id.to_owned()).await?;
        Some(Place { _permits: vec![own, bank] })
    }

    /// A place at a member's endpoint. `None` if too many wait already.
    pub(crate) async fn at_endpoint(&self, member_id: &MemberId) -> Option<Place> {
        let permit = self.endpoints.enter(member_id.clone()).await?;
        Some(Place { _permits: vec![permit] })
    }
}

/// Gates of one kind, each with so many places.
struct Gates<K> {
    places: usize,
    known: Mutex<HashMap<K, Gate>>,
}

#[derive(Clone)]
struct Gate {
    /// Who is inside.
    inside: Arc<Semaphore>,
    /// Who is inside or waits.
    around: Arc<Semaphore>,
}

impl<K: Eq + Hash> Gates<K> {
    fn of(places: usize) -> Gates<K> {
        Gates { places, known: Mutex::default() }
    }

    async fn enter(&self, key: K) -> Option<OwnedSemaphorePermit> {
        let gate = self.gate(key);
        let around = Arc::clone(&gate.around).try_acquire_owned().ok()?;
        let inside = Arc::clone(&gate.inside).acquire_owned().await.ok()?;
        drop(around);
        Some(inside)
    }

    fn gate(&self, key: K) -> Gate {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= GATES_MAX {
            known.retain(|_, gate| {
                gate.inside.available_permits() < self.places
                    || gate.around.available_permits() < WAITING_MAX
            });
        }
        let places = self.places;
        let made = || Gate {
            inside: Arc::new(Semaphore::new(places)),
            around: Arc::new(Semaphore::new(WAITING_MAX)),
        };
        known.entry(key).or_insert_with(made).clone()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn member(name: &str) -> MemberId {
        format!("m:{name}:x").parse().unwrap()
    }

    #[test]
    fn one_member_leaves_places_of_the_bank_to_others() {
        let lanes = Lanes::default();
        let enter = |bank: &str, name: &str| lanes.at_bank(bank, &member(name)).now_or_never();
        let mut held = vec![];
        for _ in 0..BANK_CALLS_OF_A_MEMBER_MAX {
            held.push(enter("slow", "a").flatten().unwrap());
        }
        assert!(enter("slow", "a").is_none(), "the member waits for its own");
        held.push(enter("slow", "b").flatten().unwrap());
        held.push(enter("other", "a").flatten().unwrap());
        for _ in held.len()..=BANK_CALLS_MAX {
            held.push(enter("slow", "c").flatten().unwrap());
        }
        assert!(enter("slow", "d").is_none(), "the bank is full");
        drop(held);
        assert!(enter("slow", "d").flatten().is_some(), "places come back");
    }

    #[test]
    fn whoever_finds_no_place_to_wait_is_sent_away() {
        let lanes = Lanes::default();
        let who = member("a");
        let inside: Vec<Place> = (0..ENDPOINT_CALLS_MAX)
            .map(|_| lanes.at_endpoint(&who).now_or_never().flatten().unwrap())
            .collect();
        let mut waiting = vec![];
        for _ in 0..WAITING_MAX {
            let mut entering = Box::pin(lanes.at_endpoint(&who));
            assert!((&mut entering).now_or_never().is_none());
            waiting.push(entering);
        }
        assert!(matches!(lanes.at_endpoint(&who).now_or_never(), Some(None)), "sent away");
        assert!(lanes.at_endpoint(&member("b")).now_or_never().flatten().is_some());
        drop(inside);
    }
}
