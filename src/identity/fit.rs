//! Weights from examples: logistic regression by Newton's method, with a ridge so that evidence that hardly occurs keeps a small weight.
//!
//! The weights of `schema/identity/matching.toml` were fitted by this, so that whoever has the sets can fit them again.

use super::evidence::{EVIDENCE, Evidence};

/// One pair that somebody has judged.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// What is known of it.
    pub evidence: Evidence,
    /// Is it one product?
    pub same: bool,
    /// How much it counts.
    pub weight: f64,
}

/// Newton's steps; it converges in fewer.
const STEPS: usize = 25;

/// Fits weights to examples. `ridge` is the penalty on a weight's square, the bias excepted.
pub fn fit(examples: &[Example], ridge: f64) -> Evidence {
    const N: usize = EVIDENCE.len();
    let mut weights = [0.0_f64; N];
    for _ in 0..STEPS {
        let (mut gradient, mut hessian) = ([0.0_f64; N], vec![[0.0_f64; N]; N]);
        for (at, (gradient, weight)) in gradient.iter_mut().zip(&weights).enumerate() {
            let penalty = if at == 0 { 0.0 } else { ridge };
            *gradient = -penalty * weight;
            if let Some(cell) = hessian.get_mut(at).and_then(|row| row.get_mut(at)) {
                *cell = penalty + 1e-6;
            }
        }
        for example in examples {
            let values = example.evidence.values();
            let odds: f64 = values.iter().zip(&weights).map(|(value, weight)| f64::from(*value) * weight).sum();
            let chance = 1.0 / (1.0 + (-odds).exp());
            let error = (f64::from(u8::from(example.same)) - chance) * example.weight;
            let spread = chance * (1.0 - chance) * example.weight;
            for ((value, gradient), row) in values.iter().zip(&mut gradient).zip(&mut hessian) {
                let value = f64::from(*value);
                if value != 0.0 {
                    *gradient += error * value;
                    for (other, cell) in values.iter().zip(row.iter_mut()) {
                        *cell += spread * value * f64::from(*other);
                    }
                }
            }
        }
        let step = solve(hessian, gradient);
        let mut largest = 0.0_f64;
        for (weight, step) in weights.iter_mut().zip(step) {
            *weight += step;
            largest = largest.max(step.abs());
        }
        if largest < 1e-5 {
            break;
        }
    }
    let mut fitted = Evidence::default();
    for (at, weight) in weights.iter().enumerate() {
        #[expect(clippy::cast_possible_truncation, reason = "a weight needs four digits")]
        fitted.set(at, *weight as f32);
    }
    fitted
}

/// Gaussian elimination with pivots; the ridge keeps it solvable.
fn solve<const N: usize>(mut rows: Vec<[f64; N]>, mut sums: [f64; N]) -> [f64; N] {
    for at in 0..N {
        let size = |row: &[f64; N]| row.get(at).copied().unwrap_or(0.0).abs();
        let Some((best, _)) = rows.iter().enumerate().skip(at).max_by(|(_, a), (_, b)| size(a).total_cmp(&size(b))) else {
            break;
        };
        rows.swap(at, best);
        sums.swap(at, best);
        let (Some(pivot_row), Some(pivot_sum)) = (rows.get(at).copied(), sums.get(at).copied()) else { break };
        let pivot = pivot_row.get(at).copied().unwrap_or(0.0);
        if pivot.abs() < 1e-12 {
            continue;
        }
        for (row, sum) in rows.iter_mut().zip(sums.iter_mut()).skip(at + 1) {
            let factor = row.get(at).copied().unwrap_or(0.0) / pivot;
            for (cell, above) in row.iter_mut().zip(&pivot_row).skip(at) {
                *cell -= factor * above;
            }
            *sum -= factor * pivot_sum;
        }
    }
    let mut solution = [0.0_f64; N];
    for at in (0..N).rev() {
        let (Some(row), Some(sum)) = (rows.get(at), sums.get(at)) else { continue };
        let known: f64 = row.iter().zip(&solution).skip(at + 1).map(|(cell, value)| cell * value).sum();
        let pivot = row.get(at).copied().unwrap_or(0.0);
        if let Some(value) = solution.get_mut(at)
            && pivot.abs() >= 1e-12
        {
            *value = (sum - known) / pivot;
        }
    }
    solution
}
