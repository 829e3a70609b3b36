import type { Register } from '../cli/context.ts';
import { registerBaseline } from './baseline.ts';
import { registerCreate } from './create.ts';
import { registerDown } from './down.ts';
import { registerRepair } from './repair.ts';
import { registerStatus } from './status.ts';
import { registerUp } from './up.ts';

export const register: Register = (program, cli) => {
  const group = program.command('migrate').description('bring the schema of the stores up to date');
  registerUp(group, cli);
  registerDown(group, cli);
  registerStatus(group, cli);
  registerCreate(group, cli);
  registerBaseline(group, cli);
  registerRepair(group, cli);
};
