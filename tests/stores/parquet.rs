//! The files of the Parquet store, as any reader of Parquet finds them: columns, encodings, metadata, and what it does with files that
//! are torn, foreign or in its way.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, LogicalType, Repetition, Type};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;
use tempfile::TempDir;
use vcf_agent::domain::ids::JobId;
use vcf_agent::domain::rows::Rows;
use vcf_agent::fault::{Fault, Kind};
use vcf_agent::stores::{self, Store, StoreScan, Texts};

use crate::place::files;
use crate::rows::{Record, record, rows};

const ROW_GROUP_ROWS_MAX: usize = 1_000;

pub fn open(folder: &Path) -> Arc<dyn Store> {
    stores::open("parquet", folder, 1, ROW_GROUP_ROWS_MAX).unwrap()
}

/// Rows by the footers of what a reader's pattern `alleles/*/*.parquet` finds; of nothing else in there may be any.
pub fn visible_rows(folder: &Path) -> u64 {
    let Ok(jobs) = fs::read_dir(folder.join("alleles")) else { return 0 };
    let files = jobs.flat_map(|job| fs::read_dir(job.unwrap().path()).unwrap()).map(|file| file.unwrap().path());
    files.map(|file| metadata(&file).file_metadata().num_rows() as u64).sum()
}

fn metadata(file: &Path) -> ParquetMetaData {
    let options = ReadOptionsBuilder::new().with_page_index().build();
    SerializedFileReader::new_with_options(File::open(file).unwrap(), options).unwrap().metadata().clone()
}

fn job(n: u64) -> JobId {
    JobId::random(n)
}

/// Plain rows from record `first` on.
fn plain_rows(first: u64, records: u64) -> Arc<Rows> {
    Arc::new(rows(first, &(first..first + records).map(|nth| record(nth, 2)).collect::<Vec<_>>()))
}

/// A folder with a store that has staged one group of job 1; and that group's file.
fn staged() -> (TempDir, Arc<dyn Store>, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let group = store.write_group(&job(1), 0, &[(0, plain_rows(0, 700)), (1, plain_rows(700, 700))]).unwrap();
    let file = folder.path().join("staging").join(job(1).as_str()).join(&group.name);
    assert_eq!(fs::metadata(&file).unwrap().len(), group.bytes);
    (folder, store, file)
}

/// Paths of all files below a folder.
fn names(folder: &Path) -> Vec<String> {
    files(folder).into_iter().map(|(name, _)| name).collect()
}

fn read(store: &dyn Store, job: &JobId) -> Result<(), Fault> {
    store.read(job, &mut |_| Ok(()))
}

#[test]
fn a_column_that_nobody_asks_for_is_not_read() {
    let (_folder, store, _) = staged();
    let mut rows_read = 0;
    store
        .read_some(&job(1), Texts { info: false, samples: false, as_read: true, annotations: false }, &mut |rows| {
            let nothing = [&rows.info, &rows.format, &rows.samples].map(|text| text.valid.count_ones());
            assert_eq!((nothing, rows.annotations.is_none()), ([0; 3], true));
            assert!((0..rows.len()).all(|row| rows.reference.get(row) == Some(b"A")));
            rows_read += rows.len();
            Ok(())
        })
        .unwrap();
    assert_eq!(rows_read, 2800);
}

/// One column: name, type, meaning, whether it may be null, encodings of its data pages, whether smallest and largest value are kept.
type Column = (&'static str, Type, &'static str, bool, &'static [Encoding], bool);

const GOLDEN: [Column; 32] = [
    ("ordinal", Type::INT64, "", false, &[Encoding::DELTA_BINARY_PACKED], true),
    ("alt_index", Type::INT32, "", false, &[Encoding::RLE_DICTIONARY], false),
    ("line", Type::INT64, "", false, &[Encoding::DELTA_BINARY_PACKED], false),
    ("chrom", Type::BYTE_ARRAY, "String", false, &[Encoding::RLE_DICTIONARY], true),
    ("pos", Type::INT64, "", false, &[Encoding::DELTA_BINARY_PACKED], true),
    ("id", Type::BYTE_ARRAY, "String", true, &[Encoding::DELTA_LENGTH_BYTE_ARRAY], false),
    ("ref", Type::BYTE_ARRAY, "String", true, &[Encoding::RLE_DICTIONARY], false),
    ("alt", Type::BYTE_ARRAY, "String", true, &[Encoding::RLE_DICTIONARY], false),
    ("qual", Type::FLOAT, "", true, &[Encoding::PLAIN], false),
    ("filter", Type::BYTE_ARRAY, "String", true, &[Encoding::RLE_DICTIONARY], false),
    ("qual_text", Type::BYTE_ARRAY, "String", true, &[Encoding::DELTA_LENGTH_BYTE_ARRAY], false),
    ("info", Type::BYTE_ARRAY, "String", true, &[Encoding::DELTA_LENGTH_BYTE_ARRAY], false),
    ("format", Type::BYTE_ARRAY, "String", true, &[Encoding::RLE_DICTIONARY], false),
    ("samples", Type::BYTE_ARRAY, "String", true, &[Encoding::DELTA_LENGTH_BYTE_ARRAY], false),
    ("line_text", Type::BYTE_ARRAY, "String", true, &[Encoding::DELTA_LENGTH_BYTE_ARRAY], false),
    ("consequence", Type::BYTE_ARRAY, "String", true, &[Encoding::RLE_DICTIONARY], false),
    ("consequences", Type::BYTE_ARRAY, "String", true, &[Encoding::RLE_DICTIONARY], false),
    ("impact", Type::BYTE_ARRAY, "String", true, &[Encoding::RLE_DICTIONARY], false),
    ("gene", Type::BYTE_ARRAY, "String", true, &[Encoding::RLE_DICTIONARY], true),
    ("gene_id", Type::BYTE_ARRAY, "String", true, &[Encoding::RLE_DICTIONARY], false),
    ("transcript", Type::BYTE_ARRAY, "String", true, &[Encoding::RLE_DICTIONARY], false),
    ("transcript_choice", Type::BYTE_ARRAY, "String", true, &[Encoding::RLE_DICTIONARY], false),
    ("annotation_scope", Type::BYTE_ARRAY, "String", true, &[Encoding::RLE_DICTIONARY], false),
    ("clinvar", Type::BYTE_ARRAY, "String", true, &[Encoding::RLE_DICTIONARY], false),
    ("clinvar_stars", Type::INT32, "", true, &[Encoding::RLE_DICTIONARY], false),
    ("population_frequency", Type::DOUBLE, "", true, &[Encoding::PLAIN], true),
    ("hgvs_c", Type::BYTE_ARRAY, "String", true, &[Encoding::DELTA_LENGTH_BYTE_ARRAY], false),
    ("hgvs_p", Type::BYTE_ARRAY, "String", true, &[Encoding::DELTA_LENGTH_BYTE_ARRAY], false),
    ("allele_pos", Type::INT64, "", true, &[Encoding::DELTA_BINARY_PACKED], false),
    ("allele_ref", Type::BYTE_ARRAY, "String", true, &[Encoding::DELTA_LENGTH_BYTE_ARRAY], false),
    ("allele_alt", Type::BYTE_ARRAY, "String", true, &[Encoding::DELTA_LENGTH_BYTE_ARRAY], false),
    ("allele_how", Type::BYTE_ARRAY, "String", true, &[Encoding::RLE_DICTIONARY], false),
];

#[test]
fn columns_and_encodings_are_those_that_are_promised() {
    let (_folder, _store, file) = staged();
    let metadata = metadata(&file);
    let schema = metadata.file_metadata().schema_descr();
    assert_eq!(schema.num_columns(), GOLDEN.len());
    for (nth, (name, physical, meaning, nullable, encodings, statistics)) in GOLDEN.into_iter().enumerate() {
        let column = schema.column(nth);
        assert_eq!((column.name(), column.physical_type()), (name, physical));
        let logical = column.logical_type_ref().map(|logical| match logical {
            LogicalType::String => "String".to_owned(),
            other => format!("{other:?}"),
        });
        assert_eq!(logical.unwrap_or_default(), meaning, "{name}");
        let repetition = if nullable { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        assert_eq!(column.self_type().get_basic_info().repetition(), repetition, "{name}");
        for (at, group) in metadata.row_groups().iter().enumerate() {
            let chunk = group.column(nth);
            assert!(matches!(chunk.compression(), Compression::ZSTD(_)), "{name}: {:?}", chunk.compression());
            // Beside those of the data: of the dictionary's page, and of the levels that say what is null.
            let found: BTreeSet<String> = chunk
                .encodings()
                .filter(|encoding| encodings.contains(encoding) || !matches!(encoding, Encoding::PLAIN | Encoding::RLE))
                .map(|encoding| encoding.to_string())
                .collect();
            assert_eq!(found, encodings.iter().map(ToString::to_string).collect(), "{name}");
            assert_eq!(
                chunk.dictionary_page_offset().is_some(),
                encodings.contains(&Encoding::RLE_DICTIONARY),
                "{name}"
            );
            let bounds = chunk.statistics().is_some_and(|known| known.min_bytes_opt().is_some());
            assert_eq!(
                (bounds, chunk.column_index_offset().is_some()),
                (statistics, statistics),
                "{name}, row group {at}"
            );
            assert_eq!(chunk.bloom_filter_offset(), None, "{name}");
        }
    }
}

#[test]
fn every_file_says_whose_it_is_and_nothing_of_any_machine() {
    let (folder, store, _) = staged();
    store.write_group(&job(1), 0, &[(2, plain_rows(1_400, 10))]).unwrap();
    store.merge(&job(1), &["part-00000000-00000000.parquet".into(), "part-00000000-00000002.parquet".into()]).unwrap();
    let all = files(folder.path());
    assert_eq!(all.len(), 3);
    for (name, _) in all {
        let metadata = metadata(&folder.path().join(&name));
        let file = metadata.file_metadata();
        let pairs = file.key_value_metadata().into_iter().flatten();
        let pairs: Vec<_> = pairs.map(|pair| (pair.key.as_str(), pair.value.as_deref().unwrap_or_default())).collect();
        // Arrow's own description of the columns is left out: readers would make dictionaries of plain text.
        let id = job(1);
        assert_eq!(pairs, [("vcf_agent.schema_version", "2"), ("vcf_agent.job", id.as_str())], "{name}");
        assert_eq!(file.created_by(), Some(concat!("vcf-agent ", env!("CARGO_PKG_VERSION"))), "{name}");
        assert_eq!(file.version(), 2, "{name}");
    }
}

#[test]
fn row_groups_are_no_larger_than_asked_for() {
    let (_folder, _store, file) = staged();
    let sizes: Vec<i64> = metadata(&file).row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(sizes, [1_000, 1_000, 800]);
}

#[test]
fn the_level_of_compression_is_the_one_that_was_asked_for() {
    // Words, in which a patient compressor finds more.
    let mut rng = fastrand::Rng::with_seed(3);
    let words: Vec<String> = (0..400).map(|_| (0..rng.usize(3..9)).map(|_| rng.lowercase()).collect()).collect();
    let mut sentence = || (0..60).map(|_| words[rng.usize(..words.len())].as_str()).collect::<Vec<_>>().join("|");
    let records: Vec<_> = (0..3_000).map(|nth| Record { info: Some(sentence()), ..record(nth, 1) }).collect();
    let rows = Arc::new(rows(0, &records));
    let bytes = |level| {
        let folder = tempfile::tempdir().unwrap();
        let store = stores::open("parquet", folder.path(), level, 131_072).unwrap();
        store.write_group(&job(1), 0, &[(0, rows.clone())]).unwrap().bytes
    };
    let (fast, small) = (bytes(1), bytes(19));
    assert!(small < fast, "level 19: {small} bytes, level 1: {fast} bytes");
    for level in [0, -1, 23] {
        let folder = tempfile::tempdir().unwrap();
        let fault = stores::open("parquet", folder.path(), level, 131_072).err().expect("refused");
        assert_eq!(fault.kind, Kind::Permanent);
        assert!(fault.what.contains("store.zstd_level"), "{fault}");
    }
}

#[test]
fn nothing_is_made_before_something_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.try_encode(&plain_rows(0, 10)).unwrap();
    assert_eq!(store.scan(&job(1)).unwrap(), StoreScan::default());
    assert_eq!(store.staged_jobs().unwrap(), []);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_unknown_kind_of_store_is_refused_with_those_that_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let fault = stores::open("oracle", folder.path(), 1, 10).err().expect("refused");
    assert_eq!(fault.kind, Kind::Permanent);
    assert!(fault.what.contains("`oracle`") && fault.what.contains("parquet"), "{fault}");
}

/// Demands that the job can be neither scanned nor read, and that the fault names the file.
#[track_caller]
fn is_refused(store: &dyn Store, file: &Path, words: &str) {
    for fault in [store.scan(&job(1)).map(drop), read(store, &job(1))].map(|result| result.expect_err("refused")) {
        assert_eq!(fault.kind, Kind::Permanent, "{fault}");
        let name = file.file_name().unwrap().to_string_lossy();
        assert!(fault.what.contains(&*name) && fault.what.contains(words), "{fault}");
    }
}

#[test]
fn a_torn_file_is_refused_by_name() {
    let (_folder, store, file) = staged();
    let whole = fs::read(&file).unwrap();
    for kept in [0, 1, 4, 11, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        fs::write(&file, &whole[..kept]).unwrap();
        is_refused(&*store, &file, "cannot be read");
    }
    let mut no_longer_whole = whole.clone();
    no_longer_whole.extend_from_slice(b"more");
    fs::write(&file, no_longer_whole).unwrap();
    is_refused(&*store, &file, "cannot be read");
    fs::write(&file, whole).unwrap();
    read(&*store, &job(1)).unwrap();
}

#[test]
fn a_flipped_byte_is_an_error_or_other_rows_but_never_a_panic() {
    let (_folder, store, file) = staged();
    let (whole, before) = (fs::read(&file).unwrap(), store.scan(&job(1)).unwrap());
    let mut rng = fastrand::Rng::with_seed(7);
    let (mut refused, mut seen) = (0, 0);
    for _ in 0..400 {
        let mut flipped = whole.clone();
        let at = rng.usize(..whole.len());
        flipped[at] ^= 1 << rng.u32(..8);
        fs::write(&file, flipped).unwrap();
        match store.scan(&job(1)) {
            Err(fault) => {
                assert!(fault.what.contains("part-00000000-00000000.parquet"), "{fault}");
                refused += 1;
            }
            Ok(scan) => seen += usize::from(scan != before),
        }
        // What it says may be wrong; `receipt --deep` compares all of it.
        drop(read(&*store, &job(1)));
    }
    assert!(refused + seen > 20, "{refused} refused, {seen} seen by the sum");
}

/// Writes a Parquet file of one column of numbers.
fn foreign(file: &Path, columns: &[&str]) {
    let column = || Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef;
    let batch = RecordBatch::try_from_iter(columns.iter().map(|name| (*name, column()))).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(file).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn a_foreign_file_is_refused_by_name() {
    let (_folder, store, file) = staged();
    let theirs = file.with_file_name("part-00000009-00000144.parquet");
    foreign(&theirs, &["ordinal", "pos"]);
    is_refused(&*store, &theirs, "is not ours: it has no column `alt_index`");
    // Our names, other types.
    foreign(&theirs, &GOLDEN.map(|(name, ..)| name));
    is_refused(&*store, &theirs, "has another type than ours");
    fs::write(&theirs, "a note about these files, longer than any footer\n").unwrap();
    is_refused(&*store, &theirs, "cannot be read");
    // The ledger never heard of it.
    let known = [file.file_name().unwrap().to_string_lossy().into_owned()];
    store.recover(&job(1), &known).unwrap();
    assert_eq!(store.scan(&job(1)).unwrap().rows, 2_800);
}

#[test]
fn what_is_half_written_is_hidden_and_goes_at_the_next_start() {
    let (folder, store, file) = staged();
    let half = [".part-00000001-00000016.parquet.tmp", ".part-00000002-00000032.parquet", "part-00000003-00000048.tmp"];
    for name in half {
        fs::write(file.with_file_name(name), b"PAR1 half").unwrap();
    }
    assert_eq!(store.scan(&job(1)).unwrap().rows, 2_800);
    read(&*store, &job(1)).unwrap();
    let known = [file.file_name().unwrap().to_string_lossy().into_owned()];
    assert_eq!(store.recover(&job(1), &known).unwrap(), Vec::<String>::new());
    store.publish(&job(1)).unwrap();
    assert_eq!(names(folder.path()), [format!("alleles/job={}/{}", job(1), known[0])], "and nothing else");
}

#[test]
fn names_are_in_the_order_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut names = Vec::new();
    for segment in [0, 3, 16, 160, 1_600, 160_000] {
        let rows = plain_rows(u64::from(segment) * 10, 1);
        names.push(store.write_group(&job(1), segment / 16, &[(segment, rows)]).unwrap().name);
    }
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(names[1], "part-00000000-00000003.parquet");
}

#[test]
fn a_disk_that_is_full_leaves_nothing_and_the_next_try_succeeds() {
    let (folder, store, file) = staged();
    // The hidden file's place is taken by the device that is always full.
    let hidden = file.with_file_name(".part-00000001-00000016.parquet.tmp");
    std::os::unix::fs::symlink("/dev/full", &hidden).unwrap();
    let group = [(16, plain_rows(5_000, 500))];
    let fault = store.write_group(&job(1), 1, &group).unwrap_err();
    assert_eq!(fault.kind, Kind::Unavailable, "{fault}");
    assert!(fault.what.contains("part-00000001-00000016") && fault.what.contains("space"), "{fault}");
    assert_eq!(files(folder.path()).len(), 1, "something of the group is left");
    store.write_group(&job(1), 1, &group).unwrap();
    assert_eq!(store.scan(&job(1)).unwrap().rows, 2_800 + 1_000);
}

#[test]
fn a_place_that_cannot_be_written_to_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("staging"), b"in the way").unwrap();
    let store = open(folder.path());
    let fault = store.write_group(&job(1), 0, &[(0, plain_rows(0, 1))]).unwrap_err();
    assert_eq!(fault.kind, Kind::Unavailable, "{fault}");
    assert!(fault.what.contains("staging"), "{fault}");
}

#[test]
fn text_that_is_none_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut rows = (*plain_rows(0, 3)).clone();
    rows.info.bytes[0] = 0xff;
    let fault = store.write_group(&job(1), 0, &[(0, Arc::new(rows.clone()))]).unwrap_err();
    assert_eq!(fault.kind, Kind::Permanent, "{fault}");
    assert_eq!(store.try_encode(&rows).unwrap_err().kind, Kind::Permanent);
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn a_deletion_that_was_cut_short_is_finished_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.write_group(&job(1), 0, &[(0, plain_rows(0, 10))]).unwrap();
    store.publish(&job(1)).unwrap();
    // Out of the readers' sight, and there the power went.
    let visible = folder.path().join(format!("alleles/job={}", job(1)));
    fs::rename(visible, folder.path().join(format!("staging/.deleted-{}", job(1)))).unwrap();
    open(folder.path()).delete(&job(1)).unwrap();
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn the_query_that_is_suggested_names_the_published_files() {
    let folder = tempfile::Builder::new().prefix("it's").tempdir().unwrap();
    let query = open(folder.path()).query(&job(1)).unwrap();
    let pattern =
        folder.path().join(format!("alleles/job={}/*.parquet", job(1))).display().to_string().replace('\'', "''");
    assert!(query.contains(&format!("FROM '{pattern}'")), "{query}");
}
