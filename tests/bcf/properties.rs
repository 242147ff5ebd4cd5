//! What holds for any record, any cut and any damage.

use fastrand::Rng;

use crate::equality::bcftools_text;
use crate::present::program;
use crate::random::{Made, any};
use crate::reading::{read, refused};
use crate::writer::{bgzf, header};

fn file(made: &[Made], samples: usize) -> Vec<u8> {
    made.iter().fold(header(samples), |mut bytes, made| {
        bytes.extend(&made.bytes);
        bytes
    })
}

#[track_caller]
fn becomes_its_text(made: &[Made], samples: usize) {
    let reading = read(&file(made, samples)).unwrap();
    assert_eq!(reading.dead.first().map(|dead| &dead.detail), None);
    for (nth, made) in made.iter().enumerate() {
        assert_eq!(reading.line(nth), made.line, "record {nth}");
    }
}

#[test]
fn any_record_becomes_the_text_of_its_values() {
    for seed in 0..40 {
        let mut rng = Rng::with_seed(seed);
        let samples = [0, 1, 2, 3, 8, 40][rng.usize(0..6)];
        let made: Vec<Made> = (0..150).map(|_| any(&mut rng, samples)).collect();
        becomes_its_text(&made, samples);
    }
}

#[test]
fn so_do_records_of_five_thousand_samples() {
    let mut rng = Rng::with_seed(1);
    let made: Vec<Made> = (0..6).map(|_| any(&mut rng, 5_000)).collect();
    becomes_its_text(&made, 5_000);
}

#[test]
fn bcftools_makes_the_same_text_of_any_record() {
    if !program("bcftools_makes_the_same_text_of_any_record", "bcftools") {
        return;
    }
    for seed in 100..120 {
        let mut rng = Rng::with_seed(seed);
        let samples = [0, 1, 5][rng.usize(0..3)];
        let made: Vec<Made> = (0..500).map(|_| any(&mut rng, samples)).collect();
        let text = bcftools_text(&file(&made, samples)).expect("bcftools reads what is sound");
        let lines: Vec<&str> = text.split('\n').filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        assert_eq!(lines.len(), made.len());
        for (nth, (line, made)) in lines.iter().zip(&made).enumerate() {
            assert_eq!(*line, made.line, "seed {seed}, record {nth}");
        }
    }
}

#[test]
fn any_cut_of_a_bgzf_file_is_refused() {
    for seed in 0..4 {
        let mut rng = Rng::with_seed(seed);
        let made: Vec<Made> = (0..3).map(|_| any(&mut rng, 2)).collect();
        let bytes = file(&made, 2);
        let packed = bgzf(&bytes, rng.usize(50..bytes.len()));
        for cut in 0..packed.len() {
            refused(&packed[..cut]);
        }
    }
}

#[test]
fn damage_inside_a_record_touches_no_other() {
    let mut dead = 0;
    for seed in 0..1500 {
        let mut rng = Rng::with_seed(seed);
        let samples = rng.usize(0..4);
        let mut made: Vec<Made> = (0..3).map(|_| any(&mut rng, samples)).collect();
        // Behind the two lengths.
        let inside = &mut made[1].bytes[8..];
        for _ in 0..rng.usize(1..5) {
            let at = rng.usize(0..inside.len());
            inside[at] = if rng.bool() { rng.u8(..) } else { inside[at] ^ 1 << rng.u8(0..8) };
        }
        let reading = read(&file(&made, samples)).unwrap();
        assert_eq!(reading.counts.records, 3, "seed {seed}");
        assert_eq!(reading.line(0), made[0].line, "seed {seed}");
        assert_eq!(reading.line(2), made[2].line, "seed {seed}");
        dead += reading.dead.len();
    }
    assert!((200..1500).contains(&dead), "some damage can be told and some cannot: {dead}");
}

#[test]
fn damage_anywhere_ends_in_a_refusal_or_in_records_that_are_accounted_for() {
    let (mut read_whole, mut refused) = (0, 0);
    for seed in 0..3000 {
        let mut rng = Rng::with_seed(seed);
        let samples = rng.usize(0..3);
        let made: Vec<Made> = (0..3).map(|_| any(&mut rng, samples)).collect();
        let mut bytes = file(&made, samples);
        let start = if rng.bool() { 0 } else { bytes.len() - made.iter().map(|made| made.bytes.len()).sum::<usize>() };
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(start..bytes.len());
            bytes[at] = rng.u8(..);
        }
        match read(&bytes) {
            Ok(_) => read_whole += 1,
            Err(error) => {
                assert!(!error.message.is_empty());
                refused += 1;
            }
        }
    }
    assert!(read_whole > 100 && refused > 100, "{read_whole} read, {refused} refused");
}
