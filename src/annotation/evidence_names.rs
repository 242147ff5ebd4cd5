//! Which names of fields mean which evidence, and who says so. Names that people choose themselves (vcfanno, echtvar,
//! `vep --custom`) can only be configured.

/// A frequency in a population.
pub(super) struct Known {
    /// The column of an annotation or the INFO key.
    pub name: &'static str,
    /// Alleles observed for it at the place, if the tool writes them.
    pub alleles: Option<&'static str>,
    /// People who have it on both chromosomes, if the tool writes them.
    pub homozygotes: Option<&'static str>,
    /// Alleles of the whole data set, at least. `None` where the name does not tell the data set, or it is of the most
    /// frequent population, which may be small.
    pub dataset_alleles: Option<&'static str>,
}

const fn of_dataset(name: &'static str, alleles: &'static str) -> Known {
    Known { name, alleles: None, homozygotes: None, dataset_alleles: Some(alleles) }
}

const fn unsized_one(name: &'static str) -> Known {
    Known { name, alleles: None, homozygotes: None, dataset_alleles: None }
}

const fn counted(name: &'static str, alleles: &'static str, homozygotes: &'static str) -> Known {
    Known { name, alleles: Some(alleles), homozygotes: Some(homozygotes), dataset_alleles: None }
}

// Sizes: 1000 Genomes phase 3, 2,504 people; ESP6500, 6,503; ExAC 0.3, 60,706; gnomAD exomes 2.1.1, 125,748; gnomAD
// genomes 2.1.1, 15,708 (later releases of gnomAD are larger). Twice as many alleles.
const TGP: &str = "5008";
const ESP: &str = "13006";
const EXAC: &str = "121412";
const GNOMAD_EXOMES: &str = "251496";
const GNOMAD_GENOMES: &str = "31416";

/// Columns of annotations, first VEP's own (`--af_1kg`, `--af_gnomade`, `--af_gnomadg`, `--max_af`), with the names of its
/// older releases; then those of VEP's plugin dbNSFP, which are dbNSFP's.
pub(super) const FREQUENCY_COLUMNS: [Known; 14] = [
    of_dataset("AF", TGP),
    of_dataset("GMAF", TGP),
    of_dataset("ExAC_AF", EXAC),
    of_dataset("ExAC_MAF", EXAC),
    of_dataset("gnomAD_AF", GNOMAD_EXOMES),
    of_dataset("gnomADe_AF", GNOMAD_EXOMES),
    of_dataset("gnomADg_AF", GNOMAD_GENOMES),
    unsized_one("MAX_AF"),
    of_dataset("1000Gp3_AF", TGP),
    of_dataset("gnomAD_exomes_AF", GNOMAD_EXOMES),
    of_dataset("gnomAD_genomes_AF", GNOMAD_GENOMES),
    counted("gnomAD_exomes_POPMAX_AF", "gnomAD_exomes_POPMAX_AN", "gnomAD_exomes_POPMAX_nhomalt"),
    counted("gnomAD_genomes_POPMAX_AF", "gnomAD_genomes_POPMAX_AN", "gnomAD_genomes_POPMAX_nhomalt"),
    of_dataset("ExAC_Adj_AF", EXAC),
];

/// INFO keys: ClinVar's own file (AF_ESP, AF_EXAC, AF_TGP); gnomAD's sites files of 2.1 (popmax) and of 4 (grpmax, joint);
/// SnpSift dbnsfp. `AF` alone is not here: it is mostly of the file's own samples.
pub(super) const FREQUENCY_KEYS: [Known; 9] = [
    of_dataset("AF_ESP", ESP),
    of_dataset("AF_EXAC", EXAC),
    of_dataset("AF_TGP", TGP),
    counted("AF_popmax", "AN_popmax", "nhomalt_popmax"),
    counted("AF_grpmax", "AN_grpmax", "nhomalt_grpmax"),
    counted("AF_grpmax_joint", "AN_grpmax_joint", "nhomalt_grpmax_joint"),
    of_dataset("dbNSFP_1000Gp3_AF", TGP),
    of_dataset("dbNSFP_ExAC_AF", EXAC),
    of_dataset("dbNSFP_gnomAD_exomes_AF", GNOMAD_EXOMES),
];

/// REVEL in annotations: VEP's plugins REVEL and dbNSFP.
pub(super) const REVEL_COLUMNS: [&str; 2] = ["REVEL", "REVEL_score"];

/// REVEL in INFO: gnomAD 4, SnpSift dbnsfp, and the plain name.
pub(super) const REVEL_KEYS: [&str; 3] = ["revel_max", "dbNSFP_REVEL_score", "REVEL"];

/// VEP's plugin SpliceAI: the gain and loss of acceptor and donor.
pub(super) const SPLICEAI_COLUMNS: [&str; 4] =
    ["SpliceAI_pred_DS_AG", "SpliceAI_pred_DS_AL", "SpliceAI_pred_DS_DG", "SpliceAI_pred_DS_DL"];

/// SpliceAI's own INFO field: `ALLELE|SYMBOL|DS_AG|DS_AL|DS_DG|DS_DL|…`.
pub(super) const SPLICEAI_KEY: &str = "SpliceAI";

/// gnomAD 4: the highest of the four.
pub(super) const SPLICEAI_MAX_KEY: &str = "spliceai_ds_max";

/// VEP's plugin LoF (LOFTEE).
pub(super) const LOFTEE_COLUMN: &str = "LoF";

/// VEP (`--numbers`) and SnpEff.
pub(super) const EXON_COLUMNS: [&str; 2] = ["EXON", "Rank"];

/// ClinVar's own file: `SO:0001583|missense_variant,…` and `SYMBOL:id|…`.
pub(super) const MC_KEY: &str = "MC";
/// See [`MC_KEY`].
pub(super) const GENEINFO_KEY: &str = "GENEINFO";
