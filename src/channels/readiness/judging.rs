//! The reasons: each names the field, says what is wrong, where the rule stands and what to do.

use super::{Level, Reason};
use crate::catalog::ProductStatus;
use crate::channels::extract::{Found, Product, Side};
use crate::channels::profile::{ChannelProfile, Field};
use crate::channels::render::{Cell, Fault, render};
use crate::channels::source::Source;
use crate::pricing::NoPrice;

/// A row with more bytes than this is no listing; it would break every limit of the channel.
const MAX_ROW_BYTES: usize = 512 * 1024;
/// Escaping may make a character six bytes long (`&quot;`), and a row needs its tags.
const ESCAPED: u64 = 8;
/// Letters from which on a text in capitals is shouting and no name.
const SHOUTED: usize = 12;

pub(super) struct Judge<'a> {
    side: Side<'a>,
    product: &'a Product<'a>,
    pub(super) reasons: Vec<Reason>,
    wanted: i32,
    missing: Vec<String>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(side: Side<'a>, product: &'a Product<'a>) -> Self {
        Self { side, product, reasons: Vec::new(), wanted: 0, missing: Vec::new() }
    }

    /// Per mille, and what is missing.
    pub(super) fn completeness(&mut self) -> (i32, Vec<String>) {
        let missing = std::mem::take(&mut self.missing);
        let lacking = i32::try_from(missing.len()).unwrap_or(self.wanted);
        let share = if self.wanted == 0 { 1000 } else { (self.wanted - lacking).max(0) * 1000 / self.wanted };
        (share, missing)
    }

    pub(super) fn field(&mut self, field: &Field) -> Vec<Cell> {
        if field.only_when.as_ref().is_some_and(|when| !when.holds(self.product, self.side.words)) {
            return Vec::new();
        }
        let values = match self.side.values(field, self.product) {
            Found::Nothing => Vec::new(),
            Found::Values(values) => values,
            Found::Failed(why) => {
                let source = format!("settings of channel {}: templates", self.side.profile.code);
                self.block(&field.name, "template_failed", why, source, format!("correct the template of {}", field.name));
                return Vec::new();
            }
        };
        let found = !values.is_empty();
        let (mut cells, faults) = render(field, values, self.side.words);
        if let (true, Some(default)) = (cells.is_empty(), &field.default) {
            cells.push(Cell::Text(default.clone()));
        }
        let when = field.required_when.as_ref();
        let required = field.required || when.is_some_and(|when| when.holds(self.product, self.side.words));
        for fault in faults {
            self.fault(field, required, fault, cells.is_empty());
        }
        if required || field.recommended {
            self.wanted += 1;
            if cells.is_empty() {
                self.missing.push(field.name.clone());
            }
        }
        let explained = self.reasons.iter().any(|reason| reason.field == field.name && reason.level == Level::Blocked);
        if required && cells.is_empty() && !explained {
            self.missing(field, found);
        }
        if let (true, Some(Cell::Text(text))) = (field.no_shouting, cells.first()) {
            let letters = text.chars().filter(|c| c.is_alphabetic()).count();
            if letters >= SHOUTED && !text.chars().any(char::is_lowercase) && text.chars().any(char::is_uppercase) {
                let message =
                    format!("{} is all in capitals, which {} turns away or shows less", field.name, self.side.profile.name);
                self.warn(
                    &field.name,
                    "shouting",
                    message,
                    self.page(field),
                    format!("write {} in ordinary letters", field.name),
                );
            }
        }
        cells
    }

    fn push(&mut self, level: Level, field: &str, code: &str, message: String, source: String, fix: String) {
        self.reasons.push(Reason { level, field: field.to_owned(), code: code.to_owned(), message, source, fix });
    }

    fn block(&mut self, field: &str, code: &str, message: String, source: String, fix: String) {
        self.push(Level::Blocked, field, code, message, source, fix);
    }

    fn warn(&mut self, field: &str, code: &str, message: String, source: String, fix: String) {
        self.push(Level::Warning, field, code, message, source, fix);
    }

    /// Where the field's rule stands.
    fn page(&self, field: &Field) -> String {
        field.docs.as_ref().unwrap_or(&self.side.profile.docs).to_string()
    }

    fn fault(&mut self, field: &Field, required: bool, fault: Fault, empty: bool) {
        let name = &field.name;
        let page = self.page(field);
        // What nobody asked for, or what other values make up for, is only left out, and said.
        let mut level = if required && empty { Level::Blocked } else { Level::Warning };
        let (code, message, fix) = match fault {
            Fault::TooLong { length } => {
                level = Level::Blocked;
                let max = field.max_length.or(field.max_bytes).unwrap_or_default();
                let message = format!("{name} has {length} characters; {} takes at most {max}", self.side.profile.name);
                ("too_long", message, format!("shorten it to {max} characters"))
            }
            Fault::Cut { length } => {
                level = Level::Warning;
                let max = field.max_length.or(field.max_bytes).unwrap_or_default();
                let message =
                    format!("{name} has {length} characters and is cut; {} takes at most {max}", self.side.profile.name);
                ("cut", message, format!("word a {name} of at most {max} characters"))
            }
            Fault::Dropped { length } => {
                let max = field.max_length.or(field.max_bytes).unwrap_or_default();
                let message = format!(
                    "a value of {name} has {length} characters and is left out; {} takes at most {max}",
                    self.side.profile.name
                );
                ("left_out", message, format!("shorten it to {max} characters"))
            }
            // A wrong GTIN endangers the whole account, so it never passes silently, wanted or not.
            Fault::Gtin(gtin) => {
                level = Level::Blocked;
                let message = format!("'{gtin}' is not a valid GTIN: its length or check digit is wrong");
                ("invalid_gtin", message, "correct the product's gtin or withdraw it".to_owned())
            }
            Fault::TooShort => {
                let min = field.min_length.unwrap_or_default();
                (
                    "too_short",
                    format!("{name} has fewer than {min} characters"),
                    format!("make it at least {min} characters long"),
                )
            }
            Fault::NotAllowed(value) => {
                let fix = match field.allowed.as_slice() {
                    [] => "correct the product's value".to_owned(),
                    allowed => format!("use one of {}", allowed.join(", ")),
                };
                ("not_allowed", format!("{name} cannot be '{value}'"), fix)
            }
            // A code that the channel has no word for says nothing to it, where it did not ask.
            Fault::NotMapped(_) if !required && !field.recommended => return,
            Fault::NotMapped(value) => {
                let message = format!("{} has no word for '{value}' in {name}", self.side.profile.name);
                (
                    "not_mapped",
                    message,
                    format!("add '{value}' to the map of {name} in the channel's profile, or change the value"),
                )
            }
            Fault::OutOfRange(value) => {
                let bound = |bound: Option<_>, none: &str| {
                    bound.map_or(none.to_owned(), |bound: rust_decimal::Decimal| bound.to_string())
                };
                let (min, max) = (bound(field.min, "anything"), bound(field.max, "anything"));
                (
                    "out_of_range",
                    format!("{name} is {value}; it may be from {min} to {max}"),
                    "correct the product's value".to_owned(),
                )
            }
            Fault::Url(url) => {
                let message = format!("'{url}' is not an absolute http or https address");
                ("not_an_address", message, "correct the address".to_owned())
            }
            Fault::NotHttps(url) => {
                let message = format!("'{url}' does not begin with https, which {} asks for", self.side.profile.name);
                ("not_https", message, "serve it by https".to_owned())
            }
            Fault::Ending(url) => {
                let endings = field.endings.join(", ");
                let message = format!("'{url}' does not end with one of {endings}, which {} asks for", self.side.profile.name);
                ("wrong_ending", message, format!("serve it under an address that ends with one of {endings}"))
            }
            Fault::Unit(unit) => {
                ("wrong_unit", format!("{name} cannot be made from a value in '{unit}'"), "correct the value's unit".to_owned())
            }
        };
        // One sentence a field and code: ten pictures too long are one finding.
        if !self.reasons.iter().any(|reason| reason.field == *name && reason.code == code) {
            self.push(level, name, code, message, page, fix);
        }
    }

    /// What is wrong with the pictures: told once for each code, on the field that holds the first of them.
    pub(super) fn pictures(&mut self) {
        let fields = self.side.profile.fields.iter().zip(self.side.used);
        let of_images = |field: &Field| field.from.iter().any(|source| matches!(source, Source::Image | Source::Images));
        let Some((field, _)) = fields.filter(|(_, used)| **used).find(|(field, _)| of_images(field)) else { return };
        let page = self.side.profile.images.as_ref().map_or_else(|| self.page(field), |rules| rules.docs.to_string());
        for fault in &self.product.pictures.faults {
            if self.reasons.iter().any(|reason| reason.code == fault.code) {
                continue;
            }
            let alike = self.product.pictures.faults.iter().filter(|other| other.code == fault.code).count();
            let more = if alike > 1 { format!(" (and {} more)", alike - 1) } else { String::new() };
            let left_out = if fault.left_out { "left out: " } else { "" };
            let message = format!("{left_out}{}{more}", fault.message);
            self.warn(&field.name, &fault.code, message, page.clone(), fault.fix.clone());
        }
    }

    fn missing(&mut self, field: &Field, found: bool) {
        let code = &self.side.profile.code;
        let locale = &self.side.settings.locale;
        let setting = |key: &str| format!("settings of channel {code}: {key}");
        let name = &field.name;
        let page = self.page(field);
        match field.from.first() {
            Some(Source::Price) => self.no_price(name),
            Some(Source::Link) if self.side.settings.link_template.is_none() => {
                let message = "the channel has no link template, so products have no address".to_owned();
                let fix = format!("set link_template of channel {code}, such as https://shop.example/p/{{sku}}");
                self.block(name, "no_link", message, setting("link_template"), fix);
            }
            Some(Source::Link) => {
                let message = "the link template asks for a value that this product does not have".to_owned();
                let fix = "give the product a GTIN or use {sku} in the template".to_owned();
                self.block(name, "no_link", message, setting("link_template"), fix);
            }
            Some(Source::Title | Source::Description) => {
                let message = format!("there is no {name} in '{locale}', and too little is known to make one");
                let fix = format!("give the product a {name} in '{locale}', or a brand, a model and a category");
                self.block(name, "missing", message, page, fix);
            }
            Some(Source::Image | Source::Images) if self.product.pictures.faults.iter().any(|fault| fault.left_out) => {
                let first = self.product.pictures.faults.iter().find(|fault| fault.left_out);
                let why = first.map(|fault| format!(": {}", fault.message)).unwrap_or_default();
                let message = format!("none of the product's pictures can go{why}");
                let fix = first.map_or_else(|| "add a picture".to_owned(), |fault| fault.fix.clone());
                self.block(name, "no_usable_picture", message, page, fix);
            }
            Some(Source::Image | Source::Images) => {
                let message = "there is no picture with an absolute address".to_owned();
                self.block(name, "missing", message, page, "add a picture, or set image_base of the channel".to_owned());
            }
            // Told once, by `options`.
            Some(Source::Setting(_)) => {}
            _ if found => {
                let message = format!("{name} has no form that {} takes", self.side.profile.name);
                self.block(name, "not_allowed", message, page, "correct the product's value".to_owned());
            }
            _ => {
                let message = format!("{} needs {name}, and there is no value for it", self.side.profile.name);
                self.block(name, "missing", message, page, format!("give the product a value for {}", wanted(field)));
            }
        }
    }

    fn no_price(&mut self, name: &str) {
        let code = &self.side.profile.code;
        let Err(why) = &self.product.price else { return };
        let message = why.to_string();
        let source = format!("settings of channel {code}: currency, markup, price_source");
        let (reason, fix) = match why {
            NoPrice::NoRate { from, to } => ("no_rate", format!("set a rate from {from} to {to}, or sell in {from}")),
            NoPrice::NoCost => ("no_price", "give the offer a cost or a recommended price".to_owned()),
            NoPrice::NoOffer => ("no_price", "import an offer for it".to_owned()),
            NoPrice::TooLarge => ("no_price", "correct the cost, the markup or the rate".to_owned()),
        };
        self.block(name, reason, message, source, fix);
    }

    /// Sets of fields of which one must have a value.
    pub(super) fn sets(&mut self, cells: &[Vec<Cell>]) {
        for set in &self.side.profile.one_of {
            let filled =
                self.side.profile.fields.iter().zip(cells).any(|(field, cells)| set.contains(&field.name) && !cells.is_empty());
            self.wanted += 1;
            if !filled {
                let names = set.join(", ");
                self.missing.push(set.join(" or "));
                let message = format!("{} needs at least one of {names}", self.side.profile.name);
                let source = self.side.profile.docs.to_string();
                let first = set.first().map_or("", String::as_str);
                self.block(first, "missing", message, source, format!("give the product one of {names}"));
            }
        }
    }

    /// What only the owner knows and has not said.
    pub(super) fn options(&mut self) {
        let (profile, settings) = (self.side.profile, self.side.settings);
        for option in profile.options.iter().filter(|option| option.required) {
            if settings.option(profile, &option.name).is_some() {
                continue;
            }
            let message = format!("{} must be told {}: {}", profile.name, option.name, option.about);
            let fix = format!("set options.{} of channel {}", option.name, profile.code);
            let source = format!("settings of channel {}: options", profile.code);
            self.block(&option.name, "no_setting", message, source, fix);
        }
    }

    /// Variants that a shop could not tell apart.
    pub(super) fn variants(&mut self) {
        let rules = &self.side.profile.variants;
        let group = &self.product.group;
        let name = &self.side.profile.name;
        let source = self.side.profile.docs.to_string();
        if let Some(other) = group.same_as.as_ref().filter(|_| rules.options > 0) {
            let message = format!("{name} cannot tell it from {other}, a variant of the same group");
            let fix =
                format!("give the two different values of one of {}, or take one out of the group", rules.attributes.join(", "));
            self.block("group", "same_variant", message, source.clone(), fix);
        }
        let (side, product) = (self.side, self.product);
        for (at, attribute) in group.options.iter().enumerate() {
            if rules.options == 0 || side.option(product, at + 1).is_some() {
                continue;
            }
            let message = format!(
                "variants of its group differ in {attribute}, and it has no value of it in '{}'",
                self.side.settings.locale
            );
            let fix = format!("give the product a value for {attribute}");
            self.block("group", "missing_option", message, source.clone(), fix);
        }
        if rules.max > 0 && group.members > rules.max {
            let message = format!("its group has {} variants; {name} takes at most {}", group.members, rules.max);
            self.block("group", "too_many_variants", message, source, "split the group".to_owned());
        }
    }

    /// A row must fit into a part together with the part's head.
    pub(super) fn size(&mut self, cells: &[Vec<Cell>]) {
        let bytes: usize = cells
            .iter()
            .flatten()
            .map(|cell| match cell {
                Cell::Text(text) => text.len(),
                Cell::Parts(parts) => parts.iter().map(String::len).sum(),
            })
            .sum();
        let part = self.side.profile.limits.bytes_per_part.unwrap_or(u64::MAX);
        if bytes > MAX_ROW_BYTES || (bytes as u64).saturating_mul(ESCAPED) > part {
            let message = format!("its texts are {bytes} bytes long together, too many for one row");
            self.block("", "too_large", message, self.side.profile.docs.to_string(), "shorten its texts".to_owned());
        }
    }
}

/// The cells without what stands beside a field that has no value.
pub(super) fn without_strays(profile: &ChannelProfile, mut cells: Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
    for (at, field) in profile.fields.iter().enumerate() {
        let alone = field.beside_at.is_some_and(|other| cells.get(other).is_none_or(Vec::is_empty));
        if let (true, Some(cells)) = (alone, cells.get_mut(at)) {
            cells.clear();
        }
    }
    cells
}

/// What a person would fill in, in our words.
fn wanted(field: &Field) -> String {
    let names = field.from.iter().filter_map(|source| match source {
        Source::Value(attribute) | Source::Label(attribute) => Some(attribute.clone()),
        Source::Brand => Some("brand".to_owned()),
        Source::Gtin | Source::GtinOf(_) | Source::GtinKind => Some("gtin".to_owned()),
        Source::Mpn => Some("mpn".to_owned()),
        Source::CategoryId(_) | Source::CategoryLabel => Some("category".to_owned()),
        _ => None,
    });
    let names: Vec<String> = names.collect();
    if names.is_empty() { field.name.clone() } else { names.join(" or ") }
}

/// What a person said decides; else the channel's assortment.
pub(super) fn not_in_assortment(side: Side, product: &Product) -> Option<Reason> {
    let code = &side.profile.code;
    let excluded = |reason: &str, message: String, source: String, fix: String| Reason {
        level: Level::Excluded,
        field: "assortment".to_owned(),
        code: reason.to_owned(),
        message,
        source,
        fix,
    };
    match product.choice.include {
        Some(true) => None,
        Some(false) => {
            let message = format!("it was taken out of {code} by hand");
            Some(excluded(
                "taken_out",
                message,
                "the listing's own settings".to_owned(),
                "set include of the listing to null".to_owned(),
            ))
        }
        None => side.assortment.filter(|assortment| !assortment.holds(product, side.words)).map(|_| {
            let rule = side.settings.assortment.as_deref().unwrap_or_default();
            let message = format!("the assortment of {code} does not hold it: {rule}");
            let source = format!("settings of channel {code}: assortment");
            excluded(
                "not_in_assortment",
                message,
                source,
                "change the assortment, or set include of the listing to true".to_owned(),
            )
        }),
    }
}

/// A draft, or what is no longer sold.
pub(super) fn not_for_sale(status: ProductStatus, side: Side, product: &Product) -> Reason {
    let view = product.view;
    let (code, message, fix) = if status == ProductStatus::Discontinued {
        ("discontinued", "the product is discontinued".to_owned(), "set its status to active to sell it again".to_owned())
    } else {
        let lacks = [
            ("a title", side.title(view).is_none()),
            ("a brand", view.brand.is_none()),
            ("a category", view.category.is_none()),
            ("a live offer", view.suppliers.is_empty()),
        ];
        let lacks: Vec<&str> = lacks.into_iter().filter(|(_, lacking)| *lacking).map(|(what, _)| what).collect();
        let lacks = if lacks.is_empty() { "something that an active product has".to_owned() } else { lacks.join(", ") };
        ("draft", format!("the product is a draft: it lacks {lacks}"), format!("give it {lacks}"))
    };
    Reason {
        level: Level::Excluded,
        field: "status".to_owned(),
        code: code.to_owned(),
        message,
        source: "product status".to_owned(),
        fix,
    }
}
