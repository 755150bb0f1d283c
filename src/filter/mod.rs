//! The filter language: `light_output_max >= 400 AND ip_rating IN [IPX7, IPX8] AND NOT brand = "Petzl"`.
//!
//! ```text
//! or         := and (OR and)*
//! and        := not (AND not)*
//! not        := NOT not | '(' or ')' | comparison
//! comparison := name ('=' | '!=' | '<' | '<=' | '>' | '>=') value
//!             | name [NOT] IN '[' value (',' value)* ']'
//!             | name EXISTS
//! value      := "text" | 'text' | word | number [unit]
//! ```
//!
//! Keywords are read in any case; a text that holds spaces, signs or a keyword needs quotes, in which a backslash keeps the next
//! sign. [`parse()`] knows only this grammar. What a name means is decided by who asks: `search` compiles an expression into a query of the
//! index, `channels` asks it of one product through [`Record`].

pub mod ip;
mod parse;

pub use parse::{Fault, parse};

use std::fmt;

/// Longest expression, in bytes.
pub const MAX_BYTES: usize = 8 * 1024;
/// Deepest nesting of parentheses and NOT.
pub const MAX_DEPTH: usize = 64;
/// Most comparisons.
pub const MAX_TERMS: usize = 256;
/// Most values in all lists together.
pub const MAX_VALUES: usize = 1_000;

/// A filter expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// All hold; two or more.
    And(Vec<Expr>),
    /// At least one holds; two or more.
    Or(Vec<Expr>),
    /// It does not hold. What has no value of an attribute fulfils `NOT attribute = x`.
    Not(Box<Expr>),
    /// A value compared.
    Compare(Name, Operator, Literal),
    /// One of several values.
    In(Name, Vec<Literal>),
    /// There is a value.
    Exists(Name),
}

/// An attribute's or built-in's name, and where it stood.
#[derive(Debug, Clone, Eq)]
pub struct Name {
    /// As written.
    pub text: String,
    /// Character it starts at, from 1.
    pub at: usize,
}

/// Names are equal wherever they stand.
impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Operator {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// A value as written.
#[derive(Debug, Clone, Eq)]
pub struct Literal {
    /// The text, without quotes.
    pub text: String,
    /// The unit or currency after a number.
    pub unit: Option<String>,
    /// Character it starts at, from 1.
    pub at: usize,
}

/// Values are equal wherever they stand.
impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.unit == other.unit
    }
}

/// Something that an expression can be asked of.
pub trait Record {
    /// Is there a value?
    fn has(&self, name: &str) -> bool;
    /// Does a value stand so to the other? False where there is none.
    fn compares(&self, name: &str, operator: Operator, value: &Literal) -> bool;
}

impl Expr {
    /// Does it hold? A comparison with what is not there is false, so `NOT` of it is true.
    pub fn holds(&self, record: &dyn Record) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(record)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(record)),
            Self::Not(inner) => !inner.holds(record),
            Self::Compare(name, Operator::NotEqual, value) => !record.compares(&name.text, Operator::Equal, value),
            Self::Compare(name, operator, value) => record.compares(&name.text, *operator, value),
            Self::In(name, values) => values.iter().any(|value| record.compares(&name.text, Operator::Equal, value)),
            Self::Exists(name) => record.has(&name.text),
        }
    }

    /// Visits every name and the values it is compared with.
    pub fn visit<'e>(&'e self, see: &mut dyn FnMut(&'e Name, &'e [Literal])) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.visit(see)),
            Self::Not(inner) => inner.visit(see),
            Self::Compare(name, _, value) => see(name, std::slice::from_ref(value)),
            Self::In(name, values) => see(name, values),
            Self::Exists(name) => see(name, &[]),
        }
    }

    /// Is this name asked for anywhere?
    pub fn mentions(&self, name: &str) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(|part| part.mentions(name)),
            Self::Not(inner) => inner.mentions(name),
            Self::Compare(known, ..) | Self::In(known, _) | Self::Exists(known) => known.text.eq_ignore_ascii_case(name),
        }
    }
}

/// The words that mean something by themselves.
const KEYWORDS: [&str; 5] = ["AND", "OR", "NOT", "IN", "EXISTS"];

fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// Can this sign stand in a word without quotes?
fn is_bare(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !matches!(c, '(' | ')' | '[' | ']' | ',' | '<' | '>' | '=' | '!' | '"' | '\'' | '\\')
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.text.is_empty() && self.text.chars().all(is_bare) && !is_keyword(&self.text) {
            f.write_str(&self.text)?;
        } else {
            write!(f, "\"{}\"", self.text.replace('\\', "\\\\").replace('"', "\\\""))?;
        }
        self.unit.as_ref().map_or(Ok(()), |unit| write!(f, " {unit}"))
    }
}

/// Writes an expression that parses back to itself.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => joined(f, parts, " AND ", |part| matches!(part, Self::And(_) | Self::Or(_))),
            Self::Or(parts) => joined(f, parts, " OR ", |part| matches!(part, Self::Or(_))),
            Self::Not(inner) if matches!(**inner, Self::And(_) | Self::Or(_)) => write!(f, "NOT ({inner})"),
            Self::Not(inner) => write!(f, "NOT {inner}"),
            Self::Compare(name, operator, value) => write!(f, "{} {} {value}", name.text, operator.as_str()),
            Self::In(name, values) => {
                write!(f, "{} IN [", name.text)?;
                for (at, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if at == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Exists(name) => write!(f, "{} EXISTS", name.text),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Expr], word: &str, wrap: fn(&Expr) -> bool) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(word)?;
        }
        if wrap(part) {
            write!(f, "({part})")?;
        } else {
            write!(f, "{part}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
