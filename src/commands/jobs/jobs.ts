import type { Register } from '../cli/context.ts';
import { registerList } from './list.ts';
import { registerRun } from './run.ts';

export const register: Register = (program, cli) => {
  const group = program.command('jobs').description('see how background jobs stand, and run one by hand');
  registerList(group, cli);
  registerRun(group, cli);
};
