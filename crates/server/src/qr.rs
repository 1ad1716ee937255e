//! Draws QR codes: as PNG and SVG pictures, and with characters for a terminal.

use std::io;

use qrcode::{
    Color, EcLevel, QrCode,
    render::{svg, unicode},
};

/// Pixels of a module's side in a PNG.
const SCALE: usize = 8;

/// Modules that stay light around the code; readers need them.
const QUIET: usize = 4;

/// What a picture is drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Png,
    Svg,
    /// Half blocks, dark ones drawn.
    Text,
}

impl Format {
    /// By the ending of a file's name.
    pub(crate) fn of_ending(ending: &str) -> Option<Format> {
        match ending {
            "png" => Some(Format::Png),
            "svg" => Some(Format::Svg),
            "txt" => Some(Format::Text),
            _ => None,
        }
    }

    /// Its MIME type.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Format::Png => "image/png",
            Format::Svg => "image/svg+xml",
            Format::Text => "text/plain; charset=utf-8",
        }
    }
}

/// Draws the code of a text; fails where the text is longer than a code can be, 2331 bytes.
pub(crate) fn draw(text: &str, format: Format) -> io::Result<Vec<u8>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(io::Error::other)?;
    match format {
        Format::Png => png(&code),
        Format::Svg => Ok(code.render::<svg::Color<'_>>().build().into_bytes()),
        Format::Text => {
            let drawn = code.render::<unicode::Dense1x2>().build();
            Ok(format!("{drawn}\n").into_bytes())
        }
    }
}

/// One bit a pixel: a code is black and white.
fn png(code: &QrCode) -> io::Result<Vec<u8>> {
    let modules = code.width();
    let side = (modules + 2 * QUIET) * SCALE;
    let mut pixels = Vec::with_capacity(side * side.div_ceil(8));
    for y in 0..side {
        let mut row = vec![0xff; side.div_ceil(8)];
        for x in 0..side {
            let at = |place: usize| (place / SCALE).checked_sub(QUIET).filter(|n| *n < modules);
            if let (Some(x_module), Some(y_module)) = (at(x), at(y))
                && code[(x_module, y_module)] == Color::Dark
            {
                row[x / 8] &= !(0x80 >> (x % 8));
            }
        }
        pixels.extend(row);
    }
    let size = u32::try_from(side).map_err(io::Error::other)?;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size, size);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels))
        .map_err(io::Error::other)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "http://127.0.0.1:7800/_qun/join/wwqundemo000000001/AbCdEfGhIjKlMnOpQrStUvWxYz012345";

    /// What a reader finds in a picture whose pixels are dark or not.
    fn read(side: usize, dark: impl Fn(usize, usize) -> bool) -> String {
        let light = |x, y| if dark(x, y) { 0 } else { 255 };
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side, side, light);
        let [grid] = &picture.detect_grids()[..] else {
            panic!("not one code in the picture");
        };
        grid.decode().unwrap().1
    }

    #[test]
    fn a_png_is_read_by_a_reader() {
        let file = draw(TEXT, Format::Png).unwrap();
        let mut decoder = png::Decoder::new(io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.width, info.height);
        let side = info.width as usize;
        assert_eq!(read(side, |x, y| pixels[y * side + x] == 0), TEXT);
    }

    #[test]
    fn an_svg_is_read_by_a_reader() {
        let file = String::from_utf8(draw(TEXT, Format::Svg).unwrap()).unwrap();
        let between = |text: &str, from: &str, to: &str| -> String {
            let (_, rest) = text.split_once(from).unwrap();
            rest.split_once(to).unwrap().0.to_owned()
        };
        let side: usize = between(&file, "width=\"", "\"").parse().unwrap();
        let path = between(&file, " d=\"", "\"");
        // The path is of squares: to a corner, right, down and back.
        let mut dark = vec![false; side * side];
        for square in path.split('M').filter(|square| !square.is_empty()) {
            let numbers: Vec<usize> = square
                .split(|c: char| !c.is_ascii_digit())
                .filter_map(|number| number.parse().ok())
                .collect();
            let [left, top, wide, high, ..] = numbers[..] else {
                panic!("{square}");
            };
            for y in top..top + high {
                dark[y * side + left..][..wide].fill(true);
            }
        }
        assert_eq!(read(side, |x, y| dark[y * side + x]), TEXT);
    }

    #[test]
    fn characters_are_read_by_a_reader() {
        let drawn = String::from_utf8(draw(TEXT, Format::Text).unwrap()).unwrap();
        let lines: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
        let side = lines[0].len();
        assert!(lines.len() * 2 >= side);
        const PIXELS: usize = 4;
        let dark = |x: usize, y: usize| {
            let (x, y) = (x / PIXELS, y / PIXELS);
            match lines[y / 2][x] {
                '█' => true,
                '▀' => y % 2 == 0,
                '▄' => y % 2 == 1,
                ' ' => false,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(read(side * PIXELS, dark), TEXT);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert!(draw(&"a".repeat(2331), Format::Png).is_ok());
        assert!(draw(&"a".repeat(2332), Format::Png).is_err());
    }
}
