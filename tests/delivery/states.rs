//! The states of a job: the arrows of the code are those of the drawing at its head, all of them and no other.

use std::collections::BTreeSet;

use vcf_agent::delivery::job::JobState;

/// The drawing, as it stands in the documentation of the module.
const SOURCE: &str = include_str!("../../src/delivery/job.rs");

type Arrow = (JobState, JobState);

fn state(name: &str) -> JobState {
    let name = name.trim();
    JobState::parse(name).unwrap_or_else(|| panic!("`{name}` is no state"))
}

/// Reads `A ⇄ B → C | D · …`: an arrow leads from each state on its left to each on its right.
fn arrows(drawing: &str) -> BTreeSet<Arrow> {
    let mut arrows = BTreeSet::new();
    for chain in drawing.split('·') {
        let steps: Vec<Vec<JobState>> =
            chain.split('→').map(|step| step.split(['|', '⇄']).map(state).collect()).collect();
        for pair in steps.windows(2) {
            arrows.extend(pair[0].iter().flat_map(|&from| pair[1].iter().map(move |&to| (from, to))));
        }
        for (left, right) in chain.split('→').filter_map(|step| step.split_once('⇄')) {
            arrows.extend([(state(left), state(right)), (state(right), state(left))]);
        }
    }
    arrows
}

#[test]
fn the_arrows_are_those_of_the_drawing_and_no_other() {
    let lines: String = SOURCE.lines().filter(|line| line.starts_with("//!") && line.contains('→')).collect();
    let drawing = lines.replace("//!", "").replace("` · `", "·").replace('`', "");
    let drawn = arrows(&drawing);
    assert_eq!(drawn.len(), 13, "{drawn:?}");
    let coded: BTreeSet<Arrow> = JobState::ALL
        .into_iter()
        .flat_map(|from| JobState::ALL.map(|to| (from, to)))
        .filter(|(from, to)| from.can_become(*to))
        .collect();
    assert_eq!(coded, drawn);
}

#[test]
fn every_name_is_read_back_and_belongs_to_one_state() {
    let names: BTreeSet<&str> = JobState::ALL.iter().map(|state| state.as_str()).collect();
    assert_eq!(names.len(), 8);
    for state in JobState::ALL {
        assert_eq!(JobState::parse(state.as_str()), Some(state));
        assert_eq!(state.to_string(), state.as_str());
    }
    assert_eq!(JobState::parse("open"), None);
    assert_eq!(JobState::parse(""), None);
}

#[test]
fn a_job_runs_exactly_as_long_as_it_can_still_complete() {
    for state in JobState::ALL {
        let mut reachable = BTreeSet::from([state]);
        while let Some(next) = JobState::ALL
            .into_iter()
            .find(|next| !reachable.contains(next) && reachable.iter().any(|from| from.can_become(*next)))
        {
            reachable.insert(next);
        }
        let can_complete = state != JobState::Complete && reachable.contains(&JobState::Complete);
        assert_eq!(state.is_running(), can_complete, "{state}");
    }
}
