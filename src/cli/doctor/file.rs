//! What a file lacks for the triage that is asked and for the first answer, and what people can type to get it. Only the header is read.

use std::fs::File;
use std::path::Path;

use super::{Check, State};
use crate::annotation::{Frequencies, Schema};
use crate::cli::failure::{Failure, INPUT};
use crate::cli::render::{shell_word, thousands};
use crate::config::Settings;
use crate::triage::{Missing, Selector, Triage};
use crate::vcf::header::Header;
use crate::vcf::reader::Reader;

/// What follows every command that annotates.
const MORE: &str = "`vcf-agent help annotate` tells more";

/// The checks of a file. A file that cannot be read fails; what it lacks is a warning: it can be stored all the same.
pub fn checks(path: &Path, settings: &Settings) -> Vec<Check> {
    let header = match header(path, settings) {
        Ok(header) => header,
        Err(failed) => return vec![failed],
    };
    let (schema, notices) = Schema::from_info_lines(&header.info_texts());
    let asked = Asked { triage: settings.triage.as_ref(), is_answered: !settings.providers.is_empty() };
    let name = shell_word(&path.to_string_lossy());
    let mut all = vec![form(&header), assembly(&header, &name)];
    all.push(consequences(&schema, &asked, (&name, header.assembly.as_deref())));
    all.extend(notices.into_iter().map(|notice| warn("annotations", notice.message)));
    all.push(frequencies(&header, &schema, &settings.frequencies, &asked, &name));
    all.push(clinvar(&schema, &asked, &name));
    all.extend(triage(&header, &asked));
    all
}

/// Who wants what the file may lack.
struct Asked<'a> {
    triage: Option<&'a Triage>,
    /// Somebody is asked about what is selected.
    is_answered: bool,
}

impl Asked<'_> {
    fn wants_consequences(&self) -> bool {
        let effect = self.triage.and_then(|triage| triage.effect.as_ref());
        let by_effect = effect.is_some_and(|effect| !effect.impact.is_empty() || !effect.consequence.is_empty());
        self.is_answered || by_effect || self.triage.is_some_and(|triage| triage.genes.is_some())
    }

    fn wants_clinvar(&self) -> bool {
        let effect = self.triage.and_then(|triage| triage.effect.as_ref());
        effect.is_some_and(|effect| !effect.clinvar.is_empty())
    }
}

fn warn(name: &'static str, says: impl Into<String>) -> Check {
    Check::new(name, State::Warn, says)
}

/// Something that is absent: a warning if somebody wants it.
fn absent(name: &'static str, is_wanted: bool, says: String) -> Check {
    if is_wanted { warn(name, says) } else { Check::ok(name, format!("{says} (nothing here asks for it)")) }
}

fn header(path: &Path, settings: &Settings) -> Result<Header, Check> {
    let shown = path.display();
    let is_file = std::fs::metadata(path).map(|found| found.is_file());
    let opened = match is_file {
        Ok(true) => File::open(path),
        Ok(false) => {
            return Err(Check::fail("file", INPUT, format!("{shown} is no file: a pipe can be read only once")));
        }
        Err(error) => Err(error),
    };
    let file = opened.map_err(|error| Check::fail("file", INPUT, format!("{shown} cannot be opened: {error}")))?;
    let reader = Reader::open(Box::new(file), false, settings.read.clone()).map_err(|error| {
        let says = format!("{shown}: {error}");
        Check::fail("file", Failure::from(error).code, says)
    })?;
    Ok(reader.header().clone())
}

fn form(header: &Header) -> Check {
    let kind = if header.dictionaries.is_some() { "BCF, VCF" } else { "VCF" };
    let (major, minor) = header.version;
    let (samples, contigs) = (thousands(header.samples as u64), thousands(header.contigs.len() as u64));
    Check::ok("file", format!("{kind} {major}.{minor}, {samples} samples, {contigs} contigs declared"))
}

fn assembly(header: &Header, name: &str) -> Check {
    match &header.assembly {
        Some(assembly) => Check::ok("assembly", assembly.clone()),
        None => warn(
            "assembly",
            format!(
                "unknown: neither lengths of contigs nor ##reference tell; `bcftools reheader --fai REF.fa.fai {name} -o OUT` \
                 writes the lengths of your reference"
            ),
        ),
    }
}

fn consequences(schema: &Schema, asked: &Asked<'_>, (name, assembly): (&str, Option<&str>)) -> Check {
    if schema.sources.is_empty() {
        let assembly = assembly.map_or_else(|| "ASSEMBLY".to_owned(), shell_word);
        let says = format!(
            "none declared (CSQ, ANN, BCSQ): `vep --offline --cache --assembly {assembly} --vcf --everything --mane --compress_output \
             bgzip -i {name} -o annotated.vcf.gz`, or `bcftools csq -p a -f REF.fa -g GENES.gff3.gz {name} -Oz -o annotated.vcf.gz`; \
             {MORE}"
        );
        return absent("consequences", asked.wants_consequences(), says);
    }
    let sources: Vec<String> =
        schema.sources.iter().map(|source| format!("INFO/{} by {}", source.key, source.dialect.as_str())).collect();
    Check::ok("consequences", sources.join(", "))
}

/// The fields in which frequencies of populations are looked for, and whether the file declares one.
fn frequencies(header: &Header, schema: &Schema, configured: &Frequencies, asked: &Asked<'_>, name: &str) -> Check {
    let clause = asked.triage.and_then(|triage| triage.allele_frequency.as_ref());
    let own = clause.and_then(|clause| clause.fields.as_ref());
    let keys = own.unwrap_or(&configured.info_keys);
    let declared = keys.iter().filter(|key| header.infos.iter().any(|line| line.id == **key));
    let mut found: Vec<String> = declared.map(|key| format!("INFO/{key}")).collect();
    if own.is_none() {
        for source in &schema.sources {
            let columns = configured.sub_fields.iter().filter(|column| source.column(column).is_some());
            found.extend(columns.map(|column| format!("INFO/{}:{column}", source.key)));
        }
    }
    if !found.is_empty() {
        return Check::ok("frequencies", found.join(", "));
    }
    let effect = match clause.map(|clause| clause.missing) {
        Some(Missing::Drop) => "; `triage.allele_frequency.missing` is `drop`, so nothing would be selected",
        Some(Missing::Keep) => "; `triage.allele_frequency` keeps all, and common alleles with them",
        None => "",
    };
    let looked_for = keys.join(", ");
    let says = format!(
        "no population's frequency is declared (looked for: {looked_for}){effect}; `bcftools annotate -a gnomad.vcf.gz -c \
         INFO/{}:=INFO/AF {name} -Oz -o out.vcf.gz`; {MORE}",
        own.and_then(|own| own.first()).map_or("gnomAD_AF", String::as_str)
    );
    absent("frequencies", clause.is_some() || asked.is_answered, says)
}

fn clinvar(schema: &Schema, asked: &Asked<'_>, name: &str) -> Check {
    let is_column = |column: &String| column.ends_with("CLNSIG") || column.eq_ignore_ascii_case("CLIN_SIG");
    let columns = schema.sources.iter().filter_map(|source| {
        Some(format!("INFO/{}:{}", source.key, source.columns.iter().find(|column| is_column(column))?))
    });
    let fields = schema.clinvar.significance.then(|| "INFO/CLNSIG".to_owned());
    let found: Vec<String> = fields.into_iter().chain(columns).collect();
    if !found.is_empty() {
        return Check::ok("clinvar", found.join(", "));
    }
    let says = format!(
        "none declared: `bcftools annotate -a clinvar.vcf.gz -c INFO/CLNSIG,INFO/CLNREVSTAT {name} -Oz -o out.vcf.gz`; {MORE}"
    );
    absent("clinvar", asked.wants_clinvar(), says)
}

/// What the triage itself finds lacking: samples, fields of its expression, annotations altogether.
fn triage(header: &Header, asked: &Asked<'_>) -> Vec<Check> {
    let Some(triage) = asked.triage else {
        return vec![Check::ok("triage", "nothing is asked for (`triage.use`): every allele is stored, none selected")];
    };
    let selector = Selector::new(triage, header);
    if selector.notices().is_empty() {
        return vec![Check::ok("triage", "can be asked of this file")];
    }
    // They are worded for a receipt, after the fact.
    let before = |message: &str| message.replacen("nothing was selected", "nothing would be selected", 1);
    selector.notices().iter().map(|notice| warn("triage", before(&notice.message))).collect()
}
