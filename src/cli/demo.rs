//! `nextmove demo`: a world of invented people on this machine, and a Meta that sends their leads.

use std::{
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
};

use url::Url;

use super::{
    Outcome, configuration, progress, runtime, sandbox, say,
    serve::{bind, prepare, stop_on_signal, unless_stopped},
};
use crate::{
    config::{Config, MAIL_TIMEOUT, Purpose},
    identity,
    providers::{mail::MailOptions, sms::SmsOptions},
    sandbox::{meta::APP_ID, senders::Senders},
    start::{self, Database, Role},
};

/// `meta`: a sandbox that runs already; without one the demo plays its own.
pub(super) fn demo(meta: Option<Url>) -> Outcome {
    let mut config = configuration(Purpose::Demo)?;
    config.database.data_dir = config.database.data_dir.join("demo");
    let listener = bind(config.http.listen, "LISTEN_ADDR")?;
    let own_sandbox = if meta.is_none() { Some(free_address()?) } else { None };
    let own_url = own_sandbox.and_then(|address| Url::parse(&format!("http://{address}")).ok());
    config.meta.app_id.get_or_insert_with(|| APP_ID.to_owned());
    config.meta.graph_url = meta.or(own_url).ok_or("The sandbox has no address.")?;
    // A relay of one's own would write to people who do not exist.
    let own_mail = if own_sandbox.is_some() && config.mail.is_none() { Some(free_address()?) } else { None };
    if let Some(address) = own_mail {
        config.mail = Some(sandbox_mail(address)?);
    }
    if let (Some(address), None) = (own_sandbox, &config.sms) {
        config.sms = Some(sandbox_sms(address)?);
    }
    let mut database = Database::start(&config, &progress).map_err(|error| error.to_string())?;
    let sandbox = own_sandbox.map(|address| Sandbox::start(address, own_mail, &config)).transpose()?;
    let outcome = runtime()?.block_on(async {
        let stop = stop_on_signal()?;
        let starting = async {
            let app = prepare(config, &database).await?;
            crate::demo::fill(&app).await.map_err(say)?;
            Ok(app)
        };
        let Some(app) = unless_stopped(&stop, starting).await? else { return Ok(()) };
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?;
        let logins = app.db.directory(async |directory| identity::demo_logins(directory).await).await.map_err(say)?;
        println!("\n  NextMove runs at {}\n", app.config.http.public_url);
        for login in logins {
            let place = login.organization.as_deref().unwrap_or("the agency");
            println!(
                "  {:<28} {:<14} {}",
                login.email,
                serde_json::to_value(login.role)
                    .ok()
                    .and_then(|role| role.as_str().map(str::to_owned))
                    .unwrap_or_default(),
                place
            );
        }
        println!("\n  Sign in with one tap. Ctrl-C stops everything.");
        if let (Some(_), Some(address)) = (own_mail, own_sandbox) {
            println!("  Mails stay here, to be read at http://{address}/mails; SMS at http://{address}/texts");
        }
        println!();
        tokio::select! {
            served = start::run(app, Role::All, listener, None, stop) => served.map_err(say),
            ended = database.ended() => ended.map_err(say),
        }
    });
    drop(sandbox);
    database.stop();
    outcome
}

/// A port that is free now; the sandbox takes it a moment later.
fn free_address() -> Result<SocketAddr, String> {
    let probe = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    probe.map_err(|error| format!("No free port for the Meta sandbox: {error}."))
}

/// The demo's letters go to the sandbox.
fn sandbox_mail(address: SocketAddr) -> Result<MailOptions, String> {
    let url = Url::parse(&format!("smtp://{address}")).map_err(|error| error.to_string())?;
    let from = "NextMove <demo@nextmove.example>".parse().map_err(|_| "The demo has no sender.")?;
    Ok(MailOptions { url, from, timeout: MAIL_TIMEOUT, webhook_key: None })
}

/// So do its text messages.
fn sandbox_sms(address: SocketAddr) -> Result<SmsOptions, String> {
    let (url, key) = Senders::sms_url("twilio", &address.to_string());
    let from = Some("NextMove".parse().map_err(|_| "The demo has no sender.")?);
    Ok(SmsOptions { url, from, webhook_key: Some(key.to_owned()), timeout: MAIL_TIMEOUT })
}

/// The sandbox's process. It ends when its standard input does, so also when we are killed.
struct Sandbox(Child);

impl Sandbox {
    fn start(address: SocketAddr, mail: Option<SocketAddr>, config: &Config) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| format!("Where am I? {error}"))?;
        let webhook = format!("http://{}/webhooks/meta-lead", config.http.listen);
        let secret = String::from_utf8_lossy(&config.meta.app_secret).into_owned();
        let mail = mail.map(|address| format!("--mail-listen={address}"));
        let child = Command::new(program)
            .args(["sandbox", "--until-input-ends", "--demo-pages", "--senders", "--stream", "20..40"])
            .args(["--listen", &address.to_string(), "--webhook-url", &webhook])
            .args(mail)
            .env(sandbox::APP_SECRET, secret) // not an argument: those everybody on the machine can read
            .env(sandbox::VERIFY_TOKEN, &config.meta.verify_token)
            .stdin(Stdio::piped())
            .spawn();
        child.map(Self).map_err(|error| format!("The Meta sandbox did not start: {error}."))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
