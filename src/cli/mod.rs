//! The command line. Each command reads the configuration, starts what it needs and calls verbs; it decides nothing itself.

mod admin;
mod audit;
mod bench;
mod demo;
mod doctor;
mod sandbox;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{
    app::App,
    config::{Config, Purpose},
    db::embedded::Progress,
    identity::Role as MemberRole,
    organizations::Locale,
    start::{self, Database, Role},
    telemetry,
    types::{clock::Clock, country::Country},
    web,
};

/// What a person is told when a command cannot do its work: a sentence.
type Outcome = Result<(), String>;

#[derive(Parser)]
#[command(name = "nextmove", version, about = "Streams new Meta leads into an agent's hand.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve, as configured by the environment (docs/CONFIGURATION.md)
    Serve {
        /// What this process does
        #[arg(long, value_enum, default_value = "all", env = "PROCESS_ROLE")]
        role: Role,
    },
    /// Serve a world of invented people on this machine; nothing to configure
    Demo {
        /// Leads come from this sandbox (`nextmove sandbox --demo-pages`) instead of an own one; both need the same META_APP_SECRET
        #[arg(long)]
        meta: Option<url::Url>,
    },
    /// Prepare the database for this program
    Migrate,
    /// Check everything the server needs, and say what to do
    Doctor,
    /// People
    #[command(subcommand)]
    User(UserCommand),
    /// Organizations
    #[command(subcommand)]
    Organization(OrganizationCommand),
    /// Meta pages
    #[command(subcommand)]
    Page(PageCommand),
    /// Data keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The graveyard of jobs
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// Webhooks that were nobody's, or could not be read
    #[command(subcommand)]
    Webhooks(WebhooksCommand),
    /// The audit trail
    #[command(subcommand)]
    Audit(audit::Command),
    /// What is measured
    #[command(subcommand)]
    Bench(BenchCommand),
    /// Print the API's document
    Openapi,
    /// Play Meta on this machine
    Sandbox(sandbox::Flags),
}

#[derive(Subcommand)]
enum UserCommand {
    /// Make a person and take them into an organization. The password is read from standard input; without one it is made and shown once
    Create {
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        /// The organization's slug
        #[arg(long)]
        organization: String,
        #[arg(long, value_parser = role)]
        role: MemberRole,
        /// Make the organization, with this name
        #[arg(long, requires_all = ["country", "time_zone", "locale"])]
        create_organization: Option<String>,
        #[arg(long)]
        country: Option<Country>,
        #[arg(long)]
        time_zone: Option<String>,
        #[arg(long, value_parser = locale)]
        locale: Option<Locale>,
    },
    /// Make a code with which a person chooses a new password, to be handed over by hand
    Reset {
        #[arg(long)]
        email: String,
    },
    /// Take all second factors of a person away, who then signs in by password alone. For whoever lost their phone and their recovery codes
    ResetFactors {
        #[arg(long)]
        email: String,
    },
}

#[derive(Subcommand)]
enum OrganizationCommand {
    /// Let owners and managers in from anywhere again. The way out for those who are shut out by their own list of networks
    OpenNetworks {
        #[arg(long)]
        slug: String,
    },
    Create {
        #[arg(long)]
        slug: String,
        #[arg(long)]
        name: String,
        /// Two letters: NO
        #[arg(long)]
        country: Country,
        /// Europe/Oslo
        #[arg(long)]
        time_zone: String,
        /// nb, de, nl or en
        #[arg(long, value_parser = locale)]
        locale: Locale,
    },
}

#[derive(Subcommand)]
enum PageCommand {
    /// Connect a page's leads to an organization. The page's token is read from standard input
    Connect {
        #[arg(long)]
        organization: String,
        #[arg(long)]
        page_id: String,
        #[arg(long)]
        name: String,
    },
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Make new data keys, and wrap all older ones with the first master key
    Rotate,
}

#[derive(Subcommand)]
enum BenchCommand {
    /// Fill an empty database with many organizations of invented people. Their password is read from standard input
    Seed(bench::SeedFlags),
}

#[derive(Subcommand)]
enum JobsCommand {
    List,
    Replay { id: i64 },
}

#[derive(Subcommand)]
enum WebhooksCommand {
    List,
    Replay { id: uuid::Uuid },
}

fn role(text: &str) -> Result<MemberRole, String> {
    match text {
        "owner" => Ok(MemberRole::Owner),
        "manager" => Ok(MemberRole::Manager),
        "agent" => Ok(MemberRole::Agent),
        _ => Err("owner, manager or agent".to_owned()),
    }
}

fn locale(text: &str) -> Result<Locale, String> {
    text.parse().map_err(|_| "nb, de, nl or en".to_owned())
}

/// The program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default(); // fails only where there is one already
    let exporting = matches!(cli.command, Command::Serve { .. } | Command::Demo { .. });
    // Dropped at the end: what was not sent yet is sent then.
    let telemetry = match telemetry::start(exporting) {
        Ok(telemetry) => telemetry,
        Err(sentence) => {
            eprintln!("{sentence}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = match cli.command {
        Command::Serve { role } => serve::serve(role),
        Command::Demo { meta } => demo::demo(meta),
        Command::Migrate => migrate(),
        Command::Doctor => doctor::doctor(),
        Command::User(UserCommand::Reset { email }) => admin::reset_user(&email),
        Command::User(UserCommand::Create {
            email,
            name,
            organization,
            role,
            create_organization,
            country,
            time_zone,
            locale,
        }) => {
            let new = create_organization.zip(country).zip(time_zone).zip(locale);
            let new = new.map(|(((name, country), zone), locale)| {
                crate::organizations::NewOrganization::new(&name, &organization, country, &zone, locale)
            });
            admin::create_user(email, name, organization, role, new)
        }
        Command::User(UserCommand::ResetFactors { email }) => admin::reset_factors(&email),
        Command::Organization(OrganizationCommand::OpenNetworks { slug }) => admin::open_networks(&slug),
        Command::Organization(OrganizationCommand::Create { slug, name, country, time_zone, locale }) => {
            admin::create_organization(crate::organizations::NewOrganization::new(
                &name, &slug, country, &time_zone, locale,
            ))
        }
        Command::Page(PageCommand::Connect { organization, page_id, name }) => {
            admin::connect_page(&organization, page_id, name)
        }
        Command::Keys(KeysCommand::Rotate) => admin::rotate_keys(),
        Command::Jobs(JobsCommand::List) => admin::list_jobs(),
        Command::Jobs(JobsCommand::Replay { id }) => admin::replay_job(id),
        Command::Webhooks(WebhooksCommand::List) => admin::list_webhooks(),
        Command::Webhooks(WebhooksCommand::Replay { id }) => admin::replay_webhook(crate::types::ids::QuarantineId(id)),
        Command::Audit(command) => audit::run(command),
        Command::Bench(BenchCommand::Seed(flags)) => bench::seed(flags),
        Command::Openapi => openapi(),
        Command::Sandbox(flags) => sandbox::run(&flags),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            telemetry.tell_of_the_end(&sentence);
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("No threads to work with: {error}."))
}

fn configuration(purpose: Purpose) -> Result<Config, String> {
    Config::from_env(purpose).map_err(|problems| problems.to_string())
}

fn progress(step: Progress) {
    tracing::info!("{step}");
}

/// Runs a command that works on the database for a moment.
fn with_app(work: impl AsyncFnOnce(&App) -> Outcome) -> Outcome {
    with_database(async |app, _| work(app).await)
}

fn with_database(work: impl AsyncFnOnce(&App, &Database) -> Outcome) -> Outcome {
    let config = configuration(Purpose::Manage)?;
    let database = Database::start(&config, &|_| {}).map_err(|error| error.to_string())?;
    let outcome = runtime()?.block_on(async {
        if database.is_embedded() {
            database.migrate().await.map_err(say)?;
        }
        let url = database.url().map_err(say)?;
        let app = start::app(config, &url, Clock::Real).await.map_err(say)?;
        let outcome = work(&app, &database).await;
        app.db.close().await;
        outcome
    });
    database.stop();
    outcome
}

/// An error, for the person at the keyboard: what a caller over HTTP must not read, they may.
fn say(error: crate::error::Error) -> String {
    use crate::error::Error;
    match error {
        Error::Invalid { field, detail, .. } => format!("{field}: {detail}"),
        Error::Conflict { detail, .. } => detail.into_owned(),
        Error::NotFound => "There is no such thing.".to_owned(),
        Error::Unavailable(why) => {
            format!("The database does not answer: {why}. Is DATABASE_URL right, and does it run?")
        }
        Error::Internal(source) => source.to_string(),
        other => other.to_string(),
    }
}

fn migrate() -> Outcome {
    let config = configuration(Purpose::Manage)?;
    let database = Database::start(&config, &progress).map_err(|error| error.to_string())?;
    let outcome = runtime()?.block_on(async {
        database.migrate().await.map_err(say)?;
        if config.database.url.is_none() && !database.is_embedded() {
            return Ok(());
        }
        let url = database.url().map_err(say)?;
        let app = start::app(config, &url, Clock::Real).await.map_err(say)?;
        app.db.close().await;
        println!("The database is ready for this program (migration {}).", crate::db::setup::newest_migration());
        Ok(())
    });
    database.stop();
    outcome
}

/// With the demo's routes: the app is generated from it.
fn openapi() -> Outcome {
    let (_, document) = web::router::api(true);
    let text = document.to_pretty_json().map_err(|error| error.to_string())?;
    println!("{text}");
    Ok(())
}
