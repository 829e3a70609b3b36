import type { Register } from '../cli/context.ts';
import { registerLogin } from './login.ts';
import { registerLogout } from './logout.ts';
import { registerStatus } from './status.ts';

export const register: Register = (program, cli) => {
  const group = program.command('auth').description("keep root keys for 'unkey api' in the client file");
  registerLogin(group, cli);
  registerLogout(group, cli);
  registerStatus(group, cli);
};
