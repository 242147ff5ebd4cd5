//! bcftools' own test cases for `-i` and `-e`, one by one: what passes here must be what its expected output shows.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use vcf_agent::expression::{Expression, ExpressionError, SampleMask, Scratch};

use crate::format;
use crate::present::shared;
use crate::vcf::Vcf;

/// Arguments of the cases whose expression is refused, and the words of the error. Nothing else may fail.
const UNSUPPORTED: [(&str, &str); 0] = [];

/// At least this many cases must be there, or the list was not understood.
const CASES_MIN: usize = 130;

struct Case {
    command: String,
    input: String,
    arguments: String,
    expected: String,
}

/// What the arguments of a case say.
#[derive(Default)]
struct Arguments {
    expression: String,
    excludes: bool,
    format: String,
    samples: Option<String>,
    /// `filter -s`: the name that FILTER gets where the record fails.
    soft_filter: Option<String>,
    /// `filter -S .`: genotypes that fail become missing.
    blanks_genotypes: bool,
}

/// Splits as a shell does, as far as the cases need it.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut inside) = (Vec::new(), String::new(), None, false);
    for c in text.chars() {
        match (quote, c) {
            (None, ' ') => {
                if inside {
                    words.push(std::mem::take(&mut word));
                }
                inside = false;
            }
            (None, '\'' | '"') => (quote, inside) = (Some(c), true),
            (Some(open), c) if c == open => quote = None,
            (_, c) => {
                word.push(c);
                inside = true;
            }
        }
    }
    assert!(quote.is_none(), "{text}");
    words.extend(inside.then_some(word));
    words
}

impl Arguments {
    fn read(command: &str, text: &str) -> Self {
        let mut arguments = Self::default();
        let mut rest = words(text).into_iter();
        while let Some(word) = rest.next() {
            let (option, attached) = word.split_at(2);
            if option == "-H" {
                continue;
            }
            let value = if attached.is_empty() { rest.next().expect("a value") } else { attached.to_owned() };
            match (command, option) {
                (_, "-i") => arguments.expression = value,
                (_, "-e") => (arguments.expression, arguments.excludes) = (value, true),
                (_, "-f") => arguments.format = value,
                ("query", "-s") => arguments.samples = Some(value),
                ("filter", "-s") => arguments.soft_filter = Some(value),
                ("filter", "-S") => arguments.blanks_genotypes = true,
                _ => panic!("{command} {text}: {option} is not known"),
            }
        }
        arguments
    }
}

fn cases(folder: &Path) -> Vec<Case> {
    let list = fs::read_to_string(folder.join("cases.tsv")).unwrap();
    let cases = list.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [command, input, arguments, _, _, expected, _] = cells[..] else { panic!("{line}") };
        let owned = str::to_owned;
        Case { command: owned(command), input: owned(input), arguments: owned(arguments), expected: owned(expected) }
    });
    cases
        .filter(|case| case.command != "norm" && !Arguments::read(&case.command, &case.arguments).expression.is_empty())
        .collect()
}

/// Runs a case: what is printed here, and what should be.
fn run(folder: &Path, case: &Case) -> Result<(Vec<String>, Vec<String>), ExpressionError> {
    let arguments = Arguments::read(&case.command, &case.arguments);
    let samples: Option<Vec<&str>> = arguments.samples.as_deref().map(|list| list.split(',').collect());
    let vcf = Vcf::read(&fs::read_to_string(folder.join(&case.input)).unwrap(), samples.as_deref());
    let expected = fs::read_to_string(folder.join(&case.expected)).unwrap();
    let expression = Expression::parse(&arguments.expression, &vcf.fields)?;
    let mut scratch = Scratch::default();
    let mut ours = String::new();
    for (nth, record) in vcf.records().enumerate() {
        let decision = expression.eval(&record, &mut scratch);
        assert_eq!(decision.undecided, None, "{}", case.arguments);
        // `query -e` prints a record that has a sample left; the others drop it.
        let passes = |sample: usize| decision.samples.get(sample) != arguments.excludes;
        let any_left = matches!(decision.samples, SampleMask::Each(_)) && (0..vcf.samples.len()).any(passes);
        let site = decision.site != arguments.excludes;
        match case.command.as_str() {
            "query" if site || (arguments.excludes && any_left) => {
                ours += &format::print(&arguments.format, &vcf, nth, passes);
            }
            "query" => {}
            command => ours += &changed_line(command, &arguments, &vcf.lines[nth], site, passes),
        }
    }
    let lines = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| if case.command == "query" { line.to_owned() } else { essence(line) }).collect()
    };
    Ok((lines(&ours), lines(&expected)))
}

/// The line that `view` and `filter` print for a record; none where they drop it.
fn changed_line(
    command: &str,
    arguments: &Arguments,
    line: &str,
    site: bool,
    passes: impl Fn(usize) -> bool,
) -> String {
    if !site && arguments.soft_filter.is_none() && !arguments.blanks_genotypes {
        return String::new();
    }
    let mut columns: Vec<String> = line.split('\t').map(str::to_owned).collect();
    match &arguments.soft_filter {
        _ if command == "view" => {}
        Some(name) if !site => columns[6].clone_from(name),
        _ if site && columns[6] == "." => columns[6] = "PASS".to_owned(),
        _ => {}
    }
    if arguments.blanks_genotypes && columns.get(8).is_some_and(|format| format.starts_with("GT")) {
        for (_, column) in columns[9..].iter_mut().enumerate().filter(|(sample, _)| !passes(*sample)) {
            let (genotype, rest) = column
                .split_once(':')
                .map_or((column.as_str(), String::new()), |(genotype, rest)| (genotype, format!(":{rest}")));
            let blank = vec!["."; genotype.split(['/', '|']).count()].join("/");
            *column = blank + &rest;
        }
    }
    columns.join("\t") + "\n"
}

/// What a line says of the record that passes: its place, alleles, FILTER and genotypes. Counts in INFO and the look of
/// numbers do not belong to it.
fn essence(line: &str) -> String {
    let columns: Vec<&str> = line.split('\t').collect();
    let genotypes = columns.iter().skip(9).map(|column| column.split(':').next().unwrap_or_default());
    let has_genotypes = columns.get(8).is_some_and(|format| format.starts_with("GT"));
    let site = columns[..5].iter().chain([&columns[6]]).copied();
    site.chain(genotypes.filter(|_| has_genotypes)).collect::<Vec<_>>().join("\t")
}

/// Whether two lines say the same: texts alike, numbers equal.
fn same(ours: &str, theirs: &str) -> bool {
    let tokens = |line: &str| line.split([' ', '\t', ',', '=', ':']).map(str::to_owned).collect::<Vec<_>>();
    let (ours, theirs) = (tokens(ours), tokens(theirs));
    ours.len() == theirs.len()
        && ours
            .iter()
            .zip(&theirs)
            .all(|(a, b)| a == b || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if a == b))
}

#[test]
fn every_case_of_bcftools_selects_the_same_records_and_samples() {
    let test = "every_case_of_bcftools_selects_the_same_records_and_samples";
    let Some(folder) = shared(test).map(|folder| folder.join("bcftools")) else { return };
    let cases = cases(&folder);
    assert!(cases.len() >= CASES_MIN, "{} cases: the list was not understood", cases.len());
    let unsupported: BTreeMap<_, _> = UNSUPPORTED.into_iter().collect();
    let (mut passed, mut faults) = (0, Vec::new());
    for case in &cases {
        let name = format!("{} {} {}", case.command, case.input, case.arguments);
        match (run(&folder, case), unsupported.get(case.arguments.as_str())) {
            (Ok((ours, theirs)), None) => {
                let right =
                    ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(ours, theirs)| same(ours, theirs));
                passed += usize::from(right);
                if !right {
                    faults.push(format!("{name}\n  ours   {ours:?}\n  theirs {theirs:?}"));
                }
            }
            (Ok(_), Some(_)) => faults.push(format!("{name}: works, although it is listed as unsupported")),
            (Err(error), Some(words)) if error.message.contains(words) => {}
            (Err(error), _) => faults.push(format!("{name}: {error}")),
        }
    }
    println!("bcftools' cases: {passed} of {} passed, {} not supported", cases.len(), UNSUPPORTED.len());
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), cases.len(), faults.join("\n"));
    assert_eq!(passed + UNSUPPORTED.len(), cases.len());
}
