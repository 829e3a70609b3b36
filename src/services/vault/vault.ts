/** A text as the Vault encrypted it, and the Vault key that it used. */
export interface Encrypted {
  readonly encrypted: string;
  readonly keyId: string;
}

/** What the API needs of a Vault. An installation without one holds no Vault at all (the features answer 412). */
export interface Vault {
  /** Encrypts UTF-8 text under a keyring (a workspace or environment id). */
  encrypt(keyring: string, plaintext: string): Promise<Encrypted>;
  decrypt(keyring: string, encrypted: string): Promise<string>;
  /** Many at once, by the caller's own ids, as below. */
  encryptBulk(keyring: string, items: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, Encrypted>>;
  decryptBulk(keyring: string, items: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>>;
}
