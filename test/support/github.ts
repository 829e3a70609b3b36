import {
  type Github,
  type GithubCommit,
  GithubError,
  type GithubRepository,
} from '../../src/services/github/github.ts';

/** A GitHub in memory. */
export class TestGithub implements Github {
  readonly appName = 'unkey-test';
  /** Installation and name of what it was asked for. */
  readonly asked: string[] = [];
  /** What installations see: `<installation> <owner>/<repo>`, the name in lower case. */
  readonly repositories = new Map<string, GithubRepository>();
  /** What they see of commits: `<installation> <owner>/<repo> <ref>`, the name in lower case. */
  readonly commits = new Map<string, GithubCommit>();
  /** Installations about which it does not say. */
  readonly broken = new Set<string>();

  async findRepository(installationId: string, repository: string): Promise<GithubRepository | undefined> {
    this.asked.push(`${installationId} ${repository}`);
    if (this.broken.has(installationId)) throw new GithubError('GitHub answered 500');
    return this.repositories.get(`${installationId} ${repository.toLowerCase()}`);
  }

  async findCommit(
    installationId: string,
    repository: string,
    ref: string,
  ): Promise<GithubCommit | undefined> {
    this.asked.push(`${installationId} ${repository} ${ref}`);
    if (this.broken.has(installationId)) throw new GithubError('GitHub answered 500');
    return this.commits.get(`${installationId} ${repository.toLowerCase()} ${ref}`);
  }
}
