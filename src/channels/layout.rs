//! Rows as bytes: RSS items, TSV lines, CSV lines. Pure; where the bytes go is [`super::write`]'s business.

use super::profile::{ChannelProfile, Field, Format, Layout, Per, Render};
use super::readiness::Row;
use super::render::Cell;
use super::source::Source;
use crate::error::{Error, Result};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// Bytes and how many rows they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encoded {
    /// In the file's form.
    pub bytes: Vec<u8>,
    /// Lines or items.
    pub rows: u64,
}

/// One format of one channel.
#[derive(Clone, Copy)]
pub struct Encoder<'a> {
    /// The channel.
    pub profile: &'a ChannelProfile,
    /// The format.
    pub format: &'a Format,
    /// Address of the shop, which RSS wants to be told.
    pub shop: &'a str,
}

impl<'a> Encoder<'a> {
    fn fields(&self) -> impl Iterator<Item = (usize, &'a Field)> {
        let code = &self.format.code;
        self.profile.fields.iter().enumerate().filter(move |(_, field)| !field.not_in.contains(code))
    }

    /// What every part begins with.
    pub fn head(&self) -> Result<Vec<u8>> {
        match self.format.layout {
            Layout::Rss => self.rss_head(),
            Layout::Tsv | Layout::Csv => self.table([self.fields().map(|(_, field)| field.name.clone()).collect()]),
        }
    }

    /// What every part ends with.
    pub fn foot(&self) -> &'static [u8] {
        match self.format.layout {
            Layout::Rss => b"</channel>\n</rss>\n",
            Layout::Tsv | Layout::Csv => b"",
        }
    }

    /// Rows that belong together: those of one group, or a single one.
    pub fn block(&self, rows: &[&Row]) -> Result<Encoded> {
        match self.format.layout {
            Layout::Rss => self.items(rows),
            Layout::Tsv | Layout::Csv if self.profile.variants.rows => self.group(rows),
            Layout::Tsv | Layout::Csv => {
                let lines = rows.iter().map(|row| self.fields().map(|(at, field)| self.column(field, cells(row, at))).collect());
                Ok(Encoded { bytes: self.table(lines)?, rows: rows.len() as u64 })
            }
        }
    }

    fn rss_head(&self) -> Result<Vec<u8>> {
        let mut xml = Writer::new(Vec::new());
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let namespace = format!("xmlns:{}", self.format.prefix);
        let rss = BytesStart::new("rss").with_attributes([("version", "2.0"), (namespace.as_str(), &self.format.namespace)]);
        xml.write_event(Event::Text(BytesText::from_escaped("\n")))?;
        xml.write_event(Event::Start(rss))?;
        xml.write_event(Event::Start(BytesStart::new("channel")))?;
        for (name, text) in [("title", self.profile.name.as_str()), ("link", self.shop), ("description", "Products")] {
            element(&mut xml, name, text)?;
        }
        xml.write_event(Event::Text(BytesText::from_escaped("\n")))?;
        Ok(xml.into_inner())
    }

    fn items(&self, rows: &[&Row]) -> Result<Encoded> {
        let prefix = &self.format.prefix;
        let names: Vec<(usize, &Field, String)> = self
            .fields()
            .map(|(at, field)| (at, field, field.element.clone().unwrap_or_else(|| format!("{prefix}:{}", field.name))))
            .collect();
        let mut xml = Writer::new(Vec::new());
        for row in rows {
            xml.write_event(Event::Start(BytesStart::new("item")))?;
            for (at, field, name) in &names {
                for cell in cells(row, *at) {
                    match cell {
                        Cell::Text(text) => element(&mut xml, name, text)?,
                        Cell::Parts(parts) => {
                            xml.write_event(Event::Start(BytesStart::new(name.as_str())))?;
                            for (part, text) in field.parts.iter().zip(parts).filter(|(_, text)| !text.is_empty()) {
                                element(&mut xml, &format!("{prefix}:{part}"), text)?;
                            }
                            xml.write_event(Event::End(BytesEnd::new(name.as_str())))?;
                        }
                    }
                }
            }
            xml.write_event(Event::End(BytesEnd::new("item")))?;
            xml.write_event(Event::Text(BytesText::from_escaped("\n")))?;
        }
        Ok(Encoded { bytes: xml.into_inner(), rows: rows.len() as u64 })
    }

    /// A group as lines: what belongs to the group on the first line only, images one a line, further lines for further images.
    fn group(&self, rows: &[&Row]) -> Result<Encoded> {
        let image = self.fields().find(|(_, field)| field.per == Per::Image && !is_position(field));
        let mut images: Vec<&Cell> = Vec::new();
        if let Some((at, field)) = image {
            for cell in rows.iter().flat_map(|row| cells(row, at)) {
                if images.len() < field.max_count && !images.contains(&cell) {
                    images.push(cell);
                }
            }
        }
        let Some(first) = rows.first() else { return Ok(Encoded::default()) };
        let count = rows.len().max(images.len());
        let lines = (0..count).map(|line| {
            let row = rows.get(line);
            let column = |(at, field): (usize, &Field)| match field.per {
                Per::Row => self.column(field, cells(first, at)),
                Per::Group if line == 0 => self.column(field, cells(first, at)),
                Per::Group => String::new(),
                Per::Product => row.map(|row| self.column(field, cells(row, at))).unwrap_or_default(),
                Per::Image if is_position(field) => images.get(line).map(|_| (line + 1).to_string()).unwrap_or_default(),
                Per::Image => images.get(line).map(|cell| self.cell(field, cell)).unwrap_or_default(),
            };
            self.fields().map(column).collect()
        });
        Ok(Encoded { bytes: self.table(lines)?, rows: count as u64 })
    }

    fn column(&self, field: &Field, cells: &[Cell]) -> String {
        cells.iter().map(|cell| self.cell(field, cell)).collect::<Vec<_>>().join(&self.format.joiner)
    }

    /// One value inside a column that may hold several.
    fn cell(&self, field: &Field, cell: &Cell) -> String {
        let several = field.max_count > 1 && field.per != Per::Image;
        match cell {
            // A comma inside an address would end it; quotes are not read there.
            Cell::Text(text) if several && field.render == Render::Url => text.replace(',', "%2C"),
            Cell::Text(text) if several => quoted(text, &[&self.format.joiner]),
            Cell::Text(text) => text.clone(),
            Cell::Parts(parts) => {
                parts.iter().map(|part| quoted(part, &[&self.format.joiner, ":"])).collect::<Vec<_>>().join(":")
            }
        }
    }

    fn table(&self, lines: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>> {
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

fn is_position(field: &Field) -> bool {
    field.from.first() == Some(&Source::Position)
}

fn cells(row: &Row, at: usize) -> &[Cell] {
    row.cells.get(at).map_or(&[], Vec::as_slice)
}

/// In quotes when it holds a separator or a quote, with quotes doubled.
fn quoted(text: &str, separators: &[&str]) -> String {
    let special = text.contains('"') || separators.iter().any(|separator| text.contains(separator));
    if special { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn element(xml: &mut Writer<Vec<u8>>, name: &str, text: &str) -> Result<()> {
    xml.create_element(name).write_text_content(BytesText::new(text))?;
    Ok(())
}
