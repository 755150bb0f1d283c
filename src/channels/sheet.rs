//! A part that is a spreadsheet: a header row and lines, written through to disk so that memory does not grow with them.

use super::text;
use crate::error::{Error, Result};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use std::path::Path;

/// Rows that a sheet of this format can hold, the header not counted (ECMA-376; Excel's limits).
pub const MAX_ROWS: u64 = 1_048_575;
/// Characters of a cell at most (Excel's limits).
const MAX_CELL: usize = 32_767;

/// An open spreadsheet.
pub struct Sheet {
    workbook: Workbook,
    row: u32,
}

impl Sheet {
    /// Begins one with this header.
    pub fn open(heading: &[String]) -> Result<Self> {
        let mut workbook = Workbook::new();
        // The same rows are the same bytes: no time of writing inside.
        let epoch = ExcelDateTime::from_ymd(2000, 1, 1).map_err(failed)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&epoch));
        workbook.add_worksheet_with_constant_memory().map_err(failed)?;
        let mut sheet = Self { workbook, row: 0 };
        sheet.line(heading, &[])?;
        Ok(sheet)
    }

    /// Adds a line; columns that `numbers` says are numbers become numbers where they are.
    pub fn line(&mut self, line: &[String], numbers: &[bool]) -> Result<()> {
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        for (at, text) in line.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            let column = u16::try_from(at).map_err(Error::internal)?;
            let number = numbers.get(at).is_some_and(|number| *number).then(|| text.parse::<f64>().ok()).flatten();
            match number {
                Some(number) => sheet.write_number(self.row, column, number).map_err(failed)?,
                None if text.chars().count() > MAX_CELL => {
                    sheet.write_string(self.row, column, text::cut(text, MAX_CELL)).map_err(failed)?
                }
                None => sheet.write_string(self.row, column, text).map_err(failed)?,
            };
        }
        self.row += 1;
        Ok(())
    }

    /// Writes the file.
    pub fn save(mut self, path: &Path) -> Result<()> {
        self.workbook.save(path).map_err(failed)
    }
}

fn failed(error: XlsxError) -> Error {
    match error {
        XlsxError::IoError(error) => error.into(),
        error => Error::internal(error.to_string()),
    }
}
