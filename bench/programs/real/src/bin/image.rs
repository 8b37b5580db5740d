//! `image`: a picture is made smaller and larger by convolution, and written and read as PNG.

use std::io::Cursor;
use std::process::ExitCode;

use fast_image_resize::images::Image;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use png::{BitDepth, ColorType, Compression, Decoder, Encoder};
use upshift_bench_real::input::Random;

const WIDTH: u32 = 280;
const HEIGHT: u32 = 210;

/// The sizes that are made of it.
const SIZES: &[(u32, u32)] = &[(140, 105), (224, 68), (96, 96), (350, 84)];

/// Waves of integers with some noise, so that neither prediction nor packing is trivial.
fn picture() -> Vec<u8> {
    let mut random = Random::new(5);
    let mut pixels = Vec::with_capacity((WIDTH * HEIGHT * 4) as usize);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let wave = (x * x / 90 + y * y / 70) % 512;
            let wave = if wave < 256 { wave } else { 511 - wave };
            let noise = random.below(6);
            let alpha = if (x / 40 + y / 40) % 5 == 0 { 128 } else { 255 };
            pixels.extend([
                wave as u8,
                ((x * 255 / WIDTH) as u8).saturating_add(noise as u8),
                (y * 255 / HEIGHT) as u8,
                alpha,
            ]);
        }
    }
    pixels
}

fn encode(image: &Image) -> Vec<u8> {
    let mut output = Vec::new();
    let mut encoder = Encoder::new(&mut output, image.width(), image.height());
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    let mut writer = encoder.write_header().expect("a vector takes all");
    writer.write_image_data(image.buffer()).expect("a whole image");
    writer.finish().expect("a vector takes all");
    output
}

fn decode(bytes: &[u8]) -> Vec<u8> {
    let mut reader = Decoder::new(Cursor::new(bytes)).read_info().expect("a valid file");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small image")];
    reader.next_frame(&mut pixels).expect("a valid file");
    pixels
}

fn work(pixels: &[u8]) -> Vec<u8> {
    let source =
        Image::from_vec_u8(WIDTH, HEIGHT, pixels.to_vec(), PixelType::U8x4).expect("the size of the picture");
    // Of the filters this is one whose weights need no function of the C library: they are the same everywhere.
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    let mut resizer = Resizer::new();
    let mut output = Vec::new();
    for &(width, height) in SIZES {
        let mut image = Image::new(width, height, PixelType::U8x4);
        resizer.resize(&source, &mut image, &options).expect("equal kinds of pixels");
        let file = encode(&image);
        assert!(decode(&file) == image.buffer());
        output.extend(file);
    }
    output
}

fn main() -> ExitCode {
    upshift_bench_real::run(0x1c5a_b284_5788_dade, picture, work)
}
