//! Operations that replace each value by another, whatever stands beside it.

use super::planes::Planes;

/// What each value becomes.
pub(super) type Table = [u8; 256];

/// The values as they are.
fn identity() -> Table {
    std::array::from_fn(|value| value as u8)
}

/// Replaces values by one table.
pub(super) fn everywhere(image: &mut Planes<'_>, table: Table) {
    for value in image.values.iter_mut() {
        *value = table[usize::from(*value)];
    }
}

/// Replaces the values of each channel by a table that is made from their frequencies.
pub(super) fn by_channel(image: &mut Planes<'_>, table: impl Fn(&[usize; 256]) -> Table) {
    let area = image.area();
    for plane in image.values.chunks_exact_mut(area) {
        let mut frequencies = [0; 256];
        for &value in plane.iter() {
            frequencies[usize::from(value)] += 1;
        }
        let table = table(&frequencies);
        for value in plane {
            *value = table[usize::from(*value)];
        }
    }
}

/// From the lowest to the highest value over all values; a channel of one value stays as it is.
pub(super) fn autocontrast(frequencies: &[usize; 256]) -> Table {
    let lowest = frequencies.iter().position(|&count| count > 0);
    let highest = frequencies.iter().rposition(|&count| count > 0);
    match (lowest, highest) {
        (Some(lowest), Some(highest)) if highest > lowest => {
            let scale = 255.0 / (highest - lowest) as f64;
            let offset = -(lowest as f64) * scale;
            // The cast cuts off what is below 0 and above 255.
            std::array::from_fn(|value| (value as f64 * scale + offset) as u8)
        }
        _ => identity(),
    }
}

/// The place of each value among all; where the values beside the highest are fewer than 255, the channel stays as it is.
pub(super) fn equalize(frequencies: &[usize; 256]) -> Table {
    let all: usize = frequencies.iter().sum();
    let highest = frequencies.iter().rev().find(|&&count| count > 0).copied().unwrap_or(0);
    let step = (all - highest) / 255;
    if step == 0 {
        return identity();
    }
    let mut below = step / 2;
    std::array::from_fn(|value| {
        let place = (below / step).min(255) as u8;
        below += frequencies[value];
        place
    })
}

/// The highest bits of each value.
pub(super) fn posterize(bits: u32) -> Table {
    let kept = !((1_u32 << (8 - bits.min(8))) - 1) as u8;
    std::array::from_fn(|value| value as u8 & kept)
}

/// Values from the threshold on are inverted.
pub(super) fn solarize(threshold: f64) -> Table {
    std::array::from_fn(|value| if (value as f64) < threshold { value as u8 } else { 255 - value as u8 })
}
