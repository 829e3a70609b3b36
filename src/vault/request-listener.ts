// What the Vault answers over HTTP/1.1: its methods, behind the token, and the probes of its health.

import type { RequestListener } from 'node:http';
import { Code } from '@connectrpc/connect';
import { VaultService as VaultDescription } from '../proto/vault/v1/vault_pb.ts';
import { connectHandler } from '../rpc/connect-handler.ts';
import { connectPath, connectPaths } from '../rpc/connect-paths.ts';
import { type GuardedListenerOptions, guardedListener } from '../rpc/guarded-listener.ts';
import { connectRoutes } from './connect-routes.ts';
import type { VaultService } from './vault-service.ts';

export interface RequestListenerOptions
  extends Pick<GuardedListenerOptions, 'bearerToken' | 'probe' | 'metrics' | 'log'> {
  readonly service: VaultService;
}

/** Ten MiB of text, encrypted and in base64, twice over. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

const { method } = VaultDescription;
const METHODS = connectPaths(VaultDescription);
const LIVENESS = connectPath(method.liveness);
/** Like any other failure of the method; `internal` where nothing is said. */
const UNREADABLE: ReadonlyMap<string, Code> = new Map([
  [LIVENESS, Code.InvalidArgument],
  [connectPath(method.decrypt), Code.InvalidArgument],
  [connectPath(method.reEncrypt), Code.Unknown],
]);

/** Serves the Vault. The token is looked at before anything else of a call. */
export function vaultRequestListener({ service, ...options }: RequestListenerOptions): RequestListener {
  const call = connectHandler({
    routes: connectRoutes(service, options.log),
    unreadable: (path) => UNREADABLE.get(path) ?? Code.Internal,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    log: options.log,
  });
  return guardedListener({
    ...options,
    name: 'vault',
    routeOf: (path) =>
      METHODS.has(path)
        ? {
            template: path,
            isOpen: path === LIVENESS,
            serve: (request, response) => call(path, request, response),
          }
        : undefined,
  });
}
