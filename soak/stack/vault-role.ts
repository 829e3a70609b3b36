// `unkey vault serve` as a process whose master key can be changed while recoverable keys are made and read.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../test/support/servers-local.ts';
import { runUnkey, startUnkey, type UnkeyProcess, untilStarted } from '../../test/support/unkey-process.ts';

export interface VaultRole {
  readonly url: string;
  readonly token: string;
  /** The process of now. */
  pid(): number;
  /** Ciphertext of a text, as the product stores it. */
  encrypt(keyring: string, text: string): Promise<string>;
  /**
   * A new master key, as docs/vault.md tells: restart with both, wrap again, restart with the new one alone.
   *
   * @throws Error when a step does not end as it should
   */
  rotate(): Promise<void>;
  stop(): Promise<void>;
}

/** @param folder where its files may lie. @param program instead of the checkout's launcher */
export async function startVaultRole(folder: string, program: string | undefined): Promise<VaultRole> {
  const options = program === undefined ? {} : { program };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const token = randomBytes(24).toString('hex');
  const config = join(folder, 'vault.toml');
  let masterKey = await newMasterKey();
  await configure();
  let running = await start();

  async function newMasterKey(): Promise<string> {
    const { code, stdout, stderr } = await runUnkey(['vault', 'generate-master-key'], options);
    if (code !== 0) throw new Error(`no master key was made: ${stderr}`);
    return stdout.trim();
  }
  async function configure(previous?: string): Promise<void> {
    const lines = [
      `http_port = ${port}`,
      `bearer_token = "${token}"`,
      '[server]',
      'host = "127.0.0.1"',
      'drain_delay = "0s"',
      '[encryption]',
      `master_key = "${masterKey}"`,
      ...(previous === undefined ? [] : [`previous_master_key = "${previous}"`]),
      '[storage.disk]',
      `path = "${join(folder, 'vault-objects')}"`,
    ];
    await writeFile(config, lines.join('\n'), { mode: 0o600 });
  }
  async function start(): Promise<UnkeyProcess> {
    const process = startUnkey(['vault', 'serve', '--config', config], options);
    await untilStarted(process, url);
    return process;
  }
  async function restart(): Promise<void> {
    const { code, stderr } = await running.end('SIGTERM');
    if (code !== 0) throw new Error(`the Vault ended with ${code}: ${stderr.slice(-500)}`);
    running = await start();
  }

  return {
    url,
    token,
    pid: () => running.pid,
    async encrypt(keyring, text) {
      const response = await fetch(`${url}/vault.v1.VaultService/Encrypt`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ keyring, data: text }),
      });
      const { encrypted } = (await response.json()) as { encrypted?: string };
      if (encrypted === undefined) throw new Error(`the Vault answered ${response.status}`);
      return encrypted;
    },
    async rotate() {
      const previous = masterKey;
      masterKey = await newMasterKey();
      await configure(previous);
      await restart();
      const { code, stdout, stderr } = await runUnkey(
        ['vault', 'rotate-kek', '--config', config, '--json'],
        options,
      );
      if (code !== 0) throw new Error(`rotate-kek ended with ${code}: ${stderr}`);
      const { failed } = JSON.parse(stdout) as { failed: number };
      if (failed !== 0) throw new Error(`rotate-kek could not wrap ${failed} data keys`);
      await configure();
      await restart();
    },
    stop: async () => void (await running.end('SIGTERM')),
  };
}
