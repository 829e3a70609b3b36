import type { Vault } from '../../../src/services/vault/vault.ts';

/** A Vault that binds ciphertexts to their keyring and can be switched off. */
export class TestVault implements Vault {
  down = false;
  calls: string[] = [];

  async encrypt(keyring: string, plaintext: string): Promise<{ encrypted: string; keyId: string }> {
    this.#answer('encrypt');
    return { encrypted: Buffer.from(`${keyring}\n${plaintext}`).toString('base64'), keyId: 'kek_1' };
  }

  async decrypt(keyring: string, encrypted: string): Promise<string> {
    this.#answer('decrypt');
    return this.#open(keyring, encrypted);
  }

  async decryptBulk(
    keyring: string,
    items: ReadonlyMap<string, string>,
  ): Promise<ReadonlyMap<string, string>> {
    this.#answer('decryptBulk');
    return new Map([...items].map(([id, encrypted]) => [id, this.#open(keyring, encrypted)]));
  }

  #answer(call: string): void {
    this.calls.push(call);
    if (this.down) throw new Error('vault is down');
  }

  #open(keyring: string, encrypted: string): string {
    const [ring, text] = Buffer.from(encrypted, 'base64').toString().split('\n');
    if (ring !== keyring || text === undefined) throw new Error('wrong keyring');
    return text;
  }
}
