import type { Register } from '../cli/context.ts';
import { registerProvision } from './provision.ts';
import { registerRotate } from './rotate.ts';
import { registerStatus } from './status.ts';

export const register: Register = (program, cli) => {
  const group = program.command('analytics').description('give workspaces access to their analytics in SQL');
  registerProvision(group, cli);
  registerRotate(group, cli);
  registerStatus(group, cli);
};
