// The configuration file of `unkey control serve`, as one Joi schema. What it shares with the server's file is declared
// there.
import Joi from 'joi';
import { roleSettings, shared } from './role-schema.ts';
import { httpUrl, meta } from './setting-kinds.ts';

/** Settings of the embedded control plane stand under `control.` in the server's file and at the top of this one. */
const embedded = (...path: string[]) => shared('control', ...path);

export const controlSchema = Joi.object({
  ...roleSettings('control plane', 7091, 'CONTROL_TOKEN'),
  database: Joi.object({ primary: shared('database', 'primary') }),
  vault: Joi.object({
    url: httpUrl()
      .meta(meta({ secret: 'connection' }))
      .description('vault that decrypts the variables of deployments, for an executable that runs them')
      .example('http://vault:8060'),
    token: shared('vault', 'token'),
  }),
  github: shared('github'),
  runner: embedded('runner'),
  domain: embedded('domain'),
  regions: embedded('regions'),
  require_plan: embedded('require_plan'),
});
