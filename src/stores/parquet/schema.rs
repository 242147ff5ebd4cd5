//! The columns and how each is encoded. What each means stands in `docs/reading.md`.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

use super::super::Texts;
use crate::domain::ids::JobId;
use crate::domain::rows::SCHEMA_VERSION;
use crate::fault::Fault;

/// How a column is encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// Few different values.
    Dictionary,
    /// Numbers that grow.
    Delta,
    /// Text that hardly repeats.
    Lengths,
    /// As it is.
    Plain,
}

/// Name, type, whether it may be null, encoding, whether its smallest and largest values are kept for readers to skip by.
const COLUMNS: [(&str, Kind, bool, How, bool); 32] = [
    ("ordinal", Kind::Int64, false, How::Delta, true),
    ("alt_index", Kind::Int32, false, How::Dictionary, false),
    ("line", Kind::Int64, false, How::Delta, false),
    ("chrom", Kind::Name, false, How::Dictionary, true),
    ("pos", Kind::Int64, false, How::Delta, true),
    ("id", Kind::Text, true, How::Lengths, false),
    ("ref", Kind::Text, true, How::Dictionary, false),
    ("alt", Kind::Text, true, How::Dictionary, false),
    ("qual", Kind::Float, true, How::Plain, false),
    ("filter", Kind::Text, true, How::Dictionary, false),
    ("qual_text", Kind::Text, true, How::Lengths, false),
    ("info", Kind::Text, true, How::Lengths, false),
    ("format", Kind::Text, true, How::Dictionary, false),
    ("samples", Kind::Text, true, How::Lengths, false),
    ("line_text", Kind::Text, true, How::Lengths, false),
    ("consequence", Kind::Name, true, How::Dictionary, false),
    ("consequences", Kind::Name, true, How::Dictionary, false),
    ("impact", Kind::Name, true, How::Dictionary, false),
    ("gene", Kind::Name, true, How::Dictionary, true),
    ("gene_id", Kind::Name, true, How::Dictionary, false),
    ("transcript", Kind::Name, true, How::Dictionary, false),
    ("transcript_choice", Kind::Name, true, How::Dictionary, false),
    ("annotation_scope", Kind::Name, true, How::Dictionary, false),
    ("clinvar", Kind::Name, true, How::Dictionary, false),
    ("clinvar_stars", Kind::Int32, true, How::Dictionary, false),
    ("population_frequency", Kind::Double, true, How::Plain, true),
    ("hgvs_c", Kind::Text, true, How::Lengths, false),
    ("hgvs_p", Kind::Text, true, How::Lengths, false),
    ("allele_pos", Kind::Int64, true, How::Delta, false),
    ("allele_ref", Kind::Text, true, How::Lengths, false),
    ("allele_alt", Kind::Text, true, How::Lengths, false),
    ("allele_how", Kind::Name, true, How::Dictionary, false),
];

#[derive(Clone, Copy)]
enum Kind {
    Int32,
    Int64,
    Float,
    Double,
    Text,
    /// Text that arrives as numbers into a list of names.
    Name,
}

static ARROW: LazyLock<SchemaRef> = LazyLock::new(|| {
    let field = |(name, kind, nullable, _, _): &(&str, Kind, bool, How, bool)| {
        let data_type = match kind {
            Kind::Int32 => DataType::Int32,
            Kind::Int64 => DataType::Int64,
            Kind::Float => DataType::Float32,
            Kind::Double => DataType::Float64,
            Kind::Text => DataType::Utf8,
            Kind::Name => DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8)),
        };
        Field::new(*name, data_type, *nullable)
    };
    Arc::new(Schema::new(COLUMNS.iter().map(field).collect::<Vec<_>>()))
});

/// The schema that is written.
pub fn arrow() -> SchemaRef {
    ARROW.clone()
}

/// zstd at this level.
///
/// # Errors
/// `Permanent` for a level that zstd does not have.
pub fn compression(level: i32) -> Result<Compression, Fault> {
    let level = ZstdLevel::try_new(level).map_err(|error| Fault::permanent(format!("store.zstd_level: {error}")))?;
    Ok(Compression::ZSTD(level))
}

/// How a group's file is written.
///
/// # Errors
/// `Permanent` for a level that zstd does not have.
pub fn properties(job: Option<&JobId>, zstd_level: i32, row_group_rows_max: usize) -> Result<WriterProperties, Fault> {
    let pair = |key: &str, value: String| KeyValue::new(format!("vcf_agent.{key}"), value);
    let mut metadata = vec![pair("schema_version", SCHEMA_VERSION.to_string())];
    metadata.extend(job.map(|job| pair("job", job.to_string())));
    let mut builder = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_created_by(format!("vcf-agent {}", env!("CARGO_PKG_VERSION")))
        .set_compression(compression(zstd_level)?)
        .set_max_row_group_row_count(Some(row_group_rows_max))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_key_value_metadata(Some(metadata));
    for (name, _, _, how, statistics) in COLUMNS {
        let path = ColumnPath::from(name);
        builder = match how {
            How::Dictionary => builder.set_column_dictionary_enabled(path.clone(), true),
            How::Delta => builder.set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED),
            How::Lengths => builder.set_column_encoding(path.clone(), Encoding::DELTA_LENGTH_BYTE_ARRAY),
            How::Plain => builder.set_column_encoding(path.clone(), Encoding::PLAIN),
        };
        if statistics {
            builder = builder.set_column_statistics_enabled(path, EnabledStatistics::Page);
        }
    }
    Ok(builder.build())
}

/// The names of the columns that a reader of these looks at.
pub fn columns(texts: Texts) -> Vec<&'static str> {
    let is_wanted = |nth: usize, name: &str| match name {
        "info" => texts.info,
        "format" | "samples" => texts.samples,
        "qual_text" | "line_text" => texts.as_read,
        _ => nth < FIRST_COLUMNS || texts.annotations,
    };
    let names = COLUMNS.iter().map(|(name, ..)| *name).enumerate();
    names.filter(|(nth, name)| is_wanted(*nth, name)).map(|(_, name)| name).collect()
}

/// Columns that every version had; a file of an older one lacks what came later, and says nothing there.
const FIRST_COLUMNS: usize = 15;

/// Whether a file has our columns.
///
/// # Errors
/// `Permanent`, naming the column that is missing.
pub fn check(found: &Schema, path: &Path) -> Result<(), Fault> {
    match COLUMNS[..FIRST_COLUMNS].iter().find(|(name, ..)| found.index_of(name).is_err()) {
        Some((name, ..)) => Err(Fault::permanent(format!("{} is not ours: it has no column `{name}`", path.display()))),
        None => Ok(()),
    }
}
