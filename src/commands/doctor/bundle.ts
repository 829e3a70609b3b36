// `unkey doctor --bundle`: what somebody who is asked for help needs to see, in one file, without a secret. Source: DOC-6 of
// the operations chapter.

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type LoadedConfig, loadServerConfig } from '../../config/load.ts';
import { ConfigError } from '../../config/problems.ts';
import { maskSecrets } from '../../config/redact.ts';
import { type TarEntry, tarArchive } from '../../lib/tar.ts';
import { sendRequest } from '../cli/http.ts';
import { settingsToml } from '../config/present.ts';
import { buildInfo } from '../version/build-info.ts';
import { hideSecrets, secretsOf } from './known-secrets.ts';
import type { Report } from './report.ts';
import type { DoctorOptions } from './run-doctor.ts';

const compress = promisify(gzip);

/** The bundle as a gzipped tar archive of `doctor.json`, `version.json`, `config.toml` and `metrics.txt`. */
export async function bundle(report: Report, options: DoctorOptions): Promise<Buffer> {
  const loaded = load(options);
  const entries: TarEntry[] = [
    { name: 'unkey-doctor/doctor.json', content: asJson(report) },
    { name: 'unkey-doctor/version.json', content: asJson(buildInfo()) },
    { name: 'unkey-doctor/config.toml', content: configText(loaded) },
    { name: 'unkey-doctor/metrics.txt', content: await metricsText(loaded, options) },
  ];
  const secrets = loaded instanceof ConfigError ? [] : secretsOf(loaded);
  const safe = entries.map(({ name, content }) => ({ name, content: hideSecrets(content, secrets) }));
  return compress(tarArchive(safe, Date.parse(report.startedAt)));
}

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function load({ io, flags }: DoctorOptions): LoadedConfig | ConfigError {
  try {
    return loadServerConfig({ profile: 'tool', env: io.env, cwd: io.cwd, configArgument: flags.config });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

const comment = (text: string): string => text.replaceAll(/^/gm, '# ');

function configText(loaded: LoadedConfig | ConfigError): string {
  if (loaded instanceof ConfigError) {
    return `${comment(`not valid:\n${[...loaded.problems.map(({ path, what }) => `${path}: ${what}`), ...loaded.warnings].join('\n')}`)}\n`;
  }
  return `${settingsToml(loaded, true)}\n`;
}

/** What the server of this configuration shows on this machine now, or why there is nothing. */
async function metricsText(
  loaded: LoadedConfig | ConfigError,
  { flags, signal }: DoctorOptions,
): Promise<string> {
  const port = loaded instanceof ConfigError ? 0 : (loaded.config.observability.metrics?.prometheusPort ?? 0);
  if (port === 0) return comment('not scraped: observability.metrics.prometheus_port is not set\n');
  const url = `http://127.0.0.1:${port}/metrics`;
  try {
    const { status, text } = await sendRequest(url, { timeoutMs: flags.timeout, signal });
    return status === 200 ? text : comment(`not scraped: ${url} answered ${status}\n`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return comment(`not scraped: ${url}: ${maskSecrets(reason)}\n`);
  }
}
