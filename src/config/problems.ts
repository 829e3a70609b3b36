/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  /** TOML path: `database.primary`, `auth[0].issuer`. */
  readonly path: string;
  /** What is wrong, without the value: `must be an integer from 1 to 65535`. */
  readonly what: string;
  /** The value as it may be shown; secrets come as `***`. Undefined when there is none. */
  readonly got?: string | undefined;
  /** Where the value came from: `flag`, `env NAME`, `file:line`. */
  readonly origin?: string | undefined;
}

/** One line: `<toml.path>: <what is wrong>, got <value or ***> (<origin>)`. */
export function describeProblem(problem: ConfigProblem): string {
  const got = problem.got === undefined ? '' : `, got ${problem.got}`;
  const origin = problem.origin === undefined ? '' : ` (${problem.origin})`;
  return `${problem.path}: ${problem.what}${got}${origin}`;
}

/** Everything that is wrong with a configuration, at once; the message is one line a problem (CFG-6). */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];
  /** What is doubtful besides, one line each: an unknown key may be the misspelt name of a missing one. */
  readonly warnings: readonly string[];

  constructor(problems: readonly ConfigProblem[], warnings: readonly string[] = []) {
    super(problems.map(describeProblem).join('\n'));
    this.problems = problems;
    this.warnings = warnings;
  }
}
