//! The radius and its bound, against every selection there is.

use tailward_acquisition::{Embeddings, k_center};

use crate::support::{Pool, made, rng, rows};

/// The least radius of any selection of `budget` rows.
fn optimum(pool: &Pool) -> f64 {
    let count = pool.unlabelled.nrows();
    let distance = |row: usize, centre: ndarray::ArrayView1<f32>| {
        let squares = pool.unlabelled.row(row).into_iter().zip(centre).map(|(a, b)| f64::from(a - b).powi(2));
        squares.sum::<f64>().sqrt()
    };
    (0_u32..1 << count)
        .filter(|set| set.count_ones() as usize == pool.budget)
        .map(|set| {
            let chosen = (0..count).filter(|row| set >> row & 1 == 1).map(|row| pool.unlabelled.row(row));
            let centres: Vec<_> = pool.labelled.rows().into_iter().chain(chosen).collect();
            let nearest = |row| centres.iter().map(|&c| distance(row, c)).fold(f64::INFINITY, f64::min);
            (0..count).map(nearest).fold(0.0, f64::max)
        })
        .fold(f64::INFINITY, f64::min)
}

#[test]
fn the_bound_holds_and_the_radius_is_within_twice_the_optimum() {
    let mut near = 0;
    for seed in 0..300 {
        let pool = made(9, seed as usize % 4, 1 + seed as usize % 5, seed % 3 == 0, seed);
        let best = optimum(&pool);
        for (selection, greedy) in [(pool.plain(), true), (pool.balanced(0.5), false)] {
            let cover = selection.cover.unwrap();
            assert!(cover.bound <= best + 1e-6, "seed {seed}: {cover:?}, optimum {best}");
            assert!(cover.radius >= best - 1e-6, "seed {seed}: {cover:?}, optimum {best}");
            assert!(!greedy || cover.radius <= 2.0 * best + 1e-6, "seed {seed}: {cover:?}, optimum {best}");
            assert_eq!(cover.outliers, 0);
            near += usize::from(cover.bound > 0.7 * best);
        }
    }
    assert!(near > 30, "the bound is near the optimum in {near} of 600 cases only");
}

#[test]
fn the_bound_can_be_the_optimum() {
    // The centre at 11 covers 10 and 12 within 1; the farthest from 0 is 12, which leaves 10 at a distance of 2.
    let (pool, labelled) = (ndarray::array![[10.0_f32], [11.0], [12.0]], ndarray::array![[0.0_f32]]);
    let embeddings = Embeddings { unlabelled: pool.into(), labelled: labelled.into() };
    let selection = k_center::query(&embeddings, 1, &mut rng()).unwrap();
    assert_eq!(rows(&selection.picks), [2]);
    let cover = selection.cover.unwrap();
    let found = [selection.picks[0].score, cover.radius, cover.bound, cover.relative_gap];
    assert_eq!(found.map(f64::to_bits), [12.0, 2.0, 1.0, 0.5].map(f64::to_bits));
}

#[test]
fn without_picks_the_cover_is_what_the_labelled_rows_give() {
    let (pool, labelled) = (ndarray::array![[1.0_f32], [5.0]], ndarray::array![[2.0_f32]]);
    let none = Embeddings { unlabelled: pool.into(), labelled: labelled.into() };
    let cover = k_center::query(&none, 0, &mut rng()).unwrap().cover.unwrap();
    assert_eq!(
        [cover.radius, cover.bound, cover.relative_gap].map(f64::to_bits),
        [3.0, 3.0, 0.0].map(f64::to_bits)
    );
    let nothing = Embeddings { labelled: ndarray::Array2::zeros((0, 1)).into(), ..none };
    assert_eq!(k_center::query(&nothing, 0, &mut rng()).unwrap().cover, None);
    let cover = k_center::query(&nothing, 2, &mut rng()).unwrap().cover.unwrap();
    assert_eq!([cover.radius, cover.bound].map(f64::to_bits), [0; 2]);
}
