// Quantiles. Never means: one preempted sample moves a mean as far as it likes.

/** The value below which `share` of the samples lie: the nearest rank, no interpolation. */
export function quantile(samples, share) {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export function median(samples) {
  return quantile(samples, 0.5);
}

/** What is shown, and kept, of the samples of all rounds. */
export function summary(rounds) {
  const samples = rounds.flat();
  return {
    p50: median(samples),
    p95: quantile(samples, 0.95),
    min: Math.min(...samples),
    samples: samples.length,
  };
}
