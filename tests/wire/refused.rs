//! What is refused before anything of it is believed.

use vcf_agent::wire::{Body, Compression, Key, Keys, Quarantine, encode, open};

use crate::support::{SECRET, TENANT, bodies, header, key, keys, message, put_together, take_apart};

#[test]
fn every_single_flipped_bit_is_noticed() {
    for body in bodies() {
        let whole = message(&body);
        assert!(open(&whole, &keys(), TENANT).is_ok());
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let said = open(&damaged, &keys(), TENANT).expect_err("a flipped bit");
            let expected = match bit / 8 {
                0..4 => said == Quarantine::NotOurs,
                4..6 => matches!(said, Quarantine::UnknownVersion(_)),
                6..12 => [Quarantine::Truncated, Quarantine::Forged].contains(&said),
                _ => said == Quarantine::Forged,
            };
            assert!(expected, "byte {}: {said:?}", bit / 8);
        }
    }
}

#[test]
fn a_message_cut_anywhere_or_with_something_after_it_is_refused() {
    for body in bodies() {
        let mut whole = message(&body);
        for cut in 0..whole.len() {
            assert_eq!(open(&whole[..cut], &keys(), TENANT), Err(Quarantine::Truncated), "{cut} of {}", whole.len());
        }
        whole.push(0);
        assert_eq!(open(&whole, &keys(), TENANT), Err(Quarantine::Forged));
    }
}

#[test]
fn bytes_of_somebody_else_are_not_ours() {
    for bytes in [&b"{\"json\":1}"[..], b"V", b"VCFB", &[0; 4096]] {
        let said = open(bytes, &keys(), TENANT).unwrap_err();
        let expected = if bytes == b"V" { Quarantine::Truncated } else { Quarantine::NotOurs };
        assert_eq!(said, expected);
    }
}

#[test]
fn another_version_is_named() {
    let mut later = message(&Body::Cancel);
    later[4] = 2;
    assert_eq!(open(&later, &keys(), TENANT), Err(Quarantine::UnknownVersion(2)));
    assert!(Quarantine::UnknownVersion(2).to_string().contains("version 2"));
}

#[test]
fn keys_rotate_and_a_key_that_is_not_accepted_forges() {
    let old = key();
    let new = Key::new("another secret of the tests").unwrap();
    let made = |key: &Key| encode(&header(), &Body::Cancel, key, Compression::None).unwrap();
    let only_new = Keys::new(new.clone(), []);
    let both = Keys::new(new.clone(), [old.clone()]);
    assert_eq!(both.signing().id(), new.id());
    assert!(open(&made(&old), &both, TENANT).is_ok() && open(&made(&new), &both, TENANT).is_ok());
    assert_eq!(open(&made(&old), &only_new, TENANT), Err(Quarantine::Forged));
    // The name of an accepted key does not help.
    let mut renamed = made(&old).to_vec();
    renamed[12..20].copy_from_slice(&new.id().0);
    assert_eq!(open(&renamed, &both, TENANT), Err(Quarantine::Forged));
    assert_ne!(old.id(), new.id());
    assert!(Key::new("short").unwrap_err().what.contains("openssl rand"));
    assert!(!format!("{old:?}").contains(SECRET));
}

#[test]
fn another_tenants_message_is_refused_before_it_is_read() {
    for body in bodies() {
        assert_eq!(open(&message(&body), &keys(), "clinic-b"), Err(Quarantine::ForeignTenant));
        let (header, _) = take_apart(&message(&body));
        assert_eq!(open(&put_together(&header, b"nonsense"), &keys(), "clinic-b"), Err(Quarantine::ForeignTenant));
    }
}

#[test]
fn the_second_maker_makes_the_same_bytes() {
    for body in bodies() {
        let whole = message(&body);
        let header_bytes = usize::from(u16::from_le_bytes([whole[6], whole[7]]));
        let (_, body) = take_apart(&whole);
        assert_eq!(crate::support::frame(&whole[20..20 + header_bytes], &body), whole);
    }
}
