//! One key of an INFO text, on demand.

use memchr::memchr_iter;

/// The value of `key` in an INFO text: `Some(None)` for a key without `=`, `None` if it is absent. The first one counts.
pub fn info_value<'a>(info: &'a [u8], key: &[u8]) -> Option<Option<&'a [u8]>> {
    let mut start = 0;
    for end in memchr_iter(b';', info).chain([info.len()]) {
        let entry = &info[start..end];
        start = end + 1;
        match entry.strip_prefix(key) {
            Some([]) => return Some(None),
            Some([b'=', value @ ..]) => return Some(Some(value)),
            _ => {}
        }
    }
    None
}
