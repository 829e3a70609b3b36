// Names whose ASCII letter case does not count. Other letters do: what stores make of those differs from one to the next.

/** The text with A–Z lowered. */
export function foldAsciiCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Distinct texts ignoring ASCII case, in order, each in its first spelling. */
export function distinctIgnoringCase(texts: Iterable<string>): string[] {
  const byFold = new Map<string, string>();
  for (const text of texts) {
    const fold = foldAsciiCase(text);
    if (!byFold.has(fold)) byFold.set(fold, text);
  }
  return [...byFold.values()];
}
