//! A PostgreSQL server that one test starts, may freeze, and stops. It listens on a socket in a
//! temporary folder, or on a port of the machine itself.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Where Debian keeps PostgreSQL: a folder for each version.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";
/// Who runs it in place of root, whom it refuses.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// A server of this test alone.
pub struct PostgresServer {
    folder: TempDir,
    programs: PathBuf,
    run_as: Option<(&'static str, u32)>,
}

impl PostgresServer {
    /// A server whose folder is ready for files; `None` if PostgreSQL is not installed.
    #[must_use]
    pub fn prepared() -> Option<PostgresServer> {
        let programs = programs()?;
        let folder = TempDir::new().expect("a temporary directory");
        let is_root = std::fs::metadata(folder.path()).expect("its folder").uid() == 0;
        let run_as = is_root.then(|| {
            USERS.iter().find_map(|user| Some((*user, user_id(user)?))).expect("a user for root")
        });
        let server = PostgresServer { folder, programs, run_as };
        server.own(server.folder.path(), 0o700);
        server.run("initdb", &["-U", "bascule", "-A", "trust", "-E", "UTF8", "--no-sync"]);
        Some(server)
    }

    /// Starts it with more options of its command line, and waits until it answers.
    pub fn start(&self, options: &str) {
        let (folder, log) = (self.folder(), format!("{}/log", self.folder()));
        let options = format!("-k {folder} -c fsync=off {options}");
        self.run("pg_ctl", &["-w", "-t", "60", "-l", &log, "-o", &options, "start"]);
    }

    /// Has it read its configuration again.
    pub fn reload(&self) {
        self.run("pg_ctl", &["reload"]);
    }

    /// Where its socket is.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.folder.path().to_str().expect("a name in UTF-8")
    }

    /// Writes a file that the server may read and nobody else, and returns its path.
    #[must_use]
    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("the folder can be written");
        self.own(&path, 0o600);
        path.to_str().expect("a name in UTF-8").to_owned()
    }

    /// Stops all its processes where they are (SIGSTOP), those that serve connections included.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets its processes continue.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let lock = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid"));
        let lock = lock.expect("it runs");
        let postmaster = lock.lines().next().expect("its process id").to_owned();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", &postmaster]).output();
        let children = String::from_utf8(children.expect("`ps` works").stdout).expect("numbers");
        let kill = |pid: &str| Command::new("kill").args([signal, pid]).status();
        kill(&postmaster).expect("`kill` works");
        for child in children.split_whitespace() {
            kill(child).expect("`kill` works");
        }
    }

    fn own(&self, path: &Path, mode: u32) {
        if let Some((_, id)) = self.run_as {
            chown(path, Some(id), None).expect("root may give files away");
        }
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("own files");
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let path = self.programs.join(program);
        let mut command = match self.run_as {
            None => Command::new(path),
            Some((user, _)) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(path);
                command
            }
        };
        command.arg("-D").arg(self.folder.path().join("data")).args(arguments);
        let output = command.current_dir(self.folder.path()).output().expect("it can be started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} failed: {said}");
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if self.folder.path().join("data/postmaster.pid").exists() {
            // A frozen one would not hear that it should stop.
            self.thaw();
            self.run("pg_ctl", &["-m", "immediate", "-w", "stop"]);
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
