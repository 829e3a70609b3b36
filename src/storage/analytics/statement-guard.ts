import type { AnalyticsRecord } from './analytics-store.ts';
import type { ChdbSession } from './chdb-session.ts';
import { refusedError } from './engine-errors.ts';
import { ENGINE_FUNCTIONS, type EngineFunction, FunctionRules } from './engine-functions.ts';
import { stringLiteral } from './literals.ts';
import { readTree } from './query-tree.ts';
import { checkTree, type ReadableTables } from './reader-rules.ts';
import { decodeResult, RESULT_FORMAT } from './result-decoding.ts';

/** Judges a statement; resolves with the one text that may run in its place. @throws AnalyticsStoreError */
export type StatementGuard = (statement: string, tables: ReadableTables) => Promise<string>;

/**
 * Reads statements of strangers with the engine's own parser.
 *
 * The text enters the engine as a value, not as a statement: `formatQuerySingleLine` takes exactly one statement and
 * writes it back without comments and in one spelling. That text is what `EXPLAIN AST` shows, what the rules judge and
 * what runs.
 *
 * @param session one that may read `system` tables, and runs nothing long.
 */
export function createStatementGuard(session: ChdbSession): StatementGuard {
  const text = async (statement: string, format: string) =>
    new TextDecoder().decode(await session.run(statement, { format }));
  let functions: FunctionRules | undefined;
  const loadFunctions = async () => {
    const rows = decodeResult(await text(ENGINE_FUNCTIONS, RESULT_FORMAT));
    return new FunctionRules(rows.map(toEngineFunction));
  };

  return async (statement, tables) => {
    functions ??= await loadFunctions();
    const canonical = await text(`SELECT formatQuerySingleLine(${stringLiteral(statement)})`, 'RawBLOB');
    assertNoPrewhere(canonical);
    const dump = await text(`EXPLAIN AST ${canonical}`, 'TSVRaw');
    checkTree(readTree(dump), { tables, functions });
    return canonical;
  };
}

const QUOTED = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/gs;

/**
 * PREWHERE is computed before the filter of the session, on foreign rows too: whether it fails would tell of them. The
 * tree does not show it, the canonical text does: keywords are in upper case there, names and strings in quotes.
 *
 * @throws AnalyticsStoreError `refused`.
 */
function assertNoPrewhere(canonical: string): void {
  if (/\bPREWHERE\b/.test(canonical.replaceAll(QUOTED, ''))) throw refusedError('PREWHERE is not allowed');
}

function toEngineFunction({ name, kind, category }: AnalyticsRecord): EngineFunction {
  return {
    name: String(name),
    kind: kind === 'aggregate' || kind === 'combinator' ? kind : 'scalar',
    category: String(category),
  };
}
