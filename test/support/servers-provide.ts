// Finds or starts the servers of one test run, in this order: an address in the environment, a container, a binary on
// PATH. What cannot be had is reported with its reason, never an error: the suites that need it are then skipped.

import { SERVER_VARIABLES, type ServerName } from './servers.ts';
import { dockerAvailable, startMysqlContainer, startRedisContainer } from './servers-docker.ts';
import { findOnPath, startLocalMysql, startLocalRedis } from './servers-local.ts';
import type { StartedServer } from './servers-ready.ts';

export interface ProvidedServers {
  /** The variables of SERVER_VARIABLES that could be filled. */
  readonly variables: Readonly<Record<string, string>>;
  /** One line for each server that is there: `mysql: container mysql:8.4`. */
  readonly present: readonly string[];
  /** One clause for each server that is not: `mysql (no address, no Docker, no mysqld on PATH)`. */
  readonly missing: readonly string[];
  /** Stops what was started here, and nothing else. */
  stop(): Promise<void>;
}

interface Source {
  readonly name: ServerName;
  readonly container: () => Promise<StartedServer>;
  readonly binaries: readonly string[];
  readonly local: (binary: string) => Promise<StartedServer>;
}

const SOURCES: readonly Source[] = [
  {
    name: 'mysql',
    container: startMysqlContainer,
    binaries: ['mariadbd', 'mysqld'],
    local: startLocalMysql,
  },
  { name: 'redis', container: startRedisContainer, binaries: ['redis-server'], local: startLocalRedis },
];

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Provides everything that this machine can; resolves when each server that was started answers. */
export async function provideServers(): Promise<ProvidedServers> {
  const docker = await dockerAvailable();
  const outcomes = await Promise.all([...SOURCES.map((source) => provide(source, docker)), provideBrowser()]);
  const stops = outcomes.flatMap((outcome) => outcome.stop ?? []);
  return {
    variables: Object.fromEntries(
      outcomes.flatMap(({ name, value }) => (value ? [[SERVER_VARIABLES[name], value]] : [])),
    ),
    present: outcomes.flatMap(({ name, value, note }) => (value ? [`${name}: ${note}`] : [])),
    missing: outcomes.flatMap(({ name, value, note }) => (value ? [] : [`${name} (${note})`])),
    stop: async () => void (await Promise.allSettled(stops.map((stop) => stop()))),
  };
}

/** Starts a server for one test alone, which may kill it; undefined when none can be had here. */
export async function startOwnServer(name: 'mysql' | 'redis'): Promise<StartedServer | undefined> {
  const source = SOURCES.find((one) => one.name === name);
  if (source === undefined) throw new Error(`no source of ${name}`);
  if (await dockerAvailable()) {
    const started = await attempt(source.container);
    if ('url' in started) return started;
  }
  const binary = await findOnPath(...source.binaries);
  return binary === undefined ? undefined : source.local(binary);
}

interface Outcome {
  readonly name: ServerName;
  /** undefined when the server cannot be had. */
  readonly value?: string;
  /** Where it came from, or why it is missing. */
  readonly note: string;
  readonly stop?: () => Promise<void>;
}

async function provide(source: Source, docker: boolean): Promise<Outcome> {
  const { name } = source;
  const address = process.env[SERVER_VARIABLES[name]];
  if (address) return { name, value: address, note: `address from ${SERVER_VARIABLES[name]}` };

  const refusals = ['no address'];
  if (docker) {
    const started = await attempt(source.container);
    if ('url' in started) return fromStarted(name, started);
    refusals.push(`container failed: ${started.message}`);
  } else {
    refusals.push('no Docker');
  }
  const binary = await findOnPath(...source.binaries);
  if (binary) {
    const started = await attempt(() => source.local(binary));
    if ('url' in started) return fromStarted(name, started);
    refusals.push(`${binary} failed: ${started.message}`);
  } else {
    refusals.push(`no ${source.binaries.join(' or ')} on PATH`);
  }
  return { name, note: refusals.join(', ') };
}

async function provideBrowser(): Promise<Outcome> {
  const named = process.env[SERVER_VARIABLES.browser];
  if (named) return { name: 'browser', value: named, note: `path from ${SERVER_VARIABLES.browser}` };
  const found = await findOnPath(...BROWSERS);
  return found
    ? { name: 'browser', value: found, note: found }
    : { name: 'browser', note: 'no Chromium found' };
}

function fromStarted(name: ServerName, { url, origin, stop }: StartedServer): Outcome {
  return { name, value: url, note: origin, stop };
}

async function attempt(start: () => Promise<StartedServer>): Promise<StartedServer | { message: string }> {
  try {
    return await start();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { message: message.split('\n', 1)[0] ?? '' };
  }
}
