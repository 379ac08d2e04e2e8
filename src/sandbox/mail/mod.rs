//! A mail server that delivers to nobody: it takes letters over real SMTP, keeps them, and shows them to whoever tests or tries
//! the demo. It can be told to refuse the next one, or to fall silent. `/_sandbox/mails` is its remote control, `/mails` a page for people
//! (see `control.rs`).

mod control;

use std::{
    collections::VecDeque,
    io,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mail_parser::{Message, MessageParser};
use mailin::{Action, Handler, Response, Session, SessionBuilder, response};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// How many letters are kept.
const KEPT: usize = 1_000;
/// The longest line: SMTP's are 1000, and somebody else's mistake must not fill the memory.
const LONGEST_LINE: usize = 64 * 1024;
/// How long a silence lasts.
const SILENCE: Duration = Duration::from_secs(60);

/// What the next letter meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// 450: the mailbox is busy, come back later.
    Busy,
    /// 550: there is no such mailbox.
    NoMailbox,
    /// The letter is kept, and then nothing is said: whoever sent it cannot know.
    Silence,
}

/// A letter as it came.
#[derive(Debug, Clone, Serialize)]
pub struct Received {
    pub number: usize,
    /// Of the envelope.
    pub from: String,
    pub to: Vec<String>,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub message_id: String,
    /// Everything, as it was sent.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

impl Received {
    /// The letter's parts, read by a library that knows nothing of how it was written.
    pub fn parsed(&self) -> Message<'_> {
        MessageParser::default().parse(&self.raw).unwrap_or_default()
    }

    /// The one-time code in it: two groups of four.
    pub fn code(&self) -> Option<String> {
        let is_group =
            |group: &str| group.len() == 4 && group.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        let is_code = |word: &&str| word.split_once('-').is_some_and(|(one, two)| is_group(one) && is_group(two));
        self.text.split_whitespace().find(is_code).map(str::to_owned)
    }
}

#[derive(Default)]
struct State {
    letters: VecDeque<Received>,
    taken: usize,
    faults: VecDeque<Fault>,
}

/// The mail server; clones share the letters.
#[derive(Clone, Default)]
pub struct Sink(Arc<Mutex<State>>);

impl Sink {
    /// The letters that came, oldest first.
    pub fn letters(&self) -> Vec<Received> {
        self.state().letters.iter().cloned().collect()
    }

    /// The newest letter to this address.
    pub fn last_to(&self, address: &str) -> Option<Received> {
        self.state().letters.iter().rev().find(|letter| letter.to.iter().any(|to| to == address)).cloned()
    }

    pub fn clear(&self) {
        self.state().letters.clear();
    }

    /// The next letter meets this; of several, each one its own.
    pub fn fail_next(&self, fault: Fault) {
        self.state().faults.push_back(fault);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, from: String, to: Vec<String>, raw: Vec<u8>) {
        let parsed = MessageParser::default().parse(&raw).unwrap_or_default();
        let body = |found: Option<std::borrow::Cow<'_, str>>| found.unwrap_or_default().into_owned();
        let mut received = Received {
            number: 0,
            from,
            to,
            subject: parsed.subject().unwrap_or_default().to_owned(),
            text: body(parsed.body_text(0)),
            html: body(parsed.body_html(0)),
            message_id: parsed.message_id().unwrap_or_default().to_owned(),
            raw: Vec::new(),
        };
        drop(parsed);
        received.raw = raw;
        let mut state = self.state();
        state.taken += 1;
        received.number = state.taken;
        if state.letters.len() == KEPT {
            state.letters.pop_front();
        }
        state.letters.push_back(received);
    }
}

/// One conversation.
struct Conversation {
    sink: Sink,
    from: String,
    to: Vec<String>,
    raw: Vec<u8>,
    fault: Option<Fault>,
    silent: Arc<Mutex<bool>>,
}

impl Handler for Conversation {
    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        self.from = from.to_owned();
        self.to.clear();
        self.raw.clear();
        self.fault = self.sink.state().faults.pop_front();
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        match self.fault {
            Some(Fault::Busy) => Response::custom(450, format!("4.2.1 <{to}>: mailbox busy, try again later")),
            Some(Fault::NoMailbox) => Response::custom(550, format!("5.1.1 <{to}>: no such mailbox")),
            Some(Fault::Silence) | None => {
                self.to.push(to.to_owned());
                response::OK
            }
        }
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        self.raw.extend_from_slice(line);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        self.sink.keep(std::mem::take(&mut self.from), std::mem::take(&mut self.to), std::mem::take(&mut self.raw));
        if self.fault == Some(Fault::Silence) {
            *self.silent.lock().unwrap_or_else(PoisonError::into_inner) = true;
        }
        response::OK
    }
}

/// Takes letters on `listener` until the task is dropped.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, sink: Sink) -> io::Result<()> {
    let mut conversations = tokio::task::JoinSet::new();
    loop {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let sink = sink.clone();
        conversations.spawn(async move {
            if let Err(error) = converse(stream, peer.ip(), sink).await {
                tracing::debug!(%error, "a conversation with the mail sandbox broke off");
            }
        });
        while conversations.try_join_next().is_some() {}
    }
}

async fn converse(stream: TcpStream, peer: IpAddr, sink: Sink) -> io::Result<()> {
    let silent = Arc::new(Mutex::new(false));
    let conversation = Conversation {
        sink,
        from: String::new(),
        to: Vec::new(),
        raw: Vec::new(),
        fault: None,
        silent: silent.clone(),
    };
    let mut session: Session<Conversation> = SessionBuilder::new("mail.sandbox").build(peer, conversation);
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    writer.write_all(&session.greeting().buffer()?).await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).await? == 0 || line.len() > LONGEST_LINE {
            return Ok(());
        }
        let answer = session.process(&line);
        if std::mem::take(&mut *silent.lock().unwrap_or_else(PoisonError::into_inner)) {
            tokio::time::sleep(SILENCE).await;
            return Ok(());
        }
        if answer.action != Action::NoReply {
            writer.write_all(&answer.buffer()?).await?;
        }
        if answer.action == Action::Close {
            return Ok(());
        }
    }
}
