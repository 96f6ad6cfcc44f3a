//! A matrix on both sides of a square of vectors, as Winograd's transforms are: `M s Mᵀ`.

/// Transforms each column of an `$n × $n` square by `$line`, then each row of what that gives: an `$m × $m` square. What lies at
/// a place of the square, row by row, is an expression. It is no function of a closure: one that is not inlined would be
/// compiled without the vector instructions.
macro_rules! both_sides {
    ($simd:expr, |$place:ident| $from:expr, $n:literal to $m:literal, $line:ident) => {{
        let mut columns = [[$simd.splat_f32s(0.0); $n]; $m];
        for column in 0..$n {
            let mut values = [$simd.splat_f32s(0.0); $n];
            for row in 0..$n {
                let $place = row * $n + column;
                values[row] = $from;
            }
            let values = $line($simd, values);
            for row in 0..$m {
                columns[row][column] = values[row];
            }
        }
        let mut to = [$simd.splat_f32s(0.0); $m * $m];
        for row in 0..$m {
            let values = $line($simd, columns[row]);
            for column in 0..$m {
                to[row * $m + column] = values[column];
            }
        }
        to
    }};
}

pub(crate) use both_sides;
