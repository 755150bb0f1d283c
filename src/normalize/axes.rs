//! Several sizes in one cell: by the labels that name them, else by their order as length, width and height.

use super::{
    Hints, Reading, Status,
    amounts::Amount,
    measure::judge,
    quantity::Join,
    text::{key, spaced_key},
};
use crate::dictionary::{Attribute, Cue, Dictionary, Unit, holds_phrase};

type Group<'a> = Vec<(&'a Attribute, &'a Cue)>;

/// What a label may mean, likeliest first.
#[derive(Default, Clone)]
struct Label<'a> {
    may_be: Vec<&'a Attribute>,
    /// The letter `D` is a depth, a diameter, and a length in Czech.
    is_d: bool,
}

/// Labels of one cell, at most; no body has so many sides.
const MAX_LABELS: usize = 6;

/// `L70 W50 H30 mm`, `120 mm (L) x 26 mm (head)`, `Länge: 70 mm, Breite: 50 mm`, `HxBxT 60x45x40 mm`: each amount goes to the attribute that
/// its label names; what has no label takes the axes that are left, in order.
pub(super) fn labelled(
    dictionary: &Dictionary,
    asked: &Attribute,
    unit: &Unit,
    raw: &str,
    amounts: &[Amount<'_>],
    hints: &Hints,
) -> Option<Reading> {
    let group: Group<'_> = dictionary.cue_group(asked).filter(|(other, _)| other.unit == asked.unit).collect();
    if amounts.len() > MAX_LABELS {
        return None;
    }
    let mut labels = declared(dictionary, &group, raw, amounts).unwrap_or_else(|| beside(&group, raw, amounts));
    if labels.iter().all(|label| label.may_be.is_empty()) {
        return None;
    }
    let guessed = round_instead(&group, &mut labels);
    // "Ø40/26 x 120 mm": which of the others is the length?
    let round = |label: &Label<'_>| label.may_be.first().is_some_and(|first| first.code == "head_diameter");
    let open = labels.iter().any(round) && labels.iter().filter(|label| label.may_be.is_empty()).count() > 1;
    let Some(named) = assign(&labels).filter(|_| !open) else {
        let message = "The labels beside these sizes do not tell which is which; write one size in each column.";
        return Some(Reading {
            status: Status::Ambiguous,
            ..Reading::rejected(asked, "measure.labelled", "axes_unclear", message)
        });
    };
    let mut axes = group.iter().map(|(attribute, _)| *attribute).take(3);
    let mut readings = Vec::with_capacity(amounts.len());
    for (amount, own) in amounts.iter().zip(&named) {
        let attribute = match *own {
            Some(attribute) => attribute,
            None => axes.find(|axis| !named.iter().flatten().any(|known| known.code == axis.code))?,
        };
        let mut reading = judge(attribute, unit, amount, hints);
        reading.rule = "measure.labelled";
        reading.span = Some((amount.start, amount.end));
        if guessed && reading.value.is_some() {
            let message = "D beside one other side may be a diameter or a depth; it was read as the diameter.";
            reading.doubt("axis_guessed", message.to_owned(), 50);
        }
        readings.push(reading);
    }
    let own = readings.iter().position(|reading| reading.resolved_attribute == asked.code).unwrap_or(0);
    let mut first = readings.remove(own);
    first.also = readings;
    Some(first)
}

/// Labels that stand together, as many as there are amounts, in front of them all or behind: `(B x H x T)`, `LWH`, `长宽高`.
fn declared<'a>(dictionary: &Dictionary, group: &Group<'a>, raw: &str, amounts: &[Amount<'_>]) -> Option<Vec<Label<'a>>> {
    let head = amounts.first().and_then(|first| raw.get(..first.start))?;
    let tail = amounts.last().and_then(|last| raw.get(last.end..))?;
    let fits = |labels: &Vec<Label<'a>>| labels.len() == amounts.len() && assign(labels).is_some();
    [head, tail].into_iter().map(|text| run_of_labels(dictionary, group, text)).find(fits)
}

fn run_of_labels<'a>(dictionary: &Dictionary, group: &Group<'a>, text: &str) -> Vec<Label<'a>> {
    let mut labels: Vec<Label<'a>> = Vec::new();
    for word in text.split(|c: char| !c.is_alphabetic() && !matches!(c, '⌀' | '∅')).filter(|word| !word.is_empty()).take(40) {
        let whole = label_of(group, word);
        if !whole.may_be.is_empty() {
            labels.push(whole);
            continue;
        }
        // "HxBxT" is one word, and so are "LWH" and "长宽高".
        let sides: Vec<&str> = word.split(['x', 'X', 'х', 'Х']).collect();
        let letters: Vec<String> = if sides.len() > 1 {
            sides.into_iter().map(str::to_owned).collect()
        } else {
            word.chars().map(String::from).collect()
        };
        let all_capital = !word.chars().any(char::is_lowercase) || word.contains(['x', 'х']);
        if all_capital && letters.len() <= MAX_LABELS && letters.iter().all(|letter| dictionary.is_axis(letter)) {
            labels.extend(letters.iter().map(|letter| label_of(group, letter)));
        }
    }
    labels
}

/// The label beside each amount. Where a sign parts two amounts, each side of it belongs to its own; where none does, all labels stand before
/// their amounts when one stands before the first, else behind.
fn beside<'a>(group: &Group<'a>, raw: &str, amounts: &[Amount<'_>]) -> Vec<Label<'a>> {
    let end_before =
        |place: usize| place.checked_sub(1).and_then(|at| amounts.get(at)).map_or(0, |amount: &Amount<'_>| amount.end);
    let before =
        |place: usize| amounts.get(place).and_then(|amount| raw.get(end_before(place)..amount.start)).unwrap_or_default();
    let behind = |place: usize| {
        let until = amounts.get(place + 1).map_or(raw.len(), |next| next.start);
        amounts.get(place).and_then(|amount| raw.get(amount.end..until)).unwrap_or_default()
    };
    let own = |place: usize| amounts.get(place).and_then(|amount| raw.get(amount.start..amount.end)).unwrap_or_default();
    let leads = !label_of(group, before(0)).may_be.is_empty();
    (0..amounts.len())
        .map(|place| {
            let in_front = match parted(before(place)) {
                Some((_, right)) if place > 0 => right,
                _ if leads || place == 0 => before(place),
                _ => "",
            };
            let after = match parted(behind(place)) {
                Some((left, _)) if place + 1 < amounts.len() => left,
                _ if !leads => behind(place),
                _ => "",
            };
            let front = label_of(group, in_front);
            if front.may_be.is_empty() { label_of(group, &format!("{} {after}", own(place))) } else { front }
        })
        .collect()
}

/// What stands left and right of the last sign between two amounts: `x` by itself or before a letter, a comma and the like.
fn parted(text: &str) -> Option<(&str, &str)> {
    let mut last = None;
    let mut letter = false;
    for (at, c) in text.char_indices() {
        let x = matches!(c, 'x' | 'X' | 'х' | 'Х') && !letter;
        if x || matches!(c, '×' | '*' | ',' | ';' | '/' | '|' | '、' | '，') {
            last = Some((at, at + c.len_utf8()));
        }
        letter = c.is_alphabetic();
    }
    let (from, to) = last?;
    Some((text.get(..from)?, text.get(to..)?))
}

/// `D 26 x L 120 mm` has a diameter, `B x T x H` has a depth: `D` beside one length or height alone is read as the diameter.
fn round_instead<'a>(group: &Group<'a>, labels: &mut [Label<'a>]) -> bool {
    let Some((round, _)) = group.iter().find(|(_, cue)| cue.letters.iter().any(|letter| letter == "Ø")) else { return false };
    let [first, second] = labels else { return false };
    let (d, other) = if first.is_d { (first, second) } else { (second, first) };
    let upright = other.may_be.first().is_some_and(|other| matches!(other.code.as_str(), "dim_length" | "dim_height"));
    if !d.is_d || other.is_d || !upright {
        return false;
    }
    d.may_be = vec![round];
    true
}

/// One attribute for each label, no attribute twice, each label as near to its likeliest meaning as can be; none where that cannot be done.
fn assign<'a>(labels: &[Label<'a>]) -> Option<Vec<Option<&'a Attribute>>> {
    fn search<'a>(
        labels: &[Label<'a>],
        taken: &mut Vec<Option<&'a Attribute>>,
        cost: usize,
        best: &mut Option<(usize, Vec<Option<&'a Attribute>>)>,
    ) {
        if best.as_ref().is_some_and(|(known, _)| cost >= *known) {
            return;
        }
        let Some(label) = labels.get(taken.len()) else {
            *best = Some((cost, taken.clone()));
            return;
        };
        if label.may_be.is_empty() {
            taken.push(None);
            search(labels, taken, cost, best);
            taken.pop();
        }
        for (place, attribute) in label.may_be.iter().enumerate() {
            if !taken.iter().flatten().any(|known| known.code == attribute.code) {
                taken.push(Some(attribute));
                search(labels, taken, cost + place, best);
                taken.pop();
            }
        }
    }
    let mut best = None;
    search(labels, &mut Vec::with_capacity(labels.len()), 0, &mut best);
    best.map(|(_, named)| named)
}

/// The attributes that a label may mean, likeliest first: by a word, else by the letter of an axis.
fn label_of<'a>(group: &Group<'a>, text: &str) -> Label<'a> {
    let folded = spaced_key(text);
    let fallback = |wanted: &str| {
        let wanted = wanted.to_owned();
        group.iter().filter(move |(_, cue)| cue.fallback_keys.contains(&wanted)).map(|(attribute, _)| *attribute)
    };
    let by_word = group
        .iter()
        .filter_map(|(attribute, cue)| {
            let longest = cue.keys.iter().filter(|phrase| holds_phrase(&folded, phrase)).max_by_key(|phrase| phrase.len())?;
            Some((longest, *attribute))
        })
        .max_by_key(|(phrase, _)| phrase.len());
    if let Some((phrase, attribute)) = by_word {
        return Label { may_be: std::iter::once(attribute).chain(fallback(phrase)).collect(), is_d: false };
    }
    let mut words = text.split(|c: char| !c.is_alphabetic() && !matches!(c, '⌀' | '∅')).filter(|word| !word.is_empty());
    words
        .find_map(|word| {
            let letter = if word.is_ascii() { word.to_ascii_uppercase() } else { word.to_owned() };
            let named = group.iter().filter(|(_, cue)| cue.letters.contains(&letter)).map(|(attribute, _)| *attribute);
            let may_be: Vec<&Attribute> = named.chain(fallback(&key(&letter))).collect();
            (!may_be.is_empty()).then_some(Label { may_be, is_d: letter == "D" })
        })
        .unwrap_or_default()
}

/// `S: 60 mm, M: 70 mm`, `Lamp: 60 mm, strap: 200 mm`: has each amount the size of a variant beside it, or a name of its own that is no side of
/// a body? `L` alone is a side; beside another size it is one.
pub(super) fn of_variants(dictionary: &Dictionary, raw: &str, amounts: &[Amount<'_>]) -> bool {
    if amounts.len() < 2 || amounts.iter().any(|amount| amount.join == Join::Times) {
        return false;
    }
    let between = |from: usize, to: usize| raw.get(from..to).unwrap_or_default();
    let front = |place: usize| {
        let from = place.checked_sub(1).and_then(|before| amounts.get(before)).map_or(0, |before| before.end);
        let gap = amounts.get(place).map_or("", |amount| between(from, amount.start));
        parted(gap).map_or(gap, |(_, right)| right).trim()
    };
    let behind = |place: usize| {
        let until = amounts.get(place + 1).map_or(raw.len(), |next| next.start);
        let gap = amounts.get(place).map_or("", |amount| between(amount.end, until));
        parted(gap).map_or(gap, |(left, _)| left).trim()
    };
    let is_size = |text: &str| dictionary.words().sizes.contains(&key(text));
    let all = |is: &dyn Fn(usize) -> bool| (0..amounts.len()).all(is);
    let named = |place: usize| {
        let name = front(place).strip_suffix([':', '=']).map(str::trim_end);
        name.is_some_and(|name| {
            name.chars().any(char::is_alphabetic) && !name.split_whitespace().any(|word| dictionary.is_side(word))
        })
    };
    all(&|place| is_size(front(place))) || all(&|place| is_size(behind(place))) || all(&named)
}

/// `140 x 90 x 60 mm` under one column: length, width and height.
pub(super) fn axes(dictionary: &Dictionary, asked: &Attribute, unit: &Unit, amounts: &[Amount<'_>], hints: &Hints) -> Reading {
    let siblings: Vec<&Attribute> = dictionary.cue_group(asked).map(|(other, _)| other).take(amounts.len()).collect();
    if amounts.len() > 3 || siblings.len() < amounts.len() {
        let message = "More than three amounts are no length, width and height.";
        return Reading { status: Status::Ambiguous, ..Reading::rejected(asked, "measure.axes", "several_values", message) };
    }
    let mut readings = siblings.iter().zip(amounts).map(|(attribute, amount)| {
        let mut reading = judge(attribute, unit, amount, hints);
        reading.rule = "measure.axes";
        reading.confidence = reading.confidence.min(85);
        reading
    });
    let Some(mut first) = readings.next() else {
        return Reading::rejected(asked, "measure.axes", "no_number", "There is no number in this text.");
    };
    first.also = readings.collect();
    first.amounts = amounts.iter().map(|amount| amount.value).collect();
    first
}
