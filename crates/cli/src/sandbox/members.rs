//! The sandbox's members: the developer's own, the demo shop's and that of `bascule pay`. Each has
//! its own key and webhook configuration, so that none gets in another's way.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::MemberId;
use domain::seams::Ids;
use gateway::public_key::ed25519_der;
use gateway::seal::Sealer;
use gateway::signing::key_id;
use jiff::Timestamp;
use pem::{EncodeConfig, LineEnding, Pem};
use store::members::{MemberKey, MemberSettings};
use store::{Db, members, secrets, unit};
use web::api::auth::basic;

use crate::merchant::{Credentials, public_key_of};

/// One member of the sandbox.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct SandboxMember {
    /// Id and signing key.
    pub credentials: Credentials,
    /// The secret of the Basic key.
    pub api_key_secret: String,
}

impl SandboxMember {
    /// The whole `Authorization` header of the member's Basic key.
    pub fn basic_header(&self) -> anyhow::Result<String> {
        Ok(basic::header_value(&self.id()?, &self.api_key_secret))
    }

    /// The member's id.
    pub fn id(&self) -> anyhow::Result<MemberId> {
        self.credentials.member_id.parse().context("the sandbox member's id")
    }

    /// The key pair as PEM files have it: private (PKCS#8, RFC 8410) and public.
    pub fn pem(&self) -> anyhow::Result<(String, String)> {
        let seed = URL_SAFE_NO_PAD.decode(&self.credentials.key_seed)?;
        let mut der = vec![
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22,
            0x04, 0x20,
        ];
        der.extend_from_slice(&seed);
        let written = |tag: &str, der: Vec<u8>| {
            let lines = EncodeConfig::new().set_line_ending(LineEnding::LF);
            pem::encode_config(&Pem::new(tag, der), lines)
        };
        let public = ed25519_der(&public_key_of(&seed)?);
        Ok((written("PRIVATE KEY", der), written("PUBLIC KEY", public)))
    }
}

/// The member that `purpose` names; made, with its keys, where it is not there yet.
pub async fn member(
    db: &Db,
    sealer: &Sealer,
    ids: &dyn Ids,
    purpose: &str,
    now: Timestamp,
) -> anyhow::Result<SandboxMember> {
    let secret = format!("sandbox-member-{purpose}");
    let candidate = new_member(ids, now)?;
    let plain = serde_json::to_vec(&candidate)?;
    let sealed = sealer.seal("member", &secret, &plain, ids)?.0;
    let name = secret.clone();
    let stored = db
        .transact((name, sealed), move |(name, sealed), tx| {
            unit(async move { secrets::get_or_insert(tx, name, Some(sealed), now).await })
        })
        .await?
        .context("the sandbox's member was not stored")?;
    let plain = sealer.unseal("member", &secret, &domain::sealed::Sealed(stored))?;
    let found: SandboxMember = serde_json::from_slice(&plain)?;
    register(db, &found, purpose, now).await?;
    Ok(found)
}

/// The gateway's own signing key (seed) and the member that stands for it.
pub async fn gateway_seed(
    db: &Db,
    sealer: &Sealer,
    ids: &dyn Ids,
    now: Timestamp,
) -> anyhow::Result<SandboxMember> {
    member(db, sealer, ids, "gateway", now).await
}

fn new_member(ids: &dyn Ids, now: Timestamp) -> anyhow::Result<SandboxMember> {
    let mut seed = [0_u8; 32];
    ids.fill(&mut seed);
    Ok(SandboxMember {
        credentials: Credentials {
            member_id: MemberId::new(now, ids).to_string(),
            key_id: key_id(&public_key_of(&seed)?),
            key_seed: URL_SAFE_NO_PAD.encode(seed),
        },
        api_key_secret: domain::ids::random_uuid(ids),
    })
}

async fn register(
    db: &Db,
    member: &SandboxMember,
    purpose: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
    let id = member.id()?;
    let key = MemberKey {
        key_id: member.credentials.key_id.clone(),
        algorithm: "ED25519".to_owned(),
        public_key: member.pem()?.1,
    };
    let digest = basic::secret_sha256(&member.api_key_secret);
    let name = format!("Sandbox: {purpose}");
    db.transact((id, key, digest, name), move |(id, key, digest, name), tx| {
        unit(async move {
            if members::name(tx, id).await?.is_none() {
                members::insert(tx, id, name, now).await?;
                // Everything can be tried in a sandbox.
                let settings = MemberSettings { acts_on_behalf: true, ..MemberSettings::default() };
                members::set_settings(tx, id, &settings).await?;
                // Only with the member: a key that was deleted since stays deleted.
                members::insert_key(tx, id, key, now).await?;
                members::insert_api_key(tx, id, digest, now).await?;
            }
            Ok(())
        })
    })
    .await?;
    Ok(())
}
