// What must hold of annotations for any bytes whatever. Used by the fuzz target and, over the corpus in the tree, by
// tests/annotation.
//
// An input is `KEY<tab>NUMBER<tab>DESCRIPTION` lines, a blank line, then `POS<tab>REF<tab>ALT<tab>INFO` lines.

use vcf_agent::annotation::{
    AlleleAnnotation, AnnotatedRecord, Annotator, Chosen, Frequencies, Schema, SignificanceSet, Stars, TermSet,
};
use vcf_agent::domain::warning::Warnings;

/// Reads every record of the input. Says how many entries were read.
pub fn annotation(bytes: &[u8]) -> u64 {
    let blank = bytes.windows(2).position(|pair| pair == b"\n\n");
    let (header, records) = blank.map_or((&bytes[..0], bytes), |at| (&bytes[..at], &bytes[at + 2..]));
    let header = String::from_utf8_lossy(header);
    let lines: Vec<_> = header
        .lines()
        .filter_map(|line| {
            let mut columns = line.splitn(3, '\t');
            Some((columns.next()?, columns.next()?, "String", columns.next()?))
        })
        .collect();
    let (schema, _) = Schema::from_info_lines(&lines);
    assert!(schema.sources.len() <= 16 && schema.sources.is_sorted_by_key(|source| source.dialect));
    let frequencies =
        Frequencies { sub_fields: vec!["AF".into(), "GMAF".into()], info_keys: vec!["AF".into(), "CSQ".into()] };
    let (annotator, _) = Annotator::new(&schema, &frequencies);
    records.split(|&byte| byte == b'\n').map(|line| record(&schema, &annotator, line)).sum()
}

fn record(schema: &Schema, annotator: &Annotator, line: &[u8]) -> u64 {
    let columns: Vec<&[u8]> = line.splitn(4, |&byte| byte == b'\t').collect();
    let [pos, reference, alt, info] = columns[..] else { return 0 };
    let alts: Vec<&[u8]> = alt.split(|&byte| byte == b',').filter(|alt| *alt != b".").collect();
    let pos = String::from_utf8_lossy(pos).parse().unwrap_or(0);
    let record = AnnotatedRecord { pos, reference, alts: &alts, info };
    let (mut out, mut again) = (Vec::new(), vec![AlleleAnnotation::default(); 3]);
    let findings = annotator.alleles(&record, &mut out);
    assert_eq!(annotator.alleles(&record, &mut again), findings, "the same twice");
    assert_eq!(out, again, "the same twice");
    assert_eq!(out.len(), alts.len(), "one for each ALT");
    let unused = findings.unknown_allele + findings.comparisons + findings.pointers + findings.columns_too_many;
    assert!(unused <= findings.entries, "{findings:?}");
    for allele in &out {
        assert!(u64::from(allele.entries) <= findings.entries - unused, "no entry is used twice for an ALT");
        assert_eq!(allele.chosen.is_some(), allele.entries > 0);
        assert!(allele.frequency.is_none_or(|frequency| (0.0..=1.0).contains(&frequency)));
        assert!(allele.chosen.as_ref().is_none_or(|chosen| chosen.source < schema.sources.len()));
        allele.chosen.iter().for_each(|chosen| chosen_entry(allele, chosen, info));
    }
    findings.note(1, &mut Warnings::default());
    words(info);
    findings.entries
}

/// What is shown is a slice of the entry, and the entry of INFO.
fn chosen_entry(allele: &AlleleAnnotation<'_>, chosen: &Chosen<'_>, info: &[u8]) {
    let is_inside = |outer: &[u8], inner: &[u8]| {
        let (outer, inner) = (outer.as_ptr_range(), inner.as_ptr_range());
        inner.is_empty() || outer.start <= inner.start && inner.end <= outer.end
    };
    assert!(is_inside(info, chosen.text));
    let shown = [chosen.symbol, chosen.gene, chosen.transcript, chosen.biotype, chosen.hgvs_c, chosen.hgvs_p];
    for text in shown.into_iter().flatten().chain([chosen.consequence]) {
        assert!(is_inside(chosen.text, text));
        assert!(!text.contains(&b'|'));
    }
    assert!(chosen.terms.iter().all(|term| allele.terms.contains(term)));
    assert!(allele.most_severe() <= chosen.terms.most_severe() || chosen.terms.is_empty());
}

/// The vocabularies take any text.
fn words(text: &[u8]) {
    let (significance, _) = SignificanceSet::parse(text);
    let printed = significance.to_string();
    assert_eq!(SignificanceSet::parse(printed.as_bytes()), (significance, 0), "{printed}");
    assert!(Stars::parse(text).is_none_or(|stars| stars.count() <= 4));
    let (terms, _) = TermSet::parse(text);
    assert_eq!(terms.most_severe(), terms.iter().next());
}
