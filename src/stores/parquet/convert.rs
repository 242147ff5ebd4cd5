//! Rows ⇄ Arrow. To Arrow, columns are copied as whole buffers; nothing is done per row.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    UInt32Array, new_null_array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;

use super::schema;
use crate::domain::annotations::Annotations;
use crate::domain::identities::Identities;
use crate::domain::rows::{Bits, Rows, Text, Vocabulary};
use crate::fault::Fault;

fn arrow_fault(error: ArrowError) -> Fault {
    Fault::permanent(format!("Arrow: {error}"))
}

/// One batch of all columns of these rows.
///
/// # Errors
/// `Permanent` if the rows are not what they should be (columns of different lengths, text that is not UTF-8).
pub fn to_batch(rows: &Rows, range: Range<usize>) -> Result<RecordBatch, Fault> {
    let part = || range.clone();
    let contig = dictionary(UInt32Array::from(rows.contig[part()].to_vec()), &rows.contigs)?;
    let qual = ScalarBuffer::from(rows.qual[part()].to_vec());
    let qual = Float32Array::try_new(qual, nulls(&rows.qual_valid, part())).map_err(arrow_fault)?;
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(rows.ordinal[part()].to_vec())),
        Arc::new(Int32Array::from(rows.alt_index[part()].to_vec())),
        Arc::new(Int64Array::from(rows.line[part()].to_vec())),
        contig,
        Arc::new(Int64Array::from(rows.pos[part()].to_vec())),
        text(&rows.id, part())?,
        text(&rows.reference, part())?,
        text(&rows.alt, part())?,
        Arc::new(qual),
        text(&rows.filter, part())?,
        text(&rows.qual_text, part())?,
        text(&rows.info, part())?,
        text(&rows.format, part())?,
        text(&rows.samples, part())?,
        text(&rows.line_text, part())?,
    ];
    match &rows.annotations {
        Some(said) => columns.extend(annotation_columns(said, &range)?),
        None => columns.extend(absent(ANNOTATIONS, range.len())),
    }
    match &rows.identities {
        Some(identities) => columns.extend(identity_columns(identities, &range)?),
        None => columns.extend(absent(IDENTITIES, range.len())),
    }
    RecordBatch::try_new(schema::arrow(), columns).map_err(arrow_fault)
}

/// Numbers into a vocabulary, as Arrow has them.
fn dictionary(ids: UInt32Array, vocabulary: &Vocabulary) -> Result<ArrayRef, Fault> {
    let mut names = StringBuilder::new();
    for name in vocabulary.names() {
        names.append_value(std::str::from_utf8(name).map_err(|_| Fault::permanent("a name is not UTF-8"))?);
    }
    let array = DictionaryArray::try_new(ids, Arc::new(names.finish())).map_err(arrow_fault)?;
    Ok(Arc::new(array))
}

/// Columns of the schema that hold what annotators say.
const ANNOTATIONS: Range<usize> = 15..28;

/// Columns of the schema that hold which allele a row is.
const IDENTITIES: Range<usize> = 28..32;

fn absent(columns: Range<usize>, rows: usize) -> Vec<ArrayRef> {
    let schema = schema::arrow();
    schema.fields()[columns].iter().map(|field| new_null_array(field.data_type(), rows)).collect()
}

/// Whether a batch has nothing in these columns; an older version of the schema has no such columns.
fn is_null(batch: &RecordBatch, columns: Range<usize>) -> bool {
    let schema = schema::arrow();
    let mut found = schema.fields()[columns].iter().filter_map(|field| batch.column_by_name(field.name()));
    found.all(|column| column.null_count() == batch.num_rows())
}

/// In the order of the schema.
fn identity_columns(identities: &Identities, range: &Range<usize>) -> Result<Vec<ArrayRef>, Fault> {
    let pos = ScalarBuffer::from(identities.pos.values[range.clone()].to_vec());
    let pos = Int64Array::try_new(pos, nulls(&identities.pos.valid, range.clone())).map_err(arrow_fault)?;
    let how: UInt32Array = range.clone().map(|row| identities.how.id(row)).collect();
    Ok(vec![
        Arc::new(pos),
        text(&identities.reference, range.clone())?,
        text(&identities.alt, range.clone())?,
        dictionary(how, identities.how.vocabulary())?,
    ])
}

/// The identities of a batch; `None` if there is none.
fn identities(batch: &RecordBatch) -> Result<Option<Box<Identities>>, Fault> {
    if is_null(batch, IDENTITIES) {
        return Ok(None);
    }
    let mut identities = Identities {
        reference: texts(batch, "allele_ref")?,
        alt: texts(batch, "allele_alt")?,
        ..Identities::default()
    };
    int64(batch, "allele_pos")?.iter().for_each(|pos| identities.pos.push(pos));
    string(batch, "allele_how")?.iter().for_each(|how| identities.how.push(how.map(str::as_bytes)));
    Ok(Some(Box::new(identities)))
}

/// In the order of the schema.
fn annotation_columns(said: &Annotations, range: &Range<usize>) -> Result<Vec<ArrayRef>, Fault> {
    let mut columns = Vec::new();
    for words in said.words() {
        let ids: UInt32Array = range.clone().map(|row| words.id(row)).collect();
        columns.push(dictionary(ids, words.vocabulary())?);
    }
    let stars = ScalarBuffer::from(said.clinvar_stars.values[range.clone()].to_vec());
    let stars = Int32Array::try_new(stars, nulls(&said.clinvar_stars.valid, range.clone())).map_err(arrow_fault)?;
    columns.push(Arc::new(stars));
    let frequency = &said.population_frequency;
    let values = ScalarBuffer::from(frequency.values[range.clone()].to_vec());
    let values = Float64Array::try_new(values, nulls(&frequency.valid, range.clone())).map_err(arrow_fault)?;
    columns.push(Arc::new(values));
    columns.push(text(&said.hgvs_c, range.clone())?);
    columns.push(text(&said.hgvs_p, range.clone())?);
    Ok(columns)
}

fn nulls(valid: &Bits, range: Range<usize>) -> Option<NullBuffer> {
    let bytes = valid.bytes()[range.start / 8..range.end.div_ceil(8)].to_vec();
    Some(NullBuffer::new(BooleanBuffer::new(Buffer::from(bytes), range.start % 8, range.len())))
}

fn text(text: &Text, range: Range<usize>) -> Result<ArrayRef, Fault> {
    let offsets = &text.offsets[range.start..=range.end];
    let (first, end) = (offsets[0], offsets[range.len()]);
    let bytes = text.bytes[first as usize..end as usize].to_vec();
    let offsets: Vec<i32> = offsets.iter().map(|offset| offset - first).collect();
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    let array = StringArray::try_new(offsets, Buffer::from(bytes), nulls(&text.valid, range));
    array.map(|array| Arc::new(array) as ArrayRef).map_err(arrow_fault)
}

/// The rows of a batch. A raw text or an annotation that was not read is null.
///
/// # Errors
/// `Permanent` if a column that is always read is missing, or one has another type.
pub fn to_rows(batch: &RecordBatch) -> Result<Rows, Fault> {
    let mut rows = Rows {
        ordinal: int64(batch, "ordinal")?.values().to_vec(),
        alt_index: int32(batch, "alt_index")?.values().to_vec(),
        line: int64(batch, "line")?.values().to_vec(),
        pos: int64(batch, "pos")?.values().to_vec(),
        id: texts(batch, "id")?,
        reference: texts(batch, "ref")?,
        alt: texts(batch, "alt")?,
        filter: texts(batch, "filter")?,
        qual_text: texts_if_read(batch, "qual_text")?,
        info: texts_if_read(batch, "info")?,
        format: texts_if_read(batch, "format")?,
        samples: texts_if_read(batch, "samples")?,
        line_text: texts_if_read(batch, "line_text")?,
        ..Rows::default()
    };
    let qual = column(batch, "qual")?.as_primitive_opt::<Float32Type>().ok_or_else(|| wrong("qual"))?;
    for row in 0..batch.num_rows() {
        rows.qual_valid.push(qual.is_valid(row));
        rows.qual.push(if qual.is_valid(row) { qual.value(row) } else { 0.0 });
    }
    let chrom = string(batch, "chrom")?;
    for row in 0..batch.num_rows() {
        let contig = rows.contigs.id(chrom.value(row).as_bytes());
        rows.contig.push(contig);
    }
    rows.annotations = annotations(batch)?;
    rows.identities = identities(batch)?;
    Ok(rows)
}

/// The annotations of a batch; `None` if there is none.
fn annotations(batch: &RecordBatch) -> Result<Option<Box<Annotations>>, Fault> {
    if is_null(batch, ANNOTATIONS) {
        return Ok(None);
    }
    let mut said = Annotations::default();
    for (words, name) in said.words_mut().into_iter().zip(Annotations::WORDS) {
        let array = string(batch, name)?;
        array.iter().for_each(|word| words.push(word.map(str::as_bytes)));
    }
    int32(batch, "clinvar_stars")?.iter().for_each(|stars| said.clinvar_stars.push(stars));
    let frequency = column(batch, "population_frequency")?.as_primitive_opt::<Float64Type>();
    let frequency = frequency.ok_or_else(|| wrong("population_frequency"))?;
    frequency.iter().for_each(|value| said.population_frequency.push(value));
    said.hgvs_c = texts(batch, "hgvs_c")?;
    said.hgvs_p = texts(batch, "hgvs_p")?;
    Ok(Some(Box::new(said)))
}

fn wrong(name: &str) -> Fault {
    Fault::permanent(format!("column `{name}` has another type than ours"))
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, Fault> {
    batch.column_by_name(name).ok_or_else(|| Fault::permanent(format!("column `{name}` is missing")))
}

/// A column of 64-bit numbers.
///
/// # Errors
/// `Permanent` if it is missing or has another type.
pub fn int64<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a Int64Array, Fault> {
    column(batch, name)?.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong(name))
}

/// A column of 32-bit numbers.
///
/// # Errors
/// `Permanent` if it is missing or has another type.
pub fn int32<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a Int32Array, Fault> {
    column(batch, name)?.as_primitive_opt::<Int32Type>().ok_or_else(|| wrong(name))
}

/// A column of text.
///
/// # Errors
/// `Permanent` if it is missing or has another type.
pub fn string<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray, Fault> {
    column(batch, name)?.as_string_opt::<i32>().ok_or_else(|| wrong(name))
}

fn texts(batch: &RecordBatch, name: &str) -> Result<Text, Fault> {
    let array = string(batch, name)?;
    let mut text = Text::default();
    (0..array.len()).for_each(|row| text.push(array.is_valid(row).then(|| array.value(row).as_bytes())));
    Ok(text)
}

/// Nulls for a column that was not asked for: that the file has it was checked when it was opened.
fn texts_if_read(batch: &RecordBatch, name: &str) -> Result<Text, Fault> {
    if batch.column_by_name(name).is_some() {
        return texts(batch, name);
    }
    let rows = batch.num_rows();
    Ok(Text { offsets: vec![0; rows + 1], bytes: Vec::new(), valid: Bits::zeros(rows) })
}
