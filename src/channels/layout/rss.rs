//! RSS 2.0 with a namespace for the channel's elements.

use super::{Encoded, Encoder, cells};
use crate::channels::profile::Field;
use crate::channels::readiness::Row;
use crate::channels::render::Cell;
use crate::error::Result;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

impl Encoder<'_> {
    pub(super) fn rss_head(&self) -> Result<Vec<u8>> {
        let mut xml = Writer::new(Vec::new());
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let namespace = format!("xmlns:{}", self.format.prefix);
        let rss = BytesStart::new("rss").with_attributes([("version", "2.0"), (namespace.as_str(), &self.format.namespace)]);
        xml.write_event(Event::Text(BytesText::from_escaped("\n")))?;
        xml.write_event(Event::Start(rss))?;
        xml.write_event(Event::Start(BytesStart::new("channel")))?;
        for (name, text) in [("title", self.profile.name.as_str()), ("link", &self.frame.shop), ("description", "Products")] {
            element(&mut xml, name, text)?;
        }
        xml.write_event(Event::Text(BytesText::from_escaped("\n")))?;
        Ok(xml.into_inner())
    }

    pub(super) fn items(&self, rows: &[&Row]) -> Result<Encoded> {
        let prefix = &self.format.prefix;
        let named = |(at, field): (usize, &'_ Field)| {
            let name = field.element.clone().unwrap_or_else(|| format!("{prefix}:{}", field.name));
            (at, field.parts.clone(), name)
        };
        let elements: Vec<(usize, Vec<String>, String)> = self.fields().into_iter().map(named).collect();
        let mut xml = Writer::new(Vec::new());
        for row in rows {
            xml.write_event(Event::Start(BytesStart::new("item")))?;
            for (at, part_names, name) in &elements {
                for cell in cells(row, *at) {
                    match cell {
                        Cell::Text(text) => element(&mut xml, name, text)?,
                        Cell::Parts(parts) => {
                            xml.write_event(Event::Start(BytesStart::new(name.as_str())))?;
                            for (part, text) in part_names.iter().zip(parts).filter(|(_, text)| !text.is_empty()) {
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
}

fn element(xml: &mut Writer<Vec<u8>>, name: &str, text: &str) -> Result<()> {
    xml.create_element(name).write_text_content(BytesText::new(text))?;
    Ok(())
}
