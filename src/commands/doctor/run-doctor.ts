import { loadServerConfig } from '../../config/load.ts';
import { ConfigError } from '../../config/problems.ts';
import type { ServerConfig } from '../../config/server-config.ts';
import type { CliIo } from '../cli/io.ts';
import { packageVersion } from '../cli/package.ts';
import type { Check, CheckGroup } from './check.ts';
import { clickhouseChecks } from './checks/clickhouse.ts';
import { configCheck } from './checks/config.ts';
import { controlChecks } from './checks/control.ts';
import { gossipChecks } from './checks/gossip.ts';
import { hostCheck } from './checks/host.ts';
import { serverChecks } from './checks/http-services.ts';
import { databaseChecks } from './checks/mysql.ts';
import { redisChecks } from './checks/redis.ts';
import { tlsCheck } from './checks/tls.ts';
import { vaultChecks } from './checks/vault.ts';
import { type Report, worstStatus } from './report.ts';
import { runChecks } from './run-checks.ts';
import { selection } from './selection.ts';

export interface DoctorFlags {
  readonly config?: string;
  readonly timeout: number;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly strict?: boolean;
  readonly apiUrl?: string;
  /** The file to pack what was found into. */
  readonly bundle?: string;
}

export interface DoctorOptions {
  readonly io: CliIo;
  readonly flags: DoctorFlags;
  readonly signal: AbortSignal;
}

/** Settings as far as they are valid; a configuration that lacks something still tells where the rest is. */
function readableConfig({ io, flags }: DoctorOptions): ServerConfig | undefined {
  try {
    return loadServerConfig({ profile: 'tool', env: io.env, cwd: io.cwd, configArgument: flags.config })
      .config;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function checkGroups(options: DoctorOptions, config: ServerConfig | undefined): CheckGroup[] {
  const { io, flags } = options;
  const timeoutMs = flags.timeout;
  return [
    { checks: [configCheck({ env: io.env, cwd: io.cwd, configArgument: flags.config }), hostCheck()] },
    databaseChecks({ config, rootApiId: io.env.UNKEY_ROOT_API_ID || undefined }),
    redisChecks({ url: config?.redisUrl, timeoutMs }),
    clickhouseChecks({ config }),
    vaultChecks({ vault: config?.vault }),
    controlChecks({ control: config?.control }),
    { checks: gossipChecks({ gossip: config?.gossip, region: config?.region }) },
    { checks: [tlsCheck({ tls: config?.tls, cwd: io.cwd })] },
    { checks: serverChecks({ apiUrl: flags.apiUrl, timeoutMs }) },
  ];
}

/** With their parents, whose outcome decides whether they run. */
function withParents(checks: readonly Check[], wanted: (id: string) => boolean): Check[] {
  const byId = new Map(checks.map((check) => [check.id, check]));
  const chosen = new Set<Check>();
  const choose = (check: Check) => {
    chosen.add(check);
    const parent = check.parent === undefined ? undefined : byId.get(check.parent);
    if (parent !== undefined) choose(parent);
  };
  for (const check of checks) if (wanted(check.id)) choose(check);
  return [...chosen];
}

/** Runs the checks that the flags select and reports on them. Never throws for what a check finds. */
export async function runDoctor(options: DoctorOptions): Promise<Report> {
  const startedAt = new Date();
  const start = performance.now();
  const groups = checkGroups(options, readableConfig(options));
  const checks = groups.flatMap((group) => group.checks);
  const wanted = selection(checks.map(({ id }) => id).sort(), options.flags.only, options.flags.skip);
  const results = await runChecks(withParents(checks, wanted), {
    timeoutMs: options.flags.timeout,
    signal: options.signal,
  });
  await closeAll(groups);
  const reported = results.filter(({ id }) => wanted(id));
  return {
    status: worstStatus(reported),
    version: packageVersion(),
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(performance.now() - start),
    checks: reported,
  };
}

const CLOSE_MS = 500;

/** A connection that hangs while it closes must not hold the report back: the process ends anyway. */
async function closeAll(groups: readonly CheckGroup[]): Promise<void> {
  const closing = Promise.allSettled(groups.map((group) => group.close?.()));
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, CLOSE_MS);
  await Promise.race([closing, patience.promise]);
  clearTimeout(timer);
}
