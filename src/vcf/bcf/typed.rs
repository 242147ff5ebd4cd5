//! Vectors that say their own type and length: a byte that holds both (or says that the length comes next), then the values.

use std::fmt::Display;

use super::BadRecord;

/// The length in a type byte that means "the length comes next, as an integer of its own".
const LENGTH_FOLLOWS: u8 = 15;

/// A float that stands for `.`.
pub const FLOAT_MISSING: u32 = 0x7f80_0001;

/// A float after which a vector has no more values.
pub const FLOAT_END: u32 = 0x7f80_0002;

/// Type of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No values: a Flag, or nothing.
    None,
    /// 8 bits.
    Int8,
    /// 16 bits.
    Int16,
    /// 32 bits.
    Int32,
    /// 32 bits.
    Float,
    /// One byte of text.
    Char,
}

impl Kind {
    #[inline]
    fn of(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::None,
            1 => Self::Int8,
            2 => Self::Int16,
            3 => Self::Int32,
            5 => Self::Float,
            7 => Self::Char,
            _ => return None,
        })
    }

    /// Whether these are whole numbers.
    pub fn is_int(self) -> bool {
        matches!(self, Self::Int8 | Self::Int16 | Self::Int32)
    }

    /// Bytes of one value.
    #[inline]
    pub fn width(self) -> usize {
        match self {
            Self::None => 0,
            Self::Int8 | Self::Char => 1,
            Self::Int16 => 2,
            Self::Int32 | Self::Float => 4,
        }
    }

    /// The most text that one value becomes, the separator after it included (bytes).
    #[inline]
    pub fn text_bytes_max(self) -> usize {
        match self {
            Self::None => 0,
            Self::Char => 1,
            Self::Int8 => "-128,".len(),
            Self::Int16 => "-32768,".len(),
            Self::Int32 => "-2147483648,".len(),
            Self::Float => "-0.000123456,".len(),
        }
    }
}

/// Values of one kind, back to back.
#[derive(Debug, Clone, Copy)]
pub struct Vector<'a> {
    /// Their type.
    pub kind: Kind,
    /// Their number (in FORMAT: of each sample).
    pub len: usize,
    /// The values, little-endian.
    pub bytes: &'a [u8],
}

impl Vector<'_> {
    /// The most text that it becomes, once (bytes).
    #[inline]
    pub fn text_bytes_max(&self) -> usize {
        self.len.saturating_mul(self.kind.text_bytes_max())
    }
}

/// The integers of a vector; none for other kinds.
pub fn ints(kind: Kind, bytes: &[u8]) -> impl Iterator<Item = i32> + '_ {
    let width = if kind.is_int() { kind.width() } else { bytes.len() + 1 };
    bytes.chunks_exact(width).map(|value| match *value {
        [a] => i32::from(a as i8),
        [a, b] => i32::from(i16::from_le_bytes([a, b])),
        [a, b, c, d] => i32::from_le_bytes([a, b, c, d]),
        _ => 0,
    })
}

/// Why the next value cannot be read. Small, so that reading a sound one costs nothing.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// It is longer than what is left.
    PastEnd {
        /// Bytes needed.
        needs: usize,
        /// Bytes left.
        left: usize,
    },
    /// Its type does not exist.
    NoSuchType(u8),
    /// It has values but no type.
    Untyped(usize),
    /// Its length is below zero.
    NegativeLength(i32),
    /// It has this type byte and should be a single integer.
    NotOneInteger(u8),
    /// It is of this type and should be of another.
    WrongType(Kind, &'static str),
}

impl Fault {
    /// The fault of this field.
    #[cold]
    pub fn of(self, field: &dyn Display) -> BadRecord {
        let (reason, detail) = match self {
            Self::PastEnd { needs, left } => {
                ("bcf_past_end", format!("{field} needs {needs} bytes where {left} are left of the record's part"))
            }
            Self::NoSuchType(code) => ("bcf_wrong_type", format!("{field} is of type {code}, which does not exist")),
            Self::Untyped(len) => ("bcf_wrong_type", format!("{field} has {len} values of no type")),
            Self::NegativeLength(len) => ("bcf_wrong_type", format!("{field} has {len} values, fewer than none")),
            Self::NotOneInteger(byte) => {
                ("bcf_wrong_type", format!("{field} has the type byte 0x{byte:02x} where one integer is needed"))
            }
            Self::WrongType(kind, needed) => {
                ("bcf_wrong_type", format!("{field} is of type {kind:?} where {needed} are needed"))
            }
        };
        BadRecord { reason, detail }
    }
}

/// What is left to read of one part of a record.
///
/// Reading is inlined always: a record has twenty small vectors, and handing each through memory costs more than reading it.
pub struct Cursor<'a> {
    rest: &'a [u8],
    len: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, len: bytes.len() }
    }

    /// Bytes read so far.
    pub fn read(&self) -> usize {
        self.len - self.rest.len()
    }

    /// Bytes left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next bytes as they are.
    #[inline(always)]
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Fault> {
        let Some((taken, rest)) = self.rest.split_at_checked(len) else {
            return Err(Fault::PastEnd { needs: len, left: self.rest.len() });
        };
        self.rest = rest;
        Ok(taken)
    }

    #[inline(always)]
    fn shape(&mut self) -> Result<(Kind, usize), Fault> {
        let byte = self.take(1)?[0];
        let kind = Kind::of(byte & 15).ok_or(Fault::NoSuchType(byte & 15))?;
        let len = match byte >> 4 {
            LENGTH_FOLLOWS => {
                let len = self.int()?;
                usize::try_from(len).map_err(|_| Fault::NegativeLength(len))?
            }
            len => usize::from(len),
        };
        if kind == Kind::None && len > 0 {
            return Err(Fault::Untyped(len));
        }
        Ok((kind, len))
    }

    /// A single integer with its type byte: an index, or a length.
    #[inline(always)]
    pub fn int(&mut self) -> Result<i32, Fault> {
        // Nearly all of them.
        if let [0x11, value, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(i32::from(*value as i8));
        }
        self.wide_int()
    }

    fn wide_int(&mut self) -> Result<i32, Fault> {
        let byte = self.take(1)?[0];
        match Kind::of(byte & 15) {
            Some(kind) if kind.is_int() && byte >> 4 == 1 => {
                Ok(ints(kind, self.take(kind.width())?).next().unwrap_or_default())
            }
            _ => Err(Fault::NotOneInteger(byte)),
        }
    }

    /// A vector of as many values as it says, `copies` times.
    #[inline(always)]
    pub fn vector(&mut self, copies: usize) -> Result<Vector<'a>, Fault> {
        let (kind, len) = self.shape()?;
        let bytes = len.saturating_mul(kind.width()).saturating_mul(copies);
        Ok(Vector { kind, len, bytes: self.take(bytes)? })
    }

    /// A vector of characters.
    #[inline(always)]
    pub fn string(&mut self) -> Result<&'a [u8], Fault> {
        match self.vector(1)? {
            Vector { kind: Kind::Char, bytes, .. } => Ok(bytes),
            Vector { kind, .. } => Err(Fault::WrongType(kind, "characters")),
        }
    }
}
