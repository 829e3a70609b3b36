// The settings that every role's configuration file has. What they share with the server's file is declared there.

import Joi from 'joi';
import { serverSchema } from './server-schema.ts';
import { meta, port, text } from './setting-kinds.ts';

/** A setting of the server's file, by its path. */
export const shared = (...path: string[]) => serverSchema.extract(path);

/** @param secretName the environment variable of the example */
export const roleSettings = (role: string, defaultPort: number, secretName: string) => ({
  instance_id: shared('instance_id'),
  http_port: port(1).default(defaultPort).description(`port of the ${role}`).example(defaultPort),
  region: shared('region'),
  bearer_token: text()
    .meta(meta({ secret: 'hidden' }))
    .description('token that callers have to show; required')
    .example(`$\{${secretName}}`),
  observability: shared('observability'),
  server: Joi.object({
    host: shared('server', 'host'),
    startup_timeout: shared('server', 'startup_timeout'),
    drain_delay: shared('server', 'drain_delay'),
    drain_timeout: shared('server', 'drain_timeout'),
  }),
});
