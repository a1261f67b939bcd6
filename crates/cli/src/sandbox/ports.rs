//! The ports of a sandbox: the gateway's, then the simulated banks' two.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, anyhow};
use tokio::net::TcpListener;

use crate::args::SandboxOptions;

/// The ports of the simulated banks; 0 takes a free one.
#[derive(Debug, Clone, Copy)]
pub struct BankPorts {
    /// For browsers, without TLS.
    pub plain: u16,
    /// For the gateway, with certificates: the one after; any where the first is any.
    pub tls: u16,
}

impl BankPorts {
    /// The ports that the options name.
    ///
    /// # Errors
    /// If the next port would be above 65535.
    pub fn of(options: &SandboxOptions) -> anyhow::Result<BankPorts> {
        let (first, option, more) = match options.bank_port {
            Some(port) => (port, "--bank-port", 1),
            None => (options.port, "--port", 2),
        };
        if first == 0 {
            return Ok(BankPorts { plain: 0, tls: 0 });
        }
        // The last of the ports is the one with certificates.
        let tls = first.checked_add(more).with_context(|| {
            format!(
                "{option} {first} is too high: at most {} leaves room for the ports after it",
                u16::MAX - more
            )
        })?;
        let plain = tls - 1;
        Ok(BankPorts { plain, tls })
    }

    /// Looks whether nobody uses them, so that a start that must fail makes no file.
    ///
    /// # Errors
    /// Names the port that is in use.
    pub async fn are_free(self) -> anyhow::Result<()> {
        for port in [self.plain, self.tls] {
            listen(port, "--bank-port").await?;
        }
        Ok(())
    }
}

/// Listens on this machine.
///
/// # Errors
/// Names the port, and the option that moves it.
pub async fn listen(port: u16, option: &str) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow!("port {port} is in use: stop what uses it, or choose another with {option}")
        }
        std::io::ErrorKind::PermissionDenied => {
            anyhow!(
                "port {port} needs more rights than this process has: choose one from 1024 \
                     upwards with {option}"
            )
        }
        _ => anyhow!("cannot listen on {address}: {error}"),
    })
}
