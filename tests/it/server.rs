//! The binary as it runs: started, told to stop, killed.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use nextmove::{
    db::embedded::{Embedded, Options},
    providers::meta::signature,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;

use crate::world::APP_SECRET;

pub const KEYS: &str = "t1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// However busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server process, and what it is started with.
pub struct Server {
    pub child: Option<Child>,
    pub arguments: Vec<&'static str>,
    pub environment: Vec<(&'static str, String)>,
    pub log: PathBuf,
    pub port: u16,
}

impl Server {
    pub fn new(arguments: &[&'static str], environment: &[(&'static str, String)], log: PathBuf, port: u16) -> Self {
        let mut environment = environment.to_vec();
        environment.push(("LISTEN_ADDR", format!("127.0.0.1:{port}")));
        Self { child: None, arguments: arguments.to_vec(), environment, log, port }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nextmove"));
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (*name, value))).stdin(Stdio::null());
        command
    }

    pub fn set(&mut self, name: &'static str, value: &str) {
        self.environment.retain(|(known, _)| *known != name);
        self.environment.push((name, value.to_owned()));
    }

    /// Another command, with the same environment.
    pub fn run(&self, arguments: &[&str], input: &str) {
        let mut command = self.command();
        command.args(arguments).env("RUST_LOG", "warn").stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        child.stdin.take().expect("an input").write_all(input.as_bytes()).expect("it reads");
        assert!(child.wait().expect("it ends").success(), "{arguments:?}");
    }

    pub fn start(&mut self) {
        let log = fs::File::options().create(true).append(true).open(&self.log).expect("a log");
        let child = self.command().args(&self.arguments).stdout(Stdio::null()).stderr(log).spawn();
        self.child = Some(child.expect("it starts"));
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("killed");
            child.wait().expect("gone");
        }
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let child = self.child.as_ref().expect("it runs");
        kill(Pid::from_raw(i32::try_from(child.id()).expect("a pid")), Signal::SIGTERM).expect("told");
    }

    pub async fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        let child = self.child.as_mut().expect("it runs");
        loop {
            if let Some(status) = child.try_wait().expect("asked") {
                self.child = None;
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end: {}", self.read_log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn read_log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub async fn ready(&self) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if self.readiness().await == Some(200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server does not come up: {}", self.read_log());
    }

    /// What `/readyz` says; nothing where nobody answers.
    pub async fn readiness(&self) -> Option<u16> {
        client().get(self.url("/readyz")).send().await.ok().map(|answer| answer.status().as_u16())
    }

    pub async fn get(&self, path: &str, cookie: &str) -> reqwest::Response {
        client().get(self.url(path)).header("cookie", cookie).send().await.expect("the server answers")
    }

    /// A delivery that Meta signed.
    pub async fn post_webhook(&self) -> reqwest::Response {
        let value = json!({ "leadgen_id": "1", "page_id": "1", "form_id": "1", "created_time": 1 });
        let entry = json!({ "id": "1", "time": 1, "changes": [{ "field": "leadgen", "value": value }] });
        let body = json!({ "object": "page", "entry": [entry] }).to_string();
        let signature = signature::sign(APP_SECRET.as_bytes(), body.as_bytes());
        let asked = client().post(self.url("/webhooks/meta-lead")).header("x-hub-signature-256", signature);
        asked.header("content-type", "application/json").body(body).send().await.expect("the server answers")
    }

    /// The sum of a metric's series that have all these labels.
    pub async fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        let answer = client().get(self.url("/metrics")).send().await.expect("the server answers");
        let text = answer.text().await.expect("text");
        let of_it = |line: &&str| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
                && labels.iter().all(|label| line.contains(label))
        };
        text.lines().filter(of_it).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A connection each: who asks is not sent to whom was asked before.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client")
}

/// A port to listen on, also again after a while. Below those that the system gives to whoever connects: one of them could be anybody's by then.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id().wrapping_mul(97);
    loop {
        let number = first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        let port = 12_000 + u16::try_from(number).expect("below 20,000");
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

pub fn cluster(folder: &Path) -> Embedded {
    Embedded::start(&folder.join("data"), &Options { max_connections: 100, ..Options::default() })
        .expect("PostgreSQL starts")
}
