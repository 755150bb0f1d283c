//! Going on where an interrupted try of an import stopped.
//!
//! The rows of a chunk, its issues and the counts up to it are committed together, so the stored count of rows says which chunks are in,
//! whatever became of the process that wrote them. They are read again, because only the whole file tells what is missing from it, but
//! neither written nor counted a second time: a row that the first try changed would otherwise count as one that changes nothing.

use super::chunk::Chunk;
use super::queries::import_restart;
use super::run::{MAX_LOST_WORDS, Run, State};
use super::{ImportKind, ImportMode};
use crate::app::App;
use crate::catalog::queries::offer_keys;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::stock::intake::levels_named;
use crate::stock::queries::levels_of_offers;
use crate::suppliers::queries::supplier_by_code;

/// How far an earlier try came, and how far this one has read again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resume {
    written: i64,
    passed: i64,
}

/// What is to be done with a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// An earlier try wrote it.
    Pass,
    /// It is new.
    Write,
}

impl Resume {
    /// An earlier try wrote so many rows; none for a first try.
    pub(super) fn after(rows: i64) -> Self {
        Self { written: rows, passed: 0 }
    }

    /// Looks at the next chunk of so many rows. None when it is neither written nor new: the file was cut into other chunks before.
    pub(super) fn next(&mut self, rows: i64) -> Option<Next> {
        if self.passed >= self.written {
            return Some(Next::Write);
        }
        self.passed += rows;
        (self.passed <= self.written).then_some(Next::Pass)
    }
}

/// Takes note of what a chunk names, without writing it.
pub(super) async fn pass(app: &App, run: &Run, chunk: Chunk, mut state: State) -> Result<State> {
    let run = run.clone();
    app.db
        .read(move |conn| {
            note(conn, &run, chunk, &mut state)?;
            Ok(state)
        })
        .await
}

fn note(conn: &mut Conn, run: &Run, chunk: Chunk, state: &mut State) -> Result<()> {
    if run.mode != ImportMode::Full {
        return Ok(());
    }
    let Some(supplier) = supplier_by_code(conn, &run.import.supplier)? else { return Ok(()) };
    let room = MAX_LOST_WORDS.saturating_sub(state.lost_words.len());
    state.lost_words.extend(chunk.lost_words.into_iter().take(room));
    let lost: Vec<&str> = chunk.lost_keys.iter().map(String::as_str).collect();
    let lost: Vec<i64> = offer_keys(conn, supplier.id, &lost)?.values().map(|offer| offer.id).collect();
    let keys: Vec<&str> = chunk.rows.iter().map(|row| row.key.as_str()).collect();
    let offers = offer_keys(conn, supplier.id, &keys)?;
    if run.import.kind == ImportKind::Stock {
        let levels = chunk.rows.iter().filter_map(|row| offers.get(&row.key).map(|offer| (offer.id, row.stock.as_slice())));
        state.seen_levels.extend(levels_named(conn, supplier.id, levels)?);
        state.seen_levels.extend(levels_of_offers(conn, &lost)?.into_keys());
    }
    state.seen.extend(lost);
    state.seen.extend(offers.values().map(|offer| offer.id));
    state.seen.extend(chunk.standing.iter().map(|offer| offer.id));
    Ok(())
}

/// The file is cut into other chunks than before (the program is a newer one): it is counted from its beginning.
pub(super) async fn restart(app: &App, run: &Run) -> Error {
    let id = run.import.id.clone();
    match app.db.write(move |conn| import_restart(conn, &id)).await {
        Ok(()) => {
            Error::new(Code::Unavailable, "the file is read in other portions than before; it is read again from its beginning")
        }
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests;
