import { type LoadOptions, loadServerConfig } from '../../../config/load.ts';
import { ConfigError } from '../../../config/problems.ts';
import { type Check, fail, ok, warn } from '../check.ts';

/** What the committed sample puts where a secret belongs. */
const SAMPLE_SECRET = 'change-me';

const REMEDY = "correct the settings named; 'unkey config validate' shows them alone";

/** Whether `unkey api serve` would accept the configuration. */
export function configCheck(sources: Pick<LoadOptions, 'env' | 'cwd' | 'configArgument'>): Check {
  return {
    id: 'config',
    remedy: REMEDY,
    run: async () => {
      try {
        const { settings, warnings } = loadServerConfig({ ...sources, profile: 'serve' });
        const samples = settings.flatMap(({ setting, value }) =>
          setting.secret !== undefined && JSON.stringify(value ?? '').includes(SAMPLE_SECRET)
            ? [setting.path]
            : [],
        );
        const doubts = [...warnings, ...samples.map((path) => `${path}: is the secret of the sample file`)];
        return doubts.length === 0 ? ok('valid') : warn(doubts.join('; '), REMEDY);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        return fail(error.message.replaceAll('\n', '; '), REMEDY);
      }
    },
  };
}
