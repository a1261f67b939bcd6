//! The HTTP server: bounded connections, each with a time for everything that it does, so that
//! nobody keeps others out by opening many or by being slow.
//!
//! At the limit a new connection takes the place of the one that has waited longest for its client:
//! for a request, the rest of its head, or the rest of its body. Connections whose request is being
//! answered keep theirs, and are closed after the response while no place is free.

mod activity;
pub mod open_files;
mod watched;

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use domain::seams::Clock;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;

use self::activity::Activity;
use self::watched::{RequestBody, ResponseBody, Stream};
use web::pages::browser::Peer;

/// The most connections at the same time; fewer if the limit of open files is too small for them.
pub const CONNECTIONS_MAX: usize = 10_000;
/// How long a connection may wait for its next request, in milliseconds.
pub const IDLE_MS: u64 = 60_000;
/// How long the head of a request may take from its first byte, in milliseconds.
pub const HEAD_MS: u64 = 10_000;
/// How long the body of a request may take from the end of the head, in milliseconds.
pub const BODY_MS: u64 = 30_000;
/// How long a response may take from the end of the request until the client has read it, in
/// milliseconds. The longest wait for a bank is a third of it.
pub const ANSWER_MS: u64 = 60_000;
/// The longest head of a request, in bytes; a longer one is answered 431.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Header fields of one request; more are answered 431.
pub const HEADERS_MAX: usize = 100;
/// The pause after a connection could not be accepted, in milliseconds.
const ACCEPT_AGAIN_MS: u64 = 1_000;
/// How often a new connection without a place looks for a connection to close, in milliseconds.
const LOOK_AGAIN_MS: u64 = 100;

/// The limits of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at the same time, from 1.
    pub connections: usize,
    /// See [`IDLE_MS`].
    pub idle_ms: u64,
    /// See [`HEAD_MS`].
    pub head_ms: u64,
    /// See [`BODY_MS`].
    pub body_ms: u64,
    /// See [`ANSWER_MS`].
    pub answer_ms: u64,
}

impl Limits {
    /// A connection that looks so often notices every phase in time. Never 0.
    fn shortest_ms(&self) -> u64 {
        self.idle_ms.min(self.head_ms).min(self.body_ms).min(self.answer_ms).max(1)
    }
}

/// The connections that are open.
struct Open {
    room: Arc<Semaphore>,
    known: Mutex<HashMap<u64, Arc<Activity>>>,
}

/// Serves `router` until `end`, then lets running requests finish. Dropped, it breaks them off.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    clock: Arc<dyn Clock>,
    limits: Limits,
    end: impl Future<Output = ()>,
) {
    let open = Arc::new(Open {
        room: Arc::new(Semaphore::new(limits.connections)),
        known: Mutex::default(),
    });
    let (ending, ended) = watch::channel(false);
    let mut serving = JoinSet::new();
    let mut end = std::pin::pin!(end);
    for number in 0_u64.. {
        let next = async {
            let stream = accept(&listener, &*clock).await;
            (stream, open.place(&*clock).await)
        };
        let (stream, place) = tokio::select! {
            () = &mut end => break,
            next = next => next,
        };
        let Some(place) = place else { break };
        let activity = Arc::new(Activity::new(Arc::clone(&clock)));
        open.lock().insert(number, Arc::clone(&activity));
        let (router, open, ended) = (router.clone(), Arc::clone(&open), ended.clone());
        serving.spawn(async move {
            serve_one(stream, router, Arc::clone(&open), activity, limits, ended).await;
            open.lock().remove(&number);
            drop(place);
        });
        while serving.try_join_next().is_some() {}
    }
    drop(listener);
    let _nobody_waits = ending.send(true);
    while serving.join_next().await.is_some() {}
}

impl Open {
    /// A place for one more connection; if all are taken, another connection is closed. Never `None`,
    /// because the semaphore is never closed.
    async fn place(&self, clock: &dyn Clock) -> Option<OwnedSemaphorePermit> {
        loop {
            if let Ok(place) = Arc::clone(&self.room).try_acquire_owned() {
                return Some(place);
            }
            self.close_one();
            tokio::select! {
                place = Arc::clone(&self.room).acquire_owned() => return place.ok(),
                // All were being answered; one may be idle by now.
                () = clock.sleep(LOOK_AGAIN_MS) => {}
            }
        }
    }

    fn close_one(&self) {
        let known = self.lock();
        let waiting =
            known.values().filter_map(|activity| Some((activity.waits_since_ms()?, activity)));
        if let Some((_, activity)) = waiting.min_by_key(|(since_ms, _)| *since_ms) {
            activity.close();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Activity>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept(listener: &TcpListener, clock: &dyn Clock) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let _slower_then = stream.set_nodelay(true);
                return stream;
            }
            // The client went away again: nobody else is concerned.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
            Err(error) => {
                tracing::error!(%error, "a connection cannot be accepted");
                clock.sleep(ACCEPT_AGAIN_MS).await;
            }
        }
    }
}

async fn serve_one(
    stream: TcpStream,
    router: Router,
    open: Arc<Open>,
    activity: Arc<Activity>,
    limits: Limits,
    mut ended: watch::Receiver<bool>,
) {
    // A connection that has broken off already has no other end.
    let peer = stream.peer_addr().ok();
    let io = TokioIo::new(Stream { inner: stream, activity: Arc::clone(&activity) });
    let of_service = Arc::clone(&activity);
    let service = service_fn(move |request: Request<Incoming>| {
        let (router, open) = (router.clone(), Arc::clone(&open));
        let activity = Arc::clone(&of_service);
        async move {
            let mut request = request.map(|body| RequestBody::new(body, Arc::clone(&activity)));
            if let Some(peer) = peer {
                request.extensions_mut().insert(Peer(peer));
            }
            let mut response = router.oneshot(request).await?;
            if open.room.available_permits() == 0 {
                // An idle connection would be closed soon, maybe while its next request is on its way.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response.map(|inner| ResponseBody { inner, activity }))
        }
    });
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(None).max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
    let mut connection = std::pin::pin!(builder.serve_connection(io, service));
    let mut told = false;
    loop {
        tokio::select! {
            // Clients break off as they like: that is no error of ours.
            _ended = connection.as_mut() => return,
            () = activity.over(&limits) => return,
            _ = ended.wait_for(|ended| *ended), if !told => {
                told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
