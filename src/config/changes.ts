import { isDeepStrictEqual } from 'node:util';
import type { LoadedConfig } from './load.ts';

/** The TOML paths whose value or presence differs between two loads of a role's configuration. */
export function changedValues(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => !isDeepStrictEqual(before.get(path), after.get(path)),
  );
}

/** The TOML paths, in the order of the reference, whose value or presence differs between two loads of a configuration. */
export function changedSettings(before: LoadedConfig, after: LoadedConfig): string[] {
  const earlier = new Map(before.settings.map(({ setting, value }) => [setting.path, value]));
  const settings = after.settings
    .filter(({ setting, value }) => !isDeepStrictEqual(value, earlier.get(setting.path)))
    .map(({ setting }) => setting.path);
  // A table may matter by being there alone; one that something named is inside of need not be named again.
  const tables = [...before.tables.symmetricDifference(after.tables)];
  const named = [...settings, ...tables];
  return named.filter((path) => !named.some((other) => other.startsWith(`${path}.`)));
}
