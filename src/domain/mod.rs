//! Pure data and pure functions: the words of the product. Imports nothing of the crate.

pub mod allele;
pub mod allele_id;
pub mod annotations;
pub mod answer;
pub mod assembly;
pub mod bed;
pub mod counts;
pub mod dead;
pub mod digest;
pub mod finding;
pub mod ga4gh;
pub mod genotype;
pub mod identities;
pub mod ids;
pub mod info;
pub mod receipt;
pub mod rows;
pub mod selection;
pub mod warning;
