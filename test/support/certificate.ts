import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificate } from '../../src/server/transport/listener.ts';

/** A certificate that signs itself, good for a day. */
export function selfSignedCertificate(commonName: string): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'unkey-tls-'));
  try {
    const key = join(directory, 'key');
    const cert = join(directory, 'crt');
    const parameters = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
    execFileSync(
      'openssl',
      ['req', '-x509', ...parameters, '-subj', `/CN=${commonName}`, '-keyout', key, '-out', cert],
      { stdio: 'ignore' },
    );
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
