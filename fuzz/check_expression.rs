// What must hold for any expression and any record. Used by the fuzz target and, over the corpus in the tree, by
// tests/expression.

use vcf_agent::expression::{Expression, FieldTypes, Record, SampleMask, Scratch};

/// Samples of the header.
const SAMPLES: usize = 2;

fn fields() -> FieldTypes {
    let info = [
        ("AF", "A", "Float"),
        ("DP", "1", "Integer"),
        ("DP4", "4", "Integer"),
        ("DB", "0", "Flag"),
        ("GENE", "1", "String"),
        ("CSQ", ".", "String"),
    ];
    let format = [
        ("GT", "1", "String"),
        ("GQ", "1", "Integer"),
        ("AD", "R", "Integer"),
        ("GL", "G", "Float"),
        ("FT", "1", "String"),
        ("TAGS", ".", "String"),
    ];
    FieldTypes::new(info, format, SAMPLES)
}

/// A list for `@file`, whatever its name.
fn read(path: &str) -> std::io::Result<Vec<u8>> {
    if path.contains("absent") { Err(std::io::ErrorKind::NotFound.into()) } else { Ok(b"rs1 x\nA\n".to_vec()) }
}

/// The first line is an expression, the others are records. Says whether it parses.
pub fn expression(bytes: &[u8]) -> bool {
    let (text, lines) = bytes.split_at(bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len()));
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let fields = fields();
    let expression = match Expression::parse_with(text, &fields, &mut read) {
        Ok(expression) => expression,
        Err(error) => {
            assert!(error.position <= text.len() && !error.message.is_empty(), "{error:?}");
            return false;
        }
    };
    let printed = expression.to_string();
    let again = Expression::parse_with(&printed, &fields, &mut read).expect("a printed expression parses");
    assert_eq!(again.to_string(), printed);
    let (mut scratch, mut other) = (Scratch::default(), Scratch::default());
    for record in lines.split(|&byte| byte == b'\n').filter_map(Record::from_line) {
        let decision = expression.eval(&record, &mut scratch);
        assert_eq!(decision, again.eval(&record, &mut other), "{text} printed as {printed}");
        match decision.samples {
            SampleMask::All(all) => assert_eq!(all, decision.site),
            SampleMask::Each(bits) => {
                assert_eq!(bits.len(), SAMPLES);
                assert!(decision.site || !bits.contains(&true), "a sample passes at a site that does not");
            }
        }
        assert!(decision.undecided.is_none() || !decision.site);
    }
    true
}
