import type { Encrypted, Vault } from '../../../src/services/vault/vault.ts';

/** A Vault that binds ciphertexts to their keyring and can be switched off. */
export class TestVault implements Vault {
  down = false;
  calls: string[] = [];

  async encrypt(keyring: string, plaintext: string): Promise<Encrypted> {
    this.#answer('encrypt');
    return this.#seal(keyring, plaintext);
  }

  async decrypt(keyring: string, encrypted: string): Promise<string> {
    this.#answer('decrypt');
    return this.#open(keyring, encrypted);
  }

  async encryptBulk(
    keyring: string,
    items: ReadonlyMap<string, string>,
  ): Promise<ReadonlyMap<string, Encrypted>> {
    this.#answer('encryptBulk');
    return new Map([...items].map(([id, plaintext]) => [id, this.#seal(keyring, plaintext)]));
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

  #seal(keyring: string, plaintext: string): Encrypted {
    return { encrypted: Buffer.from(`${keyring}\n${plaintext}`).toString('base64'), keyId: 'kek_1' };
  }

  #open(keyring: string, encrypted: string): string {
    const [ring, text] = Buffer.from(encrypted, 'base64').toString().split('\n');
    if (ring !== keyring || text === undefined) throw new Error('wrong keyring');
    return text;
  }
}
