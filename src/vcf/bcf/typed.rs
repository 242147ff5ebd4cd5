//! Vectors that say their own type and length: a byte that holds both (or says that the length comes next), then the values.

use std::fmt::Display;

use super::{BadRecord, bad};

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
    pub fn width(self) -> usize {
        match self {
            Self::None => 0,
            Self::Int8 | Self::Char => 1,
            Self::Int16 => 2,
            Self::Int32 | Self::Float => 4,
        }
    }

    /// The most text that one value becomes, the separator after it included (bytes).
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

/// What is left to read of one part of a record.
pub struct Cursor<'a> {
    rest: &'a [u8],
    len: usize,
    /// Name of the part, for people.
    part: &'static str,
}

impl<'a> Cursor<'a> {
    /// At the beginning of `bytes`.
    pub fn new(bytes: &'a [u8], part: &'static str) -> Self {
        Self { rest: bytes, len: bytes.len(), part }
    }

    /// Bytes read so far.
    pub fn read(&self) -> usize {
        self.len - self.rest.len()
    }

    /// The next bytes as they are.
    pub fn take(&mut self, len: usize, field: &dyn Display) -> Result<&'a [u8], BadRecord> {
        match self.rest.split_at_checked(len) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => {
                let (left, part) = (self.rest.len(), self.part);
                bad("bcf_past_end", format!("{field} needs {len} bytes where {left} are left of the {part} part"))
            }
        }
    }

    fn shape(&mut self, field: &dyn Display) -> Result<(Kind, usize), BadRecord> {
        let byte = self.take(1, field)?[0];
        let Some(kind) = Kind::of(byte & 15) else {
            return bad("bcf_wrong_type", format!("{field} is of type {}, which does not exist", byte & 15));
        };
        let len = match byte >> 4 {
            LENGTH_FOLLOWS => {
                let len = self.int(field)?;
                usize::try_from(len)
                    .or_else(|_| bad("bcf_wrong_type", format!("{field} has {len} values, fewer than none")))?
            }
            len => usize::from(len),
        };
        if kind == Kind::None && len > 0 {
            return bad("bcf_wrong_type", format!("{field} has {len} values of no type"));
        }
        Ok((kind, len))
    }

    /// A single integer with its type byte: an index, or a length.
    pub fn int(&mut self, field: &dyn Display) -> Result<i32, BadRecord> {
        let byte = self.take(1, field)?[0];
        match Kind::of(byte & 15) {
            Some(kind) if kind.is_int() && byte >> 4 == 1 => {
                Ok(ints(kind, self.take(kind.width(), field)?).next().unwrap_or_default())
            }
            _ => bad("bcf_wrong_type", format!("{field} has the type byte 0x{byte:02x} where one integer is needed")),
        }
    }

    /// A vector of as many values as it says, `copies` times.
    pub fn vector(&mut self, copies: usize, field: &dyn Display) -> Result<Vector<'a>, BadRecord> {
        let (kind, len) = self.shape(field)?;
        let bytes = len.saturating_mul(kind.width()).saturating_mul(copies);
        Ok(Vector { kind, len, bytes: self.take(bytes, field)? })
    }

    /// A vector of characters.
    pub fn string(&mut self, field: &dyn Display) -> Result<&'a [u8], BadRecord> {
        let vector = self.vector(1, field)?;
        if vector.kind == Kind::Char {
            return Ok(vector.bytes);
        }
        bad("bcf_wrong_type", format!("{field} is of type {:?} where characters are needed", vector.kind))
    }

    /// Demands that nothing is left.
    pub fn end(&self) -> Result<(), BadRecord> {
        match self.rest.len() {
            0 => Ok(()),
            left => bad("bcf_bytes_left", format!("{left} bytes are left over at the end of the {} part", self.part)),
        }
    }
}
