//! What holds for any configuration file whatever.

use proptest::prelude::*;

use crate::{folder, load};

proptest! {
    #[test]
    fn no_text_makes_the_loader_panic(text in "[a-z_.=\\[\\]{}\"'0-9# \n]{0,120}") {
        let folder = folder(&[("my.toml", &text)]);
        let place = format!("{}:", folder.path().join("my.toml").display());
        if let Err(errors) = load(&folder.path().join("my.toml"), &[]) {
            prop_assert!(!errors.is_empty());
            for error in errors {
                prop_assert!(format!("{error}").starts_with(&place), "{}", error);
            }
        }
    }

    #[test]
    fn an_integer_is_taken_inside_its_range_and_refused_outside(n in any::<i64>(), near in 0_i64..70_000, pick in any::<bool>()) {
        let n = if pick { n } else { near };
        let folder = folder(&[("my.toml", &format!("ingest.alts_max = {n}\n"))]);
        let settings = load(&folder.path().join("my.toml"), &[]);
        prop_assert_eq!(settings.is_ok(), (1..=65_536).contains(&n));
        if let Ok(settings) = settings {
            prop_assert_eq!(settings.read.alts_max as i64, n);
        }
    }
}
