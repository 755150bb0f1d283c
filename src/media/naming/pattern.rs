//! One pattern of a name.

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Field(Field),
    /// Any of the separators.
    Separator,
    /// The end of a folder's name.
    Folder,
    /// Itself, in small letters.
    Sign(char),
}

/// What a name says in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Sku,
    Gtin,
    Mpn,
    Position,
    Role,
    Rest,
}

impl Field {
    const ALL: [(&'static str, Self); 6] = [
        ("sku", Self::Sku),
        ("gtin", Self::Gtin),
        ("mpn", Self::Mpn),
        ("position", Self::Position),
        ("role", Self::Role),
        ("rest", Self::Rest),
    ];

    fn is_key(self) -> bool {
        matches!(self, Self::Sku | Self::Gtin | Self::Mpn)
    }
}

/// A pattern, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Token>);

/// Characters of a pattern.
const MAX_CHARS: usize = 100;

impl Pattern {
    /// Reads a pattern; the error says what to do.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > MAX_CHARS {
            return Err(format!("has more than {MAX_CHARS} characters; shorten it"));
        }
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some(sign) = rest.chars().next() {
            if let Some(inside) = rest.strip_prefix('{') {
                let (name, after) = inside.split_once('}').ok_or("has a { without its }; close it")?;
                let field = Field::ALL.iter().find(|(known, _)| *known == name);
                let names = || Field::ALL.map(|(known, _)| format!("{{{known}}}")).join(", ");
                let (_, field) = field.ok_or_else(|| format!("has a field {{{name}}}; the fields are {}", names()))?;
                tokens.push(Token::Field(*field));
                rest = after;
                continue;
            }
            tokens.push(match sign {
                '_' => Token::Separator,
                '/' => Token::Folder,
                sign => Token::Sign(sign.to_lowercase().next().unwrap_or(sign)),
            });
            rest = rest.get(sign.len_utf8()..).unwrap_or_default();
        }
        let fields: Vec<Field> =
            tokens.iter().filter_map(|token| if let Token::Field(field) = token { Some(*field) } else { None }).collect();
        if fields.iter().filter(|field| field.is_key()).count() != 1 {
            return Err("names its product by exactly one of {sku}, {gtin} and {mpn}".to_owned());
        }
        if fields.iter().enumerate().any(|(at, field)| fields.iter().skip(at + 1).any(|other| other == field)) {
            return Err("has a field twice; keep one".to_owned());
        }
        if fields.contains(&Field::Rest) && tokens.last() != Some(&Token::Field(Field::Rest)) {
            return Err("has {rest} before its end; put it last".to_owned());
        }
        let adjacent = tokens
            .windows(2)
            .any(|pair| matches!(pair, [Token::Field(one), Token::Field(other)] if one.is_key() || other.is_key()));
        if adjacent {
            return Err("has a field right beside the one that names the product; put _ between them".to_owned());
        }
        Ok(Self(tokens))
    }

    pub(super) fn tokens(&self) -> &[Token] {
        &self.0
    }

    /// How many folders it reads.
    pub(super) fn folders(&self) -> usize {
        self.0.iter().filter(|token| **token == Token::Folder).count()
    }
}
