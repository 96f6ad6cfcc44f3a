//! Strong views against Pillow: byte for byte, operation by operation.

use serde_json::Value;
use tailward_kernels::rand_augment::{Cutout, Operation, OperationKind, StrongView, strong_views};

/// `golden/rand_augment.py` says how this was made; `TAILWARD_PILLOW_CASES` may name a longer list of the same form.
fn golden() -> Value {
    let long = std::env::var_os("TAILWARD_PILLOW_CASES");
    let text = long.map_or_else(
        || include_str!("../golden/rand_augment.json").to_owned(),
        |path| std::fs::read_to_string(path).unwrap(),
    );
    let golden: Value = serde_json::from_str(&text).unwrap();
    assert!(golden["reference"].as_str().unwrap().starts_with("Pillow "));
    golden
}

fn bytes(hexadecimal: &Value) -> Vec<u8> {
    let text = hexadecimal.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn operation(named: &Value) -> Operation {
    let value = named[1].as_f64().unwrap_or(f64::NAN);
    match named[0].as_str().unwrap() {
        "AutoContrast" => Operation::AutoContrast,
        "Brightness" => Operation::Brightness(value),
        "Color" => Operation::Color(value),
        "Contrast" => Operation::Contrast(value),
        "Equalize" => Operation::Equalize,
        "Identity" => Operation::Identity,
        "Posterize" => Operation::Posterize(value as u32),
        "Rotate" => Operation::Rotate(value),
        "Sharpness" => Operation::Sharpness(value),
        "ShearX" => Operation::ShearX(value),
        "ShearY" => Operation::ShearY(value),
        "Solarize" => Operation::Solarize(value),
        "TranslateX" => Operation::TranslateX(value),
        "TranslateY" => Operation::TranslateY(value),
        other => panic!("{other}"),
    }
}

const NOTHING: Cutout = Cutout { side: 0.0, x: 0.0, y: 0.0 };

fn view(case: &Value) -> StrongView {
    let number = |at: usize| case["cutout"][at].as_f64().unwrap();
    StrongView {
        operations: case["operations"].as_array().unwrap().iter().map(operation).collect(),
        cutout: if case["cutout"].is_null() {
            NOTHING
        } else {
            Cutout { side: number(0), x: number(1), y: number(2) }
        },
    }
}

#[test]
fn views_are_pillows_byte_for_byte() {
    let golden = golden();
    let cases = golden["cases"].as_array().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let side = |name: &str| case[name].as_u64().unwrap() as usize;
        let sides = [side("channels"), side("height"), side("width")];
        let found = strong_views(&bytes(&case["before"]), sides, &[view(case)]);
        if found != bytes(&case["after"]) {
            let apart =
                found.iter().zip(bytes(&case["after"])).filter(|(one, other)| **one != *other).count();
            wrong.push(format!("{sides:?} {:?} {}: {apart} bytes", case["operations"], case["cutout"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() >= 90, "{} cases", cases.len());
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let [channels, height, width] = [3, 24, 17];
    let images: Vec<u8> =
        (0..40 * channels * height * width).map(|at| (at * 31 % 251 + at % 5) as u8).collect();
    let views: Vec<StrongView> = (0..40)
        .map(|view| {
            let unit = f64::from(view) / 40.0;
            let kind = |step: usize| OperationKind::ALL[(view as usize * 3 + step) % 14];
            StrongView {
                operations: (0..3).map(|step| kind(step).with(unit)).collect(),
                cutout: Cutout::from_unit(unit, 1.0 - unit, unit, [height, width]),
            }
        })
        .collect();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| strong_views(&images, [channels, height, width], &views))
    };
    assert_eq!(on(1), on(3));
}
