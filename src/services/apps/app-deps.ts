import type { Clock } from '../../lib/clock.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database } from '../../storage/sql/database.ts';
import type { ControlPlane } from '../control/control-plane.ts';
import type { Workflows } from '../control/workflows.ts';
import type { Github } from '../github/github.ts';

export interface AppDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly controlPlane: ControlPlane;
  readonly workflows: Workflows;
  /** undefined = no GitHub App: what needs it answers `service_unavailable`. */
  readonly github?: Github | undefined;
}
