//! Which genome assembly a file is about: what speaks for one, in which order it counts, and what contradicts another.
//!
//! Strongest first: lengths of chromosomes and accessions with a version (they belong to one assembly only), then a known word in
//! `##reference`, then one in `assembly=`. What stays unknown is `None`, never a guess. The tables are explicit: a name that is not
//! in them is nobody's alias, and `chrM` is not `MT` (in hg19 they are different sequences).

/// Names of the assemblies whose chromosomes are known, in the order of the columns of the tables.
pub const ASSEMBLIES: [&str; 4] = ["NCBI36", "GRCh37", "GRCh38", "T2T-CHM13v2.0"];

/// Chromosomes by name, and their lengths in each of [`ASSEMBLIES`].
const LENGTHS: [(&str, [u64; 4]); 24] = [
    ("1", [247_249_719, 249_250_621, 248_956_422, 248_387_328]),
    ("2", [242_951_149, 243_199_373, 242_193_529, 242_696_752]),
    ("3", [199_501_827, 198_022_430, 198_295_559, 201_105_948]),
    ("4", [191_273_063, 191_154_276, 190_214_555, 193_574_945]),
    ("5", [180_857_866, 180_915_260, 181_538_259, 182_045_439]),
    ("6", [170_899_992, 171_115_067, 170_805_979, 172_126_628]),
    ("7", [158_821_424, 159_138_663, 159_345_973, 160_567_428]),
    ("8", [146_274_826, 146_364_022, 145_138_636, 146_259_331]),
    ("9", [140_273_252, 141_213_431, 138_394_717, 150_617_247]),
    ("10", [135_374_737, 135_534_747, 133_797_422, 134_758_134]),
    ("11", [134_452_384, 135_006_516, 135_086_622, 135_127_769]),
    ("12", [132_349_534, 133_851_895, 133_275_309, 133_324_548]),
    ("13", [114_142_980, 115_169_878, 114_364_328, 113_566_686]),
    ("14", [106_368_585, 107_349_540, 107_043_718, 101_161_492]),
    ("15", [100_338_915, 102_531_392, 101_991_189, 99_753_195]),
    ("16", [88_827_254, 90_354_753, 90_338_345, 96_330_374]),
    ("17", [78_774_742, 81_195_210, 83_257_441, 84_276_897]),
    ("18", [76_117_153, 78_077_248, 80_373_285, 80_542_538]),
    ("19", [63_811_651, 59_128_983, 58_617_616, 61_707_364]),
    ("20", [62_435_964, 63_025_520, 64_444_167, 66_210_255]),
    ("21", [46_944_323, 48_129_895, 46_709_983, 45_090_682]),
    ("22", [49_691_432, 51_304_566, 50_818_468, 51_324_926]),
    ("X", [154_913_754, 155_270_560, 156_040_895, 154_259_566]),
    ("Y", [57_772_954, 59_373_566, 57_227_415, 62_460_029]),
];

/// Version of each chromosome's RefSeq accession (`NC_000001.10`) in GRCh37, in the order of [`LENGTHS`]; GRCh38's is one more.
const GRCH37_VERSIONS: [u8; 24] =
    [10, 11, 11, 11, 9, 11, 13, 10, 11, 10, 9, 11, 10, 8, 9, 9, 10, 9, 9, 10, 8, 10, 10, 9];

/// Words in `##reference` and `assembly=` that name an assembly. The short ones must begin a word: digests of files hold them by
/// chance.
const WORDS: [(&str, &str); 12] = [
    ("grch38", "GRCh38"),
    ("hg38", "GRCh38"),
    ("hs38", "GRCh38"),
    ("assembly38", "GRCh38"),
    ("grch37", "GRCh37"),
    ("hg19", "GRCh37"),
    ("hs37d5", "GRCh37"),
    ("b37", "GRCh37"),
    ("assembly19", "GRCh37"),
    ("chm13", "T2T-CHM13v2.0"),
    ("ncbi36", "NCBI36"),
    ("hg18", "NCBI36"),
];

/// A word of fewer letters counts only where it begins a word.
const WORD_ANYWHERE_MIN: usize = 5;

/// The known assembly that a text names: `GRCh38` for `hg38`, or for `file:///ref/Homo_sapiens_assembly38.fasta`.
pub fn named(text: &str) -> Option<&'static str> {
    let text = text.to_ascii_lowercase();
    let begins = |at: usize| !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
    WORDS.iter().find_map(|(word, name)| {
        text.match_indices(word).any(|(at, _)| word.len() >= WORD_ANYWHERE_MIN || begins(at)).then_some(*name)
    })
}

/// The chromosome that a contig's name stands for (`1` for `chr1` and `1`); `None` for all that is not in the table.
fn number(name: &str) -> Option<usize> {
    let bare = name.strip_prefix("chr").unwrap_or(name);
    LENGTHS.iter().position(|(known, _)| *known == bare)
}

/// The chromosome and the column of the assembly that an accession with its version stands for.
fn accession(name: &str) -> Option<(usize, usize)> {
    let (digits, version) = name.strip_prefix("NC_")?.split_once('.')?;
    let nth = digits.parse::<usize>().ok().filter(|_| digits.len() == 6)?.checked_sub(1)?;
    let grch37 = *GRCH37_VERSIONS.get(nth)?;
    match version.parse::<u8>().ok()?.checked_sub(grch37)? {
        later @ 0..=1 => Some((nth, 1 + usize::from(later))),
        _ => None,
    }
}

/// The other way to write a chromosome: `chr1` for `1` and `1` for `chr1`. The only alias by which a sequence is looked up.
pub fn other_spelling(name: &str) -> Option<String> {
    number(name)?;
    Some(name.strip_prefix("chr").map_or_else(|| format!("chr{name}"), str::to_owned))
}

/// The name of a contig under which alleles of all files of an assembly meet: `1` for `chr1`, and for `NC_000001.11` of GRCh38. Any
/// other name, and any name in an assembly without a table, stays as it is.
pub fn common_name<'n>(assembly: &str, name: &'n str) -> &'n str {
    let Some(column) = ASSEMBLIES.iter().position(|known| *known == assembly) else { return name };
    let by_accession = accession(name).filter(|(_, of)| *of == column).map(|(nth, _)| nth);
    number(name).or(by_accession).map_or(name, |nth| LENGTHS[nth].0)
}

/// What a header says about its assembly, gathered line by line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    lengths: [Option<u64>; 24],
    accessions: [Option<usize>; 24],
    reference: Option<String>,
    assembly: Option<String>,
}

/// What the evidence comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The assembly: one of [`ASSEMBLIES`], or the text of `assembly=` as written; `None` when unknown.
    pub assembly: Option<String>,
    /// Why parts of the evidence do not fit together, as a sentence.
    pub disagreement: Option<String>,
}

impl Evidence {
    /// A `##contig` line, or a sequence of a FASTA file. Of a chromosome that stands twice the first counts.
    pub fn contig(&mut self, name: &str, length: Option<u64>) {
        if let Some((nth, column)) = accession(name) {
            self.accessions[nth] = self.accessions[nth].or(Some(column));
            self.lengths[nth] = self.lengths[nth].or(length);
        } else if let Some(nth) = number(name) {
            self.lengths[nth] = self.lengths[nth].or(length);
        }
    }

    /// The `##reference` line: the last one counts.
    pub fn reference(&mut self, text: &str) {
        self.reference = Some(text.to_owned());
    }

    /// An `assembly=` of a `##contig` line, or an `##assembly` line: the first one counts.
    pub fn assembly(&mut self, text: &str) {
        self.assembly.get_or_insert_with(|| text.to_owned());
    }

    /// For each assembly, a contig that is of it: by its length, or by its accession.
    fn votes(&self) -> [Option<&'static str>; 4] {
        let mut votes = [None; 4];
        for (nth, (name, lengths)) in LENGTHS.iter().enumerate() {
            let by_length = self.lengths[nth].and_then(|length| lengths.iter().position(|known| *known == length));
            for column in [by_length, self.accessions[nth]].into_iter().flatten() {
                votes[column].get_or_insert(*name);
            }
        }
        votes
    }

    /// Which assembly it is.
    pub fn verdict(&self) -> Verdict {
        let votes = self.votes();
        let mut voted = ASSEMBLIES.iter().zip(votes).filter_map(|(assembly, contig)| Some((*assembly, contig?)));
        let by_reference = self.reference.as_deref().and_then(named);
        let by_words = by_reference.or_else(|| self.assembly.as_deref().and_then(named));
        match (voted.next(), voted.next()) {
            (Some((one, contig)), Some((other, another))) => Verdict {
                assembly: None,
                disagreement: Some(format!(
                    "contig {contig} is of {one} and contig {another} of {other}: the assembly is taken as unknown"
                )),
            },
            (Some((one, contig)), None) => Verdict {
                assembly: Some(one.to_owned()),
                disagreement: by_words.filter(|named| *named != one).map(|named| {
                    format!("the header names {named}, but its contig {contig} is of {one}: taken for {one}")
                }),
            },
            (None, _) => {
                let by_field = self.assembly.as_deref().and_then(named);
                let disagreement = match (by_reference, by_field) {
                    (Some(one), Some(other)) if one != other => {
                        Some(format!("##reference names {one} and assembly= {other}: taken for {one}"))
                    }
                    _ => None,
                };
                Verdict { assembly: by_words.map(str::to_owned).or_else(|| self.assembly.clone()), disagreement }
            }
        }
    }

    /// Why the file cannot be of the `configured` assembly, as a sentence; `None` if nothing speaks against it. A name that is not
    /// known, on either side, contradicts nothing.
    pub fn contradiction(&self, configured: &str) -> Option<String> {
        let wanted = named(configured)?;
        let column = ASSEMBLIES.iter().position(|known| *known == wanted)?;
        for (nth, (name, lengths)) in LENGTHS.iter().enumerate() {
            if let Some(length) = self.lengths[nth]
                && length != lengths[column]
            {
                let of = lengths.iter().position(|known| *known == length);
                let of = of.map_or(String::new(), |of| format!(", which is that of {}", ASSEMBLIES[of]));
                return Some(format!(
                    "the configured assembly is {wanted}, whose contig {name} has {} bases; the file declares {length}{of}",
                    lengths[column]
                ));
            }
            if let Some(other) = self.accessions[nth].filter(|other| *other != column) {
                return Some(format!(
                    "the configured assembly is {wanted}, the file names contig {name} by its accession in {}",
                    ASSEMBLIES[other]
                ));
            }
        }
        let other = self.verdict().assembly.as_deref().and_then(named).filter(|other| *other != wanted)?;
        Some(format!("the configured assembly is {wanted}, the file's header names {other}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(contigs: &[(&str, u64)], reference: Option<&str>, assembly: Option<&str>) -> Evidence {
        let mut evidence = Evidence::default();
        contigs.iter().for_each(|(name, length)| evidence.contig(name, Some(*length)));
        reference.into_iter().for_each(|text| evidence.reference(text));
        assembly.into_iter().for_each(|text| evidence.assembly(text));
        evidence
    }

    fn assembly(evidence: &Evidence) -> Option<String> {
        evidence.verdict().assembly
    }

    #[test]
    fn no_two_assemblies_share_the_length_of_a_chromosome() {
        for (name, lengths) in LENGTHS {
            for (i, length) in lengths.iter().enumerate() {
                assert!(!lengths[i + 1..].contains(length), "chromosome {name}");
            }
        }
    }

    #[test]
    fn any_one_chromosome_tells_the_assembly() {
        for (name, lengths) in LENGTHS {
            for (length, expected) in lengths.into_iter().zip(ASSEMBLIES) {
                for name in [name.to_owned(), format!("chr{name}")] {
                    assert_eq!(assembly(&evidence(&[(&name, length)], None, None)).as_deref(), Some(expected));
                }
            }
        }
    }

    #[test]
    fn lengths_go_before_the_reference_and_that_before_the_assembly_field() {
        let of_38 = [("22", 50_818_468)];
        let all = evidence(&of_38, Some("hg19.fa"), Some("hg18")).verdict();
        assert_eq!(all.assembly.as_deref(), Some("GRCh38"));
        assert_eq!(
            all.disagreement.as_deref(),
            Some("the header names GRCh37, but its contig 22 is of GRCh38: taken for GRCh38")
        );
        let words = evidence(&[("22", 7)], Some("hg19.fa"), Some("hg18")).verdict();
        assert_eq!(words.assembly.as_deref(), Some("GRCh37"));
        assert!(words.disagreement.is_some());
        assert_eq!(assembly(&evidence(&[], Some("x.fa"), Some("hg18"))).as_deref(), Some("NCBI36"));
        assert_eq!(assembly(&evidence(&[], None, Some("ASM1"))).as_deref(), Some("ASM1"));
        assert_eq!(assembly(&evidence(&[("chrM", 16_571)], Some("x.fa"), None)), None);
    }

    #[test]
    fn chromosomes_of_two_assemblies_make_it_unknown() {
        let verdict = evidence(&[("1", 248_387_328), ("Y", 57_227_415)], None, Some("GRCh38")).verdict();
        assert_eq!(verdict.assembly, None);
        assert!(verdict.disagreement.unwrap().contains("contig Y is of GRCh38 and contig 1 of T2T"));
    }

    #[test]
    fn an_accession_names_chromosome_and_assembly() {
        let mut evidence = Evidence::default();
        evidence.contig("NC_000024.10", None);
        assert_eq!(assembly(&evidence).as_deref(), Some("GRCh38"));
        assert_eq!(common_name("GRCh38", "NC_000024.10"), "Y");
        assert_eq!(common_name("GRCh37", "NC_000024.10"), "NC_000024.10");
        for other in ["NC_000001.9", "NC_000001.12", "NC_000025.1", "NC_1.10", "NC_000001", "NC_012920.1"] {
            assert_eq!(common_name("GRCh37", other), other);
        }
    }

    #[test]
    fn only_numbered_chromosomes_and_x_and_y_have_a_second_spelling() {
        assert_eq!(other_spelling("chr1").as_deref(), Some("1"));
        assert_eq!(other_spelling("X").as_deref(), Some("chrX"));
        for name in ["chrM", "MT", "M", "chrMT", "GL000191.1", "Chr1", "chr01", "23", "chr", ""] {
            assert_eq!(other_spelling(name), None, "{name}");
        }
        assert_eq!(common_name("GRCh37", "chr7"), "7");
        assert_eq!(common_name("ASM1", "chr7"), "chr7");
    }

    #[test]
    fn a_word_by_chance_names_nothing() {
        assert_eq!(named("file:///cache/0ab37f/ref.fa"), None);
        assert_eq!(named("/ref/human_b37_20.fa"), Some("GRCh37"));
        assert_eq!(named("hg38"), Some("GRCh38"));
    }

    #[test]
    fn only_a_contradiction_is_said_against_a_configured_assembly() {
        let file = evidence(&[("chr1", 249_250_621)], None, None);
        assert_eq!(file.contradiction("hg19"), None);
        assert_eq!(
            file.contradiction("GRCh38").as_deref(),
            Some(
                "the configured assembly is GRCh38, whose contig 1 has 248956422 bases; the file declares 249250621, which is that \
                 of GRCh37"
            )
        );
        assert!(evidence(&[("1", 5)], None, None).contradiction("GRCh38").is_some());
        assert!(evidence(&[], Some("hg19.fa"), None).contradiction("GRCh38").unwrap().contains("names GRCh37"));
        assert_eq!(evidence(&[], Some("my.fa"), Some("ASM1")).contradiction("GRCh38"), None);
        assert_eq!(evidence(&[("GL000191.1", 106_433)], None, None).contradiction("GRCh38"), None);
        assert_eq!(file.contradiction("ASM1"), None);
    }
}
