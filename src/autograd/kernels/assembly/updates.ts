import { loadFirst, storeFirst } from './lanes';
import { Sums } from './sums';

/**
 * Updates of a weight by its gradient. Steps are taken in doubles and moments rounded to float32 as the portable form does,
 * so that both give the same bits; two lanes hold two elements.
 */

/** y = x - rate * gradient. */
export function descend(x: usize, gradient: usize, y: usize, count: i32, rate: f64): void {
  const rates = f64x2.splat(rate);
  for (let left = count; left > 0; left -= 4) {
    const value = loadFirst(x, left);
    const slope = loadFirst(gradient, left);
    const low = Update.descent(Update.low(value), Update.low(slope), rates);
    const high = Update.descent(Update.high(value), Update.high(slope), rates);
    storeFirst(y, Update.join(low, high), left);
    x += 16;
    gradient += 16;
    y += 16;
  }
}

/** v = momentum * velocity + gradient; y = x - rate * v, or with Nesterov's momentum x - rate * (gradient + momentum * v). */
export function momentum(
  x: usize,
  gradient: usize,
  velocity: usize,
  y: usize,
  v: usize,
  count: i32,
  rate: f64,
  factor: f64,
  isNesterov: bool,
): void {
  const rates = f64x2.splat(rate);
  const factors = f64x2.splat(factor);
  for (let left = count; left > 0; left -= 4) {
    const value = loadFirst(x, left);
    const slope = loadFirst(gradient, left);
    const before = loadFirst(velocity, left);
    const after = Update.join(
      Update.blend(factors, Update.low(before), Update.low(slope)),
      Update.blend(factors, Update.high(before), Update.high(slope)),
    );
    storeFirst(v, after, left);
    let low = Update.low(after);
    let high = Update.high(after);
    if (isNesterov) {
      low = Update.blend(factors, low, Update.low(slope));
      high = Update.blend(factors, high, Update.high(slope));
    }
    low = Update.descent(Update.low(value), low, rates);
    high = Update.descent(Update.high(value), high, rates);
    storeFirst(y, Update.join(low, high), left);
    x += 16;
    gradient += 16;
    velocity += 16;
    y += 16;
    v += 16;
  }
}

/**
 * m = beta1 * first + (1 - beta1) * gradient; v = beta2 * second + (1 - beta2) * gradient^2;
 * y = x - rate * m / (sqrt(v * correction) + epsilon).
 */
export function adam(
  x: usize,
  gradient: usize,
  first: usize,
  second: usize,
  y: usize,
  m: usize,
  v: usize,
  count: i32,
  rate: f64,
  correction: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
): void {
  const betas1 = f64x2.splat(beta1);
  const betas2 = f64x2.splat(beta2);
  const rests1 = f64x2.splat(1 - beta1);
  const rests2 = f64x2.splat(1 - beta2);
  const rates = f64x2.splat(rate);
  const corrections = f64x2.splat(correction);
  const epsilons = f64x2.splat(epsilon);
  for (let left = count; left > 0; left -= 4) {
    const value = loadFirst(x, left);
    const slope = loadFirst(gradient, left);
    const lowSlope = Update.low(slope);
    const highSlope = Update.high(slope);
    let moment = loadFirst(first, left);
    const firsts = Update.join(
      Update.blend(betas1, Update.low(moment), f64x2.mul(rests1, lowSlope)),
      Update.blend(betas1, Update.high(moment), f64x2.mul(rests1, highSlope)),
    );
    storeFirst(m, firsts, left);
    moment = loadFirst(second, left);
    const seconds = Update.join(
      Update.blend(betas2, Update.low(moment), f64x2.mul(f64x2.mul(rests2, lowSlope), lowSlope)),
      Update.blend(betas2, Update.high(moment), f64x2.mul(f64x2.mul(rests2, highSlope), highSlope)),
    );
    storeFirst(v, seconds, left);
    const lowRoot = f64x2.add(f64x2.sqrt(f64x2.mul(Update.low(seconds), corrections)), epsilons);
    const highRoot = f64x2.add(f64x2.sqrt(f64x2.mul(Update.high(seconds), corrections)), epsilons);
    const low = f64x2.sub(Update.low(value), f64x2.div(f64x2.mul(rates, Update.low(firsts)), lowRoot));
    const high = f64x2.sub(Update.high(value), f64x2.div(f64x2.mul(rates, Update.high(firsts)), highRoot));
    storeFirst(y, Update.join(low, high), left);
    x += 16;
    gradient += 16;
    first += 16;
    second += 16;
    y += 16;
    m += 16;
    v += 16;
  }
}

/** Two elements in doubles. */
abstract class Update {
  @inline
  static low(values: v128): v128 {
    return f64x2.promote_low_f32x4(values);
  }

  @inline
  static high(values: v128): v128 {
    return f64x2.promote_low_f32x4(Sums.upper(values));
  }

  /** Four float32, rounded from two pairs of doubles. */
  @inline
  static join(low: v128, high: v128): v128 {
    return i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
  }

  /** factor * before + summand. */
  @inline
  static blend(factor: v128, before: v128, summand: v128): v128 {
    return f64x2.add(f64x2.mul(factor, before), summand);
  }

  @inline
  static descent(value: v128, direction: v128, rates: v128): v128 {
    return f64x2.sub(value, f64x2.mul(rates, direction));
  }
}
