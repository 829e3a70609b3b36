import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ServerConfig } from '../../../config/server-config.ts';
import { type Check, type Finding, fail, ok, skippedCheck, warn } from '../check.ts';

const DAY_MS = 86_400_000;
const FEW_DAYS = 21;
const RENEW = 'renew the certificate and put it at tls.cert_file';

/** The certificate that the server would serve with. */
export function tlsCheck({ tls, cwd }: { readonly tls: ServerConfig['tls']; readonly cwd: string }): Check {
  const id = 'tls.certificate';
  if (tls === undefined) return skippedCheck(id, 'tls.cert_file and tls.key_file are not set');
  return {
    id,
    remedy: 'put readable PEM files at tls.cert_file and tls.key_file',
    run: async () => {
      const [certificate, key] = await Promise.all([
        readFile(resolve(cwd, tls.certFile)),
        readFile(resolve(cwd, tls.keyFile)),
      ]);
      return judge(new X509Certificate(certificate), key, Date.now());
    },
  };
}

function judge(certificate: X509Certificate, key: Buffer, now: number): Finding {
  if (!certificate.checkPrivateKey(createPrivateKey(key))) {
    return fail(
      'the private key does not belong to the certificate',
      'set tls.key_file to the key of tls.cert_file',
    );
  }
  const daysLeft = Math.floor((certificate.validToDate.getTime() - now) / DAY_MS);
  const until = certificate.validToDate.toISOString();
  if (certificate.validToDate.getTime() <= now) return fail(`expired on ${until}`, RENEW);
  if (certificate.validFromDate.getTime() > now) {
    return fail(`not valid before ${certificate.validFromDate.toISOString()}`, RENEW);
  }
  return daysLeft < FEW_DAYS
    ? warn(`expires in ${daysLeft} days, on ${until}`, RENEW)
    : ok(`valid until ${until}`);
}
