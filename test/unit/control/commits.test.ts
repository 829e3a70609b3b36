// What GitHub is asked about the commit of a deployment.

import { expect, test } from 'vitest';
import { type GitCommit, NO_COMMIT } from '../../../src/services/control/control-plane.ts';
import { TestGithub } from '../../support/github.ts';
import { insert } from '../support/store.ts';
import { type Bench, deploy, makeApp, openBench, type Place, request, WORKSPACE } from './workbench.ts';

const SHA = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const FOUND = {
  sha: SHA,
  message: 'fix: it',
  authorHandle: 'ada',
  authorAvatarUrl: 'https://avatars.test/ada',
  timestamp: 1_735_689_600_000,
};

async function arrange() {
  const github = new TestGithub();
  const bench = await openBench({ github });
  const place = await makeApp(bench);
  await insert(bench.db, 'github_repo_connections', {
    workspace_id: WORKSPACE,
    project_id: place.projectId,
    app_id: place.appId,
    installation_id: 7,
    repository_id: 70,
    repository_full_name: 'Acme/Web',
    created_at: 1,
  });
  await bench.run("UPDATE apps SET default_branch = 'trunk'");
  return { bench, github, place };
}

const deployCommit = (bench: Bench, place: Place, commit: Partial<GitCommit>) =>
  deploy(bench, place, { dockerImage: '', gitCommit: { ...NO_COMMIT, ...commit } });

async function commitOf({ all }: Bench, id: string) {
  const rows = await all(
    `SELECT git_commit_sha AS sha, git_branch AS branch, git_commit_message AS message,
            git_commit_author_handle AS author, git_commit_author_avatar_url AS avatar,
            git_commit_timestamp AS timestamp, fork_repository_full_name AS fork
       FROM deployments WHERE id = :id`,
    { id },
  );
  return rows[0];
}

test('the newest commit of the default branch, when none is named', async () => {
  const { bench, github, place } = await arrange();
  github.commits.set('7 acme/web trunk', FOUND);
  const id = await deployCommit(bench, place, {});
  expect(github.asked).toEqual(['7 Acme/Web trunk']);
  expect(await commitOf(bench, id)).toEqual({
    sha: SHA,
    branch: 'trunk',
    message: 'fix: it',
    author: 'ada',
    avatar: 'https://avatars.test/ada',
    timestamp: 1_735_689_600_000,
    fork: null,
  });
});

test('the newest commit of a branch', async () => {
  const { bench, github, place } = await arrange();
  github.commits.set('7 acme/web feature', FOUND);
  const id = await deployCommit(bench, place, { branch: 'feature' });
  expect(await commitOf(bench, id)).toMatchObject({ sha: SHA, branch: 'feature', message: 'fix: it' });
});

test('a commit by its hash, also when it is cut short or of a fork; what the caller said stands', async () => {
  const { bench, github, place } = await arrange();
  github.commits.set('7 fork/web 4b825dc', FOUND);
  const id = await deployCommit(bench, place, {
    commitSha: '4b825dc',
    forkRepository: 'fork/web',
    commitMessage: 'their words',
  });
  expect(await commitOf(bench, id)).toMatchObject({
    sha: SHA,
    branch: null,
    message: 'their words',
    author: 'ada',
    fork: 'fork/web',
  });
});

test('nothing, when everything is known, when an image is given, and when no repository is connected', async () => {
  const { bench, github, place } = await arrange();
  const known = { commitSha: SHA, commitMessage: 'x', timestamp: 1n };
  expect(await commitOf(bench, await deployCommit(bench, place, known))).toMatchObject({ message: 'x' });
  await deploy(bench, place, { gitCommit: { ...NO_COMMIT, branch: 'main' } });
  const other = await makeApp(bench, 'other');
  await deploy(bench, other);
  expect(github.asked).toEqual([]);
});

test('a commit that GitHub does not know, or says nothing of, is refused, and nothing is made', async () => {
  const { bench, github, place } = await arrange();
  const wanted = request(place, { dockerImage: '', gitCommit: { ...NO_COMMIT, branch: 'none' } });
  await expect(bench.service.createDeployment(wanted)).rejects.toMatchObject({ code: 'failed_precondition' });
  github.broken.add('7');
  await expect(bench.service.createDeployment(wanted)).rejects.toMatchObject({ code: 'failed_precondition' });
  expect(await bench.all('SELECT id FROM deployments')).toEqual([]);
  expect(bench.lines.some(({ message }) => message.includes('GitHub could not be asked'))).toBe(true);
});
