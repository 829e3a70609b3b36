// The ClickHouse-dialect parser (WebAssembly), loaded at the first query: an instance without analytics never pays
// its memory.
import { createRequire } from 'node:module';
import { queryFault } from './faults.ts';

type Sdk = typeof import('@polyglot-sql/sdk');

const PACKAGE = '@polyglot-sql/sdk';

let loading: Promise<Sdk> | undefined;

/** How the SDK reports that its WebAssembly code trapped, as opposed to text that it cannot parse. */
const TRAP_PREFIX = 'WASM ';

/** What the SDK says when its own bound on nesting is exceeded. */
const DEPTH_GUARD = 'E_GUARD_PARSER_DEPTH';

/**
 * Parses one statement to the parser's own tree.
 *
 * @returns the statements found.
 * @throws Fault invalid_analytics_query for a syntax error. After a trap the instance is thrown away too, so that what
 *   it left in the memory of the module cannot touch a later query.
 */
export async function parseSql(sql: string): Promise<readonly unknown[]> {
  const sdk = await loadSdk();
  const result = sdk.parse(sql, sdk.Dialect.ClickHouse);
  if (result.success && Array.isArray(result.ast)) return result.ast;
  if (result.error?.startsWith(TRAP_PREFIX) === true) discardSdk();
  if (result.error?.includes(DEPTH_GUARD) === true) throw queryFault('The query is nested too deep.');
  throw queryFault('Syntax error in the query.');
}

function loadSdk(): Promise<Sdk> {
  loading ??= instantiate().catch((error: unknown) => {
    discardSdk();
    throw error;
  });
  return loading;
}

/**
 * Loads the package's CommonJS build: its ES build replaces the global fetch of the process on import, and only this one
 * can be loaded a second time. Each time by a `require` of its own, since a `require` holds on to all that it has loaded.
 */
async function instantiate(): Promise<Sdk> {
  const sdk = createRequire(import.meta.url)(PACKAGE) as Sdk;
  await sdk.init();
  return sdk;
}

function discardSdk(): void {
  loading = undefined;
  const { cache, resolve } = createRequire(import.meta.url);
  delete cache[resolve(PACKAGE)];
}
