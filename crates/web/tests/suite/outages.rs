//! Webhooks of banks' outages, as profiles announce them (`maintenance_windows`).

use banks::Directory;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::bank_certificates::connect_beside_simulated;
use crate::support::{BANKS_TLS_URL, BANKS_URL, HOOKS_URL, World, order, worlds};

const KIND: &str = "BANK_SIP_OUTAGE_STATUS_CHANGED";
const BANK: &str = "own-bg-birke";

impl World {
    /// A bank whose windows are these: beginning, end, expected service.
    fn connect_with_windows(&self, windows: &[(&str, &str, &str)]) {
        let folder = tempfile::tempdir().unwrap();
        let file = format!("{}/../../banks/sim/bg-birke.toml", env!("CARGO_MANIFEST_DIR"));
        let mut text = std::fs::read_to_string(file)
            .unwrap()
            .replace("simulated = true\n", "")
            .replace("id = \"bg-birke\"", &format!("id = \"{BANK}\""))
            .replace("{simbank_tls}", BANKS_TLS_URL)
            .replace("{simbank}", BANKS_URL)
            .replace("{simbank_host}", BANKS_URL.split_once("://").unwrap().1);
        for (start, end, downtime) in windows {
            text += &format!(
                "\n[[maintenance_windows]]\nstart = \"{start}\"\nend = \"{end}\"\n\
                 downtime = \"{downtime}\"\n"
            );
        }
        std::fs::create_dir(folder.path().join("de")).unwrap();
        std::fs::write(folder.path().join(format!("de/{BANK}.toml")), text).unwrap();
        connect_beside_simulated(self, Directory::load_dir(folder.path()).unwrap());
    }

    async fn subscribe_to_kinds(&self, kinds: &[&str]) {
        let config = json!({ "config": { "type": kinds, "url": HOOKS_URL } });
        assert_eq!(self.put("/webhook/config", &config).await.status, 200);
    }

    async fn announce_and_deliver(&self) -> usize {
        let recorded = gateway::outages::announce(&self.app).await.unwrap();
        self.settle().await;
        recorded
    }

    /// Bank, status before and status after of each webhook of an outage.
    fn outages_told(&self) -> Vec<(String, String, String)> {
        let of = |event: &Value| {
            let changed = &event["bankSipOutageStatusChanged"];
            let text = |name: &str| changed[name].as_str().unwrap_or("none").to_owned();
            (text("bankId"), text("previousOutageStatus"), text("currentOutageStatus"))
        };
        let hooks = self.wire.hooks();
        let mut outages = hooks.iter().filter(|hook| hook.header("token-event") == KIND);
        outages.by_ref().map(|hook| of(&hook.json())).collect()
    }
}

fn told(previous: &str, current: &str) -> (String, String, String) {
    (BANK.to_owned(), previous.to_owned(), current.to_owned())
}

#[tokio::test]
async fn an_outage_is_told_once_when_it_begins_and_once_when_it_ends() {
    for world in worlds().await {
        world.connect_with_windows(&[
            ("2026-01-05T11:00:00Z", "2026-01-05T12:00:00Z", "outage"),
            ("2026-01-05T13:00:00Z", "2026-01-05T14:00:00Z", "downtime_expected"),
            ("2026-01-06T11:00:00Z", "2026-01-06T12:00:00Z", "outage"),
        ]);
        world.subscribe_to_kinds(&[KIND, "PAYMENT_STATUS_CHANGED"]).await;
        assert_eq!(world.announce_and_deliver().await, 0, "10:00");
        world.clock.advance(SignedDuration::from_mins(61));
        assert_eq!(world.announce_and_deliver().await, 1, "11:01");
        assert_eq!(world.announce_and_deliver().await, 0, "the member knows");
        let out = told("AVAILABLE", "COMPLETE_OUTAGE");
        assert_eq!(world.outages_told(), std::slice::from_ref(&out), "{}", world.name);
        world.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(world.announce_and_deliver().await, 1, "12:01");
        let back = told("COMPLETE_OUTAGE", "AVAILABLE");
        assert_eq!(world.outages_told(), [out.clone(), back.clone()]);
        // The bank answers in a window in which it may not answer.
        world.clock.advance(SignedDuration::from_mins(90));
        assert_eq!(world.announce_and_deliver().await, 0, "13:31");
        world.clock.advance(SignedDuration::from_hours(22));
        assert_eq!(world.announce_and_deliver().await, 1, "the next day");
        assert_eq!(world.outages_told(), [out.clone(), back, out], "{}", world.name);

        let mut ids: Vec<Value> =
            world.wire.hooks().iter().map(|hook| hook.json()["id"].clone()).collect();
        ids.sort_by_key(Value::to_string);
        ids.dedup();
        assert_eq!(ids.len(), 3, "each event has an id of its own");
    }
}

#[tokio::test]
async fn only_members_that_subscribe_are_told_and_a_restart_tells_nothing_again() {
    for mut world in worlds().await {
        world.connect_with_windows(&[("2026-01-05T09:00:00Z", "2026-01-05T12:00:00Z", "outage")]);
        world.subscribe_to_kinds(&["PAYMENT_STATUS_CHANGED"]).await;
        assert_eq!(world.announce_and_deliver().await, 0, "{}", world.name);
        world.subscribe_to_kinds(&[KIND]).await;
        assert_eq!(world.announce_and_deliver().await, 1, "who subscribes later is told, too");
        world.restart().await;
        world.connect_with_windows(&[("2026-01-05T09:00:00Z", "2026-01-05T12:00:00Z", "outage")]);
        assert_eq!(world.announce_and_deliver().await, 0, "after a restart");
        assert_eq!(world.outages_told().len(), 1);
        // A bank that leaves the directory takes no calls, and is not in an outage.
        let simulated = Directory::simulated(BANKS_URL, BANKS_TLS_URL).unwrap();
        world.app.replace_directory(simulated).unwrap();
        assert_eq!(world.announce_and_deliver().await, 1);
        assert_eq!(world.outages_told()[1], told("COMPLETE_OUTAGE", "AVAILABLE"));
    }
}

/// Two processes look at the same moment: one of them records it.
#[tokio::test]
async fn two_processes_tell_it_once() {
    for mut world in worlds().await {
        world.connect_with_windows(&[("2026-01-05T09:00:00Z", "2026-01-05T12:00:00Z", "outage")]);
        world.subscribe_to_kinds(&[KIND]).await;
        let first = std::sync::Arc::clone(&world.app);
        world.change_settings(|_| {});
        world.connect_with_windows(&[("2026-01-05T09:00:00Z", "2026-01-05T12:00:00Z", "outage")]);
        let both = futures_util::future::join(
            gateway::outages::announce(&first),
            gateway::outages::announce(&world.app),
        );
        let (one, other) = both.await;
        assert_eq!(one.unwrap() + other.unwrap(), 1, "{}", world.name);
        world.settle().await;
        assert_eq!(world.outages_told().len(), 1, "{}", world.name);
    }
}

/// A payment and an outage have webhooks of their own, each in its own order.
#[tokio::test]
async fn an_outage_is_refused_to_payers_while_it_lasts() {
    for world in worlds().await {
        world.connect_with_windows(&[("2026-01-05T09:00:00Z", "2026-01-05T12:00:00Z", "outage")]);
        let mut body = order();
        body["initiation"]["bankId"] = BANK.into();
        let refused = world.post("/v2/payments", &body).await;
        assert_eq!(refused.status, 503, "{}", refused.text());
    }
}
