import type { Command } from 'commander';
import type { CliContext } from '../cli/context.ts';
export function register(_program: Command, _cli: CliContext): void {}
