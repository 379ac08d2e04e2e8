//! Posts prepared HTTP requests on an open schedule: number n is due at `start + n / rate`, whether or not the ones before it are
//! answered. So latency can be told from when a request *should* have been sent (coordinated omission does not hide a stall) and
//! from when it was.
//!
//! `post ADDRESS RATE CONNECTIONS REQUESTS RESULTS`: says `ready`, waits for the start (monotonic nanoseconds) on stdin, says
//! `done`, and stays until stdin ends. REQUESTS: `u32` length and bytes, again and again. RESULTS: five `i64` a request: due, taken up by a
//! connection, sent, answered (nanoseconds, monotonic, as Node's `process.hrtime`), status (0: no answer). Little-endian.
//!
//! Taken up after it was due: every connection still waited for an answer, so the server is behind. Sent late although a connection
//! was free: the generator is.

use std::{
    env, fs,
    io::{self, BufRead, Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(15);

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

unsafe extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

/// CLOCK_MONOTONIC, the same in every process. The standard library's `Instant` does not give the number away.
fn now() -> i64 {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    unsafe { clock_gettime(1, &raw mut time) };
    time.seconds * 1_000_000_000 + time.nanoseconds
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, rate, connections, requests, results] = arguments.as_slice() else {
        eprintln!("usage: post ADDRESS RATE CONNECTIONS REQUESTS RESULTS");
        std::process::exit(2);
    };
    let rate: f64 = rate.parse().expect("a rate");
    let connections: usize = connections.parse().expect("a number of connections");
    let bytes = fs::read(requests).expect("the requests");
    let requests = split(&bytes);
    // Connected beforehand: opening connections is not what is measured.
    let streams: Vec<Option<TcpStream>> = (0..connections).map(|_| connect(address).ok()).collect();
    println!("ready");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).expect("the start");
    let start: i64 = line.trim().parse().expect("the start in nanoseconds");

    let next = AtomicUsize::new(0);
    let mut rows: Vec<(usize, [i64; 5])> = thread::scope(|scope| {
        let work: Vec<_> = streams
            .into_iter()
            .map(|stream| {
                let (next, requests) = (&next, &requests);
                scope.spawn(move || {
                    let mut stream = stream;
                    let mut rows = Vec::new();
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        let Some(request) = requests.get(n) else { return rows };
                        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
                        let due = start + (n as f64 * 1e9 / rate) as i64;
                        let taken_up = now();
                        let wait = due - taken_up;
                        if wait > 0 {
                            thread::sleep(Duration::from_nanos(wait.unsigned_abs()));
                        }
                        let sent = now();
                        let status = exchange(address, &mut stream, request).unwrap_or(0);
                        if status == 0 {
                            stream = None;
                        }
                        rows.push((n, [due, taken_up, sent, now(), status]));
                    }
                })
            })
            .collect();
        work.into_iter().flat_map(|thread| thread.join().expect("a sender")).collect()
    });
    rows.sort_unstable_by_key(|(n, _)| *n);
    let bytes: Vec<u8> = rows.into_iter().flat_map(|(_, row)| row).flat_map(i64::to_le_bytes).collect();
    fs::write(results, bytes).expect("the results are written");
    println!("done");
    // What it cost can be read from /proc until somebody has.
    let _ = io::stdin().lock().read_line(&mut line);
}

fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (part, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        parts.push(part);
        bytes = rest;
    }
    parts
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// One request, one answer; the status.
fn exchange(address: &str, stream: &mut Option<TcpStream>, request: &[u8]) -> io::Result<i64> {
    if stream.is_none() {
        *stream = Some(connect(address)?);
    }
    let Some(stream) = stream else { return Ok(0) };
    stream.write_all(request)?;
    let mut answer = Vec::with_capacity(1024);
    let mut buffer = [0; 4096];
    loop {
        let got = stream.read(&mut buffer)?;
        if got == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&buffer[..got]);
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
        let length: Option<usize> = head.lines().find_map(|line| line.strip_prefix("content-length:")).and_then(|value| value.trim().parse().ok());
        let complete = match length {
            Some(length) => answer.len() >= end + 4 + length,
            None if head.contains("transfer-encoding: chunked") => answer.ends_with(b"0\r\n\r\n"),
            None => true,
        };
        if complete {
            return Ok(head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0));
        }
    }
}
