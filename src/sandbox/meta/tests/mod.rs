//! The client of `providers::meta` and the sandbox against each other, over loopback.

mod client;
mod webhook;

use super::*;
use crate::providers::meta::{AppSecret, Meta, MetaId, MetaOptions, PageToken};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_793_001_600, 0).unwrap()
}

async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    (listener, url)
}

async fn start(options: Options) -> (Sandbox, Url) {
    let (listener, url) = listen().await;
    let sandbox = Sandbox::new(options);
    tokio::spawn(serve(listener, sandbox.clone()));
    (sandbox, url)
}

/// A server of one answer, for what the sandbox does not play.
async fn one_answer(answer: impl Fn() -> axum::response::Response + Clone + Send + Sync + 'static) -> Url {
    let (listener, url) = listen().await;
    let router = axum::Router::new().fallback(move || std::future::ready(answer()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn client(url: &Url) -> Meta {
    client_with(url, |_| {})
}

fn client_with(url: &Url, change: impl FnOnce(&mut MetaOptions)) -> Meta {
    let mut options = MetaOptions::new(AppSecret::new("sandbox-app-secret"));
    options.base_url = url.clone();
    options.app_id = Some(id("300000000000001"));
    change(&mut options);
    Meta::new(options).unwrap()
}

fn token() -> PageToken {
    PageToken::new("sandbox-page-token")
}

fn id(text: &str) -> MetaId {
    MetaId::parse(text).unwrap()
}
