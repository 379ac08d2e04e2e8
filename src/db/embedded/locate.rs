//! Finds PostgreSQL's server programs, which distributions hide in folders that are not on the PATH.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::EmbeddedError;

/// `initdb --no-instructions` and the SQL we write need this.
const OLDEST: u32 = 14;

/// Folders whose children hold a version each, and where the programs are below the child.
const VERSIONED: [(&str, &str); 6] = [
    ("/usr/lib/postgresql", "bin"), // Debian, Ubuntu
    ("/usr", "bin"),                // RHEL's own builds: /usr/pgsql-17/bin
    ("/usr/libexec", ""),           // Alpine: /usr/libexec/postgresql17
    ("/opt/homebrew/opt", "bin"),   // macOS on ARM: postgresql@17
    ("/usr/local/opt", "bin"),      // macOS on Intel
    ("/Applications/Postgres.app/Contents/Versions", "bin"),
];

/// A folder with `initdb` and `postgres` in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Installation {
    /// Major version: 17.
    pub major: u32,
    /// The folder.
    pub bin: PathBuf,
}

/// The newest installation, or one of exactly the major version that made an existing cluster: data files of one major
/// cannot be read by another.
pub(super) fn installation(explicit: Option<&Path>, wanted: Option<u32>) -> Result<Installation, EmbeddedError> {
    let mut found: Vec<Installation> = match explicit {
        Some(bin) => vec![probe(bin).ok_or_else(|| EmbeddedError::BadBinDir(bin.to_owned()))?],
        None => candidates().iter().filter_map(|bin| probe(bin)).collect(),
    };
    found.sort();
    found.dedup();
    let fits = |i: &Installation| wanted.map_or(i.major >= OLDEST, |major| i.major == major);
    match found.iter().rposition(fits) {
        Some(at) => Ok(found.swap_remove(at)),
        None => Err(EmbeddedError::NotInstalled { wanted, found }),
    }
}

fn candidates() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for (root, below) in VERSIONED {
        for child in fs::read_dir(root).into_iter().flatten().flatten() {
            if root == "/usr" && !child.file_name().to_string_lossy().starts_with("pgsql") {
                continue;
            }
            folders.push(child.path().join(below));
        }
    }
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    folders.push("/usr/bin".into()); // Fedora, Arch
    if !folders.iter().any(|f| is_complete(f)) {
        folders.extend(pg_config());
    }
    folders
}

/// Asked last: it belongs to the client library, and may name a folder where no server was installed.
fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

fn is_complete(bin: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| bin.join(program).is_file())
}

fn probe(bin: &Path) -> Option<Installation> {
    if !is_complete(bin) {
        return None;
    }
    let output = Command::new(bin.join("postgres")).arg("-V").stdin(Stdio::null()).output().ok()?;
    let major = major_version(&String::from_utf8(output.stdout).ok()?)?;
    Some(Installation { major, bin: bin.to_owned() })
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, also `18beta1` and `19devel`.
fn major_version(text: &str) -> Option<u32> {
    let version = text.split_whitespace().nth(2)?;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_of_version() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_version("postgres (PostgreSQL) 19devel"), Some(19));
        assert_eq!(major_version("command not found"), None);
    }

    #[test]
    fn an_explicit_folder_without_programs_is_an_error_that_names_it() {
        let error = installation(Some(Path::new("/nonexistent")), None).unwrap_err();
        assert!(error.to_string().contains("PG_BIN_DIR is /nonexistent"), "{error}");
    }

    #[test]
    fn data_of_another_major_is_refused_with_the_command_that_helps() {
        let error = installation(None, Some(9)).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("made by PostgreSQL 9") && text.contains("DATABASE_URL"), "{text}");
    }
}
