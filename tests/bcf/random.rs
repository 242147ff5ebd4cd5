//! Records of every type and width, with the text that they must become. The text is made beside the bytes, from the same values,
//! and floats are rounded here by their exact decimal digits.

use fastrand::Rng;

use crate::writer::{END, MISSING, Record, entry, float, int8, int16, int32, record, shape, text};

/// A record, and its line.
pub struct Made {
    pub bytes: Vec<u8>,
    pub line: String,
}

/// Any record of a file with this many samples.
pub fn any(rng: &mut Rng, samples: usize) -> Made {
    let pos = rng.i32(1..1000);
    let mut one = record(pos, samples as u32);
    let mut columns = vec![String::new(), pos.to_string()];
    one.chrom = rng.i32(0..2);
    columns[0] = ["c1", "c2"][one.chrom as usize].into();
    let id = if rng.bool() { String::new() } else { letters(rng, 20) };
    one.id = text(id.as_bytes());
    columns.push(or_dot(id));
    columns.extend(alleles(rng, &mut one));
    let qual = if rng.bool() { None } else { Some(any_float(rng)) };
    one.qual = qual.map_or(MISSING, f32::to_bits);
    columns.push(qual.map_or_else(|| ".".into(), float_text));
    columns.push(filters(rng, &mut one));
    columns.push(infos(rng, &mut one));
    if samples > 0 {
        columns.extend(formats(rng, &mut one, samples));
    }
    Made { bytes: one.bytes(), line: columns.join("\t") }
}

fn or_dot(text: String) -> String {
    if text.is_empty() { ".".into() } else { text }
}

/// Letters of a string, some beyond ASCII.
fn letters(rng: &mut Rng, bytes_max: usize) -> String {
    let mut letters = String::new();
    let len = rng.usize(0..=bytes_max);
    while letters.len() + 3 <= len {
        letters.push(if rng.u8(0..20) == 0 { ['é', '∆'][rng.usize(0..2)] } else { rng.alphanumeric() });
    }
    letters
}

fn bases(rng: &mut Rng) -> String {
    (0..rng.usize(1..30)).map(|_| ['A', 'C', 'G', 'T', 'n'][rng.usize(0..5)]).collect()
}

/// REF and ALT.
fn alleles(rng: &mut Rng, one: &mut Record) -> [String; 2] {
    let alts = match rng.u8(0..40) {
        0 => rng.usize(100..300),
        1..=4 => 0,
        _ => rng.usize(1..5),
    };
    let reference = bases(rng);
    let alts: Vec<String> = (0..alts)
        .map(|_| match rng.u8(0..10) {
            0 => "<DEL>".into(),
            1 => "*".into(),
            _ => bases(rng),
        })
        .collect();
    one.alleles = [&reference].into_iter().chain(&alts).map(|allele| text(allele.as_bytes())).collect();
    [reference, or_dot(alts.join(","))]
}

fn filters(rng: &mut Rng, one: &mut Record) -> String {
    let (bytes, words) = match rng.u8(0..5) {
        0 => (vec![0], "."),
        1 => (vec![0x01], "."),
        2 => (int8(&[0]), "PASS"),
        3 => (int16(&[9]), "q10"),
        _ => (int32(&[9, 0]), "q10;PASS"),
    };
    one.filter = bytes;
    words.into()
}

fn infos(rng: &mut Rng, one: &mut Record) -> String {
    let mut words = Vec::new();
    for _ in 0..rng.usize(0..5) {
        let len = len(rng);
        let (key, value, word) = match rng.u8(0..4) {
            0 => {
                let (bytes, words) = ints(rng, len);
                (1, bytes, with_equals("I", words))
            }
            1 => {
                let (bytes, words) = floats(rng, len);
                (2, bytes, with_equals("F", words))
            }
            2 => {
                let letters = letters(rng, 60);
                (3, text(letters.as_bytes()), with_equals("S", (!letters.is_empty()).then_some(letters)))
            }
            _ => (4, vec![0], "B".to_owned()),
        };
        let key = match rng.u8(0..3) {
            0 => int8(&[key]),
            1 => int16(&[i16::from(key)]),
            _ => int32(&[i32::from(key)]),
        };
        one.infos.push([key, value].concat());
        words.push(word);
    }
    or_dot(words.join(";"))
}

fn with_equals(name: &str, words: Option<String>) -> String {
    words.map_or_else(|| name.to_owned(), |words| format!("{name}={words}"))
}

/// A length: mostly small, sometimes one whose length needs an integer of its own.
fn len(rng: &mut Rng) -> usize {
    match rng.u8(0..30) {
        0 => rng.usize(15..300),
        1 => 0,
        _ => rng.usize(1..6),
    }
}

/// Any width that holds a value.
fn width(rng: &mut Rng) -> usize {
    [1, 2, 4][rng.usize(0..3)]
}

/// A value, `None` for missing, of a width; the lowest eight are codes.
fn any_int(rng: &mut Rng, width: usize) -> Option<i32> {
    let any = match width {
        1 => rng.i32(-120..=127),
        2 => rng.i32(-32_760..=32_767),
        _ => rng.i32(-2_147_483_640..=i32::MAX),
    };
    match rng.u8(0..6) {
        0 => None,
        1 => Some(any),
        _ => Some(any % 100),
    }
}

fn raw_int(width: usize, value: Option<i32>) -> Vec<u8> {
    let missing = [0, -128, -32_768, 0, i32::MIN][width];
    value.unwrap_or(missing).to_le_bytes()[..width].to_vec()
}

fn end(width: usize) -> Vec<u8> {
    [0, -127, -32_767, 0, i32::MIN + 1][width].to_le_bytes()[..width].to_vec()
}

fn kind(width: usize) -> u8 {
    [0, 1, 2, 0, 3][width]
}

fn int_words(values: &[Option<i32>]) -> String {
    let words: Vec<String> = values.iter().map(|value| value.map_or_else(|| ".".into(), |v| v.to_string())).collect();
    words.join(",")
}

/// The number of values that are there, less than `len` only if `len` is at least two: a lone code is another matter.
fn used(rng: &mut Rng, len: usize) -> usize {
    if len > 1 && rng.bool() { rng.usize(0..len) } else { len }
}

fn ints(rng: &mut Rng, len: usize) -> (Vec<u8>, Option<String>) {
    let (width, used) = (width(rng), used(rng, len));
    let values: Vec<Option<i32>> = (0..used).map(|_| any_int(rng, width)).collect();
    let mut bytes = shape(kind(width), len);
    values.iter().for_each(|value| bytes.extend(raw_int(width, *value)));
    (used..len).for_each(|_| bytes.extend(end(width)));
    (bytes, (len > 0).then(|| int_words(&values)))
}

fn any_float(rng: &mut Rng) -> f32 {
    match rng.u8(0..8) {
        0 => f32::from_bits(rng.u32(0..0x7f80_0000) | rng.u32(0..2) << 31),
        1 => [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::from_bits(0x7fc0_0000)][rng.usize(0..5)],
        2 => rng.i32(0..2_000_000) as f32 + 0.5,
        3 => rng.i32(-20_000..20_000) as f32 / 16.0,
        4 => rng.f32() / 1000.0,
        _ => rng.f32() * 100.0,
    }
}

fn floats(rng: &mut Rng, len: usize) -> (Vec<u8>, Option<String>) {
    let used = used(rng, len);
    let values: Vec<Option<f32>> = (0..used).map(|_| (rng.u8(0..6) > 0).then(|| any_float(rng))).collect();
    let bits: Vec<u32> =
        values.iter().map(|value| value.map_or(MISSING, f32::to_bits)).chain((used..len).map(|_| END)).collect();
    (float(&bits), (len > 0).then(|| float_words(&values)))
}

fn float_words(values: &[Option<f32>]) -> String {
    let words: Vec<String> = values.iter().map(|value| value.map_or_else(|| ".".into(), float_text)).collect();
    words.join(",")
}

/// FORMAT, then each sample.
fn formats(rng: &mut Rng, one: &mut Record, samples: usize) -> Vec<String> {
    let count = rng.usize(0..4);
    if count == 0 {
        return vec![".".into(); samples + 1];
    }
    let mut names = Vec::new();
    let mut words = vec![Vec::new(); samples];
    for nth in 0..count {
        let (key, name, (bytes, of_samples)) = match (nth, rng.u8(0..4)) {
            (0, 0..2) => (5, "GT", genotypes(rng, samples, one.alleles.len() as i32)),
            (_, 0..2) => (6, "FI", sample_ints(rng, samples)),
            (_, 2) => (7, "FF", sample_floats(rng, samples)),
            _ => (8, "FS", sample_texts(rng, samples)),
        };
        one.formats.push(entry(key, &bytes));
        names.push(name);
        words.iter_mut().zip(of_samples).for_each(|(words, word)| words.push(word));
    }
    [names.join(":")].into_iter().chain(words.into_iter().map(|words| words.join(":"))).collect()
}

fn genotypes(rng: &mut Rng, samples: usize, alleles: i32) -> (Vec<u8>, Vec<String>) {
    let ploidy_max = rng.usize(1..5);
    let width = if alleles > 60 { width(rng).max(2) } else { width(rng) };
    let (mut bytes, mut words) = (shape(kind(width), ploidy_max), Vec::new());
    for _ in 0..samples {
        let ploidy = rng.usize(0..=ploidy_max);
        let mut word = String::new();
        for nth in 0..ploidy {
            let (allele, phased) = (rng.i32(-1..alleles), rng.bool());
            bytes.extend(raw_int(width, Some((allele + 1) << 1 | i32::from(phased))));
            if nth > 0 {
                word.push(if phased { '|' } else { '/' });
            }
            word.push_str(&if allele < 0 { ".".to_owned() } else { allele.to_string() });
        }
        (ploidy..ploidy_max).for_each(|_| bytes.extend(end(width)));
        words.push(or_dot(word));
    }
    (bytes, words)
}

fn sample_ints(rng: &mut Rng, samples: usize) -> (Vec<u8>, Vec<String>) {
    let (len, width) = (len(rng), width(rng));
    let (mut bytes, mut words) = (shape(kind(width), len), Vec::new());
    for _ in 0..samples {
        let used = rng.usize(0..=len);
        let values: Vec<Option<i32>> = (0..used).map(|_| any_int(rng, width)).collect();
        values.iter().for_each(|value| bytes.extend(raw_int(width, *value)));
        (used..len).for_each(|_| bytes.extend(end(width)));
        words.push(if len == 0 { ".".into() } else { int_words(&values) });
    }
    (bytes, words)
}

fn sample_floats(rng: &mut Rng, samples: usize) -> (Vec<u8>, Vec<String>) {
    let len = len(rng);
    let (mut bytes, mut words) = (shape(5, len), Vec::new());
    for _ in 0..samples {
        let used = rng.usize(0..=len);
        let values: Vec<Option<f32>> = (0..used).map(|_| (rng.u8(0..6) > 0).then(|| any_float(rng))).collect();
        values.iter().for_each(|value| bytes.extend(value.map_or(MISSING, f32::to_bits).to_le_bytes()));
        (used..len).for_each(|_| bytes.extend(END.to_le_bytes()));
        words.push(if len == 0 { ".".into() } else { float_words(&values) });
    }
    (bytes, words)
}

fn sample_texts(rng: &mut Rng, samples: usize) -> (Vec<u8>, Vec<String>) {
    let words: Vec<String> = (0..samples).map(|_| letters(rng, 25)).collect();
    let len = words.iter().map(String::len).max().unwrap_or_default();
    let mut bytes = shape(7, len);
    for word in &words {
        bytes.extend(word.as_bytes());
        bytes.resize(bytes.len() + len - word.len(), 0);
    }
    (bytes, words.into_iter().map(|word| if len == 0 { ".".into() } else { word }).collect())
}

/// Six significant digits, from the exact decimal digits of the number.
fn float_text(number: f32) -> String {
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let size = f64::from(number.abs());
    if size == 0.0 || !size.is_finite() {
        return format!(
            "{sign}{}",
            if size == 0.0 {
                "0"
            } else if size.is_nan() {
                "nan"
            } else {
                "inf"
            }
        );
    }
    let exact = format!("{size:.200}");
    let point = exact.find('.').unwrap();
    let digits: Vec<u8> = exact.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    let first = digits.iter().position(|&digit| digit > 0).unwrap();
    let mut exponent = point as i32 - 1 - first as i32;
    let mut six = (0..6).fold(0_u64, |six, nth| 10 * six + u64::from(digits.get(first + nth).copied().unwrap_or(0)));
    let rest = digits.get(first + 6..).unwrap_or_default();
    let above_half = rest.first().is_some_and(|&digit| digit >= 5);
    let is_half = rest.first() == Some(&5) && rest[1..].iter().all(|&digit| digit == 0);
    let half_goes_up = (0.0001..=999_999.0).contains(&size) || six % 2 == 1;
    if above_half && (!is_half || half_goes_up) {
        six += 1;
    }
    if six == 1_000_000 {
        (six, exponent) = (100_000, exponent + 1);
    }
    let six = six.to_string();
    let trimmed = |text: &str| text.trim_end_matches('0').trim_end_matches('.').to_owned();
    let text = match exponent {
        -4..0 => trimmed(&format!("0.{}{six}", "0".repeat(-exponent as usize - 1))),
        0..5 => trimmed(&format!("{}.{}", &six[..exponent as usize + 1], &six[exponent as usize + 1..])),
        5 => six,
        _ => format!(
            "{}e{}{:02}",
            trimmed(&format!("{}.{}", &six[..1], &six[1..])),
            if exponent < 0 { '-' } else { '+' },
            exponent.abs()
        ),
    };
    format!("{sign}{text}")
}
