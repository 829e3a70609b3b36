import type { ServerConfig } from '../../config/server-config.ts';
import type { JobServices } from '../../services/jobs/job.ts';
import { jobs } from '../../services/jobs/jobs.ts';
import { runnerName, startJobs } from '../../services/jobs/start-jobs.ts';
import type { Shutdown } from './shutdown.ts';

export interface BackgroundJobsDeps extends JobServices {
  readonly config: Pick<ServerConfig, 'instanceId'>;
  readonly shutdown: Shutdown;
}

/** Makes this process one of those that take turns at the background jobs. */
export function startBackgroundJobs({ config, shutdown, ...services }: BackgroundJobsDeps): void {
  const scheduler = startJobs({ ...services, owner: runnerName(config.instanceId) }, jobs);
  shutdown.add('loops', 'background jobs', () => scheduler.stop());
}
