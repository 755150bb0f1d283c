//! What the listed members of a group say together, where a file has one place for all of them.

use super::profile::Differing;
use super::readiness::Row;
use super::render::Cell;

/// The values of the field at this place that every one of the rows has, in the order of the first. A row that says nothing agrees to
/// nothing: nobody knows that it is the same.
pub fn agreed(rows: &[&Row], at: usize) -> Vec<Cell> {
    let Some((first, others)) = rows.split_first() else { return Vec::new() };
    let in_all = |cell: &&Cell| others.iter().all(|row| cells(row, at).contains(cell));
    cells(first, at).iter().filter(in_all).cloned().collect()
}

/// The different values of all rows, in their order.
pub fn all(rows: &[&Row], at: usize) -> Vec<Cell> {
    let mut all: Vec<Cell> = Vec::new();
    for cell in rows.iter().flat_map(|row| cells(row, at)) {
        if !all.contains(cell) {
            all.push(cell.clone());
        }
    }
    all
}

/// Do all rows say the same?
pub fn agree(rows: &[&Row], at: usize) -> bool {
    rows.windows(2).all(|pair| match pair {
        [one, other] => cells(one, at) == cells(other, at),
        _ => true,
    })
}

/// What stands for the group as a whole.
pub fn of_group(differing: Differing, rows: &[&Row], at: usize) -> Vec<Cell> {
    match differing {
        Differing::First => rows.first().map(|row| cells(row, at).to_vec()).unwrap_or_default(),
        Differing::Nothing => agreed(rows, at),
        Differing::Each => all(rows, at),
    }
}

fn cells(row: &Row, at: usize) -> &[Cell] {
    row.cells.get(at).map_or(&[], Vec::as_slice)
}
