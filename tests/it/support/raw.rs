//! A client that does what libraries do not: sends a body piece by piece, reads when it likes, hangs up when it likes.

use super::Server;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One request on a connection of its own.
pub struct Raw {
    stream: TcpStream,
    held: Vec<u8>,
    /// The head of the answer, once it was read.
    pub head: String,
    body: Vec<u8>,
    /// Did the answer end as HTTP has it, not just stop?
    pub ended: bool,
}

/// How long a test waits for bytes.
const LONGEST: Duration = Duration::from_secs(60);

impl Raw {
    /// Begins a request as an admin; its body is sent in pieces.
    pub async fn begin(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> Self {
        let address = server.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n", server.admin);
        if method != "GET" {
            head.push_str("transfer-encoding: chunked\r\n");
        }
        for (name, value) in headers {
            head = head + name + ": " + value + "\r\n";
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        Self { stream, held: Vec::new(), head: String::new(), body: Vec::new(), ended: false }
    }

    /// Sends a piece of the body.
    pub async fn send(&mut self, piece: impl AsRef<[u8]>) {
        let piece = piece.as_ref();
        self.stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await.unwrap();
        self.stream.write_all(piece).await.unwrap();
        self.stream.write_all(b"\r\n").await.unwrap();
    }

    /// Ends the body.
    pub async fn end(&mut self) {
        self.stream.write_all(b"0\r\n\r\n").await.unwrap();
    }

    /// Reads some bytes; false at the end.
    async fn more(&mut self) -> bool {
        let mut piece = vec![0; 64 * 1024];
        let read = tokio::time::timeout(LONGEST, self.stream.read(&mut piece)).await.expect("an answer comes in time");
        let read = read.unwrap_or(0);
        self.held.extend_from_slice(&piece[..read]);
        self.decode();
        read > 0
    }

    fn decode(&mut self) {
        if self.head.is_empty() {
            let Some(at) = self.held.windows(4).position(|window| window == b"\r\n\r\n") else { return };
            self.head = String::from_utf8_lossy(&self.held[..at]).to_lowercase();
            self.held.drain(..at + 4);
        }
        if !self.head.contains("transfer-encoding: chunked") {
            self.body.append(&mut self.held);
            let length = self.head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
            self.ended = length.is_some_and(|length| self.body.len() >= length);
            return;
        }
        while let Some(at) = self.held.windows(2).position(|window| window == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&self.held[..at]).unwrap(), 16).unwrap();
            if self.held.len() < at + 2 + size + 2 {
                return;
            }
            self.body.extend_from_slice(&self.held[at + 2..at + 2 + size]);
            self.held.drain(..at + 2 + size + 2);
            self.ended |= size == 0;
        }
    }

    /// The next line of the answer's body, without its end; none when there are no more.
    pub async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.body.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.body.drain(..=at).collect();
                return Some(String::from_utf8(line).unwrap().trim_end().to_owned());
            }
            if self.ended || !self.more().await {
                return None;
            }
        }
    }

    /// All lines that are left.
    pub async fn lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.line().await {
            lines.push(line);
        }
        lines
    }

    /// The status of the answer, once it has begun.
    pub async fn status(&mut self) -> u16 {
        while self.head.is_empty() && self.more().await {}
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// All of the answer's body as text.
    pub async fn text(&mut self) -> String {
        while !self.ended && self.more().await {}
        String::from_utf8(std::mem::take(&mut self.body)).unwrap()
    }
}
