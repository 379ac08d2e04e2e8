//! A connection that does not wait for ever: for the headers, for a body, for the next request, for a client that reads nothing.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep, sleep_until},
};

use super::doors::Place;
use crate::{config::Limits, error::TooSlow};

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Stage {
    /// A request's headers are under way, or the first one is awaited.
    Head,
    /// A request is answered.
    Answer,
    /// Nothing is under way.
    Between,
    /// It belongs to a socket, which has its own heartbeat.
    Upgraded,
}

/// What a connection and the requests on it share.
pub(super) struct Pace {
    stage: AtomicU8,
    pub place: Place,
}

impl Pace {
    pub fn new(place: Place) -> Self {
        Self { stage: AtomicU8::new(Stage::Head as u8), place }
    }

    fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Head,
            1 => Stage::Answer,
            2 => Stage::Between,
            _ => Stage::Upgraded,
        }
    }

    fn set(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    /// A request's headers are here.
    pub fn begun(&self) {
        self.set(Stage::Answer);
        self.place.answer();
    }

    /// The answer is 101.
    pub fn upgraded(&self) {
        self.set(Stage::Upgraded);
    }

    fn ended(&self) {
        if self.stage() != Stage::Upgraded {
            self.set(Stage::Between);
            self.place.wait();
        }
    }
}

/// The connection.
pub(super) struct Paced {
    stream: TcpStream,
    pace: Arc<Pace>,
    limits: Limits,
    patience: Pin<Box<Sleep>>,
    /// For which stage `patience` runs.
    patient_in: Stage,
    /// Since when nothing could be written.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    pub fn new(stream: TcpStream, pace: Arc<Pace>, limits: Limits) -> Self {
        Self { stream, pace, limits, patience: Box::pin(sleep(limits.head)), patient_in: Stage::Head, stalled: None }
    }

    fn expire_reading(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stage = self.pace.stage();
        let patience = match stage {
            Stage::Head => self.limits.head,
            Stage::Between => self.limits.idle,
            Stage::Answer | Stage::Upgraded => {
                self.patient_in = stage;
                return Poll::Pending;
            }
        };
        if self.patient_in != stage {
            self.patient_in = stage;
            self.patience.as_mut().reset(Instant::now() + patience);
        }
        self.patience.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    fn expire_writing<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let stage = self.pace.stage();
        if written.is_ready() || stage == Stage::Upgraded {
            if self.stalled.take().is_some() && stage == Stage::Answer {
                self.pace.place.answer();
            }
            return written;
        }
        // Who does not read is waited for like somebody who does not write.
        if self.stalled.is_none() {
            self.pace.place.wait();
        }
        let until = Instant::now() + self.limits.stall;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep_until(until)));
        stalled.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(read) => {
                if buffer.filled().len() > before && self.pace.stage() == Stage::Between {
                    self.pace.set(Stage::Head);
                }
                Poll::Ready(read)
            }
            Poll::Pending => self.expire_reading(context),
        }
    }
}

impl AsyncWrite for Paced {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.expire_writing(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.expire_writing(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A request's body. While it is awaited, so is the client.
pub(super) struct Asked<B> {
    inner: B,
    pace: Arc<Pace>,
    deadline: Pin<Box<Sleep>>,
    waits: bool,
}

impl<B> Asked<B> {
    pub fn new(inner: B, pace: Arc<Pace>, limits: Limits) -> Self {
        Self { inner, pace, deadline: Box::pin(sleep(limits.body)), waits: false }
    }
}

impl<B: Body<Data = Bytes, Error: Into<axum::BoxError>> + Unpin> Body for Asked<B> {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(frame) => {
                if std::mem::take(&mut self.waits) {
                    self.pace.place.answer();
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                if self.deadline.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Some(Err(TooSlow.into())));
                }
                if !std::mem::replace(&mut self.waits, true) {
                    self.pace.place.wait();
                }
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer's body. When it has gone out, the client is awaited again.
pub(super) struct Answered<B> {
    inner: B,
    _end: End,
}

struct End(Arc<Pace>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.ended();
    }
}

impl<B> Answered<B> {
    pub fn new(inner: B, pace: Arc<Pace>) -> Self {
        Self { inner, _end: End(pace) }
    }
}

impl<B: Body + Unpin> Body for Answered<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
