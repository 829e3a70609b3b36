import { refusedError } from './engine-errors.ts';

/** One row of the engine's `system.functions`, and of its `system.aggregate_function_combinators`. */
export interface EngineFunction {
  readonly name: string;
  readonly kind: 'aggregate' | 'combinator' | 'scalar';
  /** The engine's own grouping, e.g. `Dates and Times`; of an alias that of its target. */
  readonly category: string;
}

/** Lists {@link EngineFunction}s. */
export const ENGINE_FUNCTIONS = `
  SELECT name, if(is_aggregate, 'aggregate', 'scalar') AS kind,
    if(alias_to = '', categories, (SELECT groupArray((name, categories)) FROM system.functions)::Map(String, String)[alias_to])
      AS category
  FROM system.functions
  UNION ALL
  SELECT name, 'combinator', '' FROM system.aggregate_function_combinators`;

/** Groups whose functions compute from their arguments alone. A group that the engine gains later is not among them. */
const PURE_CATEGORIES: ReadonlySet<string> = new Set([
  'Arithmetic',
  'Arrays',
  'Bit',
  'Bitmap',
  'Comparison',
  'Conditional',
  'Dates and Times',
  'Distance',
  'Encoding',
  'Hash',
  'IP Address',
  'JSON',
  'Logical',
  'Map',
  'Mathematical',
  'Null',
  'Random Number',
  'Rounding',
  'String',
  'String Replacement',
  'String Search',
  'String Splitting',
  'Time Window',
  'Tuple',
  'Type Conversion',
  'URL',
  'UUID',
]);

/** Pure ones that the engine groups with others, or does not list because its grammar makes them. */
const PURE_FUNCTIONS: readonly string[] = [
  'bar',
  'caseWithExpression',
  'digits',
  'exists',
  'formatReadableQuantity',
  'formatReadableSize',
  'formatReadableTimeDelta',
  'grouping',
  'identity',
  'lambda',
  'materialize',
  'toTypeName',
  'transform',
];

/** Functions of the engine whose names people give to columns, and that tell nothing of other workspaces. */
const ORDINARY_NAMES: ReadonlySet<string> = new Set(['revision', 'user', 'version']);

/** Which functions a workspace may call: those that read nothing but their arguments. */
export class FunctionRules {
  /** Lower-cased, as are all names here: the engine takes many of its functions in any case. */
  readonly #known = new Set<string>();
  readonly #pure = new Set(PURE_FUNCTIONS.map((name) => name.toLowerCase()));
  readonly #aggregates = new Set<string>();
  readonly #combinators: string[] = [];

  constructor(functions: readonly EngineFunction[]) {
    for (const { name, kind, category } of functions) {
      const lower = name.toLowerCase();
      if (kind === 'combinator') {
        this.#combinators.push(lower);
        continue;
      }
      this.#known.add(lower);
      if (kind === 'aggregate') this.#aggregates.add(lower);
      else if (PURE_CATEGORIES.has(category)) this.#pure.add(lower);
    }
  }

  /** @throws AnalyticsStoreError `refused` for a call of a function that reads more than its arguments. */
  checkCall(name: string): void {
    const lower = name.toLowerCase();
    if (!this.#pure.has(lower) && !this.#isAggregate(lower))
      throw refusedError(`function ${name} is not allowed`);
  }

  /**
   * The engine takes a bare name for a function where one is wanted, as in `arrayMap(file, …)`.
   *
   * @throws AnalyticsStoreError `refused` for the name of a function that may not be called.
   */
  checkName(name: string): void {
    const lower = name.toLowerCase();
    if (this.#known.has(lower) && !ORDINARY_NAMES.has(lower)) this.checkCall(name);
  }

  #isAggregate(name: string): boolean {
    if (this.#aggregates.has(name)) return true;
    return this.#combinators.some(
      (suffix) =>
        name.endsWith(suffix) && name !== suffix && this.#isAggregate(name.slice(0, -suffix.length)),
    );
  }
}
