//! `/{kind}-payment-consents/{ConsentId}/funds-confirmation` (OBIE 3.1.11).

use serde::Deserialize;

use super::UkOpenBanking;
use super::exchange::{Ask, request};
use super::resource::Resource;
use crate::call::Call;
use crate::error::BankError;
use crate::exchange::{read, segment};
use crate::payments::PaymentOrder;
use crate::token::AccessToken;
use crate::wire::Response;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FundsResponse {
    data: DataIn,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DataIn {
    funds_available_result: FundsResult,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FundsResult {
    funds_available: bool,
}

fn ask(resource: Resource, consent_id: &str) -> Result<Ask, BankError> {
    let path = format!("{}/{}/funds-confirmation", resource.consents(), segment(consent_id)?);
    Ok(Ask::get("confirm-funds", path))
}

fn answer(response: &Response) -> Result<bool, BankError> {
    let funds: FundsResponse = read(&response.body)?;
    Ok(funds.data.funds_available_result.funds_available)
}

impl UkOpenBanking {
    pub(super) async fn ask_funds(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        consent_id: &str,
        grant: &AccessToken,
    ) -> Result<bool, BankError> {
        let keys = self.response_keys(call).await?;
        let ask = ask(Resource::of(call.bank, order), consent_id)?;
        let request = request(call, &ask, &grant.access_token)?;
        answer(&self.send(call, &keys, request).await?)
    }
}
