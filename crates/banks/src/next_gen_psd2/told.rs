//! Updates of an authorisation, and the answers of a bank about one (NextGenPSD2 1.3.12, section 7).

use domain::authorisation::{AppStart, Approach};
use serde::Serialize;

use super::app_start::app_start;
use super::status::{Sca, Transaction};
use super::wire::{Answer, said};
use crate::call::Call;
use crate::error::{BankError, words};
use crate::exchange::read;
use crate::profile::BankProfile;
use crate::wire::Response;

/// An update of an authorisation (section 7.2).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Update<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) psu_data: Option<PsuData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authentication_method_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sca_authentication_data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) confirmation_code: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct PsuData<'a> {
    pub(super) password: &'a str,
}

impl Update<'_> {
    pub(super) const NOTHING: Update<'static> = Update {
        psu_data: None,
        authentication_method_id: None,
        sca_authentication_data: None,
        confirmation_code: None,
    };

    pub(super) fn is_empty(&self) -> bool {
        self.psu_data.is_none()
            && self.authentication_method_id.is_none()
            && self.sca_authentication_data.is_none()
            && self.confirmation_code.is_none()
    }
}

/// An answer with the header that says how the payer approves.
pub(super) struct Told {
    pub(super) answer: Answer,
    pub(super) decoupled: bool,
    /// How the payer opens the bank's app.
    pub(super) app_start: Option<AppStart>,
}

impl Told {
    pub(super) fn read(call: &Call<'_>, response: &Response) -> Result<Told, BankError> {
        let approach = response.header("aspsp-sca-approach").unwrap_or_default();
        let answer: Answer = read(&response.body)?;
        let decoupled = approach.eq_ignore_ascii_case("DECOUPLED");
        Ok(Told { answer, decoupled, app_start: app_start(call, &response.body) })
    }

    pub(super) fn payment_id(&self) -> Option<&str> {
        self.answer.payment_id.as_deref()
    }

    pub(super) fn sca(&self) -> Option<Sca> {
        self.answer.sca_status.as_deref().and_then(Sca::of)
    }

    pub(super) fn transaction(&self, bank: &BankProfile) -> Option<Transaction> {
        let word = self.answer.transaction_status.as_deref()?;
        Transaction::of(bank, word)
    }

    /// The payer confirms in the bank's app.
    pub(super) fn in_app(&self) -> Approach {
        let message = self.words().as_deref().map(words);
        Approach::Decoupled { message, app_start: self.app_start.clone() }
    }

    pub(super) fn words(&self) -> Option<String> {
        said(self.answer.psu_message.as_deref(), &self.answer.tpp_messages)
    }
}

/// How far a payer has come with an authorisation that has not ended (`scaStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// Nothing is known of the payer, or there is no authorisation.
    Nothing,
    /// Who the payer is.
    Identified,
    /// The password was right.
    Authenticated,
    /// A method is chosen and the bank has sent its challenge.
    MethodSelected,
    /// All that the bank wanted; what it does with that is still open.
    Finalised,
}

impl Reached {
    pub(super) fn of(word: &str) -> Reached {
        match word {
            "psuIdentified" => Reached::Identified,
            "psuAuthenticated" => Reached::Authenticated,
            "scaMethodSelected" | "started" | "unconfirmed" => Reached::MethodSelected,
            _ => Reached::Nothing,
        }
    }
}
