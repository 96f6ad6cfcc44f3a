//! Steps of the optimisers; their golden values of PyTorch are where training is tested.

use tailward_kernels::Lanes;
use tailward_kernels::optimiser::{Adam, Sgd};

use crate::values::{assert_near, lanes, values};

const COUNT: usize = 70_001;

#[test]
fn three_steps_of_sgd_are_as_defined() {
    for nesterov in [false, true] {
        let sgd = Sgd { learning_rate: 0.1, momentum: 0.9, nesterov, weight_decay: 0.01 };
        for lanes in lanes() {
            let mut parameters = values(COUNT, 1);
            let mut velocity = vec![0.0; COUNT];
            let mut expected: Vec<[f64; 2]> = parameters.iter().map(|&it| [f64::from(it), 0.0]).collect();
            for step in 0..3 {
                let gradient = values(COUNT, 10 + step);
                sgd.step(lanes, &mut parameters, &gradient, &mut velocity);
                for ([parameter, velocity], &gradient) in expected.iter_mut().zip(&gradient) {
                    let gradient = f64::from(gradient) + 0.01 * *parameter;
                    *velocity = 0.9 * *velocity + gradient;
                    *parameter -= 0.1 * if nesterov { gradient + 0.9 * *velocity } else { *velocity };
                }
            }
            let expected: Vec<f64> = expected.into_iter().map(|it| it[0]).collect();
            assert_near(&parameters, &expected, 10, "parameters");
        }
    }
}

#[test]
fn three_steps_of_adam_are_as_defined() {
    for decoupled in [false, true] {
        for lanes in lanes() {
            three_steps_of_adam(lanes, decoupled);
        }
    }
}

fn three_steps_of_adam(lanes: Lanes, decoupled: bool) {
    let mut parameters = values(COUNT, 1);
    let (mut mean, mut square) = (vec![0.0; COUNT], vec![0.0; COUNT]);
    let mut expected: Vec<[f64; 3]> = parameters.iter().map(|&it| [f64::from(it), 0.0, 0.0]).collect();
    for step in 1..=3_usize {
        let power = step as i32;
        let gradient = values(COUNT, 10 + step as u64);
        let adam = Adam {
            learning_rate: 0.01,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.1,
            decoupled,
            steps: step,
        };
        adam.step(lanes, &mut parameters, &gradient, &mut mean, &mut square);
        for ([parameter, mean, square], &gradient) in expected.iter_mut().zip(&gradient) {
            let mut gradient = f64::from(gradient);
            if decoupled {
                *parameter *= 1.0 - 0.01 * 0.1;
            } else {
                gradient += 0.1 * *parameter;
            }
            *mean = 0.9 * *mean + 0.1 * gradient;
            *square = 0.999 * *square + 0.001 * gradient * gradient;
            let (mean, square) =
                (*mean / (1.0 - 0.9_f64.powi(power)), *square / (1.0 - 0.999_f64.powi(power)));
            *parameter -= 0.01 * mean / (square.sqrt() + 1e-8);
        }
    }
    let expected: Vec<f64> = expected.into_iter().map(|it| it[0]).collect();
    assert_near(&parameters, &expected, 10, "parameters");
}
