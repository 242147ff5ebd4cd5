//! Exports with what was concluded, as tables, filtered: what they say is what file, ledger and store say.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::export::bcftools_accepts;
use crate::harness::{Place, Said, adds_up, number, string};
use crate::oracle::{data_lines, entries, text_of};
use crate::present::{program, shared, skip};

/// Whoever is asked answers; triage asks for a quality alone.
pub const ASKED: &str = "[analysis]\nproviders = [\"rules\"]\n[triage.qual]\nmin = 10\n";

/// Odd but sound lines: INFO that is `.`, a POS that is kept as text, no ALT, a symbolic ALT, values that a spreadsheet would execute, a
/// field of an earlier export, and counts that no expression can use.
pub const ODD: &str = "\
##fileformat=VCFv4.3
##contig=<ID=chr1,length=248956422>
##FILTER=<ID=q10,Description=\"low\">
##INFO=<ID=AF_EXAC,Number=A,Type=Float,Description=\"Allele frequency in ExAC\">
##INFO=<ID=DP,Number=1,Type=Integer,Description=\"Depth\">
##INFO=<ID=AC,Number=A,Type=Integer,Description=\"Count\">
##INFO=<ID=AN,Number=1,Type=Integer,Description=\"Number\">
##INFO=<ID=VCFA_POINTS,Number=1,Type=String,Description=\"Of an earlier export\">
##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description=\"Depths\">
##FORMAT=<ID=GQ,Number=1,Type=Integer,Description=\"Quality\">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t=ONE\tTWO
chr1\t007\t.\tA\tC,<DEL>\t50\tPASS\tAF_EXAC=0.2,0.1\tGT:AD:GQ\t0/1:5,6,0:31\t1/2:0,3,4:.
chr1\t20\t=1+1\tG\tT\t30.00\tq10\t.\tGT\t0/1\t./.
chr1\t30\t-5\tG\t.\t30\tPASS\t.\tGT\t0/0\t./.
chr1\t40\t+A1\tG\tT\t3\tPASS\tDP=7;;AF_EXAC=.\tGT\t0|1\t1
chr1\t50\t@x\tG\tA\t90\t.\tAF_EXAC=0.3;VCFA_POINTS=9\tGT\t1|1\t./1
chr1\t60\t\"q\tG\tA\t90\tPASS\tAC=9;AN=2\tGT\t1|1\t./1
";

/// A place in which a file was run and its alleles were asked about; the receipt.
pub fn asked(file: &Path, config: &str) -> (Place, Value) {
    let place = Place::new();
    let config = place.write("asked.toml", config);
    let words = ["run".as_ref(), "--json".as_ref(), "--config".as_ref(), config.as_os_str(), file.as_os_str()];
    let receipt = place.call(words).object();
    assert_eq!(string(&receipt, "state"), "COMPLETE", "{receipt}");
    adds_up(&receipt);
    (place, receipt)
}

pub fn odd() -> (Place, Value) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("odd.vcf");
    fs::write(&file, ODD).unwrap();
    asked(&file, ASKED)
}

/// `export last` with more arguments, which ends well.
#[track_caller]
pub fn export(place: &Place, more: &[&str]) -> Said {
    place.call(["export", "last"].iter().chain(more)).expect(0)
}

#[track_caller]
pub fn objects(place: &Place, more: &[&str]) -> Vec<Value> {
    export(place, &[&["--format", "jsonl"], more].concat()).objects()
}

/// A table's rows by name of the column; every row has every cell.
#[track_caller]
fn table(place: &Place, more: &[&str]) -> Vec<BTreeMap<String, String>> {
    let text = export(place, &[&["--format", "tsv"], more].concat()).stdout;
    let mut lines = text.lines().map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    let names = lines.next().unwrap();
    let row = |cells: Vec<String>| {
        assert_eq!(cells.len(), names.len(), "{cells:?}");
        names.iter().cloned().zip(cells).collect()
    };
    lines.map(row).collect()
}

/// An assessed VCF without what is ours in it.
fn without_ours(text: &str) -> String {
    let mut plain = String::new();
    for line in text.lines() {
        if line.starts_with("##VCFA_") || line.starts_with("##INFO=<ID=VCFA_") {
            continue;
        }
        let mut columns: Vec<String> = line.split('\t').map(str::to_owned).collect();
        if !line.starts_with('#') {
            let kept: Vec<&str> = columns[7].split(';').filter(|field| !field.starts_with("VCFA_")).collect();
            let info = kept.join(";");
            columns[7] = if info.is_empty() { ".".to_owned() } else { info };
        }
        plain.push_str(&(columns.join("\t") + "\n"));
    }
    plain
}

pub fn info_of<'l>(text: &'l str, pos: &str) -> &'l str {
    let line = text.lines().find(|line| line.starts_with("chr1") && line.split('\t').nth(1) == Some(pos));
    line.unwrap_or_else(|| panic!("no record at {pos}")).split('\t').nth(7).unwrap()
}

// ---- VCF

#[test]
fn an_assessed_vcf_says_for_each_allele_what_was_concluded() {
    let (place, receipt) = odd();
    assert_eq!((number(&receipt, "selected"), number(&receipt, "answered"), number(&receipt, "abstained")), (4, 2, 2));
    let said = export(&place, &["--assessed"]);
    let text = &said.stdout;
    assert_eq!(
        info_of(text, "007"),
        "AF_EXAC=0.2,0.1;VCFA_SELECTED=1,0;VCFA_CONCLUSION=benign,.;VCFA_AGREEMENT=unanimous,.;VCFA_POINTS=-8,.;\
         VCFA_CRITERIA=BA1,.;VCFA_PROVIDER=rules/1,."
    );
    let abstained = "VCFA_SELECTED=1;VCFA_CONCLUSION=abstained;VCFA_AGREEMENT=no_answer;VCFA_POINTS=0;VCFA_CRITERIA=.;\
                     VCFA_PROVIDER=rules/1";
    assert_eq!(info_of(text, "20"), abstained, "INFO was `.`");
    assert_eq!(info_of(text, "30"), ".", "there is no ALT");
    assert_eq!(info_of(text, "40"), "DP=7;;AF_EXAC=.;VCFA_SELECTED=0");
    assert!(info_of(text, "50").contains(";VCFA_POINTS=-8;") && !info_of(text, "50").contains("POINTS=9"));
    // Declared once, and it is said who made it of what.
    assert_eq!(text.matches("##INFO=<ID=VCFA_POINTS,").count(), 1);
    let job = string(&receipt, "job");
    for line in [
        format!("##VCFA_version={}\n", env!("CARGO_PKG_VERSION")),
        format!("##VCFA_command=vcf-agent export {job} --format vcf --assessed\n"),
        "##VCFA_configuration=sha256:".to_owned(),
        format!("##VCFA_job={job}\n##VCFA_revision=1\n"),
        format!("##VCFA_file=sha256:{}\n", string(&receipt, "file_digest")),
        "##VCFA_notice=research use only".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} is missing in\n{text}");
    }
    assert!(!said.stderr.contains("no answer"), "{said:?}");
}

#[test]
fn what_is_not_ours_in_an_assessed_vcf_is_what_was_read_and_readers_take_it() {
    let test = "what_is_not_ours_in_an_assessed_vcf_is_what_was_read_and_readers_take_it";
    let mut files = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tour.vcf")];
    if let Some(folder) = shared(test) {
        let names =
            ["vep_csq_bcftools.vcf", "snpeff_ann.vcf", "gatk_HiSeq_10000.vcf", "vembrane_sv.vcf", "mutect_dream3.vcf"];
        files.extend(names.map(|name| folder.join(name)));
    }
    let has_bcftools = program(&format!("{test}: bcftools"), "bcftools");
    for file in files {
        let (place, receipt) = asked(&file, ASKED);
        let (plain, assessed) = (place.path("plain.vcf"), place.path("assessed.vcf"));
        for (more, path) in [(&["-o"][..], &plain), (&["--assessed", "-o"], &assessed)] {
            export(&place, &[more, &[path.to_str().unwrap()]].concat());
        }
        let text = fs::read_to_string(&assessed).unwrap();
        let same = without_ours(&text) == without_ours(&fs::read_to_string(&plain).unwrap());
        assert!(same, "{}: something else was changed", file.display());
        let ones: u64 = (text.lines().filter_map(|line| line.split_once("VCFA_SELECTED=")))
            .filter(|(before, _)| !before.starts_with('#'))
            .map(|(_, after)| {
                after.split([';', '\t']).next().unwrap().split(',').filter(|one| *one == "1").count() as u64
            })
            .sum();
        assert_eq!(ones, number(&receipt, "selected"), "{}", file.display());
        if has_bcftools {
            assert_eq!(bcftools_accepts(&assessed), bcftools_accepts(&plain), "{}", file.display());
        }
        // Read again and exported again it is the same but for what it says about itself.
        let again = place.run(&assessed).object();
        assert_eq!((number(&again, "records"), number(&again, "dead_records")), (number(&receipt, "records"), 0));
        let twice = place.call(["export", string(&again, "job"), "--assessed"]).expect(0).stdout;
        assert!(without_ours(&twice) == without_ours(&text), "{}", file.display());
        assert_eq!(twice.matches("##INFO=<ID=VCFA_").count(), 6);
    }
}

#[test]
fn bcftools_filters_by_what_was_concluded() {
    if !program("bcftools_filters_by_what_was_concluded", "bcftools") {
        return;
    }
    let (place, _) = odd();
    export(&place, &["--assessed", "-o", place.path("out.vcf").to_str().unwrap()]);
    let mut query = Command::new("bcftools");
    query.args(["query", "-i", "VCFA_CONCLUSION=\"benign\" && VCFA_POINTS<=-8", "-f", "%POS %VCFA_CRITERIA\\n"]);
    let said = query.arg(place.path("out.vcf")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout), "7 BA1,.\n50 BA1\n", "{said:?}");
}

// ---- tables

#[test]
fn no_cell_of_a_table_is_a_formula_and_numbers_stay_numbers() {
    let (place, _) = odd();
    let rows = table(&place, &["--samples", "all", "--assessed"]);
    let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str()).collect();
    assert_eq!(ids, ["", "", "'=1+1", "-5", "'+A1", "'@x", "'\"q"]);
    let points: Vec<&str> = rows.iter().map(|row| row["points"].as_str()).collect();
    assert_eq!(points, ["-8", "", "0", "", "", "-8", "0"]);
    assert_eq!(rows[0]["'=ONE.gt"], "0/1");
    for cell in rows.iter().flat_map(|row| row.iter().flat_map(|(name, cell)| [name, cell])) {
        let is_formula = cell.starts_with(['=', '+', '-', '@', '\r', '"']) && cell.parse::<f64>().is_err();
        assert!(!is_formula, "{cell}");
    }
}

#[test]
fn the_columns_of_tables_are_those_of_the_document() {
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/exports.md")).unwrap();
    let section = document.split("\n## ").find(|section| section.starts_with("Columns")).unwrap();
    let documented: Vec<&str> =
        section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let (place, _) = odd();
    let object = export(&place, &["--format", "jsonl", "--assessed", "--info", "--samples", "#1"]).stdout;
    let keys = object.lines().next().unwrap();
    let mut last = 0;
    for name in &documented {
        let at = keys.find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name} is documented and not there"));
        assert!(at >= last, "{name} stands elsewhere in the document");
        last = at;
    }
    let object: Value = serde_json::from_str(keys).unwrap();
    let genotype = object["genotypes"][0].as_object().unwrap().len();
    assert_eq!(documented.len(), object.as_object().unwrap().len() + genotype, "what is there is documented");
    let header = export(&place, &["--format", "tsv", "--assessed", "--info"]).stdout;
    let columns: Vec<&str> = header.lines().next().unwrap().split('\t').collect();
    let without_lists: Vec<&str> =
        documented.iter().copied().take_while(|name| *name != "genotypes").filter(|name| *name != "findings").collect();
    assert_eq!(columns, without_lists);
}

#[test]
fn objects_have_numbers_as_numbers_and_the_findings() {
    let (place, _) = odd();
    let all = objects(&place, &["--assessed", "--info", "--samples", "TWO"]);
    assert_eq!(all.len(), 7);
    let first = &all[0];
    assert_eq!((&first["pos"], &first["qual"], &first["alt_index"]), (&7.into(), &50.into(), &1.into()));
    assert_eq!((&first["id"], &first["population_frequency"]), (&Value::Null, &0.2.into()));
    assert_eq!(
        (&first["selected"], &first["points"], &first["conclusion"]),
        (&true.into(), &(-8).into(), &"benign".into())
    );
    let criteria = first["findings"][0]["criteria"].as_array().unwrap();
    let met: Vec<&Value> = criteria.iter().filter(|c| c["status"] == "met").map(|c| &c["code"]).collect();
    assert_eq!(met, ["BA1"]);
    assert_eq!((&all[1]["selected"], &all[1]["findings"]), (&false.into(), &Value::Null));
    assert_eq!(all[2]["id"], "=1+1", "nobody executes JSON");
    assert_eq!((&all[2]["info"], &all[4]["info"]), (&Value::Null, &"DP=7;;AF_EXAC=.".into()));
    assert_eq!((&all[3]["alt"], &all[3]["alt_index"]), (&Value::Null, &0.into()));
}

#[test]
fn genotypes_are_typed_for_each_sample_and_allele() {
    let (place, _) = odd();
    let all = objects(&place, &["--samples", "TWO,#1"]);
    let of = |row: usize, sample: usize| all[row]["genotypes"][sample].clone();
    assert_eq!(
        of(0, 1),
        serde_json::json!({"sample": "=ONE", "gt": "0/1", "zygosity": "het", "ploidy": 2, "phased": false, "half_call": false,
            "copies": 1, "dp": null, "gq": 31, "ad_ref": 5, "ad_alt": 6})
    );
    let fields = |value: Value| ["gt", "zygosity", "copies", "gq", "ad_alt"].map(|name| value[name].clone());
    assert_eq!(Value::from(fields(of(1, 0)).to_vec()), serde_json::json!(["1/2", "het", 1, null, 4]));
    assert_eq!(Value::from(fields(of(2, 0)).to_vec()), serde_json::json!(["./.", "missing", null, null, null]));
    assert_eq!(Value::from(fields(of(3, 1)).to_vec()), serde_json::json!(["0/0", "absent", 0, null, null]));
    let shape = |value: Value| ["zygosity", "ploidy", "phased", "half_call"].map(|name| value[name].clone());
    assert_eq!(Value::from(shape(of(4, 0)).to_vec()), serde_json::json!(["hemi", 1, null, false]));
    assert_eq!(Value::from(shape(of(4, 1)).to_vec()), serde_json::json!(["het", 2, true, false]));
    assert_eq!(Value::from(shape(of(5, 0)).to_vec()), serde_json::json!(["het", 2, false, true]));
    // The same in a table.
    let rows = table(&place, &["--samples", "TWO"]);
    assert_eq!((rows[5]["TWO.gt"].as_str(), rows[5]["TWO.half_call"].as_str()), ("./1", "true"));
}

#[test]
fn names_of_samples_are_told_only_to_whoever_asks() {
    let (place, _) = odd();
    let said = place.call(["export", "last", "--format", "tsv", "--samples", "THREE"]).expect(64);
    assert!(said.stderr.contains("the file has 2") && !said.stderr.contains("TWO"), "{said:?}");
    assert_eq!(export(&place, &["--samples", "?"]).stdout, "=ONE\nTWO\n");
    place.call(["export", "last", "--samples", "TWO"]).expect(64);
}

#[test]
fn genotypes_of_a_real_trio_are_those_of_its_lines() {
    let Some(folder) = shared("genotypes_of_a_real_trio_are_those_of_its_lines") else { return };
    let file = folder.join("ashk_trio.vcf.gz");
    let (place, receipt) = asked(&file, "");
    let all = objects(&place, &["--samples", "all"]);
    assert_eq!(all.len() as u64, number(&receipt, "stored"));
    let text = text_of(&file);
    let lines: Vec<&[u8]> = data_lines(&text).into_iter().map(|(_, line)| line).collect();
    let mut called = 0;
    for object in &all {
        let line = std::str::from_utf8(lines[object["ordinal"].as_u64().unwrap() as usize]).unwrap();
        let columns: Vec<&str> = line.split('\t').collect();
        let keys: Vec<&str> = columns[8].split(':').collect();
        for (nth, genotype) in object["genotypes"].as_array().unwrap().iter().enumerate() {
            let values: Vec<&str> = columns[9 + nth].split(':').collect();
            let of =
                |key: &str| values.get(keys.iter().position(|known| *known == key)?).copied().filter(|v| *v != ".");
            assert_eq!(genotype["gt"].as_str(), of("GT"), "{line}");
            assert_eq!(genotype["dp"].as_i64(), of("DP").map(|dp| dp.parse().unwrap()), "{line}");
            let alt = object["alt_index"].to_string();
            let copies = of("GT").filter(|gt| gt.contains(|c: char| c.is_ascii_digit()));
            let copies = copies.map(|gt| gt.split(['/', '|']).filter(|allele| *allele == alt).count() as u64);
            assert_eq!(genotype["copies"].as_u64(), copies, "{line}");
            let depth = of("AD").and_then(|list| list.split(',').nth(alt.parse().ok()?)?.parse().ok());
            assert_eq!(genotype["ad_alt"].as_i64(), depth, "{line}");
            called += u64::from(copies.is_some());
        }
    }
    assert!(called > all.len() as u64, "{called}");
}

// ---- Parquet

/// What DuckDB says to a query, as JSON; `None` if it is not there.
fn duckdb(test: &str, folder: &Path, query: &str) -> Option<Value> {
    let python = std::env::var("VCF_AGENT_PYTHON").unwrap_or_else(|_| "python3".into());
    let program = "import duckdb, json, sys; print(json.dumps(duckdb.sql(sys.argv[1]).fetchall()))";
    let has = Command::new(&python).args(["-c", "import duckdb"]).output();
    if !has.is_ok_and(|said| said.status.success()) {
        skip(test, &format!("{python} cannot import duckdb"));
        return None;
    }
    let said = Command::new(&python).args(["-c", program, query]).current_dir(folder).output().unwrap();
    assert!(said.status.success(), "{query}: {}", String::from_utf8_lossy(&said.stderr));
    Some(serde_json::from_slice(&said.stdout).unwrap())
}

#[test]
fn duckdb_reads_an_exported_parquet_file() {
    let test = "duckdb_reads_an_exported_parquet_file";
    let (place, receipt) = odd();
    let file = place.path("out.parquet");
    export(&place, &["--format", "parquet", "--assessed", "--samples", "all", "-o", file.to_str().unwrap()]);
    let folder = file.parent().unwrap();
    assert!(!entries(folder).iter().any(|path| path.to_string_lossy().ends_with(".part")));
    let ask = |query: &str| duckdb(test, folder, query);
    let Some(counts) = ask("SELECT count(*), count(*) FILTER (selected), count(conclusion) FROM 'out.parquet'") else {
        return;
    };
    assert_eq!(counts, serde_json::json!([[number(&receipt, "stored"), number(&receipt, "selected"), 4]]));
    let concluded = ask(
        "SELECT e.pos, a.conclusion = e.conclusion AND a.points = e.points AND a.findings = e.findings AND a.summary = e.summary
         FROM 'out.parquet' e JOIN 'data/assessments/*/assessments.parquet' a USING (ordinal, alt_index) ORDER BY e.pos",
    );
    assert_eq!(concluded, Some(serde_json::json!([[7, true], [20, true], [50, true], [60, true]])));
    let stored = ask(
        "SELECT count(*) FROM (SELECT * EXCLUDE (selected, conclusion, agreement, points, criteria, summary, providers, findings,
         ai_generated, research_use_only, requires_review, genotypes) FROM 'out.parquet' EXCEPT SELECT * FROM read_parquet('data/alleles/*/*.parquet', hive_partitioning = false))",
    );
    assert_eq!(stored, Some(serde_json::json!([[0]])), "the columns of the store are the store's");
    let genotypes = ask(
        "SELECT g.sample, g.gt, g.zygosity, g.copies, g.ad_alt FROM (SELECT unnest(genotypes) g FROM 'out.parquet' WHERE pos = 7 AND
         alt_index = 2)",
    );
    assert_eq!(genotypes, Some(serde_json::json!([["=ONE", "0/1", "absent", 0, 0], ["TWO", "1/2", "het", 1, 4]])));
    let about =
        ask("SELECT decode(value) FROM parquet_kv_metadata('out.parquet') WHERE decode(key) = 'vcf_agent.notice'");
    assert!(about.unwrap()[0][0].as_str().unwrap().contains("research use only"));
}

#[test]
fn the_first_row_of_a_record_that_is_written_has_its_texts() {
    let test = "the_first_row_of_a_record_that_is_written_has_its_texts";
    let text = ODD.replace("AF_EXAC=0.2,0.1", "AF_EXAC=0.2,0.3").replace("A\tC,<DEL>", "A\t<DEL>,C");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("odd.vcf"), text).unwrap();
    let (place, _) = asked(&folder.path().join("odd.vcf"), ASKED);
    let file = place.path("out.parquet");
    export(&place, &["--format", "parquet", "--selected", "-o", file.to_str().unwrap()]);
    let query = "SELECT alt, alt_index, info, line_text IS NOT NULL FROM 'out.parquet' WHERE pos = 7";
    let Some(rows) = duckdb(test, file.parent().unwrap(), query) else { return };
    assert_eq!(rows, serde_json::json!([["C", 2, "AF_EXAC=0.2,0.3", true]]));
}

#[test]
fn formats_agree_on_a_real_annotated_file() {
    let Some(folder) = shared("formats_agree_on_a_real_annotated_file") else { return };
    let (place, receipt) = asked(&folder.join("vep_csq_bcftools.vcf"), "[analysis]\nproviders = [\"rules\"]\n");
    let (rows, objects) = (table(&place, &["--assessed"]), objects(&place, &["--assessed"]));
    assert_eq!((rows.len() as u64, objects.len() as u64), (number(&receipt, "stored"), number(&receipt, "stored")));
    assert!(objects.iter().filter(|object| object["gene"].is_string()).count() > 500);
    for (row, object) in rows.iter().zip(&objects) {
        for (name, cell) in row {
            let expected = match &object[name] {
                Value::Null => String::new(),
                Value::String(text) => text.replace(['\t', '\n', '\r'], " "),
                other => other.to_string(),
            };
            let cell = if expected.starts_with('\'') { cell } else { cell.strip_prefix('\'').unwrap_or(cell) };
            let same =
                cell == expected || (cell.parse::<f64>().is_ok() && cell.parse::<f64>() == expected.parse::<f64>());
            assert!(same, "{name}: {cell} and {expected}");
        }
    }
}
