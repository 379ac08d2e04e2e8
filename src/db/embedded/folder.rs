//! The data folder: whose it is, who may pass, and where the socket goes.
//!
//! ```text
//! <data folder>/   0711 as root (the database's user passes through), else 0700
//!   pg/            the cluster; appears by rename, complete or not at all
//!   pg.init.<pid>/ a cluster being made; leftovers of a killed first boot are removed
//!   run/           0700, the only way in: a unix socket
//!   owner.lock     held by the instance that runs the server; says "ready" once it answers
//!   postgres.log   0600; begun anew above 8 MiB, with one predecessor
//! ```

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use nix::unistd::{Uid, User};

use super::EmbeddedError;

/// `sockaddr_un.sun_path` holds 104 bytes on macOS and 108 on Linux, with `/.s.PGSQL.5432` and a NUL at the end.
const LONGEST_SOCKET_FOLDER: usize = 104 - 15;

const LOG_LIMIT: u64 = 8 << 20;

/// The user PostgreSQL runs as, when that is not simply us.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

/// Paths of one data folder.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub root: PathBuf,
    pub cluster: PathBuf,
    pub socket: PathBuf,
    pub lock: PathBuf,
    pub log: PathBuf,
    /// Set as root only.
    pub identity: Option<Identity>,
}

impl Folder {
    /// Creates what is missing and checks that PostgreSQL will be able to work there.
    pub(super) fn prepare(dir: &Path) -> Result<Self, EmbeddedError> {
        let dir = std::path::absolute(dir).map_err(|e| EmbeddedError::io("find", dir, e))?;
        let cluster = dir.join("pg");
        let identity = if Uid::effective().is_root() { Some(unprivileged(&cluster)?) } else { own(&cluster)? };
        if let Some(identity) = &identity {
            passable(&dir, identity)?;
        }
        if !dir.is_dir() {
            let mode = if identity.is_some() { 0o711 } else { 0o700 };
            create_dir(&dir, mode, true)?;
        }
        let root = fs::canonicalize(&dir).map_err(|e| EmbeddedError::io("open", &dir, e))?;
        if let Some(identity) = &identity {
            passable(&root, identity)?; // again: a strict umask, or a symbolic link
        }
        let socket = socket_folder(&root, identity.as_ref())?;
        Ok(Self {
            cluster: root.join("pg"),
            lock: root.join("owner.lock"),
            log: root.join("postgres.log"),
            root,
            socket,
            identity,
        })
    }

    /// The major version of the cluster, if there is a complete one.
    pub(super) fn major(&self) -> Option<u32> {
        fs::read_to_string(self.cluster.join("PG_VERSION")).ok()?.trim().parse().ok()
    }

    /// An empty folder for initdb, owned by the user it runs as.
    pub(super) fn scratch(&self) -> Result<PathBuf, EmbeddedError> {
        self.sweep();
        let scratch = self.root.join(format!("pg.init.{}", std::process::id()));
        create_dir(&scratch, 0o700, false)?;
        give(&scratch, self.identity.as_ref())?;
        Ok(scratch)
    }

    /// Removes what killed first boots left.
    fn sweep(&self) {
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with("pg.init.") {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Makes a finished cluster visible under its name, durably.
    pub(super) fn adopt(&self, scratch: &Path) -> Result<(), EmbeddedError> {
        let published = fs::rename(scratch, &self.cluster)
            .and_then(|()| fs::File::open(&self.root)?.sync_all())
            .map_err(|e| EmbeddedError::io("move the new database to", &self.cluster, e));
        self.sweep(); // again: an initdb of a killed instance may have been dying while we began
        published
    }

    /// The log, for appending, and its length so far.
    pub(super) fn open_log(&self) -> Result<(fs::File, u64), EmbeddedError> {
        let open = || -> io::Result<(fs::File, u64)> {
            if fs::metadata(&self.log).is_ok_and(|m| m.len() > LOG_LIMIT) {
                fs::rename(&self.log, self.log.with_extension("log.1"))?;
            }
            let file = fs::File::options().create(true).append(true).mode(0o600).open(&self.log)?;
            let length = file.metadata()?.len();
            Ok((file, length))
        };
        open().map_err(|e| EmbeddedError::io("write", &self.log, e))
    }
}

/// As root: the owner of the existing cluster, else `postgres`, else `nobody`.
fn unprivileged(cluster: &Path) -> Result<Identity, EmbeddedError> {
    if let Ok(meta) = fs::metadata(cluster)
        && meta.uid() != 0
    {
        return Ok(Identity { name: user_name(meta.uid()), uid: meta.uid(), gid: meta.gid() });
    }
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| User::from_name(name).ok().flatten())
        .map(|user| Identity { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw() })
        .ok_or(EmbeddedError::NoUser)
}

/// As an ordinary user: no other identity, but the cluster must be ours.
fn own(cluster: &Path) -> Result<Option<Identity>, EmbeddedError> {
    match fs::metadata(cluster) {
        Ok(meta) if meta.uid() != Uid::effective().as_raw() => {
            Err(EmbeddedError::NotOurs { path: cluster.to_owned(), owner: user_name(meta.uid()) })
        }
        _ => Ok(None),
    }
}

fn user_name(uid: u32) -> String {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

/// May this user pass every existing folder down to `dir`? Told here, because initdb would only say "could not access".
fn passable(dir: &Path, identity: &Identity) -> Result<(), EmbeddedError> {
    for folder in dir.ancestors() {
        let Ok(meta) = fs::metadata(folder) else { continue };
        let bit = match () {
            () if meta.uid() == identity.uid => 0o100,
            () if meta.gid() == identity.gid => 0o010,
            () => 0o001,
        };
        if meta.mode() & bit == 0 {
            return Err(EmbeddedError::Unreachable { user: identity.name.clone(), blocker: folder.to_owned() });
        }
    }
    Ok(())
}

/// `run` in the data folder, or, where that path is too long for a socket, a folder of our own in `/tmp`; not in `TMPDIR`,
/// which may differ from instance to instance.
fn socket_folder(root: &Path, identity: Option<&Identity>) -> Result<PathBuf, EmbeddedError> {
    let mut folder = root.join("run");
    if folder.as_os_str().len() > LONGEST_SOCKET_FOLDER {
        let meta = fs::metadata(root).map_err(|e| EmbeddedError::io("open", root, e))?;
        // Named by the data folder's identity, so that every instance finds it, whatever path it was given.
        folder = Path::new("/tmp").join(format!("nextmove-{:x}-{:x}", meta.dev(), meta.ino()));
    }
    if fs::symlink_metadata(&folder).is_err() {
        create_dir(&folder, 0o700, false)?;
        give(&folder, identity)?;
    }
    // In a temporary folder somebody else may have been there first: whoever owns the folder owns the database.
    let meta = fs::symlink_metadata(&folder).map_err(|e| EmbeddedError::io("open", &folder, e))?;
    let owner = identity.map_or_else(|| Uid::effective().as_raw(), |identity| identity.uid);
    if meta.is_dir() && meta.uid() == 0 && identity.is_some() {
        give(&folder, identity)?; // killed between create and give
    } else if !meta.is_dir() || meta.uid() != owner {
        return Err(EmbeddedError::NotOurs { path: folder, owner: user_name(meta.uid()) });
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))
        .map_err(|e| EmbeddedError::io("protect", &folder, e))?;
    Ok(folder)
}

fn create_dir(path: &Path, mode: u32, parents: bool) -> Result<(), EmbeddedError> {
    match fs::DirBuilder::new().recursive(parents).mode(mode).create(path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(EmbeddedError::io("create", path, e)),
        _ => Ok(()),
    }
}

fn give(path: &Path, identity: Option<&Identity>) -> Result<(), EmbeddedError> {
    let Some(identity) = identity else { return Ok(()) };
    chown(path, Some(identity.uid), Some(identity.gid)).map_err(|e| EmbeddedError::io("hand over", path, e))
}
