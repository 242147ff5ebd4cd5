//! What must hold for any text, any expression and any record.

use proptest::prelude::*;
use vcf_agent::expression::{Expression, FieldTypes, Record, SampleMask, Scratch};

use crate::generate;
use crate::vcf::Vcf;

/// A decision, kept.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Decided {
    site: bool,
    /// Which samples pass; `None` if the expression is about the site.
    samples: Option<Vec<bool>>,
}

impl Decided {
    /// A bit for each sample, whatever the expression is about.
    fn bits(&self, samples: usize) -> Vec<bool> {
        self.samples.clone().unwrap_or_else(|| vec![self.site; samples])
    }
}

fn parse(text: &str, vcf: &Vcf) -> Expression {
    Expression::parse(text, &vcf.fields).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn decide(expression: &Expression, record: &Record<'_>, scratch: &mut Scratch) -> Decided {
    let decision = expression.eval(record, scratch);
    assert_eq!(decision.undecided, None, "{expression}");
    let samples = match decision.samples {
        SampleMask::All(all) => {
            assert_eq!(all, decision.site);
            None
        }
        SampleMask::Each(bits) => Some(bits.to_vec()),
    };
    Decided { site: decision.site, samples }
}

/// Decisions about all records.
fn decisions(text: &str, vcf: &Vcf) -> Vec<Decided> {
    let (expression, mut scratch) = (parse(text, vcf), Scratch::default());
    vcf.records().map(|record| decide(&expression, &record, &mut scratch)).collect()
}

/// A file and some conditions about it.
fn world(seed: u64, conditions: usize) -> (Vcf, Vec<String>) {
    let mut random = fastrand::Rng::with_seed(seed);
    let vcf = Vcf::read(&generate::file(&mut random, 6), None);
    (vcf, (0..conditions).map(|_| generate::condition(&mut random, 1)).collect())
}

/// A header for texts that mean nothing in particular.
fn fields() -> FieldTypes {
    let info = [("A", "1", "Integer"), ("B", "A", "Float"), ("C", ".", "String"), ("F", "0", "Flag")];
    let format = [("GT", "1", "String"), ("D", "R", "Integer"), ("E", ".", "String"), ("G", "1", "Float")];
    FieldTypes::new(info, format, 2)
}

/// Parses, and if that works, decides a record: nothing may panic.
fn try_out(text: &str) {
    let fields = fields();
    let mut no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    match Expression::parse_with(text, &fields, &mut no_files) {
        Err(error) => assert!(error.position <= text.len() && !error.message.is_empty(), "{text:?}: {error:?}"),
        Ok(expression) => {
            let mut scratch = Scratch::default();
            for line in [
                "1\t7\trs1;x\tA\tC,<DEL>\t30\tPASS\tA=3;B=0.1,.;C=a,b;F\tGT:D:E:G\t0/1:1,2,3:a,b:1.5\t.",
                "1\t7\t.\tA\t.\t.\t.\t.\tGT:G\t0|2:9\t1:.",
                "1\t7\t.\t\t\t.\t\t\t\t",
            ] {
                let record = Record::from_line(line.as_bytes()).expect("a line with all columns");
                let decision = expression.eval(&record, &mut scratch);
                assert!(decision.undecided.is_none() || !decision.site);
            }
        }
    }
}

/// Pieces of expressions, joined at random.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "A", "B", "C", "F", "D", "E", "G", "GT", "QUAL", "ALT", "TYPE", "FILTER", "ID", "MAF", "N_ALT", "INFO/",
        "FMT/", "[0]", "[*]", "[0:1]", "[:GT]", "[1-]", "(", ")", "&&", "&", "||", "|", "=", "!=", "<", ">=", "~",
        "!~", "+", "-", "*", "/", "%", "\"a\"", "\".\"", "\"snp\"", "\"het\"", "\"[\"", "'a,b'", "1", "0.5", "1e-4",
        "MAX(", "sSUM(", "COUNT(", "N_PASS(", "binom(", "STRLEN(", "PHRED(", ",", "@x", "!", " ", "\"", "{}", "é",
    ]);
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}") {
        try_out(&text);
    }

    #[test]
    fn no_sequence_of_pieces_makes_the_parser_or_a_decision_panic(text in pieces()) {
        try_out(&text);
    }

    #[test]
    fn a_printed_expression_decides_as_the_one_that_was_read(seed: u64) {
        let (vcf, conditions) = world(seed, 2);
        for text in &conditions {
            let printed = parse(text, &vcf).to_string();
            prop_assert_eq!(decisions(&printed, &vcf), decisions(text, &vcf), "{} printed as {}", text, printed);
            prop_assert_eq!(parse(&printed, &vcf).to_string(), printed);
        }
    }

    #[test]
    fn sites_of_and_and_or_are_those_of_logic(seed: u64) {
        let (vcf, conditions) = world(seed, 2);
        let (a, b) = (&conditions[0], &conditions[1]);
        let (of_a, of_b) = (decisions(a, &vcf), decisions(b, &vcf));
        let joined = |operator: &str| decisions(&format!("({a}) {operator} ({b})"), &vcf);
        for (nth, ((and, or), either)) in joined("&&").iter().zip(joined("||")).zip(joined("|")).enumerate() {
            let (a, b) = (of_a[nth].site, of_b[nth].site);
            prop_assert_eq!((and.site, or.site, either.site), (a && b, a || b, a || b));
        }
    }

    #[test]
    fn samples_of_and_and_or_are_those_of_their_sides(seed: u64) {
        let (vcf, conditions) = world(seed, 2);
        let (a, b) = (&conditions[0], &conditions[1]);
        let (of_a, of_b) = (decisions(a, &vcf), decisions(b, &vcf));
        let joined = |operator: &str| decisions(&format!("({a}) {operator} ({b})"), &vcf);
        for (nth, ((within, across), either)) in joined("&").iter().zip(joined("&&")).zip(joined("|")).enumerate() {
            let (Some(a), Some(b)) = (&of_a[nth].samples, &of_b[nth].samples) else { continue };
            let both: Vec<bool> = a.iter().zip(b).map(|(a, b)| a & b).collect();
            let any: Vec<bool> = a.iter().zip(b).map(|(a, b)| a | b).collect();
            prop_assert_eq!(within.site, both.contains(&true));
            prop_assert_eq!(within.samples.as_ref(), Some(&both));
            let none = vec![false; both.len()];
            let sites = (of_a[nth].site, of_b[nth].site);
            prop_assert_eq!(across.samples.as_ref(), Some(if sites == (true, true) { &any } else { &none }));
            prop_assert_eq!(either.samples.as_ref(), Some(&any));
        }
    }

    #[test]
    fn operands_may_change_places_and_groups(seed: u64) {
        let (vcf, conditions) = world(seed, 3);
        let [a, b, c] = &conditions[..] else { unreachable!() };
        for operator in ["&&", "&", "||", "|"] {
            let of = |text: String| decisions(&text, &vcf);
            prop_assert_eq!(of(format!("({a}) {operator} ({b})")), of(format!("({b}) {operator} ({a})")));
            let grouped = format!("({a}) {operator} (({b}) {operator} ({c}))");
            let right = of(grouped.clone());
            prop_assert_eq!(of(format!("(({a}) {operator} ({b})) {operator} ({c})")), right.clone(), "{}", grouped);
            prop_assert_eq!(of(format!("({a}) {operator} ({b}) {operator} ({c})")), right, "{}", grouped);
        }
        prop_assert_eq!(decisions(&format!("({a}) | ({a})"), &vcf), decisions(a, &vcf));
        for (twice, once) in decisions(&format!("({a}) & ({a})"), &vcf).into_iter().zip(decisions(a, &vcf)) {
            // QUAL>10 | GQ>10 passes a site of which no sample does; `&` then finds no sample.
            if once.site == once.bits(1).contains(&true) {
                prop_assert_eq!(twice, once);
            }
        }
    }

    #[test]
    fn a_condition_about_one_value_and_its_opposite_share_the_records(seed: u64) {
        let (vcf, _) = world(seed, 0);
        for (one, other) in [
            ("FILTER=\"q10\"", "FILTER!=\"q10\""),
            ("FILTER~\"q10\"", "FILTER!~\"q10\""),
            ("TYPE=\"snp\"", "TYPE!=\"snp\""),
            ("TYPE~\"indel\"", "TYPE!~\"indel\""),
            ("ID=\"rs1\"", "ID!=\"rs1\""),
            ("ID~\"rs\"", "ID!~\"rs\""),
            ("REF=\"A\"", "REF!=\"A\""),
            ("ONE=3", "ONE!=3"),
            ("QUAL=\".\"", "QUAL!=\".\""),
        ] {
            for (one, other) in decisions(one, &vcf).iter().zip(decisions(other, &vcf)) {
                prop_assert_ne!(one.site, other.site);
            }
        }
    }

    #[test]
    fn a_condition_about_one_value_and_its_opposite_share_the_samples(seed: u64) {
        let (vcf, _) = world(seed, 0);
        for (one, other) in [
            ("GT=\"het\"", "GT!=\"het\""),
            ("GT~\"1\"", "GT!~\"1\""),
            ("DP=10", "DP!=10"),
            ("GQ=\".\"", "GQ!=\".\""),
            ("RARE=1", "RARE!=1"),
            ("FMT/NAME=\"a\"", "FMT/NAME!=\"a\""),
            ("FMT/NAME~\"a\"", "FMT/NAME!~\"a\""),
        ] {
            for (one, other) in decisions(one, &vcf).iter().zip(decisions(other, &vcf)) {
                let opposite: Vec<bool> = other.bits(vcf.samples.len()).iter().map(|bit| !bit).collect();
                prop_assert_eq!(one.bits(vcf.samples.len()), opposite);
            }
        }
    }

    #[test]
    fn comparisons_may_be_turned_around(seed: u64) {
        let (vcf, _) = world(seed, 0);
        for (left, right) in [("QUAL", "ONE"), ("DP", "GQ"), ("AD[:1]", "QUAL"), ("LIST", "2"), ("AF[*]", "PER_ALT[0]")] {
            for (relation, turned) in [("<", ">"), ("<=", ">="), ("=", "="), ("!=", "!=")] {
                let text = format!("{left}{relation}{right}");
                let turned = decisions(&format!("{right}{turned}{left}"), &vcf);
                prop_assert_eq!(decisions(&text, &vcf), turned, "{}", text);
            }
        }
    }

    #[test]
    fn counts_of_samples_are_counts_of_bits(seed: u64) {
        let (vcf, conditions) = world(seed, 3);
        for text in &conditions {
            let about_samples: Vec<_> = decisions(text, &vcf).into_iter().filter_map(|one| one.samples).collect();
            if about_samples.is_empty() {
                continue;
            }
            for (nth, bits) in about_samples.iter().enumerate() {
                let count = bits.iter().filter(|bit| **bit).count();
                for equal in [format!("N_PASS({text})={count}"), format!("COUNT({text})={count}")] {
                    prop_assert!(decisions(&equal, &vcf)[nth].site, "{} of {}", equal, vcf.lines[nth]);
                }
            }
        }
    }

    #[test]
    fn a_decision_does_not_depend_on_the_records_before(seed: u64) {
        let (vcf, conditions) = world(seed, 3);
        let mut shared = Scratch::default();
        for text in &conditions {
            let expression = parse(text, &vcf);
            for record in vcf.records().collect::<Vec<_>>().into_iter().rev() {
                let alone = decide(&expression, &record, &mut Scratch::default());
                prop_assert_eq!(decide(&expression, &record, &mut shared), alone, "{}", text);
            }
        }
    }
}
