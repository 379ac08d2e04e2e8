//! An own PostgreSQL, for a machine where nobody set one up: `make run`, the tests, a single-box installation.
//!
//! The cluster is a child process on a private unix socket, without TCP. Whoever may enter the socket's folder (mode 0700)
//! may connect as any role, so the folder belongs to the user the server runs as. As root, PostgreSQL runs as `postgres`
//! or `nobody`, and root enters by right.
//!
//! Life: *lock* the data folder → *create* the cluster (first boot only) → *reap* what a killed instance left → *start* →
//! *ready* → *stop*. An instance that finds the lock taken *attaches*: it uses the other's server, and leaves it running.
//!
//! Invariants, each with its test below:
//! - A cluster is complete or absent: initdb works under another name, and a rename publishes it.
//! - At most one instance owns a data folder; a lock of the kernel says so, so it dies with its holder.
//! - `kill -9` of us, of the server or of both loses nothing, and the next start needs nobody's help.

mod error;
mod folder;
mod locate;
mod process;
#[cfg(test)]
mod tests;

use std::{
    fmt, fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{sys::signal::Signal, unistd::Uid};

pub use error::EmbeddedError;
pub use locate::Installation;

use folder::Folder;
use process::Server;

/// What the owner writes into the lock file once its server answers; a waiting instance attaches only then, and so never
/// to a leftover that is about to be ended.
const READY: &[u8] = b"ready";

/// How to run the server.
#[derive(Clone)]
pub struct Options<'a> {
    /// Off, a power cut may destroy the cluster: for throw-away clusters of tests only.
    pub fsync: bool,
    /// Connections the server accepts, over all instances.
    pub max_connections: u16,
    /// Further settings, `("work_mem", "16MB")`; they win over ours.
    pub settings: Vec<(&'a str, &'a str)>,
    /// Where `initdb` and `postgres` are; `None` searches. By default what `PG_BIN_DIR` says.
    pub bin_dir: Option<PathBuf>,
    /// Called when a step begins that a person may have to wait for.
    pub progress: &'a dyn Fn(Progress),
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            fsync: true,
            max_connections: 64,
            settings: Vec::new(),
            bin_dir: std::env::var_os("PG_BIN_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from),
            progress: &|_| {},
        }
    }
}

/// A step of the start. Displays as a line for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// First boot: initdb runs, one to three seconds.
    Creating,
    /// An earlier instance was killed; its server is being stopped.
    StoppingLeftover,
    /// The server is starting.
    Starting,
    /// It takes longer than usual: crash recovery, or a slow disk.
    Recovering,
    /// Another instance owns the data folder; we wait until its server answers.
    Waiting,
    /// The server answers; `attached` when it is another instance's.
    Ready {
        /// The server belongs to another instance.
        attached: bool,
    },
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Creating => "Creating the database (first start only)",
            Self::StoppingLeftover => "Stopping the database of an earlier run",
            Self::Starting => "Starting the database",
            Self::Recovering => "The database is recovering from its last run",
            Self::Waiting => "Waiting for the database of another instance",
            Self::Ready { attached: false } => "The database is ready",
            Self::Ready { attached: true } => "Using the database of another instance that runs already",
        })
    }
}

/// A running server, ours or (attached) another instance's. Dropping it stops the server if it is ours.
#[derive(Debug)]
pub struct Embedded {
    folder: Folder,
    server: Option<Server>,
    lock: Option<fs::File>,
    attached: bool,
}

impl Embedded {
    /// Returns when the server answers. Blocks, so call it before the runtime starts; any thread will do.
    ///
    /// # Errors
    /// See [`EmbeddedError`]: each says what to do.
    pub fn start(dir: &Path, options: &Options<'_>) -> Result<Self, EmbeddedError> {
        let folder = Folder::prepare(dir)?;
        let started = Instant::now();
        let mut waiting = false;
        loop {
            if let Some(lock) = try_lock(&folder)? {
                return Self::own(folder, lock, options);
            }
            if is_announced(&folder) && process::is_ready(&folder) {
                (options.progress)(Progress::Ready { attached: true });
                return Ok(Self { folder, server: None, lock: None, attached: true });
            }
            if started.elapsed() > process::PATIENCE {
                return Err(EmbeddedError::NotReady { seconds: process::PATIENCE.as_secs(), log: folder.log });
            }
            if !waiting {
                waiting = true;
                (options.progress)(Progress::Waiting);
            }
            thread::sleep(Duration::from_millis(20)); // the owner may also fail, and then it is our turn
        }
    }

    fn own(folder: Folder, lock: fs::File, options: &Options<'_>) -> Result<Self, EmbeddedError> {
        let installation = locate::installation(options.bin_dir.as_deref(), folder.major())?;
        if folder.major().is_none() {
            (options.progress)(Progress::Creating);
            create(&folder, &installation, options)?;
        }
        process::reap(&folder, &|| (options.progress)(Progress::StoppingLeftover))?;

        (options.progress)(Progress::Starting);
        let (log, log_from) = folder.open_log()?;
        let mut command = postgres(&folder, &installation, options);
        command.stdout(Stdio::null()).stderr(log);
        let server = Server::spawn(command).map_err(|e| EmbeddedError::io("start", &installation.bin, e))?;
        let mut embedded = Self { folder, server: Some(server), lock: Some(lock), attached: false };
        embedded.wait_ready(log_from, options)?; // on failure the drop stops the server
        embedded.announce(READY)?;
        (options.progress)(Progress::Ready { attached: false });
        Ok(embedded)
    }

    fn wait_ready(&mut self, log_from: u64, options: &Options<'_>) -> Result<(), EmbeddedError> {
        let Some(server) = &mut self.server else { return Ok(()) };
        process::wait_ready(&self.folder, server, log_from, &|| (options.progress)(Progress::Recovering))
    }

    fn announce(&self, word: &[u8]) -> Result<(), EmbeddedError> {
        let Some(lock) = &self.lock else { return Ok(()) };
        lock.set_len(0)
            .and_then(|()| lock.write_all_at(word, 0))
            .map_err(|e| EmbeddedError::io("write", &self.folder.lock, e))
    }

    /// The address of a database, for sqlx and for libpq's programs alike.
    #[must_use]
    pub fn url(&self, user: &str, database: &str) -> String {
        let host = percent_encode(self.folder.socket.as_os_str().as_encoded_bytes());
        let (user, database) = (percent_encode(user.as_bytes()), percent_encode(database.as_bytes()));
        format!("postgres://{user}@localhost/{database}?host={host}")
    }

    /// The folder of the socket, for `psql -h`. The superuser is `postgres`.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.folder.socket
    }

    /// Whether the server belongs to another instance, and outlives us.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.attached
    }

    /// Whether the server has ended on its own (killed, out of memory). An attached instance asks the socket.
    pub fn has_ended(&mut self) -> bool {
        match &mut self.server {
            Some(server) => server.ended().is_some(),
            None => !process::is_ready(&self.folder),
        }
    }

    /// Fast shutdown of our own server: open transactions are rolled back, nothing is to recover on the next start. Call it
    /// after the pool is closed. Does nothing when attached, or the second time.
    ///
    /// # Errors
    /// When the lock file cannot be written; the server has stopped all the same.
    pub fn stop(&mut self) -> Result<(), EmbeddedError> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        let withdrawn = self.announce(b"");
        server.stop();
        self.lock = None; // only now may another instance take over
        withdrawn
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

/// `DATA_DIR`; without it `/var/lib/nextmove` as root, else `nextmove` in the user's data folder (XDG base directories).
#[must_use]
pub fn default_data_dir() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(dir) = set("DATA_DIR") {
        return dir;
    }
    if Uid::effective().is_root() {
        return PathBuf::from("/var/lib/nextmove");
    }
    // The XDG specification has relative paths ignored.
    let data = set("XDG_DATA_HOME").filter(|dir| dir.is_absolute());
    data.or_else(|| Some(std::env::home_dir()?.join(".local/share"))).unwrap_or_default().join("nextmove")
}

/// The owner lock, or `None` while another instance holds it.
fn try_lock(folder: &Folder) -> Result<Option<fs::File>, EmbeddedError> {
    let open = fs::File::options().create(true).truncate(false).read(true).write(true).open(&folder.lock);
    let file = open.map_err(|e| EmbeddedError::io("open", &folder.lock, e))?;
    match file.try_lock() {
        Ok(()) => file.set_len(0).map_err(|e| EmbeddedError::io("write", &folder.lock, e)).map(|()| Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(e)) => Err(EmbeddedError::io("lock", &folder.lock, e)),
    }
}

fn is_announced(folder: &Folder) -> bool {
    fs::read(&folder.lock).is_ok_and(|word| word == READY)
}

fn create(folder: &Folder, installation: &Installation, options: &Options<'_>) -> Result<(), EmbeddedError> {
    let scratch = folder.scratch()?;
    let program = installation.bin.join("initdb");
    // On SIGTERM initdb removes what it has made.
    let mut initdb = process::command(&program, folder.identity.as_ref(), Signal::SIGTERM);
    initdb.args(["-U", "postgres", "-E", "UTF8", "--no-locale", "-A", "trust", "-k", "--no-instructions"]);
    if !options.fsync {
        initdb.arg("--no-sync");
    }
    let output = initdb.arg("-D").arg(&scratch).output().map_err(|e| EmbeddedError::io("run", &program, e))?;
    if output.status.success() {
        return folder.adopt(&scratch);
    }
    let _ = fs::remove_dir_all(&scratch);
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(EmbeddedError::from_output(&said, &folder.root)
        .unwrap_or_else(|| EmbeddedError::Create { path: folder.root.clone(), said }))
}

fn postgres(folder: &Folder, installation: &Installation, options: &Options<'_>) -> Command {
    // SIGINT is fast shutdown: a killed instance leaves a clean cluster behind.
    let mut command = process::command(&installation.bin.join("postgres"), folder.identity.as_ref(), Signal::SIGINT);
    command.arg("-D").arg(&folder.cluster).arg("-k").arg(&folder.socket);
    let connections = options.max_connections.to_string();
    let mut settings = vec![
        ("listen_addresses", ""),
        ("unix_socket_permissions", "0700"),
        ("max_connections", &connections),
        ("timezone", "UTC"),
        ("jit", "off"), // it costs more than it brings on queries of a few rows
        ("log_min_messages", "warning"),
        ("log_checkpoints", "off"),
        ("log_line_prefix", "%m [%p] "),
    ];
    if !options.fsync {
        // Commits stay synchronous: a killed server loses nothing, only a power cut does.
        settings.extend([("fsync", "off"), ("full_page_writes", "off")]);
    }
    settings.extend(&options.settings);
    for (name, value) in settings {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    command
}

/// RFC 3986: everything but unreserved characters. A form encoder would write a space as `+`, which libpq does not read.
fn percent_encode(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
