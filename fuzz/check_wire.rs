// What must hold of messages for any bytes whatever. Used by the fuzz target and, over the corpus in the tree, by tests/corpus.rs.
//
// An input is the kind of a message, then its body, which is signed with the right key.

#[path = "sign.rs"]
mod sign;

use sign::sign;
use vcf_agent::wire::{Body, Compression, Key, Keys, Quarantine, encode, open};

const SECRET: &str = "a secret of the fuzz target";

/// Reads the input as a whole message, and as the body of a signed one. Says whether the latter was taken.
pub fn wire(bytes: &[u8]) -> bool {
    let key = Key::new(SECRET).expect("long enough");
    let keys = Keys::new(key.clone(), []);
    // Nobody finds a MAC by chance.
    assert!(
        matches!(open(bytes, &keys, "t"), Err(why) if !matches!(why, Quarantine::Damaged(_) | Quarantine::ForeignTenant))
    );
    let Some((&kind, body)) = bytes.split_first() else { return false };
    let message = sign(SECRET, &header(kind, body.len() as u32), body);
    let (header, body) = match open(&message, &keys, "t") {
        Ok(read) => read,
        Err(Quarantine::Damaged(how)) => {
            assert!(!how.is_empty());
            return false;
        }
        Err(why) => panic!("it was signed with the right key: {why:?}"),
    };
    // What was taken can be sent on, and is then the same.
    let again = encode(&header, &body, &key, Compression::Zstd(1)).expect("what was read can be written");
    let (header_again, body_again) = open(&again, &keys, "t").expect("what was written can be read");
    assert_eq!(header, header_again);
    // Numbers may be no numbers, which are not equal to themselves: compared by their bytes.
    let bytes = |body: &Body| encode(&header, body, &key, Compression::None).expect("what was read can be written");
    assert_eq!(bytes(&body), bytes(&body_again));
    true
}

/// The MessagePack of a header.
fn header(kind: u8, body_bytes: u32) -> Vec<u8> {
    let mut out = vec![0x89];
    let text = |out: &mut Vec<u8>, text: &str| {
        out.push(0xa0 | text.len() as u8);
        out.extend(text.as_bytes());
    };
    for (name, value) in [("tenant", "t"), ("sender", "n"), ("job", "j0011223344556677"), ("codec", "none")] {
        text(&mut out, name);
        text(&mut out, value);
    }
    for (name, value) in
        [("kind", u32::from(kind)), ("segment", 7), ("attempt", 1), ("sent_at_ms", 1000), ("body_bytes", body_bytes)]
    {
        text(&mut out, name);
        out.push(0xce);
        out.extend(value.to_be_bytes());
    }
    out
}
