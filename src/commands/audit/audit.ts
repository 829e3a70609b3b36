import type { Register } from '../cli/context.ts';
import { registerExport } from './export.ts';
import { registerTail } from './tail.ts';

export const register: Register = (program, cli) => {
  const group = program.command('audit').description('read the audit log of workspaces');
  registerTail(group, cli);
  registerExport(group, cli);
};
