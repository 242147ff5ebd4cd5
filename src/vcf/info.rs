//! One key of an INFO text, on demand.

/// The value of `key` in an INFO text: `Some(None)` for a key without `=`, `None` if it is absent. The first one counts.
pub fn info_value<'a>(info: &'a [u8], key: &[u8]) -> Option<Option<&'a [u8]>> {
    let _ = (info, key);
    todo!()
}
