import { beginPrivateFile, type PrivateFile } from './private-file.ts';

/** A file for one secret. Exactly one of its methods ends it. */
export interface SecretFile extends Pick<PrivateFile, 'path' | 'discard'> {
  /** Writes the secret and a newline, and puts the file in place; a failure leaves everything as it was. */
  commit(secret: string): Promise<void>;
}

/** Begins a file before the secret is made. @throws CliError when it cannot be begun */
export async function beginSecretFile(cwd: string, name: string): Promise<SecretFile> {
  const file = await beginPrivateFile(cwd, name);
  return {
    path: file.path,
    discard: file.discard,
    async commit(secret) {
      try {
        await file.write(`${secret}\n`);
        await file.commit();
      } catch (error) {
        await file.discard();
        throw error;
      }
    },
  };
}
