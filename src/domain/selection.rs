//! What triage decides, and the names under which it counts what it drops.

use super::rows::Bits;

/// A clause of triage: its name in receipts and what it drops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause {
    /// The name in the receipt's `dropped`.
    pub name: &'static str,
    /// What it drops, for people.
    pub doc: &'static str,
}

/// The clause of a node on which nothing is asked for: it drops everything.
pub const NOT_ASKED: Clause = Clause {
    name: "not_asked",
    doc: "`triage.use` says `nothing`: every row is dropped here and no other clause is looked at.",
};

/// The clause of a file that lacks what the triage needs.
pub const NOT_ANNOTATED: Clause = Clause {
    name: "not_annotated",
    doc: "The triage asks for consequences, genes or ClinVar, and the file's header declares none of them: every row is \
          dropped here and no other clause is looked at. Annotate the file first.",
};

/// The clauses in the order in which they are asked.
pub const CLAUSES: [Clause; 12] = [
    Clause { name: "no_alt", doc: "The record has no ALT (`.`): there is no allele to analyse. Always asked." },
    Clause {
        name: "not_analysable",
        doc: "REF or this ALT is not a plain sequence of A, C, G, T and N (any case): symbolic alleles (`<DEL>`), \
              `*`, `<*>`, `<NON_REF>`, breakends, other letters. Always asked.",
    },
    Clause {
        name: "filter",
        doc: "FILTER holds an entry that is not in `triage.filter`. A record without filters is `.` in that list.",
    },
    Clause {
        name: "qual",
        doc: "QUAL is below `triage.qual.min`, or missing where `triage.qual.missing` says `drop`.",
    },
    Clause {
        name: "genotype",
        doc: "The sample does not have this allele in one of the states of `triage.genotype.zygosity`, or its GQ or DP is \
              too low, or missing where `triage.genotype.missing` says `drop`.",
    },
    Clause {
        name: "de_novo",
        doc: "The child of `triage.de_novo` does not have this allele, or a parent has it, or a parent was not called.",
    },
    Clause {
        name: "allele_frequency",
        doc: "The frequency of this allele is above `triage.allele_frequency.max`, or there is none where \
              `triage.allele_frequency.missing` says `drop`.",
    },
    Clause {
        name: "effect",
        doc: "None of the reasons in `triage.effect` holds: no listed impact, no listed consequence or kind of one, no \
              listed classification in ClinVar.",
    },
    Clause { name: "regions", doc: "The bases of REF overlap no interval of `triage.regions.file`." },
    Clause { name: "genes", doc: "No annotation of the record names a gene of `triage.genes`." },
    Clause { name: "expression", doc: "`triage.expression` does not hold for the record." },
    Clause {
        name: "expression_undecided",
        doc: "`triage.expression` cannot be decided for the record, where bcftools would stop with an error: lists of \
              different lengths are joined, INFO/AC counts more than INFO/AN, a genotype names an allele that is not there.",
    },
];

/// Places in [`CLAUSES`].
pub mod clause {
    #![allow(missing_docs)]
    pub const NO_ALT: usize = 0;
    pub const NOT_ANALYSABLE: usize = 1;
    pub const FILTER: usize = 2;
    pub const QUAL: usize = 3;
    pub const GENOTYPE: usize = 4;
    pub const DE_NOVO: usize = 5;
    pub const ALLELE_FREQUENCY: usize = 6;
    pub const EFFECT: usize = 7;
    pub const REGIONS: usize = 8;
    pub const GENES: usize = 9;
    pub const EXPRESSION: usize = 10;
    pub const EXPRESSION_UNDECIDED: usize = 11;
}

/// What triage decided for a batch of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// One bit per row; set = selected.
    pub bits: Bits,
    /// How many are set.
    pub selected: u64,
    /// Rows dropped, by clause, in clause order; clauses that dropped nothing are left out.
    pub dropped: Vec<(&'static str, u64)>,
}

impl Selection {
    /// All of so many rows are dropped by one clause, without a look at them.
    pub fn none(rows: usize, clause: Clause) -> Self {
        let mut bits = Bits::default();
        (0..rows).for_each(|_| bits.push(false));
        let dropped = if rows == 0 { Vec::new() } else { vec![(clause.name, rows as u64)] };
        Self { bits, selected: 0, dropped }
    }
}

/// The known clause of this name, for a name that was read from somewhere.
pub fn clause_name(name: &str) -> Option<&'static str> {
    CLAUSES.iter().chain([&NOT_ASKED, &NOT_ANNOTATED]).map(|clause| clause.name).find(|known| *known == name)
}
