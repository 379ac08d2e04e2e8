//! Many open phones that cost next to nothing: WebSockets that speak just enough Socket.IO to be connected, answer pings, and count
//! the frames of one event without reading what is in them. They look every 50 ms, so that a server that writes 50,000
//! frames a second does not fight its own audience for the processor. Nothing is timed here: `watch.mjs` does that with the
//! official client.
//!
//! `crowd ADDRESS EVENT AUTH [COOKIE]`, then on stdin: `open N`, `count`, `quit`. Answers are lines of JSON.

use std::{
    env,
    io::{self, BufRead, ErrorKind, Read, Write},
    net::TcpStream,
    process::exit,
    sync::mpsc::{self, TryRecvError},
    thread,
    time::{Duration, Instant},
};

const LOOK: Duration = Duration::from_millis(50);
/// Sockets opened between two looks at the open ones.
const STRIDE: usize = 20;

struct Socket {
    stream: TcpStream,
    /// The beginning of a frame whose end has not come yet.
    rest: Vec<u8>,
    events: u64,
    open: bool,
}

struct Crowd {
    address: String,
    auth: String,
    cookie: Option<String>,
    /// How a frame of the event begins: `42["lead.created"`.
    mark: Vec<u8>,
    sockets: Vec<Socket>,
    buffer: Vec<u8>,
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, event, auth, cookie @ ..] = arguments.as_slice() else {
        eprintln!("usage: crowd ADDRESS EVENT AUTH [COOKIE]");
        exit(2);
    };
    let mut crowd = Crowd {
        address: address.clone(),
        auth: auth.clone(),
        cookie: cookie.first().cloned(),
        mark: format!("42[\"{event}\"").into_bytes(),
        sockets: Vec::new(),
        buffer: vec![0; 256 * 1024],
    };
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    loop {
        match told.try_recv() {
            Ok(line) => match line.split_once(' ').unwrap_or((&line, "")) {
                ("open", number) => crowd.open_many(number.parse().unwrap_or(0)),
                ("count", _) => crowd.count(),
                _ => return,
            },
            Err(TryRecvError::Disconnected) => return, // nobody is there to be told
            Err(TryRecvError::Empty) => {}
        }
        let begun = Instant::now();
        crowd.look();
        thread::sleep(LOOK.saturating_sub(begun.elapsed()));
    }
}

impl Crowd {
    fn open_many(&mut self, number: usize) {
        for n in 0..number {
            match self.open() {
                Ok(socket) => self.sockets.push(socket),
                Err(error) => {
                    println!(r#"{{"error":"socket {} cannot be opened: {error}"}}"#, self.sockets.len() + 1);
                    return;
                }
            }
            if n % STRIDE == STRIDE - 1 {
                self.look();
            }
        }
        println!(r#"{{"sockets":{}}}"#, self.sockets.len());
    }

    fn open(&self) -> io::Result<Socket> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(15)))?;
        let cookie = self.cookie.as_ref().map_or_else(String::new, |cookie| format!("Cookie: {cookie}\r\n"));
        write!(
            stream,
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{cookie}\r\n",
            self.address
        )?;
        let mut socket = Socket { stream, rest: Vec::new(), events: 0, open: true };
        let mut upgraded = false;
        let mut said = false;
        let mut buffer = [0; 4096];
        loop {
            let got = socket.stream.read(&mut buffer)?;
            if got == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            socket.rest.extend_from_slice(&buffer[..got]);
            if !upgraded {
                let Some(end) = socket.rest.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
                if !socket.rest.starts_with(b"HTTP/1.1 101") {
                    let line = socket.rest.split(|byte| *byte == b'\r').next().unwrap_or_default();
                    return Err(io::Error::other(String::from_utf8_lossy(line).into_owned()));
                }
                socket.rest.drain(..end + 4);
                upgraded = true;
            }
            while let Some((opcode, payload, length)) = frame(&socket.rest) {
                let payload = socket.rest[payload].to_vec();
                socket.rest.drain(..length);
                if opcode == 1 && payload.first() == Some(&b'0') && !said {
                    said = true;
                    send(&mut socket.stream, format!("40{}", self.auth).as_bytes())?;
                } else if opcode == 1 && payload == b"2" {
                    send(&mut socket.stream, b"3")?; // the server asks once at the very beginning
                } else if opcode == 1 && payload.starts_with(b"40") {
                    socket.stream.set_nonblocking(true)?;
                    return Ok(socket);
                } else if opcode == 8 || payload.starts_with(b"44") {
                    return Err(io::Error::other(String::from_utf8_lossy(&payload).replace('"', "'")));
                }
            }
        }
    }

    /// Takes what came.
    fn look(&mut self) {
        for socket in self.sockets.iter_mut().filter(|socket| socket.open) {
            loop {
                match socket.stream.read(&mut self.buffer) {
                    Ok(0) => socket.open = false,
                    Ok(got) => {
                        socket.take(&self.buffer[..got], &self.mark);
                        if got == self.buffer.len() {
                            continue;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(_) => socket.open = false,
                }
                break;
            }
        }
    }

    fn count(&mut self) {
        self.look();
        let events = || self.sockets.iter().map(|socket| socket.events);
        println!(
            r#"{{"sockets":{},"open":{},"total":{},"least":{},"most":{}}}"#,
            self.sockets.len(),
            self.sockets.iter().filter(|socket| socket.open).count(),
            events().sum::<u64>(),
            events().min().unwrap_or(0),
            events().max().unwrap_or(0)
        );
    }
}

impl Socket {
    fn take(&mut self, bytes: &[u8], mark: &[u8]) {
        let mut joined = std::mem::take(&mut self.rest);
        let bytes = if joined.is_empty() {
            bytes
        } else {
            joined.extend_from_slice(bytes);
            &joined
        };
        let mut at = 0;
        while let Some((opcode, payload, length)) = frame(&bytes[at..]) {
            let payload = &bytes[at..][payload];
            at += length;
            match opcode {
                1 if payload.starts_with(mark) => self.events += 1,
                1 if payload == b"2" => self.open &= send(&mut self.stream, b"3").is_ok(),
                8 => self.open = false,
                _ => {}
            }
        }
        self.rest = bytes[at..].to_vec();
    }
}

/// The first whole frame: its opcode, where its payload lies, its length. A server's frames are not masked (RFC 6455, 5.1).
fn frame(bytes: &[u8]) -> Option<(u8, std::ops::Range<usize>, usize)> {
    let [first, second, ..] = *bytes else { return None };
    let (head, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    let end = head + length;
    (bytes.len() >= end).then_some((first & 0x0f, head..end, end))
}

/// A text frame. A client's are masked; a key of zeros changes nothing.
fn send(stream: &mut TcpStream, text: &[u8]) -> io::Result<()> {
    let length = u8::try_from(text.len()).ok().filter(|length| *length < 126).ok_or(ErrorKind::InvalidInput)?;
    let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
    frame.extend_from_slice(text);
    stream.write_all(&frame)
}
