/** The largest score of a plugin, and what normalised scores go up to. */
export const maxScore = 100;

/**
 * Scales scores of 0 and more so that the largest becomes 100, rounded down, in place; reversed, the largest becomes 0 and 0 becomes
 * 100. Scores that are all 0 stay, or all become 100.
 */
export function scaleScores(scores: Float64Array, isReversed: boolean): void {
  let largest = 0;
  for (const score of scores) if (score > largest) largest = score;
  if (largest === 0) {
    if (isReversed) scores.fill(maxScore);
    return;
  }
  for (let at = 0; at < scores.length; at++) {
    const scaled = Math.floor((maxScore * (scores[at] as number)) / largest);
    scores[at] = isReversed ? maxScore - scaled : scaled;
  }
}
