//! What was concluded about selected alleles, as a file that DuckDB, pandas and polars read: one row per allele, in the order of
//! the file that it came from.

use std::io::Write;
use std::sync::{Arc, LazyLock};

use arrow_array::builder::{BooleanBuilder, Int32Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterVersion};

use super::super::Fill;
use super::{parquet_fault, schema};
use crate::domain::answer::Answer;
use crate::domain::ids::JobId;
use crate::fault::Fault;

/// Goes up whenever a column changes.
const SCHEMA_VERSION: u32 = 1;

/// What each means stands in `docs/rules.md`.
static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let field = |name: &str, data_type: DataType, nullable: bool| Field::new(name, data_type, nullable);
    Arc::new(Schema::new(vec![
        field("ordinal", DataType::Int64, false),
        field("alt_index", DataType::Int32, false),
        field("chrom", DataType::Utf8, false),
        field("pos", DataType::Int64, false),
        field("ref", DataType::Utf8, true),
        field("alt", DataType::Utf8, true),
        field("conclusion", DataType::Utf8, false),
        field("agreement", DataType::Utf8, false),
        field("points", DataType::Int32, true),
        field("criteria", DataType::Utf8, false),
        field("summary", DataType::Utf8, false),
        field("providers", DataType::Utf8, false),
        field("findings", DataType::Utf8, false),
        field("ai_generated", DataType::Boolean, false),
        field("research_use_only", DataType::Boolean, false),
        field("requires_review", DataType::Boolean, false),
    ]))
});

/// Writes the answers that `fill` gives; returns how many.
///
/// # Errors
/// As the file's, or `fill`'s.
pub fn write<W: Write + Send>(out: W, job: &JobId, zstd_level: i32, fill: &mut Fill<'_>) -> Result<u64, Fault> {
    let pair = |key: &str, value: String| KeyValue::new(format!("vcf_agent.{key}"), value);
    let metadata = vec![pair("assessments_version", SCHEMA_VERSION.to_string()), pair("job", job.to_string())];
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_created_by(format!("vcf-agent {}", env!("CARGO_PKG_VERSION")))
        .set_compression(schema::compression(zstd_level)?)
        .set_key_value_metadata(Some(metadata))
        .build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(out, SCHEMA.clone(), options).map_err(parquet_fault)?;
    let mut count = 0;
    fill(&mut |answers| {
        count += answers.len() as u64;
        writer.write(&batch(answers)?).map_err(parquet_fault)?;
        // Findings are long: what is buffered must stay small however many there are.
        if writer.in_progress_size() > ROW_GROUP_BYTES_MAX { writer.flush().map_err(parquet_fault) } else { Ok(()) }
    })?;
    writer.close().map_err(parquet_fault)?;
    Ok(count)
}

/// A row group ends when it has become so large (bytes).
const ROW_GROUP_BYTES_MAX: usize = 16 << 20;

fn batch(answers: &[Answer]) -> Result<RecordBatch, Fault> {
    let mut ordinal = Int64Builder::new();
    let mut alt_index = Int32Builder::new();
    let mut pos = Int64Builder::new();
    let mut points = Int32Builder::new();
    let [mut chrom, mut reference, mut alt, mut conclusion, mut agreement] =
        std::array::from_fn(|_| StringBuilder::new());
    let [mut criteria, mut summary, mut providers, mut findings] = std::array::from_fn(|_| StringBuilder::new());
    let [mut ai_generated, mut research_use_only, mut requires_review] = std::array::from_fn(|_| BooleanBuilder::new());
    for answer in answers {
        let assessment = &answer.assessment;
        ordinal.append_value(answer.ordinal as i64);
        alt_index.append_value(answer.alt_index as i32);
        chrom.append_value(&answer.chrom);
        pos.append_value(answer.pos);
        reference.append_option(some(&answer.reference));
        alt.append_option(some(&answer.alt));
        conclusion.append_value(assessment.conclusion.as_str());
        agreement.append_value(assessment.agreement.as_str());
        points.append_option(assessment.points());
        criteria.append_value(assessment.criteria().join(","));
        summary.append_value(assessment.summary());
        providers.append_value(assessment.providers().join(","));
        findings
            .append_value(serde_json::to_string(&assessment.findings).map_err(|e| Fault::permanent(e.to_string()))?);
        ai_generated.append_value(assessment.ai_generated());
        research_use_only.append_value(assessment.research_use_only());
        requires_review.append_value(assessment.requires_review());
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(ordinal.finish()),
        Arc::new(alt_index.finish()),
        Arc::new(chrom.finish()),
        Arc::new(pos.finish()),
        Arc::new(reference.finish()),
        Arc::new(alt.finish()),
        Arc::new(conclusion.finish()),
        Arc::new(agreement.finish()),
        Arc::new(points.finish()),
        Arc::new(criteria.finish()),
        Arc::new(summary.finish()),
        Arc::new(providers.finish()),
        Arc::new(findings.finish()),
        Arc::new(ai_generated.finish()),
        Arc::new(research_use_only.finish()),
        Arc::new(requires_review.finish()),
    ];
    RecordBatch::try_new(SCHEMA.clone(), columns)
        .map_err(|error: ArrowError| Fault::permanent(format!("Arrow: {error}")))
}

/// An allele that is too long to be kept twice is null: it stands in the job's rows.
fn some(allele: &str) -> Option<&str> {
    Some(allele).filter(|allele| !allele.is_empty())
}
