//! A real S3 server on loopback: `s3s-fs` of the Rust registry, as a program of its own that checks signatures and keeps objects in a folder.
//!
//! `.ci/run` installs it. Where it is not there, the tests that need it pass without running and the test run says so once.

use super::say;
use beamline::files::{self, Settings};
use object_store::ObjectStore;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Once};
use std::time::Duration;

const KEY: &str = "TESTKEYOFLAMPS";
const SECRET: &str = "a secret of this run only";

/// A running server with an empty bucket called `lamps`. Dropping it ends it.
pub struct S3Server {
    program: Child,
    folder: tempfile::TempDir,
    url: String,
}

impl Drop for S3Server {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl S3Server {
    /// None where the program is not installed.
    pub fn start() -> Option<Self> {
        let Some(path) = program() else {
            static TOLD: Once = Once::new();
            let line =
                "S3: no s3s-fs was found (target/tools/bin, PATH); only the bucket of these tests was tried, no real server";
            TOLD.call_once(|| say(line));
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("lamps")).unwrap();
        let mut program = Command::new(&path)
            .args(["--host", "127.0.0.1", "--port", "0", "--access-key", KEY, "--secret-key", SECRET])
            .arg(folder.path())
            .env("RUST_LOG", "s3s_fs=info")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", path.display()));
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines().map_while(Result::ok);
        let address = |line: String| Some(line.split_once("running at ")?.1.trim().to_owned());
        let url = lines.by_ref().find_map(address).unwrap_or_else(|| panic!("{} ended without an address", path.display()));
        // A full pipe would hold it up.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { program, folder, url })
    }

    /// A store under the prefix `house`.
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        let aws = [
            ("AWS_ENDPOINT", self.url.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
        ];
        let aws = aws.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        files::open("s3://lamps/house", &Settings { aws, retries: 1, patience: Duration::from_secs(20) }).unwrap()
    }

    /// Files that the server keeps below this folder of the house, by their paths in it.
    pub fn files(&self, below: &str) -> Vec<String> {
        let root = self.folder.path().join("lamps/house").join(below);
        let mut found = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(&root).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
    }
}

/// Where the program is: `TEST_S3_SERVER` says so, or `.ci/run` has put it there, or it is in PATH.
fn program() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("TEST_S3_SERVER").filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/target").into(), PathBuf::from);
    let installed = target.join("tools/bin/s3s-fs");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(installed).chain(std::env::split_paths(&path).map(|folder| folder.join("s3s-fs"))).find(|path| path.is_file())
}
