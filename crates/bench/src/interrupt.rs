//! Ctrl-C and SIGTERM end the measurement between two rounds, as an error that tidies up behind
//! itself. (Ctrl-C reaches the other processes, too, so that a round does not last.)

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::ensure;
use tokio::signal::unix::{SignalKind, signal};

static TOLD_TO_END: AtomicBool = AtomicBool::new(false);

/// Watches for signals from now on, in a thread of its own.
///
/// # Errors
/// If signals cannot be watched.
pub fn watch() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        TOLD_TO_END.store(true, Ordering::Relaxed);
    });
    Ok(())
}

/// Whether the measurement may continue.
///
/// # Errors
/// If the process received a request to end.
pub fn check() -> anyhow::Result<()> {
    ensure!(!TOLD_TO_END.load(Ordering::Relaxed), "received a request to end");
    Ok(())
}
