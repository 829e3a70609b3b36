// Reads the three places a setting may come from. Each yields raw values with the name of their origin; what they mean
// is decided in resolve.ts.
import { isAbsolute, join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import type { Setting } from './catalogue.ts';
import { ConfigError, type ConfigProblem } from './problems.ts';
import { lineOf, tomlLines } from './toml-lines.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
export type ReadFile = (path: string) => string;

export interface FileSource {
  /** What origins call it: the path as given, or the name of the flag or variable that held the text. */
  readonly name: string;
  readonly tree: Readonly<Record<string, unknown>>;
  /** `name:line` of a TOML path. */
  originOf(path: string): string;
}

const DEFAULT_FILES = ['unkey.toml', '/etc/unkey/unkey.toml'];

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

/**
 * Finds and parses the configuration: the argument, else UNKEY_CONFIG, else ./unkey.toml, else /etc/unkey/unkey.toml,
 * else none (CFG-1). An argument with `=` or a newline is TOML itself.
 *
 * @throws ConfigError when a named file is missing, or any is unreadable or no TOML.
 */
export function readFileSource(options: {
  readonly configArgument: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  readonly readFile: ReadFile;
}): FileSource | undefined {
  const { env, cwd, readFile } = options;
  const named: readonly [string | undefined, string][] = [
    [options.configArgument, '--config'],
    [env.UNKEY_CONFIG || undefined, 'UNKEY_CONFIG'],
  ];
  for (const [argument, origin] of named) {
    if (argument === undefined) continue;
    if (/[=\n]/.test(argument)) return parseToml(argument, origin);
    try {
      return parseToml(readFile(isAbsolute(argument) ? argument : join(cwd, argument)), argument);
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      throw unreadable(argument, origin, error);
    }
  }
  for (const path of DEFAULT_FILES) {
    try {
      return parseToml(readFile(isAbsolute(path) ? path : join(cwd, path)), path);
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      if (!isMissing(error)) throw unreadable(path, 'default place', error);
    }
  }
  return undefined;
}

function unreadable(path: string, origin: string, error: unknown): ConfigError {
  const reason = isMissing(error)
    ? 'file not found'
    : ((error as NodeJS.ErrnoException).code ?? 'unreadable');
  return new ConfigError([{ path, what: `cannot be read: ${reason}`, origin }]);
}

/** `port = ${PORT}` is no TOML, but works in files of the reference, which expands before it parses. */
const BARE_REFERENCE = /^([ \t]*[\w.-]+[ \t]*=[ \t]*)(\$\{[^}"\n]*\}|\$\w+)[ \t]*(#.*)?$/gm;

function parseToml(text: string, name: string): FileSource {
  const lines = tomlLines(text);
  const originOf = (path: string) => {
    const line = lineOf(lines, path);
    return line === undefined ? name : `${name}:${line}`;
  };
  try {
    return { name, tree: parse(text), originOf };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const quoted = text.replace(BARE_REFERENCE, '$1"$2"');
    if (quoted !== text) return { ...parseToml(quoted, name), originOf };
    // The message of the parser is followed by a drawing of the lines around, which may hold a secret.
    const [first = 'no TOML'] = error.message.split('\n');
    const what = first.replace(/^Invalid TOML document: /, '');
    throw new ConfigError([
      { path: name, what: `is no valid TOML: ${what}`, origin: `${name}:${error.line}` },
    ]);
  }
}

export interface EnvironmentValue {
  readonly text: string;
  readonly origin: string;
}

/**
 * What the environment says about one setting. Secrets may also come from the file that `<NAME>_FILE` names; one
 * trailing newline is removed. Empty variables count as unset.
 */
export function readEnvironment(
  setting: Setting,
  options: { readonly env: Environment; readonly cwd: string; readonly readFile: ReadFile },
  problems: ConfigProblem[],
): EnvironmentValue | undefined {
  const found: (EnvironmentValue & { readonly name: string })[] = [];
  const problem = (what: string, origin: string) => problems.push({ path: setting.path, what, origin });
  for (const name of setting.envNames) {
    const text = options.env[name] || undefined;
    const fileName = `${name}_FILE`;
    const file = setting.secret === undefined ? undefined : options.env[fileName] || undefined;
    if (text !== undefined && file !== undefined) {
      problem(`${name} and ${fileName} are both set; set one of them`, `env ${name}, env ${fileName}`);
    } else if (text !== undefined) {
      found.push({ name, text, origin: `env ${name}` });
    } else if (file !== undefined) {
      try {
        const content = options.readFile(isAbsolute(file) ? file : join(options.cwd, file));
        found.push({ name: fileName, text: content.replace(/\r?\n$/, ''), origin: `env ${fileName}` });
      } catch (error) {
        const reason = isMissing(error)
          ? 'file not found'
          : ((error as NodeJS.ErrnoException).code ?? 'unreadable');
        problem(`cannot read ${file}: ${reason}`, `env ${fileName}`);
      }
    }
  }
  const [first, ...others] = found;
  for (const other of others) {
    if (first !== undefined && other.text !== first.text) {
      problem(
        `${first.name} and ${other.name} name the same setting and differ`,
        `${first.origin}, ${other.origin}`,
      );
    }
  }
  return first;
}
