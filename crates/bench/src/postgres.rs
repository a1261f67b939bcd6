//! A throw-away PostgreSQL server, as durable as PostgreSQL is by default: an answered write
//! survives a power cut (`fsync` and `synchronous_commit` stay on).
//!
//! It listens on a Unix socket in a temporary folder only, and is stopped and removed when it is
//! dropped. PostgreSQL refuses to be root, so root runs it as another user.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use tempfile::TempDir;

/// Where Debian keeps PostgreSQL: a folder for each version.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";
/// Who runs it in place of root; the second where there is no first.
const USERS: [&str; 2] = ["postgres", "nobody"];
/// How long it may take to start, in seconds.
const START_TIMEOUT_S: &str = "60";

/// A server that runs until this is dropped.
pub struct Postgres {
    /// For `bascule sandbox --database`.
    pub url: String,
    /// The first process (postmaster); each connection has a child of it.
    pub process_id: u32,
    tools: Tools,
}

/// The programs of PostgreSQL, and where and as whom they run.
struct Tools {
    folder: TempDir,
    programs: PathBuf,
    run_as: Option<&'static str>,
}

impl Postgres {
    /// Creates and starts a server.
    ///
    /// # Errors
    /// If PostgreSQL is not installed, or does not start.
    pub fn start() -> anyhow::Result<Postgres> {
        let tools = Tools::find()?;
        let folder = tools.folder.path().to_str().context("the temporary folder's name")?;
        let url = format!("host={folder} user=bascule dbname=postgres");
        let options = format!("-c listen_addresses='' -k {folder}");
        tools.run("initdb", &["-U", "bascule", "-A", "trust", "-E", "UTF8"])?;
        let log = format!("{folder}/server.log");
        let start = ["-w", "-t", START_TIMEOUT_S, "-l", &log, "-o", &options, "start"];
        if let Err(error) = tools.run("pg_ctl", &start) {
            tools.stop();
            return Err(error);
        }
        match tools.process_id() {
            Ok(process_id) => Ok(Postgres { url, process_id, tools }),
            Err(error) => {
                tools.stop();
                Err(error)
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.tools.stop();
    }
}

impl Tools {
    fn find() -> anyhow::Result<Tools> {
        let programs = programs().context("PostgreSQL is not installed (no `initdb`)")?;
        let folder = tempfile::Builder::new().prefix("bascule-bench-").tempdir()?;
        let mut run_as = None;
        // The files that this process creates belong to its user: 0 is root.
        if std::fs::metadata(folder.path())?.uid() == 0 {
            let found = USERS.iter().find_map(|user| Some((*user, user_id(user)?)));
            let (user, id) = found.context("no user who could run PostgreSQL for root")?;
            chown(folder.path(), Some(id), None)?;
            run_as = Some(user);
        }
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700))?;
        Ok(Tools { folder, programs, run_as })
    }

    /// Runs one program on the server's data and waits for its end.
    fn run(&self, program: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let path = self.programs.join(program);
        let mut command = match self.run_as {
            None => Command::new(path),
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(path);
                command
            }
        };
        command.arg("-D").arg(self.data()).args(arguments).current_dir(self.folder.path());
        let output = command.output().with_context(|| format!("{program} cannot be started"))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{program} failed: {}", said.lines().last().unwrap_or(""))
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The postmaster's id, which is the first line of its lock file.
    fn process_id(&self) -> anyhow::Result<u32> {
        let lock = std::fs::read_to_string(self.data().join("postmaster.pid"))?;
        lock.lines().next().unwrap_or("").trim().parse().context("postmaster.pid")
    }

    /// Stops the server where it runs. Nothing of it is kept, so it need not tidy up.
    fn stop(&self) {
        if self.data().join("postmaster.pid").exists()
            && let Err(error) = self.run("pg_ctl", &["-m", "immediate", "-w", "stop"])
        {
            crate::progress(&format!("PostgreSQL was not stopped: {error:#}"));
        }
    }
}

/// The folder that has `initdb` and its siblings: from PATH, or else Debian's newest version.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).find_map(|folder| siblings(&folder));
    in_path.or_else(|| {
        let versions = std::fs::read_dir(DEBIAN_FOLDER).ok()?.filter_map(Result::ok);
        let found = versions.filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, siblings(&entry.path().join("bin"))?))
        });
        found.max().map(|(_, programs)| programs)
    })
}

/// The real folder of the `initdb` in `folder`, where its siblings are, too.
fn siblings(folder: &Path) -> Option<PathBuf> {
    let real = folder.join("initdb").canonicalize().ok()?;
    let folder = real.parent()?;
    folder.join("pg_ctl").is_file().then(|| folder.to_owned())
}

fn user_id(user: &str) -> Option<u32> {
    let output = Command::new("id").args(["-u", user]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
