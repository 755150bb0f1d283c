//! A client that costs next to nothing: one connection, kept alive, HTTP/1.1, answers with a length.
//!
//! What is measured is the server; a general client's own work would stand in every figure.

use crate::error::{Code, Error, Result};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A connection that stays open.
pub(super) struct Client {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    key: String,
}

/// An answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The change that a write made.
    pub(super) change: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of a head at most.
const HEAD: u64 = 64 * 1_024;

impl Client {
    /// Connects.
    pub(super) fn open(address: SocketAddr, key: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::with_capacity(1 << 16, stream), address, key: key.to_owned() })
    }

    pub(super) fn get(&mut self, path: &str) -> Result<Answer> {
        self.send("GET", path, "", b"")
    }

    /// Sends a small body.
    pub(super) fn send(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> Result<Answer> {
        let mut request = self.head(method, path, kind, body.len() as u64).into_bytes();
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request)?;
        self.answer()
    }

    /// Sends a file as the body.
    pub(super) fn upload(&mut self, path: &str, file: &mut File) -> Result<Answer> {
        let head = self.head("POST", path, "text/csv", file.metadata()?.len());
        self.stream.get_mut().write_all(head.as_bytes())?;
        std::io::copy(file, self.stream.get_mut())?;
        self.answer()
    }

    fn head(&self, method: &str, path: &str, kind: &str, length: u64) -> String {
        let (address, key) = (self.address, &self.key);
        let body = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\nContent-Length: {length}\r\n") };
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n{body}\r\n")
    }

    fn answer(&mut self) -> Result<Answer> {
        let mut head = (&mut self.stream).take(HEAD);
        let mut line = String::new();
        head.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.trim().parse().ok()).ok_or_else(not_understood)?;
        let (mut answer, mut length) = (Answer { status, ..Answer::default() }, None);
        loop {
            line.clear();
            head.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse::<u64>().ok(),
                "beamline-change" => answer.change = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let length = length.ok_or_else(not_understood)?;
        (&mut self.stream).take(length).read_to_end(&mut answer.body)?;
        Ok(answer)
    }
}

fn not_understood() -> Error {
    Error::new(Code::Internal, "the server's answer is not understood: it has no status or no length")
}

impl Answer {
    /// The body as JSON of an answer with a status below 300.
    pub(super) fn json(&self) -> Result<serde_json::Value> {
        if self.status >= 300 {
            let said: String = String::from_utf8_lossy(&self.body).chars().take(300).collect();
            return Err(Error::new(Code::Internal, format!("the server answered {}: {said}", self.status)));
        }
        Ok(serde_json::from_slice(&self.body)?)
    }
}
