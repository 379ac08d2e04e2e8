//! `nextmove doctor`: what the server needs, and what to do about what is missing.

use std::{path::Path, time::Duration};

use super::{Outcome, configuration, runtime, say};
use crate::{
    app::App,
    config::{Config, Purpose},
    organizations,
    providers::mail::Mail,
    start::{self, Database},
    types::clock::Clock,
    web::health,
};

/// Free space below which PostgreSQL will soon refuse to write.
const DISK_FLOOR: u64 = 1 << 30;
/// Graph signs and webhooks carry times; a clock that is further off misjudges them.
const CLOCK_TOLERANCE: i64 = 30;

#[derive(Default)]
struct Report {
    failures: usize,
}

impl Report {
    fn tell<T>(&mut self, what: &str, found: Result<T, String>) -> Option<T> {
        match found {
            Ok(value) => {
                println!("✓ {what}");
                Some(value)
            }
            Err(todo) => {
                self.failures += 1;
                println!("✗ {what}: {todo}");
                None
            }
        }
    }
}

pub(super) fn doctor() -> Outcome {
    let mut report = Report::default();
    let strict = report.tell("the configuration for `nextmove serve`", configuration(Purpose::Serve));
    let config = match strict {
        Some(config) => config,
        None => configuration(Purpose::Manage)?,
    };
    report.tell("the app is built", check_app(&config.http.pwa_dir));
    report.tell("the disk has room", check_disk(&config.database.data_dir));
    let database =
        report.tell("the database runs", Database::start(&config, &|_| {}).map_err(|error| error.to_string()));
    runtime()?.block_on(async {
        check_graph(&mut report, &config).await;
        check_mail(&mut report, &config).await;
        if let Some(database) = &database {
            check_database(&mut report, database, config).await;
        }
    });
    if let Some(database) = database {
        database.stop();
    }
    match report.failures {
        0 => Ok(()),
        1 => Err("One thing needs attention.".to_owned()),
        count => Err(format!("{count} things need attention.")),
    }
}

fn check_app(dir: &Path) -> Result<(), String> {
    if dir.join("index.html").is_file() {
        Ok(())
    } else {
        Err(format!("{} holds no index.html. Build pwa/, or set PWA_DIR", dir.display()))
    }
}

fn check_disk(dir: &Path) -> Result<(), String> {
    let existing = dir.ancestors().find(|dir| dir.exists()).ok_or("DATA_DIR has no parent folder")?;
    let stat = nix::sys::statvfs::statvfs(existing).map_err(|error| format!("{}: {error}", existing.display()))?;
    #[allow(clippy::unnecessary_cast)] // narrower on other systems
    let free = stat.blocks_available() as u64 * stat.fragment_size() as u64;
    if free >= DISK_FLOOR {
        Ok(())
    } else {
        Err(format!("{} has {} MiB left. Free some space", existing.display(), free >> 20))
    }
}

/// Any answer will do; its date tells whether our clock is right.
async fn check_graph(report: &mut Report, config: &Config) {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build();
    let answer = match client {
        Ok(client) => {
            client.get(config.meta.graph_url.clone()).send().await.map_err(|error| error.without_url().to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    let answer = answer.map_err(|why| format!("{why}. Does a firewall or a proxy stand between?"));
    let Some(answer) = report.tell("Meta's Graph answers", answer) else { return };
    let date = answer.headers().get("date").and_then(|value| value.to_str().ok());
    let Some(theirs) = date.and_then(|date| chrono::DateTime::parse_from_rfc2822(date).ok()) else { return };
    let off = (Clock::Real.now() - theirs.to_utc()).num_seconds();
    let right = if off.abs() <= CLOCK_TOLERANCE {
        Ok(())
    } else {
        Err(format!("it is {off} s off. Start a time service (chrony, systemd-timesyncd)"))
    };
    report.tell("the clock is right", right);
}

/// Without mail nothing is broken: people hand codes over themselves.
async fn check_mail(report: &mut Report, config: &Config) {
    let Some(options) = config.mail.clone() else {
        println!(
            "· mail is not set up: invitations show their code to whoever invites, and a forgotten password is reset with `nextmove user reset`. Set SMTP_URL and MAIL_FROM"
        );
        return;
    };
    let answer = match Mail::new(options) {
        Ok(mail) => {
            mail.check().await.map_err(|error| format!("{error}. Are name, password and port in SMTP_URL right?"))
        }
        Err(error) => Err(error.to_string()),
    };
    report.tell("the mail server lets us in", answer);
}

async fn check_database(report: &mut Report, database: &Database, config: Config) {
    if database.is_embedded() && report.tell("its migrations apply", database.migrate().await.map_err(say)).is_none() {
        return;
    }
    let Ok(url) = database.url() else { return };
    let app = start::app(config, &url, Clock::Real).await.map_err(say);
    let Some(app) = report.tell("the server's role connects, and sees no more than it may", app) else { return };
    let ready = health::unreadiness(&app).await.map_or(Ok(()), Err);
    report.tell("all migrations are applied", ready);
    report.tell("every organization's keys open", check_keys(&app).await);
    let dead = start::depth(&app).await.map_err(say).and_then(|depth| match depth.dead {
        0 => Ok(()),
        dead => Err(format!("{dead} jobs lie there. See `nextmove jobs list`")),
    });
    report.tell("the graveyard is empty", dead);
    app.db.close().await;
}

async fn check_keys(app: &App) -> Result<(), String> {
    let ids = app.db.directory(async |directory| organizations::all_ids(directory).await).await.map_err(say)?;
    for id in ids {
        let read = app.db.read(id, crate::db::Actor::System, async |tx| organizations::current(tx).await).await;
        read.map_err(|error| format!("organization {id}: {}. Is a master key missing in MASTER_KEYS?", say(error)))?;
    }
    Ok(())
}
