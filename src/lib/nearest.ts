import { distance } from 'fastest-levenshtein';

/**
 * The candidate that `word` most likely meant: the one with the smallest edit distance, if that is at most 2 and less
 * than half of the word. Undefined when nothing is near enough to be worth offering.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.ceil(word.length / 2) + 1);
  for (const candidate of candidates) {
    const edits = distance(word, candidate);
    if (edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}
