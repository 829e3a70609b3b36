// What a new deployment is made of: an image, a commit to build, or what the app runs already.

import {
  ControlPlaneError,
  type GitCommit,
  type NewDeployment,
} from '../../services/control/control-plane.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import {
  type DeploymentTargetRow,
  findRecordedSource,
} from '../../storage/sql/queries/control/deployment-target.ts';
import type { NewDeploymentRow } from '../../storage/sql/queries/control/deployments.ts';
import { requireLength } from '../required.ts';

export type Source = Pick<
  NewDeploymentRow,
  | 'image'
  | 'gitCommitSha'
  | 'gitBranch'
  | 'gitCommitMessage'
  | 'gitCommitAuthorHandle'
  | 'gitCommitAuthorAvatarUrl'
  | 'gitCommitTimestamp'
  | 'forkRepository'
>;

const FALLBACK_BRANCH = 'main';

/** @throws ControlPlaneError `invalid_argument` for what would not be the same thing if it were cut off */
export function requireSourceLengths({ dockerImage, gitCommit }: NewDeployment): void {
  requireLength('docker_image', dockerImage, 256);
  requireLength('git_commit.commit_sha', gitCommit?.commitSha ?? '', 40);
  requireLength('git_commit.branch', gitCommit?.branch ?? '', 256);
  requireLength('git_commit.fork_repository', gitCommit?.forkRepository ?? '', 256);
}

/** @throws ControlPlaneError `failed_precondition` when there is nothing to deploy */
export async function chooseSource(
  q: Queryable,
  { appId, dockerImage, gitCommit }: NewDeployment,
  target: DeploymentTargetRow,
): Promise<Source> {
  if (!isBlank(dockerImage)) return { ...commitOf(gitCommit), image: dockerImage };
  if (target.repository !== null) {
    const branch = sourceBranch(gitCommit, target.defaultBranch);
    return { ...commitOf(gitCommit), gitBranch: branch === '' ? null : branch, image: null };
  }
  if (gitCommit !== undefined) {
    throw new ControlPlaneError('failed_precondition', 'no repository is connected to the app');
  }
  return currentSource(q, appId, target.currentDeploymentId);
}

/** The branch that a commit is of; empty when only its hash is known. */
export function sourceBranch(commit: GitCommit | undefined, defaultBranch: string): string {
  const { branch = '', commitSha = '' } = commit ?? {};
  if (!isBlank(branch)) return branch;
  return isBlank(commitSha) ? defaultBranch || FALLBACK_BRANCH : '';
}

export function isBlank(text: string): boolean {
  return text.trim() === '';
}

async function currentSource(
  q: Queryable,
  appId: string,
  currentDeploymentId: string | null,
): Promise<Source> {
  const current =
    currentDeploymentId === null ? undefined : await findRecordedSource(q, appId, currentDeploymentId);
  if (current === undefined || current.image === null) {
    throw new ControlPlaneError('failed_precondition', 'there is no image to deploy');
  }
  return {
    image: current.image,
    gitCommitSha: current.commitSha,
    gitBranch: current.branch,
    gitCommitMessage: current.commitMessage,
    gitCommitAuthorHandle: current.authorHandle,
    gitCommitAuthorAvatarUrl: current.authorAvatarUrl,
    gitCommitTimestamp: current.timestamp === null ? null : Number(current.timestamp),
    forkRepository: current.forkRepository,
  };
}

/** Texts that merely describe are cut off where their columns end. */
function commitOf(commit: GitCommit | undefined): Omit<Source, 'image'> {
  const text = (value: string | undefined, length: number): string | null =>
    value === undefined || isBlank(value) ? null : value.slice(0, length).toWellFormed();
  const timestamp = Number(commit?.timestamp ?? 0n);
  return {
    gitCommitSha: text(commit?.commitSha, 40),
    gitBranch: text(commit?.branch, 256),
    gitCommitMessage: text(commit?.commitMessage, 10_000),
    gitCommitAuthorHandle: text(commit?.authorHandle, 256),
    gitCommitAuthorAvatarUrl: text(commit?.authorAvatarUrl, 512),
    gitCommitTimestamp: timestamp === 0 ? null : timestamp,
    forkRepository: text(commit?.forkRepository, 256),
  };
}
