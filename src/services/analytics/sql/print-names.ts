import { isReserved } from './keywords.ts';
import { quotedIdentifier } from './quoted.ts';
import type { Name } from './tree.ts';

export function printNames(names: readonly Name[]): string {
  return names.map(printName).join('.');
}

/** A name keeps its quotes, and gets them where ClickHouse could read it as a keyword. */
export function printName({ text, quoted }: Name): string {
  return quoted || isReserved(text) ? quotedIdentifier(text) : text;
}
