//! The program as a process of its own: how long it runs, and how much memory it takes while it does.

use crate::error::{Code, Error, Result};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often memory is looked at: a peak shorter than this may be missed.
const LOOK: Duration = Duration::from_millis(10);

/// What a process came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Measured {
    /// From its start to its end.
    pub(super) seconds: f64,
    /// Peak of its anonymous memory in MiB; none where the system does not tell it.
    pub(super) mebibytes: Option<f64>,
    /// Processor time of all its threads, but for its last hundredth of a second; none where the system does not tell it.
    pub(super) processor: Option<f64>,
    /// What it wrote to standard output.
    pub(super) said: String,
}

/// Watches a process's anonymous memory (`RssAnon` of Linux's /proc: what files and shared memory do not back).
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(Option<f64>, Option<f64>)>,
}

impl Watch {
    /// Begins to watch.
    pub(super) fn begin(process: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let (mut peak, mut processor) = (None, None);
            while !stopped.load(Ordering::Relaxed) {
                peak = anonymous(process).into_iter().chain(peak).reduce(f64::max);
                processor = processor_seconds(process).or(processor);
                std::thread::sleep(LOOK);
            }
            (peak, processor)
        });
        Self { stop, thread }
    }

    /// The most memory there was, in MiB, and the processor time in seconds.
    pub(super) fn end(self) -> (Option<f64>, Option<f64>) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

/// User and system time from `/proc/PID/stat`, whose ticks are hundredths of a second on every Linux.
fn processor_seconds(process: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may hold spaces: count from behind it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: f64 = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    (ticks > 0.0).then_some(ticks / 100.0)
}

fn anonymous(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes / 1_024.0)
}

/// Runs a command to its end. Findings (exit status 1) are an end like any other: dirty files have rejected rows.
pub(super) fn run(mut command: Command) -> Result<Measured> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let began = Instant::now();
    let child = command.spawn().map_err(|error| failed(&command, &error.to_string()))?;
    let watch = Watch::begin(child.id());
    let output = child.wait_with_output();
    let seconds = began.elapsed().as_secs_f64();
    let (mebibytes, processor) = watch.end();
    let output = output.map_err(|error| failed(&command, &error.to_string()))?;
    if !matches!(output.status.code(), Some(0 | 1)) {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(&command, said.trim().lines().last().unwrap_or("it was killed")));
    }
    Ok(Measured { seconds, mebibytes, processor, said: String::from_utf8_lossy(&output.stdout).into_owned() })
}

fn failed(command: &Command, why: &str) -> Error {
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().chars().take(80).collect::<String>()).collect();
    Error::new(Code::Internal, format!("'beamline {}' failed: {why}", words.join(" ")))
}

/// A process that is ended with this value.
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
