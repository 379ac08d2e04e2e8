//! The configuration: from the environment, a struct per concern, every problem told at once. `docs/CONFIGURATION.md` is the table.

use std::{net::SocketAddr, path::PathBuf};

use url::Url;

use crate::db::seal::MasterKeys;

/// Everything the server is told.
#[derive(Clone, Debug)]
pub struct Config {
    pub http: Http,
    pub database: Database,
    pub meta: MetaConfig,
    pub worker: WorkerConfig,
    /// One-tap logins and a world of invented people. Never in production.
    pub demo: bool,
}

#[derive(Clone, Debug)]
pub struct Http {
    pub listen: SocketAddr,
    /// A second listener for `/metrics`; never public.
    pub metrics: Option<SocketAddr>,
    /// The address people use.
    pub public_url: Url,
    pub pwa_dir: PathBuf,
    /// How many proxies stand in front.
    pub trusted_hops: usize,
}

#[derive(Clone, Debug)]
pub struct Database {
    /// `None`: the embedded cluster.
    pub url: Option<String>,
    pub migration_url: Option<String>,
    pub data_dir: PathBuf,
    pub connections: u32,
    /// `None`: made once under the data folder, with the embedded cluster only.
    pub master_keys: Option<MasterKeys>,
}

#[derive(Clone)]
pub struct MetaConfig {
    pub app_secret: Vec<u8>,
    pub verify_token: String,
    pub graph_url: Url,
    pub graph_version: String,
}

impl std::fmt::Debug for MetaConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetaConfig")
            .field("graph_url", &self.graph_url.as_str())
            .field("graph_version", &self.graph_version)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
pub struct WorkerConfig {
    /// Jobs at a time.
    pub concurrency: usize,
}
