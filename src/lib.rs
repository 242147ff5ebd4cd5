//! vcf-agent: an actor-based stream processing engine for genomic variants.
pub mod config;
pub mod data_dir;
pub mod delivery;
pub mod domain;
pub mod fault;
pub mod ledger;
pub mod report;
pub mod run;
pub mod stores;
pub mod vcf;
