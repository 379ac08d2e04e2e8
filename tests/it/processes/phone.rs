//! An app that is open: Socket.IO over a real WebSocket, with the app's own rules. It says the highest sequence it knows, drops what is not
//! above it, and when it is cut off comes back, to whichever process takes it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinHandle};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What it saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// The highest sequence that is known without a gap before it.
    pub sequence: Option<i64>,
    /// How often each lead appeared as new.
    pub created: HashMap<String, u32>,
    /// How often it was greeted: once for each time it connected.
    pub hellos: usize,
    /// How often it was told to go elsewhere.
    pub moved: usize,
    pub ended: bool,
    /// What must not happen.
    pub wrong: Vec<String>,
}

pub struct Phone {
    pub name: String,
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Phone {
    /// Opens the app at the first of these ports; the others are where it goes when that one does not answer.
    pub fn open(name: &str, cookie: &str, ports: Vec<u16>) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (theirs, cookie) = (seen.clone(), cookie.to_owned());
        let task = tokio::spawn(async move {
            for port in ports.iter().cycle() {
                let wait = match connect(*port, &cookie).await {
                    Some(stream) => listen(stream, &theirs).await.unwrap_or(Duration::from_millis(50)),
                    None => Duration::from_millis(50),
                };
                if lock(&theirs).ended {
                    return;
                }
                tokio::time::sleep(wait).await;
            }
        });
        Self { name: name.to_owned(), seen, task }
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().expect("nobody panicked with it")
}

async fn connect(port: u16, cookie: &str) -> Option<Stream> {
    let url = format!("ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket");
    let mut request = url.into_client_request().expect("a request");
    request.headers_mut().insert("cookie", cookie.parse().expect("a header"));
    connect_async(request).await.ok().map(|(stream, _)| stream)
}

/// Until it is cut off. Tells how long it was asked to stay away.
async fn listen(mut stream: Stream, seen: &Mutex<Seen>) -> Option<Duration> {
    let mut greeted = false;
    let mut heard = 0;
    let mut away = None;
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(text) = message else { continue };
        let answer = match text.as_str() {
            text if text.starts_with('0') => Some(format!("40{}", json!({ "since": lock(seen).sequence }))),
            "2" => Some("3".to_owned()),
            "41" => break,
            text if text.starts_with("44") => {
                if text.contains("unauthenticated") {
                    lock(seen).wrong.push("signed out".to_owned());
                }
                break;
            }
            text => {
                if let Some(Value::Array(event)) =
                    text.strip_prefix("42").and_then(|text| serde_json::from_str(text).ok())
                {
                    take(&mut lock(seen), &event, &mut greeted, &mut heard, &mut away);
                    acknowledgement(&event)
                } else {
                    None
                }
            }
        };
        if let Some(answer) = answer
            && stream.send(Message::text(answer)).await.is_err()
        {
            break;
        }
    }
    away
}

/// What the app answers: it has the lead.
fn acknowledgement(event: &[Value]) -> Option<String> {
    let [Value::String(name), body] = event else { return None };
    (name == "lead.created").then(|| format!("42{}", json!(["ack", { "lead_ids": [body["lead"]["id"]] }])))
}

fn take(seen: &mut Seen, event: &[Value], greeted: &mut bool, heard: &mut i64, away: &mut Option<Duration>) {
    let [Value::String(name), body] = event else { return };
    let sequence = body["sequence"].as_i64();
    match (name.as_str(), sequence) {
        ("hello", Some(sequence)) => {
            *greeted = true;
            seen.hellos += 1;
            seen.sequence = seen.sequence.max(Some(sequence.max(*heard)));
        }
        ("moving", _) => {
            seen.moved += 1;
            *away = body["after"].as_u64().map(Duration::from_millis);
        }
        ("session.ended", _) => seen.ended = true,
        ("refetch", _) => seen.wrong.push("told to fetch everything anew".to_owned()),
        (_, Some(sequence)) => {
            // Until hello it is what was missed, in order, and perhaps what came meanwhile.
            if *greeted && seen.sequence.is_some_and(|known| sequence <= known) {
                return;
            }
            if let (true, Some(id)) = (name == "lead.created", body["lead"]["id"].as_str()) {
                let times = seen.created.entry(id.to_owned()).or_default();
                // A replay may overlap with what came while it was read: the app knows the version already.
                *times = if *greeted { *times + 1 } else { (*times).max(1) };
            }
            if *greeted { seen.sequence = Some(sequence) } else { *heard = (*heard).max(sequence) }
        }
        _ => {}
    }
}
