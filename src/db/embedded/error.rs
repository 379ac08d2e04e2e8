//! What can go wrong with the embedded PostgreSQL, told so that a person knows what to do next.

use std::{
    fmt::Write as _,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use super::locate::Installation;

/// Why the embedded PostgreSQL does not run. Each message says what happened and what helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// No server programs of a usable version.
    #[error("{}", not_installed(*.wanted, .found))]
    NotInstalled {
        /// The major version the data folder was made by, if there is one.
        wanted: Option<u32>,
        /// What is installed, and does not fit.
        found: Vec<Installation>,
    },
    /// `PG_BIN_DIR` names a folder without usable programs.
    #[error("PG_BIN_DIR is {}, but there is no working initdb and postgres in it. Correct it, or unset it to search the usual places.", .0.display())]
    BadBinDir(PathBuf),
    /// PostgreSQL refuses to run as root, and there is nobody else to run it as.
    #[error(
        "PostgreSQL does not run as root, and this machine has neither a user postgres nor a user nobody. \
         Start NextMove as an ordinary user, or set DATABASE_URL to a server that runs elsewhere."
    )]
    NoUser,
    /// As root: the unprivileged user may not pass one of the folders above the data.
    #[error(
        "NextMove runs as root and its database as user {user}, who may not pass through {}. \
         Set DATA_DIR to a folder everybody may pass, for example /var/lib/nextmove.", .blocker.display()
    )]
    Unreachable {
        /// The user PostgreSQL runs as.
        user: String,
        /// The folder that stops it.
        blocker: PathBuf,
    },
    /// Somebody else's folder.
    #[error("{} belongs to user {owner}. Start NextMove as that user, or set DATA_DIR to a folder of your own.", .path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        owner: String,
    },
    /// ENOSPC, from us, from initdb or from postgres.
    #[error("The disk that holds {} is full. Free some space and start again; nothing that was stored is lost.", .0.display())]
    DiskFull(PathBuf),
    /// EACCES, EPERM or a read-only file system.
    #[error(
        "NextMove may not write to {} ({reason}). Give this user the right to, or set DATA_DIR to another folder.",
        .path.display()
    )]
    Denied {
        /// What could not be written.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// Any other failure of the file system or of starting a program.
    #[error("NextMove could not {doing} {}: {source}.", .path.display())]
    Io {
        /// What we were at: "create", "read" …
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// initdb failed in a way we do not know.
    #[error("PostgreSQL could not create the database in {}. It said:\n{said}", .path.display())]
    Create {
        /// The folder.
        path: PathBuf,
        /// What initdb printed.
        said: String,
    },
    /// The server ended while we waited for it.
    #[error("PostgreSQL ended ({status}) before it was ready. It said:\n{said}\nThe whole log is {}.", .log.display())]
    Ended {
        /// How it ended.
        status: String,
        /// Its last words.
        said: String,
        /// Where to read more.
        log: PathBuf,
    },
    /// Recovery or the disk is very slow, or another instance holds the lock and does not come up.
    #[error("PostgreSQL was not ready after {seconds} seconds. Its log is {}.", .log.display())]
    NotReady {
        /// How long we waited.
        seconds: u64,
        /// Where to read more.
        log: PathBuf,
    },
    /// Leftovers of an earlier run survive even SIGKILL.
    #[error("Database processes of an earlier run will not stop (process ids {0:?}). End them, then start again.")]
    Stuck(Vec<i32>),
}

impl EmbeddedError {
    /// Wraps a file system error: the common ones get a sentence of their own.
    pub(super) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull(path),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                Self::Denied { path, reason: source.to_string() }
            }
            _ => Self::Io { doing, path, source },
        }
    }

    /// Recognises the common causes in what PostgreSQL's programs print. They run with `LC_ALL=C`, so it is English.
    pub(super) fn from_output(said: &str, path: &Path) -> Option<Self> {
        let line = |what: &str| said.lines().find(|l| l.contains(what));
        // The same errno also means "out of shared memory segments", which no amount of disk helps.
        if line("No space left on device").is_some_and(|l| !l.contains("shared memory") && !l.contains("semaphores")) {
            return Some(Self::DiskFull(path.to_owned()));
        }
        let denied = line("Permission denied").or_else(|| line("Read-only file system"))?;
        Some(Self::Denied { path: path.to_owned(), reason: denied.trim().to_owned() })
    }
}

fn not_installed(wanted: Option<u32>, found: &[Installation]) -> String {
    let mut text = match wanted {
        Some(major) => format!(
            "This data folder was made by PostgreSQL {major}, whose server programs (initdb, postgres) are not installed."
        ),
        None => "The server programs of PostgreSQL 14 or newer (initdb, postgres) are not installed.".to_owned(),
    };
    if !found.is_empty() {
        let list: Vec<String> = found.iter().map(|i| format!("{} in {}", i.major, i.bin.display())).collect();
        let _ = write!(text, " Found, but not usable for it: {}.", list.join(", "));
    }
    let _ = match (std::env::consts::OS, wanted) {
        ("macos", Some(major)) => write!(text, " Install them with: brew install postgresql@{major}"),
        ("macos", None) => write!(text, " Install them with: brew install postgresql@17"),
        (_, Some(major)) if Path::new("/etc/debian_version").exists() => {
            write!(text, " Install them with: apt-get install postgresql-{major}")
        }
        (_, None) if Path::new("/etc/debian_version").exists() => {
            write!(text, " Install them with: scripts/setup, or apt-get install postgresql")
        }
        _ => write!(text, " Install the package that holds them (often postgresql-server)"),
    };
    text.push_str(". Or set PG_BIN_DIR to the folder that holds them, or DATABASE_URL to a server that runs already.");
    text
}
