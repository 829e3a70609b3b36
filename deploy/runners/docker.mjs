#!/usr/bin/env node
// Runs deployments as containers of the Docker engine of this machine, one container each whatever the replicas, behind
// Caddy. An example of a runner: docs/control-plane.md tells what is on its standard input, and what is read of its output.
//
// Needs a network (`docker network create unkey`), and in it a container `caddy` whose Caddyfile imports the files that are
// written to SITES. The names below can be set through the command: `["env", "SITES=/srv/caddy", "docker.mjs"]`.

import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const NETWORK = process.env.NETWORK ?? 'unkey';
const SITES = process.env.SITES ?? '/etc/caddy/unkey';
const PROXY = process.env.PROXY ?? 'caddy';
/** How long a container has to stay up before it counts as running, in milliseconds. */
const STEADY_MS = Number(process.env.STEADY_MS ?? 3000);

const say = (line) => console.log(JSON.stringify(line));

/** Runs docker and returns its output. Ends this process with the error when it fails. */
function docker(args, { input, mayFail = false } = {}) {
  // By way of a pipe of the shell: what Node gives a child to read from is a socket, which cannot be opened as /dev/stdin.
  const command =
    input === undefined ? ['docker', args] : ['sh', ['-c', 'cat | docker "$@"', 'docker', ...args]];
  const { status, stdout, stderr, error } = spawnSync(...command, { encoding: 'utf8', input: input ?? '' });
  if (status === 0) return stdout.trim();
  if (mayFail) return undefined;
  const lines = (stderr ?? '').split('\n').filter((line) => line.trim() !== '' && !/^(Run|See) '/.test(line));
  return fail(`docker ${args[0]} failed: ${error?.message ?? lines.at(-1)}`);
}

function fail(error) {
  say({ error });
  process.exit(1);
}

/** Variables as Docker reads them from a file: never as arguments, which everybody on this machine could see. */
function envFile(variables) {
  const lines = Object.entries(variables).map(([key, value]) => {
    if (/[\r\n]/.test(value)) fail(`the variable ${key} has a line break, which Docker cannot take from a file`);
    return `${key}=${value}\n`;
  });
  return lines.join('');
}

const actions = {
  build({ deployment: { name, git, build } }) {
    const image = `unkey/${name}`;
    const dockerfile = build.dockerfile === null ? [] : ['--file', build.dockerfile];
    const source = `https://github.com/${git.repository}.git#${git.commitSha ?? git.branch}:${build.context}`;
    say({ message: `building ${source}` });
    docker(['build', '--quiet', '--tag', image, ...dockerfile, source]);
    say({ image });
  },

  async deploy({ deployment, variables }) {
    const { name, image, command, cpuMillicores, memoryMib, port, shutdownSignal } = deployment;
    // Asked again, it begins anew: what the earlier call has left is in an unknown state.
    docker(['rm', '--force', name], { mayFail: true });
    say({ message: `starting ${image}` });
    docker(
      [
        ...['run', '--detach', '--name', name, '--network', NETWORK, '--restart', 'unless-stopped'],
        ...['--cpus', String(cpuMillicores / 1000), '--memory', `${memoryMib}m`, '--stop-signal', shutdownSignal],
        ...['--label', `unkey.deployment=${deployment.id}`, '--env-file', '/dev/stdin'],
        // Whoever may deploy chooses the image: it must not be taken for an option.
        ...['--', image, ...command],
      ],
      { input: envFile({ PORT: String(port), ...variables }) },
    );
    await sleep(STEADY_MS);
    const state = docker(['inspect', '--format', '{{.State.Running}} {{.RestartCount}}', name]);
    if (state === 'true 0') return;
    docker(['rm', '--force', name], { mayFail: true });
    fail('the container ended as soon as it was started');
  },

  stop({ deployment: { name } }) {
    // Unlike `inspect`, this tells a container that is gone from an engine that does not answer.
    if (docker(['ps', '--all', '--quiet', '--filter', `name=^${name}$`]) === '') return;
    docker(['stop', name]);
    docker(['rm', name]);
  },

  route({ environment, routes }) {
    const sites = routes.map(
      ({ hostname, name, port }) => `${hostname} {\n  reverse_proxy ${name}:${port}\n}\n`,
    );
    const file = join(SITES, `${environment.id}.caddy`);
    if (sites.length === 0) {
      // Caddy does not take a file without a site.
      rmSync(file, { force: true });
    } else {
      writeFileSync(`${file}.new`, sites.join(''));
      renameSync(`${file}.new`, file);
    }
    docker(['exec', PROXY, 'caddy', 'reload', '--config', '/etc/caddy/Caddyfile']);
  },
};

const task = JSON.parse(readFileSync(0, 'utf8'));
const act = actions[task.action];
if (act === undefined) say({ message: `nothing to do for ${task.action}` });
else await act(task);
