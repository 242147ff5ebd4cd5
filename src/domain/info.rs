//! One key of an INFO text, for the pure functions of the domain (which may not ask the reader's code).

use memchr::memmem::Finder;

/// A key of INFO, prepared for many look-ups. Keys are compared byte for byte; the first one of its name counts.
#[derive(Debug)]
pub struct InfoKey<'k> {
    finder: Finder<'k>,
}

impl<'k> InfoKey<'k> {
    /// Prepares `key`, which holds neither `;` nor `=`.
    pub fn new(key: &'k [u8]) -> Self {
        Self { finder: Finder::new(key) }
    }

    /// The same key, kept by itself.
    pub fn into_owned(self) -> InfoKey<'static> {
        InfoKey { finder: self.finder.into_owned() }
    }

    /// `Some(Some(value))`; `Some(None)` for a key without `=`; `None` if the key is absent. The value is as read:
    /// lists are not split, percent codes are not decoded.
    pub fn value<'i>(&self, info: &'i [u8]) -> Option<Option<&'i [u8]>> {
        let key = self.finder.needle();
        if key.is_empty() {
            return None;
        }
        let begins = |&at: &usize| at == 0 || info[at - 1] == b';';
        self.finder.find_iter(info).filter(begins).find_map(|at| {
            let rest = &info[at + key.len()..];
            match rest.first() {
                None | Some(b';') => Some(None),
                Some(b'=') => {
                    let end = memchr::memchr(b';', rest).unwrap_or(rest.len());
                    Some(Some(&rest[1..end]))
                }
                Some(_) => None,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value<'i>(info: &'i str, key: &str) -> Option<Option<&'i str>> {
        let found = InfoKey::new(key.as_bytes()).value(info.as_bytes());
        found.map(|value| value.map(|value| std::str::from_utf8(value).unwrap()))
    }

    #[test]
    fn whole_keys_only_and_the_first_one_counts() {
        assert_eq!(value("MAX_AF=0.5;AF=0.1,0.2;AF=0.3", "AF"), Some(Some("0.1,0.2")));
        assert_eq!(value("AFR=1;XAF=2;AF", "AF"), Some(None));
        assert_eq!(value("AF;AF=1", "AF"), Some(None));
        assert_eq!(value("AF=", "AF"), Some(Some("")));
        assert_eq!(value("A=AF;B=;AF=1;", "AF"), Some(Some("1")));
        assert_eq!(value("A=AF=3", "AF"), None);
        assert_eq!(value("", "AF"), None);
        assert_eq!(value("AF=1", ""), None);
    }

    proptest! {
        #[test]
        fn as_a_plain_split_would_say(info in "[AF=;,]{0,40}", key in "[AF]{1,3}") {
            let naive = info.split(';').find_map(|item| match item.split_once('=') {
                Some((name, value)) => (name == key).then_some(Some(value)),
                None => (item == key).then_some(None),
            });
            prop_assert_eq!(value(&info, &key), naive);
        }
    }
}
