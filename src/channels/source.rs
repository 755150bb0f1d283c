//! The closed vocabulary of where a field's value may come from.

use serde::{Deserialize, Deserializer, de::Error as _};
use std::str::FromStr;

/// Where a value comes from. In a profile: one of the words below, or `word:argument`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `sku`
    Sku,
    /// `gtin`: 14 digits, valid ones only.
    Gtin,
    /// `mpn`
    Mpn,
    /// `brand`: its name.
    Brand,
    /// `title`: in the channel's locale, else made from the locale's template.
    Title,
    /// `description`: in the channel's locale, else a sentence of facts.
    Description,
    /// `link`: the channel's link template, filled.
    Link,
    /// `handle`: of the group where it has one, else of the product.
    Handle,
    /// `image`: the first one.
    Image,
    /// `additional_images`: all others.
    AdditionalImages,
    /// `images`: all.
    Images,
    /// `pictures`: of each a fact, named by what is said to those who do not see it and with its address as the value.
    Pictures,
    /// `position`: of the image on the same row, from 1; only for fields of `per = "image"`.
    Position,
    /// `availability`: `in_stock` or `out_of_stock`.
    Availability,
    /// `available`: a whole number, never negative.
    Available,
    /// `price`
    Price,
    /// `status`: `active`.
    Status,
    /// `group`: the product group's code.
    Group,
    /// `tags`
    Tags,
    /// `category`: its name in the channel's locale.
    CategoryLabel,
    /// `category.TAXONOMY`: its id there.
    CategoryId(String),
    /// `value:ATTRIBUTE`: the value; codes stay codes.
    Value(String),
    /// `label:ATTRIBUTE`: options by their name in the channel's locale.
    Label(String),
    /// `name:ATTRIBUTE`: the attribute's name in the channel's locale.
    Name(String),
    /// `literal:TEXT`
    Literal(String),
    /// `option_name:N`: name of the N-th attribute (from 1) in which the group's variants differ.
    OptionName(usize),
    /// `option_value:N`: this product's value of it.
    OptionValue(usize),
    /// `currency`, of the channel.
    Currency,
    /// `locale`, of the channel.
    Locale,
    /// `country`, of the channel.
    Country,
    /// `setting:NAME`: an option of the channel.
    Setting(String),
    /// `variant`: `variant` for a member of a group, else `single`.
    Variant,
    /// `parent`: the group's handle, for its members.
    Parent,
    /// `gtin:KIND`: the GTIN where it is `gtin8`, `upc`, `ean` or `gtin14`.
    GtinOf(String),
    /// `gtin_kind`: which of these it is.
    GtinKind,
    /// `template`: what the field's template writes in the channel's locale.
    Template,
    /// `identifier_exists`: `no` when there is neither a GTIN nor brand and MPN, else nothing.
    IdentifierExists,
    /// `details`: section, name and value of every fact in the profile's sections.
    Details,
    /// `facts`: the same as `name: value` texts.
    Facts,
}

/// The words without an argument.
const PLAIN: [(&str, Source); 30] = [
    ("sku", Source::Sku),
    ("gtin", Source::Gtin),
    ("mpn", Source::Mpn),
    ("brand", Source::Brand),
    ("title", Source::Title),
    ("description", Source::Description),
    ("link", Source::Link),
    ("handle", Source::Handle),
    ("image", Source::Image),
    ("additional_images", Source::AdditionalImages),
    ("images", Source::Images),
    ("pictures", Source::Pictures),
    ("position", Source::Position),
    ("availability", Source::Availability),
    ("available", Source::Available),
    ("price", Source::Price),
    ("status", Source::Status),
    ("group", Source::Group),
    ("tags", Source::Tags),
    ("category", Source::CategoryLabel),
    ("currency", Source::Currency),
    ("locale", Source::Locale),
    ("country", Source::Country),
    ("variant", Source::Variant),
    ("parent", Source::Parent),
    ("gtin_kind", Source::GtinKind),
    ("template", Source::Template),
    ("identifier_exists", Source::IdentifierExists),
    ("details", Source::Details),
    ("facts", Source::Facts),
];

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, source)) = PLAIN.iter().find(|(word, _)| *word == text) {
            return Ok(source.clone());
        }
        if let Some(taxonomy) = text.strip_prefix("category.").filter(|taxonomy| !taxonomy.is_empty()) {
            return Ok(Self::CategoryId(taxonomy.to_owned()));
        }
        let number = |text: &str| match text.parse() {
            Ok(number @ 1..=9) => Ok(number),
            _ => Err(format!("'{text}' is not an option's number; give 1 to 9")),
        };
        match text.split_once(':') {
            Some(("value", attribute)) if !attribute.is_empty() => Ok(Self::Value(attribute.to_owned())),
            Some(("label", attribute)) if !attribute.is_empty() => Ok(Self::Label(attribute.to_owned())),
            Some(("name", attribute)) if !attribute.is_empty() => Ok(Self::Name(attribute.to_owned())),
            Some(("setting", name)) if !name.is_empty() => Ok(Self::Setting(name.to_owned())),
            Some(("gtin", kind @ ("gtin8" | "upc" | "ean" | "gtin14"))) => Ok(Self::GtinOf(kind.to_owned())),
            Some(("literal", literal)) => Ok(Self::Literal(literal.to_owned())),
            Some(("option_name", at)) => number(at).map(Self::OptionName),
            Some(("option_value", at)) => number(at).map(Self::OptionValue),
            _ => {
                let words = PLAIN.map(|(word, _)| word).join(", ");
                Err(format!(
                    "there is no source '{text}'; use one of {words}, category.TAXONOMY, value:ATTRIBUTE, label:ATTRIBUTE, name:ATTRIBUTE, \
                     literal:TEXT, setting:OPTION, gtin:KIND, option_name:N, option_value:N"
                ))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
