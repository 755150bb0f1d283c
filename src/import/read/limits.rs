//! What a supplier's file may cost us at most. Every size that an outsider controls has its number here.

/// Bounds on one file; the defaults suit catalogues of a few million rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes of the file after unpacking, all members of a zip together.
    pub max_total_bytes: u64,
    /// How many times larger than its packed form unpacked data may be, once it passes [`Self::ratio_free_bytes`].
    pub max_ratio: u64,
    /// Unpacked bytes below which the ratio is not looked at; tiny files compress absurdly well.
    pub ratio_free_bytes: u64,
    /// Bytes of one record as it stands in the file.
    pub max_row_bytes: usize,
    /// Bytes of a CSV that are left out to come to the next line behind a record that is too long.
    pub max_skip_bytes: u64,
    /// Fields of one record, repeated ones counted each time.
    pub max_fields: usize,
    /// Characters of a field's name.
    pub max_name_chars: usize,
    /// Levels of nested elements in XML; nested JSON is bound by `serde_json`'s own 128.
    pub max_depth: usize,
    /// Members of a zip, or parts of a workbook.
    pub max_members: usize,
    /// Cells of one worksheet, and shared strings of one workbook.
    pub max_xlsx_cells: u64,
    /// Bytes of all parts of a workbook after unpacking; its shared strings are held in memory.
    pub max_xlsx_bytes: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            max_total_bytes: 8 << 30,
            max_ratio: 200,
            ratio_free_bytes: 16 << 20,
            max_row_bytes: 1 << 20,
            max_skip_bytes: 256 << 20,
            max_fields: 4_000,
            max_name_chars: 500,
            max_depth: 64,
            max_members: 1_000,
            max_xlsx_cells: 4_000_000,
            max_xlsx_bytes: 256 << 20,
        }
    }
}
