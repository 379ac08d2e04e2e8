//! How many requests are answered at a time. More are told to come back, at once and cheaply, instead of all becoming slow together; and
//! webhooks have places of their own, so that however many people ask, leads come in.
//!
//! Whoever has not finished sending holds no place: a thousand slow bodies take nothing from anybody.

use std::{
    collections::HashMap,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    app::App,
    error::{Error, Full},
    identity::{client_address, counted},
};

/// A longer address than any of ours with all its filters and cursors.
const LONGEST_URI: usize = 8 * 1024;

/// The places of this process.
#[derive(Clone)]
pub struct Gate {
    app: App,
    people: Arc<Semaphore>,
    webhooks: Arc<Semaphore>,
    callers: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Gate {
    pub fn new(app: App) -> Self {
        let limits = app.config.http.limits;
        Self {
            people: Arc::new(Semaphore::new(limits.requests)),
            webhooks: Arc::new(Semaphore::new(limits.webhooks)),
            callers: Arc::default(),
            app,
        }
    }

    /// Counts the caller; `None` where they have enough under way. This machine itself is not counted.
    fn caller(&self, address: Option<IpAddr>) -> Result<Option<Caller>, Error> {
        let Some(address) = address.map(counted).filter(|address| !address.is_loopback()) else { return Ok(None) };
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let under_way = callers.entry(address).or_insert(0);
        if *under_way >= self.app.config.http.limits.requests_per_caller {
            return Err(Error::TooMany { retry_after: 1, reason: "concurrency" });
        }
        *under_way += 1;
        Ok(Some(Caller { callers: self.callers.clone(), address }))
    }
}

struct Caller {
    callers: Arc<Mutex<HashMap<IpAddr, usize>>>,
    address: IpAddr,
}

impl Drop for Caller {
    fn drop(&mut self) {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(under_way) = callers.get_mut(&self.address) {
            *under_way -= 1;
            if *under_way == 0 {
                callers.remove(&self.address);
            }
        }
    }
}

/// Lets a request in, or tells it to come back.
pub async fn admit(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    if request.uri().path_and_query().is_some_and(|uri| uri.as_str().len() > LONGEST_URI) {
        return Error::UriTooLong.into_response();
    }
    let path = request.uri().path();
    // Whether the process lives must be seen above all when it is full.
    if matches!(path, "/healthz" | "/readyz" | "/metrics") {
        return next.run(request).await;
    }
    let is_webhook = path.starts_with("/webhooks/");
    let (parts, body) = request.into_parts();
    let caller = match is_webhook {
        true => Ok(None),
        false => gate.caller(client_address(&parts, gate.app.config.http.trusted_hops)),
    };
    let _caller = match caller {
        Ok(caller) => caller,
        Err(refused) => return refused.into_response(),
    };
    let places = if is_webhook { &gate.webhooks } else { &gate.people };
    let turn = Arc::new(Turn { places: places.clone(), place: Mutex::default() });
    if !turn.take() {
        return Error::Full.into_response();
    }
    let body = if body.is_end_stream() { body } else { Body::new(Awaited { inner: body, turn: turn.clone() }) };
    next.run(Request::from_parts(parts, body)).await
}

/// A request's place, while it has one.
struct Turn {
    places: Arc<Semaphore>,
    place: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Turn {
    fn take(&self) -> bool {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        if place.is_none() {
            *place = self.places.clone().try_acquire_owned().ok();
            if place.is_none() {
                metrics::counter!("nextmove_requests_shed_total").increment(1);
            }
        }
        place.is_some()
    }

    fn give_back(&self) {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// A body that may be long in coming.
struct Awaited {
    inner: Body,
    turn: Arc<Turn>,
}

impl HttpBody for Awaited {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Pending => {
                self.turn.give_back();
                Poll::Pending
            }
            Poll::Ready(frame) if self.turn.take() => Poll::Ready(frame.map(|frame| frame.map_err(Into::into))),
            Poll::Ready(_) => Poll::Ready(Some(Err(Full.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[tokio::test]
    async fn who_has_not_finished_sending_holds_no_place() {
        let places = Arc::new(Semaphore::new(1));
        let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
        let inner = Body::from_stream(futures::stream::unfold(receiver, async |mut receiver| {
            receiver.recv().await.map(|part| (part, receiver))
        }));
        let turn = Arc::new(Turn { places: places.clone(), place: Mutex::default() });
        assert!(turn.take());
        let mut body = Awaited { inner, turn: turn.clone() };
        let mut context = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut body).poll_frame(&mut context).is_pending());
        let other = places.clone().try_acquire_owned().expect("it was given back");
        sender.send(Ok(Bytes::from_static(b"x"))).await.expect("taken");
        let refused = Pin::new(&mut body).poll_frame(&mut context);
        assert!(matches!(refused, Poll::Ready(Some(Err(error))) if error.is::<Full>()), "no place to go on");
        drop(other);
        sender.send(Ok(Bytes::from_static(b"y"))).await.expect("taken");
        assert!(matches!(Pin::new(&mut body).poll_frame(&mut context), Poll::Ready(Some(Ok(_)))));
        assert_eq!(places.available_permits(), 0);
    }
}
