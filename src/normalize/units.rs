//! The unit behind a number: a spelling of one or more words, powers (`km²`, `square miles`, `mètres carrés`), amounts per time
//! (`km/h`, `miles per hour`), brackets (`20 (kg)`) and a hyphen (`six-mile`).

use super::{
    quantity::Cell,
    scan::{DASHES, Piece, Token},
    text::is_unspaced,
};
use crate::dictionary::{Dictionary, Spelt, Unit};

/// Which units are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Those of the family at this place; others are foreign.
    Family(u8),
    /// Those of the family of lengths, with letters of axes beside the amounts: `70L x 50W`.
    Axes(u8),
    /// All.
    Any,
}

impl Scope {
    /// The scope of one family; none has no units.
    pub(super) fn family(dictionary: &Dictionary, name: &str) -> Self {
        Self::Family(dictionary.family(name).unwrap_or(u8::MAX))
    }

    /// Looks for the letters of axes, too.
    pub(super) fn with_axes(self) -> Self {
        match self {
            Self::Family(family) => Self::Axes(family),
            other => other,
        }
    }

    fn holds(self, spelt: Spelt) -> bool {
        match self {
            Self::Family(family) | Self::Axes(family) => family == spelt.family,
            Self::Any => true,
        }
    }
}

/// What stands behind a number.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct At<'a> {
    /// A unit that is looked for.
    pub(super) own: Option<&'a Unit>,
    /// Code of another one.
    pub(super) foreign: Option<&'a str>,
    /// How many tokens it takes.
    pub(super) length: usize,
    /// Half a unit more: `一吨半`.
    pub(super) half: bool,
}

/// Words of one unit, at most; letters of scripts without spaces count as words.
const LONGEST: usize = 10;
const SIGNS: [char; 21] =
    ['°', 'º', '˚', '\'', '"', '″', '′', '’', '”', '•', '·', '⋅', '∙', '.', '*', '/', '%', '-', '℃', '℉', '#'];

/// The unit that begins at token `at`, behind the number `number`.
pub(super) fn at<'a>(cell: &Cell<'a, '_>, at: usize, number: &Token) -> At<'a> {
    let Some(first) = cell.token(at) else { return At::default() };
    match first.piece {
        Piece::Number(_) => At::default(),
        Piece::Word => {
            // "150H mm": the letter of the axis stands before the unit.
            let letter = matches!(cell.scope, Scope::Axes(_)) && cell.dictionary.is_axis(cell.written(first));
            let behind = if letter { plain(cell, at + 1, number) } else { At::default() };
            if behind.own.is_some() { At { length: behind.length + 1, ..behind } } else { plain(cell, at, number) }
        }
        Piece::Sign(sign) => {
            let behind = at.checked_sub(1).and_then(|before| cell.token(before)).map_or(0, |before| before.end);
            if DASHES.contains(&sign) {
                // "12-Pfund", "2.5-mile"
                let glued = cell
                    .token(at + 1)
                    .is_some_and(|word| word.piece == Piece::Word && word.start == first.end && behind == first.start);
                let found = if glued { plain(cell, at + 1, number) } else { At::default() };
                return if found.length > 0 { At { length: found.length + 1, ..found } } else { At::default() };
            }
            let closing = match sign {
                '(' => ')',
                '[' => ']',
                '<' => '>',
                _ => return plain(cell, at, number),
            };
            // "40 (H) mm"
            let letter =
                matches!(cell.scope, Scope::Axes(_)) && cell.word(at + 1).is_some_and(|word| cell.dictionary.is_axis(word));
            if letter && cell.is_sign(at + 2, &[closing]) {
                let behind = plain(cell, at + 3, number);
                return if behind.own.is_some() { At { length: behind.length + 3, ..behind } } else { At::default() };
            }
            let found = plain(cell, at + 1, number);
            if found.length > 0 && cell.is_sign(at + 1 + found.length, &[closing]) {
                return At { length: found.length + 2, ..found };
            }
            At::default()
        }
    }
}

fn plain<'a>(cell: &Cell<'a, '_>, at: usize, number: &Token) -> At<'a> {
    let (power, skipped) = power_at(cell, at);
    let found = spelling(cell, at + skipped, number);
    if found.length == 0 {
        return if skipped > 0 { spelling(cell, at, number) } else { found };
    }
    let found = At { length: found.length + skipped, ..found };
    modified(cell, at, found, power, number)
}

/// A unit's spelling as it stands, the longest one first.
fn spelling<'a>(cell: &Cell<'a, '_>, at: usize, number: &Token) -> At<'a> {
    let Some(first) = cell.token(at).filter(|token| !matches!(token.piece, Piece::Number(_))) else { return At::default() };
    // "26*L120": a sign of times begins no unit.
    if first.is_sign(&['*']) {
        return At::default();
    }
    let unspaced = cell.written(first).chars().next().is_some_and(is_unspaced);
    let mut ends = [0_usize; LONGEST];
    let mut count = 0;
    let mut end = first.end;
    for token in cell.tokens.iter().skip(at).take(if unspaced { LONGEST } else { 5 }) {
        let fits = token.piece == Piece::Word || token.is_sign(&SIGNS);
        // Parts of one unit stand close together; an x goes to the next amount.
        let times = count > 0 && token.piece == Piece::Word && is_x(cell.written(token));
        if !fits || times || (count > 0 && cell.text.get(end..token.start).is_none_or(|gap| gap.chars().nth(1).is_some())) {
            break;
        }
        end = token.end;
        if let Some(place) = ends.get_mut(count) {
            *place = end;
        }
        count += 1;
    }
    let mut foreign = None;
    for length in (1..=count).rev() {
        let end = ends.get(length - 1).copied().unwrap_or(first.end);
        let slice = cell.text.get(first.start..end).unwrap_or_default();
        if slice.ends_with(['/', '-', '*', '•', '·']) {
            continue;
        }
        // "130 m in turbo mode" says metres: letters that a space parts are no short unit when the first is one itself.
        let parted = length > 1 && slice.len() <= 4 && slice.contains(' ') && first.piece == Piece::Word;
        if parted && !cell.dictionary.units_of(cell.written(first)).0.is_empty() {
            continue;
        }
        let (units, exact) = cell.dictionary.units_of(slice);
        if let Some(unit) = choose(cell, units, exact, slice, (at + length, number)) {
            return At { own: Some(unit), length, ..At::default() };
        }
        // "70L x 50W" are axes, not litres and watts.
        let axis = matches!(cell.scope, Scope::Axes(_)) && cell.dictionary.is_axis(slice);
        let other = units.first().filter(|_| !slice.starts_with('#') && cell.scope != Scope::Any && !axis);
        if let (None, Some(other)) = (foreign, other.and_then(|other| cell.dictionary.unit_at(*other))) {
            foreign = Some((length, other));
            // What is spelt exactly so is not cut: "mm Hg" is no millimetre.
            if exact && length > 1 {
                break;
            }
        }
        if units.is_empty()
            && let Some(unit) = without_ending(cell, slice)
        {
            return At { own: Some(unit), length, ..At::default() };
        }
    }
    match foreign {
        Some((length, other)) => At { foreign: Some(&other.code), length, ..At::default() },
        None => At::default(),
    }
}

/// Turkish and its like glue endings to the word: `milden`, `tona`.
fn without_ending<'a>(cell: &Cell<'a, '_>, slice: &str) -> Option<&'a Unit> {
    let endings = cell.numeral.endings();
    if endings.is_empty() || slice.len() < 4 {
        return None;
    }
    let stem = |ending: &String| slice.strip_suffix(ending.as_str()).map(|stem| stem.trim_end_matches(['\'', '’']));
    endings.iter().filter_map(stem).filter(|stem| stem.chars().count() >= 3).find_map(|stem| {
        let (units, _) = cell.dictionary.units_of(stem);
        units.iter().find(|spelt| cell.scope.holds(**spelt)).and_then(|spelt| cell.dictionary.unit_at(*spelt))
    })
}

/// Which of the units that share a spelling is meant.
fn choose<'a>(
    cell: &Cell<'a, '_>,
    units: &[Spelt],
    exact: bool,
    slice: &str,
    (behind, number): (usize, &Token),
) -> Option<&'a Unit> {
    let first = units.iter().find(|spelt| cell.scope.holds(**spelt))?;
    let unit = cell.dictionary.unit_at(*first)?;
    if cell.scope != Scope::Any {
        return Some(unit);
    }
    let of_family =
        |family: &str| units.iter().filter_map(|spelt| cell.dictionary.unit_at(*spelt)).find(|unit| unit.family == family);
    // "1.8M dollars" are no metres, "5 C" may be degrees: one letter counts as it is written.
    let letters = slice.trim_end_matches('.');
    if letters.len() == 1 && letters.starts_with(|c: char| c.is_ascii_alphabetic()) && !exact {
        return None;
    }
    if slice.starts_with(['\'', '"', '’', '”', '′', '″', '#']) {
        let before = behind.checked_sub(2).and_then(|before| cell.token(before));
        let sign_end = cell.token(behind - 1).map_or(0, |sign| sign.end);
        let glued = cell.token(behind).filter(|next| next.piece == Piece::Word && next.start == sign_end);
        // "1982'de" is no length.
        if glued.is_some_and(|word| !is_x(cell.written(word))) {
            return None;
        }
        return before.is_some_and(|before| cell.token(behind - 1).is_some_and(|sign| sign.start == before.end)).then_some(unit);
    }
    // A word of the language that happens to be a unit counts where the clause ends.
    if cell.numeral.is_common(slice)
        && cell.token(behind).is_some_and(|next| next.piece == Piece::Word && !is_x(cell.written(next)))
    {
        return None;
    }
    if matches!(slice, "pm" | "am") && is_clock(cell, number) {
        return None;
    }
    // A bare degree measures an angle, unless the text speaks of the temperature.
    if let Some(angle) = of_family("angle")
        && angle.code == "deg"
    {
        let warmth = cell.dictionary.unit("degC");
        let speaks = warmth.is_some_and(|warmth| {
            let text = cell.text.to_lowercase();
            warmth.context.iter().any(|word| text.contains(word.as_str()))
        });
        return if speaks { warmth } else { Some(angle) };
    }
    Some(unit)
}

fn is_x(word: &str) -> bool {
    matches!(word, "x" | "X" | "х" | "×")
}

/// Hours of a clock are 1 to 12 with nothing behind the point but minutes.
fn is_clock(cell: &Cell<'_, '_>, number: &Token) -> bool {
    let written = cell.written(number);
    if cell.text.get(..number.start).is_some_and(|head| head.ends_with(':')) {
        return true;
    }
    let (hours, minutes) = written.split_once(['.', ':']).unwrap_or((written, "00"));
    hours.parse::<u8>().is_ok_and(|hours| (1..=12).contains(&hours)) && minutes.len() == 2
}

/// A word that makes an area or volume of the length behind it, and how many tokens it takes.
fn power_at(cell: &Cell<'_, '_>, at: usize) -> (u8, usize) {
    let Some(word) = cell.word(at) else { return (0, 0) };
    let unspaced = word.chars().next().is_some_and(is_unspaced);
    if !unspaced {
        let power = cell.numeral.word(word).map_or(0, |word| word.power);
        return (power, usize::from(power > 0));
    }
    let Some(first) = cell.token(at) else { return (0, 0) };
    for length in [3, 2, 1] {
        let joined = cell.token(at + length - 1).and_then(|last| cell.text.get(first.start..last.end)).unwrap_or_default();
        if let Some(word) = cell.numeral.word(joined).filter(|word| word.power > 0) {
            return (word.power, length);
        }
    }
    (0, 0)
}

/// The unit with what stands behind it: a power, or the time it is counted in.
fn modified<'a>(cell: &Cell<'a, '_>, start: usize, found: At<'a>, power: u8, number: &Token) -> At<'a> {
    let base = match (found.own, found.foreign) {
        (Some(own), _) => own,
        (None, Some(code)) => match cell.dictionary.unit(code) {
            Some(unit) => unit,
            None => return found,
        },
        _ => return found,
    };
    let mut length = found.length;
    let mut unit = base;
    let end = start + length;
    let glued = cell.token(end).zip(cell.token(end - 1)).filter(|(next, last)| next.start == last.end).map(|(next, _)| next);
    let (behind, taken) = match cell.token(end).map(|token| &token.piece) {
        Some(Piece::Number(next)) => match glued {
            Some(token) => match cell.written(token) {
                "2" => (2, 1),
                "3" => (3, 1),
                // "24703 m212" is a name, "4 h30m" is not.
                _ if next.value.is_integer() && cell.scope == Scope::Any && is_parted(cell, start, number) => {
                    let continues = at(cell, end + 1, token).own.is_some();
                    if continues { (0, 0) } else { return At::default() }
                }
                _ => (0, 0),
            },
            None => (0, 0),
        },
        Some(Piece::Sign('²')) => (2, 1),
        Some(Piece::Sign('³')) => (3, 1),
        Some(Piece::Sign('^')) => (digit(cell, end + 1), 2),
        Some(Piece::Sign('*')) if cell.is_sign(end + 1, &['*']) => (digit(cell, end + 2), 3),
        Some(Piece::Word) if base.family == "length" => power_at(cell, end),
        None | Some(Piece::Word | Piece::Sign(_)) => (0, 0),
    };
    let power = if behind > 0 { behind } else { power };
    if power > 0 {
        if behind > 0 {
            length += taken;
        }
        let raised = (base.family == "length").then(|| cell.dictionary.unit(&format!("{}{power}", base.code))).flatten();
        match raised {
            Some(raised) => unit = raised,
            None if behind > 0 || base.family == "length" => {
                return At { own: None, foreign: Some(&base.code), length, ..found };
            }
            None => {}
        }
    }
    if let Some((per, taken)) = per_at(cell, start + length, number) {
        let known = (power == 0).then(|| cell.dictionary.unit(&format!("{}/{}", unit.code, per.code))).flatten();
        match known {
            Some(known) => (unit, length) = (known, length + taken),
            // Grams per mole are no grams; barrels a day are barrels, told so in words.
            None if cell.is_sign(start + length, &['/']) => {
                return At { own: None, foreign: Some(&unit.code), length: length + taken, ..found };
            }
            None => {}
        }
    }
    if cell.scope == Scope::Any && cell.is_sign(start + length, &['/']) && per_unknown(cell, start + length) {
        return At { own: None, foreign: Some(&unit.code), length: length + 1, ..found };
    }
    let half = cell.word(start + length) == Some("半");
    let length = length + usize::from(half);
    if unit.code == base.code {
        return At { length, half, ..found };
    }
    let own = match cell.scope {
        Scope::Any => true,
        Scope::Family(family) | Scope::Axes(family) => cell.dictionary.family(&unit.family) == Some(family),
    };
    if own {
        At { own: Some(unit), foreign: None, length, half }
    } else {
        At { own: None, foreign: Some(&unit.code), length, half }
    }
}

/// Does white space stand between the number and its unit?
fn is_parted(cell: &Cell<'_, '_>, start: usize, number: &Token) -> bool {
    cell.token(start).is_some_and(|unit| unit.start > number.end)
}

fn digit(cell: &Cell<'_, '_>, at: usize) -> u8 {
    match cell.token(at).map(|token| cell.written(token)) {
        Some("2") => 2,
        Some("3") => 3,
        _ => 0,
    }
}

/// `/h`, `per hour`, `all'ora`: the unit below the line and how many tokens that takes.
fn per_at<'a>(cell: &Cell<'a, '_>, at: usize, number: &Token) -> Option<(&'a Unit, usize)> {
    let mut next = at;
    if cell.is_sign(at, &['/']) {
        next += 1;
    } else {
        let word = cell.word(at)?;
        if !cell.numeral.word(word)?.per {
            return None;
        }
        next += 1;
        // "all'ora", "à l'heure", "a la hora"
        if cell.word(next).is_some_and(|word| matches!(word, "l" | "la")) {
            next += 1;
        }
        if cell.is_sign(next, &['\'', '’']) {
            next += 1;
        }
    }
    cell.word(next)?;
    let below = spelling(&Cell { scope: Scope::Any, ..*cell }, next, number);
    // In words only a time is meant; after a slash a number makes it a second amount.
    let unit = below.own.filter(|unit| cell.is_sign(at, &['/']) || unit.family == "time")?;
    let counted = cell.is_sign(at, &['/']) && !touching(cell, at);
    (!counted).then_some((unit, next - at + below.length))
}

/// Does a word stand below the line that is no unit of ours, as in `kJ/mole`?
fn per_unknown(cell: &Cell<'_, '_>, slash: usize) -> bool {
    let (before, sign, behind) = (slash.checked_sub(1).and_then(|at| cell.token(at)), cell.token(slash), cell.token(slash + 1));
    match (before, sign, behind) {
        (Some(before), Some(sign), Some(behind)) => {
            before.end == sign.start && sign.end == behind.start && (behind.piece == Piece::Word || behind.is_sign(&['[', '(']))
        }
        _ => false,
    }
}

/// Does the slash touch both its neighbours, as in `g/mol` but not in `36 h / m`?
fn touching(cell: &Cell<'_, '_>, slash: usize) -> bool {
    let (before, sign, behind) = (slash.checked_sub(1).and_then(|at| cell.token(at)), cell.token(slash), cell.token(slash + 1));
    match (before, sign, behind) {
        (Some(before), Some(sign), Some(behind)) => {
            before.end == sign.start && sign.end == behind.start
                || (before.end < sign.start && sign.end < behind.start && cell.scope == Scope::Any)
        }
        _ => false,
    }
}

/// A speed, where a word before the number says per what time: `時速 188 マイル`.
pub(super) fn speed<'a>(cell: &Cell<'a, '_>, unit: &'a Unit, start: usize) -> &'a Unit {
    if cell.scope != Scope::Any || unit.family != "length" || start == 0 {
        return unit;
    }
    let per = cell.text.get(..start).and_then(|head| cell.dictionary.numerals().per_before(head));
    per.and_then(|per| cell.dictionary.unit(&format!("{}/{per}", unit.code))).unwrap_or(unit)
}

/// A unit's word right before the number, when no quantity has taken it.
pub(super) fn before<'a>(cell: &Cell<'a, '_>, between: &[usize], number: usize) -> Option<&'a Unit> {
    let mut parted = false;
    let mut free = between.iter().rev().filter_map(|place| cell.token(*place)).skip_while(|token| {
        let sign = token.is_sign(&[':', '=']);
        parted |= sign;
        sign
    });
    let word = free.next().filter(|token| token.piece == Piece::Word)?;
    let near = cell.token(number).is_some_and(|number| number.start.saturating_sub(word.end) <= 3);
    let written = cell.written(word);
    if !near || written.chars().count() < 2 || (cell.scope == Scope::Any && !parted) {
        return None;
    }
    let (units, _) = cell.dictionary.units_of(written);
    units.iter().find(|spelt| cell.scope.holds(**spelt)).and_then(|spelt| cell.dictionary.unit_at(*spelt))
}
