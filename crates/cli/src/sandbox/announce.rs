//! The output of a sandbox that is ready.

use serde::{Deserialize, Serialize};

use crate::merchant::Credentials;

/// Everything that a developer needs to begin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Announcement {
    /// Base URL of the API.
    pub api_url: String,
    /// Base URL of the simulated banks.
    pub banks_url: String,
    /// The demo shop.
    pub demo_url: String,
    /// The developer's member.
    pub member_id: String,
    /// The whole `Authorization` header of a Basic key.
    pub basic_header: String,
    /// The id of the registered Ed25519 key.
    pub key_id: String,
    /// The private key, PEM.
    pub private_key_path: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// What `bascule pay` uses.
    pub pay: Credentials,
    /// The process.
    pub process_id: u32,
}

impl Announcement {
    /// A line that creates a payment when pasted into a shell.
    #[must_use]
    pub fn curl(&self) -> String {
        let body = concat!(
            r#"{"initiation":{"bankId":"ob-modelo","refId":"ORDER-1001","#,
            r#""remittanceInformationPrimary":"ORDER-1001","#,
            r#""amount":{"value":"10.23","currency":"GBP"},"localInstrument":"FASTER_PAYMENTS","#,
            r#""creditor":{"sortCode":"123456","accountNumber":"12345678","name":"Customer Inc."},"#,
        );
        let tail = format!(
            r#""callbackUrl":"{}","callbackState":"order-1001","flowType":"FULL_HOSTED_PAGES"}}}}"#,
            self.demo_url
        );
        format!(
            "curl -s {}/v2/payments -H 'Authorization: {}' -H 'Content-Type: application/json' -d '{body}{tail}'",
            self.api_url, self.basic_header
        )
    }

    /// The announcement for people.
    #[must_use]
    pub fn for_people(&self) -> String {
        format!(
            "Bascule sandbox is ready ({database}). Stop it with Ctrl-C.\n\
             \n\
             \x20 API           {api}\n\
             \x20 Member        {member}\n\
             \x20 API key       {basic}\n\
             \x20 Key pair      {key_path} (Ed25519, key id {key_id}, registered)\n\
             \x20 Banks         {banks}/sim/\n\
             \x20 Demo shop     {demo}\n\
             \n\
             Create a payment:\n\
             \n\
             {curl}\n\
             \n\
             Then open `authentication.redirectUrl` of the answer in a browser, or run `bascule pay`.",
            database = self.database,
            api = self.api_url,
            member = self.member_id,
            basic = self.basic_header,
            key_path = self.private_key_path,
            key_id = self.key_id,
            banks = self.banks_url,
            demo = self.demo_url,
            curl = self.curl(),
        )
    }
}
