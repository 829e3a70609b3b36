import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { ConfigError, type ConfigProblem } from '../../config/problems.ts';
import type { ServerConfig } from '../../config/server-config.ts';
import type { Certificate } from '../../server/transport/listener.ts';

type TlsFiles = NonNullable<ServerConfig['tls']>;

/**
 * The certificate and key that the configuration names, as they are now; undefined without TLS.
 * @throws ConfigError for a file that cannot be read, and for two files that are no pair
 */
export async function readTls({ tls }: Pick<ServerConfig, 'tls'>): Promise<Certificate | undefined> {
  if (tls === undefined) return undefined;
  const problems: ConfigProblem[] = [];
  const read = async (path: string, file: string): Promise<string> => {
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      problems.push({ path, what: `cannot read ${file}: ${reasonOf(error)}` });
      return '';
    }
  };
  const [cert, key] = await Promise.all([
    read('tls.cert_file', tls.certFile),
    read('tls.key_file', tls.keyFile),
  ]);
  if (problems.length > 0) throw new ConfigError(problems);
  assertPair({ cert, key }, tls);
  return { cert, key };
}

function assertPair(certificate: Certificate, { certFile, keyFile }: TlsFiles): void {
  try {
    createSecureContext({ ...certificate });
  } catch (error) {
    const what = `${certFile} and ${keyFile} are no certificate and its private key: ${reasonOf(error)}`;
    throw new ConfigError([{ path: 'tls', what }]);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && error.code === 'ENOENT' ? 'file not found' : error.message;
}
