//! Columns as MessagePack: numbers as bin of little-endian values, texts with their ends, words with a dictionary. Nothing is made
//! row by row but what must be checked so.

use std::borrow::Cow;
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::pack::bounded;
use crate::domain::annotations::{NULL, Numbers, Words};
use crate::domain::rows::{Bits, Text, Vocabulary};

/// Most words of a dictionary, as many as there can be rows.
const WORDS_MAX: usize = super::segment::ROWS_MAX;

/// MessagePack bin. Reading borrows.
pub struct Bin<'a>(pub Cow<'a, [u8]>);

impl Serialize for Bin<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Bin<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowed;
        impl<'de> Visitor<'de> for Borrowed {
            type Value = Bin<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a bin")
            }

            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Bin<'de>, E> {
                Ok(Bin(Cow::Borrowed(bytes)))
            }
        }
        deserializer.deserialize_bytes(Borrowed)
    }
}

/// A number of fixed size.
pub trait Little: Copy {
    type Bytes: AsRef<[u8]> + for<'a> TryFrom<&'a [u8]> + Default;
    fn to_little(self) -> Self::Bytes;
    fn from_little(bytes: Self::Bytes) -> Self;
}

macro_rules! little {
    ($($number:ty: $bytes:literal),*) => {$(
        impl Little for $number {
            type Bytes = [u8; $bytes];
            #[inline]
            fn to_little(self) -> Self::Bytes {
                self.to_le_bytes()
            }
            #[inline]
            fn from_little(bytes: Self::Bytes) -> Self {
                Self::from_le_bytes(bytes)
            }
        }
    )*};
}

little!(u32: 4, i32: 4, i64: 8, f32: 4, f64: 8);

impl Bin<'_> {
    /// Little-endian values.
    pub fn of<T: Little>(values: &[T]) -> Self {
        let size = size_of::<T::Bytes>();
        let mut bytes = vec![0; values.len() * size];
        for (place, value) in bytes.chunks_exact_mut(size).zip(values) {
            place.copy_from_slice(value.to_little().as_ref());
        }
        Bin(bytes.into())
    }

    /// The values; `name` is the column's, for the error.
    pub fn values<T: Little>(&self, name: &str) -> Result<Vec<T>, String> {
        let size = size_of::<T::Bytes>();
        if !self.0.len().is_multiple_of(size) {
            return Err(format!("{name} has {} bytes, which are no values of {size}", self.0.len()));
        }
        Ok(self
            .0
            .chunks_exact(size)
            .map(|bytes| T::from_little(T::Bytes::try_from(bytes).unwrap_or_default()))
            .collect())
    }

    /// Exactly `rows` values.
    pub fn values_of<T: Little>(&self, rows: usize, name: &str) -> Result<Vec<T>, String> {
        let values = self.values(name)?;
        check_rows(values.len(), rows, name)?;
        Ok(values)
    }

    fn bits(&self, rows: usize, name: &str) -> Result<Bits, String> {
        let wrong = || format!("{name} has {} bytes of bits, there are {rows} rows", self.0.len());
        let bits = Bits::from_bytes(self.0.to_vec(), rows).ok_or_else(wrong)?;
        if bits.bytes() != &*self.0 { Err(format!("{name} has bits after its last row")) } else { Ok(bits) }
    }
}

fn check_rows(has: usize, rows: usize, name: &str) -> Result<(), String> {
    if has == rows { Ok(()) } else { Err(format!("{name} has {has} entries, there are {rows} rows")) }
}

/// Numbers, some of which are null.
#[derive(Serialize, Deserialize)]
pub struct NumberColumn<'a> {
    #[serde(borrow)]
    values: Bin<'a>,
    #[serde(borrow)]
    valid: Bin<'a>,
}

impl<'a> NumberColumn<'a> {
    /// `None` if all are null.
    pub fn of<T: Little>(values: &[T], valid: &'a Bits) -> Option<Self> {
        (valid.count_ones() > 0).then(|| Self { values: Bin::of(values), valid: Bin(valid.bytes().into()) })
    }

    pub fn of_numbers<T: Little>(numbers: &'a Numbers<T>) -> Option<Self> {
        Self::of(&numbers.values, &numbers.valid)
    }
}

/// The values and which of them are there; all null if the column is absent.
pub fn numbers<T: Little + Default>(
    column: Option<NumberColumn<'_>>,
    rows: usize,
    name: &str,
) -> Result<Numbers<T>, String> {
    Ok(match column {
        None => Numbers { values: vec![T::default(); rows], valid: Bits::zeros(rows) },
        Some(column) => Numbers { values: column.values.values_of(rows, name)?, valid: column.valid.bits(rows, name)? },
    })
}

/// Texts, some of which are null: as Arrow's Utf8.
#[derive(Serialize, Deserialize)]
pub struct TextColumn<'a> {
    #[serde(borrow)]
    offsets: Bin<'a>,
    #[serde(borrow)]
    bytes: Bin<'a>,
    #[serde(borrow)]
    valid: Bin<'a>,
}

impl<'a> TextColumn<'a> {
    /// `None` if all are null.
    pub fn of(text: &'a Text) -> Option<Self> {
        (text.valid.count_ones() > 0).then(|| Self {
            offsets: Bin::of(&text.offsets),
            bytes: Bin(text.bytes.as_slice().into()),
            valid: Bin(text.valid.bytes().into()),
        })
    }

    fn text(&self, rows: usize, name: &str) -> Result<Text, String> {
        let offsets: Vec<i32> = self.offsets.values_of(rows + 1, name)?;
        let bytes = &*self.bytes.0;
        // From 0 upwards, so none is negative; the last one is the length, so none is beyond.
        let is_sound = offsets.first() == Some(&0)
            && offsets.windows(2).all(|pair| pair[0] <= pair[1])
            && offsets.last().is_some_and(|&end| end as usize == bytes.len());
        if !is_sound {
            return Err(format!("the offsets of {name} do not go from 0 to its {} bytes", bytes.len()));
        }
        if !bytes.is_ascii() {
            let text = std::str::from_utf8(bytes).map_err(|_| format!("{name} is not UTF-8"))?;
            if !offsets.iter().all(|&at| text.is_char_boundary(at as usize)) {
                return Err(format!("the offsets of {name} cut characters"));
            }
        }
        let valid = self.valid.bits(rows, name)?;
        let has_text = |row: usize| offsets[row] != offsets[row + 1];
        if valid.count_ones() < rows as u64 && (0..rows).any(|row| !valid.get(row) && has_text(row)) {
            return Err(format!("{name} has text where it is null"));
        }
        Ok(Text { offsets, bytes: bytes.to_vec(), valid })
    }
}

/// The texts; all null if the column is absent.
pub fn text(column: Option<TextColumn<'_>>, rows: usize, name: &str) -> Result<Text, String> {
    match column {
        None => Ok(Text { offsets: vec![0; rows + 1], bytes: Vec::new(), valid: Bits::zeros(rows) }),
        Some(column) => column.text(rows, name),
    }
}

/// Words that repeat: each once, and a number for each row.
#[derive(Serialize, Deserialize)]
pub struct WordColumn<'a> {
    #[serde(borrow, deserialize_with = "bounded::<_, _, WORDS_MAX>")]
    words: Vec<&'a str>,
    #[serde(borrow)]
    ids: Bin<'a>,
}

impl<'a> WordColumn<'a> {
    pub fn new(ids: &[u32], vocabulary: &'a Vocabulary, name: &str) -> Result<Self, String> {
        let words: Result<_, _> = vocabulary.names().iter().map(|word| std::str::from_utf8(word)).collect();
        Ok(Self { words: words.map_err(|_| format!("a word of {name} is not UTF-8"))?, ids: Bin::of(ids) })
    }

    /// `None` if all are null.
    pub fn of(words: &'a Words, name: &str) -> Result<Option<Self>, String> {
        let some = words.ids().iter().any(|&id| id != NULL);
        some.then(|| Self::new(words.ids(), words.vocabulary(), name)).transpose()
    }

    /// A number for each row, unchecked, and the words that they stand for.
    pub fn take(self, rows: usize, name: &str) -> Result<(Vec<u32>, Vocabulary), String> {
        let mut vocabulary = Vocabulary::default();
        for (nth, word) in (0u32..).zip(&self.words) {
            if vocabulary.id(word.as_bytes()) != nth {
                return Err(format!("a word of {name} is there twice"));
            }
        }
        Ok((self.ids.values_of(rows, name)?, vocabulary))
    }
}

/// The words; all null if the column is absent.
pub fn words(column: Option<WordColumn<'_>>, rows: usize, name: &str) -> Result<Words, String> {
    let (ids, vocabulary) = match column {
        None => (vec![NULL; rows], Vocabulary::default()),
        Some(column) => column.take(rows, name)?,
    };
    Words::from_ids(ids, vocabulary).ok_or_else(|| format!("a number of {name} has no word"))
}
