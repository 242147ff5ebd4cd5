//! Integers and floats as text, digit for digit as htslib prints them, because the line is what a text file would have held.

use std::io::Write;

/// Appends an integer.
#[inline]
pub fn put_int(number: i64, line: &mut Vec<u8>) {
    if (0..10).contains(&number) {
        line.push(b'0' + number as u8);
        return;
    }
    if number < 0 {
        line.push(b'-');
    }
    put_digits(number.unsigned_abs(), line);
}

fn put_digits(mut number: u64, line: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    line.extend_from_slice(&digits[first..]);
}

/// Between these, both included, htslib prints six digits on its own and rounds a half up; elsewhere it leaves it to printf's `%g`,
/// which rounds a half to even.
const PLAIN: std::ops::RangeInclusive<f64> = 0.0001..=999_999.0;

/// Digits behind the point that are looked at. A 32-bit float times this is exact in 64 bits.
const SCALE: f64 = 1e10;

/// Appends a float with six significant digits.
pub fn put_float(number: f32, line: &mut Vec<u8>) {
    if number.is_sign_negative() {
        line.push(b'-');
    }
    let size = f64::from(number.abs());
    if number.is_nan() {
        line.extend_from_slice(b"nan");
    } else if number.is_infinite() {
        line.extend_from_slice(b"inf");
    } else if size == 0.0 {
        line.push(b'0');
    } else if PLAIN.contains(&size) {
        put_plain(size, line);
    } else {
        put_general(number.abs(), line);
    }
}

/// In [`PLAIN`].
fn put_plain(size: f64, line: &mut Vec<u8>) {
    let scaled = (size * SCALE) as u64;
    // The number is at least 10^-4, so it has at least seven digits when scaled.
    let (mut unit, mut exponent) = (10, -4);
    while scaled >= unit * 1_000_000 {
        unit *= 10;
        exponent += 1;
    }
    let mut six = (scaled + unit / 2) / unit;
    if six == 1_000_000 {
        six = 100_000;
        exponent += 1;
    }
    put_fixed(six, exponent, line);
}

/// Six digits, the first of which stands for ten to the power of `exponent` (-4 to 5), without needless zeros.
fn put_fixed(mut six: u64, exponent: i32, line: &mut Vec<u8>) {
    let mut digits = [0; 6];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (six % 10) as u8;
        six /= 10;
    }
    let used = digits.iter().rposition(|&digit| digit != b'0').map_or(1, |last| last + 1);
    if exponent < 0 {
        line.extend_from_slice(&b"0.000"[..1 + exponent.unsigned_abs() as usize]);
        line.extend_from_slice(&digits[..used]);
        return;
    }
    let whole = exponent as usize + 1;
    line.extend_from_slice(&digits[..whole]);
    if used > whole {
        line.push(b'.');
        line.extend_from_slice(&digits[whole..used]);
    }
}

/// As printf's `%g`.
fn put_general(size: f32, line: &mut Vec<u8>) {
    let mut printed = [0; 16];
    let mut rest = &mut printed[..];
    // `d.ddddde-dd` always fits.
    drop(write!(rest, "{size:.5e}"));
    let left = rest.len();
    let text = &printed[..printed.len() - left];
    let (digits, exponent) = match text.iter().position(|&byte| byte == b'e') {
        Some(e) => (&text[..e], std::str::from_utf8(&text[e + 1..]).ok().and_then(|text| text.parse::<i32>().ok())),
        None => (text, None),
    };
    let exponent = exponent.unwrap_or_default();
    if (-4..6).contains(&exponent) {
        let six =
            digits.iter().filter(|byte| byte.is_ascii_digit()).fold(0, |six, digit| 10 * six + u64::from(digit - b'0'));
        return put_fixed(six, exponent, line);
    }
    let used = digits.iter().rposition(|&digit| digit != b'0').map_or(1, |last| last + 1);
    let digits = &digits[..used];
    line.extend_from_slice(digits.strip_suffix(b".").unwrap_or(digits));
    line.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    if exponent.abs() < 10 {
        line.push(b'0');
    }
    put_digits(u64::from(exponent.unsigned_abs()), line);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float(number: f32) -> String {
        let mut line = Vec::new();
        put_float(number, &mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn floats_print_as_htslib_prints_them() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (100_000.0, "100000"),
            (0.5, "0.5"),
            (-30.25, "-30.25"),
            (0.000_123_456_79, "0.000123457"),
            // A half is rounded up here …
            (100_000.5, "100001"),
            (100_001.5, "100002"),
            (10_000.25, "10000.3"),
            (9.999_999, "10"),
            (f32::from_bits(0x3dcc_cccc), "0.1"),
            (999_999.0, "999999"),
            (999_999.5, "1e+06"),
            (999_999.25, "999999"),
            // … and to even where printf is asked.
            (1_000_005.0, "1e+06"),
            (1_000_015.0, "1.00002e+06"),
            // As a 32-bit float a little less than that.
            (1e-4, "0.0001"),
            (9.999_99e-5, "9.99999e-05"),
            (1e-5, "1e-05"),
            (f32::MAX, "3.40282e+38"),
            (f32::MIN_POSITIVE, "1.17549e-38"),
            (1e-45, "1.4013e-45"),
            (f32::INFINITY, "inf"),
            (f32::NEG_INFINITY, "-inf"),
            (f32::from_bits(0x7fc0_0000), "nan"),
            (f32::from_bits(0xffc0_0000), "-nan"),
        ];
        for (number, text) in cases {
            assert_eq!(float(number), text, "{number:e}");
        }
    }

    #[test]
    fn integers_print_whole() {
        for number in [0, 9, 10, -1, 127, -32_768, i64::from(i32::MAX), i64::from(i32::MIN), i64::MIN, i64::MAX] {
            let mut line = Vec::new();
            put_int(number, &mut line);
            assert_eq!(String::from_utf8(line).unwrap(), number.to_string());
        }
    }
}
