//! Certificates that one bank alone knows us by (`[certificates]` of its file), and their successors.

use std::path::Path;

use banks::Directory;
use banks::eidas::{Certificate, Issued};
use jiff::SignedDuration;
use tempfile::TempDir;

use crate::scenarios::order_at;
use crate::support::{
    BANKS_TLS_URL, BANKS_URL, LICENSED, ORGANISATION, World, certificates_of, id, worlds,
};

const BANK: &str = "own-bg-birke";

fn write_pair(folder: &Path, (web, seal): &(Issued, Issued)) {
    std::fs::create_dir_all(folder).unwrap();
    for (name, one) in [("qwac", web), ("qseal", seal)] {
        std::fs::write(folder.join(format!("{name}.pem")), &one.certificate_pem).unwrap();
        std::fs::write(folder.join(format!("{name}.key.pem")), &one.private_key_pem).unwrap();
    }
}

/// The file of a bank that knows us by certificates of its own.
fn bank_file(certificates: &str) -> String {
    let file = format!("{}/../../banks/sim/bg-birke.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).unwrap();
    let text = text
        .replace("simulated = true\n", "")
        .replace("id = \"bg-birke\"", &format!("id = \"{BANK}\""))
        .replace("{simbank_tls}", BANKS_TLS_URL)
        .replace("{simbank}", BANKS_URL)
        .replace("{simbank_host}", BANKS_URL.split_once("://").unwrap().1);
    format!("{text}\n[certificates]\n{certificates}\n")
}

fn folder_of(certificates: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let country = folder.path().join("de");
    write_pair(&country.join("first"), &certificates_of(LICENSED, 3_650));
    write_pair(&country.join("second"), &certificates_of(ORGANISATION, 3_650));
    write_pair(&country.join("brief"), &certificates_of(LICENSED, 20));
    std::fs::write(country.join(format!("{BANK}.toml")), bank_file(certificates)).unwrap();
    folder
}

impl World {
    fn connect(&self, folder: &TempDir) {
        connect_beside_simulated(self, Directory::load_dir(folder.path()).unwrap());
    }

    /// A payment at the bank; the fingerprint of the certificate that was shown.
    async fn certificate_shown(&self) -> String {
        let order = order_at(BANK, Some("DE11500105170000001064"), "10.23");
        let id = id(&self.create(&order).await);
        self.approve_once_as(&id, "bg-birke", "bernd").await;
        self.half_a_minute().await;
        assert_eq!(self.status(&id).await, "INITIATION_COMPLETED", "{}", self.name);
        let sent = self.wire.sent_in("create-payment");
        sent.client_certificate.unwrap().fingerprint.clone()
    }
}

/// An operator's banks join the simulated ones.
pub fn connect_beside_simulated(world: &World, own: Directory) {
    let mut directory = Directory::simulated(BANKS_URL, BANKS_TLS_URL).unwrap();
    directory.extend(own).unwrap();
    world.app.replace_directory(directory).unwrap();
}

fn fingerprint(folder: &TempDir, file: &str) -> String {
    let pem = std::fs::read_to_string(folder.path().join("de").join(file)).unwrap();
    let der = banks::eidas::issue::pem_content(&pem).unwrap();
    Certificate::parse(&der).unwrap().fingerprint
}

#[tokio::test]
async fn a_bank_with_certificates_of_its_own_sees_these_and_the_next_ones_from_their_day_on() {
    for world in worlds().await {
        let folder = folder_of(
            "current = \"first\"\nnext = \"second\"\nnext_from = \"2026-01-06T00:00:00Z\"",
        );
        world.connect(&folder);
        assert_eq!(world.certificate_shown().await, fingerprint(&folder, "first/qwac.pem"));
        world.clock.advance(SignedDuration::from_hours(24));
        assert_eq!(world.certificate_shown().await, fingerprint(&folder, "second/qwac.pem"));
        let mut seen = world.bank_clients().await;
        seen.sort();
        assert_eq!(seen, [ORGANISATION, LICENSED], "{}", world.name);

        // Banks find the seal certificates of both, the old one for as long as its file names it.
        for set in ["first", "second"] {
            let seal = fingerprint(&folder, &format!("{set}/qseal.pem"));
            let page = world.page(&format!("/.well-known/qseal/{seal}")).await;
            assert_eq!(page.status, 200, "{set}");
        }
    }
}

#[tokio::test]
async fn the_end_of_a_banks_own_certificates_is_warned_of_unless_the_next_ones_are_there() {
    for world in worlds().await {
        world.connect(&folder_of("current = \"brief\""));
        let ending = gateway::certificates::of_banks_ending_soon(&world.app);
        let [(bank, _)] = ending.as_slice() else { panic!("{ending:?}") };
        assert_eq!(bank, BANK);
        world.connect(&folder_of(
            "current = \"brief\"\nnext = \"second\"\nnext_from = \"2026-01-20T00:00:00Z\"",
        ));
        assert!(gateway::certificates::of_banks_ending_soon(&world.app).is_empty());
    }
}

/// Each error is one line with file and key, and nothing is loaded.
#[test]
fn certificates_that_cannot_be_used_are_refused_with_file_and_key() {
    let refused = |certificates: &str, spoil: &dyn Fn(&Path)| {
        let folder = folder_of(certificates);
        spoil(&folder.path().join("de"));
        let error = Directory::load_dir(folder.path()).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "banks")
    };
    let keep = |_: &Path| {};
    let lines = [
        refused("current = \"nowhere\"", &keep),
        refused("current = \"first\"\nnext = \"second\"", &keep),
        refused("current = \"first\"\nnext_from = \"2026-01-20T00:00:00Z\"", &keep),
        refused("current = \"first\"\nkey_id = \"\"", &keep),
        refused("current = \"first\"\nqwac = \"first/qwac.pem\"", &keep),
        refused("current = \"first\"", &|folder| {
            std::fs::copy(folder.join("second/qwac.key.pem"), folder.join("first/qwac.key.pem"))
                .unwrap();
        }),
        refused("current = \"first\"", &|folder| {
            for file in ["qwac.pem", "qwac.key.pem"] {
                std::fs::copy(folder.join("second").join(file), folder.join("first").join(file))
                    .unwrap();
            }
        }),
        refused("current = \"first\"", &|folder| {
            std::fs::write(folder.join("first/qseal.pem"), "no certificate").unwrap();
        }),
        refused("current = \"first\"", &|folder| {
            std::fs::write(folder.join("first/qseal.key.pem"), vec![b'x'; 70_000]).unwrap();
        }),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}
