//! The gRPC statuses from which the older errors of the published API are derived (reference,
//! section 1.9): text errors begin with the name, browser callbacks of v1 carry the number.

/// A gRPC status that is not OK, and that an answer of ours can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrpcStatus {
    /// Taken back by the member.
    Cancelled,
    /// The payer said no.
    Unknown,
    /// The request is wrong.
    InvalidArgument,
    /// No answer came in time.
    DeadlineExceeded,
    /// It does not exist, or is another member's.
    NotFound,
    /// Not allowed to this member.
    PermissionDenied,
    /// The bank did not accept it.
    FailedPrecondition,
    /// More requests than the member may send.
    ResourceExhausted,
    /// Another request is in the way.
    Aborted,
    /// The operation does not exist in this form.
    Unimplemented,
    /// A defect.
    Internal,
    /// It may work later.
    Unavailable,
    /// Who calls is not known.
    Unauthenticated,
}

impl GrpcStatus {
    /// Its name, as text errors begin with it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            GrpcStatus::Cancelled => "CANCELLED",
            GrpcStatus::Unknown => "UNKNOWN",
            GrpcStatus::FailedPrecondition => "FAILED_PRECONDITION",
            GrpcStatus::InvalidArgument => "INVALID_ARGUMENT",
            GrpcStatus::DeadlineExceeded => "DEADLINE_EXCEEDED",
            GrpcStatus::NotFound => "NOT_FOUND",
            GrpcStatus::PermissionDenied => "PERMISSION_DENIED",
            GrpcStatus::ResourceExhausted => "RESOURCE_EXHAUSTED",
            GrpcStatus::Aborted => "ABORTED",
            GrpcStatus::Unimplemented => "UNIMPLEMENTED",
            GrpcStatus::Internal => "INTERNAL",
            GrpcStatus::Unavailable => "UNAVAILABLE",
            GrpcStatus::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    /// Its number, 1 to 16.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            GrpcStatus::Cancelled => 1,
            GrpcStatus::Unknown => 2,
            GrpcStatus::FailedPrecondition => 9,
            GrpcStatus::InvalidArgument => 3,
            GrpcStatus::DeadlineExceeded => 4,
            GrpcStatus::NotFound => 5,
            GrpcStatus::PermissionDenied => 7,
            GrpcStatus::ResourceExhausted => 8,
            GrpcStatus::Aborted => 10,
            GrpcStatus::Unimplemented => 12,
            GrpcStatus::Internal => 13,
            GrpcStatus::Unavailable => 14,
            GrpcStatus::Unauthenticated => 16,
        }
    }
}
