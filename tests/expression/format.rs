//! What `bcftools query -f` prints, as far as the cases need it.

use crate::vcf::Vcf;

/// One line's columns.
struct Line<'v> {
    vcf: &'v Vcf,
    columns: Vec<&'v str>,
}

/// Prints record `nth` for the samples that pass. Without any line end in the format one is added at the end.
pub fn print(format: &str, vcf: &Vcf, nth: usize, passes: impl Fn(usize) -> bool) -> String {
    let mut format = format.replace("\\n", "\n").replace("\\t", "\t");
    if !format.contains('\n') {
        format.push('\n');
    }
    let line = Line { vcf, columns: vcf.lines[nth].split('\t').collect() };
    let mut out = String::new();
    let mut rest = format.as_str();
    while let Some(open) = rest.find('[') {
        out.push_str(&line.fill(&rest[..open], None));
        let close = open + rest[open..].find(']').expect("a ] for each [");
        for sample in (0..vcf.samples.len()).filter(|&sample| passes(sample)) {
            out.push_str(&line.fill(&rest[open + 1..close], Some(sample)));
        }
        rest = &rest[close + 1..];
    }
    out + &line.fill(rest, None)
}

impl Line<'_> {
    /// A piece of the format with each `%NAME` replaced.
    fn fill(&self, piece: &str, sample: Option<usize>) -> String {
        let mut parts = piece.split('%');
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let is_name = |c: char| c.is_ascii_alphanumeric() || "_.(/)".contains(c);
            let end = part.find(|c| !is_name(c)).unwrap_or(part.len());
            out.push_str(&self.value(&part[..end], sample));
            out.push_str(&part[end..]);
        }
        out
    }

    fn value(&self, name: &str, sample: Option<usize>) -> String {
        let columns = ["CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"];
        if let Some(nth) = columns.iter().position(|column| *column == name) {
            return self.columns[nth].to_owned();
        }
        match (name, sample) {
            ("SAMPLE", Some(sample)) => self.vcf.samples[sample].clone(),
            ("ILEN", _) if self.info("ILEN") == "." => self.indel_lengths(),
            (_, Some(sample)) if name.starts_with("smpl_count(") => {
                let tag = name.trim_start_matches("smpl_count(FMT/").trim_end_matches(')');
                self.entry(tag, sample).split(',').filter(|value| *value != ".").count().to_string()
            }
            (_, Some(sample)) if self.vcf.format_tags.iter().any(|tag| tag == name) => self.entry(name, sample),
            _ => self.info(name),
        }
    }

    fn info(&self, tag: &str) -> String {
        let item = self.columns[7].split(';').find_map(|item| {
            let (key, value) = item.split_once('=').unwrap_or((item, "1"));
            (key == tag).then_some(value)
        });
        item.unwrap_or(".").to_owned()
    }

    fn entry(&self, tag: &str, sample: usize) -> String {
        let index = self.columns.get(8).and_then(|format| format.split(':').position(|key| key == tag));
        let entry = index.and_then(|index| self.columns[9 + sample].split(':').nth(index));
        entry.unwrap_or(".").to_owned()
    }

    fn indel_lengths(&self) -> String {
        let reference = self.columns[3].len() as i64;
        let lengths = self.columns[4].split(',').map(|alt| (alt.len() as i64 - reference).to_string());
        lengths.collect::<Vec<_>>().join(",")
    }
}
