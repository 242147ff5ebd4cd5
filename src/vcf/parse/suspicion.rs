//! What in a segment's bytes makes a closer look at its lines necessary.

/// What in a segment makes a look at each line necessary.
pub(super) struct Suspicion {
    /// Broken UTF-8, or a control character.
    pub damage: bool,
    /// A blank, which only a value of INFO may hold.
    pub blanks: bool,
}

impl Suspicion {
    pub fn of(text: &[u8]) -> Self {
        // Without early exit, so that it runs on whole vectors.
        let (control, blanks) = text
            .iter()
            .fold((false, false), |(control, blanks), &byte| (control | is_control(byte), blanks | (byte == b' ')));
        Self { damage: control || std::str::from_utf8(text).is_err(), blanks }
    }
}

/// Control characters other than those that separate columns and lines. A carriage return counts: a line may only end with one.
pub(super) fn is_control(byte: u8) -> bool {
    (byte < 0x20) & (byte != b'\t') & (byte != b'\n') | (byte == 0x7f)
}
