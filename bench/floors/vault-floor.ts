// The floor of the Vault, a process of its own: the same Connect handlers on the same HTTP server, each item sealed or
// opened by one AES-256-GCM of node:crypto under one key, and nothing else: no token, no keyrings, no store, no log, no
// metrics. Messages have the Vault's sizes. Prints its URL as one JSON line.
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Code } from '@connectrpc/connect';
import { silentLogger } from '../../src/lib/logger.ts';
import { VaultService } from '../../src/proto/vault/v1/vault_pb.ts';
import { connectHandler } from '../../src/rpc/connect-handler.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What the Vault's ciphertexts hold besides: ids, a time, and the tags of fields. */
const ENVELOPE_BYTES = 34;
const KEY_ID = 'dek_00000000000000000000';
const key = createSecretKey(randomBytes(32));

function seal(text: string): { encrypted: string; keyId: string } {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const bytes = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return {
    encrypted: Buffer.concat([...bytes, Buffer.alloc(ENVELOPE_BYTES)]).toString('base64'),
    keyId: KEY_ID,
  };
}

function open(encrypted: string): string {
  const bytes = Buffer.from(encrypted, 'base64').subarray(0, -ENVELOPE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)).toString() + decipher.final().toString();
}

function mapValues<In, Out>(items: Readonly<Record<string, In>>, of: (item: In) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(items).map(([id, item]) => [id, of(item)]));
}

const call = connectHandler({
  routes: (router) =>
    router.service(VaultService, {
      encrypt: ({ data }) => seal(data),
      decrypt: ({ encrypted }) => ({ plaintext: open(encrypted) }),
      encryptBulk: ({ items }) => ({ items: mapValues(items, seal) }),
      decryptBulk: ({ items }) => ({ items: mapValues(items, open) }),
    }),
  unreadable: () => Code.Internal,
  maxMessageBytes: 32 * 1024 * 1024,
  log: silentLogger,
});
const server = createServer((request, response) => call(request.url ?? '', request, response));
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }));
});
