/**
 * losses[row] = -sum of labels * log(softmax(logits)) and gradient = (softmax(logits) - labels) / divisor, row by row, in
 * doubles. Logits that are not finite give NaN.
 * @param work memory for `classes` doubles
 */
export function crossEntropy(
  labels: usize,
  logits: usize,
  losses: usize,
  gradient: usize,
  rows: i32,
  classes: i32,
  divisor: f64,
  work: usize,
): void {
  const bytes = (<usize>classes) << 2;
  for (let row = 0; row < rows; row++) {
    let largest = <f64>load<f32>(logits);
    for (let at: usize = 4; at < bytes; at += 4) {
      const logit = <f64>load<f32>(logits + at);
      if (logit > largest) largest = logit;
    }
    let sum: f64 = 0;
    for (let at: usize = 0; at < bytes; at += 4) {
      const power = exponential(<f64>load<f32>(logits + at) - largest);
      store<f64>(work + 2 * at, power);
      sum += power;
    }
    const logarithm = logarithmOf(sum);
    let loss: f64 = 0;
    for (let at: usize = 0; at < bytes; at += 4) {
      const label = <f64>load<f32>(labels + at);
      loss += label * (logarithm - (<f64>load<f32>(logits + at) - largest));
      store<f32>(gradient + at, <f32>((load<f64>(work + 2 * at) / sum - label) / divisor));
    }
    store<f32>(losses + ((<usize>row) << 2), <f32>loss);
    labels += bytes;
    logits += bytes;
    gradient += bytes;
  }
}

/** ln 2 in two parts, the first of which times a small integer is exact. */
// @ts-ignore: decorator
@inline
const ln2High: f64 = 6.93147180369123816490e-1;
// @ts-ignore: decorator
@inline
const ln2Low: f64 = 1.90821492927058770002e-10;

/** e^x for x <= 0 to about one unit in the last place of a double; below the normal numbers 0. Coefficients are fdlibm's. */
function exponential(x: f64): f64 {
  if (x < -708) return 0;
  const power = nearest(x * 1.44269504088896338700);
  const high = x - power * ln2High;
  const low = power * ln2Low;
  const rest = high - low;
  const square = rest * rest;
  const polynomial =
    1.66666666666666019037e-1 +
    square *
      (-2.77777777770155933842e-3 +
        square *
          (6.61375632143793436117e-5 + square * (-1.65339022054652515390e-6 + square * 4.13813679705723846039e-8)));
  const correction = rest - square * polynomial;
  const result = 1 + ((rest * correction) / (2 - correction) - low + high);
  return reinterpret<f64>(reinterpret<i64>(result) + ((<i64>power) << 52));
}

/** ln x for x >= 1 to about one unit in the last place of a double; NaN for NaN. Coefficients are fdlibm's. */
function logarithmOf(x: f64): f64 {
  if (!(x < Infinity)) return x;
  // x = 2^power * (1 + fraction), with 1 + fraction between sqrt(1/2) and sqrt(2).
  const offset: i64 = 0x3ff00000_00000000 - 0x3fe6a09e_667f3bcd;
  const bits = reinterpret<i64>(x) + offset;
  const power = <f64>((bits >> 52) - 1023);
  const fraction = reinterpret<f64>((bits & 0x000fffff_ffffffff) + 0x3fe6a09e_667f3bcd) - 1;
  const ratio = fraction / (2 + fraction);
  const square = ratio * ratio;
  const polynomial =
    square *
    (6.666666666666735130e-1 +
      square *
        (3.999999999940941908e-1 +
          square *
            (2.857142874366239149e-1 +
              square *
                (2.222219843214978396e-1 +
                  square * (1.818357216161805012e-1 + square * (1.531383769920937332e-1 + square * 1.479819860511658591e-1))))));
  const half = 0.5 * fraction * fraction;
  return power * ln2High - (half - (ratio * (half + polynomial) + power * ln2Low) - fraction);
}
