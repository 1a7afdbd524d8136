/** Tails of the normal and Student's t distribution, to 1e-12 and better. */

const TINY = 1e-300;
const EPSILON = 1e-16;
const MOST_TERMS = 10_000;

/**
 * P(Z > z). By the series of erf near 0 and the continued fraction of erfc further out (Abramowitz and Stegun,
 * Handbook of Mathematical Functions, 1964, 7.1.6 and 7.1.14).
 */
export function normalTail(z: number): number {
  if (Number.isNaN(z)) return Number.NaN;
  if (z < 0) return 1 - normalTail(-z);
  const x = z / Math.SQRT2;
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > EPSILON * sum; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 0.5 - Math.exp(-x * x) * (sum / Math.sqrt(Math.PI));
  }
  // 1 / (x + (1/2) / (x + 1 / (x + (3/2) / (x + …)))), from the inside: 200 levels are ample from 2 on.
  let fraction = x;
  for (let n = 200; n > 0; n--) fraction = x + n / 2 / fraction;
  return (0.5 * Math.exp(-x * x)) / (fraction * Math.sqrt(Math.PI));
}

/** The z with P(Z > z) = `tail`, for tails up to 1/2. */
export const normalQuantile = (tail: number): number => quantileOf(normalTail, tail, 40);

/** P(T > t) with so many degrees of freedom (Abramowitz and Stegun, 26.7.1), t >= 0. */
export const studentTail = (t: number, degrees: number): number =>
  0.5 * incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);

/** The t with P(T > t) = `tail`, for tails up to 1/2. */
export const studentQuantile = (tail: number, degrees: number): number =>
  quantileOf((t) => studentTail(t, degrees), tail, 1e9);

/** By halving: the tail falls as x grows. */
function quantileOf(tailAt: (x: number) => number, tail: number, most: number): number {
  let low = 0;
  let high = most;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (tailAt(middle) > tail) low = middle;
    else high = middle;
  }
}

/** I_x(a, b) by its continued fraction (Abramowitz and Stegun, 26.5.8; Lentz's method). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

function betaFraction(x: number, a: number, b: number): number {
  const away = (value: number): number => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m < MOST_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < EPSILON * 10) break;
  }
  return result;
}

/** Stirling's series (Abramowitz and Stegun, 6.1.41) after the recurrence has made x large. */
function logGamma(x: number): number {
  let shifted = x;
  let product = 1;
  for (; shifted < 15; shifted++) product *= shifted;
  const z = 1 / (shifted * shifted);
  const series = (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z / 1188)))) / shifted;
  const stirling =
    (shifted - 0.5) * Math.log(shifted) - shifted + 0.5 * Math.log(2 * Math.PI) + series;
  return stirling - Math.log(product);
}
