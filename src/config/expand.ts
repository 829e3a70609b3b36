const REFERENCE = /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))/g;

export interface Expansion {
  readonly text: string;
  /** True when any variable was put in: such a value may stand for a number or a boolean. */
  readonly expanded: boolean;
  /** Variables of `${VAR}` that are not set and have no default. */
  readonly unset: readonly string[];
}

/**
 * Puts environment variables into one string value of a configuration file (CFG-3): `${VAR}`, `${VAR:-default}`, bare
 * `$VAR` only when VAR is set, `$$` for a dollar sign. An unset `${VAR}` becomes empty.
 */
export function expandVariables(text: string, env: Readonly<Record<string, string | undefined>>): Expansion {
  const unset: string[] = [];
  let expanded = false;
  const result = text.replace(REFERENCE, (whole, braced?: string, fallback?: string, bare?: string) => {
    if (whole === '$$') return '$';
    if (bare !== undefined) {
      if (env[bare] === undefined) return whole;
      expanded = true;
      return env[bare];
    }
    expanded = true;
    const value = env[braced ?? ''];
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
    if (value === undefined) unset.push(braced ?? '');
    return value ?? '';
  });
  return { text: result, expanded, unset };
}
