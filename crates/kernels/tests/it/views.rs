//! Views of images.

use tailward_kernels::views::{Pixels, View, gather};

/// Two images of two channels, three rows and two columns; a byte tells image, channel, row and column.
fn bytes() -> Vec<u8> {
    let places =
        (0..2).flat_map(|image| (0..2).flat_map(move |channel| (0..6).map(move |at| (image, channel, at))));
    places.map(|(image, channel, at)| (image * 100 + channel * 50 + at / 2 * 10 + at % 2) as u8).collect()
}

fn view(view: View) -> Vec<f32> {
    let bytes = bytes();
    let pixels = Pixels { bytes: &bytes, height: 3, width: 2, scale: &[1.0, 2.0], offset: &[0.5, 0.25] };
    gather(pixels, &[view]).to_vec()
}

#[test]
fn an_image_as_it_is_has_its_channels_side_by_side() {
    let found = view(View { image: 1, top: 0, left: 0, mirrored: false });
    let expected: Vec<f32> = [100, 101, 110, 111, 120, 121]
        .into_iter()
        .flat_map(|byte: u8| [f32::from(byte) + 0.5, 2.0 * f32::from(byte + 50) + 0.25])
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn what_lies_beyond_the_image_is_zero_before_it_is_normalised() {
    let found = view(View { image: 0, top: -1, left: 1, mirrored: false });
    let beyond = [0.5, 0.25];
    let shown = |row: u8| [f32::from(10 * row + 1) + 0.5, 2.0 * f32::from(51 + 10 * row) + 0.25];
    assert_eq!(found, [beyond, beyond, shown(0), beyond, shown(1), beyond].concat());
}

#[test]
fn a_mirrored_view_is_cropped_first() {
    let plain = view(View { image: 0, top: 1, left: -1, mirrored: false });
    let mirrored = view(View { image: 0, top: 1, left: -1, mirrored: true });
    for (plain, mirrored) in plain.chunks(4).zip(mirrored.chunks(4)) {
        assert_eq!([&plain[2..], &plain[..2]].concat(), mirrored);
    }
}
