import type { Runner } from './runner.ts';

/** Runs nothing: deployments pass through their states, and the database says what there would be. */
export const recordRunner: Runner = {
  build: async () => undefined,
  deploy: async () => undefined,
  stop: async () => undefined,
  route: async () => undefined,
};
