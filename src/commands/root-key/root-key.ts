import type { Register } from '../cli/context.ts';
import { registerCreate } from './create.ts';
import { registerList } from './list.ts';
import { registerRevoke } from './revoke.ts';
import { registerRotate } from './rotate.ts';

export const register: Register = (program, cli) => {
  const group = program.command('root-key').description('make, list, revoke and rotate root keys');
  registerCreate(group, cli);
  registerList(group, cli);
  registerRevoke(group, cli);
  registerRotate(group, cli);
};
