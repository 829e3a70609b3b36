import type { ServerConfig } from '../../config/server-config.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Github } from '../../services/github/github.ts';
import { createGithubApp } from '../../services/github/github-app.ts';

/** The GitHub App of the configuration; undefined when it names none. */
export function githubOf({ github }: Pick<ServerConfig, 'github'>, clock: Clock): Github | undefined {
  return github === undefined || github.appName === '' ? undefined : createGithubApp({ ...github, clock });
}
