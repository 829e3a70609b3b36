import type { Register } from '../cli/context.ts';
import { registerServe } from './serve.ts';

export const register: Register = (program, cli) => {
  const group = program.command('control').description('run the control plane of projects and deployments');
  registerServe(group, cli);
};
