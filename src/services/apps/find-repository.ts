// Finding the repository that a caller means: the first installation of the GitHub App that sees it.

import { Fault } from '../../lib/fault.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { listInstallationIds } from '../../storage/sql/queries/repositories.ts';
import { type Github, GithubError, type GithubRepository } from '../github/github.ts';
import { invalidInput } from '../input-fault.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import { repositoryName } from './repository-name.ts';

/** A repository, and the installation through which it is read. */
export interface FoundRepository extends GithubRepository {
  readonly installationId: string;
}

/**
 * The repository that the text names, as GitHub knows it. Throws a Fault: `service_unavailable` (no GitHub App, or
 * GitHub does not answer), `invalid_input` (the text names none), `precondition_failed` (the workspace has no
 * installation, or none that sees it).
 */
export async function findRepository(
  q: Queryable,
  github: Github | undefined,
  workspaceId: string,
  text: string,
): Promise<FoundRepository> {
  if (github === undefined) throw githubUnavailable(new GithubError('no GitHub App is configured'));
  const installationIds = await reportingStoreFailure('listing GitHub installations', () =>
    listInstallationIds(q, workspaceId),
  );
  const name = repositoryName(text);
  if (name === undefined) throw invalidInput(`'${text}' is not the name or address of a GitHub repository.`);

  let failure: GithubError | undefined;
  for (const installationId of installationIds.map(String)) {
    try {
      const repository = await github.findRepository(installationId, name);
      if (repository !== undefined) return { ...repository, installationId };
    } catch (error) {
      if (!(error instanceof GithubError)) throw error;
      failure ??= error;
    }
  }
  if (failure !== undefined) throw githubUnavailable(failure);
  const where = `https://github.com/apps/${github.appName}/installations/new`;
  throw new Fault('unkey:application:precondition_failed', {
    public:
      installationIds.length === 0
        ? `The GitHub App is not installed for this workspace. Install it at ${where}`
        : `No installation of the GitHub App can read '${name}'. Give it access at ${where}`,
  });
}

function githubUnavailable(cause: GithubError): Fault {
  return new Fault('unkey:application:service_unavailable', {
    public: 'GitHub could not be asked about the repository.',
    internal: 'finding a repository failed',
    cause,
  });
}
