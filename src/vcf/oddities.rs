//! What is odd about a record that is sound all the same: kept as it was found, and noted once per kind with its first line.
//!
//! Only what costs next to nothing is looked for in every record. The inside of INFO and of the samples is not read here: it is
//! kept as found, and whoever asks for a value of it judges that value.

use memchr::{memchr, memchr_iter, memrchr2};

use super::parse::{Columns, shown};
use crate::domain::rows::Rows;
use crate::domain::warning::Warnings;

/// Parts of an ID or FILTER list that are compared with each other; a longer list is not looked at to its end.
const PARTS_MAX: usize = 64;

/// Blanks of an INFO text that are looked at.
const BLANKS_MAX: usize = 16;

/// What the record's neighbourhood says about it.
pub(super) struct Around {
    /// 1-based line.
    pub(super) line: u64,
    /// Version of the header.
    pub(super) version: (u32, u32),
    /// Whether there is a blank anywhere in the line.
    pub(super) blanks: bool,
}

/// Notes what is odd.
#[inline]
pub(super) fn note(warnings: &mut Warnings, columns: &Columns<'_>, around: &Around) {
    let number = around.line;
    let [_, _, id, reference, alts, _, filter, info] = columns.fixed;
    for (name, field) in [("ID", id), ("FILTER", filter), ("INFO", info), ("FORMAT", columns.format.unwrap_or(b"GT"))] {
        if field.is_empty() {
            warnings.note("empty_field", number, || format!("{name} is empty: taken for `.`"));
        }
    }
    if !reference.iter().all(|&byte| is_base(byte)) {
        warnings.note("odd_ref", number, || format!("REF is {}: letters other than ACGTN", shown(reference)));
    }
    if !alts.iter().all(|&byte| is_base(byte) || byte == b',') && alts != b"." {
        alt_entries(warnings, alts, number);
    }
    if info.ends_with(b";") || info.starts_with(b";") {
        warnings.note("info_empty_entry", number, || "INFO begins or ends with `;`".into());
    }
    if around.blanks {
        note_blanks(warnings, columns, around);
    }
    if columns.trailing_tab {
        warnings.note("trailing_tab", number, || "a tab after the last column was ignored".into());
    }
}

/// Notes odd lists of IDs and filters. In the columns of a whole segment they are found in one go.
pub(super) fn note_lists(warnings: &mut Warnings, rows: &Rows) {
    for (name, column) in [("ID", &rows.id), ("FILTER", &rows.filter)] {
        if memchr(b';', &column.bytes).is_none() {
            continue;
        }
        for row in (0..rows.len()).filter(|&row| rows.is_first(row)) {
            if let Some(list) = column.get(row).filter(|list| list.contains(&b';')) {
                list_parts(warnings, name, list, rows.line[row] as u64);
            }
        }
    }
}

#[cold]
fn note_blanks(warnings: &mut Warnings, columns: &Columns<'_>, around: &Around) {
    let [chrom, _, id, reference, alts, _, filter, info] = columns.fixed;
    let format = columns.format.unwrap_or_default();
    let fields =
        [("CHROM", chrom), ("ID", id), ("REF", reference), ("ALT", alts), ("FILTER", filter), ("FORMAT", format)];
    let odd = fields.into_iter().filter(|(_, field)| memchr(b' ', field).is_some());
    let odd_info = has_odd_blank(info, around.version).then_some(("INFO", info));
    for (name, field) in odd.chain(odd_info) {
        warnings.note("blank_in_field", around.line, || format!("{name} is {}: a blank is in it", shown(field)));
    }
}

/// From 4.3 on a value of INFO may hold blanks, but a key may not.
fn has_odd_blank(info: &[u8], version: (u32, u32)) -> bool {
    let in_value = |&at: &usize| memrchr2(b';', b'=', &info[..at]).is_some_and(|before| info[before] == b'=');
    let mut blanks = memchr_iter(b' ', info).take(BLANKS_MAX);
    if version < (4, 3) { blanks.next().is_some() } else { blanks.any(|at| !in_value(&at)) }
}

/// Whether a CHROM holds what no contig's name may hold. In angle brackets it is a contig of the `##assembly` file.
pub(super) fn is_odd_chrom(chrom: &[u8]) -> bool {
    of_assembly_file(chrom).unwrap_or(chrom).iter().any(|byte| matches!(byte, b',' | b'<' | b'>'))
}

/// The name in `<name>`: a contig of the `##assembly` file, which no header line declares.
pub(super) fn of_assembly_file(chrom: &[u8]) -> Option<&[u8]> {
    chrom.strip_prefix(b"<")?.strip_suffix(b">")
}

fn list_parts(warnings: &mut Warnings, name: &str, list: &[u8], number: u64) {
    let parts = || list.split(|&byte| byte == b';').take(PARTS_MAX);
    if parts().any(|part| matches!(part, b"" | b".")) {
        warnings.note("list_part_empty", number, || format!("{name} is {}: a part of it is empty", shown(list)));
    }
    let parts = || parts().filter(|part| !part.is_empty());
    if parts().enumerate().any(|(nth, part)| parts().take(nth).any(|earlier| earlier == part)) {
        warnings.note("list_part_repeated", number, || format!("{name} is {}: a part of it comes twice", shown(list)));
    }
}

fn alt_entries(warnings: &mut Warnings, alts: &[u8], number: u64) {
    if let Some(odd) = alts.split(|&byte| byte == b',').find(|alt| is_odd_alt(alt)) {
        warnings.note("odd_alt", number, || {
            format!("the ALT entry {} is neither bases, `*`, a symbol nor a breakend", shown(odd))
        });
    }
}

fn is_base(byte: u8) -> bool {
    matches!(byte, b'A' | b'C' | b'G' | b'T' | b'N' | b'a' | b'c' | b'g' | b't' | b'n')
}

fn is_odd_alt(alt: &[u8]) -> bool {
    !(alt == b"*" || are_bases(alt) || is_symbol(alt) || is_breakend(alt))
}

fn are_bases(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| is_base(byte))
}

/// `<DEL>`, `<*>`: one pair of angle brackets around a name.
fn is_symbol(alt: &[u8]) -> bool {
    let name = alt.strip_prefix(b"<").and_then(|alt| alt.strip_suffix(b">"));
    name.is_some_and(|name| !name.is_empty() && !name.iter().any(|byte| matches!(byte, b'<' | b'>' | b' ')))
}

/// `A[2:5[`, `]2:5]A`, or without a mate `A.`, `.A`. In the place of the base, `.` is a telomere.
fn is_breakend(alt: &[u8]) -> bool {
    let bracket = alt.iter().copied().find(|byte| matches!(byte, b'[' | b']'));
    let Some(bracket) = bracket else {
        return alt.strip_prefix(b".").or_else(|| alt.strip_suffix(b".")).is_some_and(are_bases);
    };
    let mut parts = alt.split(|&byte| byte == bracket);
    let (Some(before), Some(mate), Some(after), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let is_end = |text: &[u8]| text == b"." || are_bases(text);
    !mate.is_empty() && ((is_end(before) && after.is_empty()) || (before.is_empty() && is_end(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_alternate_allele_is_known() {
        let sound = "A acgtn * <DEL> <DUP:TANDEM> <*> <NON_REF> A[2:5[ A]2:5] ]2:5]A [2:5[ACGT .[13:1[ ]13:1]. C[<ctg1>:1[ A. .ac";
        sound.split(' ').for_each(|alt| assert!(!is_odd_alt(alt.as_bytes()), "{alt}"));
        let odd = "R A* . <> <DEL <INS>BLAH> [1:100[ [2:5[ A[2:5] A[2:5[C A[[ A[2:5[[ A[ .. .R 1";
        odd.split(' ').for_each(|alt| assert!(is_odd_alt(alt.as_bytes()), "{alt}"));
        assert!(is_odd_alt(b"<DEL X>") && is_odd_alt(b"A C") && is_odd_alt(b""));
    }
}
