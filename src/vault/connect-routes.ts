// The Vault's methods over Connect: each failure of one becomes the one code that the method answers with, and each call
// leaves one line of the log, which holds no text and no ciphertext. Source: the Vault section of the analytics chapter.

import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import type { Logger } from '../lib/logger.ts';
import { VaultService as VaultDescription } from '../proto/vault/v1/vault_pb.ts';
import { CiphertextError } from './cipher.ts';
import type { VaultService } from './vault-service.ts';

/** Characters of a keyring's name that a line of the log holds; callers may send megabytes. */
const LOGGED_KEYRING = 128;

interface Call {
  readonly operation: string;
  readonly keyring: string;
  /** How many texts or ciphertexts the call is about. */
  readonly items: number;
  /** What any failure is answered with. */
  readonly failure: Code;
}

/** Adds the service to a router. Whoever calls has shown the token. */
export function connectRoutes(service: VaultService, log: Logger): (router: ConnectRouter) => void {
  const answer = async <T>(call: Call, work: () => Promise<T>): Promise<T> => {
    const { operation, items, failure } = call;
    const keyring = call.keyring.slice(0, LOGGED_KEYRING);
    try {
      const outcome = await work();
      log.info({ operation, keyring, items }, 'vault call');
      return outcome;
    } catch (error) {
      const isExpected = error instanceof CiphertextError;
      const fields = { operation, keyring, items, code: Code[failure], err: error };
      if (isExpected) log.warn(fields, 'vault call refused');
      else log.error(fields, 'vault call failed');
      throw new ConnectError(isExpected ? error.message : 'the Vault could not do this', failure);
    }
  };
  return (router) =>
    router.service(VaultDescription, {
      liveness: () => ({ status: 'ok' }),
      encrypt: ({ keyring, data }) =>
        answer({ operation: 'encrypt', keyring, items: 1, failure: Code.Internal }, () =>
          service.encrypt(keyring, data),
        ),
      decrypt: ({ keyring, encrypted }) =>
        answer({ operation: 'decrypt', keyring, items: 1, failure: Code.InvalidArgument }, async () => ({
          plaintext: await service.decrypt(keyring, encrypted),
        })),
      encryptBulk: ({ keyring, items }) => {
        const texts = new Map(Object.entries(items));
        return answer(
          { operation: 'encrypt_bulk', keyring, items: texts.size, failure: Code.Internal },
          async () => ({ items: Object.fromEntries(await service.encryptBulk(keyring, texts)) }),
        );
      },
      decryptBulk: ({ keyring, items }) => {
        const ciphertexts = new Map(Object.entries(items));
        return answer(
          { operation: 'decrypt_bulk', keyring, items: ciphertexts.size, failure: Code.Internal },
          async () => ({ items: Object.fromEntries(await service.decryptBulk(keyring, ciphertexts)) }),
        );
      },
      reEncrypt: ({ keyring, encrypted }) =>
        answer({ operation: 're_encrypt', keyring, items: 1, failure: Code.Unknown }, () =>
          service.reEncrypt(keyring, encrypted),
        ),
    });
}
