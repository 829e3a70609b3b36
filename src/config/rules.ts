// Rules between settings: pairs, requirements, what one profile refuses.
import { databaseAdapter, embeddedSettings, isEmbedded, vaultAdapter } from './adapters.ts';
import { envNameOf } from './catalogue.ts';
import type { ConfigProblem } from './problems.ts';
import { MASK } from './redact.ts';
import type { Given } from './resolve.ts';

type GivenSettings = ReadonlyMap<string, Given>;

const text = (given: GivenSettings, path: string) => {
  const value = given.get(path)?.value;
  return typeof value === 'string' ? value : undefined;
};

/** Settings that mean something only together. Source: CFG-7 and the TLS rule of the HTTP contract. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['control.url', 'control.token'],
  ['restate.url', 'restate.api_key'],
  ['tls.cert_file', 'tls.key_file'],
];

function* pairProblems(given: GivenSettings): Generator<ConfigProblem> {
  for (const [first, second] of PAIRS) {
    const [there, missing] = given.has(first) ? [first, second] : [second, first];
    if (!given.has(there) || given.has(missing)) continue;
    // Nobody has to be shown anything in one process.
    if (isEmbedded(text(given, there))) continue;
    yield { path: missing, what: `is required, because ${there} is set`, origin: given.get(there)?.origin };
  }
}

function* adapterProblems(given: GivenSettings): Generator<ConfigProblem> {
  const replica = given.get('database.readonly_replica');
  const urls = [text(given, 'database.primary'), text(given, 'database.readonly_replica')];
  if (replica !== undefined && urls.some((url) => url !== undefined && databaseAdapter(url) === 'sqlite')) {
    yield {
      path: 'database.readonly_replica',
      what: 'cannot be used with SQLite',
      got: MASK,
      origin: replica.origin,
    };
  }
}

/** What is wrong with the storage of a vault. `section` is its TOML path; `because` is why there has to be one, if so. */
export function* storageProblems(
  given: GivenSettings,
  section: string,
  because: string | undefined,
): Generator<ConfigProblem> {
  const disk = given.get(`${section}.disk.path`);
  const s3 = ['url', 'bucket', 'access_key_id', 'access_key_secret'].map((key) => `${section}.s3.${key}`);
  const usesS3 = s3.some((path) => given.has(path));
  if (disk !== undefined && usesS3) {
    yield { path: section, what: 'takes disk or s3, not both', origin: disk.origin };
  }
  if (usesS3) {
    for (const path of s3) if (!given.has(path)) yield { path, what: `is required with ${section}.s3` };
  }
  if (because !== undefined && disk === undefined && !usesS3) {
    yield { path: section, what: `is required, because ${because}` };
  }
}

/** `unkey dev` makes its own master key and storage; a server has to be told both. */
function* embeddedVaultProblems(given: GivenSettings, required: boolean): Generator<ConfigProblem> {
  const url = given.get('vault.url');
  const isOurs = required && vaultAdapter(text(given, 'vault.url')) === 'embedded';
  yield* storageProblems(given, 'vault.storage', isOurs ? 'vault.url is embedded:' : undefined);
  if (!isOurs) return;
  if (!given.has('vault.encryption.master_key')) {
    yield {
      path: 'vault.encryption.master_key',
      what: 'is required, because vault.url is embedded:',
      origin: url?.origin,
    };
  }
}

/** Everything wrong between settings, whoever reads them. */
export function crossProblems(
  given: GivenSettings,
  tables: ReadonlySet<string>,
  options: { readonly embeddedVaultNeedsKeys: boolean },
): ConfigProblem[] {
  const problems = [
    ...pairProblems(given),
    ...adapterProblems(given),
    ...embeddedVaultProblems(given, options.embeddedVaultNeedsKeys),
  ];
  const gossip = tables.has('gossip') || [...given.keys()].some((path) => path.startsWith('gossip.'));
  if (gossip && !given.has('gossip.secret_key')) {
    problems.push({ path: 'gossip.secret_key', what: 'is required with the section [gossip]' });
  }
  return problems;
}

/** What is said of a vault on the network without a token. */
export const VAULT_WITHOUT_TOKEN = 'vault.token: is not set; the vault will refuse every call';

/** A problem for each required setting that nobody gave. */
export function missingProblems(given: GivenSettings, required: readonly string[]): ConfigProblem[] {
  return required.flatMap((path) => {
    const value = given.get(path)?.value;
    const missing = value === undefined || (Array.isArray(value) && value.length === 0);
    if (!missing) return [];
    const how =
      path === 'auth'
        ? 'add at least one [[auth]] entry'
        : `set it in the file or through ${envNameOf(path)}`;
    return [{ path, what: `is required; ${how}` }];
  });
}

/** Several processes cannot share what lives inside one of them. */
export function workerProblems(given: GivenSettings): ConfigProblem[] {
  const workers = given.get('server.workers');
  const embedded = embeddedSettings(given);
  if (typeof workers?.value !== 'number' || workers.value <= 1 || embedded.length === 0) return [];
  return [
    {
      path: 'server.workers',
      what: `must be 1, because only one process may use the data of ${embedded.join(', ')}`,
      got: String(workers.value),
      origin: workers.origin,
    },
  ];
}

/** What the secrets that `unkey dev` makes up begin with. */
const DEV_SECRET_PREFIX = 'dev-only-';

function* strings(value: unknown, path: string): Generator<readonly [path: string, text: string]> {
  if (typeof value === 'string') yield [path, value];
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* strings(item, `${path}[${index}]`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) yield* strings(item, `${path}.${key}`);
  }
}

/** Secrets of `unkey dev`, alone or as the password of a connection string, have no place in a server (DEV-2). */
export function devSecretProblems(given: GivenSettings): ConfigProblem[] {
  const isDevSecret = (item: string) =>
    item.startsWith(DEV_SECRET_PREFIX) || item.includes(`:${DEV_SECRET_PREFIX}`);
  return [...given].flatMap(([path, { value, origin }]) =>
    [...strings(value, path)]
      .filter(([, item]) => isDevSecret(item))
      .map(([at]) => ({
        path: at,
        what: "is a secret made for 'unkey dev'; set one of your own",
        got: MASK,
        origin,
      })),
  );
}
