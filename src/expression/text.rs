//! Texts: split at their commas, compared element by element. One element that passes is enough.

use super::eval::Context;
use super::genotype;
use super::record::{Record, entry, is_missing};
use super::select::Select;
use super::tree::{Against, TextField, TextSource};
use super::values::Values;

/// The chosen elements of a text. An empty one at the very end is none.
#[derive(Clone)]
struct Elements<'a, 's> {
    rest: Option<&'a [u8]>,
    next: usize,
    chosen: Chosen<'a, 's>,
}

#[derive(Clone, Copy)]
enum Chosen<'a, 's> {
    By(&'s Select),
    /// Those of the alleles of this genotype.
    Alleles(&'a [u8]),
}

impl Chosen<'_, '_> {
    fn takes(&self, i: usize) -> bool {
        match self {
            Self::By(select) => select.takes(i),
            Self::Alleles(genotype) => has_allele(genotype, i),
        }
    }

    fn ends_before(&self, i: usize) -> bool {
        matches!(self, Self::By(select) if select.ends_before(i))
    }
}

/// Whether the genotype holds allele `i`.
pub(super) fn has_allele(genotype: &[u8], i: usize) -> bool {
    genotype::alleles(genotype).any(|allele| allele.is_some_and(|allele| allele as usize == i))
}

impl<'a> Iterator for Elements<'a, '_> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let text = self.rest.filter(|text| !text.is_empty())?;
            let end = memchr::memchr(b',', text);
            self.rest = end.map(|end| &text[end + 1..]);
            self.next += 1;
            if self.chosen.ends_before(self.next) {
                self.rest = None;
            }
            if self.chosen.takes(self.next - 1) {
                return Some(&text[..end.unwrap_or(text.len())]);
            }
        }
    }
}

impl TextField {
    fn split<'a, 's>(&'s self, text: &'a [u8]) -> Elements<'a, 's> {
        Elements { rest: Some(text), next: 0, chosen: Chosen::By(&self.select) }
    }

    /// The whole text of a field of the site.
    fn site_text<'a>(&self, record: &Record<'a>) -> Option<&'a [u8]> {
        let text = match &self.source {
            TextSource::Chrom => record.chrom,
            TextSource::Reference => record.reference,
            TextSource::Alts => Some(record.alts).filter(|alts| !is_missing(alts))?,
            TextSource::Info(key) => key.value(record.info).flatten()?,
            TextSource::Format(_) | TextSource::Genotype | TextSource::GenotypeKind(_) => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// The chosen elements of a field of the site; `None` if there are none.
    fn site_elements<'a, 's>(&'s self, record: &Record<'a>) -> Option<Elements<'a, 's>> {
        let elements = self.site_text(record).map(|text| self.split(text));
        let found = elements.filter(|elements| elements.clone().next().is_some());
        match (&self.source, &self.select) {
            // An ALT that is not there is a missing one.
            (TextSource::Alts, Select::One(_)) => Some(found.unwrap_or_else(|| missing(self))),
            _ => found,
        }
    }

    /// The chosen elements of a sample, whose entry this is.
    fn sample_elements<'a, 's>(&'s self, text: &'a [u8], genotype: &'a [u8]) -> Elements<'a, 's> {
        let mut elements = self.split(text);
        if self.select == Select::Genotype {
            elements.chosen = Chosen::Alleles(genotype);
        }
        if elements.clone().next().is_some() { elements } else { missing(self) }
    }
}

/// A text that is `.`, whatever is chosen.
fn missing<'a>(field: &TextField) -> Elements<'a, '_> {
    Elements { next: 0, chosen: Chosen::By(&Select::All), ..field.split(b".") }
}

/// How many elements there are: COUNT.
pub(super) fn count(field: &TextField, record: &Record<'_>) -> usize {
    field.site_elements(record).map_or(0, Iterator::count)
}

/// How long they are: STRLEN. A field of one text has one length, which is 0 if it is missing.
pub(super) fn lengths(field: &TextField, record: &Record<'_>, into: &mut Values) {
    let length_of_one = |text: &[u8]| if text == b"." { 0.0 } else { text.len() as f64 };
    if field.whole {
        into.list.extend(field.site_text(record).map(length_of_one));
        return;
    }
    let Some(elements) = field.site_elements(record) else { return };
    let is_one = matches!(field.select, Select::One(_));
    into.list.extend(elements.map(|text| if is_one { length_of_one(text) } else { text.len() as f64 }));
}

/// Whether a site passes, and which samples do, if the field has any: then their bits are set in `mask`.
pub(super) fn test(
    field: &TextField,
    against: &Against,
    negated: bool,
    context: &Context<'_>,
    mask: &mut [bool],
) -> bool {
    let Some(asked) = &field.samples else {
        return passes(field.site_elements(&context.record), against, negated, context);
    };
    let record = &context.record;
    let index = match &field.source {
        TextSource::Format(tag) => record.format_index(tag),
        _ => record.format_index(b"GT"),
    };
    let genotype_index = record.format_index(b"GT").filter(|_| field.select == Select::Genotype);
    let is_there = field.select != Select::Genotype || genotype_index.is_some();
    let Some(index) = index.filter(|_| is_there) else {
        let passes = passes(None, against, negated, context);
        mask.iter_mut().zip(asked.iter()).for_each(|(bit, &asked)| *bit = asked && passes);
        return passes && asked.contains(&true);
    };
    let mut any = false;
    let asked_columns = record.sample_columns(asked.len()).zip(mask).zip(asked.iter()).filter(|(_, asked)| **asked);
    for ((column, bit), _) in asked_columns {
        let text = entry(column, index);
        *bit = match field.source {
            // A genotype is one element, without a comma.
            TextSource::Genotype => one_passes(text, against, negated),
            TextSource::GenotypeKind(kind) => one_passes(genotype::word(text, kind), against, negated),
            _ => {
                let genotype = genotype_index.map_or(&b"."[..], |index| entry(column, index));
                passes(Some(field.sample_elements(text, genotype)), against, negated, context)
            }
        };
        any |= *bit;
    }
    any
}

/// Whether one element passes by itself.
fn one_passes(text: &[u8], against: &Against, negated: bool) -> bool {
    match against {
        Against::Literal(others) => others.iter().any(|other| (text == other.as_bytes()) != negated),
        Against::Pattern { regex, .. } => regex.is_match(text) != negated,
        Against::Listed(words) => words.contains(text) != negated,
        Against::Field(_) => false,
    }
}

/// Whether one of the elements passes; a record without the field is like one that is missing.
fn passes(elements: Option<Elements<'_, '_>>, against: &Against, negated: bool, context: &Context<'_>) -> bool {
    match (elements, against) {
        (Some(mut elements), Against::Literal(_) | Against::Pattern { .. }) => {
            elements.any(|text| one_passes(text, against, negated))
        }
        (Some(elements), Against::Field(other)) => match other.site_elements(&context.record) {
            Some(others) => any_pair(elements, &others, negated),
            None => has_missing(elements) != negated,
        },
        (Some(mut elements), Against::Listed(words)) => elements.any(|text| words.contains(text)) != negated,
        (None, Against::Literal(literal)) => literal.iter().any(|text| text == ".") != negated,
        (None, Against::Field(other)) => other.site_elements(&context.record).is_none_or(has_missing) != negated,
        (None, Against::Pattern { is_missing, .. }) => *is_missing != negated,
        (None, Against::Listed(_)) => negated,
    }
}

fn has_missing(mut elements: Elements<'_, '_>) -> bool {
    elements.any(|text| text == b".")
}

fn any_pair<'a>(mut left: Elements<'a, '_>, right: &Elements<'_, '_>, negated: bool) -> bool {
    left.any(|left| right.clone().any(|right| (left == right) != negated))
}
