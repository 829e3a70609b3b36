import { Fault } from '../../lib/fault.ts';
import { isStoreFailure } from '../store-fault.ts';

/**
 * Reads what a new deployment needs. A failure of the store is the fault `unexpected_error` here, and here alone.
 * Source: the createDeployment section of the platform chapter.
 */
export async function reportingResolution<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isStoreFailure(error)) throw error;
    throw new Fault('unkey:application:unexpected_error', {
      public: 'What the deployment needs could not be read.',
      internal: 'resolving a deployment failed',
      cause: error,
    });
  }
}
