import type { Register } from '../cli/context.ts';
import { registerGenerateMasterKey } from './generate-master-key.ts';
import { registerRewrap } from './rewrap.ts';
import { registerServe } from './serve.ts';

export const register: Register = (program, cli) => {
  const group = program.command('vault').description('run the vault of recoverable keys, and look after it');
  registerServe(group, cli);
  registerRewrap(group, cli);
  registerGenerateMasterKey(group, cli);
};
