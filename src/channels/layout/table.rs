//! Lines of a table, for tab- and comma-separated files and spreadsheets.

use super::{Encoder, cells};
use crate::channels::agreement::{agree, all, of_group};
use crate::channels::profile::{Differing, Field, Layout, Parent, Per, Render};
use crate::channels::readiness::Row;
use crate::channels::render::Cell;
use crate::channels::source::Source;
use crate::error::{Error, Result};
use crate::import::formula;

impl Encoder<'_> {
    /// The header row.
    pub fn heading(&self) -> Vec<String> {
        self.fields().into_iter().map(|(_, field)| field.name.clone()).collect()
    }

    /// The lines of rows that belong together.
    pub fn lines(&self, rows: &[&Row]) -> Vec<Vec<String>> {
        let fields = self.fields();
        if self.profile.variants.rows {
            return self.group(&fields, rows);
        }
        let line = |row: &&Row| fields.iter().map(|(at, field)| self.column(field, cells(row, *at))).collect();
        rows.iter().map(line).collect()
    }

    /// A group as lines: what belongs to the group on the first line only, images one a line, further lines for further images.
    fn group(&self, fields: &[(usize, &Field)], rows: &[&Row]) -> Vec<Vec<String>> {
        let Some(first) = rows.first() else { return Vec::new() };
        let has_parent = self.profile.variants.parent && rows.len() > 1;
        let image = fields.iter().find(|(_, field)| field.per == Per::Image && !is_position(field) && !is_named(field));
        let mut images: Vec<&Cell> = Vec::new();
        if let Some((at, field)) = image {
            for cell in rows.iter().flat_map(|row| cells(row, *at)) {
                if images.len() < field.max_count && !images.contains(&cell) {
                    images.push(cell);
                }
            }
        }
        let mut lines = Vec::new();
        if has_parent {
            let line = fields.iter().map(|(at, field)| self.parent(field, *at, rows)).collect();
            lines.push(self.paired(fields, line, None, rows));
        }
        let count = rows.len().max(images.len());
        for line in 0..count {
            let row = rows.get(line);
            let column = |(at, field): &(usize, &Field)| match field.per {
                Per::Row => self.column(field, cells(row.unwrap_or(first), *at)),
                Per::Group if line == 0 && !has_parent => self.column(field, &of_group(field.differing, rows, *at)),
                Per::Group => match row.filter(|_| field.differing == Differing::Each && !agree(rows, *at)) {
                    Some(row) => self.column(field, cells(row, *at)),
                    None => String::new(),
                },
                Per::Product => row.map(|row| self.column(field, cells(row, *at))).unwrap_or_default(),
                Per::Image if is_position(field) => images.get(line).map(|_| (line + 1).to_string()).unwrap_or_default(),
                Per::Image if is_named(field) => {
                    let mut named = rows.iter().flat_map(|row| cells(row, *at));
                    let name = images.get(line).and_then(|image| named.find_map(|cell| cell.name_of(image)));
                    self.guarded(field, name.unwrap_or_default().to_owned())
                }
                Per::Image => images.get(line).map(|cell| self.cell(field, cell)).unwrap_or_default(),
            };
            lines.push(self.paired(fields, fields.iter().map(column).collect(), row.copied(), rows));
        }
        lines
    }

    /// The line with names where their values stand, and nowhere else.
    fn paired(&self, fields: &[(usize, &Field)], mut line: Vec<String>, row: Option<&Row>, rows: &[&Row]) -> Vec<String> {
        for (place, (at, field)) in fields.iter().enumerate() {
            let Some(other) = field.beside_at else { continue };
            let other = fields.iter().position(|(at, _)| *at == other).and_then(|place| line.get(place));
            let name = if other.is_none_or(String::is_empty) {
                String::new()
            } else {
                let known =
                    row.into_iter().chain(rows.iter().copied()).map(|row| cells(row, *at)).find(|cells| !cells.is_empty());
                self.column(field, known.unwrap_or_default())
            };
            if let Some(own) = line.get_mut(place) {
                *own = name;
            }
        }
        line
    }

    /// A column of the group's own row.
    fn parent(&self, field: &Field, at: usize, rows: &[&Row]) -> String {
        let first = rows.first().map_or(&[][..], |row| cells(row, at));
        match &field.parent {
            Some(Parent::First) => self.column(field, first),
            Some(Parent::All) => self.guarded(field, self.joined(field, &all(rows, at))),
            Some(Parent::Handle) => rows.first().map(|row| row.handle.clone()).unwrap_or_default(),
            Some(Parent::Literal(text)) => text.clone(),
            None if field.per == Per::Row => self.column(field, first),
            None if field.per == Per::Group => match of_group(field.differing, rows, at).as_slice() {
                several @ [_, _, ..] => self.guarded(field, self.joined(field, several)),
                cells => self.column(field, cells),
            },
            None => String::new(),
        }
    }

    fn joined(&self, field: &Field, cells: &[Cell]) -> String {
        cells.iter().map(|cell| self.several(field, cell)).collect::<Vec<_>>().join(&self.format.joiner)
    }

    fn column(&self, field: &Field, cells: &[Cell]) -> String {
        let text = cells.iter().map(|cell| self.cell(field, cell)).collect::<Vec<_>>().join(&self.format.joiner);
        self.guarded(field, text)
    }

    /// What a spreadsheet would run as a formula is text to whoever opens it; numbers are ours and stay numbers.
    fn guarded(&self, field: &Field, text: String) -> String {
        if self.format.spreadsheet && !field.render.is_number() { formula::guarded(text) } else { text }
    }

    /// One value inside a column that may hold several.
    fn cell(&self, field: &Field, cell: &Cell) -> String {
        if field.max_count > 1 && field.per != Per::Image {
            return self.several(field, cell);
        }
        match cell {
            Cell::Text(text) => text.clone(),
            Cell::Parts(_) => self.several(field, cell),
        }
    }

    fn several(&self, field: &Field, cell: &Cell) -> String {
        let joiner = self.format.joiner.trim();
        match cell {
            // A comma inside an address would end it; quotes are not read there.
            Cell::Text(text) if field.render == Render::Url => text.replace(',', "%2C"),
            Cell::Text(text) => quoted(text, &[joiner]),
            Cell::Parts(parts) => parts.iter().map(|part| quoted(part, &[joiner, ":"])).collect::<Vec<_>>().join(":"),
        }
    }

    /// Lines as the bytes of a tab- or comma-separated file.
    pub(super) fn bytes_of(&self, lines: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>> {
        let tabs = self.format.layout == Layout::Tsv;
        let mut table = csv::WriterBuilder::new().delimiter(if tabs { b'\t' } else { b',' }).from_writer(Vec::new());
        for line in lines {
            if tabs {
                // Most readers of tab-separated files split at line ends before they look at quotes.
                table.write_record(line.iter().map(|column| column.replace(['\n', '\t'], " "))).map_err(Error::internal)?;
            } else {
                table.write_record(line).map_err(Error::internal)?;
            }
        }
        table.into_inner().map_err(|error| Error::internal(error.to_string()))
    }
}

/// Does it say what the picture on its line shows?
fn is_named(field: &Field) -> bool {
    field.from.first() == Some(&Source::Pictures)
}

fn is_position(field: &Field) -> bool {
    field.from.first() == Some(&Source::Position)
}

/// In quotes when it holds a separator or a quote, with quotes doubled.
fn quoted(text: &str, separators: &[&str]) -> String {
    let special = text.contains('"') || separators.iter().any(|separator| !separator.is_empty() && text.contains(separator));
    if special { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
