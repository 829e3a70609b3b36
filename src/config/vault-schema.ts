// The configuration file of `unkey vault serve`, as one Joi schema. What it shares with the server's file is declared there.
import Joi from 'joi';
import { serverSchema } from './server-schema.ts';
import { meta, port, text } from './setting-kinds.ts';

const shared = (...path: string[]) => serverSchema.extract(path);
/** Settings of the embedded vault stand under `vault.` in the server's file and at the top of this one. */
const embedded = (...path: string[]) => shared('vault', ...path);

export const vaultSchema = Joi.object({
  instance_id: shared('instance_id'),
  http_port: port(1).default(8060).description('port of the vault').example(8060),
  region: shared('region'),
  bearer_token: text()
    .meta(meta({ secret: 'hidden' }))
    .description('token that callers have to show; required')
    .example(`$\{VAULT_TOKEN}`),
  encryption: embedded('encryption'),
  storage: embedded('storage'),
  observability: shared('observability'),
  server: Joi.object({
    host: shared('server', 'host'),
    startup_timeout: shared('server', 'startup_timeout'),
    drain_delay: shared('server', 'drain_delay'),
    drain_timeout: shared('server', 'drain_timeout'),
  }),
});
