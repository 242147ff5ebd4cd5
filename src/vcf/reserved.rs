//! Keys that the specification reserves: which Number and Type it gives them. A file that declares one otherwise means what it
//! says; it is only worth a warning.

/// `INFO` or `FORMAT`, key, Number, Types, minor version from which on.
type Reserved = (&'static str, &'static str, &'static str, &'static [&'static str], u32);

const INTEGER: &[&str] = &["Integer"];
const FLOAT: &[&str] = &["Float"];
const STRING: &[&str] = &["String"];
const FLAG: &[&str] = &["Flag"];
/// The versions do not agree on it.
const EITHER: &[&str] = &["Integer", "Float"];

/// Keys whose Number and Type no version takes back. Those of structural variants are left out: files, and versions, differ.
const RESERVED: &[Reserved] = &[
    ("INFO", "AA", "1", STRING, 0),
    ("INFO", "AC", "A", INTEGER, 0),
    ("INFO", "AD", "R", INTEGER, 3),
    ("INFO", "ADF", "R", INTEGER, 3),
    ("INFO", "ADR", "R", INTEGER, 3),
    ("INFO", "AF", "A", FLOAT, 0),
    ("INFO", "AN", "1", INTEGER, 0),
    ("INFO", "BQ", "1", FLOAT, 0),
    ("INFO", "CIGAR", "A", STRING, 0),
    ("INFO", "DB", "0", FLAG, 0),
    ("INFO", "DP", "1", INTEGER, 0),
    ("INFO", "END", "1", INTEGER, 0),
    ("INFO", "H2", "0", FLAG, 0),
    ("INFO", "H3", "0", FLAG, 0),
    ("INFO", "MQ", "1", EITHER, 0),
    ("INFO", "MQ0", "1", INTEGER, 0),
    ("INFO", "NS", "1", INTEGER, 0),
    ("INFO", "SOMATIC", "0", FLAG, 0),
    ("INFO", "VALIDATED", "0", FLAG, 0),
    ("INFO", "1000G", "0", FLAG, 0),
    ("FORMAT", "AD", "R", INTEGER, 3),
    ("FORMAT", "ADF", "R", INTEGER, 3),
    ("FORMAT", "ADR", "R", INTEGER, 3),
    ("FORMAT", "DP", "1", INTEGER, 0),
    ("FORMAT", "EC", "A", INTEGER, 0),
    ("FORMAT", "FT", "1", STRING, 0),
    ("FORMAT", "GL", "G", FLOAT, 0),
    ("FORMAT", "GP", "G", FLOAT, 0),
    ("FORMAT", "GQ", "1", INTEGER, 0),
    ("FORMAT", "GT", "1", STRING, 0),
    ("FORMAT", "HQ", "2", INTEGER, 0),
    ("FORMAT", "MQ", "1", INTEGER, 0),
    ("FORMAT", "PL", "G", INTEGER, 0),
    ("FORMAT", "PQ", "1", INTEGER, 0),
    ("FORMAT", "PS", "1", INTEGER, 0),
];

/// What the specification says of this key, if the declaration says otherwise.
pub(super) fn contradicted(line: &str, key: &str, number: &str, kind: &str, version: (u32, u32)) -> Option<String> {
    let reserved =
        RESERVED.iter().find(|(of, name, _, _, since)| (*of, *name) == (line, key) && version.1 >= *since)?;
    let &(_, _, right_number, right_kinds, _) = reserved;
    let agrees = number == right_number && right_kinds.contains(&kind);
    (!agrees).then(|| format!("Number {right_number} and Type {}", right_kinds.join(" or ")))
}
