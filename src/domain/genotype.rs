//! What one sample has of one allele, typed from the text of its column. What the text does not say is `None`, which is not 0.

use std::ops::Range;

/// Where the entries that are typed stand among those of FORMAT.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Places {
    gt: Option<usize>,
    dp: Option<usize>,
    gq: Option<usize>,
    ad: Option<usize>,
}

impl Places {
    /// Of a FORMAT column as read.
    pub fn of(format: &[u8]) -> Self {
        let mut places = Self::default();
        for (nth, key) in format.split(|&b| b == b':').enumerate() {
            let place = match key {
                b"GT" => &mut places.gt,
                b"DP" => &mut places.dp,
                b"GQ" => &mut places.gq,
                b"AD" => &mut places.ad,
                _ => continue,
            };
            place.get_or_insert(nth);
        }
        places
    }
}

/// The entries of one sample's column that are typed, as read; `None` for one that is left out or `.`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entries<'t> {
    gt: Option<&'t [u8]>,
    dp: Option<&'t [u8]>,
    gq: Option<&'t [u8]>,
    ad: Option<&'t [u8]>,
}

impl<'t> Entries<'t> {
    /// Of a sample's column.
    pub fn of(column: &'t [u8], places: Places) -> Self {
        let entry = |place: Option<usize>| {
            let text = column.split(|&b| b == b':').nth(place?)?;
            (!matches!(text, b"" | b".")).then_some(text)
        };
        Self { gt: entry(places.gt), dp: entry(places.dp), gq: entry(places.gq), ad: entry(places.ad) }
    }

    /// GT as read.
    pub fn gt(&self) -> Option<&'t [u8]> {
        self.gt
    }
}

/// What a sample has of an allele.
#[derive(Clone, Default, PartialEq)]
pub struct Genotype<'t> {
    /// GT as read.
    pub gt: Option<&'t [u8]>,
    /// `het`, `hom`, `hemi`, `absent` or `missing`.
    pub zygosity: &'static str,
    /// Entries of GT, called or not.
    pub ploidy: Option<i32>,
    /// Whether all of them are phased; only where there are several.
    pub phased: Option<bool>,
    /// Whether some of them were called and others not (`./1`).
    pub half_call: Option<bool>,
    /// How many of them are this allele, if any was called.
    pub copies: Option<i32>,
    /// Reads at the place.
    pub dp: Option<i64>,
    /// Quality of the genotype.
    pub gq: Option<f64>,
    /// Reads with REF.
    pub ad_ref: Option<i64>,
    /// Reads with this allele.
    pub ad_alt: Option<i64>,
}

impl<'t> Genotype<'t> {
    /// Types the entries of a sample for allele `alt_index` (0 for a record without ALT) of a record with so many ALTs.
    pub fn of(entries: &Entries<'t>, zygosity: &'static str, alt_index: i32, alts: usize) -> Self {
        let depths = entries.ad.and_then(|list| depths(list, alt_index as usize, alts)).unwrap_or_default();
        let mut genotype = Self {
            gt: entries.gt,
            zygosity,
            dp: entries.dp.and_then(number),
            gq: entries.gq.and_then(number).filter(|gq: &f64| gq.is_finite()),
            ad_ref: depths.0,
            ad_alt: depths.1.filter(|_| alt_index > 0),
            ..Self::default()
        };
        if let Some(text) = entries.gt {
            genotype.read_gt(text, alt_index);
        }
        genotype
    }

    fn read_gt(&mut self, text: &[u8], alt_index: i32) {
        // From VCF 4.5 on a genotype may begin with its phase.
        let alleles = text.strip_prefix(b"/").or(text.strip_prefix(b"|")).unwrap_or(text);
        let (mut ploidy, mut called, mut copies) = (0, 0, 0);
        for allele in alleles.split(|&b| matches!(b, b'/' | b'|')) {
            ploidy += 1;
            if let Some(index) = number::<i32>(allele) {
                called += 1;
                copies += i32::from(index == alt_index && alt_index > 0);
            }
        }
        self.ploidy = Some(ploidy);
        self.phased = (ploidy > 1).then(|| !alleles.contains(&b'/'));
        self.half_call = Some(called > 0 && called < ploidy);
        self.copies = (called > 0).then_some(copies);
    }
}

// A genotype is a person's: Debug shows none of it.
impl std::fmt::Debug for Genotype<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Genotype(…)")
    }
}

/// Reads with REF and with one ALT, of a list that has one entry for REF and each ALT.
fn depths(list: &[u8], alt_index: usize, alts: usize) -> Option<(Option<i64>, Option<i64>)> {
    let count = list.iter().filter(|&&b| b == b',').count() + 1;
    let nth = |nth: usize| list.split(|&b| b == b',').nth(nth).and_then(number);
    (count == alts + 1).then(|| (nth(0), nth(alt_index)))
}

fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Where the columns of the samples begin and end in the text after FORMAT's tab; at most `count` of them. A line that ends early has
/// fewer.
pub fn sample_columns(samples: &[u8], count: usize, into: &mut Vec<Range<usize>>) {
    into.clear();
    let mut start = 0;
    for column in samples.split(|&b| b == b'\t').take(count) {
        into.push(start..start + column.len());
        start += column.len() + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed<'t>(format: &str, column: &'t str, alt_index: i32, alts: usize) -> Genotype<'t> {
        Genotype::of(&Entries::of(column.as_bytes(), Places::of(format.as_bytes())), "het", alt_index, alts)
    }

    #[test]
    fn a_genotype_is_typed_for_each_allele() {
        let first = typed("GT:AD:DP:GQ", "0/2:29,0,28,0:57:27", 1, 3);
        assert_eq!((first.copies, first.ad_ref, first.ad_alt), (Some(0), Some(29), Some(0)));
        let second = typed("GT:AD:DP:GQ", "0/2:29,0,28,0:57:27", 2, 3);
        assert_eq!((second.copies, second.ad_alt, second.dp, second.gq), (Some(1), Some(28), Some(57), Some(27.0)));
        assert_eq!((second.ploidy, second.phased, second.half_call), (Some(2), Some(false), Some(false)));
    }

    #[test]
    fn ploidy_phase_and_half_calls() {
        let of = |gt| {
            let typed = typed("GT", gt, 1, 1);
            (typed.ploidy, typed.phased, typed.half_call, typed.copies)
        };
        assert_eq!(of("1"), (Some(1), None, Some(false), Some(1)));
        assert_eq!(of("0|1"), (Some(2), Some(true), Some(false), Some(1)));
        assert_eq!(of("0|1/1"), (Some(3), Some(false), Some(false), Some(2)));
        assert_eq!(of("./1"), (Some(2), Some(false), Some(true), Some(1)));
        assert_eq!(of("./."), (Some(2), Some(false), Some(false), None));
        assert_eq!(of("|0|1"), (Some(2), Some(true), Some(false), Some(1)));
        assert_eq!(of("."), (None, None, None, None));
    }

    #[test]
    fn what_is_not_there_is_none() {
        let typed_ = typed("DP:AD", ".:7", 1, 1);
        assert_eq!((typed_.gt, typed_.dp, typed_.ad_ref, typed_.ad_alt), (None, None, None, None));
        let short = typed("GT:DP", "0/1", 1, 1);
        assert_eq!((short.copies, short.dp, short.gq), (Some(1), None, None));
        let without_alt = typed("GT:AD", "0/0:30", 0, 0);
        assert_eq!((without_alt.copies, without_alt.ad_ref, without_alt.ad_alt), (Some(0), Some(30), None));
    }

    #[test]
    fn columns_end_at_tabs() {
        let mut columns = Vec::new();
        sample_columns(b"0/1:3\t\t1/1", 5, &mut columns);
        assert_eq!(columns, [0..5, 6..6, 7..10]);
        sample_columns(b"0/1:3\t1/1", 1, &mut columns);
        assert_eq!((columns.len(), columns[0].clone()), (1, 0..5));
    }
}
