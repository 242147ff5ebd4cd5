//! Rows as one file for people: the columns of the store, and beside them what was concluded and what samples have of each allele. What
//! each column means stands in `docs/exports.md`.

use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, ListArray, RecordBatch, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef};
use parquet::file::metadata::KeyValue;

use super::encode::Encoder;
use super::{convert, schema};
use crate::domain::answer::Answer;
use crate::domain::genotype::Genotype;
use crate::domain::ids::JobId;
use crate::domain::rows::Rows;
use crate::fault::Fault;

/// Rows are encoded once they take this much memory (bytes), or are this many.
const BATCH_BYTES: usize = 4 << 20;
const BATCH_ROWS: usize = 8192;

/// What a file is to have.
pub struct Plan<'p> {
    /// The job whose rows they are.
    pub job: &'p JobId,
    /// Further pairs for the file's metadata; the keys get a `vcf_agent.` before them.
    pub metadata: Vec<(&'static str, String)>,
    /// zstd level.
    pub zstd_level: i32,
    /// Most rows of a row group.
    pub row_group_rows_max: usize,
    /// With columns of what was concluded.
    pub assessed: bool,
    /// Names of the samples whose genotypes are typed.
    pub samples: Vec<String>,
}

/// A file being written.
pub struct Table<W: Write + Send> {
    encoder: Encoder<W>,
    schema: SchemaRef,
    rows: Rows,
    bytes: usize,
    concluded: Option<Concluded>,
    genotypes: Option<Genotypes>,
}

impl<W: Write + Send> Table<W> {
    /// A file of this plan.
    ///
    /// # Errors
    /// `Permanent` for a level that zstd does not have; as the file's otherwise.
    pub fn new(out: W, plan: Plan<'_>) -> Result<Self, Fault> {
        let mut fields: Vec<Arc<Field>> = schema::arrow().fields().iter().cloned().collect();
        let concluded = plan.assessed.then(Concluded::default);
        if concluded.is_some() {
            fields.extend(Concluded::fields());
        }
        let genotypes = (!plan.samples.is_empty()).then(|| Genotypes::new(plan.samples));
        if genotypes.is_some() {
            fields.push(Arc::new(Genotypes::field()));
        }
        let schema = Arc::new(Schema::new(fields));
        let properties = schema::properties(Some(plan.job), plan.zstd_level, plan.row_group_rows_max)?;
        let mut metadata = properties.key_value_metadata().cloned().unwrap_or_default();
        metadata.extend(plan.metadata.into_iter().map(|(key, value)| KeyValue::new(format!("vcf_agent.{key}"), value)));
        let properties = properties.into_builder().set_key_value_metadata(Some(metadata)).build();
        let encoder = Encoder::new(out, schema.clone(), properties)?;
        Ok(Self { encoder, schema, rows: Rows::default(), bytes: 0, concluded, genotypes })
    }

    /// Appends row `row` of `rows`; the texts of its record, which stand on row `first`, come with it if it is the first of its record
    /// here. `beside` is whether it is selected and what was concluded, `genotypes` what each sample of the plan has.
    ///
    /// # Errors
    /// As the file's.
    pub fn push(
        &mut self,
        (rows, row, first): (&Rows, usize, usize),
        is_first_here: bool,
        beside: (bool, Option<&Answer>),
        genotypes: &[Genotype<'_>],
    ) -> Result<(), Fault> {
        if is_first_here {
            self.rows.push_as_first(rows, row, first);
        } else {
            self.rows.push_row(rows, row);
        }
        self.bytes += self.rows.row_bytes(self.rows.len() - 1);
        if let Some(concluded) = &mut self.concluded {
            concluded.push(beside.0, beside.1)?;
        }
        if let Some(all) = &mut self.genotypes {
            all.push(genotypes);
            self.bytes += size_of_val(genotypes);
        }
        if self.bytes > BATCH_BYTES || self.rows.len() >= BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Fault> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        if rows.is_empty() {
            return Ok(());
        }
        let mut columns = convert::to_batch(&rows, 0..rows.len())?.columns().to_vec();
        if let Some(concluded) = &mut self.concluded {
            columns.extend(concluded.finish());
        }
        if let Some(genotypes) = &mut self.genotypes {
            columns.push(genotypes.finish()?);
        }
        self.encoder.write(&RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_fault)?)
    }

    /// Ends the file; returns its rows.
    ///
    /// # Errors
    /// As the file's.
    pub fn close(mut self) -> Result<u64, Fault> {
        self.flush()?;
        self.encoder.close()
    }
}

fn arrow_fault(error: ArrowError) -> Fault {
    Fault::permanent(format!("Arrow: {error}"))
}

fn text(text: Option<&[u8]>) -> Option<std::borrow::Cow<'_, str>> {
    text.map(String::from_utf8_lossy)
}

/// The columns of what was concluded.
#[derive(Default)]
struct Concluded {
    selected: BooleanBuilder,
    conclusion: StringBuilder,
    agreement: StringBuilder,
    points: Int32Builder,
    criteria: StringBuilder,
    summary: StringBuilder,
    providers: StringBuilder,
    findings: StringBuilder,
    ai_generated: BooleanBuilder,
    research_use_only: BooleanBuilder,
    requires_review: BooleanBuilder,
}

impl Concluded {
    fn fields() -> Vec<Arc<Field>> {
        let field = |name: &str, data_type: DataType, nullable| Arc::new(Field::new(name, data_type, nullable));
        let text = |name: &str| field(name, DataType::Utf8, true);
        let flag = |name: &str| field(name, DataType::Boolean, true);
        vec![
            field("selected", DataType::Boolean, false),
            text("conclusion"),
            text("agreement"),
            field("points", DataType::Int32, true),
            text("criteria"),
            text("summary"),
            text("providers"),
            text("findings"),
            flag("ai_generated"),
            flag("research_use_only"),
            flag("requires_review"),
        ]
    }

    fn push(&mut self, selected: bool, answer: Option<&Answer>) -> Result<(), Fault> {
        self.selected.append_value(selected);
        let said = answer.map(|answer| &answer.assessment);
        let findings = said.map(|said| serde_json::to_string(&said.findings)).transpose();
        self.conclusion.append_option(said.map(|said| said.conclusion.as_str()));
        self.agreement.append_option(said.map(|said| said.agreement.as_str()));
        self.points.append_option(said.and_then(|said| said.points()));
        self.criteria.append_option(said.map(|said| said.criteria().join(",")));
        self.summary.append_option(said.map(|said| said.summary()));
        self.providers.append_option(said.map(|said| said.providers().join(",")));
        self.findings.append_option(findings.map_err(|error| Fault::permanent(error.to_string()))?);
        self.ai_generated.append_option(said.map(|said| said.ai_generated()));
        self.research_use_only.append_option(said.map(|said| said.research_use_only()));
        self.requires_review.append_option(said.map(|said| said.requires_review()));
        Ok(())
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.selected.finish()),
            Arc::new(self.conclusion.finish()),
            Arc::new(self.agreement.finish()),
            Arc::new(self.points.finish()),
            Arc::new(self.criteria.finish()),
            Arc::new(self.summary.finish()),
            Arc::new(self.providers.finish()),
            Arc::new(self.findings.finish()),
            Arc::new(self.ai_generated.finish()),
            Arc::new(self.research_use_only.finish()),
            Arc::new(self.requires_review.finish()),
        ]
    }
}

/// The column `genotypes`: a list of one entry per sample.
struct Genotypes {
    samples: Vec<String>,
    rows: usize,
    name: StringBuilder,
    gt: StringBuilder,
    zygosity: StringBuilder,
    ploidy: Int32Builder,
    phased: BooleanBuilder,
    half_call: BooleanBuilder,
    copies: Int32Builder,
    dp: Int64Builder,
    gq: Float64Builder,
    ad_ref: Int64Builder,
    ad_alt: Int64Builder,
}

impl Genotypes {
    fn new(samples: Vec<String>) -> Self {
        Self {
            samples,
            rows: 0,
            name: StringBuilder::new(),
            gt: StringBuilder::new(),
            zygosity: StringBuilder::new(),
            ploidy: Int32Builder::new(),
            phased: BooleanBuilder::new(),
            half_call: BooleanBuilder::new(),
            copies: Int32Builder::new(),
            dp: Int64Builder::new(),
            gq: Float64Builder::new(),
            ad_ref: Int64Builder::new(),
            ad_alt: Int64Builder::new(),
        }
    }

    fn members() -> Fields {
        let field = |name: &str, data_type: DataType, nullable| Field::new(name, data_type, nullable);
        Fields::from(vec![
            field("sample", DataType::Utf8, false),
            field("gt", DataType::Utf8, true),
            field("zygosity", DataType::Utf8, false),
            field("ploidy", DataType::Int32, true),
            field("phased", DataType::Boolean, true),
            field("half_call", DataType::Boolean, true),
            field("copies", DataType::Int32, true),
            field("dp", DataType::Int64, true),
            field("gq", DataType::Float64, true),
            field("ad_ref", DataType::Int64, true),
            field("ad_alt", DataType::Int64, true),
        ])
    }

    fn entry() -> Field {
        Field::new("element", DataType::Struct(Self::members()), false)
    }

    fn field() -> Field {
        Field::new("genotypes", DataType::List(Arc::new(Self::entry())), false)
    }

    fn push(&mut self, genotypes: &[Genotype<'_>]) {
        self.rows += 1;
        for (name, genotype) in self.samples.iter().zip(genotypes) {
            self.name.append_value(name);
            self.gt.append_option(text(genotype.gt));
            self.zygosity.append_value(genotype.zygosity);
            self.ploidy.append_option(genotype.ploidy);
            self.phased.append_option(genotype.phased);
            self.half_call.append_option(genotype.half_call);
            self.copies.append_option(genotype.copies);
            self.dp.append_option(genotype.dp);
            self.gq.append_option(genotype.gq);
            self.ad_ref.append_option(genotype.ad_ref);
            self.ad_alt.append_option(genotype.ad_alt);
        }
    }

    fn finish(&mut self) -> Result<ArrayRef, Fault> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.name.finish()),
            Arc::new(self.gt.finish()),
            Arc::new(self.zygosity.finish()),
            Arc::new(self.ploidy.finish()),
            Arc::new(self.phased.finish()),
            Arc::new(self.half_call.finish()),
            Arc::new(self.copies.finish()),
            Arc::new(self.dp.finish()),
            Arc::new(self.gq.finish()),
            Arc::new(self.ad_ref.finish()),
            Arc::new(self.ad_alt.finish()),
        ];
        let entries = StructArray::try_new(Self::members(), columns, None).map_err(arrow_fault)?;
        let lengths = std::iter::repeat_n(self.samples.len(), std::mem::take(&mut self.rows));
        let offsets = OffsetBuffer::from_lengths(lengths);
        let list = ListArray::try_new(Arc::new(Self::entry()), offsets, Arc::new(entries), None);
        Ok(Arc::new(list.map_err(arrow_fault)?))
    }
}
