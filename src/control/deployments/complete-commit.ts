// What a caller leaves out of a commit, from GitHub. Source: the platform chapter, section minimal control plane,
// CreateDeployment.

import {
  ControlPlaneError,
  type GitCommit,
  type NewDeployment,
  NO_COMMIT,
} from '../../services/control/control-plane.ts';
import { type Github, type GithubCommit, GithubError } from '../../services/github/github.ts';
import {
  type ConnectedRepositoryRow,
  findConnectedRepository,
} from '../../storage/sql/queries/repositories.ts';
import type { ControlDeps } from '../control-deps.ts';
import { isBlank, sourceBranch } from './deployment-source.ts';

/**
 * The request with hash, message, author and time of the commit that it means; as it was given when it is about an image,
 * says it all, or there is no GitHub App or repository to ask.
 * @throws ControlPlaneError `failed_precondition` when GitHub knows of no such commit, or does not say
 */
export async function completeCommit(
  { github, db, log }: Pick<ControlDeps, 'github' | 'db' | 'log'>,
  request: NewDeployment,
): Promise<NewDeployment> {
  const given = request.gitCommit ?? NO_COMMIT;
  if (github === undefined || !isBlank(request.dockerImage) || isComplete(given)) return request;
  const connected = await findConnectedRepository(db.primary, request.appId);
  if (connected === undefined) return request;
  const branch = sourceBranch(given, connected.defaultBranch);
  const ref = isBlank(given.commitSha) ? branch : given.commitSha;
  try {
    const found = await find(github, connected, given, ref);
    if (found === undefined) throw refused(`the repository has no commit '${ref}'`);
    return { ...request, gitCommit: filled({ ...given, branch }, found) };
  } catch (error) {
    if (!(error instanceof GithubError)) throw error;
    log.warn({ err: error, app: request.appId }, 'GitHub could not be asked about a commit');
    throw refused('GitHub could not be asked about the commit', error);
  }
}

function isComplete({ commitSha, commitMessage, timestamp }: GitCommit): boolean {
  return commitSha !== '' && commitMessage !== '' && timestamp !== 0n;
}

/** A commit of a fork is asked for by the fork's name, which an installation sees while the fork is public. */
function find(
  github: Github,
  { installationId, fullName }: ConnectedRepositoryRow,
  { forkRepository }: GitCommit,
  ref: string,
): Promise<GithubCommit | undefined> {
  return github.findCommit(String(installationId), isBlank(forkRepository) ? fullName : forkRepository, ref);
}

/** What the caller said stands, but for the hash: it may have been cut short. */
function filled(given: GitCommit, found: GithubCommit): GitCommit {
  return {
    ...given,
    commitSha: found.sha,
    commitMessage: given.commitMessage || found.message,
    authorHandle: given.authorHandle || found.authorHandle,
    authorAvatarUrl: given.authorAvatarUrl || found.authorAvatarUrl,
    timestamp: given.timestamp || BigInt(found.timestamp),
  };
}

function refused(message: string, cause?: unknown): ControlPlaneError {
  return new ControlPlaneError('failed_precondition', message, { cause });
}
