//! `compress`: gzip and Brotli, there and back.

use std::io::{Read, Write};
use std::process::ExitCode;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use upshift_bench_real::input::{Random, sentence};

fn text() -> Vec<u8> {
    let mut random = Random::new(3);
    let mut text = String::new();
    while text.len() < 160_000 {
        text += &sentence(&mut random);
        text += if random.once_in(6) { "\n\n" } else { " " };
    }
    text.into_bytes()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).expect("a vector takes all");
    let packed = encoder.finish().expect("a vector takes all");
    let mut unpacked = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut unpacked).expect("what was packed unpacks");
    assert!(unpacked == text);
    packed
}

fn brotli(text: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 5, lgwin: 20, ..Default::default() };
    brotli::BrotliCompress(&mut &text[..], &mut packed, &parameters).expect("a vector takes all");
    let mut unpacked = Vec::new();
    brotli::BrotliDecompress(&mut packed.as_slice(), &mut unpacked).expect("what was packed unpacks");
    assert!(unpacked == text);
    packed
}

fn work(text: &[u8]) -> Vec<u8> {
    [gzip(text), brotli(text)].concat()
}

fn main() -> ExitCode {
    upshift_bench_real::run(0x16d7_0a8f_448d_fb1e, text, work)
}
