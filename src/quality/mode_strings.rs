//! `headlamp-dirt/mode_strings.csv`: one light mode each, with lumens and hours, and whether the source's own columns confirm them.

use super::{Case, Measure, dirty_values::shown, rows};
use crate::{
    dictionary::Dictionary,
    normalize::{Hints, Mode, Status, Value, normalize},
};
use rust_decimal::Decimal;
use std::path::Path;

pub(super) fn judge(dictionary: &Dictionary, path: &Path) -> anyhow::Result<Option<Vec<Measure>>> {
    let (Some(rows), Some(attribute)) = (rows(path)?, dictionary.attribute("modes")) else { return Ok(None) };
    let mut measures =
        [Measure::new("mode_strings.lumens"), Measure::new("mode_strings.runtime"), Measure::new("mode_strings.whole")];
    for row in &rows {
        let reading = normalize(dictionary, attribute, row.get("raw_mode_string"), &Hints::default());
        let mode = match &reading.value {
            Some(Value::Modes(modes)) if modes.len() == 1 => modes.first().cloned(),
            _ => None,
        };
        let one = |pick: fn(&Mode) -> Option<Decimal>| mode.as_ref().and_then(pick);
        let (lumens, hours) = (one(|mode| mode.light_output), one(|mode| mode.runtime));
        let (wanted_lumens, wanted_hours) = (number(row.get("lumens")), number(row.get("runtime_h")));
        let confirmed = |column: &str| row.get(column) == "Y";
        let mut put = |place: usize, judged: bool, right: bool| {
            let Some(measure) = measures.get_mut(place) else { return };
            if !judged {
                measure.not_judged += 1;
                return;
            }
            measure.cases.push(Case {
                raw: row.get("raw_mode_string").to_owned(),
                read_as: attribute.code.clone(),
                expected: format!("{} lm, {} h", row.get("lumens"), row.get("runtime_h")),
                got: shown(&reading),
                right,
                called_ok: reading.status == Status::Ok,
            });
        };
        put(0, confirmed("lumens_confirmed_by_source_column"), same(lumens, wanted_lumens));
        put(1, confirmed("runtime_confirmed_by_source_column"), same(hours, wanted_hours));
        // Unconfirmed rows too: a mode of which nothing is said is none.
        put(2, true, same(lumens, wanted_lumens) && same(hours, wanted_hours));
    }
    Ok(Some(measures.into()))
}

fn number(text: &str) -> Option<Decimal> {
    text.parse().ok()
}

/// The set rounds hours to four places.
fn same(got: Option<Decimal>, wanted: Option<Decimal>) -> bool {
    match (got, wanted) {
        (None, None) => true,
        (Some(got), Some(wanted)) => (got - wanted).abs() <= Decimal::new(1, 4),
        _ => false,
    }
}
