//! From tokens to a tree, by precedence, and back to text.
//!
//! Lowest first: `|` `||`, then `&` `&&`, then comparisons, then `+` `-`, then `*` `/` `%` and the sign. Operators of
//! one level are read from the right, as bcftools does, which makes its `8-4-2` a 6: where that matters we ask for
//! parentheses.

use std::fmt::{self, Write};

use super::ExpressionError;
use super::lexer::{Column, Lexer, Name, Operator, Token, TokenKind};

/// Deeper trees are refused, so that no text can exhaust the stack.
const DEPTH_MAX: usize = 200;

/// A part of an expression.
#[derive(Debug)]
pub(super) struct Node<'t> {
    /// Where it begins in the text.
    pub at: usize,
    pub kind: Syntax<'t>,
    /// It stands in parentheses of its own.
    enclosed: bool,
}

#[derive(Debug)]
pub(super) enum Syntax<'t> {
    Number(f64),
    Text(&'t str),
    File(&'t str),
    Name(Name<'t>),
    Call { name: &'t str, arguments: Vec<Node<'t>> },
    Negated(Box<Node<'t>>),
    Binary { operator: Operator, operator_at: usize, left: Box<Node<'t>>, right: Box<Node<'t>> },
}

/// Reads a whole text.
pub(super) fn parse(text: &str) -> Result<Node<'_>, ExpressionError> {
    if text.trim_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("perl:")) {
        return Err(ExpressionError::new(0, "perl scripts are not supported"));
    }
    let mut lexer = Lexer::new(text);
    let next = lexer.next()?;
    let mut parser = Parser { lexer, next, depth: 0 };
    if parser.next.kind == TokenKind::End {
        return Err(ExpressionError::new(0, "the expression is empty"));
    }
    let node = parser.binary(1)?;
    match parser.next.kind {
        TokenKind::End => Ok(node),
        TokenKind::Close => Err(ExpressionError::new(parser.next.at, "there is no ( for this )")),
        _ => Err(ExpressionError::new(parser.next.at, "an operator is missing here")),
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    next: Token<'t>,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn take(&mut self) -> Result<Token<'t>, ExpressionError> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.next, next))
    }

    /// Operands joined by operators of at least this level.
    fn binary(&mut self, level: u8) -> Result<Node<'t>, ExpressionError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let message = format!("more than {DEPTH_MAX} operators or parentheses deep");
            return Err(ExpressionError::new(self.next.at, message));
        }
        let mut left = self.operand()?;
        while let TokenKind::Operator(operator) = self.next.kind
            && operator.level() >= level
        {
            let operator_at = self.take()?.at;
            let right = self.binary(operator.level())?;
            refuse_ambiguous(operator, &right)?;
            let at = left.at;
            let (left_node, right) = (Box::new(left), Box::new(right));
            left = Node { at, kind: Syntax::Binary { operator, operator_at, left: left_node, right }, enclosed: false };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operand(&mut self) -> Result<Node<'t>, ExpressionError> {
        let token = self.take()?;
        let at = token.at;
        let kind = match token.kind {
            TokenKind::Number(number) => Syntax::Number(number),
            TokenKind::Text(text) => Syntax::Text(text),
            TokenKind::File(path) => Syntax::File(path),
            TokenKind::Name(name) => Syntax::Name(name),
            TokenKind::Call(name) => Syntax::Call { name, arguments: self.arguments(at)? },
            TokenKind::Operator(Operator::Subtract) => {
                Syntax::Negated(Box::new(self.binary(Operator::Multiply.level())?))
            }
            TokenKind::Operator(Operator::Remainder) if self.next.at == token.end && self.next.kind.is_named() => {
                let mut inner = self.operand()?;
                if let Syntax::Name(name) = &mut inner.kind {
                    name.percent = true;
                }
                return Ok(inner);
            }
            TokenKind::Open => {
                let mut inner = self.binary(1)?;
                self.expect_close(at)?;
                inner.enclosed = true;
                return Ok(inner);
            }
            TokenKind::Close | TokenKind::Operator(_) | TokenKind::Comma | TokenKind::End => {
                return Err(ExpressionError::new(at, "a value is missing here"));
            }
        };
        Ok(Node { at, kind, enclosed: false })
    }

    fn arguments(&mut self, open_at: usize) -> Result<Vec<Node<'t>>, ExpressionError> {
        let mut arguments = Vec::new();
        if self.next.kind != TokenKind::Close {
            arguments.push(self.binary(1)?);
            while self.next.kind == TokenKind::Comma {
                self.take()?;
                arguments.push(self.binary(1)?);
            }
        }
        self.expect_close(open_at)?;
        Ok(arguments)
    }

    fn expect_close(&mut self, open_at: usize) -> Result<(), ExpressionError> {
        match self.next.kind {
            TokenKind::Close => self.take().map(drop),
            TokenKind::End => Err(ExpressionError::new(open_at, "the ) for this is missing")),
            _ => Err(ExpressionError::new(self.next.at, "an operator or ) is missing here")),
        }
    }
}

impl TokenKind<'_> {
    fn is_named(&self) -> bool {
        matches!(self, TokenKind::Name(_) | TokenKind::Call(_))
    }
}

/// Refuses `a-b-c`, `a/b*c` and their like: read from the right they are not what anybody means.
fn refuse_ambiguous(operator: Operator, right: &Node<'_>) -> Result<(), ExpressionError> {
    let mut inner = right;
    while let (Syntax::Negated(operand), false) = (&inner.kind, inner.enclosed) {
        inner = operand;
    }
    let Syntax::Binary { operator: second, operator_at, .. } = &inner.kind else { return Ok(()) };
    let matters = match operator {
        Operator::Subtract | Operator::Divide | Operator::Remainder => true,
        Operator::Multiply => *second == Operator::Remainder,
        _ => false,
    };
    if inner.enclosed || !matters || second.level() != operator.level() {
        return Ok(());
    }
    let (first, second) = (operator.symbol(), second.symbol());
    let message = format!("a{first}b{second}c is read as a{first}(b{second}c): parentheses must say what is meant");
    Err(ExpressionError::new(*operator_at, message))
}

/// The text that reads back as the same tree.
pub(super) fn print(node: &Node<'_>) -> String {
    let mut text = String::new();
    write(node, &mut text).expect("a String takes everything");
    text.truncate(text.trim_end().len());
    text
}

fn write(node: &Node<'_>, out: &mut String) -> fmt::Result {
    match &node.kind {
        Syntax::Number(number) => write!(out, "{number}"),
        Syntax::Text(text) if text.contains('"') => write!(out, "'{text}'"),
        Syntax::Text(text) => write!(out, "\"{text}\""),
        // A path ends at white space only.
        Syntax::File(path) => write!(out, "@{path} "),
        Syntax::Name(name) => {
            out.push_str(match name.column {
                None if name.percent => "%",
                None => "",
                Some(Column::Info) => "INFO/",
                Some(Column::Format) => "FORMAT/",
            });
            out.push_str(name.name);
            name.subscript.map_or(Ok(()), |(_, subscript)| write!(out, "[{subscript}]"))
        }
        Syntax::Call { name, arguments } => {
            write!(out, "{name}(")?;
            for (nth, argument) in arguments.iter().enumerate() {
                out.push_str(if nth == 0 { "" } else { ", " });
                write(argument, out)?;
            }
            out.push(')');
            Ok(())
        }
        Syntax::Negated(operand) => {
            out.push('-');
            write_within(operand, Operator::Multiply.level(), out)
        }
        Syntax::Binary { operator, left, right, .. } => {
            write_within(left, operator.level(), out)?;
            write!(out, " {} ", operator.symbol())?;
            write_within(right, operator.level(), out)
        }
    }
}

/// An operand of an operator of this level: in parentheses unless it binds tighter.
fn write_within(node: &Node<'_>, level: u8, out: &mut String) -> fmt::Result {
    let own = match &node.kind {
        Syntax::Binary { operator, .. } => operator.level(),
        Syntax::Negated(_) => Operator::Multiply.level(),
        _ => u8::MAX,
    };
    if own > level {
        return write(node, out);
    }
    out.push('(');
    write(node, out)?;
    out.push(')');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> String {
        print(&parse(text).unwrap())
    }

    #[test]
    fn precedence_is_that_of_bcftools() {
        assert_eq!(printed("a=1||b=2&&c=3"), "a = 1 || b = 2 && c = 3");
        assert_eq!(printed("(a=1||b=2)&&c=3"), "(a = 1 || b = 2) && c = 3");
        assert_eq!(printed("a=1&b=2&&c=3"), "a = 1 & (b = 2 && c = 3)");
        assert_eq!(printed("a+b*c>d"), "a + b * c > d");
        assert_eq!(printed("-a*b+c>0"), "-(a * b) + c > 0");
        assert_eq!(printed("(-a)*b>0"), "(-a) * b > 0");
        assert_eq!(printed("a+b-c>0"), "a + (b - c) > 0");
        assert_eq!(printed("%QUAL>3 & %MAX(AD)>2"), "%QUAL > 3 & MAX(AD) > 2");
        assert_eq!(printed("(ID=@a )|ID='b\"'"), "ID = @a  | ID = 'b\"'");
    }

    #[test]
    fn what_bcftools_reads_from_the_right_must_be_in_parentheses() {
        for text in ["a-b-c", "a-b+c", "a/b*c", "a/b/c", "a%b*c", "a*b%c", "a/-b*c"] {
            let error = parse(text).unwrap_err();
            assert!(error.message.contains("parentheses"), "{text}: {error}");
            assert!(error.position >= 3, "{text}: {error}");
        }
        for text in ["a-(b-c)", "(a-b)-c", "a+b-c", "a*b/c", "-a-b", "a-b*c", "a/(-b*c)", "a - -b"] {
            parse(text).unwrap();
        }
    }

    #[test]
    fn a_broken_text_is_an_error_with_its_place() {
        let error = |text: &str| parse(text).map(|_| ()).unwrap_err().position;
        assert_eq!(error(""), 0);
        assert_eq!(error("a >"), 3);
        assert_eq!(error("(a > 3"), 0);
        assert_eq!(error("a > 3)"), 5);
        assert_eq!(error("a > 3 b"), 6);
        assert_eq!(error("a > = 3"), 4);
        assert_eq!(error("MAX(a b)"), 6);
        assert_eq!(error("a && && b"), 5);
        assert_eq!(error(&"(".repeat(100_000)), DEPTH_MAX);
        assert!(error(&"-".repeat(100_000)) >= DEPTH_MAX);
        assert!(error(&"a=1||".repeat(100_000)) >= DEPTH_MAX);
    }
}
