// What runs deployments. The control plane decides what is to run and where traffic goes; a runner makes it so.

/** What a runner is told of a deployment. */
export interface RunnerDeployment {
  readonly id: string;
  /** A DNS label, the same for each run of this deployment and of no other: for containers, services and the like. */
  readonly name: string;
  readonly workspaceId: string;
  readonly project: { readonly id: string; readonly slug: string };
  readonly app: { readonly id: string; readonly slug: string };
  readonly environment: { readonly id: string; readonly slug: string; readonly kind: string };
  /** null while it has to be built. */
  readonly image: string | null;
  /** null when it was not made from a commit. */
  readonly git: {
    /** `owner/repo`; null when none is connected. */
    readonly repository: string | null;
    readonly branch: string | null;
    readonly commitSha: string | null;
  } | null;
  readonly build: {
    /** null = build without one. */
    readonly dockerfile: string | null;
    readonly context: string;
    readonly command: string | null;
  };
  /** Arguments in place of the image's own; empty = those of the image. */
  readonly command: readonly string[];
  readonly port: number;
  readonly cpuMillicores: number;
  readonly memoryMib: number;
  readonly storageMib: number;
  readonly shutdownSignal: string;
  readonly upstreamProtocol: string;
  /** As it was configured; null = none. */
  readonly healthcheck: unknown;
  readonly regions: readonly {
    readonly name: string;
    readonly replicasMin: number;
    readonly replicasMax: number;
  }[];
}

/** Where a hostname leads. */
export interface RunnerRoute {
  readonly hostname: string;
  readonly deploymentId: string;
  /** The name that the runner was told for the deployment. */
  readonly name: string;
  /** Where the deployment listens. */
  readonly port: number;
}

export interface RunContext {
  /** Aborted when the process ends; the same is asked again then, by the next one. */
  readonly signal: AbortSignal;
  /** The deployment's variables in clear text. Rejects when they cannot be read. */
  readonly variables: () => Promise<Readonly<Record<string, string>>>;
}

/**
 * Whatever is asked may be asked again, also after it was done: when the process ended before that was recorded. Each call
 * rejects with a RunnerError for what is the deployment's own failure, told to whoever asks for the deployment.
 */
export interface Runner {
  /** Makes an image from the commit and yields its name; undefined when nothing is built. */
  build(deployment: RunnerDeployment, context: RunContext): Promise<string | undefined>;
  /** Resolves once the deployment takes requests. */
  deploy(deployment: RunnerDeployment, context: RunContext): Promise<void>;
  /** Resolves once nothing of the deployment runs any more; it may never have run. */
  stop(deployment: RunnerDeployment, context: Pick<RunContext, 'signal'>): Promise<void>;
  /** Leads the hostnames of an environment, all of them at once, to where they are to lead. */
  route(
    environment: { readonly id: string },
    routes: readonly RunnerRoute[],
    context: Pick<RunContext, 'signal'>,
  ): Promise<void>;
}

/** The deployment could not be run. Its message is shown to the callers of the API. */
export class RunnerError extends Error {
  override readonly name = 'RunnerError';
}
