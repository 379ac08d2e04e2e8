//! Processes: running PostgreSQL's programs as the right user, ending them with us, and finding what a killed instance left.

use std::{
    fs, io,
    os::unix::{net::UnixStream, process::CommandExt},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{
    EmbeddedError,
    folder::{Folder, Identity},
};

/// Crash recovery of a large cluster takes this long at worst.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(5);

/// A command without our environment (it may hold secrets), as the unprivileged user, in a process group of its own: a
/// terminal's Ctrl-C goes to us first. When the thread that spawns it ends, it gets `at_our_death` (Linux).
pub(super) fn command(program: &Path, identity: Option<&Identity>, at_our_death: Signal) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").env_clear().env("LC_ALL", "C").env("TZ", "UTC").stdin(Stdio::null()).process_group(0);
    if let Some(identity) = identity {
        command.uid(identity.uid).gid(identity.gid); // std drops the supplementary groups too
    }
    end_with_us(&mut command, at_our_death);
    command
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn end_with_us(command: &mut Command, signal: Signal) {
    let us = nix::unistd::getpid();
    // SAFETY: between fork and exec the closure calls only prctl and getppid, both async-signal-safe, and allocates
    // nothing. std runs it after setuid, which would clear the setting.
    unsafe {
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, signal as libc::c_ulong) != 0 {
                return Err(io::Error::last_os_error());
            }
            if nix::unistd::getppid() != us {
                return Err(io::Error::from_raw_os_error(libc::ESRCH)); // we died before the call
            }
            Ok(())
        });
    }
}

/// Elsewhere the next start ends what was left (see [`reap`]).
#[cfg(not(target_os = "linux"))]
fn end_with_us(_: &mut Command, _: Signal) {}

/// The postmaster, and the thread that spawned it. The kernel counts a *thread* as the parent whose death is signalled, so
/// the server would end with a test's or a runtime worker's thread; a thread of its own lives as long as the server.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    _keeper: mpsc::Sender<()>,
}

impl Server {
    pub(super) fn spawn(mut command: Command) -> io::Result<Self> {
        let (keeper, gone) = mpsc::channel::<()>();
        let (report, spawned) = mpsc::sync_channel(1);
        thread::Builder::new().name("postgres-keeper".to_owned()).spawn(move || {
            let _ = report.send(command.spawn());
            let _ = gone.recv(); // until the Server is dropped
        })?;
        let child = spawned.recv().map_err(io::Error::other)??;
        Ok(Self { child, _keeper: keeper })
    }

    /// How the server ended, if it did.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Fast shutdown: open transactions are rolled back, the cluster is left clean. Impatient after 20 seconds.
    pub(super) fn stop(&mut self) {
        let Ok(pid) = i32::try_from(self.child.id()) else { return };
        let started = Instant::now();
        let mut sent = None;
        while self.ended().is_none() {
            let signal = match started.elapsed().as_secs() {
                0..20 => Signal::SIGINT,
                20..25 => Signal::SIGQUIT,
                _ => Signal::SIGKILL,
            };
            if sent.replace(signal) != Some(signal) {
                let _ = kill(Pid::from_raw(pid), signal);
            }
            thread::sleep(POLL);
        }
    }
}

/// True once the server itself says so (line 8 of its pid file) and its socket takes a connection.
pub(super) fn is_ready(folder: &Folder) -> bool {
    let status = fs::read_to_string(folder.cluster.join("postmaster.pid"));
    status.is_ok_and(|text| text.lines().nth(7).is_some_and(|line| line.trim() == "ready"))
        && UnixStream::connect(folder.socket.join(".s.PGSQL.5432")).is_ok()
}

/// Waits for a server of our own. `slow` is called once, when it takes longer than a plain start.
pub(super) fn wait_ready(
    folder: &Folder,
    server: &mut Server,
    log_from: u64,
    slow: &dyn Fn(),
) -> Result<(), EmbeddedError> {
    let started = Instant::now();
    let mut told = false;
    while !is_ready(folder) {
        if let Some(status) = server.ended() {
            let said = last_words(&folder.log, log_from);
            return Err(EmbeddedError::from_output(&said, &folder.root).unwrap_or_else(|| EmbeddedError::Ended {
                status: status.to_string(),
                said,
                log: folder.log.clone(),
            }));
        }
        if started.elapsed() > PATIENCE {
            return Err(EmbeddedError::NotReady { seconds: PATIENCE.as_secs(), log: folder.log.clone() });
        }
        if !told && started.elapsed() > Duration::from_secs(2) {
            told = true;
            slow();
        }
        thread::sleep(POLL);
    }
    Ok(())
}

/// The lines that matter of what was logged since `from`.
fn last_words(log: &Path, from: u64) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(bytes.get(usize::try_from(from).unwrap_or(0)..).unwrap_or_default());
    let loud: Vec<&str> = text
        .lines()
        .filter(|line| ["FATAL", "PANIC", "ERROR", "HINT"].iter().any(|level| line.contains(level)))
        .collect();
    let lines = if loud.is_empty() { text.lines().collect() } else { loud };
    lines[lines.len().saturating_sub(6)..].join("\n")
}

/// Ends what an earlier, killed instance left running on this cluster. Only for the holder of the owner lock: to it, every
/// server here is a leftover.
pub(super) fn reap(folder: &Folder, found: &dyn Fn()) -> Result<(), EmbeddedError> {
    let started = Instant::now();
    let mut sent = None;
    loop {
        let left = servers(&folder.cluster);
        if left.is_empty() {
            break;
        }
        let signal = match started.elapsed().as_secs() {
            0..10 => Signal::SIGINT,
            10..20 => Signal::SIGQUIT,
            20..25 => Signal::SIGKILL,
            _ => return Err(EmbeddedError::Stuck(left)),
        };
        if sent.is_none() {
            found();
        }
        if sent.replace(signal) != Some(signal) {
            for pid in left {
                let _ = kill(Pid::from_raw(pid), signal);
            }
        }
        thread::sleep(POLL);
    }
    forget_stale_pid(folder);
    Ok(())
}

/// After a power cut or in a fresh container the recorded pid may belong to somebody else, or to a zombie nobody reaped;
/// postgres would then refuse to start. Where the pid is free it clears up by itself, and keeps its own interlock until then.
fn forget_stale_pid(folder: &Folder) {
    for file in [folder.cluster.join("postmaster.pid"), folder.socket.join(".s.PGSQL.5432.lock")] {
        if recorded_pid(&file).is_some_and(|pid| kill(Pid::from_raw(pid), None).is_ok()) {
            let _ = fs::remove_file(file);
        }
    }
}

fn recorded_pid(file: &Path) -> Option<i32> {
    let pid = fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok()?;
    (pid > 1).then_some(pid)
}

/// Live server processes of this cluster, the postmaster first.
fn servers(cluster: &Path) -> Vec<i32> {
    let mut pids: Vec<i32> =
        recorded_pid(&cluster.join("postmaster.pid")).into_iter().filter(|pid| serves(*pid, cluster)).collect();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()) {
        // Every backend's working directory is the cluster; a zombie has none. A person's shell may be there as well.
        let here = fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == cluster);
        let postgres = || fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("post"));
        if here && postgres() && !pids.contains(&pid) {
            pids.push(pid);
        }
    }
    pids
}

/// Is this process a postmaster of this cluster? By its arguments, which every user may read even where a container hides
/// the working directory; a zombie has none.
fn serves(pid: i32, cluster: &Path) -> bool {
    let (arguments, separator) = if cfg!(target_os = "linux") {
        (fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default(), b'\0')
    } else {
        let ps = Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output();
        (ps.map(|output| output.stdout).unwrap_or_default(), b' ')
    };
    let ours = [b"-D", &[separator][..], cluster.as_os_str().as_encoded_bytes()].concat();
    arguments.windows(ours.len()).any(|window| window == ours)
}
