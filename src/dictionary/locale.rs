//! The words of one language: what means nothing, yes, black or "in stock", and how a title is put together.

use crate::normalize::DecimalStyle;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One file of `schema/locales/`. Words are matched without regard to case, accents and look-alike letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocaleWords {
    /// BCP 47 tag; the file's name.
    #[serde(skip_deserializing)]
    pub tag: String,
    /// The language's own name.
    pub name: String,
    /// How numbers are written; `auto` when people use both.
    pub decimal: Option<DecimalStyle>,
    /// ISO 4217 code that a shared sign such as `kr` means in this language; empty when none does.
    pub currency: String,
    /// Cells that say nothing.
    pub null_words: Vec<String>,
    /// Yes.
    pub yes: Vec<String>,
    /// No.
    pub no: Vec<String>,
    /// Can be delivered.
    pub in_stock: Vec<String>,
    /// Cannot be delivered.
    pub out_of_stock: Vec<String>,
    /// Says nothing sure about stock; counts as not available.
    pub unknown_stock: Vec<String>,
    /// Before a maximum.
    pub up_to: Vec<String>,
    /// Before a minimum.
    pub at_least: Vec<String>,
    /// Before a rough figure.
    pub approximately: Vec<String>,
    /// Between the ends of an interval.
    pub to: Vec<String>,
    /// Between alternatives.
    pub or: Vec<String>,
    /// Between parts that belong together.
    pub and: Vec<String>,
    /// What makes an alternative excluded ("not compatible with").
    pub not: Vec<String>,
    /// Between a number and what is counted: "3 pcs AAA".
    pub pieces: Vec<String>,
    /// Says that an amount is of one piece: "per lamp".
    pub per_piece: Vec<String>,
    /// Says that an amount is of several pieces: "pair", "2-pack".
    pub per_pack: Vec<String>,
    /// A power source that cannot be taken out.
    pub built_in: Vec<String>,
    /// A maker's own battery pack.
    pub proprietary: Vec<String>,
    /// Sizes of variants ("S", "large"), which are no side of a body.
    pub sizes: Vec<String>,
    /// Little words of running text ("and", "with", "that"), by which the language of a text is found; in lower case, as they are written.
    pub function_words: Vec<String>,
    /// Option code of the palette to words; the first is its name.
    pub colors: BTreeMap<String, Vec<String>>,
    /// Mode code (`turbo`, `high`, `low`, `sos` ...) to words.
    pub modes: BTreeMap<String, Vec<String>>,
    /// Product kind to its name in a sentence, such as `headlamp`.
    pub kinds: BTreeMap<String, String>,
    /// How a missing title is made.
    pub title: TitleTemplate,
}

/// How a missing title is put together in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TitleTemplate {
    /// With `{brand}`, `{model}`, `{kind}` and `{light_output}`.
    pub with_light_output: String,
    /// The same without `{light_output}`.
    pub without_light_output: String,
    /// `{amount}` and the word for lumens.
    pub light_output: String,
}

impl TitleTemplate {
    /// Writes a title; the kind is the locale's word, the light output a plain number of lumens.
    pub fn write(&self, brand: &str, model: &str, kind: &str, light_output: Option<&str>) -> String {
        let (template, light_output) = match light_output {
            Some(amount) => (&self.with_light_output, self.light_output.replace("{amount}", amount)),
            None => (&self.without_light_output, String::new()),
        };
        // One pass, so that braces in a supplier's text are never taken for a placeholder.
        let mut title = String::with_capacity(template.len() + brand.len() + model.len());
        let mut rest = template.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            title.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                rest = after;
                break;
            };
            title.push_str(match name {
                "brand" => brand,
                "model" => model,
                "kind" => kind,
                "light_output" => &light_output,
                _ => "",
            });
            rest = tail;
        }
        title.push_str(rest);
        title.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl LocaleWords {
    /// Adds a user's words; scalars that the user gives replace ours.
    pub(crate) fn merge(&mut self, other: LocaleWords) {
        if !other.name.is_empty() {
            self.name = other.name;
        }
        if !other.currency.is_empty() {
            self.currency = other.currency;
        }
        self.decimal = other.decimal.or(self.decimal);
        for (ours, theirs) in [
            (&mut self.null_words, other.null_words),
            (&mut self.yes, other.yes),
            (&mut self.no, other.no),
            (&mut self.in_stock, other.in_stock),
            (&mut self.out_of_stock, other.out_of_stock),
            (&mut self.unknown_stock, other.unknown_stock),
            (&mut self.up_to, other.up_to),
            (&mut self.at_least, other.at_least),
            (&mut self.approximately, other.approximately),
            (&mut self.to, other.to),
            (&mut self.or, other.or),
            (&mut self.and, other.and),
            (&mut self.not, other.not),
            (&mut self.pieces, other.pieces),
            (&mut self.per_piece, other.per_piece),
            (&mut self.per_pack, other.per_pack),
            (&mut self.built_in, other.built_in),
            (&mut self.proprietary, other.proprietary),
            (&mut self.sizes, other.sizes),
            (&mut self.function_words, other.function_words),
        ] {
            ours.extend(theirs);
        }
        for (ours, theirs) in [(&mut self.colors, other.colors), (&mut self.modes, other.modes)] {
            for (code, words) in theirs {
                ours.entry(code).or_default().extend(words);
            }
        }
        self.kinds.extend(other.kinds);
        for (ours, theirs) in [
            (&mut self.title.with_light_output, other.title.with_light_output),
            (&mut self.title.without_light_output, other.title.without_light_output),
            (&mut self.title.light_output, other.title.light_output),
        ] {
            if !theirs.is_empty() {
                *ours = theirs;
            }
        }
    }
}
