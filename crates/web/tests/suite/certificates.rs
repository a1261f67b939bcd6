//! Certificates that the gateway holds: its own and members', sealed, replaced in time, warned of.

use banks::eidas::{Certificate, Issued};
use domain::ids::MemberId;
use gateway::GatewayError;
use gateway::certificates::{
    CertificatePurpose, NewCertificate, add, ending_soon, prepare, reload,
};
use gateway::seal::Sealer;
use jiff::SignedDuration;
use store::certificates::{self, HeldCertificate};
use store::unit;

use crate::scenarios::order_at;
use crate::support::{Decision, LICENSED, World, certificates_of, id, licensed_member, worlds};

fn sealer() -> Sealer {
    Sealer::new(&[7; 32]).unwrap()
}

impl World {
    fn prepared(
        &self,
        owner: Option<&MemberId>,
        purpose: CertificatePurpose,
        certificate: &str,
        key: &str,
    ) -> Result<HeldCertificate, GatewayError> {
        let new = NewCertificate {
            owner: owner.cloned(),
            purpose,
            chain_pem: certificate.to_owned(),
            private_key_pem: key.to_owned(),
        };
        prepare(&new, &sealer(), self.ids.as_ref(), self.now())
    }

    async fn hold(&self, owner: Option<&MemberId>, pair: &(Issued, Issued)) {
        let (web, seal) = pair;
        let of = |purpose, one: &Issued| {
            self.prepared(owner, purpose, &one.certificate_pem, &one.private_key_pem).unwrap()
        };
        let both =
            vec![of(CertificatePurpose::Connections, web), of(CertificatePurpose::Messages, seal)];
        add(self.app.db(), both).await.unwrap();
        reload(&self.app).await.unwrap();
    }

    fn organisation_for(&self, member: &MemberId) -> String {
        let bank = self.app.bank("bg-linden").unwrap();
        let identity = self.app.identity_at(&bank, member);
        identity.eidas.clone().unwrap().organisation_identifier
    }
}

#[tokio::test]
async fn a_member_with_certificates_is_at_the_banks_as_itself() {
    for world in worlds().await {
        let gateway = world.organisation_for(&world.member.id);
        world.hold(Some(&world.member.id), licensed_member()).await;
        assert_eq!(world.organisation_for(&world.member.id), LICENSED);
        assert_eq!(world.organisation_for(&world.other.id), gateway);
        // Banks of each standard take the member's certificates, keys and tokens; the tokens of
        // the one are not those of the other.
        for bank in ["bg-linden", "stet-hetre", "pl-dab"] {
            let debtor = (bank == "bg-linden").then_some("DE65700202700000001008");
            let payment = world.create(&order_at(bank, debtor, "10.23")).await;
            world.play_payer(&payment, Decision::Approve).await;
            world.half_a_minute().await;
            assert_eq!(world.status(&id(&payment)).await, "INITIATION_COMPLETED", "{bank}");
        }
        let seen = world.bank_clients().await;
        assert_eq!(seen, [LICENSED; 3], "{}", world.name);
        // Banks fetch the seal certificate where our signatures say it is.
        let der = &licensed_member().1.certificate_der;
        let fingerprint = Certificate::parse(der).unwrap().fingerprint;
        let fetched = world.page(&format!("/.well-known/qseal/{fingerprint}")).await;
        assert_eq!((fetched.status, &fetched.body), (200, der));
        assert_eq!(fetched.header("content-type"), "application/pkix-cert");
        let other = world.page("/.well-known/qseal/00ff").await;
        assert_eq!(other.status, 404, "{}", other.text());
    }
}

#[tokio::test]
async fn the_next_certificate_takes_over_and_the_end_is_warned_of() {
    for world in worlds().await {
        let first = certificates_of("PSDGB-FCA-1", 40);
        world.hold(None, &first).await;
        assert_eq!(world.organisation_for(&world.member.id), "PSDGB-FCA-1");
        assert!(ending_soon(&world.app).await.unwrap().is_empty());
        world.clock.advance(SignedDuration::from_hours(24 * 15));
        assert_eq!(ending_soon(&world.app).await.unwrap().len(), 2, "QWAC and QSealC");
        world.hold(None, &certificates_of("PSDGB-FCA-2", 400)).await;
        assert!(ending_soon(&world.app).await.unwrap().is_empty(), "the next ones are there");
        assert_eq!(world.organisation_for(&world.member.id), "PSDGB-FCA-2");
        // After removing the newest certificate, the previous one is used again.
        let held = world.held().await;
        for one in held.iter().filter(|one| one.created_at == world.now()) {
            let fingerprint = one.fingerprint.clone();
            let gone = world.app.db().transact(fingerprint, move |fingerprint, tx| {
                unit(async move { certificates::delete(tx, fingerprint).await })
            });
            assert!(gone.await.unwrap());
        }
        reload(&world.app).await.unwrap();
        assert_eq!(world.organisation_for(&world.member.id), "PSDGB-FCA-1");
        // And an expired one is not used at all.
        world.clock.advance(SignedDuration::from_hours(24 * 60));
        reload(&world.app).await.unwrap();
        assert_ne!(world.organisation_for(&world.member.id), "PSDGB-FCA-1");
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_in_words_and_keys_are_never_readable() {
    let worlds = worlds().await;
    let world = &worlds[0];
    let (web, seal) = certificates_of("PSDGB-FCA-3", 400);
    let (old, _) = certificates_of("PSDGB-FCA-4", 1);
    let purpose = CertificatePurpose::Connections;
    for (certificate, key, what) in [
        (web.certificate_pem.as_str(), seal.private_key_pem.as_str(), "the key is not"),
        ("nonsense", web.private_key_pem.as_str(), "not PEM"),
        (web.certificate_pem.as_str(), "nonsense", "the key: certificate: it is not PEM"),
        (old.certificate_pem.as_str(), old.private_key_pem.as_str(), "it ended on"),
    ] {
        let refused = world.prepared(None, purpose, certificate, key).unwrap_err().to_string();
        assert!(refused.contains(what), "{refused}");
    }
    let held = world.prepared(None, purpose, &web.certificate_pem, &web.private_key_pem).unwrap();
    let inner: String = web.private_key_pem.lines().nth(1).unwrap().chars().take(20).collect();
    assert!(!format!("{held:?}").contains(&inner), "the key is sealed");
    // A QWAC without a QSealC changes nothing, and neither do two of different organisations.
    let before = world.organisation_for(&world.member.id);
    add(world.app.db(), vec![held]).await.unwrap();
    reload(&world.app).await.unwrap();
    assert_eq!(world.organisation_for(&world.member.id), before);
    let (_, other) = certificates_of("PSDGB-FCA-5", 400);
    let other = world.prepared(
        None,
        CertificatePurpose::Messages,
        &other.certificate_pem,
        &other.private_key_pem,
    );
    add(world.app.db(), vec![other.unwrap()]).await.unwrap();
    reload(&world.app).await.unwrap();
    assert_eq!(world.organisation_for(&world.member.id), before);
}

impl World {
    async fn held(&self) -> Vec<HeldCertificate> {
        let db = self.app.db();
        db.read(|tx| unit(async move { certificates::all(tx).await })).await.unwrap()
    }

    /// Which organisations the orders at the simulated banks came from.
    pub async fn bank_clients(&self) -> Vec<String> {
        let request = http::Request::get("/sim/orders").body(axum::body::Body::empty()).unwrap();
        let answer = self.wire.bank(request).await.unwrap();
        let orders: Vec<serde_json::Value> = serde_json::from_slice(&answer.body).unwrap();
        orders.iter().map(|order| order["client_id"].as_str().unwrap().to_owned()).collect()
    }
}
