//! The harmless calls to a bank of NextGenPSD2.

use domain::seams::BoxFuture;

use super::{NextGenPsd2, oauth, settings};
use crate::cache::Cache;
use crate::call::Call;
use crate::reachable::{Reachable, Trial, connection};

/// The standard has no call without a payer, beside those of the bank's authorisation server.
impl Reachable for NextGenPsd2 {
    fn try_out<'a>(&'a self, call: &'a Call<'a>) -> BoxFuture<'a, Vec<Trial>> {
        Box::pin(async move {
            let Ok(own) = settings(call.bank) else { return vec![connection(call).await] };
            let mut trials = vec![];
            if let Some(url) = own.oauth.metadata_url.as_deref() {
                let found = oauth::metadata(call, url).await;
                let fits = |_| "its addresses fit the bank's file".to_owned();
                trials.push(Trial::of(format!("OAuth metadata at {url}"), found, fits));
            }
            if own.oauth.client_token_first && trials.iter().all(Trial::succeeded) {
                let token = oauth::client_token(call, &Cache::default()).await;
                let asked = "access token (client credentials)".to_owned();
                trials.push(Trial::of(asked, token, |_| "the bank knows us".to_owned()));
            }
            if trials.is_empty() {
                trials.push(connection(call).await);
            }
            trials
        })
    }
}
