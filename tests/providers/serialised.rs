//! What travels and is stored comes back as it was: JSON for people and the ledger, MessagePack for the streams.

use vcf_agent::domain::finding::{Assessment, Classification, Code, Evidence, Finding, Item, merge};
use vcf_agent::providers::Task;
use vcf_agent::providers::rules::{Settings, judge};

use crate::support::{evidence, task};

fn comes_back<T>(value: &T)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let json = serde_json::to_vec(value).unwrap();
    assert_eq!(&serde_json::from_slice::<T>(&json).unwrap(), value);
    for packed in [rmp_serde::to_vec(value).unwrap(), rmp_serde::to_vec_named(value).unwrap()] {
        assert_eq!(&rmp_serde::from_slice::<T>(&packed).unwrap(), value);
    }
}

fn full() -> Evidence {
    let values: Vec<(Item, &str)> = Item::ALL.iter().map(|item| (*item, "1")).collect();
    evidence(&values)
}

#[test]
fn evidence_findings_and_assessments_come_back_as_they_were() {
    let common =
        [(Item::Consequence, "missense_variant"), (Item::PopulationFrequency, "0.2"), (Item::DatasetAlleles, "5008")];
    for evidence in [Evidence::default(), evidence(&[]), evidence(&common), full()] {
        let finding = judge(&evidence, &Settings::default());
        comes_back::<Task>(&task(3, evidence.clone()));
        comes_back::<Evidence>(&evidence);
        comes_back::<Finding>(&finding);
        comes_back::<Assessment>(&merge(vec![finding], 1));
    }
}

#[test]
fn the_words_are_those_of_the_field() {
    let json = serde_json::to_string(&evidence(&[(Item::SpliceAi, "0.3")])).unwrap();
    assert!(json.contains(r#"{"item":"spliceai","value":"0.3","source":"INFO/spliceai"}"#), "{json}");
    for item in Item::ALL {
        assert_eq!(serde_json::to_value(item).unwrap(), item.as_str());
    }
    for code in Code::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    }
    assert_eq!(Code::ALL.len(), 26, "28 less the two that are retired");
    assert_eq!(serde_json::to_value(Classification::UncertainSignificance).unwrap(), "uncertain_significance");
}
