// What the API needs of GitHub. An installation without a GitHub App holds none at all.

export interface GithubRepository {
  readonly id: number;
  /** `owner/repo` as GitHub writes it. */
  readonly fullName: string;
  readonly defaultBranch: string;
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
}

/** GitHub gave no usable answer. */
export class GithubError extends Error {
  override readonly name = 'GithubError';
}
