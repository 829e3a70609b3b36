import type { Register } from '../cli/context.ts';
import { registerProvision } from './provision.ts';
import { registerQuery } from './query.ts';
import { registerRotate } from './rotate.ts';
import { registerStatus } from './status.ts';
import { registerTop } from './top.ts';

export const register: Register = (program, cli) => {
  const group = program.command('analytics').description('query analytics in SQL, and let workspaces do so');
  registerQuery(group, cli);
  registerTop(group, cli);
  registerProvision(group, cli);
  registerRotate(group, cli);
  registerStatus(group, cli);
};
