//! A lamp as it truly is. All figures are whole numbers of small units, so that what is written never depends on how floats are printed.

use super::random::{Random, Subject, shuffled};
use super::shapes::Shapes;
use crate::normalize::gtin;
use serde_json::{Value, json};

/// One mode of light.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mode {
    /// Code of its name in the words of each language; none for the fourth of five.
    pub(super) name: &'static str,
    pub(super) lumens: u64,
    /// Tenths of an hour.
    pub(super) runtime: u64,
}

/// One product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lamp {
    pub(super) index: u64,
    pub(super) model_id: u64,
    pub(super) brand: String,
    pub(super) model: String,
    pub(super) mpn: String,
    /// 12 or 13 digits.
    pub(super) gtin: String,
    pub(super) lumens: u64,
    /// Metres.
    pub(super) distance: u64,
    /// Tenths of a gram.
    pub(super) weight: u64,
    pub(super) modes: Vec<Mode>,
    /// Tenths of an hour.
    pub(super) runtime: u64,
    pub(super) ip: String,
    /// `3xAAA`, or `built_in`.
    pub(super) cells: String,
    pub(super) port: Option<String>,
    pub(super) light_colors: Vec<String>,
    pub(super) color: String,
    pub(super) features: Vec<String>,
    pub(super) year: u64,
    /// Cents of a US dollar, what shops ask.
    pub(super) price: u64,
}

/// Products whose models are told together: 3 colours of one, 2 of the next, 1 of the third.
const BLOCK: u64 = 6;
/// Largest number of products: their numbers have seven digits.
pub(super) const MOST: u64 = 5_000_000;
/// Names of modes from bright to dark.
const NAMES: [&str; 5] = ["max", "high", "medium", "low", "ultralow"];

/// The model and the place among its colours.
fn model_of(index: u64) -> (u64, u64) {
    let block = index / BLOCK * 3;
    match index % BLOCK {
        place @ 0..3 => (block, place),
        place @ 3..5 => (block + 1, place - 3),
        _ => (block + 2, 0),
    }
}

impl Lamp {
    /// The product of this index.
    pub(super) fn of(shapes: &Shapes, seed: u64, index: u64) -> Self {
        let (model_id, place) = model_of(index);
        let mut random = Random::of(seed, Subject::Model, 0, model_id);
        let random = &mut random;
        let (shape, pick) = (&shapes.shape, &shapes.pick);
        let brand = brand(shapes, random);
        let rank = random.rank();
        let power = shapes.power(random);
        let lumens = power.map_or(200, |power| rounded(power.lumens.at(rank)));
        let grams = power.map_or(100, |power| power.grams.at(random.rank_like(rank, shape.lumens_with_weight)));
        let dollars = power.map_or(50, |power| power.price.at(random.rank_like(rank, shape.lumens_with_price)));
        let usb = power.is_some_and(|power| random.below(100) < power.usb);
        let cells = power.map_or("built_in", |power| power.cells.one(random)).to_owned();
        let distance = shape.beam_distance.at(random.rank_like(rank, shape.lumens_with_distance));
        let at_max = shape.runtime_at_max.at(random.rank());
        let longest = shape.runtime_max.at(random.rank()).max(at_max);
        let modes = modes(shapes, random, lumens, at_max, longest);
        let light_colors = std::iter::once("white".to_owned())
            .chain((random.below(100) < 40).then(|| pick.light_color.one(random).to_owned()))
            .collect();
        let features = features(shapes, random);
        let port = (usb || cells == "built_in").then(|| pick.charging_port.one(random).to_owned());
        let ip = pick.ip_rating.one(random).to_owned();
        let year = shape.year.at(random.rank());
        let name = model_name(shapes, model_id, random);
        let color = pick.body_color.nth(&mut Random::of(seed, Subject::Model, 1, model_id), place).to_owned();
        let mut own = Random::of(seed, Subject::Product, 0, index);
        Self {
            index,
            model_id,
            mpn: mpn(&brand, index, seed),
            gtin: number(index, seed, random.below(100) < 35),
            model: name,
            brand,
            lumens,
            distance,
            // Colours of one model weigh nearly the same.
            weight: grams * 10 + own.below(10),
            runtime: modes.iter().map(|mode| mode.runtime).max().unwrap_or(longest),
            modes,
            ip,
            cells,
            port,
            light_colors,
            color,
            features,
            year,
            price: dollars * 100 - 5,
        }
    }

    /// Its name in the truth files.
    pub(super) fn id(&self) -> String {
        product_id(self.index)
    }

    /// What is true of it, in the dictionary's codes and canonical units.
    pub(super) fn truth(&self) -> Value {
        let cells: Value = match self.cells.split_once('x') {
            Some((quantity, cell)) => json!({"quantity": quantity.parse::<u64>().unwrap_or(1), "cell": cell}),
            None => json!({"quantity": 1, "cell": self.cells}),
        };
        let modes = self
            .modes
            .iter()
            .map(|mode| json!({"name": mode.name, "light_output": mode.lumens.to_string(), "runtime": tenths(mode.runtime)}));
        json!({
            "product": self.id(), "gtin": format!("{:0>14}", self.gtin), "brand": self.brand, "mpn": self.mpn, "model": self.model,
            "group": format!("M{:07}", self.model_id),
            "values": {
                "light_output_max": self.lumens.to_string(), "beam_distance_max": self.distance.to_string(),
                "runtime_max": tenths(self.runtime), "weight_with_battery": tenths(self.weight), "ip_rating": self.ip,
                "battery_options": [cells], "charging_port": self.port, "light_colors": self.light_colors,
                "body_color": [self.color], "features": self.features, "release_year": self.year,
                "modes": modes.collect::<Vec<_>>(),
            },
        })
    }
}

/// The name of a product in the truth files.
pub(super) fn product_id(index: u64) -> String {
    format!("P{index:07}")
}

/// `123` tenths as `12.3`, `120` as `12`.
pub(super) fn tenths(value: u64) -> String {
    if value.is_multiple_of(10) { (value / 10).to_string() } else { format!("{}.{}", value / 10, value % 10) }
}

/// Makers round their figures.
fn rounded(lumens: u64) -> u64 {
    match lumens {
        0..50 => lumens,
        50..200 => lumens / 5 * 5,
        200..1_000 => lumens / 10 * 10,
        _ => lumens / 50 * 50,
    }
}

fn brand(shapes: &Shapes, random: &mut Random) -> String {
    if random.below(100) >= shapes.shape.no_name_share {
        return shapes.pick.brand.one(random).to_owned();
    }
    format!("{}{}", one_of(&shapes.names.first, random), one_of(&shapes.names.second, random))
}

fn one_of<'a>(list: &'a [String], random: &mut Random) -> &'a str {
    let at = random.below(list.len() as u64);
    list.get(usize::try_from(at).unwrap_or_default()).map_or("", String::as_str)
}

/// Letters and digits that are not taken for others.
const SIGNS: &[u8] = b"23456789ABCDEFGHJKLMNPQRTUVWXY";

fn model_name(shapes: &Shapes, model_id: u64, random: &mut Random) -> String {
    let mut code = String::new();
    let mut left = model_id;
    while left > 0 || code.len() < 2 {
        let at = usize::try_from(left % SIGNS.len() as u64).unwrap_or_default();
        code.insert(0, SIGNS.get(at).map_or('2', |sign| char::from(*sign)));
        left /= SIGNS.len() as u64;
    }
    format!("{} {code}", one_of(&shapes.names.model, random))
}

/// A part number that no other product of any brand has.
fn mpn(brand: &str, index: u64, seed: u64) -> String {
    let letters: String = brand.chars().filter(char::is_ascii_alphabetic).take(2).flat_map(char::to_uppercase).collect();
    let number = shuffled(index, MOST, seed ^ 0x6d70_6e00);
    format!("{letters}{:03}-{:04}", 100 + number / 10_000, number % 10_000)
}

/// A number that no other product has. EANs begin with 952, which GS1 keeps for demonstrations; UPCs have no such range, so theirs only
/// look real.
fn number(index: u64, seed: u64, upc: bool) -> String {
    let place = shuffled(index, MOST, seed ^ 0x6774_696e);
    // Other numbers of the same product where one would look damaged, as by a tail of zeros.
    let bodies =
        (0..20).map(|turn| if upc { format!("08{:09}", place * 20 + turn) } else { format!("952{:09}", place * 20 + turn) });
    let whole = bodies.filter_map(|body| gtin::check_digit(&body).map(|digit| format!("{body}{digit}")));
    let mut usable = whole.filter(|number| gtin::canonicalise(number).usable().is_some());
    usable.next().unwrap_or_default()
}

fn modes(shapes: &Shapes, random: &mut Random, lumens: u64, at_max: u64, longest: u64) -> Vec<Mode> {
    let count = shapes.shape.modes.at(random.rank()).min(NAMES.len() as u64);
    let (mut modes, mut output) = (Vec::new(), lumens);
    for (place, name) in NAMES.iter().enumerate() {
        if place as u64 >= count || output == 0 {
            break;
        }
        // Half the light lasts a little more than twice as long; the darkest lasts as long as the lamp does.
        let runtime = (at_max * lumens / output).clamp(at_max, longest);
        modes.push(Mode { name, lumens: output, runtime });
        output = output * shapes.shape.mode_step.at(random.rank()).min(900) / 1_000;
    }
    if let Some(last) = modes.last_mut().filter(|last| last.lumens < lumens) {
        last.runtime = longest;
    }
    modes
}

fn features(shapes: &Shapes, random: &mut Random) -> Vec<String> {
    let mut features: Vec<String> = Vec::new();
    for _ in 0..random.below(5) {
        let feature = shapes.pick.feature.one(random);
        if !features.iter().any(|known| known == feature) {
            features.push(feature.to_owned());
        }
    }
    features
}
