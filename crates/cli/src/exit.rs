//! Exit codes: the first thing that a script reads.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The command did what was asked. `bascule pay`: the payment completed and its webhook arrived.
    Done,
    /// The command could not do it; standard error says why.
    CouldNotRun,
    /// The command line is wrong; nothing was done.
    Usage,
    /// `bascule pay`: the payment ended and no money moved.
    NotPaid,
    /// `bascule pay`: the last status, or the webhook that reports it, did not arrive in time.
    NotKnown,
}

impl Exit {
    /// Every code, in order.
    pub const ALL: [Exit; 5] =
        [Exit::Done, Exit::CouldNotRun, Exit::Usage, Exit::NotPaid, Exit::NotKnown];

    /// The number that the process returns.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::CouldNotRun => 1,
            Exit::Usage => 2,
            Exit::NotPaid => 3,
            Exit::NotKnown => 4,
        }
    }

    /// The meaning of the code, as in `--help` and docs/command-line.md.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Done => "done; `pay`: the payment completed and its webhook arrived",
            Exit::CouldNotRun => "the command could not run; standard error says why",
            Exit::Usage => "the command line is wrong; nothing was done",
            Exit::NotPaid => "`pay`: the payment was rejected, declined or cancelled",
            Exit::NotKnown => "`pay`: the last status or its webhook did not arrive in time",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
