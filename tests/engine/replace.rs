//! A new layout of a file takes the place of the old one: old out, then new in, wherever a crash falls. Readers may see neither for a
//! moment, never both.

use std::sync::Arc;

use vcf_agent::actors::boot::boot;
use vcf_agent::delivery::job::JobState;
use vcf_agent::domain::digest::DigestSum;
use vcf_agent::domain::ids::{FileDigest, JobId};
use vcf_agent::domain::receipt::Certificate;
use vcf_agent::domain::rows::Rows;
use vcf_agent::ledger::{Ledger, Mode, OpenJob};
use vcf_agent::stores::Store;

use crate::memory_store::MemoryStore;

/// How far a publication came before its process died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    Publishing,
    OldReplaced,
    OldDeleted,
    NewPublished,
}

fn accept(ledger: &Ledger, layout: &str, now_ms: u64) -> JobId {
    let open = OpenJob {
        tenant: "default".into(),
        file_digest: Some(FileDigest([7; 32])),
        layout: layout.into(),
        file: "a.vcf".into(),
        bytes: 1,
        header: Vec::new(),
        samples: 0,
        assembly: None,
        triage: String::new(),
        random: 1,
        now_ms,
    };
    ledger.open_job(open).wait().unwrap().job
}

fn become_state(ledger: &Ledger, job: &JobId, next: JobState) {
    let sum = DigestSum::default();
    let certificate = Certificate { rows: 0, digest_sum: sum, expected_digest_sum: sum, holds: true };
    ledger.set_state(job, next, Some(certificate), None, 1).wait().unwrap();
}

#[test]
fn readers_never_see_an_old_and_a_new_layout_of_a_file_at_once() {
    for reached in [Reached::Publishing, Reached::OldReplaced, Reached::OldDeleted, Reached::NewPublished] {
        let dir = tempfile::tempdir().unwrap();
        let (ledger, store) = (Ledger::open(dir.path(), Mode::Inline).unwrap(), MemoryStore::new(Box::new(|_| None)));
        let old = accept(&ledger, "layout 1", 1);
        store.publish(&old).unwrap();
        become_state(&ledger, &old, JobState::Publishing);
        become_state(&ledger, &old, JobState::Complete);
        let new = accept(&ledger, "layout 2", 2);
        store.write_group(&new, 0, &[(0, Arc::new(Rows::default()))]).unwrap();
        become_state(&ledger, &new, JobState::Publishing);
        if reached >= Reached::OldReplaced {
            become_state(&ledger, &old, JobState::Replaced);
        }
        if reached >= Reached::OldDeleted {
            store.delete(&old).unwrap();
        }
        if reached >= Reached::NewPublished {
            store.publish(&new).unwrap();
        }
        boot(&ledger, &store, 3).unwrap();
        let disk = store.disk();
        assert_eq!(disk.published.keys().collect::<Vec<_>>(), [&new], "{reached:?}");
        assert_eq!(disk.visible_max, 1, "{reached:?}: both were visible");
        let reader = ledger.reader().unwrap();
        let state = |job: &JobId| reader.job(job).unwrap().expect("the job").state;
        assert_eq!((state(&old), state(&new)), (JobState::Replaced, JobState::Complete), "{reached:?}");
    }
}
