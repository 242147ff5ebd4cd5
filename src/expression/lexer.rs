//! From text to tokens.
//!
//! A name runs to the next operator, quote, comma or white space; inside of square brackets everything belongs to it.
//! What begins with a digit is a number if a whole number stands there, and a name otherwise (`1000G_AF`).

use super::ExpressionError;

/// A token and where it begins and ends.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'t> {
    pub at: usize,
    pub end: usize,
    pub kind: TokenKind<'t>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind<'t> {
    Number(f64),
    /// A text in quotes, without them.
    Text(&'t str),
    /// `@path`.
    File(&'t str),
    Name(Name<'t>),
    /// A name with `(` right after it, which belongs to the token.
    Call(&'t str),
    Operator(Operator),
    Open,
    Close,
    Comma,
    End,
}

/// `INFO/NAME[subscript]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Name<'t> {
    pub column: Option<Column>,
    /// Spelled with a `%` before it, as columns once were; `%ILEN` is never a tag of the header.
    pub percent: bool,
    pub name: &'t str,
    /// What stands between the brackets, and where.
    pub subscript: Option<(usize, &'t str)>,
}

/// The column that a name spells out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Info,
    Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `||`
    OrAcross,
    /// `|`
    OrWithin,
    /// `&&`
    AndAcross,
    /// `&`
    AndWithin,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    MatchesNot,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    /// Operators of a higher level bind tighter.
    pub fn level(self) -> u8 {
        match self {
            Self::OrAcross | Self::OrWithin => 1,
            Self::AndAcross | Self::AndWithin => 2,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide | Self::Remainder => 5,
            _ => 3,
        }
    }

    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::OrAcross => "||",
            Self::OrWithin => "|",
            Self::AndAcross => "&&",
            Self::AndWithin => "&",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Matches => "~",
            Self::MatchesNot => "!~",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

/// Longest first: the first that fits is meant.
const OPERATORS: [(&str, Operator); 18] = [
    ("||", Operator::OrAcross),
    ("&&", Operator::AndAcross),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("!~", Operator::MatchesNot),
    ("|", Operator::OrWithin),
    ("&", Operator::AndWithin),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("~", Operator::Matches),
    ("+", Operator::Add),
    ("-", Operator::Subtract),
    ("*", Operator::Multiply),
    ("/", Operator::Divide),
    ("%", Operator::Remainder),
];

/// Gives the tokens of a text one after the other.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The next token; `End` for ever after the last one.
    pub fn next(&mut self) -> Result<Token<'t>, ExpressionError> {
        let rest = &self.text[self.at..];
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
        let at = self.text.len() - rest.len();
        let (kind, length) = read(rest, at)?;
        self.at = at + length;
        Ok(Token { at, end: self.at, kind })
    }
}

/// The token at the beginning of `rest`, which begins at byte `at`, and its length.
fn read(rest: &str, at: usize) -> Result<(TokenKind<'_>, usize), ExpressionError> {
    let Some(first) = rest.chars().next() else { return Ok((TokenKind::End, 0)) };
    if let Some((number, length)) = number(rest) {
        let number = number.ok_or_else(|| ExpressionError::new(at, "the number is too large"))?;
        return Ok((TokenKind::Number(number), length));
    }
    match first {
        '(' => return Ok((TokenKind::Open, 1)),
        ')' => return Ok((TokenKind::Close, 1)),
        ',' => return Ok((TokenKind::Comma, 1)),
        '"' | '\'' => {
            let Some(length) = rest[1..].find(first) else {
                return Err(ExpressionError::new(at, format!("the closing quote {first} is missing")));
            };
            return Ok((TokenKind::Text(&rest[1..1 + length]), length + 2));
        }
        '@' => {
            let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '=' | '!');
            let length = rest.find(ends).unwrap_or(rest.len());
            if length == 1 {
                return Err(ExpressionError::new(at, "the name of a file is missing after @"));
            }
            return Ok((TokenKind::File(&rest[1..length]), length));
        }
        '{' => return Err(ExpressionError::new(at, "external values in braces are not supported")),
        _ => {}
    }
    let (name, length) = name(rest, at)?;
    if length > 0 {
        return Ok(if rest[length..].starts_with('(') && name.subscript.is_none() {
            (TokenKind::Call(&rest[..length]), length + 1)
        } else {
            (TokenKind::Name(name), length)
        });
    }
    let operator = OPERATORS.iter().find(|(symbol, _)| rest.starts_with(symbol));
    match operator {
        Some((symbol, operator)) => Ok((TokenKind::Operator(*operator), symbol.len())),
        None => Err(ExpressionError::new(at, format!("an operator or a value cannot begin with {first}"))),
    }
}

/// A number such as `1`, `.5` or `1e-4` with no letter or digit after it; `Some(None)` if it is beyond a double.
fn number(rest: &str) -> Option<(Option<f64>, usize)> {
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(0);
    let mut end = whole;
    let mut fraction = 0;
    if bytes.get(end) == Some(&b'.') {
        fraction = digits(end + 1);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    if bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let number: f64 = rest[..end].parse().ok()?;
    Some((number.is_finite().then_some(number), end))
}

/// The name at the beginning of `rest`; its length is 0 if there is none.
fn name(rest: &str, at: usize) -> Result<(Name<'_>, usize), ExpressionError> {
    const COLUMNS: [(&str, Column); 3] =
        [("INFO/", Column::Info), ("FORMAT/", Column::Format), ("FMT/", Column::Format)];
    let spelled = COLUMNS
        .iter()
        .find(|(prefix, _)| rest.get(..prefix.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(prefix)));
    let start = spelled.map_or(0, |(prefix, _)| prefix.len());
    let ends = |c: char| c.is_ascii_whitespace() || "\"'<>=!&|()+*-/~%,[]{}".contains(c);
    let length = rest[start..].find(ends).unwrap_or(rest.len() - start);
    let column = spelled.map(|(_, column)| *column);
    let mut name = Name { column, percent: false, name: &rest[start..start + length], subscript: None };
    if length == 0 {
        return match spelled {
            None => Ok((name, 0)),
            Some((prefix, _)) => Err(ExpressionError::new(at, format!("the name of a tag is missing after {prefix}"))),
        };
    }
    let open = start + length;
    if !rest[open..].starts_with('[') {
        return Ok((name, open));
    }
    let Some(inside) = rest[open..].find(']') else {
        return Err(ExpressionError::new(at + open, "the closing bracket ] is missing"));
    };
    name.subscript = Some((at + open + 1, &rest[open + 1..open + inside]));
    Ok((name, open + inside + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind<'_>> {
        let mut lexer = Lexer::new(text);
        std::iter::from_fn(|| Some(lexer.next().unwrap().kind)).take_while(|kind| *kind != TokenKind::End).collect()
    }

    fn named(name: &str) -> TokenKind<'_> {
        TokenKind::Name(Name { column: None, percent: false, name, subscript: None })
    }

    #[test]
    fn names_and_numbers_are_told_apart_as_bcftools_does() {
        assert_eq!(kinds("1000G_AF"), [named("1000G_AF")]);
        assert_eq!(kinds("1e-4"), [TokenKind::Number(1e-4)]);
        assert_eq!(kinds(".5"), [TokenKind::Number(0.5)]);
        assert_eq!(kinds("2."), [TokenKind::Number(2.0)]);
        assert_eq!(kinds("Gene.refGene"), [named("Gene.refGene")]);
        assert_eq!(kinds("5-3").len(), 3);
        assert_eq!(
            kinds("fmt/AD[*:1-2,4]"),
            [TokenKind::Name(Name {
                column: Some(Column::Format),
                percent: false,
                name: "AD",
                subscript: Some((7, "*:1-2,4"))
            })]
        );
        assert_eq!(kinds("sMAX(x)"), [TokenKind::Call("sMAX"), named("x"), TokenKind::Close]);
    }

    #[test]
    fn the_longest_operator_is_meant() {
        let operators: Vec<_> =
            ["a!=b", "a!~b", "a==b", "a<=b", "a&&b", "a||b"].map(|text| kinds(text)[1].clone()).into();
        let expected = [
            Operator::NotEqual,
            Operator::MatchesNot,
            Operator::Equal,
            Operator::LessOrEqual,
            Operator::AndAcross,
            Operator::OrAcross,
        ];
        assert_eq!(operators, expected.map(TokenKind::Operator));
    }

    #[test]
    fn what_is_no_token_is_an_error_with_its_place() {
        let error = |text: &str| {
            let mut lexer = Lexer::new(text);
            loop {
                match lexer.next() {
                    Ok(token) => assert_ne!(token.kind, TokenKind::End, "{text} has no error"),
                    Err(error) => return error.position,
                }
            }
        };
        assert_eq!(error("ID=\"abc"), 3);
        assert_eq!(error("AD[1 > 3"), 2);
        assert_eq!(error("QUAL ! 3"), 5);
        assert_eq!(error("INFO/ > 3"), 0);
        assert_eq!(error("QUAL>1e999"), 5);
        assert_eq!(error("ID=@"), 3);
    }
}
