//! Our stages as statuses of standing orders: one exhaustive table (reference, section 2.11).

use domain::payment::Stage;
use serde::Serialize;
use utoipa::ToSchema;

/// Status of a standing order. `SENT`, an older name of `INITIATED`, is never used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubmissionStatus {
    /// The payer approves at a bank that sets it up with that.
    PendingExternalAuthorization,
    /// Approved; the order is about to be sent.
    Pending,
    /// With the bank, which has not said its last word.
    Processing,
    /// The bank has set it up.
    Success,
    /// It failed: nothing was set up.
    Failed,
    /// It was taken back.
    Canceled,
    /// With the bank, which never said its last word.
    Initiated,
}

impl SubmissionStatus {
    /// The status of a standing order at a stage.
    #[must_use]
    pub fn of(stage: Stage) -> SubmissionStatus {
        match stage {
            // Only a bank that executes at the approval has the order then.
            Stage::AwaitingBankChoice
            | Stage::AwaitingBankChoiceByLink
            | Stage::Opening
            | Stage::AwaitingRedirect
            | Stage::AwaitingCredentials
            | Stage::AwaitingCredentialsOnPages
            | Stage::AwaitingDecoupled
            | Stage::VerifyingReturn
            | Stage::VerifyingCredentials => SubmissionStatus::PendingExternalAuthorization,
            Stage::AwaitingRedemption | Stage::Authorised => SubmissionStatus::Pending,
            Stage::OpeningUncertain | Stage::OrderSent | Stage::Uncertain | Stage::Processing => {
                SubmissionStatus::Processing
            }
            Stage::Completed => SubmissionStatus::Success,
            Stage::NoFinalStatus => SubmissionStatus::Initiated,
            Stage::Rejected
            | Stage::RejectedInsufficientFunds
            | Stage::Declined
            | Stage::Failed
            | Stage::Expired => SubmissionStatus::Failed,
            Stage::Cancelled => SubmissionStatus::Canceled,
        }
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SubmissionStatus::PendingExternalAuthorization => "PENDING_EXTERNAL_AUTHORIZATION",
            SubmissionStatus::Pending => "PENDING",
            SubmissionStatus::Processing => "PROCESSING",
            SubmissionStatus::Success => "SUCCESS",
            SubmissionStatus::Failed => "FAILED",
            SubmissionStatus::Canceled => "CANCELED",
            SubmissionStatus::Initiated => "INITIATED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_and_its_status_of_a_standing_order() {
        let table: String = Stage::ALL
            .into_iter()
            .map(|stage| {
                let status = SubmissionStatus::of(stage);
                assert_eq!(serde_json::to_value(status).unwrap(), status.name());
                format!("{:<28} {}\n", stage.name(), status.name())
            })
            .collect();
        insta::assert_snapshot!(table);
    }
}
