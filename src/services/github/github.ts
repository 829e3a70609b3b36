// What the API needs of GitHub. An installation without a GitHub App holds none at all.

export interface GithubRepository {
  readonly id: number;
  /** `owner/repo` as GitHub writes it. */
  readonly fullName: string;
  readonly defaultBranch: string;
}

export interface GithubCommit {
  readonly sha: string;
  readonly message: string;
  /** The author's account; empty when GitHub knows of none. */
  readonly authorHandle: string;
  readonly authorAvatarUrl: string;
  /** Unix milliseconds. */
  readonly timestamp: number;
}

export interface Github {
  /** The App's name in addresses of github.com. */
  readonly appName: string;
  /**
   * The repository as an installation of the App sees it; undefined when it sees none of this name. Throws a GithubError
   * when GitHub does not say.
   * @param repository `owner/repo`
   */
  findRepository(installationId: string, repository: string): Promise<GithubRepository | undefined>;
  /**
   * The commit of a repository; undefined when the installation sees none. Throws a GithubError when GitHub does not say.
   * @param repository `owner/repo`
   * @param ref a commit's hash or the name of a branch, whose newest commit is meant then
   */
  findCommit(installationId: string, repository: string, ref: string): Promise<GithubCommit | undefined>;
}

/** GitHub gave no usable answer. */
export class GithubError extends Error {
  override readonly name = 'GithubError';
}
