//! The command line: one file for each command, and what they share about being run by people and scripts.
//!
//! A command is a struct of arguments with `run`, a variant of `Command` and a line in `Command::run`.

mod backup;
mod bench;
pub mod channels;
mod demo;
mod doctor;
pub mod export;
mod generate;
mod gtin;
mod images;
mod import;
mod key;
mod r#match;
mod migrate;
mod normalize;
mod openapi;
mod progress;
mod quality;
mod reindex;
mod resolve;
mod search;
mod serve;

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::dictionary::Dictionary;
use crate::error::{Code, Error, Result};
use clap::{Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// Product information management for people who sell headlamps they do not stock
#[derive(Debug, Parser)]
#[command(name = "beamline", version, about, arg_required_else_help = true, max_term_width = 120)]
#[command(after_help = "Exit status: 0 done, 1 done with findings (a rejected row, a blocked listing), 2 failed or held.")]
pub struct Cli {
    #[command(flatten)]
    config: Config,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Serve(serve::Serve),
    Import(import::Import),
    Images(images::Images),
    Resolve(resolve::Resolve),
    Normalize(normalize::NormalizeArgs),
    Gtin(gtin::GtinArgs),
    Quality(quality::QualityArgs),
    Match(r#match::Match),
    Search(search::Search),
    Reindex(reindex::Reindex),
    Export(export::Export),
    Channels(channels::Command),
    Doctor(doctor::Doctor),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Generate(generate::Generate),
    Bench(bench::Bench),
    Key(key::Key),
    Openapi(openapi::Openapi),
    Migrate(migrate::Migrate),
}

impl Command {
    async fn run(self, config: Config) -> Result<Outcome> {
        match self {
            Self::Demo(demo) => demo.run(config).await,
            Self::Serve(serve) => serve.run(config).await,
            Self::Import(import) => import.run(config).await,
            Self::Images(images) => images.run(config).await,
            Self::Resolve(resolve) => resolve.run(config).await,
            Self::Normalize(args) => {
                let dictionary = Dictionary::load(config.schema.as_deref())?;
                answered(normalize::run(&args, &dictionary, &mut std::io::stdout().lock()))
            }
            Self::Quality(args) => {
                let dictionary = Dictionary::load(config.schema.as_deref())?;
                answered(quality::run(&args, &dictionary, &mut std::io::stdout().lock()))
            }
            Self::Gtin(args) => answered(gtin::run(&args, &mut std::io::stdout().lock())),
            Self::Match(found) => found.run(config).await,
            Self::Search(search) => search.run(config).await,
            Self::Reindex(reindex) => reindex.run(config).await,
            Self::Export(export) => export.run(config).await,
            Self::Channels(channels) => channels.run(config).await,
            Self::Doctor(doctor) => doctor.run(config).await,
            Self::Backup(backup) => backup.run(config).await,
            Self::Restore(restore) => restore.run(config).await,
            Self::Generate(generate) => generate.run(config).await,
            Self::Bench(bench) => bench.run(config).await,
            Self::Key(key) => key.run(config).await,
            Self::Openapi(openapi) => openapi.run(),
            Self::Migrate(migrate) => migrate.run(config).await,
        }
    }
}

/// How a command ended, for the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done, warnings included: 0.
    Done,
    /// Done, and there is something to look at: a rejected row, a blocked listing, a finding: 1.
    Findings,
    /// Nothing was taken, and somebody must decide: 2.
    Held,
}

/// How long a thread for blocking work waits for more of it. They are given work in turn, so those of one burst (a file that is put
/// into the store) would all stay, each with a heap of its own: fifty of them held 700 MiB through an import of 2,000,000 rows.
const IDLE_THREAD: std::time::Duration = std::time::Duration::from_millis(200);

/// Runs what the process was asked to do.
pub fn main() -> ExitCode {
    let Cli { config, command } = Cli::parse();
    let ended = log(&config).and_then(|()| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_keep_alive(IDLE_THREAD).build()?;
        let ended = runtime.block_on(command.run(config));
        // Work that nobody waits for any more must not keep the process.
        runtime.shutdown_timeout(std::time::Duration::from_secs(1));
        ended
    });
    match ended {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Ok(Outcome::Held) => ExitCode::from(2),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "beamline: {error}");
            ExitCode::from(2)
        }
    }
}

/// Did whoever reads the output stop reading (`| head`)? That is no failure.
fn is_broken_pipe(error: &Error) -> bool {
    let source = error.source.as_ref().and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|source| source.kind() == std::io::ErrorKind::BrokenPipe)
}

/// A command that only answers: a reader who stops reading (`| head`) is no failure.
fn answered(result: anyhow::Result<()>) -> Result<Outcome> {
    match result {
        Ok(()) => Ok(Outcome::Done),
        Err(error)
            if error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) =>
        {
            Ok(Outcome::Done)
        }
        Err(error) => Err(Error::new(Code::Invalid, format!("{error:#}"))),
    }
}

/// Opens the house for a command.
async fn open(config: Config) -> Result<App> {
    App::open(config, Clock::system()).await
}

/// Brings the readers of the change log up to what this command wrote, so that it is found and listed when the command ends.
async fn catch_up(app: &App) -> Result<()> {
    crate::channels::follow::catch_up(app).await?;
    crate::search::catch_up(app).await
}

/// Writes one line to standard output. Whoever reads it may have stopped reading (`| head`); that is no failure.
fn say(line: impl std::fmt::Display) -> Result<()> {
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Logs go to standard error, so that standard output stays what a command answers.
fn log(config: &Config) -> Result<()> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| {
        Error::new(Code::Invalid, format!("--log '{}' cannot be read; use a level such as info, or beamline=debug", config.log))
            .because(error)
    })?;
    // Whoever looks that closely wants to see where the time goes: each span says how long it was busy and idle.
    let close = filter.max_level_hint().is_none_or(|level| level >= tracing::level_filters::LevelFilter::DEBUG);
    let spans = if close { FmtSpan::CLOSE } else { FmtSpan::NONE };
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_span_events(spans).with_writer(std::io::stderr);
    // A second subscriber in one process (tests) is refused and harmless.
    let _ = if config.log_format == "json" {
        logs.json().flatten_event(true).try_init()
    } else {
        let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
        logs.with_ansi(ansi).with_target(false).try_init()
    };
    Ok(())
}

#[cfg(test)]
mod tests;
