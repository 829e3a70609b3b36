// The section [gossip] of the configuration: what is refused at start, and what a key may be.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadServerConfig } from '../../../../src/config/load.ts';
import { ConfigError } from '../../../../src/config/problems.ts';

function load(section: string) {
  return loadServerConfig({
    profile: 'serve',
    env: {},
    cwd: '/srv',
    readFile: () => `
redis_url = "redis://redis:6379"
[database]
primary = "app:pw@tcp(db:3306)/keys?parseTime=true"
[[auth]]
type = "root_key"
[gossip]
${section}
`,
  }).config.gossip;
}

function problem(section: string): string {
  try {
    load(section);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

const key = (bytes: number) => `secret_key = "${randomBytes(bytes).toString('base64')}"`;

describe('the section [gossip]', () => {
  it('needs nothing but the key', () => {
    expect(load(key(32))).toMatchObject({
      bindAddr: '0.0.0.0',
      lanPort: 7946,
      wanPort: 7947,
      lanSeeds: [],
      wanSeeds: [],
      wanAdvertiseAddr: '',
    });
  });

  it.each([
    ['of 16 bytes, which are too few characters', key(16)],
    ['of more than 128 characters', key(99)],
    ['of other characters', `secret_key = "${'ä'.repeat(44)}"`],
    ['of the URL alphabet', `secret_key = "${'-_'.repeat(22)}"`],
    ['with padding amiss', `secret_key = "${'A'.repeat(41)}"`],
    ['with padding inside', `secret_key = "${'A'.repeat(20)}==${'A'.repeat(22)}"`],
  ])('refuses a key %s', (_, section) => {
    expect(problem(section)).toContain('gossip.secret_key: must be 32 to 128 characters of base64');
  });

  it('says once what several rules find', () => {
    expect(problem('secret_key = "short!"').split('\n')).toHaveLength(1);
  });

  it('takes seeds without a name, such as those of an unset variable', () => {
    expect(load(`${key(32)}\nlan_seeds = ["", "node-2"]`)).toMatchObject({ lanSeeds: ['', 'node-2'] });
  });

  it.each(['lan_port = 0', 'lan_port = 65536', 'wan_port = 0'])('refuses %s', (port) => {
    expect(problem(`${key(32)}\n${port}`)).toContain(`gossip.${port.split(' ')[0]}`);
  });

  it('does not show a key that it refuses', () => {
    const secret = `${'A'.repeat(41)}`;
    expect(problem(`secret_key = "${secret}"`)).not.toContain(secret);
  });
});
