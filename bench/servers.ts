// MySQL and Redis for as long as something is measured on them.
import { provideServers } from '../test/support/servers-provide.ts';

const NEEDED = ['TEST_MYSQL_URL', 'TEST_REDIS_URL'];

/** Named in the environment, as the tests' helpers expect, until they are stopped. */
export interface BenchServers {
  stop(): Promise<void>;
}

/** Finds or starts both. @returns undefined, after saying why, where this machine cannot have them */
export async function startServers(): Promise<BenchServers | undefined> {
  const { variables, missing, stop } = await provideServers();
  if (!NEEDED.every((name) => name in variables)) {
    console.log(`\nnot measured on MySQL and Redis: ${missing.join(', ')}`);
    await stop();
    return undefined;
  }
  const own = Object.keys(variables).filter((name) => process.env[name] === undefined);
  Object.assign(process.env, variables);
  return {
    async stop() {
      // Whoever asks for servers next would take these for given.
      for (const name of own) delete process.env[name];
      await stop();
    },
  };
}

/** Does something for which both are there where they can be. */
export async function withServers<T>(work: () => Promise<T>): Promise<T> {
  const servers = await startServers();
  try {
    return await work();
  } finally {
    await servers?.stop();
  }
}
