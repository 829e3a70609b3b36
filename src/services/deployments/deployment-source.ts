// What a new deployment is made of: an image, a commit of the app's repository, or what an earlier deployment was made
// of. Source: the createDeployment section of the platform chapter.

import type { Queryable } from '../../storage/sql/database.ts';
import {
  type DeploymentSourceRow,
  findDeploymentSource,
} from '../../storage/sql/queries/deployments-reading.ts';
import { type GitCommit, NO_COMMIT } from '../control/control-plane.ts';
import { invalidInput } from '../input-fault.ts';
import { deploymentNotFound, preconditionFailed } from './deployment-faults.ts';

/** Where a deployment goes. */
export interface DeploymentTarget {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly appId: string;
  readonly environmentId: string;
  readonly environmentSlug: string;
  /** Whether the app has a repository to build from. */
  readonly hasRepository: boolean;
}

/** What a caller asks to deploy. */
export type SourceRequest =
  | { readonly kind: 'image'; readonly dockerImage: string }
  | {
      readonly kind: 'git';
      /** Empty members are not given. With none of them the app's default branch is meant. */
      readonly branch: string;
      readonly commitSha: string;
      /** A fork, as `owner/name`. */
      readonly repository: string;
    }
  | { readonly kind: 'deployment'; readonly deploymentId: string };

/** What the control plane is told to deploy: one of the two. */
export interface ResolvedSource {
  /** Empty = not given. */
  readonly dockerImage: string;
  readonly gitCommit: GitCommit | undefined;
}

/**
 * Finds out what to deploy. Throws a Fault: `invalid_input` (a fork without a commit), `precondition_failed` (no
 * repository to build from, or an earlier deployment without an image), or `deployment_not_found` (no such deployment in
 * this environment).
 */
export async function resolveSource(
  q: Queryable,
  target: DeploymentTarget,
  request: SourceRequest,
): Promise<ResolvedSource> {
  switch (request.kind) {
    case 'image':
      return { dockerImage: request.dockerImage, gitCommit: undefined };
    case 'git':
      return resolveGit(target, request);
    case 'deployment':
      return resolveEarlier(q, target, request.deploymentId);
  }
}

function resolveGit(
  { hasRepository }: DeploymentTarget,
  { branch, commitSha, repository }: Extract<SourceRequest, { kind: 'git' }>,
): ResolvedSource {
  if (!isBlank(repository) && isBlank(commitSha)) {
    throw invalidInput('A repository of its own needs a commitSha.');
  }
  if (!hasRepository) throw preconditionFailed('The app is not connected to a repository.');
  return { dockerImage: '', gitCommit: { ...NO_COMMIT, branch, commitSha, forkRepository: repository } };
}

async function resolveEarlier(
  q: Queryable,
  { workspaceId, appId, environmentId, hasRepository }: DeploymentTarget,
  deploymentId: string,
): Promise<ResolvedSource> {
  const earlier = await findDeploymentSource(q, workspaceId, deploymentId);
  if (earlier === undefined || earlier.appId !== appId || earlier.environmentId !== environmentId) {
    throw deploymentNotFound();
  }
  const isOfCommit = Boolean(earlier.gitCommitSha || earlier.gitBranch);
  if (isOfCommit && hasRepository) return { dockerImage: '', gitCommit: commitOf(earlier) };
  if (!earlier.image) throw preconditionFailed('The deployment has no image to deploy again.');
  return { dockerImage: earlier.image, gitCommit: undefined };
}

function commitOf(earlier: DeploymentSourceRow): GitCommit {
  return {
    commitSha: earlier.gitCommitSha ?? '',
    commitMessage: earlier.gitCommitMessage ?? '',
    authorHandle: earlier.gitCommitAuthorHandle ?? '',
    authorAvatarUrl: earlier.gitCommitAuthorAvatarUrl ?? '',
    timestamp: BigInt(earlier.gitCommitTimestamp ?? 0),
    branch: earlier.gitBranch ?? '',
    forkRepository: earlier.forkRepository ?? '',
  };
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}
