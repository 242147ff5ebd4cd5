//! Conditions of a record: the site, and the mask of its samples.

use super::record::Record;
use super::tree::{Against, Condition, Samples, Test};
use super::values::Scratch;
use super::{calculate, numbers, text, variant};

/// A record, and how many samples the file has.
pub(super) struct Context<'r> {
    pub record: Record<'r>,
    pub samples: usize,
}

/// Whether the site passes, and which samples do. There is a mask if, and only if, the condition is about samples.
pub(super) struct Verdict {
    pub site: bool,
    pub mask: Option<Vec<bool>>,
}

/// Decides a condition. The mask is to be given back to the scratch.
pub(super) fn condition(condition: &Condition, context: &Context<'_>, scratch: &mut Scratch) -> Verdict {
    let record = &context.record;
    let site = match &condition.test {
        Test::And { across, left, right } => return and(*across, left, right, condition, context, scratch),
        Test::Or { across, left, right } => return or(*across, left, right, condition, context, scratch),
        Test::Compare { relation, left, right } => {
            let left_values = numbers::numbers(left, context, scratch);
            let right_values = numbers::numbers(right, context, scratch);
            let mut mask = new_mask(condition, scratch);
            let site =
                calculate::compare(*relation, &left_values, &right_values, condition.samples.as_ref(), &mut mask)
                    .unwrap_or_else(|why| {
                        scratch.fail(why);
                        false
                    });
            scratch.give_back(right_values);
            scratch.give_back(left_values);
            return Verdict { site, mask };
        }
        Test::Text { field, against, negated } => {
            let mut mask = new_mask(condition, scratch);
            let site = text::test(field, against, *negated, context, mask.as_deref_mut().unwrap_or_default());
            return Verdict { site, mask };
        }
        Test::Type { mask, exactly, negated } => {
            let types = variant::types(record);
            (if *exactly { types == *mask } else { types & mask != 0 }) != *negated
        }
        Test::Filter { names, exactly, negated } => filter(names, *exactly, record.filter) != *negated,
        Test::Id { against, negated } => record.id.split(|&b| b == b';').any(|id| is_id(id, against)) != *negated,
    };
    Verdict { site, mask: None }
}

fn new_mask(condition: &Condition, scratch: &mut Scratch) -> Option<Vec<bool>> {
    condition.samples.as_ref().map(|samples| scratch.mask(samples.len()))
}

/// Whether these entries, and no others if `exactly`, are in the FILTER column.
fn filter(names: &[String], exactly: bool, filter: &[u8]) -> bool {
    let entries = || filter.split(|&b| b == b';').filter(|entry| !entry.is_empty() && *entry != b".");
    let count = entries().count();
    if names.is_empty() || count == 0 {
        return names.is_empty() && count == 0;
    }
    (!exactly || count == names.len()) && names.iter().all(|name| entries().any(|entry| entry == name.as_bytes()))
}

fn is_id(id: &[u8], against: &Against) -> bool {
    match against {
        Against::Literal(texts) => texts.iter().any(|text| id == text.as_bytes()),
        Against::Pattern { regex, .. } => regex.is_match(id),
        Against::Listed(words) => words.contains(id),
        Against::Field(_) => false,
    }
}

/// `&` and `&&`: both sides must pass at the site. Of samples, `&` asks that both pass in the same one; `&&` lets
/// either side name samples. A side that is about the site alone leaves the samples to the other.
fn and(
    across: bool,
    left: &Condition,
    right: &Condition,
    whole: &Condition,
    context: &Context<'_>,
    scratch: &mut Scratch,
) -> Verdict {
    let left = condition(left, context, scratch);
    if !left.site {
        return fails(whole, left.mask, scratch);
    }
    let right = condition(right, context, scratch);
    if !right.site {
        if let Some(mask) = left.mask {
            scratch.give_back_mask(mask);
        }
        return fails(whole, right.mask, scratch);
    }
    match (left.mask, right.mask) {
        (None, None) => Verdict { site: true, mask: None },
        (Some(mask), None) | (None, Some(mask)) => Verdict { site: true, mask: Some(mask) },
        (Some(mut mask), Some(other)) => {
            let mut any = across;
            for (bit, &other) in mask.iter_mut().zip(&other) {
                *bit = if across { *bit | other } else { *bit & other };
                any |= *bit;
            }
            scratch.give_back_mask(other);
            Verdict { site: any, mask: Some(mask) }
        }
    }
}

/// A site that fails: no sample passes.
fn fails(whole: &Condition, mask: Option<Vec<bool>>, scratch: &mut Scratch) -> Verdict {
    let mask = match (mask, &whole.samples) {
        (Some(mut mask), _) => {
            mask.fill(false);
            Some(mask)
        }
        (None, Some(samples)) => Some(scratch.mask(samples.len())),
        (None, None) => None,
    };
    Verdict { site: false, mask }
}

/// `|` and `||`: one side must pass at the site. Of samples, `|` names those that pass on a side; `||` names all,
/// unless the side that passes is the one about samples and the other is about the site.
fn or(
    across: bool,
    left: &Condition,
    right: &Condition,
    whole: &Condition,
    context: &Context<'_>,
    scratch: &mut Scratch,
) -> Verdict {
    let left = condition(left, context, scratch);
    if left.site && whole.samples.is_none() {
        return left;
    }
    let right = condition(right, context, scratch);
    if !left.site && !right.site {
        if let Some(mask) = left.mask {
            scratch.give_back_mask(mask);
        }
        return fails(whole, right.mask, scratch);
    }
    let site_fails = (left.mask.is_none() && !left.site) || (right.mask.is_none() && !right.site);
    let mask = match (left.mask, right.mask) {
        (None, None) => None,
        (Some(mask), None) | (None, Some(mask)) => Some((mask, across && !site_fails)),
        (Some(mut mask), Some(other)) => {
            mask.iter_mut().zip(&other).for_each(|(bit, &other)| *bit |= other);
            scratch.give_back_mask(other);
            Some((mask, across))
        }
    };
    let mask = mask.map(|(mut mask, all)| {
        if all {
            set_all(&mut mask, whole.samples.as_ref());
        }
        mask
    });
    Verdict { site: true, mask }
}

fn set_all(mask: &mut [bool], asked: Option<&Samples>) {
    if let Some(asked) = asked {
        mask.copy_from_slice(asked);
    }
}
