//! The process's numbers, for Prometheus. No organization, person or lead is a label. `ops/` holds the rules and the dashboard that read them.

use std::sync::OnceLock;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::{app::App, error::Result, integrations, jobs, worker};

const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Until a phone has it, which may be in a pocket.
const LEAD_SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 3600.0];

/// The process's one recorder. Without an HTTP server of its own.
pub fn recorder() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full("nextmove_lead_seconds".to_owned()), &LEAD_SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS))
            .expect("there are buckets")
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed; /metrics stays empty");
        }
        describe();
        handle
    })
}

/// What each number means; and counters begin at nought, or the first event of a kind would be no increase.
fn describe() {
    let seconds = |name: &'static str, what: &'static str| describe_histogram!(name, Unit::Seconds, what);
    seconds("nextmove_http_seconds", "Requests: method, route, class of status");
    seconds("nextmove_job_seconds", "Runs of jobs: kind, outcome (done, postponed, failed, refused)");
    seconds("nextmove_provider_seconds", "Calls to providers: provider, route, outcome");
    seconds(
        "nextmove_lead_seconds",
        "From the webhook until a lead passed a door: emitted to sockets, acknowledged by a phone",
    );
    seconds("nextmove_events_lag_seconds", "From an event to its emission");
    for (name, what) in [
        ("nextmove_jobs", "Jobs by state; dead ones wait for a person"),
        ("nextmove_jobs_due", "Jobs that are due and wait, by kind"),
        ("nextmove_job_oldest_seconds", "How long the oldest due job has waited"),
        ("nextmove_quarantine", "Deliveries that could not be taken, by reason"),
        ("nextmove_db_connections", "Connections by pool: open, idle, and how many there may be (most)"),
        ("nextmove_database_up", "Whether the database answered just now"),
        ("nextmove_sockets", "Open apps"),
        ("nextmove_connections", "Open connections, sockets included"),
        ("nextmove_info", "The version that runs"),
        ("process_resident_memory_bytes", "Memory of this process"),
        ("process_open_fds", "Open file descriptors"),
        ("process_max_fds", "File descriptors there may be"),
    ] {
        describe_gauge!(name, what);
    }
    for (name, what) in [
        ("nextmove_webhook_leads_total", "Leads that webhooks named and that will be fetched"),
        ("nextmove_webhook_quarantined_total", "Parts of deliveries that were set aside"),
        ("nextmove_webhook_refused_total", "Deliveries with a wrong signature"),
        ("nextmove_meta_missed_leads_total", "Leads that no webhook told of, found by asking"),
        ("nextmove_meta_connections_broken_total", "Connections that Meta refuses and a person must mend"),
        ("nextmove_audit_breaks_total", "Audit trails that a walk found broken"),
        ("nextmove_message_callbacks_unknown_total", "What vendors told of messages that are nobody's; it is kept"),
        ("nextmove_sql_slow_total", "Statements that took longer than 100 ms"),
        ("nextmove_requests_shed_total", "Requests that were told to come back: too many at a time"),
        ("nextmove_sockets_lagging_total", "Apps disconnected because they could not keep up"),
    ] {
        describe_counter!(name, what);
        counter!(name).increment(0);
    }
    describe_counter!("nextmove_connections_refused_total", "Connections closed because places ran out: why");
    for why in ["all", "address", "descriptors", "full"] {
        counter!("nextmove_connections_refused_total", "why" => why).increment(0);
    }
    describe_counter!(
        "nextmove_messages_total",
        "Messages handed to a vendor: channel, what came of it (taken, refused, later, unknown)"
    );
    describe_counter!(
        "nextmove_messages_settled_total",
        "Messages of which nothing more is heard: channel, state, why"
    );
    describe_counter!("nextmove_suppressions_total", "People who are not to be written to any more: channel, why");
    describe_counter!("nextmove_job_failures_total", "Failed runs of jobs: kind, whether it was given up (buried)");
    gauge!("nextmove_sockets").increment(0.0);
    gauge!("nextmove_connections").increment(0.0);
    gauge!("nextmove_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// All numbers, as Prometheus reads them. When the database is away, without those that only it knows.
pub async fn gather(app: &App) -> String {
    let handle = recorder();
    let read = read_database(app).await;
    if let Err(error) = &read {
        tracing::warn!(%error, "the numbers that the database knows are missing");
    }
    gauge!("nextmove_database_up").set(if read.is_ok() { 1.0 } else { 0.0 });
    #[allow(clippy::cast_precision_loss)] // counts far below 2^52
    for (pool, open, idle, most) in app.db.connections() {
        for (state, count) in [("open", f64::from(open)), ("idle", idle as f64), ("most", f64::from(most))] {
            gauge!("nextmove_db_connections", "pool" => pool, "state" => state).set(count);
        }
    }
    read_process();
    handle.run_upkeep();
    handle.render()
}

#[allow(clippy::cast_precision_loss)] // counts far below 2^52
async fn read_database(app: &App) -> Result<()> {
    let (depth, due, quarantined) = app
        .db
        .directory(async |directory| {
            let depth = jobs::depth(directory).await?;
            let due = jobs::due_by_kind(directory).await?;
            Ok((depth, due, integrations::quarantined(directory).await?))
        })
        .await?;
    for (state, count) in [("ready", depth.ready), ("running", depth.running), ("dead", depth.dead)] {
        gauge!("nextmove_jobs", "state" => state).set(count as f64);
    }
    let waited = depth.oldest.map_or(0, |oldest| (app.clock.now() - oldest).num_milliseconds().max(0));
    gauge!("nextmove_job_oldest_seconds").set(waited as f64 / 1000.0);
    for kind in worker::registry().kinds() {
        let count = due.iter().find(|due| due.kind == kind).map_or(0, |due| due.due);
        gauge!("nextmove_jobs_due", "kind" => kind).set(count as f64);
    }
    for reason in ["unknown_page", "unreadable", "other_field"] {
        let count = quarantined.iter().find(|(known, _)| known == reason).map_or(0, |(_, count)| *count);
        gauge!("nextmove_quarantine", "reason" => reason).set(count as f64);
    }
    Ok(())
}

/// As Prometheus names them everywhere. Linux only.
#[allow(clippy::cast_precision_loss)] // far below 2^52
fn read_process() {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let resident = pages.and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok());
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten();
    if let (Some(resident), Some(page)) = (resident, page.and_then(|page| u64::try_from(page).ok())) {
        gauge!("process_resident_memory_bytes").set((resident * page) as f64);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(open.count() as f64);
    }
    if let Ok((soft, _)) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE) {
        gauge!("process_max_fds").set(soft as f64);
    }
}
