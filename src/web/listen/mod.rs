//! The listener: HTTP/1.1 (a proxy ends HTTP/2 and TLS), with limits on what a client may send and how long we wait for it.
//!
//! Invariant: clients that send nothing, or little, or never read, keep nobody else out. They leave when their time is over, and before
//! that when their place is needed (`doors`). Proven by `tests/it/limits.rs`, and with 10,000 of them by `benches/run --only half-open`.

mod doors;
mod pace;

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::StatusCode,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use crate::config::{Http, Limits};
use doors::{Doors, Place};
use pace::{Answered, Asked, Pace, Paced};

/// All headers of a request together, its first line included; hyper answers 431 to more, and to more than 100 of them.
const HEAD_BYTES: usize = 32 * 1024;
/// File descriptors for the database, providers and files.
const OTHER_DESCRIPTORS: u64 = 256;
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Lets the process open as many files as it may. Tells how many; connections beyond that cannot be.
pub fn raise_descriptors() -> u64 {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 1024 };
    match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(_) => soft, // macOS has a lower limit of its own
    }
}

/// Answers HTTP until told to stop, then lets what is under way end.
pub async fn serve(listener: TcpListener, router: Router, http: &Http, stop: CancellationToken) {
    // So many may wait to be accepted: a crowd that comes at once is not told to come back a second later.
    let _ = nix::sys::socket::Backlog::new(4096).and_then(|backlog| nix::sys::socket::listen(&listener, backlog));
    let limits = http.limits;
    let descriptors = raise_descriptors().saturating_sub(OTHER_DESCRIPTORS).max(64);
    let most = limits.connections.min(usize::try_from(descriptors).unwrap_or(usize::MAX));
    let doors = Doors::new(most, limits.connections_per_address);
    let open = TaskTracker::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    cannot_accept(&doors, &error).await;
                    continue;
                }
            },
            () = stop.cancelled() => break,
        };
        // A proxy's connections are many people's, and this machine's own are ours.
        let counted =
            (http.trusted_hops == 0 && !peer.ip().to_canonical().is_loopback()).then(|| peer.ip().to_canonical());
        match doors.enter(counted) {
            Some(place) => {
                open.spawn(converse(stream, peer, place, router.clone(), limits, stop.clone()));
            }
            None => {
                metrics::counter!("nextmove_connections_refused_total", "why" => "full").increment(1);
                open.spawn(turn_away(stream));
            }
        }
    }
    drop(listener);
    open.close();
    open.wait().await;
}

async fn cannot_accept(doors: &Doors, error: &io::Error) {
    match error.kind() {
        // Gone before we looked.
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused => {}
        _ => {
            doors.make_room();
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn turn_away(mut stream: TcpStream) {
    let said = async {
        stream.write_all(FULL).await?;
        stream.shutdown().await
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), said).await; // who cannot hear it is not told
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) {
    // Without it the answer to a small request can wait 40 ms for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let leave = place.leave.clone();
    let pace = Arc::new(Pace::new(place));
    let io = TokioIo::new(Paced::new(stream, pace.clone(), limits));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (router, pace) = (router.clone(), pace.clone());
        async move { Ok::<_, Infallible>(answer(request, peer, router, pace, limits).await) }
    });
    let connection =
        http1::Builder::new().half_close(false).max_buf_size(HEAD_BYTES).serve_connection(io, service).with_upgrades();
    let mut connection = pin!(connection);
    let mut stopping = false;
    loop {
        tokio::select! {
            biased;
            () = leave.cancelled() => return,
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::trace!(%error, "a connection broke off");
                }
                return;
            }
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
    router: Router,
    pace: Arc<Pace>,
    limits: Limits,
) -> hyper::Response<Answered<Body>> {
    pace.begun();
    let mut request: Request = request.map(|body| match hyper::body::Body::is_end_stream(&body) {
        true => Body::empty(),
        false => Body::new(Asked::new(body, pace.clone(), limits)),
    });
    request.extensions_mut().insert(ConnectInfo(peer));
    let Ok(response) = router.oneshot(request).await;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        pace.upgraded();
    }
    response.map(|body| Answered::new(body, pace))
}
