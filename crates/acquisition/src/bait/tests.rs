//! BAIT against Fisher information that is written out and inverses that are computed afresh.

use std::collections::BTreeSet;

use ndarray::array;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

const PARAMETERS: Parameters = Parameters { lambda: 1.0, limit_bytes: 1 << 30 };

/// Probabilities and embeddings.
type Arrays = (Array2<f32>, Array2<f32>);

fn made(rows: usize, classes: usize, dims: usize, seed: u64) -> Arrays {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut p = Array2::from_shape_simple_fn((rows, classes), || rng.random_range(0.0_f32..3.0).exp());
    for mut row in p.rows_mut() {
        let sum = row.sum();
        row.mapv_inplace(|value| value / sum);
    }
    (p, Array2::from_shape_simple_fn((rows, dims), || rng.random_range(-2.0_f32..2.0)))
}

fn side(arrays: &Arrays) -> Side<'_> {
    Side { probabilities: arrays.0.view(), embeddings: arrays.1.view() }
}

/// `Σ_y p_y g_y g_yᵀ` with `g_y = (e_y − p) ⊗ h`.
fn information(arrays: &Arrays, row: usize) -> Array2<f64> {
    let p = arrays.0.row(row).mapv(f64::from);
    let h = arrays.1.row(row).mapv(f64::from);
    let mut sum = Array2::zeros((p.len() * h.len(), p.len() * h.len()));
    for label in 0..p.len() {
        let gradient: Vec<f64> = (0..p.len())
            .flat_map(|class| h.iter().map(move |h| (class, h)))
            .map(|(class, h)| (f64::from(u8::from(class == label)) - p[class]) * h)
            .collect();
        let gradient = Array2::from_shape_vec((gradient.len(), 1), gradient).unwrap();
        sum = sum + gradient.dot(&gradient.t()) * p[label];
    }
    sum
}

/// By Gauss-Jordan elimination with pivots.
fn inverse(matrix: &Array2<f64>) -> Array2<f64> {
    let size = matrix.nrows();
    let (mut left, mut right) = (matrix.clone(), Array2::<f64>::eye(size));
    for step in 0..size {
        let pivot =
            (step..size).max_by(|&i, &j| left[[i, step]].abs().total_cmp(&left[[j, step]].abs())).unwrap();
        for matrix in [&mut left, &mut right] {
            for column in 0..size {
                matrix.swap([step, column], [pivot, column]);
            }
        }
        let scale = left[[step, step]];
        for row in 0..size {
            let factor = left[[row, step]] / scale;
            for matrix in [&mut left, &mut right] {
                for column in 0..size {
                    let entry = matrix[[step, column]];
                    if row != step {
                        matrix[[row, column]] -= factor * entry;
                    }
                }
            }
        }
        left.row_mut(step).mapv_inplace(|x| x / scale);
        right.row_mut(step).mapv_inplace(|x| x / scale);
    }
    right
}

fn objective(m: &Array2<f64>, fisher: &Array2<f64>) -> f64 {
    inverse(m).dot(fisher).diag().sum()
}

/// The picks with what each lowered the objective by, and how clear the choices were.
fn plainly(pool: &Arrays, labelled: &Arrays, lambda: f64, budget: usize) -> (Vec<(usize, f64)>, f64) {
    let (rows, seen) = (pool.0.nrows(), labelled.0.nrows());
    let size = pool.0.ncols() * pool.1.ncols();
    let of_pool: Vec<Array2<f64>> = (0..rows).map(|row| information(pool, row)).collect();
    let of_labelled: Vec<Array2<f64>> = (0..seen).map(|row| information(labelled, row)).collect();
    let zero = || Array2::<f64>::zeros((size, size));
    let known = of_labelled.iter().fold(zero(), |sum, x| sum + x);
    let fisher = (of_pool.iter().fold(zero(), |sum, x| sum + x) + &known) / (rows + seen) as f64;
    let (n, b) = (seen as f64, budget as f64);
    let mut m = Array2::<f64>::eye(size) * lambda + known / (n + b);
    let of_pool: Vec<Array2<f64>> = of_pool.into_iter().map(|x| x * (b / (n + b))).collect();
    let mut picks: Vec<(usize, f64)> = Vec::new();
    let mut clear = f64::INFINITY;
    while picks.len() < rows.min(2 * budget) {
        let now = objective(&m, &fisher);
        let left = (0..rows).filter(|row| picks.iter().all(|pick| pick.0 != *row));
        let mut gains: Vec<(usize, f64)> =
            left.map(|row| (row, now - objective(&(&m + &of_pool[row]), &fisher))).collect();
        gains.sort_by(|a, b| b.1.total_cmp(&a.1));
        if let [first, second, ..] = gains[..] {
            clear = clear.min(first.1 - second.1);
        }
        m += &of_pool[gains[0].0];
        picks.push(gains[0]);
    }
    while picks.len() > budget {
        let mut losses: Vec<(usize, f64)> = (0..picks.len())
            .map(|place| (place, objective(&(&m - &of_pool[picks[place].0]), &fisher)))
            .collect();
        losses.sort_by(|a, b| a.1.total_cmp(&b.1));
        clear = clear.min(losses[1].1 - losses[0].1);
        m -= &of_pool[picks.remove(losses[0].0).0];
    }
    (picks, clear)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_picks_are_those_of_matrices_that_are_written_out(
        (rows, seen, classes, dims) in (1_usize..9, 0_usize..5, 2_usize..4, 1_usize..5),
        (share, lambda, seed) in (0.0..=1.0_f64, 0.05..2.0_f64, any::<u64>()),
    ) {
        let (pool, labelled) = (made(rows, classes, dims, seed), made(seen, classes, dims, seed ^ 1));
        let budget = (rows as f64 * share) as usize;
        let parameters = Parameters { lambda, ..PARAMETERS };
        let found = query(side(&pool), side(&labelled), &parameters, budget).unwrap();
        let (expected, clear) = plainly(&pool, &labelled, lambda, budget);
        prop_assert_eq!(found.picks.len(), budget);
        if clear > 1e-9 {
            for (pick, (row, gain)) in found.picks.iter().zip(expected) {
                prop_assert_eq!(pick.row, row);
                prop_assert!((pick.score - gain).abs() < 1e-8 * gain.max(1.0), "{} is not {}", pick.score, gain);
            }
        }
    }
}

#[test]
fn blocks_that_are_kept_up_to_date_are_those_of_a_new_start() {
    // More rows than a tile, and parameters than a block of the inverse.
    let (pool, labelled) = (made(300, 3, 30, 1), made(20, 3, 30, 2));
    let known = |arrays| {
        let side: Side = side(arrays);
        Known { probabilities: side.probabilities, embeddings: side.rows("unlabelled").unwrap() }
    };
    let mut design = start(known(&pool), &known(&labelled), 1.0, 10).unwrap();
    let before = design.changes(Change::Add);
    let places = [7, 299, 7, 12];
    places.iter().for_each(|&place| design.apply(place, Change::Add).unwrap());
    let gains = design.changes(Change::Add);
    assert!(gains.iter().zip(&before).any(|(now, then)| (now - then).abs() > 1e-3));

    let mut fisher = Array2::zeros((90, 90));
    add_sum(&known(&pool), 1.0 / 320.0, &mut fisher);
    add_sum(&known(&labelled), 1.0 / 320.0, &mut fisher);
    let mut m = Array2::<f64>::eye(90);
    add_sum(&known(&labelled), 1.0 / 30.0, &mut m);
    for row in places {
        m = m + information(&pool, row) / 3.0;
    }
    let afresh = Design::new(known(&pool), (1.0_f64 / 3.0).sqrt(), fisher, m).unwrap();
    for (row, (found, expected)) in gains.iter().zip(afresh.changes(Change::Add)).enumerate() {
        assert!((found - expected).abs() < 1e-10, "row {row}: {found} is not {expected}");
    }
    // What was added can be taken away again.
    design.keep(&[12, 299, 7]);
    [2, 0, 1, 2].iter().for_each(|&place| design.apply(place, Change::Remove).unwrap());
    for (place, row) in [12, 299, 7].into_iter().enumerate() {
        assert!((design.changes(Change::Add)[place] - before[row]).abs() < 1e-10);
    }
}

#[test]
fn rows_that_tie_are_taken_in_order() {
    let (p, h) = made(1, 3, 4, 5);
    let twelve = [0; 12];
    let pool = (p.select(ndarray::Axis(0), &twelve), h.select(ndarray::Axis(0), &twelve));
    let none = (Array2::zeros((0, 3)), Array2::zeros((0, 4)));
    let picks = query(side(&pool), side(&none), &PARAMETERS, 4).unwrap().picks;
    assert_eq!(picks.iter().map(|pick| pick.row).collect::<BTreeSet<_>>().len(), 4);
    assert_eq!(picks[0].row, 0);
    // Certain predictions, and a single class, have no information.
    let certain = (array![[1.0_f32, 0.0], [0.0, 1.0], [1.0, 0.0]], array![[1.0_f32], [2.0], [3.0]]);
    let empty = (Array2::zeros((0, 0)), Array2::zeros((0, 0)));
    for pool in [certain, (Array2::ones((3, 1)), Array2::ones((3, 2)))] {
        let picks = query(side(&pool), side(&empty), &PARAMETERS, 2).unwrap().picks;
        assert_eq!(picks.iter().map(|pick| pick.row).collect::<Vec<_>>(), [0, 1]);
        assert!(picks.iter().all(|pick| pick.score == 0.0));
    }
}

#[test]
fn the_number_of_threads_changes_no_pick() {
    let (pool, labelled) = (made(400, 3, 30, 1), made(20, 3, 30, 2));
    let with = |threads: usize| {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        threads.install(|| query(side(&pool), side(&labelled), &PARAMETERS, 12).unwrap())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn faults_are_named() {
    let (pool, labelled) = (made(3, 2, 2, 1), made(2, 2, 2, 2));
    let fault = |pool: &Arrays, labelled: &Arrays, parameters: Parameters, budget| {
        query(side(pool), side(labelled), &parameters, budget).unwrap_err().to_string()
    };
    assert_eq!(fault(&pool, &labelled, PARAMETERS, 4), "query 4 rows: the pool holds only 3");
    let parameters = Parameters { lambda: 0.0, ..PARAMETERS };
    assert_eq!(fault(&pool, &labelled, parameters, 1), "use lambda = 0: it must be finite and positive");
    let parameters = Parameters { limit_bytes: 100, ..PARAMETERS };
    assert!(
        fault(&pool, &labelled, parameters, 1)
            .starts_with("run BAIT: it needs 0.0 MB: 0.0 for matrices of 4 x 4")
    );
    let narrow = made(2, 2, 1, 2);
    assert_eq!(
        fault(&pool, &narrow, PARAMETERS, 1),
        "match the dimensions of the labelled embeddings: expected 2, found 1"
    );
    let mut wrong = made(2, 2, 2, 2);
    wrong.0[[1, 1]] = f32::NAN;
    assert_eq!(
        fault(&pool, &wrong, PARAMETERS, 1),
        "read the labelled rows: read probabilities: row 1, column 1 is NaN"
    );
    assert_eq!(fault(&wrong, &labelled, PARAMETERS, 1), "read probabilities: row 1, column 1 is NaN");
    let huge = (pool.0.clone(), Array2::from_elem((3, 2), f32::MAX));
    let found = query(side(&huge), side(&huge), &PARAMETERS, 1);
    assert!(
        found.is_ok_and(|found| found.picks.len() == 1)
            || fault(&huge, &huge, PARAMETERS, 1).contains("inverted")
    );
}
