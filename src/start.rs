//! From a configuration to a running app: the database, the keys, the parts. The command line and the tests start the same way.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    config::Config,
    db::{
        self, Db,
        embedded::{Embedded, EmbeddedError, Options, Progress},
        seal::MasterKeys,
        setup,
    },
    error::{Error, Result},
    jobs::{self, worker::Worker},
    live,
    providers::{
        mail::Mail,
        meta::{AppSecret, Meta, MetaId, MetaOptions},
        push::PushSender,
        sms::Sms,
    },
    types::clock::Clock,
    web, worker,
};

/// The database's name in the embedded cluster.
pub const DATABASE: &str = "nextmove";

/// Where the database is: somebody's, or our own.
pub struct Database {
    embedded: Option<Embedded>,
    url: Option<String>,
    migration_url: Option<String>,
}

impl Database {
    /// Starts the embedded cluster where no `DATABASE_URL` is given. Blocks: call it before the runtime starts.
    pub fn start(config: &Config, progress: &dyn Fn(Progress)) -> Result<Self, EmbeddedError> {
        // An address of either kind means that the database is somebody's, who would not thank us for filling another one.
        let embedded = match config.database.url.as_ref().or(config.database.migration_url.as_ref()) {
            Some(_) => None,
            None => {
                let max_connections = u16::try_from(config.database.connections * 2 + 20).unwrap_or(u16::MAX).max(64);
                let options = Options { max_connections, progress, ..Options::default() };
                Some(Embedded::start(&config.database.data_dir, &options)?)
            }
        };
        Ok(Self { embedded, url: config.database.url.clone(), migration_url: config.database.migration_url.clone() })
    }

    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// As the role that serves requests.
    pub fn url(&self) -> Result<String> {
        let own = self.embedded.as_ref().map(|embedded| embedded.url(setup::APP, DATABASE));
        own.or_else(|| self.url.clone()).ok_or_else(|| Error::internal("there is no database"))
    }

    /// Roles, database, migrations. Of a database that is not our own only the migrations, which need `MIGRATION_DATABASE_URL`.
    pub async fn migrate(&self) -> Result<()> {
        match (&self.embedded, &self.migration_url) {
            (Some(embedded), _) => {
                setup::create_database(|database| embedded.url("postgres", database), DATABASE).await?;
                setup::migrate(&embedded.url(setup::OWNER, DATABASE)).await
            }
            (None, Some(url)) => setup::migrate(url).await,
            (None, None) => Err(Error::internal(
                "MIGRATION_DATABASE_URL is not set: the address of the database as the role that owns it (docs/CONFIGURATION.md)",
            )),
        }
    }

    /// Does at once what autovacuum would do in its time. As the role that owns the tables.
    pub async fn tidy(&self) -> Result<()> {
        let own = self.embedded.as_ref().map(|embedded| embedded.url(setup::OWNER, DATABASE));
        let url = own.or_else(|| self.migration_url.clone());
        setup::tidy(&url.ok_or_else(|| Error::internal("MIGRATION_DATABASE_URL is not set"))?).await
    }

    /// Returns when our own cluster has ended by itself: killed, out of memory, its disk full. A database of somebody else's comes back
    /// by itself, or does not; it is waited for.
    pub async fn ended(&mut self) -> Result<()> {
        let Some(embedded) = &mut self.embedded else { return std::future::pending().await };
        while !embedded.has_ended() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Err(Error::internal(
            "The embedded database has ended by itself, so NextMove ends too. Start it again: nothing that was answered is lost.",
        ))
    }

    /// Stops our own cluster. After the pool is closed.
    pub fn stop(mut self) {
        if let Some(embedded) = &mut self.embedded
            && let Err(error) = embedded.stop()
        {
            tracing::warn!(%error, "the embedded database stopped, but its lock file could not be written");
        }
    }
}

/// The master keys: of the configuration, or made once beside the embedded cluster.
pub fn master_keys(config: &Config) -> Result<MasterKeys> {
    if let Some(keys) = &config.database.master_keys {
        return Ok(keys.clone());
    }
    let path = config.database.data_dir.join("master.keys");
    if !path.exists() {
        write_secret(&path, &MasterKeys::generate()).map_err(Error::internal)?;
    }
    let text = fs::read_to_string(&path).map_err(Error::internal)?;
    MasterKeys::parse(&text).map_err(|why| Error::internal(format!("{}: {why}", path.display())))
}

/// Written under another name first: half a key would lock everybody out.
fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let scratch = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&scratch)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // `link` fails where another process was faster, and its key counts.
    let linked = fs::hard_link(&scratch, path);
    fs::remove_file(&scratch)?;
    match linked {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Connects, makes the directory's keys where there are none, and puts the parts together.
pub async fn app(config: Config, database_url: &str, clock: Clock) -> Result<App> {
    let keys = master_keys(&config)?;
    let db = Db::connect(database_url, config.database.connections, clock.clone(), keys).await?;
    db.directory(async |directory| db::ensure_keys(directory, None).await).await?;
    let options = MetaOptions {
        base_url: config.meta.graph_url.clone(),
        version: config.meta.graph_version.clone(),
        app_id: config.meta.app_id.as_deref().and_then(|id| MetaId::parse(id).ok()),
        ..MetaOptions::new(AppSecret::new(config.meta.app_secret.clone()))
    };
    let meta = Meta::new(options).map_err(Error::internal)?;
    let mail = config.mail.clone().map(Mail::new).transpose().map_err(Error::internal)?;
    let sms = config.sms.clone().map(Sms::new).transpose().map_err(Error::internal)?;
    let push = PushSender::new(config.push.clone()).map_err(Error::internal)?;
    Ok(App::new(db, meta, (mail, sms, push), clock, config))
}

/// Which part of the work a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Everything, in one process.
    All,
    /// HTTP, webhooks and sockets. Jobs are enqueued for workers elsewhere.
    Web,
    /// Jobs. Its port answers whether it lives and is ready, and nothing else.
    Worker,
}

/// Before the end: jobs that are broken off are given back, and others told so.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Serves and works until told to stop. Then, one after the other: it says that it is not ready, and goes on as before until no balancer
/// sends anybody any more; takes no connection and no job, sends its sockets elsewhere, finishes what was asked of it and gives back
/// the jobs it has not begun; and last of all the bell, by which others hear of those. All of it within `DRAIN_SECONDS`.
pub async fn run(
    app: App,
    role: Role,
    listener: TcpListener,
    metrics: Option<TcpListener>,
    stop: CancellationToken,
) -> Result<()> {
    web::numbers::recorder(); // first: what is counted before there is one is counted nowhere
    let (closing, leaving, over) = (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());
    // What has to end by itself, and what goes on until that has ended.
    let (mut work, mut ground) = (JoinSet::new(), JoinSet::new());
    ground.spawn(keep_metrics(over.clone()));
    ground.spawn(live::others::run(app.db.clone(), app.config.processes.redis.clone(), over.clone()));
    if let Some(listener) = metrics {
        ground.spawn(answer(listener, web::health::metrics_router(app.clone()), app.clone(), over.clone()));
    }
    if role != Role::Web {
        let worker = Worker {
            db: app.db.clone(),
            app: app.clone(),
            registry: Arc::new(worker::registry()),
            concurrency: app.config.worker.concurrency,
            handover: app.kept(),
        };
        work.spawn(worker.run(closing.clone(), leaving.clone()));
    }
    let router = if role == Role::Worker {
        web::router::worker_router(app.clone())
    } else {
        let (layer, sockets) = web::socket::layer(&app);
        ground.spawn(live::listener::run(app.db.clone(), Arc::new(sockets.clone()), over.clone()));
        work.spawn(sockets.keep_house(closing.clone()));
        web::router::router(app.clone(), layer)
    };
    work.spawn(answer(listener, router, app.clone(), closing.clone()));

    stop.cancelled().await;
    app.stopping.cancel();
    let processes = &app.config.processes;
    tokio::time::sleep(processes.drain_delay).await;
    closing.cancel();
    let rest = processes.drain - processes.drain_delay;
    let last_words = LAST_WORDS.min(rest / 3);
    let mut ended = ends_within(&mut work, rest - 2 * last_words).await;
    leaving.cancel();
    ended = ended || ends_within(&mut work, last_words).await;
    over.cancel();
    if !ended || !ends_within(&mut ground, last_words).await {
        tracing::warn!(seconds = processes.drain.as_secs(), "not everything ended in time");
    }
    work.shutdown().await;
    ground.shutdown().await;
    // A connection that hangs is not waited for.
    let _ = tokio::time::timeout(last_words, app.db.close()).await;
    tracing::info!("ended");
    Ok(())
}

async fn ends_within(tasks: &mut JoinSet<()>, time: Duration) -> bool {
    tokio::time::timeout(time, async { while tasks.join_next().await.is_some() {} }).await.is_ok()
}

/// Without it every sample is kept until somebody asks for the metrics.
async fn keep_metrics(over: CancellationToken) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    while !over.is_cancelled() {
        tokio::select! { _ = tick.tick() => web::numbers::recorder().run_upkeep(), () = over.cancelled() => {} }
    }
}

/// The router, with what feeds its sockets among `tasks`: for tests, which end all at once.
pub fn serving(app: &App, tasks: &mut JoinSet<()>, stop: &CancellationToken) -> axum::Router {
    let (layer, sockets) = web::socket::layer(app);
    tasks.spawn(live::others::run(app.db.clone(), app.config.processes.redis.clone(), stop.clone()));
    tasks.spawn(live::listener::run(app.db.clone(), Arc::new(sockets.clone()), stop.clone()));
    tasks.spawn(sockets.keep_house(stop.clone()));
    web::router::router(app.clone(), layer)
}

/// Answers HTTP until told to stop.
pub async fn answer(listener: TcpListener, router: axum::Router, app: App, stop: CancellationToken) {
    web::listen::serve(listener, router, &app.config.http, stop).await;
}

/// The graveyard and the queue, for the command line.
pub async fn depth(app: &App) -> Result<jobs::Depth> {
    app.db.directory(async |directory| jobs::depth(directory).await).await
}
