// The ClickHouse-dialect parser (WebAssembly), loaded at the first query: an instance without analytics never pays
// its memory.
import { createRequire } from 'node:module';
import { queryFault } from './faults.ts';

type Sdk = typeof import('@polyglot-sql/sdk');

const PACKAGE = '@polyglot-sql/sdk';

// The package's CommonJS build: its ES build replaces the global fetch of the process on import, and only this one can
// be loaded a second time.
const require = createRequire(import.meta.url);

let loading: Promise<Sdk> | undefined;

/** How the SDK reports that its WebAssembly code trapped, as opposed to text that it cannot parse. */
const TRAP_PREFIX = 'WASM ';

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
  throw queryFault('Syntax error in the query.');
}

function loadSdk(): Promise<Sdk> {
  loading ??= instantiate().catch((error: unknown) => {
    discardSdk();
    throw error;
  });
  return loading;
}

async function instantiate(): Promise<Sdk> {
  const sdk = require(PACKAGE) as Sdk;
  await sdk.init();
  return sdk;
}

function discardSdk(): void {
  loading = undefined;
  delete require.cache[require.resolve(PACKAGE)];
}
