import type { Logger } from '../../lib/logger.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database } from '../../storage/sql/database.ts';
import type { ControlPlane } from '../control/control-plane.ts';
import type { Workflows } from '../control/workflows.ts';

export interface DeploymentDeps {
  readonly db: Database;
  readonly controlPlane: ControlPlane;
  readonly workflows: Workflows;
  readonly ids: IdSource;
  readonly log: Logger;
}
