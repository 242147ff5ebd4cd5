//! Bytes of a BCF, made by hand: everything may be wrong.

/// A float that stands for `.`.
pub const MISSING: u32 = 0x7f80_0001;

/// A float after which a vector has no more values.
pub const END: u32 = 0x7f80_0002;

/// Header lines of most tests. `PASS` 0, `I` 1 (integers), `F` 2 (floats), `S` 3 (text), `B` 4 (flag), `GT` 5, `FI` 6, `FF` 7, `FS`
/// 8, `q10` 9; contigs `c1` 0, `c2` 1.
pub const LINES: [&str; 13] = [
    "##fileformat=VCFv4.2",
    "##FILTER=<ID=PASS,Description=\"All filters passed\",IDX=0>",
    "##INFO=<ID=I,Number=.,Type=Integer,Description=\"x\",IDX=1>",
    "##INFO=<ID=F,Number=.,Type=Float,Description=\"x\",IDX=2>",
    "##INFO=<ID=S,Number=.,Type=String,Description=\"x\",IDX=3>",
    "##INFO=<ID=B,Number=0,Type=Flag,Description=\"x\",IDX=4>",
    "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"x\",IDX=5>",
    "##FORMAT=<ID=FI,Number=.,Type=Integer,Description=\"x\",IDX=6>",
    "##FORMAT=<ID=FF,Number=.,Type=Float,Description=\"x\",IDX=7>",
    "##FORMAT=<ID=FS,Number=.,Type=String,Description=\"x\",IDX=8>",
    "##FILTER=<ID=q10,Description=\"x\",IDX=9>",
    "##contig=<ID=c1,length=1000,IDX=0>",
    "##contig=<ID=c2,length=1000,IDX=1>",
];

/// Lines of a header with [`LINES`], `#CHROM` included.
pub const HEADER_LINES: u64 = LINES.len() as u64 + 1;

/// The header's text.
pub fn header_text<S: AsRef<str>>(lines: &[S], samples: usize) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(line.as_ref());
        text.push('\n');
    }
    text.push_str("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO");
    if samples > 0 {
        text.push_str("\tFORMAT");
        (0..samples).for_each(|nth| text.push_str(&format!("\ts{nth}")));
    }
    text.push('\n');
    text
}

/// Magic, length, text with its NUL.
pub fn header_of(text: &[u8], minor: u8) -> Vec<u8> {
    let mut bytes = b"BCF\x02".to_vec();
    bytes.push(minor);
    bytes.extend((text.len() as u32 + 1).to_le_bytes());
    bytes.extend(text);
    bytes.push(0);
    bytes
}

/// A header of version 2.2 with [`LINES`].
pub fn header(samples: usize) -> Vec<u8> {
    header_of(header_text(&LINES, samples).as_bytes(), 2)
}

/// A type byte, and the length behind it if it is long.
pub fn shape(kind: u8, len: usize) -> Vec<u8> {
    match len {
        0..15 => vec![(len as u8) << 4 | kind],
        15..128 => vec![0xf0 | kind, 0x11, len as u8],
        128..32_768 => [&[0xf0 | kind, 0x12][..], &(len as i16).to_le_bytes()].concat(),
        _ => [&[0xf0 | kind, 0x13][..], &(len as i32).to_le_bytes()].concat(),
    }
}

pub fn int8(values: &[i8]) -> Vec<u8> {
    shape(1, values.len()).into_iter().chain(values.iter().map(|value| *value as u8)).collect()
}

pub fn int16(values: &[i16]) -> Vec<u8> {
    shape(2, values.len()).into_iter().chain(values.iter().flat_map(|value| value.to_le_bytes())).collect()
}

pub fn int32(values: &[i32]) -> Vec<u8> {
    shape(3, values.len()).into_iter().chain(values.iter().flat_map(|value| value.to_le_bytes())).collect()
}

/// Floats by their bits.
pub fn float(values: &[u32]) -> Vec<u8> {
    shape(5, values.len()).into_iter().chain(values.iter().flat_map(|value| value.to_le_bytes())).collect()
}

pub fn text(text: &[u8]) -> Vec<u8> {
    [&shape(7, text.len())[..], text].concat()
}

/// A key's index and its value.
pub fn entry(key: i8, value: &[u8]) -> Vec<u8> {
    [&int8(&[key])[..], value].concat()
}

/// A record; the counts are those of its parts unless told otherwise.
#[derive(Clone)]
pub struct Record {
    pub chrom: i32,
    pub pos: i32,
    pub qual: u32,
    pub id: Vec<u8>,
    pub alleles: Vec<Vec<u8>>,
    pub filter: Vec<u8>,
    pub infos: Vec<Vec<u8>>,
    pub formats: Vec<Vec<u8>>,
    pub samples: u32,
    pub allele_count: Option<u32>,
    pub info_count: Option<u32>,
    pub format_count: Option<u32>,
    pub after_shared: Vec<u8>,
    pub after_samples: Vec<u8>,
}

/// `c1 POS . A C . . .`, without FORMAT.
pub fn record(pos: i32, samples: u32) -> Record {
    Record {
        chrom: 0,
        pos: pos - 1,
        qual: MISSING,
        id: text(b""),
        alleles: vec![text(b"A"), text(b"C")],
        filter: vec![0],
        infos: Vec::new(),
        formats: Vec::new(),
        samples,
        allele_count: None,
        info_count: None,
        format_count: None,
        after_shared: Vec::new(),
        after_samples: Vec::new(),
    }
}

impl Record {
    /// The frame.
    pub fn bytes(&self) -> Vec<u8> {
        let mut shared = Vec::new();
        let of_site = self.allele_count.unwrap_or(self.alleles.len() as u32) << 16
            | self.info_count.unwrap_or(self.infos.len() as u32);
        let of_samples = self.format_count.unwrap_or(self.formats.len() as u32) << 24 | self.samples;
        shared.extend(self.chrom.to_le_bytes());
        shared.extend(self.pos.to_le_bytes());
        shared.extend(1_i32.to_le_bytes());
        shared.extend(self.qual.to_le_bytes());
        shared.extend(of_site.to_le_bytes());
        shared.extend(of_samples.to_le_bytes());
        shared.extend(&self.id);
        self.alleles.iter().for_each(|allele| shared.extend(allele));
        shared.extend(&self.filter);
        self.infos.iter().for_each(|info| shared.extend(info));
        shared.extend(&self.after_shared);
        let mut samples = self.formats.concat();
        samples.extend(&self.after_samples);
        frame(&shared, &samples)
    }
}

/// Two lengths and two parts.
pub fn frame(shared: &[u8], samples: &[u8]) -> Vec<u8> {
    let lengths = [(shared.len() as u32).to_le_bytes(), (samples.len() as u32).to_le_bytes()].concat();
    [&lengths[..], shared, samples].concat()
}

/// The empty block that ends a BGZF file.
const EMPTY_BLOCK: [u8; 28] =
    [31, 139, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 66, 67, 2, 0, 27, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// As BGZF, in blocks of this much.
pub fn bgzf(bytes: &[u8], block_bytes: usize) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::fastest());
    for block in bytes.chunks(block_bytes) {
        let mut deflated = vec![0; compressor.deflate_compress_bound(block.len())];
        let len = compressor.deflate_compress(block, &mut deflated).unwrap();
        packed.extend_from_slice(&EMPTY_BLOCK[..16]);
        packed.extend((len as u16 + 25).to_le_bytes());
        packed.extend_from_slice(&deflated[..len]);
        packed.extend(libdeflater::crc32(block).to_le_bytes());
        packed.extend((block.len() as u32).to_le_bytes());
    }
    packed.extend(EMPTY_BLOCK);
    packed
}
