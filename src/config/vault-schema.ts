// The configuration file of `unkey vault serve`, as one Joi schema. What it shares with the server's file is declared there.
import Joi from 'joi';
import { roleSettings, shared } from './role-schema.ts';

/** Settings of the embedded vault stand under `vault.` in the server's file and at the top of this one. */
const embedded = (...path: string[]) => shared('vault', ...path);

export const vaultSchema = Joi.object({
  ...roleSettings('vault', 8060, 'VAULT_TOKEN'),
  encryption: embedded('encryption'),
  storage: embedded('storage'),
});
