//! Text to expression: recursive descent, bounded in length, depth and number of terms.

use super::{Expr, Literal, MAX_BYTES, MAX_DEPTH, MAX_TERMS, MAX_VALUES, Name, Operator, is_bare, is_keyword};
use crate::error::{Code, Error, FieldError};
use rust_decimal::Decimal;
use std::fmt::{self, Write};

/// Where and why an expression cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Character, from 1.
    pub at: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the filter cannot be read at character {}: {}", self.at, self.message)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let mut error = Self::new(Code::InvalidFilter, fault.to_string());
        error.fields.push(FieldError { pointer: "filter".to_owned(), code: "invalid_filter".to_owned(), message: fault.message });
        error
    }
}

/// Reads an expression.
pub fn parse(text: &str) -> Result<Expr, Fault> {
    if text.len() > MAX_BYTES {
        return Err(Fault { at: 1, message: format!("it is {} bytes long; {MAX_BYTES} are allowed", text.len()) });
    }
    let mut parser = Parser { chars: text.chars().collect(), at: 0, depth: 0, terms: 0, values: 0 };
    let expr = parser.or()?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.expected("AND, OR or the end (a text of several words needs quotes)")),
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
    terms: usize,
    values: usize,
}

impl Parser {
    fn or(&mut self) -> Result<Expr, Fault> {
        let mut parts = vec![self.and()?];
        while self.keyword("OR") {
            parts.push(self.and()?);
        }
        Ok(one_or(parts, Expr::Or))
    }

    fn and(&mut self) -> Result<Expr, Fault> {
        let mut parts = vec![self.not()?];
        while self.keyword("AND") {
            parts.push(self.not()?);
        }
        Ok(one_or(parts, Expr::And))
    }

    fn not(&mut self) -> Result<Expr, Fault> {
        self.skip_space();
        if self.depth >= MAX_DEPTH {
            return Err(self.fault(format!("it is nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let expr = if self.keyword("NOT") {
            Expr::Not(Box::new(self.not()?))
        } else if self.sign('(') {
            let inner = self.or()?;
            if !self.sign(')') {
                return Err(self.expected("AND, OR or ')'"));
            }
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn comparison(&mut self) -> Result<Expr, Fault> {
        let name = self.name()?;
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(self.fault(format!("it has more than {MAX_TERMS} comparisons")));
        }
        if self.keyword("EXISTS") {
            return Ok(Expr::Exists(name));
        }
        if self.keyword("IN") {
            return Ok(Expr::In(name, self.list()?));
        }
        if self.keyword("NOT") {
            return if self.keyword("IN") {
                Ok(Expr::Not(Box::new(Expr::In(name, self.list()?))))
            } else {
                Err(self.expected("IN after NOT"))
            };
        }
        let Some(operator) = self.operator() else {
            return Err(self.expected("=, !=, <, <=, >, >=, IN, NOT IN or EXISTS"));
        };
        let value = self.value()?;
        Ok(Expr::Compare(name, operator, value))
    }

    fn name(&mut self) -> Result<Name, Fault> {
        self.skip_space();
        let start = self.at;
        let text: String = self.rest().iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
        if text.is_empty() || is_keyword(&text) || text.starts_with(|c: char| c.is_numeric()) {
            return Err(self.expected("an attribute, NOT or '('"));
        }
        self.at += text.chars().count();
        Ok(Name { text, at: start + 1 })
    }

    fn operator(&mut self) -> Option<Operator> {
        self.skip_space();
        let (operator, length) = match (self.peek()?, self.chars.get(self.at + 1)) {
            ('!', Some('=')) | ('<', Some('>')) => (Operator::NotEqual, 2),
            ('<', Some('=')) => (Operator::LessOrEqual, 2),
            ('>', Some('=')) => (Operator::GreaterOrEqual, 2),
            ('=', Some('=')) => (Operator::Equal, 2),
            ('=', _) => (Operator::Equal, 1),
            ('<', _) => (Operator::Less, 1),
            ('>', _) => (Operator::Greater, 1),
            _ => return None,
        };
        self.at += length;
        Some(operator)
    }

    fn list(&mut self) -> Result<Vec<Literal>, Fault> {
        let close = if self.sign('[') {
            ']'
        } else if self.sign('(') {
            ')'
        } else {
            return Err(self.expected("'[' and a list of values"));
        };
        let mut values = Vec::new();
        loop {
            values.push(self.value()?);
            if self.sign(close) {
                return Ok(values);
            }
            if !self.sign(',') {
                return Err(self.expected(&format!("',' or '{close}'")));
            }
        }
    }

    fn value(&mut self) -> Result<Literal, Fault> {
        self.skip_space();
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(self.fault(format!("it has more than {MAX_VALUES} values")));
        }
        let at = self.at + 1;
        if let Some(quote @ ('"' | '\'')) = self.peek() {
            let text = self.quoted(quote)?;
            return Ok(Literal { text, unit: None, at });
        }
        let text = self.bare();
        if text.is_empty() || is_keyword(&text) {
            return Err(self.expected("a value"));
        }
        self.at += text.chars().count();
        let unit = if text.parse::<Decimal>().is_ok() { self.unit() } else { None };
        Ok(Literal { text, unit, at })
    }

    fn quoted(&mut self, quote: char) -> Result<String, Fault> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '\\' => match self.peek() {
                    Some(next) => {
                        text.push(next);
                        self.at += 1;
                    }
                    None => break,
                },
                c if c == quote => return Ok(text),
                other => text.push(other),
            }
        }
        Err(Fault { at: start + 1, message: format!("the text that starts here has no closing {quote}") })
    }

    /// The word after a number, when it is one and no keyword.
    fn unit(&mut self) -> Option<String> {
        let before = self.at;
        self.skip_space();
        let unit = self.bare();
        if unit.is_empty() || is_keyword(&unit) {
            self.at = before;
            return None;
        }
        self.at += unit.chars().count();
        Some(unit)
    }

    fn bare(&self) -> String {
        self.rest().iter().take_while(|c| is_bare(**c)).collect()
    }

    fn rest(&self) -> &[char] {
        self.chars.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn sign(&mut self, sign: char) -> bool {
        self.skip_space();
        let found = self.peek() == Some(sign);
        if found {
            self.at += 1;
        }
        found
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        self.skip_space();
        let word = self.bare();
        let found = word.eq_ignore_ascii_case(keyword);
        if found {
            self.at += word.chars().count();
        }
        found
    }

    fn fault(&self, message: String) -> Fault {
        Fault { at: self.at + 1, message }
    }

    fn expected(&self, what: &str) -> Fault {
        let mut message = format!("expected {what}, found ");
        let word: String = self.rest().iter().take_while(|c| is_bare(**c)).take(40).collect();
        let _ = match self.peek() {
            None => write!(message, "the end"),
            Some(_) if !word.is_empty() => write!(message, "'{word}'"),
            Some(c) => write!(message, "'{c}'"),
        };
        self.fault(message)
    }
}

fn one_or(mut parts: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => many(parts),
    }
}
