//! Arithmetic, summaries and comparisons of lists of numbers.

use super::Undecided;
use super::tree::{Operation, Relation, Samples, Summary};
use super::values::{MISSING, Values, is_absent, is_end};

/// Whole numbers up to here are the same in 32 bits as in 64; beyond, and only there, 64 bits are compared, because the
/// numbers of a VCF are of 32 bits, but not positions.
const EXACT_IN_32_BITS: f64 = 16_777_216.0;

/// `left operation right`, made in the place of `left`. A single value is joined with each of a list. Where one side is
/// missing the result is; it is missing as a whole if no value can be made.
pub(super) fn join(
    operation: Operation,
    left: &mut Values,
    right: &mut Values,
    samples: usize,
) -> Result<(), Undecided> {
    if left.list.is_empty() || right.list.is_empty() {
        left.clear();
        return Ok(());
    }
    let (of_left, of_right) = (left.of_sample(0).len(), right.of_sample(0).len());
    // One value of the site fits every sample; a list of the site fits no sample.
    let fits = match (left.width, right.width) {
        (0, 0) | (1.., 1..) => of_left == of_right || of_left == 1 || of_right == 1,
        (0, 1..) => of_left == 1,
        (1.., 0) => of_right == 1,
    };
    if !fits {
        return Err(Undecided::Lengths);
    }
    let groups = if left.width == 0 && right.width == 0 { 1 } else { samples };
    let width = of_left.max(of_right);
    let mut any = false;
    // From the last to the first, so that a value is not overwritten before it is used: results begin no earlier than
    // the values that they are made of.
    left.list.resize(left.list.len().max(groups * width), MISSING);
    for at in (0..groups * width).rev() {
        let (group, nth) = (at / width, at % width);
        let pick = |values: &Values, length: usize| {
            let group = if values.width == 0 { 0 } else { group };
            values.list[group * length + if length == 1 { 0 } else { nth }]
        };
        let result = apply(operation, pick(left, of_left), pick(right, of_right));
        any |= !is_absent(result);
        left.list[at] = result;
    }
    left.width = if left.width == 0 && right.width == 0 { 0 } else { width };
    if !any {
        left.clear();
    }
    Ok(())
}

fn apply(operation: Operation, a: f64, b: f64) -> f64 {
    if is_absent(a) || is_absent(b) {
        return MISSING;
    }
    match operation {
        Operation::Add => a + b,
        Operation::Subtract => a - b,
        Operation::Multiply => a * b,
        Operation::Divide => a / b,
        Operation::Remainder => {
            let whole = |value: f64| (value.abs() <= f64::from(i32::MAX)).then_some(value as i32);
            match (whole(a), whole(b)) {
                (Some(a), Some(b)) => a.checked_rem(b).map_or(MISSING, f64::from),
                _ => MISSING,
            }
        }
    }
}

/// One number of all values that are there, or, if `per_sample`, of those of each sample; made in their place.
pub(super) fn summarise(summary: Summary, per_sample: bool, values: &mut Values, asked: Option<&Samples>) {
    if per_sample {
        let (width, samples) = (values.width, asked.map_or(0, |asked| asked.len()));
        for nth in 0..if width == 0 { 0 } else { samples } {
            let own = &mut values.list[nth * width..(nth + 1) * width];
            let there = move_absent_last(own);
            values.list[nth] = match summary {
                Summary::Count => there as f64,
                _ => of_numbers(summary, &mut own[..there]),
            };
        }
        if width > 0 {
            values.list.truncate(samples);
            values.width = 1;
        }
        return;
    }
    // Samples that are not asked have no values, only missing ones.
    let length = values.list.len();
    let there = move_absent_last(&mut values.list);
    let result = match summary {
        Summary::Length => length as f64,
        Summary::Count => there as f64,
        _ => of_numbers(summary, &mut values.list[..there]),
    };
    values.clear();
    values.width = 0;
    if !is_absent(result) {
        values.list.push(result);
    }
}

/// Moves the numbers to the front, in their order, and says how many there are.
fn move_absent_last(values: &mut [f64]) -> usize {
    let mut there = 0;
    for i in 0..values.len() {
        if !is_absent(values[i]) {
            values.swap(there, i);
            there += 1;
        }
    }
    there
}

fn of_numbers(summary: Summary, numbers: &mut [f64]) -> f64 {
    if numbers.is_empty() {
        return MISSING;
    }
    let n = numbers.len() as f64;
    let sum = |numbers: &[f64]| numbers.iter().sum::<f64>();
    match summary {
        Summary::Max => numbers.iter().fold(f64::NEG_INFINITY, |max, &x| if max < x { x } else { max }),
        Summary::Min => numbers.iter().fold(f64::INFINITY, |min, &x| if min > x { x } else { min }),
        Summary::Sum => sum(numbers),
        Summary::Mean => sum(numbers) / n,
        Summary::Median => {
            numbers.sort_unstable_by(f64::total_cmp);
            let middle = numbers.len() / 2;
            if numbers.len() % 2 == 1 { numbers[middle] } else { (numbers[middle - 1] + numbers[middle]) * 0.5 }
        }
        Summary::Deviation => {
            let mean = sum(numbers) / n;
            (numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt()
        }
        Summary::Count | Summary::Length => n,
    }
}

/// The two-sided binomial test of two counts against one half; missing if there is nothing to test.
pub(super) fn binomial(a: f64, b: f64) -> f64 {
    if is_absent(a) || is_absent(b) || !(a >= 0.0 && b >= 0.0) {
        return MISSING;
    }
    // As many as 32 bits hold, and whole ones.
    let (a, b) = (a.min(f64::from(i32::MAX)).trunc(), b.min(f64::from(i32::MAX)).trunc());
    let n = a + b;
    if n == 0.0 {
        return MISSING;
    }
    if a == b {
        return 1.0;
    }
    // Coefficients of the row n, from the middle outwards, relative to the greatest: none of them overflows, and those
    // that are too small to count end the sum.
    let (middle, from) = ((n / 2.0).ceil(), a.max(b));
    let (mut coefficient, mut k, mut half, mut tail) = (1.0, middle, 0.0, 0.0);
    let is_even = n % 2.0 == 0.0;
    while k <= n && coefficient > f64::MIN_POSITIVE {
        // The row is symmetric; an even one has its greatest coefficient once.
        half += if is_even && k == middle { coefficient * 0.5 } else { coefficient };
        if k >= from {
            tail += coefficient;
        }
        coefficient *= (n - k) / (k + 1.0);
        k += 1.0;
    }
    (tail / half).min(1.0)
}

/// [`binomial`] of the one value of each side, in the place of the left one.
pub(super) fn binomial_each(left: &mut Values, right: &Values) {
    let is_alike = left.width == right.width && left.list.len() == right.list.len();
    if is_alike && (left.width == 1 || left.list.len() == 1) {
        left.list.iter_mut().zip(&right.list).for_each(|(a, &b)| *a = binomial(*a, b));
    } else {
        left.clear();
    }
}

/// Whether two values are in this relation. A missing one equals another missing one, differs from every number, and is
/// neither less nor greater than anything.
fn holds(relation: Relation, a: f64, b: f64) -> bool {
    match (is_absent(a), is_absent(b)) {
        (true, true) => return relation == Relation::Equal,
        (true, false) | (false, true) => return relation == Relation::NotEqual,
        (false, false) => {}
    }
    // Numbers are read as 32 bits and constants as 64: 0.1 must equal 0.1.
    let (a, b) =
        if a > EXACT_IN_32_BITS || b > EXACT_IN_32_BITS { (a, b) } else { (f64::from(a as f32), f64::from(b as f32)) };
    match relation {
        Relation::Equal => a == b,
        Relation::NotEqual => a != b,
        Relation::Less => a < b,
        Relation::LessOrEqual => a <= b,
        Relation::Greater => a > b,
        Relation::GreaterOrEqual => a >= b,
    }
}

/// Whether a site passes; if `asked` are given, which of those samples pass, in `mask`, and then a site passes if one
/// does.
pub(super) fn compare(
    relation: Relation,
    left: &Values,
    right: &Values,
    asked: Option<&Samples>,
    mask: &mut Option<Vec<bool>>,
) -> Result<bool, Undecided> {
    let (Some(asked), Some(mask)) = (asked, mask) else {
        let (left, right) = (site_values(&left.list), site_values(&right.list));
        return Ok(left.iter().any(|&a| right.iter().any(|&b| holds(relation, a, b))));
    };
    let (is_left, is_right) = (!left.list.is_empty(), !right.list.is_empty());
    if left.width > 0 && right.width > 0 && left.width != right.width {
        return Err(Undecided::Lengths);
    }
    let mut any = false;
    for (nth, (bit, _)) in mask.iter_mut().zip(asked.iter()).enumerate().filter(|(_, (_, asked))| **asked) {
        *bit = match (is_left, is_right) {
            (true, true) if left.width > 0 && right.width > 0 => {
                let pairs = left.of_sample(nth).iter().zip(right.of_sample(nth));
                pairs.take_while(|(a, b)| !is_end(**a) && !is_end(**b)).any(|(&a, &b)| holds(relation, a, b))
            }
            (true, true) => {
                let (left, right) = (left.of_sample(nth), right.of_sample(nth));
                let there = |value: &&f64| !is_end(**value);
                left.iter().take_while(there).any(|&a| right.iter().take_while(there).any(|&b| holds(relation, a, b)))
            }
            (false, false) => relation == Relation::Equal,
            // The record lacks one side: what is there must be missing as well, or be there in full to differ.
            (true, false) => differs_from_nothing(relation, left.of_sample(nth)),
            (false, true) => differs_from_nothing(relation, right.of_sample(nth)),
        };
        any |= *bit;
    }
    Ok(any)
}

/// A site that lacks the field has one value, a missing one.
fn site_values(list: &[f64]) -> &[f64] {
    if list.is_empty() { &[MISSING] } else { list }
}

fn differs_from_nothing(relation: Relation, values: &[f64]) -> bool {
    let any_missing = values.iter().any(|&value| is_absent(value));
    match relation {
        Relation::Equal => any_missing,
        Relation::NotEqual => !any_missing,
        _ => false,
    }
}
