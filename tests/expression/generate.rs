//! Random small files and random expressions about them, from a seed.
//!
//! The grammar leaves out what bcftools 1.16 is known to get wrong (`docs/expressions.md` lists it), so that its
//! answers can be taken for the truth: no missing integers in lists of INFO, no second value of a field that has one,
//! no FORMAT field in a function that a record can lack, no list joined with a list.

use fastrand::Rng;

/// Header lines of every file.
const HEADER: &str = r#"##fileformat=VCFv4.2
##contig=<ID=1,length=1000000>
##FILTER=<ID=q10,Description="x">
##FILTER=<ID=s50,Description="x">
##INFO=<ID=ONE,Number=1,Type=Integer,Description="x">
##INFO=<ID=LIST,Number=.,Type=Integer,Description="x">
##INFO=<ID=FRACTION,Number=1,Type=Float,Description="x">
##INFO=<ID=PER_ALT,Number=A,Type=Float,Description="x">
##INFO=<ID=WORD,Number=1,Type=String,Description="x">
##INFO=<ID=WORDS,Number=.,Type=String,Description="x">
##INFO=<ID=FLAG,Number=0,Type=Flag,Description="x">
##FORMAT=<ID=GT,Number=1,Type=String,Description="x">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="x">
##FORMAT=<ID=GQ,Number=1,Type=Float,Description="x">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="x">
##FORMAT=<ID=NAME,Number=1,Type=String,Description="x">
##FORMAT=<ID=NAMES,Number=.,Type=String,Description="x">
##FORMAT=<ID=RARE,Number=1,Type=Integer,Description="x">
"#;

/// Sample columns of every file.
const SAMPLES: usize = 3;

/// Seldom true.
fn seldom(random: &mut Rng) -> bool {
    random.u8(..6) == 0
}

fn pick<'t>(random: &mut Rng, words: &[&'t str]) -> &'t str {
    words[random.usize(..words.len())]
}

/// A file with this many records.
pub fn file(random: &mut Rng, records: usize) -> String {
    let mut text = HEADER.to_owned() + "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT";
    (0..SAMPLES).for_each(|i| text += &format!("\tS{i}"));
    text.push('\n');
    for nth in 0..records {
        text += &record(random, 10 + 3 * nth);
        text.push('\n');
    }
    text
}

fn record(random: &mut Rng, pos: usize) -> String {
    let alts = pick(random, &["C", "C", "G", "T", "AT", "ATT", "C,G", "T,AC", "*", "C,*"]);
    let count = alts.split(',').count();
    let id = pick(random, &[".", "rs1", "rs12", "abc"]);
    let qual = pick(random, &[".", "5", "10", "30", "59.2", "100", "0.5"]);
    let filter = pick(random, &[".", "PASS", "PASS", "q10", "s50", "q10;s50"]);
    let reference = pick(random, &["A", "A", "AT"]);
    let mut line = format!("1\t{pos}\t{id}\t{reference}\t{alts}\t{qual}\t{filter}\t{}", info(random, count));
    let has_rare = random.bool();
    line += "\tGT:DP:GQ:AD:NAME:NAMES";
    line += if has_rare { ":RARE" } else { "" };
    for nth in 0..SAMPLES {
        line.push('\t');
        line += &sample(random, count, has_rare, nth == 0);
    }
    line
}

fn info(random: &mut Rng, alts: usize) -> String {
    let mut items = Vec::new();
    let mut add = |random: &mut Rng, key: &str, value: String| {
        if !seldom(random) {
            items.push(format!("{key}={value}"));
        }
    };
    let one = pick(random, &[".", "-3", "0", "1", "2", "3", "7", "40000"]);
    add(random, "ONE", one.to_owned());
    let list = (0..random.usize(1..4)).map(|_| random.i32(-2..5).to_string()).collect::<Vec<_>>().join(",");
    add(random, "LIST", list);
    let fraction = pick(random, &[".", "0", "0.1", "0.25", "0.5", "1", "1e-4", "-2.5"]);
    add(random, "FRACTION", fraction.to_owned());
    let per_alt = (0..alts).map(|_| pick(random, &["0.1", "0.5", "0.01", "1", if alts > 1 { "." } else { "0" }]));
    let per_alt = per_alt.collect::<Vec<_>>().join(",");
    add(random, "PER_ALT", per_alt);
    let word = pick(random, &[".", "a", "b", "ab", "Abc", "a,b"]);
    add(random, "WORD", word.to_owned());
    let words = (0..random.usize(1..4)).map(|_| pick(random, &["a", "b", "ab", "Abc", "."])).collect::<Vec<_>>();
    add(random, "WORDS", words.join(","));
    if random.bool() {
        items.push("FLAG".to_owned());
    }
    if items.is_empty() { ".".to_owned() } else { items.join(";") }
}

/// A sample column. `is_full`: AD is there, so that every list of depths is as long as there are alleles.
fn sample(random: &mut Rng, alts: usize, has_rare: bool, is_full: bool) -> String {
    let genotypes: &[&str] = if alts == 1 {
        &["0/0", "0/1", "1/1", "0|1", "1|0", "./.", ".", "1", "0", "0/."]
    } else {
        &["0/0", "0/1", "1/2", "2|2", "2/1", "./.", ".", "2", "./2"]
    };
    let mut entries = vec![pick(random, genotypes).to_owned()];
    entries.push(pick(random, &[".", "0", "1", "5", "10", "20", "300"]).to_owned());
    entries.push(pick(random, &[".", "0", "5.5", "10", "20", "99"]).to_owned());
    let depths = (0..=alts).map(|_| random.u8(..12).to_string()).collect::<Vec<_>>().join(",");
    entries.push(if seldom(random) && !is_full { ".".to_owned() } else { depths });
    entries.push(pick(random, &[".", "a", "b", "ab", "Abc"]).to_owned());
    let names = (0..random.usize(1..4)).map(|_| pick(random, &["a", "b", "ab", "."])).collect::<Vec<_>>().join(",");
    entries.push(names);
    if has_rare {
        entries.push(pick(random, &[".", "1", "2"]).to_owned());
    }
    // Entries at the end may be left out.
    if seldom(random) && !is_full {
        entries.truncate(random.usize(1..entries.len()));
    }
    entries.join(":")
}

/// A condition of at most this many operators deep.
pub fn condition(random: &mut Rng, depth: usize) -> String {
    if depth > 0 && random.u8(..3) > 0 {
        let (left, right) = (condition(random, depth - 1), condition(random, depth - 1));
        let operator = pick(random, &["&&", "&", "||", "|"]);
        return match random.u8(..3) {
            0 => format!("({left}) {operator} ({right})"),
            1 => format!("{left} {operator} ({right})"),
            _ => format!("{left}{operator}{right}"),
        };
    }
    simple(random)
}

/// A condition without logic.
pub fn simple(random: &mut Rng) -> String {
    match random.u8(..15) {
        0..=3 => {
            let relation = relation(random);
            let (left, right) = (site_number(random, 2), site_number(random, 2));
            format!("{left}{relation}{right}")
        }
        4..=6 => {
            let relation = relation(random);
            let (left, right) = (sample_number(random, 2), any_number(random));
            if random.bool() { format!("{left}{relation}{right}") } else { format!("{right}{relation}{left}") }
        }
        7 => site_list(random),
        8 => site_text(random),
        9 => sample_text(random),
        10 => genotype(random),
        11 => missing(random),
        12 => {
            let (value, relation) = (sample_list(random), relation(random));
            format!("{value}{relation}{}", random.u8(..12))
        }
        // Not compared with 0: bcftools' p of 5 and 4 is a little less than 1.
        13 => format!("PHRED(binom(FMT/AD)){}{}.5", relation(random), random.u8(..9)),
        _ => counted(random),
    }
}

fn relation(random: &mut Rng) -> &'static str {
    pick(random, &["=", "==", "!=", "<", "<=", ">", ">="])
}

fn equality(random: &mut Rng) -> &'static str {
    pick(random, &["=", "!="])
}

/// One number of the site.
fn site_number(random: &mut Rng, depth: usize) -> String {
    match random.u8(..if depth == 0 { 6 } else { 12 }) {
        0 => pick(random, &["QUAL", "POS", "N_ALT", "N_SAMPLES", "FLAG"]).to_owned(),
        1 => pick(random, &["ONE", "INFO/FRACTION", "PER_ALT[0]", "LIST[0]"]).to_owned(),
        2 => pick(random, &["AC", "AN", "AF", "MAC", "MAF[0]", "AC[0]", "N_MISSING", "F_MISSING"]).to_owned(),
        3..=5 => pick(random, &["0", "1", "3", "10", "0.5", "1e-4", "-2", "59.2", "30"]).to_owned(),
        6 => {
            let function = pick(random, &["MAX", "MIN", "AVG", "MEAN", "MEDIAN", "STDEV", "SUM", "max"]);
            let of =
                pick(random, &["LIST", "LIST[*]", "PER_ALT", "FMT/AD", "FMT/DP", "GQ", "AD[:1]", "AD[0:*]", "ONE"]);
            format!("{function}({of})")
        }
        7 => pick(
            random,
            &["COUNT(LIST)", "COUNT(WORDS)", "COUNT(FMT/DP)", "COUNT(FMT/AD)", "STRLEN(WORD)", "STRLEN(REF)"],
        )
        .to_owned(),
        8 => format!("ABS({})", site_number(random, depth - 1)),
        9 => pick(
            random,
            &[
                "ABS(binom(3,5))",
                "SMPL_MAX(LIST)",
                "sAVG(LIST)",
                "smpl_min(PER_ALT)",
                "-ONE",
                "-QUAL",
                "(POS%7)",
                "(ONE%2)",
            ],
        )
        .to_owned(),
        _ => calculated(&site_number(random, depth - 1), &site_number(random, depth - 1), random),
    }
}

fn calculated(left: &str, right: &str, random: &mut Rng) -> String {
    format!("({left}{}{right})", pick(random, &["+", "-", "*", "/"]))
}

/// One number of each sample.
fn sample_number(random: &mut Rng, depth: usize) -> String {
    match random.u8(..if depth == 0 { 3 } else { 8 }) {
        0 | 1 => pick(random, &["FMT/DP", "DP", "GQ", "FORMAT/GQ", "DP[0]", "DP[1-]", "GQ[0,2]", "DP[*]"]).to_owned(),
        2 => pick(random, &["AD[:0]", "AD[:1]", "FMT/AD[0:1]", "AD[1-2:0]"]).to_owned(),
        3 => {
            let function = pick(random, &["SMPL_MAX", "sMIN", "sSUM", "SMPL_AVG", "sMEAN", "smpl_median", "sSTDEV"]);
            format!("{function}({})", pick(random, &["FMT/AD", "AD[*]", "AD[:0]", "DP", "GQ"]))
        }
        4 => format!("ABS({})", whole_sample_number(random)),
        5 => pick(random, &["binom(FMT/AD)", "binom(AD[:0],AD[:1])", "PHRED(DP)", "PHRED(GQ)", "-DP", "(DP%3)"])
            .to_owned(),
        6 => {
            // Never lacking: if the first record lacks it, bcftools takes the result for one of the site.
            let of_site = pick(random, &["QUAL", "POS", "N_ALT", "2", "0.5", "-3"]);
            calculated(&whole_sample_number(random), of_site, random)
        }
        _ => calculated(&whole_sample_number(random), &whole_sample_number(random), random),
    }
}

/// One number of every sample.
fn whole_sample_number(random: &mut Rng) -> String {
    pick(random, &["FMT/DP", "DP", "GQ", "AD[:0]", "AD[:1]", "AD[*:0]"]).to_owned()
}

fn any_number(random: &mut Rng) -> String {
    if random.bool() { whole_sample_number(random) } else { site_number(random, 1) }
}

/// Several numbers of the site against one.
fn site_list(random: &mut Rng) -> String {
    let list = pick(random, &["LIST", "LIST[*]", "LIST[0-1]", "PER_ALT", "PER_ALT[*]", "AF[*]", "AC[*]", "MAF[*]"]);
    let number = pick(random, &["0", "1", "2", "0.1", "0.5", "-1", "ONE"]);
    format!("{list}{}{number}", relation(random))
}

/// Several numbers of each sample.
fn sample_list(random: &mut Rng) -> String {
    pick(random, &["FMT/AD", "AD[*]", "AD[0:*]", "AD[1-:]", "RARE", "FMT/RARE[0]"]).to_owned()
}

fn quoted(random: &mut Rng) -> &'static str {
    pick(random, &["\"a\"", "\"b\"", "\"ab\"", "\"a,b\"", "\"x\"", "\".\"", "'Abc'"])
}

/// Patterns that do not match a lone dot.
fn pattern(random: &mut Rng) -> &'static str {
    pick(random, &["\"a\"", "\"^b\"", "\"abc/i\"", "\"b$\"", "\"^a*b$\"", "\"[[:upper:]]\"", "\"a\\|c\"", "\"(a)\""])
}

fn site_text(random: &mut Rng) -> String {
    match random.u8(..7) {
        0 => {
            let field = pick(random, &["WORD", "INFO/WORDS", "WORDS[0]", "WORDS[*]"]);
            format!("{field}{}{}", equality(random), quoted(random))
        }
        1 => format!("{}{}{}", pick(random, &["WORD", "WORDS"]), pick(random, &["~", "!~"]), pattern(random)),
        2 => {
            let filters = pick(random, &["\"PASS\"", "\".\"", "\"q10\"", "\"q10;s50\"", "\"s50;q10\""]);
            format!("FILTER{}{filters}", pick(random, &["=", "!=", "~", "!~"]))
        }
        3 => format!("ID{}{}", equality(random), pick(random, &["\"rs1\"", "\".\"", "\"abc\""])),
        4 => format!("ID{}{}", pick(random, &["~", "!~"]), pick(random, &["\"rs\"", "\"2$\""])),
        5 => {
            let types = pick(random, &["\"snp\"", "\"indel\"", "\"mnp\"", "\"overlap\"", "\"ref\"", "\"other\""]);
            format!("TYPE{}{types}", pick(random, &["=", "!=", "~", "!~"]))
        }
        _ => {
            let field = pick(random, &["REF", "ALT", "ALT[0]", "CHROM"]);
            format!("{field}{}{}", equality(random), pick(random, &["\"A\"", "\"C\"", "\"1\"", "\"C,G\"", "\"*\""]))
        }
    }
}

fn sample_text(random: &mut Rng) -> String {
    let field = pick(random, &["FMT/NAME", "NAMES", "NAME[0]", "NAMES[:0]", "NAMES[*:1]", "NAME[1-]"]);
    if random.bool() {
        format!("{field}{}{}", equality(random), quoted(random))
    } else {
        format!("{field}{}{}", pick(random, &["~", "!~"]), pattern(random))
    }
}

fn genotype(random: &mut Rng) -> String {
    let field = pick(random, &["GT", "FMT/GT", "GT[0]", "GT[1-]"]);
    let kinds = ["hom", "het", "hap", "alt", "ref", "mis", "RR", "RA", "AR", "AA", "aA", "Aa", "R", "A", "HOM"];
    match random.u8(..5) {
        0..=2 => format!("{field}{}\"{}\"", equality(random), pick(random, &kinds)),
        3 => format!("{field}{}\"{}\"", equality(random), pick(random, &["0/1", "1/1", "./.", "0|1", "2/1"])),
        _ => format!("{field}{}\"{}\"", pick(random, &["~", "!~"]), pick(random, &["1", "^0", "2", "|"])),
    }
}

fn missing(random: &mut Rng) -> String {
    let fields = ["QUAL", "ONE", "FRACTION", "DP", "GQ", "AD[:1]", "FMT/AD", "RARE", "DP[1]", "PER_ALT"];
    format!("{}{}\".\"", pick(random, &fields), equality(random))
}

/// Numbers of samples that pass a condition.
fn counted(random: &mut Rng) -> String {
    let about_samples = match random.u8(..3) {
        0 => format!("{}>{}", whole_sample_number(random), random.u8(..20)),
        1 => format!("GT=\"{}\"", pick(random, &["het", "alt", "hom", "mis"])),
        _ => format!("DP>{} & GT!=\"{}\"", random.u8(..20), pick(random, &["het", "ref"])),
    };
    let function = pick(random, &["N_PASS", "COUNT", "N_PASS"]);
    match random.u8(..3) {
        0 => format!("F_PASS({about_samples}){}{}", relation(random), pick(random, &["0", "0.5", "1"])),
        _ => format!("{function}({about_samples}){}{}", relation(random), random.u8(..4)),
    }
}
