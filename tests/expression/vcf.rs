//! A small reader of small VCF files, independent of the product's.

use vcf_agent::expression::{FieldTypes, Record};

/// A file in memory.
pub struct Vcf {
    pub fields: FieldTypes,
    /// IDs of the `##FORMAT` lines.
    pub format_tags: Vec<String>,
    /// Names of the sample columns.
    pub samples: Vec<String>,
    /// Data lines.
    pub lines: Vec<String>,
}

/// (ID, Number, Type) of a header line such as `##INFO=<ID=…>`.
fn declared<'t>(line: &'t str, kind: &str) -> Option<(&'t str, &'t str, &'t str)> {
    let inside = line.strip_prefix("##")?.strip_prefix(kind)?.strip_prefix("=<")?;
    let value = |key: &str| {
        let start = inside.split(key).next()?.len() + key.len();
        inside.get(start..)?.split([',', '>']).next()
    };
    Some((value("ID=")?, value("Number=")?, value("Type=")?))
}

impl Vcf {
    /// Reads the text, with all samples or with these, in this order.
    pub fn read(text: &str, wanted: Option<&[&str]>) -> Self {
        let header: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
        let columns: Vec<&str> = header.last().unwrap().split('\t').collect();
        let all = columns.get(9..).unwrap_or_default();
        let place = |name: &&str| all.iter().position(|sample| sample == name).expect("a sample of the file");
        let order: Vec<usize> = match wanted {
            Some(names) => names.iter().map(place).collect(),
            None => (0..all.len()).collect(),
        };
        let reorder = |line: &str| {
            let columns: Vec<&str> = line.split('\t').collect();
            let site = columns.len().min(9);
            let chosen = order.iter().filter_map(|&i| columns.get(9 + i));
            columns[..site].iter().chain(chosen).copied().collect::<Vec<_>>().join("\t")
        };
        let formats: Vec<_> = header.iter().filter_map(|line| declared(line, "FORMAT")).collect();
        Self {
            fields: FieldTypes::new(
                header.iter().filter_map(|line| declared(line, "INFO")),
                formats.clone(),
                order.len(),
            ),
            format_tags: formats.iter().map(|(id, ..)| (*id).to_owned()).collect(),
            samples: order.iter().map(|&i| all[i].to_owned()).collect(),
            lines: text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(reorder).collect(),
        }
    }

    /// The records.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.lines.iter().map(|line| Record::from_line(line.as_bytes()).expect("a sound line"))
    }
}
