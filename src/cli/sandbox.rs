//! `nextmove sandbox`: Meta, played on this machine.

use std::{net::SocketAddr, ops::Range};

use clap::Args;
use tokio::{io::AsyncReadExt, net::TcpListener};
use url::Url;

use super::{Outcome, runtime, serve::stop_on_signal};
use crate::{
    demo::{DemoPage, PAGES},
    sandbox::{
        mail::{self, Sink},
        meta::{self, Language, Options, PageOptions},
        senders::{self, Senders},
    },
    types::clock::Clock,
};

pub(super) const APP_SECRET: &str = "META_APP_SECRET";
pub(super) const VERIFY_TOKEN: &str = "META_VERIFY_TOKEN";

#[derive(Args)]
pub(super) struct Flags {
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Where leads are announced: http://127.0.0.1:8080/webhooks/meta-lead
    #[arg(long)]
    webhook_url: Option<Url>,
    #[arg(long, env = APP_SECRET, hide_env_values = true)]
    app_secret: Option<String>,
    #[arg(long, env = VERIFY_TOKEN, hide_env_values = true)]
    verify_token: Option<String>,
    /// Any numeric id is a lead, any token will do: for benchmarks
    #[arg(long)]
    open_world: bool,
    #[arg(long)]
    seed: Option<u64>,
    /// A new lead after a gap from this range of seconds, again and again: 45..180
    #[arg(long, value_parser = range)]
    stream: Option<Range<u64>>,
    /// Play the pages of the demo's organizations
    #[arg(long)]
    demo_pages: bool,
    /// Also a mail server: it takes letters here, and shows them under /mails of --listen
    #[arg(long)]
    mail_listen: Option<SocketAddr>,
    /// Also those who send SMS and e-mail over HTTP, under paths of their own; they tell the server of --webhook-url how it goes on. /texts shows the SMS
    #[arg(long)]
    senders: bool,
    /// Ends when standard input does
    #[arg(long)]
    until_input_ends: bool,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let ends = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    ends.map(|(from, to)| from..to).ok_or_else(|| "a range of seconds: 45..180".to_owned())
}

fn demo_pages() -> Vec<PageOptions> {
    let page = |page: &DemoPage| {
        let language = if page.language == "de" { Language::De } else { Language::Nb };
        PageOptions {
            id: page.id.to_owned(),
            name: page.name.to_owned(),
            token: page.token.to_owned(),
            forms: page.forms.iter().map(|form| ((*form).to_owned(), language)).collect(),
        }
    };
    PAGES.iter().map(page).collect()
}

pub(super) fn run(flags: &Flags) -> Outcome {
    let mut options = Options { listen: flags.listen, ..Options::new(|| Clock::Real.now()) };
    options.open_world = flags.open_world;
    options.webhook_url = flags.webhook_url.clone();
    options.stream = flags.stream.clone();
    options.seed = flags.seed.unwrap_or(options.seed);
    if flags.demo_pages {
        options.pages = demo_pages();
    }
    if let Some(secret) = &flags.app_secret {
        options.app_secret = secret.clone();
    }
    if let Some(token) = &flags.verify_token {
        options.verify_token = token.clone();
    }
    let sink = Sink::default();
    let mail_listen = flags.mail_listen;
    if mail_listen.is_some() {
        options.beside = sink.router();
    }
    if flags.senders {
        let server = flags.webhook_url.as_ref().and_then(|url| url.join("/").ok());
        let clock = std::sync::Arc::new(|| Clock::Real.now());
        let senders = Senders::new(senders::Options { server, delivers: true, clock });
        options.beside = std::mem::take(&mut options.beside).merge(senders.router());
    }
    let until_input_ends = flags.until_input_ends;
    let outcome = runtime()?.block_on(async {
        let stop = stop_on_signal()?;
        let ended = stop.clone();
        if until_input_ends {
            tokio::spawn(async move {
                let mut byte = [0];
                while matches!(tokio::io::stdin().read(&mut byte).await, Ok(1..)) {}
                ended.cancel();
            });
        }
        if let Some(address) = mail_listen {
            let listener = TcpListener::bind(address);
            let listener = listener.await.map_err(|error| format!("The mail sandbox on {address}: {error}."))?;
            tokio::spawn(mail::serve(listener, sink));
        }
        let listen = options.listen;
        meta::run(options, stop.cancelled_owned()).await.map_err(|error| format!("The sandbox on {listen}: {error}."))
    });
    if until_input_ends {
        // A thread may still wait for standard input, and the runtime would wait for it.
        std::process::exit(i32::from(outcome.is_err()));
    }
    outcome
}
