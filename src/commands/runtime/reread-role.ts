import { changedValues } from '../../config/changes.ts';
import type { RereadRole } from './serve-role.ts';

/** The configuration of a role as it was loaded. */
export interface LoadedRole<Config> {
  readonly config: Config;
  /** What was set, secrets included, by TOML path. */
  readonly values: ReadonlyMap<string, unknown>;
}

/** Loads again, hands the secrets to `take`, which throws for one that is unusable, and tells what has changed. */
export type Reread<Config> = (
  take: (config: Config) => void,
) => Promise<RereadRole & { readonly config: Config }>;

/**
 * What a role does on SIGHUP with its configuration.
 * @param first what the role was started with
 * @param secrets TOML paths of the settings that are taken while the role serves
 * @param load rejects when the configuration is invalid
 */
export function rereading<Config>(
  first: LoadedRole<Config>,
  secrets: ReadonlySet<string>,
  load: () => Promise<LoadedRole<Config>>,
): Reread<Config> {
  let inForce = first.values;
  return async (take) => {
    const { config, values } = await load();
    take(config);
    const taken = changedValues(inForce, values).filter((path) => secrets.has(path));
    inForce = values;
    return {
      config,
      taken,
      ignored: changedValues(first.values, values).filter((path) => !secrets.has(path)),
    };
  };
}
