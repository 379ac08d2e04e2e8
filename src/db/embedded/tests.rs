//! The embedded PostgreSQL under everything that may happen to it. Instances that must die alone are real processes: this
//! test binary, started again with only [`instance`] to run.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Barrier,
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, Uid},
};
use sqlx::{Connection, Executor, PgConnection, Row};
use tempfile::TempDir;

use super::*;

const DIRECTORY: &str = "NEXTMOVE_TEST_INSTANCE";

/// In the temporary folder, which everybody may pass: as root the server runs as somebody else.
fn folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("nextmove-test-").tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    folder
}

fn quick() -> Options<'static> {
    Options { fsync: false, max_connections: 10, ..Options::default() }
}

fn start(dir: &Path) -> Embedded {
    Embedded::start(dir, &quick()).unwrap_or_else(|e| panic!("{e}"))
}

fn run(db: &Embedded, sql: &'static str) -> Option<i64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = PgConnection::connect(&db.url("postgres", "postgres")).await.unwrap();
        let row = connection.fetch_optional(sql).await.unwrap();
        row.map(|row| row.get::<i64, _>(0))
    })
}

fn postmaster(dir: &Path) -> i32 {
    let file = fs::read_to_string(dir.join("pg/postmaster.pid")).unwrap();
    file.lines().next().unwrap().parse().unwrap()
}

/// Another process that runs [`instance`] on this folder.
struct Instance(Child);

impl Instance {
    fn spawn(dir: &Path) -> Self {
        let this = std::env::current_exe().unwrap();
        let test = concat!(module_path!(), "::instance").split_once("::").unwrap().1;
        let child = Command::new(this)
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env(DIRECTORY, dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    fn wait_for(&mut self, word: &str) {
        let lines = BufReader::new(self.0.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.contains(word)), "the instance never said {word}");
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
#[ignore = "started by other tests as a process of its own"]
fn instance() {
    let Some(dir) = std::env::var_os(DIRECTORY) else { return };
    let progress = |step: Progress| println!("{step:?}");
    let _db = Embedded::start(Path::new(&dir), &Options { progress: &progress, ..quick() }).unwrap();
    thread::sleep(Duration::from_secs(60));
}

#[test]
fn first_boot_second_start_stop() {
    let folder = folder();
    let dir = folder.path().join("data with space");
    let mut db = start(&dir);
    assert!(!db.is_attached() && !db.has_ended());
    run(&db, "create table kept as select 7::bigint as n");
    let tcp = run(&db, "select count(*) from pg_settings where name = 'listen_addresses' and setting <> ''");
    assert_eq!(tcp, Some(0));
    let mode = fs::metadata(db.socket_dir()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    db.stop().unwrap();
    db.stop().unwrap();
    assert!(!dir.join("pg/postmaster.pid").exists(), "a fast shutdown removes the pid file");

    let again = start(&dir);
    assert_eq!(run(&again, "select n from kept"), Some(7));
}

#[test]
fn settings_reach_the_server_and_bad_ones_are_told() {
    let folder = folder();
    let options = Options { settings: vec![("work_mem", "3MB")], ..quick() };
    let db = Embedded::start(folder.path(), &options).unwrap();
    assert_eq!(run(&db, "select setting::bigint from pg_settings where name = 'work_mem'"), Some(3072));
    drop(db);
    let error = Embedded::start(folder.path(), &Options { settings: vec![("no_such_setting", "1")], ..quick() });
    let text = error.unwrap_err().to_string();
    assert!(text.contains("no_such_setting") && text.contains("postgres.log"), "{text}");
    drop(start(folder.path())); // the failure left no lock behind
}

#[test]
fn a_killed_server_recovers() {
    let folder = folder();
    let mut db = start(folder.path());
    run(&db, "create table kept as select 7::bigint as n");
    kill(Pid::from_raw(postmaster(folder.path())), Signal::SIGKILL).unwrap();
    while !db.has_ended() {
        thread::sleep(Duration::from_millis(5));
    }
    drop(db);
    let db = start(folder.path());
    assert_eq!(run(&db, "select n from kept"), Some(7));
}

#[test]
fn a_killed_instance_is_followed_by_the_next() {
    let folder = folder();
    let mut first = Instance::spawn(folder.path());
    first.wait_for("Ready");
    let old = postmaster(folder.path());
    first.kill();
    let db = start(folder.path());
    assert!(!db.is_attached());
    assert_ne!(postmaster(folder.path()), old);
    assert_eq!(run(&db, "select 1::bigint"), Some(1));
}

#[test]
fn a_server_that_outlived_its_instance_is_replaced() {
    let folder = folder();
    let mut db = start(folder.path());
    run(&db, "create table kept as select 7::bigint as n");
    let old = postmaster(folder.path());
    db.lock = None; // the kernel does this for a killed process …
    std::mem::forget(db); // … and without PDEATHSIG (macOS) its server lives on
    let db = start(folder.path());
    assert!(kill(Pid::from_raw(old), None).is_err() || postmaster(folder.path()) != old);
    assert_eq!(run(&db, "select n from kept"), Some(7));
}

#[test]
fn a_pid_file_that_names_a_stranger_is_stale() {
    let folder = folder();
    let mut db = start(folder.path());
    db.stop().unwrap();
    let mut sleep = process::command(Path::new("/bin/sleep"), db.folder.identity.as_ref(), Signal::SIGKILL);
    let mut stranger = sleep.arg("60").spawn().unwrap();
    for file in [db.folder.cluster.join("postmaster.pid"), db.folder.socket.join(".s.PGSQL.5432.lock")] {
        let lines = format!("{}\n{}\n0\n5432\n\n\n\nready   \n", stranger.id(), db.folder.cluster.display());
        fs::write(file, lines).unwrap();
    }
    drop(start(folder.path()));
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger lives");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn a_second_instance_attaches_and_leaves_the_server_running() {
    let folder = folder();
    let mut owner = start(folder.path());
    let mut guest = start(folder.path());
    assert!(guest.is_attached() && !owner.is_attached());
    assert_eq!(guest.url("a", "b"), owner.url("a", "b"));
    guest.stop().unwrap();
    drop(guest);
    assert_eq!(run(&owner, "select 1::bigint"), Some(1));
    owner.stop().unwrap();
    assert!(!start(folder.path()).is_attached());
}

#[test]
fn of_two_simultaneous_first_boots_one_owns() {
    let folder = folder();
    let together = Barrier::new(2);
    let both: Vec<Embedded> = thread::scope(|scope| {
        let boot = || {
            together.wait();
            start(folder.path())
        };
        let threads = [scope.spawn(boot), scope.spawn(boot)];
        threads.map(|thread| thread.join().unwrap()).into()
    });
    assert_eq!(both.iter().filter(|db| db.is_attached()).count(), 1);
    assert!(both.iter().all(|db| run(db, "select 1::bigint") == Some(1)));
}

#[test]
fn a_killed_first_boot_leaves_nothing_that_looks_like_a_cluster() {
    let folder = folder();
    let mut killed = Instance::spawn(folder.path());
    killed.wait_for("Creating");
    thread::sleep(Duration::from_millis(150)); // amid initdb
    killed.kill();
    assert!(!folder.path().join("pg").exists());
    let db = start(folder.path());
    assert_eq!(run(&db, "select 1::bigint"), Some(1));
    let names = fs::read_dir(folder.path()).unwrap().flatten();
    let left: Vec<PathBuf> = names.map(|e| e.path()).filter(|p| p.display().to_string().contains("pg.init")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_deep_folder_puts_its_socket_elsewhere() {
    let folder = folder();
    let dir = folder.path().join("deep".repeat(30));
    let db = start(&dir);
    assert!(!db.socket_dir().starts_with(&dir));
    assert_eq!(run(&db, "select 1::bigint"), Some(1));
    let socket = db.socket_dir().to_owned();
    drop(db);
    fs::remove_dir(socket).unwrap();
}

#[test]
fn as_root_a_folder_nobody_may_pass_is_explained() {
    if !Uid::effective().is_root() {
        return;
    }
    let folder = folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let dir = folder.path().join("data");
    let error = Embedded::start(&dir, &quick()).unwrap_err();
    assert!(matches!(&error, EmbeddedError::Unreachable { blocker, .. } if blocker == folder.path()), "{error}");
    assert!(error.to_string().contains("DATA_DIR"), "{error}");
    assert!(!dir.exists(), "nothing is created where nothing can work");
}

#[test]
fn a_full_disk_is_recognised_and_shared_memory_is_not_a_disk() {
    let dir = Path::new("/data");
    let disk = "initdb: error: could not write to file \"base/1/2\": No space left on device";
    assert!(matches!(EmbeddedError::from_output(disk, dir), Some(EmbeddedError::DiskFull(_))));
    let wal = "FATAL:  could not write to file \"pg_wal/xlogtemp.7\": No space left on device";
    assert!(matches!(EmbeddedError::from_output(wal, dir), Some(EmbeddedError::DiskFull(_))));
    let memory = "FATAL:  could not create shared memory segment: No space left on device";
    assert!(EmbeddedError::from_output(memory, dir).is_none());
    let denied = "FATAL:  could not open file \"pg_wal\": Permission denied";
    assert!(matches!(EmbeddedError::from_output(denied, dir), Some(EmbeddedError::Denied { .. })));
}

#[test]
fn addresses_survive_odd_characters() {
    assert_eq!(percent_encode("/var/lib/a b+ø%".as_bytes()), "%2Fvar%2Flib%2Fa%20b%2B%C3%B8%25");
}
