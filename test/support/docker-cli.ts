// Docker as its command line, for tests of what operators are shown to do with it.

import { spawnSync } from 'node:child_process';

/** What the command line needs of this process's settings to find its engine. */
export const dockerEnv: Readonly<Record<string, string>> = Object.fromEntries(
  ['PATH', 'HOME', 'DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }),
);

/** Runs `docker …` and yields what it prints. @throws Error, with what it said, when it fails */
export function docker(...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync('docker', args, { encoding: 'utf8', env: dockerEnv });
  if (status === 0) return stdout.trim();
  throw new Error(`docker ${args[0]}: ${error?.message ?? stderr.trim()}`);
}

/**
 * The image of Caddy that tests run: `TEST_CADDY_IMAGE`, else the public one if it can be had. Says on stderr why there is
 * none, so that a skipped suite is never silent.
 *
 * @throws Error when there is none although `TEST_REQUIRE_ALL=1` asks for every suite.
 */
export function caddyImageOrSkip(): string | undefined {
  const image = process.env.TEST_CADDY_IMAGE ?? 'caddy:2';
  try {
    if (docker('images', '--quiet', image) === '') docker('pull', '--quiet', image);
    return image;
  } catch (error) {
    const cause = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    const reason = `this suite needs Docker and the image ${image}: ${cause}`;
    if (process.env.TEST_REQUIRE_ALL === '1') throw new Error(reason);
    process.stderr.write(`skipped: ${reason}\n`);
    return undefined;
  }
}
