//! Numbers of a record: read from its columns, or calculated from such.

use super::calculate;
use super::eval::{self, Context};
use super::fields::Kind;
use super::genotype;
use super::record::{entry, float, integer};
use super::select::Select;
use super::text;
use super::tree::{FormatField, Numbers, Samples, Source};
use super::values::{END, MISSING, Scratch, Values, is_absent};
use super::variant;

/// The numbers; to be given back to the scratch.
pub(super) fn numbers(numbers_of: &Numbers, context: &Context<'_>, scratch: &mut Scratch) -> Values {
    let record = &context.record;
    match &numbers_of.source {
        Source::Constant(number) => scratch.one(*number),
        Source::Missing => scratch.one(MISSING),
        Source::Qual => scratch.one(record.qual.map_or(MISSING, f64::from)),
        Source::Pos => scratch.one(record.pos as f64),
        Source::AltCount => scratch.one((record.alleles() - 1) as f64),
        Source::IndelLengths(select) => {
            let mut values = scratch.values();
            let chosen = variant::length_changes(record).enumerate().filter(|(i, _)| select.takes(*i));
            values.list.extend(chosen.map(|(_, length)| length.unwrap_or(MISSING)));
            values
        }
        Source::MissingGenotypes { fraction } => {
            let mut values = scratch.values();
            let divisor = if *fraction { context.samples.max(1) } else { 1 } as f64;
            values.list.extend(genotype::missing(record, context.samples).map(|count| count as f64 / divisor));
            values
        }
        Source::Alleles(alleles) => genotype::allele_numbers(alleles, record, context.samples, scratch),
        Source::Info { key, kind, select } => {
            let mut values = scratch.values();
            if let Some(text) = key.value(record.info).flatten() {
                read_list(text, *kind, select, &mut values.list);
            }
            values
        }
        Source::Flag(key) => scratch.one(f64::from(u8::from(key.value(record.info).is_some()))),
        Source::Format(field) => format(field, numbers_of.samples.as_ref(), context, scratch),
        Source::Negated(of) => mapped(of, context, scratch, |value| -value),
        Source::Absolute(of) => mapped(of, context, scratch, f64::abs),
        // 10 / ln 10, in the digits that bcftools has.
        Source::Phred(of) => mapped(of, context, scratch, |value| -4.342_944_819_03 * value.ln()),
        Source::Calculated { operation, left, right } => {
            let mut left = numbers(left, context, scratch);
            let mut right = numbers(right, context, scratch);
            if let Err(why) = calculate::join(*operation, &mut left, &mut right, context.samples) {
                scratch.fail(why);
                left.clear();
            }
            scratch.give_back(right);
            left
        }
        Source::Summary { summary, per_sample, of } => {
            let mut values = numbers(of, context, scratch);
            calculate::summarise(*summary, *per_sample, &mut values, of.samples.as_ref());
            values
        }
        Source::Passing { condition, fraction } => {
            let verdict = eval::condition(condition, context, scratch);
            let passing = verdict.mask.map_or(0.0, |mask| {
                let passing = mask.iter().filter(|&&bit| bit).count();
                scratch.give_back_mask(mask);
                passing as f64
            });
            let asked = condition.samples.as_ref().map_or(0, |asked| asked.iter().filter(|&&bit| bit).count());
            scratch.one(if *fraction { passing / asked.max(1) as f64 } else { passing })
        }
        Source::TextCount(field) => scratch.one(text::count(field, record) as f64),
        Source::TextLengths(field) => {
            let mut values = scratch.values();
            text::lengths(field, record, &mut values);
            values
        }
        Source::BinomialOfPair(of) => {
            let mut values = numbers(of, context, scratch);
            let p = match *values.list.as_slice() {
                [a, b] => calculate::binomial(a, b),
                _ => MISSING,
            };
            values.clear();
            values.list.push(p);
            values
        }
        Source::Binomial(left, right) => {
            let mut left = numbers(left, context, scratch);
            let right = numbers(right, context, scratch);
            calculate::binomial_each(&mut left, &right);
            scratch.give_back(right);
            left
        }
        Source::BinomialByGenotype(field) => by_genotype(field, numbers_of.samples.as_ref(), context, scratch),
    }
}

/// Each number that is there, changed in its place.
fn mapped(of: &Numbers, context: &Context<'_>, scratch: &mut Scratch, change: fn(f64) -> f64) -> Values {
    let mut values = numbers(of, context, scratch);
    for value in &mut values.list {
        *value = if is_absent(*value) { MISSING } else { change(*value) };
    }
    values
}

fn number(text: &[u8], kind: Kind) -> f64 {
    let number = if kind == Kind::Integer { integer(text) } else { float(text) };
    number.unwrap_or(MISSING)
}

/// Appends the chosen elements of a list.
fn read_list(text: &[u8], kind: Kind, select: &Select, into: &mut Vec<f64>) {
    if text.is_empty() {
        return;
    }
    for (i, element) in text.split(|&b| b == b',').enumerate() {
        if select.takes(i) {
            into.push(number(element, kind));
        }
        if select.ends_before(i + 1) {
            return;
        }
    }
}

/// A FORMAT field: as many values for each sample, the missing ones included. Without a fixed number of them that is
/// the number that the longest list has.
fn format(field: &FormatField, asked: Option<&Samples>, context: &Context<'_>, scratch: &mut Scratch) -> Values {
    let mut values = scratch.values();
    let (Some(asked), Some(index)) = (asked, context.record.format_index(&field.tag)) else { return values };
    let genotype_index = context.record.format_index(b"GT");
    if field.select == Select::Genotype && genotype_index.is_none() {
        return values;
    }
    let columns = || context.record.sample_columns(asked.len());
    values.width = field.width.unwrap_or_else(|| {
        let lengths = columns().map(|column| memchr::memchr_iter(b',', entry(column, index)).count() + 1);
        let longest = lengths.max().unwrap_or(1);
        (0..longest).filter(|&i| field.select.takes(i)).count().max(1)
    });
    for (nth, (column, &asked)) in columns().zip(asked.iter()).enumerate() {
        let text = entry(column, index);
        match genotype_index.filter(|_| field.select == Select::Genotype) {
            _ if !asked => {}
            Some(genotype) => read_alleles(text, entry(column, genotype), field.kind, nth, &mut values),
            None => read_list(text, field.kind, &field.select, &mut values.list),
        }
        values.list.resize((nth + 1) * values.width, MISSING);
    }
    values
}

/// The values of the alleles that sample `nth` has, lowest allele first, and [`END`] after them.
fn read_alleles(text: &[u8], genotype: &[u8], kind: Kind, nth: usize, values: &mut Values) {
    for i in (0..values.width).filter(|&i| text::has_allele(genotype, i)) {
        let element = text.split(|&b| b == b',').nth(i);
        values.list.push(element.map_or(MISSING, |element| number(element, kind)));
    }
    if values.list.len() == nth * values.width {
        values.list.push(MISSING);
    }
    values.list.resize((nth + 1) * values.width, END);
}

/// binom(AD): of the values of the two alleles of each sample.
fn by_genotype(field: &FormatField, asked: Option<&Samples>, context: &Context<'_>, scratch: &mut Scratch) -> Values {
    let mut values = format(field, asked, context, scratch);
    let (width, samples) = (values.width, asked.map_or(0, |asked| asked.len()));
    let alleles = context.record.alleles();
    // The result of a sample takes the place of one of its values, or of one that was read before.
    let mut genotypes = genotype::genotypes(&context.record, samples);
    for nth in 0..samples {
        let genotype = genotypes.as_mut().and_then(Iterator::next).unwrap_or(b".");
        let mut two = genotype::alleles(genotype);
        let mut p = MISSING;
        if let (Some(Some(first)), Some(Some(second))) = (two.next(), two.next()) {
            let (first, second) = (first as usize, second as usize);
            let is_asked = asked.is_some_and(|asked| asked[nth]);
            if is_asked && first.max(second) >= alleles {
                scratch.fail(super::Undecided::AlleleIndex);
            } else if first.max(second) < width {
                p = calculate::binomial(values.list[nth * width + first], values.list[nth * width + second]);
            }
        }
        if width > 0 {
            values.list[nth] = p;
        }
    }
    if width > 0 {
        values.list.truncate(samples);
        values.width = 1;
    }
    values
}
