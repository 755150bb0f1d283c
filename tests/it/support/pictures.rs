//! A host of pictures on loopback that does what its paths are told, and misbehaves in every way that hosts do. It speaks HTTP by hand,
//! because a library would not send what is wrong. Every answer ends its connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How a path answers.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// A picture: its bytes, what type they are said to have, and their `ETag`, if any. Answers 304 to who has it.
    Ok(Vec<u8>, &'static str, Option<&'static str>),
    /// 302 to this address, relative or not.
    Redirect(String),
    /// 302 to itself.
    Loop,
    /// The head at once, then a byte of the body every so often, for ever.
    Slow(Duration),
    /// A byte of the head every so often.
    SlowHead(Duration),
    /// Says that it sends so many bytes and ends the connection after half of them.
    Truncated(usize),
    /// A page that says the picture is not there, with 200.
    Html,
    /// Says that it sends 10 GB, and sends nothing.
    TooLarge,
    /// Chunks without an end, until nobody reads.
    Endless,
    /// This status, these headers, no bytes.
    Status(u16, Vec<(&'static str, String)>),
    /// 200 without a byte.
    Empty,
    /// Takes the request and never answers.
    Silent,
    /// Ends the connection without an answer.
    HangUp,
    /// Exactly these bytes instead of HTTP.
    Raw(Vec<u8>),
}

#[derive(Default)]
struct Inner {
    paths: HashMap<String, Behaviour>,
    heads: Vec<String>,
    running: HashMap<String, usize>,
    most: HashMap<String, usize>,
    most_overall: usize,
    sent: u64,
    takes: Duration,
}

/// A running host. Dropping it stops it.
pub struct PictureHost {
    inner: Arc<Mutex<Inner>>,
    /// Where it listens: `127.0.0.1:PORT`.
    pub at: String,
    accepting: tokio::task::JoinHandle<()>,
}

impl Drop for PictureHost {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl PictureHost {
    /// A host on which there is nothing: every path is 404.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap().to_string();
        let inner = Arc::new(Mutex::new(Inner::default()));
        let state = Arc::clone(&inner);
        let accepting = tokio::spawn(async move {
            // The connections end with the host.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(talk(Arc::clone(&state), stream));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { inner, at, accepting }
    }

    /// The port alone, for addresses with a name in them.
    pub fn port(&self) -> &str {
        self.at.rsplit(':').next().unwrap()
    }

    /// The address of a path, by IP.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
    }

    /// From now on `path` (with its query) answers so.
    pub fn serves(&self, path: &str, behaviour: Behaviour) {
        locked(&self.inner).paths.insert(path.to_owned(), behaviour);
    }

    /// Every answer takes so long, so that requests meet.
    pub fn takes(&self, time: Duration) {
        locked(&self.inner).takes = time;
    }

    /// How often a path was asked.
    pub fn requests(&self, path: &str) -> usize {
        let line = format!("GET {path} HTTP/1.1\r\n");
        locked(&self.inner).heads.iter().filter(|head| head.starts_with(&line)).count()
    }

    /// The heads of all requests, in the order they came.
    pub fn heads(&self) -> Vec<String> {
        locked(&self.inner).heads.clone()
    }

    /// The most requests that ran at once, over all names of this host.
    pub fn most_at_once(&self) -> usize {
        locked(&self.inner).most_overall
    }

    /// The most requests that ran at once at one name (the `Host` header without its port).
    pub fn most_at_once_at(&self, name: &str) -> usize {
        locked(&self.inner).most.get(name).copied().unwrap_or_default()
    }

    /// Bytes that endless bodies have sent.
    pub fn sent(&self) -> u64 {
        locked(&self.inner).sent
    }
}

fn locked(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The value of a request's header.
fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let pairs = head.lines().filter_map(|line| line.split_once(':'));
    pairs.filter(|(said, _)| said.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}

async fn talk(inner: Arc<Mutex<Inner>>, mut stream: TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            // The first byte of TLS: answered as web servers without it do.
            Ok(0x16) if head.is_empty() => {
                // Read, or closing would take the answer back.
                let _ = stream.read(&mut [0; 16 << 10]).await;
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await;
                return;
            }
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let name = header(&head, "host").unwrap_or_default().rsplit_once(':').map_or_else(String::new, |(name, _)| name.to_owned());
    let (behaviour, takes) = {
        let mut inner = locked(&inner);
        inner.heads.push(head.clone());
        let running = inner.running.entry(name.clone()).or_default();
        *running += 1;
        let running = *running;
        let overall = inner.running.values().sum();
        let most = inner.most.entry(name.clone()).or_default();
        *most = running.max(*most);
        inner.most_overall = inner.most_overall.max(overall);
        (inner.paths.get(&path).cloned().unwrap_or(Behaviour::Status(404, vec![])), inner.takes)
    };
    tokio::time::sleep(takes).await;
    // Counted as over before the answer goes out: who has read it may ask again at once.
    if let Some(running) = locked(&inner).running.get_mut(&name) {
        *running -= 1;
    }
    // A client that hangs up is no fault of the host.
    let _ = answer(&inner, &mut stream, &head, &path, behaviour).await;
    let _ = stream.shutdown().await;
}

async fn answer(
    inner: &Mutex<Inner>,
    stream: &mut TcpStream,
    head: &str,
    path: &str,
    behaviour: Behaviour,
) -> std::io::Result<()> {
    const END: &str = "connection: close\r\n\r\n";
    match behaviour {
        Behaviour::Ok(_, _, Some(etag)) if header(head, "if-none-match") == Some(etag) => {
            stream.write_all(format!("HTTP/1.1 304 Not Modified\r\netag: {etag}\r\n{END}").as_bytes()).await
        }
        Behaviour::Ok(bytes, content_type, etag) => {
            let etag = etag.map(|etag| format!("etag: {etag}\r\n")).unwrap_or_default();
            let length = bytes.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n{etag}{END}");
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&bytes).await
        }
        Behaviour::Redirect(to) => {
            let head = format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n{END}");
            stream.write_all(head.as_bytes()).await
        }
        Behaviour::Loop => {
            let head = format!("HTTP/1.1 302 Found\r\nlocation: {path}\r\ncontent-length: 0\r\n{END}");
            stream.write_all(head.as_bytes()).await
        }
        Behaviour::Slow(pause) => {
            stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\n{END}").as_bytes()).await?;
            loop {
                stream.write_u8(0xff).await?;
                tokio::time::sleep(pause).await;
            }
        }
        Behaviour::SlowHead(pause) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nserver: ").await?;
            loop {
                stream.write_u8(b'x').await?;
                tokio::time::sleep(pause).await;
            }
        }
        Behaviour::Truncated(declared) => {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ncontent-length: {declared}\r\n{END}");
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&vec![0xff; declared / 2]).await
        }
        Behaviour::Html => {
            let page = "<!doctype html><title>Not here</title><p>This picture is not here any more.";
            let length = page.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n{END}{page}");
            stream.write_all(head.as_bytes()).await
        }
        Behaviour::TooLarge => {
            stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n{END}").as_bytes()).await?;
            std::future::pending().await
        }
        Behaviour::Endless => {
            stream.write_all(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n{END}").as_bytes()).await?;
            let chunk = [b"4000\r\n".as_slice(), &[0xff; 0x4000], b"\r\n"].concat();
            loop {
                stream.write_all(&chunk).await?;
                locked(inner).sent += 0x4000;
            }
        }
        Behaviour::Status(status, headers) => {
            let headers = headers.iter().fold(String::new(), |text, (name, value)| text + name + ": " + value + "\r\n");
            let head = format!("HTTP/1.1 {status} So\r\ncontent-length: 0\r\n{headers}{END}");
            stream.write_all(head.as_bytes()).await
        }
        Behaviour::Empty => {
            stream
                .write_all(format!("HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ncontent-length: 0\r\n{END}").as_bytes())
                .await
        }
        Behaviour::Silent => std::future::pending().await,
        Behaviour::HangUp => Ok(()),
        Behaviour::Raw(bytes) => stream.write_all(&bytes).await,
    }
}
