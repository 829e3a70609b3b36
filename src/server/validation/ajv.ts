import { Ajv2020, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema } from './json-schema.ts';

// Bodies are checked, never changed: no coercion, no defaults filled in, `format` unenforced. `verbose` adds to an
// error the value that it is about.
const OPTIONS: Options = {
  strict: true,
  strictTypes: false,
  strictRequired: false,
  validateFormats: false,
  useDefaults: false,
  coerceTypes: false,
  messages: false,
  verbose: true,
};

function create(options: Options): Ajv2020 {
  const ajv = new Ajv2020({ ...OPTIONS, ...options });
  ajv.addVocabulary(['x-unkey-redact']);
  return ajv;
}

const deciding = create({ allErrors: false });
const explaining = create({ allErrors: true });

/** A validator that stops at the first violation: the one that every request meets. Costs nothing more on success. */
export function compileDecider(schema: JsonSchema): ValidateFunction {
  return deciding.compile(schema);
}

/** A validator that collects every violation. */
export function compileExplainer(schema: JsonSchema): ValidateFunction {
  return explaining.compile(schema);
}
