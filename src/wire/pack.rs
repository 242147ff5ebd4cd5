//! MessagePack with limits.

use std::fmt;
use std::marker::PhantomData;

use rmp_serde::decode::Error;
use serde::de::{self, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// How deep a value may be nested.
const DEPTH_MAX: usize = 64;

/// Appends a value; structs become maps by name.
pub fn write<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), String> {
    value.serialize(&mut rmp_serde::Serializer::new(out).with_struct_map()).map_err(|error| error.to_string())
}

/// Reads a value that takes all of the bytes.
pub fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, String> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    deserializer.set_max_depth(DEPTH_MAX);
    let value = T::deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    // Every value begins with a marker, so only the end has none.
    match IgnoredAny::deserialize(&mut deserializer) {
        Err(Error::InvalidMarkerRead(_)) => Ok(value),
        _ => Err("there are bytes after its end".into()),
    }
}

/// For a field that is a list: at most `MAX` entries are read, whatever it says.
pub fn bounded<'de, D, T, const MAX: usize>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_seq(Bounded::<T, MAX>(PhantomData))
}

struct Bounded<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Bounded<T, MAX> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MAX} entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = seq.next_element()? {
            if list.len() == MAX {
                return Err(de::Error::custom(format!("a list has more than {MAX} entries")));
            }
            list.push(entry);
        }
        Ok(list)
    }
}
