//! The consequence terms as data: what VEP, SnpEff and bcftools csq write, most severe first.
//!
//! Sources. Accessions and `is_a` parents: the Sequence Ontology, release 2024-11-18, read within its `sequence_variant`
//! branch; a term of another branch (SnpEff also writes names of features, such as `intergenic_region`) has no parents
//! here. Ranks and impacts: Ensembl's table of calculated consequences (VEP 115), ranks 1 to 41. Terms that VEP does not
//! rank stand beside their neighbours in SnpEff's own order of effects (SnpEff 5.4), with SnpEff's impact. The last rows
//! are only there as parents: no tool writes them.

use super::terms::Impact::{self, High, Low, Moderate, Modifier};

/// One term.
pub(super) struct Row {
    pub name: &'static str,
    /// Empty for SnpEff's two terms that the ontology lacks.
    pub accession: &'static str,
    /// In Ensembl's table; 0 if it is not there.
    pub vep_rank: u8,
    pub impact: Impact,
    pub parents: &'static [&'static str],
}

const fn row(
    name: &'static str,
    accession: &'static str,
    vep_rank: u8,
    impact: Impact,
    parents: &'static [&'static str],
) -> Row {
    Row { name, accession, vep_rank, impact, parents }
}

/// Every known term, the most severe first.
#[rustfmt::skip]
pub(super) static ROWS: [Row; 91] = [
    row("chromosome_number_variation", "SO:1000182", 0, High, &[]),
    row("transcript_ablation", "SO:0001893", 1, High, &["feature_ablation"]),
    row("feature_ablation", "SO:0001879", 0, High, &["structural_variant"]),
    row("rearranged_at_DNA_level", "SO:0000904", 0, High, &[]),
    row("bidirectional_gene_fusion", "SO:0002086", 0, High, &["gene_fusion"]),
    row("gene_fusion", "SO:0001565", 0, High, &["gene_variant", "feature_fusion"]),
    row("exon_loss_variant", "SO:0001572", 0, High, &["splicing_variant"]),
    row("splice_acceptor_variant", "SO:0001574", 2, High, &["splice_site_variant"]),
    row("splice_donor_variant", "SO:0001575", 3, High, &["splice_site_variant"]),
    row("stop_gained", "SO:0001587", 4, High, &["feature_truncation", "nonsynonymous_variant"]),
    row("frameshift_variant", "SO:0001589", 5, High, &["protein_altering_variant"]),
    row("stop_lost", "SO:0001578", 6, High, &["terminator_codon_variant", "feature_elongation", "nonsynonymous_variant"]),
    row("start_lost", "SO:0002012", 7, High, &["initiator_codon_variant", "nonsynonymous_variant"]),
    row("transcript_amplification", "SO:0001889", 8, High, &["feature_amplification"]),
    row("feature_elongation", "SO:0001907", 9, High, &["feature_variant"]),
    row("feature_truncation", "SO:0001906", 10, High, &["feature_variant"]),
    row("rare_amino_acid_variant", "SO:0002008", 0, High, &["non_conservative_missense_variant"]),
    row("duplication", "SO:1000035", 0, High, &[]),
    row("inversion", "SO:1000036", 0, High, &[]),
    row("protein_protein_contact", "SO:0001093", 0, High, &[]),
    row("structural_interaction_variant", "SO:0002093", 0, High, &["3D_polypeptide_structure_variant"]),
    row("inframe_variant", "SO:0001650", 0, Moderate, &["protein_altering_variant"]),
    row("disruptive_inframe_insertion", "SO:0001824", 0, Moderate, &["inframe_insertion"]),
    row("inframe_insertion", "SO:0001821", 11, Moderate, &["inframe_indel", "internal_feature_elongation"]),
    row("conservative_inframe_insertion", "SO:0001823", 0, Moderate, &["inframe_insertion"]),
    row("disruptive_inframe_deletion", "SO:0001826", 0, Moderate, &["inframe_deletion"]),
    row("inframe_deletion", "SO:0001822", 12, Moderate, &["inframe_indel", "feature_truncation"]),
    row("conservative_inframe_deletion", "SO:0001825", 0, Moderate, &["inframe_deletion"]),
    row("missense_variant", "SO:0001583", 13, Moderate, &["nonsynonymous_variant"]),
    row("protein_altering_variant", "SO:0001818", 14, Moderate, &["coding_sequence_variant"]),
    row("5_prime_UTR_truncation", "SO:0002013", 0, Moderate, &["5_prime_UTR_variant"]),
    row("3_prime_UTR_truncation", "SO:0002015", 0, Moderate, &["3_prime_UTR_variant"]),
    row("splice_donor_5th_base_variant", "SO:0001787", 15, Low, &["splice_site_variant"]),
    row("splice_region_variant", "SO:0001630", 16, Low, &["splicing_variant"]),
    row("splice_donor_region_variant", "SO:0002170", 17, Low, &["splice_region_variant"]),
    row("splice_polypyrimidine_tract_variant", "SO:0002169", 18, Low, &["splicing_variant"]),
    row("splice_branch_variant", "", 0, Low, &[]),
    row("incomplete_terminal_codon_variant", "SO:0001626", 19, Low, &["terminator_codon_variant", "inframe_variant"]),
    row("initiator_codon_variant", "SO:0001582", 0, Low, &["coding_sequence_variant"]),
    row("start_retained_variant", "SO:0002019", 20, Low, &["initiator_codon_variant", "synonymous_variant"]),
    row("stop_retained_variant", "SO:0001567", 21, Low, &["terminator_codon_variant", "synonymous_variant"]),
    row("synonymous_variant", "SO:0001819", 22, Low, &["coding_sequence_variant"]),
    row("5_prime_UTR_premature_start_codon_gain_variant", "SO:0001988", 0, Low, &["5_prime_UTR_premature_start_codon_variant"]),
    row("feature_fusion", "SO:0001882", 0, Low, &["structural_variant"]),
    row("coding_sequence_variant", "SO:0001580", 23, Modifier, &["exon_variant", "coding_transcript_variant"]),
    row("mature_miRNA_variant", "SO:0001620", 24, Modifier, &["non_coding_transcript_variant"]),
    row("miRNA", "SO:0000276", 0, Modifier, &[]),
    row("5_prime_UTR_variant", "SO:0001623", 25, Modifier, &["UTR_variant"]),
    row("3_prime_UTR_variant", "SO:0001624", 26, Modifier, &["UTR_variant"]),
    row("non_coding_transcript_exon_variant", "SO:0001792", 27, Modifier, &["non_coding_transcript_variant", "exon_variant"]),
    row("exon_region", "SO:0000852", 0, Modifier, &[]),
    row("conserved_intron_variant", "SO:0002018", 0, Modifier, &["intron_variant"]),
    row("intron_variant", "SO:0001627", 28, Modifier, &["transcript_variant"]),
    row("NMD_transcript_variant", "SO:0001621", 29, Modifier, &["transcript_variant"]),
    row("non_coding_transcript_variant", "SO:0001619", 30, Modifier, &["transcript_variant"]),
    row("coding_transcript_variant", "SO:0001968", 31, Modifier, &["transcript_variant"]),
    row("intragenic_variant", "SO:0002011", 0, Modifier, &["transcript_variant"]),
    row("gene_variant", "SO:0001564", 0, Modifier, &["feature_variant"]),
    row("upstream_gene_variant", "SO:0001631", 32, Modifier, &["intergenic_variant"]),
    row("downstream_gene_variant", "SO:0001632", 33, Modifier, &["intergenic_variant"]),
    row("TFBS_ablation", "SO:0001895", 34, Moderate, &["regulatory_region_ablation"]),
    row("TFBS_amplification", "SO:0001892", 35, Modifier, &["regulatory_region_amplification"]),
    row("TF_binding_site_variant", "SO:0001782", 36, Modifier, &["regulatory_region_variant"]),
    row("regulatory_region_ablation", "SO:0001894", 37, Modifier, &["feature_ablation"]),
    row("regulatory_region_amplification", "SO:0001891", 38, Modifier, &["feature_amplification"]),
    row("regulatory_region_variant", "SO:0001566", 39, Modifier, &["feature_variant"]),
    row("sequence_feature", "SO:0000110", 0, Modifier, &[]),
    row("custom", "", 0, Modifier, &[]),
    row("conserved_intergenic_variant", "SO:0002017", 0, Modifier, &["intergenic_variant"]),
    row("intergenic_variant", "SO:0001628", 40, Modifier, &["feature_variant"]),
    row("intergenic_region", "SO:0000605", 0, Modifier, &[]),
    row("chromosome", "SO:0000340", 0, Modifier, &[]),
    row("sequence_variant", "SO:0001060", 41, Modifier, &[]),
    // Only parents.
    row("structural_variant", "SO:0001537", 0, Modifier, &["sequence_variant"]),
    row("feature_variant", "SO:0001878", 0, Modifier, &["structural_variant"]),
    row("splicing_variant", "SO:0001568", 0, Modifier, &["transcript_variant"]),
    row("transcript_variant", "SO:0001576", 0, Modifier, &["gene_variant"]),
    row("splice_site_variant", "SO:0001629", 0, Modifier, &["splicing_variant", "intron_variant"]),
    row("nonsynonymous_variant", "SO:0001992", 0, Modifier, &["inframe_variant"]),
    row("exon_variant", "SO:0001791", 0, Modifier, &["transcript_variant"]),
    row("terminator_codon_variant", "SO:0001590", 0, Modifier, &["coding_sequence_variant"]),
    row("feature_amplification", "SO:0001880", 0, Modifier, &["structural_variant"]),
    row("non_conservative_missense_variant", "SO:0001586", 0, Modifier, &["missense_variant"]),
    row("3D_polypeptide_structure_variant", "SO:0001599", 0, Modifier, &["translational_product_function_variant"]),
    row("translational_product_function_variant", "SO:0001539", 0, Modifier, &["functionally_abnormal"]),
    row("functionally_abnormal", "SO:0002218", 0, Modifier, &["functional_effect_variant"]),
    row("functional_effect_variant", "SO:0001536", 0, Modifier, &["sequence_variant"]),
    row("inframe_indel", "SO:0001820", 0, Modifier, &["inframe_variant"]),
    row("internal_feature_elongation", "SO:0001908", 0, Modifier, &["feature_elongation"]),
    row("UTR_variant", "SO:0001622", 0, Modifier, &["exon_variant", "coding_transcript_variant"]),
    row("5_prime_UTR_premature_start_codon_variant", "SO:0001983", 0, Modifier, &["5_prime_UTR_variant"]),
];

/// Other names of the same terms.
pub(super) static ALIASES: [(&str, &str); 21] = [
    // bcftools csq leaves the end off.
    ("3_prime_utr", "3_prime_UTR_variant"),
    ("5_prime_utr", "5_prime_UTR_variant"),
    ("coding_sequence", "coding_sequence_variant"),
    ("frameshift", "frameshift_variant"),
    // Indels that together leave frame and length unchanged.
    ("inframe_altering", "inframe_variant"),
    ("intergenic", "intergenic_variant"),
    ("intron", "intron_variant"),
    ("missense", "missense_variant"),
    ("NMD_transcript", "NMD_transcript_variant"),
    ("non_coding", "non_coding_transcript_variant"),
    ("splice_acceptor", "splice_acceptor_variant"),
    ("splice_donor", "splice_donor_variant"),
    ("splice_region", "splice_region_variant"),
    ("start_retained", "start_retained_variant"),
    ("stop_retained", "stop_retained_variant"),
    ("synonymous", "synonymous_variant"),
    // As in bcftools' documentation of the types, though it writes them without the end.
    ("non_coding_variant", "non_coding_transcript_variant"),
    // Older names, in files of older releases of VEP and SnpEff.
    ("non_coding_exon_variant", "non_coding_transcript_exon_variant"),
    ("nc_transcript_variant", "non_coding_transcript_variant"),
    ("transcript", "non_coding_transcript_variant"),
    ("non_canonical_start_codon", "start_retained_variant"),
];
