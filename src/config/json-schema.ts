import { serverSchema } from './server-schema.ts';

/** The JSON Schema (2020-12) of the server's configuration file, as an editor or a linter takes it. */
export function serverJsonSchema(): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'unkey server configuration',
    ...serverSchema['~standard'].jsonSchema.input({ target: 'draft-2020-12' }),
  };
}
